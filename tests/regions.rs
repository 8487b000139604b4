//! The acceptance cases of tests/data/regions, whose answers exact arithmetic gave, and laws that every partition obeys.

mod support;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cpwl::network::{Array, Builder, Network, Op, Pwl};
use cpwl::regions::{
    Boundary, BoundaryMode, Color, Domain, Partition, PartitionOptions, SvgOptions, Want, partition,
};
use cpwl::{Condition, Context, ContextOptions, Isa};
use proptest::prelude::*;
use support::Case;

fn context(threads: usize) -> Context {
    Context::new(ContextOptions { threads, ..Default::default() }).unwrap()
}

fn all(ctx: &Context, case: &Case) -> Partition {
    partition(ctx, &case.net, &case.domain, &PartitionOptions::default()).unwrap()
}

/// All cases in the plane.
fn cases() -> Vec<(Case, serde_json::Value)> {
    let expected = support::expected();
    let planar = expected.as_object().unwrap().iter().filter(|(_, want)| want.get("V").is_some());
    let load = |(name, want): (&String, &serde_json::Value)| {
        let case = support::load(name).unwrap();
        let count = PartitionOptions { want: Want::COUNT, max_regions: 0 };
        let p = partition(&context(1), &case.net, &case.domain, &count).unwrap();
        assert_eq!(p.n_regions() as u64, want["regions"].as_u64().unwrap(), "{name}: counting only");
        (case, want.clone())
    };
    let cases: Vec<_> = planar.map(load).collect();
    assert_eq!(cases.len(), 13);
    cases
}

#[test]
fn public_cases() {
    for (case, want) in cases() {
        let name = &case.name;
        let p = all(&context(1), &case);
        let count = |key: &str| want[key].as_u64().unwrap() as usize;
        assert_eq!(p.n_regions(), count("regions"), "{name}");
        assert_eq!(p.vertices().len(), count("V"), "{name}");
        assert_eq!(p.edges().len(), count("E"), "{name}");
        assert_eq!(p.points().len(), count("sum_cell_vertices"), "{name}");
        let by_layer: Vec<u64> = {
            let layers = want["cells_after_layer_op"].as_object().unwrap();
            let mut pairs: Vec<(u64, u64)> =
                layers.iter().map(|(k, v)| (k.parse().unwrap(), v.as_u64().unwrap())).collect();
            pairs.sort_unstable();
            pairs.into_iter().map(|(_, cells)| cells).collect()
        };
        assert_eq!(p.layer_cells(), by_layer, "{name}");

        let total = fraction(want["total_area"].as_str().unwrap());
        let close = |value: f64, expected: f64, what: &str| {
            let error = (value - expected).abs();
            assert!(error <= 1e-12 * total, "{name}: {what} {value}, expected {expected}");
        };
        let areas = p.areas();
        close(p.area(), total, "area");
        close(areas.iter().sum::<f64>(), total, "sum of areas");
        let number = |key: &str| want[key].as_f64().unwrap();
        close(areas.iter().copied().fold(f64::INFINITY, f64::min), number("min_area"), "smallest area");
        close(areas.iter().copied().fold(0.0, f64::max), number("max_area"), "largest area");
        close(p.area() / p.n_regions() as f64, number("mean_area"), "mean area");

        let mut labels = vec![-1; p.n_regions()];
        assert_eq!(p.linear_pieces(&context(2), &mut labels).unwrap(), count("linear_regions"), "{name}");
        assert_eq!(labels.iter().max(), Some(&(count("linear_regions") as i64 - 1)), "{name}");

        let length = |mode: BoundaryMode, key: &str| {
            if let Some(expected) = want[key].as_f64() {
                let found = p.boundary(&context(1), mode).unwrap().interior_length();
                let error = (found - expected).abs();
                assert!(error <= 1e-9 * expected, "{name}: {key} {found}, expected {expected}");
            }
        };
        length(BoundaryMode::LevelSet { output: 0, level: 0.0 }, "zero_level_length_out0");
        length(BoundaryMode::Argmax, "argmax_boundary_length");
    }
}

fn fraction(text: &str) -> f64 {
    match text.split_once('/') {
        Some((a, b)) => a.parse::<f64>().unwrap() / b.parse::<f64>().unwrap(),
        None => text.parse().unwrap(),
    }
}

fn pattern(p: &Partition, i: usize) -> Vec<u8> {
    let mut codes = Vec::new();
    p.pattern(i, |_, code| codes.push(code)).unwrap();
    codes
}

