//! One table of kernels for each precision and instruction set.

use super::{Leaf, Op, Tally, plain};
use crate::simd::Isa;

/// A function of `plain`, compiled for the given target features (none: for any CPU).
macro_rules! leaf {
    ($t:ident, $fused:literal, $name:ident($($arg:ident: $type:ty),*) $(-> $out:ty)?) => {{
        fn $name($($arg: $type),*) $(-> $out)? {
            plain::$name::<$t, $fused>($($arg),*)
        }
        $name
    }};
    ($t:ident, $fused:literal, $features:literal, $name:ident($($arg:ident: $type:ty),*) $(-> $out:ty)?) => {{
        fn $name($($arg: $type),*) $(-> $out)? {
            #[target_feature(enable = $features)]
            fn compiled($($arg: $type),*) $(-> $out)? {
                plain::$name::<$t, $fused>($($arg),*)
            }
            // SAFETY: tables of kernels are handed out only where the CPU has their features.
            unsafe { compiled($($arg),*) }
        }
        $name
    }};
}

macro_rules! table {
    ($t:ident, $fused:literal $(, $features:literal)?) => {
        Leaf {
            squares: leaf!($t, $fused, $($features,)? squares(row: &mut [$t], own: $t, norms: &[$t])),
            direct: leaf!($t, $fused, $($features,)? direct(out: &mut [$t], x: &[$t], panel: &[$t], stride: usize)),
            absolute: leaf!($t, $fused, $($features,)? absolute(out: &mut [$t], x: &[$t], panel: &[$t], stride: usize)),
            differing: leaf!($t, $fused, $($features,)? differing(out: &mut [$t], x: &[$t], panel: &[$t], stride: usize)),
            map: leaf!($t, $fused, $($features,)? map(op: &Op<$t>, base: &[$t], shift: $t, to: &mut [$t])),
            slope: leaf!($t, $fused, $($features,)? slope(op: &Op<$t>, base: &[$t], k: &[$t], d: &mut [$t])),
            tally: leaf!($t, $fused, $($features,)? tally(k: &[$t], l: &[$t], below: [&mut [$t]; 2]) -> Tally),
            signed: leaf!($t, $fused, $($features,)? signed(w: &[$t], x: $t, p: &[$t]) -> f64),
            combine: leaf!($t, $fused, $($features,)?
                combine(f: [$t; 2], k: &[$t], l: &[$t], own: $t, each: &[$t], to: &mut [$t])),
            features: leaf!($t, $fused, $($features,)?
                features(absolute: bool, x: &[$t], y: &[$t], gamma: &[$t], shift: &[$t], to: &mut [$t])),
        }
    };
}

macro_rules! tables {
    ($name:ident, $t:ident) => {
        pub(super) fn $name(isa: Isa) -> &'static Leaf<$t> {
            static PORTABLE: Leaf<$t> = table!($t, false);
            #[cfg(target_arch = "x86_64")]
            static AVX2: Leaf<$t> = table!($t, true, "avx2,fma");
            #[cfg(target_arch = "x86_64")]
            static AVX512: Leaf<$t> = table!($t, true, "avx512f,avx512dq,avx512vl,fma");
            #[cfg(target_arch = "aarch64")]
            static NEON: Leaf<$t> = table!($t, true, "neon");
            assert!(isa.available(), "kernels of {} on a CPU without it", isa.name());
            match isa {
                #[cfg(target_arch = "x86_64")]
                Isa::Avx512 => &AVX512,
                #[cfg(target_arch = "x86_64")]
                Isa::Avx2 => &AVX2,
                #[cfg(target_arch = "aarch64")]
                Isa::Neon => &NEON,
                _ => &PORTABLE,
            }
        }
    };
}
tables!(double, f64);
tables!(single, f32);
