//! Reads the acceptance cases of tests/data/factors (layout: the README there), or of another folder of that layout.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// One case, and the bytes of its file.
pub struct Case {
    pub json: Value,
    bytes: Vec<u8>,
}

fn folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let all = [root.join("tests/data/factors"), root.join("../shared/cases/factors")];
    all.into_iter().filter(|f| f.join("cases.json").exists()).collect()
}

/// All cases of this kind.
pub fn cases(kind: &str) -> Vec<Case> {
    let mut found = Vec::new();
    for folder in folders() {
        let text = fs::read_to_string(folder.join("cases.json")).expect("cases.json");
        let all: Value = serde_json::from_str(&text).expect("JSON");
        for json in all["cases"].as_array().expect("a list").iter().filter(|c| c["kind"] == kind) {
            let bytes =
                fs::read(folder.join(json["file"].as_str().expect("file"))).expect("the file of the case");
            found.push(Case { json: json.clone(), bytes });
        }
    }
    assert!(!found.is_empty(), "no cases of kind {kind}");
    found
}

impl Case {
    pub fn name(&self) -> &str {
        self.json["name"].as_str().expect("name")
    }

    /// Little-endian bytes of an array, element by element.
    fn elements<const N: usize>(&self, item: &Value) -> Vec<[u8; N]> {
        let number = |v: &Value| v.as_u64().expect("a whole number") as usize;
        let len: usize = item["shape"].as_array().expect("shape").iter().map(number).product();
        let start = number(&item["offset"]);
        self.bytes[start..start + N * len].as_chunks::<N>().0.to_vec()
    }

    /// An array of whole numbers among the inputs ("inputs") or results ("expect").
    pub fn whole(&self, group: &str, key: &str) -> Vec<i64> {
        let item = &self.json[group][key];
        match item["dtype"].as_str() {
            Some("u16") => {
                self.elements(item).into_iter().map(|b| i64::from(u16::from_le_bytes(b))).collect()
            }
            Some("i32") => {
                self.elements(item).into_iter().map(|b| i64::from(i32::from_le_bytes(b))).collect()
            }
            Some("i64") => self.elements(item).into_iter().map(i64::from_le_bytes).collect(),
            other => panic!("{}: {key} has dtype {other:?}", self.name()),
        }
    }

    /// An array of f64, or a single number.
    pub fn real(&self, group: &str, key: &str) -> Vec<f64> {
        let item = &self.json[group][key];
        match item["dtype"].as_str() {
            Some("f64") => self.elements(item).into_iter().map(f64::from_le_bytes).collect(),
            None => vec![item.as_f64().expect("a number")],
            other => panic!("{}: {key} has dtype {other:?}", self.name()),
        }
    }
}
