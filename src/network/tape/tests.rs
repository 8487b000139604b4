use super::*;
use crate::context::ContextOptions;
use crate::error::Condition;
use crate::network::testing::{Rng, reference, threads};
use crate::network::{Array, Builder, Pwl, Window};
use ndarray::{Array2, array};
use proptest::prelude::*;

fn record<T: Real>(net: &Network, ctx: &Context, x: &Array2<T>) -> (Array2<T>, Tape<T>) {
    let mut y = Array2::zeros((x.nrows(), net.output_len()));
    let tape = net.record(ctx, x.view(), y.view_mut()).unwrap();
    (y, tape)
}

fn gradients<T: Real>(net: &Network, ctx: &Context, x: &Array2<T>, dy: &Array2<T>) -> Gradients<T> {
    record(net, ctx, x).1.pull_back(ctx, dy.view(), Wanted::ALL).unwrap()
}

/// All numbers of some gradients.
fn flat<T: Real>(g: &Gradients<T>) -> Vec<f64> {
    g.x.iter().flatten().chain(g.parameters.iter().flatten()).map(|v| v.wide()).collect()
}

fn relu() -> Vec<Pwl> {
    vec![Pwl::leaky_relu(0.0).unwrap()]
}

#[test]
fn a_small_mlp_by_hand() {
    let mut b = Builder::new(&[2]).unwrap();
    b.dense(0, Array::f64(vec![1., 2., -1., 1.]), [2, 2], Some(Array::f64(vec![0.5, -1.]))).unwrap();
    b.pointwise(1, relu()).unwrap();
    b.dense(2, Array::f64(vec![2., 3.]), [1, 2], None).unwrap();
    let net = b.finish(3).unwrap();
    // Hidden (3.5, -1) -> (3.5, 0) and (4.5, 4).
    let (x, dy) = (array![[1., 1.], [-2., 3.]], array![[1.], [10.]]);
    for ctx in [reference(), threads(1), threads(2)] {
        let (y, tape) = record(&net, &ctx, &x);
        assert_eq!(y, array![[7.], [21.]]);
        let g = tape.pull_back(&ctx, dy.view(), Wanted::ALL).unwrap();
        assert_eq!(g.x.unwrap(), array![[2., 4.], [-10., 70.]]);
        let weight = vec![2. + 20. * -2., 2. + 20. * 3., 30. * -2., 30. * 3.];
        assert_eq!(g.parameters, [weight, vec![22., 30.], vec![3.5 + 45., 40.]]);
        // Only what is asked for.
        let only = tape.pull_back(&ctx, dy.view(), Wanted { x: false, parameters: true }).unwrap();
        assert_eq!((only.x, &only.parameters), (None, &g.parameters));
        let only = tape.pull_back(&ctx, dy.view(), Wanted { x: true, parameters: false }).unwrap();
        assert_eq!(only.x.unwrap(), array![[2., 4.], [-10., 70.]]);
        assert!(only.parameters.is_empty());
    }
}

#[test]
fn a_kink_has_the_slope_that_the_pattern_says() {
    let mut b = Builder::new(&[1]).unwrap();
    let curves = [Pwl::leaky_relu(0.0), Pwl::leaky_relu(0.25), Pwl::leaky_relu(-1.0), Pwl::clip(0.0, 1.0)];
    for curve in curves {
        b.pointwise(0, vec![curve.unwrap()]).unwrap();
    }
    b.concat(&[1, 2, 3, 4], 0).unwrap();
    let net = b.finish(5).unwrap();
    for ctx in [reference(), threads(1)] {
        for (x, slopes) in [(0.0, [0., 0.25, -1., 0.]), (1.0, [1., 1., 1., 1.]), (1.5, [1., 1., 1., 0.])] {
            for (o, slope) in slopes.into_iter().enumerate() {
                let mut dy = Array2::zeros((1, 4));
                dy[[0, o]] = 2.0;
                assert_eq!(gradients(&net, &ctx, &array![[x]], &dy).x.unwrap(), array![[2.0 * slope]]);
            }
        }
    }
}

#[test]
fn a_hard_swish_by_hand() {
    let mut b = Builder::new(&[1]).unwrap();
    b.hard_swish(0).unwrap();
    let net = b.finish(1).unwrap();
    let x = array![[-4.], [-3.], [-1.5], [0.], [1.5], [3.], [4.], [3e38]];
    for ctx in [reference(), threads(1)] {
        let (y, tape) = record(&net, &ctx, &x);
        assert_eq!(y, array![[0.], [0.], [-0.375], [0.], [1.125], [3.], [4.], [3e38]]);
        // Left of -3 (where the pattern puts -3 too) the slope is 0, right of 3 it is 1.
        let dx =
            tape.pull_back(&ctx, array![[1.]].broadcast((8, 1)).unwrap(), Wanted::ALL).unwrap().x.unwrap();
        assert_eq!(dx, array![[0.], [0.], [0.], [0.5], [1.], [1.5], [1.], [1.]]);
        assert_eq!(net.pattern(&ctx, x.view()).unwrap().column(0).to_vec(), [0, 0, 1, 1, 1, 1, 2, 2]);
        let (y, _) = record(&net, &ctx, &x.mapv(|v| v as f32));
        assert_eq!(y[[7, 0]], 3e38, "no overflow on the way");
        assert_eq!(net.affine_at(&ctx, array![-5.].view()).unwrap(), (array![[0.]], array![0.]));
        assert_eq!(net.affine_at(&ctx, array![5.].view()).unwrap(), (array![[1.]], array![0.]));
        let e = net.affine_at(&ctx, array![2.].view()).unwrap_err();
        assert_eq!(e.condition(), Condition::Unsupported);
        assert!(e.message().starts_with("'hard_swish_1' (node 1): the input of unit 0 lies between"), "{e}");
    }
    assert_eq!(net.expect_cpwl().unwrap_err().condition(), Condition::Unsupported);
}

