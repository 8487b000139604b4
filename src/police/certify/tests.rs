//! Verdicts against exact arithmetic at the vertices, on networks of every kind of layer.

use proptest::prelude::*;

use super::{CertifyOptions, Reason, Verdict, certify};
use crate::convex::{ConvexSet, Norm};
use crate::network::testing::{Rng, threads};
use crate::network::{Candidate, Network, Op, UnitLayer};
use crate::numeric::dyadic::Dyadic;

/// What exact arithmetic says of one layer: units on no single piece, and the smallest margin.
#[derive(Debug)]
struct Truth {
    layer: usize,
    crossing: usize,
    margin: Dyadic,
}

fn sum(a: &Dyadic, b: &Dyadic) -> Dyadic {
    a.sub(&b.neg())
}

fn smallest(x: impl Iterator<Item = Dyadic>) -> Option<Dyadic> {
    x.reduce(|a, b| if b < a { b } else { a })
}

fn largest(x: impl Iterator<Item = Dyadic>) -> Option<Dyadic> {
    smallest(x.map(|x| x.neg())).map(|x| x.neg())
}

/// Runs the vertices through the network, each by the definition of every layer, up to the first layer with a unit that is on
/// no single piece at all of them.
fn exactly(net: &Network, vertices: &[f64]) -> Vec<Truth> {
    let mut values: Vec<Vec<Vec<Dyadic>>> = vec![
        vertices
            .chunks_exact(net.input_len())
            .map(|v| v.iter().map(|&x| Dyadic::from(x)).collect())
            .collect(),
    ];
    let n = values[0].len();
    let mut truths = Vec::new();
    for (id, node) in net.nodes().iter().enumerate().skip(1) {
        if node.op.is_unit() {
            let margins: Vec<Option<Dyadic>> = (0..node.len())
                .map(|i| unit_margin(net, id, i, n, &|v, j| values[node.inputs[0]][v][j].clone()))
                .collect();
            let crossing = margins.iter().flatten().filter(|m| m.signum() < 0).count();
            let Some(margin) = smallest(margins.into_iter().flatten()) else {
                truths.push(Truth { layer: truths.len(), crossing: 0, margin: Dyadic::from(f64::MAX) });
                values.push(apply(net, id, &values[node.inputs[0]]));
                continue;
            };
            truths.push(Truth { layer: truths.len(), crossing, margin });
            if crossing > 0 {
                break;
            }
            values.push(apply(net, id, &values[node.inputs[0]]));
            continue;
        }
        let value = (0..n).map(|v| {
            let element = |i: usize| {
                let mut z = Dyadic::zero();
                let constant = net.row(id, i, |slot, j, w| {
                    z.add_assign(&Dyadic::from(w).mul(&values[node.inputs[slot]][v][j]));
                });
                sum(&z, &Dyadic::from(constant))
            };
            (0..node.len()).map(element).collect()
        });
        let value = value.collect();
        values.push(value);
    }
    truths
}

/// Largest, over the pieces, of the smallest distance of a vertex from the ends of the piece; `None` without ends.
fn unit_margin(
    net: &Network,
    id: usize,
    i: usize,
    n: usize,
    z: &dyn Fn(usize, usize) -> Dyadic,
) -> Option<Dyadic> {
    if net.nodes()[id].op == Op::HardSwish {
        let three = Dyadic::from(3.0);
        let below = smallest((0..n).map(|v| z(v, i).neg().sub(&three)));
        let above = smallest((0..n).map(|v| z(v, i).sub(&three)));
        return largest(below.into_iter().chain(above));
    }
    if let Op::Pointwise(_) = net.nodes()[id].op {
        let f = net.activation(id, i);
        let knots: Vec<f64> = (0..f.knots().len())
            .filter(|&k| f.slopes()[k] != f.slopes()[k + 1])
            .map(|k| f.knots()[k])
            .collect();
        let ends = |p: usize| {
            let left = p.checked_sub(1).map(|k| Dyadic::from(knots[k]));
            let right = knots.get(p).map(|&t| Dyadic::from(t));
            smallest((0..n).flat_map(|v| {
                let above = left.as_ref().map(|t| z(v, i).sub(t));
                let below = right.as_ref().map(|t| t.sub(&z(v, i)));
                above.into_iter().chain(below)
            }))
        };
        return largest((0..=knots.len()).filter_map(ends));
    }
    let all: Vec<Candidate> = (0..net.candidates(id))
        .map(|k| net.candidate(id, i, k))
        .filter(|c| *c != Candidate::Padding)
        .collect();
    let at = |v: usize, c: &Candidate| match *c {
        Candidate::Element(j) => z(v, j),
        Candidate::Constant(c) => Dyadic::from(c),
        Candidate::Padding => unreachable!(),
    };
    let lead = |a: usize| {
        let others = (0..all.len()).filter(|&b| b != a);
        smallest(
            others
                .flat_map(|b| (0..n).map(move |v| (b, v)))
                .map(|(b, v)| at(v, &all[a]).sub(&at(v, &all[b]))),
        )
    };
    largest((0..all.len()).filter_map(lead))
}

