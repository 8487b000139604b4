//! Images that no count can tell apart: those of one combination of factors and one group.

use super::plane;

/// Distinct (group, mask) pairs, ascending.
pub(super) struct Cells {
    pub(super) masks: Vec<u64>,
    pub(super) groups: Vec<Option<u32>>,
    /// Images in each.
    pub(super) n: Vec<u64>,
    /// The cell of each prediction; one past the last for those of no image.
    of: Vec<u32>,
}

impl Cells {
    /// Of predictions for images `rows`.
    pub(super) fn new(rows: &[Option<usize>], masks: &[u64], groups: &[Option<u32>]) -> Self {
        let key = |i: usize| (groups[i], masks[i]);
        let mut keys: Vec<_> = rows.iter().flatten().map(|&i| key(i)).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut n = vec![0; keys.len()];
        let mut of = Vec::with_capacity(rows.len());
        for row in rows {
            let cell = row.and_then(|i| keys.binary_search(&key(i)).ok());
            if let Some(c) = cell {
                n[c] += 1;
            }
            of.push(cell.unwrap_or(keys.len()) as u32);
        }
        let (groups, masks) = keys.into_iter().unzip();
        Cells { masks, groups, n, of }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.n.len()
    }

    /// Images of each cell whose bit is set.
    pub(super) fn histogram(&self, plane: &[u64]) -> Vec<u64> {
        let mut count = vec![0u64; self.len() + 1];
        for (i, &cell) in self.of.iter().enumerate() {
            count[cell as usize] += u64::from(plane::bit(plane, i));
        }
        count.truncate(self.len());
        count
    }
}
