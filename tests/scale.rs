//! Partitions in pieces: chunks of a stream and tiles of a domain say the same as the whole.

mod support;

use std::collections::HashSet;

use cpwl::regions::{
    BoundaryMode, Domain, Partition, PartitionOptions, StreamOptions, Want, partition, stream,
};
use cpwl::{Condition, Context, ContextOptions, Error};
use support::Case;

fn context(threads: usize) -> Context {
    Context::new(ContextOptions { threads, ..Default::default() }).unwrap()
}

fn whole(case: &Case) -> Partition {
    partition(&context(1), &case.net, &case.domain, &PartitionOptions::default()).unwrap()
}

fn small_cases() -> Vec<Case> {
    let expected = support::expected();
    let planar = expected.as_object().unwrap().iter().filter(|(_, want)| want.get("V").is_some());
    planar.map(|(name, _)| support::load(name).unwrap()).filter(|c| c.net.n_units() <= 200).collect()
}

#[test]
fn chunks_hold_the_cells_of_the_partition_in_order() {
    for case in small_cases() {
        let p = whole(&case);
        for (threads, chunk) in [(1, 0), (1, 7), (3, 50), (8, 1)] {
            let (mut points, mut areas, mut patterns, mut maps) = (vec![], vec![], vec![], vec![]);
            let (mut keys, mut makers, mut sizes) = (vec![], vec![], vec![0]);
            let options = StreamOptions { chunk, ..Default::default() };
            let done = stream(&context(threads), &case.net, &case.domain, &options, |c| {
                assert_eq!(c.first as usize, areas.len());
                assert!(chunk == 0 || c.len() as u64 <= chunk + 64, "{} cells in a chunk", c.len());
                let end = points.len() as i64;
                sizes.extend(c.offsets[1..].iter().map(|o| o + end));
                points.extend_from_slice(c.points);
                areas.extend_from_slice(c.areas);
                patterns.extend_from_slice(&c.patterns);
                maps.extend_from_slice(c.map_a);
                keys.extend_from_slice(&c.vertex_keys);
                makers.extend(c.edge_layers.iter().zip(&c.edge_units).map(|(&l, &u)| (l, u)));
                Ok(())
            })
            .unwrap();
            let name = &case.name;
            assert_eq!(done.n_regions as usize, p.n_regions(), "{name}: {threads} threads, {chunk} a chunk");
            assert!(points == p.points() && areas == p.areas() && maps == p.map_a(), "{name}");
            assert_eq!(sizes, p.cell_offsets(), "{name}");
            assert_eq!(done.layer_cells, p.layer_cells(), "{name}");
            assert_eq!(done.area, p.area(), "{name}");
            assert_eq!(done.signs, p.signs(), "{name}");
            let mut codes = Vec::new();
            (0..p.n_regions()).for_each(|i| p.pattern(i, |_, code| codes.push(code)).unwrap());
            assert!(patterns == codes, "{name}");
            let distinct: HashSet<[u64; 2]> = keys.into_iter().collect();
            assert_eq!(distinct.len(), p.vertices().len(), "{name}");
            let sides = makers.iter().filter(|m| m.0 < 0).count();
            let border = p.edge_cells().iter().filter(|c| c[1] < 0).count();
            assert_eq!(sides, border, "{name}");
        }
    }
}

#[test]
fn a_stream_ends_when_it_is_told_to() {
    let case = support::load("c03_leaky_2-24-24-24-3").unwrap();
    let mut seen = 0;
    let options = StreamOptions { chunk: 100, want: Want::COUNT, ..Default::default() };
    let stop = stream(&context(2), &case.net, &case.domain, &options, |c| {
        seen += c.len();
        if seen > 500 { Err(Error::new(Condition::Cancelled, "enough".to_owned())) } else { Ok(()) }
    });
    assert_eq!(stop.unwrap_err().condition(), Condition::Cancelled);
    assert!((501..800).contains(&seen), "{seen}");
    let few = StreamOptions { max_regions: 300, ..options };
    let e = stream(&context(1), &case.net, &case.domain, &few, |_| Ok(())).unwrap_err();
    assert_eq!(e.condition(), Condition::MaxRegions);
}

/// Cells of the whole after each layer, from the partitions of its tiles.
fn stitched(tiles: &[Partition]) -> Vec<u64> {
    let layers = tiles[0].layer_cells().len();
    (0..layers)
        .map(|l| {
            let keys: Vec<Vec<[u64; 2]>> = tiles.iter().map(|p| p.seam_keys().unwrap()[l].clone()).collect();
            let apart: u64 = tiles.iter().zip(&keys).map(|(p, k)| p.layer_cells()[l] - k.len() as u64).sum();
            apart + keys.iter().flatten().collect::<HashSet<_>>().len() as u64
        })
        .collect()
}

#[test]
fn tiles_add_up_to_the_whole() {
    for case in small_cases() {
        let p = whole(&case);
        let ctx = context(2);
        let length = |p: &Partition| {
            let set = BoundaryMode::LevelSet { output: 0, level: 0.0 };
            p.boundary(&ctx, set).unwrap().interior_length()
        };
        for grid in [[1, 1], [2, 1], [3, 4], [5, 3]] {
            let tiles: Vec<Partition> = (0..grid[0] * grid[1])
                .filter_map(|k| case.domain.tile(grid, [k % grid[0], k / grid[0]]).unwrap())
                .map(|tile| partition(&ctx, &case.net, &tile, &PartitionOptions::default()).unwrap())
                .collect();
            let name = &case.name;
            assert_eq!(stitched(&tiles), p.layer_cells(), "{name}: {grid:?}");
            let near = |a: f64, b: f64| (a - b).abs() <= 1e-12 * b.abs().max(1e-9);
            assert!(near(tiles.iter().map(Partition::area).sum(), p.area()), "{name}: {grid:?}");
            let lengths = tiles.iter().map(length).sum::<f64>();
            assert!((lengths - length(&p)).abs() <= 1e-9 * length(&p), "{name}: {grid:?}");
            for tile in &tiles {
                let euler = tile.vertices().len() as i64 - tile.edges().len() as i64;
                assert_eq!(euler + tile.n_regions() as i64, 1, "{name}: {grid:?}");
            }
        }
    }
}

#[test]
fn seams_of_a_triangle_are_exact() {
    // No corner of these tiles on the slanted sides is a binary fraction.
    let triangle = Domain::convex(&[[0.0, 0.0], [1.0, 0.1], [0.3, 1.0]]).unwrap();
    let tiles: Vec<Domain> = (0..21).filter_map(|k| triangle.tile([7, 3], [k % 7, k / 7]).unwrap()).collect();
    assert!((12..21).contains(&tiles.len()));
    let area: f64 = tiles.iter().map(Domain::area).sum();
    assert!((area - triangle.area()).abs() < 1e-15);
    assert_eq!(triangle.tile([2, 2], [2, 0]).unwrap_err().condition(), Condition::Argument);
    let tile = triangle.tile([2, 2], [0, 0]).unwrap().unwrap();
    assert_eq!(tile.tile([2, 2], [0, 0]).unwrap_err().condition(), Condition::Argument);
    assert!(triangle.seams().is_empty() && tile.seams().contains(&true));
    // The upper left corner of the bounding box is outside.
    assert!(triangle.tile([8, 8], [0, 7]).unwrap().is_none());
}
