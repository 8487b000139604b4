//! The acceptance cases of tests/data/regions: exact counts, areas and lengths that exact arithmetic gave.

mod support;

use cpwl::regions::{PartitionOptions, partition};
use cpwl::{Context, ContextOptions};

fn contexts() -> Vec<Context> {
    [1, 2, 8].map(|threads| Context::new(ContextOptions { threads, ..Default::default() }).unwrap()).into()
}

#[test]
fn counts_areas_and_meshes() {
    let expected = support::expected();
    for (name, want) in expected.as_object().unwrap() {
        if want.get("V").is_none() {
            continue;
        }
        let case = support::load(name).unwrap();
        for ctx in contexts() {
            let p = match partition(&ctx, &case.net, &case.domain, &PartitionOptions::default()) {
                Ok(p) => p,
                Err(e) => {
                    println!("{name}: {e}");
                    break;
                }
            };
            println!("{name} {} {} V {} {} E {} {} area {} signs {}", p.n_regions(), want["regions"], p.vertices().len(), want["V"], p.edges().len(), want["E"], p.area(), format!("{} vertices {}", p.exact_signs(), p.exact_vertices()));
        }
    }
}
#[test]
fn c07x() {
    let case = support::load("c07_conv_bn_residual_avgpool_2x6x6").unwrap();
    let p = partition(&Context::default(), &case.net, &case.domain, &PartitionOptions::default()).unwrap();
    println!("{:?}", p.layer_cells());
}
