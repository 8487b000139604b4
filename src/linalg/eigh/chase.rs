//! Second stage: a band becomes tridiagonal by chasing bulges (Schwarz 1968; Lang 1993).
//!
//! Sweep i clears column i below the subdiagonal with a reflector of length 32, which fills a block below the band; the
//! reflector that clears the first column of that block fills the next one, down to the end. Only the first column of a
//! bulge is cleared, as the next sweep takes the next one: the band is 64 wide meanwhile. 6 b K^2 operations.
//!
//! A sweep may take block t as soon as the one before is through with block t + 1. Sweeps are bundled: a thread runs
//! those of a bundle one block behind each other, so that the band passes through the cache once a bundle, and bundles
//! follow each other through counters. Whoever runs a bundle, every block meets the same reflectors in the same order.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::band::Band;
use super::leaf::{EDGE, Leaf, Reflector, Tile};
use super::tiles::{Tiles, column_start};
use super::work::Work;
use crate::context::{Context, Meter};
use crate::error::Result;

/// Sweeps of a bundle.
const BUNDLE: usize = 8;
/// Room above the diagonal of each column for the vectors that start there.
const ABOVE: usize = 8;
/// Numbers of a column: 64 from the diagonal down.
const HEIGHT: usize = ABOVE + 2 * EDGE;
/// From a number to its right neighbour.
const STRIDE: usize = HEIGHT - 1;

/// A tridiagonal matrix and how it came about.
pub(super) struct Tridiagonal<'m> {
    pub(super) d: Work<'m, f64>,
    /// Subdiagonal; as long as `d`, the last one is 0.
    pub(super) e: Work<'m, f64>,
    pub(super) reflectors: Reflectors<'m>,
}

/// The reflectors of the sweeps, in the order of their sweeps and blocks: v, whose first number is 1, with tau in its place.
pub(super) struct Reflectors<'m> {
    all: Work<'m, [f64; EDGE]>,
    /// Where each sweep starts in `all`, and the end; empty if they are not kept.
    starts: Vec<usize>,
}

impl Reflectors<'_> {
    fn new(meter: &Meter, n: usize, keep: bool) -> Result<Reflectors<'_>> {
        let mut starts = Vec::new();
        let mut count = 0;
        if keep {
            starts.push(0);
            for i in 0..n.saturating_sub(2) {
                count += blocks(n, i);
                starts.push(count);
            }
        }
        Ok(Reflectors { all: Work::zeros(meter, count)?, starts })
    }

    /// Every reflector with the row that it starts at, from the last to the first.
    pub(super) fn backwards(&self) -> impl Iterator<Item = (usize, &[f64; EDGE])> {
        self.starts.windows(2).enumerate().rev().flat_map(|(i, range)| {
            self.all[range[0]..range[1]].iter().enumerate().rev().map(move |(t, r)| (i + 1 + t * EDGE, r))
        })
    }
}

/// Where element (r, c), c - 8 < r < c + 64, of the band lives.
fn at(r: usize, c: usize) -> usize {
    c * STRIDE + r + ABOVE
}

/// Copies the band out of the tiles. Zeros follow it, so that every block is whole.
fn copy<'m>(meter: &'m Meter, matrix: &Tiles, below: &[Tile], n: usize) -> Result<Work<'m, f64>> {
    let mut band = Work::zeros(meter, (n + EDGE) * HEIGHT)?;
    for (j, columns) in band[..n * HEIGHT].chunks_mut(EDGE * HEIGHT).enumerate() {
        let start = column_start(matrix.edge, j);
        for (c, column) in columns.chunks_exact_mut(HEIGHT).enumerate() {
            let (head, tail) = column[ABOVE..].split_at_mut(EDGE - c);
            head.copy_from_slice(&matrix.tiles[start][c * EDGE + c..(c + 1) * EDGE]);
            if let Some(below) = below.get(j) {
                tail[..c + 1].copy_from_slice(&below[c * EDGE..][..c + 1]);
            }
        }
    }
    Ok(band)
}

/// The band and the reflectors, as the threads see them.
struct Shared<'a> {
    leaf: &'a Leaf,
    n: usize,
    band: *mut f64,
    all: *mut [f64; EDGE],
    starts: &'a [usize],
}

// SAFETY: `run` says who touches what when.
unsafe impl Sync for Shared<'_> {}

