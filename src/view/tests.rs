use super::*;
use crate::context::Context;
use crate::error::Condition;

fn raw<'a, T: Element>(data: &[T], shape: &'a [i64], strides: &'a [i64]) -> RawTensor<'a> {
    let data = data.as_ptr().cast_mut().cast();
    RawTensor { data, byte_offset: 0, dtype: T::DTYPE, shape, strides: Some(strides) }
}

fn read<T: Float>(raw: &RawTensor) -> Result<Vec<T>> {
    // SAFETY: the tests describe memory that they own.
    let x = unsafe { TensorRef::from_raw("x", raw) }?;
    Ok(x.read(&Context::default().meter())?.to_vec())
}

const SIX: [f64; 6] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];

#[test]
fn a_contiguous_tensor_is_borrowed_and_others_are_converted() {
    let meter = Context::default().meter();
    let x = TensorRef::from_slice("x", &SIX, &[2, 3]).unwrap();
    let values = x.read::<f64>(&meter).unwrap();
    assert!(matches!(values, Values::Borrowed(v) if v.as_ptr() == SIX.as_ptr()));
    assert_eq!(meter.used(), 0);
    let values = x.read::<f32>(&meter).unwrap();
    assert!(matches!(values, Values::Owned(_)));
    assert_eq!(&*values, &[1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert_eq!(meter.used(), 24);
}

#[test]
fn strides_of_any_sign() {
    assert_eq!(read::<f64>(&raw(&SIX, &[3, 2], &[1, 3])).unwrap(), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    assert_eq!(read::<f32>(&raw(&SIX, &[2, 2], &[0, 2])).unwrap(), [1.0, 3.0, 1.0, 3.0]);
    let backwards = RawTensor { byte_offset: 40, ..raw(&SIX, &[6], &[-1]) };
    assert_eq!(read::<f64>(&backwards).unwrap(), [6.0, 5.0, 4.0, 3.0, 2.0, 1.0]);
    assert_eq!(read::<f64>(&raw(&SIX, &[], &[])).unwrap(), [1.0]);
}

#[test]
fn half_precision_is_exact() {
    let half = [f16::from_bits(0x3C01), f16::from_bits(0x0001)];
    assert_eq!(read::<f64>(&raw(&half, &[2], &[1])).unwrap(), [1.0 + 2f64.powi(-10), 2f64.powi(-24)]);
    let brain = [bf16::from_bits(0x3F81), bf16::from_bits(0xC000)];
    assert_eq!(read::<f32>(&raw(&brain, &[2], &[1])).unwrap(), [1.0078125, -2.0]);
}

#[test]
fn bad_inputs_are_named() {
    let fails = |raw: RawTensor, text: &str| assert_eq!(read::<f64>(&raw).unwrap_err().to_string(), text);
    let good = raw(&SIX, &[2, 3], &[3, 1]);
    let null = RawTensor { data: std::ptr::null_mut(), ..good };
    fails(null, "[NULL] x: data is NULL, but the tensor has 6 elements");
    assert_eq!(read::<f64>(&RawTensor { shape: &[0, 3], ..null }).unwrap(), [0.0; 0]);
    fails(RawTensor { byte_offset: -8, ..good }, "[ARGUMENT] x: byte_offset is -8; expected 0 or more");
    let odd = read::<f64>(&RawTensor { byte_offset: 4, ..good }).unwrap_err();
    assert_eq!(odd.condition(), Condition::Misaligned);
    assert!(odd.message().ends_with("f64 needs a multiple of 8"), "{odd}");
    let beyond = RawTensor { data: (usize::MAX - 7) as *mut u8, ..good };
    fails(beyond, "[SHAPE] x: its elements reach beyond the address space");
    let below = RawTensor { strides: Some(&[-3, -1]), data: 16 as *mut u8, ..good };
    fails(below, "[SHAPE] x: its elements reach beyond the address space");
    fails(raw(&[1i32, 2], &[2], &[1]), "[DTYPE] x has dtype i32; expected f32, f64, f16, bf16");
    let nan = [1.0, 2.0, 3.0, f64::NAN];
    fails(raw(&nan, &[2, 2], &[2, 1]), "[NONFINITE] x[1, 1] is NaN; expected a finite f64 number");
    fails(raw(&nan, &[2, 2], &[1, 2]), "[NONFINITE] x[1, 1] is NaN; expected a finite f64 number");
    let e = read::<f32>(&raw(&[1e300], &[1], &[1])).unwrap_err();
    assert_eq!(e.to_string(), "[NONFINITE] x[0] is inf; expected a finite f32 number");
}

#[test]
fn shapes_and_ranks_are_named() {
    let x = TensorRef::from_slice("x", &SIX, &[2, 3]).unwrap();
    let e = x.expect_rank(3, "(C, H, W)").unwrap_err();
    assert_eq!(e.to_string(), "[RANK] x has 2 axes; expected 3: (C, H, W)");
    let e = x.expect_shape(&[3, 2], "(n, 2)").unwrap_err();
    assert_eq!(e.to_string(), "[SHAPE] x has shape [2, 3]; expected [3, 2]: (n, 2)");
    x.expect_shape(&[2, 3], "").unwrap();
    assert!(TensorRef::from_slice("x", &SIX, &[7]).is_err());
}

#[test]
fn results_go_into_strided_outputs() {
    let mut memory = [0f32; 6];
    let description =
        RawTensor { data: memory.as_mut_ptr().cast(), byte_offset: 4, ..raw(&memory, &[2, 2], &[1, 3]) };
    // SAFETY: the memory is ours and borrowed by nobody else.
    let mut y = unsafe { TensorMut::from_raw("y", &description) }.unwrap();
    y.write(&[1.0f64, 2.0, 3.0, 0.1]).unwrap();
    assert_eq!(memory, [0.0, 1.0, 3.0, 0.0, 2.0, 0.1f32]);

    let mut codes = [7u8; 3];
    let mut y = TensorMut::from_slice("codes", &mut codes, &[3]).unwrap();
    let e = y.write(&[1i32, 256, 0]).unwrap_err();
    assert_eq!(e.to_string(), "[DTYPE] codes has dtype u8, which does not hold 256");
    let e = y.write(&[1.0f64, 2.0, 3.0]).unwrap_err();
    assert_eq!(e.to_string(), "[DTYPE] codes has dtype u8; expected f32, f64");
    y.write(&[1i64, 255, 0]).unwrap();
    assert_eq!(codes, [1, 255, 0]);
}

#[test]
fn outputs_that_overlap_are_refused() {
    let memory = [0f64; 6];
    for strides in [[0, 1], [1, 1]] {
        // SAFETY: only checked, never written.
        let e = unsafe { TensorMut::from_raw("y", &raw(&memory, &[2, 3], &strides)) }.unwrap_err();
        assert_eq!(e.condition(), Condition::Overlap);
    }
    // SAFETY: only checked, never written.
    let y = |offset, n: &[i64]| unsafe {
        let raw = RawTensor { byte_offset: offset, ..raw(&memory, n, &[1]) };
        TensorMut::from_raw("y", &RawTensor { shape: n, ..raw })
            .unwrap()
            .expect_apart(&TensorRef::from_slice("x", &memory[..3], &[3]).unwrap())
    };
    assert_eq!(y(16, &[3]).unwrap_err().to_string(), "[OVERLAP] y lies in the memory of x");
    y(24, &[3]).unwrap();
    y(0, &[0]).unwrap();
}
