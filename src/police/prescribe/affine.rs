//! Maps of a plan: prescribed through the last layer, or by a second path from input to output.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

use super::layer::{LastLayer, array};
use super::solve::{Target, prescribe};
use crate::context::Context;
use crate::convex::ConvexSet;
use crate::error::{Result, bail};
use crate::linalg::svd::Svd;
use crate::network::{Builder, Network, NodeId};
use crate::police::{AffineMap, Plan};

impl Plan {
    /// The plan with another last layer, such that `target` holds on region `r`, which must be one of those of the plan:
    /// `region`. Where it is flat, the map is prescribed on the region only. All other regions stay affine, with other maps.
    ///
    /// In a network of single precision the weight is rounded first, and the bias is right at the centre of the region for
    /// the rounded one.
    ///
    /// Conditions: ARGUMENT (no such region), UNSUPPORTED (the output is no dense layer; layers were left as they are), RANK,
    /// DIM_MISMATCH, SHAPE, NONFINITE, NUMERIC, and those of `Network::affine_at`.
    pub fn set_affine(&self, ctx: &Context, r: usize, region: &ConvexSet, target: &Target) -> Result<Plan> {
        let net = self.network();
        target.check(net.input_len(), net.output_len())?;
        self.expect_region(region)?;
        let last = LastLayer::of(net)?;
        let hidden = self.hidden(ctx, r, last.input)?;
        let (point, span) = span(ctx, region)?;
        let inside =
            |a: ArrayView2<f64>, c: ArrayView1<f64>| AffineMap { a: a.dot(&span), c: a.dot(&point) + c };
        let on_region = inside(hidden.a.view(), hidden.c.view());
        let wanted = inside(target.matrix, target.constant);
        let target = Target { matrix: wanted.a.view(), constant: wanted.c.view(), ..*target };
        let mut made = prescribe(ctx, last.weight.view(), last.bias.view(), &on_region, &target)?;
        if net.is_f32() {
            made.weight.mapv_inplace(|w| f64::from(w as f32));
            made.settle(last.bias.view(), &target);
        }
        Ok(self.with_network(last.replaced(net, &made.weight, &made.bias)?))
    }

    /// The plan with (A* - A) x + (c* - c) added to the outputs everywhere, (A, c) being the map on region `r`: on that
    /// region the network becomes A* x + c*.
    ///
    /// Conditions: ARGUMENT (no such region), SHAPE, NONFINITE, and those of `Network::affine_at`.
    pub fn skip(&self, ctx: &Context, r: usize, a: ArrayView2<f64>, c: ArrayView1<f64>) -> Result<Plan> {
        let net = self.network();
        Target { outputs: None, matrix: a, constant: c }.check(net.input_len(), net.output_len())?;
        let map = self.map(ctx, r)?;
        let (a, c) = (&a - &map.a, &c - &map.c);
        let (weight, bias) = (array(net, a.iter().copied())?, array(net, c.iter().copied())?);
        let mut b = Builder::of(net);
        let x = if net.input_shape().len() == 1 { 0 } else { b.flatten(0)? };
        let mut more = b.dense(x, weight, [net.output_len(), net.input_len()], Some(bias))?;
        if net.output_shape().len() > 1 {
            let shape: Vec<i64> = net.output_shape().iter().map(|&n| n as i64).collect();
            more = b.reshape(more, &shape)?;
        }
        let sum = b.add(&[net.output(), more])?;
        Ok(self.with_network(b.into_network(sum)?))
    }

    /// The last hidden vector on region `r`.
    fn hidden(&self, ctx: &Context, r: usize, node: NodeId) -> Result<AffineMap> {
        let codes = self.codes(r)?;
        if codes.contains(&-1) {
            bail!(Unsupported, "the network need not be affine on region {r}: layers were left as they are")
        }
        let net = self.network();
        if node == 0 {
            return Ok(AffineMap { a: Array2::eye(net.input_len()), c: Array1::zeros(net.input_len()) });
        }
        let cut = net.rebuilt(net.nodes()[..=node].to_vec(), node);
        let needed = needed(net, node);
        let of_cut: Vec<i32> = net
            .unit_layers()
            .iter()
            .filter(|layer| layer.node <= node && needed[layer.node])
            .flat_map(|layer| &codes[layer.first..][..layer.len])
            .copied()
            .collect();
        let (a, c) = cut.affine_of(ctx, &of_cut)?;
        Ok(AffineMap { a, c })
    }

    /// DIM_MISMATCH unless a region is in the input space.
    pub(super) fn expect_region(&self, region: &ConvexSet) -> Result<()> {
        let n = self.network().input_len();
        if region.dim() != n {
            bail!(DimMismatch, "region has dimension {}; the network has {n} inputs", region.dim())
        }
        Ok(())
    }
}

/// Whether the value of `output` depends on each node.
fn needed(net: &Network, output: NodeId) -> Vec<bool> {
    let mut needed = vec![false; output + 1];
    needed[output] = true;
    for id in (1..=output).rev() {
        if needed[id] {
            net.nodes()[id].inputs.iter().for_each(|&i| needed[i] = true);
        }
    }
    needed
}

/// A point of a set and, as columns, orthonormal directions that span it.
fn span(ctx: &Context, region: &ConvexSet) -> Result<(Array1<f64>, Array2<f64>)> {
    let (dim, rank) = (region.dim(), region.affine_rank());
    let center = Array1::from(region.center().to_vec());
    if rank == dim {
        return Ok((center, Array2::eye(dim)));
    }
    let away = |(row, is_point): (&[f64], bool)| -> Vec<f64> {
        let from = |(x, c): (&f64, &f64)| if is_point { x - c } else { *x };
        row.iter().zip(&center).map(from).collect()
    };
    let rows: Vec<f64> = region.rows().chunks_exact(dim).zip(region.is_point()).flat_map(away).collect();
    let Ok(rows) = Array2::from_shape_vec((region.n_rows(), dim), rows) else {
        unreachable!("rows of as many numbers as the space has dimensions")
    };
    let v = Svd::new(ctx, rows.view())?.v;
    let rank = rank.min(v.ncols());
    Ok((center, v.slice(ndarray::s![.., ..rank]).to_owned()))
}
