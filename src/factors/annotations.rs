//! The images of an analysis: which factors are active on them, what is right, which group they are of.

use super::MAX_FACTORS;
use super::cells::Cells;
use super::plane::{self, WORD};
use super::truth::{Goal, Truth};
use crate::buffer::Buffer;
use crate::context::Context;
use crate::error::{Result, bail};
use crate::view::{Dtype, TensorRef};

/// What else may be said of images.
#[derive(Clone, Copy, Debug, Default)]
pub struct AnnotationsOptions<'a> {
    /// The group of each image from 0 on, -1 = of none.
    pub groups: Option<&'a [i64]>,
    /// Number of groups; 0 = as many as occur.
    pub n_groups: usize,
    /// The image that each prediction belongs to, -1 = to none: it is left out of numerators and averages. `None` = prediction i
    /// belongs to image i. No image may occur twice.
    pub rows: Option<&'a [i64]>,
}

/// Images with their factors, ready to be compared with predictions. Memory: F + G + 2 bits, 6 bytes and 4 more per prediction.
pub struct Annotations {
    pub(super) factors: usize,
    pub(super) groups: usize,
    /// Predictions per model, joined or not.
    pub(super) columns: usize,
    pub(super) words: usize,
    /// F planes of `words`.
    pub(super) planes: Buffer<u64>,
    /// G planes of `words`.
    pub(super) group_planes: Buffer<u64>,
    /// Predictions that belong to an image.
    pub(super) joined: Vec<u64>,
    pub(super) n: u64,
    pub(super) totals: Vec<u64>,

    pub(super) goal: Goal,
    pub(super) cells: Cells,
    /// The rank of each prediction's label among the labels that occur, `u32::MAX` = of no image; `None` if images have several.
    pub(super) classes: Option<Vec<u32>>,
}

impl Annotations {
    /// Takes `factors`, (n, F) of 0 and 1 in any data type, F at most 64.
    ///
    /// Conditions: SHAPE (no images, lengths that differ, more than 64 factors), ARGUMENT (a factor that is neither 0 nor 1, a
    /// negative label, a row that does not exist or occurs twice), MEMORY, MEMORY_LIMIT. O(n F + n log n).
    pub fn new(
        ctx: &Context,
        factors: &TensorRef,
        truth: &Truth,
        options: &AnnotationsOptions,
    ) -> Result<Self> {
        factors.expect_rank(2, "(images, factors)")?;
        let (images, f) = (factors.shape()[0], factors.shape()[1]);
        if images == 0 || images > i32::MAX as usize {
            bail!(Shape, "factors has {images} images; expected 1 to {}", i32::MAX)
        }
        if f > MAX_FACTORS {
            bail!(Shape, "factors has {f} columns; expected at most {MAX_FACTORS}")
        }
        if truth.len() != images {
            bail!(Shape, "there are labels of {} images; factors has {images}", truth.len())
        }
        let masks = masks(ctx, factors)?;
        let rows = rows(options.rows, images)?;
        let (group_of, groups) = group_numbers(options, images)?;
        let (columns, words, meter) = (rows.len(), rows.len().div_ceil(WORD), ctx.meter());
        let mut planes = meter.buffer::<u64>(f * words, "factor planes")?;
        let mut group_planes = meter.buffer::<u64>(groups.saturating_mul(words), "group planes")?;
        let mut joined = vec![0; words];
        for (j, row) in rows.iter().enumerate() {
            let Some(i) = *row else { continue };
            plane::set(&mut joined, j);
            let mut mask = masks[i];
            while mask != 0 {
                let f = mask.trailing_zeros() as usize;
                plane::set(&mut planes[f * words..], j);
                mask &= mask - 1;
            }
            if let Some(g) = group_of[i] {
                plane::set(&mut group_planes[g as usize * words..], j);
            }
        }
        let count = |planes: &[u64], k: usize| -> Vec<u64> {
            (0..k).map(|k| plane::ones(&planes[k * words..(k + 1) * words])).collect()
        };
        let classes = match truth {
            Truth::Label(labels) | Truth::Mapped { labels, .. } => Some(ranks(&rows, labels)),
            Truth::AnyOf { .. } => None,
        };
        let n = plane::ones(&joined);
        if n == 0 {
            bail!(Shape, "none of the {columns} predictions belongs to an image")
        }
        Ok(Annotations {
            factors: f,
            groups,
            columns,
            words,
            totals: count(&planes, f),

            n,
            goal: truth.lay_out(&meter, &rows)?,
            cells: Cells::new(&rows, &masks, &group_of),
            classes,
            planes,
            group_planes,
            joined,
        })
    }

