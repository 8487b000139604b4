//! Rows of the matrix of an affine map, from the output back to the input.
//!
//! Row o of A is the gradient of output o with every unit held on its piece. It goes through the transpose of each
//! layer once, so that a few rows cost a few forward passes, however many elements the input has.

use super::graph::NodeId;
use super::run::Runner;
use super::sweep::Sweep;
use crate::buffer::Buffer;
use crate::error::Result;

/// Rows `first..first + rows` of A for the activation pattern `codes`: (rows, input elements), row-major; the buffer may
/// be longer.
pub(super) fn rows(runner: &Runner<f64>, codes: &[i32], first: usize, rows: usize) -> Result<Buffer<f64>> {
    let net = runner.net;
    let wanted = vec![true; net.nodes.len()];
    let mut sweep = Sweep::new(runner, rows, &wanted, Vec::new());
    let len = net.output_len();
    let seed = sweep.gradient(net.output)?;
    (0..rows).for_each(|row| seed[row * len + first + row] = 1.0);
    let mut units = net.units.iter().rev().peekable();
    for id in (1..=net.output).rev() {
        runner.ctx.poll()?;
        let layer = units.next_if(|layer| layer.node == id);
        let Some(g) = sweep.take(id) else { continue };
        match layer {
            Some(layer) => through_units(&mut sweep, id, &codes[layer.first..][..layer.len], g)?,
            None => sweep.affine(id, g, None)?,
        }
    }
    sweep.gradient(0)?;
    Ok(sweep.take(0).expect("made just now"))
}

/// Adds the gradient `g` of a layer of units on the pieces `codes` to that of its input.
fn through_units(sweep: &mut Sweep<f64>, id: NodeId, codes: &[i32], g: Buffer<f64>) -> Result<()> {
    let net = sweep.runner.net;
    let pieces = codes.iter().enumerate().map(|(i, &code)| net.piece(id, i, code));
    let pieces: Vec<(usize, f64)> = pieces.map(|(j, slope, _)| (j, slope)).collect();
    let source = net.nodes[id].inputs[0];
    let (all, len) = (sweep.len(id), net.nodes[source].len());
    let x = sweep.gradient(source)?;
    for (g, x) in g[..all].chunks_exact(codes.len()).zip(x.chunks_exact_mut(len)) {
        pieces.iter().zip(g).for_each(|(&(j, slope), g)| x[j] += slope * g);
    }
    sweep.recycle(g);
    Ok(())
}