/// The units of a layer at all vertices.
fn apply(net: &Network, id: usize, z: &[Vec<Dyadic>]) -> Vec<Vec<Dyadic>> {
    let element = |z: &Vec<Dyadic>, i: usize| match net.nodes()[id].op {
        Op::Pointwise(_) => {
            let f = net.activation(id, i);
            // From the first knot on, by the slopes between.
            let Some(&first) = f.knots().first() else {
                return sum(&Dyadic::from(f.value()), &Dyadic::from(f.slopes()[0]).mul(&z[i]));
            };
            let mut y = Dyadic::from(f.value());
            let mut at = Dyadic::from(first);
            let code = f.knots().iter().filter(|&&t| z[i] > Dyadic::from(t)).count();
            if code == 0 {
                return sum(&y, &Dyadic::from(f.slopes()[0]).mul(&z[i].sub(&at)));
            }
            for k in 1..=code {
                let to = if k == code { z[i].clone() } else { Dyadic::from(f.knots()[k]) };
                y.add_assign(&Dyadic::from(f.slopes()[k]).mul(&to.sub(&at)));
                at = to;
            }
            y
        }
        Op::HardSwish => {
            if z[i].signum() > 0 {
                z[i].clone()
            } else {
                Dyadic::zero()
            }
        }
        _ => largest((0..net.candidates(id)).filter_map(|k| match net.candidate(id, i, k) {
            Candidate::Element(j) => Some(z[j].clone()),
            Candidate::Constant(c) => Some(Dyadic::from(c)),
            Candidate::Padding => None,
        }))
        .unwrap(),
    };
    z.iter().map(|z| (0..net.nodes()[id].len()).map(|i| element(z, i)).collect()).collect()
}

/// The certificate says what is true, layer by layer.
fn agree(net: &Network, set: &ConvexSet, vertices: &[f64]) -> Result<(), TestCaseError> {
    let truths = exactly(net, vertices);
    let options = CertifyOptions { exact_work: u64::MAX, ..Default::default() };
    let found = certify(&threads(2), net, set, &options).unwrap();
    let certified = truths.iter().all(|t| t.crossing == 0);
    prop_assert_eq!(found.is_certified(), certified, "{:?} {:?}", found, truths);
    prop_assert_eq!(found.layers.len(), truths.len());
    for (l, t) in found.layers.iter().zip(&truths) {
        prop_assert_eq!((l.layer, l.crossing, l.open, l.elsewhere), (t.layer, t.crossing, 0, 0));
        if l.margin.is_finite() {
            let margin = t.margin.to_f64();
            let off = (l.margin - margin).abs();
            prop_assert!(
                off <= l.radius * 1.01 + 4.0 * f64::EPSILON * margin.abs(),
                "{} {}",
                l.margin,
                margin
            );
        }
    }
    // The codes hold at every vertex, and the certificate stands on them; any other code of a unit with an end fails.
    if certified {
        let options = CertifyOptions { codes: Some(found.codes.clone()), ..options };
        prop_assert!(certify(&threads(1), net, set, &options).unwrap().is_certified());
    } else {
        prop_assert!(!matches!(found.verdict, Verdict::NotCertified(Reason::Radius | Reason::Elsewhere)));
    }
    if let Verdict::Violated(w) = &found.verdict {
        prop_assert!(w.deviation.abs() > w.radius);
        let x: Vec<f64> = w.ends.concat().into_iter().chain(w.point.iter().copied()).collect();
        let x = ndarray::ArrayView2::from_shape((3, net.input_len()), &x).unwrap();
        let mut y = ndarray::Array2::zeros((3, net.output_len()));
        net.forward(&threads(1), x, y.view_mut()).unwrap();
        let [a, b, m] = [0, 1, 2].map(|r| y[[r, w.output]]);
        let size = y.iter().fold(1.0, |m: f64, y| m.max(y.abs()));
        let off = m - a - w.at * (b - a);
        prop_assert!((off - w.deviation).abs() <= 1e-9 * size, "{off} {}", w.deviation);
    }
    Ok(())
}

