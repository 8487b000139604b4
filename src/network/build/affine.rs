//! Affine layers: dense, convolution, batch-norm, scale/shift, average pooling.

use super::check::{array, elements, finite, show, window};
use super::{Builder, NodeId, Op};
use crate::error::{Result, bail};
use crate::network::array::Array;
use crate::network::window::Window;

impl Builder {
    /// y = W x + b of a flat input of `shape[1]` elements; `weight` is row-major of `shape` (out, in), `bias` (out).
    pub fn dense(
        &mut self,
        input: NodeId,
        weight: Array,
        shape: [usize; 2],
        bias: Option<Array>,
    ) -> Result<NodeId> {
        let who = || self.next("dense");
        if self.shape(input)? != [shape[1]] {
            let (x, w) = (self.describe(input), show(&shape));
            bail!(
                Shape,
                "{}: weight of shape {w} needs a flat input of {} elements; it reads {x}",
                who(),
                shape[1]
            )
        }
        array(&weight, &shape, "weight", who)?;
        if let Some(bias) = &bias {
            array(bias, &shape[..1], "bias", who)?;
        }
        Ok(self.push(Op::Dense { weight, bias }, &[input], vec![shape[0]]))
    }

    /// 2-D convolution (cross-correlation, zero padding) of a (C, H, W) input; `weight` is row-major of `shape`
    /// (O, C / groups, kh, kw), `bias` (O). The kernel size is taken from `shape`, not from `window`.
    pub fn conv2d(
        &mut self,
        input: NodeId,
        weight: Array,
        shape: [usize; 4],
        bias: Option<Array>,
        geometry: Window,
        groups: usize,
    ) -> Result<NodeId> {
        let who = || self.next("conv2d");
        let [channels, h, w] = self.image(input, "conv2d")?;
        let geometry = Window { kernel: [shape[2], shape[3]], ..geometry };
        if groups == 0 || !channels.is_multiple_of(groups) || !shape[0].is_multiple_of(groups) {
            let o = shape[0];
            bail!(
                Shape,
                "{}: groups is {groups}; expected a divisor of {channels} input and {o} output channels",
                who()
            )
        }
        if shape[1] != channels / groups {
            let (x, s) = (self.describe(input), show(&shape));
            bail!(
                Shape,
                "{}: weight of shape {s} with {groups} groups needs {} input channels; it reads {x}",
                who(),
                shape[1].saturating_mul(groups)
            )
        }
        array(&weight, &shape, "weight", who)?;
        if let Some(bias) = &bias {
            array(bias, &shape[..1], "bias", who)?;
        }
        let [rows, cols] = self.positions(input, "conv2d", &geometry, [h, w], false)?;
        let out = vec![shape[0], rows, cols];
        elements(&out, who)?;
        Ok(self.push(Op::Conv2d { weight, bias, window: geometry, groups }, &[input], out))
    }

    /// Batch normalisation in evaluation form along the first axis, folded in f64 into
    /// scale = gamma / sqrt(var + eps) and shift = beta - mean * scale. Missing gamma is 1, missing beta 0.
    pub fn batch_norm(
        &mut self,
        input: NodeId,
        gamma: Option<Array>,
        beta: Option<Array>,
        mean: Array,
        var: Array,
        eps: f64,
    ) -> Result<NodeId> {
        let who = || self.next("batch_norm");
        let channels = self.shape(input)?[0];
        let given =
            [("gamma", gamma.as_ref()), ("beta", beta.as_ref()), ("mean", Some(&mean)), ("var", Some(&var))];
        for (what, a) in given.iter().filter_map(|&(what, a)| Some((what, a?))) {
            if a.len() != channels {
                let x = self.describe(input);
                bail!(Shape, "{}: {what} has {} elements; it reads {x}: expected {channels}", who(), a.len())
            }
            finite(a, &[channels], what, who)?;
        }
        let (mut scale, mut shift) = (Vec::with_capacity(channels), Vec::with_capacity(channels));
        for c in 0..channels {
            let spread = var.get(c) + eps;
            if !(spread.is_finite() && spread > 0.0) {
                bail!(Argument, "{}: var[{c}] + eps is {spread}; expected a positive number", who())
            }
            let s = gamma.as_ref().map_or(1.0, |g| g.get(c)) / spread.sqrt();
            scale.push(s);
            shift.push(beta.as_ref().map_or(0.0, |b| b.get(c)) - mean.get(c) * s);
        }
        let single = given.iter().all(|(_, a)| a.is_none_or(Array::is_f32));
        let node = self.scale_shift(input, Some(Array::f64(scale)), Some(Array::f64(shift)))?;
        self.single[node] = single;
        Ok(node)
    }

    /// y = scale x + shift; each has 1 element (for all), one per channel (first axis), or one per element of the
    /// input. Missing scale is 1, missing shift 0.
    pub fn scale_shift(
        &mut self,
        input: NodeId,
        scale: Option<Array>,
        shift: Option<Array>,
    ) -> Result<NodeId> {
        let who = || self.next("scale_shift");
        let shape = self.shape(input)?.to_vec();
        let len: usize = shape.iter().product();
        for (what, a) in [("scale", &scale), ("shift", &shift)] {
            let Some(a) = a else { continue };
            if a.len() != 1 && a.len() != shape[0] && a.len() != len {
                let x = self.describe(input);
                bail!(
                    Shape,
                    "{}: {what} has {} elements; it reads {x}: expected 1, {} or {len}",
                    who(),
                    a.len(),
                    shape[0]
                )
            }
            finite(a, &[a.len()], what, who)?;
        }
        let scale = scale.unwrap_or(Array::f32(vec![1.0]));
        let shift = shift.unwrap_or(Array::f32(vec![0.0]));
        Ok(self.push(Op::ScaleShift { scale, shift }, &[input], shape))
    }

    /// Mean over windows of each channel of a (C, H, W) input. With `count_padding` the padding counts as zeros,
    /// without it the mean is over real elements only. `ceil` lets a last window hang over the end.
    pub fn avg_pool2d(
        &mut self,
        input: NodeId,
        geometry: Window,
        ceil: bool,
        count_padding: bool,
    ) -> Result<NodeId> {
        let shape = self.pooled(input, "avg_pool2d", &geometry, ceil)?;
        Ok(self.push(Op::AvgPool { window: geometry, count_padding }, &[input], shape))
    }

    /// Mean of each channel: (C, H, W) becomes (C, 1, 1).
    pub fn global_avg_pool(&mut self, input: NodeId) -> Result<NodeId> {
        let [_, h, w] = self.image(input, "global_avg_pool")?;
        self.avg_pool2d(input, Window::new([h, w]), false, false)
    }

    /// Window positions over the image `size` of `input`, or SHAPE if the kernel is larger than the padded image.
    pub(super) fn positions(
        &self,
        input: NodeId,
        op: &str,
        geometry: &Window,
        size: [usize; 2],
        ceil: bool,
    ) -> Result<[usize; 2]> {
        window(geometry, || self.next(op))?;
        match geometry.positions(size, ceil) {
            Some(positions) => Ok(positions),
            None => bail!(
                Shape,
                "{}: kernel {} with dilation {} spans {}, more than the padded image (padding {}); it reads {}",
                self.next(op),
                show(&geometry.kernel),
                show(&geometry.dilation),
                show(&geometry.extent()),
                show(&geometry.padding),
                self.describe(input)
            ),
        }
    }
}
