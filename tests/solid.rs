//! Partitions and surfaces in space: closed forms, laws, an acceptance case, and trained signed distance functions.

#[allow(dead_code)]
mod support;

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use cpwl::network::{Array, Builder, Network, Pwl};
use cpwl::regions::solid::{Partition3, Surface, SurfaceOptions, partition3, surface};
use cpwl::regions::{Body, PartitionOptions, Want};
use cpwl::{Condition, Context, ContextOptions};
use ndarray::Array2;

fn context(threads: usize) -> Context {
    Context::new(ContextOptions { threads, ..Default::default() }).unwrap()
}

/// A network of dense layers (weights row by row, biases), with a unit between two of them.
fn network(inputs: usize, layers: &[(Vec<f64>, Vec<f64>)], unit: &Pwl) -> Arc<Network> {
    let mut b = Builder::new(&[inputs]).unwrap();
    let mut width = inputs;
    for (i, (w, bias)) in layers.iter().enumerate() {
        let last = b.last();
        b.dense(last, Array::f64(w.clone()), [bias.len(), width], Some(Array::f64(bias.clone()))).unwrap();
        width = bias.len();
        if i + 1 < layers.len() {
            b.pointwise(b.last(), vec![unit.clone()]).unwrap();
        }
    }
    Arc::new(b.finish(b.last()).unwrap())
}

