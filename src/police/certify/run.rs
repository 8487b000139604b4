//! One region after the other, layer by layer, stage by stage.

use super::approx::Approx;
use super::carry::{Arithmetic, Front, Job};
use super::decide::{Decision, State, maximum, scalar};
use super::exact::Dyadics;
use super::piece::Units;
use super::range::{interior, range};
use super::verdict::{Certificate, CertifyOptions, LayerVerdict, Reason, Stage, Verdict};
use super::witness::{self, Bend};
use crate::context::Context;
use crate::convex::ConvexSet;
use crate::error::{Result, bail};
use crate::network::{Candidate, Network, UnitLayer};

/// Units that are decided together.
const CHUNK: usize = 16;
/// Crossing units that are tried for a witness: those that cross farthest.
const TRIED: usize = 8;
/// Multiply-adds in double-double, some 50 ms of them, that are spent on telling which of several margins is the smallest.
const SHARPEN: u64 = 1 << 26;

/// See [`super::certify`] and [`super::certify_all`].
pub(super) fn certify(
    ctx: &Context,
    net: &Network,
    regions: &[ConvexSet],
    options: &CertifyOptions,
) -> Result<Vec<Certificate>> {
    check(net, regions, options)?;
    let units: Vec<Units> = net.unit_layers().iter().map(|layer| Units::new(net, layer.node)).collect();
    let each = |(r, region): (usize, &ConvexSet)| {
        let meter = ctx.meter();
        let job = Job { ctx, meter: &meter, net, units: &units, is_point: region.is_point() };
        let done = |layer: f64| (r as f64 + layer) / regions.len() as f64;
        Region::new(&job, region, options)?.certify(&|layer| ctx.progress(done(layer), "certify"))
    };
    regions.iter().enumerate().map(each).collect()
}

fn check(net: &Network, regions: &[ConvexSet], options: &CertifyOptions) -> Result<()> {
    if regions.is_empty() {
        bail!(EmptyRegion, "regions is empty; expected at least one region")
    }
    for (r, region) in regions.iter().enumerate() {
        if region.dim() != net.input_len() {
            let (dim, n) = (region.dim(), net.input_len());
            bail!(DimMismatch, "region {r} has dimension {dim}; the network has {n} inputs")
        }
    }
    let Some(codes) = &options.codes else { return Ok(()) };
    if codes.len() != net.n_units() {
        bail!(Shape, "codes has {} elements; the network has {} units", codes.len(), net.n_units())
    }
    for layer in net.unit_layers() {
        for (i, &code) in codes[layer.first..][..layer.len].iter().enumerate() {
            let padding = |code| net.candidate(layer.node, i, code) == Candidate::Padding;
            let known = match Units::new(net, layer.node).curve(i) {
                Some(curve) => (code as usize) < curve.pieces.len(),
                None => (code as usize) < net.candidates(layer.node) && !padding(code as usize),
            };
            if code < 0 || !known {
                bail!(
                    Argument,
                    "codes[{}] is {code}: unit {i} of its layer has no such piece",
                    layer.first + i
                )
            }
        }
    }
    Ok(())
}

/// One region.
struct Region<'a> {
    job: &'a Job<'a>,
    set: &'a ConvexSet,
    options: &'a CertifyOptions,
    /// Factors of the rows that make a point in the relative interior.
    interior: Vec<f64>,
    double: Front<'a, Approx>,
    /// Made when they are needed.
    pair: Option<Front<'a, Approx>>,
    exact: Option<Front<'a, Dyadics>>,
    exact_skipped: bool,
    codes: Vec<i32>,
}

impl<'a> Region<'a> {
    fn new(job: &'a Job<'a>, set: &'a ConvexSet, options: &'a CertifyOptions) -> Result<Self> {
        let mut inner = vec![0.0; job.rows()];
        interior(set.shape(), 1.0, &mut inner);
        let arithmetic = Approx { double: false };
        let input = arithmetic.input(job, set.rows())?;
        Ok(Region {
            job,
            set,
            options,
            interior: inner,
            double: Front::new(job, arithmetic, input),
            pair: None,
            exact: None,
            exact_skipped: false,
            codes: vec![-1; job.net.n_units()],
        })
    }

