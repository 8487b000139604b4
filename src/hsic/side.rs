//! Variables: data with a kernel, and the Gram matrix of them a tile at a time.

use std::ops::Range;

use super::kernel::{Base, Kernel};
use super::leaf::{Leaf, Number, Op};
use crate::context::Meter;
use crate::error::{Result, bail};
use crate::view::{Dtype, TensorRef, Values};

/// Up to so many columns, squared distances are sums of squared differences: faster than a product of matrices, and exact
/// for equal rows.
const DIRECT: usize = 8;

/// A variable: n rows of data under a kernel, or a product of kernels of several sets of columns.
///
/// Data are (n, d) or (n), f64, f32, f16 or bf16, all finite; (n, n) for [`Kernel::Precomputed`].
#[derive(Clone, Debug)]
pub struct Variable<'a> {
    factors: Vec<(&'a TensorRef<'a>, Kernel)>,
}

impl<'a> Variable<'a> {
    /// Data under one kernel.
    pub fn new(data: &'a TensorRef<'a>, kernel: Kernel) -> Self {
        Variable { factors: vec![(data, kernel)] }
    }

    /// The product with the kernel of further columns of the same rows.
    pub fn times(mut self, data: &'a TensorRef<'a>, kernel: Kernel) -> Self {
        self.factors.push((data, kernel));
        self
    }

    /// Whether some data are f64: the precision of the tiles.
    pub(super) fn is_double(&self) -> bool {
        self.factors.iter().any(|(data, _)| data.dtype() == Dtype::F64)
    }

    /// Data and kernel, if there is but one factor.
    pub(super) fn single(&self) -> Option<(&'a TensorRef<'a>, Kernel)> {
        if let [only] = self.factors[..] { Some(only) } else { None }
    }

    pub(super) fn kernels(&self) -> impl Iterator<Item = Kernel> {
        self.factors.iter().map(|&(_, kernel)| kernel)
    }

    /// Number of rows.
    pub(super) fn rows(&self) -> usize {
        self.factors[0].0.shape().first().copied().unwrap_or(0)
    }
}

/// Rows and columns of data that may come as a vector.
pub(super) fn dimensions(data: &TensorRef) -> Result<(usize, usize)> {
    match *data.shape() {
        [n] => Ok((n, 1)),
        [n, d] => Ok((n, d)),
        _ => bail!(Rank, "{} has {} axes; expected 2: (n, columns)", data.name(), data.shape().len()),
    }
}

/// One factor of a variable, in the precision of the tiles.
pub(super) struct Factor<'a, T: Number> {
    pub kernel: Kernel,
    pub op: Op<T>,
    pub d: usize,
    pub n: usize,
    values: Values<'a, T>,
    /// Subtracted from every row; empty = 0.
    centre: Vec<T>,
    /// Squared norms of the centred rows, where distances come from inner products; else empty.
    pub norms: Vec<T>,
}

impl<'a, T: Number> Factor<'a, T> {
    fn new(meter: &Meter, data: &TensorRef<'a>, kernel: Kernel, centre_linear: bool) -> Result<Self> {
        let (name, (n, d)) = (data.name(), dimensions(data)?);
        kernel.check(name)?;
        if n == 0 || d == 0 {
            bail!(Shape, "{name} is {n} x {d}; expected at least one row and one column")
        }
        if kernel == Kernel::Precomputed && n != d {
            bail!(Shape, "{name} is {n} x {d}; expected a square Gram matrix")
        }
        let values = data.read::<T>(meter)?;
        let mut f =
            Factor { kernel, op: Op::new(&kernel), d, n, values, centre: Vec::new(), norms: Vec::new() };
        if kernel == Kernel::Precomputed {
            f.expect_symmetric(name)?;
        }
        if kernel.invariant() || kernel == Kernel::Linear && centre_linear {
            f.centre = f.means();
        }
        f.check_range(name)?;
        if f.products() && kernel.base() == Base::Square {
            let mut row = vec![T::zero(); d];
            for i in 0..n {
                f.rows(i..i + 1, 0..d, &mut row);
                f.norms.push(T::of(row.iter().map(|x| x.wide() * x.wide()).sum()));
            }
        }
        Ok(f)
    }

