//! Layers that only move numbers: maxout, concatenation, selection by a pattern.

use crate::network::real::Real;

/// Maximum over groups of `group` consecutive channels of `plane` elements, and the floor, for any number of samples.
pub(in crate::network) fn maxout<T: Real>(
    group: usize,
    floor: Option<T>,
    plane: usize,
    x: &[T],
    y: &mut [T],
) {
    for (x, y) in x.chunks_exact(group * plane).zip(y.chunks_exact_mut(plane)) {
        let (first, others) = x.split_at(plane);
        y.copy_from_slice(first);
        if let Some(floor) = floor {
            y.iter_mut().for_each(|y| *y = if floor > *y { floor } else { *y });
        }
        for x in others.chunks_exact(plane) {
            y.iter_mut().zip(x).for_each(|(y, &x)| *y = if x > *y { x } else { *y });
        }
    }
}

/// The gradient `dx` of the input `x` of [`maxout`], given that of its value: each element goes to the first largest of its
/// group, or nowhere if the floor is larger.
pub(in crate::network) fn maxout_back<T: Real>(
    group: usize,
    floor: Option<T>,
    plane: usize,
    x: &[T],
    g: &[T],
    dx: &mut [T],
) {
    dx.fill(T::zero());
    let groups = x.chunks_exact(group * plane).zip(dx.chunks_exact_mut(group * plane));
    for ((x, dx), g) in groups.zip(g.chunks_exact(plane)) {
        for (p, &g) in g.iter().enumerate() {
            let mut best = p;
            for j in (p + plane..x.len()).step_by(plane) {
                if x[j] > x[best] {
                    best = j;
                }
            }
            if floor.is_none_or(|floor| floor <= x[best]) {
                dx[best] = g;
            }
        }
    }
}

/// y += x.
pub(in crate::network) fn add<T: Real>(x: &[T], y: &mut [T]) {
    y.iter_mut().zip(x).for_each(|(y, &x)| *y += x);
}

/// Concatenates `inputs`, each with the length of its run (elements from the axis on), for any number of samples.
pub(in crate::network) fn concat<T: Real>(inputs: &[(&[T], usize)], y: &mut [T]) {
    let total: usize = inputs.iter().map(|&(_, run)| run).sum();
    let mut first = 0;
    for &(x, run) in inputs {
        for (x, y) in x.chunks_exact(run).zip(y.chunks_exact_mut(total)) {
            y[first..first + run].copy_from_slice(x);
        }
        first += run;
    }
}

/// `y[i] = x[sources[i]]` in each of `rows` samples.
pub(in crate::network) fn select<T: Real>(rows: usize, sources: &[usize], x: &[T], y: &mut [T]) {
    let len = x.len() / rows;
    for (x, y) in x.chunks_exact(len).zip(y.chunks_exact_mut(sources.len())) {
        y.iter_mut().zip(sources).for_each(|(y, &j)| *y = x[j]);
    }
}
