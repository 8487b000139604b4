//! Gradients of HSIC and CKA in both variables, and in gamma.
//!
//! With D = dF / dK of the objective F and f the kernel as a function of its base u, W = D . f'(u):
//!
//! ```text
//! base x.x'         dX = 2 W X
//! base |x - x'|^2   dX = 4 (diag(W 1) X - W X)
//! base |x - x'|_1   dX_i = 2 sum_j W_ij sign(x_i - x_j)
//! ```
//!
//! D is a combination of the two Gram matrices, centred: a K + b L + p 1' + 1 p'. So the first pass is that of the value
//! (row sums), the second forms W tile by tile. Memory O(n) beside the gradients themselves.

use super::estimate::{Estimates, Estimator};
use super::kernel::Base;
use super::leaf::Number;
use super::side::{Side, Variable};
use super::sums::{Sums, sums};
use super::tiles::{DEPTH, TILE, Work, sweep, view, view_mut};
use crate::buffer::Buffer;
use crate::context::{Context, Meter};
use crate::error::{Result, bail};
use crate::linalg::gemm::gemm;

/// What a gradient is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Objective {
    /// HSIC of x and y.
    Hsic(Estimator),
    /// CKA; debiased if true.
    Cka(bool),
}

/// A value and its gradients.
#[derive(Debug)]
pub struct Gradient {
    /// The objective.
    pub value: f64,
    /// All estimators, which cost nothing more.
    pub estimates: Estimates,
    /// (n, d_x), row-major.
    pub x: Buffer<f64>,
    /// (n, d_y), row-major; empty unless asked for.
    pub y: Buffer<f64>,
    /// Derivatives in gamma of the kernels of x and of y; NaN where the kernel has none.
    pub gamma: [f64; 2],
}

/// D of one variable: D_ij = own K_ij + other L_ij + p_i + p_j.
#[derive(Clone, Debug, Default)]
pub(super) struct Centred {
    pub own: f64,
    pub other: f64,
    pub p: Vec<f64>,
    /// Whether the diagonal counts.
    pub diagonal: bool,
}

impl Centred {
    /// `own` times the centred K plus `other` times the centred L; the entries are not shifted.
    pub fn new(sums: &Sums, shifts: [f64; 2], [own, other]: [f64; 2], unbiased: bool) -> Self {
        let n = sums.r.len() as f64;
        let part = |r: &[f64], d: &[f64], shift: f64| -> Vec<f64> {
            if unbiased {
                let half = r.iter().sum::<f64>() / ((n - 1.0) * (n - 2.0)) / 2.0;
                // The shift of all entries off the diagonal shifts each of the three terms alike.
                return r.iter().map(|r| half - r / (n - 2.0) - shift / 2.0).collect();
            }
            let all: Vec<f64> = r.iter().zip(d).map(|(r, d)| r + d).collect();
            let half = all.iter().sum::<f64>() / (n * n) / 2.0;
            all.iter().map(|r| half - r / n - shift / 2.0).collect()
        };
        let k = part(&sums.r, &sums.k_diagonal, shifts[0]);
        let l = part(&sums.s, &sums.l_diagonal, shifts[1]);
        let p = k.iter().zip(&l).map(|(k, l)| own * k + other * l).collect();
        Centred { own, other, p, diagonal: !unbiased }
    }
}

/// Value and gradients of an objective. `both`: in y as well as in x. Kernels of one factor each, not precomputed.
/// Conditions: as for [`super::hsic()`]; TOO_FEW, UNDEFINED (CKA of a constant variable), UNSUPPORTED (products of kernels).
pub fn gradient(
    ctx: &Context,
    x: &Variable,
    y: &Variable,
    objective: Objective,
    both: bool,
) -> Result<Gradient> {
    if x.is_double() || y.is_double() {
        of::<f64>(ctx, x, y, objective, both)
    } else {
        of::<f32>(ctx, x, y, objective, both)
    }
}

