//! Constant tensors of a file, in their own precision.

use half::{bf16, f16};

use super::messages::{self, dtype};
use crate::error::{Result, bail};
use crate::network::array::Array;

/// Constant numbers with a shape (row-major).
#[derive(Clone, Debug)]
pub(super) struct Tensor {
    pub dims: Vec<usize>,
    pub data: Data,
}

/// The numbers of a [`Tensor`].
#[derive(Clone, Debug)]
pub(super) enum Data {
    /// Weights and the like. Half precision is widened, which is exact.
    Floats(Array),
    /// Sizes, axes, indices; `None` is the batch size, which is known at run time only.
    Ints(Vec<Option<i64>>),
}

impl Data {
    /// The elements at `indices`.
    pub fn pick(&self, indices: impl Iterator<Item = usize>) -> Data {
        match self {
            Data::Floats(a) => Data::Floats(gather(a, indices)),
            Data::Ints(v) => Data::Ints(indices.map(|i| v[i]).collect()),
        }
    }
}

/// Most elements of one constant.
const MAX_ELEMENTS: usize = i32::MAX as usize;

impl Tensor {
    /// Integers along one axis.
    pub fn ints(v: Vec<Option<i64>>) -> Self {
        Tensor { dims: vec![v.len()], data: Data::Ints(v) }
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        match &self.data {
            Data::Floats(a) => a.len(),
            Data::Ints(v) => v.len(),
        }
    }

    /// The numbers, if they are floating-point.
    pub fn floats(&self) -> Result<&Array> {
        match &self.data {
            Data::Floats(a) => Ok(a),
            Data::Ints(_) => bail!(Dtype, "a constant of integers; expected floating-point numbers"),
        }
    }

    /// The numbers, if they are integers that are known before run time.
    pub fn integers(&self) -> Result<Vec<i64>> {
        match &self.data {
            Data::Ints(v) => match v.iter().copied().collect() {
                Some(v) => Ok(v),
                None => bail!(Unsupported, "integers that depend on the batch size; expected constants"),
            },
            Data::Floats(_) => bail!(Dtype, "a constant of floating-point numbers; expected integers"),
        }
    }

    /// The one number of a constant with one element.
    pub fn scalar(&self) -> Result<f64> {
        match (&self.data, self.len()) {
            (Data::Floats(a), 1) => Ok(a.get(0)),
            _ => bail!(Shape, "a constant of shape {:?}; expected one floating-point number", self.dims),
        }
    }

    /// Reads a tensor of a file. Conditions: EXTERNAL_DATA, MALFORMED, DTYPE, UNSUPPORTED.
    pub fn read(t: &messages::Tensor) -> Result<Self> {
        let name = &t.name;
        if t.data_location != 0 || !t.external_data.is_empty() {
            bail!(
                ExternalData,
                "tensor '{name}' keeps its numbers in another file; save the model with external_data=False"
            )
        }
        if t.segment.is_some() {
            bail!(Unsupported, "tensor '{name}' is stored in segments")
        }
        let multiply = |n: usize, &d: &i64| n.checked_mul(usize::try_from(d).ok()?);
        let Some(n) = t.dims.iter().try_fold(1, multiply).filter(|&n| n <= MAX_ELEMENTS) else {
            bail!(
                Malformed,
                "tensor '{name}' has dimensions {:?}; expected at most {MAX_ELEMENTS} elements",
                t.dims
            )
        };
        let dims = t.dims.iter().map(|&d| d as usize).collect();
        let wide = |v: &Vec<i32>| v.iter().map(|&v| Some(i64::from(v))).collect();
        let data = match t.data_type {
            dtype::FLOAT => Data::Floats(Array::f32(numbers(t, &t.float_data, f32::from_le_bytes)?)),
            dtype::DOUBLE => Data::Floats(Array::f64(numbers(t, &t.double_data, f64::from_le_bytes)?)),
            dtype::FLOAT16 => Data::Floats(Array::f32(halves(t, |bits| f16::from_bits(bits).to_f32())?)),
            dtype::BFLOAT16 => Data::Floats(Array::f32(halves(t, |bits| bf16::from_bits(bits).to_f32())?)),
            dtype::INT64 => {
                Data::Ints(numbers(t, &t.int64_data, i64::from_le_bytes)?.into_iter().map(Some).collect())
            }
            dtype::INT32 => Data::Ints(wide(&numbers(t, &t.int32_data, i32::from_le_bytes)?)),
            dtype::BOOL => Data::Ints(wide(&numbers(t, &t.int32_data, |[b]: [u8; 1]| i32::from(b != 0))?)),
            other => bail!(Dtype, "tensor '{name}' has elements of {}", dtype::name(other)),
        };
        let tensor = Tensor { dims, data };
        if tensor.len() != n {
            bail!(
                Malformed,
                "tensor '{name}' has {} numbers; its dimensions {:?} need {n}",
                tensor.len(),
                t.dims
            )
        }
        Ok(tensor)
    }
}