    /// Number of factors, F.
    pub fn factors(&self) -> usize {
        self.factors
    }

    /// Number of groups, G.
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// Predictions that a model has, whether they belong to an image or not.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Predictions that belong to an image: n of every average.
    pub fn images(&self) -> u64 {
        self.n
    }

    /// Images of each factor.
    pub fn totals(&self) -> &[u64] {
        &self.totals
    }

    /// Distinct combinations of factors (and group) that occur.
    pub fn patterns(&self) -> usize {
        self.cells.len()
    }

    /// Images with 0, 1, .. F active factors.
    pub fn active(&self) -> Vec<u64> {
        let mut count = vec![0; self.factors + 1];
        for c in 0..self.cells.len() {
            count[self.cells.masks[c].count_ones() as usize] += self.cells.n[c];
        }
        count
    }

    pub(super) fn plane(&self, f: usize) -> &[u64] {
        &self.planes[f * self.words..(f + 1) * self.words]
    }

    pub(super) fn group_plane(&self, g: usize) -> &[u64] {
        &self.group_planes[g * self.words..(g + 1) * self.words]
    }
}

/// The rank of the label of each prediction's image among those that occur.
fn ranks(rows: &[Option<usize>], labels: &[i64]) -> Vec<u32> {
    let mut occur: Vec<i64> = rows.iter().flatten().map(|&i| labels[i]).collect();
    occur.sort_unstable();
    occur.dedup();
    let rank = |i: usize| occur.binary_search(&labels[i]).map_or(u32::MAX, |rank| rank as u32);
    rows.iter().map(|row| row.map_or(u32::MAX, rank)).collect()
}

/// The mask of each image.
fn masks(ctx: &Context, factors: &TensorRef) -> Result<Vec<u64>> {
    let (images, f) = (factors.shape()[0], factors.shape()[1]);
    let mut masks = vec![0u64; images];
    let mut put = |k: usize, value: f64| -> Result<()> {
        if value == 1.0 {
            masks[k / f] |= 1 << (k % f);
        } else if value != 0.0 {
            bail!(Argument, "factors[{}, {}] is {value}; expected 0 or 1", k / f, k % f)
        }
        Ok(())
    };
    if matches!(factors.dtype(), Dtype::F32 | Dtype::F64 | Dtype::F16 | Dtype::Bf16) {
        let values = factors.read::<f32>(&ctx.meter())?;
        values.iter().enumerate().try_for_each(|(k, &v)| put(k, f64::from(v)))?;
    } else {
        factors.whole_numbers()?.iter().enumerate().try_for_each(|(k, &v)| put(k, v as f64))?;
    }
    Ok(masks)
}

/// The image of each prediction.
fn rows(rows: Option<&[i64]>, images: usize) -> Result<Vec<Option<usize>>> {
    let Some(rows) = rows else { return Ok((0..images).map(Some).collect()) };
    let mut seen = vec![false; images];
    let mut found = Vec::with_capacity(rows.len());
    for (j, &row) in rows.iter().enumerate() {
        let image = usize::try_from(row).ok();
        match image {
            Some(i) if i >= images => {
                bail!(Argument, "rows[{j}] is {row}; expected -1 or an image from 0 to {}", images - 1)
            }
            Some(i) if std::mem::replace(&mut seen[i], true) => {
                bail!(Argument, "rows[{j}] is {row}, which came before; expected each image once")
            }
            None if row != -1 => bail!(Argument, "rows[{j}] is {row}; expected -1 or an image"),
            _ => found.push(image),
        }
    }
    Ok(found)
}

/// The group of each image, and how many there are.
fn group_numbers(options: &AnnotationsOptions, images: usize) -> Result<(Vec<Option<u32>>, usize)> {
    let Some(groups) = options.groups else { return Ok((vec![None; images], 0)) };
    if groups.len() != images {
        bail!(Shape, "there are groups of {} images; factors has {images}", groups.len())
    }
    let occur = groups.iter().max().map_or(0, |&g| usize::try_from(g + 1).unwrap_or(0));
    let count = if options.n_groups == 0 { occur } else { options.n_groups };
    if count > images.max(1 << 16) {
        bail!(Argument, "there are {count} groups of {images} images; expected numbers from 0 on")
    }
    let mut numbers = Vec::with_capacity(images);
    for (i, &group) in groups.iter().enumerate() {
        numbers.push(match usize::try_from(group) {
            Ok(g) if g < count => Some(g as u32),
            Err(_) if group == -1 => None,
            _ => bail!(Argument, "groups[{i}] is {group}; expected -1 to {}", count as i64 - 1),
        });
    }
    Ok((numbers, count))
}
