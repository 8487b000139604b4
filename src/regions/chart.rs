//! A domain as the recursions see it: local coordinates, bounding hyperplanes, and the input of the network as functionals.

use super::frame::Frame;
use crate::numeric::dyadic::{Dyadic, Functional};

/// A domain of dimension d in local coordinates, exactly.
#[derive(Clone, Debug)]
pub(crate) struct Chart {
    pub(crate) frame: Frame,
    /// Bounding hyperplanes, positive inside. In the plane side i runs from corner i to corner i + 1.
    pub(crate) sides: Vec<Functional>,
    /// Every element of the input of the network.
    pub(crate) input: Vec<Functional>,
}

impl Chart {
    /// The functional of local coordinates that is `a . x + c` in those of the domain.
    pub(crate) fn functional(frame: &Frame, a: &[f64], c: f64) -> Functional {
        let mut constant = Dyadic::from(c);
        for (&a, &center) in a.iter().zip(&frame.center) {
            constant.add_assign(&Dyadic::from(a).mul(&Dyadic::from(center)));
        }
        let scaled = a.iter().zip(&frame.log2).map(|(&a, &e)| Dyadic::from(a).shifted(e));
        scaled.chain(std::iter::once(constant)).collect()
    }
}
