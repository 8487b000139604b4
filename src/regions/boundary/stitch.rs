//! Joins segments into polylines, by the names of their ends and never by their coordinates.
//!
//! A node is a point at which segments end. Where exactly two meet that have the same labels, and point the same way, the
//! polyline goes on; everywhere else (three classes, a saddle, the border of the domain) it ends. Junctions are the nodes
//! at which three or more meet.

use super::super::key::Key;
use super::trace::Segment;
use crate::buffer::Buffer;
use crate::context::Meter;
use crate::error::{Result, bail};

/// Segments joined. Slot 2 i + e is end e of segment i.
pub(super) struct Stitched {
    /// The node of every slot.
    pub(super) nodes: Buffer<u32>,
    /// The slots at node k are `node_slots[node_starts[k] .. node_starts[k + 1]]`.
    pub(super) node_starts: Buffer<u32>,
    pub(super) node_slots: Buffer<u32>,
    /// Polyline p has the points `offsets[p] .. offsets[p + 1]`, and a segment less.
    pub(super) offsets: Buffer<i64>,
    pub(super) points: Buffer<[f64; 2]>,
    pub(super) segments: Buffer<i64>,
    pub(super) labels: Buffer<[i32; 2]>,
    pub(super) closed: Buffer<u8>,
    /// The junctions at which each polyline starts and ends, or -1.
    pub(super) ends: Buffer<[i64; 2]>,
    pub(super) junctions: Buffer<[f64; 2]>,
}

impl Stitched {
    pub(super) fn new(segments: &[Segment], meter: &Meter) -> Result<Stitched> {
        let n = segments.len();
        if n >= (u32::MAX / 2) as usize {
            bail!(Unsupported, "the boundary has {n} segments; expected fewer than 2^31")
        }
        let mut stitched = Stitched {
            nodes: meter.buffer(2 * n, "boundary")?,
            node_starts: meter.buffer(0, "boundary")?,
            node_slots: meter.buffer(2 * n, "boundary")?,
            offsets: meter.buffer(0, "boundary")?,
            points: meter.buffer(0, "boundary")?,
            segments: meter.buffer(0, "boundary")?,
            labels: meter.buffer(0, "boundary")?,
            closed: meter.buffer(0, "boundary")?,
            ends: meter.buffer(0, "boundary")?,
            junctions: meter.buffer(0, "boundary")?,
        };
        stitched.find_nodes(segments, meter)?;
        let walks = stitched.walk(segments);
        stitched.write(segments, &walks, meter)?;
        Ok(stitched)
    }

    /// Groups the slots by name, nodes numbered in the order of their first slots.
    fn find_nodes(&mut self, segments: &[Segment], meter: &Meter) -> Result<()> {
        let name = |slot: u32| segments[slot as usize / 2].names[slot as usize % 2];
        self.node_slots.iter_mut().zip(0..).for_each(|(s, i)| *s = i);
        let bytes = self.node_slots.len() * size_of::<(Key, u32)>();
        meter.charge(bytes, "boundary")?;
        let mut sorted: Vec<(Key, u32)> = self.node_slots.iter().map(|&slot| (name(slot), slot)).collect();
        sorted.sort_unstable();
        // The first slot of the node of each slot, then its number.
        for group in sorted.chunk_by(|a, b| a.0 == b.0) {
            group.iter().for_each(|&(_, slot)| self.nodes[slot as usize] = group[0].1);
        }
        let mut count = 0;
        for slot in 0..self.nodes.len() {
            let first = self.nodes[slot] as usize;
            self.nodes[slot] = if first == slot { count } else { self.nodes[first] };
            count += u32::from(first == slot);
        }
        meter.release(bytes);
        let nodes = &self.nodes;
        self.node_slots.sort_unstable_by_key(|&slot| (nodes[slot as usize], slot));
        self.node_starts = meter.buffer(count as usize + 1, "boundary")?;
        for &node in nodes.iter() {
            self.node_starts[node as usize + 1] += 1;
        }
        for k in 0..count as usize {
            self.node_starts[k + 1] += self.node_starts[k];
        }
        Ok(())
    }

