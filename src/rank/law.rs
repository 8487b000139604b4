//! What N samples can show of K dimensions: the limit of RankMe of isotropic Gaussian rows (Marchenko and Pastur 1967).
//!
//! ```text
//! g = min(N, K) / max(N, K),   lam(t) = 1 + g + 2 sqrt(g) cos t,   w(t) = 2 sin(t)^2 / (pi lam(t)),   t in [0, pi]
//! m1 = int w lam^(1/2) dt,     m2 = int w lam^(1/2) ln(lam) / 2 dt,     RankMe / min(N, K) -> f(g) = m1 exp(-m2 / m1)
//! ```

use std::f64::consts::PI;

use crate::error::{Result, bail};

/// Step and reach of the double-exponential rule: more digits than f64 has for integrands that are smooth inside.
const STEP: f64 = 1.0 / 32.0;
const REACH: f64 = 4.0;

/// f(g), from 1 at g = 0 (samples without end) to 0.805 at g = 1 (as many samples as dimensions). Accurate to 1e-13. Condition:
/// ARGUMENT unless 0 <= g <= 1.
pub fn sample_size_law(g: f64) -> Result<f64> {
    if !(0.0..=1.0).contains(&g) {
        bail!(Argument, "g is {g}; expected min(N, K) / max(N, K), between 0 and 1")
    }
    let root = g.sqrt();
    let (mut m1, mut m2) = (0.0, 0.0);
    let steps = (REACH / STEP) as i32;
    for i in -steps..=steps {
        // t runs over (0, pi) and leaves the ends without reaching them; s = pi - t, without cancellation.
        let x = f64::from(i) * STEP;
        let q = (-PI * x.sinh()).exp();
        let s = PI * q / (1.0 + q);
        let weight = STEP * PI * PI * x.cosh() * q / ((1.0 + q) * (1.0 + q));
        // 1 + g - 2 sqrt(g) cos s.
        let lam = (1.0 - root).powi(2) + 4.0 * root * (s / 2.0).sin().powi(2);
        if lam > 0.0 {
            let term = weight * 2.0 * s.sin().powi(2) / (PI * lam) * lam.sqrt();
            m1 += term;
            m2 += term * lam.ln() / 2.0;
        }
    }
    Ok(m1 * (-m2 / m1).exp())
}

/// The RankMe that `rows` samples of an isotropic Gaussian in `columns` dimensions have in expectation, to leading order:
/// what full rank looks like at this sample size. Condition: SHAPE (none of either).
pub fn expected_rank(rows: u64, columns: usize) -> Result<f64> {
    if rows == 0 || columns == 0 {
        bail!(Shape, "{rows} rows and {columns} columns; expected at least one of both")
    }
    let (n, k) = (rows as f64, columns as f64);
    Ok(n.min(k) * sample_size_law(n.min(k) / n.max(k))?)
}
