//! The loops over rows of a tile, written once; every instruction set compiles them for itself.

use super::{Number, Op, Tally};

/// Numbers that are summed side by side.
const LANES: usize = 16;

/// Squared distances from inner products with the row of squared norm `own`.
#[inline(always)]
pub(super) fn squares<T: Number, const FUSED: bool>(row: &mut [T], own: T, norms: &[T]) {
    let minus = T::of(-2.0);
    for (u, &norm) in row.iter_mut().zip(norms) {
        let square = u.fma::<FUSED>(minus, own + norm);
        *u = if square > T::zero() { square } else { T::zero() };
    }
}

/// out += sum over the columns of the squares of x - panel; panel is (columns of x) x (length of out).
#[inline(always)]
pub(super) fn direct<T: Number, const FUSED: bool>(out: &mut [T], x: &[T], panel: &[T], stride: usize) {
    let width = out.len();
    for (&x, column) in x.iter().zip(panel.chunks_exact(stride)) {
        for (u, &y) in out.iter_mut().zip(&column[..width]) {
            let step = x - y;
            *u = step.fma::<FUSED>(step, *u);
        }
    }
}

/// The same for absolute differences.
#[inline(always)]
pub(super) fn absolute<T: Number, const FUSED: bool>(out: &mut [T], x: &[T], panel: &[T], stride: usize) {
    let width = out.len();
    for (&x, column) in x.iter().zip(panel.chunks_exact(stride)) {
        for (u, &y) in out.iter_mut().zip(&column[..width]) {
            *u += (x - y).size();
        }
    }
}

/// The same for entries that differ.
#[inline(always)]
pub(super) fn differing<T: Number, const FUSED: bool>(out: &mut [T], x: &[T], panel: &[T], stride: usize) {
    let width = out.len();
    for (&x, column) in x.iter().zip(panel.chunks_exact(stride)) {
        for (u, &y) in out.iter_mut().zip(&column[..width]) {
            *u += if x == y { T::zero() } else { T::one() };
        }
    }
}

#[inline(always)]
fn each<T: Number>(from: &[T], to: &mut [T], f: impl Fn(T) -> T) {
    for (to, &u) in to.iter_mut().zip(from) {
        *to = f(u);
    }
}

/// to = f(base) - shift.
#[inline(always)]
pub(super) fn map<T: Number, const FUSED: bool>(op: &Op<T>, base: &[T], shift: T, to: &mut [T]) {
    match *op {
        Op::Same => each(base, to, |u| u - shift),
        Op::Exp(g) => each(base, to, |u| (u * -g).exp::<FUSED>() - shift),
        Op::ExpRoot(g) => each(base, to, |u| (u.root() * -g).exp::<FUSED>() - shift),
        Op::Rational(g, a) => each(base, to, |u| (u.fma::<FUSED>(g, T::one())).power(-a) - shift),
        Op::Inverse(g) => each(base, to, |u| T::one() / u.fma::<FUSED>(g, T::one()).root() - shift),
        Op::Poly(g, c, degree) => each(base, to, |u| power(u.fma::<FUSED>(g, c), degree) - shift),
        Op::Equal => each(base, to, |u| if u == T::zero() { T::one() - shift } else { -shift }),
        Op::Distance => each(base, to, |u| -u.root() - shift),
    }
}

/// d *= derivative of f at the base, k = f(base) there.
#[inline(always)]
pub(super) fn slope<T: Number, const FUSED: bool>(op: &Op<T>, base: &[T], k: &[T], d: &mut [T]) {
    let all = d.iter_mut().zip(base).zip(k);
    let half = T::of(-0.5);
    match *op {
        Op::Same => (),
        Op::Exp(g) => all.for_each(|((d, _), &k)| *d = *d * k * -g),
        Op::ExpRoot(g) => all.for_each(|((d, &u), &k)| *d = over_root(*d * k * half * g, u)),
        Op::Rational(g, a) => {
            all.for_each(|((d, &u), &k)| *d = *d * k * -(g * a) / u.fma::<FUSED>(g, T::one()))
        }
        Op::Inverse(g) => all.for_each(|((d, _), &k)| *d = *d * k * k * k * half * g),
        Op::Poly(g, c, degree) => {
            let factor = g * T::of(f64::from(degree));
            all.for_each(|((d, &u), _)| *d = *d * factor * power(u.fma::<FUSED>(g, c), degree - 1))
        }
        Op::Equal => d.fill(T::zero()),
        Op::Distance => all.for_each(|((d, &u), _)| *d = over_root(*d * half, u)),
    }
}

