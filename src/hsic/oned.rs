//! HSIC of two one-dimensional variables in O(n log n), exactly: the Laplace kernel, and -|x - y| (distance covariance).
//!
//! Laplace: row sums by a recursion over the sorted values, whose factors are all <= 1; the joint sum
//! sum_ij exp(-a |xi - xj| - b |yi - yj|) by divide and conquer in x, merged by y. Distance: by counting in a Fenwick tree
//! (Huo and Szekely 2016). There is no such form for the Gaussian kernel.

use super::estimate::Estimates;
use super::sums::Sums;
use super::{Kernel, Variable};
use crate::context::Context;
use crate::error::{Result, bail};

/// Rows from which the recursion is faster than one pass over tiles on one core.
pub(super) const CROSSOVER: usize = 512;

/// Whether [`hsic_1d`] takes these, and is faster than tiles.
pub(super) fn pays(x: &Variable, y: &Variable) -> bool {
    let (Some((a, kx)), Some((b, ky))) = (x.single(), y.single()) else { return false };
    let column = |data: &crate::view::TensorRef| {
        super::side::dimensions(data).is_ok_and(|(n, d)| d == 1 && n >= CROSSOVER)
    };
    let laplace = |k| matches!(k, Kernel::LaplaceL1 { .. } | Kernel::ExpL2 { .. });
    column(a) && column(b) && (laplace(kx) && laplace(ky) || (kx, ky) == (Kernel::Distance, Kernel::Distance))
}

/// All estimators of two variables of one column each, both with `LaplaceL1` (or `ExpL2`, the same in one dimension), or both
/// with `Distance`. n log n operations. Conditions: as for [`super::hsic()`]; UNSUPPORTED for other kernels.
pub fn hsic_1d(ctx: &Context, x: &Variable, y: &Variable) -> Result<Estimates> {
    ctx.poll()?;
    let meter = ctx.meter();
    let (Some((x, kx)), Some((y, ky))) = (x.single(), y.single()) else {
        bail!(Unsupported, "products of kernels have no n log n form")
    };
    for data in [x, y] {
        let (n, d) = super::side::dimensions(data)?;
        if d != 1 || n == 0 {
            bail!(Shape, "{} is {n} x {d}; expected one column and at least one row", data.name())
        }
    }
    kx.check(x.name())?;
    ky.check(y.name())?;
    let (a, b) = (x.read::<f64>(&meter)?, y.read::<f64>(&meter)?);
    let n = a.len();
    if b.len() != n {
        bail!(Shape, "{} has {} rows; {} has {n}", y.name(), b.len(), x.name())
    }
    meter.charge(160 * n, "sorted values")?;
    let rate = |k: Kernel| match k {
        Kernel::LaplaceL1 { gamma } | Kernel::ExpL2 { gamma } => Some(gamma),
        _ => None,
    };
    let sums = match (kx, ky) {
        (Kernel::Distance, Kernel::Distance) => distance(&a, &b),
        _ => match (rate(kx), rate(ky)) {
            (Some(g), Some(h)) => laplace(&a, &b, g, h),
            _ => bail!(
                Unsupported,
                "{kx:?} and {ky:?} have no n log n form; expected two of LaplaceL1 or two of Distance"
            ),
        },
    };
    Ok(sums.estimates())
}

fn order(x: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..x.len()).collect();
    order.sort_by(|&i, &j| x[i].total_cmp(&x[j]));
    order
}

/// sum_{j != i} exp(-a |xi - xj|) for every i.
pub(super) fn laplace_rows(x: &[f64], a: f64) -> Vec<f64> {
    let order = order(x);
    let mut out = vec![0.0; x.len()];
    let mut pass = |indices: &mut dyn Iterator<Item = &usize>| {
        let mut last: Option<(f64, f64)> = None;
        for &i in indices {
            let from = last.map_or(0.0, |(value, f)| (f + 1.0) * (-a * (x[i] - value).abs()).exp());
            out[i] += from;
            last = Some((x[i], from));
        }
    };
    pass(&mut order.iter());
    pass(&mut order.iter().rev());
    out
}

/// sum_{i != j} exp(-a |xi - xj| - b |yi - yj|).
pub(super) fn laplace_joint(x: &[f64], y: &[f64], a: f64, b: f64) -> f64 {
    let order = order(x);
    let mut points: Vec<[f64; 2]> = order.iter().map(|&i| [x[i], y[i]]).collect();
    let mut scratch = points.clone();
    2.0 * joint(&mut points, &mut scratch, a, b)
}