/// Numbers in [-1, 1] from a linear congruential generator.
fn random(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    move || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

fn random_net(widths: &[usize], seed: u64, unit: &Pwl) -> Arc<Network> {
    let mut next = random(seed);
    let layers: Vec<_> = widths
        .windows(2)
        .map(|w| {
            let gain = (3.0 / w[0] as f64).sqrt();
            ((0..w[0] * w[1]).map(|_| gain * next()).collect(), (0..w[1]).map(|_| 0.3 * next()).collect())
        })
        .collect();
    network(widths[0], &layers, unit)
}

fn relu() -> Pwl {
    Pwl::leaky_relu(0.0).unwrap()
}

fn cube(half: f64) -> Body {
    Body::boxed(&[-half; 3], &[half; 3]).unwrap()
}

fn all(net: &Arc<Network>, domain: &Body) -> Partition3 {
    partition3(&context(1), net, domain, &PartitionOptions::default()).unwrap()
}

fn pattern(p: &Partition3, i: usize) -> Vec<u8> {
    let mut codes = Vec::new();
    p.pattern(i, |_, code| codes.push(code)).unwrap();
    codes
}

fn euler(p: &Partition3) -> i64 {
    p.vertices().len() as i64 - p.edges().len() as i64 + p.facet_areas().len() as i64 - p.n_regions() as i64
}

fn cell(p: &Partition3, i: usize) -> &[i64] {
    &p.cell_vertices()[p.cell_offsets()[i] as usize..p.cell_offsets()[i + 1] as usize]
}

fn facet(p: &Partition3, i: usize) -> &[i64] {
    &p.facet_vertices()[p.facet_offsets()[i] as usize..p.facet_offsets()[i + 1] as usize]
}

/// What every partition obeys.
fn check_laws(net: &Arc<Network>, p: &Partition3) {
    assert_eq!(euler(p), 1);
    let total = p.domain_volume();
    assert!((p.volume() - total).abs() <= 1e-12 * total, "{} {total}", p.volume());
    assert!((p.volumes().iter().sum::<f64>() - total).abs() <= 1e-12 * total);
    let patterns: HashSet<Vec<u8>> = (0..p.n_regions()).map(|i| pattern(p, i)).collect();
    assert_eq!(patterns.len(), p.n_regions(), "cells of equal pattern");
    let outputs = net.output_len();
    let value = |i: usize, k: usize, x: [f64; 3]| {
        let (a, b) = (p.map_a()[i * outputs + k], p.map_b()[i * outputs + k]);
        a[0] * x[0] + a[1] * x[1] + a[2] * x[2] + b
    };
    // Every facet has its two cells, or is part of the border; the maps of its cells agree on it.
    let mut met = vec![0; p.facet_areas().len()];
    p.cell_facets().iter().for_each(|&f| met[f as usize] += 1);
    for (f, &[a, b]) in p.facet_cells().iter().enumerate() {
        assert_eq!(met[f], if b < 0 { 1 } else { 2 });
        assert_eq!(b < 0, p.facet_layers()[f] < 0);
        for &v in facet(p, f).iter().filter(|_| b >= 0) {
            let x = p.vertices()[v as usize];
            for k in 0..outputs {
                let (y, z) = (value(a as usize, k, x), value(b as usize, k, x));
                assert!((y - z).abs() <= 1e-11 * (1.0 + y.abs()), "facet {f}: {y} and {z}");
            }
        }
    }
    // Euler's formula for every single cell, which also needs every facet to be a polygon of different vertices.
    for i in 0..p.n_regions() {
        let facets = p.cell_facet_offsets()[i] as usize..p.cell_facet_offsets()[i + 1] as usize;
        let steps: usize = p.cell_facets()[facets.clone()].iter().map(|&f| facet(p, f as usize).len()).sum();
        assert_eq!(cell(p, i).len() + facets.len(), steps / 2 + 2, "cell {i}");
    }
}

#[test]
fn planes_in_general_position_have_the_closed_form() {
    // n planes all of whose points of intersection lie inside: 1 + n + C(n,2) + C(n,3) cells.
    for n in [1, 2, 3, 4, 9] {
        let mut next = random(7);
        let w: Vec<f64> = (0..3 * n).map(|_| next()).collect();
        let b: Vec<f64> = (0..n).map(|_| 0.1 * next()).collect();
        let net = network(3, &[(w, b), (vec![1.0; n], vec![0.0])], &relu());
        let p = all(&net, &cube(64.0));
        let choose = |k: usize| (0..k).fold(1, |c, i| c * (n - i.min(n)) / (i + 1));
        assert_eq!(p.n_regions(), 1 + n + choose(2) + choose(3), "{n} planes");
        check_laws(&net, &p);
    }
}

#[test]
fn acceptance_case_in_space() {
    let (arrays, spec) = support::read_npz(&support::folder().join("c17_3d_relu_3-8-8-2.npz"));
    let spec = spec.unwrap();
    let layers: Vec<_> = spec["layers"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|l| l["type"] == "linear")
        .map(|l| (arrays[l["W"].as_str().unwrap()].1.clone(), arrays[l["b"].as_str().unwrap()].1.clone()))
        .collect();
    let net = network(3, &layers, &relu());
    let p = all(&net, &cube(1.0));
    let expected = &support::expected()["c17_3d_relu_3-8-8-2"];
    assert_eq!(p.n_regions() as u64, expected["regions"].as_u64().unwrap());
    assert_eq!(p.layer_cells(), [65, 401]);
    check_laws(&net, &p);
    // Away from coincidences eight cells meet in a vertex inside, four in one on a side, two on an edge of the box.
    assert_eq!(p.signs().exact, 0);
    let count =
        partition3(&context(1), &net, &cube(1.0), &PartitionOptions { want: Want::COUNT, max_regions: 0 });
    assert_eq!(count.unwrap().n_regions(), 401);
}

#[test]
fn tent_maps_on_all_axes() {
    // t(x) = 2 relu(x) - 4 relu(x - 1/2), three times on each axis: 8^3 cubes, and every vertex is degenerate.
    let inner = |from: usize| {
        let mut w = vec![0.0; 6 * from];
        let mut b = vec![0.0; 6];
        for axis in 0..3 {
            for k in 0..2 {
                let row = &mut w[(2 * axis + k) * from..][..from];
                if from == 3 {
                    row[axis] = 1.0;
                } else {
                    (row[2 * axis], row[2 * axis + 1]) = (2.0, -4.0);
                }
                b[2 * axis + k] = if k == 1 { -0.5 } else { 0.0 };
            }
        }
        (w, b)
    };
    let sum = (0..3).flat_map(|_| [2.0, -4.0]).collect();
    let net = network(3, &[inner(3), inner(6), inner(6), (sum, vec![0.0])], &relu());
    let p = all(&net, &Body::boxed(&[0.0; 3], &[1.0; 3]).unwrap());
    assert_eq!(p.n_regions(), 512);
    assert_eq!((p.vertices().len(), p.facet_areas().len()), (729, 3 * 9 * 64));
    assert_eq!(p.edges().len(), 3 * 81 * 8);
    check_laws(&net, &p);
    assert!(p.volumes().iter().all(|&v| v == 1.0 / 512.0));
}

/// Networks with weights of two or three bits, where planes pass through vertices and edges of others and coincide.
fn coarse_net(widths: &[usize], seed: u64, levels: f64, unit: &Pwl) -> Arc<Network> {
    let mut next = random(seed);
    let mut draw = |scale: f64| (next() * levels).round() * scale;
    let layers: Vec<_> = widths
        .windows(2)
        .map(|w| {
            let weights = (0..w[0] * w[1]).map(|_| draw(1.0)).collect();
            (weights, (0..w[1]).map(|_| draw(0.5)).collect())
        })
        .collect();
    network(widths[0], &layers, unit)
}

#[test]
fn degenerate_networks_obey_the_laws() {
    let mut zeros = 0;
    for seed in 0..40 {
        for unit in [relu(), Pwl::leaky_relu(-1.0).unwrap(), Pwl::clip(-1.0, 1.0).unwrap()] {
            let net = coarse_net(&[3, 5, 5, 2], seed, 1.4, &unit);
            let p = all(&net, &cube(1.0));
            check_laws(&net, &p);
            zeros += p.signs().zero;
        }
    }
    assert!(zeros > 10_000, "degenerate only in name: {zeros} zeros");
}

#[test]
fn threads_and_reference_path_agree() {
    let net = random_net(&[3, 12, 12, 3], 3, &relu());
    let coarse = coarse_net(&[3, 7, 6, 2], 5, 1.4, &relu());
    for net in [net, coarse] {
        let one = all(&net, &cube(1.0));
        for threads in [2, 8] {
            let many = partition3(&context(threads), &net, &cube(1.0), &PartitionOptions::default()).unwrap();
            assert_eq!(one.vertices(), many.vertices());
            assert_eq!(one.edges(), many.edges());
            assert_eq!(one.cell_vertices(), many.cell_vertices());
            assert_eq!(one.facet_vertices(), many.facet_vertices());
            assert_eq!(one.facet_cells(), many.facet_cells());
            assert_eq!(one.volumes(), many.volumes());
            assert_eq!(one.volume(), many.volume());
            assert_eq!(one.map_a(), many.map_a());
            assert_eq!(one.signs(), many.signs());
        }
        let reference =
            Context::new(ContextOptions { threads: 1, reference: true, ..Default::default() }).unwrap();
        let exact = partition3(&reference, &net, &cube(1.0), &PartitionOptions::default()).unwrap();
        assert_eq!(exact.n_regions(), one.n_regions());
        assert_eq!(exact.facet_vertices(), one.facet_vertices());
        assert_eq!(exact.facet_units(), one.facet_units());
        let error = one.vertex_error();
        for (a, b) in one.vertices().iter().zip(exact.vertices()) {
            for i in 0..3 {
                assert!((a[i] - b[i]).abs() <= error, "{a:?} {b:?} {error:e}");
            }
        }
    }
}

fn trained(name: &str) -> Arc<Network> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/nets/{name}.onnx"));
    Arc::new(Network::from_onnx(&std::fs::read(path).unwrap()).unwrap())
}

