//! The same in plain loops, for checking: no panels, no tiles, one row at a time.

use super::gram::Gram;
use super::pack::{Rows, Shift, scales};
use crate::error::Result;

pub(super) fn syrk(rows: &Rows, sign: f64, gram: &mut Gram) -> Result<Vec<f64>> {
    let z = rows.z;
    let [s, t] = scales(rows.exponent);
    let mut sums = vec![0.0; z.columns()];
    let mut x = vec![0.0; z.columns()];
    // The check comes first, as it does with panels.
    for i in 0..z.rows() {
        z.load(i..i + 1, 0..z.columns(), &mut x);
        if !x.iter().all(|x| x.is_finite()) {
            return Err(z.nonfinite(i..i + 1));
        }
    }
    for i in 0..z.rows() {
        z.load(i..i + 1, 0..z.columns(), &mut x);
        for (j, x) in x.iter_mut().enumerate() {
            let shift = match rows.shift {
                Shift::None => 0.0,
                Shift::Columns(a) => a[j],
                Shift::Rows(a) => a[i],
            };
            *x = *x * s * t - shift;
            sums[j] += *x;
        }
        gram.map(|i, j, g| g + sign * (x[i] * x[j]));
    }
    Ok(sums)
}
