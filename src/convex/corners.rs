//! Many corners, as combinations of a few directions: the ends of a functional over them, and where it takes them.
//!
//! The products of all corners with a functional are formed in single precision, whose error is bounded; only blocks of
//! corners that reach the end within that bound are done again in double precision. So the ends are those of double
//! precision, and cost little more than half as much.

use std::ops::{Deref, Range};
use std::sync::OnceLock;

use crate::fork;
use crate::simd::Isa;
use crate::simd::corners::{BLOCK, Corners as Kernels, Ends, PANEL};

/// Factors of corners over k directions, (corners, k), at least one.
#[derive(Clone, Debug)]
pub struct Corners {
    factors: Box<[f64]>,
    k: usize,
    layout: OnceLock<Layout>,
}

/// The factors in blocks, (blocks, k, corners of a block); short of a block the last corner is repeated.
#[derive(Clone, Debug)]
struct Layout {
    wide: Vec<f64>,
    narrow: Vec<f32>,
    /// The largest factor of each direction.
    most: Vec<f64>,
}

impl PartialEq for Corners {
    fn eq(&self, other: &Corners) -> bool {
        (self.k, &self.factors) == (other.k, &other.factors)
    }
}

impl Deref for Corners {
    type Target = [f64];

    fn deref(&self) -> &[f64] {
        &self.factors
    }
}

/// Working memory of [`Corners::ends`].
pub(super) struct Screen {
    kernels: &'static Kernels,
    panel: Vec<f32>,
    blocks: Vec<Ends>,
    hits: Vec<u32>,
    functional: Vec<f64>,
}

impl Screen {
    pub fn new(isa: Isa) -> Screen {
        let kernels = &isa.kernels().corners;
        Screen { kernels, panel: Vec::new(), blocks: Vec::new(), hits: Vec::new(), functional: Vec::new() }
    }
}

/// One end of a functional over the corners.
#[derive(Clone, Copy, Debug)]
struct End {
    value: f64,
    corner: u32,
    /// Blocks beyond this, in single precision, cannot reach it.
    limit: f32,
}

impl Corners {
    /// Of `factors`, (corners, k).
    pub(super) fn new(k: usize, factors: Vec<f64>) -> Corners {
        assert!(!factors.is_empty() && factors.len().is_multiple_of(k), "corners of {k} factors each");
        Corners { factors: factors.into(), k, layout: OnceLock::new() }
    }

    /// Number of corners.
    pub fn count(&self) -> usize {
        self.factors.len() / self.k
    }

    /// The factors of a corner.
    pub fn corner(&self, i: usize) -> &[f64] {
        &self.factors[i * self.k..][..self.k]
    }

    fn layout(&self) -> &Layout {
        fork::get_or_init(&self.layout, || {
            let (k, mut wide) = (self.k, Vec::new());
            for block in self.factors.chunks(k * BLOCK) {
                let last = block.len() / k - 1;
                (0..k).for_each(|j| wide.extend((0..BLOCK).map(|q| block[q.min(last) * k + j])));
            }
            let most =
                (0..k).map(|j| self.factors.iter().skip(j).step_by(k).fold(0.0f64, |m, t| m.max(t.abs())));
            Layout { narrow: wide.iter().map(|&t| t as f32).collect(), most: most.collect(), wide }
        })
    }

    /// Sets the smallest and largest value over the corners of the functionals `columns` of `values`, whose rows have `n`
    /// numbers; `at` becomes the first corner that takes each. Values that are not finite give any ends.
    pub(super) fn ends(
        &self,
        screen: &mut Screen,
        (values, n): (&[f64], usize),
        rows: &Range<usize>,
        columns: Range<usize>,
        [low, high]: [&mut [f64]; 2],
        at: &mut [[u32; 2]],
    ) {
        for first in columns.clone().step_by(PANEL) {
            let width = PANEL.min(columns.end - first);
            let mut ends = self.panel(screen, (values, n), rows, first..first + width);
            self.settle(screen, (values, n), rows, first..first + width, &mut ends);
            for (c, [l, h]) in ends[..width].iter().enumerate() {
                let to = first - columns.start + c;
                (low[to], high[to], at[to]) = (l.value, h.value, [l.corner, h.corner]);
            }
        }
    }

    /// Screens up to [`PANEL`] functionals.
    fn panel(
        &self,
        screen: &mut Screen,
        (values, n): (&[f64], usize),
        rows: &Range<usize>,
        columns: Range<usize>,
    ) -> [[End; 2]; PANEL] {
        let layout = self.layout();
        let width = columns.len();
        let tiny = f64::from(f32::MIN_POSITIVE);
        screen.panel.clear();
        let mut sizes = [0.0; PANEL];
        for (j, most) in rows.clone().zip(&layout.most) {
            let row = &values[j * n..][columns.clone()];
            screen.panel.extend(row.iter().map(|&v| v as f32));
            screen.panel.extend((width..PANEL).map(|_| 0.0));
            sizes.iter_mut().zip(row).for_each(|(size, v)| *size += (most + tiny) * (v.abs() + tiny));
        }
        screen.blocks.resize(self.count().div_ceil(BLOCK), [[0.0; PANEL]; 2]);
        let mut all = [[0.0; PANEL]; 2];
        (screen.kernels.screen)(&layout.narrow, &screen.panel, &mut screen.blocks, &mut all);
        std::array::from_fn(|c| {
            // Factors and values are rounded, and k products added up, each to half a unit of 2^-23; underflow is the rest.
            // What might have overflowed is not trusted at all.
            let error =
                (self.k + 4) as f64 * (f64::from(f32::EPSILON) * sizes[c] + f64::from(f32::from_bits(1)));
            let error = if sizes[c] < f64::from(f32::MAX) / 4.0 { error } else { f64::INFINITY };
            let end = |of: f32, sign: f64| {
                let limit = (f64::from(of) - sign * 2.0 * error) as f32;
                let limit = if sign < 0.0 { limit.next_up() } else { limit.next_down() };
                End { value: -sign * f64::INFINITY, corner: 0, limit }
            };
            [end(all[0][c], -1.0), end(all[1][c], 1.0)]
        })
    }

