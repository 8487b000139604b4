//! Which affine map a network is on a region, prescribed: through the last layer, or by adding the difference everywhere.
//!
//! On a region the last hidden vector is z = M x + m, and the outputs are W z + b. To make E f(x) = F x + g there:
//!
//!   W' = W + E⁺ (F - E W M) M⁺,   b' = b + E⁺ (g - E (W' m + b)),
//!
//! the change of smallest Frobenius norm. It needs as many independent hidden units as the region has dimensions; adding
//! (A* - A) x + (c* - c) is always possible, but changes the network everywhere. Karg and Lucia (arXiv 2004.00521) prescribe
//! the affine piece around an equilibrium in this way.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};

use super::plan::{AffineMap, Plan};
use crate::context::Context;
use crate::convex::ConvexSet;
use crate::error::{Result, bail};
use crate::linalg::svd::{Svd, svd};
use crate::network::{Array, Builder, Network, NodeId, Op};

/// Singular values below this part of the largest count as zero.
const RANK: f64 = 1e-9;

/// What outputs are to be on a region: E f(x) = F x + g.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// E, (k, outputs), of rank k; `None` for all outputs as they are.
    pub outputs: Option<ArrayView2<'a, f64>>,
    /// F, (k, inputs).
    pub matrix: ArrayView2<'a, f64>,
    /// g, (k).
    pub constant: ArrayView1<'a, f64>,
}

impl Target<'_> {
    /// E, as a matrix of its own.
    fn selection(&self, n_out: usize) -> Array2<f64> {
        self.outputs.map_or_else(|| Array2::eye(n_out), |e| e.to_owned())
    }

    /// SHAPE or NONFINITE unless it fits a network.
    fn check(&self, n_in: usize, n_out: usize) -> Result<()> {
        let k = self.outputs.map_or(n_out, |e| e.nrows());
        if let Some(e) = self.outputs.filter(|e| e.ncols() != n_out || e.nrows() == 0) {
            bail!(Shape, "outputs (E) has shape {:?}; expected (k, {n_out})", e.dim())
        }
        if self.matrix.dim() != (k, n_in) {
            bail!(Shape, "matrix (F) has shape {:?}; expected ({k}, {n_in})", self.matrix.dim())
        }
        if self.constant.len() != k {
            bail!(Shape, "constant (g) has {} elements; expected {k}", self.constant.len())
        }
        let numbers = self.outputs.iter().flatten().chain(&self.matrix).chain(&self.constant);
        match numbers.into_iter().find(|x| !x.is_finite()) {
            Some(x) => bail!(Nonfinite, "the prescribed map holds {x}; expected finite numbers"),
            None => Ok(()),
        }
    }
}

/// The layer W z + b changed so that it is the target where z = M x + m. `m` is (matrix M, constant m).
///
/// Conditions: RANK (M without full column rank, E without full row rank), NUMERIC.
fn solve(
    weight: &Array2<f64>,
    bias: &Array1<f64>,
    hidden: &AffineMap,
    target: &Target,
) -> Result<(Array2<f64>, Array1<f64>)> {
    let e = target.selection(weight.nrows());
    let (of_e, of_m) = (svd(e.view())?, svd(hidden.a.view())?);
    full(&of_e, e.nrows(), "outputs (E)", "independent rows")?;
    let need = "independent hidden units on the region (more units in the last hidden layer, or `skip`, which always works)";
    full(&of_m, hidden.a.ncols(), "the last hidden layer", need)?;
    let (e_inverse, m_inverse) = (of_e.pseudo_inverse(e.nrows()), of_m.pseudo_inverse(hidden.a.ncols()));
    let missing = &target.matrix - &e.dot(weight).dot(&hidden.a);
    let weight = weight + &e_inverse.dot(&missing).dot(&m_inverse);
    let missing = &target.constant - &e.dot(&(weight.dot(&hidden.c) + bias));
    Ok((weight, bias + &e_inverse.dot(&missing)))
}

/// RANK unless the rank is `needed`.
fn full(of: &Svd, needed: usize, what: &str, need: &str) -> Result<()> {
    let rank = of.rank(RANK);
    if rank < needed {
        let condition = of.condition();
        bail!(Rank, "{what} has rank {rank} (condition number {condition:.1e}); expected {needed} {need}")
    }
    Ok(())
}

