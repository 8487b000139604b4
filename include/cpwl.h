/* cpwl 0.1: geometry and statistics of deep networks. MIT OR Apache-2.0.
 *
 * Generated from src/ffi by cbindgen (see cbindgen.toml); do not edit.
 *
 * Conventions, for every function:
 * - A call is `cpwl_status f(ctx, inputs.., options, outputs..)`. It returns CPWL_OK (0) or a status, and then
 *   cpwl_last_error() has a sentence, which begins with a stable condition word in brackets. Outputs are untouched on
 *   error.
 * - `ctx` NULL is a context with all defaults: all cores, the best instruction set, no limits, no callbacks.
 *   Options NULL are all defaults; otherwise set their first field, `struct_size`, to the sizeof of the struct, and
 *   zero what you do not mean. Newer versions append fields; older structs keep working.
 * - Pointers must be valid for what the function does with them, and aligned; a NULL that is not documented is
 *   CPWL_ARGUMENT. Enums are passed as int32_t; an unknown value is CPWL_ARGUMENT.
 * - Handles are made by functions whose last argument is `out`, and freed by `_free`, which accepts NULL. They are
 *   immutable and may be shared between threads, unless their doc says otherwise. Pointers that are lent are valid
 *   until the handle is freed.
 * - Nothing is printed, no thread starts before a call needs one, panics do not cross (CPWL_PANIC), and a forked child
 *   can go on calling, with the handles of its parent too.
 */


#ifndef CPWL_H
#define CPWL_H

#include <stddef.h>
#include <stdint.h>

/// Version of this header; `cpwl_version()` is that of the library. Since 0.1.
#define CPWL_VERSION_MAJOR 0

/// See CPWL_VERSION_MAJOR.
#define CPWL_VERSION_MINOR 1

/// See CPWL_VERSION_MAJOR.
#define CPWL_VERSION_PATCH 0

/// Flag of `cpwl_context_options`: run the plain reference implementations (slow; for checking). Since 0.1.
#define CPWL_CONTEXT_REFERENCE 1

/// Flag of `cpwl_context_options`: results may depend on the number of threads in the last bits. Since 0.1.
#define CPWL_CONTEXT_NONDETERMINISTIC 2

/// Part of a partition, for `want` of `cpwl_partition_options`: polygons, areas, centroids. Since 0.1.
#define CPWL_WANT_POLYGONS 1

/// Part of a partition: activation patterns. Since 0.1.
#define CPWL_WANT_PATTERNS 2

/// Part of a partition: the affine map of the output on each cell. Since 0.1.
#define CPWL_WANT_MAPS 4

/// Part of a partition: shared vertices, edges with the units that made them, neighbours; implies polygons. Since 0.1.
#define CPWL_WANT_MESH 8

/// Part of an enumeration: irredundant half-spaces of the regions, and the regions across them. Since 0.1.
#define CPWL_WANT_FACETS 256

/// Part of an enumeration: interior points and inscribed radii. Since 0.1.
#define CPWL_WANT_CENTERS 512

/// Part of an enumeration: volumes, in at most 8 dimensions and exact up to rounding. Not among the defaults: half a
/// millisecond a region in 6 dimensions, fifty times that in 8. Since 0.1.
#define CPWL_WANT_VOLUMES 1024

/// Nothing but the number of cells (in total and by layer) and their total area. Stands alone. Since 0.1.
#define CPWL_WANT_COUNT_ONLY 2147483648

/// Flag of `cpwl_enumeration_options`: at `max_regions` keep the first of them, in the order that a complete result has,
/// instead of failing with CPWL_LIMIT; `complete` is 0 then. Since 0.1.
#define CPWL_ENUMERATION_KEEP_PARTIAL 1

/// Flag of `cpwl_police_options`: shift each position of a convolution by itself. The folded network then adds a number
/// to every element behind the convolution; otherwise all positions of a channel share one shift, and it stays an
/// ordinary convolution. Since 0.1.
#define CPWL_POLICE_UNTIED 1

/// Flag of `cpwl_police_options`: keep the outputs on one side of 0 as well, as the code published with the paper does.
/// Since 0.1.
#define CPWL_POLICE_OUTPUT 2

/// Flag of `cpwl_police_options`: keep what `cpwl_policed_backward` needs. Since 0.1.
#define CPWL_POLICE_GRADIENT 4

/// Flag of `cpwl_police_options`: `kappa` is meant as it is, even if it is 0. Since 0.1.
#define CPWL_POLICE_KAPPA 8

/// Flag of `cpwl_police_options`, with CPWL_POLICE_GRADIENT: gradients with respect to the sets are not needed, so that hulls
/// of many points may be carried by fewer rows. Since 0.1.
#define CPWL_POLICE_FIXED_SETS 16

/// Flag of `cpwl_certify_options`: do not look for points that show that a network is not affine. Since 0.1.
#define CPWL_CERTIFY_NO_WITNESS 1

/// Flag of `cpwl_spectrum_options`: subtract the mean of the rows. Since 0.1.
#define CPWL_SPECTRUM_CENTER 1

/// Flag of `cpwl_spectrum_options`: divide each row by its length first, as matrix entropies of token representations want it.
/// Takes N K doubles. Since 0.1.
#define CPWL_SPECTRUM_UNIT_ROWS 2

/// Flag of `cpwl_spectrum_options`: small singular values to full accuracy, for f64 data; see `cpwl_spectrum_new`. Since 0.1.
#define CPWL_SPECTRUM_EXACT 4

/// Flag of `cpwl_rank_options`: give the entropy over ln K, a number from 0 to 1, instead. Since 0.1.
#define CPWL_RANK_NORMALIZE 1

/// Flag of `cpwl_rank_options`: `eps` is meant as it is, even if it is 0. Since 0.1.
#define CPWL_RANK_EPS 2

/// Flag of `cpwl_rank_estimate_options`: of the rows minus their mean. Since 0.1.
#define CPWL_ESTIMATE_CENTER 1

/// Flag of `cpwl_rank_estimate_options`: `deflation` is meant as it is, even if it is 0. Since 0.1.
#define CPWL_ESTIMATE_DEFLATION 2

/// Flag of `cpwl_lidar_options`: `delta` is meant as it is, even if it is 0. Since 0.1.
#define CPWL_LIDAR_DELTA 1

/// Flag of `cpwl_lidar_options`: `eps` is meant as it is, even if it is 0. Since 0.1.
#define CPWL_LIDAR_EPS 2

/// `cpwl_kernel.kind`: exp(-gamma |x - y|^2), the default. Since 0.1.
#define CPWL_KERNEL_RBF 1

/// `cpwl_kernel.kind`: x . y. Since 0.1.
#define CPWL_KERNEL_LINEAR 2

/// `cpwl_kernel.kind`: exp(-gamma |x - y|_1). Since 0.1.
#define CPWL_KERNEL_LAPLACE_L1 3

/// `cpwl_kernel.kind`: exp(-gamma |x - y|), the Euclidean distance. Since 0.1.
#define CPWL_KERNEL_EXP_L2 4

/// `cpwl_kernel.kind`: (gamma x . y + coef0)^degree. Since 0.1.
#define CPWL_KERNEL_POLY 5

/// `cpwl_kernel.kind`: (1 + gamma |x - y|^2 / alpha)^-alpha. Since 0.1.
#define CPWL_KERNEL_RATIONAL_QUADRATIC 6

/// `cpwl_kernel.kind`: (1 + gamma |x - y|^2)^-1/2. Since 0.1.
#define CPWL_KERNEL_INVERSE_MULTIQUADRIC 7

/// `cpwl_kernel.kind`: 1 if the rows are equal, else 0. Since 0.1.
#define CPWL_KERNEL_DISCRETE 8

/// `cpwl_kernel.kind`: -|x - y|; HSIC of it is the squared distance covariance. Since 0.1.
#define CPWL_KERNEL_DISTANCE 9

/// `cpwl_kernel.kind`: the data are the symmetric (n, n) Gram matrix. Since 0.1.
#define CPWL_KERNEL_PRECOMPUTED 10

/// `cpwl_kernel.bandwidth`: sigma = sqrt(m / 2), m the upper median of the squared distances of pairs (R package dHSIC);
/// the default. Since 0.1.
#define CPWL_BANDWIDTH_HALF 1

/// `cpwl_kernel.bandwidth`: sigma is the median of the distances (hyppo). Since 0.1.
#define CPWL_BANDWIDTH_DISTANCE 2

/// `cpwl_kernel.bandwidth`: sigma = sqrt(0.5 median of the squared distances that are not 0) (Gretton's test). Since 0.1.
#define CPWL_BANDWIDTH_NONZERO 3

/// Estimator or objective: Tr(K H L H) / n^2, the default. Since 0.1.
#define CPWL_HSIC_BIASED_N2 1

/// Estimator or objective: Tr(K H L H) / (n - 1)^2. Since 0.1.
#define CPWL_HSIC_BIASED_NM1 2

/// Estimator or objective: unbiased (Song et al. 2012), n >= 4; negative values are right. Since 0.1.
#define CPWL_HSIC_UNBIASED 3

/// Objective: CKA of the biased estimators. Since 0.1.
#define CPWL_CKA_BIASED 4

/// Objective: CKA of the unbiased estimators, n >= 4. Since 0.1.
#define CPWL_CKA_DEBIASED 5

/// `cpwl_hsic_test_options.method`: random (or given) permutations, the default. Since 0.1.
#define CPWL_TEST_PERMUTATION 1

/// `cpwl_hsic_test_options.method`: a gamma approximation of the null distribution: Gretton et al. 2007 for two variables,
/// Pfister et al. 2018 for more. Kernels with k(x, x) = 1. Since 0.1.
#define CPWL_TEST_GAMMA 2

/// `cpwl_hsic_test_options.method`: that of Pfister et al. for two variables as well. Since 0.1.
#define CPWL_TEST_GAMMA_DHSIC 3

/// Field `set` of the option structs of losses: the weights and conventions are those in the struct, zeros too. Without it a
/// zero is the default. Since 0.1.
#define CPWL_LOSS_AS_GIVEN 1

/// Flag of `cpwl_diet_options`: `smoothing` is meant as it is, even if it is 0. Since 0.1.
#define CPWL_DIET_SMOOTHING 1

/// Flag of `cpwl_diet_options`: `scale` is meant as it is, even if it is 0. Since 0.1.
#define CPWL_DIET_SCALE 2

/// Flag of `cpwl_diet_options`: `ignore_index` is meant as it is, even if it is 0. Since 0.1.
#define CPWL_DIET_IGNORE 4

/// Flag of `cpwl_diet_options`: compute in f64 whatever the inputs are; otherwise only if one of them is. Since 0.1.
#define CPWL_DIET_DOUBLE 8

/// Flag of `cpwl_diet_options`: also the entropy of every row's probabilities. Since 0.1.
#define CPWL_DIET_ENTROPY 16

/// Flag of `cpwl_prior_options`: `weight` is meant as it is, even if it is 0. Since 0.1.
#define CPWL_PRIOR_WEIGHT 1

/// Flag of `cpwl_prior_options`: targets are not balanced. Since 0.1.
#define CPWL_PRIOR_NO_SINKHORN 2

/// Flag of `cpwl_prior_options` and of `cpwl_sinkhorn_options`: divide priors or marginals by their sums; otherwise those that do
/// not add up to 1 are refused. Since 0.1.
#define CPWL_PRIOR_NORMALIZE 4

/// Flag of `cpwl_prior_options`: compute in f64 whatever the inputs are; otherwise only if one of them is. Since 0.1.
#define CPWL_PRIOR_DOUBLE 8

/// Flag of `cpwl_sinkhorn_options`: rows of the plan over their marginals, so that they add up to 1. Since 0.1.
#define CPWL_SINKHORN_TARGETS 16

/// Flag of CPWL_FACTOR_FLAGS: fewer than 30 images, intervals are rough. Since 0.1.
#define CPWL_FACTOR_FEW 1

/// Flag of CPWL_FACTOR_FLAGS: no image of this factor, its figures are NaN. Since 0.1.
#define CPWL_FACTOR_ABSENT 2

/// Flag of CPWL_FACTOR_FLAGS: the model makes no error at all, error ratios are NaN. Since 0.1.
#define CPWL_FACTOR_NO_ERROR 4

/// Flag of CPWL_FACTOR_FLAGS: no error on this factor, the interval of the error ratio is one-sided. Since 0.1.
#define CPWL_FACTOR_NO_ERROR_HERE 8

/// Status codes (`cpwl_status`). Since 0.1.
typedef enum cpwl_status_code {
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
} cpwl_status_code;

/// Data types of tensors. Since 0.1.
typedef enum cpwl_dtype {
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
} cpwl_dtype;

/// Instruction sets. Since 0.1.
typedef enum cpwl_isa {
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
} cpwl_isa;

/// Devices. 1 (`kDLCPU` of DLPack) means the CPU too. Since 0.1.
typedef enum cpwl_device {
    /// The CPU.
    CPWL_DEVICE_CPU = 0,
} cpwl_device;

/// Pointwise activations of `cpwl_network_builder_activation`. Since 0.1.
typedef enum cpwl_activation {
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
} cpwl_activation;

/// Smooth activations, of `cpwl_network_builder_smooth`, with the parameters of torch. Since 0.1.
typedef enum cpwl_smooth {
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
} cpwl_smooth;

/// Arrays of a partition, for `cpwl_partition_array`. F cells, V vertices, E edges, C polygon vertices in all, K outputs.
/// Since 0.1.
typedef enum cpwl_partition_array_id {
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
} cpwl_partition_array_id;

/// Arrays of a chunk of a stream, for `cpwl_chunk_array`. n cells, C polygon vertices in all, K outputs. Since 0.1.
typedef enum cpwl_chunk_array_id {
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
} cpwl_chunk_array_id;

/// Kinds of boundary. Since 0.1.
typedef enum cpwl_boundary_mode {
    /// Where the largest output changes.
    CPWL_BOUNDARY_MODE_ARGMAX = 1,
    /// Where any two outputs are equal: a superset.
    CPWL_BOUNDARY_MODE_PAIRWISE = 2,
    /// Where one output equals a level.
    CPWL_BOUNDARY_MODE_LEVEL_SET = 3,
} cpwl_boundary_mode;

/// Arrays of a boundary of n segments that form P polylines, for `cpwl_boundary_array`. Since 0.1.
typedef enum cpwl_boundary_array_id {
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
} cpwl_boundary_array_id;

/// What the colour of a cell says in a picture. Since 0.1.
typedef enum cpwl_color {
    /// Frobenius norm of the slope of the outputs, dark to light.
    CPWL_COLOR_SLOPE = 1,
    /// Logarithm of the area, dark to light.
    CPWL_COLOR_AREA = 2,
    /// The largest output at the centroid.
    CPWL_COLOR_CLASS = 3,
    /// The activation pattern.
    CPWL_COLOR_PATTERN = 4,
} cpwl_color;

/// Units of lengths, areas and slopes. Since 0.1.
typedef enum cpwl_metric {
    /// Those of (u, v).
    CPWL_METRIC_DOMAIN = 1,
    /// Those of the input space in which a slice lies: areas times sqrt(det(T'T)) and lengths after T, for the axes T.
    CPWL_METRIC_AMBIENT = 2,
} cpwl_metric;

/// Arrays of statistics, for `cpwl_statistics_array`. F cells, E edges, L lines (a line being the edges that one unit
/// made), all in the units of the metric but for points, which are in (u, v). Since 0.1.
typedef enum cpwl_statistics_array_id {
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
} cpwl_statistics_array_id;

/// Numbers that every cell has, for `cpwl_statistics_spread`. Since 0.1.
typedef enum cpwl_quantity {
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
} cpwl_quantity;

/// Arrays of a partition in space, for `cpwl_partition3d_array`. C cells, V vertices, E edges, F facets, K outputs.
/// Since 0.1.
typedef enum cpwl_partition3d_array_id {
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
} cpwl_partition3d_array_id;

/// Arrays of a surface, for `cpwl_surface_array`. V vertices, E edges, F polygons. Since 0.1.
typedef enum cpwl_surface_array_id {
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
} cpwl_surface_array_id;

/// Arrays of an enumeration of F regions and H facets in d dimensions, for `cpwl_enumeration_array`. K outputs. Since 0.1.
typedef enum cpwl_enumeration_array_id {
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
} cpwl_enumeration_array_id;

/// Which piece a unit is kept on, for `cpwl_police`. Since 0.1.
typedef enum cpwl_police_rule {
    /// The one that needs the smallest shift, the left one of two. With several regions each keeps a piece of its own
    /// wherever a knot fits between their ranges.
    CPWL_POLICE_MIN_SHIFT = 1,
    /// The same with one piece for all regions: the network is affine on the hull of their union.
    CPWL_POLICE_JOINT = 2,
    /// The piece of most vertices, as in the paper, the left one at a tie: one region of vertices, units of one knot at 0.
    CPWL_POLICE_MAJORITY = 3,
    /// The pieces of `codes` of `cpwl_police_options`.
    CPWL_POLICE_GIVEN = 4,
} cpwl_police_rule;

/// Arithmetic of `cpwl_police`. Since 0.1.
typedef enum cpwl_police_precision {
    /// Double precision, whatever that of the network is.
    CPWL_POLICE_DOUBLE = 1,
    /// Products of many rows with weights of single precision in single precision: twice as fast, but shifts carry its
    /// rounding, and the result need not pass a certificate.
    CPWL_POLICE_SINGLE = 2,
} cpwl_police_precision;

/// Arrays of a policed network of R regions, for `cpwl_policed_array`. The first six belong to a layer of g groups, the
/// next two to a region. Since 0.1.
typedef enum cpwl_policed_array_id {
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
} cpwl_policed_array_id;

/// Verdicts of `cpwl_certify`. Since 0.1.
typedef enum cpwl_verdict {
    /// Every unit stays on one affine piece over the region: the network is affine there.
    CPWL_CERTIFIED = 1,
    /// That could not be shown.
    CPWL_NOT_CERTIFIED = 2,
    /// The network is not affine on the region: see CPWL_CERTIFICATE_WITNESS.
    CPWL_VIOLATED = 3,
} cpwl_verdict;

/// Why a network was not certified. Since 0.1.
typedef enum cpwl_reason {
    /// A unit takes inputs strictly on both sides of a bend.
    CPWL_REASON_CROSSES = 1,
    /// A unit is on one piece, but not on the one that was asked for.
    CPWL_REASON_ELSEWHERE = 2,
    /// The distance of a unit from a bend is below the error bound of the last arithmetic that was used.
    CPWL_REASON_RADIUS = 3,
} cpwl_reason;

/// Arrays of certificates, for `cpwl_certificates_array`. Since 0.1.
typedef enum cpwl_certificate_array_id {
    /// (n_units) i32: the piece of every unit over the region, as in `cpwl_network_pattern`; -1 where it is not known.
    CPWL_CERTIFICATE_CODES = 1,
    /// (3, n_inputs) f64 where the verdict is CPWL_VIOLATED, else (0, n_inputs): the ends of a segment in the region and a
    /// point on it, rounded, at which no affine function agrees with the network.
    CPWL_CERTIFICATE_WITNESS = 2,
    /// (n, 2) i64, region 0 for all: pairs of certified regions with the same pieces throughout; the network is one affine
    /// map on the hull of both.
    CPWL_CERTIFICATE_SHARED = 3,
} cpwl_certificate_array_id;

/// What is divided by its length before products are taken (`cpwl_diet_options`). Since 0.1.
typedef enum cpwl_diet_norm {
    /// Nothing.
    CPWL_DIET_PLAIN = 1,
    /// The features.
    CPWL_DIET_FEATURES = 2,
    /// The features and the rows of the head.
    CPWL_DIET_COSINE = 3,
} cpwl_diet_norm;

/// How losses of rows become one (`cpwl_diet_options`). Since 0.1.
typedef enum cpwl_diet_reduction {
    /// Their mean by weight, without ignored rows; NaN if there is none.
    CPWL_DIET_MEAN = 1,
    /// Their sum by weight.
    CPWL_DIET_SUM = 2,
} cpwl_diet_reduction;

/// Arrays of a `cpwl_diet_result`, each (b). Since 0.1.
typedef enum cpwl_diet_array_id {
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
} cpwl_diet_array_id;

/// Optimisers of `cpwl_diet_step`. Since 0.1.
typedef enum cpwl_optimizer {
    /// Gradient descent with momentum: buf = mu buf + d + wd W, W -= lr buf.
    CPWL_SGD = 1,
    /// AdamW: decoupled weight decay, two states.
    CPWL_ADAMW = 2,
    /// LARS: as CPWL_SGD with d + wd W times trust |W| / (|d| + wd |W|), the head being one layer.
    CPWL_LARS = 3,
} cpwl_optimizer;

/// Which way the divergence of `cpwl_prior_loss` is taken. Since 0.1.
typedef enum cpwl_prior_direction {
    /// KL(mean || prior): for a uniform prior ln k less the entropy of the mean, as in MSN.
    CPWL_PRIOR_MEAN_TO_PRIOR = 1,
    /// KL(prior || mean).
    CPWL_PRIOR_PRIOR_TO_MEAN = 2,
} cpwl_prior_direction;

/// Arrays of a `cpwl_prior_result`, of f64. Since 0.1.
typedef enum cpwl_prior_array_id {
    /// (k): logarithm of the mean assignment.
    CPWL_PRIOR_LOG_MEAN = 1,
    /// (b, k): targets; rows add up to 1.
    CPWL_PRIOR_TARGETS = 2,
} cpwl_prior_array_id;

/// Families of laws over clusters i = 1, .. k (`cpwl_prior_family`). Since 0.1.
typedef enum cpwl_prior_kind {
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
} cpwl_prior_kind;

/// Conventions of published codes for an effective rank, for `cpwl_rank_options`. Since 0.1.
typedef enum cpwl_rank_preset {
    /// Effective rank of Roy and Vetterli (2007): singular values, no eps.
    CPWL_RANK_ROY_VETTERLI = 1,
    /// RankMe as published (arXiv 2210.02885): singular values, eps 1e-7 added to the probabilities.
    CPWL_RANK_PAPER = 2,
    /// The RankMe of stable-pretraining: eps 1e-5.
    CPWL_RANK_STABLE_PRETRAINING = 3,
    /// The RankMe of reptrix: eigenvalues of the centred data, eps 1e-7.
    CPWL_RANK_REPTRIX = 4,
} cpwl_rank_preset;

/// What the probabilities of an effective rank are made of. Since 0.1.
typedef enum cpwl_rank_power {
    /// Singular values.
    CPWL_RANK_SINGULAR = 1,
    /// Their squares, the eigenvalues of the second moments.
    CPWL_RANK_EIGEN = 2,
} cpwl_rank_power;

/// Where the eps of an effective rank goes; s are singular values or eigenvalues. Since 0.1.
typedef enum cpwl_rank_eps_mode {
    /// q = s / sum s + eps, which adds up to more than 1.
    CPWL_RANK_EPS_AFTER = 1,
    /// q = (s + eps) / sum (s + eps), with eps in the units of s.
    CPWL_RANK_EPS_BEFORE = 2,
} cpwl_rank_eps_mode;

/// Whether the mean of the rows is subtracted. Since 0.1.
typedef enum cpwl_rank_center {
    /// The rows as they are.
    CPWL_RANK_UNCENTERED = 1,
    /// The rows minus their mean.
    CPWL_RANK_CENTERED = 2,
} cpwl_rank_center;

/// What `cpwl_rank_gradient` differentiates. Since 0.1.
typedef enum cpwl_rank_target {
    /// The effective rank.
    CPWL_RANK_OF_RANK = 1,
    /// Its entropy.
    CPWL_RANK_OF_ENTROPY = 2,
} cpwl_rank_target;

/// What the matrix entropy of N rows and K columns is divided by. Since 0.1.
typedef enum cpwl_entropy_scale {
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
} cpwl_entropy_scale;

/// Arrays of a spectrum of r values, for `cpwl_spectrum_array`. Since 0.1.
typedef enum cpwl_spectrum_array_id {
    /// (r) f64: the singular values, descending.
    CPWL_SPECTRUM_SINGULAR_VALUES = 1,
    /// (r) f64: their squares over the sum of these, descending; of centred rows the explained-variance ratios.
    CPWL_SPECTRUM_VARIANCE_RATIOS = 2,
} cpwl_spectrum_array_id;

/// Weights of rank t in the fit of `cpwl_alpha_req`. Since 0.1.
typedef enum cpwl_weighting {
    /// 1/t.
    CPWL_WEIGHT_INVERSE_RANK = 1,
    /// All alike.
    CPWL_WEIGHT_NONE = 2,
} cpwl_weighting;

/// Denominators of LiDAR of n groups of q_i views. Since 0.1.
typedef enum cpwl_lidar_denominators {
    /// n and sum q; eps is added to the probabilities: as published.
    CPWL_LIDAR_BIASED = 1,
    /// n - 1 and sum (q - 1); eps is added to the eigenvalues.
    CPWL_LIDAR_UNBIASED = 2,
} cpwl_lidar_denominators;

/// How `cpwl_curvature` measures turning. Since 0.1.
typedef enum cpwl_turn {
    /// arccos |cos|, from 0 to pi / 2.
    CPWL_TURN_ABSOLUTE = 1,
    /// arccos cos, from 0 to pi.
    CPWL_TURN_SIGNED = 2,
} cpwl_turn;

/// Which end of a plateau `cpwl_rank_select` takes. Since 0.1.
typedef enum cpwl_prefer {
    /// The smallest hyperparameter.
    CPWL_PREFER_MIN = 1,
    /// The largest.
    CPWL_PREFER_MAX = 2,
} cpwl_prefer;

/// Arrays of a `cpwl_factor_result`; the functions say which they give, and the shapes. Since 0.1.
typedef enum cpwl_factor_array_id {
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
} cpwl_factor_array_id;

/// Line segments of a decision boundary or level set. Immutable; may be shared between threads. Since 0.1.
typedef struct cpwl_boundary cpwl_boundary;

/// Bytes that a call has made: the contents of a file. Immutable. Since 0.1.
typedef struct cpwl_bytes cpwl_bytes;

/// Certificates of a network on some regions. Immutable; may be shared between threads. Since 0.1.
typedef struct cpwl_certificates cpwl_certificates;

/// Consecutive cells of a partition, while a callback looks at them. Since 0.1.
typedef struct cpwl_chunk cpwl_chunk;

/// How calls run: threads, instruction set, limits and callbacks. Immutable; may be shared between threads and used
/// by several calls at once. Wherever a function takes a context, NULL is one with all defaults. Since 0.1.
typedef struct cpwl_context cpwl_context;

/// What a batch costs, row by row: immutable. Since 0.1.
typedef struct cpwl_diet_result cpwl_diet_result;

/// A convex domain of dimension d. Its coordinates are the input of the network or, for a slice, span a part of its input
/// space; in the plane they are called (u, v). Immutable; may be shared between threads. Since 0.1.
typedef struct cpwl_domain cpwl_domain;

/// The linear regions of a network on a domain of dimension d, each given by half-spaces. Immutable; may be shared between
/// threads. Since 0.1.
///
/// F regions (full-dimensional maximal sets of constant activation pattern), H facets in all. Linear programs in floating
/// point decide, with a tolerance: `cpwl_enumeration_info` says how close the decisions were. The order of everything, and
/// every byte, is the same for any number of threads.
typedef struct cpwl_enumeration cpwl_enumeration;

/// What an analysis by factors found: arrays by number (`cpwl_factor_array_id`); each function says which it gives. Immutable.
/// Since 0.1.
typedef struct cpwl_factor_result cpwl_factor_result;

/// Images, the factors that are active on them, and what is a right answer. Immutable. Since 0.1.
typedef struct cpwl_factors cpwl_factors;

/// Sums for CKA between all layers of two networks over minibatches. Changed by `cpwl_layer_cka_push`; calls at the same time
/// from two threads fail with CPWL_ARGUMENT. Since 0.1.
typedef struct cpwl_layer_cka cpwl_layer_cka;

/// Groups of views, of which LiDAR is taken: streams and merges. Memory: 2 K^2 doubles for K columns, and a few hundred rows. It
/// changes, also when it is measured: one thread at a time may use it. A call that fails leaves it as it was. Since 0.1.
typedef struct cpwl_lidar cpwl_lidar;

/// Second moments of rows of K columns in double precision, behind every measure of a spectrum: streams, merges, and travels.
/// Memory: K^2 doubles. A state changes: one thread at a time may use it. A call that fails leaves it as it was. Since 0.1.
typedef struct cpwl_moments cpwl_moments;

/// A network: immutable, may be shared between threads and used by several calls at once. Since 0.1.
typedef struct cpwl_network cpwl_network;

/// A network under construction: a list of nodes, each reading earlier ones. Node 0 is the input. Not for two threads
/// at once. A failed call leaves it as it was. Since 0.1.
typedef struct cpwl_network_builder cpwl_network_builder;

/// The exact partition of a domain into the cells on which a network is affine (arXiv 2302.12828). Immutable; may be
/// shared between threads. Since 0.1.
///
/// F cells (activation cells: full-dimensional maximal sets of constant activation pattern), V vertices, E edges, C
/// polygon vertices in all. The order of everything, and every byte, is the same for any number of threads.
typedef struct cpwl_partition cpwl_partition;