#[test]
fn a_tie_goes_to_the_lowest_candidate_and_a_floor_takes_all() {
    let mut b = Builder::new(&[1, 1, 3]).unwrap();
    let low = b.pointwise(0, relu()).unwrap();
    let window = Window { stride: [1, 1], ..Window::pool([1, 2]) };
    let out = b.max_pool2d(low, window, false).unwrap();
    let net = b.finish(out).unwrap().fuse_relu_max();
    assert_eq!(net.n_units(), 2);
    for ctx in [reference(), threads(1)] {
        let dx = |x: [f64; 3]| {
            let x = Array2::from_shape_vec((1, 3), x.to_vec()).unwrap();
            gradients(&net, &ctx, &x, &array![[1., 10.]]).x.unwrap().into_raw_vec_and_offset().0
        };
        assert_eq!(dx([1., 2., 2.]), [0., 11., 0.]);
        assert_eq!(dx([-1., -2., 3.]), [0., 0., 10.]);
        assert_eq!(dx([-1., 0., -3.]), [0., 11., 0.], "an element wins a tie with the floor");
    }
}

#[test]
fn bad_calls_say_why() {
    let mut b = Builder::new(&[2]).unwrap();
    b.dense(0, Array::f32(vec![1., 2.]), [1, 2], None).unwrap();
    let net = b.finish(1).unwrap();
    let ctx = Context::default();
    let (_, tape) = record(&net, &ctx, &array![[1., 2.], [3., 4.]]);
    let refused = |dy: Array2<f64>| tape.pull_back(&ctx, dy.view(), Wanted::ALL).unwrap_err().to_string();
    assert_eq!(refused(array![[1.]]), "[SHAPE] dy has shape (1, 1); expected (2, 1)");
    let e = refused(array![[1.], [f64::INFINITY]]);
    assert_eq!(e, "[NONFINITE] dy[1, 0] is NaN or infinite; expected finite numbers");
    let mut y = array![[7.0]];
    let e = net.record(&ctx, array![[1., f64::NAN]].view(), y.view_mut()).map(|_| ()).unwrap_err();
    assert_eq!((e.condition(), y), (Condition::Nonfinite, array![[7.0]]));
    let stop =
        Context::new(ContextOptions { cancel: Some(Box::new(|| true)), ..Default::default() }).unwrap();
    let e = tape.pull_back(&stop, array![[1.], [2.]].view(), Wanted::ALL).unwrap_err();
    assert_eq!(e.condition(), Condition::Cancelled);
    let tight = Context::new(ContextOptions { memory_limit: 7, ..Default::default() }).unwrap();
    let e = tape.pull_back(&tight, array![[1.], [2.]].view(), Wanted::ALL).unwrap_err();
    assert_eq!(e.condition(), Condition::MemoryLimit);
    // An empty batch has zero gradients.
    let (y, tape) = record(&net, &ctx, &Array2::<f32>::zeros((0, 2)));
    let g = tape.pull_back(&ctx, y.view(), Wanted::ALL).unwrap();
    assert_eq!((g.x.unwrap().dim(), g.parameters), ((0, 2), vec![vec![0.0, 0.0]]));
}

/// The network with all numbers in double precision.
fn double(net: &Network) -> Network {
    let all = net.parameters();
    net.with_parameters(all.iter().map(|p| Array::f64(net.parameter(p).to_f64())).collect()).unwrap()
}

/// The network with one number changed by `h`.
fn nudged(net: &Network, parameter: usize, i: usize, h: f64) -> Network {
    let all = net.parameters();
    let mut arrays: Vec<Array> = all.iter().map(|p| net.parameter(p).clone()).collect();
    let mut numbers = arrays[parameter].to_f64();
    numbers[i] += h;
    arrays[parameter] = Array::f64(numbers);
    net.with_parameters(arrays).unwrap()
}

/// Sum of `dy` times the outputs, and the pattern.
fn loss(net: &Network, x: &Array2<f64>, dy: &Array2<f64>) -> (f64, Array2<i32>) {
    let mut y = Array2::zeros(dy.dim());
    net.forward(&reference(), x.view(), y.view_mut()).unwrap();
    ((&y * dy).sum(), net.pattern(&reference(), x.view()).unwrap())
}

