"""The C ABI as ctypes sees it. Written by tools/generate_abi.py from include/cpwl.h; do not edit."""

import ctypes as c

CPWL_VERSION_MAJOR = 0
CPWL_VERSION_MINOR = 1
CPWL_VERSION_PATCH = 0
CPWL_CONTEXT_REFERENCE = 1
CPWL_CONTEXT_NONDETERMINISTIC = 2
CPWL_WANT_POLYGONS = 1
CPWL_WANT_PATTERNS = 2
CPWL_WANT_MAPS = 4
CPWL_WANT_MESH = 8
CPWL_WANT_FACETS = 256
CPWL_WANT_CENTERS = 512
CPWL_WANT_VOLUMES = 1024
CPWL_WANT_COUNT_ONLY = 0x80000000
CPWL_ENUMERATION_KEEP_PARTIAL = 1
CPWL_POLICE_UNTIED = 1
CPWL_POLICE_OUTPUT = 2
CPWL_POLICE_GRADIENT = 4
CPWL_POLICE_KAPPA = 8
CPWL_POLICE_FIXED_SETS = 16
CPWL_CERTIFY_NO_WITNESS = 1
CPWL_SPECTRUM_CENTER = 1
CPWL_SPECTRUM_UNIT_ROWS = 2
CPWL_SPECTRUM_EXACT = 4
CPWL_RANK_NORMALIZE = 1
CPWL_RANK_EPS = 2
CPWL_ESTIMATE_CENTER = 1
CPWL_ESTIMATE_DEFLATION = 2
CPWL_LIDAR_DELTA = 1
CPWL_LIDAR_EPS = 2
CPWL_KERNEL_RBF = 1
CPWL_KERNEL_LINEAR = 2
CPWL_KERNEL_LAPLACE_L1 = 3
CPWL_KERNEL_EXP_L2 = 4
CPWL_KERNEL_POLY = 5
CPWL_KERNEL_RATIONAL_QUADRATIC = 6
CPWL_KERNEL_INVERSE_MULTIQUADRIC = 7
CPWL_KERNEL_DISCRETE = 8
CPWL_KERNEL_DISTANCE = 9
CPWL_KERNEL_PRECOMPUTED = 10
CPWL_BANDWIDTH_HALF = 1
CPWL_BANDWIDTH_DISTANCE = 2
CPWL_BANDWIDTH_NONZERO = 3
CPWL_HSIC_BIASED_N2 = 1
CPWL_HSIC_BIASED_NM1 = 2
CPWL_HSIC_UNBIASED = 3
CPWL_CKA_BIASED = 4
CPWL_CKA_DEBIASED = 5
CPWL_TEST_PERMUTATION = 1
CPWL_TEST_GAMMA = 2
CPWL_TEST_GAMMA_DHSIC = 3
CPWL_LOSS_AS_GIVEN = 1
CPWL_DIET_SMOOTHING = 1
CPWL_DIET_SCALE = 2
CPWL_DIET_IGNORE = 4
CPWL_DIET_DOUBLE = 8
CPWL_DIET_ENTROPY = 16
CPWL_PRIOR_WEIGHT = 1
CPWL_PRIOR_NO_SINKHORN = 2
CPWL_PRIOR_NORMALIZE = 4
CPWL_PRIOR_DOUBLE = 8
CPWL_SINKHORN_TARGETS = 16
CPWL_FACTOR_FEW = 1
CPWL_FACTOR_ABSENT = 2
CPWL_FACTOR_NO_ERROR = 4
CPWL_FACTOR_NO_ERROR_HERE = 8
CPWL_OK = 0
CPWL_ARGUMENT = 1
CPWL_SHAPE = 2
CPWL_DTYPE = 3
CPWL_NONFINITE = 4
CPWL_UNSUPPORTED = 5
CPWL_NUMERIC = 6
CPWL_LIMIT = 7
CPWL_MEMORY = 8
CPWL_CANCELLED = 9
CPWL_DEVICE = 10
CPWL_IO = 11
CPWL_CERTIFY = 12
CPWL_PANIC = 13
CPWL_F32 = 1
CPWL_F64 = 2
CPWL_F16 = 3
CPWL_BF16 = 4
CPWL_I32 = 5
CPWL_I64 = 6
CPWL_U8 = 7
CPWL_U16 = 8
CPWL_ISA_AUTO = 0
CPWL_ISA_PORTABLE = 1
CPWL_ISA_AVX2 = 2
CPWL_ISA_AVX512 = 3
CPWL_ISA_NEON = 4
CPWL_DEVICE_CPU = 0
CPWL_RELU = 1
CPWL_LEAKY_RELU = 2
CPWL_ABS = 3
CPWL_RELU6 = 4
CPWL_HARD_TANH = 5
CPWL_CLIP = 6
CPWL_HARD_SIGMOID = 7
CPWL_EXACT_HARD_SWISH = 8
CPWL_GELU = 1
CPWL_GELU_TANH = 2
CPWL_SILU = 3
CPWL_TANH = 4
CPWL_SIGMOID = 5
CPWL_SOFTPLUS = 6
CPWL_ELU = 7
CPWL_SELU = 8
CPWL_CELU = 9
CPWL_MISH = 10
CPWL_HARD_SWISH = 11
CPWL_PARTITION_VERTICES = 1
CPWL_PARTITION_CELL_OFFSETS = 2
CPWL_PARTITION_CELL_VERTICES = 3
CPWL_PARTITION_EDGES = 4
CPWL_PARTITION_EDGE_CELLS = 5
CPWL_PARTITION_EDGE_LAYER = 6
CPWL_PARTITION_EDGE_UNIT = 7
CPWL_PARTITION_EDGE_KNOT = 8
CPWL_PARTITION_AREAS = 9
CPWL_PARTITION_CENTROIDS = 10
CPWL_PARTITION_MAP_A = 11
CPWL_PARTITION_MAP_B = 12
CPWL_PARTITION_CELL_EDGES = 13
CPWL_PARTITION_POLYGONS = 14
CPWL_PARTITION_LAYER_CELLS = 15
CPWL_CHUNK_CELL_OFFSETS = 1
CPWL_CHUNK_POLYGONS = 2
CPWL_CHUNK_AREAS = 3
CPWL_CHUNK_PATTERNS = 4
CPWL_CHUNK_MAP_A = 5
CPWL_CHUNK_MAP_B = 6
CPWL_CHUNK_VERTEX_KEYS = 7
CPWL_CHUNK_EDGE_LAYER = 8
CPWL_CHUNK_EDGE_UNIT = 9
CPWL_CHUNK_EDGE_KNOT = 10
CPWL_BOUNDARY_MODE_ARGMAX = 1
CPWL_BOUNDARY_MODE_PAIRWISE = 2
CPWL_BOUNDARY_MODE_LEVEL_SET = 3
CPWL_BOUNDARY_SEGMENTS = 1
CPWL_BOUNDARY_CELL = 2
CPWL_BOUNDARY_LABELS = 3
CPWL_BOUNDARY_ON_EDGE = 4
CPWL_BOUNDARY_FLAT_CELLS = 5
CPWL_BOUNDARY_SIDES = 6
CPWL_BOUNDARY_POLYLINE_OFFSETS = 7
CPWL_BOUNDARY_POLYLINE_POINTS = 8
CPWL_BOUNDARY_POLYLINE_SEGMENTS = 9
CPWL_BOUNDARY_POLYLINE_LABELS = 10
CPWL_BOUNDARY_POLYLINE_CLOSED = 11
CPWL_BOUNDARY_POLYLINE_ENDS = 12
CPWL_BOUNDARY_JUNCTIONS = 13
CPWL_COLOR_SLOPE = 1
CPWL_COLOR_AREA = 2
CPWL_COLOR_CLASS = 3
CPWL_COLOR_PATTERN = 4
CPWL_METRIC_DOMAIN = 1
CPWL_METRIC_AMBIENT = 2
CPWL_STATISTICS_AREAS = 1
CPWL_STATISTICS_PERIMETERS = 2
CPWL_STATISTICS_VERTEX_COUNTS = 3
CPWL_STATISTICS_ECCENTRICITIES = 4
CPWL_STATISTICS_MOMENT_ECCENTRICITIES = 5
CPWL_STATISTICS_INRADII = 6
CPWL_STATISTICS_INCENTRES = 7
CPWL_STATISTICS_SLOPES_SPECTRAL = 8
CPWL_STATISTICS_SLOPES_FROBENIUS = 9
CPWL_STATISTICS_NEIGHBOUR_OFFSETS = 10
CPWL_STATISTICS_NEIGHBOURS = 11
CPWL_STATISTICS_LINE_LAYER = 12
CPWL_STATISTICS_LINE_UNIT = 13
CPWL_STATISTICS_LINE_LENGTH = 14
CPWL_STATISTICS_LINE_OFFSETS = 15
CPWL_STATISTICS_LINE_EDGES = 16
CPWL_STATISTICS_LAYER_CELLS_ADDED = 17
CPWL_STATISTICS_LAYER_LENGTH = 18
CPWL_QUANTITY_AREA = 1
CPWL_QUANTITY_PERIMETER = 2
CPWL_QUANTITY_VERTICES = 3
CPWL_QUANTITY_NEIGHBOURS = 4
CPWL_QUANTITY_ECCENTRICITY = 5
CPWL_QUANTITY_MOMENT_ECCENTRICITY = 6
CPWL_QUANTITY_INRADIUS = 7
CPWL_QUANTITY_SLOPE_SPECTRAL = 8
CPWL_QUANTITY_SLOPE_FROBENIUS = 9
CPWL_PARTITION3D_VERTICES = 1
CPWL_PARTITION3D_EDGES = 2
CPWL_PARTITION3D_FACET_OFFSETS = 3
CPWL_PARTITION3D_FACET_VERTICES = 4
CPWL_PARTITION3D_FACET_CELLS = 5
CPWL_PARTITION3D_FACET_LAYER = 6
CPWL_PARTITION3D_FACET_UNIT = 7
CPWL_PARTITION3D_FACET_KNOT = 8
CPWL_PARTITION3D_FACET_AREAS = 9
CPWL_PARTITION3D_CELL_OFFSETS = 10
CPWL_PARTITION3D_CELL_VERTICES = 11
CPWL_PARTITION3D_CELL_FACET_OFFSETS = 12
CPWL_PARTITION3D_CELL_FACETS = 13
CPWL_PARTITION3D_VOLUMES = 14
CPWL_PARTITION3D_CENTROIDS = 15
CPWL_PARTITION3D_AREAS = 16
CPWL_PARTITION3D_MAP_A = 17
CPWL_PARTITION3D_MAP_B = 18
CPWL_PARTITION3D_LAYER_CELLS = 19
CPWL_SURFACE_VERTICES = 1
CPWL_SURFACE_POLYGON_OFFSETS = 2
CPWL_SURFACE_POLYGON_VERTICES = 3
CPWL_SURFACE_GRADIENTS = 4
CPWL_SURFACE_EDGES = 5
CPWL_SURFACE_EDGE_POLYGONS = 6
CPWL_ENUMERATION_MAP_A = 1
CPWL_ENUMERATION_MAP_B = 2
CPWL_ENUMERATION_FACET_OFFSETS = 3
CPWL_ENUMERATION_FACET_NORMALS = 4
CPWL_ENUMERATION_FACET_LEVELS = 5
CPWL_ENUMERATION_FACET_LAYER = 6
CPWL_ENUMERATION_FACET_UNIT = 7
CPWL_ENUMERATION_FACET_KNOT = 8
CPWL_ENUMERATION_NEIGHBOURS = 9
CPWL_ENUMERATION_CENTERS = 10
CPWL_ENUMERATION_RADII = 11
CPWL_ENUMERATION_VOLUMES = 12
CPWL_ENUMERATION_LAYER_CELLS = 13
CPWL_POLICE_MIN_SHIFT = 1
CPWL_POLICE_JOINT = 2
CPWL_POLICE_MAJORITY = 3
CPWL_POLICE_GIVEN = 4
CPWL_POLICE_DOUBLE = 1
CPWL_POLICE_SINGLE = 2
CPWL_POLICED_SHIFTS = 1
CPWL_POLICED_BIASES = 2
CPWL_POLICED_MARGINS = 3
CPWL_POLICED_CODES = 4
CPWL_POLICED_DECIDING_REGION = 5
CPWL_POLICED_DECIDING_CORNER = 6
CPWL_POLICED_MAP_A = 7
CPWL_POLICED_MAP_C = 8
CPWL_POLICED_SHARED = 9
CPWL_CERTIFIED = 1
CPWL_NOT_CERTIFIED = 2
CPWL_VIOLATED = 3
CPWL_REASON_CROSSES = 1
CPWL_REASON_ELSEWHERE = 2
CPWL_REASON_RADIUS = 3
CPWL_CERTIFICATE_CODES = 1
CPWL_CERTIFICATE_WITNESS = 2
CPWL_CERTIFICATE_SHARED = 3
CPWL_DIET_PLAIN = 1
CPWL_DIET_FEATURES = 2
CPWL_DIET_COSINE = 3
CPWL_DIET_MEAN = 1
CPWL_DIET_SUM = 2
CPWL_DIET_ROW_LOSS = 1
CPWL_DIET_LSE = 2
CPWL_DIET_CONFIDENCE = 3
CPWL_DIET_BEST = 4
CPWL_DIET_ENTROPIES = 5
CPWL_SGD = 1
CPWL_ADAMW = 2
CPWL_LARS = 3
CPWL_PRIOR_MEAN_TO_PRIOR = 1
CPWL_PRIOR_PRIOR_TO_MEAN = 2
CPWL_PRIOR_LOG_MEAN = 1
CPWL_PRIOR_TARGETS = 2
CPWL_PRIOR_UNIFORM = 1
CPWL_PRIOR_POWER_LAW = 2
CPWL_PRIOR_ZIPF = 3
CPWL_PRIOR_EXPONENTIAL = 4
CPWL_PRIOR_STEP = 5
CPWL_PRIOR_COUNTS = 6
CPWL_PRIOR_DIRICHLET = 7
CPWL_RANK_ROY_VETTERLI = 1
CPWL_RANK_PAPER = 2
CPWL_RANK_STABLE_PRETRAINING = 3
CPWL_RANK_REPTRIX = 4
CPWL_RANK_SINGULAR = 1
CPWL_RANK_EIGEN = 2
CPWL_RANK_EPS_AFTER = 1
CPWL_RANK_EPS_BEFORE = 2
CPWL_RANK_UNCENTERED = 1
CPWL_RANK_CENTERED = 2
CPWL_RANK_OF_RANK = 1
CPWL_RANK_OF_ENTROPY = 2
CPWL_ENTROPY_RAW = 1
CPWL_ENTROPY_LN_ROWS = 2
CPWL_ENTROPY_LN_COLUMNS = 3
CPWL_ENTROPY_LN_MIN = 4
CPWL_ENTROPY_LN_PRODUCT = 5
CPWL_SPECTRUM_SINGULAR_VALUES = 1
CPWL_SPECTRUM_VARIANCE_RATIOS = 2
CPWL_WEIGHT_INVERSE_RANK = 1
CPWL_WEIGHT_NONE = 2
CPWL_LIDAR_BIASED = 1
CPWL_LIDAR_UNBIASED = 2
CPWL_TURN_ABSOLUTE = 1
CPWL_TURN_SIGNED = 2
CPWL_PREFER_MIN = 1
CPWL_PREFER_MAX = 2
CPWL_FACTOR_TOTAL = 1
CPWL_FACTOR_N_CORRECT = 2
CPWL_FACTOR_CORRECT = 3
CPWL_FACTOR_GROUP_N = 4
CPWL_FACTOR_GROUP_TOTAL = 5
CPWL_FACTOR_GROUP_N_CORRECT = 6
CPWL_FACTOR_GROUP_CORRECT = 7
CPWL_FACTOR_WORST_CLASSES = 8
CPWL_FACTOR_AVERAGE = 9
CPWL_FACTOR_WORST = 10
CPWL_FACTOR_ACCURACY = 11
CPWL_FACTOR_ACCURACY_LOW = 12
CPWL_FACTOR_ACCURACY_HIGH = 13
CPWL_FACTOR_ERROR_RATIO = 14
CPWL_FACTOR_STANDARD_ERROR = 15
CPWL_FACTOR_LOW = 16
CPWL_FACTOR_HIGH = 17
CPWL_FACTOR_PREVALENCE = 18
CPWL_FACTOR_MISCLASSIFIED_PREVALENCE = 19
CPWL_FACTOR_SHIFT = 20
CPWL_FACTOR_FLAGS = 21
CPWL_FACTOR_DELTA = 22
CPWL_FACTOR_ONLY_A_WRONG = 23
CPWL_FACTOR_ONLY_B_WRONG = 24
CPWL_FACTOR_P = 25
CPWL_FACTOR_HOLM = 26
CPWL_FACTOR_Q = 27
CPWL_FACTOR_AT_LOWEST = 28
CPWL_FACTOR_AT_HIGHEST = 29
CPWL_FACTOR_WEAKEST = 30
CPWL_FACTOR_STRONGEST = 31
CPWL_FACTOR_STATISTIC = 32
CPWL_FACTOR_DOF = 33
CPWL_FACTOR_SLOPE = 34
CPWL_FACTOR_SLOPE_ERROR = 35
CPWL_FACTOR_PERMUTATION_P = 36
CPWL_FACTOR_MEAN = 37
CPWL_FACTOR_LEFT_OUT = 38
CPWL_FACTOR_REPLICATES = 39
CPWL_FACTOR_CALIBRATION = 40
CPWL_FACTOR_CALIBRATION_ALL = 41
CPWL_FACTOR_CORRELATION = 42
CPWL_FACTOR_BOTH = 43
CPWL_FACTOR_ACTIVE = 44


class ContextOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("threads", c.c_int32),
        ("isa", c.c_int32),
        ("flags", c.c_uint32),
        ("device", c.c_int32),
        ("device_id", c.c_int32),
        ("reserved", c.c_int32),
        ("stream", c.c_void_p),
        ("memory_limit", c.c_uint64),
        ("alloc", c.CFUNCTYPE(c.c_void_p, c.c_size_t, c.c_size_t, c.c_void_p)),
        ("dealloc", c.CFUNCTYPE(None, c.c_void_p, c.c_size_t, c.c_size_t, c.c_void_p)),
        ("cancel", c.CFUNCTYPE(c.c_int32, c.c_void_p)),
        ("progress", c.CFUNCTYPE(None, c.c_double, c.c_char_p, c.c_void_p)),
        ("log", c.CFUNCTYPE(None, c.c_int32, c.c_char_p, c.c_void_p)),
        ("userdata", c.c_void_p),
    ]


class Tensor(c.Structure):
    _fields_ = [
        ("data", c.c_void_p),
        ("byte_offset", c.c_int64),
        ("dtype", c.c_int32),
        ("ndim", c.c_int32),
        ("shape", c.POINTER(c.c_int64)),
        ("strides", c.POINTER(c.c_int64)),
        ("device", c.c_int32),
        ("device_id", c.c_int32),
    ]


