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
from .domains import Ball, Box, Domain, Polygon, Polytope, Simplex, Slice, Space
from .enumeration import Enumeration
from .errors import *  # noqa: F403
from .errors import __all__ as _errors
from .network import Affine, Approximation, Network, Node
from .polyhedron import Polyhedron
from .regions import Partition
from .solid import Partition3D
from .stream import Chunk, Seams, Streamed, stream
from .surface import Surface
from .tape import Gradients, Parameter, Tape
from .training import TrainingView

__version__ = version()
__all__ = [
    "Affine",
    "Approximation",
    "Ball",
    "Boundary",
    "Box",
    "Certificate",
    "Chunk",
    "Context",
    "Domain",
    "Enumeration",
    "Gradients",
    "Nearest",
    "Network",
    "Node",
    "Parameter",
    "Partition",
    "Partition3D",
    "Polygon",
    "Polyhedron",
    "Polytope",
    "Seams",
    "Simplex",
    "Slice",
    "Space",
    "Stats",
    "Streamed",
    "Surface",
    "Tape",
    "TrainingView",
    "build_info",
    "layers",
    "stream",
    "version",
    *_errors,
]
