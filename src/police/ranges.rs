//! Smallest and largest value of every element over every region.

use super::walk::Walk;
use crate::convex::Side;

/// Ranges of n elements over the regions.
#[derive(Clone, Debug)]
pub(super) struct Ranges {
    n: usize,
    /// (regions, n).
    lo: Vec<f64>,
    hi: Vec<f64>,
    /// Of each region (n) corners where the ranges end; nothing where they were not found on the way.
    corners: Vec<Vec<[u32; 2]>>,
}

impl Walk<'_> {
    /// Ranges of `n` elements, from their values on the rows of the stack.
    pub fn measure(&self, values: &[f64], n: usize) -> Ranges {
        let len = self.stack.blocks.len() * n;
        let mut ranges = Ranges { n, lo: vec![0.0; len], hi: vec![0.0; len], corners: Vec::new() };
        let scratch = &mut self.scratch.borrow_mut();
        for (r, block) in self.stack.blocks.iter().enumerate() {
            let values = &values[block.rows.start * n..block.rows.end * n];
            let (lo, hi) = (&mut ranges.lo[r * n..][..n], &mut ranges.hi[r * n..][..n]);
            block.shape.range_with(scratch, values, n, lo, hi);
            ranges.corners.push(scratch.corners().to_vec());
        }
        ranges
    }

    /// As [`Walk::measure`], which gave `all`, but without the rays of the regions: finite for finite values.
    pub fn bounded(&self, values: &[f64], n: usize, all: &Ranges) -> Ranges {
        let mut ranges = all.clone();
        for (r, block) in self.stack.blocks.iter().enumerate() {
            let Some(bounded) = &block.bounded else { continue };
            let values = &values[block.rows.start * n..block.rows.end * n];
            let (lo, hi) = (&mut ranges.lo[r * n..][..n], &mut ranges.hi[r * n..][..n]);
            bounded.range_with(&mut self.scratch.borrow_mut(), values, n, lo, hi);
        }
        ranges
    }

    /// Largest magnitude of `n` elements over the regions, from their values on the rows; nothing without a margin for
    /// rounding.
    pub fn sizes(&self, values: &[f64], n: usize) -> Vec<f64> {
        if self.options.kappa == 0.0 {
            return Vec::new();
        }
        let ranges = self.bounded(values, n, &self.measure(values, n));
        (0..n).map(|i| ranges.magnitude(i)).collect()
    }
}

impl Ranges {
    /// Largest magnitude of element `i` over all regions.
    pub fn magnitude(&self, i: usize) -> f64 {
        let ends = self.lo.iter().zip(&self.hi).skip(i).step_by(self.n);
        ends.fold(0.0, |m: f64, (lo, hi)| m.max(lo.abs()).max(hi.abs()))
    }

    /// Range of element `i` over region `r`.
    #[inline]
    pub fn get(&self, r: usize, i: usize) -> [f64; 2] {
        [self.lo[r * self.n + i], self.hi[r * self.n + i]]
    }

    /// The corner of region `r` where the range of element `i` ends, if it was found on the way.
    pub fn corner(&self, r: usize, i: usize, side: Side) -> Option<usize> {
        let ends = self.corners[r].get(i)?;
        Some(ends[usize::from(side == Side::High)] as usize)
    }

    /// Whether every range over region `r` is finite.
    pub fn are_finite(&self, r: usize) -> bool {
        let of = |ends: &[f64]| ends[r * self.n..][..self.n].iter().all(|x| x.is_finite());
        of(&self.lo) && of(&self.hi)
    }

    /// Range of the `width` consecutive elements of group `g`, taken together.
    pub fn group(&self, r: usize, g: usize, width: usize) -> [f64; 2] {
        let mut range = self.get(r, g * width);
        for i in g * width + 1..(g + 1) * width {
            let [lo, hi] = self.get(r, i);
            range = [range[0].min(lo), range[1].max(hi)];
        }
        range
    }

    /// The first element of group `g` that reaches the given end of its range.
    pub fn decider(&self, r: usize, g: usize, width: usize, side: Side) -> usize {
        let end = usize::from(side == Side::High);
        let target = self.group(r, g, width)[end];
        (g * width..(g + 1) * width).find(|&i| self.get(r, i)[end] == target).unwrap_or(g * width)
    }
}