class Conv2dOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("stride", c.c_int64 * 2),
        ("padding", c.c_int64 * 4),
        ("dilation", c.c_int64 * 2),
        ("groups", c.c_int64),
    ]


class ActivationOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("alpha", c.c_double),
        ("beta", c.c_double),
        ("lo", c.c_double),
        ("hi", c.c_double),
        ("given", c.c_uint32),
        ("reserved", c.c_int32),
    ]


class Pool2dOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("kernel", c.c_int64 * 2),
        ("stride", c.c_int64 * 2),
        ("padding", c.c_int64 * 4),
        ("dilation", c.c_int64 * 2),
        ("ceil_mode", c.c_int32),
        ("exclude_padding", c.c_int32),
    ]


class SmoothOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("alpha", c.c_double),
        ("beta", c.c_double),
        ("threshold", c.c_double),
        ("given", c.c_uint32),
        ("reserved", c.c_int32),
    ]


class ApproximationSummary(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("name", c.c_char_p),
        ("function", c.c_char_p),
        ("bound", c.c_double),
        ("knots", c.c_int64),
        ("node", c.c_int32),
        ("kind", c.c_int32),
    ]


class OnnxOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("smooth_knots", c.c_int64),
    ]


class NetworkSummary(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("n_nodes", c.c_int64),
        ("n_units", c.c_int64),
        ("n_unit_layers", c.c_int64),
        ("n_inputs", c.c_int64),
        ("n_outputs", c.c_int64),
        ("n_parameters", c.c_int64),
        ("n_approximations", c.c_int64),
        ("n_arrays", c.c_int64),
    ]


class NodeInfo(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("name", c.c_char_p),
        ("op", c.c_char_p),
        ("shape", c.POINTER(c.c_int64)),
        ("ndim", c.c_int32),
        ("first_unit", c.c_int32),
        ("n_units", c.c_int32),
        ("reserved", c.c_int32),
    ]


class OnnxWriteOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("dtype", c.c_int32),
        ("flags", c.c_uint32),
    ]


class ForwardOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("reserved", c.c_int64),
    ]


class ParameterInfo(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("node", c.c_int32),
        ("which", c.c_int32),
        ("name", c.c_char_p),
        ("values", Tensor),
    ]


class DomainSummary(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("dim", c.c_int64),
        ("n_inputs", c.c_int64),
        ("bounded", c.c_int32),
        ("plane", c.c_int32),
    ]


class PartitionOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("want", c.c_uint32),
        ("flags", c.c_uint32),
        ("max_regions", c.c_uint64),
    ]


class PartitionSummary(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("n_regions", c.c_int64),
        ("n_vertices", c.c_int64),
        ("n_edges", c.c_int64),
        ("n_cell_vertices", c.c_int64),
        ("n_outputs", c.c_int64),
        ("n_units", c.c_int64),
        ("n_unit_layers", c.c_int64),
        ("area", c.c_double),
        ("domain_area", c.c_double),
        ("vertex_error", c.c_double),
        ("exact_signs", c.c_uint64),
        ("filter_signs", c.c_uint64),
        ("double_signs", c.c_uint64),
        ("zero_signs", c.c_uint64),
        ("exact_vertices", c.c_uint64),
        ("sign_margin", c.c_double),
    ]


class SvgOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("color", c.c_int32),
        ("width", c.c_int32),
    ]


class StreamOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("want", c.c_uint32),
        ("flags", c.c_uint32),
        ("max_regions", c.c_uint64),
        ("chunk_regions", c.c_uint64),
    ]


class StreamSummary(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("n_regions", c.c_int64),
        ("n_unit_layers", c.c_int64),
        ("area", c.c_double),
        ("domain_area", c.c_double),
        ("filter_signs", c.c_uint64),
        ("double_signs", c.c_uint64),
        ("exact_signs", c.c_uint64),
        ("zero_signs", c.c_uint64),
        ("sign_margin", c.c_double),
    ]


class BoundaryOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("mode", c.c_int32),
        ("output", c.c_int32),
        ("level", c.c_double),
    ]


class BoundarySummary(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("n_segments", c.c_int64),
        ("n_flat_cells", c.c_int64),
        ("interior_length", c.c_double),
        ("on_edge_length", c.c_double),
        ("n_polylines", c.c_int64),
        ("n_junctions", c.c_int64),
    ]


class StatisticsOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("metric", c.c_int32),
        ("flags", c.c_uint32),
    ]


class StatisticsSummary(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("n_regions", c.c_int64),
        ("n_lines", c.c_int64),
        ("edge_length", c.c_double),
        ("centrality", c.c_double),
    ]


class Spread(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("total", c.c_double),
        ("mean", c.c_double),
        ("std", c.c_double),
        ("min", c.c_double),
        ("max", c.c_double),
    ]


class BoundaryPointsOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("seed", c.c_uint64),
        ("metric", c.c_int32),
        ("flags", c.c_uint32),
    ]


