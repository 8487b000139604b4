//! What the cells of a partition look like, each and in total: size, shape, slope, neighbours, and who made the lines.
//!
//! Sizes and shapes are those of the polygons in (u, v), or, for a slice, of the polygons in the input space
//! ([`Metric::Ambient`]: areas times sqrt(det T'T), lengths after T). The quantities are those of SplineCam
//! (arXiv 2302.12828) and the ones its users asked for.
//!
//! `shape` (perimeter, eccentricities), `inradius` (largest circle inside), `slope` (norms of A), `neighbours` and `lines`
//! (graph and lines of the mesh), `spread` (totals).

mod inradius;
mod lines;
mod neighbours;
mod shape;
mod slope;
mod spread;

pub use self::spread::Spread;

use std::ops::Range;

use self::inradius::{Corner, inscribed_circle};
use self::lines::Lines;
use self::neighbours::Neighbours;
use self::shape::Shape;
use super::metric::{Metric, Ruler};
use super::partition::Partition;
use crate::buffer::Buffer;
use crate::context::Context;
use crate::error::{Result, bail};

/// A number that every cell has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Area.
    Area,
    /// Length of the border.
    Perimeter,
    /// Number of vertices.
    Vertices,
    /// Number of cells across an edge.
    Neighbours,
    /// Largest over smallest distance of two vertices, 1e-10 being added to the smallest: SplineCam's definition.
    Eccentricity,
    /// sqrt(1 - small / large) for the eigenvalues of the covariance of the uniform distribution on the cell: 0 round, 1 a
    /// line.
    MomentEccentricity,
    /// Radius of the largest circle inside.
    Inradius,
    /// Largest singular value of the slope of the outputs.
    SlopeSpectral,
    /// Frobenius norm of the slope of the outputs.
    SlopeFrobenius,
}

/// Statistics of a partition. Immutable; shareable between threads. F cells, E edges.
pub struct Statistics {
    metric: Metric,
    areas: Buffer<f64>,
    perimeters: Buffer<f64>,
    eccentricities: Buffer<f64>,
    moment_eccentricities: Buffer<f64>,
    inradii: Buffer<f64>,
    incentres: Buffer<[f64; 2]>,
    vertex_counts: Buffer<i64>,
    slopes: Option<[Buffer<f64>; 2]>,
    neighbours: Neighbours,
    lines: Lines,
    cells_added: Buffer<i64>,
    centrality: f64,
}

const CHUNK: usize = 2048;

/// What is computed of one cell in its turn.
#[derive(Clone, Copy)]
struct Row {
    shape: Shape,
    inradius: f64,
    incentre: [f64; 2],
    slopes: [f64; 2],
}

impl Partition {
    /// Statistics of the cells. Needs polygons and mesh (NOT_STORED otherwise); slopes need maps. Errors: ARGUMENT if a
    /// slice is too large or too small in the metric, MEMORY_LIMIT, CANCELLED. O(F) for cells of bounded size, and a
    /// sort of the edges.
    pub fn statistics(&self, ctx: &Context, metric: Metric) -> Result<Statistics> {
        if !self.want().mesh {
            bail!(NotStored, "statistics need polygons and mesh; ask for them in `want`")
        }
        let ruler = Ruler::new(self.domain(), metric)?;
        let (n, meter) = (self.n_regions(), ctx.meter());
        meter.charge(n * size_of::<Row>(), "statistics")?;
        let rows = ctx.pool().map_chunks(n, CHUNK, |cells: Range<usize>| {
            ctx.poll()?;
            let mut scratch = (Vec::new(), Vec::new());
            Ok(cells.map(|i| self.row(i, &ruler, &mut scratch)).collect::<Vec<Row>>())
        })?;
        ctx.progress(0.75, "statistics");
        let slopes = match self.want().maps {
            true => Some([meter.buffer(n, "slopes")?, meter.buffer(n, "slopes")?]),
            false => None,
        };
        let mut s = Statistics {
            metric,
            areas: meter.buffer(n, "areas")?,
            perimeters: meter.buffer(n, "perimeters")?,
            eccentricities: meter.buffer(n, "eccentricities")?,
            moment_eccentricities: meter.buffer(n, "eccentricities")?,
            inradii: meter.buffer(n, "inradii")?,
            incentres: meter.buffer(n, "incentres")?,
            vertex_counts: meter.buffer(n, "vertex counts")?,
            slopes,
            neighbours: Neighbours::new(self, &meter)?,
            lines: Lines::new(self, &ruler, &meter)?,
            cells_added: meter.buffer(self.layer_cells().len(), "layers")?,
            centrality: centrality(self.vertices(), &ruler),
        };
        for (i, row) in rows.into_iter().flatten().enumerate() {
            s.areas[i] = self.areas()[i] * ruler.area();
            s.perimeters[i] = row.shape.perimeter;
            s.eccentricities[i] = row.shape.eccentricity;
            s.moment_eccentricities[i] = row.shape.moment_eccentricity;
            s.inradii[i] = row.inradius;
            s.incentres[i] = row.incentre;
            s.vertex_counts[i] = self.cell_offsets()[i + 1] - self.cell_offsets()[i];
            if let Some(slopes) = &mut s.slopes {
                slopes.iter_mut().zip(row.slopes).for_each(|(slopes, x)| slopes[i] = x);
            }
        }
        let mut before = 1;
        for (added, &cells) in s.cells_added.iter_mut().zip(self.layer_cells()) {
            *added = cells as i64 - before;
            before = cells as i64;
        }
        ctx.progress(1.0, "statistics");
        Ok(s)
    }