    fn certify(mut self, progress: &dyn Fn(f64)) -> Result<Certificate> {
        let mut layers = Vec::new();
        let mut verdict = Verdict::Certified;
        let count = self.job.net.unit_layers().len() as f64;
        for (l, &layer) in self.job.net.unit_layers().iter().enumerate() {
            progress(l as f64 / count);
            let decisions = self.decide(l, layer)?;
            for (code, d) in self.codes[layer.first..].iter_mut().zip(&decisions) {
                if let State::On(piece) = d.state {
                    *code = piece;
                }
            }
            let report = self.report(l, layer, &decisions);
            layers.push(report);
            if report.crossing + report.elsewhere + report.open > 0 {
                verdict = self.fail(l, layer, &decisions, &report)?;
                break;
            }
        }
        progress(1.0);
        Ok(Certificate { verdict, layers, codes: self.codes, exact_skipped: self.exact_skipped })
    }

    /// Decides all units of a layer, each in the cheapest arithmetic that can.
    fn decide(&mut self, l: usize, layer: UnitLayer) -> Result<Vec<Decision>> {
        self.double.advance(layer.node, &self.codes)?;
        let all: Vec<usize> = (0..layer.len).collect();
        let mut decisions = self.judge(&self.double, l, layer, &all, Stage::Double)?;
        let mut open = undecided(&decisions);
        let doubtful = tied(&decisions);
        if open.is_empty() && doubtful.is_empty() {
            return Ok(decisions);
        }
        let mut pair = match self.pair.take() {
            Some(pair) => pair,
            None => {
                let arithmetic = Approx { double: true };
                Front::new(self.job, arithmetic, arithmetic.input(self.job, self.set.rows())?)
            }
        };
        // Ties alone are not worth much.
        if !open.is_empty() || pair.work(layer.node) <= SHARPEN {
            open.extend(doubtful);
            pair.advance(layer.node, &self.codes)?;
            for (&i, d) in open.iter().zip(self.judge(&pair, l, layer, &open, Stage::DoubleDouble)?) {
                decisions[i] = d;
            }
            open = undecided(&decisions);
        } else {
            open.clear();
        }
        self.pair = Some(pair);
        if !open.is_empty() && self.options.exact_work > 0 && !self.exact_skipped {
            let exact = match self.exact.take() {
                Some(exact) => Some(exact),
                None => {
                    let arithmetic = Dyadics::new(self.options.exact_work);
                    let input = arithmetic.input(self.job, self.set.rows())?;
                    input.map(|input| Front::new(self.job, arithmetic, input))
                }
            };
            self.exact_skipped = true;
            if let Some(mut exact) = exact
                && exact.advance(layer.node, &self.codes)?
            {
                for (&i, d) in open.iter().zip(self.judge(&exact, l, layer, &open, Stage::Exact)?) {
                    decisions[i] = d;
                }
                self.exact = Some(exact);
                self.exact_skipped = false;
            }
        }
        Ok(decisions)
    }

    /// Decisions on some units of a layer in one arithmetic.
    fn judge<A: Arithmetic>(
        &self,
        front: &Front<A>,
        l: usize,
        layer: UnitLayer,
        picked: &[usize],
        stage: Stage,
    ) -> Result<Vec<Decision>> {
        let (job, shape) = (self.job, self.set.shape());
        let block = front.value(job.net.nodes()[layer.node].inputs[0]);
        let number = |i: usize, row: usize| front.arithmetic.value(block, i, row, job.rows());
        let decisions = job.ctx.pool().map_chunks(picked.len(), CHUNK, |some| {
            job.ctx.poll()?;
            let one = |&i: &usize| {
                let wanted = self.options.codes.as_ref().map(|codes| codes[layer.first + i]);
                if let Some(curve) = job.units[l].curve(i) {
                    let row: Vec<A::Value> = (0..job.rows()).map(|r| number(i, r)).collect();
                    return scalar(curve, &range(shape, &|r| row[r].clone()), wanted, stage);
                }
                let candidates = candidates(job.net, layer, i);
                maximum(shape, &job.is_point, &self.interior, &candidates, &number, wanted, stage)
            };
            Ok(picked[some].iter().map(one).collect::<Vec<_>>())
        })?;
        Ok(decisions.concat())
    }

    fn report(&self, l: usize, layer: UnitLayer, decisions: &[Decision]) -> LayerVerdict {
        let count = |state: State| decisions.iter().filter(|d| d.state == state).count();
        let first_smallest =
            |m: usize, i: usize| if decisions[i].margin < decisions[m].margin { i } else { m };
        let unit = (0..layer.len).reduce(first_smallest).unwrap_or(0);
        let mut stages = [0; 3];
        decisions.iter().for_each(|d| stages[d.stage as usize] += 1);
        let corner = self.job.units[l].curve(unit).and_then(|_| {
            let values = self.functional(layer, unit);
            self.set.shape().extreme(decisions[unit].side, &|j| values[j]).corner
        });
        LayerVerdict {
            layer: l,
            crossing: count(State::Crosses),
            elsewhere: count(State::Elsewhere),
            open: count(State::Open),
            margin: decisions[unit].margin,
            radius: decisions[unit].radius,
            unit,
            corner,
            stages,
        }
    }

