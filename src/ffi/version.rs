//! What this library is.

use std::ffi::{CStr, CString, c_char};
use std::sync::OnceLock;

use super::fence::fence_value;
use crate::error::Status;
use crate::fork;
use crate::simd::Isa;

/// The version of the library as major << 16 | minor << 8 | patch. Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn cpwl_version() -> u32 {
    let part = |text: &str| text.parse::<u32>().unwrap_or(0);
    part(env!("CARGO_PKG_VERSION_MAJOR")) << 16
        | part(env!("CARGO_PKG_VERSION_MINOR")) << 8
        | part(env!("CARGO_PKG_VERSION_PATCH"))
}

/// The version of the library as text, such as "0.1.0". Static; never NULL. Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn cpwl_version_string() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// Version, instruction set in use and those available, features and devices, such as
/// "cpwl 0.1.0; isa: avx2 (available: portable avx2); features: onnx; devices: cpu". Static; never NULL. Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn cpwl_build_info() -> *const c_char {
    static TEXT: OnceLock<CString> = OnceLock::new();
    const UNKNOWN: &CStr = c"cpwl";
    fence_value(UNKNOWN.as_ptr(), || fork::get_or_init(&TEXT, build_info).as_ptr())
}

fn build_info() -> CString {
    let available: Vec<_> = Isa::ALL.iter().filter(|isa| isa.available()).map(|isa| isa.name()).collect();
    let features = if cfg!(feature = "onnx") { "onnx" } else { "none" };
    let text = format!(
        "cpwl {}; isa: {} (available: {}); features: {features}; devices: cpu",
        env!("CARGO_PKG_VERSION"),
        Isa::detect().name(),
        available.join(" ")
    );
    CString::new(text).unwrap_or_default()
}

/// The name of a status code, such as "CPWL_OK"; "unknown" for any other number. Static; never NULL. Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn cpwl_status_name(status: i32) -> *const c_char {
    const NAMES: [(Status, &CStr); 14] = [
        (Status::Ok, c"CPWL_OK"),
        (Status::Argument, c"CPWL_ARGUMENT"),
        (Status::Shape, c"CPWL_SHAPE"),
        (Status::Dtype, c"CPWL_DTYPE"),
        (Status::Nonfinite, c"CPWL_NONFINITE"),
        (Status::Unsupported, c"CPWL_UNSUPPORTED"),
        (Status::Numeric, c"CPWL_NUMERIC"),
        (Status::Limit, c"CPWL_LIMIT"),
        (Status::Memory, c"CPWL_MEMORY"),
        (Status::Cancelled, c"CPWL_CANCELLED"),
        (Status::Device, c"CPWL_DEVICE"),
        (Status::Io, c"CPWL_IO"),
        (Status::Certify, c"CPWL_CERTIFY"),
        (Status::Panic, c"CPWL_PANIC"),
    ];
    let name = NAMES.iter().find(|(code, _)| *code as i32 == status);
    name.map_or(c"unknown", |(_, name)| name).as_ptr()
}
