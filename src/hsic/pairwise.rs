//! HSIC of every pair of features: F (n, K), each column a variable of its own.
//!
//! ```text
//! V = K x pairs of rows:  V_ap = k_a(F_ia, F_ja) - c_a,   M = 2 V V',   R_a = row sums of gram a
//! HSIC = (M - (2/n) R R' + t t'/n^2) / n^2,   t = R 1
//! ```
//!
//! V is made a strip of pairs at a time, and M is a sum of products of matrices: K^2 n^2 / 2 multiplications, K n^2 / 2
//! kernel evaluations, memory K^2 + K n and a strip for each thread. The mean alone ([`mean`]) needs no M.

mod mean;
mod test;

pub use mean::{MeanGradient, pairwise_mean, pairwise_mean_gradient};
pub use test::pairwise_test;

use ndarray::{ArrayView2, ArrayViewMut2, Axis, s};

use super::estimate::{Estimator, expect};
use super::leaf::Number;
use super::side::dimensions;
use crate::buffer::Buffer;
use crate::context::{Context, Meter};
use crate::error::{Result, bail};
use crate::linalg::gemm::gemm;
use crate::view::{Dtype, TensorRef};

/// The kernel of features of one dimension each; every feature has its own gamma.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeatureKernel {
    /// exp(-gamma (x - y)^2)
    Rbf,
    /// exp(-gamma |x - y|)
    Laplace,
    /// x y: HSIC is the squared covariance (ddof 0). No gamma.
    Linear,
}

/// Features in the precision of the computation.
pub(super) struct Features<T: Number> {
    pub n: usize,
    pub count: usize,
    /// (n, count), less the column means.
    pub data: Buffer<T>,
    pub gamma: Vec<T>,
    pub absolute: bool,
    /// Subtracted from every entry off the diagonal.
    pub shift: Vec<T>,
}

/// Pairs of rows in a strip of V.
const STRIP: usize = 256;
/// Rows of a block: a task takes the pairs of one block with all rows behind them.
const BLOCK: usize = 32;
/// Rows from whose pairs shifts are had.
const SAMPLE: usize = 32;

impl<T: Number> Features<T> {
    pub fn new(meter: &Meter, f: &TensorRef, kernel: FeatureKernel, gammas: &[f64]) -> Result<Self> {
        let (n, count) = dimensions(f)?;
        if n == 0 || count == 0 {
            bail!(Shape, "{} is {n} x {count}; expected at least one row and one feature", f.name())
        }
        if gammas.len() != count && gammas.len() != 1 {
            bail!(
                Shape,
                "{} has {count} features, but there are {} gammas; expected one or one each",
                f.name(),
                gammas.len()
            )
        }
        if let Some((i, g)) = gammas.iter().enumerate().find(|(_, g)| !(**g > 0.0 && g.is_finite())) {
            bail!(Argument, "gammas[{i}] is {g}; expected a finite number > 0")
        }
        let values = f.read::<T>(meter)?;
        let mut data = meter.buffer::<T>(n * count, "features")?;
        let mut means = vec![0.0; count];
        for row in values.chunks_exact(count) {
            for ((m, x), first) in means.iter_mut().zip(row).zip(&values[..count]) {
                *m += x.wide() - first.wide();
            }
        }
        for (m, first) in means.iter_mut().zip(&values[..count]) {
            *m = first.wide() + *m / n as f64;
        }
        for (to, row) in data.chunks_exact_mut(count).zip(values.chunks_exact(count)) {
            to.iter_mut().zip(row).zip(&means).for_each(|((to, x), m)| *to = T::of(x.wide() - m));
        }
        let gamma = (0..count).map(|a| T::of(gammas[if gammas.len() == 1 { 0 } else { a }])).collect();
        let mut features = Features {
            n,
            count,
            data,
            gamma,
            absolute: kernel == FeatureKernel::Laplace,
            shift: vec![T::zero(); count],
        };
        features.find_shifts();
        Ok(features)
    }

