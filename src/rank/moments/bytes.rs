//! The state as bytes, for files and for other processes.
//!
//! Version 1, little-endian, every field 8 bytes:
//!
//! | field | type | what |
//! |---|---|---|
//! | magic | 8 bytes | `CPWLMOM1`: the last character is the version |
//! | rows | u64 | N |
//! | columns | u64 | K |
//! | exponent | i64 | e: what follows is in units of 2^e |
//! | mean | K f64 | mu |
//! | co-moment | K (K + 1) / 2 f64 | C, upper triangle, row after row |
//! | checksum | u64 | FNV-1a (offset 0xcbf29ce484222325, prime 0x100000001b3) over the 8-byte words before it |

use super::Moments;
use crate::context::Context;
use crate::error::{Result, bail};

const MAGIC: &[u8; 8] = b"CPWLMOM1";

/// Words of a state of `columns` features; `None` if they are too many for the address space.
fn words(columns: usize) -> Option<usize> {
    columns.checked_add(1)?.checked_mul(columns)?.checked_div(2)?.checked_add(columns)?.checked_add(5)
}

fn checksum(bytes: &[u8]) -> u64 {
    let words = bytes.as_chunks::<8>().0.iter().map(|w| u64::from_le_bytes(*w));
    words.fold(0xcbf2_9ce4_8422_2325, |hash, word| (hash ^ word).wrapping_mul(0x0100_0000_01b3))
}

impl Moments {
    /// Length of [`Moments::to_bytes`]: 8 (K (K + 3) / 2 + 5).
    pub fn bytes_len(&self) -> usize {
        // No overflow: the state itself is larger.
        8 * words(self.columns()).unwrap_or(0)
    }

    /// The state as bytes of the versioned layout at the top of `src/rank/moments/bytes.rs`: rows, mean and centred second
    /// moments. A shift that the caller gave is not part of it. Condition: MEMORY.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        if bytes.try_reserve_exact(self.bytes_len()).is_err() {
            bail!(Memory, "bytes of the state: no memory for {} bytes", self.bytes_len())
        }
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&self.rows.to_le_bytes());
        bytes.extend_from_slice(&(self.columns() as u64).to_le_bytes());
        bytes.extend_from_slice(&i64::from(self.exponent).to_le_bytes());
        let mut put = |x: f64| bytes.extend_from_slice(&x.to_le_bytes());
        if self.rows == 0 {
            (4..words(self.columns()).unwrap_or(0) - 1).for_each(|_| put(0.0));
        } else {
            self.scaled_mean().for_each(&mut put);
            let entry = self.entries(true);
            for i in 0..self.columns() {
                self.gram.row(i).iter().enumerate().for_each(|(k, &g)| put(entry(i, i + k, g)));
            }
        }
        let sum = checksum(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        Ok(bytes)
    }

    /// The state that [`Moments::to_bytes`] wrote, on this machine or another. Conditions: MALFORMED (not such bytes, another
    /// version, cut short, or changed), MEMORY, MEMORY_LIMIT.
    pub fn from_bytes(ctx: &Context, bytes: &[u8]) -> Result<Self> {
        if bytes.len() < 40 || bytes[..7] != MAGIC[..7] {
            bail!(Malformed, "bytes: {} of them, not a state of second moments", bytes.len())
        }
        if bytes[7] != MAGIC[7] {
            bail!(
                Malformed,
                "bytes: version '{}' of the layout; this library reads '1'",
                bytes[7].escape_ascii()
            )
        }
        let all = bytes.as_chunks::<8>().0;
        let word = |i: usize| u64::from_le_bytes(all[i]);
        let (rows, exponent) = (word(1), word(3) as i64);
        let columns = usize::try_from(word(2)).ok().filter(|&k| k > 0);
        let Some(columns) = columns.filter(|&k| words(k).and_then(|w| w.checked_mul(8)) == Some(bytes.len()))
        else {
            bail!(Malformed, "bytes: {} of them do not hold the state of {} columns", bytes.len(), word(2))
        };
        if word(all.len() - 1) != checksum(&bytes[..bytes.len() - 8]) {
            bail!(Malformed, "bytes: the checksum does not fit, they have changed since they were written")
        }
        let values = all[4..all.len() - 1].iter().map(|w| f64::from_le_bytes(*w));
        if !(-1074..=1024).contains(&exponent) || !values.clone().all(|x| x.is_finite()) {
            bail!(Malformed, "bytes: exponent {exponent}, or a number that is not finite")
        }
        let mut moments = Moments::new(ctx, columns)?;
        moments.rows = rows;
        moments.exponent = exponent as i32;
        let mut values = values;
        let shift = moments.shift.iter_mut();
        shift.zip(&mut values).for_each(|(a, x)| *a = x);
        for i in 0..columns {
            moments.gram.row_mut(i).iter_mut().zip(&mut values).for_each(|(g, x)| *g = x);
        }
        if rows == 0 && !moments.is_blank() {
            bail!(Malformed, "bytes: second moments of no rows that are not 0")
        }
        Ok(moments)
    }
}
