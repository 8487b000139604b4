//! An optimiser step on the head in the second pass: dW is never stored.
//!
//! ```text
//! SGD    buf = mu buf + d + wd W;            W -= lr buf
//! LARS   as SGD with d = trust |W| / (|dW| + wd |W|) (dW + wd W) and no further decay
//! AdamW  m = b1 m + (1 - b1) d;  v = b2 v + (1 - b2) d^2;  W -= lr wd W
//!        W -= lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)
//! ```
//!
//! Gradient clipping and LARS want |dW| first: one more pass over the head, half as dear again.

use super::backward::{Sink, Wanted};
use super::head::Head;
use super::loss::{self, Gradients, Loss, Ready};
use super::options::{Options, Problem};
use super::targets::Targets;
use crate::context::Context;
use crate::error::{Result, bail};
use crate::simd::Isa;
use crate::simd::real::{Real, compiled};
use crate::view::{Dtype, TensorMut, TensorRef};

/// Which rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Optimizer {
    /// Gradient descent with momentum mu in [0, 1); one state.
    Sgd {
        /// mu.
        momentum: f64,
    },
    /// Layer-wise rates (You et al., arXiv 1708.03888), the head being one layer; one state.
    Lars {
        /// mu.
        momentum: f64,
        /// Of the rate to the norm of the weights.
        trust: f64,
    },
    /// Loshchilov and Hutter, arXiv 1711.05101; two states, m and v.
    AdamW {
        /// b1.
        beta1: f64,
        /// b2.
        beta2: f64,
        /// Added to the root.
        eps: f64,
        /// Steps done with this one, 1 or more.
        step: u64,
    },
}

/// A step in every detail.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Update {
    /// The rule.
    pub optimizer: Optimizer,
    /// lr, 0 or more.
    pub rate: f64,
    /// wd, 0 or more.
    pub weight_decay: f64,
    /// dW is scaled down to this Frobenius norm if it is longer; 0 = never. Takes a pass of its own.
    pub clip: f64,
}

/// What an optimiser remembers of a head: arrays of its shape and precision, zeros before the first step.
#[derive(Debug)]
pub struct State<'s, 'a> {
    /// The momentum buffer, or m.
    pub first: &'s mut TensorMut<'a>,
    /// v; only for AdamW.
    pub second: Option<&'s mut TensorMut<'a>>,
}

impl Update {
    fn check(&self) -> Result<()> {
        let unit = |name: &str, x: f64| match x {
            x if (0.0..1.0).contains(&x) => Ok(()),
            _ => bail!(Argument, "{name} is {x}; expected 0 or more and less than 1"),
        };
        let positive = |name: &str, x: f64| match x {
            x if x >= 0.0 && x.is_finite() => Ok(()),
            _ => bail!(Argument, "{name} is {x}; expected 0 or more"),
        };
        positive("rate", self.rate)?;
        positive("weight_decay", self.weight_decay)?;
        positive("clip", self.clip)?;
        match self.optimizer {
            Optimizer::Sgd { momentum } => unit("momentum", momentum),
            Optimizer::Lars { momentum, trust } => {
                unit("momentum", momentum)?;
                positive("trust", trust)
            }
            Optimizer::AdamW { beta1, beta2, eps, step } => {
                unit("beta1", beta1)?;
                unit("beta2", beta2)?;
                positive("eps", eps)?;
                if step == 0 {
                    bail!(Argument, "step is 0; expected 1 for the first")
                }
                Ok(())
            }
        }
    }

    fn wants_norm(&self) -> bool {
        self.clip > 0.0 || matches!(self.optimizer, Optimizer::Lars { .. })
    }

