//! Gradients through the folding against central differences.

use ndarray::Array2;

use super::{double, forward};
use crate::context::Context;
use crate::convex::ConvexSet;
use crate::network::testing::{Rng, threads};
use crate::network::{Array, Network, Wanted};
use crate::police::{Options, Plan};

/// A region whose rows are free numbers.
#[derive(Clone)]
enum Kind {
    Points(Vec<f64>),
    Zonotope(Vec<f64>, Vec<f64>),
}

impl Kind {
    fn set(&self, dim: usize) -> ConvexSet {
        match self {
            Kind::Points(points) => ConvexSet::points(dim, points),
            Kind::Zonotope(center, generators) => ConvexSet::zonotope(center, generators),
        }
        .unwrap()
    }

    /// Number `i` of its rows.
    fn number(&mut self, i: usize) -> &mut f64 {
        match self {
            Kind::Points(points) => &mut points[i],
            Kind::Zonotope(center, generators) => match i.checked_sub(center.len()) {
                None => &mut center[i],
                // The rows are the columns of the generators.
                Some(i) => {
                    let (dim, p) = (center.len(), generators.len() / center.len());
                    &mut generators[i % dim * p + i / dim]
                }
            },
        }
    }
}

/// A constrained network and a weighted sum of its outputs.
#[derive(Clone)]
struct Problem {
    net: Network,
    regions: Vec<Kind>,
    options: Options,
    x: Array2<f64>,
    g: Array2<f64>,
}

impl Problem {
    fn new(seed: u64) -> Self {
        let mut rng = Rng(seed);
        let net = double(&rng.curved_network());
        let dim = net.input_len();
        let regions = (0..rng.int(1, 2)).map(|_| match rng.int(0, 1) {
            0 => Kind::Points(rng.batch(3, dim).into_iter().collect()),
            _ => Kind::Zonotope(
                rng.batch(1, dim).into_iter().collect(),
                rng.batch(2, dim).into_iter().map(|x| 0.4 * x).collect(),
            ),
        });
        let regions = regions.collect();
        let (x, g) = (rng.batch(3, dim), rng.batch(3, net.output_len()));
        let options =
            Options { gradient: true, tied: seed.is_multiple_of(2), margin: 1e-3, ..Options::default() };
        Problem { net, regions, options, x, g }
    }

    fn plan(&self, ctx: &Context) -> crate::Result<Plan> {
        let regions: Vec<_> = self.regions.iter().map(|r| r.set(self.net.input_len())).collect();
        Plan::new(ctx, &self.net, &regions, &self.options)
    }

    /// The sum, and everything that must not change for it to be differentiable: choices, what decided, pieces at x.
    fn value(&self, ctx: &Context) -> (f64, Vec<i32>) {
        let plan = self.plan(ctx).unwrap();
        let mut choices = plan.network().pattern(ctx, self.x.view()).unwrap().into_iter().collect::<Vec<_>>();
        for r in 0..plan.n_regions() {
            choices.extend(plan.codes(r).unwrap());
        }
        for layer in plan.layers() {
            choices.extend(layer.corner.iter().chain(&layer.region));
        }
        let y = forward(plan.network(), ctx, self.x.view());
        ((&y * &self.g).sum(), choices)
    }

    fn with_parameter(&self, p: usize, i: usize, by: f64) -> Problem {
        let parameters = self.net.parameters();
        let arrays = parameters.iter().enumerate().map(|(q, parameter)| {
            let mut numbers = self.net.parameter(parameter).to_f64();
            if p == q {
                numbers[i] += by;
            }
            Array::f64(numbers)
        });
        Problem { net: self.net.with_parameters(arrays.collect()).unwrap(), ..self.clone() }
    }

    fn with_row(&self, r: usize, i: usize, by: f64) -> Problem {
        let mut moved = self.clone();
        *moved.regions[r].number(i) += by;
        moved
    }
}

/// A central difference; `None` across a kink, which shows in the choices or in differences of two widths.
fn slope(ctx: &Context, at: impl Fn(f64) -> Problem) -> Option<f64> {
    let here = at(0.0).value(ctx).1;
    let difference = |h: f64| {
        let [(a, kept), (b, also)] = [-h, h].map(|h| at(h).value(ctx));
        (kept == here && also == here).then_some((b - a) / (2.0 * h))
    };
    let (wide, narrow) = (difference(2e-5)?, difference(1e-5)?);
    ((wide - narrow).abs() <= 1e-6 * (1.0 + narrow.abs())).then_some(narrow)
}

