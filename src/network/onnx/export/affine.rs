//! Affine layers: Gemm, Conv, Mul and Add, AveragePool, Concat, Reshape.

use super::window::{attributes, fitted};
use super::writer::{Step, Writer, int, ints, signed};
use crate::error::Result;
use crate::network::array::Array;
use crate::network::row::avg_weight;
use crate::network::window::Window;

/// W x + b; ONNX multiplies from the other side, by the transpose.
pub(super) fn dense(w: &mut Writer, weight: &Array, bias: Option<&Array>) -> Result<()> {
    let (rows, cols) = (w.node().len(), w.input_shape()[0]);
    let mut inputs = vec![w.input(), w.array("weight", &[rows, cols], weight)?];
    if let Some(bias) = bias {
        inputs.push(w.array("bias", &[rows], bias)?);
    }
    w.last("Gemm", inputs, vec![int("transB", 1)]);
    Ok(())
}

/// Convolution.
pub(super) fn conv(
    w: &mut Writer,
    weight: &Array,
    bias: Option<&Array>,
    window: &Window,
    groups: usize,
) -> Result<()> {
    let [out, channels] = [w.node().shape[0], w.input_shape()[0] / groups];
    let [kh, kw] = window.kernel;
    let mut inputs = vec![w.input(), w.array("weight", &[out, channels, kh, kw], weight)?];
    if let Some(bias) = bias {
        inputs.push(w.array("bias", &[out], bias)?);
    }
    let mut attribute = attributes(window, &window.padding);
    if groups > 1 {
        attribute.push(int("group", groups as i64));
    }
    w.last("Conv", inputs, attribute);
    Ok(())
}

/// Mul and Add, without those that do nothing.
pub(super) fn scale_shift(w: &mut Writer, scale: &Array, shift: &Array) -> Result<()> {
    let mut steps = Vec::new();
    for (op, part, name, neutral, array) in
        [("Mul", "scaled", "scale", 1.0, scale), ("Add", "shifted", "shift", 0.0, shift)]
    {
        if (0..array.len()).any(|i| array.get(i) != neutral) {
            let dims = broadcast(w.input_shape(), array.len());
            steps.push(Step::new(op, part, vec![w.array(name, &dims, array)?], vec![]));
        }
    }
    w.chain(w.input(), steps);
    Ok(())
}

/// Dimensions with which a constant of one number for all elements, one per channel or one per element is broadcast to
/// samples of this shape.
pub(super) fn broadcast(shape: &[usize], len: usize) -> Vec<usize> {
    let elements: usize = shape.iter().product();
    match len {
        1 => vec![],
        len if len == elements => shape.to_vec(),
        channels => [&[channels], &vec![1; shape.len() - 1][..]].concat(),
    }
}

/// AveragePool; where that has no such window (dilation, or a last window that hangs over padding that counts) a
/// convolution that sums each channel, and one factor per position.
pub(super) fn avg_pool(w: &mut Writer, window: &Window, count_padding: bool) -> Result<()> {
    let (&[channels, rows, cols], &[_, y, x]) = (w.input_shape(), &w.node().shape[..]) else {
        unreachable!("a pool reads and makes images")
    };
    let padding = fitted(window, [rows, cols], [y, x]);
    let hangs_over = padding.iter().zip(&window.padding).any(|(fitted, given)| fitted > given);
    let mut attribute = attributes(window, &padding);
    if window.dilation == [1, 1] && !(count_padding && hangs_over) {
        attribute.push(int("count_include_pad", i64::from(count_padding)));
        w.last("AveragePool", vec![w.input()], attribute);
        return Ok(());
    }
    attribute.push(int("group", channels as i64));
    let [kh, kw] = window.kernel;
    let ones = w.numbers("ones", &[channels, 1, kh, kw], &vec![1.0; channels * kh * kw])?;
    let weight = |p: usize| avg_weight(window, (rows, cols), (p / x, p % x), count_padding);
    let weights = w.numbers("weights", &[y, x], &(0..y * x).map(weight).collect::<Vec<_>>())?;
    let steps = vec![
        Step::new("Conv", "sum", vec![ones], attribute),
        Step::new("Mul", "mean", vec![weights], vec![]),
    ];
    w.chain(w.input(), steps);
    Ok(())
}

/// Sum of all inputs.
pub(super) fn add(w: &mut Writer) -> Result<()> {
    let inputs = w.inputs();
    w.last(if inputs.len() == 2 { "Add" } else { "Sum" }, inputs, vec![]);
    Ok(())
}

/// All inputs along an axis.
pub(super) fn concat(w: &mut Writer, axis: usize) -> Result<()> {
    w.last("Concat", w.inputs(), vec![int("axis", axis as i64 + 1)]);
    Ok(())
}

/// Flatten to one axis, Reshape to several.
pub(super) fn reshape(w: &mut Writer) -> Result<()> {
    match &w.node().shape[..] {
        [_] => w.last("Flatten", vec![w.input()], vec![int("axis", 1)]),
        shape => {
            let steps = vec![viewed(w, "shape", shape)];
            w.chain(w.input(), steps);
        }
    }
    Ok(())
}

/// A Reshape of every sample to `shape`; the leading 0 copies the batch size, also where that is 0.
pub(super) fn viewed(w: &mut Writer, part: &'static str, shape: &[usize]) -> Step {
    let target = w.integers(part, &[&[0], &signed(shape)[..]].concat());
    Step::new("Reshape", "view", vec![target], vec![])
}

/// The maximum over one axis of the per-sample shape, which goes.
pub(super) fn reduced(axis: usize) -> Step {
    Step::new("ReduceMax", "max", vec![], vec![ints("axes", &[axis + 1]), int("keepdims", 0)])
}
