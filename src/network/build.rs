//! Builds a network layer by layer, checking every shape and number on the way.

use super::graph::Node;

/// Builds a [`super::Network`].
#[derive(Default)]
pub struct Builder {
    #[allow(dead_code)]
    nodes: Vec<Node>,
}
