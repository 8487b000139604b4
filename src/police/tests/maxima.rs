//! Maxima: winners by hand, and what cannot have one.

use super::{deviation, forward};
use crate::convex::ConvexSet;
use crate::error::Condition;
use crate::network::testing::threads;
use crate::network::{Array, Builder, Network, NodeId, Pwl, Window};
use crate::police::{Options, Plan};
use ndarray::{Array2, array};

fn exact() -> Options {
    Options { kappa: 0.0, ..Options::default() }
}

/// max(x, 1 - x) and max(x, x - 1) of one number.
fn two_maxima() -> Network {
    let mut b = Builder::new(&[1]).unwrap();
    let weight = Array::f64(vec![1.0, -1.0, 1.0, 1.0]);
    let x = b.dense(0, weight, [4, 1], Some(Array::f64(vec![0.0, 1.0, 0.0, -1.0]))).unwrap();
    let out = b.maxout(x, 2).unwrap();
    b.finish(out).unwrap()
}

#[test]
fn the_candidate_that_needs_least_is_raised() {
    let (net, ctx) = (two_maxima(), threads(1));
    // On [0, 2] x lacks 1 to 1 - x at 0, and 1 - x lacks 3 at 2.
    let region = ConvexSet::boxed(&[1.0], &[1.0]).unwrap();
    let plan = Plan::new(&ctx, &net, &[region], &exact()).unwrap();
    let layer = &plan.layers()[0];
    assert_eq!((&layer.shift, &layer.bias), (&vec![-1.0, 0.0, 0.0, 0.0], &vec![1.0, 1.0, 0.0, -1.0]));
    assert_eq!(plan.codes(0).unwrap(), [0, 0]);
    assert_eq!(
        forward(plan.network(), &ctx, array![[0.0], [2.0], [-1.0]].view()),
        array![[1.0, 0.0], [3.0, 2.0], [2.0, -1.0]]
    );
    assert_eq!(plan.report().smallest_margin, 0.0);
    let plan = Plan::new(
        &ctx,
        &net,
        &[ConvexSet::boxed(&[1.0], &[1.0]).unwrap()],
        &Options { margin: 0.5, ..exact() },
    )
    .unwrap();
    assert_eq!((plan.layers()[0].shift[0], plan.report().smallest_margin), (-1.5, 0.5));
}

#[test]
fn regions_keep_winners_of_their_own_where_they_have_one() {
    let (net, ctx) = (two_maxima(), threads(1));
    let interval = |lo: f64, hi: f64| ConvexSet::points(1, &[lo, hi]).unwrap();
    let plan = Plan::new(&ctx, &net, &[interval(-2.0, 0.0), interval(1.0, 3.0)], &exact()).unwrap();
    assert_eq!(plan.report().largest_shift, 0.0);
    assert_eq!([0, 1].map(|r| plan.codes(r).unwrap().to_vec()), [vec![1, 0], vec![0, 0]]);
    // One of the regions is in doubt: one winner for both. x lacks 5 at -2, 1 - x lacks 5 at 3: the first of equals.
    let plan = Plan::new(&ctx, &net, &[interval(-2.0, 1.0), interval(2.0, 3.0)], &exact()).unwrap();
    assert_eq!(plan.layers()[0].shift, [-5.0, 0.0, 0.0, 0.0]);
    assert_eq!([0, 1].map(|r| plan.codes(r).unwrap().to_vec()), [vec![0, 0], vec![0, 0]]);
    assert_eq!((plan.layers()[0].region[0], plan.layers()[0].corner[0]), (0, 0));
}

