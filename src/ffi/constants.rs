//! Codes of the C ABI. Functions take them as `int32_t` and match them, so that a value from a newer header is an
//! error and not undefined behaviour.

/// Status codes (`cpwl_status`). Since 0.1.
#[repr(C)]
pub enum cpwl_status_code {
    /// The call succeeded.
    CPWL_OK = 0,
    /// An argument is not in its documented range.
    CPWL_ARGUMENT = 1,
    /// Shapes do not fit together.
    CPWL_SHAPE = 2,
    /// A tensor has a data type that this call does not take.
    CPWL_DTYPE = 3,
    /// A NaN or an infinity where a finite number is needed.
    CPWL_NONFINITE = 4,
    /// Well-formed, but outside what this version does.
    CPWL_UNSUPPORTED = 5,
    /// A numerical method did not reach its guarantee.
    CPWL_NUMERIC = 6,
    /// A limit set by the caller (max_regions, memory_limit) was reached.
    CPWL_LIMIT = 7,
    /// Memory could not be had.
    CPWL_MEMORY = 8,
    /// The cancel callback asked to stop.
    CPWL_CANCELLED = 9,
    /// A device is missing or failed.
    CPWL_DEVICE = 10,
    /// A file could not be read or written.
    CPWL_IO = 11,
    /// The guarantee that was asked for could not be given.
    CPWL_CERTIFY = 12,
    /// A bug in this library. Handles that took part in the call may be freed, and should not be used otherwise.
    CPWL_PANIC = 13,
}

/// Data types of tensors. Since 0.1.
#[repr(C)]
pub enum cpwl_dtype {
    /// IEEE single precision.
    CPWL_F32 = 1,
    /// IEEE double precision.
    CPWL_F64 = 2,
    /// IEEE half precision; input only.
    CPWL_F16 = 3,
    /// bfloat16; input only.
    CPWL_BF16 = 4,
    /// 32-bit signed integer.
    CPWL_I32 = 5,
    /// 64-bit signed integer.
    CPWL_I64 = 6,
    /// 8-bit unsigned integer.
    CPWL_U8 = 7,
    /// 16-bit unsigned integer, which the room of factors takes.
    CPWL_U16 = 8,
}

/// Instruction sets. Since 0.1.
#[repr(C)]
pub enum cpwl_isa {
    /// The best that the CPU has.
    CPWL_ISA_AUTO = 0,
    /// Plain code, any CPU.
    CPWL_ISA_PORTABLE = 1,
    /// x86-64 with AVX2 and FMA.
    CPWL_ISA_AVX2 = 2,
    /// x86-64 with AVX-512 F, DQ and VL.
    CPWL_ISA_AVX512 = 3,
    /// 64-bit Arm.
    CPWL_ISA_NEON = 4,
}

/// Devices. 1 (`kDLCPU` of DLPack) means the CPU too. Since 0.1.
#[repr(C)]
pub enum cpwl_device {
    /// The CPU.
    CPWL_DEVICE_CPU = 0,
}

/// Pointwise activations of `cpwl_network_builder_activation`. Since 0.1.
#[repr(C)]
pub enum cpwl_activation {
    /// max(x, 0).
    CPWL_RELU = 1,
    /// x for x > 0, alpha x otherwise; alpha is 0.01 unless given.
    CPWL_LEAKY_RELU = 2,
    /// |x|.
    CPWL_ABS = 3,
    /// min(max(x, 0), 6).
    CPWL_RELU6 = 4,
    /// min(max(x, lo), hi); lo and hi are -1 and 1 unless given.
    CPWL_HARD_TANH = 5,
    /// min(max(x, lo), hi); a bound that is not given is infinite.
    CPWL_CLIP = 6,
    /// alpha x + beta cut off at 0 and 1; alpha and beta are 1/6 and 1/2 unless given.
    CPWL_HARD_SIGMOID = 7,
    /// x min(max(x + 3, 0), 6) / 6, exactly: the one function here that is not piecewise linear. Regions refuse it; see
    /// CPWL_HARD_SWISH of `cpwl_smooth` for an approximation.
    CPWL_EXACT_HARD_SWISH = 8,
}

/// Smooth activations, of `cpwl_network_builder_smooth`, with the parameters of torch. Since 0.1.
#[repr(C)]
pub enum cpwl_smooth {
    /// x Phi(x), with the normal distribution function Phi.
    CPWL_GELU = 1,
    /// x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2.
    CPWL_GELU_TANH = 2,
    /// x sigmoid(beta x).
    CPWL_SILU = 3,
    /// tanh(x).
    CPWL_TANH = 4,
    /// 1 / (1 + exp(-x)).
    CPWL_SIGMOID = 5,
    /// log(1 + exp(beta x)) / beta; x where beta x is greater than the threshold.
    CPWL_SOFTPLUS = 6,
    /// x for x > 0, alpha (exp(x) - 1) otherwise.
    CPWL_ELU = 7,
    /// ELU with the constants of Klambauer et al. (2017), times a constant of theirs.
    CPWL_SELU = 8,
    /// x for x > 0, alpha (exp(x / alpha) - 1) otherwise.
    CPWL_CELU = 9,
    /// x tanh(log(1 + exp(x))).
    CPWL_MISH = 10,
    /// x min(max(x + 3, 0), 6) / 6.
    CPWL_HARD_SWISH = 11,
}

