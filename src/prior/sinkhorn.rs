//! Plans with given marginals: Sinkhorn's iterations in a domain that neither overflows nor underflows.
//!
//! With L = log Q / reg and potentials u, v, one iteration is columns, then rows:
//!
//! ```text
//! v_k = ln b_k - ln sum_i exp(L_ik + u_i),   u_i = ln a_i - ln sum_k exp(L_ik + v_k)
//! plan = exp(L + u + v)
//! ```
//!
//! Computed as two products with E = exp(L + u + v) for potentials of before, u += ln alpha, v += ln beta: alpha = a / (E beta),
//! beta = b / (E' alpha), both in one reading of E. Where a factor would leave e^[`reach`] and E its precision, the
//! half-step is done in logarithms and E is made again; at reg = 1 that hardly ever happens.

use super::leaf;
use super::options::checked;
use super::scores::BLOCK;
use crate::buffer::Buffer;
use crate::context::Context;
use crate::error::{Result, bail};
use crate::simd::real::Real;
use crate::view::{Dtype, TensorMut, TensorRef};

/// How plans are made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SinkhornOptions {
    /// Most iterations, 1 or more.
    pub iterations: usize,
    /// What log Q is divided by, > 0.
    pub reg: f64,
    /// Stop when every column sum is within this of its marginal; 0 = do all iterations.
    pub tolerance: f64,
    /// Rows of the plan over their marginals, so that they add up to 1.
    pub targets: bool,
    /// Divide marginals by their sums; otherwise they must add up to 1.
    pub normalize: bool,
}

impl Default for SinkhornOptions {
    /// Three iterations at reg 1, as MSN.
    fn default() -> Self {
        SinkhornOptions { iterations: 3, reg: 1.0, tolerance: 0.0, targets: false, normalize: false }
    }
}

/// How far a plan, or the worst of several, came.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Balanced {
    /// max_k |sum_i plan_ik - b_k|.
    pub column_error: f64,
    /// max_i |sum_k plan_ik - a_i|.
    pub row_error: f64,
    /// Iterations done.
    pub iterations: usize,
}

/// Plans of one or several problems: `scores` is log Q, (B, K) or (P, B, K), f32, f64, f16 or bf16, -inf allowed; `rows` are a, (B),
/// above 0, `None` = 1/B; `columns` are b, (K), 0 or more, `None` = 1/K. `plan`, of the shape of the scores, is f32 or f64. Computed
/// in f64 if either is.
///
/// Two reads of B K numbers and an exponential each, then one read an iteration. Conditions: ARGUMENT (marginals; a row or a
/// column without a finite score where there is mass to be had; NaN), RANK, SHAPE, DTYPE, MEMORY, MEMORY_LIMIT, CANCELLED.
pub fn sinkhorn(
    ctx: &Context,
    scores: &TensorRef,
    rows: Option<&[f64]>,
    columns: Option<&[f64]>,
    options: &SinkhornOptions,
    plan: &mut TensorMut,
) -> Result<Balanced> {
    if options.iterations == 0 {
        bail!(Argument, "iterations is 0; expected 1 or more")
    }
    if !(options.reg > 0.0 && options.reg.is_finite()) {
        bail!(Argument, "reg is {}; expected a number above 0", options.reg)
    }
    if options.tolerance.is_nan() || options.tolerance < 0.0 {
        bail!(Argument, "tolerance is {}; expected 0 or more", options.tolerance)
    }
    if scores.shape().len() != 3 {
        scores.expect_rank(2, "(b, k), or (problems, b, k)")?;
    }
    plan.expect_shape(scores.shape(), "as the scores")?;
    plan.expect_dtype(&[Dtype::F32, Dtype::F64])?;
    plan.expect_apart(scores)?;
    if scores.dtype() == Dtype::F64 || plan.dtype() == Dtype::F64 {
        run::<f64>(ctx, scores, rows, columns, options, plan)
    } else {
        run::<f32>(ctx, scores, rows, columns, options, plan)
    }
}

