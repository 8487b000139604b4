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
from .diet import DietHead, DietLoss, diet_loss, diet_merge, diet_shard_backward, diet_shard_forward, latent_r2
from .domains import Ball, Box, Domain, Polygon, Polytope, Simplex, Slice, Space
from .embedding import Ica, barlow_loss, ica, vcreg_loss, vicreg_loss, wmse_loss
from .enumeration import Enumeration
from .errors import *  # noqa: F403
from .errors import __all__ as _errors
from .hsic import (
    HsicApproximation,
    HsicGradient,
    IndependenceTest,
    Kernel,
    LayerCka,
    Product,
    bandwidth,
    cka,
    dhsic,
    dhsic_gradient,
    dhsic_test,
    hsic,
    hsic_blocks,
    hsic_estimates,
    hsic_gradient,
    hsic_nystrom,
    hsic_random_features,
    hsic_test,
    pairwise_hsic,
    pairwise_mean,
    pairwise_mean_gradient,
    pairwise_test,
    random_features,
)
from .moments import Moments, Queue, RankEstimate
from .network import Affine, Approximation, Network, Node
from .police import Inequalities, Policed, police
from .polyhedron import Polyhedron
from .prior import (
    PriorFit,
    PriorLoss,
    SinkhornPlan,
    cluster_log_mean,
    cluster_mean,
    cluster_prior,
    fit_prior,
    power_law_prior,
    prior_matching_loss,
    sinkhorn,
)
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
    "Affine",
    "AffineCertificate",
    "AlphaFit",
    "Approximation",
    "Ball",
    "Boundary",
    "Box",
    "Certificate",
    "Chunk",
    "Context",
    "ConvexSet",
    "CornerSimplex",
    "Cube",
    "DietHead",
    "DietLoss",
    "Domain",
    "Ellipsoid",
    "Enumeration",
    "Gradients",
    "HPolytope",
    "HsicApproximation",
    "HsicGradient",
    "Ica",
    "IndependenceTest",
    "Inequalities",
    "Kernel",
    "LayerCka",
    "Lidar",
    "LidarValue",
    "LpBall",
    "Moments",
    "Nearest",
    "Network",
    "Node",
    "Parameter",
    "Partition",
    "Partition3D",
    "Policed",
    "Polygon",
    "Polyhedron",
    "Polytope",
    "PriorFit",
    "PriorLoss",
    "ProbabilitySimplex",
    "Product",
    "Queue",
    "RankEstimate",
    "RankGradient",
    "Seams",
    "Simplex",
    "SinkhornPlan",
    "Slice",
    "Space",
    "Spectrum",
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
    "bandwidth",
    "barlow_loss",
    "build_info",
    "certify",
    "cka",
    "cluster_log_mean",
    "cluster_mean",
    "cluster_prior",
    "coherence",
    "curvature",
    "dhsic",
    "dhsic_gradient",
    "dhsic_test",
    "diet_loss",
    "diet_merge",
    "diet_shard_backward",
    "diet_shard_forward",
    "effective_rank",
    "expected_rank",
    "fit_prior",
    "hsic",
    "hsic_blocks",
    "hsic_estimates",
    "hsic_gradient",
    "hsic_nystrom",
    "hsic_random_features",
    "hsic_test",
    "hull",
    "ica",
    "latent_r2",
    "layers",
    "lidar",
    "pairwise_hsic",
    "pairwise_mean",
    "pairwise_mean_gradient",
    "pairwise_test",
    "police",
    "power_law_prior",
    "prior_matching_loss",
    "product",
    "random_features",
    "rank_gradient",
    "rankme",
    "ranks_over_training",
    "sample_size_law",
    "select_run",
    "self_cluster",
    "sinkhorn",
    "spectrum",
    "stream",
    "two_nn",
    "vcreg_loss",
    "version",
    "vicreg_loss",
    "wmse_loss",
    *_errors,
]