class Partition3dSummary(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("n_regions", c.c_int64),
        ("n_vertices", c.c_int64),
        ("n_edges", c.c_int64),
        ("n_facets", c.c_int64),
        ("n_outputs", c.c_int64),
        ("n_units", c.c_int64),
        ("n_unit_layers", c.c_int64),
        ("volume", c.c_double),
        ("domain_volume", c.c_double),
        ("vertex_error", c.c_double),
        ("exact_signs", c.c_uint64),
        ("filter_signs", c.c_uint64),
        ("double_signs", c.c_uint64),
        ("zero_signs", c.c_uint64),
        ("exact_vertices", c.c_uint64),
        ("sign_margin", c.c_double),
    ]


class SurfaceOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("output", c.c_int64),
        ("level", c.c_double),
        ("max_cells", c.c_uint64),
    ]


class SurfaceSummary(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("n_vertices", c.c_int64),
        ("n_edges", c.c_int64),
        ("n_polygons", c.c_int64),
        ("euler", c.c_int64),
        ("area", c.c_double),
        ("volume_below", c.c_double),
        ("volume", c.c_double),
        ("vertex_error", c.c_double),
        ("n_cells", c.c_int64),
        ("flat_cells", c.c_int64),
        ("exact_signs", c.c_uint64),
        ("is_manifold", c.c_int32),
        ("is_closed", c.c_int32),
    ]


class BallOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("max_regions", c.c_uint64),
        ("metric", c.c_int32),
        ("flags", c.c_uint32),
    ]


class EnumerationOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("want", c.c_uint32),
        ("flags", c.c_uint32),
        ("max_regions", c.c_uint64),
        ("tolerance", c.c_double),
    ]


class EnumerationSummary(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("n_regions", c.c_int64),
        ("n_facets", c.c_int64),
        ("dim", c.c_int64),
        ("n_outputs", c.c_int64),
        ("n_units", c.c_int64),
        ("n_unit_layers", c.c_int64),
        ("complete", c.c_int64),
        ("tolerance", c.c_double),
        ("smallest_crossing", c.c_double),
        ("largest_touch", c.c_double),
        ("smallest_radius", c.c_double),
        ("n_programs", c.c_uint64),
    ]


class ComplexityOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("radius", c.c_double),
        ("n_dirs", c.c_int64),
        ("seed", c.c_uint64),
    ]


class SetSummary(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("dim", c.c_int64),
        ("affine_rank", c.c_int64),
        ("n_rows", c.c_int64),
        ("bounded", c.c_int32),
        ("reserved", c.c_int32),
    ]


class PoliceOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("rule", c.c_int32),
        ("precision", c.c_int32),
        ("codes", c.POINTER(c.c_int32)),
        ("margin", c.c_double),
        ("kappa", c.c_double),
        ("free_layers", c.POINTER(c.c_int32)),
        ("n_codes", c.c_int32),
        ("n_free_layers", c.c_int32),
        ("flags", c.c_uint32),
        ("reserved", c.c_int32),
    ]


class PolicedSummary(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("n_layers", c.c_int64),
        ("n_regions", c.c_int64),
        ("n_shifted", c.c_int64),
        ("n_dead", c.c_int64),
        ("n_shared", c.c_int64),
        ("largest_shift", c.c_double),
        ("smallest_margin", c.c_double),
    ]


class PolicedLayerSummary(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("unit_layer", c.c_int64),
        ("node", c.c_int64),
        ("parameter", c.c_int64),
        ("n_groups", c.c_int64),
        ("n_shifted", c.c_int64),
        ("n_dead", c.c_int64),
        ("largest_shift", c.c_double),
    ]


class CertifyOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("codes", c.POINTER(c.c_int32)),
        ("exact_work", c.c_int64),
        ("n_codes", c.c_int32),
        ("flags", c.c_uint32),
    ]


class CertificateSummary(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("verdict", c.c_int32),
        ("reason", c.c_int32),
        ("n_layers", c.c_int64),
        ("layer", c.c_int64),
        ("unit", c.c_int64),
        ("margin", c.c_double),
        ("radius", c.c_double),
        ("exact_skipped", c.c_int32),
        ("output", c.c_int32),
        ("deviation", c.c_double),
        ("deviation_radius", c.c_double),
    ]


class CertificateLayerSummary(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("crossing", c.c_int64),
        ("elsewhere", c.c_int64),
        ("open", c.c_int64),
        ("stages", c.c_int64 * 3),
        ("margin", c.c_double),
        ("radius", c.c_double),
        ("unit", c.c_int64),
        ("corner", c.c_int64),
    ]


class SpectrumOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("flags", c.c_uint32),
        ("reserved", c.c_int32),
    ]


class SpectrumSummary(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("n_rows", c.c_int64),
        ("n_columns", c.c_int64),
        ("n_values", c.c_int64),
        ("numerical_rank_f32", c.c_int64),
        ("numerical_rank_f64", c.c_int64),
        ("centered", c.c_int32),
        ("reserved", c.c_int32),
        ("effective_rank", c.c_double),
        ("von_neumann", c.c_double),
        ("participation_ratio", c.c_double),
        ("stable_rank", c.c_double),
        ("nuclear_over_operator", c.c_double),
        ("nuclear_norm", c.c_double),
        ("frobenius_sq", c.c_double),
        ("inverse_condition", c.c_double),
        ("pseudo_condition", c.c_double),
    ]


class RankOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("preset", c.c_int32),
        ("power", c.c_int32),
        ("eps_mode", c.c_int32),
        ("center", c.c_int32),
        ("eps", c.c_double),
        ("base", c.c_double),
        ("flags", c.c_uint32),
        ("reserved", c.c_int32),
    ]


class RankGradientOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("rank", c.POINTER(RankOptions)),
        ("target", c.c_int32),
        ("reserved", c.c_int32),
        ("tolerance", c.c_double),
    ]


class MomentsSummary(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("n_rows", c.c_int64),
        ("n_columns", c.c_int64),
        ("flat_size", c.c_int64),
        ("exponent", c.c_int32),
        ("reserved", c.c_int32),
    ]


class RankEstimateOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("probes", c.c_int64),
        ("steps", c.c_int64),
        ("deflation", c.c_int64),
        ("seed", c.c_uint64),
        ("flags", c.c_uint32),
        ("reserved", c.c_int32),
    ]


class RankEstimate(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("rank", c.c_double),
        ("error", c.c_double),
        ("deflated", c.c_int64),
    ]


class QueueSummary(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("n_rows", c.c_int64),
        ("capacity", c.c_int64),
        ("n_columns", c.c_int64),
    ]


class AlphaOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("start", c.c_int64),
        ("end", c.c_int64),
        ("weighting", c.c_int32),
        ("reserved", c.c_int32),
    ]


class AlphaFit(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("alpha", c.c_double),
        ("intercept", c.c_double),
        ("r2", c.c_double),
        ("r2_tail", c.c_double),
    ]


class LidarSummary(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("n_groups", c.c_int64),
        ("n_views", c.c_int64),
        ("n_columns", c.c_int64),
        ("lidar", c.c_double),
        ("entropy", c.c_double),
    ]


class LidarOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("delta", c.c_double),
        ("eps", c.c_double),
        ("denominators", c.c_int32),
        ("flags", c.c_uint32),
    ]


class TwoNnSummary(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("fit", c.c_double),
        ("fit_base0", c.c_double),
        ("likelihood", c.c_double),
        ("n_used", c.c_int64),
        ("n_dropped", c.c_int64),
    ]


class Kernel(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("kind", c.c_int32),
        ("bandwidth", c.c_int32),
        ("gamma", c.c_double),
        ("coef0", c.c_double),
        ("alpha", c.c_double),
        ("fallback", c.c_double),
        ("seed", c.c_uint64),
        ("degree", c.c_int32),
        ("reserved", c.c_int32),
    ]


class Factor(c.Structure):
    _fields_ = [
        ("data", c.POINTER(Tensor)),
        ("kernel", c.POINTER(Kernel)),
    ]


class Variable(c.Structure):
    _fields_ = [
        ("factors", c.POINTER(Factor)),
        ("n_factors", c.c_int32),
        ("reserved", c.c_int32),
    ]