    /// The mean of the entries of some pairs, as one of them plus the mean difference to it.
    fn find_shifts(&mut self) {
        let m = self.n.min(SAMPLE);
        let row = |i: usize| self.row(i * self.n / m);
        let leaf = T::leaf(crate::simd::Isa::Portable);
        let zeros = vec![T::zero(); self.count];
        let (mut first, mut sums) = (vec![T::zero(); self.count], vec![0.0; self.count]);
        let (mut out, mut pairs) = (vec![T::zero(); self.count], 0.0);
        for i in 0..m {
            for j in 0..i {
                (leaf.features)(self.absolute, row(i), row(j), &self.gamma, &zeros, &mut out);
                if pairs == 0.0 {
                    first.copy_from_slice(&out);
                }
                pairs += 1.0;
                for ((sum, k), k0) in sums.iter_mut().zip(&out).zip(&first) {
                    *sum += k.wide() - k0.wide();
                }
            }
        }
        if pairs > 0.0 {
            self.shift = first.iter().zip(sums).map(|(k, s)| T::of(k.wide() + s / pairs)).collect();
        }
    }

    pub fn row(&self, i: usize) -> &[T] {
        &self.data[i * self.count..][..self.count]
    }

    /// The diagonal of every Gram matrix less the shift.
    pub fn diagonal(&self) -> Vec<f64> {
        self.shift.iter().map(|c| 1.0 - c.wide()).collect()
    }

    /// Where blocks of rows begin.
    pub fn blocks(&self) -> usize {
        self.n.div_ceil(BLOCK)
    }

    /// The pairs (i, j), i < j, with i in block `b`.
    fn pairs(&self, b: usize) -> impl Iterator<Item = (usize, usize)> + use<'_, T> {
        (b * BLOCK..self.n.min((b + 1) * BLOCK)).flat_map(|i| (i + 1..self.n).map(move |j| (i, j)))
    }
}

/// Sums of all pairs of features.
pub(super) struct Moments {
    pub n: usize,
    pub count: usize,
    /// sum_{i != j} of products of shifted entries, count x count, upper triangle.
    pub products: Vec<f64>,
    /// Row sums without the diagonal, n x count.
    pub rows: Vec<f64>,
    /// count
    pub diagonal: Vec<f64>,
}

impl Moments {
    /// HSIC of each pair, biased over n^2, or unbiased.
    fn matrix(&self, ctx: &Context, unbiased: bool) -> Vec<f64> {
        let (n, k) = (self.n as f64, self.count);
        let mut rows = self.rows.clone();
        if !unbiased {
            rows.chunks_exact_mut(k)
                .for_each(|r| r.iter_mut().zip(&self.diagonal).for_each(|(r, d)| *r += d));
        }
        let mut totals = vec![0.0; k];
        rows.chunks_exact(k).for_each(|r| totals.iter_mut().zip(r).for_each(|(t, r)| *t += r));
        // Row sums less their mean: their products then do not cancel.
        rows.chunks_exact_mut(k).for_each(|r| r.iter_mut().zip(&totals).for_each(|(r, t)| *r -= t / n));
        let mut cross = ndarray::Array2::<f64>::zeros((k, k));
        let view = ArrayView2::from_shape((self.n, k), &rows).expect("n x count");
        gemm(ctx.isa(), view.t(), view, false, cross.view_mut());
        let mut out = vec![0.0; k * k];
        for a in 0..k {
            for b in a..k {
                let (t, cross) = (totals[a] * totals[b], cross[[a, b]]);
                let value = if unbiased {
                    let both = t / ((n - 1.0) * (n - 2.0)) - 2.0 / (n - 2.0) * (cross + t / n);
                    (self.products[a * k + b] + both) / (n * (n - 3.0))
                } else {
                    let all = self.products[a * k + b] + n * self.diagonal[a] * self.diagonal[b];
                    (all - 2.0 / n * cross - t / (n * n)) / (n * n)
                };
                out[a * k + b] = value;
                out[b * k + a] = value;
            }
        }
        out
    }
}

