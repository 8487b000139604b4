//! The neighbour graph in compressed rows.

use super::super::partition::Partition;
use crate::buffer::Buffer;
use crate::context::Meter;
use crate::error::Result;

/// The cells across the sides of cell i, in the order of its sides, are `cells[offsets[i] .. offsets[i + 1]]`.
pub(super) struct Neighbours {
    pub(super) offsets: Buffer<i64>,
    pub(super) cells: Buffer<i64>,
}

impl Neighbours {
    pub(super) fn new(p: &Partition, meter: &Meter) -> Result<Neighbours> {
        let inner = p.edge_cells().iter().filter(|cells| cells[1] >= 0).count();
        let mut offsets = meter.buffer(p.n_regions() + 1, "neighbours")?;
        let mut cells = meter.buffer(2 * inner, "neighbours")?;
        let mut n = 0;
        for i in 0..p.n_regions() {
            for &edge in &p.cell_edges()[p.cell_offsets()[i] as usize..p.cell_offsets()[i + 1] as usize] {
                let [a, b] = p.edge_cells()[edge as usize];
                if b >= 0 {
                    cells[n] = if a == i as i64 { b } else { a };
                    n += 1;
                }
            }
            offsets[i + 1] = n as i64;
        }
        Ok(Neighbours { offsets, cells })
    }
}