fn run<T: Real>(
    ctx: &Context,
    scores: &TensorRef,
    rows: Option<&[f64]>,
    columns: Option<&[f64]>,
    options: &SinkhornOptions,
    plan: &mut TensorMut,
) -> Result<Balanced> {
    let shape = scores.shape();
    let [b, k] = [shape[shape.len() - 2], shape[shape.len() - 1]];
    if b == 0 || k == 0 {
        bail!(Argument, "{} is {b} x {k}; expected one row and one column at least", scores.name())
    }
    let slack = if T::DTYPE == Dtype::F64 { 1e-6 } else { 1e-4 };
    let rows = checked("rows", rows, b, slack, options.normalize)?;
    let columns = checked("columns", columns, k, slack, options.normalize)?;
    if let Some(at) = rows.iter().position(|&a| a == 0.0) {
        bail!(Argument, "rows[{at}] is 0; expected more")
    }
    let meter = ctx.meter();
    let converted: Buffer<T>;
    let values = match scores.contiguous::<T>().filter(|_| options.reg == 1.0) {
        Some(values) => values,
        None => {
            let mut buffer = meter.buffer::<T>(scores.len(), scores.name())?;
            buffer.iter_mut().zip(scores.floats()?).for_each(|(to, x)| *to = T::of(x / options.reg));
            converted = buffer;
            &converted
        }
    };
    let mut own = Buffer::zeros(None, 0, "")?;
    let in_place = plan.contiguous::<T>();
    let direct = in_place.is_some();
    let out = match in_place {
        Some(out) => out,
        None => {
            own = meter.buffer::<T>(values.len(), "plan")?;
            &mut own[..]
        }
    };
    let nothing = Balanced { column_error: 0.0, row_error: 0.0, iterations: 0 };
    let problems = values.chunks_exact(b * k).zip(out.chunks_exact_mut(b * k)).enumerate();
    // Before anything is written.
    let survey_of = |(p, (scores, out))| {
        let what = if shape.len() == 2 { String::new() } else { format!(" of problem {p}") };
        Ok((scores, survey(ctx, scores, &columns, k, &what)?, out, nothing))
    };
    let mut jobs: Vec<_> = problems.map(survey_of).collect::<Result<_>>()?;
    ctx.pool().for_each(&mut jobs, |_, (scores, most, out, found)| {
        let work = Work { scores, rows: &rows, columns: &columns, k, tolerance: options.tolerance };
        *found = balance_in_place(ctx, &work, most, options.iterations, out, options.targets)?;
        Ok(())
    })?;
    let worst = jobs.iter().fold(nothing, |worst, (.., found)| Balanced {
        column_error: worst.column_error.max(found.column_error),
        row_error: worst.row_error.max(found.row_error),
        iterations: worst.iterations.max(found.iterations),
    });
    drop(jobs);
    if !direct {
        plan.write(&own)?;
    }
    Ok(worst)
}

/// The largest score of each column. Every row has a column to go to, and every column with mass a row to come from.
fn survey<T: Real>(ctx: &Context, scores: &[T], columns: &[f64], k: usize, what: &str) -> Result<Vec<T>> {
    let shut: Vec<T> = columns.iter().map(|&b| if b > 0.0 { T::ZERO } else { T::LOWEST }).collect();
    let parts = ctx.pool().map_chunks(scores.len() / k, BLOCK, |rows| {
        let block = &scores[rows.start * k..rows.end * k];
        let (mut most, mut open) = (vec![T::LOWEST; k], vec![T::LOWEST; rows.len()]);
        leaf::survey(ctx.isa(), block, k, &shut, &mut most, &mut open);
        // What is no score shows up as a row without a largest one.
        for (i, (&open, row)) in open.iter().zip(block.chunks_exact(k)).enumerate() {
            let i = rows.start + i;
            if open.is_finite() {
                continue;
            }
            if let Some(z) = row.iter().find(|z| !z.is_finite() && **z != T::LOWEST) {
                bail!(Argument, "row {i}{what} of the scores holds {z:?}; expected numbers or -inf")
            }
            bail!(Argument, "row {i}{what} of the scores is -inf wherever there is mass")
        }
        Ok(most)
    })?;
    let mut most = vec![T::LOWEST; k];
    parts.iter().for_each(|part| leaf::raise(ctx.isa(), part, k, &mut most));
    if let Some(at) = columns.iter().zip(&most).position(|(&b, &m)| b > 0.0 && m == T::LOWEST) {
        bail!(Argument, "column {at}{what} of the scores is -inf, but its marginal is {}", columns[at])
    }
    Ok(most)
}