fn moments<T: Number>(ctx: &Context, meter: &Meter, f: &Features<T>) -> Result<Moments> {
    let (n, k) = (f.n, f.count);
    let leaf = T::leaf(ctx.isa());
    let mut all =
        Moments { n, count: k, products: vec![0.0; k * k], rows: vec![0.0; n * k], diagonal: f.diagonal() };
    let tasks = ctx.threads().min(f.blocks());
    meter.charge(
        8 * (k * k + n * k) + tasks * (8 * (k * k + n * k) + size_of::<T>() * k * (STRIP + k)),
        "pairwise sums",
    )?;
    // A task takes a fixed number of blocks; a wave of tasks runs at a time.
    let group = f.blocks().div_ceil(16).max(1);
    let groups = f.blocks().div_ceil(group);
    let wave = ctx.threads();
    for first in (0..groups).step_by(wave) {
        let parts = ctx.pool().map_chunks(wave.min(groups - first), 1, |g| {
            let g = first + g.start;
            let mut part = Part::new(n, k);
            for b in g * group..f.blocks().min((g + 1) * group) {
                ctx.poll()?;
                for (i, j) in f.pairs(b) {
                    let at = part.filled * k;
                    (leaf.features)(
                        f.absolute,
                        f.row(i),
                        f.row(j),
                        &f.gamma,
                        &f.shift,
                        &mut part.strip[at..at + k],
                    );
                    part.count(i, j, k);
                    if part.filled == STRIP {
                        part.flush(ctx, k);
                    }
                }
            }
            part.flush(ctx, k);
            Ok(part)
        })?;
        for part in parts {
            all.products.iter_mut().zip(&part.products).for_each(|(a, p)| *a += p);
            all.rows.iter_mut().zip(&part.rows).for_each(|(a, p)| *a += p);
        }
        ctx.progress((first + wave).min(groups) as f64 / groups as f64, "pairwise");
    }
    all.products.iter_mut().for_each(|p| *p *= 2.0);
    Ok(all)
}

/// What one task sums.
struct Part<T> {
    /// Pairs x features.
    strip: Vec<T>,
    filled: usize,
    scratch: Vec<T>,
    products: Vec<f64>,
    rows: Vec<f64>,
}

impl<T: Number> Part<T> {
    fn new(n: usize, k: usize) -> Self {
        Part {
            strip: vec![T::zero(); STRIP * k],
            filled: 0,
            scratch: vec![T::zero(); ROWS * k],
            products: vec![0.0; k * k],
            rows: vec![0.0; n * k],
        }
    }

    /// Adds the last pair to the row sums of both rows.
    fn count(&mut self, i: usize, j: usize, k: usize) {
        let pair = &self.strip[self.filled * k..][..k];
        let (low, high) = self.rows.split_at_mut(j * k);
        let (low, high) = (&mut low[i * k..][..k], &mut high[..k]);
        for ((v, a), b) in pair.iter().zip(low).zip(high) {
            *a += v.wide();
            *b += v.wide();
        }
        self.filled += 1;
    }

    /// products += strip' strip, upper triangle.
    fn flush(&mut self, ctx: &Context, k: usize) {
        if self.filled == 0 {
            return;
        }
        let strip =
            ArrayView2::from_shape((self.filled, k), &self.strip[..self.filled * k]).expect("a strip");
        for first in (0..k).step_by(ROWS) {
            let last = k.min(first + ROWS);
            let (rows, width) = (last - first, k - first);
            let out = &mut self.scratch[..rows * width];
            let mut product = ArrayViewMut2::from_shape((rows, width), &mut *out).expect("rows of it");
            let left = strip.slice(s![.., first..last]).reversed_axes();
            gemm(ctx.isa(), left, strip.slice_axis(Axis(1), (first..).into()), false, product.view_mut());
            for (i, row) in out.chunks_exact(width).enumerate() {
                let to = &mut self.products[(first + i) * k + first..][..width];
                to.iter_mut().zip(row).for_each(|(to, v)| *to += v.wide());
            }
        }
        self.filled = 0;
    }
}

/// Rows of the matrix that are multiplied at a time.
const ROWS: usize = 96;

