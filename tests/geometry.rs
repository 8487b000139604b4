//! Statistics, polylines and counts in discs on the public cases: laws that every partition obeys.

mod support;

use std::collections::HashMap;

use cpwl::regions::{BoundaryMode, Metric, Nearest, Partition, PartitionOptions, Quantity, partition};
use cpwl::{Condition, Context, ContextOptions};
use support::Case;

const CASES: [&str; 9] = [
    "c01_relu_2-16-16-1",
    "c03_leaky_2-24-24-24-3",
    "c05_maxout3_2-8-8-2",
    "c06_conv_maxpool_1x6x6",
    "c08_degenerate",
    "c10_arrangement_40_lines",
    "c14_polygon5_leaky_2-24-24-3",
    "c15_lowbit4_relu_2-20-20-20-3",
    "c16_far_box_relu_2-16-16-2",
];

fn context(threads: usize) -> Context {
    Context::new(ContextOptions { threads, ..Default::default() }).unwrap()
}

fn cases() -> impl Iterator<Item = (Case, Partition)> {
    CASES.iter().map(|name| {
        let case = support::load(name).unwrap();
        let p = partition(&context(1), &case.net, &case.domain, &PartitionOptions::default()).unwrap();
        (case, p)
    })
}

fn near(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance * b.abs().max(1e-300)
}

#[test]
fn edges_are_counted_once_by_line_and_twice_by_cell() {
    for (case, p) in cases() {
        let s = p.statistics(&context(2), Metric::Domain).unwrap();
        let edges: f64 = s.line_lengths().iter().sum();
        let rim: f64 = s.line_layers().iter().zip(s.line_lengths()).filter(|l| *l.0 < 0).map(|l| l.1).sum();
        let perimeters = s.spread(Quantity::Perimeter).unwrap();
        assert!(near(perimeters.total, 2.0 * edges - rim, 1e-11), "{}", case.name);
        let layers: f64 = s.layer_lengths().iter().sum();
        assert!(near(layers, edges - rim, 1e-11), "{}", case.name);
        assert_eq!(1 + s.layer_cells_added().iter().sum::<i64>(), p.n_regions() as i64);
        assert_eq!(s.line_edges().len(), p.edges().len());
        assert_eq!(s.vertex_counts().iter().sum::<i64>() as usize, p.points().len());
        let inner = p.edge_cells().iter().filter(|c| c[1] >= 0).count();
        assert_eq!(s.neighbours().len(), 2 * inner);
        for i in 0..p.n_regions() {
            let of = |i: usize| {
                &s.neighbours()[s.neighbour_offsets()[i] as usize..s.neighbour_offsets()[i + 1] as usize]
            };
            assert!(of(i).iter().all(|&j| of(j as usize).contains(&(i as i64))), "{}: cell {i}", case.name);
            // area >= r p / 2 with equality where all sides touch, and r <= area / (p / 2).
            let (area, half) = (s.areas()[i], s.perimeters()[i] / 2.0);
            let r = s.inradii()[i];
            assert!(r <= area / half * (1.0 + 1e-6) + 1e-14 && 2.0 * r * (1.0 + 1e-6) + 1e-14 >= area / half);
        }
    }
}

