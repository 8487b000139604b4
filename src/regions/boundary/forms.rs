//! Affine forms of the outputs on one cell, and their certified signs at points of that cell.
//!
//! A form is an output minus a level, or the difference of two outputs. Its sign at a vertex, or at the point where two
//! lines meet, is settled in f64 when the value is beyond its error bound and by the exact stage otherwise.

use super::super::bounds::U;
use super::super::exact::{Exact, LazyPlan};
use super::super::key::Key;
use super::super::partition::Partition;
use crate::numeric::dyadic::{Dyadic, Functional, sign_at};
use crate::numeric::number::meet;
use crate::simd::FILTER;

/// output `plus` - output `minus`, or output `plus` - `level`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Form {
    pub(super) plus: usize,
    pub(super) minus: Option<usize>,
    pub(super) level: f64,
}

impl Form {
    pub(super) fn difference(plus: usize, minus: usize) -> Form {
        Form { plus, minus: Some(minus), level: 0.0 }
    }
}

/// A point of the current cell, known exactly by what makes it.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    /// In (u, v).
    pub(super) point: [f64; 2],
    /// In local coordinates, in which both axes are alike; all tests are made in these.
    local: [f64; 2],
    /// Bound of the error of each local coordinate.
    pub(super) radius: f64,
    pub(super) made: Made,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Made {
    /// Vertex i of the cell.
    Vertex(usize),
    /// Where a form vanishes on edge i of the cell.
    OnEdge(usize, Form),
    /// Where two forms vanish.
    Crossing(Form, Form),
}

/// Signs of forms on the cells of a partition, one cell at a time.
pub(super) struct Forms<'a> {
    pub(super) partition: &'a Partition,
    exact: Exact<'a>,
    cell: usize,
    vertex_error: f64,
    heights: Heights,
}

/// All outputs at the vertices of a cell, for a quick look at many forms at once.
#[derive(Default)]
struct Heights {
    /// Output k at vertex i is `values[k * vertices + i]`.
    values: Vec<f64>,
    /// Bounds of the errors of each output, with the room that a certain sign needs.
    doubts: Vec<f64>,
}

impl<'a> Forms<'a> {
    pub(super) fn new(partition: &'a Partition, lazy: &'a LazyPlan<'a>) -> Self {
        let vertex_error = partition.local_vertex_error();
        Forms { partition, exact: Exact::new(lazy), cell: 0, vertex_error, heights: Heights::default() }
    }

    /// Goes to another cell.
    pub(super) fn enter(&mut self, cell: usize) {
        self.exact.enter(cell);
        self.cell = cell;
    }

    pub(super) fn vertices(&self) -> usize {
        self.partition.polygon(self.cell).len()
    }

    pub(super) fn vertex(&self, i: usize) -> End {
        let point = self.partition.polygon(self.cell)[i];
        let frame = &self.partition.frame;
        let local = [0, 1].map(|k| (point[k] - frame.center[k]) / frame.scale[k]);
        End { point, local, radius: self.vertex_error, made: Made::Vertex(i) }
    }

    /// Takes the heights of all outputs on the cell.
    pub(super) fn measure(&mut self) {
        let p = self.partition;
        let outputs = p.network().output_len();
        let frame = &p.frame;
        self.heights.values.clear();
        self.heights.doubts.clear();
        for k in self.cell * outputs..(self.cell + 1) * outputs {
            let (a, b) = (p.map_a()[k], p.map_b()[k]);
            let size = a[0].abs() * (frame.center[0].abs() + frame.scale[0])
                + a[1].abs() * (frame.center[1].abs() + frame.scale[1])
                + b.abs();
            let local = a[0].abs() * frame.scale[0] + a[1].abs() * frame.scale[1];
            // As in `value` and `sign`, output by output, and twice for what the bounds of differences leave out.
            let room = p.output_error() + self.vertex_error * local + (8.0 * U + FILTER) * size;
            self.heights.doubts.push(2.0 * room);
            self.heights.values.extend(p.polygon(self.cell).iter().map(|v| a[0] * v[0] + a[1] * v[1] + b));
        }
    }

    /// The heights of an output at the vertices, and the bound of their errors.
    pub(super) fn heights(&self, k: usize) -> (&[f64], f64) {
        let n = self.vertices();
        (&self.heights.values[k * n..][..n], self.heights.doubts[k])
    }

    /// Whether output `a` is surely above output `b` all over the cell, by their heights.
    pub(super) fn above(&self, a: usize, b: usize) -> bool {
        let ((f, e), (g, d)) = (self.heights(a), self.heights(b));
        f.iter().zip(g).all(|(f, g)| f - g > e + d)
    }

