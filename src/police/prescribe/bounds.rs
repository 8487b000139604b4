//! Inequalities E f(x) <= g on a region: checked from exact maxima, enforced by the bias of the last layer.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};

use super::layer::LastLayer;
use super::solve::{Target, outputs_inverse};
use crate::context::Context;
use crate::convex::{ConvexSet, Side};
use crate::error::{Result, bail};
use crate::police::Plan;

/// How often a bias is lowered again for what rounding has left over.
const ATTEMPTS: i32 = 30;

/// What inequalities E f(x) <= g come to on a region.
#[derive(Clone, Debug, PartialEq)]
pub struct Inequalities {
    /// (k): the largest value of every row of E f over the region; infinite where there is none.
    pub largest: Array1<f64>,
    /// (k): g less that; an inequality holds where it is >= 0.
    pub slack: Array1<f64>,
    /// (k, inputs): where the largest values are taken (without the rays of an unbounded region).
    pub points: Array2<f64>,
}

impl Plan {
    /// What E f(x) <= g comes to on `region`, region `r` of the plan, for E `outputs`, (k, outputs), and g `bound`, (k):
    /// exact maxima of the rows of E f, from the map and the support function.
    ///
    /// Conditions: ARGUMENT (no such region), DIM_MISMATCH, SHAPE, NONFINITE, and those of `Network::affine_at`.
    pub fn check(
        &self,
        ctx: &Context,
        r: usize,
        region: &ConvexSet,
        outputs: ArrayView2<f64>,
        bound: ArrayView1<f64>,
    ) -> Result<Inequalities> {
        let (n_in, n_out) = (self.network().input_len(), self.network().output_len());
        let f = Array2::zeros((outputs.nrows(), n_in));
        Target { outputs: Some(outputs), matrix: f.view(), constant: bound }.check(n_in, n_out)?;
        self.expect_region(region)?;
        let map = self.map(ctx, r)?;
        let (a, c) = (outputs.dot(&map.a), outputs.dot(&map.c));
        let mut found =
            Inequalities { largest: c.clone(), slack: bound.to_owned(), points: Array2::zeros(a.dim()) };
        for (i, a) in a.axis_iter(Axis(0)).enumerate() {
            let a = a.to_vec();
            found.largest[i] += region.support(&a)?[0];
            found.slack[i] -= found.largest[i];
            let value = |j: usize| region.rows()[j * n_in..][..n_in].iter().zip(&a).map(|(x, a)| x * a).sum();
            let at = region.shape().extreme(Side::High, &value);
            found.points.row_mut(i).assign(&Array1::from(at.point(region.rows(), n_in)));
        }
        Ok(found)
    }

    /// The plan with another bias of the last layer, such that E f(x) <= g on `region`, region `r` of the plan: the smallest
    /// change that lowers every violated row by its violation. If that lifts another row above its bound, all rows but the
    /// violated ones are kept where they are. [`Plan::check`] finds the inequalities of the result fulfilled, also in
    /// rounded arithmetic.
    ///
    /// Conditions: as [`Plan::check`], RANK (rows of E depend on each other where they may not), NUMERIC (a violated row is
    /// unbounded), UNSUPPORTED (the output is no dense layer).
    pub fn enforce(
        &self,
        ctx: &Context,
        r: usize,
        region: &ConvexSet,
        outputs: ArrayView2<f64>,
        bound: ArrayView1<f64>,
    ) -> Result<Plan> {
        let found = self.check(ctx, r, region, outputs, bound)?;
        let last = LastLayer::of(self.network())?;
        if let Some(i) = found.largest.iter().position(|x| !x.is_finite()) {
            bail!(Numeric, "row {i} of outputs is unbounded on the region; no bias bounds it")
        }
        let violated: Vec<usize> = (0..bound.len()).filter(|&i| found.slack[i] < 0.0).collect();
        if violated.is_empty() {
            return Ok(self.with_network(self.network().clone()));
        }
        let (rows, inverse) = self.lowering(ctx, outputs, &violated, &found.slack)?;
        let mut by: Array1<f64> = rows.iter().map(|&i| found.slack[i].min(0.0)).collect();
        for attempt in 1..=ATTEMPTS {
            ctx.poll()?;
            let bias = &last.bias + &inverse.dot(&by);
            let made = self.with_network(last.replaced(self.network(), &last.weight, &bias)?);
            let left = made.check(ctx, r, region, outputs, bound)?.slack;
            if left.iter().all(|&slack| slack >= 0.0) {
                return Ok(made);
            }
            // What is left is rounding.
            by.iter_mut().zip(&rows).for_each(|(by, &i)| *by += f64::from(attempt) * 2.0 * left[i].min(0.0));
        }
        bail!(Numeric, "the inequalities could not be enforced beyond rounding in {ATTEMPTS} attempts")
    }

    /// The rows whose values are set, and the change of the bias for each: those that are violated if no other row rises
    /// above its bound, else all.
    fn lowering(
        &self,
        ctx: &Context,
        outputs: ArrayView2<f64>,
        violated: &[usize],
        slack: &Array1<f64>,
    ) -> Result<(Vec<usize>, Array2<f64>)> {
        let few = outputs.select(Axis(0), violated);
        if let Ok(inverse) = outputs_inverse(ctx, few.view()) {
            let by: Array1<f64> = violated.iter().map(|&i| slack[i]).collect();
            let risen = outputs.dot(&inverse.dot(&by));
            if (0..slack.len()).all(|i| violated.contains(&i) || risen[i] <= slack[i]) {
                return Ok((violated.to_vec(), inverse));
            }
        }
        Ok(((0..slack.len()).collect(), outputs_inverse(ctx, outputs)?))
    }
}
