//! Gradients of the numbers of a layer: sums over the samples of a chunk, added to the total in one step.

use ndarray::ArrayView2;

use super::Part;
use crate::buffer::Buffer;
use crate::error::Result;
use crate::linalg::gemm::gemm;
use crate::network::graph::{NodeId, Op};
use crate::network::layers::conv::Conv;
use crate::network::layers::dense::{matrix, matrix_mut};
use crate::network::layers::{pointwise, route};
use crate::network::real::Real;
use crate::network::sweep::Sweep;

/// Adds to `total`, the arrays of node `id`, what follows from the gradient `g` of its value.
pub(super) fn add<T: Real>(
    sweep: &mut Sweep<T>,
    part: &Part<T>,
    id: NodeId,
    g: &[T],
    total: &mut [Buffer<T>],
) -> Result<()> {
    let (runner, net) = (sweep.runner, sweep.runner.net);
    let node = &net.nodes[id];
    let (g, x) = (&g[..sweep.len(id)], part.value(net, node.inputs[0]));
    let (channels, plane) = (node.shape[0], node.plane());
    let input = &net.nodes[node.inputs[0]];
    let isa = runner.ctx.isa();
    match &node.op {
        Op::Dense { .. } => {
            // A chunk is no longer than a block of the product, which therefore adds it in one step.
            let (rows, g) = (part.rows, matrix(g, part.rows, node.len()));
            let weight = matrix_mut(&mut total[0], node.len(), input.len());
            gemm(isa, g.reversed_axes(), matrix(x, rows, input.len()), true, weight);
            if let Some(bias) = total.get_mut(1) {
                let one = [T::one()];
                let ones = ArrayView2::from_shape((1, 1), &one).expect("a number");
                let ones = ones.broadcast((1, rows)).expect("a number for each sample");
                gemm(isa, ones, g, true, matrix_mut(bias, 1, node.len()));
            }
            return Ok(());
        }
        Op::Conv2d { weight, window, groups, .. } => {
            let conv = Conv::<T>::of(&input.shape, &node.shape, &[], None, window, *groups, isa);
            let (mut scratch, mut sum) = (sweep.buffer(conv.scratch())?, sweep.buffer(weight.len())?);
            let of_chunk = &mut sum[..weight.len()];
            of_chunk.fill(T::zero());
            for (x, g) in x.chunks_exact(input.len()).zip(g.chunks_exact(node.len())) {
                conv.weight_gradient(x, g, of_chunk, &mut scratch);
            }
            route::add(of_chunk, &mut total[0]);
            sweep.recycle(scratch);
            sweep.recycle(sum);
        }
        Op::ScaleShift { .. } => {
            let mut products = sweep.buffer(g.len())?;
            products.iter_mut().zip(g.iter().zip(x)).for_each(|(to, (&g, &x))| *to = g * x);
            sum(&mut total[0], |of_chunk| pointwise::gather(of_chunk, channels, plane, &products[..g.len()]));
            sweep.recycle(products);
        }
        op => unreachable!("{} has no parameters", op.name()),
    }
    if let Some(shift) = total.get_mut(1) {
        sum(shift, |of_chunk| pointwise::gather(of_chunk, channels, plane, g));
    }
    Ok(())
}

/// Adds what `gather` adds to zeros.
fn sum<T: Real>(total: &mut [T], gather: impl FnOnce(&mut [T])) {
    let mut of_chunk = vec![T::zero(); total.len()];
    gather(&mut of_chunk);
    route::add(&of_chunk, total);
}