/// Arrays of a partition, for `cpwl_partition_array`. F cells, V vertices, E edges, C polygon vertices in all, K outputs.
/// Since 0.1.
#[repr(C)]
pub enum cpwl_partition_array_id {
    /// (V, 2) f64: vertices shared by the cells, in (u, v). CPWL_WANT_MESH.
    CPWL_PARTITION_VERTICES = 1,
    /// (F + 1) i64: what belongs to cell i has places `offsets[i]` to `offsets[i + 1] - 1` in arrays of length C.
    /// CPWL_WANT_POLYGONS.
    CPWL_PARTITION_CELL_OFFSETS = 2,
    /// (C) i64: vertices of the cells, counter-clockwise. CPWL_WANT_MESH.
    CPWL_PARTITION_CELL_VERTICES = 3,
    /// (E, 2) i64: the vertices at the ends. CPWL_WANT_MESH.
    CPWL_PARTITION_EDGES = 4,
    /// (E, 2) i64: the cells on both sides, -1 outside the domain: the neighbour graph. CPWL_WANT_MESH.
    CPWL_PARTITION_EDGE_CELLS = 5,
    /// (E) i32: the layer of units (0, 1, ...) that made the edge; -1 for a side of the domain. CPWL_WANT_MESH.
    CPWL_PARTITION_EDGE_LAYER = 6,
    /// (E) i64: the unit within that layer, or the side of the domain. CPWL_WANT_MESH.
    CPWL_PARTITION_EDGE_UNIT = 7,
    /// (E) i32: the knot of that unit. CPWL_WANT_MESH.
    CPWL_PARTITION_EDGE_KNOT = 8,
    /// (F) f64: areas in units of (u, v). CPWL_WANT_POLYGONS.
    CPWL_PARTITION_AREAS = 9,
    /// (F, 2) f64: centroids in (u, v). CPWL_WANT_POLYGONS.
    CPWL_PARTITION_CENTROIDS = 10,
    /// (F, K, 2) f64: on cell i output k is `A[i, k] . (u, v) + b[i, k]`. CPWL_WANT_MAPS.
    CPWL_PARTITION_MAP_A = 11,
    /// (F, K) f64: the b of CPWL_PARTITION_MAP_A. CPWL_WANT_MAPS.
    CPWL_PARTITION_MAP_B = 12,
    /// (C) i64: the edge from each vertex of a cell to the next. CPWL_WANT_MESH.
    CPWL_PARTITION_CELL_EDGES = 13,
    /// (C, 2) f64: polygons of the cells in (u, v), counter-clockwise. CPWL_WANT_POLYGONS.
    CPWL_PARTITION_POLYGONS = 14,
    /// (layers of units) i64: number of cells after each layer. Always kept.
    CPWL_PARTITION_LAYER_CELLS = 15,
}

/// Arrays of a chunk of a stream, for `cpwl_chunk_array`. n cells, C polygon vertices in all, K outputs. Since 0.1.
#[repr(C)]
pub enum cpwl_chunk_array_id {
    /// (n + 1) i64: what belongs to cell i has places `offsets[i]` to `offsets[i + 1] - 1`. CPWL_WANT_POLYGONS.
    CPWL_CHUNK_CELL_OFFSETS = 1,
    /// (C, 2) f64: polygons in (u, v), counter-clockwise. CPWL_WANT_POLYGONS.
    CPWL_CHUNK_POLYGONS = 2,
    /// (n) f64: areas in units of (u, v). CPWL_WANT_POLYGONS.
    CPWL_CHUNK_AREAS = 3,
    /// (n, units) u8: activation patterns. CPWL_WANT_PATTERNS.
    CPWL_CHUNK_PATTERNS = 4,
    /// (n, K, 2) f64: as CPWL_PARTITION_MAP_A. CPWL_WANT_MAPS.
    CPWL_CHUNK_MAP_A = 5,
    /// (n, K) f64. CPWL_WANT_MAPS.
    CPWL_CHUNK_MAP_B = 6,
    /// (C, 2) i64: 128-bit names of the vertices; cells, of whatever chunks, share a vertex if they name it alike.
    /// CPWL_WANT_MESH.
    CPWL_CHUNK_VERTEX_KEYS = 7,
    /// (C) i32: the layer of units that made the edge to the next vertex, as CPWL_PARTITION_EDGE_LAYER. CPWL_WANT_MESH.
    CPWL_CHUNK_EDGE_LAYER = 8,
    /// (C) i64: the unit. CPWL_WANT_MESH.
    CPWL_CHUNK_EDGE_UNIT = 9,
    /// (C) i32: the knot. CPWL_WANT_MESH.
    CPWL_CHUNK_EDGE_KNOT = 10,
}

/// Kinds of boundary. Since 0.1.
#[repr(C)]
pub enum cpwl_boundary_mode {
    /// Where the largest output changes.
    CPWL_BOUNDARY_MODE_ARGMAX = 1,
    /// Where any two outputs are equal: a superset.
    CPWL_BOUNDARY_MODE_PAIRWISE = 2,
    /// Where one output equals a level.
    CPWL_BOUNDARY_MODE_LEVEL_SET = 3,
}