/// A pattern in which max units have the element that they chose, as in the files, not its place in the group.
fn chosen_elements(net: &Network, mut codes: Vec<u8>) -> Vec<u8> {
    for layer in net.unit_layers() {
        if let Op::Maxout { group, .. } = net.nodes()[layer.node].op {
            for (k, code) in codes[layer.first..][..layer.len].iter_mut().enumerate() {
                *code += (k * group) as u8;
            }
        }
    }
    codes
}

#[test]
fn cell_by_cell() {
    let mut checked = 0;
    for (case, _) in cases() {
        let path = support::folder().join(format!("{}.cells.npz", case.name));
        if !path.exists() {
            continue;
        }
        checked += 1;
        let (truth, _) = support::read_npz(&path);
        let p = all(&context(2), &case);
        let (shape, codes) = &truth["pattern"];
        let units = shape[1];
        assert_eq!(units, case.net.n_units(), "{}", case.name);
        let by_pattern: HashMap<Vec<u8>, usize> =
            (0..p.n_regions()).map(|i| (chosen_elements(&case.net, pattern(&p, i)), i)).collect();
        let outputs = case.net.output_len();
        for (k, codes) in codes.chunks(units).enumerate() {
            let codes: Vec<u8> = codes.iter().map(|&c| c as u8).collect();
            let i = *by_pattern.get(&codes).unwrap_or_else(|| panic!("{}: cell {k} is missing", case.name));
            let (from, to) = (truth["offsets"].1[k] as usize, truth["offsets"].1[k + 1] as usize);
            assert_eq!(p.polygon(i).len(), to - from, "{}: cell {k}", case.name);
            let near = |a: f64, b: f64| (a - b).abs() <= 1e-12 * (1.0 + b.abs());
            let corners: Vec<[f64; 2]> =
                truth["vertices"].1[2 * from..2 * to].chunks(2).map(|c| [c[0], c[1]]).collect();
            // The same polygon from another first vertex.
            let rotated = (0..corners.len()).any(|shift| {
                p.polygon(i).iter().enumerate().all(|(j, q)| {
                    let c = corners[(j + shift) % corners.len()];
                    (q[0] - c[0]).abs() <= 1e-11 && (q[1] - c[1]).abs() <= 1e-11
                })
            });
            assert!(rotated, "{}: cell {k}: {:?} and {corners:?}", case.name, p.polygon(i));
            assert!(near(p.areas()[i], truth["area"].1[k]), "{}: cell {k}", case.name);
            for o in 0..outputs {
                let a = p.map_a()[i * outputs + o];
                let b = p.map_b()[i * outputs + o];
                assert!(near(a[0], truth["A"].1[(k * outputs + o) * 2]), "{}: cell {k}", case.name);
                assert!(near(a[1], truth["A"].1[(k * outputs + o) * 2 + 1]), "{}: cell {k}", case.name);
                assert!(near(b, truth["b"].1[k * outputs + o]), "{}: cell {k}", case.name);
            }
        }
    }
    assert_eq!(checked, 5);
}

fn bytes(p: &Partition) -> Vec<u64> {
    let mut out: Vec<u64> = vec![p.n_regions() as u64, p.area().to_bits(), p.exact_signs()];
    let pairs = [p.points(), p.centroids(), p.map_a(), p.vertices()];
    out.extend(pairs.iter().flat_map(|a| a.iter().flatten().map(|x| x.to_bits())));
    out.extend(p.areas().iter().chain(p.map_b()).map(|x| x.to_bits()));
    let lists = [p.cell_offsets(), p.cell_vertices(), p.cell_edges(), p.edge_units()];
    out.extend(lists.iter().flat_map(|a| a.iter().map(|&x| x as u64)));
    out.extend(p.edges().iter().chain(p.edge_cells()).flatten().map(|&x| x as u64));
    out.extend(p.edge_layers().iter().chain(p.edge_knots()).map(|&x| x as u64));
    out.extend((0..p.n_regions()).flat_map(|i| pattern(p, i)).map(u64::from));
    out
}

#[test]
fn identical_for_any_number_of_threads() {
    for (case, _) in cases() {
        if case.net.n_units() > 200 {
            continue; // c11 and c12 take a while without optimisation
        }
        let one = all(&context(1), &case);
        for threads in [2, 3, 8] {
            assert!(bytes(&one) == bytes(&all(&context(threads), &case)), "{}: {threads} threads", case.name);
        }
        let cut = |ctx: &Context| {
            let b = one.boundary(ctx, BoundaryMode::LevelSet { output: 0, level: 0.0 }).unwrap();
            b.segments().iter().flatten().flatten().map(|x| x.to_bits()).collect::<Vec<u64>>()
        };
        assert_eq!(cut(&context(1)), cut(&context(4)), "{}", case.name);
    }
}

