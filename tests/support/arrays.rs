//! Reads acceptance cases whose arrays lie in one file a case (layout: tests/data/diet/README.md).
#![allow(dead_code)] // Every test uses a part of it.

use std::fs;
use std::path::{Path, PathBuf};

use cpwl::{Context, ContextOptions, Isa};
use serde_json::Value;

/// The copy in the repository, and the project's own folder where it is there.
pub fn folders(room: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let all = [root.join("tests/data").join(room), root.join("../shared/cases").join(room)];
    all.into_iter().filter(|f| f.join("cases.json").exists()).collect()
}

/// One case.
pub struct Case {
    json: Value,
    bytes: Vec<u8>,
}

/// All cases of a room, of one kind.
pub fn cases(room: &str, kind: &str) -> Vec<Case> {
    let mut found = Vec::new();
    for folder in folders(room) {
        let text = fs::read_to_string(folder.join("cases.json")).expect("cases.json");
        let json: Value = serde_json::from_str(&text).expect("cases.json");
        for case in json["cases"].as_array().expect("a list of cases") {
            if case["kind"] == kind {
                let file = case["file"].as_str().filter(|file| !file.is_empty());
                let bytes = file.map(|file| fs::read(folder.join(file)).expect(file)).unwrap_or_default();
                found.push(Case { json: case.clone(), bytes });
            }
        }
    }
    assert!(!found.is_empty(), "no cases of kind {kind}");
    found
}

/// A number that may be one of the words "nan", "inf", "-inf".
fn number(v: &Value) -> Option<f64> {
    match v {
        Value::String(s) => Some(s.parse().expect("a number")),
        v => v.as_f64(),
    }
}

impl Case {
    pub fn name(&self) -> &str {
        self.json["name"].as_str().expect("name")
    }

    /// A parameter.
    pub fn param(&self, key: &str) -> Option<f64> {
        number(&self.json["params"][key])
    }

    /// A parameter that is a word.
    pub fn word(&self, key: &str) -> &str {
        self.json["params"][key].as_str().unwrap_or_default()
    }

    /// An expected number.
    pub fn expected(&self, key: &str) -> Option<f64> {
        number(&self.json["expect"][key])
    }

    fn item<const N: usize>(&self, item: &Value) -> Option<(String, Vec<[u8; N]>)> {
        let dtype = item["dtype"].as_str()?.to_owned();
        let shape = item["shape"].as_array()?;
        let len: usize = shape.iter().map(|n| n.as_u64().expect("a length") as usize).product();
        let offset = item["offset"].as_u64()? as usize;
        let bytes = &self.bytes[offset..offset + N * len];
        Some((dtype, bytes.as_chunks::<N>().0.to_vec()))
    }

    fn floats_of(&self, item: &Value) -> Option<Vec<f64>> {
        match item["dtype"].as_str()? {
            "f64" => Some(self.item::<8>(item)?.1.into_iter().map(f64::from_le_bytes).collect()),
            "f32" => {
                Some(self.item::<4>(item)?.1.into_iter().map(|b| f64::from(f32::from_le_bytes(b))).collect())
            }
            other => panic!("{}: dtype {other} is not one of floats", self.name()),
        }
    }

    /// An input of floats, if there is one of this name.
    pub fn floats(&self, key: &str) -> Option<Vec<f64>> {
        self.floats_of(&self.json["inputs"][key])
    }

    /// An expected array of floats.
    pub fn want(&self, key: &str) -> Option<Vec<f64>> {
        self.floats_of(&self.json["expect"][key])
    }

    fn integers_of(&self, item: &Value) -> Option<Vec<i64>> {
        Some(self.item::<8>(item)?.1.into_iter().map(i64::from_le_bytes).collect())
    }

    /// An input of integers.
    pub fn integers(&self, key: &str) -> Option<Vec<i64>> {
        self.integers_of(&self.json["inputs"][key])
    }

    /// An expected array of integers.
    pub fn want_integers(&self, key: &str) -> Option<Vec<i64>> {
        self.integers_of(&self.json["expect"][key])
    }
}

/// Frobenius norm of the difference over that of `want`; NaN must meet NaN.
pub fn apart(got: &[f64], want: &[f64]) -> f64 {
    assert_eq!(got.len(), want.len());
    let mut difference = 0.0;
    for (g, w) in got.iter().zip(want) {
        if g.is_nan() && w.is_nan() || g == w {
            continue;
        }
        difference += (g - w) * (g - w);
        if difference.is_nan() {
            return f64::INFINITY;
        }
    }
    let size = want.iter().filter(|w| w.is_finite()).map(|w| w * w).sum::<f64>();
    if difference == 0.0 { 0.0 } else { (difference / size).sqrt() }
}

/// |got - want| over max(1, |want|); NaN must meet NaN.
pub fn off(got: f64, want: f64) -> f64 {
    if got == want || got.is_nan() && want.is_nan() { 0.0 } else { (got - want).abs() / want.abs().max(1.0) }
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