    /// Finds the ends among the blocks that may reach them.
    fn settle(
        &self,
        screen: &mut Screen,
        (values, n): (&[f64], usize),
        rows: &Range<usize>,
        columns: Range<usize>,
        ends: &mut [[End; 2]; PANEL],
    ) {
        let (layout, last) = (self.layout(), self.count() - 1);
        let limits: [[f32; PANEL]; 2] =
            std::array::from_fn(|side| std::array::from_fn(|c| ends[c][side].limit));
        screen.hits.resize(screen.blocks.len(), 0);
        (screen.kernels.within)(&screen.blocks, &limits, &mut screen.hits);
        for (b, &hits) in screen.hits.iter().enumerate().filter(|(_, hits)| **hits != 0) {
            let mut hits = hits;
            while hits != 0 {
                let c = hits.trailing_zeros() as usize;
                hits &= hits - 1;
                if c >= columns.len() {
                    break;
                }
                screen.functional.clear();
                screen.functional.extend(rows.clone().map(|j| values[j * n + columns.start + c]));
                let mut products = [0.0; BLOCK];
                let block = &layout.wide[b * BLOCK * self.k..][..BLOCK * self.k];
                (screen.kernels.block)(block, &screen.functional, &mut products);
                let [low, high] = &mut ends[c];
                for (q, &product) in products.iter().enumerate() {
                    let corner = (b * BLOCK + q).min(last) as u32;
                    if product < low.value {
                        (low.value, low.corner) = (product, corner);
                    }
                    if product > high.value {
                        (high.value, high.corner) = (product, corner);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::testing::Rng;

    /// Ends and corners by the definition, with the same rounding as a kernel that multiplies and adds in one or two.
    fn plain(corners: &Corners, functional: &[f64], fused: bool) -> [(f64, usize); 2] {
        let product = |i: usize| {
            let terms = corners.corner(i).iter().zip(functional);
            terms.fold(0.0f64, |sum, (t, v)| if fused { t.mul_add(*v, sum) } else { t * v + sum })
        };
        let mut ends = [(f64::INFINITY, 0), (f64::NEG_INFINITY, 0)];
        for (i, p) in (0..corners.count()).map(|i| (i, product(i))) {
            if p < ends[0].0 {
                ends[0] = (p, i);
            }
            if p > ends[1].0 {
                ends[1] = (p, i);
            }
        }
        ends
    }

    #[test]
    fn screened_ends_are_those_of_all_corners() {
        let mut rng = Rng(7);
        // Sizes beyond single precision, at both ends and mixed; corners that repeat or hardly differ.
        for (round, size) in [1.0, 1e-12, 1e30, 1e200, 1e-60, 1e-200, 1e-310, 1.0].into_iter().enumerate() {
            for (count, k, n) in [(1, 1, 1), (7, 2, 3), (8, 3, 32), (100, 2, 45), (333, 5, 130)] {
                let mut factors: Vec<f64> = rng.batch(count, k).into_raw_vec_and_offset().0;
                if round == 7 {
                    let first = factors[..k].to_vec();
                    for (i, t) in factors.iter_mut().enumerate() {
                        *t = first[i % k] * (1.0 + 1e-9 * (i / k % 7) as f64);
                    }
                }
                let corners = Corners::new(k, factors);
                let mut values: Vec<f64> = rng.batch(k, n).into_raw_vec_and_offset().0;
                values.iter_mut().enumerate().for_each(|(i, v)| *v *= if i % 5 == 4 { 1.0 } else { size });
                for isa in Isa::ALL.into_iter().filter(|isa| isa.available()) {
                    let (mut low, mut high, mut at) = (vec![0.0; n], vec![0.0; n], vec![[0; 2]; n]);
                    let to = [&mut low[..], &mut high[..]];
                    corners.ends(&mut Screen::new(isa), (&values, n), &(0..k), 0..n, to, &mut at);
                    for c in 0..n {
                        let functional: Vec<f64> = (0..k).map(|j| values[j * n + c]).collect();
                        let [(l, i), (h, j)] = plain(&corners, &functional, isa != Isa::Portable);
                        assert_eq!((low[c], high[c]), (l, h), "{isa:?} {size} {count} {k} {n} {c}");
                        assert_eq!(at[c], [i as u32, j as u32], "{isa:?} {size} {count} {k} {n} {c}");
                    }
                }
            }
        }
    }
}