fn zero_set(net: &Arc<Network>, domain: &Body, threads: usize) -> Surface {
    surface(&context(threads), net, domain, &SurfaceOptions::default()).unwrap()
}

fn polygon(s: &Surface, i: usize) -> &[i64] {
    &s.polygon_vertices()[s.polygon_offsets()[i] as usize..s.polygon_offsets()[i + 1] as usize]
}

/// What a surface obeys whose solid touches itself nowhere: counted here from the polygons alone.
fn check_surface(net: &Arc<Network>, s: &Surface) {
    let mut directed: HashMap<(i64, i64), i32> = HashMap::new();
    for i in 0..s.gradients().len() {
        let around = polygon(s, i);
        for k in 0..around.len() {
            *directed.entry((around[k], around[(k + 1) % around.len()])).or_default() += 1;
        }
    }
    let mut open = 0;
    for (&(p, q), &n) in &directed {
        assert_eq!(n, 1, "two polygons run from {p} to {q}");
        open += i32::from(!directed.contains_key(&(q, p)));
    }
    assert!(s.is_manifold());
    assert_eq!(s.is_closed(), open == 0);
    assert_eq!(s.edges().len(), (directed.len() + open as usize) / 2);
    let x = Array2::from(s.vertices().to_vec());
    let mut y = Array2::<f64>::zeros((x.nrows(), net.output_len()));
    net.forward(&context(1), x.view(), y.view_mut()).unwrap();
    let worst = y.column(0).iter().fold(0.0f64, |m, y| m.max(y.abs()));
    assert!(worst <= 1e-13, "the output is {worst:e} at a vertex");
}

/// Volume inside of a closed surface by the divergence theorem.
fn enclosed(s: &Surface) -> f64 {
    let at = |v: i64| s.vertices()[v as usize];
    (0..s.gradients().len())
        .map(|i| {
            let around = polygon(s, i);
            let (a, rest) = (at(around[0]), &around[1..]);
            rest.windows(2)
                .map(|w| {
                    let (b, c) = (at(w[0]), at(w[1]));
                    a[0] * (b[1] * c[2] - b[2] * c[1])
                        + a[1] * (b[2] * c[0] - b[0] * c[2])
                        + a[2] * (b[0] * c[1] - b[1] * c[0])
                })
                .sum::<f64>()
                / 6.0
        })
        .sum()
}