/// Arrays of a boundary of n segments that form P polylines, for `cpwl_boundary_array`. Since 0.1.
#[repr(C)]
pub enum cpwl_boundary_array_id {
    /// (n, 2, 2) f64: end points in (u, v), directed so that the first label is on the left, and higher values of a
    /// level set are.
    CPWL_BOUNDARY_SEGMENTS = 1,
    /// (n) i64: the cell in which the segment lies; for one on an edge, the first of its two cells.
    CPWL_BOUNDARY_CELL = 2,
    /// (n, 2) i32: the two outputs that tie, a < b, a being the larger one on the left; for a level set (output, -1).
    CPWL_BOUNDARY_LABELS = 3,
    /// (n) u8: 1 if the segment lies on a cell edge, 0 if inside a cell.
    CPWL_BOUNDARY_ON_EDGE = 4,
    /// (m) i64: cells on which the output of a level set equals the level everywhere.
    CPWL_BOUNDARY_FLAT_CELLS = 5,
    /// (n, 2) i32: signs, on the left and on the right, of the first output minus the second one or the level. Where
    /// both are equal (1 a valley, -1 a ridge, 0 the rim of a flat cell on the border) the segment has no direction.
    CPWL_BOUNDARY_SIDES = 6,
    /// (P + 1) i64: polyline p has the points `offsets[p]` to `offsets[p + 1] - 1`, and one segment less. Polylines go on
    /// where exactly two segments with the same labels meet, and end elsewhere: at junctions of three classes or more,
    /// at saddles, on the border of the domain.
    CPWL_BOUNDARY_POLYLINE_OFFSETS = 7,
    /// (n + P, 2) f64: points in (u, v); a closed loop ends at the point at which it starts.
    CPWL_BOUNDARY_POLYLINE_POINTS = 8,
    /// (n) i64: the segments of the polylines; those of polyline p start at place `offsets[p] - p`.
    CPWL_BOUNDARY_POLYLINE_SEGMENTS = 9,
    /// (P, 2) i32: the labels of each polyline.
    CPWL_BOUNDARY_POLYLINE_LABELS = 10,
    /// (P) u8: 1 for closed loops.
    CPWL_BOUNDARY_POLYLINE_CLOSED = 11,
    /// (P, 2) i64: the junctions at which each polyline starts and ends, or -1.
    CPWL_BOUNDARY_POLYLINE_ENDS = 12,
    /// (J, 2) f64: junctions, the points in (u, v) at which three segments or more meet.
    CPWL_BOUNDARY_JUNCTIONS = 13,
}

/// Units of lengths, areas and slopes. Since 0.1.
#[repr(C)]
pub enum cpwl_metric {
    /// Those of (u, v).
    CPWL_METRIC_DOMAIN = 1,
    /// Those of the input space in which a slice lies: areas times sqrt(det(T'T)) and lengths after T, for the axes T.
    CPWL_METRIC_AMBIENT = 2,
}

/// Arrays of statistics, for `cpwl_statistics_array`. F cells, E edges, L lines (a line being the edges that one unit
/// made), all in the units of the metric but for points, which are in (u, v). Since 0.1.
#[repr(C)]
pub enum cpwl_statistics_array_id {
    /// (F) f64: areas.
    CPWL_STATISTICS_AREAS = 1,
    /// (F) f64: lengths of the borders.
    CPWL_STATISTICS_PERIMETERS = 2,
    /// (F) i64: numbers of vertices.
    CPWL_STATISTICS_VERTEX_COUNTS = 3,
    /// (F) f64: see CPWL_QUANTITY_ECCENTRICITY.
    CPWL_STATISTICS_ECCENTRICITIES = 4,
    /// (F) f64: see CPWL_QUANTITY_MOMENT_ECCENTRICITY.
    CPWL_STATISTICS_MOMENT_ECCENTRICITIES = 5,
    /// (F) f64: radii of the largest circles inside.
    CPWL_STATISTICS_INRADII = 6,
    /// (F, 2) f64: centres of those, in (u, v).
    CPWL_STATISTICS_INCENTRES = 7,
    /// (F) f64: spectral norms of the slopes. Needs CPWL_WANT_MAPS.
    CPWL_STATISTICS_SLOPES_SPECTRAL = 8,
    /// (F) f64: Frobenius norms of the slopes. Needs CPWL_WANT_MAPS.
    CPWL_STATISTICS_SLOPES_FROBENIUS = 9,
    /// (F + 1) i64: the neighbours of cell i have places `offsets[i]` to `offsets[i + 1] - 1`.
    CPWL_STATISTICS_NEIGHBOUR_OFFSETS = 10,
    /// i64: the cells across the edges of each cell, in the order of its sides.
    CPWL_STATISTICS_NEIGHBOURS = 11,
    /// (L) i32: the layer of units of each line, -1 for a side of the domain.
    CPWL_STATISTICS_LINE_LAYER = 12,
    /// (L) i64: the unit within that layer, or the side of the domain.
    CPWL_STATISTICS_LINE_UNIT = 13,
    /// (L) f64: total length of the edges of each line.
    CPWL_STATISTICS_LINE_LENGTH = 14,
    /// (L + 1) i64: the edges of line i have places `offsets[i]` to `offsets[i + 1] - 1`.
    CPWL_STATISTICS_LINE_OFFSETS = 15,
    /// (E) i64: the edges, line by line.
    CPWL_STATISTICS_LINE_EDGES = 16,
    /// (layers of units) i64: cells that each layer added.
    CPWL_STATISTICS_LAYER_CELLS_ADDED = 17,
    /// (layers of units) f64: total length of the edges that each layer made.
    CPWL_STATISTICS_LAYER_LENGTH = 18,
}

/// Numbers that every cell has, for `cpwl_statistics_spread`. Since 0.1.
#[repr(C)]
pub enum cpwl_quantity {
    /// Area.
    CPWL_QUANTITY_AREA = 1,
    /// Length of the border.
    CPWL_QUANTITY_PERIMETER = 2,
    /// Number of vertices.
    CPWL_QUANTITY_VERTICES = 3,
    /// Number of cells across an edge.
    CPWL_QUANTITY_NEIGHBOURS = 4,
    /// Largest over smallest distance of two vertices, 1e-10 being added to the smallest (SplineCam).
    CPWL_QUANTITY_ECCENTRICITY = 5,
    /// sqrt(1 - small / large) for the eigenvalues of the covariance of the uniform distribution on the cell: from 0,
    /// round, to 1, a line.
    CPWL_QUANTITY_MOMENT_ECCENTRICITY = 6,
    /// Radius of the largest circle inside.
    CPWL_QUANTITY_INRADIUS = 7,
    /// Largest singular value of the slope of the outputs.
    CPWL_QUANTITY_SLOPE_SPECTRAL = 8,
    /// Frobenius norm of the slope of the outputs.
    CPWL_QUANTITY_SLOPE_FROBENIUS = 9,
}