#[test]
fn identical_topology_for_any_instruction_set() {
    for (case, _) in cases().into_iter().filter(|(c, _)| c.net.n_units() <= 200) {
        let best = all(&context(1), &case);
        for isa in Isa::ALL.into_iter().filter(|isa| isa.available()) {
            let ctx = Context::new(ContextOptions { threads: 1, isa: Some(isa), ..Default::default() });
            let p = all(&ctx.unwrap(), &case);
            assert_eq!(p.cell_vertices(), best.cell_vertices(), "{} {}", case.name, isa.name());
            assert_eq!(p.edge_units(), best.edge_units(), "{} {}", case.name, isa.name());
        }
    }
}

fn reference() -> Context {
    Context::new(ContextOptions { threads: 1, reference: true, ..Default::default() }).unwrap()
}

/// The filter decides nothing: with every sign from exact arithmetic the same cells come out, vertex by vertex.
#[test]
fn the_filter_agrees_with_exact_arithmetic() {
    for (case, _) in cases().into_iter().filter(|(c, _)| c.net.n_units() <= 75) {
        let (p, q) = (all(&context(1), &case), all(&reference(), &case));
        assert!(q.exact_signs() > 10 * q.n_regions() as u64, "{}", case.name);
        same_topology(&p, &q);
        for (a, b) in p.vertices().iter().zip(q.vertices()) {
            let distance = (a[0] - b[0]).hypot(a[1] - b[1]);
            assert!(distance <= p.vertex_error() + q.vertex_error(), "{}: {a:?} and {b:?}", case.name);
        }
    }
}

fn same_topology(p: &Partition, q: &Partition) {
    assert_eq!(p.cell_vertices(), q.cell_vertices());
    assert_eq!(p.edges(), q.edges());
    assert_eq!(p.edge_layers(), q.edge_layers());
    assert_eq!(p.edge_units(), q.edge_units());
    assert_eq!(p.edge_knots(), q.edge_knots());
    assert!((0..p.n_regions()).all(|i| pattern(p, i) == pattern(q, i)));
}

/// Laws of one partition: Euler, areas, neighbours, continuity across edges.
fn check_laws(net: &Arc<Network>, p: &Partition) {
    let (v, e, f) = (p.vertices().len() as i64, p.edges().len() as i64, p.n_regions() as i64);
    assert_eq!(v - e + f, 1, "Euler");
    assert!((p.area() - p.domain_area()).abs() <= 1e-12 * p.domain_area(), "areas");
    let outputs = net.output_len();
    let value = |cell: usize, k: usize, [x, y]: [f64; 2]| {
        let a = p.map_a()[cell * outputs + k];
        a[0] * x + a[1] * y + p.map_b()[cell * outputs + k]
    };
    let largest = |x: &mut dyn Iterator<Item = f64>| x.fold(1.0f64, |m, x| m.max(x.abs()));
    let reach = largest(&mut p.vertices().iter().flatten().copied());
    let scale = largest(&mut p.map_a().iter().flatten().map(|a| a * reach).chain(p.map_b().iter().copied()));
    let mut sides = 0;
    for (edge, cells) in p.edge_cells().iter().enumerate() {
        assert_eq!(cells[1] == -1, p.edge_layers()[edge] == -1, "edge {edge}: side of the domain or unit");
        if cells[1] == -1 {
            sides += 1;
            continue;
        }
        for k in 0..outputs {
            for end in p.edges()[edge] {
                let at = p.vertices()[end as usize];
                let (a, b) = (value(cells[0] as usize, k, at), value(cells[1] as usize, k, at));
                assert!((a - b).abs() <= 1e-9 * scale, "edge {edge} output {k}: {a} and {b}");
            }
        }
    }
    assert_eq!(p.points().len() as i64, 2 * e - sides, "every inner edge has two cells");
}

/// A forward pass in f64 at the centroid of each cell returns the pattern of the cell. Not so for every network: where a
/// pre-activation is exactly at a knot all over a cell, rounding decides what a forward pass sees.
fn check_centroids(net: &Arc<Network>, p: &Partition) {
    for i in 0..p.n_regions() {
        // Centroids of tiny cells are lost to rounding.
        if p.areas()[i] < 1e-9 * p.domain_area() {
            continue;
        }
        let x = p.domain().embed(p.centroids()[i]);
        let forward =
            net.pattern(&context(1), ndarray::ArrayView2::from_shape((1, x.len()), &x).unwrap()).unwrap();
        let codes: Vec<u8> = forward.iter().map(|&c| c as u8).collect();
        assert_eq!(codes, pattern(p, i), "cell {i}: pattern at the centroid");
    }
}

