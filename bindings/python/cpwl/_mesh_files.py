"""Writers of PLY, OBJ and STL.

Not from a library: those at hand (trimesh, meshio) cut polygons into triangles or round to single precision, and each
of the three formats is a few lines.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .surface import Surface

__all__ = ["write"]


def write(surface: Surface, path: str) -> None:
    """See :meth:`cpwl.Surface.export`."""
    extension = os.path.splitext(path)[1].lower()
    writers = {".ply": _ply, ".obj": _obj, ".stl": _stl}
    if extension not in writers:
        raise ValueError(f"path ends with {extension!r}; expected one of {', '.join(map(repr, writers))}")
    data = writers[extension](surface)
    with open(path, "wb") as file:
        file.write(data)


def _ply(surface: Surface) -> bytes:
    header = (
        "ply\nformat ascii 1.0\n"
        f"element vertex {len(surface.vertices)}\nproperty double x\nproperty double y\nproperty double z\n"
        f"element face {len(surface)}\nproperty list uchar int vertex_indices\nend_header\n"
    )
    vertices = (f"{x!r} {y!r} {z!r}\n" for x, y, z in surface.vertices.tolist())
    faces = (f"{len(p)} {' '.join(map(str, p))}\n" for p in surface.polygons())
    return "".join([header, *vertices, *faces]).encode()


def _obj(surface: Surface) -> bytes:
    vertices = (f"v {x!r} {y!r} {z!r}\n" for x, y, z in surface.vertices.tolist())
    faces = ("f " + " ".join(map(str, polygon)) + "\n" for polygon in (p + 1 for p in surface.polygons()))
    return "".join([*vertices, *faces]).encode()


def _stl(surface: Surface) -> bytes:
    corners = surface.vertices[surface.triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    normals = np.divide(normals, length, out=np.zeros_like(normals), where=length > 0)
    record = np.zeros(len(corners), [("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
    record["normal"], record["corners"] = normals, corners
    return b"cpwl".ljust(80) + np.uint32(len(corners)).tobytes() + record.tobytes()