/// The exact partition of a domain in space into the polyhedra on which a network is affine. Immutable; may be shared
/// between threads. Since 0.1.
///
/// C cells (activation cells: full-dimensional maximal sets of constant activation pattern), V vertices, E edges, F facets;
/// V - E + F - C = 1. The order of everything, and every byte, is the same for any number of threads.
typedef struct cpwl_partition3d cpwl_partition3d;

/// A network that is affine on regions, and how it became so. Immutable; may be shared between threads. Since 0.1.
typedef struct cpwl_policed cpwl_policed;

/// What a prototype loss found: immutable. Since 0.1.
typedef struct cpwl_prior_result cpwl_prior_result;

/// The last Q rows of a stream of K columns, and their second moments. Memory: Q K numbers and K^2 doubles. A queue changes: one
/// thread at a time may use it. A call that fails leaves it as it was. Since 0.1.
typedef struct cpwl_queue cpwl_queue;

/// A non-empty closed convex set in a space of some dimension D. Immutable; may be shared between threads. Since 0.1.
typedef struct cpwl_set cpwl_set;

/// The singular values of an N x K matrix, rows being samples: min(N, K) of them, descending, not all zero. Immutable; may be
/// shared between threads. Since 0.1.
typedef struct cpwl_spectrum cpwl_spectrum;

/// Statistics of a partition, cell by cell and in total. Immutable; may be shared between threads. Since 0.1.
typedef struct cpwl_statistics cpwl_statistics;

/// The surface on which an output of a network passes through a level, inside a domain in space: the border of the solid
/// {output < level}, as a mesh of V vertices, E edges and F plane convex polygons. Immutable; may be shared between
/// threads. Since 0.1.
///
/// Vertices are named by what makes them, never by coordinates: away from the sides of the domain every edge has exactly
/// two polygons, which pass it in opposite directions (where the solid touches itself an even number). Parts of the level
/// set that do not separate lower from higher values do not belong to it.
typedef struct cpwl_surface cpwl_surface;

/// What a recorded forward pass left behind: immutable, may be shared between threads. It does not need its network.
/// Since 0.1.
typedef struct cpwl_tape cpwl_tape;

/// What every function that can fail returns: `CPWL_OK` (0) or the `CPWL_*` code of what went wrong.
/// The text is in `cpwl_last_error()`. Codes are never reused. Since 0.1.
typedef int32_t cpwl_status;

/// What a context is made from. Set `struct_size` to `sizeof(cpwl_context_options)` and the rest to zero; zero is the
/// default of every field. Since 0.1.
///
/// Callbacks must return normally: no `longjmp`, no C++ exception. They run on threads of the library or on the
/// calling thread; `cancel` and `progress` of one context are never inside each other or themselves at the same time,
/// `alloc`, `dealloc` and `log` may be.
typedef struct cpwl_context_options {
    /// `sizeof(cpwl_context_options)`.
    size_t struct_size;
    /// Threads that a call may use: 0 = all cores that the process may use, 1 = the calling thread only. Threads start
    /// with the first call that needs them. Results do not depend on it.
    int32_t threads;
    /// A `cpwl_isa`; one that the CPU does not have is CPWL_UNSUPPORTED.
    int32_t isa;
    /// `CPWL_CONTEXT_*` bits.
    uint32_t flags;
    /// A `cpwl_device`.
    int32_t device;
    /// 0.
    int32_t device_id;
    /// Zero.
    int32_t reserved;
    /// NULL on the CPU.
    void *stream;
    /// Largest number of bytes that one call may hold in large buffers, working memory and results together; more is
    /// CPWL_LIMIT, with nothing left behind. 0 = no limit.
    uint64_t memory_limit;
    /// Where large buffers come from: at least `size` bytes at a multiple of `align`, or NULL for CPWL_MEMORY.
    /// NULL = the library's own allocator; given together with `dealloc` or not at all. Results own such buffers, so
    /// both and `userdata` must stay valid until everything made with the context is freed.
    void *(*alloc)(size_t size, size_t align, void *userdata);
    /// Takes back what `alloc` returned, with the same `size` and `align`.
    void (*dealloc)(void *ptr, size_t size, size_t align, void *userdata);
    /// Asked often, from a few thousand to a few times a second: return non-zero to end the call with CPWL_CANCELLED.
    int32_t (*cancel)(void *userdata);
    /// Told the fraction done, 0 to 1, of the stage of that name (valid during the callback).
    void (*progress)(double fraction, const char *stage, void *userdata);
    /// Told lines of text (valid during the callback) with a level: 0 error, 1 warning, 2 info, 3 debug.
    void (*log)(int32_t level, const char *line, void *userdata);
    /// Handed to every callback.
    void *userdata;
} cpwl_context_options;

/// A tensor in the host's memory; the fields mean what they mean in DLPack 1.x. Functions that take a
/// `const cpwl_tensor *` read the elements, those that take a `cpwl_tensor *` write them (or, where the doc says
/// "lends", fill the struct itself). The struct and its arrays are used during the call only. Since 0.1.
///
/// Negative strides are fine, zero strides are fine for tensors that are read. Elements must be aligned to their
/// size. A contiguous tensor of the data type that a function computes in is used in place, any other is converted.
typedef struct cpwl_tensor {
    /// Start of the memory; may be NULL if there are no elements.
    void *data;
    /// Bytes from `data` to the element with index (0, 0, ...).
    int64_t byte_offset;
    /// A `cpwl_dtype`.
    int32_t dtype;
    /// Number of axes, 0 to 32.
    int32_t ndim;
    /// Lengths of the axes; may be NULL if `ndim` is 0.
    const int64_t *shape;
    /// Strides in elements; NULL = row-major.
    const int64_t *strides;
    /// A `cpwl_device`.
    int32_t device;
    /// 0.
    int32_t device_id;
} cpwl_tensor;

/// Geometry of `cpwl_network_builder_conv2d`. Zero is the default of every field. Since 0.1.
typedef struct cpwl_conv2d_options {
    /// `sizeof(cpwl_conv2d_options)`.
    size_t struct_size;
    /// Step down and to the right; 0 = 1.
    int64_t stride[2];
    /// Zeros around the image: top, left, bottom, right.
    int64_t padding[4];
    /// Distance between the taps of the kernel, down and to the right; 0 = 1.
    int64_t dilation[2];
    /// Number of groups; 0 = 1.
    int64_t groups;
} cpwl_conv2d_options;

/// Parameters of `cpwl_network_builder_activation`. Since 0.1.
typedef struct cpwl_activation_options {
    /// `sizeof(cpwl_activation_options)`.
    size_t struct_size;
    /// Slope for negative values (CPWL_LEAKY_RELU), or slope (CPWL_HARD_SIGMOID).
    double alpha;
    /// Value at 0 (CPWL_HARD_SIGMOID).
    double beta;
    /// Lower bound (CPWL_HARD_TANH, CPWL_CLIP).
    double lo;
    /// Upper bound (CPWL_HARD_TANH, CPWL_CLIP).
    double hi;
    /// Bits 0 to 3 for alpha, beta, lo, hi: the field is meant even if it is zero. A field that is not zero is always
    /// meant.
    uint32_t given;
    /// Zero.
    int32_t reserved;
} cpwl_activation_options;

/// Geometry of the pooling layers. Zero is the default of every field but `kernel`. Since 0.1.
typedef struct cpwl_pool2d_options {
    /// `sizeof(cpwl_pool2d_options)`.
    size_t struct_size;
    /// Height and width of the window.
    int64_t kernel[2];
    /// Step down and to the right; 0 = that of the kernel.
    int64_t stride[2];
    /// Padding: top, left, bottom, right. It never is the maximum, and counts as zeros in a mean.
    int64_t padding[4];
    /// Distance between the elements of the window, down and to the right; 0 = 1.
    int64_t dilation[2];
    /// Not 0: round the number of windows up instead of down.
    int32_t ceil_mode;
    /// Not 0: a mean divides by the number of elements that are not padding.
    int32_t exclude_padding;
} cpwl_pool2d_options;

/// Parameters of `cpwl_network_builder_smooth`. Since 0.1.
typedef struct cpwl_smooth_options {
    /// `sizeof(cpwl_smooth_options)`.
    size_t struct_size;
    /// Minus the limit at minus infinity (CPWL_ELU, CPWL_CELU); 1 unless given.
    double alpha;
    /// Steepness (CPWL_SILU, CPWL_SOFTPLUS); 1 unless given.
    double beta;
    /// Where beta x is greater, CPWL_SOFTPLUS is x itself; 20 unless given.
    double threshold;
    /// Bits 0 to 2 for alpha, beta, threshold: the field is meant even if it is zero. A field that is not zero is always
    /// meant.
    uint32_t given;
    /// Zero.
    int32_t reserved;
} cpwl_smooth_options;

/// What `cpwl_network_approximation` tells; the pointers are lent and valid until the network is freed. Since 0.1.
typedef struct cpwl_approximation_summary {
    /// `sizeof(cpwl_approximation_summary)`, set by the caller.
    size_t struct_size;
    /// Name of the node, UTF-8.
    const char *name;
    /// The smooth function with the parameters that are not the defaults, such as "gelu" or "elu(alpha=0.5)".
    const char *function;
    /// For no real number do the values of the smooth function and of the one in its place differ by more.
    double bound;
    /// Number of knots of the function in its place.
    int64_t knots;
    /// The node.
    int32_t node;
    /// A `cpwl_smooth`.
    int32_t kind;
} cpwl_approximation_summary;

/// Options of `cpwl_network_from_onnx`. Since 0.1.
typedef struct cpwl_onnx_options {
    /// `sizeof(cpwl_onnx_options)`.
    size_t struct_size;
    /// Smooth activations (see `cpwl_smooth`) become piecewise-linear functions with at most so many knots, 2 to 1024;
    /// 0 = they are refused. See `cpwl_network_builder_smooth` and `cpwl_network_approximation`. They are recognised as
    /// operators and as the arithmetic that exporters write for them; constants in that are taken to be those of the
    /// function if they are so to single precision.
    int64_t smooth_knots;
} cpwl_onnx_options;

/// What `cpwl_network_info` tells. Since 0.1.
typedef struct cpwl_network_summary {
    /// `sizeof(cpwl_network_summary)`, set by the caller.
    size_t struct_size;
    /// Number of nodes, the input included.
    int64_t n_nodes;
    /// Number of units: the length of an activation pattern.
    int64_t n_units;
    /// Number of nodes that are layers of units.
    int64_t n_unit_layers;
    /// Number of elements of the input.
    int64_t n_inputs;
    /// Number of elements of the output.
    int64_t n_outputs;
    /// Number of constants of all layers, as folded.
    int64_t n_parameters;
    /// Number of nodes that stand for smooth activation functions, which the network only approximates.
    int64_t n_approximations;
    /// Number of arrays of constants, see `cpwl_network_parameter`.
    int64_t n_arrays;
} cpwl_network_summary;

/// What `cpwl_network_node` tells; the pointers are lent and valid until the network is freed. Since 0.1.
typedef struct cpwl_node_info {
    /// `sizeof(cpwl_node_info)`, set by the caller.
    size_t struct_size;
    /// Name, UTF-8.
    const char *name;
    /// Operator: "input", "dense", "conv2d", "scale_shift", "pointwise", "hard_swish", "maxout", "max_pool2d",
    /// "avg_pool2d", "add", "concat" or "reshape".
    const char *op;
    /// Shape of its value, per sample.
    const int64_t *shape;
    /// Number of axes.
    int32_t ndim;
    /// Position of its first unit in an activation pattern; -1 if it has none.
    int32_t first_unit;
    /// Number of its units.
    int32_t n_units;
    /// Zero.
    int32_t reserved;
} cpwl_node_info;

/// Options of `cpwl_network_to_onnx`. Zero is the default of every field. Since 0.1.
typedef struct cpwl_onnx_write_options {
    /// `sizeof(cpwl_onnx_write_options)`.
    size_t struct_size;
    /// Precision of input, output and weights: `CPWL_F32`, `CPWL_F64`, or 0 = that of the network (single if all its
    /// weights were given so).
    ///
    /// In single precision every number is rounded to the nearest one: double-precision weights, and in any network what
    /// was computed in double precision (a folded batch normalisation, knots and slopes of activations). Double loses
    /// nothing, but few engines have all operators in double precision: onnxruntime on CPUs lacks convolutions, average
    /// pools and leaky ReLUs.
    int32_t dtype;
    /// Zero.
    uint32_t flags;
} cpwl_onnx_write_options;

/// Options of `cpwl_network_forward`; there are none yet. Since 0.1.
typedef struct cpwl_forward_options {
    /// `sizeof(cpwl_forward_options)`.
    size_t struct_size;
    /// Zero.
    int64_t reserved;
} cpwl_forward_options;

/// What `cpwl_network_parameter` tells; the pointers are lent and valid until the network is freed. Since 0.1.
typedef struct cpwl_parameter_info {
    /// `sizeof(cpwl_parameter_info)`, set by the caller.
    size_t struct_size;
    /// Node that it belongs to, see `cpwl_network_node`.
    int32_t node;
    /// 0 = weight or scale, 1 = bias or shift.
    int32_t which;
    /// "weight", "bias", "scale" or "shift".
    const char *name;
    /// The numbers, f32 or f64 as they are kept: (out, in) or (O, C / groups, kh, kw) of a weight, (n) of the others.
    struct cpwl_tensor values;
} cpwl_parameter_info;

/// What `cpwl_domain_info` tells. Since 0.1.
typedef struct cpwl_domain_summary {
    /// `sizeof(cpwl_domain_summary)`, set by the caller.
    size_t struct_size;
    /// Dimension d.
    int64_t dim;
    /// Elements of the input space of a slice; d where the coordinates are the input.
    int64_t n_inputs;
    /// 1 if the domain is bounded.
    int32_t bounded;
    /// 1 if the domain is a polygon in the plane, which is what `cpwl_partition_new` takes.
    int32_t plane;
} cpwl_domain_summary;

/// Options of `cpwl_partition_new`. Zero is the default of every field. Since 0.1.
typedef struct cpwl_partition_options {
    /// `sizeof(cpwl_partition_options)`.
    size_t struct_size;
    /// `CPWL_WANT_*` bits: what to keep; 0 = everything.
    uint32_t want;
    /// Zero.
    uint32_t flags;
    /// More cells than this are CPWL_LIMIT; 0 = no limit.
    uint64_t max_regions;
} cpwl_partition_options;

/// What `cpwl_partition_info` tells. Since 0.1.
typedef struct cpwl_partition_summary {
    /// `sizeof(cpwl_partition_summary)`, set by the caller.
    size_t struct_size;
    /// F, the number of cells.
    int64_t n_regions;
    /// V; 0 unless the mesh was kept. V - E + F = 1.
    int64_t n_vertices;
    /// E; 0 unless the mesh was kept.
    int64_t n_edges;
    /// C, polygon vertices in all; 0 unless polygons were kept.
    int64_t n_cell_vertices;
    /// Number of elements of the output of the network.
    int64_t n_outputs;
    /// Number of units: the length of an activation pattern.
    int64_t n_units;
    /// Number of layers of units.
    int64_t n_unit_layers;
    /// Sum of the areas of the cells, in units of (u, v).
    double area;
    /// Area of the domain; differs from `area` by rounding only.
    double domain_area;
    /// Bound of the error of the coordinates of every vertex, in units of (u, v).
    double vertex_error;
    /// Number of signs that floating point could not settle and exact arithmetic did.
    uint64_t exact_signs;
    /// Number of signs that a bound of the error settled in f64, and those that needed double-double.
    uint64_t filter_signs;
    /// See `filter_signs`.
    uint64_t double_signs;
    /// Of `exact_signs` those that were zero: lines through vertices, lines that coincide.
    uint64_t zero_signs;
    /// Vertices that were computed exactly and rounded.
    uint64_t exact_vertices;
    /// Smallest |a u + b v + c| / (|a| + |b| + |c|) of a nonzero sign, in coordinates in which the domain is about
    /// [-1, 1]^2: how near the partition is to a degenerate one. At most 2^-33; what is larger is not measured.
    double sign_margin;
} cpwl_partition_summary;

/// Options of `cpwl_partition_write_svg`. Zero is the default of every field. Since 0.1.
typedef struct cpwl_svg_options {
    /// `sizeof(cpwl_svg_options)`.
    size_t struct_size;
    /// A `cpwl_color`; 0 = CPWL_COLOR_SLOPE.
    int32_t color;
    /// Width in pixels; 0 = 800.
    int32_t width;
} cpwl_svg_options;

/// Options of `cpwl_partition_stream`. Zero is the default of every field. Since 0.1.
typedef struct cpwl_stream_options {
    /// `sizeof(cpwl_stream_options)`.
    size_t struct_size;
    /// `CPWL_WANT_*` bits: what the chunks hold; 0 = everything.
    uint32_t want;
    /// Zero.
    uint32_t flags;
    /// More cells than this are CPWL_LIMIT; 0 = no limit.
    uint64_t max_regions;
    /// Cells of a chunk, more or less; 0 = 4096.
    uint64_t chunk_regions;
} cpwl_stream_options;

/// Takes a chunk of `n_cells` cells, the first of which has index `first` in the whole partition. The chunk and what it lends
/// are gone when the callback returns. Anything but 0 ends the stream with CPWL_CANCELLED. Since 0.1.
typedef int32_t (*cpwl_chunk_fn)(const struct cpwl_chunk *chunk,
                                 int64_t first,
                                 int64_t n_cells,
                                 void *userdata);

/// What `cpwl_partition_stream` tells of the whole. Since 0.1.
typedef struct cpwl_stream_summary {
    /// `sizeof(cpwl_stream_summary)`, set by the caller.
    size_t struct_size;
    /// F, the number of cells.
    int64_t n_regions;
    /// Number of layers of units.
    int64_t n_unit_layers;
    /// Sum of the areas of the cells, in units of (u, v).
    double area;
    /// Area of the domain; differs from `area` by rounding only.
    double domain_area;
    /// Signs settled in f64, in double-double and exactly, and how many of the last were zero.
    uint64_t filter_signs;
    /// See `filter_signs`.
    uint64_t double_signs;
    /// See `filter_signs`.
    uint64_t exact_signs;
    /// See `filter_signs`.
    uint64_t zero_signs;
    /// As in `cpwl_partition_summary`.
    double sign_margin;
} cpwl_stream_summary;

/// Options of `cpwl_boundary_new`. Zero is the default of every field. Since 0.1.
typedef struct cpwl_boundary_options {
    /// `sizeof(cpwl_boundary_options)`.
    size_t struct_size;
    /// A `cpwl_boundary_mode`; 0 = CPWL_BOUNDARY_MODE_ARGMAX.
    int32_t mode;
    /// The output of a level set.
    int32_t output;
    /// The level of a level set.
    double level;
} cpwl_boundary_options;

/// What `cpwl_boundary_info` tells. Since 0.1.
typedef struct cpwl_boundary_summary {
    /// `sizeof(cpwl_boundary_summary)`, set by the caller.
    size_t struct_size;
    /// Number of segments.
    int64_t n_segments;
    /// Number of cells on which the output of a level set equals the level everywhere.
    int64_t n_flat_cells;
    /// Length of the segments inside cells, in units of (u, v).
    double interior_length;
    /// Length of the segments on cell edges, each counted once, in units of (u, v).
    double on_edge_length;
    /// P, the number of polylines that the segments form.
    int64_t n_polylines;
    /// J, the number of points at which three segments or more meet.
    int64_t n_junctions;
} cpwl_boundary_summary;

/// Options of `cpwl_statistics_new`. Zero is the default of every field. Since 0.1.
typedef struct cpwl_statistics_options {
    /// `sizeof(cpwl_statistics_options)`.
    size_t struct_size;
    /// A `cpwl_metric`; 0 = CPWL_METRIC_DOMAIN.
    int32_t metric;
    /// Zero.
    uint32_t flags;
} cpwl_statistics_options;

/// What `cpwl_statistics_info` tells. Since 0.1.
typedef struct cpwl_statistics_summary {
    /// `sizeof(cpwl_statistics_summary)`, set by the caller.
    size_t struct_size;
    /// F, the number of cells.
    int64_t n_regions;
    /// L, the number of lines: of units that made an edge, and of sides of the domain.
    int64_t n_lines;
    /// Total length of all edges, each counted once.
    double edge_length;
    /// Mean distance of the vertices from their mean (SplineCam's centrality).
    double centrality;
} cpwl_statistics_summary;

/// What `cpwl_statistics_spread` tells of a quantity. Since 0.1.
typedef struct cpwl_spread {
    /// `sizeof(cpwl_spread)`, set by the caller.
    size_t struct_size;
    /// Sum over all cells.
    double total;
    /// `total` over the number of cells.
    double mean;
    /// Standard deviation, divided by the number of cells.
    double std;
    /// The least.
    double min;
    /// The largest.
    double max;
} cpwl_spread;

/// Options of `cpwl_boundary_sample` and `cpwl_boundary_nearest`. Zero is the default of every field. Since 0.1.
typedef struct cpwl_boundary_points_options {
    /// `sizeof(cpwl_boundary_points_options)`.
    size_t struct_size;
    /// Which random points; the same seed gives the same ones on every machine.
    uint64_t seed;
    /// A `cpwl_metric`, of lengths and distances; 0 = CPWL_METRIC_DOMAIN.
    int32_t metric;
    /// Zero.
    uint32_t flags;
} cpwl_boundary_points_options;

/// What `cpwl_partition3d_info` tells. Since 0.1.
typedef struct cpwl_partition3d_summary {
    /// `sizeof(cpwl_partition3d_summary)`, set by the caller.
    size_t struct_size;
    /// C, the number of cells.
    int64_t n_regions;
    /// V; 0 unless the mesh was kept. V - E + F - C = 1.
    int64_t n_vertices;
    /// E; 0 unless the mesh was kept.
    int64_t n_edges;
    /// F; 0 unless the mesh was kept.
    int64_t n_facets;
    /// Number of elements of the output of the network.
    int64_t n_outputs;
    /// Number of units: the length of an activation pattern.
    int64_t n_units;
    /// Number of layers of units.
    int64_t n_unit_layers;
    /// Sum of the volumes of the cells, in units of (u, v, w).
    double volume;
    /// Volume of the domain; differs from `volume` by rounding only.
    double domain_volume;
    /// Bound of the error of the coordinates of every vertex, in units of (u, v, w).
    double vertex_error;
    /// As in `cpwl_partition_summary`: signs by the stage that settled them.
    uint64_t exact_signs;
    /// See `exact_signs`.
    uint64_t filter_signs;
    /// See `exact_signs`.
    uint64_t double_signs;
    /// Of `exact_signs` those that were zero: planes through vertices, planes that coincide.
    uint64_t zero_signs;
    /// Vertices that were computed exactly and rounded.
    uint64_t exact_vertices;
    /// Smallest |a u + b v + c w + d| / (|a| + |b| + |c| + |d|) of a nonzero sign, in coordinates in which the domain is
    /// about [-1, 1]^3. At most 2^-33; what is larger is not measured.
    double sign_margin;
} cpwl_partition3d_summary;

/// Options of `cpwl_surface_new`. Zero is the default of every field. Since 0.1.
typedef struct cpwl_surface_options {
    /// `sizeof(cpwl_surface_options)`.
    size_t struct_size;
    /// The output, counted from 0.
    int64_t output;
    /// The level.
    double level;
    /// More cells than this are CPWL_LIMIT; 0 = no limit.
    uint64_t max_cells;
} cpwl_surface_options;

/// What `cpwl_surface_info` tells. Since 0.1.
typedef struct cpwl_surface_summary {
    /// `sizeof(cpwl_surface_summary)`, set by the caller.
    size_t struct_size;
    /// V.
    int64_t n_vertices;
    /// E.
    int64_t n_edges;
    /// F, the number of polygons.
    int64_t n_polygons;
    /// V - E + F.
    int64_t euler;
    /// Area in units of (u, v, w).
    double area;
    /// Volume of the part of the domain where the output is below the level; that inside, if the surface is closed and
    /// its inside the lower one.
    double volume_below;
    /// Volume of all cells that were looked at: that of the domain, up to rounding.
    double volume;
    /// Bound of the error of the coordinates of every vertex, in units of (u, v, w).
    double vertex_error;
    /// Cells at which the search ended: the cells of the partition without those that were let go early.
    int64_t n_cells;
    /// Cells on which the output has the level everywhere.
    int64_t flat_cells;
    /// Number of signs that floating point could not settle and exact arithmetic did.
    uint64_t exact_signs;
    /// 1 if every edge has one polygon or two that pass it in opposite directions.
    int32_t is_manifold;
    /// 1 if no edge has an odd number of polygons: the surface does not reach the sides of the domain.
    int32_t is_closed;
} cpwl_surface_summary;

/// Options of `cpwl_partition_count_in_ball` and `cpwl_network_count_in_ball`. Zero is the default of every field.
/// Since 0.1.
typedef struct cpwl_ball_options {
    /// `sizeof(cpwl_ball_options)`.
    size_t struct_size;
    /// For a network: more cells than this near the disc are CPWL_LIMIT; 0 = no limit.
    uint64_t max_regions;
    /// A `cpwl_metric`, of radii; 0 = CPWL_METRIC_DOMAIN.
    int32_t metric;
    /// Zero.
    uint32_t flags;
} cpwl_ball_options;

/// Options of `cpwl_enumeration_new`. Zero is the default of every field. Since 0.1.
typedef struct cpwl_enumeration_options {
    /// `sizeof(cpwl_enumeration_options)`.
    size_t struct_size;
    /// CPWL_WANT_PATTERNS, _MAPS, _FACETS, _CENTERS, _VOLUMES or CPWL_WANT_COUNT_ONLY: what to keep; 0 = all but volumes.
    uint32_t want;
    /// 0, or CPWL_ENUMERATION_KEEP_PARTIAL.
    uint32_t flags;
    /// More regions than this are CPWL_LIMIT, or end the enumeration if partial results are kept; 0 = no limit.
    uint64_t max_regions;
    /// A unit splits a region if the region reaches farther than this on both of its sides, in coordinates in which the
    /// domain fills [-1, 1]^d, homogeneous ones if it is unbounded. 0 = 1e-10.
    double tolerance;
} cpwl_enumeration_options;

/// What `cpwl_enumeration_info` tells. Since 0.1.
typedef struct cpwl_enumeration_summary {
    /// `sizeof(cpwl_enumeration_summary)`, set by the caller.
    size_t struct_size;
    /// F, the number of regions.
    int64_t n_regions;
    /// H, facets in all; 0 unless they were kept.
    int64_t n_facets;
    /// Dimension d.
    int64_t dim;
    /// Number of elements of the output of the network.
    int64_t n_outputs;
    /// Number of units: the length of an activation pattern.
    int64_t n_units;
    /// Number of layers of units.
    int64_t n_unit_layers;
    /// 1 if these are all regions of the domain; 0 if the limit came first and partial results were asked for.
    int64_t complete;
    /// The tolerance that was used.
    double tolerance;
    /// The smallest depth, on the shallower side, of a crossing that was accepted; infinite if there was none.
    double smallest_crossing;
    /// The largest depth to which a unit reached across without being taken for a crossing.
    double largest_touch;
    /// The smallest inscribed radius of a region, in the coordinates of the domain; infinite unless interior points were kept.
    double smallest_radius;
    /// Linear programs solved.
    uint64_t n_programs;
} cpwl_enumeration_summary;

/// Options of `cpwl_network_local_complexity`, which has no default radius. Since 0.1.
typedef struct cpwl_complexity_options {
    /// `sizeof(cpwl_complexity_options)`.
    size_t struct_size;
    /// Distance of the corners from the input; > 0.
    double radius;
    /// Number of random directions, at most the number of inputs of the network; 0 = 25 or that.
    int64_t n_dirs;
    /// Seed of the directions.
    uint64_t seed;
} cpwl_complexity_options;

/// What `cpwl_set_info` tells. Since 0.1.
typedef struct cpwl_set_summary {
    /// `sizeof(cpwl_set_summary)`, set by the caller.
    size_t struct_size;
    /// Dimension D of the space.
    int64_t dim;
    /// Dimension of the set itself, from 0 for a point to D.
    int64_t affine_rank;
    /// Number of rows that the set is kept as: what it costs to carry it through a network.
    int64_t n_rows;
    /// 1 if the set is bounded.
    int32_t bounded;
    /// Zero.
    int32_t reserved;
} cpwl_set_summary;

