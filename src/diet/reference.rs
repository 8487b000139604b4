//! The definition, row by row in f64: what the other files must agree with. Holds the whole head in f64.

use super::loss::{Gradients, Loss, check, summary};
use super::options::{Norm, Options, Problem};
use super::partials::{Partials, Row};
use super::targets::Targets;
use crate::context::Context;
use crate::error::Result;
use crate::linalg::length::length;
use crate::view::TensorRef;

/// Rows of a matrix over their lengths, if asked, and what they were divided by.
fn rows(tensor: &TensorRef, unit: bool) -> Result<Vec<(Vec<f64>, f64)>> {
    let matrix = tensor.matrix("(rows, columns)")?;
    let one = |i: usize| {
        let mut row = vec![0.0; matrix.columns()];
        matrix.load(i..i + 1, 0..matrix.columns(), &mut row);
        let length = if unit { length(&row) } else { 1.0 };
        row.iter_mut().for_each(|x| *x /= length);
        (row, length)
    };
    Ok((0..matrix.rows()).map(one).collect())
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// From the gradient with respect to a row over its length to that with respect to the row.
fn through((unit, length): &(Vec<f64>, f64), gradient: &mut [f64], unit_rows: bool) {
    if unit_rows {
        let along = if *length > 1e-12 { dot(unit, gradient) } else { 0.0 };
        gradient.iter_mut().zip(unit).for_each(|(g, u)| *g = (*g - u * along) / length);
    }
}

/// As [`super::loss()`].
pub(super) fn loss(
    ctx: &Context,
    problem: &Problem,
    options: &Options,
    mut gradients: Gradients,
) -> Result<Loss> {
    let n = check(problem, options, &mut gradients)?;
    let targets = Targets::new(problem, options, n)?;
    let (eps, s) = (options.smoothing, options.scale);
    let f = rows(problem.features, options.norm != Norm::None)?;
    let w = rows(problem.head, options.norm == Norm::Cosine)?;
    let bias = problem.bias.map(TensorRef::floats).transpose()?.unwrap_or_else(|| vec![0.0; n]);
    let k = problem.features.shape()[1];
    let (mut df, mut dw, mut db) = (vec![vec![0.0; k]; f.len()], vec![vec![0.0; k]; n], vec![0.0; n]);
    let mut ds = 0.0;
    let mut found = Vec::new();
    for (i, (u, _)) in f.iter().enumerate() {
        ctx.poll()?;
        let z: Vec<f64> = w.iter().zip(&bias).map(|((v, _), b)| s * dot(u, v) + b).collect();
        let most = z.iter().fold(f64::NEG_INFINITY, |m, &z| if z > m { z } else { m });
        let from = if most == f64::NEG_INFINITY { 0.0 } else { most };
        let e: Vec<f64> = z.iter().map(|z| (z - from).exp()).collect();
        let sum: f64 = e.iter().sum();
        let mine = || targets.all().iter().filter(|t| t.row == i);
        let moment = e.iter().zip(&z).filter(|(e, _)| **e != 0.0).map(|(e, z)| e * (z - from)).sum();
        found.push(Row {
            most,
            sum,
            target: mine().map(|t| t.share * z[t.class]).sum(),
            total: if eps > 0.0 { z.iter().sum() } else { 0.0 },
            moment,
            best: z.iter().position(|&z| z == most).unwrap_or(0) as f64,
        });
        let slope = targets.slopes[i];
        if slope == 0.0 {
            continue;
        }
        let mut g: Vec<f64> = e.iter().map(|e| slope * (e / sum - eps / n as f64)).collect();
        mine().for_each(|t| g[t.class] -= slope * (1.0 - eps) * t.share);
        for (j, &g) in g.iter().enumerate() {
            let v = &w[j].0;
            df[i].iter_mut().zip(v).for_each(|(d, v)| *d += s * g * v);
            dw[j].iter_mut().zip(u).for_each(|(d, u)| *d += s * g * u);
            db[j] += g;
            ds += g * dot(u, v);
        }
    }
    let mut loss = summary(&Partials { rows: found }, &targets, options, n);
    df.iter_mut().zip(&f).for_each(|(d, f)| through(f, d, options.norm != Norm::None));
    dw.iter_mut().zip(&w).for_each(|(d, w)| through(w, d, options.norm == Norm::Cosine));
    if gradients.features.is_some() || gradients.head.is_some() || gradients.bias.is_some() {
        loss.scale_gradient = ds;
    }
    let outputs = [
        (&mut gradients.features, df.concat()),
        (&mut gradients.head, dw.concat()),
        (&mut gradients.bias, db),
    ];
    for (out, values) in outputs {
        if let Some(out) = out {
            out.write(&values)?;
        }
    }
    Ok(loss)
}
