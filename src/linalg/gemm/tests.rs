use super::*;
use ndarray::{Array2, s};
use proptest::prelude::*;

/// Every instruction set that this CPU has.
fn sets() -> impl Iterator<Item = Isa> {
    Isa::ALL.into_iter().filter(|isa| isa.available())
}

/// A matrix of small integers, so that every sum is exact in both precisions, in the middle of a larger one: with
/// strides, turned over and around as `layout` says.
fn matrix<T: Scalar + From<i8>>(rows: usize, columns: usize, layout: u8, seed: &mut u32) -> Array2<T> {
    let mut next = || {
        *seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        T::from((*seed >> 29) as i8 - 3)
    };
    let (rows, columns) = if layout & 1 == 1 { (columns, rows) } else { (rows, columns) };
    Array2::from_shape_simple_fn((rows * 2 + 2, columns * 2 + 3), &mut next)
}

/// The part of a matrix that `layout` says: transposed (bit 0), every second row (bit 1), every second column (bit 2), rows
/// backwards (bit 3).
fn part<T>(whole: &Array2<T>, rows: usize, columns: usize, layout: u8) -> ArrayView2<'_, T> {
    let (r, c) = if layout & 1 == 1 { (columns, rows) } else { (rows, columns) };
    let step = |bit: u8, n: usize| (1 + isize::from(layout >> bit & 1 == 1), n);
    let ((dr, r), (dc, c)) = (step(1, r), step(2, c));
    let mut view = whole.view();
    view.slice_collapse(s![1..1 + r as isize * dr;dr, 2..2 + c as isize * dc;dc]);
    if layout & 8 != 0 {
        view.invert_axis(ndarray::Axis(0));
    }
    if layout & 1 == 1 { view.reversed_axes() } else { view }
}

/// C from the definition.
fn plain<T: Scalar>(a: ArrayView2<T>, b: ArrayView2<T>, e: &Epilogue<T>, c: &Array2<T>) -> Array2<T> {
    Array2::from_shape_fn(c.dim(), |(i, j)| {
        let sum = (0..a.ncols()).fold(T::default(), |sum, k| sum + a[[i, k]] * b[[k, j]]);
        let mut v = if e.accumulate { c[[i, j]] + sum } else { sum };
        v = e.bias.map_or(v, |bias| v + bias[j]);
        let gate = e.gate.map_or(v, |gate| gate[[i, j]]);
        e.slopes.map_or(v, |[below, above]| v * if gate > T::default() { above } else { below })
    })
}

fn check<T: Scalar + From<i8> + std::fmt::Debug>(
    [m, k, n]: [usize; 3],
    [la, lb, lc]: [u8; 3],
    features: u8,
    mut seed: u32,
) {
    let seed = &mut seed;
    let (wa, wb) = (matrix::<T>(m, k, la, seed), matrix::<T>(k, n, lb, seed));
    let (a, b) = (part(&wa, m, k, la), part(&wb, k, n, lb));
    let (wc, wg) = (matrix::<T>(m, n, lc, seed), matrix::<T>(m, n, 0, seed));
    let bias: Vec<T> = wa.iter().chain(&wb).cycle().copied().take(n).collect();
    let on = |bit: u8| features >> bit & 1 == 1;
    let epilogue = Epilogue {
        accumulate: on(0),
        bias: on(1).then_some(&bias[..]),
        slopes: on(2).then_some([T::from(-2), T::from(3)]),
        gate: (on(2) && on(3)).then(|| part(&wg, m, n, 0)),
    };
    let expected = plain(a, b, &epilogue, &part(&wc, m, n, lc).to_owned());
    for isa in sets() {
        for packed in [false, true] {
            let mut whole = wc.clone();
            let before = whole.clone();
            let ours = Packed::new(b);
            let right = if packed { Right::Packed(&ours) } else { Right::View(b) };
            // The same part, to be written.
            let origin = whole.as_ptr();
            let view = part(&whole, m, n, lc);
            let offset = |p: *const T| (p.addr() - origin.addr()) / size_of::<T>();
            let at: Vec<usize> = view.iter().map(|v| offset(v)).collect();
            let mut c = view.to_owned();
            if lc == 0 {
                // In place, between numbers that must stay.
                gemm_with(isa, a, right, epilogue, whole.slice_mut(s![1..1 + m, 2..2 + n]));
            } else {
                // Into the layout of `lc`, through a matrix of its own.
                let mut own = if lc & 1 == 1 {
                    Array2::from_elem((n, m), T::default()).reversed_axes()
                } else {
                    c.clone()
                };
                own.assign(&c);
                gemm_with(isa, a, right, epilogue, own.view_mut());
                c.assign(&own);
                at.iter().zip(&c).for_each(|(&at, &v)| whole.as_slice_mut().unwrap()[at] = v);
            }
            assert_eq!(part(&whole, m, n, lc), expected, "{} packed {packed}", isa.name());
            let mut written = vec![false; whole.len()];
            at.iter().for_each(|&at| written[at] = true);
            let untouched = before.iter().zip(&whole).zip(&written).all(|((x, y), &w)| w || x == y);
            assert!(untouched, "{} packed {packed}: wrote elsewhere", isa.name());
        }
    }
}

