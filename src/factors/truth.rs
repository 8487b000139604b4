//! When a prediction is right.

use std::ops::Range;

use super::plane::{self, Kernel, WORD};
use crate::buffer::Buffer;
use crate::context::Meter;
use crate::error::{Result, bail};
use crate::view::{Integers, Piece};

/// What the predictions of an image are compared with.
#[derive(Clone, Copy, Debug)]
pub enum Truth<'a> {
    /// One label an image, 0 or more: right if equal.
    Label(&'a [i64]),
    /// Labels `classes[offsets[i]..offsets[i + 1]]` of image i: right if it is one of them; without any, always wrong.
    AnyOf {
        /// One more than images, from 0 on, never falling.
        offsets: &'a [i64],
        /// Accepted labels, 0 or more.
        classes: &'a [i64],
    },
    /// One label an image, and the group of each class (a negative group: none): right if the groups are the same.
    Mapped {
        /// Labels, less than the length of `groups`.
        labels: &'a [i64],
        /// The group of each class.
        groups: &'a [i64],
    },
}

/// A truth laid out for comparisons, one entry a prediction.
pub(super) struct Goal {
    /// The first accepted label (or group); -1 where there is none.
    long: Buffer<i32>,
    /// The same in 16 bits, to be trusted where `fits`.
    short: Buffer<u16>,
    /// Where there is a label.
    known: Vec<u64>,
    /// Where it fits 16 bits.
    fits: Vec<u64>,
    /// Further accepted labels, by image.
    more: Vec<(u32, i32)>,
    /// The group of each class, when groups are compared.
    map: Option<Vec<i32>>,
}

/// Classes are numbers that an i32 holds.
fn class(name: &str, i: usize, v: i64) -> Result<i32> {
    match i32::try_from(v) {
        Ok(v) if v >= 0 => Ok(v),
        _ => bail!(Argument, "{name}[{i}] is {v}; expected a class from 0 to {}", i32::MAX),
    }
}

impl Truth<'_> {
    /// Number of images.
    pub fn len(&self) -> usize {
        match self {
            Truth::Label(labels) | Truth::Mapped { labels, .. } => labels.len(),
            Truth::AnyOf { offsets, .. } => offsets.len().saturating_sub(1),
        }
    }

    /// Whether there are no images.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// For predictions of which number j belongs to image `row(j)`, `None` = to none of them.
    pub(super) fn lay_out(&self, meter: &Meter, rows: &[Option<usize>]) -> Result<Goal> {
        let (n, words) = (rows.len(), rows.len().div_ceil(WORD));
        let mut goal = Goal {
            long: meter.buffer(n, "labels")?,
            short: meter.buffer(n, "labels")?,
            known: vec![0; words],
            fits: vec![0; words],
            more: Vec::new(),
            map: None,
        };
        let mut map = Vec::new();
        match self {
            Truth::Label(labels) => {
                for (i, &label) in labels.iter().enumerate() {
                    class("labels", i, label)?;
                }
            }
            Truth::AnyOf { offsets, classes } => {
                let rising = offsets.first() == Some(&0) && offsets.is_sorted();
                if !rising || offsets.last() != i64::try_from(classes.len()).ok().as_ref() {
                    bail!(Argument, "offsets do not rise from 0 to the {} accepted labels", classes.len())
                }
                for (i, &label) in classes.iter().enumerate() {
                    class("accepted", i, label)?;
                }
            }
            Truth::Mapped { labels, groups } => {
                for (i, &label) in labels.iter().enumerate() {
                    if class("labels", i, label)? as usize >= groups.len() {
                        bail!(Argument, "labels[{i}] is {label}; class_groups has {} classes", groups.len())
                    }
                }
                for (c, &group) in groups.iter().enumerate() {
                    map.push(if group < 0 { -1 } else { class("class_groups", c, group)? });
                }
            }
        }
        for (j, row) in rows.iter().enumerate() {
            let Some(i) = *row else { continue };
            let first = match self {
                Truth::Label(labels) => labels[i] as i32,
                Truth::Mapped { labels, .. } => map[labels[i] as usize],
                Truth::AnyOf { offsets, classes } => {
                    let accepted = &classes[offsets[i] as usize..offsets[i + 1] as usize];
                    goal.more.extend(accepted.iter().skip(1).map(|&c| (j as u32, c as i32)));
                    accepted.first().map_or(-1, |&c| c as i32)
                }
            };
            goal.long[j] = first;
            if first >= 0 {
                plane::set(&mut goal.known, j);
                if let Ok(short) = u16::try_from(first) {
                    goal.short[j] = short;
                    plane::set(&mut goal.fits, j);
                }
            }
        }
        goal.map = matches!(self, Truth::Mapped { .. }).then_some(map);
        Ok(goal)
    }
}

impl Goal {
    /// Writes where row `row` of `predictions` is right into `out`, for these images; they begin at a multiple of 64. `room` has
    /// space for two pieces.
    pub(super) fn mark(
        &self,
        kernel: &Kernel,
        predictions: &Integers,
        row: usize,
        images: Range<usize>,
        room: &mut [i32],
        out: &mut [u64],
    ) {
        let words = images.start / WORD..images.end.div_ceil(WORD);
        let (first, second) = room.split_at_mut(images.len());
        let piece = predictions.piece(row, images.clone(), first);
        let at = |i: usize| match &piece {
            Piece::Short(p) => i32::from(p[i]),
            Piece::Long(p) => p[i],
        };
        let known = if let Some(map) = &self.map {
            for (i, group) in second[..images.len()].iter_mut().enumerate() {
                *group = usize::try_from(at(i)).ok().and_then(|c| map.get(c)).map_or(-1, |&g| g);
            }
            kernel.long(&second[..images.len()], &self.long[images.clone()], out);
            &self.known
        } else {
            match &piece {
                Piece::Short(p) => kernel.short(p, &self.short[images.clone()], out),
                Piece::Long(p) => kernel.long(p, &self.long[images.clone()], out),
            }
            if matches!(piece, Piece::Short(_)) { &self.fits } else { &self.known }
        };
        out.iter_mut().zip(&known[words]).for_each(|(out, known)| *out &= known);
        let start = self.more.partition_point(|&(j, _)| (j as usize) < images.start);
        for &(j, class) in self.more[start..].iter().take_while(|&&(j, _)| (j as usize) < images.end) {
            let i = j as usize - images.start;
            if at(i) == class {
                plane::set(out, i);
            }
        }
    }
}
