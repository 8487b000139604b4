//! Where the shift of a layer of units goes: the bias in front of it that nothing else reads, or a node of its own.

use super::options::Options;
use crate::network::{Network, NodeId, Op};

/// Where a shift goes. `width` consecutive elements of the input of the units share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Home {
    /// The bias or shift of this node.
    Bias { node: NodeId, width: usize },
    /// A scale-and-shift node right in front of the units.
    Inserted { width: usize },
    /// This layer, but it has no bias.
    Missing { node: NodeId },
}

impl Home {
    /// Whether the shift needs a node of its own.
    pub fn is_inserted(self) -> bool {
        matches!(self, Home::Inserted { .. })
    }

    /// Elements that share a shift.
    pub fn width(self) -> usize {
        match self {
            Home::Bias { width, .. } | Home::Inserted { width } => width,
            Home::Missing { .. } => 1,
        }
    }
}

/// How often the value of each node is read; the output counts as one reader more.
pub(super) fn readers(net: &Network) -> Vec<usize> {
    let mut readers = vec![0; net.nodes().len()];
    readers[net.output()] += 1;
    net.nodes().iter().flat_map(|n| &n.inputs).for_each(|&i| readers[i] += 1);
    readers
}

/// The home of shifts of the value of `source`, which one layer of units reads.
pub(super) fn of(net: &Network, options: &Options, readers: &[usize], source: NodeId) -> Home {
    if let Some(home) = bias(net, options, readers, source) {
        return home;
    }
    let node = &net.nodes()[source];
    // The shape of an image says which elements belong to a channel.
    Home::Inserted { width: if options.tied { node.plane() } else { 1 } }
}

/// The bias that shifts the value of `id` and nothing else; `None` if there is none.
fn bias(net: &Network, options: &Options, readers: &[usize], id: NodeId) -> Option<Home> {
    let node = &net.nodes()[id];
    if readers[id] != 1 {
        return None;
    }
    match &node.op {
        Op::Dense { bias: Some(_), .. } => Some(Home::Bias { node: id, width: 1 }),
        Op::Conv2d { bias: Some(_), .. } if options.tied || node.plane() == 1 => {
            Some(Home::Bias { node: id, width: node.plane() })
        }
        Op::Conv2d { .. } if !options.tied && node.plane() > 1 => None,
        Op::Dense { .. } | Op::Conv2d { .. } => Some(Home::Missing { node: id }),
        Op::ScaleShift { shift, .. } => {
            let width = if options.tied && shift.len() != node.len() { node.plane() } else { 1 };
            Some(Home::Bias { node: id, width })
        }
        Op::Reshape => bias(net, options, readers, node.inputs[0]),
        Op::Add => {
            // A summand without a bias is no obstacle: another may have one.
            let mut homes = node.inputs.iter().filter_map(|&i| bias(net, options, readers, i));
            homes.find(|home| matches!(home, Home::Bias { .. }))
        }
        _ => None,
    }
}