proptest! {
    #[test]
    fn any_shape_any_strides_any_epilogue(
        m in 0usize..40, k in 0usize..40, n in 0usize..80,
        layouts in (0u8..16, 0u8..16, 0u8..2), features in 0u8..16, seed: u32,
    ) {
        check::<f32>([m, k, n], [layouts.0, layouts.1, layouts.2], features, seed);
        check::<f64>([m, k, n], [layouts.0, layouts.1, layouts.2], features, seed);
    }

    #[test]
    fn few_rows_and_few_columns(
        m in 1usize..5, k in 1usize..300, n in 1usize..5,
        layouts in (0u8..16, 0u8..16, 0u8..2), features in 0u8..16, seed: u32,
    ) {
        check::<f32>([m, k, n], [layouts.0, layouts.1, layouts.2], features, seed);
        check::<f64>([m, k, n], [layouts.0, layouts.1, layouts.2], features, seed);
    }
}

#[test]
fn many_blocks() {
    // More terms and columns than a block has, and sizes around those of the tiles.
    for shape in [[13, 600, 33], [7, 257, 700], [25, 512, 515], [300, 3, 17], [1, 700, 1030]] {
        for layouts in [[0, 0, 0], [1, 1, 0], [0, 1, 0], [1, 0, 1]] {
            check::<f32>(shape, layouts, 7, 5);
            check::<f64>(shape, layouts, 9, 6);
        }
    }
}

#[test]
fn one_block_of_terms_is_added_in_one_step() {
    // 2^24 + 1 + .. + 1 stays 2^24 in single precision unless the ones are summed first.
    let (a, b) = (Array2::from_elem((20, BLOCK), 1.0f32), Array2::from_elem((BLOCK, 40), 1.0f32));
    for isa in sets() {
        let mut c = Array2::from_elem((20, 40), 16_777_216.0f32);
        gemm(isa, a.view(), b.view(), true, c.view_mut());
        assert_eq!(c, Array2::from_elem((20, 40), 16_777_216.0 + BLOCK as f32), "{}", isa.name());
    }
}

#[test]
fn rows_do_not_depend_on_their_neighbours() {
    let number = |(i, j): (usize, usize)| ((i * 37 + j * 11) as f32 * 0.7).sin();
    let (a, b) = (Array2::from_shape_fn((29, 300), number), Array2::from_shape_fn((300, 45), number));
    for isa in sets() {
        let mut all = Array2::zeros((29, 45));
        gemm(isa, a.view(), b.view(), false, all.view_mut());
        for rows in [0..1, 3..10, 5..29] {
            let mut some = Array2::zeros((rows.len(), 45));
            gemm(isa, a.slice(s![rows.clone(), ..]), b.view(), false, some.view_mut());
            assert_eq!(some, all.slice(s![rows, ..]), "{}", isa.name());
        }
    }
}
