//! p-values of many tests at once. NaN stands for no test: it stays NaN and is not counted.

/// The tests in order of their p-values, ties by number.
fn ascending(p: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..p.len()).filter(|&i| !p[i].is_nan()).collect();
    order.sort_by(|&i, &j| p[i].total_cmp(&p[j]));
    order
}

/// Holm's step-down: adjusted p-values that bound the probability of any false rejection.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut out = vec![f64::NAN; p.len()];
    let order = ascending(p);
    let mut largest = 0.0f64;
    for (rank, &i) in order.iter().enumerate() {
        largest = largest.max((order.len() - rank) as f64 * p[i]);
        out[i] = largest.min(1.0);
    }
    out
}

/// Benjamini and Hochberg's step-up: adjusted p-values that bound the expected share of false rejections.
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let mut out = vec![f64::NAN; p.len()];
    let order = ascending(p);
    let mut smallest = 1.0f64;
    for (rank, &i) in order.iter().enumerate().rev() {
        smallest = smallest.min(order.len() as f64 * p[i] / (rank + 1) as f64);
        out[i] = smallest;
    }
    out
}