/// Arrays of a partition in space, for `cpwl_partition3d_array`. C cells, V vertices, E edges, F facets, K outputs.
/// Since 0.1.
#[repr(C)]
pub enum cpwl_partition3d_array_id {
    /// (V, 3) f64: vertices in (u, v, w). CPWL_WANT_MESH.
    CPWL_PARTITION3D_VERTICES = 1,
    /// (E, 2) i64: end points of the edges. CPWL_WANT_MESH.
    CPWL_PARTITION3D_EDGES = 2,
    /// (F + 1) i64: the vertices of facet i have places `offsets[i]` to `offsets[i + 1] - 1`. CPWL_WANT_MESH.
    CPWL_PARTITION3D_FACET_OFFSETS = 3,
    /// i64: vertices of the facets, counter-clockwise as seen from outside of the first of the two cells of each.
    /// CPWL_WANT_MESH.
    CPWL_PARTITION3D_FACET_VERTICES = 4,
    /// (F, 2) i64: the cells on both sides; -1 outside the domain. CPWL_WANT_MESH.
    CPWL_PARTITION3D_FACET_CELLS = 5,
    /// (F) i32: the layer of units that made the facet, from 0; -1 for a side of the domain. CPWL_WANT_MESH.
    CPWL_PARTITION3D_FACET_LAYER = 6,
    /// (F) i64: the unit within that layer, or the side of the domain. CPWL_WANT_MESH.
    CPWL_PARTITION3D_FACET_UNIT = 7,
    /// (F) i32: which knot of that unit. CPWL_WANT_MESH.
    CPWL_PARTITION3D_FACET_KNOT = 8,
    /// (F) f64: areas of the facets, in units of (u, v, w). CPWL_WANT_MESH.
    CPWL_PARTITION3D_FACET_AREAS = 9,
    /// (C + 1) i64: the vertices of cell i have places `offsets[i]` to `offsets[i + 1] - 1`. CPWL_WANT_MESH.
    CPWL_PARTITION3D_CELL_OFFSETS = 10,
    /// i64: vertices of the cells. CPWL_WANT_MESH.
    CPWL_PARTITION3D_CELL_VERTICES = 11,
    /// (C + 1) i64: the facets of cell i have places `offsets[i]` to `offsets[i + 1] - 1`. CPWL_WANT_MESH.
    CPWL_PARTITION3D_CELL_FACET_OFFSETS = 12,
    /// i64: facets of the cells. CPWL_WANT_MESH.
    CPWL_PARTITION3D_CELL_FACETS = 13,
    /// (C) f64: volumes of the cells, in units of (u, v, w). CPWL_WANT_POLYGONS.
    CPWL_PARTITION3D_VOLUMES = 14,
    /// (C, 3) f64: centroids in (u, v, w). CPWL_WANT_POLYGONS.
    CPWL_PARTITION3D_CENTROIDS = 15,
    /// (C) f64: surface areas of the cells. CPWL_WANT_MESH.
    CPWL_PARTITION3D_AREAS = 16,
    /// (C, K, 3) f64: on cell i output k is `A[i, k] . (u, v, w) + b[i, k]`. CPWL_WANT_MAPS.
    CPWL_PARTITION3D_MAP_A = 17,
    /// (C, K) f64: the b of CPWL_PARTITION3D_MAP_A. CPWL_WANT_MAPS.
    CPWL_PARTITION3D_MAP_B = 18,
    /// (layers of units) i64: number of cells after each layer. Always kept.
    CPWL_PARTITION3D_LAYER_CELLS = 19,
}

/// Arrays of a surface, for `cpwl_surface_array`. V vertices, E edges, F polygons. Since 0.1.
#[repr(C)]
pub enum cpwl_surface_array_id {
    /// (V, 3) f64: vertices in (u, v, w).
    CPWL_SURFACE_VERTICES = 1,
    /// (F + 1) i64: the vertices of polygon i have places `offsets[i]` to `offsets[i + 1] - 1`.
    CPWL_SURFACE_POLYGON_OFFSETS = 2,
    /// i64: vertices of the polygons, counter-clockwise as seen from where the output is larger. Polygons are plane and
    /// convex; a fan from any of its vertices makes triangles of one.
    CPWL_SURFACE_POLYGON_VERTICES = 3,
    /// (F, 3) f64: gradient of the output on each polygon, which points to where the output is larger.
    CPWL_SURFACE_GRADIENTS = 4,
    /// (E, 2) i64: end points of the edges.
    CPWL_SURFACE_EDGES = 5,
    /// (E) i32: number of polygons at each edge: 2, or 1 at the sides of the domain.
    CPWL_SURFACE_EDGE_POLYGONS = 6,
}

/// What the colour of a cell says in a picture. Since 0.1.
#[repr(C)]
pub enum cpwl_color {
    /// Frobenius norm of the slope of the outputs, dark to light.
    CPWL_COLOR_SLOPE = 1,
    /// Logarithm of the area, dark to light.
    CPWL_COLOR_AREA = 2,
    /// The largest output at the centroid.
    CPWL_COLOR_CLASS = 3,
    /// The activation pattern.
    CPWL_COLOR_PATTERN = 4,
}

