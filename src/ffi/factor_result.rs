//! `cpwl_factor_result`: the arrays of an analysis by factors.

use super::cpwl_tensor;
use super::fence::fence;
use super::lent::{Lent, lend};
use super::spectrum::long;
use super::{context, cpwl_context, cpwl_status, pointer};
use crate::buffer::Buffer;
use crate::error::bail;

/// What an analysis by factors found: arrays by number (`cpwl_factor_array_id`); each function says which it gives. Immutable.
/// Since 0.1.
pub struct cpwl_factor_result {
    lent: Vec<(i32, Lent)>,
    /// The owners of what is lent.
    whole: Vec<Vec<i64>>,
    real: Vec<Vec<f64>>,
    large: Vec<Buffer<f64>>,
}

impl cpwl_factor_result {
    pub(super) fn new() -> Self {
        cpwl_factor_result { lent: vec![], whole: vec![], real: vec![], large: vec![] }
    }

    /// Adds whole numbers whose last axes are `inner`.
    pub(super) fn whole(
        mut self,
        which: super::cpwl_factor_array_id,
        values: &[u64],
        inner: &[usize],
    ) -> Self {
        let values: Vec<i64> = values.iter().map(|&v| long(v)).collect();
        self.lent.push((which as i32, Lent::new::<i64>("arrays", true, &values, inner)));
        self.whole.push(values);
        self
    }

    /// Adds numbers whose last axes are `inner`.
    pub(super) fn real(
        mut self,
        which: super::cpwl_factor_array_id,
        values: Vec<f64>,
        inner: &[usize],
    ) -> Self {
        self.lent.push((which as i32, Lent::new::<f64>("arrays", true, &values, inner)));
        self.real.push(values);
        self
    }

    /// As [`Self::real`], for many.
    pub(super) fn large(
        mut self,
        which: super::cpwl_factor_array_id,
        values: Buffer<f64>,
        inner: &[usize],
    ) -> Self {
        self.lent.push((which as i32, Lent::new::<f64>("arrays", true, &values, inner)));
        self.large.push(values);
        self
    }
}

/// Lends array `which` (a `cpwl_factor_array_id`): fills `out` with a view of it that is valid until `result` is freed, and is not
/// to be written to. Counts are CPWL_I64, all else CPWL_F64. Errors: CPWL_ARGUMENT (this result has no such array). O(1). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_factor_result_array(
    ctx: *const cpwl_context,
    result: *const cpwl_factor_result,
    which: i32,
    out: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, r) = unsafe { (context::get(ctx)?, pointer::required("result", result)?) };
        let Some((_, lent)) = r.lent.iter().find(|(id, _)| *id == which) else {
            let mut there: Vec<String> = r.lent.iter().map(|(id, _)| id.to_string()).collect();
            there.sort();
            bail!(UnknownEnum, "which is {which}; this result has {}", there.join(", "))
        };
        // SAFETY: as above.
        unsafe { lend(std::slice::from_ref(lent), 1, out) }
    })
}

/// Frees a result, and with it the arrays that it lent. NULL is fine. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_factor_result_free(result: *mut cpwl_factor_result) {
    // SAFETY: the words of the header to the caller.
    unsafe { pointer::free(result) }
}