#[test]
fn laws_of_the_public_cases() {
    for (case, _) in cases().into_iter().filter(|(c, _)| c.net.n_units() <= 200) {
        let p = all(&context(2), &case);
        check_laws(&case.net, &p);
        check_centroids(&case.net, &p);
    }
}

/// An MLP with small integer weights: true coincidences everywhere.
fn low_bit(widths: &[usize], activation: &Pwl, numbers: &mut impl FnMut() -> f64) -> Arc<Network> {
    let mut b = Builder::new(&[2]).unwrap();
    for w in [&[2], widths].concat().windows(2) {
        let mut draw = |n: usize| Array::f64((0..n).map(|_| numbers()).collect());
        let (weight, bias) = (draw(w[0] * w[1]), draw(w[1]));
        b.dense(b.last(), weight, [w[1], w[0]], Some(bias)).unwrap();
        b.pointwise(b.last(), vec![activation.clone()]).unwrap();
    }
    let last = *widths.last().unwrap();
    let weight = Array::f64((0..2 * last).map(|_| numbers()).collect());
    b.dense(b.last(), weight, [2, last], None).unwrap();
    Arc::new(b.finish(b.last()).unwrap())
}

fn square(half: f64) -> Domain {
    Domain::rect([-half, -half], [half, half]).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Ternary to 3-bit networks: lines through vertices, coinciding lines, dead units. The order in which units are cut
    /// follows their order in the layer, so reversing it must change nothing; in plain f64 it does.
    #[test]
    fn degenerate_networks_obey_the_laws(
        seed in prop::collection::vec(-3i32..=3, 400),
        kind in 0usize..4,
        bits in 1i32..=3,
        widths in prop::sample::select(vec![vec![6], vec![7, 5], vec![5, 5, 4]]),
    ) {
        let activation = match kind {
            0 => Pwl::leaky_relu(0.0),
            1 => Pwl::leaky_relu(-1.0),
            2 => Pwl::leaky_relu(0.25),
            _ => Pwl::clip(-1.0, 1.0),
        }.unwrap();
        let mut at = 0;
        let mut numbers = || {
            at += 1;
            f64::from(seed[at % seed.len()].clamp(-bits, bits)) / 2.0
        };
        let net = low_bit(&widths, &activation, &mut numbers);
        let p = partition(&context(1), &net, &square(2.0), &PartitionOptions::default()).unwrap();
        check_laws(&net, &p);

        same_topology(&p, &partition(&reference(), &net, &square(2.0), &PartitionOptions::default()).unwrap());
        let reversed = reverse_units(&net, &widths, &activation);
        let q = partition(&context(1), &reversed, &square(2.0), &PartitionOptions::default()).unwrap();
        prop_assert_eq!(p.n_regions(), q.n_regions());
        prop_assert_eq!(p.vertices().len(), q.vertices().len());
        prop_assert_eq!(p.edges().len(), q.edges().len());
        prop_assert_eq!(p.layer_cells(), q.layer_cells());
        for mode in [BoundaryMode::Argmax, BoundaryMode::LevelSet { output: 0, level: 0.5 }] {
            let length = |p: &Partition| {
                let b: Boundary = p.boundary(&context(1), mode).unwrap();
                (b.interior_length(), b.on_edge_length())
            };
            let (a, b) = (length(&p), length(&q));
            prop_assert!((a.0 - b.0).abs() <= 1e-9 * (1.0 + a.0), "{:?}: {:?} {:?}", mode, a, b);
            prop_assert!((a.1 - b.1).abs() <= 1e-9 * (1.0 + a.1), "{:?}: {:?} {:?}", mode, a, b);
        }
    }
}

/// The same function with the units of every hidden layer in the opposite order.
fn reverse_units(net: &Network, widths: &[usize], activation: &Pwl) -> Arc<Network> {
    use cpwl::network::Op;
    let mut b = Builder::new(&[2]).unwrap();
    let mut flip_inputs = false;
    for node in net.nodes() {
        let Op::Dense { weight, bias } = &node.op else { continue };
        let (m, n) = (node.len(), weight.len() / node.len());
        let hidden = b.last() / 2 < widths.len();
        let row = |i: usize| if hidden { m - 1 - i } else { i };
        let column = |j: usize| if flip_inputs { n - 1 - j } else { j };
        let w = (0..m * n).map(|k| weight.get(row(k / n) * n + column(k % n))).collect();
        let bias = bias.as_ref().map(|b| Array::f64((0..m).map(|i| b.get(row(i))).collect()));
        b.dense(b.last(), Array::f64(w), [m, n], bias).unwrap();
        if hidden {
            b.pointwise(b.last(), vec![activation.clone()]).unwrap();
        }
        flip_inputs = true;
    }
    Arc::new(b.finish(b.last()).unwrap())
}

