//! Rows in exact arithmetic: every number of a network and of a set is dyadic, and so is what affine maps make of them.

use super::carry::{Arithmetic, Job};
use super::enclosure::Exact;
use super::piece::Source;
use crate::error::Result;
use crate::network::NodeId;
use crate::numeric::dyadic::Dyadic;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bits of a number whose product counts as one unit of work.
const UNIT: u64 = 512;
/// Elements that are worked on together.
const CHUNK: usize = 8;

/// Exact arithmetic with a limit of its work.
pub(super) struct Dyadics {
    /// Products that may still be made.
    left: AtomicU64,
}

/// Numbers of a block, (elements, rows) row-major.
pub(super) type Numbers = Vec<Dyadic>;

impl Dyadics {
    pub fn new(work: u64) -> Self {
        Dyadics { left: AtomicU64::new(work) }
    }

    /// Takes `work` off what is left; false if there is not so much.
    fn spend(&self, work: u64) -> bool {
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(work)).is_ok()
    }

    /// The value of the input from the rows of a set, (rows, dim) row-major; `None` if it is too large.
    pub fn input(&self, job: &Job, rows: &[f64]) -> Result<Option<Numbers>> {
        let dim = rows.len() / job.rows();
        // Making a number is far cheaper than a product.
        if !self.spend(rows.len() as u64 / 16) {
            return Ok(None);
        }
        let element = |i: usize| (0..job.rows()).map(move |r| Dyadic::from(rows[r * dim + i]));
        let numbers: Numbers = (0..dim).flat_map(element).collect();
        job.meter.charge(bytes(&numbers), "certificate")?;
        Ok(Some(numbers))
    }
}

/// Bytes that a block of so many numbers takes, about.
fn bytes(block: &[Dyadic]) -> usize {
    block.iter().map(|x| size_of::<Dyadic>() + x.bits() as usize / 8).sum()
}

impl Arithmetic for Dyadics {
    type Block = Numbers;
    type Value = Exact;

    fn affine(&self, job: &Job, id: NodeId, inputs: &[&Numbers]) -> Result<Option<Numbers>> {
        let (node, rows) = (&job.net.nodes()[id], job.rows());
        // What the products of each element cost: zeros cost nothing.
        let cost =
            |x: &[Dyadic]| x.iter().map(|x| if x.is_zero() { 0 } else { 1 + x.bits() / UNIT }).sum::<u64>();
        let costs: Vec<Vec<u64>> = inputs.iter().map(|x| x.chunks_exact(rows).map(cost).collect()).collect();
        let mut work = 0u64;
        for i in 0..node.len() {
            if i % CHUNK == 0 {
                job.ctx.poll()?;
            }
            job.net.row(id, i, |slot, j, w| work += if w == 0.0 { 0 } else { costs[slot][j] });
        }
        if !self.spend(work) {
            return Ok(None);
        }
        let parts = job.ctx.pool().map_chunks(node.len(), CHUNK, |range| {
            let mut part = Vec::with_capacity(range.len() * rows);
            for i in range {
                job.ctx.poll()?;
                let mut sums = vec![Dyadic::zero(); rows];
                let bias = job.net.row(id, i, |slot, j, w| {
                    if w != 0.0 && costs[slot][j] > 0 {
                        let w = Dyadic::from(w);
                        for (sum, x) in sums.iter_mut().zip(&inputs[slot][j * rows..][..rows]) {
                            if !x.is_zero() {
                                sum.add_assign(&w.mul(x));
                            }
                        }
                    }
                });
                let bias = Dyadic::from(bias);
                for (sum, _) in sums.iter_mut().zip(&job.is_point).filter(|(_, is_point)| **is_point) {
                    sum.add_assign(&bias);
                }
                part.extend(sums);
            }
            job.meter.charge(bytes(&part), "certificate")?;
            Ok(part)
        })?;
        Ok(Some(parts.concat()))
    }

    fn units(&self, job: &Job, layer: usize, input: &Numbers, codes: &[i32]) -> Result<Numbers> {
        let rows = job.rows();
        let mut value = Vec::with_capacity(codes.len() * rows);
        for (i, &code) in codes.iter().enumerate() {
            let points = |constant: &Dyadic| {
                let at = |&is_point: &bool| if is_point { constant.clone() } else { Dyadic::zero() };
                job.is_point.iter().map(at).collect::<Vec<_>>()
            };
            match job.units[layer].source(job.net, i, code) {
                Source::Element(j) => value.extend_from_slice(&input[j * rows..][..rows]),
                Source::Constant(c) => value.extend(points(&Dyadic::from(c))),
                Source::Piece(j, piece) => {
                    let slope = Dyadic::from(piece.slope);
                    let mut sums = points(&piece.offset);
                    for (sum, x) in sums.iter_mut().zip(&input[j * rows..][..rows]) {
                        if !slope.is_zero() && !x.is_zero() {
                            sum.add_assign(&slope.mul(x));
                        }
                    }
                    value.extend(sums);
                }
            }
        }
        job.meter.charge(bytes(&value), "certificate")?;
        Ok(value)
    }

    fn value(&self, block: &Numbers, i: usize, row: usize, rows: usize) -> Exact {
        Exact::new(block[i * rows + row].clone())
    }

    fn release(&self, job: &Job, block: Numbers) {
        job.meter.release(bytes(&block));
    }
}