/// One problem in one precision: scores over reg, (B, K).
pub(super) struct Work<'a, T> {
    pub scores: &'a [T],
    pub rows: &'a [f64],
    pub columns: &'a [f64],
    pub k: usize,
    pub tolerance: f64,
}

/// Factors may go to e^reach before E is made again: what E has lost by then is below the rounding of the plan.
fn reach<T: Real>() -> f64 {
    if T::DTYPE == Dtype::F64 { 200.0 } else { 25.0 }
}

/// Potentials, factors and E of a problem.
struct State<'s, T: Real> {
    /// (B, K).
    e: &'s mut [T],
    u: Vec<f64>,
    v: Vec<f64>,
    alpha: Vec<T>,
    beta: Vec<T>,
    /// E' alpha.
    sums: Vec<f64>,
}

/// Runs the iterations; `out`, (B, K), becomes the plan, or its rows over their marginals. The problem is feasible, and `most` are the
/// largest scores of its columns.
pub(super) fn balance_in_place<T: Real>(
    ctx: &Context,
    work: &Work<T>,
    most: &[T],
    iterations: usize,
    out: &mut [T],
    targets: bool,
) -> Result<Balanced> {
    let (b, k) = (work.rows.len(), work.k);
    let reach = reach::<T>();
    let finite = |m: f64| if m.is_finite() { -m } else { 0.0 };
    let mut state = State {
        e: out,
        u: vec![0.0; b],
        v: most.iter().map(|m| finite(m.wide())).collect(),
        alpha: vec![T::ONE; b],
        beta: vec![T::ONE; k],
        sums: vec![0.0; k],
    };
    state.rebuild(ctx, work);
    let marginals: Vec<T> = work.rows.iter().map(|&a| T::of(a)).collect();
    let (mut done, mut column_error) = (0, f64::INFINITY);
    while done < iterations {
        ctx.poll()?;
        if !state.columns(work, reach) {
            state.absorb();
            let logs = state.log_columns(work);
            state.v.iter_mut().zip(logs).zip(work.columns).for_each(|((v, log), &b)| {
                if b > 0.0 {
                    *v = b.ln() - log;
                }
            });
            state.rebuild(ctx, work);
            state.columns(work, f64::INFINITY);
        }
        if !state.rows(ctx, work, &marginals, reach)? {
            state.absorb();
            let mut logs = vec![0.0; b];
            let v: Vec<T> = state.v.iter().map(|&v| T::of(v)).collect();
            leaf::log_sums(ctx.isa(), work.scores, k, &v, &mut logs);
            state.u.iter_mut().zip(logs).zip(work.rows).for_each(|((u, log), &a)| *u = a.ln() - log);
            state.rebuild(ctx, work);
            // What rounding has left of the rows.
            state.rows(ctx, work, &marginals, f64::INFINITY)?;
        }
        done += 1;
        let sums = state.sums.iter().zip(&state.beta).zip(work.columns);
        column_error = sums.map(|((s, beta), b)| (s * beta.wide() - b).abs()).fold(0.0, f64::max);
        if column_error <= work.tolerance && work.tolerance > 0.0 {
            break;
        }
    }
    let State { e, mut alpha, beta, .. } = state;
    if targets {
        alpha.iter_mut().zip(&marginals).for_each(|(alpha, &a)| *alpha = *alpha / a);
    }
    let blocks = e.chunks_mut(BLOCK * k).zip(alpha.chunks(BLOCK));
    let mut blocks: Vec<_> = blocks.map(|(e, alpha)| (e, alpha, vec![0.0; alpha.len()])).collect();
    ctx.pool().for_each(&mut blocks, |_, (e, alpha, sums)| {
        leaf::scale(ctx.isa(), e, k, alpha, &beta, sums);
        Ok(())
    })?;
    let sums = blocks.iter().flat_map(|(.., sums)| sums).zip(work.rows);
    let row_error = sums.map(|(sum, a)| (sum - if targets { 1.0 } else { *a }).abs()).fold(0.0, f64::max);
    Ok(Balanced { column_error, row_error, iterations: done })
}