impl Plan {
    /// The plan with another last layer, such that `target` holds on region `r`, which must be one of those of the plan:
    /// `region`. Where it is flat, the map is prescribed on the region only. All other regions stay affine, with other maps.
    ///
    /// Conditions: ARGUMENT (no such region), UNSUPPORTED (the output is no dense layer; layers were left as they are), RANK,
    /// SHAPE, NONFINITE, and those of `Network::affine_at`.
    pub fn set_affine(&self, ctx: &Context, r: usize, region: &ConvexSet, target: &Target) -> Result<Plan> {
        let net = self.network();
        target.check(net.input_len(), net.output_len())?;
        let last = last_dense(net)?;
        let (weight, bias) = dense(net, last);
        let hidden = self.hidden(ctx, r, net.nodes()[last].inputs[0])?;
        let (point, span) = span(region);
        let inside = |a: &Array2<f64>, c: &Array1<f64>| AffineMap { a: a.dot(&span), c: a.dot(&point) + c };
        let on_region = inside(&hidden.a, &hidden.c);
        let wanted = inside(&target.matrix.to_owned(), &target.constant.to_owned());
        let target = Target { outputs: target.outputs, matrix: wanted.a.view(), constant: wanted.c.view() };
        let (weight, bias) = solve(&weight, &bias, &on_region, &target)?;
        Ok(self.with_network(with_dense(net, last, &weight, &bias)?))
    }