    fn row(&self, i: usize, ruler: &Ruler, (placed, corners): &mut (Vec<[f64; 2]>, Vec<Corner>)) -> Row {
        let polygon = self.polygon(i);
        let o = polygon[0];
        placed.clear();
        placed.extend(polygon.iter().map(|p| ruler.place([p[0] - o[0], p[1] - o[1]])));
        let (inradius, centre) = inscribed_circle(placed, corners);
        let centre = ruler.unplace(centre);
        let outputs = self.network().output_len();
        let slopes = match self.want().maps {
            true => slope::norms(&self.map_a()[i * outputs..][..outputs], ruler),
            false => [0.0; 2],
        };
        let incentre = [o[0] + centre[0], o[1] + centre[1]];
        Row { shape: Shape::of(placed), inradius, incentre, slopes }
    }
}

/// Mean distance of the vertices from their mean.
fn centrality(vertices: &[[f64; 2]], ruler: &Ruler) -> f64 {
    let n = vertices.len() as f64;
    let mean = [0, 1].map(|k| vertices.iter().map(|v| v[k] / n).sum::<f64>());
    vertices.iter().map(|&v| ruler.distance(v, mean) / n).sum()
}

impl Statistics {
    /// The units of lengths, areas and slopes.
    pub fn metric(&self) -> Metric {
        self.metric
    }

    /// (F): areas.
    pub fn areas(&self) -> &[f64] {
        &self.areas
    }

    /// (F): see [`Quantity::Perimeter`].
    pub fn perimeters(&self) -> &[f64] {
        &self.perimeters
    }

    /// (F): see [`Quantity::Eccentricity`].
    pub fn eccentricities(&self) -> &[f64] {
        &self.eccentricities
    }

    /// (F): see [`Quantity::MomentEccentricity`].
    pub fn moment_eccentricities(&self) -> &[f64] {
        &self.moment_eccentricities
    }

    /// (F): see [`Quantity::Inradius`].
    pub fn inradii(&self) -> &[f64] {
        &self.inradii
    }

    /// (F, 2): centres of the largest circles inside, in (u, v); in the ambient metric those are ellipses there.
    pub fn incentres(&self) -> &[[f64; 2]] {
        &self.incentres
    }

    /// (F): number of vertices.
    pub fn vertex_counts(&self) -> &[i64] {
        &self.vertex_counts
    }

    /// (F): spectral and Frobenius norms of the slopes, see [`Quantity`]; `None` if the maps were not kept.
    pub fn slopes(&self) -> Option<[&[f64]; 2]> {
        self.slopes.as_ref().map(|s| [&s[0][..], &s[1][..]])
    }

    /// (F + 1): the neighbours of cell i are `neighbours()[offsets[i] .. offsets[i + 1]]`, in the order of its sides.
    pub fn neighbour_offsets(&self) -> &[i64] {
        &self.neighbours.offsets
    }

    /// (2 x edges between two cells): see [`Statistics::neighbour_offsets`].
    pub fn neighbours(&self) -> &[i64] {
        &self.neighbours.cells
    }

    /// (L): the layer of units of each line, a line being what one unit made; -1 for the sides of the domain.
    pub fn line_layers(&self) -> &[i32] {
        &self.lines.layers
    }

    /// (L): the unit within that layer, or the side.
    pub fn line_units(&self) -> &[i64] {
        &self.lines.units
    }

    /// (L): total length of the edges of each line.
    pub fn line_lengths(&self) -> &[f64] {
        &self.lines.lengths
    }

    /// (L + 1): the edges of line i are `line_edges()[offsets[i] .. offsets[i + 1]]`.
    pub fn line_offsets(&self) -> &[i64] {
        &self.lines.offsets
    }

    /// (E): see [`Statistics::line_offsets`].
    pub fn line_edges(&self) -> &[i64] {
        &self.lines.edges
    }

    /// (layers of units): cells that each layer added.
    pub fn layer_cells_added(&self) -> &[i64] {
        &self.cells_added
    }

    /// (layers of units): total length of the edges that each layer made.
    pub fn layer_lengths(&self) -> &[f64] {
        &self.lines.layer_lengths
    }

    /// Mean distance of the vertices from their mean: SplineCam's centrality.
    pub fn centrality(&self) -> f64 {
        self.centrality
    }

    /// How a quantity is spread over the cells. NOT_STORED for slopes without maps. O(F).
    pub fn spread(&self, quantity: Quantity) -> Result<Spread> {
        let counts = |values: &[i64]| Spread::of(values.iter().map(|&n| n as f64));
        let numbers = |values: &[f64]| Spread::of(values.iter().copied());
        let slope = |k: usize| match &self.slopes {
            Some(slopes) => Ok(numbers(&slopes[k])),
            None => bail!(NotStored, "slopes need the affine maps; ask for them in `want`"),
        };
        Ok(match quantity {
            Quantity::Area => numbers(&self.areas),
            Quantity::Perimeter => numbers(&self.perimeters),
            Quantity::Vertices => counts(&self.vertex_counts),
            Quantity::Neighbours => {
                Spread::of(self.neighbours.offsets.windows(2).map(|w| (w[1] - w[0]) as f64))
            }
            Quantity::Eccentricity => numbers(&self.eccentricities),
            Quantity::MomentEccentricity => numbers(&self.moment_eccentricities),
            Quantity::Inradius => numbers(&self.inradii),
            Quantity::SlopeSpectral => slope(0)?,
            Quantity::SlopeFrobenius => slope(1)?,
        })
    }
}
