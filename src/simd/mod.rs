//! Instruction sets: what this CPU has, what a context may force, and one file of leaf kernels per set.

/// A function of a table of kernels: `$body` compiled for the given target features (none: for any CPU), which the CPU must
/// have where the table is used.
macro_rules! compiled_leaf {
    ($name:ident($($arg:ident: $type:ty),*) = $body:expr) => {
        fn $name($($arg: $type),*) {
            $body($($arg),*)
        }
    };
    ($name:ident($($arg:ident: $type:ty),*) = $body:expr, $features:literal) => {
        fn $name($($arg: $type),*) {
            #[target_feature(enable = $features)]
            fn compiled($($arg: $type),*) {
                $body($($arg),*)
            }
            // SAFETY: tables of kernels are handed out only where the CPU has their features.
            unsafe { compiled($($arg),*) }
        }
    };
}
pub(crate) mod aligned;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
pub(crate) mod corners;
#[cfg(target_arch = "x86_64")]
mod corners512;
pub(crate) mod lanes;
#[cfg(target_arch = "aarch64")]
mod neon;
pub(crate) mod pair;
mod portable;
pub(crate) mod real;
pub(crate) mod skinny;
#[cfg(target_arch = "x86_64")]
mod skinny512;
pub(crate) mod sweep;

use pair::Pairs;

/// Units of a block of functionals against the vertices of a cell; one bit a unit, 64 to a word.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Masks {
    /// Certainly positive at some vertex and certainly negative at another.
    pub(crate) cross: Vec<u64>,
    /// Certainly positive at every vertex.
    pub(crate) pos: Vec<u64>,
    /// Certainly negative at every vertex.
    pub(crate) neg: Vec<u64>,
}

impl Masks {
    pub(crate) fn resize(&mut self, words: usize) {
        for m in [&mut self.cross, &mut self.pos, &mut self.neg] {
            m.clear();
            m.resize(words, 0);
        }
    }
}

/// Margin of the f64 filter, relative to |a| + |b| + |c|: far above the rounding of an evaluation (3 u), because a
/// sign in doubt costs next to nothing.
pub(crate) const FILTER: f64 = 1.0 / (1u64 << 33) as f64;

/// At most this many vertices go through [`Kernels::sides`] at once.
pub(crate) const LANES: usize = 8;

/// Vertices of a polygon, padded to whole vectors by repeating the last one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Points {
    pub(crate) x: Vec<[f64; LANES]>,
    pub(crate) y: Vec<[f64; LANES]>,
}

impl Points {
    pub(crate) fn set(&mut self, points: impl ExactSizeIterator<Item = [f64; 2]>) {
        let chunks = points.len().div_ceil(LANES);
        self.x.resize(chunks, [0.0; LANES]);
        self.y.resize(chunks, [0.0; LANES]);
        let mut last = (0, [0.0; 2]);
        for (i, p) in points.enumerate() {
            self.x[i / LANES][i % LANES] = p[0];
            self.y[i / LANES][i % LANES] = p[1];
            last = (i + 1, p);
        }
        for i in last.0..chunks * LANES {
            self.x[i / LANES][i % LANES] = last.1[0];
            self.y[i / LANES][i % LANES] = last.1[1];
        }
    }
}

/// Vertices of a polyhedron, padded like [`Points`]: x, y and z of [`LANES`] of them at a time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Points3 {
    pub(crate) axes: Vec<[[f64; LANES]; 3]>,
}

impl Points3 {
    pub(crate) fn set(&mut self, points: impl ExactSizeIterator<Item = [f64; 3]>) {
        self.axes.clear();
        for (i, p) in points.enumerate() {
            if i % LANES == 0 {
                self.axes.push(p.map(|x| [x; LANES]));
            }
            let axes = self.axes.last_mut().expect("pushed for the first of them");
            for (axis, x) in axes.iter_mut().zip(p) {
                axis[i % LANES] = x;
            }
        }
    }
}

/// What [`Kernels::sides`] says of one unit: bits that may be set together.
pub(crate) mod side {
    /// Certainly positive at some vertex.
    pub(crate) const POS: u8 = 1;
    /// Certainly negative at some vertex.
    pub(crate) const NEG: u8 = 2;
    /// Too close to call at some vertex.
    pub(crate) const DOUBT: u8 = 4;
}

/// What makes a value uncertain: errors of the functionals, `scale * error[k]`, and of the points.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Doubt<'a> {
    pub(crate) error: &'a [f64],
    pub(crate) scale: f64,
    pub(crate) radius: f64,
}

