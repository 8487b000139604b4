//! Random counts of a multinomial law, cluster by cluster: each is binomial given those before.

use super::gamma::ln_gamma;
use crate::random::uniform_pair;

/// A stream of uniform numbers in (0, 1).
pub(super) struct Stream {
    seed: u64,
    next: u64,
    spare: Option<f64>,
}

impl Stream {
    /// Stream `number` of a seed; streams are 2^40 pairs apart.
    pub fn new(seed: u64, number: u64) -> Self {
        Stream { seed, next: number << 40, spare: None }
    }

    fn draw(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let [a, b] = uniform_pair(self.seed, self.next);
        self.next += 1;
        // 2^-54 off 0, and never 1.
        self.spare = Some(b + 0.5f64.powi(54));
        a + 0.5f64.powi(54)
    }
}

/// Counts of `n` draws of the law `p`, which adds up to 1.
pub(super) fn multinomial(stream: &mut Stream, n: u64, p: &[f64], counts: &mut [f64]) {
    let (mut left, mut mass) = (n, 1.0);
    let last = p.iter().rposition(|&p| p > 0.0).unwrap_or(0);
    for (i, (count, &p)) in counts.iter_mut().zip(p).enumerate() {
        let found = if i == last { left } else { binomial(stream, left, (p / mass).clamp(0.0, 1.0)) };
        *count = found as f64;
        left -= found;
        mass = (mass - p).max(f64::MIN_POSITIVE);
    }
}

/// Successes in `n` trials of probability `p`.
fn binomial(stream: &mut Stream, n: u64, p: f64) -> u64 {
    if n == 0 || p <= 0.0 {
        return 0;
    }
    if p > 0.5 {
        return n - binomial(stream, n, 1.0 - p);
    }
    if n as f64 * p < 10.0 { by_inversion(stream, n, p) } else { by_rejection(stream, n, p) }
}

/// Adds probabilities up until they pass a uniform number.
fn by_inversion(stream: &mut Stream, n: u64, p: f64) -> u64 {
    let odds = p / (1.0 - p);
    let mut term = (n as f64 * (-p).ln_1p()).exp();
    let mut u = stream.draw();
    for k in 0..n {
        if u <= term {
            return k;
        }
        u -= term;
        term *= odds * (n - k) as f64 / (k + 1) as f64;
    }
    n
}

/// Hörmann's BTRS (1993), for n p >= 10 and p <= 1/2.
fn by_rejection(stream: &mut Stream, n: u64, p: f64) -> u64 {
    let (count, q) = (n as f64, 1.0 - p);
    let spread = (count * p * q).sqrt();
    let b = 1.15 + 2.53 * spread;
    let a = -0.0873 + 0.0248 * b + 0.01 * p;
    let c = count * p + 0.5;
    let sure = 0.92 - 4.2 / b;
    let alpha = (2.83 + 5.1 / b) * spread;
    let mode = ((count + 1.0) * p).floor();
    let log_odds = (p / q).ln();
    let at_mode = ln_gamma(mode + 1.0) + ln_gamma(count - mode + 1.0);
    loop {
        let u = stream.draw() - 0.5;
        let v = stream.draw();
        let us = 0.5 - u.abs();
        let k = ((2.0 * a / us + b) * u + c).floor();
        if !(0.0..=count).contains(&k) {
            continue;
        }
        if us >= 0.07 && v <= sure {
            return k as u64;
        }
        let v = (v * alpha / (a / (us * us) + b)).ln();
        if v <= at_mode - ln_gamma(k + 1.0) - ln_gamma(count - k + 1.0) + (k - mode) * log_odds {
            return k as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prior::gamma::chi_square_tail;

    #[test]
    fn counts_follow_the_binomial_law() {
        // Pearson's test on bins of at least 5 expected draws.
        for (n, p) in [(7u64, 0.2), (40, 0.5), (1000, 0.004), (500, 0.1), (2000, 0.7)] {
            let mut stream = Stream::new(5, 1);
            let draws = 20_000;
            let mut seen = vec![0.0; n as usize + 1];
            (0..draws).for_each(|_| seen[binomial(&mut stream, n, p) as usize] += 1.0);
            let log = |k: u64| {
                let (n, k) = (n as f64, k as f64);
                ln_gamma(n + 1.0) - ln_gamma(k + 1.0) - ln_gamma(n - k + 1.0)
                    + k * f64::ln(p)
                    + (n - k) * f64::ln(1.0 - p)
            };
            let (mut chi, mut bins, mut e, mut o) = (0.0, 0.0, 0.0, 0.0);
            for k in 0..=n {
                e += f64::from(draws) * log(k).exp();
                o += seen[k as usize];
                if e >= 5.0 {
                    chi += (o - e) * (o - e) / e;
                    bins += 1.0;
                    (e, o) = (0.0, 0.0);
                }
            }
            assert!(chi_square_tail(chi, bins - 1.0) > 1e-4, "n {n}, p {p}: chi-square {chi} of {bins} bins");
        }
    }

    #[test]
    fn counts_add_up() {
        let mut counts = [0.0; 5];
        for i in 0..100 {
            multinomial(&mut Stream::new(1, i), 50, &[0.5, 0.0, 0.25, 0.25, 0.0], &mut counts);
            assert_eq!(counts.iter().sum::<f64>(), 50.0);
            assert_eq!((counts[1], counts[4]), (0.0, 0.0));
        }
    }
}
