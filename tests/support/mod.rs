//! Reads the acceptance cases of tests/data/regions (layout: the README there) into networks and domains.

use std::collections::HashMap;
use std::fs;
use std::io::{BufReader, Cursor};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cpwl::network::{Array, Builder, Network, NodeId, Pwl, Window};
use cpwl::regions::Domain;
use serde_json::Value;

pub type Arrays = HashMap<String, (Vec<usize>, Vec<f64>)>;

#[allow(dead_code)] // not every user looks at all of it
pub struct Case {
    pub name: String,
    pub net: Arc<Network>,
    pub domain: Domain,
}

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/regions")
}

/// Expected values of all cases.
#[allow(dead_code)] // not by benches
pub fn expected() -> Value {
    let text = fs::read_to_string(folder().join("expected.json")).expect("expected.json");
    serde_json::from_str(&text).expect("JSON")
}

/// The numeric arrays of a file, and its `spec` if it has one.
pub fn read_npz(path: &Path) -> (Arrays, Option<Value>) {
    let file = fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut npz = npyz::npz::NpzArchive::new(BufReader::new(Cursor::new(file))).expect("npz");
    let names: Vec<String> = npz.array_names().map(str::to_owned).collect();
    let (mut arrays, mut spec) = (Arrays::new(), None);
    for name in names {
        let npy = npz.by_name(&name).expect("npz").expect("array");
        let shape: Vec<usize> = npy.shape().iter().map(|&n| n as usize).collect();
        if name == "spec" {
            let text: String = npy.into_vec::<String>().expect("spec").concat();
            spec = Some(serde_json::from_str(&text).expect("spec is JSON"));
        } else {
            let columns_first = npy.order() == npyz::Order::Fortran && shape.len() == 2;
            let mut values = numbers(npy);
            if columns_first {
                values = (0..values.len()).map(|i| values[i % shape[1] * shape[0] + i / shape[1]]).collect();
            }
            arrays.insert(name, (shape, values));
        }
    }
    (arrays, spec)
}

fn numbers<R: std::io::Read>(npy: npyz::NpyFile<R>) -> Vec<f64> {
    let dtype = npy.dtype().descr();
    match dtype.trim_matches('\'') {
        "<f8" => npy.into_vec::<f64>().expect("numbers"),
        "<i8" => npy.into_vec::<i64>().expect("numbers").into_iter().map(|x| x as f64).collect(),
        "<i4" => npy.into_vec::<i32>().expect("numbers").into_iter().map(f64::from).collect(),
        "|u1" => npy.into_vec::<u8>().expect("numbers").into_iter().map(f64::from).collect(),
        "|i1" => npy.into_vec::<i8>().expect("numbers").into_iter().map(f64::from).collect(),
        other => panic!("array of dtype {other}"),
    }
}

/// A case by the name of its file, or what the library said when it refused the network or the domain.
pub fn load(name: &str) -> cpwl::Result<Case> {
    let (arrays, spec) = read_npz(&folder().join(format!("{name}.npz")));
    let spec = spec.expect("a case has a spec");
    let array = |key: &Value| arrays[key.as_str().expect("name of an array")].clone();
    let shape: Vec<usize> = usizes(&spec["input_shape"]);
    let mut b = Builder::new(&shape)?;
    let mut saved: HashMap<String, NodeId> = HashMap::new();
    for layer in spec["layers"].as_array().expect("layers") {
        let last = b.last();
        let kind = layer["type"].as_str().expect("type");
        match kind {
            "linear" => {
                let (s, w) = array(&layer["W"]);
                let bias = Some(Array::f64(array(&layer["b"]).1));
                b.dense(last, Array::f64(w), [s[0], s[1]], bias)?;
            }
            "conv2d" => {
                let (s, w) = array(&layer["W"]);
                let bias = Some(Array::f64(array(&layer["b"]).1));
                let window = window([s[2], s[3]], number(&layer["stride"], 1), number(&layer["pad"], 0));
                b.conv2d(last, Array::f64(w), [s[0], s[1], s[2], s[3]], bias, window, 1)?;
            }
            "batchnorm" => {
                let at = |key: &str| Some(Array::f64(array(&layer[key]).1));
                b.scale_shift(last, at("scale"), at("shift"))?;
            }
            "relu" => drop(b.pointwise(last, vec![Pwl::leaky_relu(0.0)?])?),
            "leaky_relu" => {
                b.pointwise(last, vec![Pwl::leaky_relu(layer["slope"].as_f64().expect("slope"))?])?;
            }
            "abs" => drop(b.pointwise(last, vec![Pwl::leaky_relu(-1.0)?])?),
            "maxout" => drop(b.maxout(last, number(&layer["k"], 0))?),
            "maxpool2d" => {
                let k = number(&layer["k"], 0);
                b.max_pool2d(last, window([k, k], number(&layer["stride"], k), 0), false)?;
            }
            "avgpool2d" => {
                let k = number(&layer["k"], 0);
                b.avg_pool2d(last, window([k, k], k, 0), false, true)?;
            }
            "flatten" => drop(b.flatten(last)?),
            "save" => drop(saved.insert(layer["name"].as_str().expect("name").to_owned(), last)),
            "add" => drop(b.add(&[last, saved[layer["name"].as_str().expect("name")]])?),
            other => panic!("{name}: layer type {other}"),
        }
    }
    let net = Arc::new(b.finish(b.last())?);
    let pair = |v: &Value| [v[0].as_f64().expect("number"), v[1].as_f64().expect("number")];
    let polygon: Vec<[f64; 2]> = match (&spec["polygon"], &spec["box"]) {
        (Value::Array(p), _) => p.iter().map(pair).collect(),
        (_, limits) => {
            let (lo, hi) = (pair(&limits[0]), pair(&limits[1]));
            vec![lo, [hi[0], lo[1]], hi, [lo[0], hi[1]]]
        }
    };
    let domain = match (arrays.get("T"), arrays.get("x0")) {
        (Some((_, t)), Some((_, origin))) => {
            let axis = |c: usize| t.iter().skip(c).step_by(2).copied().collect::<Vec<f64>>();
            Domain::slice(origin, [&axis(0), &axis(1)], &polygon)?
        }
        _ => Domain::convex(&polygon)?,
    };
    Ok(Case { name: name.to_owned(), net, domain })
}

fn window(kernel: [usize; 2], stride: usize, pad: usize) -> Window {
    Window { kernel, stride: [stride; 2], padding: [pad; 4], dilation: [1, 1] }
}

fn usizes(v: &Value) -> Vec<usize> {
    match v {
        Value::Array(a) => a.iter().map(|n| n.as_u64().expect("size") as usize).collect(),
        n => vec![n.as_u64().expect("size") as usize],
    }
}

fn number(v: &Value, default: usize) -> usize {
    v.as_u64().map_or(default, |n| n as usize)
}