class HsicSummary(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("n", c.c_int64),
        ("biased", c.c_double * 3),
        ("unbiased", c.c_double * 3),
        ("cka", c.c_double),
        ("cka_debiased", c.c_double),
        ("gamma", c.c_double * 2),
        ("error", c.c_double),
    ]


class HsicBlocksSummary(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("blocks", c.c_int64),
        ("dropped", c.c_int64),
        ("hsic", c.c_double),
        ("error", c.c_double),
        ("z", c.c_double),
        ("p", c.c_double),
        ("cka", c.c_double),
    ]


class HsicTestOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("method", c.c_int32),
        ("unbiased", c.c_int32),
        ("permutations", c.c_int64),
        ("seed", c.c_uint64),
        ("given", c.POINTER(Tensor)),
    ]


class HsicTestSummary(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("statistic", c.c_double),
        ("p", c.c_double),
        ("log_p", c.c_double),
        ("mean", c.c_double),
        ("variance", c.c_double),
        ("shape", c.c_double),
        ("scale", c.c_double),
        ("permutations", c.c_int64),
    ]


class VcregOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("alpha", c.c_double),
        ("beta", c.c_double),
        ("gamma", c.c_double),
        ("eps", c.c_double),
        ("over_n", c.c_int32),
        ("per_feature", c.c_int32),
        ("set", c.c_int32),
        ("reserved", c.c_int32),
    ]


class LossSummary(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("value", c.c_double),
        ("terms", c.c_double * 3),
    ]


class VicregOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("invariance", c.c_double),
        ("variance", c.c_double),
        ("covariance", c.c_double),
        ("gamma", c.c_double),
        ("eps", c.c_double),
        ("paper", c.c_int32),
        ("set", c.c_int32),
    ]


class BarlowOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("lambda", c.c_double),
        ("eps", c.c_double),
        ("set", c.c_int32),
        ("reserved", c.c_int32),
    ]


class IcaOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("restarts", c.c_int32),
        ("steps", c.c_int32),
        ("batch", c.c_int32),
        ("cosines", c.c_int32),
        ("rate", c.c_double),
        ("seed", c.c_uint64),
    ]


class IcaSummary(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("best", c.c_int32),
        ("agree", c.c_int32),
        ("objective", c.c_double),
    ]


class DietProblem(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("features", c.POINTER(Tensor)),
        ("head", c.POINTER(Tensor)),
        ("bias", c.POINTER(Tensor)),
        ("labels", c.POINTER(Tensor)),
        ("shares", c.POINTER(Tensor)),
        ("weights", c.POINTER(Tensor)),
    ]


class DietOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("smoothing", c.c_double),
        ("scale", c.c_double),
        ("ignore_index", c.c_int64),
        ("workspace", c.c_size_t),
        ("strip", c.c_int64),
        ("norm", c.c_int32),
        ("reduction", c.c_int32),
        ("flags", c.c_uint32),
        ("reserved", c.c_uint32),
    ]


class DietSummary(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("loss", c.c_double),
        ("floor", c.c_double),
        ("excess", c.c_double),
        ("d_scale", c.c_double),
        ("n_valid", c.c_int64),
        ("n_correct", c.c_int64),
        ("n_nonfinite", c.c_int64),
    ]


class DietUpdate(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("rate", c.c_double),
        ("weight_decay", c.c_double),
        ("clip", c.c_double),
        ("momentum", c.c_double),
        ("trust", c.c_double),
        ("beta1", c.c_double),
        ("beta2", c.c_double),
        ("eps", c.c_double),
        ("step", c.c_int64),
        ("optimizer", c.c_int32),
        ("reserved", c.c_int32),
    ]


class PriorViews(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("anchors", c.POINTER(Tensor)),
        ("targets", c.POINTER(Tensor)),
        ("prototypes", c.POINTER(Tensor)),
        ("prior", c.POINTER(Tensor)),
        ("sinkhorn_prior", c.POINTER(Tensor)),
        ("log_mean", c.POINTER(Tensor)),
    ]


class PriorOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("temperature", c.c_double),
        ("sharpening", c.c_double),
        ("weight", c.c_double),
        ("entropy_weight", c.c_double),
        ("sinkhorn", c.c_int32),
        ("direction", c.c_int32),
        ("flags", c.c_uint32),
        ("reserved", c.c_uint32),
    ]


class PriorSummary(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("loss", c.c_double),
        ("cross_entropy", c.c_double),
        ("divergence", c.c_double),
        ("entropy", c.c_double),
        ("column_error", c.c_double),
    ]


class SinkhornOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("reg", c.c_double),
        ("tolerance", c.c_double),
        ("iterations", c.c_int32),
        ("flags", c.c_uint32),
    ]


class SinkhornSummary(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("column_error", c.c_double),
        ("row_error", c.c_double),
        ("iterations", c.c_int64),
    ]


class PriorFamily(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("exponent", c.c_double),
        ("shift", c.c_double),
        ("ratio", c.c_double),
        ("alpha", c.c_double),
        ("counts", c.POINTER(Tensor)),
        ("seed", c.c_uint64),
        ("head", c.c_int64),
        ("kind", c.c_int32),
        ("reserved", c.c_int32),
    ]


class DiagnosisOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("null_prior", c.POINTER(Tensor)),
        ("coverage", c.c_double),
        ("seed", c.c_uint64),
        ("null", c.c_int32),
        ("bootstrap", c.c_int32),
    ]


class Diagnosis(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("n", c.c_double),
        ("k", c.c_int64),
        ("used", c.c_int64),
        ("entropy", c.c_double),
        ("effective", c.c_double),
        ("kl_uniform", c.c_double),
        ("kl_uniform_debiased", c.c_double),
        ("kl_power_law", c.c_double),
        ("exponent", c.c_double),
        ("exponent_se", c.c_double),
        ("gini", c.c_double),
        ("head", c.c_double),
        ("tail", c.c_double),
        ("g", c.c_double),
        ("g_degrees", c.c_double),
        ("g_p", c.c_double),
        ("null_mean", c.c_double),
        ("null_sd", c.c_double),
        ("null_q95", c.c_double),
        ("null_p", c.c_double),
        ("exponent_low", c.c_double),
        ("exponent_high", c.c_double),
        ("entropy_low", c.c_double),
        ("entropy_high", c.c_double),
        ("effective_low", c.c_double),
        ("effective_high", c.c_double),
    ]


class FactorsOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("groups", c.POINTER(Tensor)),
        ("n_groups", c.c_int64),
        ("rows", c.POINTER(Tensor)),
        ("class_groups", c.POINTER(Tensor)),
        ("accepted_offsets", c.POINTER(Tensor)),
        ("accepted", c.POINTER(Tensor)),
    ]


class FactorsSummary(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("n_images", c.c_int64),
        ("n_predictions", c.c_int64),
        ("n_factors", c.c_int64),
        ("n_groups", c.c_int64),
        ("n_patterns", c.c_int64),
    ]


class FactorCountOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("worst_classes", c.c_int64),
        ("form", c.c_int32),
        ("reserved", c.c_int32),
    ]


class BootstrapOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("replicates", c.c_int64),
        ("seed", c.c_uint64),
        ("level", c.c_double),
    ]


class SpilloverOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("more_than", c.c_int64),
        ("permutations", c.c_int64),
        ("seed", c.c_uint64),
    ]