    /// Whether tiles come from products of matrices.
    pub fn products(&self) -> bool {
        match self.kernel.base() {
            Base::Dot => true,
            // A root would turn the rounding of small distances into an error of half the digits.
            Base::Square => {
                self.d > DIRECT && !matches!(self.kernel, Kernel::ExpL2 { .. } | Kernel::Distance)
            }
            _ => false,
        }
    }

    /// Column means as the first row plus the mean difference to it: exact for constant columns.
    fn means(&self) -> Vec<T> {
        let first = &self.values[..self.d];
        let mut sums = vec![0.0; self.d];
        for row in self.values.chunks_exact(self.d) {
            for ((sum, x), x0) in sums.iter_mut().zip(row).zip(first) {
                *sum += x.wide() - x0.wide();
            }
        }
        first.iter().zip(sums).map(|(x0, sum)| T::of(x0.wide() + sum / self.n as f64)).collect()
    }

    /// NONFINITE if squares of centred data overflow, so that no distance is infinite.
    fn check_range(&self, name: &str) -> Result<()> {
        let limit = if size_of::<T>() == 4 { 1e18 } else { 1e150 } / (self.d as f64).sqrt();
        if self.kernel.base() == Base::Given {
            return Ok(());
        }
        for (i, row) in self.values.chunks_exact(self.d).enumerate() {
            let centred = |(j, x): (usize, &T)| x.wide() - self.centre.get(j).map_or(0.0, |c| c.wide());
            let largest = row.iter().enumerate().map(centred).fold(0.0, |m: f64, x| m.max(x.abs()));
            if largest > limit {
                bail!(
                    Nonfinite,
                    "{name}: row {i} is {largest:e} from the centre; squares of more than {limit:e} overflow"
                )
            }
        }
        Ok(())
    }

    fn expect_symmetric(&self, name: &str) -> Result<()> {
        let (n, v) = (self.n, &self.values);
        let largest = v.iter().fold(0.0, |m: f64, x| m.max(x.wide().abs()));
        let tolerance = largest * if size_of::<T>() == 4 { 1e-5 } else { 1e-10 };
        for i in 0..n {
            for j in 0..i {
                let (a, b) = (v[i * n + j].wide(), v[j * n + i].wide());
                if (a - b).abs() > tolerance {
                    bail!(
                        Argument,
                        "{name}[{i}, {j}] is {a}, but [{j}, {i}] is {b}; expected a symmetric matrix"
                    )
                }
            }
        }
        Ok(())
    }

    /// Columns `columns` of centred rows, row after row.
    pub fn rows(&self, rows: Range<usize>, columns: Range<usize>, out: &mut [T]) {
        let width = columns.len();
        for (out, i) in out.chunks_exact_mut(width).zip(rows) {
            let row = &self.values[i * self.d..][columns.clone()];
            if self.centre.is_empty() {
                out.copy_from_slice(row);
            } else {
                let centre = &self.centre[columns.clone()];
                out.iter_mut().zip(row).zip(centre).for_each(|((o, &x), &c)| *o = x - c);
            }
        }
    }

    /// The same, column after column, `stride` numbers apart.
    pub fn panel(&self, rows: Range<usize>, columns: Range<usize>, stride: usize, out: &mut [T]) {
        // Blocks of rows, so that both sides stay in the first-level cache.
        const STEP: usize = 16;
        for first in (0..rows.len()).step_by(STEP) {
            for (out, k) in out.chunks_mut(stride).zip(columns.clone()) {
                let centre = self.centre.get(k).copied().unwrap_or_default();
                let last = rows.len().min(first + STEP);
                for (i, out) in out[first..last].iter_mut().enumerate() {
                    *out = self.values[(rows.start + first + i) * self.d + k] - centre;
                }
            }
        }
    }

    /// Rows `rows` x columns `columns` of a given matrix.
    pub fn given(&self, rows: Range<usize>, columns: Range<usize>, stride: usize, out: &mut [T]) {
        for (out, i) in out.chunks_mut(stride).zip(rows) {
            out[..columns.len()].copy_from_slice(&self.values[i * self.n..][columns.clone()]);
        }
    }

