//! The loops over a strip of scores: classes by rows, the rows of the batch side by side in `lanes` columns.

use crate::simd::real::{Real, compiled};

/// Running numbers of the rows, each (lanes).
pub(super) struct Rows<T> {
    /// Largest score.
    pub most: Vec<T>,
    /// Class in the strip that has it, the first such.
    pub best: Vec<T>,
    /// Sum of exp(z - most).
    pub sum: Vec<T>,
    /// Sum of exp(z - most) (z - most); empty if nobody wants it.
    pub moment: Vec<T>,
}

impl<T: Real> Rows<T> {
    pub fn new(lanes: usize, moment: bool) -> Self {
        let zeros = |len| vec![T::ZERO; len];
        let moment = if moment { lanes } else { 0 };
        Rows { most: zeros(lanes), best: zeros(lanes), sum: zeros(lanes), moment: zeros(moment) }
    }
}

compiled! {
    /// z_ji = factor_j z_ji + bias_j; either may be empty.
    pub(super) fn affine(z: &mut [T], lanes: usize, factor: &[T], bias: &[T]) = affine_body
}

#[inline(always)]
fn affine_body<T: Real, const FUSED: bool>(z: &mut [T], lanes: usize, factor: &[T], bias: &[T]) {
    for (j, z) in z.chunks_exact_mut(lanes).enumerate() {
        if let Some(&factor) = factor.get(j) {
            z.iter_mut().for_each(|z| *z = *z * factor);
        }
        if let Some(&bias) = bias.get(j) {
            z.iter_mut().for_each(|z| *z = *z + bias);
        }
    }
}

compiled! {
    /// What a strip of scores says about the rows.
    pub(super) fn summarise(z: &[T], lanes: usize, rows: &mut Rows<T>) = summarise_body
}

#[inline(always)]
fn summarise_body<T: Real, const FUSED: bool>(z: &[T], lanes: usize, rows: &mut Rows<T>) {
    let Rows { most, best, sum, moment } = rows;
    most.fill(T::LOWEST);
    best.fill(T::ZERO);
    let mut number = T::ZERO;
    for z in z.chunks_exact(lanes) {
        for ((&z, most), best) in z.iter().zip(&mut *most).zip(&mut *best) {
            let more = z > *most;
            *most = if more { z } else { *most };
            *best = if more { number } else { *best };
        }
        number = number + T::ONE;
    }
    sum.fill(T::ZERO);
    moment.fill(T::ZERO);
    for z in z.chunks_exact(lanes) {
        if moment.is_empty() {
            for ((&z, &most), sum) in z.iter().zip(&*most).zip(&mut *sum) {
                *sum = *sum + (z - start(most)).exp::<FUSED>();
            }
        } else {
            for (((&z, &most), sum), moment) in z.iter().zip(&*most).zip(&mut *sum).zip(&mut *moment) {
                let below = z - start(most);
                let e = below.exp::<FUSED>();
                *sum = *sum + e;
                // 0 times -inf is 0 here.
                let term = e * below;
                *moment = *moment + if e == T::ZERO { T::ZERO } else { term };
            }
        }
    }
}

/// What is subtracted from scores of which `most` is the largest: 0 if all are -inf.
#[inline(always)]
fn start<T: Real>(most: T) -> T {
    if most == T::LOWEST { T::ZERO } else { most }
}

/// What turns scores into gradients, row by row of the batch, each (lanes).
pub(super) struct Slopes<T> {
    /// Largest score.
    pub most: Vec<T>,
    /// 1 / sum of exp(z - most).
    pub inverse: Vec<T>,
    /// What the loss of a row counts for.
    pub slope: Vec<T>,
}

compiled! {
    /// z = slope (exp(z - most) inverse - uniform), 0 where the slope is.
    pub(super) fn differentiate(z: &mut [T], lanes: usize, slopes: &Slopes<T>, uniform: T) = differentiate_body
}

#[inline(always)]
fn differentiate_body<T: Real, const FUSED: bool>(z: &mut [T], lanes: usize, slopes: &Slopes<T>, uniform: T) {
    for z in z.chunks_exact_mut(lanes) {
        let rows = z.iter_mut().zip(&slopes.most).zip(&slopes.inverse).zip(&slopes.slope);
        for (((z, &most), &inverse), &slope) in rows {
            let p = (*z - start(most)).exp::<FUSED>() * inverse;
            let g = slope * (p - uniform);
            *z = if slope == T::ZERO { T::ZERO } else { g };
        }
    }
}

compiled! {
    /// Adds the rows of a strip (classes, k) to `sums`, each times its factor if there are any.
    pub(super) fn add_rows(rows: &[T], k: usize, factor: &[T], sums: &mut [f64]) = add_rows_body
}

#[inline(always)]
fn add_rows_body<T: Real, const FUSED: bool>(rows: &[T], k: usize, factor: &[T], sums: &mut [f64]) {
    for (j, row) in rows.chunks_exact(k.max(1)).enumerate() {
        match factor.get(j) {
            None => sums.iter_mut().zip(row).for_each(|(s, x)| *s += x.wide()),
            Some(f) => sums.iter_mut().zip(row).for_each(|(s, x)| *s += f.wide() * x.wide()),
        }
    }
}
