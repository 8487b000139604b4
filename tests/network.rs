//! ONNX files against the numbers of torch and onnxruntime; the README.md of tests/data/onnx, of tests/data/smooth and of
//! tests/data/nets tell where the files come from.
#![cfg(feature = "onnx")]

use std::path::{Path, PathBuf};

use cpwl::error::Condition;
use cpwl::network::{Network, OnnxOptions, OnnxPrecision, OnnxWriteOptions};
use cpwl::{Context, ContextOptions};
use ndarray::{Array2, Axis};

/// What torch and onnxruntime say about a file.
struct Expected {
    x: Array2<f64>,
    y: Array2<f64>,
    y_single: Option<Array2<f64>>,
    a: Vec<Array2<f64>>,
    b: Array2<f64>,
    codes: Array2<f64>,
}

impl Expected {
    /// The layout of tests/data/onnx.
    fn read(path: &Path) -> Self {
        let bytes = std::fs::read(path).unwrap();
        let (numbers, rest) = bytes.as_chunks::<8>();
        assert!(rest.is_empty());
        let mut numbers = numbers.iter().map(|&b| f64::from_le_bytes(b));
        let head: Vec<_> = numbers.by_ref().take(5).map(|v| v as usize).collect();
        let [batch, n_in, n_out, n_units, single] = head[..] else { panic!("{path:?} has no head") };
        let mut take = |rows: usize, cols: usize| {
            Array2::from_shape_vec((rows, cols), numbers.by_ref().take(rows * cols).collect()).unwrap()
        };
        let (x, y) = (take(batch, n_in), take(batch, n_out));
        let y_single = (single == 1).then(|| take(batch, n_out));
        let a = (0..batch).map(|_| take(n_out, n_in)).collect();
        let (b, codes) = (take(batch, n_out), take(batch, n_units));
        assert_eq!(numbers.next(), None);
        Expected { x, y, y_single, a, b, codes }
    }

    /// The layout of tests/data/nets.
    fn read_npz(path: &Path) -> Self {
        let mut file = npyz::npz::NpzArchive::open(path).unwrap();
        let mut table = |name: &str| {
            let array = file.by_name(name).unwrap().unwrap_or_else(|| panic!("{path:?} has no {name}"));
            let rows = array.shape()[0] as usize;
            let numbers = match array.dtype().descr().as_str() {
                "'<f4'" => array.into_vec::<f32>().unwrap().into_iter().map(f64::from).collect(),
                "'<i4'" => array.into_vec::<i32>().unwrap().into_iter().map(f64::from).collect(),
                _ => array.into_vec::<f64>().unwrap(),
            };
            Array2::from_shape_vec((rows, numbers.len() / rows), numbers).unwrap()
        };
        let (x, y) = (table("x"), table("y_torch_f64"));
        let shape = (y.ncols(), x.ncols());
        let a = table("affine_a");
        let a =
            a.rows().into_iter().map(|row| Array2::from_shape_vec(shape, row.to_vec()).unwrap()).collect();
        let (y_single, b, codes) = (Some(table("y_onnxruntime_f32")), table("affine_b"), table("pattern"));
        Expected { x, y, y_single, a, b, codes }
    }
}

/// The largest difference, relative to the largest of the expected numbers (at least 1).
fn error<'a>(got: impl IntoIterator<Item = &'a f64>, expected: impl IntoIterator<Item = &'a f64>) -> f64 {
    let pairs: Vec<_> = got.into_iter().zip(expected).collect();
    let scale = pairs.iter().fold(1.0, |m: f64, (_, e)| m.max(e.abs()));
    pairs.iter().fold(0.0, |m: f64, (g, e)| m.max((*g - *e).abs())) / scale
}

