//! Linear regions in n dimensions: cases that linear programs with margins settled, closed forms, the exact partition of the
//! plane, and laws that every enumeration obeys.

mod support;

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cpwl::network::{Array, Builder, Network, Pwl};
use cpwl::regions::{
    Body, Domain, Enumeration, EnumerationOptions, EnumerationWant, HalfSpace, PartitionOptions, enumerate,
    partition,
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
        Array::f64((0..len).map(|_| scale * self.real()).collect())
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
                Array::f64((0..m * n).map(|i| f(i / n, i % n)).collect())
            };
            let split = eye(2 * d, &|i, j| f64::from(u8::from(i / 2 == j)), d);
            let shift = Array::f64((0..2 * d).map(|i| -0.5 * (i % 2) as f64).collect());
            x = b.dense(x, split, [2 * d, d], Some(shift)).unwrap();
            x = b.pointwise(x, vec![relu()]).unwrap();
            let join = eye(
                d,
                &|i, j| {
                    if j / 2 != i {
                        0.0
                    } else if j % 2 == 0 {
                        2.0
                    } else {
                        -4.0
                    }
                },
                2 * d,
            );
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

/// The half-spaces of a simplex, a box and a cross-polytope, as polytopes; Kuhn's simplices fill a cube.
#[test]
fn polytopes_and_simplices() {
    let net = mlp(8, &[3, 7, 6, 2], &relu());
    let whole = run(&net, &cube(3, 1.0), &with_volumes());
    let sides: Vec<HalfSpace> = (0..6)
        .map(|i| {
            let mut normal = vec![0.0; 3];
            normal[i / 2] = if i % 2 == 0 { -3.0 } else { 3.0 };
            HalfSpace { normal, offset: 3.0 }
        })
        .collect();
    let body = Body::polytope(3, sides.clone()).unwrap();
    let same = run(&net, &body, &with_volumes());
    assert_eq!(patterns(&whole).into_iter().collect::<HashSet<_>>(), patterns(&same).into_iter().collect());
    check_generic(&same);
    let mut volume = 0.0;
    let mut seen = HashSet::new();
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let mut corners = vec![vec![-1.0; 3]];
        for axis in order {
            let mut next = corners.last().unwrap().clone();
            next[axis] = 1.0;
            corners.push(next);
        }
        let vertices: Vec<&[f64]> = corners.iter().map(Vec::as_slice).collect();
        let e = run(&net, &Body::simplex(&vertices).unwrap(), &with_volumes());
        check_generic(&e);
        volume += e.volumes().iter().sum::<f64>();
        seen.extend(patterns(&e));
    }
    assert!((volume - 8.0).abs() < 1e-11, "{volume}");
    assert_eq!(seen, patterns(&whole).into_iter().collect());
    let condition = |sides: &[HalfSpace]| Body::polytope(3, sides.to_vec()).unwrap_err().condition();
    let mut empty = sides.clone();
    empty.push(HalfSpace { normal: vec![1.0, 1.0, 1.0], offset: -4.0 });
    assert_eq!(condition(&empty), Condition::ZeroArea);
    let mut flat = sides.clone();
    flat.push(HalfSpace { normal: vec![1.0, 0.0, 0.0], offset: -1.0 });
    assert_eq!(condition(&flat), Condition::ZeroArea);
    assert!(Body::polytope(3, sides[..5].to_vec()).unwrap().bounds().is_none());
    // A box far away: its bounds, and its regions at the same place of a moved network.
    let far: Vec<HalfSpace> = sides
        .iter()
        .map(|h| HalfSpace {
            offset: h.offset + 1000.0 * h.normal.iter().sum::<f64>(),
            normal: h.normal.clone(),
        })
        .collect();
    let [lo, hi] = Body::polytope(3, far).unwrap().bounds().unwrap();
    assert!(lo.iter().all(|x| (x - 999.0).abs() < 1e-9) && hi.iter().all(|x| (x - 1001.0).abs() < 1e-9));
}

