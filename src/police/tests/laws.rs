//! What is promised of every plan.

use ndarray::ArrayView2;

use super::{deviation, double, region};
use crate::context::{Context, ContextOptions};
use crate::convex::ConvexSet;
use crate::error::{Condition, Result};
use crate::network::testing::{Rng, reference, threads};
use crate::network::{Network, Op};
use crate::police::{Options, Plan, Rule};
use crate::simd::Isa;

/// What a network, its regions and options may be refused for.
fn refused(plan: &Result<Plan>) -> bool {
    use Condition::*;
    plan.as_ref().is_err_and(|e| {
        assert!(matches!(e.condition(), NoBias | ActNotCpwl | UnboundedBoth), "{e}");
        true
    })
}

/// A network, regions and options of seed `seed`.
fn setting(seed: u64) -> (Network, Vec<ConvexSet>, Options) {
    let mut rng = Rng(seed);
    let net = rng.curved_network();
    let net = if rng.int(0, 1) == 0 { double(&net) } else { net };
    let regions: Vec<_> = (0..rng.int(1, 3)).map(|_| region(&mut rng, net.input_len())).collect();
    let rule = if rng.int(0, 3) == 0 { Rule::Joint } else { Rule::MinShift };
    let margin = [0.0, 0.0, 0.01][rng.int(0, 2)];
    (net, regions, Options { rule, margin, tied: rng.int(0, 1) == 0, ..Options::default() })
}

fn view(points: &[f64], dim: usize) -> ArrayView2<'_, f64> {
    ArrayView2::from_shape((points.len() / dim, dim), points).unwrap()
}

#[test]
fn a_policed_network_is_its_map_on_every_region() {
    let ctx = threads(1);
    let (mut made, mut shifted) = (0, 0);
    for seed in 0..1500 {
        let (net, regions, options) = setting(seed);
        let plan = Plan::new(&ctx, &net, &regions, &options);
        if refused(&plan) {
            continue;
        }
        let plan = plan.unwrap();
        made += 1;
        shifted += usize::from(plan.report().largest_shift > 0.0);
        for (r, region) in regions.iter().enumerate() {
            let x = region.sample(30, seed);
            let found = deviation(&plan, &ctx, r, view(&x, net.input_len()));
            assert!(found <= 1e-12, "seed {seed}, region {r}: {found:e}");
            // The units are where the plan says, by evaluation. Among candidates that are equal there is no telling.
            let codes = plan.network().pattern(&ctx, view(&x, net.input_len())).unwrap();
            for layer in plan.network().unit_layers() {
                if matches!(plan.network().nodes()[layer.node].op, Op::Maxout { .. } | Op::MaxPool { .. }) {
                    continue;
                }
                let number = plan.network().unit_layers().iter().position(|l| l == layer);
                let policed = plan.layers().iter().find(|l| l.units == number).unwrap();
                for row in codes.rows() {
                    // What is nothing but 0 has no margin: it is above 0 to a plan, and not above to a pattern.
                    for i in (0..layer.len).filter(|i| policed.margin[i / policed.width] > 0.0) {
                        let (k, planned) = (layer.first + i, plan.codes(r).unwrap()[layer.first + i]);
                        assert_eq!(
                            row[k],
                            planned,
                            "seed {seed}, region {r}, unit {k} {:?} {:?} {:?} margin {:e} shift {:e} {:?} layer {:?} {:?}",
                            net.is_f32(),
                            options,
                            region.shape(),
                            policed.margin[i / policed.width],
                            policed.shift[i / policed.width],
                            net.nodes()
                                .iter()
                                .map(|n| (n.op.name(), n.shape.clone(), n.inputs.clone()))
                                .collect::<Vec<_>>(),
                            layer,
                            plan.network().nodes()[layer.node].op
                        );
                    }
                }
            }
        }
        if options.rule == Rule::Joint {
            assert_eq!(plan.report().distinct, 1);
        }
    }
    assert!(made > 700 && shifted > 400, "{made} {shifted}");
}

#[test]
fn policing_twice_changes_nothing_beyond_rounding() {
    let ctx = threads(1);
    let mut made = 0;
    for seed in 0..600 {
        let (net, regions, options) = setting(seed);
        let Ok(plan) = Plan::new(&ctx, &net, &regions, &options) else { continue };
        let again = Plan::new(&ctx, plan.network(), &regions, &options).unwrap();
        // Margins are wider where biases have grown.
        let u = if net.is_f32() { 1e-5 } else { 1e-13 };
        for (a, b) in plan.layers().iter().zip(again.layers()) {
            assert_eq!(a.codes, b.codes, "seed {seed}");
            for (g, (a, b)) in a.shift.iter().zip(&b.shift).enumerate() {
                assert!(b.abs() <= u * (1.0 + a.abs()), "seed {seed}, group {g}: {a:e}, again {b:e}");
            }
        }
        made += 1;
    }
    assert!(made > 250);
}

/// Whether two plans agree but for rounding; `None` where a choice was a matter of rounding.
fn agree(a: &Plan, b: &Plan, tolerance: f64) -> Option<bool> {
    let codes = |plan: &Plan| -> Vec<i32> {
        (0..plan.n_regions()).flat_map(|r| plan.codes(r).unwrap().to_vec()).collect()
    };
    if codes(a) != codes(b) {
        return None;
    }
    let numbers = |plan: &Plan| -> Vec<f64> {
        plan.layers()
            .iter()
            .flat_map(|l| l.shift.iter().chain(&l.bias).copied().collect::<Vec<_>>())
            .collect()
    };
    let close = |(a, b): (&f64, &f64)| (a - b).abs() <= tolerance * (1.0 + a.abs().max(b.abs()));
    Some(numbers(a).iter().zip(&numbers(b)).all(close))
}

