//! The leaf kernels in plain Rust: any CPU, and the yardstick for the other files of this folder.

use super::corners::compiled_corners;
use super::pair::accumulate;
use super::skinny::compiled_skinny;
use super::sweep::compiled_sweeps;
use super::{Doubt, FILTER, Kernels, LANES, Masks, Points, Points3, side};

pub(super) static KERNELS: Kernels = Kernels {
    fold,
    norms,
    classify,
    reach,
    sides,
    classify3,
    sides3,
    accumulate: accumulate::<false>,
    sweeps: compiled_sweeps!(),
    corners: compiled_corners!(false),
    skinny: compiled_skinny!(false),
};

pub(super) fn fold(weight: &[f64], index: &[u32], factor: &[[f64; 3]], start: &[f64], out: &mut [f64]) {
    let np = out.len() / 3;
    out.copy_from_slice(start);
    for (&j, f) in index.iter().zip(factor) {
        let column = &weight[j as usize * np..][..np];
        for (out, &f) in out.chunks_exact_mut(np).zip(f) {
            for (o, &w) in out.iter_mut().zip(column) {
                *o += w * f;
            }
        }
    }
}

/// Inlined into the files of the other instruction sets: the compiler makes their vectors of it.
#[inline(always)]
pub(super) fn norms(block: &[f64]) -> [f64; 3] {
    let np = block.len() / 3;
    [0, 1, 2].map(|c| {
        let mut sums = [0.0; LANES];
        for lane in block[c * np..][..np].as_chunks::<LANES>().0 {
            for (s, x) in sums.iter_mut().zip(lane) {
                *s += x * x;
            }
        }
        sums.iter().sum::<f64>().sqrt()
    })
}

/// Inlined into the files of the other instruction sets, as `norms`.
#[inline(always)]
pub(super) fn reach(block: &[f64], points: &[[f64; 2]], lo: &mut [f64], hi: &mut [f64]) {
    let np = lo.len();
    let rows = block[..3 * np].as_chunks::<LANES>().0;
    let (a, rest) = rows.split_at(np / LANES);
    let (b, c) = rest.split_at(np / LANES);
    let out = lo.as_chunks_mut::<LANES>().0.iter_mut().zip(hi.as_chunks_mut::<LANES>().0);
    for (((a, b), c), (lo, hi)) in a.iter().zip(b).zip(c).zip(out) {
        *lo = [f64::INFINITY; LANES];
        *hi = [f64::NEG_INFINITY; LANES];
        for p in points {
            for i in 0..LANES {
                let v = a[i] * p[0] + (b[i] * p[1] + c[i]);
                lo[i] = if v < lo[i] { v } else { lo[i] };
                hi[i] = if v > hi[i] { v } else { hi[i] };
            }
        }
    }
}

/// Distance from 0 above which a value of the functional (a, b, c) is certain.
#[inline(always)]
fn threshold([a, b, c]: [f64; 3], error: f64, radius: f64) -> f64 {
    error + radius * (a.abs() + b.abs()) + FILTER * (a.abs() + b.abs() + c.abs())
}

pub(super) fn classify(block: &[f64], doubt: Doubt, points: &[[f64; 2]], masks: &mut Masks) {
    let Doubt { error, scale, radius } = doubt;
    let np = error.len();
    for k in 0..np {
        let f = [block[k], block[np + k], block[2 * np + k]];
        let t = threshold(f, scale * error[k], radius);
        let (mut lo, mut hi) = (f64::INFINITY, f64::NEG_INFINITY);
        for p in points {
            let v = f[0] * p[0] + (f[1] * p[1] + f[2]);
            lo = if v < lo { v } else { lo };
            hi = if v > hi { v } else { hi };
        }
        let bit = |m: &mut [u64], on: bool| m[k / 64] |= u64::from(on) << (k % 64);
        bit(&mut masks.cross, hi > t && lo < -t);
        bit(&mut masks.pos, lo > t);
        bit(&mut masks.neg, hi < -t);
    }
}