/// HSIC of every pair of the K columns of `f`: (K, K), row-major, symmetric. `gammas`: one for each feature, or one for all;
/// none for the linear kernel. Conditions: as for [`super::hsic()`]; TOO_FEW.
pub fn pairwise_hsic(
    ctx: &Context,
    f: &TensorRef,
    kernel: FeatureKernel,
    gammas: &[f64],
    estimator: Estimator,
) -> Result<Buffer<f64>> {
    let meter = ctx.meter();
    let (n, k) = dimensions(f)?;
    let factor = match estimator {
        Estimator::BiasedN2 => 1.0,
        Estimator::BiasedNm1 => {
            expect(n, 2, "HSIC over (n - 1)^2")?;
            (n as f64 / (n as f64 - 1.0)).powi(2)
        }
        Estimator::Unbiased => {
            expect(n, 4, "unbiased HSIC")?;
            1.0
        }
    };
    let unbiased = estimator == Estimator::Unbiased;
    let matrix = if kernel == FeatureKernel::Linear {
        linear(ctx, &meter, f, unbiased)?
    } else if f.dtype() == Dtype::F64 {
        moments(ctx, &meter, &Features::<f64>::new(&meter, f, kernel, gammas)?)?.matrix(ctx, unbiased)
    } else {
        moments(ctx, &meter, &Features::<f32>::new(&meter, f, kernel, gammas)?)?.matrix(ctx, unbiased)
    };
    let mut out = meter.buffer::<f64>(k * k, "pairwise HSIC")?;
    out.iter_mut().zip(matrix).for_each(|(o, v)| *o = v * factor);
    Ok(out)
}

/// The linear kernel: squared covariances, or their unbiased counterpart.
fn linear(ctx: &Context, meter: &Meter, f: &TensorRef, unbiased: bool) -> Result<Vec<f64>> {
    // Any gamma: only the centred data are used.
    let f = Features::<f64>::new(meter, f, FeatureKernel::Rbf, &[1.0])?;
    let (n, k) = (f.n as f64, f.count);
    let x = ArrayView2::from_shape((f.n, k), &f.data[..]).expect("n x count");
    let c = super::product::gram_of_columns(ctx, x, x)?;
    if !unbiased {
        return Ok(c.iter().map(|c| (c / n) * (c / n)).collect());
    }
    let squares = x.mapv(|x| x * x);
    let fourth = super::product::gram_of_columns(ctx, squares.view(), squares.view())?;
    let sums = x.sum_axis(Axis(0));
    let cubes = super::product::gram_of_columns(ctx, squares.view(), x)?;
    let mut out = vec![0.0; k * k];
    for a in 0..k {
        for b in 0..k {
            // Row sums r_i = x_i S - x_i^2 of both, and their products.
            let (sa, sb) = (sums[a], sums[b]);
            let rows = sa * sb * c[[a, b]] - sa * cubes[[b, a]] - sb * cubes[[a, b]] + fourth[[a, b]];
            let (ta, tb) = (sa * sa - c[[a, a]], sb * sb - c[[b, b]]);
            let kl = c[[a, b]] * c[[a, b]] - fourth[[a, b]];
            let both = ta * tb / ((n - 1.0) * (n - 2.0)) - 2.0 / (n - 2.0) * rows;
            out[a * k + b] = (kl + both) / (n * (n - 3.0));
        }
    }
    Ok(out)
}

/// CKA of every pair: the matrix over the roots of its diagonal. A constant feature (or an unbiased self term that is not
/// positive) gives NaN in its row and column, never 0 or 1.
pub fn pairwise_cka(
    ctx: &Context,
    f: &TensorRef,
    kernel: FeatureKernel,
    gammas: &[f64],
    debiased: bool,
) -> Result<Buffer<f64>> {
    let estimator = if debiased { Estimator::Unbiased } else { Estimator::BiasedN2 };
    let mut m = pairwise_hsic(ctx, f, kernel, gammas, estimator)?;
    let k = dimensions(f)?.1;
    let largest = (0..k).map(|a| m[a * k + a]).fold(0.0, f64::max);
    let root = |v: f64| if v > 1e-28 * largest { v.sqrt() } else { f64::NAN };
    let roots: Vec<f64> = (0..k).map(|a| root(m[a * k + a])).collect();
    for a in 0..k {
        for b in 0..k {
            m[a * k + b] =
                if a == b && !roots[a].is_nan() { 1.0 } else { m[a * k + b] / roots[a] / roots[b] };
        }
    }
    Ok(m)
}