/// Of n hyperplanes in general position through a wedge, all meet it where it is unbounded: the part of the space of an
/// arrangement of n + 2 hyperplanes that is on the positive side of the last two has as many regions as sampling finds.
#[test]
fn unbounded_polytopes() {
    let net = mlp(12, &[2, 8, 1], &relu());
    let plane = run(&net, &Body::space(2).unwrap(), &EnumerationOptions::default());
    assert_eq!(plane.n_regions() as u64, 1 + 8 + choose(8, 2));
    // The regions of the plane on both sides of a line add up to those that it cuts twice and the others once: as many
    // more as the line has pieces, one more than it has crossings.
    let half =
        |s: f64| Body::polytope(2, vec![HalfSpace { normal: vec![s, s * 0.3], offset: s * 0.1 }]).unwrap();
    let parts = [1.0, -1.0].map(|s| {
        let e = run(&net, &half(s), &EnumerationOptions::default());
        check_generic(&e);
        e.n_regions()
    });
    assert_eq!(parts.iter().sum::<usize>(), plane.n_regions() + 9);
    let far = |rng: &mut Rng| (0..2).map(|_| 1.0 / rng.real()).collect();
    samples_are_found(&plane, 2000, far);
    // Volumes are infinite.
    let error = enumerate(&context(1), &net, &half(1.0), &with_volumes()).err().unwrap();
    assert_eq!(error.condition(), Condition::Unsupported);
}

/// Cells that meet a ball: those of the box around it that come nearer to its centre than its radius, by random points and
/// by a closed form.
#[test]
fn balls() {
    let net = mlp(21, &[4, 9, 8, 1], &relu());
    let center = [0.1, -0.2, 0.05, 0.3];
    let ball = Body::ball(&center, 0.7).unwrap();
    let e = run(&net, &ball, &EnumerationOptions::default());
    check(&e);
    let inside = |rng: &mut Rng| loop {
        let x: Vec<f64> = (0..4).map(|_| rng.real()).collect();
        if x.iter().map(|x| x * x).sum::<f64>() < 1.0 {
            return x.iter().zip(center).map(|(x, c)| c + 0.7 * x).collect();
        }
    };
    samples_are_found(&e, 20_000, inside);
    // The box around the ball holds these regions and others.
    let [lo, hi] = ball.bounds().unwrap();
    let around = run(&net, &Body::boxed(&lo, &hi).unwrap(), &EnumerationOptions::default());
    let all: HashSet<_> = patterns(&around).into_iter().collect();
    assert!(patterns(&e).iter().all(|p| all.contains(p)) && e.n_regions() < around.n_regions());
    // The coordinate hyperplanes, moved by 1/2, and the unit ball: a corner is inside iff d / 4 < 1.
    for (d, expected) in [(2, 4), (3, 8), (5, 26)] {
        let mut b = Builder::new(&[d]).unwrap();
        let eye = (0..d * d).map(|i| f64::from(u8::from(i % (d + 1) == 0))).collect();
        let x = b.dense(0, Array::f64(eye), [d, d], Some(Array::f64(vec![-0.5; d]))).unwrap();
        let x = b.pointwise(x, vec![relu()]).unwrap();
        let net = Arc::new(b.finish(x).unwrap());
        // With j coordinates above 1/2 the nearest point is sqrt(j) / 2 away: j <= 3 is inside.
        let closed: u64 = (0..=3.min(d as u64)).map(|j| choose(d as u64, j)).sum();
        assert_eq!(closed, expected);
        let e = run(&net, &Body::ball(&vec![0.0; d], 1.0).unwrap(), &EnumerationOptions::default());
        assert_eq!(e.n_regions() as u64, expected, "{d}-D");
    }
}