/// t(x) = 2 relu(x) - 4 relu(x - 1/2), composed k times on each of two axes: (2^k)^2 cells, every vertex degenerate.
fn tent(k: usize) -> Arc<Network> {
    let mut b = Builder::new(&[2]).unwrap();
    for _ in 0..k {
        let w = vec![1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0];
        b.dense(b.last(), Array::f64(w), [4, 2], Some(Array::f64(vec![0.0, -0.5, 0.0, -0.5]))).unwrap();
        b.pointwise(b.last(), vec![Pwl::leaky_relu(0.0).unwrap()]).unwrap();
        let w = vec![2.0, -4.0, 0.0, 0.0, 0.0, 0.0, 2.0, -4.0];
        b.dense(b.last(), Array::f64(w), [2, 4], None).unwrap();
    }
    b.dense(b.last(), Array::f64(vec![1.0, 1.0]), [1, 2], None).unwrap();
    Arc::new(b.finish(b.last()).unwrap())
}

#[test]
fn tent_maps_have_the_closed_form() {
    for k in 1..=4 {
        let net = tent(k);
        let domain = Domain::rect([0.0, 0.0], [1.0, 1.0]).unwrap();
        let p = partition(&context(2), &net, &domain, &PartitionOptions::default()).unwrap();
        assert_eq!(p.n_regions(), 1 << (2 * k));
        let side = (1 << k) + 1;
        assert_eq!(p.vertices().len(), side * side);
        check_laws(&net, &p);
        // The sum of two tents vanishes only where both do: at vertices.
        let zero = p.boundary(&context(1), BoundaryMode::LevelSet { output: 0, level: 0.0 }).unwrap();
        assert_eq!((zero.interior_length(), zero.on_edge_length()), (0.0, 0.0));
    }
}

#[test]
fn arrangements_have_the_closed_form() {
    // n lines in general position with all crossings inside: tangents of a circle.
    for n in [1usize, 2, 5, 17] {
        let mut b = Builder::new(&[2]).unwrap();
        let turn = |i: usize| std::f64::consts::PI * (i as f64 + 0.3) / n as f64;
        let w = (0..n).flat_map(|i| [turn(i).cos(), turn(i).sin()]).collect();
        b.dense(0, Array::f64(w), [n, 2], Some(Array::f64(vec![-1.0; n]))).unwrap();
        b.pointwise(1, vec![Pwl::leaky_relu(0.0).unwrap()]).unwrap();
        let net = Arc::new(b.finish(2).unwrap());
        let p = partition(&context(1), &net, &square(1e4), &PartitionOptions::default()).unwrap();
        assert_eq!(p.n_regions(), 1 + n + n * (n - 1) / 2);
        check_laws(&net, &p);
    }
}

#[test]
fn on_edge_pieces_are_told_apart() {
    // |u| as two units: out = relu(u) + relu(-u); level 0 lies wholly on the edge u = 0.
    let mut b = Builder::new(&[2]).unwrap();
    b.dense(0, Array::f64(vec![1.0, 0.0, -1.0, 0.0]), [2, 2], None).unwrap();
    b.pointwise(1, vec![Pwl::leaky_relu(0.0).unwrap()]).unwrap();
    b.dense(2, Array::f64(vec![1.0, 1.0, 0.5, 0.5]), [2, 2], None).unwrap();
    let net = Arc::new(b.finish(3).unwrap());
    let p = partition(&context(1), &net, &square(1.0), &PartitionOptions::default()).unwrap();
    assert_eq!((p.n_regions(), p.vertices().len(), p.edges().len()), (2, 6, 7));
    let at = |level: f64| p.boundary(&context(1), BoundaryMode::LevelSet { output: 0, level }).unwrap();
    let zero = at(0.0);
    assert_eq!((zero.segments().len(), zero.interior_length(), zero.on_edge_length()), (1, 0.0, 2.0));
    assert_eq!(zero.on_edge(), [1]);
    let half = at(0.5);
    assert_eq!((half.segments().len(), half.interior_length(), half.on_edge_length()), (2, 4.0, 0.0));
    // Output 0 is twice output 1, so the two tie exactly where both are 0, and 0 wins on both sides of it.
    let pairs = p.boundary(&context(1), BoundaryMode::Pairwise).unwrap();
    assert_eq!((pairs.interior_length(), pairs.on_edge_length()), (0.0, 2.0));
    let argmax = p.boundary(&context(1), BoundaryMode::Argmax).unwrap();
    assert_eq!(argmax.segments().len(), 0);
}

