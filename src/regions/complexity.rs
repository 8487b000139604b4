//! Local complexity: how many units of each layer change their piece near an input, for an input of any dimension.
//!
//! The estimate of Humayun et al. (arXiv 2402.15555): the points x +- r q_i, with q_1, q_2, ... random orthonormal
//! directions, span a cross-polytope around x, and a unit is counted if its code (the interval of a scalar unit, the winner of
//! a max unit) is not the same at all of them. An approximation: a unit that cuts the hull without parting its corners is
//! missed, and of the regions near x only the number of such units is told. Cost: 2 n forward passes an input for n
//! directions.

use ndarray::{Array2, ArrayView2};

use crate::context::Context;
use crate::error::{Result, bail};
use crate::network::Network;
use crate::random::uniform_pair;

/// Points that go through the network at a time.
const POINTS: usize = 1 << 12;

/// Units of each layer that are not on one piece on the corners x +- radius q_i, i < `n_dirs`, for every row of `x`: (B,
/// layers of units). The directions are the same for all inputs and belong to `seed`. Errors: SHAPE, NONFINITE; ARGUMENT
/// unless radius > 0 and 1 <= n_dirs <= number of inputs; MEMORY_LIMIT, CANCELLED.
pub fn local_complexity(
    ctx: &Context,
    net: &Network,
    x: ArrayView2<f64>,
    radius: f64,
    n_dirs: usize,
    seed: u64,
) -> Result<Array2<i64>> {
    let n_in = net.input_len();
    if x.ncols() != n_in {
        bail!(Shape, "x has rows of {} elements; the network takes {n_in}", x.ncols())
    }
    if !(radius.is_finite() && radius > 0.0) {
        bail!(Argument, "radius is {radius}; expected a finite number > 0")
    }
    if !(1..=n_in).contains(&n_dirs) {
        bail!(Argument, "n_dirs is {n_dirs}; expected 1 to {n_in}, the number of inputs")
    }
    let meter = ctx.meter();
    let layers = net.unit_layers();
    meter.charge(n_dirs.saturating_mul(n_in) * size_of::<f64>(), "directions")?;
    let directions = directions(n_in, n_dirs, seed, || ctx.poll())?;
    let mut counts = Array2::zeros((x.nrows(), layers.len()));
    let inputs = (POINTS / (2 * n_dirs)).max(1);
    meter.charge(inputs.saturating_mul(2 * n_dirs * n_in) * size_of::<f64>(), "corners")?;
    for first in (0..x.nrows()).step_by(inputs) {
        let inputs = inputs.min(x.nrows() - first);
        let corner = |row: usize, j: usize| {
            let (input, k) = (first + row / (2 * n_dirs), row % (2 * n_dirs));
            let sign = if k % 2 == 0 { radius } else { -radius };
            x[[input, j]] + sign * directions[k / 2][j]
        };
        let corners = Array2::from_shape_fn((2 * n_dirs * inputs, n_in), |(row, j)| corner(row, j));
        let codes = net.pattern(ctx, corners.view())?;
        for i in 0..inputs {
            let rows = i * 2 * n_dirs..(i + 1) * 2 * n_dirs;
            for (l, layer) in layers.iter().enumerate() {
                let changes = |k: &usize| rows.clone().any(|r| codes[[r, *k]] != codes[[rows.start, *k]]);
                counts[[first + i, l]] =
                    (layer.first..layer.first + layer.len).filter(changes).count() as i64;
            }
        }
    }
    Ok(counts)
}

/// `n` orthonormal directions, uniformly distributed: Gram and Schmidt, twice, on normal numbers by Box and Muller.
fn directions(dim: usize, n: usize, seed: u64, poll: impl Fn() -> Result<()>) -> Result<Vec<Vec<f64>>> {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let mut all: Vec<Vec<f64>> = Vec::with_capacity(n);
    let mut next = 0;
    while all.len() < n {
        poll()?;
        let mut q: Vec<f64> = (0..dim)
            .map(|_| {
                let [u, v] = uniform_pair(seed, next);
                next += 1;
                (-2.0 * (1.0 - u).ln()).sqrt() * (std::f64::consts::TAU * v).cos()
            })
            .collect();
        let before = dot(&q, &q).sqrt();
        for _ in 0..2 {
            for p in &all {
                let along = dot(p, &q);
                q.iter_mut().zip(p).for_each(|(q, p)| *q -= along * p);
            }
        }
        let length = dot(&q, &q).sqrt();
        // What is left of a draw nearly inside the span of the others is mostly rounding: another one.
        if length > 1e-6 * before {
            q.iter_mut().for_each(|q| *q /= length);
            all.push(q);
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Array, Builder, Pwl};
    use ndarray::array;

    #[test]
    fn directions_are_orthonormal_and_belong_to_the_seed() {
        let q = directions(7, 7, 5, || Ok(())).unwrap();
        for i in 0..7 {
            for j in 0..7 {
                let dot: f64 = q[i].iter().zip(&q[j]).map(|(a, b)| a * b).sum();
                assert!((dot - f64::from(u8::from(i == j))).abs() < 1e-14);
            }
        }
        assert_eq!(q[..3], directions(7, 3, 5, || Ok(())).unwrap());
        assert_ne!(q, directions(7, 7, 6, || Ok(())).unwrap());
        // No direction is preferred: the mean square of the first coordinate over many draws is 1 / 7.
        let square = |seed| directions(7, 1, seed, || Ok(())).unwrap()[0][0].powi(2);
        let mean = (0..4000).map(square).sum::<f64>() / 4000.0;
        assert!((mean * 7.0 - 1.0).abs() < 0.06, "{mean}");
    }

    /// Units x_i - t_i: a cross-polytope of radius r parts the side of unit i iff it reaches over t_i, and in all d
    /// directions its reach along an axis is at least r / sqrt(d) and at most r.
    #[test]
    fn counts_hyperplanes_that_are_surely_near_or_surely_far() {
        let d = 4;
        let mut b = Builder::new(&[d]).unwrap();
        let eye = (0..d * d).map(|i| f64::from(u8::from(i % (d + 1) == 0))).collect();
        let bias = Array::f64(vec![0.0, -0.4, -1.1, 5.0]);
        b.dense(0, Array::f64(eye), [d, d], Some(bias)).unwrap();
        b.pointwise(1, vec![Pwl::leaky_relu(0.0).unwrap()]).unwrap();
        let net = b.finish(2).unwrap();
        let ctx = Context::default();
        for seed in 0..20 {
            let x = array![[0.0; 4], [0.0, 0.0, 0.8, -5.0]];
            let counts = local_complexity(&ctx, &net, x.view(), 1.0, 4, seed).unwrap();
            assert_eq!(counts, array![[2], [4]]);
        }
        let none = local_complexity(&ctx, &net, array![[9.0; 4]].view(), 1.0, 2, 0).unwrap();
        assert_eq!(none[[0, 0]], 0);
        for (radius, n) in [(0.0, 1), (f64::NAN, 1), (1.0, 0), (1.0, 5)] {
            assert!(local_complexity(&ctx, &net, array![[0.0; 4]].view(), radius, n, 0).is_err());
        }
    }
}
