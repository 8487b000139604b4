"""The cases of the room `regions`: `<case>.npz`, `expected.json`, and the truth per cell in `<case>.cells.npz`."""

from __future__ import annotations

import hashlib
import json
import math
import pathlib
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from .. import Box, Domain, Error, Network, Partition, Polygon, Slice, UnsupportedError, layers
from . import Report

AREA = 1e-12  # of the domain
LENGTH = 1e-9  # relative
MAP = 1e-12  # of the largest entry

# Figures about the reference, not about the network.
INFORMATIVE = {
    "name",
    "method",
    "exact_sign_fallbacks",
    "domain_area",
    "grid1200_distinct_patterns_lower_bound",
}


def run(folder: pathlib.Path, report: Report) -> None:
    """Runs every case of `folder`."""
    expected = json.loads((folder / "expected.json").read_text())
    files = {p.stem: p for p in sorted(folder.glob("*.npz")) if not p.stem.endswith(".cells")}
    for name in sorted(set(files) | set(expected)):
        if name not in files or name not in expected:
            report.error(name, "case", f"no {name}.npz" if name not in files else "no expected values")
            continue
        with np.load(files[name]) as arrays:
            _case(name, dict(arrays), expected[name], files[name].with_suffix(".cells.npz"), report)


def _case(name: str, arrays: dict[str, Any], expected: Mapping[str, Any], truth: pathlib.Path, report: Report) -> None:
    spec = json.loads(str(arrays["spec"]))
    planar = "polygon" in spec or len(spec["box"][0]) == 2
    try:
        net, space = network(spec, arrays), domain(spec, arrays)
        partitions = {threads: net.partition(space, threads=threads) for threads in (1, 2, 8)}
    except Error as problem:
        if not planar:
            report.skip(name, f"out of scope: {problem}")
        else:
            report.error(name, "partition", problem)
        return
    p = partitions[1]
    digests = {threads: digest(q) for threads, q in partitions.items()}
    same = sorted(t for t, d in digests.items() if d == digests[1])
    report.exact(name, "threads_with_identical_bytes", same, sorted(digests))
    _figures(name, net, p, expected, report)
    if truth.exists():
        with np.load(truth) as cells:
            _cells(name, p, dict(cells), chosen_elements(p, spec, arrays), report)


def network(spec: Mapping[str, Any], arrays: Mapping[str, Any]) -> Network:
    """The network of a case, through the layer descriptions of the binding."""
    chain: list[layers.Layer] = []
    saved: dict[str, str] = {}
    here = "input"
    for index, entry in enumerate(spec["layers"]):
        if entry["type"] == "save":
            saved[entry["name"]] = here
            continue
        here = f"#{index}"
        chain.append(_layer(entry, arrays, saved, here))
    return Network.from_layers(chain, spec["input_shape"])


def _layer(entry: Mapping[str, Any], arrays: Mapping[str, Any], saved: Mapping[str, str], name: str) -> layers.Layer:
    match entry["type"]:
        case "linear":
            return layers.Dense(arrays[entry["W"]], arrays[entry["b"]], name=name)
        case "conv2d":
            weight, bias = arrays[entry["W"]], arrays[entry["b"]]
            return layers.Conv2d(weight, bias, stride=entry["stride"], padding=entry["pad"], name=name)
        case "batchnorm":
            return layers.ScaleShift(arrays[entry["scale"]], arrays[entry["shift"]], name=name)
        case "relu":
            return layers.ReLU(name=name)
        case "leaky_relu":
            return layers.LeakyReLU(entry["slope"], name=name)
        case "abs":
            return layers.Abs(name=name)
        case "maxout":
            return layers.Maxout(entry["k"], name=name)
        case "maxpool2d":
            return layers.MaxPool2d(entry["k"], entry["stride"], name=name)
        case "avgpool2d":
            return layers.AvgPool2d(entry["k"], name=name)
        case "flatten":
            return layers.Flatten(name=name)
        case "add":
            return layers.Add(saved[entry["name"]], name=name)
        case other:
            raise UnsupportedError(f"[UNSUPPORTED] layer type {other!r} is not one of this room's README")


def domain(spec: Mapping[str, Any], arrays: Mapping[str, Any]) -> Domain:
    """The domain of a case."""
    if "T" in arrays:
        if "polygon" in spec:
            polygon = spec["polygon"]
        else:
            (u0, v0), (u1, v1) = spec["box"]
            polygon = [[u0, v0], [u1, v0], [u1, v1], [u0, v1]]
        return Slice(arrays["x0"], np.ascontiguousarray(arrays["T"].T), polygon)
    return Polygon(spec["polygon"]) if "polygon" in spec else Box(*spec["box"])


def digest(p: Partition) -> str:
    """A hash of every byte of the result."""
    text = hashlib.sha256()
    mesh = [p.vertices, p.cell_offsets, p.cell_vertices, p.cell_edges, p.polygons, p.edges, p.edge_cells]
    arrays = [*mesh, p.edge_layer, p.edge_unit, p.edge_knot, p.areas, p.centroids, *p.maps, p.patterns, p.layer_cells]
    boundaries = [p.level_set()] + ([p.decision_boundary()] if p.maps.b.shape[1] > 1 else [])
    arrays += [b.segments for b in boundaries]
    for array in arrays:
        text.update(array.tobytes())
    return text.hexdigest()


