//! Rows in f64 or double-double, each number with a bound of its error.
//!
//! For an element z = w . x + b with t terms, inputs known up to e, and the relative error g of a sum of t products,
//!
//!   error of z <= g (|w| . |x| + |b|) + |w| . e = |w| . (g |x| + e) + g |b|.
//!
//! g is t u / (1 - t u) and some, u = 2^-53, for f64 (any order of the sum, fused or not), and see [`pair::ERROR`] for
//! double-double. The products on the right are of f64 in both cases.

use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2};

use super::carry::{Arithmetic, Job, terms};
use super::enclosure::Enclosure;
use super::piece::Source;
use crate::buffer::Buffer;
use crate::error::Result;
use crate::linalg::gemm::gemm;
use crate::network::{NodeId, Op};
use crate::numeric::double::Dd;
use crate::numeric::number::Near;
use crate::simd::pair::{self, Pairs, WIDTH};

/// Covers the rounding of the bounds themselves: sums of fewer than 2^30 terms.
const SLACK: f64 = 1.0 + 1.0 / (1u64 << 20) as f64;
/// Weights and errors that are not 0 count as at least so much, 2^-500, so that their products do not underflow: a bound of 0
/// is a true 0, and any other covers what underflows in the sum that it is a bound of.
const LEAST: f64 = f64::from_bits((1023 - 500) << 52);
/// Numbers of a matrix of weights that are unpacked at a time.
const UNPACKED: usize = 1 << 17;

/// f64, or double-double.
#[derive(Clone, Copy)]
pub(super) struct Approx {
    pub double: bool,
}

/// Numbers with errors: (elements, rows) row-major.
pub(super) struct Block {
    high: Buffer<f64>,
    /// Empty in f64.
    low: Buffer<f64>,
    error: Buffer<f64>,
}

impl Approx {
    fn zeros(&self, job: &Job, len: usize) -> Result<Block> {
        let n = len * job.rows();
        let low = job.buffer(if self.double { n } else { 0 })?;
        Ok(Block { high: job.buffer(n)?, low, error: job.buffer(n)? })
    }

    /// The value of the input from the rows of a set, (rows, dim) row-major.
    pub fn input(&self, job: &Job, rows: &[f64]) -> Result<Block> {
        let dim = rows.len() / job.rows();
        let mut block = self.zeros(job, dim)?;
        for (r, row) in rows.chunks_exact(dim).enumerate() {
            row.iter().enumerate().for_each(|(i, &x)| block.high[i * job.rows() + r] = x);
        }
        Ok(block)
    }

    /// The same from numbers that are not exact, by (element, row).
    pub fn input_of(&self, job: &Job, dim: usize, value: impl Fn(usize, usize) -> Near) -> Result<Block> {
        let mut block = self.zeros(job, dim)?;
        for i in 0..dim {
            (0..job.rows()).for_each(|r| block.put(i * job.rows() + r, value(i, r)));
        }
        Ok(block)
    }

    /// Relative error of a sum of t products and a constant.
    fn gamma(&self, t: usize) -> f64 {
        let n = (t + 8) as f64;
        let unit = if self.double { pair::ERROR } else { f64::EPSILON / 2.0 };
        n * unit * SLACK
    }

    /// A block of `len` elements, in parallel: `f` writes some of them.
    pub fn fill(
        &self,
        job: &Job,
        len: usize,
        chunk: usize,
        f: impl Fn(Range<usize>, &mut Block) -> Result<()> + Send + Sync,
    ) -> Result<Block> {
        let parts = job.ctx.pool().map_chunks(len, chunk, |range| {
            job.ctx.poll()?;
            let mut part = self.zeros(job, range.len())?;
            f(range, &mut part)?;
            Ok(part)
        })?;
        if parts.len() == 1 {
            return Ok(parts.into_iter().next().expect("there is one"));
        }
        let mut whole = self.zeros(job, len)?;
        let mut at = 0;
        for part in parts {
            let n = part.error.len();
            whole.high[at..at + n].copy_from_slice(&part.high);
            whole.error[at..at + n].copy_from_slice(&part.error);
            if self.double {
                whole.low[at..at + n].copy_from_slice(&part.low);
            }
            at += n;
            self.release(job, part);
        }
        Ok(whole)
    }

    /// Elements that are worked on together, where each costs `work`.
    fn chunk(work: usize) -> usize {
        (UNPACKED / work.max(1)).clamp(1, 64)
    }

