//! A matrix where its host keeps it: any strides, turned into f64 a block at a time.

use std::marker::PhantomData;
use std::ops::Range;

use half::{bf16, f16};

use super::{Dtype, Element, TensorRef};
use crate::context::Context;
use crate::error::{Result, bail};

/// A matrix of floats in a host's memory. Copies are cheap, and may be read from several threads at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matrix<'a> {
    name: &'a str,
    /// Address of the element (0, 0).
    origin: *const u8,
    dtype: Dtype,
    rows: usize,
    columns: usize,
    /// In elements.
    row_stride: isize,
    column_stride: isize,
    memory: PhantomData<&'a [u8]>,
}

// SAFETY: memory that is only read (`TensorRef::from_raw`).
unsafe impl Send for Matrix<'_> {}
// SAFETY: as above.
unsafe impl Sync for Matrix<'_> {}

/// Rows per block in [`Matrix::largest`].
const BLOCK: usize = 64;

impl<'a> TensorRef<'a> {
    /// This tensor as a matrix; `meaning` says what the axes are, as "(rows, columns)". Takes f32, f64, f16 and bf16.
    /// Conditions: RANK, DTYPE.
    pub(crate) fn matrix(&self, meaning: &str) -> Result<Matrix<'a>> {
        self.expect_rank(2, meaning)?;
        self.expect_dtype(&[Dtype::F32, Dtype::F64, Dtype::F16, Dtype::Bf16])?;
        let (rows, columns) = (self.shape()[0], self.shape()[1]);
        let (row_stride, column_stride) = match self.layout.axes[..] {
            [(_, row), (_, column)] => (row, column),
            [(_, row)] if columns == 1 => (row, 1),
            [(_, column)] => (column * columns as isize, column),
            _ => (1, 1),
        };
        let origin = self.origin.cast_const();
        let (name, dtype) = (self.name, self.dtype);
        Ok(Matrix { name, origin, dtype, rows, columns, row_stride, column_stride, memory: PhantomData })
    }
}

impl<'a> Matrix<'a> {
    /// Its name in messages.
    pub(crate) fn name(&self) -> &'a str {
        self.name
    }

    /// Data type of the elements.
    pub(crate) fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// Number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    /// The transpose, without a copy.
    pub(crate) fn transpose(self) -> Self {
        Matrix {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }

    /// These rows of it.
    pub(crate) fn row_range(self, rows: Range<usize>) -> Self {
        assert!(rows.start <= rows.end && rows.end <= self.rows);
        let start = if rows.is_empty() { 0 } else { rows.start as isize * self.row_stride };
        let origin = self.origin.wrapping_offset(start * self.dtype.size() as isize);
        Matrix { origin, rows: rows.len(), ..self }
    }

    /// Converts a block into `out`, row after row. Inlined, so that callers compile it for their instruction set.
    #[inline(always)]
    pub(crate) fn load(&self, rows: Range<usize>, columns: Range<usize>, out: &mut [f64]) {
        assert!(rows.end <= self.rows && columns.end <= self.columns);
        assert!(out.len() == rows.len() * columns.len());
        if out.is_empty() {
            return;
        }
        // SAFETY: inside the matrix, and each arm reads the element type that the dtype announces.
        unsafe {
            match self.dtype {
                Dtype::F64 => self.convert(rows, columns, out, |x: f64| x),
                Dtype::F16 => self.convert(rows, columns, out, |x: f16| widen_half(x)),
                Dtype::Bf16 => {
                    let widen = |x: bf16| f64::from(f32::from_bits(u32::from(x.to_bits()) << 16));
                    self.convert(rows, columns, out, widen)
                }
                _ => self.convert(rows, columns, out, |x: f32| f64::from(x)),
            }
        }
    }

    /// # Safety
    /// The block lies inside the matrix and `S` is its element type.
    #[inline(always)]
    #[allow(clippy::disallowed_methods)] // The reader of a host's matrix.
    unsafe fn convert<S: Element>(
        &self,
        rows: Range<usize>,
        columns: Range<usize>,
        out: &mut [f64],
        widen: impl Fn(S) -> f64,
    ) {
        let width = columns.len();
        let at = |i: usize, j: usize| i as isize * self.row_stride + j as isize * self.column_stride;
        let start = self.origin.cast::<S>().wrapping_offset(at(rows.start, columns.start));
        if self.column_stride == 1 {
            for (i, out) in out.chunks_exact_mut(width).enumerate() {
                // The rows of the next block of this height: too far apart for the CPU to see them coming.
                prefetch(start.wrapping_offset(at(rows.len() + i, 0)).cast(), width * size_of::<S>());
                // SAFETY: `width` elements one after the other inside the matrix.
                let row = unsafe { std::slice::from_raw_parts(start.wrapping_offset(at(i, 0)), width) };
                for (o, &x) in out.iter_mut().zip(row) {
                    *o = widen(x);
                }
            }
        } else {
            // Column by column: what is neighbours in memory is read together.
            for j in 0..width {
                for i in 0..rows.len() {
                    // SAFETY: an element of the block.
                    out[i * width + j] = widen(unsafe { start.wrapping_offset(at(i, j)).read() });
                }
            }
        }
    }

    /// The largest |x|; condition NONFINITE if there is a NaN or an infinity. One pass over the matrix.
    pub(crate) fn largest(&self, ctx: &Context) -> Result<f64> {
        if self.columns == 0 {
            return Ok(0.0);
        }
        let found = ctx.pool().map_chunks(self.rows, BLOCK, |rows| {
            ctx.poll()?;
            let mut block = vec![0.0; BLOCK * self.columns.min(BLOCK)];
            let (mut largest, mut finite) = (0.0f64, true);
            for j in (0..self.columns).step_by(BLOCK) {
                let columns = j..self.columns.min(j + BLOCK);
                let block = &mut block[..rows.len() * columns.len()];
                self.load(rows.clone(), columns, block);
                for x in &*block {
                    finite &= x.is_finite();
                    largest = if x.abs() > largest { x.abs() } else { largest };
                }
            }
            if finite { Ok(largest) } else { Err(self.nonfinite(rows)) }
        })?;
        Ok(found.into_iter().fold(0.0, f64::max))
    }

    /// The error that names the first NaN or infinity in these rows, in which there is one.
    pub(crate) fn nonfinite(&self, rows: Range<usize>) -> crate::error::Error {
        let mut row = vec![0.0; self.columns];
        for i in rows {
            self.load(i..i + 1, 0..self.columns, &mut row);
            if let Some(j) = row.iter().position(|x| !x.is_finite()) {
                let message = format!("{}[{i}, {j}] is {}; expected a finite number", self.name, row[j]);
                return crate::error::Error::new(crate::error::Condition::Nonfinite, message);
            }
        }
        let message = format!("{} holds a NaN or an infinity", self.name);
        crate::error::Error::new(crate::error::Condition::Nonfinite, message)
    }

    /// `Err` with condition SHAPE if there is nothing in it.
    pub(crate) fn expect_some(&self) -> Result<()> {
        if self.rows == 0 || self.columns == 0 {
            bail!(
                Shape,
                "{} is {} x {}; expected at least one row and one column",
                self.name,
                self.rows,
                self.columns
            )
        }
        Ok(())
    }
}

