//! Reads the acceptance cases of tests/data/hsic (layout: the README there), or of another folder of that layout.

use std::fs;
use std::path::{Path, PathBuf};

use cpwl::hsic::Kernel;
use cpwl::view::TensorRef;
use serde_json::Value;

/// One case, and the folder that holds its files.
pub struct Case {
    folder: PathBuf,
    pub name: String,
    pub json: Value,
}

/// An array with its shape.
pub struct Array {
    pub values: Vec<f64>,
    pub shape: Vec<usize>,
}

impl Array {
    pub fn tensor(&self) -> TensorRef<'_> {
        TensorRef::from_slice("x", &self.values, &self.shape).expect("a tensor")
    }

    /// These rows of it.
    pub fn rows(&self, rows: std::ops::Range<usize>) -> Array {
        let d = self.shape[1];
        Array { values: self.values[rows.start * d..rows.end * d].to_vec(), shape: vec![rows.len(), d] }
    }

    pub fn map(&self, f: impl Fn(f64) -> f64) -> Array {
        Array { values: self.values.iter().map(|v| f(*v)).collect(), shape: self.shape.clone() }
    }

    pub fn indices(&self) -> Vec<usize> {
        self.values.iter().map(|v| *v as usize).collect()
    }
}

/// All cases of this kind: of the copy in the repository, and of the project's own folder where it is there.
pub fn cases(kind: &str) -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = [root.join("tests/data/hsic"), root.join("../shared/cases/hsic")];
    let mut found = Vec::new();
    for folder in folders.into_iter().filter(|f| f.join("cases.json").exists()) {
        let text = fs::read_to_string(folder.join("cases.json")).expect("cases.json");
        let Ok(Value::Object(all)) = serde_json::from_str(&text) else {
            panic!("cases.json is not an object")
        };
        let of_kind = all.into_iter().filter(|(_, case)| case["kind"] == kind);
        found.extend(of_kind.map(|(name, json)| Case { folder: folder.join(&name), name, json }));
    }
    assert!(!found.is_empty(), "no cases of kind {kind}");
    found
}

impl Case {
    pub fn array(&self, name: &str) -> Array {
        let bytes = fs::read(self.folder.join(format!("{name}.npy"))).expect(name);
        let npy = npyz::NpyFile::new(&bytes[..]).expect("an npy file");
        let shape = npy.shape().iter().map(|&n| n as usize).collect();
        Array { values: npy.into_vec::<f64>().expect("f64"), shape }
    }

    /// A number of `expect`, by a path of keys.
    pub fn number(&self, path: &[&str]) -> f64 {
        let value = path.iter().fold(&self.json["expect"], |v, key| &v[key]);
        value.as_f64().unwrap_or_else(|| panic!("{}: no number {path:?}", self.name))
    }

    /// |got - want| <= relative |want| or 1e-14 of `scale`.
    pub fn close(&self, what: &str, got: f64, want: f64, relative: f64, scale: f64) {
        let tolerance = (relative * want.abs()).max(1e-14 * scale);
        assert!((got - want).abs() <= tolerance, "{} {what}: {got:e} for {want:e}", self.name);
    }

    /// Every entry within `relative` of the largest.
    pub fn all_close(&self, what: &str, got: &[f64], want: &[f64], relative: f64) {
        assert_eq!(got.len(), want.len(), "{} {what}", self.name);
        let tolerance = relative * want.iter().fold(0.0f64, |m, v| m.max(v.abs())) + 1e-14;
        for (i, (g, w)) in got.iter().zip(want).enumerate() {
            assert!((g - w).abs() <= tolerance, "{} {what}[{i}]: {g:e} for {w:e}", self.name);
        }
    }
}

/// A kernel as the cases write it.
pub fn kernel(spec: &Value) -> Kernel {
    let number = |key: &str| spec[key].as_f64().expect(key);
    match spec["kind"].as_str() {
        Some("linear") => Kernel::Linear,
        Some("rbf") => Kernel::Rbf { gamma: number("gamma") },
        Some("laplace_l1") => Kernel::LaplaceL1 { gamma: number("gamma") },
        Some("exp_l2") => Kernel::ExpL2 { gamma: number("gamma") },
        Some("poly") => {
            Kernel::Poly { gamma: number("gamma"), coef0: number("coef0"), degree: number("degree") as u32 }
        }
        other => panic!("kernel {other:?}"),
    }
}