#[test]
fn every_instruction_set_and_the_plain_code_make_the_same_plan() {
    let mut contexts = vec![reference()];
    for isa in Isa::ALL.into_iter().filter(|isa| isa.available()) {
        let options = ContextOptions { threads: 1, isa: Some(isa), ..Default::default() };
        contexts.push(Context::new(options).unwrap());
    }
    let (mut made, mut doubtful) = (0, 0);
    for seed in 0..300 {
        let (net, regions, options) = setting(seed);
        let net = double(&net);
        let Ok(plan) = Plan::new(&contexts[0], &net, &regions, &options) else { continue };
        for ctx in &contexts[1..] {
            match agree(&plan, &Plan::new(ctx, &net, &regions, &options).unwrap(), 1e-12) {
                Some(same) => assert!(same, "seed {seed}, {}", ctx.isa().name()),
                None => doubtful += 1,
            }
            made += 1;
        }
    }
    assert!(made > 250 && doubtful * 20 < made, "{made} {doubtful}");
}

#[test]
fn threads_do_not_change_a_bit() {
    for seed in 0..150 {
        let (net, regions, options) = setting(seed);
        let plans = [1, 2, 5].map(|n| Plan::new(&threads(n), &net, &regions, &options));
        let [one, others @ ..] = &plans;
        for other in others {
            match (one, other) {
                (Ok(one), Ok(other)) => {
                    assert_eq!(one.layers(), other.layers(), "seed {seed}");
                    assert_eq!(one.report(), other.report(), "seed {seed}");
                }
                (one, other) => assert_eq!(one.as_ref().unwrap_err(), other.as_ref().unwrap_err()),
            }
        }
    }
}

#[test]
fn a_box_is_the_hull_of_its_vertices() {
    let ctx = threads(1);
    let (mut made, mut doubtful) = (0, 0);
    for seed in 0..400 {
        let mut rng = Rng(seed);
        let net = double(&rng.network());
        let dim = net.input_len();
        if dim > 8 {
            continue;
        }
        let center: Vec<f64> = rng.batch(1, dim).into_iter().collect();
        let radius: Vec<f64> = (0..dim).map(|_| 0.5 * rng.real().abs()).collect();
        let corners: Vec<f64> = (0..1 << dim)
            .flat_map(|k| {
                let (center, radius) = (&center, &radius);
                (0..dim).map(move |i| center[i] + if k >> i & 1 == 1 { radius[i] } else { -radius[i] })
            })
            .collect();
        let options = Options { tied: seed % 2 == 0, ..Options::default() };
        let Ok(plan) = Plan::new(&ctx, &net, &[ConvexSet::boxed(&center, &radius).unwrap()], &options) else {
            continue;
        };
        let hull = Plan::new(&ctx, &net, &[ConvexSet::points(dim, &corners).unwrap()], &options).unwrap();
        match agree(&plan, &hull, 1e-12) {
            Some(same) => assert!(same, "seed {seed}"),
            None => doubtful += 1,
        }
        made += 1;
    }
    assert!(made > 100 && doubtful * 20 < made, "{made} {doubtful}");
}

#[test]
fn vertices_may_be_permuted_and_repeated() {
    let ctx = threads(1);
    for seed in 0..200 {
        let mut rng = Rng(seed);
        let net = double(&rng.network());
        let dim = net.input_len();
        let points: Vec<f64> = rng.batch(4, dim).into_iter().collect();
        let pick = |order: &[usize]| -> ConvexSet {
            let points = order.iter().flat_map(|&i| points[i * dim..][..dim].to_vec()).collect::<Vec<_>>();
            ConvexSet::points(dim, &points).unwrap()
        };
        let plan = |order: &[usize]| Plan::new(&ctx, &net, &[pick(order)], &Options::default());
        let Ok(first) = plan(&[0, 1, 2, 3]) else { continue };
        // Few rows: every value is computed by itself, so that nothing changes at all. In the plane six vertices are carried
        // by a frame, up to rounding.
        for (order, tolerance) in [(&[2, 3, 1, 0][..], 0.0), (&[0, 0, 1, 2, 3, 0], 1e-12)] {
            let other = plan(order).unwrap();
            let same = agree(&first, &other, tolerance);
            assert!(same == Some(true) || same.is_none() && tolerance > 0.0, "seed {seed}, {order:?}");
        }
    }
}

#[test]
fn vertices_carried_by_a_frame_make_the_same_plan() {
    let ctx = threads(1);
    let (mut made, mut doubtful) = (0, 0);
    for seed in 0..200 {
        let mut rng = Rng(seed);
        let net = double(&rng.network());
        let dim = net.input_len();
        let points: Vec<f64> = rng.batch(dim + 6, dim).into_iter().collect();
        let options = Options::default();
        let plan = |set: ConvexSet| Plan::new(&ctx, &net, &[set], &options);
        let Ok(hull) = plan(ConvexSet::points(dim, &points).unwrap()) else { continue };
        let frame = plan(ConvexSet::frame(dim, &points).unwrap()).unwrap();
        match agree(&hull, &frame, 1e-11) {
            Some(same) => assert!(same, "seed {seed}"),
            None => doubtful += 1,
        }
        made += 1;
    }
    assert!(made > 80 && doubtful * 20 < made, "{made} {doubtful}");
}
