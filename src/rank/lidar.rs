//! LiDAR (Thilak et al., arXiv 2312.04000): the rank of what tells samples apart, over what views of one sample differ in.
//!
//! Groups i = 1..n of q_i views e_ij (views of one clean sample), mu_i the mean of a group, mu the mean of the mu_i:
//!
//! ```text
//! Sb = (1/n) sum (mu_i - mu)(mu_i - mu)',    Sw = (1 / sum q_i) sum_ij (e_ij - mu_i)(e_ij - mu_i)' + delta I
//! lambda = the K eigenvalues of Sw^-1/2 Sb Sw^-1/2,    p = lambda / sum lambda + eps,    LiDAR = exp(-sum p ln p)
//! ```
//!
//! delta makes it depend on the scale of the data. Between 1 and min(K, n - 1); n about 1000 and q about 50 are usual. With
//! Sw = L L', the eigenvalues are those of L^-1 Sb L^-T.

use super::entropy::{probabilities, shannon};
use super::moments::Moments;
use super::options::EpsMode;
use super::scale::ldexp;
use crate::context::Context;
use crate::error::{Result, bail};
use crate::linalg::eigh::{self, Symmetric, Triangle};
use crate::linalg::syrk::{Gram, Rows, Shift, column_means, syrk_or_nothing};
use crate::linalg::triangle::{cholesky, solve_lower, transpose};
use crate::view::TensorRef;

/// Rows that wait to be multiplied together.
const WAITING: usize = 384;

/// Larger elements have squares that no sum could hold.
const LARGEST: f64 = 1e120;

/// Denominators of the two scatter matrices, and where eps goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Denominators {
    /// n and sum q; eps after the division: the paper's.
    #[default]
    Biased,
    /// n - 1 and sum (q - 1); p = (lambda + eps) / sum (lambda + eps).
    Unbiased,
}

/// LiDAR in every detail.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LidarOptions {
    /// Added to the diagonal of Sw, in units of the data squared; >= 0.
    pub delta: f64,
    /// Added to the probabilities; >= 0.
    pub eps: f64,
    /// Denominators.
    pub denominators: Denominators,
}

impl Default for LidarOptions {
    /// delta = 1e-4, eps = 1e-8, the paper's denominators.
    fn default() -> Self {
        LidarOptions { delta: 1e-4, eps: 1e-8, denominators: Denominators::Biased }
    }
}

/// What LiDAR says.
#[derive(Clone, Debug, PartialEq)]
pub struct LidarValue {
    /// The K eigenvalues, descending.
    pub eigenvalues: Vec<f64>,
    /// LiDAR, with eps.
    pub lidar: f64,
    /// The entropy with eps = 0, in nats; its exponential is LiDAR without eps.
    pub entropy: f64,
}

/// The mergeable state of LiDAR: groups arrive whole, of any sizes. Memory: 2 K^2 doubles, and a few hundred rows that wait.
pub struct Lidar {
    /// Of the means of the groups.
    means: Moments,
    /// Means and centred rows that wait to be added.
    new_means: Vec<f64>,
    new_rows: Vec<f64>,
    within: Gram,
    views: u64,
}

impl Lidar {
    /// No groups yet. Conditions: SHAPE (no columns), MEMORY, MEMORY_LIMIT.
    pub fn new(ctx: &Context, columns: usize) -> Result<Self> {
        let means = Moments::new(ctx, columns)?;
        let within = Gram::zeros(&ctx.meter(), columns)?;
        Ok(Lidar { means, new_means: Vec::new(), new_rows: Vec::new(), within, views: 0 })
    }

    /// Number of groups, n.
    pub fn groups(&self) -> u64 {
        self.means.rows() + (self.new_means.len() / self.columns()) as u64
    }

    /// Number of views in all groups, sum q.
    pub fn views(&self) -> u64 {
        self.views
    }

    /// Number of columns, K.
    pub fn columns(&self) -> usize {
        self.means.columns()
    }

    /// Adds a group: the views of one sample as rows (q x K, q >= 1). q K^2 flops. A failed call leaves the state as it was.
    /// Conditions: RANK, SHAPE, DTYPE, NONFINITE, ARGUMENT (elements beyond 1e120), MEMORY.
    pub fn push_group(&mut self, ctx: &Context, z: &TensorRef) -> Result<()> {
        let z = z.matrix("(views, features)")?;
        z.expect_some()?;
        let (views, columns) = (z.rows(), self.columns());
        if z.columns() != columns {
            bail!(Shape, "{} has {} columns; expected {columns}", z.name(), z.columns())
        }
        let largest = z.largest(ctx)?;
        if largest > LARGEST {
            bail!(
                Argument,
                "{} holds {largest:e}; LiDAR depends on the scale and takes up to {LARGEST:e}",
                z.name()
            )
        }
        if self.new_rows.len() >= WAITING * columns || self.new_means.len() >= WAITING * columns {
            self.flush(ctx)?;
        }
        let mean = column_means(ctx, z, 0)?;
        let start = self.new_rows.len();
        if self.new_rows.try_reserve(views * columns).is_err() {
            bail!(Memory, "rows of a group: no memory for {} bytes", views.saturating_mul(8 * columns))
        }
        self.new_rows.resize(start + views * columns, 0.0);
        z.load(0..views, 0..columns, &mut self.new_rows[start..]);
        for row in self.new_rows[start..].chunks_exact_mut(columns) {
            row.iter_mut().zip(&mean).for_each(|(x, m)| *x -= m);
        }
        self.new_means.extend(mean);
        self.views += views as u64;
        Ok(())
    }