/// Compares one file with its numbers, and so the files that we write of it: in double nothing is lost.
fn check(path: &Path, expected: &Expected, ctx: &Context) -> Result<(), String> {
    let net = Network::from_onnx(&std::fs::read(path).unwrap()).map_err(|e| e.to_string())?;
    assert_eq!(net.is_f32(), expected.y_single.is_some());
    check_network(&net, expected, ctx)?;
    let written = |precision| {
        let file = net.to_onnx(&OnnxWriteOptions { precision }).map_err(|e| e.to_string())?;
        Network::from_onnx(&file).map_err(|e| e.to_string())
    };
    let again = written(Some(OnnxPrecision::Double))?;
    assert!(!again.is_f32());
    check_network(&again, expected, ctx).map_err(|e| format!("written in double: {e}"))?;
    // A change of shape is no layer when it is read, unless a layer needs it.
    let names: Vec<_> = again.nodes().iter().map(|n| &n.name).collect();
    let layers = net.nodes().iter().filter(|n| n.op.name() != "reshape");
    layers.for_each(|n| assert!(names.contains(&&n.name), "{:?} is not in {names:?}", n.name));
    if let Some(y_single) = &expected.y_single {
        let (again, x) = (written(None)?, expected.x.mapv(|v| v as f32));
        let mut y = Array2::<f32>::zeros(expected.y.dim());
        again.forward(ctx, x.view(), y.view_mut()).map_err(|e| e.to_string())?;
        within("written in single: forward", error(&y.mapv(f64::from), y_single), 1e-5)?;
        assert!(again.is_f32());
    }
    Ok(())
}

fn within(what: &str, e: f64, bound: f64) -> Result<(), String> {
    if e <= bound { Ok(()) } else { Err(format!("{what} is off by {e:e}")) }
}

fn check_network(net: &Network, expected: &Expected, ctx: &Context) -> Result<(), String> {
    let dim = expected.y.dim();
    assert_eq!((net.input_len(), net.output_len()), (expected.x.ncols(), dim.1));

    let mut y = Array2::zeros(dim);
    net.forward(ctx, expected.x.view(), y.view_mut()).map_err(|e| e.to_string())?;
    within("forward", error(&y, &expected.y), 1e-12)?;

    if let Some(expected_single) = &expected.y_single {
        let mut y = Array2::<f32>::zeros(dim);
        let x = expected.x.mapv(|v| v as f32);
        net.forward(ctx, x.view(), y.view_mut()).map_err(|e| e.to_string())?;
        within("forward in single precision", error(&y.mapv(f64::from), expected_single), 1e-5)?;
    }

    let codes = net.pattern(ctx, expected.x.view()).map_err(|e| e.to_string())?;
    if codes.mapv(f64::from) != expected.codes {
        return Err(format!("the pattern is {codes}; expected {}", expected.codes));
    }

    for (k, x) in expected.x.axis_iter(Axis(0)).enumerate() {
        let (a, b) = net.affine_at(ctx, x).map_err(|e| e.to_string())?;
        within("A", error(&a, &expected.a[k]), 1e-12)?;
        within("b", error(&b, expected.b.row(k)), 1e-12)?;
    }
    Ok(())
}

/// Checks all ONNX files of a folder; `numbers` reads what is expected of one.
#[track_caller]
fn check_all(folder: &Path, skip: &[&str], numbers: impl Fn(&Path) -> Expected, ctx: &Context) {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|e| e == "onnx")).collect();
    files.retain(|path| !skip.iter().any(|&name| path.ends_with(name)));
    files.sort();
    assert!(!files.is_empty(), "no ONNX files in {folder:?}");
    let failed = |path: &PathBuf| {
        let why = check(path, &numbers(path), ctx).err()?;
        Some(format!("{}: {why}", path.file_name()?.display()))
    };
    let failures: Vec<_> = files.iter().filter_map(failed).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn data(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(folder)
}

fn contexts() -> [Context; 2] {
    let reference = ContextOptions { reference: true, ..Default::default() };
    [Context::default(), Context::new(reference).unwrap()]
}

/// The files of tests/data/onnx, or of the folder that CPWL_ONNX_DIR names (any one that `make.py` made).
#[test]
fn one_file_for_each_group_of_operators() {
    let folder = std::env::var_os("CPWL_ONNX_DIR").map_or(data("onnx"), PathBuf::from);
    // `name.exporter.onnx` and `name.bin`.
    let numbers = |path: &Path| Expected::read(&path.with_extension("").with_extension("bin"));
    contexts().iter().for_each(|ctx| check_all(&folder, &[], numbers, ctx));
}

