//! Both passes over a whole head.

use super::backward::{Found, Sink, Wanted};
use super::batch::Batch;
use super::forward::{Pass, Slot};
use super::head::Head;
use super::leaf::Slopes;
use super::options::{Options, Problem, Reduction};
use super::partials::Partials;
use super::reference;
use super::targets::Targets;
use crate::buffer::Buffer;
use crate::context::{Context, Meter};
use crate::error::{Result, bail};
use crate::simd::real::Real;
use crate::view::{Dtype, TensorMut, TensorRef};

/// Where gradients of the reduced loss go; each f32 or f64, none where it is not wanted.
#[derive(Debug, Default)]
pub struct Gradients<'s, 'a> {
    /// dF: (B, K).
    pub features: Option<&'s mut TensorMut<'a>>,
    /// dW: (N, K). Written strip by strip if it is contiguous and of the precision of the call, otherwise held as a whole.
    pub head: Option<&'s mut TensorMut<'a>>,
    /// db: (N).
    pub bias: Option<&'s mut TensorMut<'a>>,
}

impl Gradients<'_, '_> {
    fn any(&self) -> bool {
        self.features.is_some() || self.head.is_some() || self.bias.is_some()
    }
}

/// What a batch costs.
#[derive(Clone, Debug)]
pub struct Loss {
    /// The reduced loss.
    pub loss: f64,
    /// The least that it can be: the entropy of the targets, reduced in the same way.
    pub floor: f64,
    /// `loss - floor`, which is what training lowers.
    pub excess: f64,
    /// Derivative of the reduced loss by the scale; NaN if no gradient was asked for.
    pub scale_gradient: f64,
    /// Rows that are not ignored.
    pub valid: usize,
    /// Of these, rows whose largest score is that of their (heaviest) class.
    pub correct: usize,
    /// Of these, rows whose loss is NaN or infinite.
    pub nonfinite: usize,
    /// Loss of each row, 0 for those that are ignored.
    pub row_loss: Vec<f64>,
    /// ln sum exp of the scores of each row.
    pub lse: Vec<f64>,
    /// Class of the largest score of each row.
    pub best: Vec<i64>,
    /// Largest probability of each row.
    pub confidence: Vec<f64>,
    /// Entropy of the probabilities of each row; empty unless it was asked for.
    pub entropy: Vec<f64>,
}

/// The least loss of a row with one class of `n`: the entropy of q, -a ln a - (n - 1) b ln b with a = 1 - eps + eps / n, b =
/// eps / n.
pub fn floor_entropy(smoothing: f64, n: usize) -> f64 {
    floor_of(smoothing, n, std::iter::once(1.0))
}

/// Of a row whose classes, all different, have these shares.
pub(super) fn floor_of(smoothing: f64, n: usize, shares: impl Iterator<Item = f64>) -> f64 {
    let term = |q: f64| if q > 0.0 { -q * q.ln() } else { 0.0 };
    let b = smoothing / n as f64;
    let (mut sum, mut others) = (0.0, n as f64);
    for share in shares {
        sum += term((1.0 - smoothing) * share + b);
        others -= 1.0;
    }
    sum + others * term(b)
}

/// The loss of a batch, and the gradients that are asked for. Computed in f64 if an input is or if asked to, otherwise in
/// f32, with sums over classes in f64. 2 B N K flops, 8 B N K with gradients (6 where the scores may be kept).
///
/// Conditions: ARGUMENT (options, labels, weights: before anything is written), RANK, SHAPE, DTYPE, OVERLAP, MEMORY,
/// MEMORY_LIMIT, CANCELLED. NaN and infinities are no error: see [`Loss::nonfinite`].
pub fn loss(ctx: &Context, problem: &Problem, options: &Options, mut gradients: Gradients) -> Result<Loss> {
    let tensors = [Some(problem.features), Some(problem.head), problem.bias];
    let double = options.double || tensors.into_iter().flatten().any(|t| t.dtype() == Dtype::F64);
    if ctx.reference() {
        reference::loss(ctx, problem, options, gradients)
    } else if double {
        whole::<f64>(ctx, problem, options, &mut gradients)
    } else {
        whole::<f32>(ctx, problem, options, &mut gradients)
    }
}

fn whole<T: Real>(
    ctx: &Context,
    problem: &Problem,
    options: &Options,
    gradients: &mut Gradients,
) -> Result<Loss> {
    let n = check(problem, options, gradients)?;
    let targets = Targets::new(problem, options, n)?;
    let mut ready = Ready::<T>::new(ctx, problem, options, targets, n)?;
    let head = Head::new(problem.head, problem.head.matrix("(n, k)")?);
    let (mut loss, partials, kept) = ready.first(head)?;
    if !gradients.any() {
        return Ok(loss);
    }
    let slopes = ready.pass.slopes(&partials, &ready.targets);
    let uniform = options.smoothing / ready.pass.n as f64;
    ready.prepare();
    backward_into(&mut loss, &mut ready, head, &slopes, uniform, &kept, gradients)?;
    Ok(loss)
}