impl<T: Real> State<'_, T> {
    /// E for these potentials, and its column sums; the factors are 1.
    fn rebuild(&mut self, ctx: &Context, work: &Work<T>) {
        let narrow = |x: &[f64]| x.iter().map(|&x| T::of(x)).collect::<Vec<T>>();
        let (u, v) = (narrow(&self.u), narrow(&self.v));
        let k = work.k;
        let mut blocks: Vec<_> = work
            .scores
            .chunks(BLOCK * k)
            .zip(self.e.chunks_mut(BLOCK * k))
            .zip(u.chunks(BLOCK))
            .map(|((z, e), u)| (z, e, u, vec![T::ZERO; k]))
            .collect();
        let made = ctx.pool().for_each(&mut blocks, |_, (z, e, u, sums)| {
            leaf::kernel(ctx.isa(), z, k, u, &v, e, sums);
            Ok(())
        });
        debug_assert!(made.is_ok());
        self.sums.fill(0.0);
        blocks.iter().for_each(|(.., sums)| add(&mut self.sums, sums));
        self.alpha.fill(T::ONE);
        self.beta.fill(T::ONE);
    }

    /// beta = b / sums; false if a factor is out of reach, and then nothing has changed.
    fn columns(&mut self, work: &Work<T>, reach: f64) -> bool {
        let factor = |(&sum, &b): (&f64, &f64)| if b > 0.0 { b / sum } else { 0.0 };
        let factors: Vec<f64> = self.sums.iter().zip(work.columns).map(factor).collect();
        // A column without mass may have any sum. A marginal is no matter of precision.
        let mut inside = factors.iter().zip(work.columns).filter(|(_, b)| **b > 0.0);
        if reach.is_finite() && !inside.all(|(f, b)| (f / b).ln().abs() <= reach) {
            return false;
        }
        self.beta = factors.into_iter().map(T::of).collect();
        true
    }

    /// alpha = a / (E beta), and the sums for the next columns; false if a factor is out of reach, and then the sums are void.
    fn rows(&mut self, ctx: &Context, work: &Work<T>, marginals: &[T], reach: f64) -> Result<bool> {
        let k = work.k;
        let beta = &self.beta;
        let mut blocks: Vec<_> = self
            .e
            .chunks(BLOCK * k)
            .zip(marginals.chunks(BLOCK))
            .zip(self.alpha.chunks_mut(BLOCK))
            .map(|((e, a), alpha)| (e, a, alpha, vec![T::ZERO; k]))
            .collect();
        let before: Vec<T> =
            if reach.is_finite() { blocks.iter().flat_map(|b| b.2.to_vec()).collect() } else { Vec::new() };
        ctx.pool().for_each(&mut blocks, |_, (e, a, alpha, sums)| {
            leaf::balance(ctx.isa(), e, k, beta, a, alpha, sums);
            Ok(())
        })?;
        self.sums.fill(0.0);
        blocks.iter().for_each(|(.., sums)| add(&mut self.sums, sums));
        drop(blocks);
        let mut inside = self.alpha.iter().zip(marginals);
        if reach.is_finite() && !inside.all(|(f, a)| (f.wide() / a.wide()).ln().abs() <= reach) {
            self.alpha = before;
            return Ok(false);
        }
        Ok(true)
    }

    /// Moves the factors into the potentials.
    fn absorb(&mut self) {
        let add = |(u, f): (&mut f64, &mut T)| {
            // A column without mass has the factor 0 and keeps its potential.
            if *f > T::ZERO {
                *u += f.wide().ln();
            }
            *f = T::ONE;
        };
        self.u.iter_mut().zip(&mut self.alpha).for_each(add);
        self.v.iter_mut().zip(&mut self.beta).for_each(add);
    }

    /// ln sum_i exp(L_ik + u_i).
    fn log_columns(&self, work: &Work<T>) -> Vec<f64> {
        let k = work.k;
        let (mut most, mut sum) = (vec![f64::NEG_INFINITY; k], vec![0.0; k]);
        for (row, &u) in work.scores.chunks_exact(k).zip(&self.u) {
            most.iter_mut().zip(row).for_each(|(m, z)| *m = m.max(z.wide() + u));
        }
        for (row, &u) in work.scores.chunks_exact(k).zip(&self.u) {
            for ((s, z), &m) in sum.iter_mut().zip(row).zip(&most) {
                if m > f64::NEG_INFINITY {
                    *s += (z.wide() + u - m).exp();
                }
            }
        }
        most.iter().zip(&sum).map(|(m, s): (&f64, &f64)| m + s.ln()).collect()
    }
}

fn add<T: Real>(sums: &mut [f64], parts: &[T]) {
    sums.iter_mut().zip(parts).for_each(|(s, p)| *s += p.wide());
}
