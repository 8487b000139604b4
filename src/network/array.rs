//! Constant numbers of a layer.

/// Constant numbers of a layer, kept exactly in the precision in which they were given.
#[derive(Clone, Debug, PartialEq)]
pub enum Array {
    /// Single precision.
    F32(Vec<f32>),
    /// Double precision.
    F64(Vec<f64>),
}

impl Array {
    /// Number of elements.
    pub fn len(&self) -> usize {
        match self {
            Array::F32(v) => v.len(),
            Array::F64(v) => v.len(),
        }
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the numbers are kept in single precision.
    pub fn is_f32(&self) -> bool {
        matches!(self, Array::F32(_))
    }

    /// Element `i`, exactly.
    #[inline]
    pub fn get(&self, i: usize) -> f64 {
        match self {
            Array::F32(v) => f64::from(v[i]),
            Array::F64(v) => v[i],
        }
    }

    /// All elements, exactly.
    pub fn to_f64(&self) -> Vec<f64> {
        match self {
            Array::F32(v) => v.iter().map(|&x| f64::from(x)).collect(),
            Array::F64(v) => v.clone(),
        }
    }

    /// Index of the first NaN or infinity.
    pub(crate) fn first_non_finite(&self) -> Option<usize> {
        match self {
            Array::F32(v) => v.iter().position(|x| !x.is_finite()),
            Array::F64(v) => v.iter().position(|x| !x.is_finite()),
        }
    }
}

impl From<Vec<f32>> for Array {
    fn from(v: Vec<f32>) -> Self {
        Array::F32(v)
    }
}

impl From<Vec<f64>> for Array {
    fn from(v: Vec<f64>) -> Self {
        Array::F64(v)
    }
}
