//! Linear regions in n dimensions: cases that linear programs with margins settled, closed forms, the exact partition of the
//! plane, and laws that every enumeration obeys.

mod support;

use std::collections::HashSet;
use std::sync::Arc;

use cpwl::network::{Array, Builder, Network, Pwl};
use cpwl::regions::{
    Body, Domain, Enumeration, EnumerationOptions, EnumerationWant, PartitionOptions, enumerate, partition,
};
use cpwl::{Condition, Context, ContextOptions};
use ndarray::ArrayView2;

fn context(threads: usize) -> Context {
    Context::new(ContextOptions { threads, ..Default::default() }).unwrap()
}

fn cube(d: usize, half: f64) -> Body {
    Body::boxed(&vec![-half; d], &vec![half; d]).unwrap()
}

fn with_volumes() -> EnumerationOptions {
    let want = EnumerationWant { volumes: true, ..EnumerationWant::DEFAULT };
    EnumerationOptions { want, ..Default::default() }
}

fn run(net: &Arc<Network>, body: &Body, options: &EnumerationOptions) -> Enumeration {
    enumerate(&context(1), net, body, options).unwrap()
}

/// splitmix64, as numbers in [-1, 1).
struct Rng(u64);

impl Rng {
    fn real(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    fn array(&mut self, len: usize, scale: f64) -> Array {
        Array::F64((0..len).map(|_| scale * self.real()).collect())
    }
}

/// Dense layers of these widths with `unit` between them.
fn mlp(seed: u64, widths: &[usize], unit: &Pwl) -> Arc<Network> {
    let mut rng = Rng(seed);
    let mut b = Builder::new(&[widths[0]]).unwrap();
    let mut x = 0;
    for (i, w) in widths.windows(2).enumerate() {
        if i > 0 {
            x = b.pointwise(x, vec![unit.clone()]).unwrap();
        }
        let weight = rng.array(w[0] * w[1], 2.0 / (w[0] as f64).sqrt());
        x = b.dense(x, weight, [w[1], w[0]], Some(rng.array(w[1], 0.5))).unwrap();
    }
    Arc::new(b.finish(x).unwrap())
}

fn relu() -> Pwl {
    Pwl::leaky_relu(0.0).unwrap()
}

/// n units whose hyperplanes are in general position, and nothing behind them.
fn arrangement(seed: u64, n: usize, d: usize) -> Arc<Network> {
    let mut rng = Rng(seed);
    let mut b = Builder::new(&[d]).unwrap();
    let x = b.dense(0, rng.array(n * d, 1.0), [n, d], Some(rng.array(n, 0.5))).unwrap();
    let x = b.pointwise(x, vec![relu()]).unwrap();
    Arc::new(b.finish(x).unwrap())
}

fn choose(n: u64, k: u64) -> u64 {
    (1..=k).fold(1, |c, i| c * (n + 1 - i) / i)
}

fn patterns(e: &Enumeration) -> Vec<Vec<u8>> {
    let units = e.network().n_units();
    (0..e.n_regions())
        .map(|i| {
            let mut row = vec![0; units];
            e.pattern(i, |k, code| row[k] = code).unwrap();
            row
        })
        .collect()
}

/// Laws of every complete enumeration: interior points have the patterns of their regions and are inside all facets,
/// patterns differ, maps agree with the network, neighbours are mutual and their maps agree on the facet between them.
fn check(e: &Enumeration) {
    let net = e.network();
    let (d, f, outputs) = (e.body().dim(), e.n_regions(), net.output_len());
    let rows = patterns(e);
    assert_eq!(rows.iter().collect::<HashSet<_>>().len(), f, "patterns differ");
    let inputs: Vec<f64> = e.centers().chunks_exact(d).flat_map(|t| e.body().embed(t)).collect();
    let view = ArrayView2::from_shape((f, net.input_len()), &inputs).unwrap();
    let codes = net.pattern(&context(1), view).unwrap();
    let mut values = ndarray::Array2::zeros((f, outputs));
    net.forward(&context(1), view, values.view_mut()).unwrap();
    for i in 0..f {
        assert!(codes.row(i).iter().zip(&rows[i]).all(|(&a, &b)| a == i32::from(b)), "region {i}");
        let center = &e.centers()[i * d..][..d];
        for k in 0..outputs {
            let a = &e.map_a()[(i * outputs + k) * d..][..d];
            let y: f64 = a.iter().zip(center).map(|(a, t)| a * t).sum::<f64>() + e.map_b()[i * outputs + k];
            let size = a.iter().zip(center).map(|(a, t)| (a * t).abs()).sum::<f64>() + y.abs() + 1.0;
            assert!((y - values[[i, k]]).abs() <= 1e-12 * size, "map of region {i}");
        }
        let facets = e.facet_offsets()[i] as usize..e.facet_offsets()[i + 1] as usize;
        assert!(e.radii()[i] > 0.0);
        for h in facets.clone() {
            let normal = &e.facet_normals()[h * d..][..d];
            let slack = e.facet_levels()[h] - normal.iter().zip(center).map(|(n, t)| n * t).sum::<f64>();
            assert!(slack >= e.radii()[i] * (1.0 - 1e-6), "region {i}: {slack} {}", e.radii()[i]);
            let Ok(j) = usize::try_from(e.neighbours()[h]) else { continue };
            let theirs = e.facet_offsets()[j] as usize..e.facet_offsets()[j + 1] as usize;
            let back = theirs.clone().filter(|&g| e.neighbours()[g] == i as i64).collect::<Vec<_>>();
            assert_eq!(back.len(), 1, "regions {i} and {j} are neighbours once");
            let other = &e.facet_normals()[back[0] * d..][..d];
            let opposite = normal.iter().zip(other).map(|(a, b)| a * b).sum::<f64>();
            assert!((opposite + 1.0).abs() < 1e-9);
            let differ = rows[i].iter().zip(&rows[j]).filter(|(a, b)| a != b).count();
            assert!(differ > 0, "regions {i} and {j}");
        }
    }
}

/// In general position every facet that no side of the domain makes has a neighbour, and the two differ by one unit.
fn check_generic(e: &Enumeration) {
    check(e);
    let rows = patterns(e);
    for i in 0..e.n_regions() {
        for h in e.facet_offsets()[i] as usize..e.facet_offsets()[i + 1] as usize {
            if e.facet_layers()[h] >= 0 {
                let j = usize::try_from(e.neighbours()[h]).expect("a neighbour");
                assert_eq!(rows[i].iter().zip(&rows[j]).filter(|(a, b)| a != b).count(), 1);
            }
        }
    }
}

#[test]
fn public_cases() {
    let expected = support::expected();
    for (name, d, half) in [("c17_3d_relu_3-8-8-2", 3, 1.0), ("c18_5d_arrangement_8", 5, 4.0)] {
        let want = &expected[name];
        let case = support::load(name).unwrap();
        let e = run(&case.net, &cube(d, half), &with_volumes());
        assert_eq!(e.n_regions() as u64, want["regions"].as_u64().unwrap(), "{name}");
        check_generic(&e);
        let after: Vec<u64> =
            want["cells_after_layer_op"].as_object().unwrap().values().map(|v| v.as_u64().unwrap()).collect();
        assert_eq!(e.layer_cells(), after, "{name}");
        let total = want["total_volume"].as_f64().unwrap();
        let sum: f64 = e.volumes().iter().sum();
        assert!((sum - total).abs() <= 1e-9 * total, "{name}: {sum}");
        let smallest = |x: &[f64]| x.iter().copied().fold(f64::INFINITY, f64::min);
        let close = |x: f64, key: &str| (x / want[key].as_f64().unwrap() - 1.0).abs() < 1e-6;
        assert!(close(smallest(e.radii()), "min_inscribed_radius"), "{name}: {}", smallest(e.radii()));
        // The reference computed the smallest volumes in floating point, with some 1e-2 of relative error.
        let least = smallest(e.volumes()) / want["min_volume"].as_f64().unwrap();
        assert!((least - 1.0).abs() < 0.1, "{name}: {least}");
        assert!(e.smallest_crossing() > 1e-5 && e.largest_touch() < 1e-12, "{name}");
    }
}

#[test]
fn hyperplanes_in_general_position() {
    for (n, d) in [(9, 1), (12, 2), (10, 3), (10, 4), (9, 6), (11, 8), (11, 10)] {
        let net = arrangement(n as u64 * 100 + d as u64, n, d);
        let all: u64 = (0..=d as u64).map(|i| choose(n as u64, i)).sum();
        // Few of so many crossings lie far out; the space holds them all.
        let e = run(&net, &Body::space(d).unwrap(), &EnumerationOptions::default());
        assert_eq!(e.n_regions() as u64, all, "{n} in {d}-D");
        check_generic(&e);
    }
}

/// t(x) = 2 relu(x) - 4 relu(x - 1/2), k times on each of d axes: (2^k)^d regions, all of whose vertices are degenerate.
#[test]
fn tent_maps() {
    for (k, d) in [(3, 1), (3, 2), (2, 3), (2, 4), (1, 7)] {
        let mut b = Builder::new(&[d]).unwrap();
        let mut x = 0;
        for _ in 0..k {
            let eye = |m: usize, f: &dyn Fn(usize, usize) -> f64, n: usize| {
                Array::F64((0..m * n).map(|i| f(i / n, i % n)).collect())
            };
            let split = eye(2 * d, &|i, j| f64::from(u8::from(i / 2 == j)), d);
            let shift = Array::F64((0..2 * d).map(|i| -0.5 * (i % 2) as f64).collect());
            x = b.dense(x, split, [2 * d, d], Some(shift)).unwrap();
            x = b.pointwise(x, vec![relu()]).unwrap();
            let join = eye(d, &|i, j| if j / 2 != i { 0.0 } else if j % 2 == 0 { 2.0 } else { -4.0 }, 2 * d);
            x = b.dense(x, join, [d, 2 * d], None).unwrap();
        }
        let net = Arc::new(b.finish(x).unwrap());
        let body = Body::boxed(&vec![0.0; d], &vec![1.0; d]).unwrap();
        let e = run(&net, &body, &with_volumes());
        let f = (1usize << k).pow(d as u32);
        assert_eq!(e.n_regions(), f, "{k} times in {d}-D");
        check(&e);
        // All of them are cubes.
        let volume = 1.0 / f as f64;
        assert!(e.volumes().iter().all(|v| (v / volume - 1.0).abs() < 1e-12));
        assert!(e.facet_layers().len() == 2 * d * f);
        assert!(e.radii().iter().all(|r| (r * 2.0 * (1 << k) as f64 - 1.0).abs() < 1e-12));
    }
}

/// The plane's recursion decides in exact arithmetic.
#[test]
fn the_plane_is_the_exact_partition() {
    let clip = Pwl::clip(-0.5, 0.25).unwrap();
    for (seed, unit) in [(1, relu()), (2, Pwl::leaky_relu(0.125).unwrap()), (3, clip)] {
        let net = mlp(seed, &[2, 12, 12, 3], &unit);
        let domain = Domain::convex(&[[-1.0, -1.0], [1.0, -0.75], [1.5, 0.5], [0.0, 1.0]]).unwrap();
        let p = partition(&context(1), &net, &domain, &PartitionOptions::default()).unwrap();
        let e = run(&net, &domain.into(), &with_volumes());
        assert_eq!(e.n_regions(), p.n_regions());
        check_generic(&e);
        let rows = patterns(&e);
        let mut by_pattern = std::collections::HashMap::new();
        for i in 0..p.n_regions() {
            let mut row = vec![0; net.n_units()];
            p.pattern(i, |k, code| row[k] = code).unwrap();
            by_pattern.insert(row, i);
        }
        for (i, row) in rows.iter().enumerate() {
            let j = by_pattern[row];
            assert!((e.volumes()[i] - p.areas()[j]).abs() <= 1e-12, "{} {}", e.volumes()[i], p.areas()[j]);
            assert_eq!((e.facet_offsets()[i + 1] - e.facet_offsets()[i]) as usize, p.polygon(j).len());
        }
        assert_eq!(e.layer_cells(), p.layer_cells());
    }
}

#[test]
fn max_units() {
    let mut rng = Rng(77);
    for d in [2, 3, 4] {
        let mut b = Builder::new(&[d]).unwrap();
        let x = b.dense(0, rng.array(6 * 3 * d, 1.0), [18, d], Some(rng.array(18, 0.5))).unwrap();
        let x = b.maxout(x, 3).unwrap();
        let x = b.dense(x, rng.array(6 * 6, 1.0), [6, 6], Some(rng.array(6, 0.5))).unwrap();
        let x = b.pointwise(x, vec![relu()]).unwrap();
        let x = b.dense(x, rng.array(6 * 4, 1.0), [4, 6], None).unwrap();
        let x = b.maxout(x, 4).unwrap();
        let net = Arc::new(b.finish(x).unwrap());
        let body = cube(d, 1.0);
        let e = run(&net, &body, &with_volumes());
        check(&e);
        let total: f64 = e.volumes().iter().sum();
        assert!((total / body.volume().unwrap() - 1.0).abs() < 1e-11);
        samples_are_found(&e, 4000, |rng| (0..d).map(|_| rng.real()).collect());
        if d == 2 {
            let domain = body.plane().unwrap();
            let p = partition(&context(1), &net, domain, &PartitionOptions::default()).unwrap();
            assert_eq!((e.n_regions(), e.layer_cells()), (p.n_regions(), p.layer_cells()));
        }
    }
}

/// Random points of the domain lie in regions that were found, and `locate` finds them.
fn samples_are_found(e: &Enumeration, n: usize, mut point: impl FnMut(&mut Rng) -> Vec<f64>) {
    let mut rng = Rng(4711);
    let d = e.body().dim();
    let points: Vec<f64> = (0..n).flat_map(|_| point(&mut rng)).collect();
    let mut regions = vec![-2; n];
    e.locate(&context(1), &points, &mut regions).unwrap();
    for (t, &i) in points.chunks_exact(d).zip(&regions) {
        let i = usize::try_from(i).expect("every point has a region");
        for h in e.facet_offsets()[i] as usize..e.facet_offsets()[i + 1] as usize {
            let normal = &e.facet_normals()[h * d..][..d];
            let value: f64 = normal.iter().zip(t).map(|(n, t)| n * t).sum();
            assert!(value <= e.facet_levels()[h] + 1e-9);
        }
    }
}

#[test]
fn a_line_is_enumerated_directly() {
    // Sorted breakpoints of a network on an interval, found by bisection between samples: independent of the recursion.
    let net = mlp(5, &[1, 10, 10, 1], &relu());
    let e = run(&net, &cube(1, 2.0), &with_volumes());
    check_generic(&e);
    let n = 400_001;
    let points: Vec<f64> = (0..n).map(|i| -2.0 + 4.0 * i as f64 / (n - 1) as f64).collect();
    let view = ArrayView2::from_shape((n, 1), &points).unwrap();
    let codes = net.pattern(&context(1), view).unwrap();
    let changes = (1..n).filter(|&i| codes.row(i) != codes.row(i - 1)).count();
    assert_eq!(e.n_regions(), changes + 1);
    assert!((e.volumes().iter().sum::<f64>() - 4.0).abs() < 1e-12);
}
