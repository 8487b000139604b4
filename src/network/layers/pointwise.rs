//! Pointwise layers: activation functions, scale and shift.

use crate::network::pwl::Pwl;
use crate::network::real::Real;

/// A scalar CPWL function in the precision of the arithmetic, in the cheapest form that computes it.
#[derive(Clone, Debug)]
pub enum Curve<T> {
    /// One knot at 0, where the value is 0: slope below, slope above.
    Kink([T; 2]),
    /// Slopes 0, 1, 0 through the origin: min(max(z, low), high).
    Clip([T; 2]),
    /// Anything else.
    Pieces {
        /// Increasing.
        knots: Vec<T>,
        /// (slope, offset), one more than knots.
        pieces: Vec<(T, T)>,
    },
}

impl<T: Real> Curve<T> {
    pub(in crate::network) fn new(f: &Pwl) -> Self {
        match (f.knots(), f.slopes(), f.value()) {
            (&[0.0], &[below, above], 0.0) => Curve::Kink([T::of(below), T::of(above)]),
            (&[low, high], &[0.0, 1.0, 0.0], v) if v == low => Curve::Clip([T::of(low), T::of(high)]),
            (knots, slopes, _) => Curve::Pieces {
                knots: knots.iter().map(|&t| T::of(t)).collect(),
                pieces: slopes.iter().zip(f.offsets()).map(|(&s, &o)| (T::of(s), T::of(o))).collect(),
            },
        }
    }

    /// Applies the function in place.
    pub(in crate::network) fn apply(&self, z: &mut [T]) {
        match self {
            // Adding zero turns -0 into 0.
            &Curve::Kink([below, above]) => {
                z.iter_mut().for_each(|z| *z = *z * if *z > T::zero() { above } else { below } + T::zero())
            }
            &Curve::Clip([low, high]) => z.iter_mut().for_each(|z| {
                let raised = if *z > low { *z } else { low };
                *z = if raised > high { high } else { raised };
            }),
            Curve::Pieces { knots, pieces } => z.iter_mut().for_each(|z| {
                let (slope, offset) = pieces[knots.partition_point(|&t| *z > t)];
                *z = slope * *z + offset;
            }),
        }
    }

    /// Multiplies the gradients `g` with the slopes of the pieces that the inputs `z` are on.
    fn pull_back(&self, z: &[T], g: &mut [T]) {
        let pairs = g.iter_mut().zip(z);
        match self {
            &Curve::Kink([below, above]) => {
                pairs.for_each(|(g, &z)| *g = *g * if z > T::zero() { above } else { below })
            }
            &Curve::Clip([low, high]) => pairs.for_each(|(g, &z)| {
                let inside = (z > low) & (z <= high);
                *g = *g * if inside { T::one() } else { T::zero() };
            }),
            Curve::Pieces { knots, pieces } => pairs.for_each(|(g, &z)| {
                *g = *g * pieces[knots.partition_point(|&t| z > t)].0;
            }),
        }
    }

    /// Whether values tell the piece as well as inputs do: positive exactly where the input is.
    fn is_read_from_values(&self) -> bool {
        matches!(self, Curve::Kink([below, above]) if *below >= T::zero() && *above >= T::one())
    }
}

/// The slopes below and above 0, if the one function of a layer is a kink at 0.
pub(in crate::network) fn slopes<T: Real>(curves: &[Curve<T>]) -> Option<[T; 2]> {
    match curves {
        [Curve::Kink(slopes)] => Some(*slopes),
        _ => None,
    }
}

/// Whether [`pull_back`] may be given the values of the layer in place of its inputs.
pub(in crate::network) fn are_read_from_values<T: Real>(curves: &[Curve<T>]) -> bool {
    curves.iter().all(Curve::is_read_from_values)
}

/// Multiplies gradients with the slopes at the inputs `z`; functions are as in [`activate`].
pub(in crate::network) fn pull_back<T: Real>(curves: &[Curve<T>], plane: usize, z: &[T], g: &mut [T]) {
    match curves {
        [curve] => curve.pull_back(z, g),
        _ => {
            let planes = g.chunks_exact_mut(plane).zip(z.chunks_exact(plane));
            planes.zip(curves.iter().cycle()).for_each(|((g, z), f)| f.pull_back(z, g))
        }
    }
}

