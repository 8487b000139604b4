//! Laws of plans on random networks of every kind of layer and random regions of every kind.

mod gradient;
mod laws;
mod maxima;

use ndarray::{Array2, ArrayView2};

use super::Plan;
use crate::context::Context;
use crate::convex::{ConvexSet, Norm};
use crate::network::testing::Rng;
use crate::network::{Array, Network};

/// A random region of some kind, near the origin.
fn region(rng: &mut Rng, dim: usize) -> ConvexSet {
    let center: Vec<f64> = rng.batch(1, dim).into_iter().collect();
    let some: Vec<f64> = (0..dim).map(|_| 0.5 * rng.real().abs()).collect();
    let rows = rng.int(1, 4);
    let matrix: Vec<f64> = rng.batch(rows, dim).into_iter().map(|x| 0.5 * x).collect();
    let near: Vec<f64> = matrix.iter().enumerate().map(|(i, x)| x + center[i % dim]).collect();
    let made = match rng.int(0, 9) {
        0 => ConvexSet::boxed(&center, &some),
        1 => ConvexSet::points(dim, &near),
        2 => ConvexSet::zonotope(&center, &matrix),
        3 => ConvexSet::ball(&center, 0.25, [Norm::One, Norm::Two, Norm::Inf][rng.int(0, 2)]),
        4 => ConvexSet::corner_simplex(&center, 0.5),
        5 => ConvexSet::points(dim, &near).unwrap().with_rays(&matrix[..dim]),
        6 => ConvexSet::boxed(&center, &some).unwrap().sum(&ConvexSet::points(dim, &matrix).unwrap()),
        7 => ConvexSet::hull(&[
            &ConvexSet::boxed(&center, &some).unwrap(),
            &ConvexSet::points(dim, &matrix).unwrap(),
        ]),
        8 => ConvexSet::frame(dim, &rng.batch(3 * dim + 4, dim).into_iter().collect::<Vec<_>>()),
        _ => ConvexSet::boxed(&center, &vec![0.0; dim]),
    };
    made.unwrap()
}

/// The same network with all numbers in double precision.
fn double(net: &Network) -> Network {
    let parameters = net.parameters();
    let arrays = parameters.iter().map(|p| Array::f64(net.parameter(p).to_f64()));
    net.with_parameters(arrays.collect()).unwrap()
}

fn forward(net: &Network, ctx: &Context, x: ArrayView2<f64>) -> Array2<f64> {
    let mut y = Array2::zeros((x.nrows(), net.output_len()));
    net.forward(ctx, x, y.view_mut()).unwrap();
    y
}

/// Largest deviation of the folded network from its map at points of a region, relative to the values.
fn deviation(plan: &Plan, ctx: &Context, region: usize, x: ArrayView2<f64>) -> f64 {
    let map = plan.map(ctx, region).unwrap();
    let y = forward(plan.network(), ctx, x);
    let affine = x.dot(&map.a.t()) + &map.c;
    let scale = y.iter().chain(&map.a).chain(&map.c).fold(1.0, |m: f64, v| m.max(v.abs()));
    let reach = x.iter().fold(1.0, |m: f64, v| m.max(v.abs()));
    (&affine - &y).iter().fold(0.0, |m: f64, d| m.max(d.abs())) / (scale * reach)
}