/// The leaf kernels of one instruction set. A block of functionals is 3 x np, one row for each of a, b, c (value
/// a x + b y + c), np a multiple of 8. A value is certain when it is farther from 0 than
/// scale * `error[k]` + radius (|a| + |b|) + FILTER (|a| + |b| + |c|).
pub(crate) struct Kernels {
    /// out = start + sum over t of column `index[t]` of `weight` (np rows) times the functional `factor[t]`.
    pub(crate) fold: fn(weight: &[f64], index: &[u32], factor: &[[f64; 3]], start: &[f64], out: &mut [f64]),
    /// 2-norms of the three rows of a block.
    pub(crate) norms: fn(block: &[f64]) -> [f64; 3],
    /// Classifies every unit of the block against `points`; masks hold np bits.
    pub(crate) classify: fn(block: &[f64], doubt: Doubt, points: &[[f64; 2]], masks: &mut Masks),
    /// Smallest and largest value of every functional of the block at `points`.
    pub(crate) reach: fn(block: &[f64], points: &[[f64; 2]], lo: &mut [f64], hi: &mut [f64]),
    /// Bits of `side` for each unit in `units`.
    pub(crate) sides: fn(block: &[f64], doubt: Doubt, units: &[u32], points: &Points, out: &mut [u8]),
    /// The same in space: the first four rows of the block are (a, b, c, d), the value is a x + b y + c z + d, and what is
    /// said of a, b and c above is said of a, b, c and d.
    pub(crate) classify3: fn(block: &[f64], doubt: Doubt, points: &[[f64; 3]], masks: &mut Masks),
    /// See `classify3`.
    pub(crate) sides3: fn(block: &[f64], doubt: Doubt, units: &[u32], points: &Points3, out: &mut [u8]),
    /// What ranges over convex sets are made of.
    pub(crate) sweeps: sweep::Sweeps,
    /// Ends of ranges over many corners.
    pub(crate) corners: corners::Corners,
    /// `sum` += w `x[j]` in double-double over all terms (j, w).
    pub(crate) accumulate: fn(terms: &[(u32, f64)], x: &[Pairs], sum: &mut Pairs),
    /// Products of a few rows with a matrix.
    pub(crate) skinny: skinny::Kernels,
}

/// An instruction set for which hand-written kernels exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i32)]
pub enum Isa {
    /// Plain Rust, any CPU.
    Portable = 1,
    /// x86-64 with AVX2 and FMA.
    Avx2 = 2,
    /// x86-64 with AVX-512 F, DQ and VL.
    Avx512 = 3,
    /// 64-bit Arm.
    Neon = 4,
}

impl Isa {
    /// Every instruction set, available here or not.
    pub const ALL: [Isa; 4] = [Isa::Portable, Isa::Avx2, Isa::Avx512, Isa::Neon];

