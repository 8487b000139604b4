//! Stitching of tiles: what the partitions of the tiles of a domain say of the partition of the whole.
//!
//! A cell is convex and is the set of one pattern, so the parts of it in different tiles are known by their pattern, and all
//! of them have an edge on a seam. After each layer, cells of the whole = cells that touch no seam, over all tiles, +
//! different patterns of those that do. Areas and the lengths of boundaries inside cells add up.

use super::key::Key;
use super::partition::Partition;
use crate::error::{Result, bail};

impl Partition {
    /// For each layer of units the names (128-bit hashes of the pattern up to that layer) of the cells that have an edge on a
    /// seam of the tile, sorted, each once; all empty for a domain that is no tile. Needs patterns and mesh (NOT_STORED
    /// otherwise).
    ///
    /// The number of cells of the whole after layer l is the sum over the tiles of
    /// `layer_cells()[l] - seam_keys()[l].len()`, plus the number of different names in the union of the `seam_keys()[l]`.
    pub fn seam_keys(&self) -> Result<Vec<Vec<[u64; 2]>>> {
        let want = self.want();
        if !(want.mesh && want.patterns) {
            bail!(NotStored, "stitching needs patterns and mesh; ask for them in `want`")
        }
        let layers = self.layer_cells().len();
        let mut keys: Vec<Vec<[u64; 2]>> = vec![Vec::new(); layers];
        let mut cells: Vec<i64> = Vec::new();
        for (edge, (&layer, &side)) in self.edge_layers().iter().zip(self.edge_units()).enumerate() {
            if layer < 0 && self.is_seam(side as usize) {
                cells.push(self.edge_cells()[edge][0]);
            }
        }
        cells.sort_unstable();
        cells.dedup();
        for cell in cells {
            let words = self.packed_pattern(cell as usize);
            let mut key = Key::seed(5, 0);
            for (layer, range) in self.layer_words().enumerate() {
                key = words[range].iter().fold(key, |k, &w| k.with(w));
                keys[layer].push([key.0, key.1]);
            }
        }
        for layer in &mut keys {
            layer.sort_unstable();
            layer.dedup();
        }
        Ok(keys)
    }
}