#[test]
fn gradients_are_central_differences() {
    let ctx = threads(1);
    let (mut compared, mut rows, mut shifted) = (0, 0, 0);
    for seed in 0..500 {
        let problem = Problem::new(seed);
        let Ok(plan) = problem.plan(&ctx) else { continue };
        // Nothing but activations counts as single precision: rounding is too coarse for differences.
        if problem.net.is_f32() {
            continue;
        }
        let mut y = Array2::zeros(problem.g.dim());
        let tape = plan.network().record(&ctx, problem.x.view(), y.view_mut()).unwrap();
        let folded = tape.pull_back(&ctx, problem.g.view(), Wanted { x: false, parameters: true }).unwrap();
        let pulled = plan.pull_back(&ctx, folded.parameters).unwrap();
        let scale =
            pulled.parameters.iter().chain(&pulled.rows).flatten().fold(1.0, |m: f64, g| m.max(g.abs()));
        // Differences carry the rounding of the sum.
        let noise = 1e-9 * problem.value(&ctx).0.abs();
        let close = |found: f64, slope: f64| (found - slope).abs() <= 1e-6 * scale + noise;
        let mut rng = Rng(seed + 1);
        for (p, gradient) in pulled.parameters.iter().enumerate() {
            assert_eq!(gradient.len(), problem.net.parameters()[p].len());
            let i = rng.int(0, gradient.len() - 1);
            if let Some(slope) = slope(&ctx, |h| problem.with_parameter(p, i, h)) {
                assert!(
                    close(gradient[i], slope),
                    "seed {seed}, parameter {p}[{i}]: {} {slope}",
                    gradient[i]
                );
                compared += 1;
            }
        }
        for (r, gradient) in pulled.rows.iter().enumerate() {
            let i = rng.int(0, gradient.len() - 1);
            if let Some(slope) = slope(&ctx, |h| problem.with_row(r, i, h)) {
                assert!(
                    close(gradient[i], slope),
                    "seed {seed}, region {r}, number {i}: {} {slope}",
                    gradient[i]
                );
                compared += 1;
                rows += usize::from(slope != 0.0);
            }
        }
        // The bias of a shifted group has no effect.
        let parameters = problem.net.parameters();
        for layer in plan.layers() {
            let Some(node) = layer.bias_of else { continue };
            let p = parameters.iter().position(|p| p.node == node && p.which == 1).unwrap();
            if pulled.parameters[p].len() == layer.shift.len() {
                for (g, _) in layer.shift.iter().enumerate().filter(|(_, e)| **e != 0.0) {
                    assert_eq!(pulled.parameters[p][g], 0.0, "seed {seed}");
                    shifted += 1;
                }
            }
        }
    }
    assert!(compared > 500 && rows > 50 && shifted > 200, "{compared} {rows} {shifted}");
}

#[test]
fn gradients_of_threads_are_the_same() {
    for seed in 0..60 {
        let problem = Problem::new(seed);
        let pulled = [1, 3].map(|n| {
            let ctx = threads(n);
            let plan = problem.plan(&ctx).ok()?;
            let folded: Vec<Vec<f64>> = {
                let mut rng = Rng(seed);
                plan.network()
                    .parameters()
                    .iter()
                    .map(|p| rng.batch(1, p.len()).into_iter().collect())
                    .collect()
            };
            Some(plan.pull_back(&ctx, folded).unwrap())
        });
        assert_eq!(pulled[0], pulled[1]);
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let ctx = threads(1);
    let problem =
        (0..).map(Problem::new).find(|p| p.plan(&ctx).is_ok_and(|p| !p.network().parameters().is_empty()));
    let problem = problem.unwrap();
    let plan = problem.plan(&ctx).unwrap();
    let refused =
        |plan: &Plan, folded: &[Vec<f64>]| plan.pull_back(&ctx, folded.to_vec()).unwrap_err().condition();
    assert_eq!(refused(&plan, &[]), crate::Condition::Shape);
    let mut folded: Vec<Vec<f64>> = plan.network().parameters().iter().map(|p| vec![0.0; p.len()]).collect();
    folded[0].push(0.0);
    assert_eq!(refused(&plan, &folded), crate::Condition::Shape);
    let forgetful = Problem { options: Options { gradient: false, ..problem.options.clone() }, ..problem };
    assert_eq!(refused(&forgetful.plan(&ctx).unwrap(), &[]), crate::Condition::NotStored);
}
