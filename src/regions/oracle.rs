//! The later stages of the predicates: functionals of units and lines computed on demand, exactly (dyadic numbers) or in
//! double-double with error bounds.
//!
//! Weights are dyadic, so on a cell with a given pattern every pre-activation is a functional with dyadic coefficients,
//! and the sign of one at a vertex, the meeting point of two lines, is the sign of a 3 x 3 determinant. Nothing is
//! computed before a sign in doubt asks for it, and then only the elements it depends on.

use super::maximum::FLOOR;
use super::plan::{LineOf, Plan};
use crate::network::NodeId;
use crate::numeric::dyadic::{Dyadic, ratio_to_f64};
use crate::numeric::number::{Near, Number, dot, meet};

/// Functionals on the current cell, remembered until the pattern they depend on changes.
pub(crate) struct Oracle<N = Dyadic> {
    memo: Vec<Vec<Option<Vec<N>>>>,
    /// Elements in `memo`, by the stage at which they settle.
    held: Vec<Vec<(NodeId, usize)>>,
    /// Nothing beyond this stage is held.
    deepest: usize,
}

impl Oracle<Near> {
    /// Sign and value of line `f` at the meeting point of the lines `p` and `q`, where double-double can tell them.
    pub(crate) fn near_sign(
        &mut self,
        plan: &Plan,
        pattern: &[u64],
        f: u32,
        [p, q]: [u32; 2],
    ) -> Option<(i32, f64)> {
        let point = self.vertex(plan, pattern, p, q);
        let value = dot(&self.line(plan, pattern, f), &point);
        let sign = value.sign()? * point[2].sign()?;
        Some((sign, value.approximate() / point[2].approximate()))
    }
}

impl Oracle<Dyadic> {
    /// Sign and value (rounded) of `f` at the meeting point of the lines `p` and `q`.
    pub(crate) fn sign(&mut self, plan: &Plan, pattern: &[u64], f: &[Dyadic], p: u32, q: u32) -> (i32, f64) {
        if f.iter().all(Dyadic::is_zero) {
            return (0, 0.0);
        }
        let point = self.vertex(plan, pattern, p, q);
        let value = dot(f, &point);
        let sign = value.signum() * point[2].signum();
        (sign, if sign == 0 { 0.0 } else { ratio_to_f64(&value, &point[2]) })
    }

    /// Whether two lines that share a point are the same line.
    pub(crate) fn parallel(&mut self, plan: &Plan, pattern: &[u64], p: u32, q: u32) -> bool {
        self.vertex(plan, pattern, p, q)[2].is_zero()
    }
}

impl<N: Number> Oracle<N> {
    pub(crate) fn new(plan: &Plan) -> Self {
        Oracle {
            memo: vec![Vec::new(); plan.net.nodes().len()],
            held: vec![Vec::new(); plan.levels.len() + 1],
            deepest: 0,
        }
    }

    /// Forgets what depends on the pattern of level `stage - 1` or later; `stage` is at least 1.
    pub(crate) fn forget_from(&mut self, stage: usize) {
        if self.deepest < stage {
            return;
        }
        self.deepest = stage - 1;
        for held in &mut self.held[stage..] {
            for (node, i) in held.drain(..) {
                self.memo[node][i] = None;
            }
        }
    }

    /// The meeting point of two lines, in homogeneous coordinates.
    pub(crate) fn vertex(&mut self, plan: &Plan, pattern: &[u64], p: u32, q: u32) -> Vec<N> {
        meet(&self.line(plan, pattern, p), &self.line(plan, pattern, q))
    }

    /// The functional that vanishes on a line (a hyperplane).
    pub(crate) fn line(&mut self, plan: &Plan, pattern: &[u64], line: u32) -> Vec<N> {
        let last = plan.coords - 1;
        match plan.line_of(line) {
            LineOf::Side(i) => plan.sides[i].iter().map(N::from_exact).collect(),
            LineOf::Knot { level, unit, knot } => {
                let l = &plan.levels[level];
                let mut f = self.value(plan, pattern, l.source, unit);
                f[last].add_scaled(-1.0, &N::from_f64(l.knots_of(unit)[knot]));
                f
            }
            LineOf::Tie { level, elements: [i, j], floor, .. } => {
                let source = plan.levels[level].source;
                let mut f = self.value(plan, pattern, source, i as usize);
                if j == FLOOR {
                    f[last].add_scaled(-1.0, &N::from_f64(floor));
                } else {
                    let g = self.value(plan, pattern, source, j as usize);
                    f.iter_mut().zip(&g).for_each(|(f, g)| f.add_scaled(-1.0, g));
                }
                f
            }
        }
    }

