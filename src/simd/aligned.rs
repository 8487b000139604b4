//! Vectors of f64 on cache-line boundaries.
#![allow(clippy::disallowed_methods)] // Owns cache-line aligned memory.

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([f64; 8]);

/// A zero-initialised vector of f64 whose storage starts on a 64-byte boundary.
#[derive(Clone, Default)]
pub(crate) struct Aligned {
    lines: Vec<Line>,
    len: usize,
}

impl Aligned {
    pub(crate) fn zeros(len: usize) -> Self {
        Aligned { lines: vec![Line([0.0; 8]); len.div_ceil(8)], len }
    }
}

impl std::ops::Deref for Aligned {
    type Target = [f64];
    fn deref(&self) -> &[f64] {
        // SAFETY: `Line` is 8 consecutive f64 without padding, and len <= 8 * lines.len().
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }
}

impl std::ops::DerefMut for Aligned {
    fn deref_mut(&mut self) -> &mut [f64] {
        // SAFETY: as above, and the borrow is unique.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) }
    }
}

/// `n` rounded up to whole cache lines of f64.
pub(crate) fn padded(n: usize) -> usize {
    n.next_multiple_of(8)
}