/// Arrays of an enumeration of F regions and H facets in d dimensions, for `cpwl_enumeration_array`. K outputs. Since 0.1.
#[repr(C)]
pub enum cpwl_enumeration_array_id {
    /// (F, K, d) f64: on region i output k is `A[i, k] . t + b[i, k]`. CPWL_WANT_MAPS.
    CPWL_ENUMERATION_MAP_A = 1,
    /// (F, K) f64: the b of CPWL_ENUMERATION_MAP_A. CPWL_WANT_MAPS.
    CPWL_ENUMERATION_MAP_B = 2,
    /// (F + 1) i64: region i has entries `offsets[i]` to `offsets[i + 1] - 1` of the arrays of facets. CPWL_WANT_FACETS.
    CPWL_ENUMERATION_FACET_OFFSETS = 3,
    /// (H, d) f64: outward normals of length 1. A region is where normal . t <= level for all its facets (and |t - center|
    /// <= radius in a ball): none of them is redundant. CPWL_WANT_FACETS.
    CPWL_ENUMERATION_FACET_NORMALS = 4,
    /// (H) f64: see CPWL_ENUMERATION_FACET_NORMALS. CPWL_WANT_FACETS.
    CPWL_ENUMERATION_FACET_LEVELS = 5,
    /// (H) i32: the layer of units (0, 1, ...) that made the facet; -1 for a side of the domain. CPWL_WANT_FACETS.
    CPWL_ENUMERATION_FACET_LAYER = 6,
    /// (H) i64: the unit within that layer, or the side of the domain: 2 i and 2 i + 1 are the lower and upper side of a box
    /// along axis i (in the plane the sides of the polygon in order), row i of a polytope; of a simplex, opposite to vertex
    /// i + 1, the last one to vertex 0.
    /// CPWL_WANT_FACETS.
    CPWL_ENUMERATION_FACET_UNIT = 7,
    /// (H) i32: the knot of that unit; a g + b where candidates a < b of a max unit of g candidates tie. CPWL_WANT_FACETS.
    CPWL_ENUMERATION_FACET_KNOT = 8,
    /// (H) i64: the region across the facet; -1 outside the domain, or if a partial result does not have it; one of them where
    /// a degenerate network has several. Both CPWL_WANT_FACETS and CPWL_WANT_PATTERNS.
    CPWL_ENUMERATION_NEIGHBOURS = 9,
    /// (F, d) f64: centres of the largest balls inside the regions; of an unbounded domain, deep interior points.
    /// CPWL_WANT_CENTERS.
    CPWL_ENUMERATION_CENTERS = 10,
    /// (F) f64: distances of the centres from the border of their regions: inscribed radii. CPWL_WANT_CENTERS.
    CPWL_ENUMERATION_RADII = 11,
    /// (F) f64: volumes in units of t. CPWL_WANT_VOLUMES.
    CPWL_ENUMERATION_VOLUMES = 12,
    /// (layers of units) i64: number of cells after each layer; of a partial result, those that hold its regions. Always
    /// kept.
    CPWL_ENUMERATION_LAYER_CELLS = 13,
}

/// Which piece a unit is kept on, for `cpwl_police`. Since 0.1.
#[repr(C)]
pub enum cpwl_police_rule {
    /// The one that needs the smallest shift, the left one of two. With several regions each keeps a piece of its own
    /// wherever a knot fits between their ranges.
    CPWL_POLICE_MIN_SHIFT = 1,
    /// The same with one piece for all regions: the network is affine on the hull of their union.
    CPWL_POLICE_JOINT = 2,
    /// The piece of most vertices, as in the paper, the left one at a tie: one region of vertices, units of one knot at 0.
    CPWL_POLICE_MAJORITY = 3,
    /// The pieces of `codes` of `cpwl_police_options`.
    CPWL_POLICE_GIVEN = 4,
}

/// Arithmetic of `cpwl_police`. Since 0.1.
#[repr(C)]
pub enum cpwl_police_precision {
    /// Double precision, whatever that of the network is.
    CPWL_POLICE_DOUBLE = 1,
    /// Products of many rows with weights of single precision in single precision: twice as fast, but shifts carry its
    /// rounding, and the result need not pass a certificate.
    CPWL_POLICE_SINGLE = 2,
}

/// Verdicts of `cpwl_certify`. Since 0.1.
#[repr(C)]
pub enum cpwl_verdict {
    /// Every unit stays on one affine piece over the region: the network is affine there.
    CPWL_CERTIFIED = 1,
    /// That could not be shown.
    CPWL_NOT_CERTIFIED = 2,
    /// The network is not affine on the region: see CPWL_CERTIFICATE_WITNESS.
    CPWL_VIOLATED = 3,
}

/// Why a network was not certified. Since 0.1.
#[repr(C)]
pub enum cpwl_reason {
    /// A unit takes inputs strictly on both sides of a bend.
    CPWL_REASON_CROSSES = 1,
    /// A unit is on one piece, but not on the one that was asked for.
    CPWL_REASON_ELSEWHERE = 2,
    /// The distance of a unit from a bend is below the error bound of the last arithmetic that was used.
    CPWL_REASON_RADIUS = 3,
}

/// Arrays of certificates, for `cpwl_certificates_array`. Since 0.1.
#[repr(C)]
pub enum cpwl_certificate_array_id {
    /// (n_units) i32: the piece of every unit over the region, as in `cpwl_network_pattern`; -1 where it is not known.
    CPWL_CERTIFICATE_CODES = 1,
    /// (3, n_inputs) f64 where the verdict is CPWL_VIOLATED, else (0, n_inputs): the ends of a segment in the region and a
    /// point on it, rounded, at which no affine function agrees with the network.
    CPWL_CERTIFICATE_WITNESS = 2,
    /// (n, 2) i64, region 0 for all: pairs of certified regions with the same pieces throughout; the network is one affine
    /// map on the hull of both.
    CPWL_CERTIFICATE_SHARED = 3,
}