/// Options of `cpwl_police`. Zero is the default of every field. Since 0.1.
typedef struct cpwl_police_options {
    /// `sizeof(cpwl_police_options)`.
    size_t struct_size;
    /// A `cpwl_police_rule`; 0 = CPWL_POLICE_MIN_SHIFT.
    int32_t rule;
    /// A `cpwl_police_precision`; 0 = CPWL_POLICE_DOUBLE.
    int32_t precision;
    /// For CPWL_POLICE_GIVEN: the piece of every unit, as `cpwl_network_pattern` counts them. Otherwise NULL.
    const int32_t *codes;
    /// Distance that every unit keeps from its knots, in units of its input; at least 0.
    double margin;
    /// Margin for rounding, on top of `margin`: kappa u (|w| . max |z| + |b|) for a unit with weights w and bias b, u
    /// being 2^-24 for a network of single precision and 2^-53 for others, and max |z| the largest inputs over the
    /// regions. 0 = 16, or none with the flag CPWL_POLICE_KAPPA.
    double kappa;
    /// Layers of units, counted from 0, that are left as they are: the network need not be affine then. May be NULL.
    const int32_t *free_layers;
    /// Length of `codes`: the number of units.
    int32_t n_codes;
    /// Length of `free_layers`.
    int32_t n_free_layers;
    /// CPWL_POLICE_* flags.
    uint32_t flags;
    /// Zero.
    int32_t reserved;
} cpwl_police_options;

/// What `cpwl_policed_info` tells. Since 0.1.
typedef struct cpwl_policed_summary {
    /// `sizeof(cpwl_policed_summary)`, set by the caller.
    size_t struct_size;
    /// Number of policed layers.
    int64_t n_layers;
    /// Number of regions.
    int64_t n_regions;
    /// Groups (units, or channels of tied convolutions) with a shift.
    int64_t n_shifted;
    /// Groups that are constant on every region, such as ReLUs that are off.
    int64_t n_dead;
    /// Pairs of regions with the same pieces throughout, see CPWL_POLICED_SHARED.
    int64_t n_shared;
    /// The largest shift, without its sign.
    double largest_shift;
    /// The smallest distance of a unit from its knots over the regions; infinite without policed units.
    double smallest_margin;
} cpwl_policed_summary;

/// What `cpwl_policed_layer` tells of a policed layer. A group is what shares a bias: a unit, or a channel of a
/// convolution with tied biases. Since 0.1.
typedef struct cpwl_policed_layer_summary {
    /// `sizeof(cpwl_policed_layer_summary)`, set by the caller.
    size_t struct_size;
    /// The layer of units, counted from 0; -1 for the outputs.
    int64_t unit_layer;
    /// The node of the original network whose bias was shifted; -1 if a node was added for the shift.
    int64_t node;
    /// Where the folded network has the biases: an index for `cpwl_network_parameter`; -1 if a node would have been added
    /// for the shift, and the shift is 0.
    int64_t parameter;
    /// Number of groups.
    int64_t n_groups;
    /// Groups with a shift.
    int64_t n_shifted;
    /// Groups that are constant on every region.
    int64_t n_dead;
    /// The largest shift, without its sign.
    double largest_shift;
} cpwl_policed_layer_summary;

/// Options of `cpwl_certify`. Zero is the default of every field. Since 0.1.
typedef struct cpwl_certify_options {
    /// `sizeof(cpwl_certify_options)`.
    size_t struct_size;
    /// Pieces that the units are to be on over every region, as `cpwl_network_pattern` counts them; NULL = any.
    const int32_t *codes;
    /// Most multiplications of large numbers in exact arithmetic for one region, about a microsecond each; 0 = 2^22,
    /// negative = no exact arithmetic.
    int64_t exact_work;
    /// Length of `codes`: the number of units, or 0.
    int32_t n_codes;
    /// CPWL_CERTIFY_* flags.
    uint32_t flags;
} cpwl_certify_options;

/// What `cpwl_certificates_get` tells of one region. Since 0.1.
typedef struct cpwl_certificate_summary {
    /// `sizeof(cpwl_certificate_summary)`, set by the caller.
    size_t struct_size;
    /// A `cpwl_verdict`.
    int32_t verdict;
    /// A `cpwl_reason` where the verdict is CPWL_NOT_CERTIFIED, else 0.
    int32_t reason;
    /// Layers of units that were looked at: all, or up to the first that was not certified.
    int64_t n_layers;
    /// The layer with the smallest margin, counted from 0; -1 without units.
    int64_t layer;
    /// Its unit with that margin.
    int64_t unit;
    /// Smallest distance of a unit from the ends of its piece; negative by how far a crossing unit is beyond; infinite
    /// without units.
    double margin;
    /// How far `margin` may be from the truth.
    double radius;
    /// 1 if exact arithmetic would have taken more work than it was allowed.
    int32_t exact_skipped;
    /// Output that deviates at the witness; -1 unless the verdict is CPWL_VIOLATED.
    int32_t output;
    /// f at the third point of the witness, less the affine function through the values at the other two.
    double deviation;
    /// How far `deviation` may be from the truth: less than its size.
    double deviation_radius;
} cpwl_certificate_summary;

/// What `cpwl_certificates_layer` tells of one layer of units. Since 0.1.
typedef struct cpwl_certificate_layer_summary {
    /// `sizeof(cpwl_certificate_layer_summary)`, set by the caller.
    size_t struct_size;
    /// Units that are certainly on no single piece.
    int64_t crossing;
    /// Units that are certainly on one piece, but not on the one in `codes`.
    int64_t elsewhere;
    /// Units of which neither is certain.
    int64_t open;
    /// Units that f64, double-double and exact arithmetic had the last word on.
    int64_t stages[3];
    /// Smallest distance of a unit from the ends of its piece, as in `cpwl_certificate_summary`.
    double margin;
    /// How far `margin` may be from the truth.
    double radius;
    /// The unit with that margin, within the layer.
    int64_t unit;
    /// Vertex of the region at which it is taken; -1 if it is none.
    int64_t corner;
} cpwl_certificate_layer_summary;

/// Options of `cpwl_spectrum_new`. Since 0.1.
typedef struct cpwl_spectrum_options {
    /// `sizeof(cpwl_spectrum_options)`.
    size_t struct_size;
    /// CPWL_SPECTRUM_* flags.
    uint32_t flags;
    /// Zero.
    int32_t reserved;
} cpwl_spectrum_options;

/// What `cpwl_spectrum_info` tells: every measure of a spectrum that has no options. lambda stands for sigma^2. Since 0.1.
typedef struct cpwl_spectrum_summary {
    /// `sizeof(cpwl_spectrum_summary)`, set by the caller.
    size_t struct_size;
    /// Number of rows, N.
    int64_t n_rows;
    /// Number of columns, K.
    int64_t n_columns;
    /// Number of values, min(N, K).
    int64_t n_values;
    /// How many sigma exceed sigma_1 max(N, K) 2^-23, which is what f32 data resolve.
    int64_t numerical_rank_f32;
    /// The same with 2^-52, for f64 data and CPWL_SPECTRUM_EXACT.
    int64_t numerical_rank_f64;
    /// 1 if the mean of the rows was subtracted.
    int32_t centered;
    /// Zero.
    int32_t reserved;
    /// Effective rank of Roy and Vetterli: exp of the entropy of sigma / sum sigma.
    double effective_rank;
    /// von Neumann (matrix) entropy: that of lambda / sum lambda, in nats.
    double von_neumann;
    /// (sum lambda)^2 / sum lambda^2.
    double participation_ratio;
    /// sum lambda / lambda_1; of centred rows also known as NESum.
    double stable_rank;
    /// sum sigma / sigma_1.
    double nuclear_over_operator;
    /// sum sigma; infinite if no double holds it.
    double nuclear_norm;
    /// sum lambda; infinite or 0 if no double holds it.
    double frobenius_sq;
    /// sigma_r / sigma_1, the inverse of the condition number.
    double inverse_condition;
    /// sigma_1 / sigma_r, or 0 if sigma_r is 0.
    double pseudo_condition;
} cpwl_spectrum_summary;

/// Conventions of an effective rank. Published codes differ by up to 98 % on the same data because they choose differently.
/// Zero is the default of every field. Since 0.1.
typedef struct cpwl_rank_options {
    /// `sizeof(cpwl_rank_options)`.
    size_t struct_size;
    /// A `cpwl_rank_preset`, for all that is 0 below; 0 = CPWL_RANK_ROY_VETTERLI.
    int32_t preset;
    /// A `cpwl_rank_power`.
    int32_t power;
    /// A `cpwl_rank_eps_mode`.
    int32_t eps_mode;
    /// A `cpwl_rank_center`. Of a spectrum it must be what the spectrum is.
    int32_t center;
    /// Added to probabilities or values; at least 0. 0 = that of the preset, unless CPWL_RANK_EPS is set.
    double eps;
    /// Base of the logarithm of an entropy, above 1; 0 = e. An effective rank does not depend on it.
    double base;
    /// CPWL_RANK_* flags.
    uint32_t flags;
    /// Zero.
    int32_t reserved;
} cpwl_rank_options;

/// Options of `cpwl_rank_gradient`. Zero is the default of every field. Since 0.1.
typedef struct cpwl_rank_gradient_options {
    /// `sizeof(cpwl_rank_gradient_options)`.
    size_t struct_size;
    /// The convention of the effective rank; NULL = all defaults.
    const struct cpwl_rank_options *rank;
    /// A `cpwl_rank_target`; 0 = CPWL_RANK_OF_RANK.
    int32_t target;
    /// Zero.
    int32_t reserved;
    /// Singular values up to this much of the largest contribute nothing, where a rank has no derivative; below 1. 0 = 1e-7.
    double tolerance;
} cpwl_rank_gradient_options;

/// What `cpwl_moments_info` tells. Since 0.1.
typedef struct cpwl_moments_summary {
    /// `sizeof(cpwl_moments_summary)`, set by the caller.
    size_t struct_size;
    /// Number of rows, N.
    int64_t n_rows;
    /// Number of columns, K.
    int64_t n_columns;
    /// Length of `cpwl_moments_flat`: 1 + K + K (K + 1) / 2.
    int64_t flat_size;
    /// Rows are kept as 2^-exponent times what they are: 0 unless they are extreme.
    int32_t exponent;
    /// Zero.
    int32_t reserved;
} cpwl_moments_summary;

/// Options of `cpwl_moments_estimate_rank`. Zero is the default of every field. Since 0.1.
typedef struct cpwl_rank_estimate_options {
    /// `sizeof(cpwl_rank_estimate_options)`.
    size_t struct_size;
    /// Random vectors, at least 2: the error falls with their square root. 0 = 8.
    int64_t probes;
    /// Steps of each, at least 4. 0 = 48.
    int64_t steps;
    /// Vectors to multiply with in search of the largest eigenvalues. 0 = 320, or none with CPWL_ESTIMATE_DEFLATION.
    int64_t deflation;
    /// Of the random numbers: the same seed gives the same result.
    uint64_t seed;
    /// CPWL_ESTIMATE_* flags.
    uint32_t flags;
    /// Zero.
    int32_t reserved;
} cpwl_rank_estimate_options;

/// An estimate of an effective rank, and how far off it may be. Since 0.1.
typedef struct cpwl_rank_estimate {
    /// `sizeof(cpwl_rank_estimate)`, set by the caller.
    size_t struct_size;
    /// The effective rank of Roy and Vetterli (eps = 0).
    double rank;
    /// Half the width of a 95 % confidence interval.
    double error;
    /// Eigenvalues that were found one by one.
    int64_t deflated;
} cpwl_rank_estimate;

/// What `cpwl_queue_info` tells. Since 0.1.
typedef struct cpwl_queue_summary {
    /// `sizeof(cpwl_queue_summary)`, set by the caller.
    size_t struct_size;
    /// Rows that are in.
    int64_t n_rows;
    /// Rows that it holds at most, Q.
    int64_t capacity;
    /// Number of columns, K.
    int64_t n_columns;
} cpwl_queue_summary;

/// Options of `cpwl_alpha_req`. Zero is the default of every field. Since 0.1.
typedef struct cpwl_alpha_options {
    /// `sizeof(cpwl_alpha_options)`.
    size_t struct_size;
    /// First rank of the fit, from 1; 0 = 11.
    int64_t start;
    /// Last rank of the fit, included; 0 = 100.
    int64_t end;
    /// A `cpwl_weighting`; 0 = CPWL_WEIGHT_INVERSE_RANK.
    int32_t weighting;
    /// Zero.
    int32_t reserved;
} cpwl_alpha_options;

/// A fitted power law, ln lambda_t = intercept - alpha ln t. Since 0.1.
typedef struct cpwl_alpha_fit {
    /// `sizeof(cpwl_alpha_fit)`, set by the caller.
    size_t struct_size;
    /// The exponent.
    double alpha;
    /// The logarithm of the value at rank 1.
    double intercept;
    /// 1 - SS_res / SS_tot on the fitted ranks, without weights.
    double r2;
    /// The same on the ranks start + 1 to 500, or to 10 before the last of fewer than 512; NaN if there are fewer than 2.
    double r2_tail;
} cpwl_alpha_fit;

/// What LiDAR says of groups. Since 0.1.
typedef struct cpwl_lidar_summary {
    /// `sizeof(cpwl_lidar_summary)`, set by the caller.
    size_t struct_size;
    /// Number of groups, n.
    int64_t n_groups;
    /// Number of views in all groups.
    int64_t n_views;
    /// Number of columns, K.
    int64_t n_columns;
    /// LiDAR, with eps; 0 from `cpwl_lidar_info`.
    double lidar;
    /// The entropy with eps = 0, in nats: its exponential is LiDAR without eps; 0 from `cpwl_lidar_info`.
    double entropy;
} cpwl_lidar_summary;

/// Options of `cpwl_lidar_measure`. Zero is the default of every field. Since 0.1.
typedef struct cpwl_lidar_options {
    /// `sizeof(cpwl_lidar_options)`.
    size_t struct_size;
    /// Added to the diagonal of the scatter within groups, in units of the data squared; at least 0. 0 = 1e-4, or none with
    /// CPWL_LIDAR_DELTA.
    double delta;
    /// Added to the probabilities; at least 0. 0 = 1e-8, or none with CPWL_LIDAR_EPS.
    double eps;
    /// A `cpwl_lidar_denominators`; 0 = CPWL_LIDAR_BIASED.
    int32_t denominators;
    /// CPWL_LIDAR_* flags.
    uint32_t flags;
} cpwl_lidar_options;

/// What `cpwl_two_nn` says. Since 0.1.
typedef struct cpwl_two_nn_summary {
    /// `sizeof(cpwl_two_nn_summary)`, set by the caller.
    size_t struct_size;
    /// The dimension by the fit, the empirical distribution counted from i = 1: the usual one.
    double fit;
    /// The same counted from i = 0.
    double fit_base0;
    /// The dimension of maximum likelihood.
    double likelihood;
    /// Points used.
    int64_t n_used;
    /// Points left out because another one lies on them.
    int64_t n_dropped;
} cpwl_two_nn_summary;

/// A kernel. Zero is the default of every field: a Gaussian with a median bandwidth. Since 0.1.
typedef struct cpwl_kernel {
    /// `sizeof(cpwl_kernel)`.
    size_t struct_size;
    /// A CPWL_KERNEL_* constant; 0 = CPWL_KERNEL_RBF.
    int32_t kind;
    /// A CPWL_BANDWIDTH_* constant; 0 = CPWL_BANDWIDTH_HALF. Used where `gamma` is 0.
    int32_t bandwidth;
    /// Positive; 0 = 1 / (2 sigma^2) by `bandwidth`, for the kernels of |x - y|^2 (RBF, rational quadratic, inverse
    /// multiquadric); others need a number.
    double gamma;
    /// Of CPWL_KERNEL_POLY, not negative.
    double coef0;
    /// Of CPWL_KERNEL_RATIONAL_QUADRATIC, positive; 0 = 1.
    double alpha;
    /// sigma where the median is 0; 0 = fail with ZERO_MEDIAN.
    double fallback;
    /// Seed of the sample of 4096 rows from which medians of more rows are had.
    uint64_t seed;
    /// 1 to 64, of CPWL_KERNEL_POLY; 0 = 3.
    int32_t degree;
    /// 0.
    int32_t reserved;
} cpwl_kernel;

/// Columns of data under a kernel. Since 0.1.
typedef struct cpwl_factor {
    /// (n, d) or (n); f64, f32, f16 or bf16, all finite.
    const struct cpwl_tensor *data;
    /// NULL = a Gaussian with a median bandwidth.
    const struct cpwl_kernel *kernel;
} cpwl_factor;

/// A variable: n rows under the product of the kernels of its factors, usually one. Computed in f64 if any data of the
/// call are f64, else in f32 with sums in f64. Since 0.1.
typedef struct cpwl_variable {
    /// At least one; all of as many rows.
    const struct cpwl_factor *factors;
    /// How many.
    int32_t n_factors;
    /// 0.
    int32_t reserved;
} cpwl_variable;

/// HSIC and CKA of two variables. What has no value is NaN. Since 0.1.
typedef struct cpwl_hsic_summary {
    /// `sizeof(cpwl_hsic_summary)`, set by the caller.
    size_t struct_size;
    /// Number of rows.
    int64_t n;
    /// Tr(K H L H) / n^2 of x and y, of x and x, of y and y.
    double biased[3];
    /// Unbiased HSIC, in the same order; NaN for n < 4.
    double unbiased[3];
    /// CKA; NaN for a constant variable.
    double cka;
    /// Debiased CKA; NaN for n < 4, and where an unbiased self term is not positive.
    double cka_debiased;
    /// gamma of the first kernel of x and of y, as given or found; 0 if it has none.
    double gamma[2];
    /// How far an approximation may be off: `cpwl_hsic_random_features`, `cpwl_hsic_nystrom`; else 0.
    double error;
} cpwl_hsic_summary;

/// What `cpwl_hsic_blocks` finds. Since 0.1.
typedef struct cpwl_hsic_blocks_summary {
    /// `sizeof(cpwl_hsic_blocks_summary)`, set by the caller.
    size_t struct_size;
    /// Blocks.
    int64_t blocks;
    /// Rows behind the last block, which are left out.
    int64_t dropped;
    /// Mean unbiased HSIC over the blocks.
    double hsic;
    /// Its standard error; NaN for one block.
    double error;
    /// Mean over standard error: normal under independence, for many blocks.
    double z;
    /// One-sided probability of a z as large.
    double p;
    /// Ratio of mean HSIC, never the mean of ratios; NaN where a mean self term is not positive.
    double cka;
} cpwl_hsic_blocks_summary;

/// Options of `cpwl_hsic_test`. Zero is the default of every field. Since 0.1.
typedef struct cpwl_hsic_test_options {
    /// `sizeof(cpwl_hsic_test_options)`.
    size_t struct_size;
    /// A CPWL_TEST_* constant.
    int32_t method;
    /// 1 = the unbiased statistic; permutations of two variables.
    int32_t unbiased;
    /// How many random permutations; 0 = 999.
    int64_t permutations;
    /// Seed of them.
    uint64_t seed;
    /// NULL, or given permutations of the rows of y, (B, n), i64 or i32; two variables.
    const struct cpwl_tensor *given;
} cpwl_hsic_test_options;

/// A test of independence. Since 0.1.
typedef struct cpwl_hsic_test_summary {
    /// `sizeof(cpwl_hsic_test_summary)`, set by the caller.
    size_t struct_size;
    /// HSIC or dHSIC for permutations, n times it for the gamma approximation.
    double statistic;
    /// Probability of a statistic as large under independence: (1 + permutations that reach it) / (1 + B), or the tail of
    /// the gamma distribution.
    double p;
    /// Its natural logarithm, finite where p underflows.
    double log_p;
    /// Mean of the null distribution as its authors state it, n times less than that of the statistic; 0 for permutations.
    double mean;
    /// Its variance, n^2 times less; 0 for permutations.
    double variance;
    /// Shape of the gamma distribution; 0 for permutations.
    double shape;
    /// Its scale; 0 for permutations.
    double scale;
    /// B; 0 for the gamma approximation.
    int64_t permutations;
} cpwl_hsic_test_summary;

/// Options of `cpwl_vcreg`. Zero is the default of every field. Since 0.1.
typedef struct cpwl_vcreg_options {
    /// `sizeof(cpwl_vcreg_options)`.
    size_t struct_size;
    /// Weight of the variance term; 0 = 1.
    double alpha;
    /// Weight of the covariance term; 0 = 1.
    double beta;
    /// Standard deviation that is asked for; 0 = 1.
    double gamma;
    /// Added to variances before the root.
    double eps;
    /// 1 = covariances over n instead of n - 1.
    int32_t over_n;
    /// 1 = both terms over d instead of plain sums.
    int32_t per_feature;
    /// 0 or CPWL_LOSS_AS_GIVEN.
    int32_t set;
    /// 0.
    int32_t reserved;
} cpwl_vcreg_options;

/// A loss and its terms before they are weighted. Since 0.1.
typedef struct cpwl_loss_summary {
    /// `sizeof(cpwl_loss_summary)`, set by the caller.
    size_t struct_size;
    /// The loss.
    double value;
    /// vcreg: variance, covariance. vicreg: invariance, variance, covariance. barlow: diagonal, others. wmse: the distance.
    double terms[3];
} cpwl_loss_summary;

/// Options of `cpwl_vicreg`. Zero is the default of every field. Since 0.1.
typedef struct cpwl_vicreg_options {
    /// `sizeof(cpwl_vicreg_options)`.
    size_t struct_size;
    /// Weight of the invariance term; 0 = 25.
    double invariance;
    /// Weight of the variance term; 0 = 25.
    double variance;
    /// Weight of the covariance term; 0 = 1.
    double covariance;
    /// Standard deviation that is asked for; 0 = 1.
    double gamma;
    /// Added to variances before the root; 0 = 1e-4.
    double eps;
    /// 0 = the factors of facebookresearch/vicreg, 1 = those of the paper.
    int32_t paper;
    /// 0 or CPWL_LOSS_AS_GIVEN.
    int32_t set;
} cpwl_vicreg_options;

/// Options of `cpwl_barlow`. Zero is the default of every field. Since 0.1.
typedef struct cpwl_barlow_options {
    /// `sizeof(cpwl_barlow_options)`.
    size_t struct_size;
    /// Weight of the redundancy term; 0 = 0.005.
    double lambda;
    /// Added to variances (over n) before the root.
    double eps;
    /// 0 or CPWL_LOSS_AS_GIVEN.
    int32_t set;
    /// 0.
    int32_t reserved;
} cpwl_barlow_options;

/// Options of `cpwl_ica`. Zero is the default of every field. Since 0.1.
typedef struct cpwl_ica_options {
    /// `sizeof(cpwl_ica_options)`.
    size_t struct_size;
    /// Starts; 0 = 8.
    int32_t restarts;
    /// Steps; 0 = 600.
    int32_t steps;
    /// Rows of a step; 0 = 512.
    int32_t batch;
    /// Random cosines of each coordinate; 0 = 16.
    int32_t cosines;
    /// Step size; 0 = 0.02.
    double rate;
    /// Seed.
    uint64_t seed;
} cpwl_ica_options;

/// What `cpwl_ica` says of its answer. Since 0.1.
typedef struct cpwl_ica_summary {
    /// `sizeof(cpwl_ica_summary)`, set by the caller.
    size_t struct_size;
    /// The start that was taken: that with the smallest mean pairwise HSIC.
    int32_t best;
    /// 1 if the two best starts found the same sources but for order and sign. If 0, try more starts.
    int32_t agree;
    /// Mean pairwise HSIC of the sources.
    double objective;
} cpwl_ica_summary;

/// The data of a datum-index loss. Features, head and bias are f32, f64, f16 or bf16. Since 0.1.
typedef struct cpwl_diet_problem {
    /// `sizeof(cpwl_diet_problem)`.
    size_t struct_size;
    /// F: (b, k). May hold NaN, which stays in its row.
    const struct cpwl_tensor *features;
    /// W: (n, k). Read where it is if it is contiguous and of the precision of the call, otherwise converted bit by bit.
    const struct cpwl_tensor *head;
    /// Added to the scores: (n), -inf for a class that is masked. NULL = none.
    const struct cpwl_tensor *bias;
    /// i32 or i64: (b), the class of each row; or (b, m) with `shares`, where -1 is no class.
    const struct cpwl_tensor *labels;
    /// (b, m), f32 or f64, 0 or more, adding up to 1 in each row: what each class of a row counts for (MixUp, CutMix). NULL for
    /// labels (b).
    const struct cpwl_tensor *shares;
    /// (b), f32 or f64: a weight for each row, 0 or more for a mean, any finite number for a sum, whose gradient is then that of
    /// upstream gradients of the rows. NULL = 1.
    const struct cpwl_tensor *weights;
} cpwl_diet_problem;

/// Options of the datum-index loss. Zero is the default of every field. Since 0.1.
typedef struct cpwl_diet_options {
    /// `sizeof(cpwl_diet_options)`.
    size_t struct_size;
    /// eps in [0, 1]. 0 = 0.8, or no smoothing with the flag CPWL_DIET_SMOOTHING.
    double smoothing;
    /// What products are multiplied by. 0 = 1, or 0 with the flag CPWL_DIET_SCALE.
    double scale;
    /// Rows with this label count for nothing. 0 = -100, or 0 with the flag CPWL_DIET_IGNORE.
    int64_t ignore_index;
    /// Bytes that the call may use to keep the b n scores from the first pass to the second, which saves a quarter of the work.
    size_t workspace;
    /// Classes that are worked on at a time; 0 = so many that they stay in cache. Changes results by rounding alone.
    int64_t strip;
    /// A `cpwl_diet_norm`; 0 = CPWL_DIET_PLAIN.
    int32_t norm;
    /// A `cpwl_diet_reduction`; 0 = CPWL_DIET_MEAN.
    int32_t reduction;
    /// CPWL_DIET_* flags.
    uint32_t flags;
    /// Zero.
    uint32_t reserved;
} cpwl_diet_options;

/// The numbers of a `cpwl_diet_result`. Since 0.1.
typedef struct cpwl_diet_summary {
    /// `sizeof(cpwl_diet_summary)`, set by the caller.
    size_t struct_size;
    /// The reduced loss.
    double loss;
    /// The least that it can be: the entropy of the targets, reduced in the same way.
    double floor;
    /// loss - floor, which is what training lowers; with smoothing the loss itself looks flat.
    double excess;
    /// Derivative of the reduced loss by the scale; NaN if no gradient was asked for.
    double d_scale;
    /// Rows that are not ignored.
    int64_t n_valid;
    /// Of these, rows whose largest score is that of their (heaviest) class.
    int64_t n_correct;
    /// Of these, rows whose loss is NaN or infinite.
    int64_t n_nonfinite;
} cpwl_diet_summary;

/// A step of an optimiser. All numbers are meant as they are; those that the optimiser does not have are ignored. Since 0.1.
typedef struct cpwl_diet_update {
    /// `sizeof(cpwl_diet_update)`.
    size_t struct_size;
    /// lr.
    double rate;
    /// wd.
    double weight_decay;
    /// The gradient is scaled down to this Frobenius norm if it is longer; 0 = never. Costs a pass of its own, as CPWL_LARS does.
    double clip;
    /// mu of CPWL_SGD and CPWL_LARS.
    double momentum;
    /// Of CPWL_LARS.
    double trust;
    /// Of CPWL_ADAMW.
    double beta1;
    /// Of CPWL_ADAMW.
    double beta2;
    /// Of CPWL_ADAMW.
    double eps;
    /// Of CPWL_ADAMW: 1 for the first step.
    int64_t step;
    /// A `cpwl_optimizer`.
    int32_t optimizer;
    /// Zero.
    int32_t reserved;
} cpwl_diet_update;

/// The data of a prototype loss: anchors, targets and prototypes are f32, f64, f16 or bf16, the others f32 or f64. Since 0.1.
typedef struct cpwl_prior_views {
    /// `sizeof(cpwl_prior_views)`.
    size_t struct_size;
    /// (v b, d): row i b + j is view i of image j.
    const struct cpwl_tensor *anchors;
    /// (b, d): the views that targets are made of.
    const struct cpwl_tensor *targets;
    /// (k, d).
    const struct cpwl_tensor *prototypes;
    /// (k), adding up to 1; NULL = uniform.
    const struct cpwl_tensor *prior;
    /// What the targets are balanced to, (k); NULL = uniform.
    const struct cpwl_tensor *sinkhorn_prior;
    /// Logarithm of the mean assignment of the anchors of all processes, (k), see `cpwl_cluster_log_mean`; NULL = of these anchors.
    const struct cpwl_tensor *log_mean;
} cpwl_prior_views;

/// Options of `cpwl_prior_loss`. Zero is the default of every field. Since 0.1.
typedef struct cpwl_prior_options {
    /// `sizeof(cpwl_prior_options)`.
    size_t struct_size;
    /// What cosines are divided by; 0 = 0.1.
    double temperature;
    /// What the scores of the targets are divided by besides; 0 = 0.25.
    double sharpening;
    /// Of the divergence. 0 = 1, or 0 with the flag CPWL_PRIOR_WEIGHT.
    double weight;
    /// Of the mean entropy of the assignments.
    double entropy_weight;
    /// Sinkhorn iterations on the targets; 0 = 3, or none with the flag CPWL_PRIOR_NO_SINKHORN.
    int32_t sinkhorn;
    /// A `cpwl_prior_direction`; 0 = CPWL_PRIOR_MEAN_TO_PRIOR.
    int32_t direction;
    /// CPWL_PRIOR_* flags.
    uint32_t flags;
    /// Zero.
    uint32_t reserved;
} cpwl_prior_options;