/// The second pass over a head that does not change, into the host's gradients.
pub(super) fn backward_into<T: Real>(
    loss: &mut Loss,
    ready: &mut Ready<T>,
    head: Head<T>,
    slopes: &Slopes<T>,
    uniform: f64,
    kept: &[T],
    gradients: &mut Gradients,
) -> Result<()> {
    let (n, k) = (ready.pass.n, ready.pass.batch.k);
    let mut bias = vec![0.0; if gradients.bias.is_some() { n } else { 0 }];
    let wanted = Wanted { features: true, bias: gradients.bias.is_some().then_some(&mut bias[..]) };
    // Where dW is held: by the host, or here if the host's is of another kind.
    let mut own = Buffer::zeros(None, 0, "")?;
    let wants_head = gradients.head.is_some();
    let in_place = gradients.head.as_mut().and_then(|head| head.contiguous::<T>());
    let direct = in_place.is_some();
    let sink = match in_place {
        Some(out) => {
            if ready.pass.batch.rows == 0 {
                out.fill(T::ZERO);
            }
            Sink::Write(head, out)
        }
        None if wants_head => {
            own = ready.meter.buffer::<T>(n.saturating_mul(k), "gradient of the head")?;
            Sink::Write(head, &mut own)
        }
        None => Sink::None(head),
    };
    let found = ready.second(sink, slopes, uniform, kept, wanted)?;
    if let Some(out) = gradients.head.as_mut().filter(|_| !direct) {
        out.write(&own)?;
    }
    if let Some(out) = &mut gradients.bias {
        out.write(&bias)?;
    }
    finish(loss, ready, &found, gradients)
}

/// dF through the scale and the lengths, and the derivative by the scale.
pub(super) fn finish<T: Real>(
    loss: &mut Loss,
    ready: &Ready<T>,
    found: &Found<T>,
    gradients: &mut Gradients,
) -> Result<()> {
    let Ready { pass, targets, meter, .. } = ready;
    let k = pass.batch.k;
    let wanted = gradients.features.is_some();
    if found.features.is_empty() && !wanted {
        return Ok(());
    }
    let mut out =
        meter.buffer::<T>(if wanted { pass.batch.rows * k } else { 0 }, "gradient of the features")?;
    let mut row = vec![0.0; k];
    loss.scale_gradient = 0.0;
    for (i, found) in found.features.chunks_exact(k).enumerate() {
        if targets.slopes[i] == 0.0 {
            continue;
        }
        row.iter_mut().zip(found).for_each(|(r, x)| *r = x.wide());
        // Of the gradient before the scale, so that a scale of 0 has a derivative.
        loss.scale_gradient += pass.batch.through_length(i, &mut row);
        if wanted {
            let scaled = row.iter().map(|r| T::of(r * pass.options.scale));
            out[i * k..][..k].iter_mut().zip(scaled).for_each(|(o, r)| *o = r);
        }
    }
    match &mut gradients.features {
        Some(to) => to.write(&out),
        None => Ok(()),
    }
}

/// Everything that is checked and made before the first pass.
pub(super) struct Ready<'a, T: Real> {
    pub pass: Pass<'a, T>,
    pub targets: Targets,
    pub meter: Meter,
    slots: Vec<Slot<T>>,
}

impl<'a, T: Real> Ready<'a, T> {
    /// Of a head of `n` rows, given what its targets are. The head of the problem is not looked at.
    pub fn new(
        ctx: &'a Context,
        problem: &Problem<'a>,
        options: &'a Options,
        targets: Targets,
        n: usize,
    ) -> Result<Self> {
        let meter = ctx.meter();
        let features = problem.features.matrix("(b, k)")?;
        let batch = Batch::new(ctx, &meter, features, options.norm)?;
        let bias = problem.bias.map(TensorRef::floats).transpose()?.unwrap_or_default();
        let bias = bias.into_iter().map(T::of).collect();
        let pass = Pass::new(ctx, options, batch, bias, n);
        Ok(Ready { pass, targets, meter, slots: Vec::new() })
    }

    /// The first pass, and its scores if there is room to keep them.
    pub fn first(&mut self, head: Head<T>) -> Result<(Loss, Partials, Buffer<T>)> {
        let (n, options) = (self.pass.n, self.pass.options);
        self.slots = self.pass.slots(&self.meter, head)?;
        let scores = n.saturating_mul(self.pass.batch.lanes);
        let fits = scores.saturating_mul(size_of::<T>()) <= options.workspace;
        let mut kept = self.meter.buffer::<T>(if fits { scores } else { 0 }, "scores")?;
        let targets = self.targets.all();
        let partials = self.pass.forward(&mut self.slots, head, targets, &mut kept)?;
        Ok((summary(&partials, &self.targets, options, n), partials, kept))
    }

