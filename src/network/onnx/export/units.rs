//! Layers of units: activations, maxout, MaxPool.

use super::affine::{broadcast, reduced, viewed};
use super::window::{attributes, fitted};
use super::writer::{Step, Writer, float};
use crate::error::Result;
use crate::network::pwl::Pwl;
use crate::network::window::Window;

/// The operator of that name where there is one, else a sum of ReLUs.
pub(super) fn pointwise(w: &mut Writer, functions: &[Pwl]) -> Result<()> {
    let same = functions.iter().all(|f| *f == functions[0]);
    let functions = if same { &functions[..1] } else { functions };
    if let Some(slopes) = functions.iter().map(leaky).collect::<Option<Vec<_>>>() {
        leaky_relu(w, &slopes)
    } else if let Some(bounds) = functions.iter().map(clip).collect::<Option<Vec<_>>>() {
        clamp(w, &bounds)
    } else {
        sum_of_relus(w, functions)
    }
}

/// z min(max(z + 3, 0), 6) / 6, spelt out: the operator of that name is newer, and its 1/6 is in single precision.
pub(super) fn hard_swish(w: &mut Writer) -> Result<()> {
    let z = w.input();
    let [three, sixth] = [w.numbers("three", &[], &[3.0])?, w.numbers("sixth", &[], &[1.0 / 6.0])?];
    let raised = Step::new("Add", "raised", vec![three], vec![]);
    let clipped = clip_to(w, "clipped", 0.0, 6.0)?;
    let product = Step::new("Mul", "product", vec![z.clone()], vec![]);
    w.chain(z, vec![raised, clipped, product, Step::new("Mul", "", vec![sixth], vec![])]);
    Ok(())
}

/// The slope below 0 of a leaky ReLU.
fn leaky(f: &Pwl) -> Option<f64> {
    match (f.knots(), f.slopes(), f.value()) {
        (&[0.0], &[slope, 1.0], 0.0) => Some(slope),
        _ => None,
    }
}

/// The bounds of a clip, which may be infinite.
fn clip(f: &Pwl) -> Option<[f64; 2]> {
    match (f.knots(), f.slopes(), f.value()) {
        (&[low, high], &[0.0, 1.0, 0.0], v) if v == low => Some([low, high]),
        (&[low], &[0.0, 1.0], v) if v == low => Some([low, f64::INFINITY]),
        (&[high], &[1.0, 0.0], v) if v == high => Some([f64::NEG_INFINITY, high]),
        (&[], &[1.0], 0.0) => Some([f64::NEG_INFINITY, f64::INFINITY]),
        _ => None,
    }
}

/// Relu, Abs, LeakyRelu, or PRelu where slopes differ or do not fit an attribute.
fn leaky_relu(w: &mut Writer, slopes: &[f64]) -> Result<()> {
    let step = match slopes {
        [0.0] => Step::new("Relu", "", vec![], vec![]),
        [-1.0] => Step::new("Abs", "", vec![], vec![]),
        &[slope] if w.rounded(slope) == f64::from(slope as f32) && (slope as f32).is_finite() => {
            Step::new("LeakyRelu", "", vec![], vec![float("alpha", slope as f32)])
        }
        slopes => {
            let dims = broadcast(w.input_shape(), slopes.len());
            // A slope is broadcast from the right, but is no scalar for every engine.
            let dims = if dims.is_empty() { vec![1] } else { dims };
            Step::new("PRelu", "", vec![w.numbers("slope", &dims, slopes)?], vec![])
        }
    };
    w.chain(w.input(), vec![step]);
    Ok(())
}

/// Clip, or Max and Min where the bounds differ from channel to channel.
fn clamp(w: &mut Writer, bounds: &[[f64; 2]]) -> Result<()> {
    let steps = match bounds {
        &[[low, high]] => vec![clip_to(w, "", low, high)?],
        bounds => {
            let mut steps = Vec::new();
            for (k, op, part, name) in [(0, "Max", "raised", "min"), (1, "Min", "lowered", "max")] {
                let all: Vec<f64> = bounds.iter().map(|b| b[k]).collect();
                if all.iter().any(|b| b.is_finite()) {
                    let dims = broadcast(w.input_shape(), all.len());
                    steps.push(Step::new(op, part, vec![w.numbers(name, &dims, &all)?], vec![]));
                }
            }
            steps
        }
    };
    w.chain(w.input(), steps);
    Ok(())
}

/// A Clip to the finite ones of two bounds.
fn clip_to(w: &mut Writer, part: &'static str, low: f64, high: f64) -> Result<Step> {
    let mut others = Vec::new();
    if low.is_finite() || high.is_finite() {
        others.push(if low.is_finite() { w.numbers("min", &[], &[low])? } else { String::new() });
    }
    if high.is_finite() {
        others.push(w.numbers("max", &[], &[high])?);
    }
    Ok(Step::new("Clip", part, others, vec![]))
}

