//! Workspace that is off the account of a call when it is dropped.

use std::ops::{Deref, DerefMut};

use crate::buffer::{Buffer, Plain};
use crate::context::Meter;
use crate::error::Result;

/// A buffer that is returned to the meter with its memory.
pub(super) struct Work<'a, T: Plain> {
    buffer: Buffer<T>,
    meter: &'a Meter,
}

impl<'a, T: Plain> Work<'a, T> {
    /// `len` zeros. Conditions: MEMORY, MEMORY_LIMIT.
    pub(super) fn zeros(meter: &'a Meter, len: usize) -> Result<Self> {
        Ok(Work { buffer: meter.buffer(len, "eigenvalues: workspace")?, meter })
    }
}

impl<T: Plain> Drop for Work<'_, T> {
    fn drop(&mut self) {
        self.meter.release(size_of_val(&*self.buffer));
    }
}

impl<T: Plain> Deref for Work<'_, T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.buffer
    }
}

impl<T: Plain> DerefMut for Work<'_, T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.buffer
    }
}