/// The numbers of a `cpwl_prior_result`. Since 0.1.
typedef struct cpwl_prior_summary {
    /// `sizeof(cpwl_prior_summary)`, set by the caller.
    size_t struct_size;
    /// cross_entropy + weight divergence + entropy_weight entropy.
    double loss;
    /// Of targets and assignments, averaged over anchors.
    double cross_entropy;
    /// Between mean assignment and prior.
    double divergence;
    /// Mean entropy of the assignments.
    double entropy;
    /// Largest difference between what columns of the targets have and should have, of 1; NaN without Sinkhorn.
    double column_error;
} cpwl_prior_summary;

/// Options of `cpwl_sinkhorn`. Zero is the default of every field. Since 0.1.
typedef struct cpwl_sinkhorn_options {
    /// `sizeof(cpwl_sinkhorn_options)`.
    size_t struct_size;
    /// What the scores are divided by; 0 = 1.
    double reg;
    /// Stop when every column sum is within this of its marginal; 0 = do all iterations.
    double tolerance;
    /// Most iterations; 0 = 3.
    int32_t iterations;
    /// CPWL_PRIOR_NORMALIZE, CPWL_SINKHORN_TARGETS.
    uint32_t flags;
} cpwl_sinkhorn_options;

/// How far a plan, or the worst of several, came. Since 0.1.
typedef struct cpwl_sinkhorn_summary {
    /// `sizeof(cpwl_sinkhorn_summary)`, set by the caller.
    size_t struct_size;
    /// Largest difference between a column sum and its marginal.
    double column_error;
    /// Largest difference between a row sum and its marginal, or 1 with CPWL_SINKHORN_TARGETS.
    double row_error;
    /// Iterations done.
    int64_t iterations;
} cpwl_sinkhorn_summary;

/// A law over clusters. Fields that the family does not have are ignored; all numbers are meant as they are. Since 0.1.
typedef struct cpwl_prior_family {
    /// `sizeof(cpwl_prior_family)`.
    size_t struct_size;
    /// Of CPWL_PRIOR_POWER_LAW and CPWL_PRIOR_ZIPF.
    double exponent;
    /// Of CPWL_PRIOR_ZIPF; above -1.
    double shift;
    /// Of CPWL_PRIOR_EXPONENTIAL (of the first cluster to the last) and CPWL_PRIOR_STEP (of the head to the rest).
    double ratio;
    /// Added to counts, or the parameter of CPWL_PRIOR_DIRICHLET.
    double alpha;
    /// Of CPWL_PRIOR_COUNTS: (k).
    const struct cpwl_tensor *counts;
    /// Of CPWL_PRIOR_DIRICHLET.
    uint64_t seed;
    /// Clusters of the head of CPWL_PRIOR_STEP.
    int64_t head;
    /// A `cpwl_prior_kind`.
    int32_t kind;
    /// Zero.
    int32_t reserved;
} cpwl_prior_family;

/// Options of `cpwl_prior_diagnose`. Zero is the default of every field. Since 0.1.
typedef struct cpwl_diagnosis_options {
    /// `sizeof(cpwl_diagnosis_options)`.
    size_t struct_size;
    /// The law that counts are compared with, (k); NULL = uniform.
    const struct cpwl_tensor *null_prior;
    /// Coverage of the intervals; 0 = 0.95.
    double coverage;
    /// The same seed gives the same numbers, for any number of threads.
    uint64_t seed;
    /// Replicates of that law; 0 = none.
    int32_t null;
    /// Bootstrap replicates of the counts; 0 = no intervals.
    int32_t bootstrap;
} cpwl_diagnosis_options;

/// Counts in figures. Since 0.1.
typedef struct cpwl_diagnosis {
    /// `sizeof(cpwl_diagnosis)`, set by the caller.
    size_t struct_size;
    /// Sum of the counts.
    double n;
    /// Clusters.
    int64_t k;
    /// Clusters that have any.
    int64_t used;
    /// Entropy of the shares.
    double entropy;
    /// exp of it: effective number of clusters.
    double effective;
    /// ln k - entropy.
    double kl_uniform;
    /// The same less its bias under the uniform law, (k - 1) / 2n.
    double kl_uniform_debiased;
    /// From the fitted power law.
    double kl_power_law;
    /// As `cpwl_prior_fit`.
    double exponent;
    /// Standard error of the exponent if the ranks had been known beforehand; NaN where it is 0 or infinite.
    double exponent_se;
    /// Gini coefficient of the shares.
    double gini;
    /// Largest share.
    double head;
    /// Smallest share.
    double tail;
    /// G statistic against the uniform law.
    double g;
    /// Its degrees of freedom, k - 1.
    double g_degrees;
    /// P of a G as large by the chi-square law; poor where n / k < 5.
    double g_p;
    /// Mean of the exponents of simulated counts; NaN without.
    double null_mean;
    /// Their standard deviation; NaN without.
    double null_sd;
    /// Their 95% point; NaN without.
    double null_q95;
    /// (1 + replicates with an exponent at least as large) / (replicates + 1); NaN without.
    double null_p;
    /// Lower end of the bootstrap's percentile interval of the exponent; NaN without.
    double exponent_low;
    /// Upper end.
    double exponent_high;
    /// Of the entropy; NaN without.
    double entropy_low;
    /// Upper end.
    double entropy_high;
    /// Of the effective number; NaN without.
    double effective_low;
    /// Upper end.
    double effective_high;
} cpwl_diagnosis;

/// Options of `cpwl_factors_new`. Zero (NULL) is the default of every field. Tensors are of whole numbers (CPWL_U8, CPWL_U16, CPWL_I32 or
/// CPWL_I64) and used during the call only. Since 0.1.
typedef struct cpwl_factors_options {
    /// `sizeof(cpwl_factors_options)`.
    size_t struct_size;
    /// (n) the group of each image from 0 on, -1 = of none; NULL = no groups.
    const struct cpwl_tensor *groups;
    /// Number of groups; 0 = as many as occur.
    int64_t n_groups;
    /// (p) the image that each prediction of a model belongs to, -1 = to none: it is left out of numerators and averages. No image may
    /// occur twice. NULL = prediction i belongs to image i, p = n.
    const struct cpwl_tensor *rows;
    /// (C) the group of each class, negative = none: a prediction is right if its group is that of the label. NULL = right if equal.
    const struct cpwl_tensor *class_groups;
    /// (n + 1) instead of labels: image i accepts `accepted[offsets[i] .. offsets[i + 1]]`; none: always wrong.
    const struct cpwl_tensor *accepted_offsets;
    /// See `accepted_offsets`.
    const struct cpwl_tensor *accepted;
} cpwl_factors_options;

/// What `cpwl_factors_info` tells. Since 0.1.
typedef struct cpwl_factors_summary {
    /// `sizeof(cpwl_factors_summary)`, set by the caller.
    size_t struct_size;
    /// Predictions that belong to an image: n of every average.
    int64_t n_images;
    /// Predictions that a model has, p.
    int64_t n_predictions;
    /// Number of factors, F.
    int64_t n_factors;
    /// Number of groups, G.
    int64_t n_groups;
    /// Distinct combinations of factors and group that occur.
    int64_t n_patterns;
} cpwl_factors_summary;

/// Options of `cpwl_factors_count`. Zero is the default of every field. Since 0.1.
typedef struct cpwl_factor_count_options {
    /// `sizeof(cpwl_factor_count_options)`.
    size_t struct_size;
    /// Classes of the lowest accuracy to pool for CPWL_FACTOR_WORST_CLASSES; 0 = none.
    int64_t worst_classes;
    /// 0 = whichever is faster, 1 = by planes of bits, 2 = by distinct combinations of factors. All give the same.
    int32_t form;
    /// Zero.
    int32_t reserved;
} cpwl_factor_count_options;

/// Options of bootstraps over images. Zero is the default of every field. Since 0.1.
typedef struct cpwl_bootstrap_options {
    /// `sizeof(cpwl_bootstrap_options)`.
    size_t struct_size;
    /// Number of replicates, R; 0 = 10,000.
    int64_t replicates;
    /// Replicate r draws from a stream of its own that the seed decides.
    uint64_t seed;
    /// Confidence of the percentile intervals; 0 = 0.95.
    double level;
} cpwl_bootstrap_options;

/// Options of `cpwl_spillover`. Zero is the default of every field. Since 0.1.
typedef struct cpwl_spillover_options {
    /// `sizeof(cpwl_spillover_options)`.
    size_t struct_size;
    /// Strengths with no more models than this are left out; 0 = 4, negative = none is.
    int64_t more_than;
    /// Permutations of the strengths over the models; 0 = 999, negative = none.
    int64_t permutations;
    /// Seed of the permutations.
    uint64_t seed;
} cpwl_spillover_options;

















#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/// The version of the library as major << 16 | minor << 8 | patch. Since 0.1.
uint32_t cpwl_version(void);

/// The version of the library as text, such as "0.1.0". Static; never NULL. Since 0.1.
const char *cpwl_version_string(void);

/// Version, instruction set in use and those available, features and devices, such as
/// "cpwl 0.1.0; isa: avx2 (available: portable avx2); features: onnx; devices: cpu". Static; never NULL. Since 0.1.
const char *cpwl_build_info(void);

/// The name of a status code, such as "CPWL_OK"; "unknown" for any other number. Static; never NULL. Since 0.1.
const char *cpwl_status_name(int32_t status);

/// The text of the last error on the calling thread: "`[CONDITION] sentence`", UTF-8, where the condition is a stable
/// word and the sentence names the argument, its value and what was expected. "" if no call failed on this thread.
/// Never NULL. Valid until the next failing call on the same thread; successful calls leave it. Since 0.1.
const char *cpwl_last_error(void);

/// Makes a context. `opts` NULL = all defaults. Free it with `cpwl_context_free`.
///
/// Errors: CPWL_ARGUMENT (a value out of range, `struct_size` not set), CPWL_UNSUPPORTED (an instruction set that the
/// CPU does not have, unknown flags), CPWL_DEVICE. Starts no threads. Since 0.1.
cpwl_status cpwl_context_new(const struct cpwl_context_options *opts,
                             struct cpwl_context **out);

/// A ready-made `cancel` callback: the call ends as soon as the `int32_t` at `userdata` is not 0. Any thread may set it
/// at any time. For hosts that would rather set a flag than be called from worker threads, such as interpreters with a
/// global lock. `userdata` NULL never cancels. Since 0.1.
int32_t cpwl_cancel_flag(void *userdata);

/// Frees a context and ends its threads. NULL is fine. No call may be using it; what was made with it stays valid,
/// as long as its `alloc`, `dealloc` and `userdata` do. Since 0.1.
void cpwl_context_free(struct cpwl_context *ctx);

/// The `cpwl_isa` in use, never CPWL_ISA_AUTO. `ctx` NULL = the default context. Since 0.1.
int32_t cpwl_context_isa(const struct cpwl_context *ctx);

/// Threads that a call may use, at least 1. `ctx` NULL = the default context. Since 0.1.
int32_t cpwl_context_threads(const struct cpwl_context *ctx);

/// Starts a network whose input has the shape `input_shape` (`ndim` lengths, per sample: no batch axis), such as (2)
/// or (1, 28, 28). Free it with `cpwl_network_builder_free`.
///
/// Errors: CPWL_SHAPE (no axis, an axis of length 0 or less). Since 0.1.
cpwl_status cpwl_network_builder_new(const struct cpwl_context *ctx,
                                     const int64_t *input_shape,
                                     int32_t ndim,
                                     struct cpwl_network_builder **out);

/// Frees a builder. NULL is fine. Networks made with it stay valid. Since 0.1.
void cpwl_network_builder_free(struct cpwl_network_builder *builder);

/// Gives node `node` (-1 = the node added last) a name for messages, UTF-8. Since 0.1.
cpwl_status cpwl_network_builder_name(const struct cpwl_context *ctx,
                                      struct cpwl_network_builder *builder,
                                      int32_t node,
                                      const char *name);

/// Makes the network whose output is the value of node `output` (-1 = the node added last). Nodes that it does not
/// need are left out, so ids may change: see `cpwl_network_node`. Copies the weights; the builder stays usable and
/// must still be freed. Free the network with `cpwl_network_free`.
///
/// Errors: CPWL_ARGUMENT (no such node, or the input itself). O(weights). Since 0.1.
cpwl_status cpwl_network_builder_finish(const struct cpwl_context *ctx,
                                        const struct cpwl_network_builder *builder,
                                        int32_t output,
                                        struct cpwl_network **out);

/// Adds y = W x + b for an input of shape (n): `weight` is (out, n), `bias` (out) or NULL for none.
///
/// In this and all layer functions: `input` is the id of the node to read (-1 = the node added last), `node` receives
/// the id of the new node (may be NULL). Weights are f32, f64, f16 or bf16 and are kept exactly. Errors: CPWL_SHAPE
/// (shapes that do not fit, with both in the message), CPWL_DTYPE, CPWL_NONFINITE, CPWL_ARGUMENT (no such node, a
/// value out of range). O(weights). Since 0.1.
cpwl_status cpwl_network_builder_dense(const struct cpwl_context *ctx,
                                       struct cpwl_network_builder *builder,
                                       int32_t input,
                                       const struct cpwl_tensor *weight,
                                       const struct cpwl_tensor *bias,
                                       int32_t *node);

/// Adds a 2-D convolution (cross-correlation, as in every framework) of an input of shape (C, H, W): `weight` is
/// (O, C / groups, kh, kw), `bias` (O) or NULL for none, `opts` NULL for stride 1, no padding, dilation 1, one group.
/// Since 0.1.
cpwl_status cpwl_network_builder_conv2d(const struct cpwl_context *ctx,
                                        struct cpwl_network_builder *builder,
                                        int32_t input,
                                        const struct cpwl_tensor *weight,
                                        const struct cpwl_tensor *bias,
                                        const struct cpwl_conv2d_options *opts,
                                        int32_t *node);

/// Adds the same activation for every element; `kind` is a `cpwl_activation`, `opts` NULL for its defaults. Since 0.1.
cpwl_status cpwl_network_builder_activation(const struct cpwl_context *ctx,
                                            struct cpwl_network_builder *builder,
                                            int32_t input,
                                            int32_t kind,
                                            const struct cpwl_activation_options *opts,
                                            int32_t *node);

/// Adds a leaky ReLU with given slopes for negative values: `slopes` has one entry, or one per channel (the first
/// axis of the input). Since 0.1.
cpwl_status cpwl_network_builder_prelu(const struct cpwl_context *ctx,
                                       struct cpwl_network_builder *builder,
                                       int32_t input,
                                       const struct cpwl_tensor *slopes,
                                       int32_t *node);

/// Adds the same continuous piecewise-linear function for every element: `knots` (m), strictly increasing; `slopes`
/// (m + 1), from the leftmost piece to the rightmost; and the value at the first knot (at 0 if m = 0). Since 0.1.
cpwl_status cpwl_network_builder_pwl(const struct cpwl_context *ctx,
                                     struct cpwl_network_builder *builder,
                                     int32_t input,
                                     const struct cpwl_tensor *knots,
                                     const struct cpwl_tensor *slopes,
                                     double value_at_first_knot,
                                     int32_t *node);

/// Adds the maximum over groups of `group` consecutive channels (the first axis), which `group` must divide. Since 0.1.
cpwl_status cpwl_network_builder_maxout(const struct cpwl_context *ctx,
                                        struct cpwl_network_builder *builder,
                                        int32_t input,
                                        int64_t group,
                                        int32_t *node);

/// Adds the maximum over windows of each channel of an input of shape (C, H, W). `opts` gives the kernel and must not
/// be NULL; `exclude_padding` has no meaning here. Since 0.1.
cpwl_status cpwl_network_builder_max_pool2d(const struct cpwl_context *ctx,
                                            struct cpwl_network_builder *builder,
                                            int32_t input,
                                            const struct cpwl_pool2d_options *opts,
                                            int32_t *node);

/// Adds the mean over windows of each channel of an input of shape (C, H, W). `opts` gives the kernel and must not be
/// NULL. Weights that are not powers of two are rounded to f64, and so define the network. Since 0.1.
cpwl_status cpwl_network_builder_avg_pool2d(const struct cpwl_context *ctx,
                                            struct cpwl_network_builder *builder,
                                            int32_t input,
                                            const struct cpwl_pool2d_options *opts,
                                            int32_t *node);

/// Adds the mean of each channel of an input of shape (C, H, W), with shape (C, 1, 1). Since 0.1.
cpwl_status cpwl_network_builder_global_avg_pool(const struct cpwl_context *ctx,
                                                 struct cpwl_network_builder *builder,
                                                 int32_t input,
                                                 int32_t *node);

/// Adds a batch normalisation in evaluation form, per channel (the first axis):
/// gamma (x - mean) / sqrt(var + eps) + beta, with `mean` and `var` (C), `gamma` and `beta` (C) or NULL for 1 and 0.
/// Folded in f64 to scale and shift, which define the network. Since 0.1.
cpwl_status cpwl_network_builder_batch_norm(const struct cpwl_context *ctx,
                                            struct cpwl_network_builder *builder,
                                            int32_t input,
                                            const struct cpwl_tensor *gamma,
                                            const struct cpwl_tensor *beta,
                                            const struct cpwl_tensor *mean,
                                            const struct cpwl_tensor *var,
                                            double eps,
                                            int32_t *node);

/// Adds scale x + shift: `scale` and `shift` have one entry, one per channel (the first axis) or one per element
/// (any shape); NULL for 1 and 0. Since 0.1.
cpwl_status cpwl_network_builder_scale_shift(const struct cpwl_context *ctx,
                                             struct cpwl_network_builder *builder,
                                             int32_t input,
                                             const struct cpwl_tensor *scale,
                                             const struct cpwl_tensor *shift,
                                             int32_t *node);

/// Adds a change of shape to one axis. Since 0.1.
cpwl_status cpwl_network_builder_flatten(const struct cpwl_context *ctx,
                                         struct cpwl_network_builder *builder,
                                         int32_t input,
                                         int32_t *node);

/// Adds a change of shape to `shape` (`ndim` lengths, per sample), of which one may be -1: what is left. Since 0.1.
cpwl_status cpwl_network_builder_reshape(const struct cpwl_context *ctx,
                                         struct cpwl_network_builder *builder,
                                         int32_t input,
                                         const int64_t *shape,
                                         int32_t ndim,
                                         int32_t *node);

/// Adds the sum of `n_inputs` nodes of one shape (a residual connection). Since 0.1.
cpwl_status cpwl_network_builder_add(const struct cpwl_context *ctx,
                                     struct cpwl_network_builder *builder,
                                     const int32_t *inputs,
                                     int32_t n_inputs,
                                     int32_t *node);

/// Adds the concatenation of `n_inputs` nodes along `axis` of the per-sample shape. Since 0.1.
cpwl_status cpwl_network_builder_concat(const struct cpwl_context *ctx,
                                        struct cpwl_network_builder *builder,
                                        const int32_t *inputs,
                                        int32_t n_inputs,
                                        int32_t axis,
                                        int32_t *node);

/// Adds, for every element, a continuous piecewise-linear function in place of a smooth one: `kind` is a `cpwl_smooth`,
/// `opts` NULL for its defaults. The function has at most `knots` knots (2 to 1024), near the best for so many, and
/// the asymptotes of the smooth one as tails. `cpwl_network_approximation` tells a proven bound on the difference over
/// all real numbers; it falls as 1 / knots^2.
///
/// A network with such a layer is not the smooth one, and all that is exact is so for the network as it is. Hence the
/// layer has to be asked for: with `knots` 0 it is refused.
///
/// Errors: CPWL_UNSUPPORTED (`knots` is 0), CPWL_ARGUMENT. Since 0.1.
cpwl_status cpwl_network_builder_smooth(const struct cpwl_context *ctx,
                                        struct cpwl_network_builder *builder,
                                        int32_t input,
                                        int32_t kind,
                                        int64_t knots,
                                        const struct cpwl_smooth_options *opts,
                                        int32_t *node);

/// Fills `out`, whose `struct_size` the caller has set, with what approximation `index` (0 to n_approximations - 1 of
/// `cpwl_network_summary`) is: a node of the network that stands for a smooth activation function.
///
/// Errors: CPWL_ARGUMENT (no such approximation). Since 0.1.
cpwl_status cpwl_network_approximation(const struct cpwl_context *ctx,
                                       const struct cpwl_network *net,
                                       int32_t index,
                                       struct cpwl_approximation_summary *out);

/// Reads a network from the `size` bytes of an ONNX file at `bytes`, which are not needed afterwards. `opts` may be
/// NULL. Free the network with `cpwl_network_free`.
///
/// Errors: CPWL_ARGUMENT (truncated or malformed bytes, a cycle), CPWL_UNSUPPORTED (an operator that is not piecewise
/// linear or not known, named with its node; weights in another file), CPWL_SHAPE, CPWL_NONFINITE. O(size). Since 0.1.
cpwl_status cpwl_network_from_onnx(const struct cpwl_context *ctx,
                                   const void *bytes,
                                   size_t size,
                                   const struct cpwl_onnx_options *opts,
                                   struct cpwl_network **out);

/// As `cpwl_network_from_onnx`, from the file at `path` (UTF-8, or the bytes of any path on POSIX systems).
///
/// Errors: CPWL_IO besides. Since 0.1.
cpwl_status cpwl_network_from_onnx_file(const struct cpwl_context *ctx,
                                        const char *path,
                                        const struct cpwl_onnx_options *opts,
                                        struct cpwl_network **out);

/// Frees a network. NULL is fine. No call may be using it. Since 0.1.
void cpwl_network_free(struct cpwl_network *net);

/// Fills `out`, whose `struct_size` the caller has set. Since 0.1.
cpwl_status cpwl_network_info(const struct cpwl_context *ctx,
                              const struct cpwl_network *net,
                              struct cpwl_network_summary *out);

/// The shape of the input, per sample: `*ndim` is the room at `shape`, and becomes the number of axes. With `shape`
/// NULL only that is told. Since 0.1.
cpwl_status cpwl_network_input_shape(const struct cpwl_context *ctx,
                                     const struct cpwl_network *net,
                                     int64_t *shape,
                                     int32_t *ndim);

/// The shape of the output, as `cpwl_network_input_shape`. Since 0.1.
cpwl_status cpwl_network_output_shape(const struct cpwl_context *ctx,
                                      const struct cpwl_network *net,
                                      int64_t *shape,
                                      int32_t *ndim);

/// Fills `out`, whose `struct_size` the caller has set, with what node `node` (0 to n_nodes - 1, in an order in which
/// every node comes after those that it reads) is. Errors: CPWL_ARGUMENT (no such node). Since 0.1.
cpwl_status cpwl_network_node(const struct cpwl_context *ctx,
                              const struct cpwl_network *net,
                              int32_t node,
                              struct cpwl_node_info *out);

/// The same function with every ReLU that only a maximum (max-pool, maxout) reads, directly or through changes of
/// shape, put into that maximum: max(relu(z_1), ..., relu(z_k)) = max(z_1, ..., z_k, 0). The maximum gets a constant
/// candidate behind its elements; a clamp from below, max(z, c), is put there as c.
///
/// Affine maps, and the connected affine pieces and distinct affine maps of a partition, stay what they are. Activation
/// cells are others, usually fewer: in the unfused network a ReLU cuts cells even where the maximum hides it. In a
/// pattern a fused ReLU has no code; that of a fused maximum is the index of its largest candidate, the lowest among
/// equals, and the size of the group (the number of taps of the window) where the constant is larger than all.
///
/// Copies the weights; free both networks with `cpwl_network_free`. O(weights). Since 0.1.
cpwl_status cpwl_network_fuse_relu_max(const struct cpwl_context *ctx,
                                       const struct cpwl_network *net,
                                       struct cpwl_network **out);

/// Lends the bytes: `*data` is valid until they are freed, `*size` is their number.
///
/// Errors: CPWL_ARGUMENT (NULL). O(1). Since 0.1.
cpwl_status cpwl_bytes_get(const struct cpwl_context *ctx,
                           const struct cpwl_bytes *bytes,
                           const void **data,
                           size_t *size);

/// Frees bytes. NULL is fine. Since 0.1.
void cpwl_bytes_free(struct cpwl_bytes *bytes);

/// Writes a network as an ONNX file in memory, for any engine to run: one input and one output, named as the nodes are,
/// with a dynamic batch axis "N" in front; operator set 13. `opts` may be NULL. Free the bytes with `cpwl_bytes_free`.
///
/// Activations become the operator of that name where there is one (Relu, LeakyRelu, PRelu, Abs, Clip), else an exact sum
/// of ReLUs. A maximum with a constant candidate (see `cpwl_network_fuse_relu_max`) becomes the ReLU and the maximum that
/// it was made from. `cpwl_network_from_onnx` reads the file as a network with the same values up to rounding, and with
/// the same units but for those sums and for clips whose bounds differ from channel to channel.
///
/// Errors: CPWL_NONFINITE (a number beyond the range of single precision), CPWL_UNSUPPORTED (more than 2 GiB). O(weights),
/// which are copied twice. Since 0.1.
cpwl_status cpwl_network_to_onnx(const struct cpwl_context *ctx,
                                 const struct cpwl_network *net,
                                 const struct cpwl_onnx_write_options *opts,
                                 struct cpwl_bytes **out);

/// As `cpwl_network_to_onnx`, to the file at `path` (UTF-8, or the bytes of any path on POSIX systems). A file that is
/// there is replaced in one step: a reader finds the old one or the new one, and after an error the old one.
///
/// Errors: CPWL_IO besides. Since 0.1.
cpwl_status cpwl_network_to_onnx_file(const struct cpwl_context *ctx,
                                      const struct cpwl_network *net,
                                      const struct cpwl_onnx_write_options *opts,
                                      const char *path);

/// Runs the network on a batch: y = f(x).
///
/// `x` is (B, input shape) or (B, n_inputs), f32, f64, f16 or bf16, all finite. `y` is (B, output shape) or
/// (B, n_outputs), f32 or f64, which is also the precision of the arithmetic; it must not lie in the memory of `x`.
/// A single sample may come without the batch axis. `opts` may be NULL.
///
/// Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE (with the index), CPWL_ARGUMENT, CPWL_LIMIT, CPWL_MEMORY,
/// CPWL_CANCELLED. `y` is untouched on error. Bit-identical for any number of threads. O(B weights). Since 0.1.
cpwl_status cpwl_network_forward(const struct cpwl_context *ctx,
                                 const struct cpwl_network *net,
                                 const struct cpwl_tensor *x,
                                 const struct cpwl_forward_options *opts,
                                 struct cpwl_tensor *y);

/// The activation pattern of each sample of a batch: which piece every unit is on.
///
/// `x` is as for `cpwl_network_forward`; `codes` is (B, n_units), u8, i32 or i64. The code of a pointwise unit is the
/// number of its knots below its input (ReLU: 1 iff > 0), that of a maximum the index of the largest candidate, the
/// lowest among equals. Computed in f64.
///
/// Errors: as `cpwl_network_forward`; CPWL_DTYPE if a code does not fit. O(B weights). Since 0.1.
cpwl_status cpwl_network_pattern(const struct cpwl_context *ctx,
                                 const struct cpwl_network *net,
                                 const struct cpwl_tensor *x,
                                 struct cpwl_tensor *codes);

/// The affine maps of a batch: A and b with f(x') = A x' + b for all x' of the activation pattern of x.
///
/// `x` is as for `cpwl_network_forward`; `a` is (B, n_outputs, n_inputs), `b` is (B, n_outputs), both f32 or f64; for
/// a single sample they may come without the batch axis. A is the Jacobian wherever that exists. Computed in f64.
///
/// Errors: as `cpwl_network_forward`. O(B n_inputs weights). Since 0.1.
cpwl_status cpwl_network_affine_at(const struct cpwl_context *ctx,
                                   const struct cpwl_network *net,
                                   const struct cpwl_tensor *x,
                                   struct cpwl_tensor *a,
                                   struct cpwl_tensor *b);

/// Fills `out`, whose `struct_size` the caller has set, with what array `index` (0 to n_arrays - 1 of
/// `cpwl_network_summary`) of constants is: in the order of the nodes, weight before bias, scale before shift.
/// Errors: CPWL_ARGUMENT (no such array). Since 0.1.
cpwl_status cpwl_network_parameter(const struct cpwl_context *ctx,
                                   const struct cpwl_network *net,
                                   int32_t index,
                                   struct cpwl_parameter_info *out);

/// The same graph with other numbers: `arrays` has `n` tensors, one for each array of constants in the order of
/// `cpwl_network_parameter`, of its shape or flat; f64 is kept as f64, f32, f16 and bf16 as f32. An entry whose `dtype`
/// is 0 keeps what `net` has, without a copy. Free the network with `cpwl_network_free`; it does not need `net`.
///
/// Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE (with node, name and index), CPWL_MEMORY. O(numbers). Since 0.1.
cpwl_status cpwl_network_with_parameters(const struct cpwl_context *ctx,
                                         const struct cpwl_network *net,
                                         const struct cpwl_tensor *arrays,
                                         int32_t n,
                                         struct cpwl_network **out);

