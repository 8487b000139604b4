//! ONNX files against the numbers of torch and onnxruntime; the README.md of tests/data/onnx and of tests/data/nets tell
//! where the files come from.
#![cfg(feature = "onnx")]

use std::path::{Path, PathBuf};

use cpwl::network::Network;
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

/// Compares one file with its numbers.
fn check(path: &Path, expected: &Expected, ctx: &Context) -> Result<(), String> {
    let within = |what: &str, e: f64, bound: f64| {
        if e <= bound { Ok(()) } else { Err(format!("{what} is off by {e:e}")) }
    };
    let net = Network::from_onnx(&std::fs::read(path).unwrap()).map_err(|e| e.to_string())?;
    let dim = expected.y.dim();
    assert_eq!((net.input_len(), net.output_len()), (expected.x.ncols(), dim.1));
    assert_eq!(net.is_f32(), expected.y_single.is_some());

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
fn check_all(folder: &Path, numbers: impl Fn(&Path) -> Expected, ctx: &Context) {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|e| e == "onnx")).collect();
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
    contexts().iter().for_each(|ctx| check_all(&folder, numbers, ctx));
}

#[test]
fn trained_networks() {
    let numbers = |path: &Path| Expected::read_npz(&path.with_extension("expected.npz"));
    contexts().iter().for_each(|ctx| check_all(&data("nets"), numbers, ctx));
}
