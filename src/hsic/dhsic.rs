//! dHSIC: joint independence of d variables (Pfister et al., Kernel-based tests for joint independence, JRSS B 2018).
//!
//! ```text
//! q^k_i = mean_j K^k_ij,   m^k = mean_i q^k_i
//! dHSIC = mean_ij prod_k K^k_ij + prod_k m^k - (2/n) sum_i prod_k q^k_i
//! ```
//!
//! For d = 2 it is HSIC over n^2. All in f64; memory O(d n).

use super::estimate::expect;
use super::gamma::{GammaTest, gamma_test};
use super::gradient::{Pull, expect_differentiable};
use super::side::{Side, Variable};
use super::tiles::{TILE, sweep};
use crate::buffer::Buffer;
use crate::context::{Context, Meter};
use crate::error::{Result, bail};

/// What one pass over the tiles of all variables finds.
struct Moments {
    /// sum_ij prod_k K^k_ij
    joint: f64,
    /// Row sums of each variable.
    rows: Vec<Vec<f64>>,
    /// sum_ij (K^k_ij)^2
    squares: Vec<f64>,
}

fn sides<'a>(meter: &Meter, variables: &[Variable<'a>]) -> Result<Vec<Side<'a, f64>>> {
    if variables.is_empty() {
        bail!(Argument, "there are no variables; expected at least one")
    }
    let sides: Vec<_> = variables.iter().map(|v| Side::<f64>::new(meter, v, false)).collect::<Result<_>>()?;
    for side in &sides[1..] {
        side.expect_rows(sides[0].name, sides[0].n)?;
    }
    Ok(sides)
}

fn moments(ctx: &Context, meter: &Meter, sides: &[&Side<f64>]) -> Result<Moments> {
    let (d, n) = (sides.len(), sides[0].n);
    let mut all = Moments { joint: 0.0, rows: vec![vec![0.0; n]; d], squares: vec![0.0; d] };
    let mut start = 0;
    sweep(
        ctx,
        meter,
        sides,
        "dhsic",
        |work| {
            let origin = work.rows.start;
            let mut part =
                Moments { joint: 0.0, rows: vec![vec![0.0; n - origin]; d], squares: vec![0.0; d] };
            let (mut row, mut product) = ([0.0; TILE], [0.0; TILE]);
            for columns in work.blocks(true) {
                work.load(columns.clone())?;
                let diagonal = columns.start == origin;
                let (width, at) = (columns.len(), columns.start - origin);
                let weight = if diagonal { 1.0 } else { 2.0 };
                for i in 0..work.rows.len() {
                    product.fill(1.0);
                    for s in 0..d {
                        let row = &mut row[..width];
                        work.kernel(s, i, 0.0, row);
                        let sums = &mut part.rows[s];
                        sums[i] += row.iter().sum::<f64>();
                        if !diagonal {
                            sums[at..][..width].iter_mut().zip(&*row).for_each(|(s, k)| *s += k);
                        }
                        part.squares[s] += weight * row.iter().map(|k| k * k).sum::<f64>();
                        product.iter_mut().zip(&*row).for_each(|(p, k)| *p *= k);
                    }
                    part.joint += weight * product[..width].iter().sum::<f64>();
                }
            }
            Ok(part)
        },
        |part| {
            all.joint += part.joint;
            for (all, part) in all.rows.iter_mut().zip(&part.rows) {
                all[start..].iter_mut().zip(part).for_each(|(a, p)| *a += p);
            }
            all.squares.iter_mut().zip(&part.squares).for_each(|(a, p)| *a += p);
            start = n.min(start + TILE);
        },
    )?;
    Ok(all)
}

/// The product of all of `values` but number `k`.
fn others(values: &[f64], k: usize) -> f64 {
    values.iter().enumerate().filter(|&(l, _)| l != k).map(|(_, v)| v).product()
}

impl Moments {
    fn value(&self) -> f64 {
        let n = self.rows[0].len() as f64;
        let means: f64 = self.rows.iter().map(|r| r.iter().sum::<f64>() / (n * n)).product();
        let row = |i: usize| self.rows.iter().map(|r| r[i] / n).product::<f64>();
        let cross: f64 = (0..self.rows[0].len()).map(row).sum();
        self.joint / (n * n) + means - 2.0 / n * cross
    }
}

/// dHSIC of d >= 1 variables (0 for one). d n^2 / 2 kernel evaluations. Conditions as for [`super::hsic()`].
pub fn dhsic(ctx: &Context, variables: &[Variable]) -> Result<f64> {
    let meter = ctx.meter();
    let sides = sides(&meter, variables)?;
    Ok(moments(ctx, &meter, &sides.iter().collect::<Vec<_>>())?.value())
}