pub(super) fn sides(block: &[f64], doubt: Doubt, units: &[u32], points: &Points, out: &mut [u8]) {
    let Doubt { error, scale, radius } = doubt;
    let np = error.len();
    for (&k, out) in units.iter().zip(out) {
        let k = k as usize;
        let f = [block[k], block[np + k], block[2 * np + k]];
        let t = threshold(f, scale * error[k], radius);
        *out = 0;
        for (x, y) in points.x.iter().zip(&points.y) {
            for i in 0..LANES {
                let v = f[0] * x[i] + (f[1] * y[i] + f[2]);
                let sign = if v > t { side::POS } else { side::DOUBT };
                *out |= if v < -t { side::NEG } else { sign };
            }
        }
    }
}

/// Distance from 0 above which a value of the functional (a, b, c, d) of space is certain.
#[inline(always)]
fn threshold3([a, b, c, d]: [f64; 4], error: f64, radius: f64) -> f64 {
    let slope = a.abs() + b.abs() + c.abs();
    error + radius * slope + FILTER * (slope + d.abs())
}

/// Inlined into the files of the other instruction sets, like `norms`; so is `sides3`.
#[inline(always)]
pub(super) fn classify3(block: &[f64], doubt: Doubt, points: &[[f64; 3]], masks: &mut Masks) {
    let Doubt { error, scale, radius } = doubt;
    let np = error.len();
    let rows: [&[[f64; LANES]]; 4] = [0, 1, 2, 3].map(|c| block[c * np..][..np].as_chunks().0);
    for (chunk, error) in error.as_chunks::<LANES>().0.iter().enumerate() {
        let f = rows.map(|row| row[chunk]);
        let (mut lo, mut hi) = ([f64::INFINITY; LANES], [f64::NEG_INFINITY; LANES]);
        for p in points {
            for i in 0..LANES {
                let v = f[0][i] * p[0] + (f[1][i] * p[1] + (f[2][i] * p[2] + f[3][i]));
                lo[i] = if v < lo[i] { v } else { lo[i] };
                hi[i] = if v > hi[i] { v } else { hi[i] };
            }
        }
        let (mut cross, mut pos, mut neg) = (0, 0, 0);
        for i in 0..LANES {
            let t = threshold3([f[0][i], f[1][i], f[2][i], f[3][i]], scale * error[i], radius);
            cross |= u64::from(hi[i] > t && lo[i] < -t) << i;
            pos |= u64::from(lo[i] > t) << i;
            neg |= u64::from(hi[i] < -t) << i;
        }
        let (word, shift) = (LANES * chunk / 64, LANES * chunk % 64);
        masks.cross[word] |= cross << shift;
        masks.pos[word] |= pos << shift;
        masks.neg[word] |= neg << shift;
    }
}

#[inline(always)]
pub(super) fn sides3(block: &[f64], doubt: Doubt, units: &[u32], points: &Points3, out: &mut [u8]) {
    let Doubt { error, scale, radius } = doubt;
    let np = error.len();
    for (&k, out) in units.iter().zip(out) {
        let k = k as usize;
        let f = [block[k], block[np + k], block[2 * np + k], block[3 * np + k]];
        let t = threshold3(f, scale * error[k], radius);
        let (mut lo, mut hi, mut least) =
            ([f64::INFINITY; LANES], [f64::NEG_INFINITY; LANES], [f64::INFINITY; LANES]);
        for [x, y, z] in &points.axes {
            for i in 0..LANES {
                let v = f[0] * x[i] + (f[1] * y[i] + (f[2] * z[i] + f[3]));
                let size = v.abs();
                lo[i] = if v < lo[i] { v } else { lo[i] };
                hi[i] = if v > hi[i] { v } else { hi[i] };
                least[i] = if size > least[i] { least[i] } else { size };
            }
        }
        let (mut pos, mut neg, mut sure) = (false, false, true);
        for i in 0..LANES {
            pos |= hi[i] > t;
            neg |= lo[i] < -t;
            sure &= least[i] > t;
        }
        *out = (u8::from(pos) * side::POS) | (u8::from(neg) * side::NEG) | (u8::from(!sure) * side::DOUBT);
    }
}
