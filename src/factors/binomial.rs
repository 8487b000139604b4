//! Binomial numbers from counter-based random numbers.

use super::tails::stirling;
use crate::random;

/// A stream of uniform numbers of its own for each replicate of each task.
pub(super) struct Stream {
    seed: u64,
    /// Task and replicate, in the upper 48 bits.
    base: u64,
    next: u64,
    spare: Option<f64>,
}

impl Stream {
    /// The stream of replicate `replicate` (below 2^32) of task `task` (below 2^12).
    pub(super) fn new(seed: u64, task: usize, replicate: usize) -> Self {
        Stream { seed, base: (task as u64) << 52 | (replicate as u64) << 20, next: 0, spare: None }
    }

    /// Uniform in [0, 1).
    pub(super) fn uniform(&mut self) -> f64 {
        if let Some(u) = self.spare.take() {
            return u;
        }
        let [u, v] = random::uniform_pair(self.seed, self.base + self.next);
        self.next += 1;
        self.spare = Some(v);
        u
    }

    /// Uniform in 0..n.
    pub(super) fn below(&mut self, n: usize) -> usize {
        ((self.uniform() * n as f64) as usize).min(n - 1)
    }

    /// Successes among `n` draws of probability `p`.
    pub(super) fn binomial(&mut self, n: u64, p: f64) -> u64 {
        if n == 0 || p <= 0.0 {
            0
        } else if p >= 1.0 {
            n
        } else if p > 0.5 {
            n - self.at_most_half(n, 1.0 - p)
        } else {
            self.at_most_half(n, p)
        }
    }

    fn at_most_half(&mut self, n: u64, p: f64) -> u64 {
        if (n as f64) * p < 10.0 { self.by_inversion(n, p) } else { self.by_rejection(n as f64, p) as u64 }
    }

    /// Adds probabilities until they pass a uniform number.
    fn by_inversion(&mut self, n: u64, p: f64) -> u64 {
        let odds = p / (1.0 - p);
        let none = (n as f64 * (-p).ln_1p()).exp();
        loop {
            let (mut u, mut term) = (self.uniform(), none);
            // Beyond 110 the probability is below 1e-60; a number that rounding carries there is drawn again.
            for k in 0..=n.min(110) {
                if u < term {
                    return k;
                }
                u -= term;
                term *= odds * (n - k) as f64 / (k + 1) as f64;
            }
        }
    }

    /// Transformed rejection with squeeze (BTRS; W. Hoermann, J. Statist. Comput. Simul. 46, 1993), n p >= 10, p <= 1/2.
    fn by_rejection(&mut self, n: f64, p: f64) -> f64 {
        let q = 1.0 - p;
        let spread = (n * p * q).sqrt();
        let b = 1.15 + 2.53 * spread;
        let a = -0.0873 + 0.0248 * b + 0.01 * p;
        let c = n * p + 0.5;
        let squeeze = 0.92 - 4.2 / b;
        loop {
            let (u, v) = (self.uniform() - 0.5, self.uniform());
            let us = 0.5 - u.abs();
            let k = ((2.0 * a / us + b) * u + c).floor();
            if us >= 0.07 && v <= squeeze {
                return k;
            }
            if !(0.0..=n).contains(&k) {
                continue;
            }
            let alpha = (2.83 + 5.1 / b) * spread;
            let v = (v * alpha / (a / (us * us) + b)).ln();
            // ln P(k) - ln P(m), m the mode; stirling(j + 1) is the tail of ln j! in the form of the paper.
            let m = ((n + 1.0) * p).floor();
            let (r, tail) = (p / q, |j: f64| stirling(j + 1.0));
            let bound = (m + 0.5) * ((m + 1.0) / (r * (n - m + 1.0))).ln()
                + (n + 1.0) * ((n - m + 1.0) / (n - k + 1.0)).ln()
                + (k + 0.5) * (r * (n - k + 1.0) / (k + 1.0)).ln()
                + tail(m)
                + tail(n - m)
                - tail(k)
                - tail(n - k);
            if v <= bound {
                return k;
            }
        }
    }
}
