//! The last Q rows of a stream and their second moments.

use std::ops::Range;

use super::moments::Moments;
use crate::buffer::Buffer;
use crate::context::Context;
use crate::error::{Result, bail};
use crate::view::{Dtype, TensorRef};

/// The rows as they came.
enum Ring {
    Single(Buffer<f32>),
    Double(Buffer<f64>),
}

/// A ring of the last Q rows of a stream. Eviction is exact: rows are kept as they came, and the moments are computed from
/// them when asked for. Once they are there, rows that come and go are added and subtracted; after Q of them the moments
/// are computed again, which bounds the drift. Memory: Q K numbers and K^2 doubles.
pub struct Queue {
    capacity: usize,
    columns: usize,
    ring: Ring,
    /// Where the next row goes.
    next: usize,
    rows: usize,
    /// Of all rows that are in; `None` until asked for.
    moments: Option<Moments>,
    /// Rows that have come since the moments were computed from the rows.
    drift: usize,
}

impl Queue {
    /// An empty queue of `capacity` rows of `columns` features, kept as f32 (which holds f16 and bf16 too) or f64.
    /// Conditions: SHAPE (no rows or columns), DTYPE, MEMORY, MEMORY_LIMIT.
    pub fn new(ctx: &Context, capacity: usize, columns: usize, dtype: Dtype) -> Result<Self> {
        if capacity == 0 || columns == 0 {
            bail!(Shape, "capacity is {capacity} and columns is {columns}; expected at least 1 of both")
        }
        let len = capacity.saturating_mul(columns);
        let ring = match dtype {
            Dtype::F32 => Ring::Single(ctx.meter().buffer(len, "queue")?),
            Dtype::F64 => Ring::Double(ctx.meter().buffer(len, "queue")?),
            other => bail!(Dtype, "dtype is {}; expected f32 or f64", other.name()),
        };
        Ok(Queue { capacity, columns, ring, next: 0, rows: 0, moments: None, drift: 0 })
    }

    /// Rows that are in.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Rows that it holds at most.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Takes the rows of `z` in, oldest first, and lets as many go as do not fit. A failed call leaves the queue as it was.
    /// Conditions: RANK, SHAPE, DTYPE (f64 rows in a queue of f32), NONFINITE, MEMORY, CANCELLED.
    pub fn push(&mut self, ctx: &Context, z: &TensorRef) -> Result<()> {
        let matrix = z.matrix("(rows, columns)")?;
        if matrix.columns() != self.columns {
            bail!(Shape, "{} has {} columns; expected {}", matrix.name(), matrix.columns(), self.columns)
        }
        if matrix.dtype() == Dtype::F64 && matches!(self.ring, Ring::Single(_)) {
            bail!(Dtype, "{} has dtype f64; this queue keeps f32, which would round it", matrix.name())
        }
        matrix.largest(ctx)?;
        // Only the last rows stay.
        let skip = matrix.rows().saturating_sub(self.capacity);
        let coming = matrix.rows() - skip;
        self.drift += coming;
        if self.drift > self.capacity {
            self.moments = None;
        }
        let mut moments = self.moments.take();
        if let Some(m) = &mut moments {
            let leaving = (self.rows + coming).saturating_sub(self.capacity);
            let oldest = (self.next + self.capacity - self.rows) % self.capacity;
            let come_and_go = self
                .pieces(oldest, leaving)
                .into_iter()
                .try_for_each(|range| self.with(range, |rows| m.downdate(ctx, rows)));
            let new = matrix.row_range(skip..matrix.rows());
            // If this stops half-way, the moments are dropped, and computed again when asked for.
            come_and_go.and_then(|()| m.absorb(ctx, &ctx.meter(), new, 1.0))?;
        }
        let mut row = vec![0.0; self.columns];
        for i in skip..matrix.rows() {
            matrix.load(i..i + 1, 0..self.columns, &mut row);
            let at = self.next * self.columns..(self.next + 1) * self.columns;
            match &mut self.ring {
                Ring::Single(ring) => ring[at].iter_mut().zip(&row).for_each(|(r, &x)| *r = x as f32),
                Ring::Double(ring) => ring[at].copy_from_slice(&row),
            }
            self.next = (self.next + 1) % self.capacity;
        }
        self.rows = self.capacity.min(self.rows + coming);
        self.moments = moments;
        Ok(())
    }

    /// The moments of the rows that are in. Conditions: those of [`Moments::update`].
    pub fn moments(&mut self, ctx: &Context) -> Result<&Moments> {
        let moments = match self.moments.take() {
            Some(moments) => moments,
            None => {
                let mut moments = Moments::new(ctx, self.columns)?;
                let oldest = (self.next + self.capacity - self.rows) % self.capacity;
                for range in self.pieces(oldest, self.rows) {
                    self.with(range, |rows| moments.update(ctx, rows))?;
                }
                self.drift = 0;
                moments
            }
        };
        Ok(self.moments.insert(moments))
    }

    /// `count` rows of the ring from `start` on: one range, or two around its end.
    fn pieces(&self, start: usize, count: usize) -> Vec<Range<usize>> {
        let first = count.min(self.capacity - start);
        [start..start + first, 0..count - first].into_iter().filter(|r| !r.is_empty()).collect()
    }

    fn with<R>(&self, rows: Range<usize>, f: impl FnOnce(&TensorRef) -> Result<R>) -> Result<R> {
        let shape = [rows.len(), self.columns];
        let values = rows.start * self.columns..rows.end * self.columns;
        f(&match &self.ring {
            Ring::Single(ring) => TensorRef::from_slice("queue", &ring[values], &shape)?,
            Ring::Double(ring) => TensorRef::from_slice("queue", &ring[values], &shape)?,
        })
    }
}