    /// Values of element `i` of the input of a layer on the rows.
    fn functional(&self, layer: UnitLayer, i: usize) -> Vec<f64> {
        use super::enclosure::Enclosure;
        let front = &self.double;
        let block = front.value(self.job.net.nodes()[layer.node].inputs[0]);
        let rows = self.job.rows();
        (0..rows).map(|r| front.arithmetic.value(block, i, r, rows).approximate()).collect()
    }

    /// The verdict on a layer that was not certified.
    fn fail(
        &self,
        l: usize,
        layer: UnitLayer,
        decisions: &[Decision],
        report: &LayerVerdict,
    ) -> Result<Verdict> {
        if report.crossing == 0 {
            return Ok(Verdict::NotCertified(if report.open > 0 {
                Reason::Radius
            } else {
                Reason::Elsewhere
            }));
        }
        if self.options.witness {
            let mut crossing: Vec<usize> =
                (0..layer.len).filter(|&i| decisions[i].state == State::Crosses).collect();
            crossing.sort_by(|&a, &b| decisions[a].margin.total_cmp(&decisions[b].margin));
            crossing.truncate(TRIED);
            let bends: Vec<Bend> = crossing.iter().map(|&i| self.bend(l, layer, i)).collect();
            if let Some(witness) = witness::search(self.job, self.set, &bends)? {
                return Ok(Verdict::Violated(witness));
            }
        }
        Ok(Verdict::NotCertified(Reason::Crosses))
    }

    /// Where a crossing unit bends.
    fn bend(&self, l: usize, layer: UnitLayer, i: usize) -> Bend {
        let shape = self.set.shape();
        let ends = |values: &[f64]| {
            let (mut lo, mut hi) = ([0.0], [0.0]);
            shape.range(values, 1, &mut lo, &mut hi);
            [lo[0], hi[0]]
        };
        if let Some(curve) = self.job.units[l].curve(i) {
            let values = self.functional(layer, i);
            let [lo, hi] = ends(&values);
            // The bend that is deepest inside the range.
            let depth = |t: f64| (t - lo).min(hi - t);
            let knots = curve.bends.iter().map(|&k| curve.knots[k]);
            let at = knots.max_by(|&a, &b| depth(a).total_cmp(&depth(b))).unwrap_or(0.0);
            return Bend { values, at };
        }
        let candidates: Vec<Vec<f64>> = candidates(self.job.net, layer, i)
            .iter()
            .map(|(_, c)| match *c {
                Candidate::Element(j) => self.functional(layer, j),
                Candidate::Constant(c) => {
                    self.job.is_point.iter().map(|&p| if p { c } else { 0.0 }).collect()
                }
                Candidate::Padding => unreachable!("padding is no candidate"),
            })
            .collect();
        let typical = |x: &[f64]| x.iter().zip(&self.interior).map(|(x, f)| x * f).sum::<f64>();
        let best = candidates.iter().max_by(|a, b| typical(a).total_cmp(&typical(b)));
        let best = best.expect("every maximum has an element");
        let lead = |other: &Vec<f64>| best.iter().zip(other).map(|(a, b)| a - b).collect::<Vec<f64>>();
        let leads = candidates.iter().map(lead);
        let values = leads.min_by(|a, b| ends(a)[0].total_cmp(&ends(b)[0]));
        Bend { values: values.expect("every maximum has an element"), at: 0.0 }
    }
}

/// What competes in a max unit, with the codes.
fn candidates(net: &Network, layer: UnitLayer, i: usize) -> Vec<(i32, Candidate)> {
    let all = (0..net.candidates(layer.node)).map(|k| (k as i32, net.candidate(layer.node, i, k)));
    all.filter(|(_, c)| *c != Candidate::Padding).collect()
}

fn undecided(decisions: &[Decision]) -> Vec<usize> {
    (0..decisions.len()).filter(|&i| decisions[i].state == State::Open).collect()
}

/// Decided units one of which has the smallest margin, if it cannot be told which.
fn tied(decisions: &[Decision]) -> Vec<usize> {
    let most = decisions.iter().fold(f64::INFINITY, |m, d| m.min(d.margin + d.radius));
    let may = |&i: &usize| decisions[i].margin - decisions[i].radius <= most;
    let all: Vec<usize> = (0..decisions.len()).filter(may).collect();
    let known = |&i: &usize| decisions[i].state != State::Open && decisions[i].margin.is_finite();
    if all.len() > 1 { all.into_iter().filter(known).collect() } else { Vec::new() }
}
