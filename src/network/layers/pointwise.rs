//! Pointwise layers: activation functions, scale and shift.

use crate::network::pwl::Pwl;
use crate::network::real::Real;

/// A scalar CPWL function in the precision of the arithmetic, in the cheapest form that computes it.
#[derive(Clone, Debug)]
pub enum Curve<T> {
    /// One knot at 0, where the value is 0: slope below, slope above.
    Kink([T; 2]),
    /// Slopes 0, 1, 0 through the origin: min(max(z, low), high).
    Clip([T; 2]),
    /// Anything else.
    Pieces {
        /// Increasing.
        knots: Vec<T>,
        /// (slope, offset), one more than knots.
        pieces: Vec<(T, T)>,
    },
}

impl<T: Real> Curve<T> {
    pub(in crate::network) fn new(f: &Pwl) -> Self {
        match (f.knots(), f.slopes(), f.value()) {
            (&[0.0], &[below, above], 0.0) => Curve::Kink([T::of(below), T::of(above)]),
            (&[low, high], &[0.0, 1.0, 0.0], v) if v == low => Curve::Clip([T::of(low), T::of(high)]),
            (knots, slopes, _) => Curve::Pieces {
                knots: knots.iter().map(|&t| T::of(t)).collect(),
                pieces: slopes.iter().zip(f.offsets()).map(|(&s, &o)| (T::of(s), T::of(o))).collect(),
            },
        }
    }

    /// Applies the function in place.
    pub(in crate::network) fn apply(&self, z: &mut [T]) {
        match self {
            // Adding zero turns -0 into 0.
            &Curve::Kink([below, above]) => {
                z.iter_mut().for_each(|z| *z = *z * if *z > T::zero() { above } else { below } + T::zero())
            }
            &Curve::Clip([low, high]) => z.iter_mut().for_each(|z| {
                let raised = if *z > low { *z } else { low };
                *z = if raised > high { high } else { raised };
            }),
            Curve::Pieces { knots, pieces } => z.iter_mut().for_each(|z| {
                let (slope, offset) = pieces[knots.partition_point(|&t| *z > t)];
                *z = slope * *z + offset;
            }),
        }
    }
}

/// Applies one function, or one per channel of `plane` elements, to any number of samples in place.
pub(in crate::network) fn activate<T: Real>(curves: &[Curve<T>], plane: usize, z: &mut [T]) {
    match curves {
        [curve] => curve.apply(z),
        _ => z.chunks_exact_mut(plane).zip(curves.iter().cycle()).for_each(|(z, f)| f.apply(z)),
    }
}

/// x = scale * x for any number of samples in place; `scale` is as in `Op::ScaleShift` for samples of shape (C, plane).
pub(in crate::network) fn scale<T: Real>(scale: &[T], channels: usize, plane: usize, x: &mut [T]) {
    broadcast(scale, channels, plane, x, |x, s| *x = *x * s);
}

/// x = x + shift for any number of samples in place.
pub(in crate::network) fn shift<T: Real>(shift: &[T], channels: usize, plane: usize, x: &mut [T]) {
    broadcast(shift, channels, plane, x, |x, s| *x += s);
}

fn broadcast<T: Real>(by: &[T], channels: usize, plane: usize, x: &mut [T], f: impl Fn(&mut T, T) + Copy) {
    match by {
        &[by] => x.iter_mut().for_each(|x| f(x, by)),
        by if by.len() == channels * plane => {
            x.chunks_exact_mut(by.len()).for_each(|x| x.iter_mut().zip(by).for_each(|(x, &by)| f(x, by)))
        }
        by => {
            let planes = x.chunks_exact_mut(plane).zip(by.iter().cycle());
            planes.for_each(|(x, &by)| x.iter_mut().for_each(|x| f(x, by)))
        }
    }
}