/// Arrays of a policed network of R regions, for `cpwl_policed_array`. The first six belong to a layer of g groups, the
/// next two to a region. Since 0.1.
#[repr(C)]
pub enum cpwl_policed_array_id {
    /// (g) f64: what was subtracted from the bias of each group.
    CPWL_POLICED_SHIFTS = 1,
    /// (g) f64: the bias of each group in the folded network.
    CPWL_POLICED_BIASES = 2,
    /// (g) f64: the distance that each group was to keep from its knots.
    CPWL_POLICED_MARGINS = 3,
    /// (R, g) i32: the piece that each group is on over each region, as `cpwl_network_pattern` counts them.
    CPWL_POLICED_CODES = 4,
    /// (g) i32: the region that decided on the shift of each group; -1 where there is none.
    CPWL_POLICED_DECIDING_REGION = 5,
    /// (g) i32: the vertex of that region that decided on it; -1 where there is none, or a region without vertices.
    CPWL_POLICED_DECIDING_CORNER = 6,
    /// (n_outputs, n_inputs) f64: the A of the map y = A x + c on a region. Where the region is flat, only its action along
    /// the region is determined.
    CPWL_POLICED_MAP_A = 7,
    /// (n_outputs) f64: the c of that map.
    CPWL_POLICED_MAP_C = 8,
    /// (pairs, 2) i64: pairs of regions with the same pieces throughout: the network is affine on the hull of both. Index 0.
    CPWL_POLICED_SHARED = 9,
}

/// Conventions of published codes for an effective rank, for `cpwl_rank_options`. Since 0.1.
#[repr(C)]
pub enum cpwl_rank_preset {
    /// Effective rank of Roy and Vetterli (2007): singular values, no eps.
    CPWL_RANK_ROY_VETTERLI = 1,
    /// RankMe as published (arXiv 2210.02885): singular values, eps 1e-7 added to the probabilities.
    CPWL_RANK_PAPER = 2,
    /// The RankMe of stable-pretraining: eps 1e-5.
    CPWL_RANK_STABLE_PRETRAINING = 3,
    /// The RankMe of reptrix: eigenvalues of the centred data, eps 1e-7.
    CPWL_RANK_REPTRIX = 4,
}

/// What the probabilities of an effective rank are made of. Since 0.1.
#[repr(C)]
pub enum cpwl_rank_power {
    /// Singular values.
    CPWL_RANK_SINGULAR = 1,
    /// Their squares, the eigenvalues of the second moments.
    CPWL_RANK_EIGEN = 2,
}

/// Where the eps of an effective rank goes; s are singular values or eigenvalues. Since 0.1.
#[repr(C)]
pub enum cpwl_rank_eps_mode {
    /// q = s / sum s + eps, which adds up to more than 1.
    CPWL_RANK_EPS_AFTER = 1,
    /// q = (s + eps) / sum (s + eps), with eps in the units of s.
    CPWL_RANK_EPS_BEFORE = 2,
}

/// Whether the mean of the rows is subtracted. Since 0.1.
#[repr(C)]
pub enum cpwl_rank_center {
    /// The rows as they are.
    CPWL_RANK_UNCENTERED = 1,
    /// The rows minus their mean.
    CPWL_RANK_CENTERED = 2,
}

/// What `cpwl_rank_gradient` differentiates. Since 0.1.
#[repr(C)]
pub enum cpwl_rank_target {
    /// The effective rank.
    CPWL_RANK_OF_RANK = 1,
    /// Its entropy.
    CPWL_RANK_OF_ENTROPY = 2,
}

/// What the matrix entropy of N rows and K columns is divided by. Since 0.1.
#[repr(C)]
pub enum cpwl_entropy_scale {
    /// Nothing.
    CPWL_ENTROPY_RAW = 1,
    /// ln N.
    CPWL_ENTROPY_LN_ROWS = 2,
    /// ln K.
    CPWL_ENTROPY_LN_COLUMNS = 3,
    /// The smaller of both.
    CPWL_ENTROPY_LN_MIN = 4,
    /// ln N ln K.
    CPWL_ENTROPY_LN_PRODUCT = 5,
}

/// Arrays of a spectrum of r values, for `cpwl_spectrum_array`. Since 0.1.
#[repr(C)]
pub enum cpwl_spectrum_array_id {
    /// (r) f64: the singular values, descending.
    CPWL_SPECTRUM_SINGULAR_VALUES = 1,
    /// (r) f64: their squares over the sum of these, descending; of centred rows the explained-variance ratios.
    CPWL_SPECTRUM_VARIANCE_RATIOS = 2,
}

/// Weights of rank t in the fit of `cpwl_alpha_req`. Since 0.1.
#[repr(C)]
pub enum cpwl_weighting {
    /// 1/t.
    CPWL_WEIGHT_INVERSE_RANK = 1,
    /// All alike.
    CPWL_WEIGHT_NONE = 2,
}

/// Denominators of LiDAR of n groups of q_i views. Since 0.1.
#[repr(C)]
pub enum cpwl_lidar_denominators {
    /// n and sum q; eps is added to the probabilities: as published.
    CPWL_LIDAR_BIASED = 1,
    /// n - 1 and sum (q - 1); eps is added to the eigenvalues.
    CPWL_LIDAR_UNBIASED = 2,
}

/// How `cpwl_curvature` measures turning. Since 0.1.
#[repr(C)]
pub enum cpwl_turn {
    /// arccos |cos|, from 0 to pi / 2.
    CPWL_TURN_ABSOLUTE = 1,
    /// arccos cos, from 0 to pi.
    CPWL_TURN_SIGNED = 2,
}

/// Which end of a plateau `cpwl_rank_select` takes. Since 0.1.
#[repr(C)]
pub enum cpwl_prefer {
    /// The smallest hyperparameter.
    CPWL_PREFER_MIN = 1,
    /// The largest.
    CPWL_PREFER_MAX = 2,
}

