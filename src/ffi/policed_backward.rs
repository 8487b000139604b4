//! Gradients through the folding of a network.

use super::fence::fence;
use super::tensor::{self, cpwl_tensor};
use super::{context, cpwl_context, cpwl_policed, cpwl_status, pointer};
use crate::context::Meter;
use crate::error::{Result, bail};
use crate::view::Dtype;

/// Whether a struct of zeros stands in the place of a tensor, as in `cpwl_tape_backward`.
fn is_left_out(t: &cpwl_tensor) -> bool {
    t.dtype == 0
}

/// SHAPE unless `found` tensors named `name` are `expected` ones.
fn expect_count(name: &str, found: usize, expected: usize) -> Result<()> {
    if found != expected {
        bail!(Shape, "{name} has {found} tensors; expected {expected}")
    }
    Ok(())
}

/// Reads one gradient for each of the lengths; zeros where none is given.
///
/// # Safety
/// As [`tensor::input`], for each.
unsafe fn read(meter: &Meter, name: &str, from: &[cpwl_tensor], lengths: &[usize]) -> Result<Vec<Vec<f64>>> {
    expect_count(name, from.len(), lengths.len())?;
    let one = |(i, (t, &len)): (usize, (&cpwl_tensor, &usize))| {
        if is_left_out(t) {
            return Ok(vec![0.0; len]);
        }
        let name = format!("{name}[{i}]");
        // SAFETY: the caller's promise.
        let t = unsafe { tensor::input(&name, t)? };
        if t.len() != len {
            bail!(Shape, "{name} has shape {:?}; expected {len} elements", t.shape())
        }
        Ok(match t.dtype() {
            Dtype::F32 => t.read::<f32>(meter)?.iter().map(|&x| f64::from(x)).collect(),
            _ => t.read::<f64>(meter)?.to_vec(),
        })
    };
    from.iter().zip(lengths).enumerate().map(one).collect()
}

/// Checks the places for gradients and fills them, all or none.
///
/// # Safety
/// As [`tensor::output`], for each.
unsafe fn write(groups: [(&str, &mut [cpwl_tensor], &[Vec<f64>]); 2]) -> Result<()> {
    let mut places = Vec::new();
    for (name, to, values) in groups {
        if !to.is_empty() {
            expect_count(name, to.len(), values.len())?;
        }
        for (i, (to, values)) in to.iter_mut().zip(values).enumerate().filter(|(_, (to, _))| !is_left_out(to))
        {
            places.push((format!("{name}[{i}]"), to, values));
        }
    }
    let mut checked = Vec::new();
    for (name, to, values) in &mut places {
        // SAFETY: the caller's promise.
        let to = unsafe { tensor::output(name, *to)? };
        to.expect_dtype(&[Dtype::F32, Dtype::F64])?;
        if to.len() != values.len() {
            bail!(Shape, "{name} has shape {:?}; expected {} elements", to.shape(), values.len())
        }
        checked.push((to, values));
    }
    checked.into_iter().try_for_each(|(mut to, values)| to.write(values))
}

/// Turns gradients with respect to the parameters of the folded network into gradients with respect to the parameters of
/// the original network and to the rows of the sets, through every shift: d(b')/d(w, b, rows).
///
/// `folded` has one tensor for each parameter of the folded network, in their order (f32, f64, f16 or bf16); an entry whose
/// `dtype` is 0 stands for zeros. `parameters` has one for each parameter of the original network, and
/// `rows` one for each set, (rows, dim): they are filled, in f32 or f64. An entry whose `dtype` is 0 is not wanted;
/// either list may be NULL with length 0. Which piece a unit is on, which point decides on a shift, and margins count as constant, so that
/// the gradient is exact wherever the shifts are differentiable. The bias of a shifted unit has no effect: its gradient is 0.
///
/// Errors: CPWL_ARGUMENT (NOT_STORED: made without CPWL_POLICE_GRADIENT), CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE,
/// CPWL_MEMORY, CPWL_CANCELLED. Cost: two more passes of the rows. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_policed_backward(
    ctx: *const cpwl_context,
    policed: *const cpwl_policed,
    folded: *const cpwl_tensor,
    n_folded: i32,
    parameters: *mut cpwl_tensor,
    n_parameters: i32,
    rows: *mut cpwl_tensor,
    n_rows: i32,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, plan, folded, parameters, rows) = unsafe {
            (
                context::get(ctx)?,
                &pointer::required("policed", policed)?.inner,
                pointer::slice("folded", folded, n_folded)?,
                pointer::slice_mut("parameters", parameters, n_parameters)?,
                pointer::slice_mut("rows", rows, n_rows)?,
            )
        };
        let lengths: Vec<usize> = plan.network().parameters().iter().map(|p| p.len()).collect();
        // SAFETY: as above.
        let folded = unsafe { read(&ctx.meter(), "folded", folded, &lengths)? };
        let found = plan.pull_back(ctx, folded)?;
        // SAFETY: as above.
        unsafe { write([("parameters", parameters, &found.parameters), ("rows", rows, &found.rows)]) }
    })
}