    /// The base of a pair in f64, by its definition.
    pub fn pair(&self, i: usize, j: usize) -> f64 {
        if self.kernel.base() == Base::Given {
            return self.values[i * self.n + j].wide();
        }
        let at = |i: usize, k: usize| {
            self.values[i * self.d + k].wide() - self.centre.get(k).map_or(0.0, |c| c.wide())
        };
        let terms = (0..self.d).map(|k| (at(i, k), at(j, k)));
        match self.kernel.base() {
            Base::Dot => terms.map(|(x, y)| x * y).sum(),
            Base::Square => terms.map(|(x, y)| (x - y) * (x - y)).sum(),
            Base::Absolute => terms.map(|(x, y)| (x - y).abs()).sum(),
            _ => terms.map(|(x, y)| f64::from(x != y)).sum(),
        }
    }
}

/// A variable in the precision of the tiles.
pub(super) struct Side<'a, T: Number> {
    pub name: &'a str,
    pub factors: Vec<Factor<'a, T>>,
    pub n: usize,
    /// Subtracted from every entry off the diagonal, to keep digits; HSIC does not see it.
    pub shift: T,
}

/// Rows from whose pairs the shift is had.
const SAMPLE: usize = 64;

impl<'a, T: Number> Side<'a, T> {
    /// Reads the data. `shifted`: for statistics that a constant in the kernel does not change, nor (for the linear kernel) a
    /// constant in the data. Conditions: RANK, SHAPE, DTYPE, NONFINITE, ARGUMENT, MEMORY, MEMORY_LIMIT.
    pub fn new(meter: &Meter, variable: &Variable<'a>, shifted: bool) -> Result<Self> {
        let n = variable.rows();
        let centre_linear = shifted && variable.factors.len() == 1;
        let factors = variable.factors.iter();
        let factors: Vec<Factor<T>> = factors
            .map(|(data, kernel)| Factor::new(meter, data, *kernel, centre_linear))
            .collect::<Result<_>>()?;
        for ((data, _), f) in variable.factors.iter().zip(&factors) {
            if f.n != n {
                bail!(Shape, "{} has {} rows; the factor before it has {n}", data.name(), f.n)
            }
        }
        let mut side = Side { name: variable.factors[0].0.name(), factors, n, shift: T::zero() };
        if shifted && n > 1 {
            side.shift = T::of(side.typical());
        }
        Ok(side)
    }

    /// The mean entry of the pairs of some rows: one of them plus the mean difference to it, exact if all are equal.
    fn typical(&self) -> f64 {
        let m = self.n.min(SAMPLE);
        let row = |i: usize| i * self.n / m;
        let first = self.entry(row(0), row(1));
        let (mut sum, mut count) = (0.0, 0.0);
        for i in 0..m {
            for j in 0..i {
                sum += self.entry(row(i), row(j)) - first;
                count += 1.0;
            }
        }
        first + sum / count
    }

    /// k of rows i and j in f64, by its definition.
    pub fn entry(&self, i: usize, j: usize) -> f64 {
        self.factors.iter().map(|f| f.kernel.of(f.pair(i, j))).product()
    }

    /// The diagonal of the Gram matrix.
    pub fn diagonal(&self) -> Vec<f64> {
        (0..self.n).map(|i| self.entry(i, i)).collect()
    }

    /// SHAPE unless both have the same number of rows.
    pub fn expect_rows(&self, name: &str, n: usize) -> Result<()> {
        if self.n != n {
            bail!(Shape, "{} has {} rows; {name} has {n}", self.name, self.n)
        }
        Ok(())
    }
}

/// Row `i` of a tile as kernel values less `shift`; `base` becomes the base of the kernel.
pub(super) fn kernel_row<T: Number>(
    leaf: &Leaf<T>,
    factor: &Factor<T>,
    base: &mut [T],
    own: usize,
    columns: Range<usize>,
    shift: T,
    out: &mut [T],
) {
    if !factor.norms.is_empty() {
        (leaf.squares)(base, factor.norms[own], &factor.norms[columns.clone()]);
        if columns.contains(&own) {
            base[own - columns.start] = T::zero();
        }
    }
    (leaf.map)(&factor.op, base, shift, out);
}
