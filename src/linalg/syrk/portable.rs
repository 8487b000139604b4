//! The update in plain Rust: any CPU.

use super::kernel::{Kernel, pack_portable};

const W: usize = 4;

pub(super) static KERNEL: Kernel =
    Kernel { width: W, tiles: [tile::<1>, tile::<2>, tile::<3>], pack: pack_portable };

fn tile<const P: usize>(
    depth: usize,
    a: &[f64],
    b: &[f64],
    stride: usize,
    c: &mut [f64],
    ld: usize,
    sign: f64,
) {
    let a = a.as_chunks::<W>().0;
    // One panel at a time: 16 sums are what the registers of the poorest CPU hold.
    for p in 0..P {
        let b = b[p * stride..].as_chunks::<W>().0;
        let mut sums = [[0.0; W]; W];
        for (a, b) in a[..depth].iter().zip(b) {
            for (sums, a) in sums.iter_mut().zip(a) {
                for (s, b) in sums.iter_mut().zip(b) {
                    *s += a * b;
                }
            }
        }
        for (i, sums) in sums.iter().enumerate() {
            for (c, s) in c[i * ld + p * W..][..W].iter_mut().zip(sums) {
                *c += sign * s;
            }
        }
    }
}