fn of<T: Number>(
    ctx: &Context,
    x: &Variable,
    y: &Variable,
    objective: Objective,
    both: bool,
) -> Result<Gradient> {
    let meter = ctx.meter();
    let (x, y) = (Side::<T>::new(&meter, x, true)?, Side::<T>::new(&meter, y, true)?);
    y.expect_rows(x.name, x.n)?;
    for side in [Some(&x), both.then_some(&y)].into_iter().flatten() {
        expect_differentiable(side)?;
    }
    let sums = sums(ctx, &meter, &x, &y)?;
    let estimates = sums.estimates();
    let n = x.n as f64;
    let (value, unbiased, scale) = match objective {
        Objective::Hsic(e) => {
            let scale = match e {
                Estimator::BiasedN2 => 1.0 / (n * n),
                Estimator::BiasedNm1 => 1.0 / ((n - 1.0) * (n - 1.0)),
                Estimator::Unbiased => 1.0 / (n * (n - 3.0)),
            };
            (estimates.hsic(e)?, e == Estimator::Unbiased, scale)
        }
        Objective::Cka(debiased) => {
            let value = estimates.cka(debiased)?;
            let [_, xx, yy] = if debiased { estimates.unbiased } else { estimates.biased };
            let scale = 1.0 / (xx.sqrt() * yy.sqrt() * if debiased { n * (n - 3.0) } else { n * n });
            (value, debiased, scale)
        }
    };
    let [xy, xx, yy] = if unbiased { estimates.unbiased } else { estimates.biased };
    let own = |self_term: f64| match objective {
        Objective::Hsic(_) => 0.0,
        Objective::Cka(_) => -scale * xy / self_term,
    };
    let shifts = [x.shift.wide(), y.shift.wide()];
    let of_x = Centred::new(&sums, shifts, [own(xx), scale], unbiased);
    let turned = Sums {
        r: sums.s,
        s: sums.r,
        k_diagonal: sums.l_diagonal,
        l_diagonal: sums.k_diagonal,
        ..Sums::default()
    };
    let of_y = Centred::new(&turned, [shifts[1], shifts[0]], [own(yy), scale], unbiased);
    let width = |side: &Side<T>, wanted: bool| if wanted { side.factors[0].d } else { 0 };
    let mut found = Gradient {
        value,
        estimates,
        x: meter.buffer(x.n * width(&x, true), "gradient of x")?,
        y: meter.buffer(y.n * width(&y, both), "gradient of y")?,
        gamma: [f64::NAN; 2],
    };
    let outs = [Some((&of_x, &mut found.x)), both.then_some((&of_y, &mut found.y))];
    backward(ctx, &meter, [&x, &y], outs, &mut found.gamma)?;
    Ok(found)
}

/// UNSUPPORTED unless there is one factor with columns to differentiate in.
pub(super) fn expect_differentiable<T: Number>(side: &Side<T>) -> Result<()> {
    if side.factors.len() > 1 || side.factors[0].kernel.base() == Base::Given {
        bail!(
            Unsupported,
            "{}: gradients are for one kernel of given columns, no product, no Gram matrix",
            side.name
        )
    }
    Ok(())
}

/// The gradient of one variable for a block of rows, on its way.
pub(super) struct Pull {
    weights: Vec<f64>,
    pulled: Vec<f64>,
    gamma: f64,
    /// Subtracted from derivatives in gamma: D sums to 0, and a constant far above their differences would bring its rounding.
    typical: f64,
}

impl Pull {
    pub fn new<T: Number>(rows: usize, side: &Side<T>) -> Self {
        let f = &side.factors[0];
        let typical = f.kernel.in_gamma(f.pair(0, side.n / 2)).unwrap_or(0.0);
        Pull { weights: vec![0.0; rows], pulled: vec![0.0; rows * f.d], gamma: 0.0, typical }
    }

    #[allow(clippy::too_many_arguments)] // One tile of one variable, and where its parts are.
    /// Adds the tile of `work`: `w` holds D on entry, f(u) is in `k`; both TILE wide. O(rows columns d).
    pub fn add<T: Number>(
        &mut self,
        ctx: &Context,
        work: &Work<T>,
        side: &Side<T>,
        s: usize,
        w: &mut [T],
        k: &[T],
        scratch: &mut Vec<T>,
    ) {
        let f = &side.factors[0];
        let (rows, columns, d) = (work.rows.clone(), work.columns.clone(), f.d);
        let in_gamma = f.kernel.in_gamma(1.0).is_some();
        for (i, (w, k)) in w.chunks_exact_mut(TILE).zip(k.chunks_exact(TILE)).take(rows.len()).enumerate() {
            let (w, base) = (&mut w[..columns.len()], work.base(s, i));
            if in_gamma {
                let term = |(&w, &u): (&T, &T)| {
                    w.wide() * (f.kernel.in_gamma(u.wide()).unwrap_or(0.0) - self.typical)
                };
                self.gamma += w.iter().zip(base).map(term).sum::<f64>();
            }
            (work.leaf.slope)(&f.op, base, &k[..columns.len()], w);
            self.weights[i] += w.iter().map(|w| w.wide()).sum::<f64>();
        }
        if f.kernel.base() == Base::Differing {
            return;
        }
        scratch.resize(2 * TILE * d.min(DEPTH), T::zero());
        for first in (0..d).step_by(DEPTH) {
            let part = first..d.min(first + DEPTH);
            let depth = part.len();
            let (data, out) = scratch.split_at_mut(TILE * depth);
            if f.kernel.base() == Base::Absolute {
                f.panel(columns.clone(), part.clone(), TILE, data);
                f.rows(rows.clone(), part, &mut out[..rows.len() * depth]);
                for i in 0..rows.len() {
                    let w = &w[i * TILE..][..columns.len()];
                    for k in 0..depth {
                        let p = &data[k * TILE..][..columns.len()];
                        self.pulled[i * d + first + k] += (work.leaf.signed)(w, out[i * depth + k], p);
                    }
                }
                continue;
            }
            f.rows(columns.clone(), part, &mut data[..columns.len() * depth]);
            let right = view(data, columns.len(), depth, depth);
            let product = view_mut(out, rows.len(), depth, depth);
            gemm(ctx.isa(), view(w, rows.len(), columns.len(), TILE), right, false, product);
            for i in 0..rows.len() {
                let to = &mut self.pulled[i * d + first..][..depth];
                to.iter_mut().zip(&out[i * depth..]).for_each(|(to, v)| *to += v.wide());
            }
        }
    }

