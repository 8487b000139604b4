//! How the signs behind a result were settled.

/// Signs by the stage that settled them. Every sign that decides topology is counted; those of vertices that bulk kernels
/// find on one side are certain in f64.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Signs {
    /// In f64, by a bound of the error.
    pub filter: u64,
    /// In double-double, by a bound of the error.
    pub double: u64,
    /// In exact arithmetic.
    pub exact: u64,
    /// Of those in exact arithmetic, how many were zero: a line through a vertex, or two lines that coincide.
    pub zero: u64,
    /// Smallest |a u + b v + c| / (|a| + |b| + |c|), in local coordinates in which the domain is about [-1, 1]^2, of a
    /// nonzero sign that was looked at on its own; at most 2^-33, because all others are beyond that.
    pub margin: f64,
}

/// Signs taken in bulk are at least this far from 0, relative to the size of their line.
const BULK: f64 = crate::simd::FILTER;

impl Default for Signs {
    fn default() -> Self {
        Signs { filter: 0, double: 0, exact: 0, zero: 0, margin: BULK }
    }
}

impl Signs {
    /// The sum of both.
    pub(crate) fn merge(&mut self, other: &Signs) {
        self.filter += other.filter;
        self.double += other.double;
        self.exact += other.exact;
        self.zero += other.zero;
        self.margin = self.margin.min(other.margin);
    }

    /// Notes a nonzero value of a line of the given size.
    #[inline]
    pub(crate) fn note(&mut self, value: f64, size: f64) {
        let margin = value.abs() / size;
        // Not min(): NaN and a size of 0 say nothing.
        if margin < self.margin {
            self.margin = margin;
        }
    }
}