    /// Adds the groups of another state. Condition: SHAPE, and those of adding what waits in either.
    pub fn merge(&mut self, ctx: &Context, other: &Lidar) -> Result<()> {
        let columns = self.columns();
        if other.columns() != columns {
            bail!(Shape, "other has {} columns; expected {columns}", other.columns())
        }
        self.flush(ctx)?;
        self.means.merge(&other.means)?;
        self.within.add(&other.within);
        self.new_means.extend(&other.new_means);
        self.new_rows.extend(&other.new_rows);
        self.views += other.views;
        Ok(())
    }

    /// Adds what waits.
    fn flush(&mut self, ctx: &Context) -> Result<()> {
        let columns = self.columns();
        let rows = |values: &[f64]| [values.len() / columns, columns];
        // Each list is emptied as soon as it is in, so that a failure between the two adds nothing twice.
        let means = TensorRef::from_slice("group means", &self.new_means, &rows(&self.new_means))?;
        self.means.update(ctx, &means)?;
        self.new_means.clear();
        let z = TensorRef::from_slice("views", &self.new_rows, &rows(&self.new_rows))?
            .matrix("(views, features)")?;
        let rows = Rows { z, exponent: 0, shift: Shift::None };
        syrk_or_nothing(ctx, &ctx.meter(), &rows, 1.0, &mut self.within)?;
        self.new_rows.clear();
        Ok(())
    }

    /// LiDAR of the groups so far. About 8 K^3 / 3 flops beyond the eigenvalues, 2 K^2 doubles. Conditions: ARGUMENT (delta or eps
    /// negative; unbiased, and no group has two views), NUMERIC (fewer than two groups, equal means, or a singular Sw with
    /// delta = 0), MEMORY, MEMORY_LIMIT, CANCELLED.
    pub fn measure(&mut self, ctx: &Context, options: &LidarOptions) -> Result<LidarValue> {
        let LidarOptions { delta, eps, denominators } = *options;
        if !(delta >= 0.0 && delta.is_finite() && eps >= 0.0 && eps.is_finite()) {
            bail!(Argument, "delta is {delta} and eps is {eps}; expected finite numbers, 0 or more")
        }
        self.flush(ctx)?;
        let (n, k, views) = (self.groups(), self.columns(), self.views);
        if n < 2 {
            bail!(Numeric, "there are {n} groups; LiDAR needs two, or there is nothing between them")
        }
        let (between, within, mode) = match denominators {
            Denominators::Biased => (n, views, EpsMode::AfterDivision),
            Denominators::Unbiased => (n - 1, views - n, EpsMode::BeforeDivision),
        };
        if within == 0 {
            bail!(Argument, "every group has one view; the unbiased denominator sum (q - 1) is 0")
        }
        let meter = ctx.meter();
        let on_diagonal = |i, j| if i == j { delta } else { 0.0 };
        let mut lower = self.within.to_full(&meter, |i, j, w| w / within as f64 + on_diagonal(i, j))?;
        // Scaled by the eigenvalues that do not care: a factor in Sb is a factor in them.
        let mut x = self.means.scaled(&meter, true)?;
        if !cholesky(ctx, &mut lower, k, 4.0 * f64::EPSILON)? {
            bail!(
                Numeric,
                "the scatter within groups is singular with delta = {delta:e}: views do not vary in every direction; a \
                 larger delta makes up for it"
            )
        }
        solve_lower(ctx, &lower, k, &mut x, k)?;
        transpose(&mut x, k);
        solve_lower(ctx, &lower, k, &mut x, k)?;
        drop(lower);
        let matrix = Symmetric::new(&x, k, k, Triangle::Upper)?;
        let mut lambda = eigh::values(ctx, &meter, &matrix)?.to_vec();
        let unit = |l: f64| ldexp(l.max(0.0) / between as f64, 2 * self.means.exponent());
        lambda.iter_mut().for_each(|l| *l = unit(*l));
        lambda.sort_unstable_by(|a, b| b.total_cmp(a));
        if !(lambda[0] > 0.0 && lambda[0].is_finite()) {
            bail!(
                Numeric,
                "zero spectrum: the means of all groups are equal, or too far apart for this delta"
            )
        }
        let entropy = shannon(probabilities(&lambda, 0, 0.0, mode));
        let lidar = shannon(probabilities(&lambda, 0, eps, mode)).exp();
        Ok(LidarValue { eigenvalues: lambda, lidar, entropy })
    }
}