/// The numbers of a tensor from its raw bytes, or else from the field of its type.
fn numbers<T: Clone, const N: usize>(
    t: &messages::Tensor,
    typed: &[T],
    read: fn([u8; N]) -> T,
) -> Result<Vec<T>> {
    if t.raw_data.is_empty() {
        return Ok(typed.to_vec());
    }
    match t.raw_data.as_chunks::<N>() {
        (numbers, []) => Ok(numbers.iter().map(|&b| read(b)).collect()),
        _ => {
            bail!(Malformed, "tensor '{}' has {} bytes; expected a multiple of {N}", t.name, t.raw_data.len())
        }
    }
}

/// Half-precision numbers: two raw bytes each, or the low 16 bits of 32-bit integers.
fn halves(t: &messages::Tensor, read: impl Fn(u16) -> f32) -> Result<Vec<f32>> {
    let bits = numbers(t, &t.int32_data, |b: [u8; 2]| i32::from(u16::from_le_bytes(b)))?;
    Ok(bits.into_iter().map(|b| read(b as u16)).collect())
}

/// The shape of two tensors combined by the broadcasting rule (aligned at the last axis); `None` if they do not fit.
pub(super) fn broadcast(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
    let rank = a.len().max(b.len());
    let dim = |s: &[usize], axis: usize| (axis + s.len()).checked_sub(rank).map_or(1, |i| s[i]);
    (0..rank)
        .map(|axis| match (dim(a, axis), dim(b, axis)) {
            (x, y) if x == y || y == 1 => Some(x),
            (1, y) => Some(y),
            _ => None,
        })
        .collect()
}

/// For every element of `to`, the element of a tensor of shape `from` that broadcasting puts there; `from` must
/// broadcast to `to`.
pub(super) fn spread(from: &[usize], to: &[usize]) -> impl Iterator<Item = usize> {
    let mut strides = vec![0; to.len()];
    let mut stride = 1;
    for (s, &d) in strides[to.len() - from.len()..].iter_mut().zip(from).rev() {
        *s = if d == 1 { 0 } else { stride };
        stride *= d;
    }
    walk(to.to_vec(), strides)
}

/// For every index of `dims` in row-major order, the sum of index times stride.
pub(super) fn walk(dims: Vec<usize>, strides: Vec<usize>) -> impl Iterator<Item = usize> {
    let len: usize = dims.iter().product();
    let (mut index, mut at) = (vec![0; dims.len()], 0);
    (0..len).map(move |_| {
        let now = at;
        for axis in (0..dims.len()).rev() {
            index[axis] += 1;
            at += strides[axis];
            if index[axis] < dims[axis] {
                break;
            }
            at -= strides[axis] * dims[axis];
            index[axis] = 0;
        }
        now
    })
}

/// The elements of `array` at `indices`, in the same precision.
pub(super) fn gather(array: &Array, indices: impl Iterator<Item = usize>) -> Array {
    match array {
        Array::F32(v) => Array::f32(indices.map(|i| v[i]).collect()),
        Array::F64(v) => Array::f64(indices.map(|i| v[i]).collect()),
    }
}
