//! Work on one row of a tile, for each instruction set: distances, kernel functions, sums.

mod number;
mod plain;
mod tables;
#[cfg(test)]
mod tests;

pub use number::Number;

use super::kernel::Kernel;

/// A kernel function with its parameters in the precision of the tile.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub enum Op<T> {
    /// u
    Same,
    /// exp(-g u)
    Exp(T),
    /// exp(-g sqrt u)
    ExpRoot(T),
    /// (1 + g u)^-a
    Rational(T, T),
    /// (1 + g u)^-1/2
    Inverse(T),
    /// (g u + c)^degree
    Poly(T, T, u32),
    /// 1 for u = 0, else 0
    Equal,
    /// -sqrt u
    Distance,
}

impl<T: Number> Op<T> {
    pub(super) fn new(kernel: &Kernel) -> Self {
        match *kernel {
            Kernel::Linear | Kernel::Precomputed => Op::Same,
            Kernel::Rbf { gamma } | Kernel::LaplaceL1 { gamma } => Op::Exp(T::of(gamma)),
            Kernel::ExpL2 { gamma } => Op::ExpRoot(T::of(gamma)),
            Kernel::RationalQuadratic { gamma, alpha } => Op::Rational(T::of(gamma / alpha), T::of(alpha)),
            Kernel::InverseMultiquadric { gamma } => Op::Inverse(T::of(gamma)),
            Kernel::Poly { gamma, coef0, degree } => Op::Poly(T::of(gamma), T::of(coef0), degree),
            Kernel::Discrete => Op::Equal,
            Kernel::Distance => Op::Distance,
        }
    }
}

/// Sums over a pair of rows k and l.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    pub k: f64,
    pub l: f64,
    pub kl: f64,
    pub kk: f64,
    pub ll: f64,
}

type Direct<T> = fn(out: &mut [T], x: &[T], panel: &[T], stride: usize);

/// The kernels of one instruction set; see `plain` for what each does.
#[doc(hidden)]
pub struct Leaf<T> {
    pub squares: fn(row: &mut [T], own: T, norms: &[T]),
    pub direct: Direct<T>,
    pub absolute: Direct<T>,
    pub differing: Direct<T>,
    pub map: fn(op: &Op<T>, base: &[T], shift: T, to: &mut [T]),
    pub slope: fn(op: &Op<T>, base: &[T], k: &[T], d: &mut [T]),
    pub tally: fn(k: &[T], l: &[T], below: [&mut [T]; 2]) -> Tally,
    pub signed: fn(w: &[T], x: T, p: &[T]) -> f64,
    pub combine: fn(factors: [T; 2], k: &[T], l: &[T], own: T, each: &[T], to: &mut [T]),
    pub features: fn(absolute: bool, x: &[T], y: &[T], gamma: &[T], shift: &[T], to: &mut [T]),
}
