//! The change of the last layer, on plain matrices, and its gradient.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

use crate::context::Context;
use crate::error::{Result, bail};
use crate::linalg::svd::Svd;
use crate::police::AffineMap;

/// Singular values below this part of the largest count as zero.
const RANK: f64 = 1e-9;

/// What outputs are to be on a region: E f(x) = F x + g.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// E, (k, outputs), of rank k; `None` for all outputs as they are.
    pub outputs: Option<ArrayView2<'a, f64>>,
    /// F, (k, inputs).
    pub matrix: ArrayView2<'a, f64>,
    /// g, (k).
    pub constant: ArrayView1<'a, f64>,
}

impl Target<'_> {
    /// E, as a matrix of its own.
    fn selection(&self, n_out: usize) -> Array2<f64> {
        self.outputs.map_or_else(|| Array2::eye(n_out), |e| e.to_owned())
    }

    /// SHAPE or NONFINITE unless it fits a network.
    pub(super) fn check(&self, n_in: usize, n_out: usize) -> Result<()> {
        let k = self.outputs.map_or(n_out, |e| e.nrows());
        if let Some(e) = self.outputs.filter(|e| e.ncols() != n_out || e.nrows() == 0) {
            bail!(Shape, "outputs (E) has shape {:?}; expected (k, {n_out})", e.dim())
        }
        if self.matrix.dim() != (k, n_in) {
            bail!(Shape, "matrix (F) has shape {:?}; expected ({k}, {n_in})", self.matrix.dim())
        }
        if self.constant.len() != k {
            bail!(Shape, "constant (g) has {} elements; expected {k}", self.constant.len())
        }
        let numbers = self.outputs.iter().flatten().chain(&self.matrix).chain(&self.constant);
        match numbers.into_iter().find(|x| !x.is_finite()) {
            Some(x) => bail!(Nonfinite, "the prescribed map holds {x}; expected finite numbers"),
            None => Ok(()),
        }
    }
}

/// A last layer W' z + b' that is what was asked for on a region.
#[derive(Clone, Debug)]
pub struct Prescribed {
    /// W', (outputs, hidden).
    pub weight: Array2<f64>,
    /// b', (outputs).
    pub bias: Array1<f64>,
    /// E, (k, outputs), and E⁺.
    outputs: [Array2<f64>; 2],
    /// M and m, and M⁺.
    hidden: AffineMap,
    inverse: Array2<f64>,
    /// F - E W M, (k, D).
    missing: Array2<f64>,
    /// W.
    before: Array2<f64>,
}

/// Changes the layer W z + b, `weight` (outputs, hidden) and `bias` (outputs), so that E (W' z + b') is the target for every
/// z = M x + m: W' = W + E⁺ (F - E W M) M⁺, b' = b + E⁺ (g - E (W' m + b)). `hidden` is M (hidden, D) and m (hidden).
///
/// Both changes are the smallest there are, W' in the Frobenius norm and then b' in the 2-norm. To minimise rounding on a
/// region, let x be 0 on it. Cost: two singular value decompositions.
///
/// Conditions: SHAPE, NONFINITE, RANK (M without full column rank, E without full row rank: singular values above 1e-9 of the
/// largest), NUMERIC, CANCELLED.
pub fn prescribe(
    ctx: &Context,
    weight: ArrayView2<f64>,
    bias: ArrayView1<f64>,
    hidden: &AffineMap,
    target: &Target,
) -> Result<Prescribed> {
    let ((n_out, n_hidden), dim) = (weight.dim(), hidden.a.ncols());
    if bias.len() != n_out || hidden.a.nrows() != n_hidden || hidden.c.len() != n_hidden {
        let (m, c) = (hidden.a.dim(), hidden.c.len());
        bail!(
            Shape,
            "weight is {:?}, bias ({}), M {m:?}, m ({c}); expected (o, h), (o), (h, D), (h)",
            weight.dim(),
            bias.len()
        )
    }
    target.check(dim, n_out)?;
    if let Some(x) = weight.iter().chain(bias).chain(&hidden.a).chain(&hidden.c).find(|x| !x.is_finite()) {
        bail!(Nonfinite, "the last layer or its input holds {x}; expected finite numbers")
    }
    let e = target.selection(n_out);
    let e_inverse = if target.outputs.is_some() { outputs_inverse(ctx, e.view())? } else { e.clone() };
    let of_m = Svd::new(ctx, hidden.a.view())?;
    let rank = of_m.rank(RANK);
    if rank < dim {
        let condition = of_m.condition(dim);
        bail!(
            Rank,
            "the last hidden layer has rank {rank} on the region (condition number {condition:.1e}); expected {dim}, the \
             dimension of the region: it needs more independent units, or else add the difference (skip), which always works"
        )
    }
    let inverse = of_m.pseudo_inverse(dim);
    let missing = &target.matrix - &e.dot(&weight).dot(&hidden.a);
    let mut made = Prescribed {
        weight: &weight + &e_inverse.dot(&missing).dot(&inverse),
        bias: bias.to_owned(),
        outputs: [e, e_inverse],
        hidden: hidden.clone(),
        inverse,
        missing,
        before: weight.to_owned(),
    };
    made.settle(bias, target);
    Ok(made)
}