/// Arrays of a `cpwl_factor_result`; the functions say which they give, and the shapes. Since 0.1.
#[repr(C)]
pub enum cpwl_factor_array_id {
    /// Images of each factor.
    CPWL_FACTOR_TOTAL = 1,
    /// Right answers of each model.
    CPWL_FACTOR_N_CORRECT = 2,
    /// Right answers of each model among the images of each factor.
    CPWL_FACTOR_CORRECT = 3,
    /// Images of each group.
    CPWL_FACTOR_GROUP_N = 4,
    /// Images of each group and factor.
    CPWL_FACTOR_GROUP_TOTAL = 5,
    /// Right answers in each group.
    CPWL_FACTOR_GROUP_N_CORRECT = 6,
    /// Right answers in each group and factor.
    CPWL_FACTOR_GROUP_CORRECT = 7,
    /// Accuracy over the pooled images of the classes of lowest accuracy.
    CPWL_FACTOR_WORST_CLASSES = 8,
    /// Accuracy over all images.
    CPWL_FACTOR_AVERAGE = 9,
    /// Lowest accuracy of a factor.
    CPWL_FACTOR_WORST = 10,
    /// Accuracy.
    CPWL_FACTOR_ACCURACY = 11,
    /// Lower end of its interval.
    CPWL_FACTOR_ACCURACY_LOW = 12,
    /// Upper end.
    CPWL_FACTOR_ACCURACY_HIGH = 13,
    /// (1 - accuracy) / (1 - average).
    CPWL_FACTOR_ERROR_RATIO = 14,
    /// A standard error.
    CPWL_FACTOR_STANDARD_ERROR = 15,
    /// Lower end of an interval.
    CPWL_FACTOR_LOW = 16,
    /// Upper end.
    CPWL_FACTOR_HIGH = 17,
    /// Share of the factor among all activations.
    CPWL_FACTOR_PREVALENCE = 18,
    /// The same on images that the model gets wrong.
    CPWL_FACTOR_MISCLASSIFIED_PREVALENCE = 19,
    /// Relative difference of the two.
    CPWL_FACTOR_SHIFT = 20,
    /// CPWL_FACTOR_* flags.
    CPWL_FACTOR_FLAGS = 21,
    /// A difference.
    CPWL_FACTOR_DELTA = 22,
    /// Images that model a alone gets wrong.
    CPWL_FACTOR_ONLY_A_WRONG = 23,
    /// Images that model b alone gets wrong.
    CPWL_FACTOR_ONLY_B_WRONG = 24,
    /// A p-value.
    CPWL_FACTOR_P = 25,
    /// Corrected by Holm.
    CPWL_FACTOR_HOLM = 26,
    /// Corrected by Benjamini and Hochberg.
    CPWL_FACTOR_Q = 27,
    /// Strength of the lowest fitted ratio.
    CPWL_FACTOR_AT_LOWEST = 28,
    /// Strength of the highest.
    CPWL_FACTOR_AT_HIGHEST = 29,
    /// Mean ratio at the weakest strength.
    CPWL_FACTOR_WEAKEST = 30,
    /// Mean ratio at the strongest.
    CPWL_FACTOR_STRONGEST = 31,
    /// The statistic of a test.
    CPWL_FACTOR_STATISTIC = 32,
    /// Its degrees of freedom.
    CPWL_FACTOR_DOF = 33,
    /// Slope of a line.
    CPWL_FACTOR_SLOPE = 34,
    /// Its standard error.
    CPWL_FACTOR_SLOPE_ERROR = 35,
    /// p-value by permutation.
    CPWL_FACTOR_PERMUTATION_P = 36,
    /// A mean.
    CPWL_FACTOR_MEAN = 37,
    /// Replicates that are left out.
    CPWL_FACTOR_LEFT_OUT = 38,
    /// Replicates.
    CPWL_FACTOR_REPLICATES = 39,
    /// Expected calibration error.
    CPWL_FACTOR_CALIBRATION = 40,
    /// The same over all images.
    CPWL_FACTOR_CALIBRATION_ALL = 41,
    /// Spearman's correlation.
    CPWL_FACTOR_CORRELATION = 42,
    /// Images that have both factors.
    CPWL_FACTOR_BOTH = 43,
    /// Images by number of active factors.
    CPWL_FACTOR_ACTIVE = 44,
}

/// Version of this header; `cpwl_version()` is that of the library. Since 0.1.
pub const CPWL_VERSION_MAJOR: u32 = 0;
/// See CPWL_VERSION_MAJOR.
pub const CPWL_VERSION_MINOR: u32 = 1;
/// See CPWL_VERSION_MAJOR.
pub const CPWL_VERSION_PATCH: u32 = 0;

/// Flag of `cpwl_context_options`: run the plain reference implementations (slow; for checking). Since 0.1.
pub const CPWL_CONTEXT_REFERENCE: u32 = 1;
/// Flag of `cpwl_context_options`: results may depend on the number of threads in the last bits. Since 0.1.
pub const CPWL_CONTEXT_NONDETERMINISTIC: u32 = 2;

/// Part of a partition, for `want` of `cpwl_partition_options`: polygons, areas, centroids. Since 0.1.
pub const CPWL_WANT_POLYGONS: u32 = 1;
/// Part of a partition: activation patterns. Since 0.1.
pub const CPWL_WANT_PATTERNS: u32 = 2;
/// Part of a partition: the affine map of the output on each cell. Since 0.1.
pub const CPWL_WANT_MAPS: u32 = 4;
/// Part of a partition: shared vertices, edges with the units that made them, neighbours; implies polygons. Since 0.1.
pub const CPWL_WANT_MESH: u32 = 8;
/// Part of an enumeration: irredundant half-spaces of the regions, and the regions across them. Since 0.1.
pub const CPWL_WANT_FACETS: u32 = 0x100;
/// Part of an enumeration: interior points and inscribed radii. Since 0.1.
pub const CPWL_WANT_CENTERS: u32 = 0x200;
/// Part of an enumeration: volumes, in at most 8 dimensions and exact up to rounding. Not among the defaults: half a
/// millisecond a region in 6 dimensions, fifty times that in 8. Since 0.1.
pub const CPWL_WANT_VOLUMES: u32 = 0x400;
/// Nothing but the number of cells (in total and by layer) and their total area. Stands alone. Since 0.1.
pub const CPWL_WANT_COUNT_ONLY: u32 = 0x8000_0000;