/// d / sqrt(u), and 0 for u = 0.
#[inline(always)]
fn over_root<T: Number>(d: T, u: T) -> T {
    let safe = if u > T::zero() { u } else { T::one() };
    let value = d / safe.root();
    if u > T::zero() { value } else { T::zero() }
}

#[inline(always)]
fn power<T: Number>(x: T, degree: u32) -> T {
    let mut out = T::one();
    for _ in 0..degree {
        out = out * x;
    }
    out
}

/// The five sums of a pair of rows; the rows are added to `below`.
#[inline(always)]
pub(super) fn tally<T: Number, const FUSED: bool>(k: &[T], l: &[T], below: [&mut [T]; 2]) -> Tally {
    let mut sums = [[T::zero(); LANES]; 5];
    let [k_below, l_below] = below;
    let (k_blocks, k_rest) = k.as_chunks::<LANES>();
    let (l_blocks, l_rest) = l[..k.len()].as_chunks::<LANES>();
    let (kb_blocks, kb_rest) = k_below[..k.len()].as_chunks_mut::<LANES>();
    let (lb_blocks, lb_rest) = l_below[..k.len()].as_chunks_mut::<LANES>();
    for (((k, l), kb), lb) in k_blocks.iter().zip(l_blocks).zip(kb_blocks).zip(lb_blocks) {
        for i in 0..LANES {
            sums[0][i] += k[i];
            sums[1][i] += l[i];
            sums[2][i] = k[i].fma::<FUSED>(l[i], sums[2][i]);
            sums[3][i] = k[i].fma::<FUSED>(k[i], sums[3][i]);
            sums[4][i] = l[i].fma::<FUSED>(l[i], sums[4][i]);
            kb[i] += k[i];
            lb[i] += l[i];
        }
    }
    let mut out = sums.map(|s| s.iter().map(|x| x.wide()).sum::<f64>());
    for (((&k, &l), kb), lb) in k_rest.iter().zip(l_rest).zip(kb_rest).zip(lb_rest) {
        *kb += k;
        *lb += l;
        let (k, l) = (k.wide(), l.wide());
        for (sum, v) in out.iter_mut().zip([k, l, k * l, k * k, l * l]) {
            *sum += v;
        }
    }
    Tally { k: out[0], l: out[1], kl: out[2], kk: out[3], ll: out[4] }
}

/// sum of w sign(x - p).
#[inline(always)]
pub(super) fn signed<T: Number, const FUSED: bool>(w: &[T], x: T, p: &[T]) -> f64 {
    let mut sums = [T::zero(); LANES];
    let part = |w: T, p: T| {
        if x > p {
            w
        } else if x < p {
            -w
        } else {
            T::zero()
        }
    };
    let (w_blocks, w_rest) = w.as_chunks::<LANES>();
    let (p_blocks, p_rest) = p[..w.len()].as_chunks::<LANES>();
    for (w, p) in w_blocks.iter().zip(p_blocks) {
        for i in 0..LANES {
            sums[i] += part(w[i], p[i]);
        }
    }
    let rest: f64 = w_rest.iter().zip(p_rest).map(|(&w, &p)| part(w, p).wide()).sum();
    sums.iter().map(|x| x.wide()).sum::<f64>() + rest
}

/// to = a k + b l + (own + each): an entry of a centred combination of two matrices.
#[inline(always)]
pub(super) fn combine<T: Number, const FUSED: bool>(
    [a, b]: [T; 2],
    k: &[T],
    l: &[T],
    own: T,
    each: &[T],
    to: &mut [T],
) {
    for (((to, &k), &l), &each) in to.iter_mut().zip(k).zip(l).zip(each) {
        *to = a.fma::<FUSED>(k, b.fma::<FUSED>(l, own + each));
    }
}

/// Sum of (x - y)^2 gamma or |x - y| gamma through exp, less a shift, feature by feature; the other two sums are told by
/// their shifts.
#[inline(always)]
pub(super) fn features<T: Number, const FUSED: bool>(
    absolute: bool,
    x: &[T],
    y: &[T],
    gamma: &[T],
    shift: &[T],
    to: &mut [T],
) {
    let all = to.iter_mut().zip(x).zip(y).zip(gamma).zip(shift);
    if absolute {
        all.for_each(|((((to, &x), &y), &g), &c)| *to = ((x - y).size() * -g).exp::<FUSED>() - c);
    } else {
        all.for_each(|((((to, &x), &y), &g), &c)| {
            let step = x - y;
            *to = (step * step * -g).exp::<FUSED>() - c
        });
    }
}