    /// Elements of an affine node but for their errors, and without constants.
    fn sums(&self, job: &Job, id: NodeId, inputs: &[&Block], range: Range<usize>, part: &mut Block) {
        let (node, rows) = (&job.net.nodes()[id], job.rows());
        if self.double {
            return self.pair_sums(job, id, inputs, range, part);
        }
        if let Op::Dense { weight, .. } = &node.op {
            let cols = job.net.nodes()[node.inputs[0]].len();
            let w: Vec<f64> = (range.start * cols..range.end * cols).map(|k| weight.get(k)).collect();
            return multiply(job, &w, cols, &inputs[0].high, &mut part.high);
        }
        for (i, sum) in range.zip(part.high.chunks_exact_mut(rows)) {
            job.net.row(id, i, |slot, j, w| {
                let x = &inputs[slot].high[j * rows..][..rows];
                sum.iter_mut().zip(x).for_each(|(s, x)| *s += w * x);
            });
        }
    }

    /// As `sums`, in double-double: a few rows at a time, for which most elements are 0 if the set is a box.
    fn pair_sums(&self, job: &Job, id: NodeId, inputs: &[&Block], range: Range<usize>, part: &mut Block) {
        let (kernels, rows) = (job.ctx.isa().kernels(), job.rows());
        let mut first = Vec::new();
        let mut x: Vec<Pairs> = Vec::new();
        let mut terms: Vec<(u32, f64)> = Vec::new();
        for start in (0..rows).step_by(WIDTH) {
            let width = WIDTH.min(rows - start);
            x.clear();
            first.clear();
            for input in inputs {
                first.push(x.len());
                for (high, low) in input.high.chunks_exact(rows).zip(input.low.chunks_exact(rows)) {
                    let mut pairs = [[0.0; WIDTH]; 2];
                    pairs[0][..width].copy_from_slice(&high[start..start + width]);
                    pairs[1][..width].copy_from_slice(&low[start..start + width]);
                    x.push(pairs);
                }
            }
            let zero: Vec<bool> = x.iter().map(|pairs| pairs[0].iter().all(|&x| x == 0.0)).collect();
            for (k, i) in range.clone().enumerate() {
                terms.clear();
                job.net.row(id, i, |slot, j, w| {
                    let j = first[slot] + j;
                    if w != 0.0 && !zero[j] {
                        terms.push((j as u32, w));
                    }
                });
                let mut sum = [[0.0; WIDTH]; 2];
                (kernels.accumulate)(&terms, &x, &mut sum);
                let at = k * rows + start;
                part.high[at..at + width].copy_from_slice(&sum[0][..width]);
                part.low[at..at + width].copy_from_slice(&sum[1][..width]);
            }
        }
    }

    /// |w| . q for elements of an affine node, with q = g |x| + e for each input.
    fn errors(&self, job: &Job, id: NodeId, q: &[Buffer<f64>], range: Range<usize>, error: &mut [f64]) {
        let (node, rows) = (&job.net.nodes()[id], job.rows());
        let size = |w: f64| if w == 0.0 { 0.0 } else { w.abs().max(LEAST) };
        if let Op::Dense { weight, .. } = &node.op {
            let cols = job.net.nodes()[node.inputs[0]].len();
            let w: Vec<f64> = (range.start * cols..range.end * cols).map(|k| size(weight.get(k))).collect();
            return multiply(job, &w, cols, &q[0], error);
        }
        for (i, error) in range.zip(error.chunks_exact_mut(rows)) {
            job.net.row(id, i, |slot, j, w| {
                let (w, q) = (size(w), &q[slot][j * rows..][..rows]);
                error.iter_mut().zip(q).for_each(|(e, q)| *e += w * q);
            });
        }
    }
}

/// y = w x for matrices of (n, cols) and (cols, rows).
fn multiply(job: &Job, w: &[f64], cols: usize, x: &[f64], y: &mut [f64]) {
    let (n, rows) = (w.len() / cols, job.rows());
    let view = |data, n, m| ArrayView2::from_shape((n, m), data).expect("n * m numbers");
    let y = ArrayViewMut2::from_shape((n, rows), y).expect("n * rows numbers");
    gemm(job.ctx.isa(), view(w, n, cols), view(x, cols, rows), false, y);
}

impl Block {
    /// Writes number `at`.
    pub fn put(&mut self, at: usize, x: Near) {
        let [high, low] = x.value().parts();
        self.high[at] = high;
        self.error[at] = x.error();
        if self.low.is_empty() {
            if low != 0.0 {
                self.error[at] = (x.error() + low.abs()) * SLACK;
            }
        } else {
            self.low[at] = low;
        }
        self.check(at);
    }

    fn get(&self, at: usize) -> Near {
        let low = self.low.get(at).copied().unwrap_or(0.0);
        Near::new(Dd::from_parts(self.high[at], low), self.error[at])
    }

