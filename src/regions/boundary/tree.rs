//! A tree of boxes over segments, for the nearest one: O(log n) a query on any distribution of segments.

type Point = [f64; 2];

/// Segments of a leaf at most.
const LEAF: usize = 4;

/// A box and what is in it: two nodes, the first of which follows it, or segments.
struct Node {
    lo: Point,
    hi: Point,
    /// Number of the second node; 0 for a leaf.
    second: u32,
    /// The leaf's range in the order of the tree.
    start: u32,
    len: u32,
}

/// A tree over segments, which it holds in its own order.
pub(super) struct Tree {
    nodes: Vec<Node>,
    /// Segments and their numbers.
    segments: Vec<([Point; 2], u32)>,
}

/// The point of a segment that is nearest to another point.
#[derive(Clone, Copy)]
pub(super) struct Hit {
    pub(super) square: f64,
    pub(super) segment: u32,
    /// How far along the segment, from 0 to 1.
    pub(super) along: f64,
}

impl Tree {
    /// O(n log n).
    pub(super) fn new(segments: impl Iterator<Item = [Point; 2]>) -> Tree {
        let mut tree = Tree { nodes: Vec::new(), segments: segments.zip(0..).collect() };
        if !tree.segments.is_empty() {
            tree.split(0, tree.segments.len());
        }
        tree
    }

    /// Bytes held by a tree over `n` segments, at most.
    pub(super) fn bytes(n: usize) -> usize {
        n * (size_of::<([Point; 2], u32)>() + size_of::<Node>())
    }

    fn split(&mut self, start: usize, end: usize) {
        let range = &mut self.segments[start..end];
        let reach = |k: usize| {
            range
                .iter()
                .flat_map(|s| s.0)
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), p| (p[k].min(lo), p[k].max(hi)))
        };
        let (x, y) = (reach(0), reach(1));
        let node = self.nodes.len();
        let len = end - start;
        self.nodes.push(Node {
            lo: [x.0, y.0],
            hi: [x.1, y.1],
            second: 0,
            start: start as u32,
            len: len as u32,
        });
        if len > LEAF {
            let k = usize::from(y.1 - y.0 > x.1 - x.0);
            // Twice the middle; equal ones by number, so that the tree is the same everywhere.
            let key = |s: &([Point; 2], u32)| s.0[0][k] + s.0[1][k];
            range.select_nth_unstable_by(len / 2, |a, b| key(a).total_cmp(&key(b)).then(a.1.cmp(&b.1)));
            self.split(start, start + len / 2);
            self.nodes[node].second = self.nodes.len() as u32;
            self.split(start + len / 2, end);
        }
    }

    /// The nearest segment; of equally near ones the lowest number. `None` if there is none.
    pub(super) fn nearest(&self, q: Point) -> Option<Hit> {
        let mut best = Hit { square: f64::INFINITY, segment: u32::MAX, along: 0.0 };
        let mut open = Vec::with_capacity(64);
        if let Some(root) = self.nodes.first() {
            open.push((root.square(q), 0));
        }
        while let Some((square, node)) = open.pop() {
            if square > best.square {
                continue;
            }
            let n = &self.nodes[node];
            if n.second == 0 {
                for &(s, number) in &self.segments[n.start as usize..][..n.len as usize] {
                    let hit = project(s, number, q);
                    if (hit.square, hit.segment) < (best.square, best.segment) {
                        best = hit;
                    }
                }
                continue;
            }
            let children = [node + 1, n.second as usize].map(|k| (self.nodes[k].square(q), k));
            let nearer = usize::from(children[1].0 < children[0].0);
            open.push(children[1 - nearer]);
            open.push(children[nearer]);
        }
        (best.segment != u32::MAX).then_some(best)
    }
}

impl Node {
    /// Squared distance of a point from the box.
    fn square(&self, q: Point) -> f64 {
        let off = |k: usize| (self.lo[k] - q[k]).max(q[k] - self.hi[k]).max(0.0);
        off(0) * off(0) + off(1) * off(1)
    }
}

fn project([a, b]: [Point; 2], segment: u32, q: Point) -> Hit {
    let (d, e) = ([b[0] - a[0], b[1] - a[1]], [q[0] - a[0], q[1] - a[1]]);
    let t = (d[0] * e[0] + d[1] * e[1]) / (d[0] * d[0] + d[1] * d[1]);
    let along = if t.is_nan() { 0.0 } else { t.clamp(0.0, 1.0) };
    // From the nearer end, which loses less.
    let from = |end: Point, t: f64| [q[0] - end[0] - t * d[0], q[1] - end[1] - t * d[1]];
    let off = if along <= 0.5 { from(a, along) } else { from(b, along - 1.0) };
    Hit { square: off[0] * off[0] + off[1] * off[1], segment, along }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn coordinate() -> impl Strategy<Value = f64> {
        prop_oneof![-1.0..1.0f64, (-3i32..4).prop_map(f64::from), 100.0..100.001f64]
    }

    proptest! {
        /// The nearest of all, by looking at all.
        #[test]
        fn none_is_nearer(ends in proptest::collection::vec([coordinate(), coordinate(), coordinate(), coordinate()], 1..60), q in [coordinate(), coordinate()]) {
            let segments: Vec<[Point; 2]> = ends.iter().map(|e| [[e[0], e[1]], [e[2], e[3]]]).collect();
            let hit = Tree::new(segments.iter().copied()).nearest(q).unwrap();
            let at = |s: [Point; 2], t: f64| (s[0][0] + t * (s[1][0] - s[0][0]) - q[0]).hypot(s[0][1] + t * (s[1][1] - s[0][1]) - q[1]);
            prop_assert!((at(segments[hit.segment as usize], hit.along) - hit.square.sqrt()).abs() < 1e-9);
            for s in segments {
                // Distance along a segment is convex: ternary search.
                let (mut lo, mut hi) = (0.0, 1.0);
                for _ in 0..100 {
                    let (m, n) = (lo + (hi - lo) / 3.0, hi - (hi - lo) / 3.0);
                    if at(s, m) < at(s, n) { hi = n } else { lo = m }
                }
                prop_assert!(hit.square.sqrt() <= at(s, lo) + 1e-9);
            }
        }
    }
}
