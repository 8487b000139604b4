//! Strided borrowed tensors of any supported data type; the only place that indexes a host's memory.
//!
//! A [`TensorRef`] is read with [`TensorRef::read`], which borrows the host's memory when it already is what is
//! needed and converts into a [`Buffer`] otherwise. A [`TensorMut`] is written with [`TensorMut::write`]. Messages
//! name the tensor as the caller knows it.
#![allow(clippy::disallowed_methods)] // The reader of a host's tensors.

mod dtype;
mod integers;
mod layout;
mod matrix;

use std::marker::PhantomData;
use std::ops::{Deref, Range};

use crate::buffer::Buffer;
use crate::context::Meter;
use crate::error::{Result, bail};
pub use dtype::{Dtype, Element, Float};
use half::{bf16, f16};
pub(crate) use integers::{Integers, Piece};
use layout::Layout;
pub(crate) use matrix::Matrix;

/// A tensor as a host describes it, not checked yet.
#[derive(Clone, Copy, Debug)]
pub struct RawTensor<'a> {
    /// Start of the memory; NULL only if there are no elements.
    pub data: *mut u8,
    /// Bytes from `data` to the element with index 0, 0, ...
    pub byte_offset: i64,
    /// Data type.
    pub dtype: Dtype,
    /// Lengths of the axes.
    pub shape: &'a [i64],
    /// Strides in elements, as many as axes; `None` = row-major.
    pub strides: Option<&'a [i64]>,
}

/// What a tensor looks like: common to [`TensorRef`] and [`TensorMut`].
#[derive(Debug)]
pub struct Tensor<'a> {
    name: &'a str,
    /// Address of the element with index 0, 0, ...
    origin: *mut u8,
    dtype: Dtype,
    layout: Layout,
}

impl<'a> Tensor<'a> {
    fn new(name: &'a str, raw: &RawTensor) -> Result<Self> {
        let size = raw.dtype.size();
        let layout = Layout::new(name, size, raw.shape, raw.strides)?;
        let Ok(offset) = usize::try_from(raw.byte_offset) else {
            bail!(Argument, "{name}: byte_offset is {}; expected 0 or more", raw.byte_offset)
        };
        if layout.len > 0 {
            if raw.data.is_null() {
                bail!(Null, "{name}: data is NULL, but the tensor has {} elements", layout.len)
            }
            let origin = raw.data.addr().checked_add(offset);
            let inside = |origin: usize| {
                let low = origin.checked_add_signed(layout.span.0 * size as isize)?;
                let end = origin.checked_add_signed(layout.span.1 * size as isize)?.checked_add(size)?;
                (low > 0 && end <= isize::MAX as usize).then_some(origin)
            };
            match origin.and_then(inside) {
                None => bail!(Shape, "{name}: its elements reach beyond the address space"),
                Some(origin) if !origin.is_multiple_of(size) => bail!(
                    Misaligned,
                    "{name}: data + byte_offset is {origin:#x}; {} needs a multiple of {size}",
                    raw.dtype.name()
                ),
                Some(_) => (),
            }
        }
        Ok(Tensor { name, origin: raw.data.wrapping_add(offset), dtype: raw.dtype, layout })
    }

    /// A row-major tensor of the `len` elements at `data`.
    fn over<T: Element>(name: &'a str, data: *mut T, len: usize, shape: &[usize]) -> Result<Self> {
        let lengths: Vec<i64> = shape.iter().map(|&n| i64::try_from(n).unwrap_or(i64::MAX)).collect();
        let raw =
            RawTensor { data: data.cast(), byte_offset: 0, dtype: T::DTYPE, shape: &lengths, strides: None };
        let tensor = Tensor::new(name, &raw)?;
        if tensor.len() != len {
            bail!(Shape, "{name}: {len} values do not have shape {shape:?}")
        }
        Ok(tensor)
    }

    /// Its name in messages.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// Data type of the elements.
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// Lengths of the axes.
    pub fn shape(&self) -> &[usize] {
        &self.layout.shape
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.layout.len
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.layout.len == 0
    }

