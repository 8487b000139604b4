//! What the micro-kernels of the two x86-64 instruction sets have in common: all but the vectors.

/// Defines `tile` and `run` for one type and one instruction set. A panel has `$per_panel` vectors of `$lanes` numbers.
macro_rules! micro_kernel {
    (
        $module:ident, $t:ty, $features:literal, $lanes:literal, $per_panel:literal,
        zero: $zero:expr, load: $load:ident, store: $store:ident, set1: $set1:ident,
        add: $add:ident, mul: $mul:ident, fmadd: $fmadd:ident,
        pick: $pick:expr, tiles: [$(($rows:literal, $panels:literal)),* $(,)?]
    ) => {
        #[allow(clippy::modulo_one)] // A panel may be one vector.
        mod $module {
            use super::*;

            /// A tile of `M` rows and `W` vectors.
            ///
            /// # Safety
            /// As for `Kernel::run`; the tile has `M` rows and at most `W` vectors.
            #[target_feature(enable = $features)]
            unsafe fn tile<const M: usize, const W: usize>(t: &Tile<$t>) {
                // SAFETY: the caller's promise.
                unsafe {
                    let mut acc = [[$zero; W]; M];
                    let (mut a, mut b) = (t.a, t.b);
                    for _ in 0..t.k {
                        let mut row = [$zero; W];
                        for (w, v) in row.iter_mut().enumerate() {
                            let panel = (w / $per_panel) as isize * t.b_panel;
                            *v = $load(b.offset(panel).add(w % $per_panel * $lanes));
                        }
                        for (i, acc) in acc.iter_mut().enumerate() {
                            let x = $set1(*a.offset(i as isize * t.a_row));
                            for (acc, &v) in acc.iter_mut().zip(&row) {
                                *acc = $fmadd(x, v, *acc);
                            }
                        }
                        // Not past the end: the step behind the last is not taken as an address.
                        a = a.wrapping_offset(t.a_column);
                        b = b.wrapping_offset(t.b_row);
                    }
                    if t.columns < W * $lanes {
                        let mut sums = [[[0.0; $lanes]; W]; M];
                        for (sums, acc) in sums.as_flattened_mut().iter_mut().zip(acc.as_flattened()) {
                            $store(sums.as_mut_ptr(), *acc);
                        }
                        return t.finish(sums.as_flattened().as_flattened(), W * $lanes);
                    }
                    for (i, acc) in acc.iter_mut().enumerate() {
                        let c = t.c.offset(i as isize * t.c_row);
                        if t.accumulate {
                            for (w, v) in acc.iter_mut().enumerate() {
                                *v = $add($load(c.add(w * $lanes)), *v);
                            }
                        }
                        if !t.bias.is_null() {
                            for (w, v) in acc.iter_mut().enumerate() {
                                *v = $add(*v, $load(t.bias.add(w * $lanes)));
                            }
                        }
                        if let Some([below, above]) = t.slopes {
                            for (w, v) in acc.iter_mut().enumerate() {
                                let gate = match t.gate.is_null() {
                                    true => *v,
                                    false => $load(t.gate.offset(i as isize * t.gate_row).add(w * $lanes)),
                                };
                                let slope = $pick(gate, $set1(below), $set1(above));
                                *v = $add($mul(*v, slope), $zero);
                            }
                        }
                        for (w, v) in acc.iter().enumerate() {
                            $store(c.add(w * $lanes), *v);
                        }
                    }
                }
            }

            /// See `Kernel::run`.
            ///
            /// # Safety
            /// As there.
            pub(super) unsafe fn run(t: &Tile<$t>) {
                // SAFETY: the caller's promise; `Scalar::kernel` hands the table out only on CPUs that have the features.
                unsafe {
                    match (t.rows, t.columns.div_ceil($lanes * $per_panel)) {
                        $(($rows, $panels) => tile::<$rows, { $panels * $per_panel }>(t),)*
                        shape => unreachable!("no tile of {shape:?} rows and panels"),
                    }
                }
            }

            /// See `Kernel::dot`.
            pub(super) fn dot(a: &[$t], b: &[$t]) -> $t {
                #[target_feature(enable = $features)]
                fn lanes(a: &[$t], b: &[$t]) -> $t {
                    const N: usize = 4 * $lanes;
                    let mut sums = [0.0; N];
                    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<N>(), b.as_chunks::<N>());
                    for (a, b) in a.iter().zip(b) {
                        for i in 0..N {
                            sums[i] = <$t>::mul_add(a[i], b[i], sums[i]);
                        }
                    }
                    let rest = a_rest.iter().zip(b_rest).map(|(a, b)| a * b);
                    sums.iter().sum::<$t>() + rest.sum::<$t>()
                }
                // SAFETY: as in `run`.
                unsafe { lanes(a, b) }
            }
        }
    };
}
pub(super) use micro_kernel;