/// The sum over pairs i < j of points sorted by x; leaves them sorted by y.
fn joint(points: &mut [[f64; 2]], scratch: &mut [[f64; 2]], a: f64, b: f64) -> f64 {
    let n = points.len();
    if n <= 24 {
        let mut sum = 0.0;
        for i in 0..n {
            for j in 0..i {
                sum += (-a * (points[i][0] - points[j][0]) - b * (points[i][1] - points[j][1]).abs()).exp();
            }
        }
        points.sort_by(|p, q| p[1].total_cmp(&q[1]));
        return sum;
    }
    let m = n / 2;
    let centre = points[m - 1][0];
    let mut sum = {
        let (left, right) = points.split_at_mut(m);
        let (l, r) = scratch.split_at_mut(m);
        joint(left, l, a, b) + joint(right, r, a, b)
    };
    // Merged by y, the left half first among equals; sides are told by x, and where x ties the centre by the merge itself.
    let (mut i, mut j) = (0, m);
    let mut weight = vec![0.0; n];
    for k in 0..n {
        let left = j == n || i < m && points[i][1] <= points[j][1];
        let from = if left { i } else { j };
        scratch[k] = points[from];
        // The weight towards the centre; negative for the right half.
        let size = (-a * (points[from][0] - centre).abs()).exp();
        weight[k] = if left { size } else { -size };
        if left { i += 1 } else { j += 1 }
    }
    points.copy_from_slice(scratch);
    // Every pair of a left and a right point once: on the way up where the left one comes first, else on the way down.
    let (mut up, mut down, mut up_y, mut down_y) = (0.0, 0.0, points[0][1], points[n - 1][1]);
    // Weights of 0 (underflow) add nothing either way.
    for k in 0..n {
        up *= (-b * (points[k][1] - up_y)).exp();
        up_y = points[k][1];
        if weight[k] > 0.0 {
            up += weight[k]
        } else {
            sum -= up * weight[k]
        }
        let k = n - 1 - k;
        down *= (-b * (down_y - points[k][1])).exp();
        down_y = points[k][1];
        if weight[k] > 0.0 { down += weight[k] } else { sum -= down * weight[k] }
    }
    sum
}

fn laplace(x: &[f64], y: &[f64], a: f64, b: f64) -> Sums {
    let n = x.len();
    let mut sums = Sums {
        kl: laplace_joint(x, y, a, b),
        kk: total(&laplace_rows(x, 2.0 * a)),
        ll: total(&laplace_rows(y, 2.0 * b)),
        r: laplace_rows(x, a),
        s: laplace_rows(y, b),
        k_diagonal: vec![1.0; n],
        l_diagonal: vec![1.0; n],
    };
    shift(&mut sums);
    sums
}

fn total(v: &[f64]) -> f64 {
    v.iter().sum()
}

/// Subtracts the mean entry off the diagonal from all entries.
fn shift(sums: &mut Sums) {
    let n = sums.r.len() as f64;
    let pairs = n * (n - 1.0);
    if pairs == 0.0 {
        return;
    }
    let (c, d) = (total(&sums.r) / pairs, total(&sums.s) / pairs);
    sums.kl -= pairs * c * d;
    sums.kk -= pairs * c * c;
    sums.ll -= pairs * d * d;
    sums.r.iter_mut().chain(&mut sums.k_diagonal).zip(0..).for_each(|(v, i)| {
        *v -= if i < n as usize { (n - 1.0) * c } else { c };
    });
    sums.s.iter_mut().chain(&mut sums.l_diagonal).zip(0..).for_each(|(v, i)| {
        *v -= if i < n as usize { (n - 1.0) * d } else { d };
    });
}

/// sum_j |xi - xj| for every i, by sums of the sorted values.
pub(super) fn distance_rows(x: &[f64]) -> Vec<f64> {
    let order = order(x);
    let all = total(x);
    let mut below = 0.0;
    let mut out = vec![0.0; x.len()];
    for (k, &i) in order.iter().enumerate() {
        // k values below, n - 1 - k above.
        let above = all - below - x[i];
        out[i] = k as f64 * x[i] - below + above - (x.len() - 1 - k) as f64 * x[i];
        below += x[i];
    }
    out
}

