//! The exact stage of the predicates: functionals of units and lines as exact dyadic numbers, computed on demand.
//!
//! Weights are dyadic, so on a cell with a given pattern every pre-activation is a functional with dyadic coefficients,
//! and the sign of one at a vertex, the meeting point of two lines, is the sign of a 3 x 3 determinant. Nothing is
//! computed before a sign in doubt asks for it, and then only the elements it depends on.

use super::dyadic::{Dyadic, Functional, meet, sign_at, zero_functional};
use super::maximum::FLOOR;
use super::plan::{LineOf, Plan};
use crate::network::NodeId;

/// Exact functionals on the current cell, remembered until the pattern they depend on changes.
pub(crate) struct Oracle {
    memo: Vec<Vec<Option<Functional>>>,
    /// Elements in `memo`, by the stage at which they settle.
    held: Vec<Vec<(NodeId, usize)>>,
    /// Nothing beyond this stage is held.
    deepest: usize,
    /// How many signs were asked for.
    pub(crate) asked: u64,
}

impl Oracle {
    pub(crate) fn new(plan: &Plan) -> Self {
        Oracle {
            memo: vec![Vec::new(); plan.net.nodes().len()],
            held: vec![Vec::new(); plan.levels.len() + 1],
            deepest: 0,
            asked: 0,
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

    /// Sign of `f` at the meeting point of the lines `p` and `q`.
    pub(crate) fn sign(&mut self, plan: &Plan, pattern: &[u64], f: &Functional, p: u32, q: u32) -> i32 {
        self.asked += 1;
        if f.iter().all(Dyadic::is_zero) {
            return 0;
        }
        let point = self.vertex(plan, pattern, p, q);
        sign_at(f, &point)
    }

    /// The meeting point of two lines, in homogeneous coordinates.
    pub(crate) fn vertex(&mut self, plan: &Plan, pattern: &[u64], p: u32, q: u32) -> Functional {
        meet(&self.line(plan, pattern, p), &self.line(plan, pattern, q))
    }

    /// Whether two lines that share a point are the same line.
    pub(crate) fn parallel(&mut self, plan: &Plan, pattern: &[u64], p: u32, q: u32) -> bool {
        self.vertex(plan, pattern, p, q)[2].is_zero()
    }

    /// The functional that vanishes on a line.
    pub(crate) fn line(&mut self, plan: &Plan, pattern: &[u64], line: u32) -> Functional {
        match plan.line_of(line) {
            LineOf::Side(i) => plan.sides[i].clone(),
            LineOf::Knot { level, unit, knot } => {
                let l = &plan.levels[level];
                let mut f = self.value(plan, pattern, l.source, unit);
                let last = f.len() - 1;
                f[last] = f[last].sub(&Dyadic::from(l.knots_of(unit)[knot]));
                f
            }
            LineOf::Tie { level, elements: [i, j], floor, .. } => {
                let source = plan.levels[level].source;
                let f = self.value(plan, pattern, source, i as usize);
                let mut g = zero_functional(plan.coords);
                if j == FLOOR {
                    g[plan.coords - 1] = Dyadic::from(floor);
                } else {
                    g = self.value(plan, pattern, source, j as usize);
                }
                f.iter().zip(&g).map(|(f, g)| f.sub(g)).collect()
            }
        }
    }

    /// Element `i` of the value of `node` as a functional. The pattern must be decided for every level it depends on.
    pub(crate) fn value(&mut self, plan: &Plan, pattern: &[u64], node: NodeId, i: usize) -> Functional {
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
                self.sources(plan, pattern, id, k, |source, j| needed[source].push(j));
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

    fn sources(
        &self,
        plan: &Plan,
        pattern: &[u64],
        id: NodeId,
        k: usize,
        mut need: impl FnMut(NodeId, usize),
    ) {
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

    fn compute(&self, plan: &Plan, pattern: &[u64], id: NodeId, k: usize) -> Functional {
        let node = &plan.net.nodes()[id];
        if id == 0 {
            return plan.input[k].clone();
        }
        let at = |node: NodeId, j: usize| self.memo[node][j].as_ref().expect("sources come first");
        if node.op.is_unit() {
            let level = &plan.levels[plan.stage[id] - 1];
            let piece = level.code(pattern, k);
            let (j, slope, offset) = level.piece(k, piece);
            let mut y = match slope {
                0.0 => zero_functional(plan.coords),
                _ => scaled(at(node.inputs[0], j), slope),
            };
            y[plan.coords - 1].add_assign(&match level.max {
                Some(_) => Dyadic::from(offset),
                None => {
                    let f = plan.net.activation(id, k);
                    exact_offset(f.knots(), f.slopes(), f.value(), piece)
                }
            });
            return y;
        }
        let mut sum = zero_functional(plan.coords);
        let bias = plan.net.row(id, k, |slot, j, w| {
            if w != 0.0 {
                let w = Dyadic::from(w);
                for (s, x) in sum.iter_mut().zip(at(node.inputs[slot], j)) {
                    s.add_assign(&w.mul(x));
                }
            }
        });
        sum[plan.coords - 1].add_assign(&Dyadic::from(bias));
        sum
    }
}

fn scaled(f: &Functional, w: f64) -> Functional {
    let w = Dyadic::from(w);
    f.iter().map(|x| x.mul(&w)).collect()
}

/// Value at 0 of piece `piece`, extended: from the value at the first knot, continuous at every knot.
fn exact_offset(knots: &[f64], slopes: &[f64], value: f64, piece: usize) -> Dyadic {
    let product = |a: &Dyadic, b: f64| a.mul(&Dyadic::from(b));
    let mut offset = Dyadic::from(value);
    if let Some(&t) = knots.first() {
        offset = offset.sub(&product(&Dyadic::from(slopes[0]), t));
    }
    for i in 0..piece {
        let change = Dyadic::from(slopes[i]).sub(&Dyadic::from(slopes[i + 1]));
        offset.add_assign(&product(&change, knots[i]));
    }
    offset
}