/// Runs the network on a batch like `cpwl_network_forward`, and records what the way back reads; `x` is not needed
/// afterwards. `y` is f32 or f64, which is also the precision of the way back. Free the tape with `cpwl_tape_free`.
///
/// Errors: as `cpwl_network_forward`. Memory: the values of the layers for the whole batch. O(B weights). Since 0.1.
cpwl_status cpwl_network_record(const struct cpwl_context *ctx,
                                const struct cpwl_network *net,
                                const struct cpwl_tensor *x,
                                struct cpwl_tensor *y,
                                struct cpwl_tape **out);

/// Gradients of L, given `dy` = dL/dy for the outputs y of the recorded pass: (B, output shape) or (B, n_outputs).
///
/// `dx` is (B, input shape) or (B, n_inputs); NULL = not wanted. `parameters` has `n` tensors, one for each array of
/// constants in the order of `cpwl_network_parameter`, of its shape or flat; an entry whose `dtype` is 0 is not wanted,
/// nor are all if `parameters` is NULL and `n` 0. All are f32 or f64 and are overwritten. At a kink the slope is that of
/// the piece that `cpwl_network_pattern` reports (ReLU: 0 at 0); a maximum passes its gradient to the lowest of equals.
///
/// Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_ARGUMENT (outputs that overlap), CPWL_LIMIT, CPWL_MEMORY,
/// CPWL_CANCELLED. Bit-identical for any number of threads. O(B weights), twice the forward pass. Since 0.1.
cpwl_status cpwl_tape_backward(const struct cpwl_context *ctx,
                               const struct cpwl_tape *tape,
                               const struct cpwl_tensor *dy,
                               struct cpwl_tensor *dx,
                               struct cpwl_tensor *parameters,
                               int32_t n);

/// Ends a tape; NULL is fine. Since 0.1.
void cpwl_tape_free(struct cpwl_tape *tape);

/// The box of all x with lo_i <= x_i <= hi_i; `lo` and `hi` are (d): d = 2 is a plane domain. Free it with
/// `cpwl_domain_free`.
///
/// In this and the other domain functions tensors are f32, f64, f16 or bf16, and are taken exactly. Errors:
/// CPWL_ARGUMENT (unless lo < hi), CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE. Since 0.1.
cpwl_status cpwl_domain_box(const struct cpwl_context *ctx,
                            const struct cpwl_tensor *lo,
                            const struct cpwl_tensor *hi,
                            struct cpwl_domain **out);

/// A convex polygon; `vertices` is (m, 2) in order. Clockwise ones are turned round, repeated and collinear ones are
/// dropped.
///
/// Errors: CPWL_ARGUMENT (fewer than three vertices, zero area, sides that cross), CPWL_UNSUPPORTED (not convex),
/// CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE. Since 0.1.
cpwl_status cpwl_domain_polygon(const struct cpwl_context *ctx,
                                const struct cpwl_tensor *vertices,
                                struct cpwl_domain **out);

/// The slice `x = origin + u axes[0] + v axes[1]` of the input space, with (u, v) in a convex polygon.
///
/// `origin` is (D) or of the shape of the input, `axes` is (2, D) or (2, input shape): linearly independent, not
/// necessarily orthogonal or of unit length. `polygon` is (m, 2), or NULL for [-1, 1] x [-1, 1].
///
/// Errors: CPWL_ARGUMENT (dependent axes), and those of `cpwl_domain_polygon`. Since 0.1.
cpwl_status cpwl_domain_slice(const struct cpwl_context *ctx,
                              const struct cpwl_tensor *origin,
                              const struct cpwl_tensor *axes,
                              const struct cpwl_tensor *polygon,
                              struct cpwl_domain **out);

/// The slice through three points a, b, c of the input space: `anchors` is (3, D) or (3, input shape). The origin is a,
/// the axes are b - a and c - a (rounded to f64), so that a, b, c stand at (u, v) = (0, 0), (1, 0), (0, 1). The polygon
/// is the square from -margin to 1 + margin.
///
/// Errors: as `cpwl_domain_slice`. Since 0.1.
cpwl_status cpwl_domain_slice_anchors(const struct cpwl_context *ctx,
                                      const struct cpwl_tensor *anchors,
                                      double margin,
                                      struct cpwl_domain **out);

/// Frees a domain. NULL is fine. Partitions made with it stay valid. Since 0.1.
void cpwl_domain_free(struct cpwl_domain *domain);

/// The simplex of d + 1 vertices; `vertices` is (d + 1, d). Free it with `cpwl_domain_free`.
///
/// Errors: CPWL_ARGUMENT (vertices in a hyperplane), CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE. Since 0.1.
cpwl_status cpwl_domain_simplex(const struct cpwl_context *ctx,
                                const struct cpwl_tensor *vertices,
                                struct cpwl_domain **out);

/// The polytope of all x with a x <= b, bounded or not; `a` is (m, d), `b` is (m). Redundant rows do no harm. Free it with
/// `cpwl_domain_free`.
///
/// Errors: CPWL_ARGUMENT (no interior, a row of zeros), CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE. Since 0.1.
cpwl_status cpwl_domain_polytope(const struct cpwl_context *ctx,
                                 const struct cpwl_tensor *a,
                                 const struct cpwl_tensor *b,
                                 struct cpwl_domain **out);

/// The ball of all x with |x - center| <= radius; `center` is (d). Free it with `cpwl_domain_free`.
///
/// Errors: CPWL_ARGUMENT (unless radius > 0), CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE. Since 0.1.
cpwl_status cpwl_domain_ball(const struct cpwl_context *ctx,
                             const struct cpwl_tensor *center,
                             double radius,
                             struct cpwl_domain **out);

/// The whole space of `dim` coordinates. Free it with `cpwl_domain_free`. Errors: CPWL_SHAPE. Since 0.1.
cpwl_status cpwl_domain_space(const struct cpwl_context *ctx, int64_t dim, struct cpwl_domain **out);

/// `domain` as a slice of a larger input space: its coordinates t stand for the input origin + sum over j of `t[j] axes[j]`.
/// `origin` is (D) or of the shape of the input, `axes` is (d, D) or (d, input shape): linearly independent, not
/// necessarily orthogonal or of unit length. Free it with `cpwl_domain_free`; `domain` may be freed before.
///
/// Errors: CPWL_ARGUMENT (dependent axes, a domain that is a slice already), CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE.
/// Since 0.1.
cpwl_status cpwl_domain_embed(const struct cpwl_context *ctx,
                              const struct cpwl_domain *domain,
                              const struct cpwl_tensor *origin,
                              const struct cpwl_tensor *axes,
                              struct cpwl_domain **out);

/// Fills `out`, whose `struct_size` the caller has set. Since 0.1.
cpwl_status cpwl_domain_info(const struct cpwl_context *ctx,
                             const struct cpwl_domain *domain,
                             struct cpwl_domain_summary *out);

/// Computes the partition of `domain` by the units of `net`: exactly, every sign that decides topology is certified.
/// `opts` may be NULL. Free it with `cpwl_partition_free`; `net` and `domain` may be freed before.
///
/// Errors: CPWL_SHAPE (the domain does not fit the input), CPWL_UNSUPPORTED (a unit with more than 255 knots or 256
/// candidates, named), CPWL_LIMIT (max_regions, memory_limit), CPWL_MEMORY, CPWL_CANCELLED, CPWL_ARGUMENT. Nothing is kept of a partition
/// that fails. Cost: about one small matrix-vector product of the next layer per cell and layer. Since 0.1.
cpwl_status cpwl_partition_new(const struct cpwl_context *ctx,
                               const struct cpwl_network *net,
                               const struct cpwl_domain *domain,
                               const struct cpwl_partition_options *opts,
                               struct cpwl_partition **out);

/// Frees a partition, and with it everything that it lent. NULL is fine. Since 0.1.
void cpwl_partition_free(struct cpwl_partition *partition);

/// Fills `out`, whose `struct_size` the caller has set. Since 0.1.
cpwl_status cpwl_partition_info(const struct cpwl_context *ctx,
                                const struct cpwl_partition *partition,
                                struct cpwl_partition_summary *out);

/// Lends array `which` (a `cpwl_partition_array_id`): fills `out` with a view of it that is valid until the partition
/// is freed, and is not to be written to.
///
/// Errors: CPWL_ARGUMENT (an array that was not kept, an unknown id). O(1). Since 0.1.
cpwl_status cpwl_partition_array(const struct cpwl_context *ctx,
                                 const struct cpwl_partition *partition,
                                 int32_t which,
                                 struct cpwl_tensor *out);

/// Writes the activation patterns of cells first .. first + count - 1 to `codes`, which is (count, n_units), u8, i32 or
/// i64; the codes are those of `cpwl_network_pattern`.
///
/// Errors: CPWL_ARGUMENT (no such cells, patterns that were not kept), CPWL_SHAPE, CPWL_DTYPE, CPWL_MEMORY,
/// CPWL_LIMIT. O(count n_units). Since 0.1.
cpwl_status cpwl_partition_patterns(const struct cpwl_context *ctx,
                                    const struct cpwl_partition *partition,
                                    int64_t first,
                                    int64_t count,
                                    struct cpwl_tensor *codes);

/// Counts the connected linear pieces: cells merged across shared edges where the affine map of the outputs is exactly
/// the same on both sides. `labels` is NULL or (F), i64 or i32, and becomes the piece of each cell, numbered in the order
/// of their first cells; `count` is NULL or becomes the number of pieces. Exact.
///
/// Errors: CPWL_ARGUMENT (patterns, maps or the mesh were not kept), CPWL_SHAPE, CPWL_DTYPE, CPWL_CANCELLED. Cost: O(E),
/// and exact arithmetic for each edge whose two maps are too close to tell apart. Since 0.1.
cpwl_status cpwl_partition_linear_pieces(const struct cpwl_context *ctx,
                                         const struct cpwl_partition *partition,
                                         struct cpwl_tensor *labels,
                                         int64_t *count);

/// Counts the distinct affine maps: cells on which the outputs are exactly the same function of (u, v) count once, wherever
/// they lie. `labels` and `count` as in `cpwl_partition_linear_pieces`; activation cells >= connected linear pieces >=
/// distinct maps. Exact.
///
/// Errors: as `cpwl_partition_linear_pieces`. Cost: O(F log F) beyond it, and exact arithmetic for each two maps that are
/// too close to tell apart. Since 0.1.
cpwl_status cpwl_partition_distinct_maps(const struct cpwl_context *ctx,
                                         const struct cpwl_partition *partition,
                                         struct cpwl_tensor *labels,
                                         int64_t *count);

/// Finds the cell of each point: `points` is (n, 2) in (u, v), f32, f64, f16 or bf16; `cells` is (n), i64 or i32, and
/// becomes the index of the cell or -1 outside the domain. A point on edges belongs to the cell on which the units that
/// made them are off, as they are at the point (on iff > 0), else to the first cell that touches it. Exact.
///
/// Errors: CPWL_ARGUMENT (patterns or the mesh were not kept), CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE,
/// CPWL_CANCELLED. The first call prepares a search grid, O(F). Since 0.1.
cpwl_status cpwl_partition_locate(const struct cpwl_context *ctx,
                                  const struct cpwl_partition *partition,
                                  const struct cpwl_tensor *points,
                                  struct cpwl_tensor *cells);

/// Writes the partition to an SVG file at `path`: a polygon per cell, and `boundary` (may be NULL) over it. `opts` may
/// be NULL.
///
/// Errors: CPWL_ARGUMENT (what the picture needs was not kept, an unknown colour), CPWL_IO. Since 0.1.
cpwl_status cpwl_partition_write_svg(const struct cpwl_context *ctx,
                                     const struct cpwl_partition *partition,
                                     const struct cpwl_boundary *boundary,
                                     const struct cpwl_svg_options *opts,
                                     const char *path);

/// Computes the partition of `domain` by the units of `net` and hands its cells to `take`, chunk by chunk, on the calling
/// thread, in the order that they have in a `cpwl_partition`. None is kept: memory is bounded by a few chunks a thread,
/// whatever the number of cells. `opts` may be NULL; `out` is NULL or has its `struct_size` set; `layer_cells` is NULL or
/// has room for the number of cells after each layer of units.
///
/// Errors: as `cpwl_partition_new`; CPWL_CANCELLED also if `take` says so. What `take` has seen by then is right. Cost: as
/// `cpwl_partition_new`. Since 0.1.
cpwl_status cpwl_partition_stream(const struct cpwl_context *ctx,
                                  const struct cpwl_network *net,
                                  const struct cpwl_domain *domain,
                                  const struct cpwl_stream_options *opts,
                                  cpwl_chunk_fn take,
                                  void *userdata,
                                  int64_t *layer_cells,
                                  struct cpwl_stream_summary *out);

/// Lends array `which` (a `cpwl_chunk_array_id`) of a chunk, inside the callback that it was given to.
///
/// Errors: CPWL_ARGUMENT (an array that was not wanted, an unknown id). O(1). Since 0.1.
cpwl_status cpwl_chunk_array(const struct cpwl_context *ctx,
                             const struct cpwl_chunk *chunk,
                             int32_t which,
                             struct cpwl_tensor *out);

/// Tile (`i`, `j`) of a grid of `nu` x `nv` tiles over the bounding box of a domain, so that parts of it can be partitioned
/// in different processes. Exact: tiles that meet share their seam, and their partitions add up to that of the whole (see
/// `cpwl_partition_seam_keys`). `*out` becomes NULL if that tile has no area in common with the domain. Free it with
/// `cpwl_domain_free`.
///
/// Errors: CPWL_ARGUMENT (no such tile, a tile of a tile). Since 0.1.
cpwl_status cpwl_domain_tile(const struct cpwl_context *ctx,
                             const struct cpwl_domain *domain,
                             int64_t nu,
                             int64_t nv,
                             int64_t i,
                             int64_t j,
                             struct cpwl_domain **out);

/// The names (128-bit hashes of the pattern up to that layer) of the cells of a tile's partition that have an edge on a seam
/// after layer `layer` of units, sorted, each once. `keys` is NULL, or (n, 2) i64 where n is the number that `count`, which
/// may be NULL, tells.
///
/// The number of cells of the whole after that layer is the sum over all tiles of CPWL_PARTITION_LAYER_CELLS minus
/// `count`, plus the number of different names in all of them together. Areas, and lengths of boundaries inside cells,
/// add up.
///
/// Errors: CPWL_ARGUMENT (no such layer, patterns or the mesh were not kept), CPWL_SHAPE, CPWL_DTYPE. O(E + cells on
/// seams). Since 0.1.
cpwl_status cpwl_partition_seam_keys(const struct cpwl_context *ctx,
                                     const struct cpwl_partition *partition,
                                     int64_t layer,
                                     struct cpwl_tensor *keys,
                                     int64_t *count);

/// Computes the boundary of a partition that kept polygons, patterns, maps and mesh. `opts` may be NULL (the arg-max
/// boundary). Free it with `cpwl_boundary_free`; the partition may be freed before.
///
/// Errors: CPWL_ARGUMENT (something was not kept, no such output, a single output and not a level set), CPWL_NONFINITE
/// (level), CPWL_LIMIT, CPWL_MEMORY, CPWL_CANCELLED. O(F n_outputs^2) at most. Since 0.1.
cpwl_status cpwl_boundary_new(const struct cpwl_context *ctx,
                              const struct cpwl_partition *partition,
                              const struct cpwl_boundary_options *opts,
                              struct cpwl_boundary **out);

/// Frees a boundary, and with it everything that it lent. NULL is fine. Since 0.1.
void cpwl_boundary_free(struct cpwl_boundary *boundary);

/// Fills `out`, whose `struct_size` the caller has set. Since 0.1.
cpwl_status cpwl_boundary_info(const struct cpwl_context *ctx,
                               const struct cpwl_boundary *boundary,
                               struct cpwl_boundary_summary *out);

/// Lends array `which` (a `cpwl_boundary_array_id`): fills `out` with a view of it that is valid until the boundary is
/// freed, and is not to be written to. Errors: CPWL_ARGUMENT (an unknown id). O(1). Since 0.1.
cpwl_status cpwl_boundary_array(const struct cpwl_context *ctx,
                                const struct cpwl_boundary *boundary,
                                int32_t which,
                                struct cpwl_tensor *out);

/// Computes the statistics of a partition that kept the mesh; norms of slopes are there if it kept the maps too. `opts`
/// may be NULL. Free them with `cpwl_statistics_free`; the partition may be freed before.
///
/// Errors: CPWL_ARGUMENT (the mesh was not kept, a slice whose areas f64 cannot hold), CPWL_LIMIT, CPWL_MEMORY,
/// CPWL_CANCELLED. The same bytes for any number of threads. O(E log E). Since 0.1.
cpwl_status cpwl_statistics_new(const struct cpwl_context *ctx,
                                const struct cpwl_partition *partition,
                                const struct cpwl_statistics_options *opts,
                                struct cpwl_statistics **out);

/// Frees statistics, and with them everything that they lent. NULL is fine. Since 0.1.
void cpwl_statistics_free(struct cpwl_statistics *statistics);

/// Fills `out`, whose `struct_size` the caller has set. O(L). Since 0.1.
cpwl_status cpwl_statistics_info(const struct cpwl_context *ctx,
                                 const struct cpwl_statistics *statistics,
                                 struct cpwl_statistics_summary *out);

/// Lends array `which` (a `cpwl_statistics_array_id`): fills `out` with a view of it that is valid until the statistics
/// are freed, and is not to be written to. Errors: CPWL_ARGUMENT (slopes without maps, an unknown id). O(1). Since 0.1.
cpwl_status cpwl_statistics_array(const struct cpwl_context *ctx,
                                  const struct cpwl_statistics *statistics,
                                  int32_t which,
                                  struct cpwl_tensor *out);

/// Fills `out`, whose `struct_size` the caller has set, with the total, mean, standard deviation, least and largest of
/// `quantity` (a `cpwl_quantity`) over the cells. Errors: CPWL_ARGUMENT (slopes without maps, an unknown quantity).
/// O(F). Since 0.1.
cpwl_status cpwl_statistics_spread(const struct cpwl_context *ctx,
                                   const struct cpwl_statistics *statistics,
                                   int32_t quantity,
                                   struct cpwl_spread *out);

/// Fills `points`, (n, 2), f64 or f32, with random points of the boundary in (u, v), uniform by length. `segments` and
/// `cells` are NULL or (n), i64 or i32, and become the segment and the cell on which each point lies. `opts` may be NULL.
/// Point i depends on the seed and on i alone (Philox 4x32-10), not on n or on the number of threads.
///
/// Errors: CPWL_ARGUMENT (the boundary has no length), CPWL_SHAPE, CPWL_DTYPE, CPWL_LIMIT, CPWL_MEMORY, CPWL_CANCELLED.
/// O(segments + n log segments). Since 0.1.
cpwl_status cpwl_boundary_sample(const struct cpwl_context *ctx,
                                 const struct cpwl_boundary *boundary,
                                 const struct cpwl_boundary_points_options *opts,
                                 struct cpwl_tensor *points,
                                 struct cpwl_tensor *segments,
                                 struct cpwl_tensor *cells);

/// Finds the nearest point of the boundary to each of `points`, (n, 2) in (u, v), f32, f64, f16 or bf16, which should lie
/// in the domain. `opts` may be NULL; its metric is that of the distances. Each of the outputs may be NULL: `distances`,
/// (n), f64 or f32, become the signed distances, positive on the side of the first label or of higher values (see
/// CPWL_BOUNDARY_SIDES); `nearest`, (n, 2), f64 or f32, the nearest points in (u, v); `segments`, (n), i64 or i32, the
/// segments on which those lie. For an empty boundary distances are infinite and segments -1.
///
/// Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_ARGUMENT, CPWL_LIMIT, CPWL_MEMORY, CPWL_CANCELLED. The first
/// call in each metric builds a search tree, O(segments log segments); then O(log segments) a point. Since 0.1.
cpwl_status cpwl_boundary_nearest(const struct cpwl_context *ctx,
                                  const struct cpwl_boundary *boundary,
                                  const struct cpwl_tensor *points,
                                  const struct cpwl_boundary_points_options *opts,
                                  struct cpwl_tensor *distances,
                                  struct cpwl_tensor *nearest,
                                  struct cpwl_tensor *segments);

/// Writes the lengths of the boundary, inside cells and on cell edges (each counted once), in units of `metric` (a
/// `cpwl_metric`; 0 = CPWL_METRIC_DOMAIN) to `interior` and `on_edge`, either of which may be NULL.
///
/// Errors: CPWL_ARGUMENT (an unknown metric, a slice that f64 cannot measure in it). O(segments). Since 0.1.
cpwl_status cpwl_boundary_length(const struct cpwl_context *ctx,
                                 const struct cpwl_boundary *boundary,
                                 int32_t metric,
                                 double *interior,
                                 double *on_edge);

/// The convex hull of points in space: `vertices` is (n, 3), n from 4 to 512, in any order; points inside are fine. Exact.
/// Free it with `cpwl_domain_free`.
///
/// Errors: CPWL_ARGUMENT (the points lie in a plane, too many of them), CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE.
/// Cost: O(n^3). Since 0.1.
cpwl_status cpwl_domain_polyhedron(const struct cpwl_context *ctx,
                                   const struct cpwl_tensor *vertices,
                                   struct cpwl_domain **out);

/// Computes the partition of a domain in space (of dimension 3: a box, a polyhedron, a slice of a larger input space) by
/// the units of `net`: exactly, every sign that decides topology is certified. `opts` may be NULL; of its `want`,
/// CPWL_WANT_POLYGONS stands for volumes and centroids. Free it with `cpwl_partition3d_free`; `net` and `domain` may be
/// freed before.
///
/// Errors: CPWL_SHAPE (the domain is not one in space, or does not fit the input), CPWL_UNSUPPORTED (max-pool and maxout,
/// named; a ball), CPWL_LIMIT (max_regions, memory_limit), CPWL_MEMORY, CPWL_CANCELLED, CPWL_ARGUMENT (an unbounded
/// domain). Nothing is kept of a partition that fails. Cost: about a microsecond a cell. Since 0.1.
cpwl_status cpwl_partition3d_new(const struct cpwl_context *ctx,
                                 const struct cpwl_network *net,
                                 const struct cpwl_domain *domain,
                                 const struct cpwl_partition_options *opts,
                                 struct cpwl_partition3d **out);

/// Frees a partition, and with it everything that it lent. NULL is fine. Since 0.1.
void cpwl_partition3d_free(struct cpwl_partition3d *partition);

/// Fills `out`, whose `struct_size` the caller has set. Since 0.1.
cpwl_status cpwl_partition3d_info(const struct cpwl_context *ctx,
                                  const struct cpwl_partition3d *partition,
                                  struct cpwl_partition3d_summary *out);

/// Lends array `which` (a `cpwl_partition3d_array_id`): fills `out` with a view of it that is valid until the partition
/// is freed, and is not to be written to.
///
/// Errors: CPWL_ARGUMENT (an array that was not kept, an unknown id). O(1). Since 0.1.
cpwl_status cpwl_partition3d_array(const struct cpwl_context *ctx,
                                   const struct cpwl_partition3d *partition,
                                   int32_t which,
                                   struct cpwl_tensor *out);

/// Writes the activation patterns of cells first .. first + count - 1 to `codes`, as `cpwl_partition_patterns` does.
///
/// Errors: CPWL_ARGUMENT (no such cells, patterns that were not kept), CPWL_SHAPE, CPWL_DTYPE, CPWL_MEMORY,
/// CPWL_LIMIT. O(count n_units). Since 0.1.
cpwl_status cpwl_partition3d_patterns(const struct cpwl_context *ctx,
                                      const struct cpwl_partition3d *partition,
                                      int64_t first,
                                      int64_t count,
                                      struct cpwl_tensor *codes);

/// Finds the cell of each point: `points` is (n, 3) in (u, v, w), f32, f64, f16 or bf16; `cells` is (n), i64 or i32, and
/// becomes the index of the cell or -1 outside the domain. A point on facets belongs to the cell on which the units that
/// made them are off, as they are at the point (on iff > 0), else to the first cell that touches it. Exact.
///
/// Errors: CPWL_ARGUMENT (patterns or the mesh were not kept), CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE,
/// CPWL_CANCELLED. The first call prepares a search grid, O(C). Since 0.1.
cpwl_status cpwl_partition3d_locate(const struct cpwl_context *ctx,
                                    const struct cpwl_partition3d *partition,
                                    const struct cpwl_tensor *points,
                                    struct cpwl_tensor *cells);

/// Computes the surface of an output of `net` in a domain in space. Cells that cannot hold any of it, by a bound of what
/// the layers ahead can make of them, are let go early. `opts` may be NULL: output 0, level 0. Free it with
/// `cpwl_surface_free`; `net` and `domain` may be freed before.
///
/// Errors: CPWL_ARGUMENT (no such output), CPWL_NONFINITE, and those of `cpwl_partition3d_new`. Since 0.1.
cpwl_status cpwl_surface_new(const struct cpwl_context *ctx,
                             const struct cpwl_network *net,
                             const struct cpwl_domain *domain,
                             const struct cpwl_surface_options *opts,
                             struct cpwl_surface **out);

/// Frees a surface, and with it everything that it lent. NULL is fine. Since 0.1.
void cpwl_surface_free(struct cpwl_surface *surface);

/// Fills `out`, whose `struct_size` the caller has set. Since 0.1.
cpwl_status cpwl_surface_info(const struct cpwl_context *ctx,
                              const struct cpwl_surface *surface,
                              struct cpwl_surface_summary *out);

/// Lends array `which` (a `cpwl_surface_array_id`): fills `out` with a view of it that is valid until the surface is freed,
/// and is not to be written to.
///
/// Errors: CPWL_ARGUMENT (an unknown id). O(1). Since 0.1.
cpwl_status cpwl_surface_array(const struct cpwl_context *ctx,
                               const struct cpwl_surface *surface,
                               int32_t which,
                               struct cpwl_tensor *out);

/// Counts the cells that each of n open discs meets: those nearer to the centre than the radius. `centers` is (n, 2) in
/// (u, v) and `radii` is (n), f32, f64, f16 or bf16; `counts` is (n), i64 or i32. `opts` may be NULL; with the ambient
/// metric radii are those of balls in the input space about points of the slice. Exact.
///
/// Errors: CPWL_ARGUMENT (patterns or the mesh were not kept, a negative radius), CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE,
/// CPWL_CANCELLED. Cost: the cells near each disc; the first call prepares a search grid, O(F). Since 0.1.
cpwl_status cpwl_partition_count_in_ball(const struct cpwl_context *ctx,
                                         const struct cpwl_partition *partition,
                                         const struct cpwl_tensor *centers,
                                         const struct cpwl_tensor *radii,
                                         const struct cpwl_ball_options *opts,
                                         struct cpwl_tensor *counts);

/// Counts the cells of `net` in `domain` that the open disc of radius `radius` about `center`, (2) in (u, v), meets, and
/// partitions no more than it must: the bounding box of the disc where that lies inside the domain, or the domain is a box
/// itself; otherwise the whole domain. `domain` NULL is the whole plane, for a network with two inputs. `opts` may be
/// NULL. `count` becomes what `cpwl_partition_count_in_ball` finds in the whole partition. Exact.
///
/// Errors: CPWL_ARGUMENT (a negative radius), and those of `cpwl_partition_new`. Since 0.1.
cpwl_status cpwl_network_count_in_ball(const struct cpwl_context *ctx,
                                       const struct cpwl_network *net,
                                       const struct cpwl_domain *domain,
                                       const struct cpwl_tensor *center,
                                       double radius,
                                       const struct cpwl_ball_options *opts,
                                       int64_t *count);

/// Enumerates the regions of `net` on `domain`, of any dimension, bounded or not. `opts` may be NULL. Free it with
/// `cpwl_enumeration_free`; `net` and `domain` may be freed before.
///
/// Errors: CPWL_SHAPE (the domain does not fit the input), CPWL_UNSUPPORTED (volumes of balls, of unbounded domains, in more
/// than 8 dimensions), CPWL_ARGUMENT (a domain too thin, a tolerance outside 1e-14 to 1e-2), CPWL_LIMIT (max_regions,
/// memory_limit), CPWL_NUMERIC, CPWL_MEMORY, CPWL_CANCELLED. Cost: some four to forty microseconds a region for d up to
/// 10. Since 0.1.
cpwl_status cpwl_enumeration_new(const struct cpwl_context *ctx,
                                 const struct cpwl_network *net,
                                 const struct cpwl_domain *domain,
                                 const struct cpwl_enumeration_options *opts,
                                 struct cpwl_enumeration **out);

/// Frees an enumeration, and with it everything that it lent. NULL is fine. Since 0.1.
void cpwl_enumeration_free(struct cpwl_enumeration *enumeration);

/// Fills `out`, whose `struct_size` the caller has set. Since 0.1.
cpwl_status cpwl_enumeration_info(const struct cpwl_context *ctx,
                                  const struct cpwl_enumeration *enumeration,
                                  struct cpwl_enumeration_summary *out);

/// Lends array `which` (a `cpwl_enumeration_array_id`): fills `out` with a view of it that is valid until the enumeration is
/// freed, and is not to be written to.
///
/// Errors: CPWL_ARGUMENT (an array that was not kept, an unknown id). O(1). Since 0.1.
cpwl_status cpwl_enumeration_array(const struct cpwl_context *ctx,
                                   const struct cpwl_enumeration *enumeration,
                                   int32_t which,
                                   struct cpwl_tensor *out);

