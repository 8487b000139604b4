//! Layers of units, which cut the input space: activations, maxout, max-pooling.

use super::check::{elements, finite, show};
use super::{Builder, NodeId, Op};
use crate::error::{Error, Result, bail};
use crate::network::array::Array;
use crate::network::pwl::Pwl;
use crate::network::smooth::{Approximation, Smooth};
use crate::network::window::Window;

impl Builder {
    /// A pointwise activation: one function for all elements, or one per channel (first axis).
    pub fn pointwise(&mut self, input: NodeId, functions: Vec<Pwl>) -> Result<NodeId> {
        let shape = self.shape(input)?.to_vec();
        if functions.len() != 1 && functions.len() != shape[0] {
            let (who, x, n) = (self.next("pointwise"), self.describe(input), functions.len());
            bail!(Shape, "{who}: has {n} functions; it reads {x}: expected 1 or {}", shape[0])
        }
        Ok(self.push(Op::Pointwise(functions.into()), &[input], shape))
    }

    /// z if z > 0, else slope * z, with one slope for all or one per channel (first axis).
    pub fn prelu(&mut self, input: NodeId, slopes: Array) -> Result<NodeId> {
        finite(&slopes, &[slopes.len()], "slopes", || self.next("prelu"))?;
        let functions = slopes.to_f64().into_iter().map(Pwl::leaky_relu).collect::<Result<_>>()?;
        let node = self.pointwise(input, functions)?;
        self.single[node] = slopes.is_f32();
        Ok(node)
    }

    /// min(max(alpha z + beta, 0), 1), as a scale and shift and a clip, so that its breakpoints are exact.
    pub fn hard_sigmoid(&mut self, input: NodeId, alpha: f64, beta: f64) -> Result<NodeId> {
        let (alpha, beta) = (Array::f64(vec![alpha]), Array::f64(vec![beta]));
        let node = self.scale_shift(input, Some(alpha), Some(beta))?;
        self.single[node] = true;
        self.pointwise(node, vec![Pwl::clip(0.0, 1.0)?])
    }

    /// x min(max(x + 3, 0), 6) / 6 of every element, exactly: the network is not piecewise linear then. It can be run,
    /// differentiated and policed, but has regions only with an approximation in its place, see [`Builder::smooth`].
    pub fn hard_swish(&mut self, input: NodeId) -> Result<NodeId> {
        let shape = self.shape(input)?.to_vec();
        Ok(self.push(Op::HardSwish, &[input], shape))
    }

    /// A smooth activation, replaced by a piecewise-linear function with at most `knots` knots: see
    /// [`Pwl::approximate`] and [`Network::approximations`](crate::network::Network::approximations).
    ///
    /// ACT_NOT_CPWL without `knots`: what is not piecewise linear is approximated only if asked for.
    pub fn smooth(&mut self, input: NodeId, function: Smooth, knots: Option<usize>) -> Result<NodeId> {
        let who = || self.next(function.name());
        let Some(knots) = knots else {
            bail!(
                ActNotCpwl,
                "{}: is not piecewise linear; give a number of knots (smooth_knots for all of a file or module) to have it \
                 approximated",
                who()
            )
        };
        let (pwl, bound) = match Pwl::approximate(function, knots) {
            Ok(found) => found,
            Err(e) => return Err(Error::new(e.condition(), format!("{}: {}", who(), e.message()))),
        };
        let knots = pwl.knots().len();
        let node = self.pointwise(input, vec![pwl])?;
        self.nodes[node].approximation = Some(Approximation { function, knots, bound });
        Ok(node)
    }

    /// Maximum over groups of `group` consecutive elements (channels of a (C, H, W) input): the first axis
    /// becomes `group` times shorter.
    pub fn maxout(&mut self, input: NodeId, group: usize) -> Result<NodeId> {
        let mut shape = self.shape(input)?.to_vec();
        if group == 0 || !shape[0].is_multiple_of(group) {
            let (who, x, n) = (self.next("maxout"), self.describe(input), shape[0]);
            bail!(Shape, "{who}: group is {group}; it reads {x}: expected a divisor of {n}")
        }
        shape[0] /= group;
        Ok(self.push(Op::Maxout { group, floor: None }, &[input], shape))
    }

    /// Maximum over windows of each channel of a (C, H, W) input; padding never wins. `ceil` lets a last window
    /// hang over the end.
    pub fn max_pool2d(&mut self, input: NodeId, window: Window, ceil: bool) -> Result<NodeId> {
        let shape = self.pooled(input, "max_pool2d", &window, ceil)?;
        Ok(self.push(Op::MaxPool { window, floor: None }, &[input], shape))
    }

    /// Shape after pooling; SHAPE if a window would hold nothing but padding.
    pub(super) fn pooled(&self, input: NodeId, op: &str, window: &Window, ceil: bool) -> Result<Vec<usize>> {
        let [c, h, w] = self.image(input, op)?;
        let [rows, cols] = self.positions(input, op, window, [h, w], ceil)?;
        elements(&[c, rows, cols], || self.next(op))?;
        for (axis, size, n) in [(0, h, rows), (1, w, cols)] {
            // A window that begins in the image holds an element; of those that begin behind it the last is one.
            let in_front = (window.padding[axis].div_ceil(window.stride[axis])).min(n);
            if let Some(p) = (0..in_front).chain([n - 1]).find(|&p| window.taps(axis, size, p).is_empty()) {
                let x = self.describe(input);
                let pad = show(&window.padding);
                bail!(
                    Shape,
                    "{}: window {p} along axis {axis} holds only padding {pad}; it reads {x}",
                    self.next(op)
                )
            }
        }
        Ok(vec![c, rows, cols])
    }
}