/// The network with biases that put its units exactly where vertices are, where it has biases.
fn touching(net: &Network, vertices: &[f64], rng: &mut Rng) -> Network {
    let mut net = net.clone();
    for l in 0..net.unit_layers().len() {
        let UnitLayer { node, .. } = net.unit_layers()[l];
        let source = net.nodes()[node].inputs[0];
        let Op::Dense { bias: Some(bias), .. } = &net.nodes()[source].op else { continue };
        let x =
            ndarray::ArrayView2::from_shape((vertices.len() / net.input_len(), net.input_len()), vertices)
                .unwrap();
        // The input of the layer at the vertices, from a network that ends there.
        let mut z = ndarray::Array2::zeros((x.nrows(), net.nodes()[source].len()));
        let front = net.rebuilt(net.nodes().to_vec(), source);
        front.forward(&threads(1), x, z.view_mut()).unwrap();
        let knot = |i: usize| match &net.nodes()[node].op {
            Op::Pointwise(_) => net.activation(node, i).knots().first().copied().unwrap_or(0.0),
            _ => 0.0,
        };
        let moved = |i: usize| {
            let column = z.column(i);
            let (lo, hi) =
                column.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &z| (a.min(z), b.max(z)));
            bias.get(i) - if rng.int(0, 1) == 0 { lo } else { hi } + knot(i)
        };
        let bias: Vec<f64> = (0..bias.len()).map(moved).collect();
        let mut nodes = net.nodes().to_vec();
        if let Op::Dense { bias: old, .. } = &mut nodes[source].op {
            *old = Some(bias.into());
        }
        net = net.rebuilt(nodes, net.output());
    }
    net
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Hulls of a few points, of all sizes; the networks have every kind of layer.
    #[test]
    fn points_are_as_exact_arithmetic_says(seed: u64, n in 1usize..5, size in prop_oneof![Just(0), -40i32..0]) {
        let mut rng = Rng(seed);
        let net = if seed.is_multiple_of(4) { rng.curved_network() } else { rng.network() };
        let dim = net.input_len();
        let center: Vec<f64> = (0..dim).map(|_| rng.real()).collect();
        let vertices: Vec<f64> =
            (0..n * dim).map(|i| center[i % dim] + rng.real() * 2f64.powi(size)).collect();
        let set = ConvexSet::points(dim, &vertices).unwrap();
        agree(&net, &set, &vertices)?;
        agree(&touching(&net, &vertices, &mut rng), &set, &vertices)?;
    }

    /// Boxes, cross-polytopes and simplices by rows, against their vertices.
    #[test]
    fn rows_are_as_good_as_vertices(seed: u64, kind in 0usize..4, size in -30i32..1) {
        let mut rng = Rng(seed);
        let net = rng.network();
        let dim = net.input_len();
        prop_assume!(dim <= 6);
        let size = 2f64.powi(size);
        // Few digits, so that the vertices are exact.
        let center: Vec<f64> = (0..dim).map(|_| rng.int(0, 8) as f64 - 4.0).collect();
        let (set, vertices): (ConvexSet, Vec<Vec<f64>>) = match kind {
            0 => {
                let radius: Vec<f64> = (0..dim).map(|_| rng.int(0, 2) as f64 * size).collect();
                let corner = |k: usize| {
                    (0..dim).map(|i| center[i] + if k >> i & 1 == 1 { radius[i] } else { -radius[i] }).collect()
                };
                (ConvexSet::boxed(&center, &radius).unwrap(), (0..1 << dim).map(corner).collect())
            }
            1 => {
                let corner = |k: usize| {
                    let mut v = center.clone();
                    v[k / 2] += if k.is_multiple_of(2) { size } else { -size };
                    v
                };
                (ConvexSet::ball(&center, size, Norm::One).unwrap(), (0..2 * dim).map(corner).collect())
            }
            2 => {
                let corner = |k: usize| {
                    let mut v = center.clone();
                    if k > 0 {
                        v[k - 1] += size;
                    }
                    v
                };
                (ConvexSet::corner_simplex(&center, size).unwrap(), (0..=dim).map(corner).collect())
            }
            _ => {
                // The hull of a box and a point.
                let radius = vec![size; dim];
                let far: Vec<f64> = center.iter().map(|c| c + 3.0 * size).collect();
                let corner = |k: usize| -> Vec<f64> {
                    (0..dim).map(|i| center[i] + if k >> i & 1 == 1 { size } else { -size }).collect()
                };
                let mut vertices: Vec<Vec<f64>> = (0..1 << dim).map(corner).collect();
                vertices.push(far.clone());
                let parts = [ConvexSet::boxed(&center, &radius).unwrap(), ConvexSet::points(dim, &far).unwrap()];
                (ConvexSet::hull(&[&parts[0], &parts[1]]).unwrap(), vertices)
            }
        };
        let vertices = vertices.concat();
        agree(&net, &set, &vertices)?;
        agree(&touching(&net, &vertices, &mut rng), &set, &vertices)?;
    }

    /// Not a bit depends on the number of threads.
    #[test]
    fn threads_do_not_matter(seed: u64) {
        let mut rng = Rng(seed);
        let net = rng.network();
        let x = rng.batch(3, net.input_len()).into_raw_vec_and_offset().0;
        let set = ConvexSet::points(net.input_len(), &x).unwrap();
        let run = |n: usize| format!("{:?}", certify(&threads(n), &net, &set, &CertifyOptions::default()));
        prop_assert_eq!(run(1), run(3));
    }
}
