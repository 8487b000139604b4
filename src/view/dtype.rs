//! Data types of tensors, and the conversions between them.

use half::{bf16, f16};

use crate::buffer::Plain;

/// The data type of a tensor's elements. The codes are those of the C ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum Dtype {
    /// IEEE single precision.
    F32 = 1,
    /// IEEE double precision.
    F64 = 2,
    /// IEEE half precision.
    F16 = 3,
    /// The upper half of single precision.
    Bf16 = 4,
    /// 32-bit signed integer.
    I32 = 5,
    /// 64-bit signed integer.
    I64 = 6,
    /// 8-bit unsigned integer.
    U8 = 7,
    /// 16-bit unsigned integer.
    U16 = 8,
}

impl Dtype {
    /// Every data type.
    pub const ALL: [Dtype; 8] =
        [Dtype::F32, Dtype::F64, Dtype::F16, Dtype::Bf16, Dtype::I32, Dtype::I64, Dtype::U8, Dtype::U16];

    /// Lower-case name, as in messages.
    pub fn name(self) -> &'static str {
        match self {
            Dtype::F32 => "f32",
            Dtype::F64 => "f64",
            Dtype::F16 => "f16",
            Dtype::Bf16 => "bf16",
            Dtype::I32 => "i32",
            Dtype::I64 => "i64",
            Dtype::U8 => "u8",
            Dtype::U16 => "u16",
        }
    }

    /// Bytes of an element, which is also its alignment.
    pub fn size(self) -> usize {
        match self {
            Dtype::U8 => 1,
            Dtype::F16 | Dtype::Bf16 | Dtype::U16 => 2,
            Dtype::F32 | Dtype::I32 => 4,
            Dtype::F64 | Dtype::I64 => 8,
        }
    }
}

/// A Rust type that is the element of a tensor.
///
/// # Safety
/// Any bytes are a value of the type, and its size and alignment are [`Dtype::size`] of `DTYPE`.
pub unsafe trait Element: Copy + Send + Sync + 'static {
    /// Its data type.
    const DTYPE: Dtype;
    /// The nearest single-precision number.
    fn to_f32(self) -> f32;
    /// The same number in double precision (nearest, for integers beyond 2^53).
    fn to_f64(self) -> f64;
    /// The same number, if it is an integer of that range.
    fn to_i64(self) -> Option<i64>;
}

macro_rules! elements {
    ($($t:ty: $dtype:ident, $x:ident => $f32:expr, $f64:expr, $i64:expr;)*) => {$(
        // SAFETY: a primitive number (or a transparent wrapper of one) of the size in the table above.
        unsafe impl Element for $t {
            const DTYPE: Dtype = Dtype::$dtype;
            fn to_f32(self) -> f32 { let $x = self; $f32 }
            fn to_f64(self) -> f64 { let $x = self; $f64 }
            fn to_i64(self) -> Option<i64> { let $x = self; $i64 }
        }
    )*};
}

elements! {
    f32: F32, x => x, f64::from(x), whole(f64::from(x));
    f64: F64, x => x as f32, x, whole(x);
    f16: F16, x => x.to_f32(), x.to_f64(), whole(x.to_f64());
    bf16: Bf16, x => x.to_f32(), x.to_f64(), whole(x.to_f64());
    i32: I32, x => x as f32, f64::from(x), Some(i64::from(x));
    i64: I64, x => x as f32, x as f64, Some(x);
    u8: U8, x => f32::from(x), f64::from(x), Some(i64::from(x));
    u16: U16, x => f32::from(x), f64::from(x), Some(i64::from(x));
}

fn whole(x: f64) -> Option<i64> {
    (x.trunc() == x && (-2f64.powi(63)..2f64.powi(63)).contains(&x)).then_some(x as i64)
}

/// The two precisions in which the library computes.
pub trait Float: Element + Plain + std::fmt::Debug {
    /// `x` in this precision (nearest).
    fn from_element<E: Element>(x: E) -> Self;
    /// Neither NaN nor infinite.
    fn is_finite(self) -> bool;
}

impl Float for f32 {
    fn from_element<E: Element>(x: E) -> f32 {
        x.to_f32()
    }
    fn is_finite(self) -> bool {
        self.is_finite()
    }
}

impl Float for f64 {
    fn from_element<E: Element>(x: E) -> f64 {
        x.to_f64()
    }
    fn is_finite(self) -> bool {
        self.is_finite()
    }
}