/// E⁺, (outputs, k). RANK unless the rows of E are independent.
pub(super) fn outputs_inverse(ctx: &Context, e: ArrayView2<f64>) -> Result<Array2<f64>> {
    let (of_e, k) = (Svd::new(ctx, e)?, e.nrows());
    let rank = of_e.rank(RANK);
    if rank < k {
        let condition = of_e.condition(k);
        bail!(
            Rank,
            "outputs (E) has rank {rank} (condition number {condition:.1e}); expected {k} independent rows"
        )
    }
    Ok(of_e.pseudo_inverse(k))
}

/// Gradients with respect to what [`prescribe`] was given.
#[derive(Clone, Debug, PartialEq)]
pub struct PrescribedGradients {
    /// Of W, (outputs, hidden).
    pub weight: Array2<f64>,
    /// Of b, (outputs).
    pub bias: Array1<f64>,
    /// Of M, (hidden, D), and m, (hidden).
    pub hidden: AffineMap,
    /// Of F, (k, D), and g, (k).
    pub target: AffineMap,
}

impl Prescribed {
    /// Takes W' as it is now (after rounding) and finds b' for it; `bias` is b.
    pub(super) fn settle(&mut self, bias: ArrayView1<f64>, target: &Target) {
        let [e, e_inverse] = &self.outputs;
        let missing = &target.constant - &e.dot(&(self.weight.dot(&self.hidden.c) + bias));
        self.bias = &bias + &e_inverse.dot(&missing);
    }

    /// Gradients from those with respect to W' and b'; E counts as constant.
    pub fn pull_back(&self, weight: ArrayView2<f64>, bias: ArrayView1<f64>) -> Result<PrescribedGradients> {
        if weight.dim() != self.weight.dim() || bias.len() != self.bias.len() {
            let (given, expected) = ((weight.dim(), bias.len()), (self.weight.dim(), self.bias.len()));
            bail!(Shape, "gradients of weight and bias have shapes {given:?}; expected {expected:?}")
        }
        let ([e, p], n) = (&self.outputs, &self.inverse);
        // b' = b + P g - P E W' m - P E b.
        let constant = p.t().dot(&bias);
        let along = e.t().dot(&constant);
        let through = &weight - &outer(&along, &self.hidden.c);
        // W' = W + P T N with T = F - E W M and N = M⁺.
        let of_missing = p.t().dot(&through).dot(&n.t());
        let of_inverse = self.missing.t().dot(&p.t().dot(&through));
        // dN = -N dM N + N N' dM' (1 - M N), for M of full column rank.
        let beyond = &of_inverse.t() - &self.hidden.a.dot(n).dot(&of_inverse.t());
        let of_m = beyond.dot(n).dot(&n.t()) - n.t().dot(&of_inverse).dot(&n.t());
        Ok(PrescribedGradients {
            weight: &through - &e.t().dot(&of_missing).dot(&self.hidden.a.t()),
            bias: &bias - &along,
            hidden: AffineMap {
                a: of_m - e.dot(&self.before).t().dot(&of_missing),
                c: -self.weight.t().dot(&along),
            },
            target: AffineMap { a: of_missing, c: constant },
        })
    }
}