# name: (result, arguments); handles are void pointers
FUNCTIONS = {
    "cpwl_alpha_req": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.POINTER(AlphaOptions), c.POINTER(AlphaFit)]),
    "cpwl_alpha_robust": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.c_int64, c.c_int64, c.POINTER(c.c_double)]),
    "cpwl_barlow": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(BarlowOptions), c.POINTER(LossSummary), c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(Tensor)]),
    "cpwl_boundary_array": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.POINTER(Tensor)]),
    "cpwl_boundary_free": (None, [c.c_void_p]),
    "cpwl_boundary_info": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(BoundarySummary)]),
    "cpwl_boundary_length": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.POINTER(c.c_double), c.POINTER(c.c_double)]),
    "cpwl_boundary_nearest": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(Tensor), c.POINTER(BoundaryPointsOptions), c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(Tensor)]),
    "cpwl_boundary_new": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(BoundaryOptions), c.POINTER(c.c_void_p)]),
    "cpwl_boundary_sample": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(BoundaryPointsOptions), c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(Tensor)]),
    "cpwl_build_info": (c.c_char_p, []),
    "cpwl_bytes_free": (None, [c.c_void_p]),
    "cpwl_bytes_get": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(c.c_void_p), c.POINTER(c.c_size_t)]),
    "cpwl_cancel_flag": (c.c_int32, [c.c_void_p]),
    "cpwl_certificates_array": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.c_int32, c.POINTER(Tensor)]),
    "cpwl_certificates_free": (None, [c.c_void_p]),
    "cpwl_certificates_get": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.POINTER(CertificateSummary)]),
    "cpwl_certificates_layer": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.c_int32, c.POINTER(CertificateLayerSummary)]),
    "cpwl_certify": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(c.c_void_p), c.c_int32, c.POINTER(CertifyOptions), c.POINTER(c.c_void_p)]),
    "cpwl_chunk_array": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.POINTER(Tensor)]),
    "cpwl_cluster_log_mean": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.POINTER(Tensor)]),
    "cpwl_cluster_mean": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.POINTER(Tensor), c.c_double, c.c_uint32, c.POINTER(Tensor)]),
    "cpwl_coherence": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.POINTER(c.c_double)]),
    "cpwl_context_free": (None, [c.c_void_p]),
    "cpwl_context_isa": (c.c_int32, [c.c_void_p]),
    "cpwl_context_new": (c.c_int32, [c.POINTER(ContextOptions), c.POINTER(c.c_void_p)]),
    "cpwl_context_threads": (c.c_int32, [c.c_void_p]),
    "cpwl_curvature": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.c_int32, c.c_int32, c.POINTER(c.c_double)]),
    "cpwl_dhsic": (c.c_int32, [c.c_void_p, c.POINTER(Variable), c.c_int32, c.POINTER(c.c_double), c.POINTER(Tensor)]),
    "cpwl_diet_loss": (c.c_int32, [c.c_void_p, c.POINTER(DietProblem), c.POINTER(DietOptions), c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(c.c_void_p)]),
    "cpwl_diet_merge": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.POINTER(Tensor)]),
    "cpwl_diet_result_array": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.POINTER(Tensor)]),
    "cpwl_diet_result_free": (None, [c.c_void_p]),
    "cpwl_diet_result_info": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(DietSummary)]),
    "cpwl_diet_sampled": (c.c_int32, [c.c_void_p, c.POINTER(DietProblem), c.POINTER(DietOptions), c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(c.c_void_p)]),
    "cpwl_diet_shard_backward": (c.c_int32, [c.c_void_p, c.POINTER(DietProblem), c.POINTER(DietOptions), c.c_int64, c.c_int64, c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(c.c_void_p)]),
    "cpwl_diet_shard_forward": (c.c_int32, [c.c_void_p, c.POINTER(DietProblem), c.POINTER(DietOptions), c.c_int64, c.c_int64, c.POINTER(Tensor)]),
    "cpwl_diet_step": (c.c_int32, [c.c_void_p, c.POINTER(DietProblem), c.POINTER(DietOptions), c.POINTER(DietUpdate), c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(c.c_void_p)]),
    "cpwl_domain_ball": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.c_double, c.POINTER(c.c_void_p)]),
    "cpwl_domain_box": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(c.c_void_p)]),
    "cpwl_domain_embed": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(c.c_void_p)]),
    "cpwl_domain_free": (None, [c.c_void_p]),
    "cpwl_domain_info": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(DomainSummary)]),
    "cpwl_domain_polygon": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.POINTER(c.c_void_p)]),
    "cpwl_domain_polyhedron": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.POINTER(c.c_void_p)]),
    "cpwl_domain_polytope": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(c.c_void_p)]),
    "cpwl_domain_simplex": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.POINTER(c.c_void_p)]),
    "cpwl_domain_slice": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(c.c_void_p)]),
    "cpwl_domain_slice_anchors": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.c_double, c.POINTER(c.c_void_p)]),
    "cpwl_domain_space": (c.c_int32, [c.c_void_p, c.c_int64, c.POINTER(c.c_void_p)]),
    "cpwl_domain_tile": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int64, c.c_int64, c.c_int64, c.c_int64, c.POINTER(c.c_void_p)]),
    "cpwl_effective_rank": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.POINTER(RankOptions), c.POINTER(c.c_double)]),
    "cpwl_enumeration_array": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.POINTER(Tensor)]),
    "cpwl_enumeration_free": (None, [c.c_void_p]),
    "cpwl_enumeration_info": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(EnumerationSummary)]),
    "cpwl_enumeration_locate": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(Tensor), c.POINTER(Tensor)]),
    "cpwl_enumeration_new": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_void_p, c.POINTER(EnumerationOptions), c.POINTER(c.c_void_p)]),
    "cpwl_enumeration_patterns": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int64, c.c_int64, c.POINTER(Tensor)]),
    "cpwl_expected_rank": (c.c_int32, [c.c_void_p, c.c_int64, c.c_int64, c.POINTER(c.c_double)]),
    "cpwl_factor_bootstrap": (c.c_int32, [c.c_void_p, c.c_int64, c.c_int64, c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(BootstrapOptions), c.POINTER(c.c_void_p)]),
    "cpwl_factor_result_array": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.POINTER(Tensor)]),
    "cpwl_factor_result_free": (None, [c.c_void_p]),
    "cpwl_factor_table": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(Tensor), c.c_double, c.POINTER(c.c_void_p)]),
    "cpwl_factors_calibration": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(Tensor), c.POINTER(Tensor), c.c_int64, c.POINTER(c.c_void_p)]),
    "cpwl_factors_compare": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(c.c_void_p)]),
    "cpwl_factors_count": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(Tensor), c.POINTER(FactorCountOptions), c.POINTER(c.c_void_p)]),
    "cpwl_factors_describe": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(c.c_void_p)]),
    "cpwl_factors_free": (None, [c.c_void_p]),
    "cpwl_factors_info": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(FactorsSummary)]),
    "cpwl_factors_joint_bootstrap": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(Tensor), c.POINTER(BootstrapOptions), c.POINTER(c.c_void_p)]),
    "cpwl_factors_new": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(FactorsOptions), c.POINTER(c.c_void_p)]),
    "cpwl_hsic": (c.c_int32, [c.c_void_p, c.POINTER(Variable), c.POINTER(Variable), c.c_int32, c.POINTER(HsicSummary)]),
    "cpwl_hsic_bandwidth": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.c_int32, c.c_double, c.c_uint64, c.POINTER(c.c_double), c.POINTER(c.c_int64)]),
    "cpwl_hsic_blocks": (c.c_int32, [c.c_void_p, c.POINTER(Variable), c.POINTER(Variable), c.c_int64, c.POINTER(HsicBlocksSummary), c.POINTER(Tensor)]),
    "cpwl_hsic_gradient": (c.c_int32, [c.c_void_p, c.POINTER(Variable), c.POINTER(Variable), c.c_int32, c.POINTER(c.c_double), c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(c.c_double), c.POINTER(HsicSummary)]),
    "cpwl_hsic_nystrom": (c.c_int32, [c.c_void_p, c.POINTER(Variable), c.POINTER(Tensor), c.POINTER(Variable), c.POINTER(Tensor), c.c_double, c.POINTER(HsicSummary)]),
    "cpwl_hsic_random_features": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(HsicSummary)]),
    "cpwl_hsic_test": (c.c_int32, [c.c_void_p, c.POINTER(Variable), c.c_int32, c.POINTER(HsicTestOptions), c.POINTER(HsicTestSummary), c.POINTER(Tensor)]),
    "cpwl_ica": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.POINTER(IcaOptions), c.POINTER(IcaSummary), c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(Tensor)]),
    "cpwl_last_error": (c.c_char_p, []),
    "cpwl_layer_cka_batches": (c.c_int64, [c.c_void_p]),
    "cpwl_layer_cka_free": (None, [c.c_void_p]),
    "cpwl_layer_cka_get": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(Tensor)]),
    "cpwl_layer_cka_new": (c.c_int32, [c.c_void_p, c.c_int64, c.c_int64, c.POINTER(c.c_void_p)]),
    "cpwl_layer_cka_push": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(Variable), c.c_int32, c.POINTER(Variable), c.c_int32]),
    "cpwl_lidar_free": (None, [c.c_void_p]),
    "cpwl_lidar_info": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(LidarSummary)]),
    "cpwl_lidar_measure": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(LidarOptions), c.POINTER(Tensor), c.POINTER(LidarSummary)]),
    "cpwl_lidar_merge": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_void_p]),
    "cpwl_lidar_new": (c.c_int32, [c.c_void_p, c.c_int64, c.POINTER(c.c_void_p)]),
    "cpwl_lidar_push": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(Tensor)]),
    "cpwl_moments_clear": (c.c_int32, [c.c_void_p, c.c_void_p]),
    "cpwl_moments_downdate": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(Tensor)]),
    "cpwl_moments_estimate_rank": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(RankEstimateOptions), c.POINTER(RankEstimate)]),
    "cpwl_moments_flat": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(Tensor)]),
    "cpwl_moments_free": (None, [c.c_void_p]),
    "cpwl_moments_from_bytes": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_size_t, c.POINTER(c.c_void_p)]),
    "cpwl_moments_from_flat": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.c_int32, c.POINTER(Tensor), c.POINTER(c.c_void_p)]),
    "cpwl_moments_info": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(MomentsSummary)]),
    "cpwl_moments_mean": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(Tensor)]),
    "cpwl_moments_merge": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_void_p]),
    "cpwl_moments_new": (c.c_int32, [c.c_void_p, c.c_int64, c.POINTER(c.c_void_p)]),
    "cpwl_moments_participation_ratio": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.POINTER(c.c_double)]),
    "cpwl_moments_products": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.POINTER(Tensor)]),
    "cpwl_moments_spectrum": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.POINTER(c.c_void_p)]),
    "cpwl_moments_subtract": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_void_p]),
    "cpwl_moments_to_bytes": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(c.c_void_p)]),
    "cpwl_moments_update": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(Tensor)]),
    "cpwl_moments_with_shift": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.c_int32, c.POINTER(c.c_void_p)]),
    "cpwl_network_affine_at": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(Tensor)]),
    "cpwl_network_approximation": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.POINTER(ApproximationSummary)]),
    "cpwl_network_builder_activation": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.c_int32, c.POINTER(ActivationOptions), c.POINTER(c.c_int32)]),
    "cpwl_network_builder_add": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(c.c_int32), c.c_int32, c.POINTER(c.c_int32)]),
    "cpwl_network_builder_avg_pool2d": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.POINTER(Pool2dOptions), c.POINTER(c.c_int32)]),
    "cpwl_network_builder_batch_norm": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(Tensor), c.c_double, c.POINTER(c.c_int32)]),
    "cpwl_network_builder_concat": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(c.c_int32), c.c_int32, c.c_int32, c.POINTER(c.c_int32)]),
    "cpwl_network_builder_conv2d": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(Conv2dOptions), c.POINTER(c.c_int32)]),
    "cpwl_network_builder_dense": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(c.c_int32)]),
    "cpwl_network_builder_finish": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.POINTER(c.c_void_p)]),
    "cpwl_network_builder_flatten": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.POINTER(c.c_int32)]),
    "cpwl_network_builder_free": (None, [c.c_void_p]),
    "cpwl_network_builder_global_avg_pool": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.POINTER(c.c_int32)]),
    "cpwl_network_builder_max_pool2d": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.POINTER(Pool2dOptions), c.POINTER(c.c_int32)]),
    "cpwl_network_builder_maxout": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.c_int64, c.POINTER(c.c_int32)]),
    "cpwl_network_builder_name": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.c_char_p]),
    "cpwl_network_builder_new": (c.c_int32, [c.c_void_p, c.POINTER(c.c_int64), c.c_int32, c.POINTER(c.c_void_p)]),
    "cpwl_network_builder_prelu": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.POINTER(Tensor), c.POINTER(c.c_int32)]),
    "cpwl_network_builder_pwl": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.POINTER(Tensor), c.POINTER(Tensor), c.c_double, c.POINTER(c.c_int32)]),
    "cpwl_network_builder_reshape": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.POINTER(c.c_int64), c.c_int32, c.POINTER(c.c_int32)]),
    "cpwl_network_builder_scale_shift": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(c.c_int32)]),
    "cpwl_network_builder_smooth": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.c_int32, c.c_int64, c.POINTER(SmoothOptions), c.POINTER(c.c_int32)]),
    "cpwl_network_count_in_ball": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_void_p, c.POINTER(Tensor), c.c_double, c.POINTER(BallOptions), c.POINTER(c.c_int64)]),
    "cpwl_network_forward": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(Tensor), c.POINTER(ForwardOptions), c.POINTER(Tensor)]),
    "cpwl_network_free": (None, [c.c_void_p]),
    "cpwl_network_from_onnx": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_size_t, c.POINTER(OnnxOptions), c.POINTER(c.c_void_p)]),
    "cpwl_network_from_onnx_file": (c.c_int32, [c.c_void_p, c.c_char_p, c.POINTER(OnnxOptions), c.POINTER(c.c_void_p)]),
    "cpwl_network_fuse_relu_max": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(c.c_void_p)]),
    "cpwl_network_info": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(NetworkSummary)]),
    "cpwl_network_input_shape": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(c.c_int64), c.POINTER(c.c_int32)]),
    "cpwl_network_local_complexity": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(Tensor), c.POINTER(ComplexityOptions), c.POINTER(Tensor)]),
    "cpwl_network_node": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.POINTER(NodeInfo)]),
    "cpwl_network_output_shape": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(c.c_int64), c.POINTER(c.c_int32)]),
    "cpwl_network_parameter": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.POINTER(ParameterInfo)]),
    "cpwl_network_pattern": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(Tensor), c.POINTER(Tensor)]),
    "cpwl_network_record": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(c.c_void_p)]),
    "cpwl_network_to_onnx": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(OnnxWriteOptions), c.POINTER(c.c_void_p)]),
    "cpwl_network_to_onnx_file": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(OnnxWriteOptions), c.c_char_p]),
    "cpwl_network_with_parameters": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(Tensor), c.c_int32, c.POINTER(c.c_void_p)]),
    "cpwl_pairwise_hsic": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.c_int32, c.POINTER(Tensor), c.c_int32, c.POINTER(Tensor)]),
    "cpwl_pairwise_mean": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.c_int32, c.POINTER(Tensor), c.c_int32, c.POINTER(c.c_double), c.POINTER(Tensor)]),
    "cpwl_pairwise_test": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.c_int32, c.POINTER(Tensor), c.c_int64, c.c_uint64, c.POINTER(Tensor)]),
    "cpwl_partition3d_array": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.POINTER(Tensor)]),
    "cpwl_partition3d_free": (None, [c.c_void_p]),
    "cpwl_partition3d_info": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(Partition3dSummary)]),
    "cpwl_partition3d_locate": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(Tensor), c.POINTER(Tensor)]),
    "cpwl_partition3d_new": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_void_p, c.POINTER(PartitionOptions), c.POINTER(c.c_void_p)]),
    "cpwl_partition3d_patterns": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int64, c.c_int64, c.POINTER(Tensor)]),
    "cpwl_partition_array": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.POINTER(Tensor)]),
    "cpwl_partition_count_in_ball": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(BallOptions), c.POINTER(Tensor)]),
    "cpwl_partition_distinct_maps": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(Tensor), c.POINTER(c.c_int64)]),
    "cpwl_partition_free": (None, [c.c_void_p]),
    "cpwl_partition_info": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(PartitionSummary)]),
    "cpwl_partition_linear_pieces": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(Tensor), c.POINTER(c.c_int64)]),
    "cpwl_partition_locate": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(Tensor), c.POINTER(Tensor)]),
    "cpwl_partition_new": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_void_p, c.POINTER(PartitionOptions), c.POINTER(c.c_void_p)]),
    "cpwl_partition_patterns": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int64, c.c_int64, c.POINTER(Tensor)]),
    "cpwl_partition_seam_keys": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int64, c.POINTER(Tensor), c.POINTER(c.c_int64)]),
    "cpwl_partition_stream": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_void_p, c.POINTER(StreamOptions), c.CFUNCTYPE(c.c_int32, c.c_void_p, c.c_int64, c.c_int64, c.c_void_p), c.c_void_p, c.POINTER(c.c_int64), c.POINTER(StreamSummary)]),
    "cpwl_partition_write_svg": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_void_p, c.POINTER(SvgOptions), c.c_char_p]),
    "cpwl_police": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(c.c_void_p), c.c_int32, c.POINTER(PoliceOptions), c.POINTER(c.c_void_p)]),
    "cpwl_policed_array": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.c_int32, c.POINTER(Tensor)]),
    "cpwl_policed_backward": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(Tensor), c.c_int32, c.POINTER(Tensor), c.c_int32, c.POINTER(Tensor), c.c_int32]),
    "cpwl_policed_check": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.c_void_p, c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(Tensor)]),
    "cpwl_policed_enforce": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.c_void_p, c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(c.c_void_p)]),
    "cpwl_policed_free": (None, [c.c_void_p]),
    "cpwl_policed_info": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(PolicedSummary)]),
    "cpwl_policed_layer": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.POINTER(PolicedLayerSummary)]),
    "cpwl_policed_network": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(c.c_void_p)]),
    "cpwl_policed_set_affine": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.c_void_p, c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(c.c_void_p)]),
    "cpwl_policed_skip": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(c.c_void_p)]),
    "cpwl_prior_diagnose": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.POINTER(DiagnosisOptions), c.POINTER(Diagnosis)]),
    "cpwl_prior_fit": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.POINTER(c.c_double)]),
    "cpwl_prior_loss": (c.c_int32, [c.c_void_p, c.POINTER(PriorViews), c.POINTER(PriorOptions), c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(c.c_void_p)]),
    "cpwl_prior_make": (c.c_int32, [c.c_void_p, c.POINTER(PriorFamily), c.POINTER(Tensor)]),
    "cpwl_prior_result_array": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.POINTER(Tensor)]),
    "cpwl_prior_result_free": (None, [c.c_void_p]),
    "cpwl_prior_result_info": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(PriorSummary)]),
    "cpwl_queue_free": (None, [c.c_void_p]),
    "cpwl_queue_info": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(QueueSummary)]),
    "cpwl_queue_moments": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(c.c_void_p)]),
    "cpwl_queue_new": (c.c_int32, [c.c_void_p, c.c_int64, c.c_int64, c.c_int32, c.POINTER(c.c_void_p)]),
    "cpwl_queue_push": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(Tensor)]),
    "cpwl_queue_spectrum": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.POINTER(c.c_void_p)]),
    "cpwl_random_features": (c.c_int32, [c.c_void_p, c.c_int32, c.c_double, c.c_uint64, c.POINTER(Tensor), c.POINTER(Tensor)]),
    "cpwl_rank_gradient": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.POINTER(RankGradientOptions), c.POINTER(c.c_double), c.POINTER(Tensor)]),
    "cpwl_rank_select": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.POINTER(Tensor), c.c_double, c.c_int32, c.POINTER(c.c_int64)]),
    "cpwl_rankme": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.POINTER(c.c_double)]),
    "cpwl_sample_size_law": (c.c_int32, [c.c_void_p, c.c_double, c.POINTER(c.c_double)]),
    "cpwl_self_cluster": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.POINTER(c.c_double)]),
    "cpwl_set_ball": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.c_double, c.c_double, c.POINTER(c.c_void_p)]),
    "cpwl_set_box": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(c.c_void_p)]),
    "cpwl_set_ellipsoid": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(c.c_void_p)]),
    "cpwl_set_extreme": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(Tensor), c.POINTER(Tensor)]),
    "cpwl_set_free": (None, [c.c_void_p]),
    "cpwl_set_from_domain": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(c.c_void_p)]),
    "cpwl_set_hull": (c.c_int32, [c.c_void_p, c.POINTER(c.c_void_p), c.c_int32, c.POINTER(c.c_void_p)]),
    "cpwl_set_image": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(c.c_void_p)]),
    "cpwl_set_info": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(SetSummary)]),
    "cpwl_set_polytope": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(c.c_void_p)]),
    "cpwl_set_probability_simplex": (c.c_int32, [c.c_void_p, c.c_int64, c.c_double, c.POINTER(c.c_void_p)]),
    "cpwl_set_product": (c.c_int32, [c.c_void_p, c.POINTER(c.c_void_p), c.c_int32, c.POINTER(c.c_void_p)]),
    "cpwl_set_rows": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(Tensor)]),
    "cpwl_set_sample": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_uint64, c.POINTER(Tensor)]),
    "cpwl_set_scaled": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_double, c.POINTER(c.c_void_p)]),
    "cpwl_set_simplex": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.c_double, c.POINTER(c.c_void_p)]),
    "cpwl_set_sum": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_void_p, c.POINTER(c.c_void_p)]),
    "cpwl_set_support": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(Tensor), c.POINTER(Tensor)]),
    "cpwl_set_vertices": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(c.c_void_p)]),
    "cpwl_set_zonotope": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(c.c_void_p)]),
    "cpwl_sinkhorn": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(SinkhornOptions), c.POINTER(Tensor), c.POINTER(SinkhornSummary)]),
    "cpwl_spectrum_alpha_req": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(AlphaOptions), c.POINTER(AlphaFit)]),
    "cpwl_spectrum_array": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.POINTER(Tensor)]),
    "cpwl_spectrum_effective_rank": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(RankOptions), c.POINTER(c.c_double)]),
    "cpwl_spectrum_entropy": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(RankOptions), c.POINTER(c.c_double)]),
    "cpwl_spectrum_free": (None, [c.c_void_p]),
    "cpwl_spectrum_from_values": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.c_int64, c.c_int64, c.c_int32, c.POINTER(c.c_void_p)]),
    "cpwl_spectrum_info": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(SpectrumSummary)]),
    "cpwl_spectrum_new": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.POINTER(SpectrumOptions), c.POINTER(c.c_void_p)]),
    "cpwl_spectrum_renyi": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_double, c.c_int32, c.POINTER(c.c_double)]),
    "cpwl_spillover": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(SpilloverOptions), c.POINTER(c.c_void_p)]),
    "cpwl_spillover_populations": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(c.c_void_p)]),
    "cpwl_statistics_array": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.POINTER(Tensor)]),
    "cpwl_statistics_free": (None, [c.c_void_p]),
    "cpwl_statistics_info": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(StatisticsSummary)]),
    "cpwl_statistics_new": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(StatisticsOptions), c.POINTER(c.c_void_p)]),
    "cpwl_statistics_spread": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.POINTER(Spread)]),
    "cpwl_status_name": (c.c_char_p, [c.c_int32]),
    "cpwl_surface_array": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_int32, c.POINTER(Tensor)]),
    "cpwl_surface_free": (None, [c.c_void_p]),
    "cpwl_surface_info": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(SurfaceSummary)]),
    "cpwl_surface_new": (c.c_int32, [c.c_void_p, c.c_void_p, c.c_void_p, c.POINTER(SurfaceOptions), c.POINTER(c.c_void_p)]),
    "cpwl_tape_backward": (c.c_int32, [c.c_void_p, c.c_void_p, c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(Tensor), c.c_int32]),
    "cpwl_tape_free": (None, [c.c_void_p]),
    "cpwl_two_nn": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.POINTER(TwoNnSummary)]),
    "cpwl_vcreg": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.POINTER(VcregOptions), c.POINTER(LossSummary), c.POINTER(Tensor)]),
    "cpwl_version": (c.c_uint32, []),
    "cpwl_version_string": (c.c_char_p, []),
    "cpwl_vicreg": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.POINTER(Tensor), c.POINTER(VicregOptions), c.POINTER(LossSummary), c.POINTER(Tensor), c.POINTER(Tensor)]),
    "cpwl_wmse": (c.c_int32, [c.c_void_p, c.POINTER(Tensor), c.POINTER(Tensor), c.c_double, c.POINTER(LossSummary), c.POINTER(Tensor), c.POINTER(Tensor)]),
}
