//! The sums behind every estimator of HSIC between two variables, from one pass over the tiles of both Gram matrices.
//!
//! ```text
//! kl = sum_{i != j} (K_ij - c_K)(L_ij - c_L),  kk, ll likewise,  r_i = sum_{j != i} (K_ij - c_K),  s_i likewise
//! ```
//!
//! HSIC does not see the shifts c, but the digits do: without them the centring would cancel most of what f32 holds.
//! Tiles are in the precision of the data, sums across rows in f64.

use super::leaf::{Number, Tally};
use super::reference;
use super::side::Side;
use super::tiles::{TILE, sweep};
use crate::context::{Context, Meter};
use crate::error::Result;

/// See the module. Diagonals are less the shifts as well.
#[derive(Clone, Debug, Default)]
pub(super) struct Sums {
    pub kl: f64,
    pub kk: f64,
    pub ll: f64,
    pub r: Vec<f64>,
    pub s: Vec<f64>,
    pub k_diagonal: Vec<f64>,
    pub l_diagonal: Vec<f64>,
}

/// Row sums from the diagonal block on, and the sums of products.
struct Part {
    tally: Tally,
    r: Vec<f64>,
    s: Vec<f64>,
}

/// One pass over the tiles of both.
pub(super) fn sums<T: Number>(ctx: &Context, meter: &Meter, x: &Side<T>, y: &Side<T>) -> Result<Sums> {
    if ctx.reference() {
        return Ok(reference::sums(x, y));
    }
    let n = x.n;
    let (mut r, mut s, mut total) = (vec![0.0; n], vec![0.0; n], Tally::default());
    let mut start = 0;
    let fold = |part: Part| {
        for (all, part) in [(&mut r, &part.r), (&mut s, &part.s)] {
            all[start..].iter_mut().zip(part).for_each(|(a, p)| *a += p);
        }
        total.kl += part.tally.kl;
        total.kk += part.tally.kk;
        total.ll += part.tally.ll;
        start = n.min(start + TILE);
    };
    sweep(
        ctx,
        meter,
        &[x, y],
        "hsic",
        |work| {
            let origin = work.rows.start;
            let mut part =
                Part { tally: Tally::default(), r: vec![0.0; n - origin], s: vec![0.0; n - origin] };
            let mut rows = [[T::zero(); TILE]; 2];
            for columns in work.blocks(true) {
                work.load(columns.clone())?;
                let diagonal = columns.start == origin;
                let weight = if diagonal { 1.0 } else { 2.0 };
                let mut below = [[T::zero(); TILE]; 2];
                let width = columns.len();
                for i in 0..work.rows.len() {
                    let [k, l] = &mut rows;
                    let (k, l) = (&mut k[..width], &mut l[..width]);
                    work.kernel(0, i, x.shift, k);
                    work.kernel(1, i, y.shift, l);
                    if let Some(j) = work.diagonal(i) {
                        (k[j], l[j]) = (T::zero(), T::zero());
                    }
                    let [k_below, l_below] = &mut below;
                    let t = (work.leaf.tally)(k, l, [&mut k_below[..], &mut l_below[..]]);
                    part.r[i] += t.k;
                    part.s[i] += t.l;
                    part.tally.kl += weight * t.kl;
                    part.tally.kk += weight * t.kk;
                    part.tally.ll += weight * t.ll;
                }
                if !diagonal {
                    let at = columns.start - origin;
                    for (sums, below) in [(&mut part.r, &below[0]), (&mut part.s, &below[1])] {
                        sums[at..][..width].iter_mut().zip(below).for_each(|(s, b)| *s += b.wide());
                    }
                }
            }
            Ok(part)
        },
        fold,
    )?;
    let shifted = |side: &Side<T>| {
        let shift = side.shift.wide();
        side.diagonal().into_iter().map(|d| d - shift).collect()
    };
    Ok(Sums {
        kl: total.kl,
        kk: total.kk,
        ll: total.ll,
        r,
        s,
        k_diagonal: shifted(x),
        l_diagonal: shifted(y),
    })
}