/// x min(max(x + 3, 0), 6) / 6, in place; exactly 0 left of -3 and x right of 3.
pub(in crate::network) fn hard_swish<T: Real>(z: &mut [T]) {
    let (zero, three, six) = (T::zero(), T::of(3.0), T::of(6.0));
    z.iter_mut().for_each(|z| {
        let gate = *z + three;
        let gate = if gate > zero { gate } else { zero };
        let gate = if gate > six { six } else { gate };
        *z = *z * (gate / six) + zero;
    });
}

/// Multiplies gradients with the slopes of [`hard_swish`] at the inputs `z`.
pub(in crate::network) fn hard_swish_back<T: Real>(z: &[T], g: &mut [T]) {
    let (three, six) = (T::of(3.0), T::of(6.0));
    g.iter_mut().zip(z).for_each(|(g, &z)| {
        let between = (z + z + three) / six;
        let slope = if z > three { T::one() } else { between };
        *g = *g * if z > T::zero() - three { slope } else { T::zero() };
    });
}

/// Applies one function, or one per channel of `plane` elements, to any number of samples in place.
pub(in crate::network) fn activate<T: Real>(curves: &[Curve<T>], plane: usize, z: &mut [T]) {
    match curves {
        [curve] => curve.apply(z),
        _ => z.chunks_exact_mut(plane).zip(curves.iter().cycle()).for_each(|(z, f)| f.apply(z)),
    }
}

/// x = scale * x for any number of samples in place; `scale` is as in `Op::ScaleShift` for samples of shape (C, plane).
pub(in crate::network) fn scale<T: Real>(scale: &[T], channels: usize, plane: usize, x: &mut [T]) {
    broadcast(scale, channels, plane, x, |x, s| *x = *x * s);
}

/// x = x + shift for any number of samples in place.
pub(in crate::network) fn shift<T: Real>(shift: &[T], channels: usize, plane: usize, x: &mut [T]) {
    broadcast(shift, channels, plane, x, |x, s| *x += s);
}

fn broadcast<T: Real>(by: &[T], channels: usize, plane: usize, x: &mut [T], f: impl Fn(&mut T, T) + Copy) {
    match by {
        &[by] => x.iter_mut().for_each(|x| f(x, by)),
        by if by.len() == channels * plane => {
            x.chunks_exact_mut(by.len()).for_each(|x| x.iter_mut().zip(by).for_each(|(x, &by)| f(x, by)))
        }
        by => {
            let planes = x.chunks_exact_mut(plane).zip(by.iter().cycle());
            planes.for_each(|(x, &by)| x.iter_mut().for_each(|x| f(x, by)))
        }
    }
}

/// Sums `values` over samples, and over planes, into what [`broadcast`] would spread over them.
pub(in crate::network) fn gather<T: Real>(sum: &mut [T], channels: usize, plane: usize, values: &[T]) {
    match sum {
        [sum] => *sum += total(values),
        sum if sum.len() == channels * plane => {
            values.chunks_exact(sum.len()).for_each(|v| sum.iter_mut().zip(v).for_each(|(sum, &v)| *sum += v))
        }
        sum => {
            for sample in values.chunks_exact(channels * plane) {
                let planes = sum.iter_mut().zip(sample.chunks_exact(plane));
                planes.for_each(|(sum, v)| *sum += total(v));
            }
        }
    }
}

/// A sum in several lanes, which do not wait for each other.
pub(in crate::network) fn total<T: Real>(values: &[T]) -> T {
    let mut lanes = [T::zero(); 32];
    let (chunks, rest) = values.as_chunks::<32>();
    chunks.iter().for_each(|chunk| lanes.iter_mut().zip(chunk).for_each(|(lane, &v)| *lane += v));
    lanes.iter().chain(rest).fold(T::zero(), |sum, &v| sum + v)
}
