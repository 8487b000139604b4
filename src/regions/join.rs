//! From what the tasks wrote to the arrays of a result.

use crate::buffer::{Buffer, Plain};
use crate::context::Meter;
use crate::error::Result;

/// Joins one field of all sinks into a buffer and frees it there.
pub(crate) fn join<S, T: Plain>(
    sinks: &mut [S],
    meter: &Meter,
    what: &str,
    field: impl Fn(&mut S) -> &mut Vec<T>,
) -> Result<Buffer<T>> {
    let len = sinks.iter_mut().map(|s| field(s).len()).sum();
    let mut all = meter.buffer(len, what)?;
    let mut at = 0;
    for sink in sinks {
        let part = std::mem::take(field(sink));
        all[at..at + part.len()].copy_from_slice(&part);
        at += part.len();
        meter.release(part.capacity() * size_of::<T>());
    }
    Ok(all)
}

pub(crate) fn copied<T: Plain>(from: &[T], meter: &Meter, what: &str) -> Result<Buffer<T>> {
    let mut buffer = meter.buffer(from.len(), what)?;
    buffer.copy_from_slice(from);
    Ok(buffer)
}