/// Writes the activation patterns of regions first .. first + count - 1 to `codes`, which is (count, n_units), u8, i32 or
/// i64; the codes are those of `cpwl_network_pattern`.
///
/// Errors: CPWL_ARGUMENT (no such regions, patterns that were not kept), CPWL_SHAPE, CPWL_DTYPE, CPWL_MEMORY,
/// CPWL_LIMIT. O(count n_units). Since 0.1.
cpwl_status cpwl_enumeration_patterns(const struct cpwl_context *ctx,
                                      const struct cpwl_enumeration *enumeration,
                                      int64_t first,
                                      int64_t count,
                                      struct cpwl_tensor *codes);

/// Finds the region of each point by its activation pattern: `points` is (n, d) in the coordinates of the domain, f32, f64,
/// f16 or bf16; `regions` is (n), i64 or i32, and becomes the index of the region. A point on the border of regions whose
/// pattern belongs to none gets the first region that holds it. -1 is outside the domain, or not among the regions of a
/// partial result.
///
/// Errors: CPWL_ARGUMENT (patterns or facets were not kept), CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_CANCELLED. The
/// first call prepares an index, O(F). Since 0.1.
cpwl_status cpwl_enumeration_locate(const struct cpwl_context *ctx,
                                    const struct cpwl_enumeration *enumeration,
                                    const struct cpwl_tensor *points,
                                    struct cpwl_tensor *regions);

/// Local complexity, approximate: how many units of each layer change their piece among the points x +- radius q_i, with
/// random orthonormal directions q_i that are the same for all inputs (arXiv 2402.15555). A unit that cuts the hull of these
/// points without parting them is missed.
///
/// `x` is as for `cpwl_network_forward`; `counts` is (B, n_unit_layers), i64 or i32. Independent of the number of threads.
///
/// Errors: CPWL_ARGUMENT (radius, n_dirs), CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_LIMIT, CPWL_CANCELLED. Cost: 2
/// n_dirs forward passes an input. Since 0.1.
cpwl_status cpwl_network_local_complexity(const struct cpwl_context *ctx,
                                          const struct cpwl_network *net,
                                          const struct cpwl_tensor *x,
                                          const struct cpwl_complexity_options *opts,
                                          struct cpwl_tensor *counts);

/// The box of all x with |x_i - center_i| <= radius_i; both are (D). A radius may be 0. Free it with `cpwl_set_free`.
///
/// In this and the other functions that make sets, tensors are f32, f64, f16 or bf16 and are taken exactly. Rows
/// (`cpwl_set_rows`): the centre, then radius_i times unit vector i for each axis. Errors: CPWL_ARGUMENT (BAD_REGION: a
/// negative radius), CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_LIMIT, CPWL_MEMORY. Since 0.1.
cpwl_status cpwl_set_box(const struct cpwl_context *ctx,
                         const struct cpwl_tensor *center,
                         const struct cpwl_tensor *radius,
                         struct cpwl_set **out);

/// The zonotope of all center + G t with |t_j| <= 1; `center` is (D), `generators` is G, (D, p). Free it with
/// `cpwl_set_free`.
///
/// Rows: the centre, then the columns of G. Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_LIMIT, CPWL_MEMORY. Since 0.1.
cpwl_status cpwl_set_zonotope(const struct cpwl_context *ctx,
                              const struct cpwl_tensor *center,
                              const struct cpwl_tensor *generators,
                              struct cpwl_set **out);

/// The ellipsoid of all center + P t with |t|_2 <= 1; `center` is (D), `shape` is P, (D, p), of any rank. Free it with
/// `cpwl_set_free`.
///
/// Rows: the centre, then the columns of P. Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_LIMIT, CPWL_MEMORY. Since 0.1.
cpwl_status cpwl_set_ellipsoid(const struct cpwl_context *ctx,
                               const struct cpwl_tensor *center,
                               const struct cpwl_tensor *shape,
                               struct cpwl_set **out);

/// The ball of all x with |x - center|_p <= radius for p = 1, 2 or INFINITY; `center` is (D), `radius` may be 0. Free it
/// with `cpwl_set_free`.
///
/// Rows: the centre, then radius times unit vector i for each axis. Errors: CPWL_ARGUMENT (BAD_REGION: a negative radius),
/// CPWL_UNSUPPORTED (another p), CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_LIMIT, CPWL_MEMORY. Since 0.1.
cpwl_status cpwl_set_ball(const struct cpwl_context *ctx,
                          const struct cpwl_tensor *center,
                          double radius,
                          double p,
                          struct cpwl_set **out);

/// The hull of `points`, (n, D), and of everything in the directions `rays`, (m, D), from it; `rays` may be NULL. Free it
/// with `cpwl_set_free`.
///
/// Rows: the points, then the rays. Repeated points and flat hulls are fine. Errors: CPWL_ARGUMENT (EMPTY_REGION: no
/// points), CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_LIMIT, CPWL_MEMORY. Since 0.1.
cpwl_status cpwl_set_vertices(const struct cpwl_context *ctx,
                              const struct cpwl_tensor *points,
                              const struct cpwl_tensor *rays,
                              struct cpwl_set **out);

/// The simplex of all origin + x with x >= 0 that add up to `size` at most; `origin` is (D), `size` may be 0. Free it with
/// `cpwl_set_free`.
///
/// Rows: the origin, then size times unit vector i for each axis. Errors: CPWL_ARGUMENT (BAD_REGION: a negative size),
/// CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_LIMIT, CPWL_MEMORY. Since 0.1.
cpwl_status cpwl_set_simplex(const struct cpwl_context *ctx,
                             const struct cpwl_tensor *origin,
                             double size,
                             struct cpwl_set **out);

/// The simplex of all x >= 0 of `dim` numbers that add up to `size`. Free it with `cpwl_set_free`.
///
/// Rows: its corners, size times unit vector i. Errors: CPWL_ARGUMENT (BAD_REGION: a negative size), CPWL_SHAPE (no
/// dimension), CPWL_NONFINITE, CPWL_LIMIT, CPWL_MEMORY. Since 0.1.
cpwl_status cpwl_set_probability_simplex(const struct cpwl_context *ctx,
                                         int64_t dim,
                                         double size,
                                         struct cpwl_set **out);

/// The set of all x with a x <= b; `a` is (m, D), `b` is (m). It may be unbounded or flat; redundant rows do no harm. Free
/// it with `cpwl_set_free`.
///
/// In few dimensions all vertices are enumerated, otherwise ranges take linear programs; accurate to rounding times the
/// condition of the sides that meet at a vertex. Errors: CPWL_ARGUMENT (EMPTY_REGION: no x satisfies it), CPWL_UNSUPPORTED
/// (more than 64 dimensions), CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_NUMERIC, CPWL_CANCELLED, CPWL_MEMORY. Since 0.1.
cpwl_status cpwl_set_polytope(const struct cpwl_context *ctx,
                              const struct cpwl_tensor *a,
                              const struct cpwl_tensor *b,
                              struct cpwl_set **out);

/// Frees a set, and with it the array that it lent. NULL is fine. Since 0.1.
void cpwl_set_free(struct cpwl_set *set);

/// Fills `out`, whose `struct_size` the caller has set. O(rows D^2) for the rank. Since 0.1.
cpwl_status cpwl_set_info(const struct cpwl_context *ctx,
                          const struct cpwl_set *set,
                          struct cpwl_set_summary *out);

/// Lends the rows that the set is kept as, (n_rows, D) f64: points and directions of the space, in the order that the
/// function that made the set documents. Gradients with respect to a set come back in this form. Valid until the set is
/// freed, and not to be written to. O(1). Since 0.1.
cpwl_status cpwl_set_rows(const struct cpwl_context *ctx,
                          const struct cpwl_set *set,
                          struct cpwl_tensor *out);

/// The support function: the largest value of a . x over the set for each row a of `directions`, (n, D), into `values`,
/// (n), f32 or f64; infinite where there is none. The smallest value is minus that of -a.
///
/// Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE (also where a value overflows), CPWL_MEMORY; `values` is untouched on
/// error. Since 0.1.
cpwl_status cpwl_set_support(const struct cpwl_context *ctx,
                             const struct cpwl_set *set,
                             const struct cpwl_tensor *directions,
                             struct cpwl_tensor *values);

/// Where the support function is taken: a point of the set for each row a of `directions`, (n, D), at which a . x is largest,
/// into `points`, (n, D), f32 or f64. Rays do not take part: in a direction without a largest value it is a point of the
/// rest. Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_MEMORY; `points` is untouched on error. Since 0.1.
cpwl_status cpwl_set_extreme(const struct cpwl_context *ctx,
                             const struct cpwl_set *set,
                             const struct cpwl_tensor *directions,
                             struct cpwl_tensor *points);

/// Fills `points`, (n, D), f32 or f64, with points of the set, drawn with `seed`: the same for the same seed everywhere, and
/// the first n of more points. They reach all of the set, its boundary too, not uniformly; rays up to about the size of the
/// rest. Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_MEMORY. Since 0.1.
cpwl_status cpwl_set_sample(const struct cpwl_context *ctx,
                            const struct cpwl_set *set,
                            uint64_t seed,
                            struct cpwl_tensor *points);

/// A domain as a convex set of the input space. Free it with `cpwl_set_free`; the domain may be freed before.
///
/// A box becomes a box that contains it, with its radius rounded up where centre and radius are not exact; a polygon, a
/// simplex and a polyhedron the hull of their vertices; half-spaces what `cpwl_set_polytope` makes of them; a slice the
/// image of such a set, rounded. Errors: CPWL_NONFINITE, CPWL_NUMERIC, CPWL_CANCELLED, CPWL_MEMORY. Since 0.1.
cpwl_status cpwl_set_from_domain(const struct cpwl_context *ctx,
                                 const struct cpwl_domain *domain,
                                 struct cpwl_set **out);

/// The image of a set under x -> matrix x + shift; `matrix` is (E, D), `shift` is (E) or NULL. Free it with `cpwl_set_free`.
///
/// Rows: the images of the rows. Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_MEMORY. Since 0.1.
cpwl_status cpwl_set_image(const struct cpwl_context *ctx,
                           const struct cpwl_set *set,
                           const struct cpwl_tensor *matrix,
                           const struct cpwl_tensor *shift,
                           struct cpwl_set **out);

/// The Minkowski sum of two sets: all sums of a point of one and a point of the other. Free it with `cpwl_set_free`.
///
/// Rows: those of `a`, then those of `b`. Errors: CPWL_SHAPE (DIM_MISMATCH), CPWL_NONFINITE, CPWL_MEMORY. Since 0.1.
cpwl_status cpwl_set_sum(const struct cpwl_context *ctx,
                         const struct cpwl_set *a,
                         const struct cpwl_set *b,
                         struct cpwl_set **out);

/// The product of `n` sets, in the space of all their coordinates one after the other. Free it with `cpwl_set_free`.
///
/// Rows: those of the sets in their order, with zeros for the coordinates of the others. Errors: CPWL_ARGUMENT
/// (EMPTY_REGION: no sets), CPWL_NONFINITE, CPWL_MEMORY. Since 0.1.
cpwl_status cpwl_set_product(const struct cpwl_context *ctx,
                             const struct cpwl_set *const *sets,
                             int32_t n,
                             struct cpwl_set **out);

/// The convex hull of the union of `n` sets of one space. Free it with `cpwl_set_free`.
///
/// Rows: those of the sets in their order. Errors: CPWL_ARGUMENT (EMPTY_REGION: no sets), CPWL_SHAPE (DIM_MISMATCH),
/// CPWL_MEMORY. Since 0.1.
cpwl_status cpwl_set_hull(const struct cpwl_context *ctx,
                          const struct cpwl_set *const *sets,
                          int32_t n,
                          struct cpwl_set **out);

/// The set scaled by `t`, 0 <= t <= 1, about its centre (the mean of its points where it has no centre): rays stay what
/// they are. Free it with `cpwl_set_free`.
///
/// Errors: CPWL_ARGUMENT (BAD_REGION: another t), CPWL_NONFINITE, CPWL_MEMORY. Since 0.1.
cpwl_status cpwl_set_scaled(const struct cpwl_context *ctx,
                            const struct cpwl_set *set,
                            double t,
                            struct cpwl_set **out);

/// Makes `net` affine on each of the `n_sets` convex regions at `sets`, by moving biases: wherever a knot of a unit lies
/// strictly inside the range of its input over a region, its bias is moved until it does not. `out` becomes the result,
/// which holds the *folded* network (`cpwl_policed_network`): an ordinary network of the same layers, which costs nothing
/// more to run. Neither `net` nor the sets are needed afterwards. `opts` may be NULL. Free it with `cpwl_policed_free`.
///
/// The guarantee is on the real-number function with the stored weights. With the default `kappa` units are also found on
/// the same pieces when the network is evaluated in its own precision, and `cpwl_certify` can prove it. Depends on weights
/// and regions only: do it once after every change of the weights, and run batches through the folded network.
///
/// Errors: CPWL_ARGUMENT (EMPTY_REGION without sets; a negative margin), CPWL_SHAPE (DIM_MISMATCH: a set is not in the
/// input space; codes), CPWL_NONFINITE (numbers that overflow), CPWL_UNSUPPORTED (NO_BIAS: a layer that would have to be
/// shifted has none; ACT_NOT_CPWL: a unit that no bias can keep on one piece, such as a max-pool behind a convolution with
/// tied biases; UNBOUNDED_BOTH: a unit whose input is unbounded in both directions), CPWL_MEMORY, CPWL_CANCELLED. Cost: a
/// forward pass in double precision of as many samples as the sets have rows. Balestriero and LeCun: POLICE: Provably
/// Optimal Linear Constraint Enforcement for Deep Neural Networks, arXiv 2211.01340. Since 0.1.
cpwl_status cpwl_police(const struct cpwl_context *ctx,
                        const struct cpwl_network *net,
                        const struct cpwl_set *const *sets,
                        int32_t n_sets,
                        const struct cpwl_police_options *opts,
                        struct cpwl_policed **out);

/// Frees a policed network, and with it everything that it lent. NULL is fine. Since 0.1.
void cpwl_policed_free(struct cpwl_policed *policed);

/// Fills `out`, whose `struct_size` the caller has set. O(pairs of regions). Since 0.1.
cpwl_status cpwl_policed_info(const struct cpwl_context *ctx,
                              const struct cpwl_policed *policed,
                              struct cpwl_policed_summary *out);

/// Fills `out`, whose `struct_size` the caller has set, with what happened to policed layer `layer`, from 0 in the order
/// of computation. Errors: CPWL_ARGUMENT (no such layer). O(groups). Since 0.1.
cpwl_status cpwl_policed_layer(const struct cpwl_context *ctx,
                               const struct cpwl_policed *policed,
                               int32_t layer,
                               struct cpwl_policed_layer_summary *out);

/// Lends array `which` (a `cpwl_policed_array_id`) of policed layer or region `index`: fills `out` with a view of it that
/// is valid until `policed` is freed, and is not to be written to. Maps are computed when first asked for, at the cost of
/// `cpwl_network_affine_at`; everything else is O(1). Errors: CPWL_ARGUMENT (an unknown id, no such layer or region),
/// CPWL_UNSUPPORTED (a map, where layers were left as they are and the network need not be affine), CPWL_MEMORY. Since 0.1.
cpwl_status cpwl_policed_array(const struct cpwl_context *ctx,
                               const struct cpwl_policed *policed,
                               int32_t which,
                               int32_t index,
                               struct cpwl_tensor *out);

/// The folded network: affine on every region, otherwise an ordinary network. A handle of its own, which shares the
/// weights; free it with `cpwl_network_free`. Since 0.1.
cpwl_status cpwl_policed_network(const struct cpwl_context *ctx,
                                 const struct cpwl_policed *policed,
                                 struct cpwl_network **out);

/// Turns gradients with respect to the parameters of the folded network into gradients with respect to the parameters of
/// the original network and to the rows of the sets, through every shift: d(b')/d(w, b, rows).
///
/// `folded` has one tensor for each parameter of the folded network, in their order (f32, f64, f16 or bf16); an entry whose
/// `dtype` is 0 stands for zeros. `parameters` has one for each parameter of the original network, and
/// `rows` one for each set, (rows, dim): they are filled, in f32 or f64. An entry whose `dtype` is 0 is not wanted;
/// either list may be NULL with length 0. Which piece a unit is on, which point decides on a shift, and margins count as constant, so that
/// the gradient is exact wherever the shifts are differentiable. The bias of a shifted unit has no effect: its gradient is 0.
///
/// Errors: CPWL_ARGUMENT (NOT_STORED: made without CPWL_POLICE_GRADIENT), CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE,
/// CPWL_MEMORY, CPWL_CANCELLED. Cost: two more passes of the rows. Since 0.1.
cpwl_status cpwl_policed_backward(const struct cpwl_context *ctx,
                                  const struct cpwl_policed *policed,
                                  const struct cpwl_tensor *folded,
                                  int32_t n_folded,
                                  struct cpwl_tensor *parameters,
                                  int32_t n_parameters,
                                  struct cpwl_tensor *rows,
                                  int32_t n_rows);

/// Makes a policed network that is another given affine map on a region: E f(x) = F x + g for all x of it, by the smallest
/// change of the last dense layer. `region` is the number of the region in `policed` and `set` that region; `outputs` is E,
/// (k, n_outputs) of rank k, or NULL for all outputs; `matrix` is F, (k, n_inputs); `constant` is g, (k). On other regions
/// the network stays affine, with other maps. Free `out` with `cpwl_policed_free`.
///
/// Errors: CPWL_SHAPE (RANK: fewer independent hidden units on the region than it has dimensions, or dependent rows of E;
/// `cpwl_policed_skip` always works), CPWL_ARGUMENT (no such region), CPWL_UNSUPPORTED (the output is no dense layer),
/// CPWL_DTYPE, CPWL_NONFINITE, CPWL_MEMORY, CPWL_CANCELLED. Since 0.1.
cpwl_status cpwl_policed_set_affine(const struct cpwl_context *ctx,
                                    const struct cpwl_policed *policed,
                                    int32_t region,
                                    const struct cpwl_set *set,
                                    const struct cpwl_tensor *outputs,
                                    const struct cpwl_tensor *matrix,
                                    const struct cpwl_tensor *constant,
                                    struct cpwl_policed **out);

/// Makes a policed network that is `matrix` x + `constant` on a region, by adding the difference to what it is there
/// everywhere: a second path from input to output. `matrix` is (n_outputs, n_inputs), `constant` (n_outputs). Always
/// possible. Free `out` with `cpwl_policed_free`.
///
/// Errors: CPWL_ARGUMENT (no such region), CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_MEMORY, CPWL_CANCELLED. Since 0.1.
cpwl_status cpwl_policed_skip(const struct cpwl_context *ctx,
                              const struct cpwl_policed *policed,
                              int32_t region,
                              const struct cpwl_tensor *matrix,
                              const struct cpwl_tensor *constant,
                              struct cpwl_policed **out);

/// Checks the inequalities E f(x) <= g on a region: `outputs` is E, (k, n_outputs), `bound` is g, (k). `region` is the number
/// of the region in `policed` and `set` that region.
///
/// `largest`, (k), becomes the largest value of each row of E f over the region, from the exact maximum of its affine map
/// (infinite where there is none), `slack`, (k), g less that: inequality i holds on all of the region iff slack i >= 0.
/// `points`, (k, n_inputs), become points where the largest values are taken; it may be NULL. All are f32 or f64.
///
/// Errors: CPWL_ARGUMENT (no such region), CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_MEMORY, CPWL_CANCELLED. Since 0.1.
cpwl_status cpwl_policed_check(const struct cpwl_context *ctx,
                               const struct cpwl_policed *policed,
                               int32_t region,
                               const struct cpwl_set *set,
                               const struct cpwl_tensor *outputs,
                               const struct cpwl_tensor *bound,
                               struct cpwl_tensor *largest,
                               struct cpwl_tensor *slack,
                               struct cpwl_tensor *points);

/// Makes a policed network for which the inequalities of `cpwl_policed_check` hold, by the smallest change of the bias of
/// the last dense layer that lowers every violated row by its violation. If that lifts another row above its bound, all rows
/// but the violated ones are kept where they are. Free `out` with `cpwl_policed_free`.
///
/// Errors: as `cpwl_policed_check`; CPWL_SHAPE (RANK: rows of E depend on each other where they may not), CPWL_NUMERIC (a row is unbounded on the region),
/// CPWL_UNSUPPORTED (the output is no dense layer). Since 0.1.
cpwl_status cpwl_policed_enforce(const struct cpwl_context *ctx,
                                 const struct cpwl_policed *policed,
                                 int32_t region,
                                 const struct cpwl_set *set,
                                 const struct cpwl_tensor *outputs,
                                 const struct cpwl_tensor *bound,
                                 struct cpwl_policed **out);

/// Whether `net`, made by whomever, is affine on each of the `n_sets` convex regions at `sets`. `out` becomes one
/// certificate for each region; the call succeeds whatever they say. `opts` may be NULL. Free it with
/// `cpwl_certificates_free`.
///
/// Over a certified region every unit stays on one affine piece of its function, shown in f64 with bounds of all errors,
/// what that cannot decide in double-double, what is left in exact arithmetic. Numbers count as they are stored. "Certified"
/// is never said where exact arithmetic would say otherwise. A network that is not certified may be affine all the same, if
/// the bend of one unit is undone by others; one that is *violated* is not, as three points of the region show.
///
/// Errors: CPWL_ARGUMENT (EMPTY_REGION, codes), CPWL_SHAPE (DIM_MISMATCH), CPWL_LIMIT, CPWL_MEMORY, CPWL_CANCELLED. Cost: two
/// forward passes of as many samples as a region has rows, in f64; about 10 in double-double and 1000 in exact arithmetic
/// where these are needed. Since 0.1.
cpwl_status cpwl_certify(const struct cpwl_context *ctx,
                         const struct cpwl_network *net,
                         const struct cpwl_set *const *sets,
                         int32_t n_sets,
                         const struct cpwl_certify_options *opts,
                         struct cpwl_certificates **out);

/// Frees certificates, and with them everything that they lent. NULL is fine. Since 0.1.
void cpwl_certificates_free(struct cpwl_certificates *certificates);

/// Fills `out`, whose `struct_size` the caller has set, with the verdict on region `region`, from 0. Errors: CPWL_ARGUMENT
/// (no such region). O(layers). Since 0.1.
cpwl_status cpwl_certificates_get(const struct cpwl_context *ctx,
                                  const struct cpwl_certificates *certificates,
                                  int32_t region,
                                  struct cpwl_certificate_summary *out);

/// Fills `out`, whose `struct_size` the caller has set, with what was found in layer of units `layer`, from 0, over region
/// `region`. Errors: CPWL_ARGUMENT (no such region; a layer that was not looked at). O(1). Since 0.1.
cpwl_status cpwl_certificates_layer(const struct cpwl_context *ctx,
                                    const struct cpwl_certificates *certificates,
                                    int32_t region,
                                    int32_t layer,
                                    struct cpwl_certificate_layer_summary *out);

/// Lends array `which` (a `cpwl_certificate_array_id`) of region `region`: fills `out` with a view of it that is valid until
/// the certificates are freed, and is not to be written to. Errors: CPWL_ARGUMENT (an unknown id, no such region). O(1).
/// Since 0.1.
cpwl_status cpwl_certificates_array(const struct cpwl_context *ctx,
                                    const struct cpwl_certificates *certificates,
                                    int32_t which,
                                    int32_t region,
                                    struct cpwl_tensor *out);

/// The singular values of `z`, (N, K): f32, f64, f16 or bf16, of any strides. `opts` may be NULL. Free it with
/// `cpwl_spectrum_free`.
///
/// From the second moments of the rows (or of the columns, for N < K), products, sums and eigenvalues in double precision:
/// sigma / sigma_1 above 1.5e-8 sqrt(K) is resolved, all that f32 data hold. With CPWL_SPECTRUM_EXACT every sigma is right to a
/// few 2^-53 sigma_1, by a QR decomposition and rotations of its triangle: seconds for 500 columns, a minute or two for 2000.
///
/// Errors: CPWL_SHAPE (not a matrix, no rows or no columns), CPWL_DTYPE, CPWL_NONFINITE (NaN or infinity anywhere), CPWL_NUMERIC
/// (a zero spectrum: all elements 0, or all rows equal and centred; a row of zeros with CPWL_SPECTRUM_UNIT_ROWS),
/// CPWL_UNSUPPORTED (flags), CPWL_LIMIT, CPWL_MEMORY, CPWL_CANCELLED. With m = min(N, K): N K m flops and 4/3 m^3 for the
/// eigenvalues, 2 m^2 doubles. Bit-identical for any number of threads. Since 0.1.
cpwl_status cpwl_spectrum_new(const struct cpwl_context *ctx,
                              const struct cpwl_tensor *z,
                              const struct cpwl_spectrum_options *opts,
                              struct cpwl_spectrum **out);

/// A spectrum of singular values that the caller has, `values` (min(n_rows, n_columns)), in any order; of a matrix of that
/// many rows and columns, `centered` if its mean was subtracted. Free it with `cpwl_spectrum_free`.
///
/// Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_ARGUMENT (a negative value), CPWL_NUMERIC (all 0), CPWL_MEMORY. Since 0.1.
cpwl_status cpwl_spectrum_from_values(const struct cpwl_context *ctx,
                                      const struct cpwl_tensor *values,
                                      int64_t n_rows,
                                      int64_t n_columns,
                                      int32_t centered,
                                      struct cpwl_spectrum **out);

/// Frees a spectrum, and with it the arrays that it lent. NULL is fine. Since 0.1.
void cpwl_spectrum_free(struct cpwl_spectrum *spectrum);

/// Fills `out`, whose `struct_size` the caller has set. O(values). Since 0.1.
cpwl_status cpwl_spectrum_info(const struct cpwl_context *ctx,
                               const struct cpwl_spectrum *spectrum,
                               struct cpwl_spectrum_summary *out);

/// Lends array `which` (a `cpwl_spectrum_array_id`): fills `out` with a view of it that is valid until `spectrum` is freed, and
/// is not to be written to. Errors: CPWL_ARGUMENT (an unknown id). O(1). Since 0.1.
cpwl_status cpwl_spectrum_array(const struct cpwl_context *ctx,
                                const struct cpwl_spectrum *spectrum,
                                int32_t which,
                                struct cpwl_tensor *out);

/// Matrix Renyi entropy of order a >= 0 of P = lambda / sum lambda, S_a = ln(sum P^a) / (1 - a) in nats, divided as `scale` (a
/// `cpwl_entropy_scale`, 0 = CPWL_ENTROPY_RAW) says; 0 if the divisor is 0. Order 1 is the von Neumann entropy, INFINITY -ln of
/// the largest P, 0 ln of the number of positive values. O(values).
///
/// Errors: CPWL_ARGUMENT (order, scale). Since 0.1.
cpwl_status cpwl_spectrum_renyi(const struct cpwl_context *ctx,
                                const struct cpwl_spectrum *spectrum,
                                double order,
                                int32_t scale,
                                double *out);

/// Effective rank of a spectrum: the exponential of the entropy of its probabilities, between 1 and the number of values for
/// eps = 0. With CPWL_RANK_NORMALIZE, the entropy over ln K. `opts` may be NULL. O(values).
///
/// Errors: CPWL_ARGUMENT (eps, base, an unknown enum; a centring that is not that of the spectrum), CPWL_UNSUPPORTED (flags).
/// Since 0.1.
cpwl_status cpwl_spectrum_effective_rank(const struct cpwl_context *ctx,
                                         const struct cpwl_spectrum *spectrum,
                                         const struct cpwl_rank_options *opts,
                                         double *out);

/// The entropy behind an effective rank, to the base of the options; with CPWL_RANK_NORMALIZE over ln K. `opts` may be NULL.
/// O(values). Errors: as `cpwl_spectrum_effective_rank`. Since 0.1.
cpwl_status cpwl_spectrum_entropy(const struct cpwl_context *ctx,
                                  const struct cpwl_spectrum *spectrum,
                                  const struct cpwl_rank_options *opts,
                                  double *out);

/// Effective rank of the rows of `z`, (N, K): `cpwl_spectrum_new`, centred where the options say so, and
/// `cpwl_spectrum_effective_rank` in one call. `opts` may be NULL. Errors and cost: theirs. Since 0.1.
cpwl_status cpwl_effective_rank(const struct cpwl_context *ctx,
                                const struct cpwl_tensor *z,
                                const struct cpwl_rank_options *opts,
                                double *out);

/// RankMe of the rows of `z`, (N, K), as published: `cpwl_effective_rank` with CPWL_RANK_PAPER. Meant for the embeddings (outputs
/// of the projector) of some 25,000 samples; compares runs of one method. Errors: as `cpwl_spectrum_new`. Garrido, Balestriero,
/// Najman, LeCun: RankMe, arXiv 2210.02885. Since 0.1.
cpwl_status cpwl_rankme(const struct cpwl_context *ctx,
                        const struct cpwl_tensor *z,
                        double *out);