    /// `Err` with condition RANK unless there are `rank` axes; `meaning` says what they are, as "(n, 2)".
    pub fn expect_rank(&self, rank: usize, meaning: &str) -> Result<()> {
        match self.shape().len() {
            n if n == rank => Ok(()),
            n => bail!(Rank, "{} has {n} axes; expected {rank}: {meaning}", self.name),
        }
    }

    /// `Err` with condition RANK or SHAPE unless the shape is `shape`; `meaning` says what the axes are.
    pub fn expect_shape(&self, shape: &[usize], meaning: &str) -> Result<()> {
        self.expect_rank(shape.len(), meaning)?;
        if self.shape() != shape {
            bail!(Shape, "{} has shape {:?}; expected {shape:?}: {meaning}", self.name, self.shape())
        }
        Ok(())
    }

    /// `Err` with condition DTYPE unless the data type is one of `dtypes`.
    pub fn expect_dtype(&self, dtypes: &[Dtype]) -> Result<()> {
        if dtypes.contains(&self.dtype) {
            return Ok(());
        }
        let names: Vec<_> = dtypes.iter().map(|d| d.name()).collect();
        bail!(Dtype, "{} has dtype {}; expected {}", self.name, self.dtype.name(), names.join(", "))
    }

    /// Addresses of the bytes in which its elements lie.
    fn bytes(&self) -> Range<usize> {
        let size = self.dtype.size() as isize;
        let at = |k: isize| self.origin.addr().wrapping_add_signed(k * size);
        if self.is_empty() { 0..0 } else { at(self.layout.span.0)..at(self.layout.span.1 + 1) }
    }
}

/// A tensor to read.
#[derive(Debug)]
pub struct TensorRef<'a> {
    tensor: Tensor<'a>,
    memory: PhantomData<&'a [u8]>,
}

impl<'a> Deref for TensorRef<'a> {
    type Target = Tensor<'a>;
    fn deref(&self) -> &Tensor<'a> {
        &self.tensor
    }
}

/// Numbers in row-major order: the host's own, or converted.
#[derive(Debug)]
pub enum Values<'a, T: Float> {
    /// The host's memory.
    Borrowed(&'a [T]),
    /// A converted copy.
    Owned(Buffer<T>),
}

impl<T: Float> Deref for Values<'_, T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        match self {
            Values::Borrowed(v) => v,
            Values::Owned(v) => v,
        }
    }
}

impl<'a> TensorRef<'a> {
    /// Checks a host's description. Negative and zero strides are fine.
    ///
    /// # Safety
    /// Every element that shape and strides reach can be read, and is not written, for `'a`.
    pub unsafe fn from_raw(name: &'a str, raw: &RawTensor) -> Result<Self> {
        Ok(TensorRef { tensor: Tensor::new(name, raw)?, memory: PhantomData })
    }

    /// A row-major tensor of `values`.
    pub fn from_slice<T: Element>(name: &'a str, values: &'a [T], shape: &[usize]) -> Result<Self> {
        let tensor = Tensor::over(name, values.as_ptr().cast_mut(), values.len(), shape)?;
        Ok(TensorRef { tensor, memory: PhantomData })
    }