    /// Element `i` of the value of `node` as a functional. The pattern must be decided for every level it depends on.
    pub(crate) fn value(&mut self, plan: &Plan, pattern: &[u64], node: NodeId, i: usize) -> Vec<N> {
        if let Some(Some(f)) = self.memo[node].get(i) {
            return f.clone();
        }
        // Which elements are needed, from the asked one back to the input: no recursion, so no limit on depth.
        let mut needed: Vec<Vec<usize>> = vec![Vec::new(); node + 1];
        needed[node].push(i);
        for id in (0..=node).rev() {
            if self.memo[id].is_empty() && !needed[id].is_empty() {
                self.memo[id] = vec![None; plan.net.nodes()[id].len()];
            }
            let mut wanted = std::mem::take(&mut needed[id]);
            wanted.sort_unstable();
            wanted.dedup();
            wanted.retain(|&k| self.memo[id][k].is_none());
            for &k in &wanted {
                sources(plan, pattern, id, k, |source, j| needed[source].push(j));
            }
            needed[id] = wanted;
        }
        for (id, wanted) in needed.iter().enumerate() {
            for &k in wanted {
                let f = self.compute(plan, pattern, id, k);
                self.memo[id][k] = Some(f);
                self.held[plan.stage[id]].push((id, k));
                self.deepest = self.deepest.max(plan.stage[id]);
            }
        }
        self.memo[node][i].clone().expect("just computed")
    }

    fn compute(&self, plan: &Plan, pattern: &[u64], id: NodeId, k: usize) -> Vec<N> {
        let node = &plan.net.nodes()[id];
        if id == 0 {
            return plan.input[k].iter().map(N::from_exact).collect();
        }
        let last = plan.coords - 1;
        let mut sum = vec![N::zero(); plan.coords];
        let mut add = |w: f64, node: NodeId, j: usize| {
            let x = self.memo[node][j].as_ref().expect("sources come first");
            sum.iter_mut().zip(x).for_each(|(s, x)| s.add_scaled(w, x));
        };
        if node.op.is_unit() {
            let level = &plan.levels[plan.stage[id] - 1];
            let piece = level.code(pattern, k);
            let (j, slope, offset) = level.piece(k, piece);
            if slope != 0.0 {
                add(slope, node.inputs[0], j);
            }
            sum[last].add_assign(&match level.max {
                Some(_) => N::from_f64(offset),
                None => {
                    let f = plan.net.activation(id, k);
                    exact_offset(f.knots(), f.slopes(), f.value(), piece)
                }
            });
            return sum;
        }
        let bias = plan.net.row(id, k, |slot, j, w| {
            if w != 0.0 {
                add(w, node.inputs[slot], j);
            }
        });
        sum[last].add_assign(&N::from_f64(bias));
        sum
    }
}

/// Calls `need` with every element that element `k` of node `id` is computed from.
fn sources(plan: &Plan, pattern: &[u64], id: NodeId, k: usize, mut need: impl FnMut(NodeId, usize)) {
    let node = &plan.net.nodes()[id];
    if id == 0 {
        return;
    }
    if node.op.is_unit() {
        let level = &plan.levels[plan.stage[id] - 1];
        let (j, slope, _) = level.piece(k, level.code(pattern, k));
        if slope != 0.0 {
            need(node.inputs[0], j);
        }
        return;
    }
    plan.net.row(id, k, |slot, j, w| {
        if w != 0.0 {
            need(node.inputs[slot], j);
        }
    });
}

/// Value at 0 of piece `piece`, extended: from the value at the first knot, continuous at every knot.
fn exact_offset<N: Number>(knots: &[f64], slopes: &[f64], value: f64, piece: usize) -> N {
    let mut offset = N::from_f64(value);
    if let Some(&t) = knots.first() {
        offset.add_scaled(-slopes[0], &N::from_f64(t));
    }
    for i in 0..piece {
        offset.add_scaled(slopes[i], &N::from_f64(knots[i]));
        offset.add_scaled(-slopes[i + 1], &N::from_f64(knots[i]));
    }
    offset
}
