//! Losses on embeddings, with gradients: what makes features vary and keeps them apart.
//!
//! | file | loss |
//! |---|---|
//! | `vcreg` | variance and covariance of one batch (Mialon et al., arXiv 2209.14905), also from mergeable moments |
//! | `vicreg` | the same of two views, and their distance (Bardes et al., arXiv 2105.04906) |
//! | `barlow` | cross-correlation of two views (Zbontar et al., arXiv 2103.03230) |
//! | `wmse` | distance of whitened, normalised views (Ermolov et al., arXiv 2007.06346) |
//!
//! Z is (n, d), rows are samples. Arithmetic is in f32 or f64, as the caller chooses; sums over a batch in f64. Covariances
//! cost n d min(n, d) multiplications, gradients as many again.

mod barlow;
mod state;
mod vcreg;
mod vicreg;
mod wmse;

pub use barlow::{BarlowOptions, barlow};
pub use state::{vcreg_of_moments, vcreg_rows};
pub use vcreg::{VcregOptions, vcreg};
pub use vicreg::{VicregOptions, VicregVariant, vicreg};
pub use wmse::{WmseOptions, wmse};

use ndarray::{Array2, ArrayView2};

use super::leaf::Number;
use super::product::product;
use crate::buffer::Buffer;
use crate::context::{Context, Meter};
use crate::error::{Result, bail};
use crate::view::TensorRef;

/// A loss, its terms, and its gradients.
#[derive(Debug)]
pub struct Loss<T: Number> {
    /// The weighted sum.
    pub value: f64,
    /// The terms before they are weighted; their meaning is that of the loss.
    pub terms: [f64; 3],
    /// One (n, d) row-major array a view; none unless asked for.
    pub gradients: Vec<Buffer<T>>,
}

/// A batch less its column means.
pub(super) struct Batch<T: Number> {
    pub n: usize,
    pub d: usize,
    pub rows: Buffer<T>,
}

impl<T: Number> Batch<T> {
    /// Conditions: RANK, DTYPE, NONFINITE, TOO_FEW (n < 2), SHAPE (d = 0), MEMORY_LIMIT, MEMORY.
    pub fn new(meter: &Meter, z: &TensorRef) -> Result<Self> {
        z.expect_rank(2, "(n, d)")?;
        let (n, d) = (z.shape()[0], z.shape()[1]);
        if d == 0 {
            bail!(Shape, "{} has no columns; expected at least one", z.name())
        }
        if n < 2 {
            bail!(TooFew, "{}: a variance needs at least 2 rows; there are {n}", z.name())
        }
        let values = z.read::<T>(meter)?;
        let mut means = vec![0.0; d];
        let first = &values[..d];
        for row in values.chunks_exact(d) {
            for ((m, x), x0) in means.iter_mut().zip(row).zip(first) {
                *m += x.wide() - x0.wide();
            }
        }
        let means: Vec<f64> = means.iter().zip(first).map(|(m, x0)| x0.wide() + m / n as f64).collect();
        let mut rows = meter.buffer::<T>(n * d, "centred batch")?;
        for (to, row) in rows.chunks_exact_mut(d).zip(values.chunks_exact(d)) {
            to.iter_mut().zip(row).zip(&means).for_each(|((to, x), m)| *to = T::of(x.wide() - m));
        }
        Ok(Batch { n, d, rows })
    }

    pub fn view(&self) -> ArrayView2<'_, T> {
        ArrayView2::from_shape((self.n, self.d), &self.rows[..]).expect("n x d")
    }

    /// Sum of squares of every column.
    pub fn squares(&self) -> Vec<f64> {
        let mut sums = vec![0.0; self.d];
        for row in self.rows.chunks_exact(self.d) {
            sums.iter_mut().zip(row).for_each(|(s, x)| *s += x.wide() * x.wide());
        }
        sums
    }
}

/// SHAPE unless two views are alike.
pub(super) fn expect_alike<T: Number>(names: [&str; 2], a: &Batch<T>, b: &Batch<T>) -> Result<()> {
    if (a.n, a.d) != (b.n, b.d) {
        bail!(Shape, "{} is {} x {}; {} is {} x {}", names[0], a.n, a.d, names[1], b.n, b.d)
    }
    Ok(())
}

/// What the covariance term takes from C = Zc'Zc / divisor.
pub(super) struct Covariance<T> {
    /// The diagonal of C.
    pub variances: Vec<f64>,
    /// The sum of the squares of the others.
    pub off_diagonal: f64,
    /// Zc offdiag(C), (n, d), if asked for.
    pub product: Option<Array2<T>>,
}

/// Through the n x n matrix Zc Zc' where that is the smaller one.
pub(super) fn covariance<T: Number>(
    ctx: &Context,
    meter: &Meter,
    z: &Batch<T>,
    divisor: f64,
    wanted: bool,
) -> Result<Covariance<T>> {
    let (n, d, view) = (z.n, z.d, z.view());
    let variances: Vec<f64> = z.squares().iter().map(|s| s / divisor).collect();
    let order = n.min(d);
    meter.charge(size_of::<T>() * (order * order + if wanted { n * d } else { 0 }), "covariance")?;
    let mut small = Array2::from_elem((order, order), T::zero());
    let mut out = wanted.then(|| Array2::from_elem((n, d), T::zero()));
    let inverse = T::of(1.0 / divisor);
    if n < d {
        product(ctx, view, view.t(), false, small.view_mut())?;
        small.mapv_inplace(|g| g * inverse);
        let all: f64 = small.iter().map(|g| g.wide() * g.wide()).sum();
        if let Some(out) = &mut out {
            product(ctx, small.view(), view, false, out.view_mut())?;
            for (mut row, z) in out.rows_mut().into_iter().zip(view.rows()) {
                for ((o, &z), v) in row.iter_mut().zip(z).zip(&variances) {
                    *o = T::of(o.wide() - z.wide() * v);
                }
            }
        }
        let own: f64 = variances.iter().map(|v| v * v).sum();
        return Ok(Covariance { variances, off_diagonal: (all - own).max(0.0), product: out });
    }
    product(ctx, view.t(), view, false, small.view_mut())?;
    small.mapv_inplace(|g| g * inverse);
    small.diag_mut().fill(T::zero());
    let off_diagonal = small.iter().map(|c| c.wide() * c.wide()).sum();
    if let Some(out) = &mut out {
        product(ctx, view, small.view(), false, out.view_mut())?;
    }
    Ok(Covariance { variances, off_diagonal, product: out })
}

/// The hinge gamma - sqrt(variance + eps), 0 beyond; and its derivative over the entry of Zc, 0 at the kink and at 0.
pub(super) fn hinge(variance: f64, gamma: f64, eps: f64, divisor: f64) -> [f64; 2] {
    let s = (variance + eps).sqrt();
    if s >= gamma {
        return [0.0, 0.0];
    }
    [gamma - s, if s > 0.0 { -1.0 / (s * divisor) } else { 0.0 }]
}

/// ARGUMENT unless the number is finite and at least `least`.
pub(super) fn expect_number(name: &str, v: f64, least: f64) -> Result<()> {
    if !(v >= least && v.is_finite()) {
        bail!(Argument, "{name} is {v}; expected a finite number >= {least}")
    }
    Ok(())
}

#[cfg(test)]
mod tests;