#[test]
fn segments_meet_in_nodes() {
    let level = BoundaryMode::LevelSet { output: 0, level: 0.0 };
    for (case, p) in cases() {
        let argmax = (case.net.output_len() > 1).then_some(BoundaryMode::Argmax);
        for mode in [Some(level), argmax].into_iter().flatten() {
            let b = p.boundary(&context(2), mode).unwrap();
            let mut seen = vec![false; b.segments().len()];
            let (offsets, points) = (b.polyline_offsets(), b.polyline_points());
            for line in 0..b.polyline_closed().len() {
                let (start, end) = (offsets[line] as usize, offsets[line + 1] as usize);
                for k in start..end - 1 {
                    let segment = b.polyline_segments()[k - line] as usize;
                    assert!(!std::mem::replace(&mut seen[segment], true));
                    assert_eq!(b.labels()[segment], b.polyline_labels()[line]);
                    let [x, y] = b.segments()[segment];
                    let apart = |a: [f64; 2], b: [f64; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
                    let along = apart(x, points[k]) + apart(y, points[k + 1]);
                    let back = apart(y, points[k]) + apart(x, points[k + 1]);
                    assert!(along.min(back) < 1e-8 * (1.0 + x[0].abs() + x[1].abs()), "{}", case.name);
                }
                let closed = b.polyline_closed()[line] == 1;
                assert!(!closed || points[start] == points[end - 1], "{}", case.name);
            }
            assert!(seen.iter().all(|&s| s), "{}", case.name);
            // Three arms or more at every junction, counting closed loops through none.
            let mut arms: HashMap<i64, usize> = HashMap::new();
            b.polyline_ends().iter().flatten().for_each(|&j| *arms.entry(j).or_default() += 1);
            assert!((0..b.junctions().len() as i64).all(|j| arms[&j] >= 3), "{}", case.name);
        }
    }
}

/// Numbers of a golden-ratio sequence in the bounding box of the domain.
fn points(p: &Partition, n: usize) -> Vec<[f64; 2]> {
    let corners = p.domain().polygon();
    let at = |k: usize, t: f64| {
        let (lo, hi) = corners.iter().fold((f64::MAX, f64::MIN), |(lo, hi), c| (c[k].min(lo), c[k].max(hi)));
        lo + t * (hi - lo)
    };
    (0..n).map(|i| [at(0, (0.618_034 * i as f64) % 1.0), at(1, (i as f64 + 0.5) / n as f64)]).collect()
}

#[test]
fn discs_grow_from_one_cell_to_all() {
    for (case, p) in cases() {
        let centers: Vec<[f64; 2]> = p.centroids().iter().step_by(1 + p.n_regions() / 20).copied().collect();
        let count = |radius: f64| {
            let mut counts = vec![0; centers.len()];
            p.count_in_ball(&context(2), Metric::Domain, &centers, &vec![radius; centers.len()], &mut counts)
                .unwrap();
            counts
        };
        assert!(count(1e-300).iter().all(|&n| n == 1), "{}", case.name);
        assert!(count(1e4).iter().all(|&n| n == p.n_regions() as i64), "{}", case.name);
        let mut before = count(1e-300);
        for radius in [1e-6, 1e-3, 0.03, 0.3, 1.0] {
            let now = count(radius);
            assert!(now.iter().zip(&before).all(|(n, b)| n >= b), "{}", case.name);
            before = now;
        }
    }
}

#[test]
fn identical_for_any_number_of_threads() {
    let bits = |ctx: &Context, case: &Case, p: &Partition| {
        let mut out: Vec<u64> = Vec::new();
        let s = p.statistics(ctx, Metric::Ambient).unwrap();
        out.extend([s.perimeters(), s.inradii(), s.line_lengths()].concat().iter().map(|x| x.to_bits()));
        out.push(s.spread(Quantity::Area).unwrap().std.to_bits());
        let b = p.boundary(ctx, BoundaryMode::LevelSet { output: 0, level: 0.0 }).unwrap();
        out.extend(b.polyline_points().iter().flatten().map(|x| x.to_bits()));
        let at = points(p, 3000);
        let mut found = vec![Nearest::default(); at.len()];
        b.nearest(ctx, Metric::Ambient, &at, &mut found).unwrap();
        out.extend(found.iter().map(|f| f.distance.to_bits()));
        if !b.segments().is_empty() {
            let (mut samples, mut on) = (vec![[0.0; 2]; 9000], vec![0; 9000]);
            b.sample(ctx, Metric::Ambient, 5, &mut samples, &mut on).unwrap();
            out.extend(samples.iter().flatten().map(|x| x.to_bits()));
        }
        let mut counts = vec![0; at.len()];
        p.count_in_ball(ctx, Metric::Ambient, &at, &vec![0.1; at.len()], &mut counts).unwrap();
        out.extend(counts.iter().map(|&n| n as u64));
        assert!(!out.is_empty(), "{}", case.name);
        out
    };
    for (case, p) in cases() {
        let one = bits(&context(1), &case, &p);
        for threads in [2, 8] {
            assert!(one == bits(&context(threads), &case, &p), "{}: {threads} threads", case.name);
        }
    }
}

#[test]
fn limits_and_cancel() {
    let (_, p) = cases().next().unwrap();
    let small = Context::new(ContextOptions { memory_limit: 10, ..Default::default() }).unwrap();
    let cancel = ContextOptions { cancel: Some(Box::new(|| true)), ..Default::default() };
    let stopped = Context::new(cancel).unwrap();
    let b = p.boundary(&context(1), BoundaryMode::LevelSet { output: 0, level: 0.0 }).unwrap();
    for (ctx, condition) in [(small, Condition::MemoryLimit), (stopped, Condition::Cancelled)] {
        let statistics = p.statistics(&ctx, Metric::Domain).err().unwrap();
        let mut samples = vec![[0.0; 2]; 1000];
        let sample = b.sample(&ctx, Metric::Domain, 0, &mut samples, &mut vec![0; 1000]).err().unwrap();
        let mut found = vec![Nearest::default(); 1];
        let nearest = b.nearest(&ctx, Metric::Domain, &[[0.0; 2]], &mut found).err().unwrap();
        let count = p.count_in_ball(&ctx, Metric::Domain, &[[0.0; 2]], &[1.0], &mut [0]).err().unwrap();
        let boundary = p.boundary(&ctx, BoundaryMode::LevelSet { output: 0, level: 0.0 }).err().unwrap();
        assert_eq!([statistics, sample, nearest, count, boundary].map(|e| e.condition()), [condition; 5]);
    }
}
