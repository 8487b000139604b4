//! Reads the acceptance cases of tests/data/rank (layout: the README there), or of another folder of that layout.

use std::fs;
use std::path::{Path, PathBuf};

use cpwl::view::{Dtype, RawTensor, TensorRef};
use cpwl::{Context, ContextOptions, Isa};
use serde_json::Value;

/// The copy in the repository, and the project's own folder where it is there.
pub fn folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let all = [root.join("tests/data/rank"), root.join("../shared/cases/rank")];
    all.into_iter().filter(|f| f.join("cases.json").exists()).collect()
}

/// One case, and the folder that holds its files.
pub struct Case {
    pub folder: PathBuf,
    pub json: Value,
}

/// All cases of this kind.
pub fn cases(kind: &str) -> Vec<Case> {
    let mut found = Vec::new();
    for folder in folders() {
        let text = fs::read_to_string(folder.join("cases.json")).expect("cases.json");
        let Ok(Value::Array(all)) = serde_json::from_str(&text) else { panic!("cases.json is not a list") };
        let of_kind = all.into_iter().filter(|c| c["kind"] == kind);
        found.extend(of_kind.map(|json| Case { folder: folder.clone(), json }));
    }
    assert!(!found.is_empty(), "no cases of kind {kind}");
    found
}

/// A number that may be written as a string with more digits than f64 holds.
pub fn number(v: &Value) -> Option<f64> {
    match v {
        Value::String(s) => Some(s.parse().expect("a number")),
        v => v.as_f64(),
    }
}

/// A host's matrix: bytes aligned for any dtype, and where its elements are.
pub struct Matrix {
    words: Vec<u64>,
    dtype: Dtype,
    pub shape: [i64; 2],
    strides: [i64; 2],
    byte_offset: i64,
}

impl Case {
    pub fn name(&self) -> &str {
        self.json["name"].as_str().expect("name")
    }

    pub fn number(&self, key: &str) -> f64 {
        number(&self.json[key]).unwrap_or_else(|| panic!("{}: no number {key}", self.name()))
    }

    pub fn matrix(&self) -> Matrix {
        let int = |key: &str| self.json[key].as_i64().expect(key);
        let (dtype, size) = match self.json["dtype"].as_str() {
            Some("f32") => (Dtype::F32, 4),
            Some("f64") => (Dtype::F64, 8),
            Some("f16") => (Dtype::F16, 2),
            Some("bf16") => (Dtype::Bf16, 2),
            other => panic!("dtype {other:?}"),
        };
        let mut bytes = match self.json["file"].as_str() {
            Some(file) => fs::read(self.folder.join(file)).expect(file),
            None => Vec::new(),
        };
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        let words = bytes.as_chunks::<8>().0.iter().map(|w| u64::from_ne_bytes(*w)).collect();
        let strides = [int("row_stride"), int("col_stride")];
        Matrix { words, dtype, shape: [int("n"), int("k")], strides, byte_offset: size * int("offset") }
    }

    /// The f64 array of an item {file, dtype, shape}.
    pub fn array(&self, item: &Value) -> Vec<f64> {
        let file = item["file"].as_str().expect("file");
        let bytes = fs::read(self.folder.join(file)).expect(file);
        bytes.as_chunks::<8>().0.iter().map(|w| f64::from_le_bytes(*w)).collect()
    }
}

impl Matrix {
    /// These rows of it, as a tensor.
    pub fn rows<R>(&self, rows: std::ops::Range<i64>, f: impl FnOnce(&TensorRef) -> R) -> R {
        let size = self.dtype.size() as i64;
        let raw = RawTensor {
            data: self.words.as_ptr().cast_mut().cast(),
            byte_offset: self.byte_offset + size * rows.start * self.strides[0],
            dtype: self.dtype,
            shape: &[rows.end - rows.start, self.shape[1]],
            strides: Some(&self.strides),
        };
        // SAFETY: the files hold every element of their matrix.
        f(&unsafe { TensorRef::from_raw("z", &raw) }.expect("a tensor"))
    }

    pub fn whole<R>(&self, f: impl FnOnce(&TensorRef) -> R) -> R {
        self.rows(0..self.shape[0], f)
    }
}

/// Every instruction set of this CPU with 1 and 2 threads, and the plain reference.
pub fn contexts() -> Vec<(String, Context)> {
    let isas = Isa::ALL.into_iter().filter(|isa| isa.available());
    let mut all: Vec<(String, ContextOptions)> = isas
        .flat_map(|isa| [1, 2].map(|threads| (isa, threads)))
        .map(|(isa, threads)| {
            let options = ContextOptions { isa: Some(isa), threads, ..Default::default() };
            (format!("{} x {threads}", isa.name()), options)
        })
        .collect();
    all.push(("reference".to_owned(), ContextOptions { reference: true, threads: 1, ..Default::default() }));
    all.into_iter().map(|(name, options)| (name, Context::new(options).expect("a context"))).collect()
}
