//! Orthonormal bases of what vectors span, found by rank.

/// Orthonormal vectors.
#[derive(Clone, Debug, Default)]
pub(super) struct Basis {
    dim: usize,
    /// (len, dim), row-major.
    vectors: Vec<f64>,
}

impl Basis {
    pub(super) fn new(dim: usize) -> Basis {
        Basis { dim, vectors: Vec::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.vectors.len() / self.dim
    }

    pub(super) fn vectors(&self) -> std::slice::ChunksExact<'_, f64> {
        self.vectors.chunks_exact(self.dim)
    }

    /// Takes away from x what lies in the span; twice, which is enough (Kahan).
    pub(super) fn reject(&self, x: &mut [f64]) {
        for _ in 0..2 {
            for b in self.vectors() {
                subtract(x, dot(x, b), b);
            }
        }
    }

    /// Adds what `vectors`, (n, dim) row-major, span beyond `tolerance`: the longest of what is left of them, again and
    /// again. False if that would make more than `most` vectors, and then it stops there. Cost: n dim per vector added.
    pub(super) fn extend(&mut self, vectors: &[f64], tolerance: f64, most: usize) -> bool {
        let mut left = vectors.to_vec();
        left.chunks_exact_mut(self.dim).for_each(|x| self.reject(x));
        loop {
            let mut longest = (tolerance, None);
            for (i, x) in left.chunks_exact(self.dim).enumerate() {
                let length = length(x);
                if length > longest.0 {
                    longest = (length, Some(i));
                }
            }
            let (size, Some(i)) = longest else { return true };
            if self.len() >= most.min(self.dim) {
                return self.len() == self.dim;
            }
            let mut unit: Vec<f64> = left[i * self.dim..][..self.dim].iter().map(|x| x / size).collect();
            self.reject(&mut unit);
            let size = length(&unit);
            unit.iter_mut().for_each(|x| *x /= size);
            left.chunks_exact_mut(self.dim).for_each(|x| subtract(x, dot(x, &unit), &unit));
            left[i * self.dim..][..self.dim].fill(0.0);
            self.vectors.append(&mut unit);
        }
    }
}

fn subtract(x: &mut [f64], factor: f64, b: &[f64]) {
    x.iter_mut().zip(b).for_each(|(x, b)| *x -= factor * b);
}

/// The inner product, in sums that a processor can do side by side.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let ((a, rest_a), (b, rest_b)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [0.0; 8];
    for (a, b) in a.iter().zip(b) {
        for i in 0..8 {
            sums[i] += a[i] * b[i];
        }
    }
    sums.iter().sum::<f64>() + rest_a.iter().zip(rest_b).map(|(a, b)| a * b).sum::<f64>()
}

/// The 2-norm, where squares would overflow or vanish too.
pub(super) fn length(x: &[f64]) -> f64 {
    let square = dot(x, x);
    if square.is_finite() && square > 1e-270 {
        square.sqrt()
    } else {
        super::extreme::norm(x.iter().copied())
    }
}