    /// Nothing is known of number `at` if something overflowed on the way.
    fn check(&mut self, at: usize) {
        let finite = self.high[at].is_finite() && self.low.get(at).is_none_or(|x| x.is_finite());
        if !finite || self.error[at].is_nan() {
            self.high[at] = 0.0;
            self.error[at] = f64::INFINITY;
            if let Some(low) = self.low.get_mut(at) {
                *low = 0.0;
            }
        }
    }

    /// Copies element `i` of `from` to element `k`.
    fn copy(&mut self, k: usize, from: &Block, i: usize, rows: usize) {
        self.high[k * rows..][..rows].copy_from_slice(&from.high[i * rows..][..rows]);
        self.error[k * rows..][..rows].copy_from_slice(&from.error[i * rows..][..rows]);
        if !self.low.is_empty() {
            self.low[k * rows..][..rows].copy_from_slice(&from.low[i * rows..][..rows]);
        }
    }
}

impl Arithmetic for Approx {
    type Block = Block;
    type Value = Near;

    fn affine(&self, job: &Job, id: NodeId, inputs: &[&Block]) -> Result<Option<Block>> {
        let (node, rows) = (&job.net.nodes()[id], job.rows());
        if matches!(node.op, Op::Reshape | Op::Concat { .. }) {
            let moved = self.fill(job, node.len(), node.len(), |range, part| {
                for (k, i) in range.enumerate() {
                    job.net.row(id, i, |slot, j, _| part.copy(k, inputs[slot], j, rows));
                }
                Ok(())
            });
            return moved.map(Some);
        }
        let terms = terms(job.net, id);
        let g = self.gamma(terms);
        let mut q = Vec::with_capacity(inputs.len());
        for input in inputs {
            let mut sizes = job.buffer(input.high.len())?;
            for ((q, x), &e) in sizes.iter_mut().zip(&*input.high).zip(&*input.error) {
                *q = if *x == 0.0 && e == 0.0 { 0.0 } else { (g * x.abs() * SLACK + e).max(LEAST) };
            }
            q.push(sizes);
        }
        let value = self.fill(job, node.len(), Approx::chunk(terms), |range, part| {
            self.sums(job, id, inputs, range.clone(), part);
            self.errors(job, id, &q, range.clone(), &mut part.error);
            for (k, i) in range.enumerate() {
                let b = job.net.row(id, i, |_, _, _| ());
                for (r, &is_point) in job.is_point.iter().enumerate() {
                    let at = k * rows + r;
                    let b = if is_point { b } else { 0.0 };
                    if part.error[at] != 0.0 {
                        part.error[at] = (part.error[at] + g * b.abs()) * SLACK;
                    }
                    match self.double {
                        true if b != 0.0 => {
                            let sum = Dd::from_parts(part.high[at], part.low[at]).plus(Dd::new(b)).parts();
                            [part.high[at], part.low[at]] = sum;
                        }
                        true => {}
                        false => part.high[at] += b,
                    }
                    part.check(at);
                }
            }
            Ok(())
        })?;
        q.iter().for_each(|q| job.meter.release(q.len() * size_of::<f64>()));
        Ok(Some(value))
    }

    fn units(&self, job: &Job, layer: usize, input: &Block, codes: &[i32]) -> Result<Block> {
        let (units, rows) = (&job.units[layer], job.rows());
        self.fill(job, codes.len(), Approx::chunk(rows), |range, part| {
            for (k, i) in range.enumerate() {
                match units.source(job.net, i, codes[i]) {
                    Source::Element(j) => part.copy(k, input, j, rows),
                    Source::Constant(c) => {
                        let constant = <Near as Enclosure>::exact(c);
                        (0..rows).filter(|&r| job.is_point[r]).for_each(|r| part.put(k * rows + r, constant));
                    }
                    Source::Piece(j, piece) if piece.slope == 1.0 && piece.offset.is_zero() => {
                        part.copy(k, input, j, rows);
                    }
                    Source::Piece(j, piece) => {
                        for (r, &is_point) in job.is_point.iter().enumerate() {
                            let mut y = input.get(j * rows + r).scaled(piece.slope);
                            if is_point {
                                y.add(&piece.near);
                            }
                            part.put(k * rows + r, y);
                        }
                    }
                }
            }
            Ok(())
        })
    }

    fn value(&self, block: &Block, i: usize, row: usize, rows: usize) -> Near {
        block.get(i * rows + row)
    }

    fn release(&self, job: &Job, block: Block) {
        let numbers = block.high.len() + block.low.len() + block.error.len();
        job.meter.release(numbers * size_of::<f64>());
    }
}