/// dHSIC and its gradients, one (n, d_k) row-major array a variable. Two passes. Conditions: as for the value; UNSUPPORTED.
pub fn dhsic_gradient(ctx: &Context, variables: &[Variable]) -> Result<(f64, Vec<Buffer<f64>>)> {
    let meter = ctx.meter();
    let sides = sides(&meter, variables)?;
    sides.iter().try_for_each(expect_differentiable)?;
    let sides: Vec<&Side<f64>> = sides.iter().collect();
    let (d, n) = (sides.len(), sides[0].n);
    let found = moments(ctx, &meter, &sides)?;
    let size = n as f64;
    let means: Vec<f64> = found.rows.iter().map(|r| r.iter().sum::<f64>() / (size * size)).collect();
    // For each variable: the product of the row means of the others, and of their means.
    let q: Vec<Vec<f64>> = (0..d)
        .map(|k| {
            let row = |i: usize| others(&found.rows.iter().map(|r| r[i] / size).collect::<Vec<_>>(), k);
            (0..n).map(row).collect()
        })
        .collect();
    let m: Vec<f64> = (0..d).map(|k| others(&means, k)).collect();
    let buffers = sides.iter().map(|s| meter.buffer::<f64>(n * s.factors[0].d, "gradient"));
    let mut buffers: Vec<Buffer<f64>> = buffers.collect::<Result<_>>()?;
    let mut starts = vec![0; d];
    sweep(
        ctx,
        &meter,
        &sides,
        "gradient",
        |work| {
            let height = work.rows.len();
            let mut pulls: Vec<Pull> = sides.iter().map(|s| Pull::new(height, s)).collect();
            let mut k = vec![vec![0.0; TILE * TILE]; d];
            let (mut w, mut scratch) = (vec![0.0; TILE * TILE], Vec::new());
            for columns in work.blocks(false) {
                work.load(columns.clone())?;
                let width = columns.len();
                for i in 0..height {
                    for (s, k) in k.iter_mut().enumerate() {
                        work.kernel(s, i, 0.0, &mut k[i * TILE..][..width]);
                    }
                }
                for s in 0..d {
                    for i in 0..height {
                        let own = q[s][work.rows.start + i];
                        let row = &mut w[i * TILE..][..width];
                        row.fill(1.0);
                        for (_, k) in k.iter().enumerate().filter(|&(l, _)| l != s) {
                            row.iter_mut().zip(&k[i * TILE..]).for_each(|(w, k)| *w *= k);
                        }
                        let each = row.iter_mut().zip(&q[s][columns.clone()]);
                        each.for_each(|(w, q)| *w = (*w + m[s] - own - q) / (size * size));
                    }
                    pulls[s].add(ctx, work, sides[s], s, &mut w, &k[s], &mut scratch);
                }
            }
            let first = work.rows.start;
            Ok(pulls.into_iter().zip(&sides).map(|(p, s)| p.finish(s, first).0).collect::<Vec<_>>())
        },
        |parts| {
            for ((part, out), start) in parts.iter().zip(&mut buffers).zip(&mut starts) {
                out[*start..][..part.len()].copy_from_slice(part);
                *start += part.len();
            }
        },
    )?;
    Ok((found.value(), buffers))
}

/// The test of joint independence with the gamma approximation of the null distribution of n dHSIC (Pfister et al. 2018,
/// section 3.3). Kernels with k(x, x) = 1. Conditions: as for the value; TOO_FEW (n < 2 d), UNSUPPORTED.
pub fn dhsic_test(ctx: &Context, variables: &[Variable]) -> Result<GammaTest> {
    let d = variables.len();
    if d < 2 {
        bail!(Argument, "there are {d} variables; expected at least 2 to test")
    }
    super::gamma::expect_unit(variables)?;
    let meter = ctx.meter();
    let sides = sides(&meter, variables)?;
    expect(sides[0].n, 2 * d, &format!("the gamma test of dHSIC of {d} variables"))?;
    let found = moments(ctx, &meter, &sides.iter().collect::<Vec<_>>())?;
    let n = sides[0].n as f64;
    let a: Vec<f64> = found.rows.iter().map(|r| r.iter().sum::<f64>() / (n * n)).collect();
    let b: Vec<f64> = found.squares.iter().map(|s| s / (n * n)).collect();
    let c: Vec<f64> = found.rows.iter().map(|r| r.iter().map(|r| r * r).sum::<f64>() / (n * n * n)).collect();
    let all = |v: &[f64]| v.iter().product::<f64>();
    let (pa, pb, pc) = (all(&a), all(&b), all(&c));
    let k = d as f64;
    let sum = |f: &dyn Fn(usize) -> f64| (0..d).map(f).sum::<f64>();
    let mean = (1.0 - sum(&|i| others(&a, i)) + (k - 1.0) * pa) / n;
    let mut t = pb + (k - 1.0).powi(2) * pa * pa + 2.0 * (k - 1.0) * pc;
    t += sum(&|i| b[i] * others(&a, i).powi(2));
    t -= 2.0 * sum(&|i| b[i] * others(&c, i));
    t -= 2.0 * (k - 1.0) * sum(&|i| c[i] * others(&a, i).powi(2));
    for r in 0..d {
        for s in r + 1..d {
            let rest: f64 = (0..d).filter(|&l| l != r && l != s).map(|l| a[l]).product();
            t += 2.0 * c[r] * c[s] * rest * rest;
        }
    }
    let mut ratio = 1.0;
    for j in 0..2 * d - 2 {
        let j = j as f64;
        let above = n - 2.0 * k - j;
        // n (n - 1) (n - 2) below the first, then n - 2 - j.
        let below = if j == 0.0 { n * (n - 1.0) * (n - 2.0) } else { n - 2.0 - j };
        ratio *= above / below;
    }
    Ok(gamma_test(n * found.value(), mean, 2.0 * ratio * t)?.of_rows(n))
}