#[test]
fn flat_pieces_belong_to_their_pair() {
    // Outputs 0 and 1 are the same everywhere; output 2 meets them on the edge u = 0 alone.
    let mut b = Builder::new(&[2]).unwrap();
    b.dense(0, Array::f64(vec![1.0, 0.0, -1.0, 0.0]), [2, 2], None).unwrap();
    b.pointwise(1, vec![Pwl::leaky_relu(0.0).unwrap()]).unwrap();
    b.dense(2, Array::f64(vec![1.0, 1.0, 1.0, 1.0, 2.0, 2.0]), [3, 2], None).unwrap();
    let net = Arc::new(b.finish(3).unwrap());
    let p = partition(&context(1), &net, &square(1.0), &PartitionOptions::default()).unwrap();
    let pairs = p.boundary(&context(1), BoundaryMode::Pairwise).unwrap();
    assert_eq!(pairs.flat_cells(), [0, 1]);
    let edge: Vec<[i32; 2]> = (0..pairs.labels().len())
        .filter(|&i| pairs.segments()[i].iter().all(|p| p[0] == 0.0))
        .map(|i| pairs.labels()[i])
        .collect();
    assert_eq!(edge, [[0, 2], [1, 2]]);
}

#[test]
fn weights_beyond_the_range_of_f64() {
    // Scaling a layer by 2^k scales nothing but the output: the same cells, by the exact stage alone.
    let cells = |scale: f64| {
        let mut at = 1u64;
        let mut numbers = || {
            at = at.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            scale * ((at >> 40) as f64 / (1u64 << 23) as f64 - 1.0)
        };
        let mut b = Builder::new(&[2]).unwrap();
        for (n, m) in [(2, 6), (6, 5)] {
            let w = Array::f64((0..n * m).map(|_| numbers()).collect());
            b.dense(b.last(), w, [m, n], None).unwrap();
            b.pointwise(b.last(), vec![Pwl::leaky_relu(0.125).unwrap()]).unwrap();
        }
        b.dense(b.last(), Array::f64(vec![1.0; 5]), [1, 5], None).unwrap();
        let net = Arc::new(b.finish(b.last()).unwrap());
        let want = Want { maps: false, ..Want::ALL };
        let p =
            partition(&context(2), &net, &square(1.0), &PartitionOptions { want, max_regions: 0 }).unwrap();
        assert!((p.area() - 4.0).abs() < 1e-12);
        let all = partition(&context(1), &net, &square(1.0), &PartitionOptions::default());
        (p.n_regions(), p.cell_vertices().to_vec(), all.map(drop).map_err(|e| e.condition()))
    };
    let plain = cells(1.0);
    assert_eq!(plain.2, Ok(()));
    for power in [400, -500] {
        let scaled = cells(2f64.powi(power));
        assert_eq!((scaled.0, &scaled.1), (plain.0, &plain.1), "2^{power}");
        assert_eq!(scaled.2, Ok(()), "2^{power}");
    }
    let over = cells(2f64.powi(600));
    assert_eq!((over.0, &over.1, over.2), (plain.0, &plain.1, Err(Condition::Numeric)));
}

/// Rows R and their copies, with weights `scale`; then the difference of the two halves, which is exactly 0.
fn cancelling(scale: f64, hidden: bool) -> Arc<Network> {
    let rows = [0.1, 0.3, 0.7, 1.1, 1.3, 0.9];
    let mut b = Builder::new(&[2]).unwrap();
    b.dense(
        0,
        Array::f64([rows, rows].concat()),
        [6, 2],
        Some(Array::f64(vec![0.1, -0.2, 0.05, 0.1, -0.2, 0.05])),
    )
    .unwrap();
    if hidden {
        b.pointwise(b.last(), vec![Pwl::leaky_relu(0.0).unwrap()]).unwrap();
    }
    let w = [0.1, 0.7, 0.3, -0.1, -0.7, -0.3].map(|w| w * scale);
    b.dense(b.last(), Array::f64(w.to_vec()), [1, 6], None).unwrap();
    b.pointwise(b.last(), vec![Pwl::leaky_relu(0.0).unwrap()]).unwrap();
    Arc::new(b.finish(b.last()).unwrap())
}