    /// The slots of all segments that end at a node.
    pub(super) fn slots_at(&self, node: u32) -> &[u32] {
        let range = self.node_starts[node as usize] as usize..self.node_starts[node as usize + 1] as usize;
        &self.node_slots[range]
    }

    /// The slot at which the polyline that leaves a segment at `slot` goes on.
    fn goes_on(&self, segments: &[Segment], slot: u32) -> Option<u32> {
        let &[a, b] = self.slots_at(self.nodes[slot as usize]) else { return None };
        let other = if a == slot { b } else { a };
        let (s, t) = (&segments[slot as usize / 2], &segments[other as usize / 2]);
        let free = |s: &Segment| s.sides[0] == s.sides[1];
        // From the head of one to the tail of the next; ridges and valleys have neither.
        let same_way = if free(s) || free(t) { s.sides == t.sides } else { slot % 2 != other % 2 };
        (s.labels == t.labels && same_way && slot / 2 != other / 2).then_some(other)
    }

    /// For every polyline the slots at which its segments start, and whether it is closed.
    fn walk(&self, segments: &[Segment]) -> Vec<(Vec<u32>, bool)> {
        let mut seen = vec![false; segments.len()];
        let mut walks = Vec::new();
        for first in 0..segments.len() as u32 {
            if seen[first as usize] {
                continue;
            }
            let mut start = 2 * first;
            let mut closed = false;
            while let Some(before) = self.goes_on(segments, start) {
                // The segment before is entered at its other end.
                start = before ^ 1;
                if start / 2 == first {
                    closed = true;
                    break;
                }
            }
            let mut slots = vec![start];
            seen[start as usize / 2] = true;
            let mut last = start;
            while let Some(next) = self.goes_on(segments, last ^ 1).filter(|&s| !seen[s as usize / 2]) {
                slots.push(next);
                seen[next as usize / 2] = true;
                last = next;
            }
            walks.push((slots, closed));
        }
        walks
    }

    fn write(&mut self, segments: &[Segment], walks: &[(Vec<u32>, bool)], meter: &Meter) -> Result<()> {
        let n = walks.len();
        let is_junction = |k: usize| self.node_starts[k + 1] - self.node_starts[k] > 2;
        let nodes = self.node_starts.len() - 1;
        let mut junctions = meter.buffer((0..nodes).filter(|&k| is_junction(k)).count(), "boundary")?;
        // All polylines that meet at a node have the same point there.
        let point = |slot: u32| {
            let first = self.slots_at(self.nodes[slot as usize])[0] as usize;
            segments[first / 2].ends[first % 2]
        };
        let mut number = vec![-1i64; nodes];
        for (i, k) in (0..nodes).filter(|&k| is_junction(k)).enumerate() {
            number[k] = i as i64;
            junctions[i] = point(self.node_slots[self.node_starts[k] as usize]);
        }
        let mut offsets = meter.buffer(n + 1, "boundary")?;
        let mut points = meter.buffer(segments.len() + n, "boundary")?;
        let mut order = meter.buffer(segments.len(), "boundary")?;
        let mut labels = meter.buffer(n, "boundary")?;
        let mut closed = meter.buffer(n, "boundary")?;
        let mut ends = meter.buffer(n, "boundary")?;
        let (mut at, mut row) = (0, 0);
        for (p, (slots, is_closed)) in walks.iter().enumerate() {
            for &slot in slots {
                points[at] = point(slot);
                order[row] = i64::from(slot / 2);
                (at, row) = (at + 1, row + 1);
            }
            let (first, last) = (slots[0], slots[slots.len() - 1] ^ 1);
            points[at] = point(last);
            at += 1;
            offsets[p + 1] = at as i64;
            labels[p] = segments[first as usize / 2].labels;
            closed[p] = u8::from(*is_closed);
            ends[p] = [first, last].map(|slot| number[self.nodes[slot as usize] as usize]);
        }
        (self.offsets, self.points, self.segments, self.labels) = (offsets, points, order, labels);
        (self.closed, self.ends, self.junctions) = (closed, ends, junctions);
        Ok(())
    }
}