/// sum_ij |xi - xj| |yi - yj|.
pub(super) fn distance_joint(x: &[f64], y: &[f64]) -> f64 {
    let n = x.len();
    let by_x = order(x);
    let by_y = order(y);
    // Ranks of y; equal values share one.
    let mut rank = vec![0; n];
    let mut last = 0;
    for (k, &i) in by_y.iter().enumerate() {
        if k > 0 && y[i] > y[by_y[k - 1]] {
            last = k;
        }
        rank[i] = last + 1;
    }
    // Counts, and sums of x, y and x y, of the points so far with a rank of at most r.
    let mut tree = vec![[0.0f64; 4]; n + 1];
    let mut all = [0.0f64; 4];
    let mut sum = 0.0;
    for &i in &by_x {
        let mut below = [0.0; 4];
        let mut at = rank[i];
        while at > 0 {
            below.iter_mut().zip(tree[at]).for_each(|(b, t)| *b += t);
            at &= at - 1;
        }
        let (xi, yi) = (x[i], y[i]);
        let g = |[count, sx, sy, sxy]: [f64; 4]| xi * yi * count - xi * sy - yi * sx + sxy;
        sum += 2.0 * g(below) - g(all);
        let add = [1.0, xi, yi, xi * yi];
        all.iter_mut().zip(add).for_each(|(a, v)| *a += v);
        let mut at = rank[i];
        while at <= n {
            tree[at].iter_mut().zip(add).for_each(|(t, v)| *t += v);
            at += at & at.wrapping_neg();
        }
    }
    2.0 * sum
}

fn distance(x: &[f64], y: &[f64]) -> Sums {
    let n = x.len();
    let centred = |x: &[f64]| {
        let mean = x[0] + x.iter().map(|v| v - x[0]).sum::<f64>() / n as f64;
        x.iter().map(|v| v - mean).collect::<Vec<f64>>()
    };
    let (x, y) = (centred(x), centred(y));
    let minus = |v: Vec<f64>| v.into_iter().map(|v| -v).collect();
    let squares = |x: &[f64]| {
        let (s, ss) = (total(x), x.iter().map(|v| v * v).sum::<f64>());
        2.0 * (n as f64 * ss - s * s)
    };
    let mut sums = Sums {
        kl: distance_joint(&x, &y),
        kk: squares(&x),
        ll: squares(&y),
        r: minus(distance_rows(&x)),
        s: minus(distance_rows(&y)),
        k_diagonal: vec![0.0; n],
        l_diagonal: vec![0.0; n],
    };
    shift(&mut sums);
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::testing::Rng;

    #[test]
    fn as_all_pairs_say_with_ties() {
        let mut rng = Rng(3);
        for n in [1, 2, 3, 25, 60, 333] {
            let (x, y): (Vec<f64>, Vec<f64>) =
                (0..n).map(|_| ((rng.real() * 8.0).round() * 0.5, (rng.real() * 30.0).round() * 0.3)).unzip();
            let (a, b) = (0.8, 1.3);
            let mut want = [0.0; 2];
            for i in 0..n {
                for j in 0..n {
                    let (dx, dy) = ((x[i] - x[j]).abs(), (y[i] - y[j]).abs());
                    want[0] += if i == j { 0.0 } else { (-a * dx - b * dy).exp() };
                    want[1] += dx * dy;
                }
                let rows: f64 = (0..n).filter(|&j| j != i).map(|j| (-a * (x[i] - x[j]).abs()).exp()).sum();
                assert!((laplace_rows(&x, a)[i] - rows).abs() <= 1e-12 * rows.max(1.0));
                let rows: f64 = (0..n).map(|j| (x[i] - x[j]).abs()).sum();
                assert!((distance_rows(&x)[i] - rows).abs() <= 1e-12 * rows.max(1.0));
            }
            let got = [laplace_joint(&x, &y, a, b), distance_joint(&x, &y)];
            for (g, w) in got.iter().zip(want) {
                assert!((g - w).abs() <= 1e-12 * w.max(1.0), "{n}: {g} for {w}");
            }
        }
        // A range over which every exponential underflows.
        let x: Vec<f64> = (0..200).map(|i| f64::from(i) * 1e4).collect();
        assert_eq!(laplace_joint(&x, &x, 1.0, 1.0), 0.0);
    }
}
