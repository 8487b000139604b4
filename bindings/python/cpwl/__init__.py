"""cpwl: the exact geometry of continuous piecewise-linear networks.

>>> import cpwl
>>> net = cpwl.Network.from_layers([cpwl.layers.Dense([[1.0, 0.0], [0.0, 1.0]]), cpwl.layers.ReLU()])
>>> net.partition(cpwl.Box([-1, -1], [1, 1])).n_regions
4
"""

from . import layers
from ._lib import build_info, version
from ._stats import Stats
from .boundary import Boundary, Nearest
from .certificate import Certificate
from .context import Context
from .domains import Box, Domain, Polygon, Slice
from .errors import *  # noqa: F403
from .errors import __all__ as _errors
from .network import Affine, Network, Node
from .regions import Partition
from .stream import Chunk, Seams, Streamed, stream
from .training import TrainingView

__version__ = version()
__all__ = [
    "Affine",
    "Boundary",
    "Box",
    "Certificate",
    "Chunk",
    "Context",
    "Domain",
    "Nearest",
    "Network",
    "Node",
    "Partition",
    "Polygon",
    "Seams",
    "Slice",
    "Stats",
    "Streamed",
    "TrainingView",
    "build_info",
    "layers",
    "stream",
    "version",
    *_errors,
]