/// The tridiagonal matrix of `n` rows that is similar to the band; keeps the reflectors if `keep`.
pub(super) fn tridiagonal<'m>(
    ctx: &Context,
    meter: &'m Meter,
    matrix: &Tiles,
    below: &Band,
    n: usize,
    keep: bool,
) -> Result<Tridiagonal<'m>> {
    let mut band = copy(meter, matrix, &below.below, n)?;
    let mut reflectors = Reflectors::new(meter, n, keep)?;
    let sweeps = n.saturating_sub(2);
    let bundles = sweeps.div_ceil(BUNDLE);
    // Blocks that the last sweep of each bundle is through with.
    let done: Vec<AtomicUsize> = (0..bundles).map(|_| AtomicUsize::new(0)).collect();
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (all, starts) = (reflectors.all.as_mut_ptr(), &reflectors.starts[..]);
    let shared = Shared { leaf: Leaf::of(ctx.isa()), n, band: band.as_mut_ptr(), all, starts };
    // Bundles are claimed in order: the first that is not finished waits for nobody, so that somebody always goes on,
    // however few threads there are.
    ctx.pool().map_chunks(ctx.threads().min(bundles), 1, |_| {
        loop {
            let bundle = next.fetch_add(1, Ordering::Relaxed);
            if bundle >= bundles || stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            ctx.poll().inspect_err(|_| stop.store(true, Ordering::Relaxed))?;
            let range = bundle * BUNDLE..sweeps.min((bundle + 1) * BUNDLE);
            let before = bundle.checked_sub(1).map(|b| &done[b]);
            run(&shared, range, before, &done[bundle], &stop);
        }
    })?;
    let (mut d, mut e) = (Work::zeros(meter, n)?, Work::zeros(meter, n)?);
    for i in 0..n {
        d[i] = band[at(i, i)];
        if i + 1 < n {
            e[i] = band[at(i + 1, i)];
        }
    }
    Ok(Tridiagonal { d, e, reflectors })
}

/// Blocks of sweep `i`.
fn blocks(n: usize, i: usize) -> usize {
    (n - 1 - i).div_ceil(EDGE)
}

/// Runs the sweeps of a bundle; `before` counts the blocks of the sweep before them.
fn run(
    shared: &Shared,
    sweeps: std::ops::Range<usize>,
    before: Option<&AtomicUsize>,
    done: &AtomicUsize,
    stop: &AtomicBool,
) {
    let n = shared.n;
    let mut reflectors = [Reflector::NONE; BUNDLE];
    let last = sweeps.len() - 1;
    let mut seen = if before.is_some() { 0 } else { usize::MAX };
    for time in 0..blocks(n, sweeps.start) + last {
        // The first sweep is at block `time`, and the one before must be through with the next, if there is one.
        let needed = if time < blocks(n, sweeps.start) { time + 2 } else { 0 };
        let mut spins = 0;
        while seen < needed {
            seen = before.map_or(usize::MAX, |b| b.load(Ordering::Acquire));
            if stop.load(Ordering::Relaxed) {
                return;
            }
            spins += 1;
            if spins % 64 == 0 { std::thread::yield_now() } else { std::hint::spin_loop() }
        }
        for (s, i) in sweeps.clone().enumerate() {
            if s > time || time - s >= blocks(n, i) {
                continue;
            }
            // SAFETY: a step touches rows and columns from the first of its block before to the last of its own. The
            // sweep before is two blocks further down or finished, as the order of this loop and the counter say; the
            // one after will see what is written here through the counter.
            unsafe { step(shared, i, time - s, &mut reflectors[s]) };
        }
        if time >= last {
            let through = time - last + 1;
            // The end of a sweep is as good as any number of blocks.
            let finished = through >= blocks(n, sweeps.start + last);
            done.store(if finished { usize::MAX } else { through }, Ordering::Release);
        }
    }
}

/// Block `t` of sweep `i`.
///
/// # Safety
/// The band has `n` columns and 32 of zeros; nobody else touches the block, nor the part of the band left of it from the
/// first column of the block before.
unsafe fn step(shared: &Shared, i: usize, t: usize, reflector: &mut Reflector) {
    let Shared { leaf, n, band, all, starts } = *shared;
    let row = i + 1 + t * EDGE;
    debug_assert!(row < n);
    // SAFETY: rows to row + 31 < n + 31 of columns from row - 32 on are at most 63 below the diagonal. The reflector has its
    // own place among those of its sweep.
    unsafe {
        if t == 0 {
            (leaf.begin)(band.add(at(row, i)), reflector);
        } else {
            (leaf.below)(band.add(at(row, row - EDGE)), STRIDE, reflector);
        }
        (leaf.both)(band.add(at(row, row)), STRIDE, reflector);
        if let Some(start) = starts.get(i) {
            let kept = &mut *all.add(start + t);
            *kept = reflector.v;
            kept[0] = reflector.tau;
        }
    }
}