/// The function that a file of tests/data/smooth has, and the factor by which its bound counts in the output.
fn function(name: &str) -> (&str, f64) {
    match name {
        "silu_steep" => ("silu", 1.0 / 1.702),
        "softplus_steep" => ("softplus", 1.0 / 3.0),
        "tanh_scaled" => ("tanh", 2.0),
        "silu_of_scaled" => ("silu", 1.0),
        "gelu_tanh_factored" => ("gelu_tanh", 1.0),
        name => (name.strip_suffix("_spelt").unwrap_or(name), 1.0),
    }
}

/// Smooth activations of tests/data/smooth, or of the folder that CPWL_SMOOTH_DIR names, are recognised however they are
/// written, and their approximations keep the bounds that they claim.
#[test]
fn smooth_activations_within_their_bounds() {
    let folder = std::env::var_os("CPWL_SMOOTH_DIR").map_or(data("smooth"), PathBuf::from);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "onnx"));
    assert!(!files.is_empty());
    for path in files {
        let stem = path.with_extension("").with_extension("");
        let (name, factor) = function(stem.file_name().unwrap().to_str().unwrap());
        let bytes = std::fs::read(stem.with_extension("bin")).unwrap();
        let mut numbers = bytes.as_chunks::<8>().0.iter().map(|&b| f64::from_le_bytes(b));
        let head: Vec<_> = numbers.by_ref().take(3).map(|v| v as usize).collect();
        let mut take = |cols: usize| {
            let values = numbers.by_ref().take(head[0] * cols).collect();
            Array2::from_shape_vec((head[0], cols), values).unwrap()
        };
        let (x, y, y_single) = (take(head[1]), take(head[2]), take(head[2]));

        let file = std::fs::read(&path).unwrap();
        let refused = Network::from_onnx(&file).unwrap_err();
        assert_eq!(refused.condition(), Condition::UnsupportedOperator, "{path:?}: {refused}");
        for knots in [2, 7, 40] {
            let net = Network::from_onnx_with(&file, &OnnxOptions { smooth_knots: Some(knots) })
                .unwrap_or_else(|e| panic!("{path:?}: {e}"));
            let approximations: Vec<_> = net.approximations().collect();
            let [(node, found)] = approximations[..] else { panic!("{path:?}: {approximations:?}") };
            assert_eq!((found.function.name(), found.knots), (name, knots), "{path:?}");
            let activation = net.activation(node, 0);
            assert_eq!(activation.knots().len(), knots);
            let layers: Vec<_> = net.nodes().iter().map(|n| n.op.name()).collect();
            assert_eq!(layers[..2], ["input", "dense"]);
            let plain =
                !path.to_str().unwrap().contains("_steep") && !path.to_str().unwrap().contains("scaled");
            assert!(!plain || layers.len() == 3, "{path:?}: {layers:?}");

            let mut ours = Array2::zeros(y.dim());
            net.forward(&Context::default(), x.view(), ours.view_mut()).unwrap();
            let bound = factor * found.bound;
            for (expected, rounding) in [(&y, 1e-6), (&y_single, 1e-5)] {
                let off = ours.iter().zip(expected).fold(0.0, |m: f64, (a, b)| m.max((a - b).abs()));
                assert!(off <= bound + rounding, "{path:?} with {knots} knots: {off:e} > {bound:e}");
                assert!(off >= 0.2 * bound, "{path:?} with {knots} knots: {off:e} << {bound:e}");
            }
        }
    }
}

#[test]
fn trained_networks() {
    let numbers = |path: &Path| Expected::read_npz(&path.with_extension("expected.npz"));
    // Distance functions, which tests/solid.rs looks at.
    let skip = ["sphere.onnx", "torus.onnx", "blobs.onnx"];
    contexts().iter().for_each(|ctx| check_all(&data("nets"), &skip, numbers, ctx));
}