#[test]
fn slices_of_a_large_input() {
    let net = mlp(31, &[20, 12, 10, 3], &relu());
    let mut rng = Rng(5);
    let origin: Vec<f64> = (0..20).map(|_| rng.real()).collect();
    let axes: Vec<Vec<f64>> = (0..4).map(|_| (0..20).map(|_| rng.real()).collect()).collect();
    let axes: Vec<&[f64]> = axes.iter().map(Vec::as_slice).collect();
    let body = cube(4, 0.5).embedded(&origin, &axes).unwrap();
    let e = run(&net, &body, &with_volumes());
    check_generic(&e);
    assert!((e.volumes().iter().sum::<f64>() - 1.0).abs() < 1e-11);
    samples_are_found(&e, 4000, |rng| (0..4).map(|_| 0.5 * rng.real()).collect());
}

/// Axes whose scales differ by a factor of a million, far from the origin: a linear change of coordinates changes nothing.
#[test]
fn scales_of_the_axes_do_not_matter() {
    let (d, widths) = (3, [8, 8, 1]);
    let build = |scale: &[f64], shift: &[f64]| {
        let mut rng = Rng(99);
        let mut b = Builder::new(&[d]).unwrap();
        let w: Vec<f64> = (0..widths[0] * d).map(|_| rng.real()).collect();
        let bias: Vec<f64> = (0..widths[0]).map(|_| rng.real() * 0.5).collect();
        let moved = |i: usize| bias[i] - (0..d).map(|j| w[i * d + j] / scale[j] * shift[j]).sum::<f64>();
        let scaled = Array::f64((0..w.len()).map(|i| w[i] / scale[i % d]).collect());
        let x = b
            .dense(0, scaled, [widths[0], d], Some(Array::f64((0..widths[0]).map(moved).collect())))
            .unwrap();
        let x = b.pointwise(x, vec![relu()]).unwrap();
        let x = b.dense(x, rng.array(64, 1.0), [8, 8], Some(rng.array(8, 0.5))).unwrap();
        let x = b.pointwise(x, vec![relu()]).unwrap();
        Arc::new(b.finish(x).unwrap())
    };
    let plain = run(&build(&[1.0; 3], &[0.0; 3]), &cube(3, 1.0), &with_volumes());
    let (scale, shift) = ([1024.0, 1.0, 1.0 / 1024.0], [4096.0, -16.0, 0.5]);
    let lo: Vec<f64> = (0..3).map(|i| shift[i] - scale[i]).collect();
    let hi: Vec<f64> = (0..3).map(|i| shift[i] + scale[i]).collect();
    let e = run(&build(&scale, &shift), &Body::boxed(&lo, &hi).unwrap(), &with_volumes());
    assert_eq!(patterns(&plain), patterns(&e));
    assert!(plain.volumes().iter().zip(e.volumes()).all(|(a, b)| (a - b).abs() < 1e-9 * (a + 1e-6)));
}

/// Every byte of a result.
fn bytes(e: &Enumeration) -> Vec<u64> {
    let floats =
        [e.map_a(), e.map_b(), e.facet_normals(), e.facet_levels(), e.centers(), e.radii(), e.volumes()];
    let mut all: Vec<u64> = floats.iter().flat_map(|x| x.iter().map(|v| v.to_bits())).collect();
    all.extend(e.facet_offsets().iter().chain(e.facet_units()).chain(e.neighbours()).map(|&x| x as u64));
    all.extend(e.facet_layers().iter().chain(e.facet_knots()).map(|&x| x as u64));
    all.extend(e.layer_cells());
    all.extend(patterns(e).into_iter().flatten().map(u64::from));
    all.extend([
        e.n_regions() as u64,
        e.programs(),
        e.smallest_crossing().to_bits(),
        e.largest_touch().to_bits(),
    ]);
    all
}

#[test]
fn threads_do_not_change_a_bit() {
    let net = mlp(41, &[4, 10, 10, 2], &relu());
    let partial = EnumerationOptions { max_regions: 700, keep_partial: true, ..with_volumes() };
    let (ball, space) = (Body::ball(&[0.1; 4], 0.6).unwrap(), Body::space(4).unwrap());
    let plain = EnumerationOptions::default();
    for (body, options) in
        [(cube(4, 1.0), with_volumes()), (cube(4, 1.0), partial), (ball, plain), (space, plain)]
    {
        let one = run(&net, &body, &options);
        assert_eq!(one.complete(), options.max_regions == 0);
        for threads in [2, 8] {
            let many = enumerate(&context(threads), &net, &body, &options).unwrap();
            assert!(bytes(&one) == bytes(&many), "{threads} threads");
        }
    }
}

