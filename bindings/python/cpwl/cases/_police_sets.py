"""Regions of the room `police`: as the library has them, and as plain arithmetic on the numbers of a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .. import CornerSimplex, Cube, Ellipsoid, LpBall, UnsupportedError, Vertices, Zonotope, product

# What is below this part of its scale may be decided either way.
DOUBT = 1e-9

Arrays = Mapping[str, np.ndarray]


def region(d: Mapping[str, Any], arrays: Arrays) -> Any:
    """The region of a description, whose values are names of arrays or the arrays themselves."""

    def of(key: str) -> Any:
        return arrays[d[key]] if isinstance(d[key], str) else d[key]

    match d["type"]:
        case "box":
            return Cube(of("centre"), of("radius"))
        case "zonotope":
            return Zonotope(of("centre"), of("E" if "E" in d else "generators"))
        case "ellipsoid":
            return Ellipsoid(of("centre"), of("shape"))
        case "vertices":
            return Vertices(of("vertices"))
        case "vertices_rays":
            return Vertices(of("vertices"), of("rays"))
        case "simplex":
            return CornerSimplex(of("origin"), d["t"])
        case "l1_ball":
            return LpBall(of("centre"), d["radius_value"], 1)
        case "product":
            return product(*(region(part, arrays) for part in d["parts"]))
        case "sum":
            first, *rest = (region(part, arrays) for part in d["parts"])
            for part in rest:
                first = first + part
            return first
        case other:
            raise UnsupportedError(f"[UNSUPPORTED] region {other!r} is not one of this room's README")


def ends(d: Mapping[str, Any], arrays: Arrays, g: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Smallest and largest value over a region of the functionals in the rows of `g`."""

    def of(key: str) -> np.ndarray:
        return np.asarray(arrays[d[key]], np.float64)

    match d["type"]:
        case "box":
            middle, reach = g @ of("centre"), np.abs(g) @ of("radius")
        case "zonotope":
            middle = g @ of("centre")
            reach = np.abs(g @ of("E" if "E" in d else "generators")).sum(axis=1)
        case "ellipsoid":
            middle, reach = g @ of("centre"), np.linalg.norm(g @ of("shape"), axis=1)
        case "l1_ball":
            middle, reach = g @ of("centre"), d["radius_value"] * np.abs(g).max(axis=1)
        case "vertices" | "vertices_rays":
            values = g @ of("vertices").T
            rays = g @ of("rays").T if "rays" in d else np.zeros((len(g), 1))
            low = np.where(rays.min(axis=1) < 0, -np.inf, values.min(axis=1))
            return low, np.where(rays.max(axis=1) > 0, np.inf, values.max(axis=1))
        case "simplex":
            origin = g @ of("origin")
            return origin + d["t"] * np.minimum(g.min(axis=1), 0), origin + d["t"] * np.maximum(g.max(axis=1), 0)
        case "product":
            blocks = np.split(g, np.cumsum(d["dims"])[:-1], axis=1)
            parts = [ends(part, arrays, block) for part, block in zip(d["parts"], blocks, strict=True)]
            return np.sum([p[0] for p in parts], axis=0), np.sum([p[1] for p in parts], axis=0)
        case "sum":
            parts = [ends(part, arrays, g) for part in d["parts"]]
            return np.sum([p[0] for p in parts], axis=0), np.sum([p[1] for p in parts], axis=0)
        case other:
            raise UnsupportedError(f"[UNSUPPORTED] region {other!r} is not one of this room's README")
    return middle - reach, middle + reach


def translation(d: Mapping[str, Any], rows: np.ndarray) -> np.ndarray:
    """The gradient of a translation of a region, from that of its rows: of the points among them, which are the
    vertices or one point that everything else is added to."""
    return rows.sum(axis=0) if d["type"] == "vertices" else rows[0]


def is_full_dimensional(d: Mapping[str, Any], arrays: Arrays) -> bool:
    """Whether a region has an interior, so that a map on it has one matrix only."""
    key = {"simplex": "origin", "vertices": "vertices", "vertices_rays": "vertices"}.get(d["type"], "centre")
    dim = sum(d["dims"]) if "dims" in d else 0
    if d["type"] == "sum":
        return any(is_full_dimensional(part, arrays) for part in d["parts"])
    dim = dim or arrays[d[key]].shape[-1]
    if d["type"] in ("vertices", "vertices_rays"):
        spread = arrays[d["vertices"]] - arrays[d["vertices"]][0]
        rows = np.concatenate([spread, arrays[d["rays"]]]) if "rays" in d else spread
        return int(np.linalg.matrix_rank(rows)) == dim
    low, high = ends(d, arrays, np.eye(dim))
    if d["type"] in ("zonotope", "ellipsoid"):
        key = "shape" if d["type"] == "ellipsoid" else "E" if "E" in d else "generators"
        return int(np.linalg.matrix_rank(arrays[d[key]])) == dim
    return bool((low < high).all())


def doubtful(
    spec: Mapping[str, Any], arrays: Arrays, folded: Sequence[np.ndarray], signs: Sequence[np.ndarray]
) -> list[np.ndarray]:
    """(regions, units) for each layer: whether a quantity that decides on a unit is below `DOUBT` of its scale: an end
    of its range over a region, or the difference of two such ends.

    `folded` and `signs` are the biases and codes of the file, through which the regions are carried to each layer.
    """
    described = spec.get("regions") or [{"type": "vertices", "vertices": "V"}]
    slopes = {"relu": (0.0, 1.0), "leaky_relu": (0.01, 1.0), "abs": (-1.0, 1.0)}[spec["act"]]
    frames: list[Any] = [None] * len(described)
    found = []
    for k, fb in enumerate(folded):
        w, b = arrays[f"W{k}"].astype(np.float64), arrays[f"b{k}"].astype(np.float64)
        maps = [(w, b) if f is None else (w @ f[0], w @ f[1] + b) for f in frames]
        reach = [ends(d, arrays, g) for d, (g, _) in zip(described, maps, strict=True)]
        values = np.array([end + c for (low, high), (_, c) in zip(reach, maps, strict=True) for end in (low, high)])
        found.append(np.broadcast_to(_near(values), (len(described), len(fb))))
        if k < len(signs):
            codes = signs[k].reshape(-1, len(fb))
            slope = np.where(np.broadcast_to(codes, (len(described), len(fb))) > 0, slopes[1], slopes[0])
            frames = [(s[:, None] * g, s * (c - b + fb)) for s, (g, c) in zip(slope, maps, strict=True)]
    return found


def _near(values: np.ndarray) -> np.ndarray:
    """(units,) whether among the `values` (ends, units) one is near 0 or two are near each other in size."""
    size = np.sort(np.abs(np.where(np.isfinite(values), values, np.nan)), axis=0)
    scale = 1 + np.nanmax(size, axis=0)
    gaps = np.diff(size, axis=0, prepend=0.0)
    with np.errstate(invalid="ignore"):
        return (gaps < DOUBT * scale).any(axis=0)