    /// Lower-case name, as in `cpwl_build_info`.
    pub fn name(self) -> &'static str {
        match self {
            Isa::Portable => "portable",
            Isa::Avx2 => "avx2",
            Isa::Avx512 => "avx512",
            Isa::Neon => "neon",
        }
    }

    /// Whether this CPU can run it.
    pub fn available(self) -> bool {
        match self {
            Isa::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => {
                is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
            }
            #[cfg(target_arch = "aarch64")]
            Isa::Neon => std::arch::is_aarch64_feature_detected!("neon"),
            #[allow(unreachable_patterns)]
            _ => false,
        }
    }

    /// The kernels of this instruction set, which must be available.
    pub(crate) fn kernels(self) -> &'static Kernels {
        assert!(self.available(), "kernels of {} on a CPU without it", self.name());
        match self {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => &avx2::KERNELS,
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => &avx512::KERNELS,
            #[cfg(target_arch = "aarch64")]
            Isa::Neon => &neon::KERNELS,
            _ => &portable::KERNELS,
        }
    }

    /// The best instruction set that this CPU can run.
    pub fn detect() -> Isa {
        [Isa::Avx512, Isa::Avx2, Isa::Neon].into_iter().find(|isa| isa.available()).unwrap_or(Isa::Portable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values(n: usize) -> impl Strategy<Value = Vec<f64>> {
        prop::collection::vec(prop_oneof![4 => -1.0..1.0f64, 1 => Just(0.0), 1 => -1e-9..1e-9f64], n)
    }

    /// Every instruction set that this CPU has, besides the portable one.
    fn others() -> impl Iterator<Item = Isa> {
        Isa::ALL.into_iter().filter(|i| *i != Isa::Portable && i.available())
    }

    proptest! {
        #[test]
        fn fold_agrees_with_portable(
            (lines, terms, weight, start, factor) in (1usize..12, 0usize..9).prop_flat_map(|(lines, terms)| {
                let np = lines * 8;
                (Just(lines), Just(terms), values(np * 12), values(3 * np), values(3 * terms))
            }),
            pick in prop::collection::vec(0u32..12, 9),
        ) {
            let np = lines * 8;
            let index = &pick[..terms];
            let factor: Vec<[f64; 3]> = factor.chunks(3).map(|c| [c[0], c[1], c[2]]).collect();
            let mut want = vec![0.0; 3 * np];
            (Isa::Portable.kernels().fold)(&weight, index, &factor, &start, &mut want);
            for isa in others() {
                let mut got = vec![f64::NAN; 3 * np];
                (isa.kernels().fold)(&weight, index, &factor, &start, &mut got);
                for (g, w) in got.iter().zip(&want) {
                    prop_assert!((g - w).abs() <= 1e-14, "{}: {g} for {w}", isa.name());
                }
                for (g, w) in (isa.kernels().norms)(&want).iter().zip((Isa::Portable.kernels().norms)(&want)) {
                    prop_assert!((g - w).abs() <= 1e-14 * w, "{}: {g} for {w}", isa.name());
                }
            }
        }

        #[test]
        fn masks_and_sides_agree_with_portable(
            (block, error) in (1usize..20).prop_flat_map(|l| (values(24 * l), prop::collection::vec(0.0..1e-10f64, 8 * l))),
            points in prop::collection::vec((-1.0..1.0f64, -1.0..1.0f64), 1..20),
        ) {
            let np = error.len();
            let points: Vec<[f64; 2]> = points.into_iter().map(|(x, y)| [x, y]).collect();
            let units: Vec<u32> = (0..np as u32).rev().collect();
            let mut padded = Points::default();
            padded.set(points.iter().copied());
            let run = |isa: Isa| {
                let mut masks = Masks::default();
                masks.resize(np.div_ceil(64));
                let doubt = Doubt { error: &error, scale: 0.5, radius: 1e-12 };
                (isa.kernels().classify)(&block, doubt, &points, &mut masks);
                let mut sides = vec![0xff; np];
                let mut reach = [vec![f64::NAN; np], vec![f64::NAN; np]];
                let [lo, hi] = &mut reach;
                (isa.kernels().reach)(&block, &points, lo, hi);
                (isa.kernels().sides)(&block, doubt, &units, &padded, &mut sides);
                (masks, sides, reach)
            };
            let want = run(Isa::Portable);
            for isa in others() {
                let got = run(isa);
                prop_assert!((&got.0, &got.1) == (&want.0, &want.1), "{}", isa.name());
                // Fused or not, a value differs by a rounding.
                let pairs = got.2.iter().flatten().zip(want.2.iter().flatten());
                prop_assert!(pairs.into_iter().all(|(g, w)| (g - w).abs() <= 1e-15), "{}", isa.name());
            }
            // The two kernels tell the same story.
            for (i, &k) in units.iter().enumerate() {
                let bit = |m: &[u64]| m[k as usize / 64] >> (k % 64) & 1 == 1;
                prop_assert_eq!(bit(&want.0.cross), want.1[i] & 3 == 3);
                prop_assert_eq!(bit(&want.0.pos), want.1[i] == side::POS);
                prop_assert_eq!(bit(&want.0.neg), want.1[i] == side::NEG);
            }
        }

        #[test]
        fn masks_and_sides_of_space_tell_the_same_story(
            (block, error) in (1usize..20).prop_flat_map(|l| (values(48 * l), prop::collection::vec(0.0..1e-10f64, 8 * l))),
            points in prop::collection::vec((-1.0..1.0f64, -1.0..1.0f64, -1.0..1.0f64), 1..20),
        ) {
            let np = error.len();
            let points: Vec<[f64; 3]> = points.into_iter().map(|(x, y, z)| [x, y, z]).collect();
            let units: Vec<u32> = (0..np as u32).rev().collect();
            let mut padded = Points3::default();
            padded.set(points.iter().copied());
            let doubt = Doubt { error: &error, scale: 0.5, radius: 1e-12 };
            for isa in std::iter::once(Isa::Portable).chain(others()) {
                let mut masks = Masks::default();
                masks.resize(np.div_ceil(64));
                (isa.kernels().classify3)(&block, doubt, &points, &mut masks);
                let mut sides = vec![0xff; np];
                (isa.kernels().sides3)(&block, doubt, &units, &padded, &mut sides);
                for (i, &k) in units.iter().enumerate() {
                    let k = k as usize;
                    // Value by value, as the words say.
                    let [a, b, c, d] = [0, 1, 2, 3].map(|row| block[row * np + k]);
                    let slope = a.abs() + b.abs() + c.abs();
                    let t = 0.5 * error[k] + 1e-12 * slope + FILTER * (slope + d.abs());
                    let at = |p: &[f64; 3]| a * p[0] + (b * p[1] + (c * p[2] + d));
                    let (pos, neg) = (points.iter().any(|p| at(p) > t), points.iter().any(|p| at(p) < -t));
                    let doubtful = points.iter().any(|p| at(p).abs() <= t);
                    let want = (u8::from(pos) * side::POS) | (u8::from(neg) * side::NEG) | (u8::from(doubtful) * side::DOUBT);
                    prop_assert_eq!(sides[i], want, "{} unit {}", isa.name(), k);
                    let bit = |m: &[u64]| m[k / 64] >> (k % 64) & 1 == 1;
                    prop_assert_eq!(bit(&masks.cross), pos && neg);
                    prop_assert_eq!(bit(&masks.pos), want == side::POS);
                    prop_assert_eq!(bit(&masks.neg), want == side::NEG);
                }
            }
        }
    }
}