#[test]
fn trained_signed_distances() {
    use std::f64::consts::PI;
    let ball = |r: f64| (4.0 * PI * r * r, 4.0 / 3.0 * PI * r * r * r);
    let torus = |ring: f64, tube: f64| (4.0 * PI * PI * ring * tube, 2.0 * PI * PI * ring * tube * tube);
    let (one, two) = (ball(0.35), ball(0.17));
    for (name, euler, (area, volume)) in
        [("sphere", 2, one), ("torus", 0, torus(0.3, 0.12)), ("blobs", 4, (2.0 * two.0, 2.0 * two.1))]
    {
        let net = trained(name);
        let s = zero_set(&net, &cube(0.5), 1);
        assert_eq!(s.euler_characteristic(), euler, "{name}");
        assert!(s.is_closed(), "{name}");
        check_surface(&net, &s);
        assert!((s.area() / area - 1.0).abs() < 0.05, "{name}: area {} of {area}", s.area());
        assert!(
            (s.volume_below() / volume - 1.0).abs() < 0.05,
            "{name}: volume {} of {volume}",
            s.volume_below()
        );
        assert!(
            (enclosed(&s) - s.volume_below()).abs() < 1e-12,
            "{name}: {} {}",
            enclosed(&s),
            s.volume_below()
        );
        assert!((s.volume() - 1.0).abs() < 1e-12);
        let p = all(&net, &cube(0.5));
        assert!(s.n_cells() < p.n_regions() as u64, "{name}: looked at {} of {}", s.n_cells(), p.n_regions());
        let parallel = zero_set(&net, &cube(0.5), 8);
        assert_eq!(s.vertices(), parallel.vertices());
        assert_eq!(s.polygon_vertices(), parallel.polygon_vertices());
        println!(
            "{name}: V {} E {} F {}, {} cells looked at of {}",
            s.vertices().len(),
            s.edges().len(),
            s.gradients().len(),
            s.n_cells(),
            p.n_regions()
        );
    }
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let net = random_net(&[3, 4, 1], 1, &relu());
    let refused = |domain: &Body, limit: u64| {
        let options = PartitionOptions { want: Want::ALL, max_regions: limit };
        partition3(&context(1), &net, domain, &options).err().unwrap().condition()
    };
    assert_eq!(refused(&cube(1.0), 1), Condition::MaxRegions);
    assert_eq!(refused(&Body::boxed(&[0.0; 4], &[1.0; 4]).unwrap(), 0), Condition::Shape);
    assert_eq!(refused(&Body::ball(&[0.0; 3], 1.0).unwrap(), 0), Condition::Unsupported);
    assert_eq!(refused(&Body::space(3).unwrap(), 0), Condition::Argument);
    assert_eq!(
        Body::hull(&[[0.0; 3], [1.0; 3], [2.0; 3], [3.0; 3]]).unwrap_err().condition(),
        Condition::ZeroArea
    );
    let cancelled =
        Context::new(ContextOptions { cancel: Some(Box::new(|| true)), ..Default::default() }).unwrap();
    let stopped = partition3(&cancelled, &net, &cube(1.0), &PartitionOptions::default());
    assert_eq!(stopped.err().unwrap().condition(), Condition::Cancelled);
    let small = Context::new(ContextOptions { memory_limit: 1000, ..Default::default() }).unwrap();
    let full = partition3(&small, &net, &cube(1.0), &PartitionOptions::default());
    assert_eq!(full.err().unwrap().condition(), Condition::MemoryLimit);
}

/// A slice of a four-dimensional input by three axes that are not orthogonal, against the network composed with them.
#[test]
fn slices_are_compositions() {
    let mut next = random(11);
    let mut draw = |n: usize| (0..n).map(|_| (8.0 * next()).round() / 8.0).collect::<Vec<f64>>();
    let (w, b, v, c) = (draw(7 * 4), draw(7), draw(2 * 7), draw(2));
    let (origin, axes) = (draw(4), [draw(4), draw(4), draw(4)]);
    let composed: Vec<f64> = (0..7)
        .flat_map(|i| (0..3).map(move |k| (i, k)))
        .map(|(i, k)| (0..4).map(|j| w[4 * i + j] * axes[k][j]).sum())
        .collect();
    let shifted: Vec<f64> =
        (0..7).map(|i| b[i] + (0..4).map(|j| w[4 * i + j] * origin[j]).sum::<f64>()).collect();
    let outer = network(4, &[(w, b), (v.clone(), c.clone())], &relu());
    let inner = network(3, &[(composed, shifted), (v, c)], &relu());
    let slice = cube(2.0).embedded(&origin, &[&axes[0], &axes[1], &axes[2]]).unwrap();
    let (p, q) = (all(&outer, &slice), all(&inner, &cube(2.0)));
    check_laws(&outer, &p);
    assert!(p.n_regions() > 20);
    assert_eq!(p.n_regions(), q.n_regions());
    assert_eq!(p.facet_vertices(), q.facet_vertices());
    assert_eq!(p.volumes(), q.volumes());
    assert_eq!(p.map_b(), q.map_b());
}