    /// The plan with (A* - A) x + (c* - c) added to the outputs everywhere, (A, c) being the map on region `r`: on that
    /// region the network becomes A* x + c*.
    ///
    /// Conditions: ARGUMENT (no such region), SHAPE, NONFINITE, and those of `Network::affine_at`.
    pub fn skip(&self, ctx: &Context, r: usize, a: ArrayView2<f64>, c: ArrayView1<f64>) -> Result<Plan> {
        let net = self.network();
        Target { outputs: None, matrix: a, constant: c }.check(net.input_len(), net.output_len())?;
        let map = self.map(ctx, r)?;
        let array = |x: Vec<f64>| match net.is_f32() {
            true => Array::f32(x.into_iter().map(|x| x as f32).collect()),
            false => Array::f64(x),
        };
        let weight = array((&a - &map.a).into_iter().collect());
        let bias = array((&c - &map.c).into_iter().collect());
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

    /// What E f(x) <= g comes to on `region`, region `r` of the plan, for E `outputs`, (k, outputs), and g `bound`, (k):
    /// exact maxima of the rows of E f, from the map and the support function.
    ///
    /// Conditions: ARGUMENT (no such region), SHAPE, NONFINITE, and those of `Network::affine_at`.
    pub fn check(
        &self,
        ctx: &Context,
        r: usize,
        region: &ConvexSet,
        outputs: ArrayView2<f64>,
        bound: ArrayView1<f64>,
    ) -> Result<Inequalities> {
        let (n_in, n_out) = (self.network().input_len(), self.network().output_len());
        let f = Array2::zeros((outputs.nrows(), n_in));
        Target { outputs: Some(outputs), matrix: f.view(), constant: bound }.check(n_in, n_out)?;
        let map = self.map(ctx, r)?;
        let (a, c) = (outputs.dot(&map.a), outputs.dot(&map.c));
        let mut found =
            Inequalities { largest: c.clone(), slack: bound.to_owned(), points: Array2::zeros(a.dim()) };
        for (i, a) in a.axis_iter(Axis(0)).enumerate() {
            let a = a.to_vec();
            found.largest[i] += region.support(&a)?[0];
            found.slack[i] -= found.largest[i];
            let value = |j: usize| region.rows()[j * n_in..][..n_in].iter().zip(&a).map(|(x, a)| x * a).sum();
            let at = region.shape().extreme(crate::convex::Side::High, &value);
            found.points.row_mut(i).assign(&Array1::from(at.point(region.rows(), n_in)));
        }
        Ok(found)
    }

    /// The plan with another bias of the last layer, such that E f(x) <= g on `region`, region `r` of the plan: the smallest
    /// change that lowers every violated row by its violation.
    ///
    /// Conditions: as [`Plan::check`], RANK (violated rows of E depend on each other), NUMERIC (unbounded), UNSUPPORTED.
    pub fn enforce(
        &self,
        ctx: &Context,
        r: usize,
        region: &ConvexSet,
        outputs: ArrayView2<f64>,
        bound: ArrayView1<f64>,
    ) -> Result<Plan> {
        let found = self.check(ctx, r, region, outputs, bound)?;
        let net = self.network();
        let last = last_dense(net)?;
        if let Some(i) = found.largest.iter().position(|x| !x.is_finite()) {
            bail!(Numeric, "row {i} of outputs is unbounded on the region; no bias bounds it")
        }
        let of_e = svd(outputs)?;
        full(&of_e, outputs.nrows(), "outputs (E)", "independent rows")?;
        let excess = found.slack.mapv(|s| s.min(0.0));
        let (weight, bias) = dense(net, last);
        let bias = bias + &of_e.pseudo_inverse(outputs.nrows()).dot(&excess);
        Ok(self.with_network(with_dense(net, last, &weight, &bias)?))
    }
}

/// What inequalities E f(x) <= g come to on a region.
#[derive(Clone, Debug, PartialEq)]
pub struct Inequalities {
    /// (k): the largest value of every row of E f over the region; infinite where there is none.
    pub largest: Array1<f64>,
    /// (k): g less that; an inequality holds where it is >= 0.
    pub slack: Array1<f64>,
    /// (k, inputs): where the largest values are taken (without the rays of an unbounded region).
    pub points: Array2<f64>,
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

/// The dense layer whose value is the output, perhaps in another shape.
fn last_dense(net: &Network) -> Result<NodeId> {
    let mut id = net.output();
    while let Op::Reshape = net.nodes()[id].op {
        id = net.nodes()[id].inputs[0];
    }
    match net.nodes()[id].op {
        Op::Dense { .. } => Ok(id),
        ref op => bail!(
            Unsupported,
            "the output is that of '{}' (node {id}), a {} layer; a dense layer can be changed as asked for (`skip` always works)",
            net.nodes()[id].name,
            op.name()
        ),
    }
}

fn dense(net: &Network, id: NodeId) -> (Array2<f64>, Array1<f64>) {
    let node = &net.nodes()[id];
    let [weight, bias] = node.op.arrays();
    let (n, m) = (node.len(), net.nodes()[node.inputs[0]].len());
    let weight = weight.map_or_else(Vec::new, Array::to_f64);
    let bias = bias.map_or_else(|| vec![0.0; n], Array::to_f64);
    (Array2::from_shape_vec((n, m), weight).expect("(out, in)"), Array1::from(bias))
}

fn with_dense(net: &Network, id: NodeId, weight: &Array2<f64>, bias: &Array1<f64>) -> Result<Network> {
    if let Some(x) =
        weight.iter().chain(bias).find(|x| !x.is_finite() || net.is_f32() && !(**x as f32).is_finite())
    {
        bail!(Nonfinite, "the last layer would hold {x}")
    }
    let array = |x: Vec<f64>| match net.is_f32() {
        true => Array::f32(x.into_iter().map(|x| x as f32).collect()),
        false => Array::f64(x),
    };
    let mut nodes = net.nodes().to_vec();
    nodes[id].op =
        Op::Dense { weight: array(weight.iter().copied().collect()), bias: Some(array(bias.to_vec())) };
    Ok(net.rebuilt(nodes, net.output()))
}

/// A point of a set and, as columns, orthonormal directions that span it.
fn span(region: &ConvexSet) -> (Array1<f64>, Array2<f64>) {
    let (dim, rank) = (region.dim(), region.affine_rank());
    let center = Array1::from(region.center().to_vec());
    if rank == dim {
        return (Array1::zeros(dim), Array2::eye(dim));
    }
    let mut away =
        Array2::from_shape_vec((region.n_rows(), dim), region.rows().to_vec()).expect("(rows, dim)");
    for (mut row, point) in away.outer_iter_mut().zip(region.is_point()) {
        if point {
            row -= &center;
        }
    }
    let v = svd(away.view()).map_or_else(|_| Array2::eye(dim), |f| f.v);
    (center, v.slice(ndarray::s![.., ..rank.min(v.ncols())]).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_layer_by_hand() {
        // z = (x, 2 x + 1); the output z_1 + z_2 is to be 5 x - 1.
        let (weight, bias) = (array![[1.0, 1.0]], array![0.0]);
        let hidden = AffineMap { a: array![[1.0], [2.0]], c: array![0.0, 1.0] };
        let (f, g) = (array![[5.0]], array![-1.0]);
        let target = Target { outputs: None, matrix: f.view(), constant: g.view() };
        let (w, b) = solve(&weight, &bias, &hidden, &target).unwrap();
        // The slope must grow by 2 along (1, 2) / 5.
        let expected = array![[1.4, 1.8]];
        assert!(w.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-15), "{w}");
        assert!((b[0] + 2.8).abs() < 1e-15);
        let narrow = AffineMap { a: array![[1.0, 0.0], [2.0, 0.0]], c: array![0.0, 1.0] };
        let f = array![[5.0, 1.0]];
        let target = Target { outputs: None, matrix: f.view(), constant: g.view() };
        let e = solve(&weight, &bias, &narrow, &target).unwrap_err();
        assert!(e.to_string().starts_with("[RANK] the last hidden layer has rank 1"), "{e}");
    }
}