    /// The name of a point of the set on which `pair` ties: the vertex that it is, or the edge or cell in which all of
    /// `ties` tie there. Two cells that share the point give it the same name.
    pub(super) fn name(&self, at: &End, pair: &[usize], ties: &[usize]) -> Key {
        let p = self.partition;
        let place = |i: usize| p.cell_offsets()[self.cell] as usize + i;
        let (key, ties) = match at.made {
            Made::Vertex(i) => (Key::seed(5, p.cell_vertices()[place(i)] as u64), &[][..]),
            Made::OnEdge(i, _) => (Key::seed(6, p.cell_edges()[place(i)] as u64), ties),
            Made::Crossing(..) => (Key::seed(7, self.cell as u64), ties),
        };
        pair.iter().chain(ties).fold(key, |key, &class| key.with(class as u64))
    }

    /// Coefficients of a form on the cell, as a functional of the local coordinates.
    fn coefficients(&self, form: &Form) -> ([f64; 2], f64) {
        let p = self.partition;
        let outputs = self.partition.network().output_len();
        let at = |k: usize| (p.map_a()[self.cell * outputs + k], p.map_b()[self.cell * outputs + k]);
        let (a, b) = at(form.plus);
        let (a, b) = match form.minus {
            None => (a, b - form.level),
            Some(k) => {
                let (c, d) = at(k);
                ([a[0] - c[0], a[1] - c[1]], b - d)
            }
        };
        let frame = &self.partition.frame;
        ([a[0] * frame.scale[0], a[1] * frame.scale[1]], a[0] * frame.center[0] + a[1] * frame.center[1] + b)
    }

    /// Value of a form at a point, and the bound of its error.
    pub(super) fn value(&self, form: &Form, at: &End) -> (f64, f64) {
        let (a, b) = self.coefficients(form);
        let value = a[0] * at.local[0] + a[1] * at.local[1] + b;
        let frame = &self.partition.frame;
        // Sizes of the two outputs themselves: their difference may have cancelled.
        let size = |k: usize| {
            let outputs = self.partition.network().output_len();
            let (a, b) = (
                self.partition.map_a()[self.cell * outputs + k],
                self.partition.map_b()[self.cell * outputs + k],
            );
            let reach = |i: usize| a[i].abs() * (frame.center[i].abs() + frame.scale[i]);
            reach(0) + reach(1) + b.abs()
        };
        let sizes = size(form.plus) + form.minus.map_or(form.level.abs(), size);
        let errors = 2.0 * self.partition.output_error();
        (value, errors + at.radius * (a[0].abs() + a[1].abs()) + 8.0 * U * sizes)
    }

    /// Sign of a form at a point.
    pub(super) fn sign(&mut self, form: &Form, at: &End) -> i32 {
        let (value, error) = self.value(form, at);
        let (a, b) = self.coefficients(form);
        let certain = error + FILTER * (a[0].abs() + a[1].abs() + b.abs());
        if value > certain {
            return 1;
        }
        if value < -certain {
            return -1;
        }
        let f = self.functional(form);
        let point = self.exact_point(&at.made);
        sign_at(&f, &point)
    }

    fn functional(&mut self, form: &Form) -> Functional {
        let mut f = self.exact.output(form.plus);
        match form.minus {
            Some(k) => {
                let g = self.exact.output(k);
                for (f, g) in f.iter_mut().zip(&g) {
                    *f = f.sub(g);
                }
            }
            None => f[2] = f[2].sub(&Dyadic::from(form.level)),
        }
        f
    }

    fn exact_point(&mut self, made: &Made) -> Functional {
        match *made {
            Made::Vertex(i) => self.exact.vertex(i),
            Made::OnEdge(i, form) => meet(&self.exact.line(i), &self.functional(&form)),
            Made::Crossing(f, g) => meet(&self.functional(&f), &self.functional(&g)),
        }
    }

    /// The point between `p` and `q`, at which `form` has opposite signs, where it vanishes.
    pub(super) fn crossing(&self, form: &Form, p: &End, q: &End, made: Made) -> End {
        let ((vp, ep), (vq, eq)) = (self.value(form, p), self.value(form, q));
        let drop = (vp - vq).abs();
        let t = (vp / (vp - vq)).clamp(0.0, 1.0);
        let t = if t.is_nan() { 0.5 } else { t };
        let between = |p: [f64; 2], q: [f64; 2]| [p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])];
        let d = [q.local[0] - p.local[0], q.local[1] - p.local[1]];
        let length = d[0].abs() + d[1].abs();
        let room = drop - ep - eq;
        // Signs that only the exact stage could tell: anywhere between the two.
        let moved = if room > 0.0 { (length * ep.max(eq) / room).min(length) } else { length };
        End {
            point: between(p.point, q.point),
            local: between(p.local, q.local),
            radius: p.radius.max(q.radius) + moved,
            made,
        }
    }
}