def _figures(name: str, net: Network, p: Partition, expected: Mapping[str, Any], report: Report) -> None:
    size = area_of(p.domain.vertices)
    counts = {
        "regions": lambda: p.n_regions,
        "distinct_patterns": lambda: distinct(p.patterns),
        "distinct_patterns_at_float_centroids": lambda: distinct(net.pattern(p.domain.to_input(p.centroids))),
        "V": lambda: len(p.vertices),
        "E": lambda: len(p.edges),
        "euler": lambda: len(p.vertices) - len(p.edges) + p.n_regions,
        "max_cells_per_edge": lambda: int(np.bincount(p.cell_edges).max()),
        "sum_cell_vertices": lambda: len(p.cell_vertices),
    }
    areas = {
        "total_area": lambda: math.fsum(p.areas),
        "min_area": lambda: float(p.areas.min()),
        "max_area": lambda: float(p.areas.max()),
        "mean_area": lambda: math.fsum(p.areas) / p.n_regions,
    }
    lengths = {
        "zero_level_length_out0": lambda: p.level_set(0).interior_length,
        "argmax_boundary_length": lambda: p.decision_boundary("argmax").interior_length,
    }
    for key, value in expected.items():
        if key in counts:
            report.exact(name, key, counts[key](), value)
        elif key in areas:
            report.close(name, key, areas[key](), float(Fraction(value)), AREA * size)
        elif key in lengths and value is not None:
            report.close(name, key, lengths[key](), value, LENGTH * abs(value))
        elif key == "cells_after_layer_op":
            # In the order of the layers: what is counted as a layer of its own (flatten?) differs between files.
            report.exact(name, key, p.layer_cells.tolist(), [value[k] for k in sorted(value, key=int)])
        elif key == "linear_regions":
            report.exact(name, key, p.n_linear_pieces, value)
        elif key not in INFORMATIVE and key not in lengths:
            report.note(name, key, "not compared: unknown figure")


def _cells(name: str, p: Partition, truth: Mapping[str, np.ndarray], patterns: np.ndarray, report: Report) -> None:
    """Compares cell by cell, matched by pattern."""
    ours = {row.tobytes(): i for i, row in enumerate(patterns)}
    index = [ours.get(row.tobytes(), -1) for row in truth["pattern"].astype(np.int64)]
    matched = sum(i >= 0 for i in index)
    report.exact(name, "cells_matched_by_pattern", matched, len(index))
    if matched < len(index):
        return
    size = area_of(p.domain.vertices)
    width = float(np.ptp(p.domain.vertices, axis=0).max())
    polygons = np.split(truth["vertices"], truth["offsets"][1:-1])
    report.bound(name, "cells_area", float(np.abs(p.areas[index] - truth["area"]).max()), AREA * size)
    distance = max(polygon_distance(p.cells(i), polygon) for i, polygon in zip(index, polygons, strict=True))
    report.bound(name, "cells_polygons", distance, LENGTH * width)
    for figure, ours_, theirs in (("cells_A", p.maps.a, truth["A"]), ("cells_b", p.maps.b, truth["b"])):
        error = float(np.abs(ours_[index] - theirs).max())
        report.bound(name, figure, error, MAP * float(np.abs(theirs).max()))


def chosen_elements(p: Partition, spec: Mapping[str, Any], arrays: Mapping[str, Any]) -> np.ndarray:
    """The patterns as the files have them: for a max unit the element of its layer's input, not its place among the
    candidates."""
    patterns = p.patterns.astype(np.int64)
    shape: tuple[int, ...] = tuple(spec["input_shape"])
    first = 0
    for entry in spec["layers"]:
        kind, size = entry["type"], math.prod(shape)
        if kind == "linear":
            shape = (len(arrays[entry["W"]]),)
        elif kind == "flatten":
            shape = (size,)
        elif kind == "conv2d":
            out, _, *kernel = arrays[entry["W"]].shape
            sides = zip(shape[1:], kernel, strict=True)
            shape = (out, *((n + 2 * entry["pad"] - k) // entry["stride"] + 1 for n, k in sides))
        elif kind == "avgpool2d":
            shape = (shape[0], *(n // entry["k"] for n in shape[1:]))
        elif kind == "maxout":
            shape = (size // entry["k"],)
            codes = patterns[:, first : first + shape[0]]
            codes += np.arange(shape[0]) * entry["k"]
            first += shape[0]
        elif kind == "maxpool2d":
            k, stride = entry["k"], entry["stride"]
            height, width = shape[1:]
            shape = (shape[0], *((n - k) // stride + 1 for n in shape[1:]))
            size = math.prod(shape)
            c, y, x = np.unravel_index(np.arange(size), shape)
            codes = patterns[:, first : first + size]
            codes[:] = (c * height + y * stride + codes // k) * width + x * stride + codes % k
            first += size
        elif kind in ("relu", "leaky_relu", "abs"):
            first += size
    return patterns


def distinct(rows: np.ndarray) -> int:
    """Number of distinct rows."""
    rows = np.ascontiguousarray(rows.astype(np.uint8))
    return len({row.tobytes() for row in rows})


def area_of(polygon: np.ndarray) -> float:
    """Area of a simple polygon."""
    x, y = (polygon - polygon[0]).T
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


def polygon_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Largest coordinate difference of two polygons that run in the same direction, whatever vertex comes first;
    infinite if they have different numbers of vertices."""
    if len(a) != len(b):
        return math.inf
    return min(float(np.abs(np.roll(a, k, axis=0) - b).max()) for k in range(len(a)))