#[test]
fn exact_cancellation_is_seen_in_every_layer_and_at_every_scale() {
    for power in [0, -100, -300, -545, -600, 300] {
        for hidden in [false, true] {
            let net = cancelling(2f64.powi(power), hidden);
            let p = partition(&context(1), &net, &square(1.0), &PartitionOptions::default()).unwrap();
            let cells = p.layer_cells();
            // The last unit is identically 0: off everywhere, and it splits nothing.
            assert_eq!(cells.last().copied(), Some(if hidden { cells[0] } else { 1 }), "2^{power}");
            let last = net.n_units() - 1;
            assert!((0..p.n_regions()).all(|i| pattern(&p, i)[last] == 0), "2^{power}");
        }
    }
    // Layers that scale down and up again, behind one that cancels.
    let mut b = Builder::new(&[2]).unwrap();
    b.dense(0, Array::f64(vec![0.1, 0.3, 0.7, 1.1]), [2, 2], Some(Array::f64(vec![0.2, -0.1]))).unwrap();
    for scale in [1.0, 2f64.powi(-140), 2f64.powi(140)] {
        b.pointwise(b.last(), vec![Pwl::leaky_relu(0.3).unwrap()]).unwrap();
        b.dense(b.last(), Array::f64(vec![scale, 0.0, 0.0, scale]), [2, 2], None).unwrap();
    }
    b.pointwise(b.last(), vec![Pwl::leaky_relu(0.3).unwrap()]).unwrap();
    let net = Arc::new(b.finish(b.last()).unwrap());
    let p = partition(&context(1), &net, &square(1.0), &PartitionOptions::default()).unwrap();
    same_topology(&p, &partition(&reference(), &net, &square(1.0), &PartitionOptions::default()).unwrap());
}

#[test]
fn far_knots_and_long_domains_cost_nothing() {
    let net = |activation: Pwl| {
        let mut at = 7u64;
        let mut numbers = || {
            at = at.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (at >> 40) as f64 / (1u64 << 23) as f64 - 1.0
        };
        low_bit(&[12, 12, 12], &activation, &mut numbers)
    };
    let relu = net(Pwl::leaky_relu(0.0).unwrap());
    let p = partition(&context(1), &relu, &square(1.0), &PartitionOptions::default()).unwrap();
    for top in [1e6, f64::from(f32::MAX)] {
        let clipped = net(Pwl::clip(0.0, top).unwrap());
        let q = partition(&context(1), &clipped, &square(1.0), &PartitionOptions::default()).unwrap();
        same_topology(&p, &q);
        assert_eq!((q.exact_signs(), q.exact_vertices()), (p.exact_signs(), p.exact_vertices()), "{top}");
    }
    let long = Domain::rect([-1.0, -1e12], [1.0, 1e12]).unwrap();
    let p = partition(&context(1), &relu, &long, &PartitionOptions::default()).unwrap();
    check_laws(&relu, &p);
    let mut cells = vec![0; p.n_regions()];
    p.locate(&context(1), p.centroids(), &mut cells).unwrap();
    assert!(cells.iter().enumerate().all(|(i, &c)| c == i as i64 || p.areas()[i] < 1e-9 * p.domain_area()));
}

#[test]
fn argmax_on_an_edge_and_three_way_ties() {
    // Classes 0, |u| - 0 and u: for u < 0 class 1 (-u) wins; for u > 0 classes 1 and 2 tie and 1 wins: no boundary.
    let mut b = Builder::new(&[2]).unwrap();
    b.dense(0, Array::f64(vec![1.0, 0.0]), [1, 2], None).unwrap();
    b.pointwise(1, vec![Pwl::leaky_relu(0.0).unwrap()]).unwrap();
    b.dense(0, Array::f64(vec![1.0, 0.0]), [1, 2], None).unwrap();
    b.concat(&[2, 3], 0).unwrap();
    // relu(u), u -> classes: 0: 0; 1: relu(u); 2: u. On u < 0 class 0 and 1 tie (0 wins); on u > 0 1 and 2 tie.
    b.dense(4, Array::f64(vec![0.0, 0.0, 1.0, 0.0, 0.0, 1.0]), [3, 2], None).unwrap();
    let net = Arc::new(b.finish(5).unwrap());
    let p = partition(&context(1), &net, &square(1.0), &PartitionOptions::default()).unwrap();
    assert_eq!(p.n_regions(), 2);
    let b = p.boundary(&context(1), BoundaryMode::Argmax).unwrap();
    assert_eq!((b.interior_length(), b.on_edge_length()), (0.0, 2.0));
    let mut labels = b.labels()[0];
    labels.sort_unstable();
    assert_eq!(labels, [0, 1]);
}