fn outer(x: &Array1<f64>, y: &Array1<f64>) -> Array2<f64> {
    Array2::from_shape_fn((x.len(), y.len()), |(i, j)| x[i] * y[j])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Condition;
    use crate::network::testing::Rng;
    use ndarray::array;
    use proptest::prelude::*;

    fn run(w: &Array2<f64>, b: &Array1<f64>, hidden: &AffineMap, target: &Target) -> Result<Prescribed> {
        prescribe(&Context::default(), w.view(), b.view(), hidden, target)
    }

    #[test]
    fn a_layer_by_hand() {
        // z = (x, 2 x + 1); the output z_1 + z_2 is to be 5 x - 1.
        let (weight, bias) = (array![[1.0, 1.0]], array![0.0]);
        let hidden = AffineMap { a: array![[1.0], [2.0]], c: array![0.0, 1.0] };
        let (f, g) = (array![[5.0]], array![-1.0]);
        let target = Target { outputs: None, matrix: f.view(), constant: g.view() };
        let made = run(&weight, &bias, &hidden, &target).unwrap();
        // The slope must grow by 2 along (1, 2) / 5.
        let expected = array![[1.4, 1.8]];
        assert!(made.weight.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-15), "{made:?}");
        assert!((made.bias[0] + 2.8).abs() < 1e-15);
    }

    #[test]
    fn what_cannot_be_solved_says_why() {
        let (weight, bias) = (array![[1.0, 1.0], [0.0, 1.0]], array![0.0, 0.0]);
        let narrow = AffineMap { a: array![[1.0, 0.0], [2.0, 0.0]], c: array![0.0, 1.0] };
        let (f, g) = (array![[5.0, 1.0], [0.0, 0.0]], array![-1.0, 2.0]);
        let target = Target { outputs: None, matrix: f.view(), constant: g.view() };
        let e = run(&weight, &bias, &narrow, &target).unwrap_err();
        assert_eq!(
            e.to_string(),
            "[RANK] the last hidden layer has rank 1 on the region (condition number inf); expected 2, the dimension of the \
             region: it needs more independent units, or else add the difference (skip), which always works"
        );
        let hidden = AffineMap { a: Array2::eye(2), c: array![0.0, 1.0] };
        let outputs = array![[1.0, 2.0], [2.0, 4.0]];
        let e =
            run(&weight, &bias, &hidden, &Target { outputs: Some(outputs.view()), ..target }).unwrap_err();
        assert!(e.to_string().starts_with("[RANK] outputs (E) has rank 1 (condition number"), "{e}");
        let refused =
            |w: &Array2<f64>, b: &Array1<f64>, h: &AffineMap| run(w, b, h, &target).unwrap_err().condition();
        assert_eq!(refused(&weight, &array![0.0], &hidden), Condition::Shape);
        assert_eq!(refused(&array![[1.0, f64::NAN], [0.0, 1.0]], &bias, &hidden), Condition::Nonfinite);
        let other = AffineMap { a: Array2::eye(3), c: array![0.0, 1.0, 2.0] };
        assert_eq!(refused(&weight, &bias, &other), Condition::Shape);
        let made = run(&weight, &bias, &hidden, &target).unwrap();
        assert_eq!(
            made.pull_back(weight.view(), array![0.0].view()).unwrap_err().condition(),
            Condition::Shape
        );
    }

    /// Random arguments: W (o, h), b, M (h, d), m, E (k, o), F (k, d), g with h >= d and o >= k.
    struct Given {
        arrays: [Array2<f64>; 7],
    }

    impl Given {
        fn new(rng: &mut Rng) -> Given {
            let (k, d) = (rng.int(1, 3), rng.int(1, 3));
            let (o, h) = (k + rng.int(0, 2), d + rng.int(0, 3));
            let shapes = [(o, h), (1, o), (h, d), (1, h), (k, o), (k, d), (1, k)];
            Given { arrays: shapes.map(|(rows, cols)| rng.batch(rows, cols)) }
        }

        fn hidden(&self) -> AffineMap {
            AffineMap { a: self.arrays[2].clone(), c: self.arrays[3].row(0).to_owned() }
        }

        fn solve(&self) -> Prescribed {
            let [w, b, _, _, e, f, g] = &self.arrays;
            let target = Target { outputs: Some(e.view()), matrix: f.view(), constant: g.row(0) };
            run(w, &b.row(0).to_owned(), &self.hidden(), &target).unwrap()
        }

        /// Whether M and E are far enough from a lower rank for differences to mean something.
        fn is_tame(&self) -> bool {
            [2, 4].iter().all(|&i| {
                let of = Svd::new(&Context::default(), self.arrays[i].view()).unwrap();
                of.condition(of.s.len()) < 20.0
            })
        }
    }

    proptest! {
        #[test]
        fn the_target_is_met_by_the_smallest_change(seed: u64) {
            let mut rng = Rng(seed);
            let given = Given::new(&mut rng);
            prop_assume!(given.is_tame());
            let [w, b, m, c, e, f, g] = &given.arrays;
            let made = given.solve();
            let near = |x: Array2<f64>, y: &Array2<f64>| x.iter().zip(y).all(|(x, y)| (x - y).abs() < 1e-11);
            prop_assert!(near(e.dot(&made.weight).dot(m), f));
            let constant = e.dot(&(made.weight.dot(&c.row(0)) + &made.bias));
            prop_assert!(near(constant.insert_axis(ndarray::Axis(0)), g));
            // Any other change that does it is longer: it differs by something that E or M do not see.
            let size = |x: &Array2<f64>| x.iter().map(|x| x * x).sum::<f64>();
            let change = &made.weight - w;
            let of_m = Svd::new(&Context::default(), m.view()).unwrap();
            let other = rng.batch(w.nrows(), w.ncols());
            let unseen = &other - &other.dot(m).dot(&of_m.pseudo_inverse(m.ncols()));
            prop_assert!(near(e.dot(&(&made.weight + &unseen)).dot(m), f));
            prop_assert!(size(&(&change + &unseen)) >= size(&change) - 1e-9);
            let change = &made.bias - &b.row(0);
            let of_e = Svd::new(&Context::default(), e.view()).unwrap();
            let back = of_e.pseudo_inverse(e.nrows()).dot(&e.dot(&change));
            prop_assert!(back.iter().zip(&change).all(|(x, y)| (x - y).abs() < 1e-11));
        }

        #[test]
        fn gradients_are_central_differences(seed: u64) {
            let mut rng = Rng(seed);
            let mut given = Given::new(&mut rng);
            prop_assume!(given.is_tame());
            let made = given.solve();
            let (dw, db) = (rng.batch(made.weight.nrows(), made.weight.ncols()), rng.batch(1, made.bias.len()));
            let value = |given: &Given| {
                let made = given.solve();
                (&made.weight * &dw).sum() + (&made.bias * &db.row(0)).sum()
            };
            let found = made.pull_back(dw.view(), db.row(0)).unwrap();
            let row = |x: Array1<f64>| x.insert_axis(ndarray::Axis(0));
            let gradients = [
                (0, found.weight),
                (1, row(found.bias)),
                (2, found.hidden.a),
                (3, row(found.hidden.c)),
                (5, found.target.a),
                (6, row(found.target.c)),
            ];
            for (i, gradient) in gradients {
                prop_assert_eq!(gradient.dim(), given.arrays[i].dim());
                for (at, &slope) in gradient.indexed_iter() {
                    let (x, h) = (given.arrays[i][at], 1e-5);
                    let mut side = |x: f64| {
                        given.arrays[i][at] = x;
                        value(&given)
                    };
                    let difference = (side(x + h) - side(x - h)) / (2.0 * h);
                    side(x);
                    prop_assert!((difference - slope).abs() <= 1e-5 * (1.0 + slope.abs()), "{i} {at:?}: {difference} {slope}");
                }
            }
        }
    }
}