    /// All elements in row-major order in precision `T`; all must be finite. Takes f32, f64, f16 and bf16. A
    /// contiguous tensor of `T` is borrowed, any other is converted into a buffer charged to `meter`. O(elements).
    pub fn read<T: Float>(&self, meter: &Meter) -> Result<Values<'a, T>> {
        self.expect_dtype(&[Dtype::F32, Dtype::F64, Dtype::F16, Dtype::Bf16])?;
        let values = if self.dtype() == T::DTYPE && self.layout.is_contiguous() {
            let data =
                if self.is_empty() { std::ptr::dangling() } else { self.origin.cast::<T>().cast_const() };
            // SAFETY: aligned, `len` elements one after the other that can be read for 'a (`from_raw`).
            Values::Borrowed(unsafe { std::slice::from_raw_parts(data, self.len()) })
        } else {
            let mut buffer = meter.buffer::<T>(self.len(), self.name)?;
            // SAFETY: each arm reads the element type that the dtype announces.
            unsafe {
                match self.dtype() {
                    Dtype::F64 => self.copy(&mut buffer, T::from_element::<f64>),
                    Dtype::F16 => self.copy(&mut buffer, T::from_element::<f16>),
                    Dtype::Bf16 => self.copy(&mut buffer, T::from_element::<bf16>),
                    _ => self.copy(&mut buffer, T::from_element::<f32>),
                }
            }
            Values::Owned(buffer)
        };
        // No early exit, so that the loop is vectorised.
        if !values.iter().fold(true, |ok, &v| ok & v.is_finite()) {
            let k = values.iter().position(|v| !v.is_finite()).unwrap_or(0);
            let (name, index, dtype) = (self.name, self.layout.index(k), T::DTYPE.name());
            bail!(Nonfinite, "{name}[{index}] is {:?}; expected a finite {dtype} number", values[k])
        }
        Ok(values)
    }

    /// All elements in row-major order as integers. Takes i32, i64 and u8.
    pub fn integers(&self) -> Result<Vec<i64>> {
        self.expect_dtype(&[Dtype::I32, Dtype::I64, Dtype::U8])?;
        let mut values = vec![0; self.len()];
        // SAFETY: each arm reads the element type that the dtype announces.
        unsafe {
            match self.dtype() {
                Dtype::I32 => self.copy(&mut values, |v: i32| i64::from(v)),
                Dtype::U8 => self.copy(&mut values, |v: u8| i64::from(v)),
                _ => self.copy(&mut values, |v: i64| v),
            }
        }
        Ok(values)
    }

    /// All elements in row-major order in f64, NaN and infinities and all. Takes f32, f64, f16 and bf16.
    pub fn floats(&self) -> Result<Vec<f64>> {
        self.expect_dtype(&[Dtype::F32, Dtype::F64, Dtype::F16, Dtype::Bf16])?;
        let mut values = vec![0.0; self.len()];
        // SAFETY: as above.
        unsafe {
            match self.dtype() {
                Dtype::F64 => self.copy(&mut values, |v: f64| v),
                Dtype::F16 => self.copy(&mut values, |v: f16| v.to_f64()),
                Dtype::Bf16 => self.copy(&mut values, |v: bf16| v.to_f64()),
                _ => self.copy(&mut values, |v: f32| f64::from(v)),
            }
        }
        Ok(values)
    }

    /// The elements where the host keeps them, if they are of type `T` and lie one after the other. Nothing is checked: they
    /// may be NaN.
    pub fn contiguous<T: Element>(&self) -> Option<&'a [T]> {
        if self.dtype() != T::DTYPE || !self.layout.is_contiguous() {
            return None;
        }
        if self.is_empty() {
            return Some(&[]);
        }
        // SAFETY: aligned, `len` elements one after the other that can be read for 'a (`from_raw`).
        Some(unsafe { std::slice::from_raw_parts(self.origin.cast::<T>().cast_const(), self.len()) })
    }

    /// # Safety
    /// `S` is the element type of the data type.
    unsafe fn copy<S: Element, T>(&self, out: &mut [T], convert: impl Fn(S) -> T) {
        let mut out = out.iter_mut();
        let origin = self.origin.cast::<S>().cast_const();
        self.layout.runs(|offset, count, stride| {
            for (i, out) in (0..count as isize).zip(&mut out) {
                // SAFETY: aligned, and inside what `from_raw` was promised to be readable.
                *out = convert(unsafe { origin.offset(offset + i * stride).read() });
            }
        });
    }
}

/// A tensor to write.
#[derive(Debug)]
pub struct TensorMut<'a> {
    tensor: Tensor<'a>,
    memory: PhantomData<&'a mut [u8]>,
}

impl<'a> Deref for TensorMut<'a> {
    type Target = Tensor<'a>;
    fn deref(&self) -> &Tensor<'a> {
        &self.tensor
    }
}