#[test]
fn limits_and_partial_results() {
    let net = mlp(41, &[4, 10, 10, 2], &relu());
    let all = run(&net, &cube(4, 1.0), &with_volumes());
    let n = all.n_regions() as u64;
    let options =
        |max_regions, keep_partial| EnumerationOptions { max_regions, keep_partial, ..with_volumes() };
    for threads in [1, 4] {
        let ctx = context(threads);
        let error = enumerate(&ctx, &net, &cube(4, 1.0), &options(n - 1, false)).err().unwrap();
        assert_eq!(error.condition(), Condition::MaxRegions);
        let exact = enumerate(&ctx, &net, &cube(4, 1.0), &options(n, true)).unwrap();
        assert!(exact.complete() && bytes(&exact) == bytes(&all));
        let part = enumerate(&ctx, &net, &cube(4, 1.0), &options(n / 3, true)).unwrap();
        assert!(!part.complete());
        assert_eq!(part.n_regions() as u64, n / 3);
        // The first third of the whole.
        assert_eq!(part.radii(), &all.radii()[..part.n_regions()]);
        assert_eq!(patterns(&part), patterns(&all)[..part.n_regions()]);
        let known = |h: usize| all.neighbours()[h] < part.n_regions() as i64;
        assert!(
            (0..part.neighbours().len())
                .all(|h| { part.neighbours()[h] == if known(h) { all.neighbours()[h] } else { -1 } })
        );
        assert_eq!(part.layer_cells()[1], n / 3);
        check(&part);
    }
    let small = Context::new(ContextOptions { memory_limit: 1 << 16, ..Default::default() }).unwrap();
    let error = enumerate(&small, &net, &cube(4, 1.0), &with_volumes()).err().unwrap();
    assert_eq!(error.condition(), Condition::MemoryLimit);
    let error = enumerate(&context(1), &net, &cube(3, 1.0), &with_volumes()).err().unwrap();
    assert_eq!(error.condition(), Condition::Shape);
    let loose = EnumerationOptions { tolerance: 0.5, ..Default::default() };
    let error = enumerate(&context(1), &net, &cube(4, 1.0), &loose).err().unwrap();
    assert_eq!(error.condition(), Condition::Argument);
}

/// Many more regions than anyone waits for: a cancel request is answered within 50 ms, from when it could be made.
#[test]
fn cancels_in_time() {
    let net = mlp(51, &[10, 40, 40, 1], &relu());
    for threads in [1, 2] {
        // The best of some attempts: the machine may be busy with something else.
        let best = (0..5).map(|_| longest_delay(&net, threads)).min().unwrap();
        assert!(best.as_millis() < 50, "{best:?}");
    }
}

/// Between two looks at the callback, or between the request and the end.
fn longest_delay(net: &Arc<Network>, threads: usize) -> Duration {
    let start = Instant::now();
    let log = Arc::new(Mutex::new((start, Duration::ZERO)));
    let seen = log.clone();
    let cancel = move || {
        let mut seen = seen.lock().unwrap();
        let now = Instant::now();
        *seen = (now, seen.1.max(now - seen.0));
        start.elapsed().as_millis() > 60
    };
    let options = ContextOptions { threads, cancel: Some(Box::new(cancel)), ..Default::default() };
    let ctx = Context::new(options).unwrap();
    let error = enumerate(&ctx, net, &cube(10, 1.0), &EnumerationOptions::default()).err().unwrap();
    assert_eq!(error.condition(), Condition::Cancelled);
    let (last, longest) = *log.lock().unwrap();
    longest.max(last.elapsed())
}