/// Asks for `bytes` bytes from `start` on, which need not be there.
#[inline(always)]
fn prefetch(start: *const u8, bytes: usize) {
    #[cfg(target_arch = "x86_64")]
    for line in (0..bytes).step_by(64) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a hint; no address is wrong.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(start.wrapping_add(line).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (start, bytes);
}

/// Half precision without branches, so that the loop around it is vectorised.
#[inline(always)]
fn widen_half(x: f16) -> f64 {
    let bits = u32::from(x.to_bits());
    // The exponent of half precision is 112 smaller in single precision; subnormal numbers come out right as well.
    let size = f32::from_bits((bits & 0x7fff) << 13) * f32::from_bits((127 + 112) << 23);
    // NaN and infinity, whose exponent is all ones.
    let special = if bits & 0x7c00 == 0x7c00 { 0x7f80_0000 } else { 0 };
    f64::from(f32::from_bits(size.to_bits() | special | (bits & 0x8000) << 16))
}

#[cfg(test)]
mod tests {
    use super::super::RawTensor;
    use super::*;

    #[test]
    fn every_half_is_widened_exactly() {
        for bits in 0..=u16::MAX {
            let x = f16::from_bits(bits);
            let (got, want) = (widen_half(x), x.to_f64());
            assert!(got.to_bits() == want.to_bits() || got.is_nan() && want.is_nan(), "{bits:#x}");
        }
    }

    #[test]
    fn blocks_of_any_strides() {
        let data: Vec<f32> = (0..60).map(|i| i as f32).collect();
        for (shape, strides, offset) in [
            ([4, 5], [5, 1], 0),
            ([4, 5], [1, 4], 0),
            ([4, 5], [-5, 2], 30),
            ([4, 5], [0, 3], 0),
            ([1, 5], [7, 2], 0),
            ([5, 1], [3, 9], 2),
            ([1, 1], [1, 1], 8),
        ] {
            let raw = RawTensor {
                data: data.as_ptr().cast_mut().cast(),
                byte_offset: 4 * offset,
                dtype: Dtype::F32,
                shape: &shape,
                strides: Some(&strides),
            };
            // SAFETY: inside `data`.
            let z = unsafe { TensorRef::from_raw("z", &raw) }.unwrap().matrix("(rows, columns)").unwrap();
            let value = |i: usize, j: usize| (offset + i as i64 * strides[0] + j as i64 * strides[1]) as f64;
            for m in [z, z.transpose().transpose(), z.row_range(0..z.rows())] {
                let (rows, columns) = (m.rows() / 2..m.rows(), m.columns() / 2..m.columns());
                let mut out = vec![f64::NAN; rows.len() * columns.len()];
                m.load(rows.clone(), columns.clone(), &mut out);
                let want: Vec<f64> =
                    rows.clone().flat_map(|i| columns.clone().map(move |j| value(i, j))).collect();
                assert_eq!(out, want, "{shape:?} {strides:?}");
                let last = m.row_range(m.rows() - 1..m.rows()).transpose();
                let mut out = vec![f64::NAN; last.rows()];
                last.load(0..last.rows(), 0..1, &mut out);
                assert_eq!(out, (0..m.columns()).map(|j| value(m.rows() - 1, j)).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn the_largest_and_the_first_that_is_not_finite() {
        let ctx = Context::default();
        let mut data: Vec<f64> = (0..300 * 70).map(|i| -f64::from(i)).collect();
        let largest =
            |data: &[f64]| TensorRef::from_slice("z", data, &[300, 70])?.matrix("(n, k)")?.largest(&ctx);
        assert_eq!(largest(&data).unwrap(), 20999.0);
        data[170 * 70 + 3] = f64::NAN;
        data[90 * 70 + 69] = f64::NEG_INFINITY;
        let e = largest(&data).unwrap_err();
        assert_eq!(e.to_string(), "[NONFINITE] z[90, 69] is -inf; expected a finite number");
    }
}
