//! Centring a Gram matrix entry by entry, from its row means.

/// Row means of a (shifted) Gram matrix, and their mean.
pub(super) struct Means {
    rows: Vec<f64>,
    all: f64,
}

impl Means {
    /// From row sums without the diagonal, and the diagonal.
    pub fn new(sums: &[f64], diagonal: &[f64]) -> Self {
        let n = sums.len() as f64;
        let rows: Vec<f64> = sums.iter().zip(diagonal).map(|(s, d)| (s + d) / n).collect();
        let all = rows.iter().sum::<f64>() / n;
        Means { rows, all }
    }

    /// Entry (i, j) of H K H.
    #[inline]
    pub fn centred(&self, i: usize, j: usize, k: f64) -> f64 {
        k - self.rows[i] - self.rows[j] + self.all
    }
}