/// An effective rank of the rows of `z`, (N, K), or its entropy, in `*value`; and its gradient with respect to `z` in `dz`, of
/// the same shape, f32 or f64 (NULL: not wanted). Repeated singular values do no harm. `opts` may be NULL.
///
/// Errors: as `cpwl_spectrum_new` and `cpwl_spectrum_effective_rank`; CPWL_ARGUMENT (tolerance, an unknown enum, `dz` that overlaps
/// `z`). With m = min(N, K): the cost of a spectrum with vectors, and 2 N K m flops. Since 0.1.
cpwl_status cpwl_rank_gradient(const struct cpwl_context *ctx,
                               const struct cpwl_tensor *z,
                               const struct cpwl_rank_gradient_options *opts,
                               double *value,
                               struct cpwl_tensor *dz);

/// Second moments of rows of `n_columns` columns, of which there are none yet. They are kept about the mean of the first rows,
/// so that a large mean costs no accuracy. Free them with `cpwl_moments_free`.
///
/// Errors: CPWL_SHAPE (no columns), CPWL_LIMIT, CPWL_MEMORY. Since 0.1.
cpwl_status cpwl_moments_new(const struct cpwl_context *ctx,
                             int64_t n_columns,
                             struct cpwl_moments **out);

/// The same about a shift that stays, (K): states of one shift and exponent may be summed number by number, see
/// `cpwl_moments_flat`. Rows are scaled by 2^-exponent, which should be 0 unless |x| passes 2^300 or stays below 2^-300. A shift
/// near the mean is best, 0 is fine where the mean is no larger than the spread. Free it with `cpwl_moments_free`.
///
/// Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_ARGUMENT (exponent, or a shift too large for it), CPWL_LIMIT, CPWL_MEMORY.
/// Since 0.1.
cpwl_status cpwl_moments_with_shift(const struct cpwl_context *ctx,
                                    const struct cpwl_tensor *shift,
                                    int32_t exponent,
                                    struct cpwl_moments **out);

/// Frees second moments. NULL is fine. Since 0.1.
void cpwl_moments_free(struct cpwl_moments *moments);

/// Fills `out`, whose `struct_size` the caller has set. O(1). Since 0.1.
cpwl_status cpwl_moments_info(const struct cpwl_context *ctx,
                              const struct cpwl_moments *moments,
                              struct cpwl_moments_summary *out);

/// Adds the rows of `z`, (n, K): f32, f64, f16 or bf16, of any strides; n may be 0. n K^2 flops; more than K / 2 rows,
/// or 32 MiB of doubles, take K^2 doubles besides, unless they are the first.
///
/// Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_ARGUMENT (too large for a given scale), CPWL_LIMIT, CPWL_MEMORY,
/// CPWL_CANCELLED. Bit-identical for any number of threads. Since 0.1.
cpwl_status cpwl_moments_update(const struct cpwl_context *ctx,
                                struct cpwl_moments *moments,
                                const struct cpwl_tensor *z);

/// Takes the rows of `z`, which came in before in any order, out again. As exact as putting them in, but every such pair leaves
/// its rounding behind: start anew when as many rows have left as are there. Errors: as `cpwl_moments_update`; CPWL_ARGUMENT if
/// there are fewer rows. Since 0.1.
cpwl_status cpwl_moments_downdate(const struct cpwl_context *ctx,
                                  struct cpwl_moments *moments,
                                  const struct cpwl_tensor *z);

/// Adds the rows that `other` has seen, whatever its shift and scale; any order and grouping of merges gives the same up to
/// rounding. K^2 flops. Errors: CPWL_SHAPE, CPWL_ARGUMENT (`other` is `moments` itself, or too large for a given scale). Since
/// 0.1.
cpwl_status cpwl_moments_merge(const struct cpwl_context *ctx,
                               struct cpwl_moments *moments,
                               const struct cpwl_moments *other);

/// Takes the rows that `other` has seen out again. Rows that are not there leave a state that is none, which its spectrum says
/// (CPWL_NUMERIC). Errors: as `cpwl_moments_merge`; CPWL_ARGUMENT if `other` has seen more rows. Since 0.1.
cpwl_status cpwl_moments_subtract(const struct cpwl_context *ctx,
                                  struct cpwl_moments *moments,
                                  const struct cpwl_moments *other);

/// Forgets all rows; a shift that was given stays. Since 0.1.
cpwl_status cpwl_moments_clear(const struct cpwl_context *ctx, struct cpwl_moments *moments);

/// Writes the mean of the rows to `out`, (K), f32 or f64. Errors: CPWL_SHAPE (no rows yet), CPWL_DTYPE. Since 0.1.
cpwl_status cpwl_moments_mean(const struct cpwl_context *ctx,
                              const struct cpwl_moments *moments,
                              struct cpwl_tensor *out);

/// Writes the sum of the outer products of the rows to `out`, (K, K), f32 or f64; if `centered` is not 0, of the rows minus
/// their mean. Over N it is the matrix of second moments, or the covariance. Errors: CPWL_SHAPE (no rows yet), CPWL_DTYPE,
/// CPWL_LIMIT, CPWL_MEMORY. Since 0.1.
cpwl_status cpwl_moments_products(const struct cpwl_context *ctx,
                                  const struct cpwl_moments *moments,
                                  int32_t centered,
                                  struct cpwl_tensor *out);

/// The singular values of the rows, if `centered` is not 0 of the rows minus their mean. Free it with `cpwl_spectrum_free`.
///
/// Errors: CPWL_SHAPE (no rows yet), CPWL_NUMERIC (a zero spectrum; rows were taken out that are not there), CPWL_LIMIT, CPWL_MEMORY,
/// CPWL_CANCELLED. 4/3 K^3 flops, 1.7 K^2 doubles. Since 0.1.
cpwl_status cpwl_moments_spectrum(const struct cpwl_context *ctx,
                                  const struct cpwl_moments *moments,
                                  int32_t centered,
                                  struct cpwl_spectrum **out);

/// Participation ratio (sum lambda)^2 / sum lambda^2 without eigenvalues; its logarithm is the matrix Renyi entropy of order 2.
/// K^2 flops. Errors: CPWL_SHAPE (no rows yet), CPWL_NUMERIC (a zero spectrum). Since 0.1.
cpwl_status cpwl_moments_participation_ratio(const struct cpwl_context *ctx,
                                             const struct cpwl_moments *moments,
                                             int32_t centered,
                                             double *out);

/// Estimates the effective rank (eps = 0) of the rows without all eigenvalues, for K of many thousands: stochastic Lanczos
/// quadrature behind deflation, with a 95 % confidence interval. `opts` may be NULL; `out` has its `struct_size` set by the
/// caller. Worth it from about K = 8192 on; below, `cpwl_moments_spectrum` is exact and no slower.
///
/// Errors: CPWL_SHAPE (no rows yet), CPWL_ARGUMENT, CPWL_UNSUPPORTED (flags), CPWL_NUMERIC (a zero spectrum), CPWL_LIMIT,
/// CPWL_MEMORY, CPWL_CANCELLED. 2 K^2 (deflation + probes steps) flops, K^2 doubles. Since 0.1.
cpwl_status cpwl_moments_estimate_rank(const struct cpwl_context *ctx,
                                       const struct cpwl_moments *moments,
                                       const struct cpwl_rank_estimate_options *opts,
                                       struct cpwl_rank_estimate *out);

/// The state as bytes, for files and other processes, on any machine: rows, mean and centred second moments, 8 (K (K + 3) / 2
/// + 5) bytes. A shift that was given is not part of it. Free them with `cpwl_bytes_free`.
///
/// Version 1, little-endian, every field 8 bytes: "CPWLMOM1"; N (u64); K (u64); e (i64), what follows being in units of 2^e; the
/// mean (K f64); the sum of the outer products of the rows minus the mean (K (K + 1) / 2 f64, the upper triangle row after row); a
/// checksum (u64, FNV-1a with offset 0xcbf29ce484222325 and prime 0x100000001b3 over the 8-byte words before it). Errors:
/// CPWL_MEMORY. Since 0.1.
cpwl_status cpwl_moments_to_bytes(const struct cpwl_context *ctx,
                                  const struct cpwl_moments *moments,
                                  struct cpwl_bytes **out);

/// The state that `cpwl_moments_to_bytes` wrote, on this machine or another; `size` bytes at `data`, of any alignment. Free it with
/// `cpwl_moments_free`.
///
/// Errors: CPWL_ARGUMENT (MALFORMED: not such bytes, another version, cut short, changed), CPWL_LIMIT, CPWL_MEMORY. Since 0.1.
cpwl_status cpwl_moments_from_bytes(const struct cpwl_context *ctx,
                                    const void *data,
                                    size_t size,
                                    struct cpwl_moments **out);

/// Writes N, the sum of the rows minus the shift (K) and the sum of their outer products (K (K + 1) / 2, the upper triangle row
/// after row) to `out`, (`flat_size`), f64; all in units of the scale. The sum of such buffers of several processes (an all-reduce)
/// is the buffer of all rows, given that all have the same shift and exponent.
///
/// Errors: CPWL_ARGUMENT (the state was not made with a shift), CPWL_SHAPE, CPWL_DTYPE, CPWL_LIMIT, CPWL_MEMORY. Since 0.1.
cpwl_status cpwl_moments_flat(const struct cpwl_context *ctx,
                              const struct cpwl_moments *moments,
                              struct cpwl_tensor *out);

/// The state of a buffer that `cpwl_moments_flat` wrote, or of the sum of several, for the shift (K) and exponent that they were
/// written for. Free it with `cpwl_moments_free`.
///
/// Errors: those of `cpwl_moments_with_shift`; CPWL_ARGUMENT (its first number is no number of rows). Since 0.1.
cpwl_status cpwl_moments_from_flat(const struct cpwl_context *ctx,
                                   const struct cpwl_tensor *shift,
                                   int32_t exponent,
                                   const struct cpwl_tensor *flat,
                                   struct cpwl_moments **out);

/// An empty queue of `capacity` rows, which are kept as CPWL_F32 (for f32, f16 and bf16 rows) or CPWL_F64. Free it with
/// `cpwl_queue_free`.
///
/// Errors: CPWL_SHAPE (no capacity or no columns), CPWL_DTYPE, CPWL_LIMIT, CPWL_MEMORY. Since 0.1.
cpwl_status cpwl_queue_new(const struct cpwl_context *ctx,
                           int64_t capacity,
                           int64_t n_columns,
                           int32_t dtype,
                           struct cpwl_queue **out);

/// Frees a queue. NULL is fine. Since 0.1.
void cpwl_queue_free(struct cpwl_queue *queue);

/// Fills `out`, whose `struct_size` the caller has set. O(1). Since 0.1.
cpwl_status cpwl_queue_info(const struct cpwl_context *ctx,
                            const struct cpwl_queue *queue,
                            struct cpwl_queue_summary *out);

/// Takes the rows of `z`, (n, K), in, oldest first, and lets as many go as do not fit. n K^2 flops for those that come and those
/// that go, once moments have been asked for.
///
/// Errors: CPWL_SHAPE, CPWL_DTYPE (f64 rows in a queue of f32, which would round them), CPWL_NONFINITE, CPWL_LIMIT, CPWL_MEMORY,
/// CPWL_CANCELLED. Since 0.1.
cpwl_status cpwl_queue_push(const struct cpwl_context *ctx,
                            struct cpwl_queue *queue,
                            const struct cpwl_tensor *z);

/// The second moments of the rows that are in, as a state of its own. Free it with `cpwl_moments_free`.
///
/// Errors: as `cpwl_moments_update`. rows K^2 flops for the first time and after every Q rows, otherwise K^2. Since 0.1.
cpwl_status cpwl_queue_moments(const struct cpwl_context *ctx,
                               struct cpwl_queue *queue,
                               struct cpwl_moments **out);

/// The singular values of the rows that are in, in whatever order they came; if `centered` is not 0, of the rows minus their
/// mean. Free it with `cpwl_spectrum_free`. Errors and cost: those of `cpwl_queue_moments` and `cpwl_moments_spectrum`. Since 0.1.
cpwl_status cpwl_queue_spectrum(const struct cpwl_context *ctx,
                                struct cpwl_queue *queue,
                                int32_t centered,
                                struct cpwl_spectrum **out);

/// Fits lambda_t ~ t^-alpha to `eigenvalues`, (L), largest first and on whatever scale, by least squares of ln lambda_t on ln t
/// over ranks `start` to `end`. Values that are 0 are left out. `opts` may be NULL; `out` has its `struct_size` set by the caller.
///
/// Errors: CPWL_ARGUMENT (ranks beyond the values, fewer than 3 positive values among them, a negative value), CPWL_SHAPE,
/// CPWL_DTYPE, CPWL_NONFINITE. O(L). Agrawal et al.: alpha-ReQ, NeurIPS 2022. Since 0.1.
cpwl_status cpwl_alpha_req(const struct cpwl_context *ctx,
                           const struct cpwl_tensor *eigenvalues,
                           const struct cpwl_alpha_options *opts,
                           struct cpwl_alpha_fit *out);

/// The median of the unweighted slopes over windows of ranks s to s + w, s from `start` to `end`, w = (end - start) / 10 without
/// its fraction. `eigenvalues` as for `cpwl_alpha_req`; 0 = 11 and 100. Errors: as there. Since 0.1.
cpwl_status cpwl_alpha_robust(const struct cpwl_context *ctx,
                              const struct cpwl_tensor *eigenvalues,
                              int64_t start,
                              int64_t end,
                              double *out);

/// `cpwl_alpha_req` of the variance ratios of a spectrum, which is meant to be centred. Errors: as there. Since 0.1.
cpwl_status cpwl_spectrum_alpha_req(const struct cpwl_context *ctx,
                                    const struct cpwl_spectrum *spectrum,
                                    const struct cpwl_alpha_options *opts,
                                    struct cpwl_alpha_fit *out);

/// No groups yet, of rows of `n_columns` columns. Free it with `cpwl_lidar_free`. Errors: CPWL_SHAPE (no columns), CPWL_LIMIT,
/// CPWL_MEMORY. Since 0.1.
cpwl_status cpwl_lidar_new(const struct cpwl_context *ctx,
                           int64_t n_columns,
                           struct cpwl_lidar **out);

/// Frees groups. NULL is fine. Since 0.1.
void cpwl_lidar_free(struct cpwl_lidar *lidar);

/// Fills `out`, whose `struct_size` the caller has set, with how much there is. O(1). Since 0.1.
cpwl_status cpwl_lidar_info(const struct cpwl_context *ctx,
                            const struct cpwl_lidar *lidar,
                            struct cpwl_lidar_summary *out);

/// Adds a group: the views of one sample as rows, `z` (q, K) with q >= 1, f32, f64, f16 or bf16. Groups may differ in size. q K^2
/// flops.
///
/// Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_ARGUMENT (numbers beyond 1e120), CPWL_LIMIT, CPWL_MEMORY, CPWL_CANCELLED.
/// Since 0.1.
cpwl_status cpwl_lidar_push(const struct cpwl_context *ctx,
                            struct cpwl_lidar *lidar,
                            const struct cpwl_tensor *z);

/// Adds the groups of `other`. Errors: CPWL_SHAPE, CPWL_ARGUMENT (`other` is `lidar` itself), CPWL_LIMIT, CPWL_MEMORY,
/// CPWL_CANCELLED. Since 0.1.
cpwl_status cpwl_lidar_merge(const struct cpwl_context *ctx,
                             struct cpwl_lidar *lidar,
                             const struct cpwl_lidar *other);

/// LiDAR of the groups so far: exp of the entropy of the eigenvalues of Sw^-1/2 Sb Sw^-1/2, Sb being the scatter between the means
/// of the groups and Sw that within them plus delta I. Between 1 and min(K, n - 1). delta makes it depend on the scale of the
/// data. Fills `out`, whose `struct_size` the caller has set, and `eigenvalues`, (K), f32 or f64, descending (NULL: not wanted).
/// `opts` may be NULL.
///
/// Errors: CPWL_ARGUMENT (delta, eps; CPWL_LIDAR_UNBIASED without a group of two views), CPWL_NUMERIC (fewer than two groups,
/// groups of equal means, a singular Sw with delta = 0), CPWL_SHAPE, CPWL_DTYPE, CPWL_UNSUPPORTED (flags), CPWL_LIMIT, CPWL_MEMORY,
/// CPWL_CANCELLED. About 4 K^3 flops, 2 K^2 doubles. Thilak et al.: LiDAR, arXiv 2312.04000. Since 0.1.
cpwl_status cpwl_lidar_measure(const struct cpwl_context *ctx,
                               struct cpwl_lidar *lidar,
                               const struct cpwl_lidar_options *opts,
                               struct cpwl_tensor *eigenvalues,
                               struct cpwl_lidar_summary *out);

/// SelfCluster of the rows of `z`, (N, K): how much they point the same way; 1 when they all do, about 0 for random directions.
///
/// Errors: CPWL_SHAPE (fewer than 2 rows or columns), CPWL_DTYPE, CPWL_NONFINITE, CPWL_NUMERIC (a row of zeros), CPWL_LIMIT,
/// CPWL_MEMORY, CPWL_CANCELLED. N K min(N, K) flops. Since 0.1.
cpwl_status cpwl_self_cluster(const struct cpwl_context *ctx,
                              const struct cpwl_tensor *z,
                              double *out);

/// Coherence of the rows of `z`, (N, K): the largest leverage max_i x_i' (Z'Z)^-1 x_i times N / K. 1 if all rows matter alike,
/// N / K if a direction hangs on one row. Where columns are dependent, leverages are those in the space of the rows.
///
/// Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_NUMERIC (all elements 0), CPWL_LIMIT, CPWL_MEMORY, CPWL_CANCELLED. 2 N K^2
/// flops. Since 0.1.
cpwl_status cpwl_coherence(const struct cpwl_context *ctx,
                           const struct cpwl_tensor *z,
                           double *out);

/// Intrinsic dimension of the points `z`, (N, K), from the distances to the two nearest neighbours of each. Fills `out`, whose
/// `struct_size` the caller has set.
///
/// Errors: CPWL_SHAPE (fewer than 3 points), CPWL_DTYPE, CPWL_NONFINITE, CPWL_NUMERIC (every point lies on another, or the two
/// nearest are always as far), CPWL_LIMIT, CPWL_MEMORY, CPWL_CANCELLED. N^2 K flops. Facco et al.: Estimating the intrinsic
/// dimension of datasets by a minimal neighborhood information, Sci. Rep. 7 (2017). Since 0.1.
cpwl_status cpwl_two_nn(const struct cpwl_context *ctx,
                        const struct cpwl_tensor *z,
                        struct cpwl_two_nn_summary *out);

/// Mean angle in radians between successive steps of the path `z`, (T, D): the tokens of a sequence. `turn` is a `cpwl_turn` (0 =
/// CPWL_TURN_ABSOLUTE); `normalize` not 0 divides by ln D. A step of length 0 turns by 0. O(T D).
///
/// Errors: CPWL_SHAPE (fewer than 3 rows, or 2 columns with `normalize`), CPWL_DTYPE, CPWL_NONFINITE, CPWL_ARGUMENT (turn). Since
/// 0.1.
cpwl_status cpwl_curvature(const struct cpwl_context *ctx,
                           const struct cpwl_tensor *z,
                           int32_t turn,
                           int32_t normalize,
                           double *out);

/// The part of full rank that samples of an isotropic Gaussian show in the limit of Marchenko and Pastur (1967): RankMe is about
/// min(N, K) f(g) with g = min(N, K) / max(N, K). From 1 at g = 0 to 0.805 at g = 1; accurate to 1e-13.
///
/// Errors: CPWL_ARGUMENT (g outside 0 to 1). Since 0.1.
cpwl_status cpwl_sample_size_law(const struct cpwl_context *ctx,
                                 double g,
                                 double *out);

/// The RankMe that `n_rows` samples of an isotropic Gaussian in `n_columns` dimensions have in expectation: what full rank looks
/// like at this sample size. Errors: CPWL_SHAPE (none of either). Since 0.1.
cpwl_status cpwl_expected_rank(const struct cpwl_context *ctx,
                               int64_t n_rows,
                               int64_t n_columns,
                               double *out);

/// The run to take by the rule of the RankMe paper: among those of rank at least (1 - tolerance) times the highest of `ranks`, (n),
/// the one whose hyperparameter in `values`, (n), is smallest or largest, as `prefer` (a `cpwl_prefer`, 0 = CPWL_PREFER_MIN)
/// says; the first of equal ones. `*out` is its index.
///
/// Errors: CPWL_SHAPE (no runs, or not one rank each), CPWL_DTYPE, CPWL_NONFINITE, CPWL_ARGUMENT (tolerance outside 0 to 1,
/// prefer). Since 0.1.
cpwl_status cpwl_rank_select(const struct cpwl_context *ctx,
                             const struct cpwl_tensor *values,
                             const struct cpwl_tensor *ranks,
                             double tolerance,
                             int32_t prefer,
                             int64_t *out);

/// HSIC of x and y in one pass: biased, unbiased, self terms and CKA together, in `out`.
///
/// `require` is 0, or the estimator or objective (CPWL_HSIC_*, CPWL_CKA_*) that must have a value: the call fails where it has none
/// (TOO_FEW rows; UNDEFINED, for CKA of a constant variable). Gram matrices are never formed: memory is O(n) and some tiles a
/// thread. n^2 (d_x + d_y) / 2 multiplications and n^2 kernel evaluations; two linear kernels cost n d_x d_y if that is
/// less; one column each with Laplace (or distance) kernels n log n.
///
/// Errors: CPWL_ARGUMENT (kernel parameters; a given Gram matrix that is not symmetric), CPWL_SHAPE (also TOO_FEW),
/// CPWL_DTYPE, CPWL_NONFINITE (with the index), CPWL_NUMERIC (UNDEFINED, ZERO_MEDIAN), CPWL_LIMIT, CPWL_MEMORY,
/// CPWL_CANCELLED. Bit-identical for any number of threads. Gretton et al. 2005; Song et al. 2012; Kornblith et al., arXiv
/// 1905.00414. Since 0.1.
cpwl_status cpwl_hsic(const struct cpwl_context *ctx,
                      const struct cpwl_variable *x,
                      const struct cpwl_variable *y,
                      int32_t require,
                      struct cpwl_hsic_summary *out);

/// The value of an objective (CPWL_HSIC_*, CPWL_CKA_*; 0 = CPWL_HSIC_BIASED_N2) and its gradients.
///
/// `dx` and `dy` have the shapes of x and y, f32 or f64; `dy` may be NULL. `dgamma` NULL, or two numbers: derivatives in the
/// gamma of x and, with `dy`, of y, NaN where the kernel has none. `out` NULL, or all estimators. Kernels of one factor, not given
/// Gram matrices. Where rows coincide, the kinks of CPWL_KERNEL_EXP_L2, CPWL_KERNEL_LAPLACE_L1 and CPWL_KERNEL_DISTANCE
/// count as 0. Two passes, O(n) memory beside the gradients.
///
/// Errors: as `cpwl_hsic`; CPWL_UNSUPPORTED. Since 0.1.
cpwl_status cpwl_hsic_gradient(const struct cpwl_context *ctx,
                               const struct cpwl_variable *x,
                               const struct cpwl_variable *y,
                               int32_t objective,
                               double *value,
                               struct cpwl_tensor *dx,
                               struct cpwl_tensor *dy,
                               double *dgamma,
                               struct cpwl_hsic_summary *out);

/// The bandwidth of `x`, (n, d) or (n), by a rule (CPWL_BANDWIDTH_*; 0 = CPWL_BANDWIDTH_HALF): `sigma`, with gamma = 1 / (2
/// sigma^2). `fallback` > 0 is taken where the median is 0. `rows` NULL, or how many rows were used: all up to 4096, then a
/// sample of so many by `seed`. Exact by selection, without storing distances.
///
/// Errors: CPWL_SHAPE (TOO_FEW: n < 2), CPWL_NUMERIC (ZERO_MEDIAN), and those of `cpwl_hsic`. n^2 d operations a few times.
/// Since 0.1.
cpwl_status cpwl_hsic_bandwidth(const struct cpwl_context *ctx,
                                const struct cpwl_tensor *x,
                                int32_t rule,
                                double fallback,
                                uint64_t seed,
                                double *sigma,
                                int64_t *rows);

/// dHSIC of `d` variables: joint independence (Pfister et al. 2018); for two it is HSIC over n^2. `gradients` NULL, or `d`
/// tensors of the shapes of the variables, f32 or f64. Computed in f64; d n^2 / 2 kernel evaluations, O(d n) memory.
///
/// Errors: as `cpwl_hsic_gradient`. Since 0.1.
cpwl_status cpwl_dhsic(const struct cpwl_context *ctx,
                       const struct cpwl_variable *variables,
                       int32_t d,
                       double *value,
                       struct cpwl_tensor *gradients);

/// Features cos(x w + b) sqrt(2 / m) whose products are the kernel on average (Rahimi and Recht 2007): fills `w` (d, m) and `b`
/// (m), f32 or f64, for CPWL_KERNEL_RBF, CPWL_KERNEL_LAPLACE_L1 or CPWL_KERNEL_EXP_L2 with this `gamma`. The same for the
/// same seed. Errors: CPWL_ARGUMENT, CPWL_SHAPE, CPWL_DTYPE, CPWL_UNSUPPORTED (other kernels). Since 0.1.
cpwl_status cpwl_random_features(const struct cpwl_context *ctx,
                                 int32_t kind,
                                 double gamma,
                                 uint64_t seed,
                                 struct cpwl_tensor *w,
                                 struct cpwl_tensor *b);

/// HSIC of the features cos(x w + b) sqrt(2 / m) of x (n, d_x) and of y: all estimators, and in `error` a standard error of
/// the biased HSIC over groups of features (NaN for m < 8). n m_x m_y multiplications. Errors: as `cpwl_hsic`. Since 0.1.
cpwl_status cpwl_hsic_random_features(const struct cpwl_context *ctx,
                                      const struct cpwl_tensor *x,
                                      const struct cpwl_tensor *wx,
                                      const struct cpwl_tensor *bx,
                                      const struct cpwl_tensor *y,
                                      const struct cpwl_tensor *wy,
                                      const struct cpwl_tensor *by,
                                      struct cpwl_hsic_summary *out);

/// HSIC with Nystrom features from rows `landmarks_x` of x and `landmarks_y` of y (i64 or i32): all estimators, and in
/// `error` a bound on the biased HSIC that is missing, for kernels with k(x, x) <= 1. Eigenvalues up to `rcond` times the
/// largest are dropped; 0 = 1e-10. n m^2 operations. Errors: as `cpwl_hsic`. Since 0.1.
cpwl_status cpwl_hsic_nystrom(const struct cpwl_context *ctx,
                              const struct cpwl_variable *x,
                              const struct cpwl_tensor *landmarks_x,
                              const struct cpwl_variable *y,
                              const struct cpwl_tensor *landmarks_y,
                              double rcond,
                              struct cpwl_hsic_summary *out);

/// HSIC and CKA from blocks of `size` >= 4 rows of x and y (Zaremba et al. 2013; Nguyen et al. 2021): time and memory linear in
/// n. `batches` NULL, or (n / size) numbers, f32 or f64: HSIC of each block. Errors: as `cpwl_hsic`. Since 0.1.
cpwl_status cpwl_hsic_blocks(const struct cpwl_context *ctx,
                             const struct cpwl_variable *x,
                             const struct cpwl_variable *y,
                             int64_t size,
                             struct cpwl_hsic_blocks_summary *out,
                             struct cpwl_tensor *batches);

/// Tests whether `d` >= 2 variables are independent. `opts` may be NULL. `permuted` NULL, or (B) numbers, f32 or f64: the
/// statistic of each permutation.
///
/// Permutations are a function of seed and index: the answer does not depend on the threads. Two variables of up to 2048 rows keep
/// both Gram matrices (16 n^2 bytes) and take n^2 / 2 operations a permutation; more rows take O(n) memory and evaluate y
/// anew for each permutation. More variables keep their Gram matrices, and up to 2048 rows.
///
/// Errors: as `cpwl_hsic`; CPWL_SHAPE (TOO_FEW: n < 6 for Gretton's gamma, n < 2 d for dHSIC), CPWL_UNSUPPORTED (kernels with
/// k(x, x) != 1 for the gamma approximation), CPWL_NUMERIC (UNDEFINED: a constant variable). Since 0.1.
cpwl_status cpwl_hsic_test(const struct cpwl_context *ctx,
                           const struct cpwl_variable *variables,
                           int32_t d,
                           const struct cpwl_hsic_test_options *opts,
                           struct cpwl_hsic_test_summary *out,
                           struct cpwl_tensor *permuted);

/// HSIC of every pair of the K columns of `f` (n, K), each a variable of its own under CPWL_KERNEL_RBF (0),
/// CPWL_KERNEL_LAPLACE_L1 or CPWL_KERNEL_LINEAR.
///
/// `gammas` is (K) or (1); NULL for the linear kernel. `estimator` is CPWL_HSIC_* or CPWL_CKA_*; 0 = CPWL_HSIC_BIASED_N2. `out` is
/// (K, K), f32 or f64, symmetric; of CKA, rows and columns of constant features are NaN. K^2 n^2 / 2 multiplications, K n^2 / 2
/// kernel evaluations, memory O(K n + K^2) a thread. In f32 unless `f` is f64; sums in f64.
///
/// Errors: as `cpwl_hsic`. Since 0.1.
cpwl_status cpwl_pairwise_hsic(const struct cpwl_context *ctx,
                               const struct cpwl_tensor *f,
                               int32_t kind,
                               const struct cpwl_tensor *gammas,
                               int32_t estimator,
                               struct cpwl_tensor *out);