/// What is divided by its length before products are taken (`cpwl_diet_options`). Since 0.1.
#[repr(C)]
pub enum cpwl_diet_norm {
    /// Nothing.
    CPWL_DIET_PLAIN = 1,
    /// The features.
    CPWL_DIET_FEATURES = 2,
    /// The features and the rows of the head.
    CPWL_DIET_COSINE = 3,
}

/// How losses of rows become one (`cpwl_diet_options`). Since 0.1.
#[repr(C)]
pub enum cpwl_diet_reduction {
    /// Their mean by weight, without ignored rows; NaN if there is none.
    CPWL_DIET_MEAN = 1,
    /// Their sum by weight.
    CPWL_DIET_SUM = 2,
}

/// Arrays of a `cpwl_diet_result`, each (b). Since 0.1.
#[repr(C)]
pub enum cpwl_diet_array_id {
    /// Loss of each row, 0 for those that are ignored; f64.
    CPWL_DIET_ROW_LOSS = 1,
    /// ln sum exp of the scores; f64.
    CPWL_DIET_LSE = 2,
    /// Largest probability; f64.
    CPWL_DIET_CONFIDENCE = 3,
    /// Class of the largest score; i64.
    CPWL_DIET_BEST = 4,
    /// Entropy of the probabilities; f64. Only with the flag CPWL_DIET_ENTROPY.
    CPWL_DIET_ENTROPIES = 5,
}

/// Optimisers of `cpwl_diet_step`. Since 0.1.
#[repr(C)]
pub enum cpwl_optimizer {
    /// Gradient descent with momentum: buf = mu buf + d + wd W, W -= lr buf.
    CPWL_SGD = 1,
    /// AdamW: decoupled weight decay, two states.
    CPWL_ADAMW = 2,
    /// LARS: as CPWL_SGD with d + wd W times trust |W| / (|d| + wd |W|), the head being one layer.
    CPWL_LARS = 3,
}

/// Which way the divergence of `cpwl_prior_loss` is taken. Since 0.1.
#[repr(C)]
pub enum cpwl_prior_direction {
    /// KL(mean || prior): for a uniform prior ln k less the entropy of the mean, as in MSN.
    CPWL_PRIOR_MEAN_TO_PRIOR = 1,
    /// KL(prior || mean).
    CPWL_PRIOR_PRIOR_TO_MEAN = 2,
}

/// Arrays of a `cpwl_prior_result`, of f64. Since 0.1.
#[repr(C)]
pub enum cpwl_prior_array_id {
    /// (k): logarithm of the mean assignment.
    CPWL_PRIOR_LOG_MEAN = 1,
    /// (b, k): targets; rows add up to 1.
    CPWL_PRIOR_TARGETS = 2,
}

/// Families of laws over clusters i = 1, .. k (`cpwl_prior_family`). Since 0.1.
#[repr(C)]
pub enum cpwl_prior_kind {
    /// 1 / k.
    CPWL_PRIOR_UNIFORM = 1,
    /// i^-exponent.
    CPWL_PRIOR_POWER_LAW = 2,
    /// (i + shift)^-exponent.
    CPWL_PRIOR_ZIPF = 3,
    /// ratio^-((i - 1) / (k - 1)).
    CPWL_PRIOR_EXPONENTIAL = 4,
    /// ratio for the first `head`, 1 for the others.
    CPWL_PRIOR_STEP = 5,
    /// counts + alpha.
    CPWL_PRIOR_COUNTS = 6,
    /// A sample of the symmetric Dirichlet law.
    CPWL_PRIOR_DIRICHLET = 7,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Status;
    use crate::simd::Isa;
    use crate::view::Dtype;

    #[test]
    fn the_header_has_the_version_of_the_library() {
        let header = [CPWL_VERSION_MAJOR, CPWL_VERSION_MINOR, CPWL_VERSION_PATCH];
        let version = header.map(|part| part.to_string()).join(".");
        assert_eq!(version, env!("CARGO_PKG_VERSION"));
        assert_eq!(super::super::cpwl_version(), header[0] << 16 | header[1] << 8 | header[2]);
    }

    #[test]
    fn codes_of_the_header_are_those_of_the_library() {
        use {cpwl_dtype::*, cpwl_isa::*, cpwl_status_code::*};
        let dtypes = [CPWL_F32, CPWL_F64, CPWL_F16, CPWL_BF16, CPWL_I32, CPWL_I64, CPWL_U8, CPWL_U16];
        assert_eq!(dtypes.map(|d| d as i32), Dtype::ALL.map(|d| d as i32));
        let isas = [CPWL_ISA_PORTABLE, CPWL_ISA_AVX2, CPWL_ISA_AVX512, CPWL_ISA_NEON];
        assert_eq!(isas.map(|i| i as i32), Isa::ALL.map(|i| i as i32));
        for (code, status) in [
            (CPWL_OK, Status::Ok),
            (CPWL_ARGUMENT, Status::Argument),
            (CPWL_SHAPE, Status::Shape),
            (CPWL_DTYPE, Status::Dtype),
            (CPWL_NONFINITE, Status::Nonfinite),
            (CPWL_UNSUPPORTED, Status::Unsupported),
            (CPWL_NUMERIC, Status::Numeric),
            (CPWL_LIMIT, Status::Limit),
            (CPWL_MEMORY, Status::Memory),
            (CPWL_CANCELLED, Status::Cancelled),
            (CPWL_DEVICE, Status::Device),
            (CPWL_IO, Status::Io),
            (CPWL_CERTIFY, Status::Certify),
            (CPWL_PANIC, Status::Panic),
        ] {
            assert_eq!(code as i32, status as i32);
        }
    }
}
