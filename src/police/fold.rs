//! Folding: shifts become biases, rounded to the precision of the network away from the knots.

use super::home::Home;
use crate::network::{Array, Network, Node, NodeId, Op};

/// `bias` - `shift` in the precision of the network: the nearest number that is not below the difference (`up`), or not
/// above it.
pub(super) fn outward(bias: f64, shift: f64, up: bool, single: bool) -> f64 {
    let value = bias - shift;
    if !value.is_finite() {
        return value;
    }
    // bias - shift = value + rest, exactly.
    let back = value - bias;
    let rest = (bias - (value - back)) + (-shift - back);
    let short = |x: f64| {
        let missing = (value - x) + rest;
        if up { missing > 0.0 } else { missing < 0.0 }
    };
    if single {
        let x = value as f32;
        let next = if up { f32::next_up } else { f32::next_down };
        f64::from(if short(f64::from(x)) { next(x) } else { x })
    } else {
        let next = if up { f64::next_up } else { f64::next_down };
        if short(value) { next(value) } else { value }
    }
}

/// The biases of one layer of units before they are shifted: one number for each group.
pub(super) fn biases(net: &Network, home: Home, groups: usize) -> Vec<f64> {
    match home {
        Home::Bias { node, width } => {
            let node = &net.nodes()[node];
            let bias = node.op.arrays()[1].expect("a home has a bias");
            (0..groups).map(|g| bias.get(entry(node, bias.len(), g * width))).collect()
        }
        Home::Inserted { .. } | Home::Missing { .. } => vec![0.0; groups],
    }
}

/// The entry of a bias of `len` numbers that belongs to element `i` of the value of a node.
pub(super) fn entry(node: &Node, len: usize, i: usize) -> usize {
    match len {
        1 => 0,
        len if len == node.len() => i,
        _ => i / node.plane(),
    }
}

/// New biases of one layer of units.
#[derive(Debug)]
pub(super) struct Edit<'a> {
    pub home: Home,
    /// The node whose input they shift; one past the last node for the output.
    pub before: NodeId,
    /// Shifts and biases of the groups; a group without a shift keeps its bias.
    pub shift: &'a [f64],
    pub bias: &'a [f64],
}

/// The network with other biases. A node is inserted where an inserted bias has a shift; the numbers of the nodes behind
/// it grow.
pub(super) fn fold(net: &Network, edits: &[Edit]) -> Network {
    let mut nodes = net.nodes().to_vec();
    let single = net.is_f32();
    for edit in edits.iter().filter(|edit| edit.shift.iter().any(|&e| e != 0.0)) {
        if let Home::Bias { node, width } = edit.home {
            set_bias(&mut nodes[node], width, edit, single);
        }
    }
    let mut insert = edits
        .iter()
        .filter(|edit| matches!(edit.home, Home::Inserted { .. }) && edit.shift.iter().any(|&e| e != 0.0));
    let mut next = insert.next();
    let (mut made, mut number) = (Vec::with_capacity(nodes.len()), Vec::with_capacity(nodes.len()));
    for (id, mut node) in nodes.into_iter().enumerate() {
        node.inputs.iter_mut().for_each(|i| *i = number[*i]);
        if let Some(edit) = next.filter(|edit| edit.before == id) {
            let source = node.inputs[0];
            node.inputs[0] = made.len();
            made.push(inserted(&made[source], source, edit, single));
            next = insert.next();
        }
        number.push(made.len());
        made.push(node);
    }
    let mut output = number[net.output()];
    if let Some(edit) = next {
        made.push(inserted(&made[output], output, edit, single));
        output = made.len() - 1;
    }
    net.rebuilt(made, output)
}

/// Numbers in the precision of the network, or in that in which they were given if it holds them.
fn array(values: Vec<f64>, single: bool) -> Array {
    if single { Array::f32(values.into_iter().map(|x| x as f32).collect()) } else { Array::f64(values) }
}

fn set_bias(node: &mut Node, width: usize, edit: &Edit, single: bool) {
    let old = node.op.arrays()[1].expect("a home has a bias");
    let groups = edit.shift.len();
    // A shift for all channels becomes one for each, if it must.
    let values: Vec<f64> = (0..groups)
        .map(|g| if edit.shift[g] == 0.0 { old.get(entry(node, old.len(), g * width)) } else { edit.bias[g] })
        .collect();
    let new = array(values, single && old.is_f32());
    match &mut node.op {
        Op::Dense { bias, .. } | Op::Conv2d { bias, .. } => *bias = Some(new),
        Op::ScaleShift { shift, .. } => *shift = new,
        op => unreachable!("{} has no bias", op.name()),
    }
}

fn inserted(source: &Node, id: NodeId, edit: &Edit, single: bool) -> Node {
    let shift = array(edit.bias.to_vec(), single);
    Node {
        name: format!("{}/shift", source.name),
        op: Op::ScaleShift { scale: Array::f32(vec![1.0]), shift },
        inputs: vec![id],
        shape: source.shape.clone(),
        approximation: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_goes_away_from_the_knot() {
        // 1 - 2^-60 is not a double: 1 is above it, the number before 1 below.
        let tiny = 0.5f64.powi(60);
        assert_eq!(outward(1.0, tiny, true, false), 1.0);
        assert_eq!(outward(1.0, tiny, false, false), 1f64.next_down());
        assert_eq!(outward(0.1, 0.0, true, true), f64::from(0.1f32), "0.1f32 is above 0.1");
        assert_eq!(outward(0.1, 0.0, false, true), f64::from(0.1f32.next_down()));
        assert_eq!(outward(0.5, 0.25, true, true), 0.25);
        assert_eq!(outward(1e300, -1e300, true, true), f64::INFINITY);
    }
}