    /// Given the Frobenius norms of dW and of W, if they were asked for.
    fn rule<T: Real>(&self, gradient: f64, weights: f64) -> Rule<T> {
        let Update { optimizer, rate, weight_decay, clip } = *self;
        let scale = if clip > 0.0 && gradient > clip { clip / gradient } else { 1.0 };
        match optimizer {
            Optimizer::Sgd { momentum } => Rule::Momentum {
                momentum: T::of(momentum),
                scale: T::of(scale),
                decay: T::of(weight_decay),
                rate: T::of(rate),
            },
            Optimizer::Lars { momentum, trust } => {
                let size = scale * gradient + weight_decay * weights;
                let local = if size > 0.0 && weights > 0.0 { trust * weights / size } else { 1.0 };
                Rule::Momentum {
                    momentum: T::of(momentum),
                    scale: T::of(scale * local),
                    decay: T::of(weight_decay * local),
                    rate: T::of(rate),
                }
            }
            Optimizer::AdamW { beta1, beta2, eps, step } => {
                let done = |beta: f64| 1.0 - beta.powf(step as f64);
                Rule::Adam {
                    keep: [T::of(beta1), T::of(beta2)],
                    take: [T::of(1.0 - beta1), T::of(1.0 - beta2)],
                    scale: T::of(scale),
                    shrink: T::of(1.0 - rate * weight_decay),
                    rate: T::of(rate / done(beta1)),
                    root: T::of(done(beta2).sqrt()),
                    eps: T::of(eps),
                }
            }
        }
    }
}

/// An [`Update`] worked out for one step.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rule<T> {
    Momentum { momentum: T, scale: T, decay: T, rate: T },
    Adam { keep: [T; 2], take: [T; 2], scale: T, shrink: T, rate: T, root: T, eps: T },
}

impl<T: Real> Rule<T> {
    /// Updates some rows, given their gradient.
    pub fn apply(&self, isa: Isa, w: &mut [T], gradient: &[T], mut states: Vec<&mut [T]>) {
        match (*self, &mut states[..]) {
            (Rule::Momentum { momentum, scale, decay, rate }, [buffer]) => {
                momentum_step(isa, w, gradient, buffer, [momentum, scale, decay, rate]);
            }
            (Rule::Adam { keep, take, scale, shrink, rate, root, eps }, [m, v]) => {
                adam_step(isa, w, gradient, m, v, keep, take, [scale, shrink, rate, root, eps]);
            }
            _ => unreachable!("states were checked"),
        }
    }
}

compiled! {
    fn momentum_step(w: &mut [T], gradient: &[T], buffer: &mut [T], rule: [T; 4]) = momentum_body
}

#[inline(always)]
fn momentum_body<T: Real, const FUSED: bool>(w: &mut [T], gradient: &[T], buffer: &mut [T], rule: [T; 4]) {
    let [momentum, scale, decay, rate] = rule;
    for ((w, &d), buffer) in w.iter_mut().zip(gradient).zip(buffer) {
        let d = decay.fused::<FUSED>(*w, scale * d);
        *buffer = momentum.fused::<FUSED>(*buffer, d);
        *w = (-rate).fused::<FUSED>(*buffer, *w);
    }
}

compiled! {
    fn adam_step(w: &mut [T], gradient: &[T], m: &mut [T], v: &mut [T], keep: [T; 2], take: [T; 2], rule: [T; 5]) = adam_body
}

#[inline(always)]
fn adam_body<T: Real, const FUSED: bool>(
    w: &mut [T],
    gradient: &[T],
    m: &mut [T],
    v: &mut [T],
    keep: [T; 2],
    take: [T; 2],
    rule: [T; 5],
) {
    let [scale, shrink, rate, root, eps] = rule;
    for (((w, &d), m), v) in w.iter_mut().zip(gradient).zip(m).zip(v) {
        let d = scale * d;
        *m = keep[0].fused::<FUSED>(*m, take[0] * d);
        *v = keep[1].fused::<FUSED>(*v, take[1] * d * d);
        let size = v.root() / root + eps;
        *w = (-rate).fused::<FUSED>(*m / size, *w * shrink);
    }
}

