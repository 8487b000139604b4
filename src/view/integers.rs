//! A matrix of whole numbers where its host keeps it.

use std::marker::PhantomData;
use std::ops::Range;

use super::{Dtype, Element, TensorRef};
use crate::error::{Result, bail};

/// Integer types that a tensor may have.
const WHOLE: [Dtype; 4] = [Dtype::U8, Dtype::U16, Dtype::I32, Dtype::I64];

/// A matrix of whole numbers in a host's memory. Copies are cheap, and may be read from several threads at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Integers<'a> {
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
unsafe impl Send for Integers<'_> {}
// SAFETY: as above.
unsafe impl Sync for Integers<'_> {}

/// Neighbours in a row: the host's own memory, or a converted copy in which what does not fit is -1.
pub(crate) enum Piece<'a> {
    /// 16 bits, without sign.
    Short(&'a [u16]),
    /// 32 bits.
    Long(&'a [i32]),
}

impl<'a> TensorRef<'a> {
    /// This tensor as a matrix of whole numbers; a vector is one row. Takes u8, u16, i32 and i64. Conditions: RANK, DTYPE.
    pub(crate) fn integer_view(&self, meaning: &str) -> Result<Integers<'a>> {
        self.expect_dtype(&WHOLE)?;
        let shape = match *self.shape() {
            [columns] => [1, columns],
            [rows, columns] => [rows, columns],
            _ => bail!(Rank, "{} has {} axes; expected {meaning}", self.name(), self.shape().len()),
        };
        let strides: Vec<isize> = self.layout.axes.iter().map(|&(_, stride)| stride).collect();
        let (row_stride, column_stride) = match strides[..] {
            [row, column] => (row, column),
            // One axis is left, because neighbours of a contiguous tensor are joined, or because the other has length 1.
            [stride] if shape[1] == 1 => (stride, 1),
            [stride] => (stride * shape[1] as isize, stride),
            _ => (shape[1] as isize, 1),
        };
        Ok(Integers {
            origin: self.origin.cast_const(),
            dtype: self.dtype(),
            rows: shape[0],
            columns: shape[1],
            row_stride,
            column_stride,
            memory: PhantomData,
        })
    }

    /// All elements in row-major order. Takes u8, u16, i32 and i64. Condition: DTYPE.
    pub(crate) fn whole_numbers(&self) -> Result<Vec<i64>> {
        self.expect_dtype(&WHOLE)?;
        let mut out = vec![0i64; self.len()];
        // SAFETY: each arm reads the element type that the dtype announces.
        unsafe {
            match self.dtype() {
                Dtype::U8 => self.copy(&mut out, |v: u8| i64::from(v)),
                Dtype::U16 => self.copy(&mut out, |v: u16| i64::from(v)),
                Dtype::I32 => self.copy(&mut out, |v: i32| i64::from(v)),
                _ => self.copy(&mut out, |v: i64| v),
            }
        }
        Ok(out)
    }
}

impl<'a> Integers<'a> {
    /// Number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    /// These columns of a row; `room` has space for them.
    #[allow(clippy::disallowed_methods)] // The reader of a host's matrix.
    pub(crate) fn piece<'b>(&self, row: usize, columns: Range<usize>, room: &'b mut [i32]) -> Piece<'b>
    where
        'a: 'b,
    {
        assert!(row < self.rows && columns.start <= columns.end && columns.end <= self.columns);
        let len = columns.len();
        if len == 0 {
            return Piece::Long(&[]);
        }
        let at = row as isize * self.row_stride + columns.start as isize * self.column_stride;
        let start = self.origin.wrapping_offset(at * self.dtype.size() as isize);
        // SAFETY: `len` elements from (row, columns.start) on, `column_stride` apart, inside the tensor; the type is that of
        // the dtype.
        unsafe {
            match self.dtype {
                Dtype::U16 if self.column_stride == 1 => {
                    Piece::Short(std::slice::from_raw_parts(start.cast(), len))
                }
                Dtype::I32 if self.column_stride == 1 => {
                    Piece::Long(std::slice::from_raw_parts(start.cast(), len))
                }
                Dtype::U8 => self.convert::<u8>(start, &mut room[..len]),
                Dtype::U16 => self.convert::<u16>(start, &mut room[..len]),
                Dtype::I32 => self.convert::<i32>(start, &mut room[..len]),
                _ => self.convert::<i64>(start, &mut room[..len]),
            }
        }
    }

    /// # Safety
    /// As many elements of type `S` as there is room for lie at `start`, `column_stride` apart.
    unsafe fn convert<'b, S: Element>(&self, start: *const u8, room: &'b mut [i32]) -> Piece<'b> {
        for (j, out) in (0..).zip(room.iter_mut()) {
            // SAFETY: the caller's promise.
            let v = unsafe { start.cast::<S>().offset(j * self.column_stride).read() };
            *out = v.to_i64().and_then(|v| i32::try_from(v).ok()).unwrap_or(-1);
        }
        Piece::Long(room)
    }
}
