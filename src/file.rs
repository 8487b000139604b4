//! Files that are written as a whole.

use std::fs::{self, OpenOptions};
use std::io::{Error, ErrorKind, Result, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// Puts `bytes` at `path`, in one step: whoever reads it finds the old file or the new one, also if the process dies
/// meanwhile, and after an error the old one is still there.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let Some(name) = path.file_name() else {
        return Err(Error::new(ErrorKind::InvalidInput, "the path names no file"));
    };
    // In the same folder: a file cannot be renamed across file systems.
    let mut beside = std::ffi::OsString::from(".");
    beside.push(name);
    beside.push(format!(".{}-{}.tmp", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
    let beside = path.with_file_name(beside);
    let write = || -> Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).open(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write().inspect_err(|e| {
        // What was there before us is not ours to remove.
        if e.kind() != ErrorKind::AlreadyExists {
            let _ = fs::remove_file(&beside);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_or_left_alone() {
        let folder = std::env::temp_dir().join(format!("cpwl-file-{}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        let path = folder.join("a.onnx");
        replace(&path, b"old").unwrap();
        replace(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert!(replace(&folder, b"x").is_err(), "a folder is no file");
        assert!(replace(&folder.join("none/a.onnx"), b"x").is_err());
        assert!(replace(Path::new("/"), b"x").is_err());
        let left: Vec<_> = fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left, ["a.onnx"]);
        fs::remove_dir_all(&folder).unwrap();
    }
}