/// The loss and, in the same two passes, a step of the optimiser on `head`, (N, K): contiguous f32 or f64, which is the
/// precision of the call. `problem.head` is not used. dF is that of the head before the step. 8 B N K flops, 12 with clipping
/// or LARS. With a gradient that is not finite the head is not either. Conditions: those of [`super::loss()`]; DTYPE, SHAPE
/// (a head or state that is not contiguous or not alike).
pub fn step(
    ctx: &Context,
    problem: &Problem,
    options: &Options,
    update: &Update,
    head: &mut TensorMut,
    state: State,
    gradients: Gradients,
) -> Result<Loss> {
    update.check()?;
    head.expect_dtype(&[Dtype::F32, Dtype::F64])?;
    if gradients.head.is_some() {
        bail!(Argument, "a step does not give the gradient of the head; expected none to be asked for")
    }
    match head.dtype() {
        Dtype::F64 => run::<f64>(ctx, problem, options, update, head, state, gradients),
        _ => run::<f32>(ctx, problem, options, update, head, state, gradients),
    }
}

fn run<T: Real>(
    ctx: &Context,
    problem: &Problem,
    options: &Options,
    update: &Update,
    head: &mut TensorMut,
    state: State,
    mut gradients: Gradients,
) -> Result<Loss> {
    head.expect_rank(2, "(n, k)")?;
    let shape = [head.shape()[0], head.shape()[1]];
    let mut states = vec![state.first];
    match (update.optimizer, state.second) {
        (Optimizer::AdamW { .. }, Some(second)) => states.push(second),
        (Optimizer::AdamW { .. }, None) => bail!(Argument, "AdamW has two states; expected the second"),
        (_, Some(second)) => bail!(Argument, "{} is a second state; only AdamW has two", second.name()),
        (_, None) => (),
    }
    let mut slices = Vec::new();
    for state in states {
        state.expect_shape(&shape, "as the head")?;
        state.expect_apart(head)?;
        slices.push(in_place::<T>(state)?);
    }
    let name = head.name();
    let w = in_place::<T>(head)?;
    {
        let view = TensorRef::from_slice(name, &*w, &shape)?;
        loss::check(&Problem { head: &view, ..*problem }, options, &mut gradients)?;
    }
    let targets = Targets::new(problem, options, shape[0])?;
    let mut ready = Ready::<T>::new(ctx, problem, options, targets, shape[0])?;
    let (mut loss, partials, kept) = ready.first(Head::Rows(w))?;
    let slopes = ready.pass.slopes(&partials, &ready.targets);
    let uniform = options.smoothing / shape[0] as f64;
    ready.prepare();
    let (mut squares, mut weights) = (0.0, 0.0);
    if update.wants_norm() {
        let nothing = Wanted { features: false, bias: None };
        let sink = Sink::Norm(Head::Rows(w), &mut squares);
        ready.second(sink, &slopes, uniform, &kept, nothing)?;
        weights =
            w.chunks(1 << 12).map(|w| w.iter().map(|x| x.wide() * x.wide()).sum::<f64>()).sum::<f64>().sqrt();
    }
    let rule = update.rule::<T>(squares.sqrt(), weights);
    let sink = Sink::Update { head: w, states: slices, rule };
    let mut bias = vec![0.0; if gradients.bias.is_some() { shape[0] } else { 0 }];
    let wanted = Wanted {
        features: gradients.features.is_some(),
        bias: gradients.bias.is_some().then_some(&mut bias[..]),
    };
    let found = ready.second(sink, &slopes, uniform, &kept, wanted)?;
    loss::finish(&mut loss, &ready, &found, &mut gradients)?;
    if let Some(out) = &mut gradients.bias {
        out.write(&bias)?;
    }
    Ok(loss)
}

/// The elements of a tensor of the head's shape, changed where they are.
fn in_place<'s, T: Real>(tensor: &'s mut TensorMut) -> Result<&'s mut [T]> {
    let (name, dtype) = (tensor.name(), tensor.dtype().name());
    if tensor.is_empty() {
        return Ok(&mut []);
    }
    match tensor.contiguous::<T>() {
        Some(values) => Ok(values),
        None => {
            bail!(Dtype, "{name} is {dtype}, or not contiguous; expected contiguous {}", T::DTYPE.name())
        }
    }
}