proptest! {
    #[test]
    fn gradients_are_central_differences(seed: u64) {
        let mut rng = Rng(seed);
        let net = double(&rng.curved_network());
        let (x, dy) = (rng.batch(2, net.input_len()), rng.batch(2, net.output_len()));
        let g = gradients(&net, &threads(1), &x, &dy);
        let scale = flat(&g).into_iter().fold(1.0, |m: f64, v| m.max(v.abs()));
        let here = loss(&net, &x, &dy).1;
        let h = 1e-5;
        let check = |(up, a): (f64, Array2<i32>), (down, b): (f64, Array2<i32>), slope: f64| -> bool {
            // A step across a kink says nothing. On one pattern the loss is smooth in every single number.
            a != here || b != here || ((up - down) / (2.0 * h) - slope).abs() <= 1e-7 * scale
        };
        for i in 0..x.len().min(8) {
            let at = (i % x.nrows(), i / x.nrows());
            let moved = |h: f64| {
                let mut x = x.clone();
                x[at] += h;
                loss(&net, &x, &dy)
            };
            prop_assert!(check(moved(h), moved(-h), g.x.as_ref().unwrap()[at]), "x[{at:?}]");
        }
        for (k, p) in g.parameters.iter().enumerate() {
            for _ in 0..3 {
                let i = rng.int(0, p.len() - 1);
                let moved = |h: f64| loss(&nudged(&net, k, i, h), &x, &dy);
                prop_assert!(check(moved(h), moved(-h), p[i]), "parameter {k}, element {i}");
            }
        }
    }

    #[test]
    fn fast_is_reference(seed: u64) {
        let mut rng = Rng(seed);
        let net = rng.curved_network();
        let (x, dy) = (rng.batch(5, net.input_len()), rng.batch(5, net.output_len()));
        let (y_plain, plain_tape) = record(&net, &reference(), &x);
        let (y, tape) = record(&net, &threads(1), &x);
        let size = |v: &[f64]| v.iter().fold(1.0, |m: f64, v| m.max(v.abs()));
        let scale = size(&y_plain.iter().copied().collect::<Vec<_>>());
        prop_assert!(y.iter().zip(&y_plain).all(|(a, b)| (a - b).abs() <= 1e-12 * scale));
        // Both ways of recording, both ways back. Patterns are those of one pass up to ties, so each tape is compared
        // with the reference on the same values.
        let plain = flat(&plain_tape.pull_back(&reference(), dy.view(), Wanted::ALL).unwrap());
        let from_plain = flat(&plain_tape.pull_back(&threads(1), dy.view(), Wanted::ALL).unwrap());
        let scale = size(&plain);
        prop_assert!(plain.iter().zip(&from_plain).all(|(a, b)| (a - b).abs() <= 1e-11 * scale));
        let codes = |ctx: &Context| net.pattern(ctx, x.view()).unwrap();
        if codes(&reference()) == codes(&threads(1)) {
            let fast = flat(&tape.pull_back(&threads(1), dy.view(), Wanted::ALL).unwrap());
            prop_assert!(plain.iter().zip(&fast).all(|(a, b)| (a - b).abs() <= 1e-11 * scale));
        }
    }

    #[test]
    fn single_is_double_where_no_unit_is_near_a_kink(seed: u64) {
        let mut rng = Rng(seed);
        let net = rng.curved_network();
        let (x, dy) = (rng.batch(3, net.input_len()), rng.batch(3, net.output_len()));
        let narrow = |a: &Array2<f64>| a.mapv(|v| v as f32);
        let (x, dy) = (narrow(&x).mapv(f64::from), narrow(&dy).mapv(f64::from));
        let moved = |s: f64| net.pattern(&threads(1), x.mapv(|v| v + s * 1e-4).view()).unwrap();
        prop_assume!(moved(1.0) == moved(-1.0) && moved(1.0) == moved(0.0));
        let double = flat(&gradients(&net, &threads(1), &x, &dy));
        let single = flat(&gradients(&net, &threads(1), &narrow(&x), &narrow(&dy)));
        let scale = double.iter().fold(1.0, |m: f64, v| m.max(v.abs()));
        let close = |a: f64, b: f64| (a - b).abs() <= 2e-4 * scale;
        let fine = double.iter().zip(&single).all(|(&a, &b)| close(a, b));
        // A unit may still round to the other side of a knot that the nudge does not reach.
        prop_assert!(fine || moved(3.0) != moved(-3.0));
    }

    #[test]
    fn threads_do_not_change_a_bit(seed: u64) {
        let mut rng = Rng(seed);
        let net = rng.network();
        let (x, dy) = (rng.batch(700, net.input_len()), rng.batch(700, net.output_len()));
        let bits = |n: usize| flat(&gradients(&net, &threads(n), &x, &dy)).iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        let one = bits(1);
        prop_assert_eq!(&bits(2), &one);
        prop_assert_eq!(&bits(3), &one);
        let single = |n: usize| {
            let (x, dy) = (x.mapv(|v| v as f32), dy.mapv(|v| v as f32));
            flat(&gradients(&net, &threads(n), &x, &dy)).iter().map(|v| v.to_bits()).collect::<Vec<_>>()
        };
        prop_assert_eq!(single(1), single(3));
    }
}
