//! One error type for the whole house: a stable [`Condition`], the [`Status`] it maps to, and a sentence.
//!
//! Rooms return [`Error`]; `ffi` turns it into a status code and the thread's last-error text. The text always
//! begins with the condition in brackets, so that a host in any language can match on a stable word.

use std::fmt;

/// Status codes of the C ABI. Codes are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Status {
    /// The call succeeded.
    Ok = 0,
    /// An argument is not in its documented range.
    Argument = 1,
    /// Shapes do not fit together.
    Shape = 2,
    /// A tensor has a data type that this call does not take.
    Dtype = 3,
    /// A NaN or an infinity where a finite number is needed.
    Nonfinite = 4,
    /// Well-formed, but outside what this version does.
    Unsupported = 5,
    /// A numerical method did not reach its guarantee.
    Numeric = 6,
    /// A limit set by the caller (`max_regions`, memory limit) was reached.
    Limit = 7,
    /// Memory could not be had.
    Memory = 8,
    /// The cancel callback asked to stop.
    Cancelled = 9,
    /// A device is missing or failed.
    Device = 10,
    /// A file could not be read or written.
    Io = 11,
    /// The guarantee that was asked for could not be given.
    Certify = 12,
    /// A bug in this library: a panic was caught at the boundary.
    Panic = 13,
}

macro_rules! conditions {
    ($($(#[$doc:meta])* $variant:ident = $word:literal => $status:ident,)*) => {
        /// Stable names of everything that can go wrong; each belongs to exactly one [`Status`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Condition { $($(#[$doc])* $variant,)* }

        impl Condition {
            /// Every condition, in the order of the table.
            pub const ALL: &'static [Condition] = &[$(Condition::$variant,)*];

            /// The stable word that opens the error text.
            pub fn word(self) -> &'static str {
                match self { $(Condition::$variant => $word,)* }
            }

            /// The status code that the C ABI returns.
            pub fn status(self) -> Status {
                match self { $(Condition::$variant => Status::$status,)* }
            }
        }
    };
}

conditions! {
    /// An argument is out of its documented range.
    Argument = "ARGUMENT" => Argument,
    /// A required pointer is NULL.
    Null = "NULL" => Argument,
    /// An enum value is not one that this version knows.
    UnknownEnum = "UNKNOWN_ENUM" => Argument,
    /// `struct_size` is smaller than the first version of the struct.
    StructSize = "STRUCT_SIZE" => Argument,
    /// The caller's struct carries options that this version does not know.
    UnknownOption = "UNKNOWN_OPTION" => Unsupported,
    /// A domain without interior: fewer than three vertices, zero area, or an empty box.
    ZeroArea = "ZERO_AREA" => Argument,
    /// A polygon whose sides cross each other.
    SelfIntersecting = "SELF_INTERSECTING" => Argument,
    /// A polygon that is simple but not convex.
    NonConvex = "NON_CONVEX" => Unsupported,
    /// Slice axes (or anchors) that do not span a plane.
    DependentAxes = "DEPENDENT_AXES" => Argument,
    /// A region without points: no vertices, or no region at all.
    EmptyRegion = "EMPTY_REGION" => Argument,
    /// A region that is no set: a negative radius or size.
    BadRegion = "BAD_REGION" => Argument,
    /// A layer that would have to be shifted has no bias.
    NoBias = "NO_BIAS" => Unsupported,
    /// A unit that no bias can keep on one affine piece: its function is not piecewise linear, or biases are tied.
    ActNotCpwl = "ACT_NOT_CPWL" => Unsupported,
    /// A unit whose input is unbounded on both sides over the region.
    UnboundedBoth = "UNBOUNDED_BOTH" => Unsupported,
    /// Shapes that do not fit together.
    Shape = "SHAPE" => Shape,
    /// A region whose dimension is not that of the input.
    DimMismatch = "DIM_MISMATCH" => Shape,
    /// Wrong number of dimensions, or a matrix of too low a rank.
    Rank = "RANK" => Shape,
    /// Memory that does not start at a multiple of the element size.
    Misaligned = "MISALIGNED" => Argument,
    /// An output whose elements share memory with each other or with an input.
    Overlap = "OVERLAP" => Argument,
    /// A data type that this call does not take.
    Dtype = "DTYPE" => Dtype,
    /// NaN or infinity in the input.
    Nonfinite = "NONFINITE" => Nonfinite,
    /// A layer, operator or option outside what this version does.
    Unsupported = "UNSUPPORTED" => Unsupported,
    /// An ONNX operator that is not continuous piecewise linear, or not known.
    UnsupportedOperator = "UNSUPPORTED_OPERATOR" => Unsupported,
    /// An ONNX file that keeps its weights in another file.
    ExternalData = "EXTERNAL_DATA" => Unsupported,
    /// A network graph with a cycle or a dangling edge.
    Graph = "GRAPH" => Argument,
    /// Bytes that are not a valid file of the announced format.
    Malformed = "MALFORMED" => Argument,
    /// A part of the result that was not asked for when it was computed.
    NotStored = "NOT_STORED" => Argument,
    /// Fewer samples than a statistic is defined for.
    TooFew = "TOO_FEW" => Shape,
    /// A statistic that these data do not have, as a correlation of a constant.
    Undefined = "UNDEFINED" => Numeric,
    /// A median distance of 0, from which no bandwidth follows.
    ZeroMedian = "ZERO_MEDIAN" => Numeric,
    /// A numerical method did not reach its guarantee.
    Numeric = "NUMERIC" => Numeric,
    /// More regions than `max_regions`.
    MaxRegions = "MAX_REGIONS" => Limit,
    /// The memory limit of the context would be exceeded.
    MemoryLimit = "MEMORY_LIMIT" => Limit,
    /// An allocation failed.
    Memory = "MEMORY" => Memory,
    /// Stopped by the cancel callback.
    Cancelled = "CANCELLED" => Cancelled,
    /// A device is missing or failed.
    Device = "DEVICE" => Device,
    /// A file could not be read or written.
    Io = "IO" => Io,
    /// The requested guarantee could not be given.
    NotCertified = "NOT_CERTIFIED" => Certify,
    /// A bug in this library.
    Panic = "PANIC" => Panic,
}

/// What went wrong: a stable condition and a sentence that names the argument, its value and what was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    condition: Condition,
    message: String,
}

/// The result of everything that can fail.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A new error; `message` names the argument, the value and what was expected.
    pub fn new(condition: Condition, message: impl Into<String>) -> Self {
        Error { condition, message: message.into() }
    }

    /// The stable condition.
    pub fn condition(&self) -> Condition {
        self.condition
    }

    /// The status that the C ABI returns for it.
    pub fn status(&self) -> Status {
        self.condition.status()
    }

    /// The sentence, without the condition.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}", self.condition.word(), self.message)
    }
}

impl std::error::Error for Error {}

/// `bail!(Shape, "dense: weight is {}x{}", ..)` returns an [`Error`] with that condition.
macro_rules! bail {
    ($condition:ident, $($arg:tt)*) => {
        return Err($crate::error::Error::new($crate::error::Condition::$condition, format!($($arg)*)))
    };
}
pub(crate) use bail;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_unique_and_open_the_text() {
        let mut words: Vec<_> = Condition::ALL.iter().map(|c| c.word()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Condition::ALL.len());
        let e = Error::new(Condition::Rank, "x has 3 dimensions; expected 2");
        assert_eq!(e.to_string(), "[RANK] x has 3 dimensions; expected 2");
        assert_eq!(e.status(), Status::Shape);
    }
}