/// Mean HSIC over n^2 of all ordered pairs of different columns of `f`, or with `normalised` mean CKA, without the matrix: K n^2
/// operations. `gradient` NULL, or of the shape of `f`, f32 or f64. Kernels and `gammas` as in `cpwl_pairwise_hsic`, but for
/// the linear one (that is the covariance term of `cpwl_vcreg`).
///
/// Errors: as `cpwl_hsic`; CPWL_SHAPE (TOO_FEW: K < 2), CPWL_NUMERIC (UNDEFINED: a constant column, normalised). Since 0.1.
cpwl_status cpwl_pairwise_mean(const struct cpwl_context *ctx,
                               const struct cpwl_tensor *f,
                               int32_t kind,
                               const struct cpwl_tensor *gammas,
                               int32_t normalised,
                               double *mean,
                               struct cpwl_tensor *gradient);

/// Permutation tests of every pair of columns of `f` at once: `out`, (K, K), f32 or f64, becomes (1 + permutations whose HSIC over
/// n^2 reaches that of the data) / (1 + `permutations`), 1 on the diagonal. One permutation serves all pairs, as a product of
/// matrices. `permutations` 0 = 999. Kernels CPWL_KERNEL_RBF and CPWL_KERNEL_LAPLACE_L1; `gammas` as in `cpwl_pairwise_hsic`.
/// The same answer for any number of threads. Correct for the number of pairs yourself.
///
/// Errors: as `cpwl_hsic`; CPWL_UNSUPPORTED. K^2 n^2 multiplications a permutation. Since 0.1.
cpwl_status cpwl_pairwise_test(const struct cpwl_context *ctx,
                               const struct cpwl_tensor *f,
                               int32_t kind,
                               const struct cpwl_tensor *gammas,
                               int64_t permutations,
                               uint64_t seed,
                               struct cpwl_tensor *out);

/// A state without batches for `rows` layers of one network and `columns` of the other. Free it with `cpwl_layer_cka_free`. Errors:
/// CPWL_SHAPE. Since 0.1.
cpwl_status cpwl_layer_cka_new(const struct cpwl_context *ctx,
                               int64_t rows,
                               int64_t columns,
                               struct cpwl_layer_cka **out);

/// Adds a batch of n >= 4 samples: `x` has the outputs of every layer of the first network, (n, width) each, and `y` those of the
/// second. n^2 (sum of widths) / 2 multiplications, n^2 rows columns more; 8 n^2 bytes a layer. The state is as it was
/// after an error. Errors: as `cpwl_hsic`. Since 0.1.
cpwl_status cpwl_layer_cka_push(const struct cpwl_context *ctx,
                                struct cpwl_layer_cka *state,
                                const struct cpwl_variable *x,
                                int32_t n_x,
                                const struct cpwl_variable *y,
                                int32_t n_y);

/// Debiased CKA of every pair of layers, ratios of sums over the batches: `out` is (rows, columns), f32 or f64; NaN where a self
/// term is not positive. Errors: CPWL_SHAPE (TOO_FEW: no batch), CPWL_DTYPE. Since 0.1.
cpwl_status cpwl_layer_cka_get(const struct cpwl_context *ctx,
                               const struct cpwl_layer_cka *state,
                               struct cpwl_tensor *out);

/// Batches so far; 0 for NULL. Since 0.1.
int64_t cpwl_layer_cka_batches(const struct cpwl_layer_cka *state);

/// Frees a state. NULL is fine. Since 0.1.
void cpwl_layer_cka_free(struct cpwl_layer_cka *state);

/// VCReg of `z` (n, d): alpha sum_k max(0, gamma - sqrt(C_kk + eps)) + beta sum_{k != l} C_kl^2, C the covariance.
///
/// `gradient` NULL, or (n, d), f32 or f64. In f64 for f64 data, else in f32 with sums in f64. n d min(n, d) multiplications, as many
/// again for the gradient. A column of variance 0 with eps = 0 has the whole hinge and no gradient. `opts` may be NULL.
///
/// Errors: CPWL_ARGUMENT, CPWL_SHAPE (also TOO_FEW: n < 2), CPWL_DTYPE, CPWL_NONFINITE, CPWL_LIMIT, CPWL_MEMORY,
/// CPWL_CANCELLED. Mialon et al., arXiv 2209.14905. Since 0.1.
cpwl_status cpwl_vcreg(const struct cpwl_context *ctx,
                       const struct cpwl_tensor *z,
                       const struct cpwl_vcreg_options *opts,
                       struct cpwl_loss_summary *out,
                       struct cpwl_tensor *gradient);

/// VICReg of two views (n, d), n the whole batch. `g1`, `g2` NULL, or (n, d), f32 or f64. `opts` may be NULL. The two sets of factors
/// in use differ by 2 in the variance term and by d in the invariance term: `cpwl_vicreg_options.paper`. Precision, cost and
/// errors as for `cpwl_vcreg`. Bardes et al., arXiv 2105.04906. Since 0.1.
cpwl_status cpwl_vicreg(const struct cpwl_context *ctx,
                        const struct cpwl_tensor *z1,
                        const struct cpwl_tensor *z2,
                        const struct cpwl_vicreg_options *opts,
                        struct cpwl_loss_summary *out,
                        struct cpwl_tensor *g1,
                        struct cpwl_tensor *g2);

/// Barlow Twins of two views (n, d): sum_i (1 - C_ii)^2 + lambda sum_{i != j} C_ij^2, C the cross-correlation with variances over n.
/// `g1`, `g2` NULL, or (n, d); `correlation` NULL, or (d, d); f32 or f64. Precision and errors as for `cpwl_vcreg`; CPWL_NUMERIC
/// (UNDEFINED: a constant column with eps = 0). n d^2 multiplications, twice more for gradients. Zbontar et al., arXiv
/// 2103.03230. Since 0.1.
cpwl_status cpwl_barlow(const struct cpwl_context *ctx,
                        const struct cpwl_tensor *z1,
                        const struct cpwl_tensor *z2,
                        const struct cpwl_barlow_options *opts,
                        struct cpwl_loss_summary *out,
                        struct cpwl_tensor *g1,
                        struct cpwl_tensor *g2,
                        struct cpwl_tensor *correlation);

/// W-MSE of two views (n, d), n > d: mean squared distance of their whitened (Cholesky), normalised rows, each view by itself;
/// `eps` in [0, 1) of the identity is mixed into its covariance. `g1`, `g2` NULL, or (n, d). In f64. Errors as for
/// `cpwl_vcreg`; CPWL_NUMERIC (a singular covariance). Ermolov et al., arXiv 2007.06346. Since 0.1.
cpwl_status cpwl_wmse(const struct cpwl_context *ctx,
                      const struct cpwl_tensor *z1,
                      const struct cpwl_tensor *z2,
                      double eps,
                      struct cpwl_loss_summary *out,
                      struct cpwl_tensor *g1,
                      struct cpwl_tensor *g2);

/// Sources of a linear mixture `x` (n, p) of p >= 2 independent variables, at most one of them Gaussian: VCReg on random
/// features of the whitened data, restarted.
///
/// `sources` is (n, p), of mean 0 and variance 1, in no order and of no sign; `unmixing` NULL, or (p, p), with sources = (x -
/// mean) unmixing; `objectives` NULL, or (restarts): mean pairwise HSIC of the sources of each start. f32 or f64. `opts` may be NULL.
/// Mixtures that are not linear are not solved this way.
///
/// Errors: as `cpwl_vcreg`; CPWL_NUMERIC (dependent columns). 4 batch (p cosines)^2 operations a step and start. Mialon et al.,
/// arXiv 2209.14905. Since 0.1.
cpwl_status cpwl_ica(const struct cpwl_context *ctx,
                     const struct cpwl_tensor *x,
                     const struct cpwl_ica_options *opts,
                     struct cpwl_ica_summary *out,
                     struct cpwl_tensor *sources,
                     struct cpwl_tensor *unmixing,
                     struct cpwl_tensor *objectives);

/// The loss of a batch in which every training image is a class of its own (DIET, arXiv 2302.10260): label-smoothed cross-entropy
/// over n classes, without ever holding the b x n scores.
///
/// z = scale F W' + bias, q = (1 - eps) target + eps / n, loss = ln sum exp z - sum q z. `d_features` (b, k), `d_head` (n, k) and
/// `d_bias` (n), f32 or f64, become the gradients of the reduced loss; NULL = not wanted. `d_head` is written bit by bit if it is
/// contiguous and of the precision of the call. NaN and infinite scores are no error: see `n_nonfinite`. Free `out` with
/// `cpwl_diet_result_free`.
///
/// Errors, before anything is written: CPWL_ARGUMENT (options; a label or share, whose row is named), CPWL_SHAPE, CPWL_DTYPE;
/// CPWL_LIMIT, CPWL_MEMORY, CPWL_CANCELLED. Bit-identical for any number of threads. 2 b n k flops, 8 b n k with gradients;
/// memory: 3 b k numbers and a few strips of scores. Since 0.1.
cpwl_status cpwl_diet_loss(const struct cpwl_context *ctx,
                           const struct cpwl_diet_problem *problem,
                           const struct cpwl_diet_options *opts,
                           struct cpwl_tensor *d_features,
                           struct cpwl_tensor *d_head,
                           struct cpwl_tensor *d_bias,
                           struct cpwl_diet_result **out);

/// The loss with some of the classes in place of all: approximate. The classes of the batch and `others`, (s) of i32 or i64, drawn
/// uniformly without replacement from the rest, stand for all; the smoothing term is exact. The sum of exponentials is
/// unbiased, its logarithm too small on average; with all other classes in `others` it is exact. `d_head` is dense.
///
/// Errors: as `cpwl_diet_loss`; CPWL_ARGUMENT (a class that is out of range, twice there or in the batch), CPWL_UNSUPPORTED
/// (CPWL_DIET_COSINE). Since 0.1.
cpwl_status cpwl_diet_sampled(const struct cpwl_context *ctx,
                              const struct cpwl_diet_problem *problem,
                              const struct cpwl_diet_options *opts,
                              const struct cpwl_tensor *others,
                              struct cpwl_tensor *d_features,
                              struct cpwl_tensor *d_head,
                              struct cpwl_tensor *d_bias,
                              struct cpwl_diet_result **out);

/// The numbers of a result. Since 0.1.
cpwl_status cpwl_diet_result_info(const struct cpwl_context *ctx,
                                  const struct cpwl_diet_result *result,
                                  struct cpwl_diet_summary *out);

/// Lends an array of a result, a `cpwl_diet_array_id`. Since 0.1.
cpwl_status cpwl_diet_result_array(const struct cpwl_context *ctx,
                                   const struct cpwl_diet_result *result,
                                   int32_t which,
                                   struct cpwl_tensor *out);

/// Frees a result; NULL is fine. Since 0.1.
void cpwl_diet_result_free(struct cpwl_diet_result *result);

/// The loss of a batch and, in the same two passes, a step of the optimiser on `head`, (n, k), contiguous f32 or f64, which is the
/// precision of the call. The gradient of the head is never stored. `first` is the momentum buffer or m, `second` v of
/// CPWL_ADAMW and otherwise NULL: arrays like the head, zeros before the first step. `problem->head` is not used. `d_features` is
/// that of the head before the step; the bias is not updated, its gradient is for the caller. Free `out` with
/// `cpwl_diet_result_free`.
///
/// Errors, before anything is written: as `cpwl_diet_loss`; CPWL_DTYPE (an array that is not contiguous). A call that is cancelled leaves
/// some rows updated. 8 b n k flops, 12 with `clip` or CPWL_LARS. Since 0.1.
cpwl_status cpwl_diet_step(const struct cpwl_context *ctx,
                           const struct cpwl_diet_problem *problem,
                           const struct cpwl_diet_options *opts,
                           const struct cpwl_diet_update *update,
                           struct cpwl_tensor *head,
                           struct cpwl_tensor *first,
                           struct cpwl_tensor *second,
                           struct cpwl_tensor *d_features,
                           struct cpwl_tensor *d_bias,
                           struct cpwl_diet_result **out);

/// The first pass over a head that holds classes `first`, .. of `of`: the head and the bias of the problem are those of the shard,
/// labels are those of the whole. `partials`, (b, 6) of f64, becomes what other processes need; merge those of all shards with
/// `cpwl_diet_merge`. 2 b n k flops for the n classes of the shard.
///
/// Errors: as `cpwl_diet_loss`. Since 0.1.
cpwl_status cpwl_diet_shard_forward(const struct cpwl_context *ctx,
                                    const struct cpwl_diet_problem *problem,
                                    const struct cpwl_diet_options *opts,
                                    int64_t first,
                                    int64_t of,
                                    struct cpwl_tensor *partials);

/// Merges the partials of all shards, (shards, b, 6) of f64 in the order of their classes, into `merged`, (b, 6).
///
/// Errors: CPWL_SHAPE, CPWL_DTYPE. Since 0.1.
cpwl_status cpwl_diet_merge(const struct cpwl_context *ctx,
                            const struct cpwl_tensor *partials,
                            struct cpwl_tensor *merged);

/// The second pass over a shard, given the merged partials of all of them: its part of `d_features` and of `d_scale`, to be added to
/// those of the others, and the gradients of its own rows. The loss is that of the whole head.
///
/// Errors: as `cpwl_diet_loss`. 6 b n k flops for the n classes of the shard. Since 0.1.
cpwl_status cpwl_diet_shard_backward(const struct cpwl_context *ctx,
                                     const struct cpwl_diet_problem *problem,
                                     const struct cpwl_diet_options *opts,
                                     int64_t first,
                                     int64_t of,
                                     const struct cpwl_tensor *partials,
                                     struct cpwl_tensor *d_features,
                                     struct cpwl_tensor *d_head,
                                     struct cpwl_tensor *d_bias,
                                     struct cpwl_diet_result **out);

/// The loss of MSN (arXiv 2204.07141) with a chosen cluster prior (PMSN, arXiv 2210.07277): cross-entropy between sharpened, balanced
/// assignments of one view and the assignments of others to k prototypes, and the divergence between their mean and the prior.
///
/// Rows and prototypes are divided by their lengths. Assignments are softmax(cosine / temperature); targets carry no gradient.
/// `d_anchors` (v b, d) and `d_prototypes` (k, d), f32 or f64, become the gradients of the loss; NULL = not wanted. Free `out` with
/// `cpwl_prior_result_free`.
///
/// Errors: CPWL_ARGUMENT (options; a prior that is no law, or has a 0 where the divergence would be infinite), CPWL_SHAPE,
/// CPWL_DTYPE, CPWL_NONFINITE, CPWL_LIMIT, CPWL_MEMORY, CPWL_CANCELLED. Bit-identical for any number of threads. 6 v b k d flops with
/// gradients. Since 0.1.
cpwl_status cpwl_prior_loss(const struct cpwl_context *ctx,
                            const struct cpwl_prior_views *views,
                            const struct cpwl_prior_options *opts,
                            struct cpwl_tensor *d_anchors,
                            struct cpwl_tensor *d_prototypes,
                            struct cpwl_prior_result **out);

/// The numbers of a result. Since 0.1.
cpwl_status cpwl_prior_result_info(const struct cpwl_context *ctx,
                                   const struct cpwl_prior_result *result,
                                   struct cpwl_prior_summary *out);

/// Lends an array of a result, a `cpwl_prior_array_id`. Since 0.1.
cpwl_status cpwl_prior_result_array(const struct cpwl_context *ctx,
                                    const struct cpwl_prior_result *result,
                                    int32_t which,
                                    struct cpwl_tensor *out);

/// Frees a result; NULL is fine. Since 0.1.
void cpwl_prior_result_free(struct cpwl_prior_result *result);

/// The mean assignment of `anchors`, (m, d), to `prototypes`, (k, d), as a state that processes can exchange: `state`, (2 k + 1) of
/// f64, becomes k largest logarithms, k sums over them, and m. `temperature` > 0; `flags` is 0 or CPWL_PRIOR_DOUBLE.
///
/// Errors: as `cpwl_prior_loss`. Since 0.1.
cpwl_status cpwl_cluster_mean(const struct cpwl_context *ctx,
                              const struct cpwl_tensor *anchors,
                              const struct cpwl_tensor *prototypes,
                              double temperature,
                              uint32_t flags,
                              struct cpwl_tensor *state);

/// The logarithm of the mean assignment of all processes: `states` is (processes, 2 k + 1) of f64, `log_mean` becomes (k), f32 or f64.
///
/// Errors: CPWL_SHAPE, CPWL_DTYPE. Since 0.1.
cpwl_status cpwl_cluster_log_mean(const struct cpwl_context *ctx,
                                  const struct cpwl_tensor *states,
                                  struct cpwl_tensor *log_mean);

/// Plans with given marginals by Sinkhorn's iterations, columns before rows: plan = exp(scores / reg + u + v).
///
/// `scores` is (b, k), or (p, b, k) for p problems, -inf allowed; `rows`, (b), above 0, NULL = 1 / b; `columns`, (k), 0 or more (the
/// column is then exactly 0), NULL = 1 / k. `plan` has the shape of the scores and is f32 or f64; computed in f64 if either is.
/// Neither overflows nor underflows, whatever the scores are. `summary` may be NULL.
///
/// Errors, before anything is written: CPWL_ARGUMENT (marginals; NaN; a row or column that has mass and no finite score),
/// CPWL_SHAPE, CPWL_DTYPE; CPWL_LIMIT, CPWL_MEMORY, CPWL_CANCELLED. One exponential and one product an iteration for each number.
/// Since 0.1.
cpwl_status cpwl_sinkhorn(const struct cpwl_context *ctx,
                          const struct cpwl_tensor *scores,
                          const struct cpwl_tensor *rows,
                          const struct cpwl_tensor *columns,
                          const struct cpwl_sinkhorn_options *opts,
                          struct cpwl_tensor *plan,
                          struct cpwl_sinkhorn_summary *summary);

/// A law over k clusters: `prior`, (k), f32 or f64, adds up to 1. Which cluster gets which probability carries no meaning.
///
/// Errors: CPWL_ARGUMENT (parameters), CPWL_SHAPE, CPWL_DTYPE. Since 0.1.
cpwl_status cpwl_prior_make(const struct cpwl_context *ctx,
                            const struct cpwl_prior_family *family,
                            struct cpwl_tensor *prior);

/// The exponent of the power law of maximum likelihood for `counts`, (k), counts or probabilities in any order: 0 for a uniform law,
/// infinite if one cluster has everything. Sorting alone makes it positive; `cpwl_prior_diagnose` says by how much.
///
/// Errors: CPWL_ARGUMENT (a negative count, or nothing but 0), CPWL_DTYPE. Since 0.1.
cpwl_status cpwl_prior_fit(const struct cpwl_context *ctx,
                           const struct cpwl_tensor *counts,
                           double *exponent);

/// What `counts`, (k), say about the law that they follow: entropy, effective number of clusters, the fitted power law, and tests
/// against the uniform law or another. Simulation takes whole numbers.
///
/// Errors: CPWL_ARGUMENT, CPWL_DTYPE, CPWL_CANCELLED. One fit, of about ten sums of k exponentials, a replicate. Since 0.1.
cpwl_status cpwl_prior_diagnose(const struct cpwl_context *ctx,
                                const struct cpwl_tensor *counts,
                                const struct cpwl_diagnosis_options *opts,
                                struct cpwl_diagnosis *out);

/// Lends array `which` (a `cpwl_factor_array_id`): fills `out` with a view of it that is valid until `result` is freed, and is not
/// to be written to. Counts are CPWL_I64, all else CPWL_F64. Errors: CPWL_ARGUMENT (this result has no such array). O(1). Since 0.1.
cpwl_status cpwl_factor_result_array(const struct cpwl_context *ctx,
                                     const struct cpwl_factor_result *result,
                                     int32_t which,
                                     struct cpwl_tensor *out);

/// Frees a result, and with it the arrays that it lent. NULL is fine. Since 0.1.
void cpwl_factor_result_free(struct cpwl_factor_result *result);

/// Images of an analysis: `factors`, (n, F) of 0 and 1 in any data type, F at most 64, and `labels`, (n) classes from 0 on (NULL if
/// `accepted` is given instead). Free it with `cpwl_factors_free`. `opts` may be NULL.
///
/// Errors: CPWL_SHAPE (no images, lengths that differ, more than 64 factors), CPWL_DTYPE, CPWL_ARGUMENT (a factor that is neither 0 nor
/// 1, a negative label, a row that does not exist or occurs twice, labels and accepted labels at once), CPWL_LIMIT, CPWL_MEMORY.
/// O(n F + n log n); F + G + 2 bits and 10 bytes an image. Since 0.1.
cpwl_status cpwl_factors_new(const struct cpwl_context *ctx,
                             const struct cpwl_tensor *factors,
                             const struct cpwl_tensor *labels,
                             const struct cpwl_factors_options *opts,
                             struct cpwl_factors **out);

/// Frees images. NULL is fine. Since 0.1.
void cpwl_factors_free(struct cpwl_factors *factors);

/// Fills `out`, whose `struct_size` the caller has set. O(1). Since 0.1.
cpwl_status cpwl_factors_info(const struct cpwl_context *ctx,
                              const struct cpwl_factors *factors,
                              struct cpwl_factors_summary *out);

/// How factors are spread over images. Gives TOTAL (F), ACTIVE (F + 1: images with 0, 1, .. F active factors), BOTH (F, F: images
/// that have both), CORRELATION (F, F: Spearman's, which is phi here; NaN for a factor on no image or on all) and P (F, F: two-sided,
/// by Student's t). O(F^2 n / 64). Errors: CPWL_MEMORY. Since 0.1.
cpwl_status cpwl_factors_describe(const struct cpwl_context *ctx,
                                  const struct cpwl_factors *factors,
                                  struct cpwl_factor_result **out);

/// Counts right answers of M models: `predictions`, (M, p) or (p), CPWL_U8, CPWL_U16, CPWL_I32 or CPWL_I64; U16 and I32 rows are read
/// in place. A prediction that is no class is wrong. `opts` may be NULL. Gives TOTAL (F), N_CORRECT (M), CORRECT (M, F), and of G
/// groups GROUP_N (G), GROUP_TOTAL (G, F), GROUP_N_CORRECT (M, G), GROUP_CORRECT (M, G, F); WORST_CLASSES (M) if asked for.
///
/// Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_ARGUMENT (the form; worst classes of images with several labels), CPWL_LIMIT, CPWL_MEMORY,
/// CPWL_CANCELLED. One pass over the predictions, little more than the time to read them; a few bits an image for each thread.
/// Since 0.1.
cpwl_status cpwl_factors_count(const struct cpwl_context *ctx,
                               const struct cpwl_factors *factors,
                               const struct cpwl_tensor *predictions,
                               const struct cpwl_factor_count_options *opts,
                               struct cpwl_factor_result **out);

/// Compares two models on the same images, `a` and `b`, (p) predictions each. Gives, all (F): DELTA (error ratio of a minus that of
/// b), STANDARD_ERROR of it, ONLY_A_WRONG and ONLY_B_WRONG (images that one alone gets wrong), P (McNemar's exact two-sided test
/// within the factor), HOLM and Q (the same corrected for F tests, by Holm and by Benjamini and Hochberg).
///
/// Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_MEMORY. Since 0.1.
cpwl_status cpwl_factors_compare(const struct cpwl_context *ctx,
                                 const struct cpwl_factors *factors,
                                 const struct cpwl_tensor *a,
                                 const struct cpwl_tensor *b,
                                 struct cpwl_factor_result **out);

/// As `cpwl_factor_bootstrap` for the predictions of one model, (p), all factors in the same resampled images. About 50 ns a replicate
/// and combination of factors that occurs. Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_ARGUMENT, CPWL_LIMIT, CPWL_MEMORY, CPWL_CANCELLED.
/// Since 0.1.
cpwl_status cpwl_factors_joint_bootstrap(const struct cpwl_context *ctx,
                                         const struct cpwl_factors *factors,
                                         const struct cpwl_tensor *predictions,
                                         const struct cpwl_bootstrap_options *opts,
                                         struct cpwl_factor_result **out);

/// Expected calibration errors of one model: `predictions`, (p), and `confidence`, (p) f32 or f64 from 0 to 1. Bin b of `bins` (0 = 15)
/// holds (b / bins, (b + 1) / bins], the first one 0 too. Gives CALIBRATION (F) and CALIBRATION_ALL (1).
///
/// Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_ARGUMENT (no probability; the bins), CPWL_MEMORY. O(n F). Since 0.1.
cpwl_status cpwl_factors_calibration(const struct cpwl_context *ctx,
                                     const struct cpwl_factors *factors,
                                     const struct cpwl_tensor *predictions,
                                     const struct cpwl_tensor *confidence,
                                     int64_t bins,
                                     struct cpwl_factor_result **out);

/// Figures from counts, of R models (or models in groups) and F factors: `n` (1 or R) images, `n_correct` (R) right answers, `total`
/// (F or R x F) images of each factor and `correct` (R, F) right answers among them, all of whole numbers; `level` is the confidence
/// of intervals, 0 = 0.95. Gives AVERAGE and WORST (R), and, all (R, F): ACCURACY with Wilson's interval ACCURACY_LOW to
/// ACCURACY_HIGH; ERROR_RATIO (1 - accuracy) / (1 - average) with its STANDARD_ERROR and an interval LOW to HIGH on the scale of
/// logarithms; PREVALENCE, MISCLASSIFIED_PREVALENCE and their relative difference SHIFT; FLAGS of CPWL_FACTOR_FEW and so on.
///
/// Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_ARGUMENT (counts that cannot be, the level). O(R F). Since 0.1.
cpwl_status cpwl_factor_table(const struct cpwl_context *ctx,
                              const struct cpwl_tensor *n,
                              const struct cpwl_tensor *n_correct,
                              const struct cpwl_tensor *total,
                              const struct cpwl_tensor *correct,
                              double confidence,
                              struct cpwl_factor_result **out);

/// The bootstrap over images of one model's error ratios, every factor by itself, from counts: `n` images, `n_correct` right answers,
/// `total` (F) and `correct` (F). A replicate draws the four cells (has the factor, is wrong) of a factor: the law of resampling
/// images, at a cost that does not depend on n. `opts` may be NULL. Gives, all (F): LOW and HIGH (percentiles), MEAN, STANDARD_ERROR
/// (deviation of the replicates), LEFT_OUT (replicates without an error or without the factor); and REPLICATES (F, R), NaN where left
/// out.
///
/// Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_ARGUMENT, CPWL_LIMIT, CPWL_MEMORY, CPWL_CANCELLED. About 0.2 us a replicate and factor; the
/// same for any number of threads. Since 0.1.
cpwl_status cpwl_factor_bootstrap(const struct cpwl_context *ctx,
                                  int64_t n,
                                  int64_t n_correct,
                                  const struct cpwl_tensor *total,
                                  const struct cpwl_tensor *correct,
                                  const struct cpwl_bootstrap_options *opts,
                                  struct cpwl_factor_result **out);

/// Whether a choice of training spills over to other factors: `ratios` (M, F) error ratios of M models trained with `strength` (M) of
/// something (f32 or f64 both; a NaN ratio is left out of its factor). For each factor a cubic is fitted to the ratios over strengths,
/// and the models at its lowest and at its highest strength are compared. `opts` may be NULL. Gives, all (F): AT_LOWEST and AT_HIGHEST
/// (those strengths), WEAKEST and STRONGEST (mean ratio at the weakest and the strongest of all), STATISTIC (Welch's t, weaker first: negative
/// if the ratio rises), STANDARD_ERROR, DOF, P (two-sided; optimistic, as the strengths were picked by looking), Q (by Benjamini and
/// Hochberg), SLOPE and SLOPE_ERROR of a line, PERMUTATION_P (of the largest |t| between any two strengths: honest). NaN where the fit
/// is flat or there are fewer than two models.
///
/// Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_ARGUMENT, CPWL_CANCELLED. O(M F permutations). Since 0.1.
cpwl_status cpwl_spillover(const struct cpwl_context *ctx,
                           const struct cpwl_tensor *ratios,
                           const struct cpwl_tensor *strength,
                           const struct cpwl_spillover_options *opts,
                           struct cpwl_factor_result **out);

/// Compares populations of models: `ratios` (M, F) as for `cpwl_spillover`, `population` (M) whole numbers from 0 on, -1 = of none. Two
/// populations: Welch's test; more: Alexander and Govern's, which allows unequal variances. Gives MEAN (P, F) and, all (F): DELTA (mean
/// of the first minus that of the second) and STANDARD_ERROR (both NaN for more than two), STATISTIC, DOF, P, Q.
///
/// Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_ARGUMENT (fewer than two populations). O(M F P). Since 0.1.
cpwl_status cpwl_spillover_populations(const struct cpwl_context *ctx,
                                       const struct cpwl_tensor *ratios,
                                       const struct cpwl_tensor *population,
                                       struct cpwl_factor_result **out);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* CPWL_H */
