//! Which factors come together.

use super::annotations::Annotations;
use super::plane::Kernel;
use super::tails;
use crate::context::Context;

/// Factors against each other; all (F, F).
#[derive(Clone, Debug, PartialEq)]
pub struct Association {
    /// Images that have both.
    pub both: Vec<u64>,
    /// Spearman's correlation, which is phi for two binary numbers; NaN for a factor on no image or on all.
    pub correlation: Vec<f64>,
    /// Two-sided p-values by Student's t with n - 2 degrees of freedom.
    pub p: Vec<f64>,
}

impl Annotations {
    /// Association of all pairs of factors, from how often they occur together. O(F^2 n / 64).
    pub fn association(&self, ctx: &Context) -> Association {
        let (f, n, kernel) = (self.factors, self.n as f64, Kernel::of(ctx.isa()));
        let mut out = Association { both: vec![], correlation: vec![], p: vec![] };
        for i in 0..f {
            for j in 0..f {
                let both = kernel.shared(self.plane(i), self.plane(j));
                let [a, b] = [i, j].map(|k| self.totals[k] as f64);
                let r = (n * both as f64 - a * b) / (a * (n - a) * b * (n - b)).sqrt();
                let r = if r.is_finite() { r.clamp(-1.0, 1.0) } else { f64::NAN };
                let t = r * ((n - 2.0) / ((1.0 - r) * (1.0 + r))).sqrt();
                out.both.push(both);
                out.correlation.push(r);
                out.p.push(if n > 2.0 { tails::student(t, n - 2.0) } else { f64::NAN });
            }
        }
        out
    }
}