    /// The first pass alone, with nothing kept.
    pub fn partials(&mut self, head: Head<T>) -> Result<Partials> {
        self.slots = self.pass.slots(&self.meter, head)?;
        self.pass.forward(&mut self.slots, head, self.targets.all(), &mut [])
    }

    /// To be called between the passes.
    pub fn prepare(&mut self) {
        self.pass.batch.prepare_gradients(&self.targets.slopes, self.pass.options.scale);
    }

    pub fn second(
        &mut self,
        sink: Sink<T>,
        slopes: &Slopes<T>,
        uniform: f64,
        kept: &[T],
        wanted: Wanted,
    ) -> Result<Found<T>> {
        if self.slots.is_empty() {
            self.slots = self.pass.slots(&self.meter, sink.head())?;
        }
        let Ready { pass, targets, meter, slots } = self;
        pass.backward(meter, slots, sink, slopes, targets, uniform, kept, wanted)
    }
}

/// Checks shapes, data types and options; returns the number of classes of the head.
pub(super) fn check(problem: &Problem, options: &Options, gradients: &mut Gradients) -> Result<usize> {
    options.check()?;
    let Problem { features, head, bias, .. } = problem;
    features.expect_rank(2, "(b, k)")?;
    head.expect_rank(2, "(n, k)")?;
    let (rows, k, n) = (features.shape()[0], features.shape()[1], head.shape()[0]);
    let floats = [Dtype::F32, Dtype::F64, Dtype::F16, Dtype::Bf16];
    features.expect_dtype(&floats)?;
    head.expect_dtype(&floats)?;
    if n == 0 || k == 0 {
        bail!(Shape, "{} is {n} x {k}; expected at least one row and one column", head.name())
    }
    head.expect_shape(&[n, k], "(n, k) for features (b, k)")?;
    if let Some(bias) = bias {
        bias.expect_dtype(&floats)?;
        bias.expect_shape(&[n], "(n)")?;
    }
    let inputs = [Some(*features), Some(*head), *bias];
    let shapes: [&[usize]; 3] = [&[rows, k], &[n, k], &[n]];
    let outputs = [&mut gradients.features, &mut gradients.head, &mut gradients.bias];
    for (out, shape) in outputs.into_iter().zip(shapes) {
        let Some(out) = out else { continue };
        out.expect_dtype(&[Dtype::F32, Dtype::F64])?;
        out.expect_shape(shape, "as what it is the gradient of")?;
        inputs.into_iter().flatten().try_for_each(|input| out.expect_apart(input))?;
    }
    if gradients.bias.is_some() && bias.is_none() {
        bail!(Argument, "the gradient of a bias is asked for, but there is no bias")
    }
    Ok(n)
}

/// What the first pass says.
pub(super) fn summary(partials: &Partials, targets: &Targets, options: &Options, n: usize) -> Loss {
    let row_loss = partials.losses(targets, options.smoothing, n);
    let rows = &partials.rows;
    // The heaviest class of each row, the first of equals, and the shares.
    let mut heaviest = vec![(0.0, usize::MAX); rows.len()];
    let mut shares = vec![Vec::new(); rows.len()];
    for t in targets.all() {
        shares[t.row].push(t.share);
        if t.share > heaviest[t.row].0 {
            heaviest[t.row] = (t.share, t.class);
        }
    }
    let valid = targets.valid.iter().filter(|&&v| v).count();
    let counted = |i: &usize| targets.valid[*i];
    let correct = |i: &usize| rows[*i].best == heaviest[*i].1 as f64 && rows[*i].most > f64::NEG_INFINITY;
    let (mut loss, mut floor) = (0.0, 0.0);
    for i in (0..rows.len()).filter(|&i| targets.slopes[i] != 0.0) {
        loss += targets.slopes[i] * row_loss[i];
        floor += targets.slopes[i] * floor_of(options.smoothing, n, shares[i].iter().copied());
    }
    if options.reduction == Reduction::Mean && targets.slopes.iter().all(|&s| s == 0.0) {
        (loss, floor) = (f64::NAN, f64::NAN);
    }
    Loss {
        loss,
        floor,
        excess: loss - floor,
        scale_gradient: f64::NAN,
        valid,
        correct: (0..rows.len()).filter(counted).filter(correct).count(),
        nonfinite: (0..rows.len()).filter(counted).filter(|&i| !row_loss[i].is_finite()).count(),
        row_loss,
        lse: partials.lse(),
        best: rows.iter().map(|r| r.best as i64).collect(),
        confidence: rows.iter().map(|r| 1.0 / r.sum).collect(),
        entropy: if options.entropy { rows.iter().map(|r| r.entropy()).collect() } else { Vec::new() },
    }
}