    /// The gradient of the block, and that in gamma.
    pub fn finish<T: Number>(self, side: &Side<T>, first: usize) -> (Vec<f64>, f64) {
        let f = &side.factors[0];
        let mut out = self.pulled;
        let mut row = vec![T::zero(); f.d];
        for (i, out) in out.chunks_exact_mut(f.d).enumerate() {
            match f.kernel.base() {
                Base::Dot | Base::Absolute => out.iter_mut().for_each(|o| *o *= 2.0),
                Base::Square => {
                    f.rows(first + i..first + i + 1, 0..f.d, &mut row);
                    let w = self.weights[i];
                    out.iter_mut().zip(&row).for_each(|(o, x)| *o = 4.0 * (w * x.wide() - *o));
                }
                _ => out.fill(0.0),
            }
        }
        (out, self.gamma)
    }
}

/// The second pass: gradients of the variables that have a D, and derivatives in their gamma.
pub(super) fn backward<T: Number>(
    ctx: &Context,
    meter: &Meter,
    sides: [&Side<T>; 2],
    outs: [Option<(&Centred, &mut Buffer<f64>)>; 2],
    gamma: &mut [f64; 2],
) -> Result<()> {
    let [x_out, y_out] = outs;
    let given = [x_out.as_ref().map(|o| o.0), y_out.as_ref().map(|o| o.0)];
    let ps = given.map(|c| c.map(|c| c.p.iter().map(|&p| T::of(p)).collect::<Vec<T>>()));
    let mut buffers = [x_out.map(|o| o.1), y_out.map(|o| o.1)];
    for (s, gamma) in gamma.iter_mut().enumerate() {
        if given[s].is_some() && sides[s].factors[0].kernel.in_gamma(1.0).is_some() {
            *gamma = 0.0;
        }
    }
    let mut starts = [0; 2];
    sweep(
        ctx,
        meter,
        &sides,
        "gradient",
        |work| {
            let height = work.rows.len();
            let mut pulls = [0, 1].map(|s| given[s].map(|_| Pull::new(height, sides[s])));
            let mut k = [0, 1].map(|_| vec![T::zero(); TILE * TILE]);
            let (mut w, mut scratch) = (vec![T::zero(); TILE * TILE], Vec::new());
            for columns in work.blocks(false) {
                work.load(columns.clone())?;
                let width = columns.len();
                for i in 0..height {
                    for (s, k) in k.iter_mut().enumerate() {
                        work.kernel(s, i, T::zero(), &mut k[i * TILE..][..width]);
                    }
                }
                for s in 0..2 {
                    let (Some(centred), Some(p), Some(pull)) = (given[s], &ps[s], &mut pulls[s]) else {
                        continue;
                    };
                    let factors = [T::of(centred.own), T::of(centred.other)];
                    for i in 0..height {
                        let at = i * TILE..i * TILE + width;
                        let (own, other) = (&k[s][at.clone()], &k[1 - s][at.clone()]);
                        let row = p[work.rows.start + i];
                        (work.leaf.combine)(factors, own, other, row, &p[columns.clone()], &mut w[at]);
                        if let (false, Some(j)) = (centred.diagonal, work.diagonal(i)) {
                            w[i * TILE + j] = T::zero();
                        }
                    }
                    pull.add(ctx, work, sides[s], s, &mut w, &k[s], &mut scratch);
                }
            }
            let first = work.rows.start;
            let [x, y] = pulls;
            Ok([x.map(|p| p.finish(sides[0], first)), y.map(|p| p.finish(sides[1], first))])
        },
        |parts| {
            for (s, part) in parts.into_iter().enumerate() {
                if let (Some((rows, of_gamma)), Some(out)) = (part, &mut buffers[s]) {
                    out[starts[s]..][..rows.len()].copy_from_slice(&rows);
                    starts[s] += rows.len();
                    gamma[s] += of_gamma;
                }
            }
        },
    )
}
