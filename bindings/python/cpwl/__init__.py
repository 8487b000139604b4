"""cpwl: the exact geometry of continuous piecewise-linear networks.

>>> import cpwl
>>> net = cpwl.Network.from_layers([cpwl.layers.Dense([[1.0, 0.0], [0.0, 1.0]]), cpwl.layers.ReLU()])
>>> net.partition(cpwl.Box([-1, -1], [1, 1])).n_regions
4
"""

from . import layers
from ._lib import build_info, version
from ._rank_plot import ranks_over_training
from ._stats import Stats
from .boundary import Boundary, Nearest
from .certificate import Certificate
from .certify import AffineCertificate, certify
from .context import Context
from .convex import (
    ConvexSet,
    CornerSimplex,
    Cube,
    Ellipsoid,
    HPolytope,
    LpBall,
    ProbabilitySimplex,
    Vertices,
    Zonotope,
    hull,
    product,
)
from .domains import Ball, Box, Domain, Polygon, Polytope, Simplex, Slice, Space
from .enumeration import Enumeration
from .errors import *  # noqa: F403
from .errors import __all__ as _errors
from .factor_data import (
    ImageAnnotations,
    ImagePredictions,
    Joined,
    join_predictions,
    read_annotations,
    read_predictions,
)
from .factors import (
    FACTORS,
    Bootstrap,
    Calibration,
    FactorReport,
    Factors,
    Pairing,
    Populations,
    Spillover,
    factor_report,
    populations,
    spillover,
)
from .moments import Moments, Queue, RankEstimate
from .network import Affine, Approximation, Network, Node
from .police import Inequalities, Policed, police
from .polyhedron import Polyhedron
from .rank import (
    AlphaFit,
    RankGradient,
    Spectrum,
    alpha_req,
    alpha_robust,
    effective_rank,
    expected_rank,
    rank_gradient,
    rankme,
    sample_size_law,
    select_run,
    spectrum,
)
from .rank_rows import Lidar, LidarValue, TwoNN, coherence, curvature, lidar, self_cluster, two_nn
from .regions import Partition
from .solid import Partition3D
from .stream import Chunk, Seams, Streamed, stream
from .surface import Surface
from .tape import Gradients, Parameter, Tape
from .training import TrainingView

__version__ = version()
__all__ = [
    "FACTORS",
    "Affine",
    "AffineCertificate",
    "AlphaFit",
    "Approximation",
    "Ball",
    "Bootstrap",
    "Boundary",
    "Box",
    "Calibration",
    "Certificate",
    "Chunk",
    "Context",
    "ConvexSet",
    "CornerSimplex",
    "Cube",
    "Domain",
    "Ellipsoid",
    "Enumeration",
    "FactorReport",
    "Factors",
    "Gradients",
    "HPolytope",
    "ImageAnnotations",
    "ImagePredictions",
    "Inequalities",
    "Joined",
    "Lidar",
    "LidarValue",
    "LpBall",
    "Moments",
    "Nearest",
    "Network",
    "Node",
    "Pairing",
    "Parameter",
    "Partition",
    "Partition3D",
    "Policed",
    "Polygon",
    "Polyhedron",
    "Polytope",
    "Populations",
    "ProbabilitySimplex",
    "Queue",
    "RankEstimate",
    "RankGradient",
    "Seams",
    "Simplex",
    "Slice",
    "Space",
    "Spectrum",
    "Spillover",
    "Stats",
    "Streamed",
    "Surface",
    "Tape",
    "TrainingView",
    "TwoNN",
    "Vertices",
    "Zonotope",
    "alpha_req",
    "alpha_robust",
    "build_info",
    "certify",
    "coherence",
    "curvature",
    "effective_rank",
    "expected_rank",
    "factor_report",
    "hull",
    "join_predictions",
    "layers",
    "lidar",
    "police",
    "populations",
    "product",
    "rank_gradient",
    "rankme",
    "ranks_over_training",
    "read_annotations",
    "read_predictions",
    "sample_size_law",
    "select_run",
    "self_cluster",
    "spectrum",
    "spillover",
    "stream",
    "two_nn",
    "version",
    *_errors,
]