impl<'a> TensorMut<'a> {
    /// Checks a host's description. Negative strides are fine; strides that name an element twice are refused with
    /// condition OVERLAP (so are some exotic interleaved ones that do not).
    ///
    /// # Safety
    /// Every element that shape and strides reach can be written, and nothing else reads or writes it, for `'a`.
    pub unsafe fn from_raw(name: &'a str, raw: &RawTensor) -> Result<Self> {
        let tensor = Tensor::new(name, raw)?;
        if tensor.layout.may_repeat() {
            let (shape, strides) = (tensor.shape(), layout::with(raw.strides));
            bail!(Overlap, "{name}: shape {shape:?}{strides} names some elements twice")
        }
        Ok(TensorMut { tensor, memory: PhantomData })
    }

    /// A row-major tensor over `values`.
    pub fn from_slice<T: Element>(name: &'a str, values: &'a mut [T], shape: &[usize]) -> Result<Self> {
        let tensor = Tensor::over(name, values.as_mut_ptr(), values.len(), shape)?;
        Ok(TensorMut { tensor, memory: PhantomData })
    }

    /// `Err` with condition OVERLAP if the memory of `input` lies between the first and the last element.
    pub fn expect_apart(&self, input: &Tensor) -> Result<()> {
        let (out, input_bytes) = (self.bytes(), input.bytes());
        if out.start < input_bytes.end && input_bytes.start < out.end {
            bail!(Overlap, "{} lies in the memory of {}", self.name, input.name)
        }
        Ok(())
    }

    /// The elements as a slice, if they are of type `T` and lie one after the other.
    pub fn contiguous<T: Element>(&mut self) -> Option<&mut [T]> {
        if self.dtype() != T::DTYPE || self.is_empty() || !self.layout.is_contiguous() {
            return None;
        }
        // SAFETY: aligned, `len` elements one after the other that only we use (`from_raw`).
        Some(unsafe { std::slice::from_raw_parts_mut(self.origin.cast(), self.len()) })
    }

    /// Writes all elements, given in row-major order. Floats go to f32 and f64 (rounded to nearest), integers to any
    /// integer type that holds them all (condition DTYPE otherwise). Nothing is written on error.
    pub fn write<T: Element>(&mut self, values: &[T]) -> Result<()> {
        if values.len() != self.len() {
            bail!(Shape, "{} has {} elements; expected {}", self.name, self.len(), values.len())
        }
        let float = matches!(T::DTYPE, Dtype::F32 | Dtype::F64 | Dtype::F16 | Dtype::Bf16);
        if float {
            self.expect_dtype(&[Dtype::F32, Dtype::F64])?;
        } else {
            self.expect_dtype(&[Dtype::I32, Dtype::I64, Dtype::U8])?;
            let range = match self.dtype() {
                Dtype::U8 => 0..=255,
                Dtype::I32 => i64::from(i32::MIN)..=i64::from(i32::MAX),
                _ => i64::MIN..=i64::MAX,
            };
            if let Some(v) = values.iter().filter_map(|v| v.to_i64()).find(|v| !range.contains(v)) {
                bail!(Dtype, "{} has dtype {}, which does not hold {v}", self.name, self.dtype().name())
            }
        }
        let int = |v: T| v.to_i64().unwrap_or_default();
        // SAFETY: each arm writes the element type that the dtype announces.
        unsafe {
            match self.dtype() {
                Dtype::F32 => self.copy(values, T::to_f32),
                Dtype::F64 => self.copy(values, T::to_f64),
                Dtype::I32 => self.copy(values, |v| int(v) as i32),
                Dtype::U8 => self.copy(values, |v| int(v) as u8),
                _ => self.copy(values, int),
            }
        }
        Ok(())
    }

    /// # Safety
    /// `S` is the element type of the data type.
    unsafe fn copy<T: Copy, S: Element>(&mut self, values: &[T], convert: impl Fn(T) -> S) {
        let mut values = values.iter();
        let origin = self.origin.cast::<S>();
        self.layout.runs(|offset, count, stride| {
            for (i, &v) in (0..count as isize).zip(&mut values) {
                // SAFETY: aligned, and inside what `from_raw` was promised to be writable.
                unsafe { origin.offset(offset + i * stride).write(convert(v)) };
            }
        });
    }
}

#[cfg(test)]
mod tests;