/// A convolution of an image with a row of weights for each of some channels, and what `behind` makes of it.
fn convolved(behind: impl Fn(&mut Builder, NodeId) -> NodeId) -> Network {
    let mut b = Builder::new(&[1, 2, 4]).unwrap();
    let weight = Array::f64(vec![1.0, -1.0, 0.5, 2.0, -1.0, 1.0, 0.25, -2.0]);
    let bias = Array::f64(vec![0.1, -0.2, 0.3, 0.4]);
    let x = b
        .conv2d(
            0,
            weight,
            [4, 1, 1, 2],
            Some(bias),
            Window { padding: [0, 1, 0, 0], ..Window::new([1, 2]) },
            1,
        )
        .unwrap();
    let out = behind(&mut b, x);
    b.finish(out).unwrap()
}

fn around_the_origin() -> ConvexSet {
    ConvexSet::boxed(&[0.1, -0.2, 0.3, 0.0, 0.2, 0.1, -0.1, -0.3], &[0.5; 8]).unwrap()
}

#[test]
fn channels_win_together() {
    let net = convolved(|b, x| b.maxout(x, 2).unwrap());
    let (ctx, region) = (threads(1), around_the_origin());
    for tied in [true, false] {
        let options = Options { tied, ..Options::default() };
        let plan = Plan::new(&ctx, &net, std::slice::from_ref(&region), &options).unwrap();
        let x = Array2::from_shape_vec((100, 8), region.sample(100, 1)).unwrap();
        assert!(deviation(&plan, &ctx, 0, x.view()) <= 1e-13);
        assert!(plan.report().largest_shift > 0.0);
        if tied {
            let codes = plan.codes(0).unwrap();
            assert!(codes.chunks(8).all(|channel| channel.iter().all(|c| *c == channel[0])), "{codes:?}");
            assert_eq!(plan.network().nodes().len(), net.nodes().len());
        }
    }
}

#[test]
fn candidates_with_one_bias_cannot_be_raised_above_each_other() {
    let pool = |b: &mut Builder, x| b.max_pool2d(x, Window::pool([1, 2]), false).unwrap();
    let flat = |b: &mut Builder, x| {
        let x = b.flatten(x).unwrap();
        b.maxout(x, 2).unwrap()
    };
    let (ctx, regions) = (threads(1), [around_the_origin()]);
    for net in [convolved(pool), convolved(flat)] {
        let e = Plan::new(&ctx, &net, &regions, &Options::default()).unwrap_err();
        assert_eq!(e.condition(), Condition::ActNotCpwl, "{e}");
        assert!(e.message().contains("tied = false"), "{e}");
        let plan = Plan::new(&ctx, &net, &regions, &Options { tied: false, ..Options::default() }).unwrap();
        let x = Array2::from_shape_vec((100, 8), regions[0].sample(100, 2)).unwrap();
        assert!(deviation(&plan, &ctx, 0, x.view()) <= 1e-13);
    }
    let overlapping = |b: &mut Builder, x| {
        b.max_pool2d(x, Window { stride: [1, 1], ..Window::pool([1, 2]) }, false).unwrap()
    };
    let net = convolved(overlapping);
    let e = Plan::new(&ctx, &net, &regions, &Options { tied: false, ..Options::default() }).unwrap_err();
    assert_eq!(e.condition(), Condition::ActNotCpwl, "{e}");
}

#[test]
fn a_pool_of_channels_that_are_off_needs_nothing() {
    let net = convolved(|b, x| {
        let low = b.scale_shift(x, None, Some(Array::f64(vec![-50.0]))).unwrap();
        let off = b.pointwise(low, vec![Pwl::leaky_relu(0.0).unwrap()]).unwrap();
        b.max_pool2d(off, Window::pool([1, 2]), false).unwrap()
    });
    for margin in [0.0, 0.25] {
        let options = Options { margin, ..Options::default() };
        let plan = Plan::new(&threads(1), &net, &[around_the_origin()], &options).unwrap();
        assert_eq!(plan.report().largest_shift, 0.0);
        assert_eq!(plan.map(&threads(1), 0).unwrap().a, Array2::<f64>::zeros((16, 8)));
    }
}