/// v + s_0 (z - t_1) + sum_i (s_i - s_{i-1}) relu(z - t_i), one function for all elements or one per channel. The sign of
/// a rounded difference is exact, so that every ReLU is on exactly where z is above its knot.
fn sum_of_relus(w: &mut Writer, functions: &[Pwl]) -> Result<()> {
    let dims = broadcast(w.input_shape(), functions.len());
    let each = |f: &dyn Fn(&Pwl) -> f64| functions.iter().map(f).collect::<Vec<f64>>();
    // `value op constant`, where that is not the value.
    let with = |w: &mut Writer, op: &str, part: &str, value: &str, by: Vec<f64>, neutral: f64| {
        if by.iter().all(|&b| b == neutral) {
            return Ok(value.to_owned());
        }
        let constant = w.numbers(&format!("{part}_constant"), &dims, &by)?;
        Ok::<_, crate::Error>(w.inner(op, part, vec![value.to_owned(), constant], vec![]))
    };
    let (z, mut terms) = (w.input(), Vec::new());
    let knots = functions.iter().map(|f| f.knots().len()).max().unwrap_or(0);
    // A function with fewer knots than others has some without a kink. One without any is v + s_0 z.
    for i in 0..knots.max(1) {
        let knot = each(&|f| f.knots().get(i).copied().unwrap_or(0.0));
        let kink = each(&|f| f.slopes().get(i + 1).map_or(0.0, |s| s - f.slopes()[i]));
        let beyond = with(w, "Sub", &format!("beyond_{i}"), &z, knot, 0.0)?;
        let first = each(&|f| f.slopes()[0]);
        if i == 0 && first.iter().any(|&s| s != 0.0) {
            terms.push(with(w, "Mul", "first_piece", &beyond, first, 1.0)?);
        }
        if kink.iter().any(|&k| k != 0.0) {
            let relu = w.inner("Relu", &format!("relu_{i}"), vec![beyond], vec![]);
            terms.push(with(w, "Mul", &format!("kink_{i}"), &relu, kink, 1.0)?);
        }
    }
    if terms.is_empty() {
        // A constant function still has the shape of its input.
        let zeros = vec![0.0; functions.len()];
        terms.push(with(w, "Mul", "nothing", &z, zeros, 1.0)?);
    }
    let value = each(&Pwl::value);
    if value.iter().any(|&v| v != 0.0) {
        terms.push(w.numbers("value", &dims, &value)?);
    }
    w.last("Sum", terms, vec![]);
    Ok(())
}

/// The constant that takes part in the maxima, in front of them.
fn floored(w: &mut Writer, floor: Option<f64>) -> Result<Vec<Step>> {
    Ok(match floor {
        None => vec![],
        Some(0.0) => vec![Step::new("Relu", "floor", vec![], vec![])],
        Some(floor) => vec![clip_to(w, "floor", floor, f64::INFINITY)?],
    })
}

/// Groups as an axis of their own, and the maximum over it.
pub(super) fn maxout(w: &mut Writer, group: usize, floor: Option<f64>) -> Result<()> {
    let mut steps = floored(w, floor)?;
    let shape = &w.node().shape;
    steps.push(viewed(w, "groups", &[&[shape[0], group], &shape[1..]].concat()));
    steps.push(reduced(1));
    w.chain(w.input(), steps);
    Ok(())
}

/// MaxPool. More padding than the kernel has taps, which engines refuse, is added in front of it.
pub(super) fn max_pool(w: &mut Writer, window: &Window, floor: Option<f64>) -> Result<()> {
    let (&[_, rows, cols], &[_, y, x]) = (w.input_shape(), &w.node().shape[..]) else {
        unreachable!("a pool reads and makes images")
    };
    let mut padding = fitted(window, [rows, cols], [y, x]);
    let mut steps = floored(w, floor)?;
    if (0..4).any(|k| padding[k] >= window.kernel[k % 2]) {
        let [top, left, bottom, right] = std::mem::take(&mut padding).map(|p| p as i64);
        let pads = w.integers("pads", &[0, 0, top, left, 0, 0, bottom, right]);
        let lowest = w.numbers("lowest", &[], &[f64::NEG_INFINITY])?;
        steps.push(Step::new("Pad", "padded", vec![pads, lowest], vec![]));
    }
    steps.push(Step::new("MaxPool", "max", vec![], attributes(window, &padding)));
    w.chain(w.input(), steps);
    Ok(())
}