#[test]
fn points_are_located() {
    for (case, _) in cases().into_iter().filter(|(c, _)| c.net.n_units() <= 100) {
        let p = all(&context(2), &case);
        let mut cells = vec![0; p.n_regions()];
        p.locate(&context(2), p.centroids(), &mut cells).unwrap();
        for (i, &cell) in cells.iter().enumerate() {
            assert!(cell == i as i64 || p.areas()[i] < 1e-9, "{}: cell {i} found as {cell}", case.name);
        }
    }
    // On u = 0 the unit is off: the cell with u < 0.
    let net = tent(1);
    let p = partition(&context(1), &net, &square(1.0), &PartitionOptions::default()).unwrap();
    let find = |q: [f64; 2]| {
        let mut cell = [0];
        p.locate(&context(1), &[q], &mut cell).unwrap();
        cell[0]
    };
    let off = find([0.0, 0.0]);
    assert_eq!(pattern(&p, off as usize), [0; 4]);
    assert_eq!(find([0.0, -0.7]), find([-0.5, -0.7]));
    assert_eq!(find([1.0, 1.0]), find([0.9, 0.9]));
    assert_eq!(find([1.0 + 1e-15, 0.0]), -1);
    assert_eq!(find([5.0, 0.0]), -1);
}

#[test]
fn limits_cancel_and_missing_parts() {
    let case = support::load("c02_relu_2-64-64-64-1").unwrap();
    let run = |ctx: &Context, options: PartitionOptions| partition(ctx, &case.net, &case.domain, &options);
    let refused = |ctx: &Context, options: PartitionOptions| run(ctx, options).err().expect("an error");

    let few = PartitionOptions { max_regions: 1000, ..Default::default() };
    for threads in [1, 4] {
        let e = refused(&context(threads), few);
        assert_eq!(e.condition(), Condition::MaxRegions, "{e}");
    }
    let ctx = Context::new(ContextOptions { memory_limit: 100_000, ..Default::default() }).unwrap();
    assert_eq!(refused(&ctx, PartitionOptions::default()).condition(), Condition::MemoryLimit);

    let calls = Arc::new(AtomicUsize::new(0));
    for after in [0, 5] {
        let count = calls.clone();
        count.store(0, Ordering::Relaxed);
        let cancel = Box::new(move || count.fetch_add(1, Ordering::Relaxed) >= after);
        let ctx =
            Context::new(ContextOptions { cancel: Some(cancel), threads: 2, ..Default::default() }).unwrap();
        assert_eq!(refused(&ctx, PartitionOptions::default()).condition(), Condition::Cancelled);
        assert!(calls.load(Ordering::Relaxed) > after);
    }

    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let sink = seen.clone();
    let progress = Box::new(move |f: f64, stage: &str| sink.lock().unwrap().push((f, stage.to_owned())));
    let ctx = Context::new(ContextOptions { progress: Some(progress), ..Default::default() }).unwrap();
    run(&ctx, PartitionOptions::default()).unwrap();
    let seen = seen.lock().unwrap();
    assert!(seen.len() > 2 && seen.iter().all(|(f, _)| (0.0..=1.0).contains(f)), "{seen:?}");
    assert_eq!(seen.last().unwrap().0, 1.0);

    let counted = run(&context(1), PartitionOptions { want: Want::COUNT, max_regions: 0 }).unwrap();
    let e = counted.boundary(&context(1), BoundaryMode::LevelSet { output: 0, level: 0.0 }).err().unwrap();
    assert_eq!(e.condition(), Condition::NotStored);
    assert_eq!(counted.to_svg(None, &SvgOptions::default()).unwrap_err().condition(), Condition::NotStored);
}

#[test]
fn pictures() {
    let case = support::load("c03_leaky_2-24-24-24-3").unwrap();
    let p = all(&context(1), &case);
    let boundary = p.boundary(&context(1), BoundaryMode::Argmax).unwrap();
    for color in [Color::Slope, Color::Area, Color::Class, Color::Pattern] {
        let svg = p.to_svg(Some(&boundary), &SvgOptions { color, width: 400 }).unwrap();
        assert_eq!(svg.matches("<path fill=").count(), p.n_regions());
        assert_eq!(svg.matches("<path d=").count(), boundary.segments().len());
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n") && !svg.contains("NaN"));
    }
}
