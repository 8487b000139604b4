"""A partition as one HTML file to pan, zoom and point into: page, style, scripts and data, nothing from the network.

``page.html`` holds the scripts in this order: ``data.js`` unpacks the arrays, ``color.js`` turns values into colours,
``camera.js`` maps between (u, v) and pixels, ``raster.js`` draws cells and lines in double precision, so that they
stay sharp at any zoom, ``readout.js`` describes a region, ``input.js`` hears mouse, touch and keys, ``main.js`` ties
them to the page.
"""

from __future__ import annotations

import base64
import html
import importlib.resources
import json
import os
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _classes
from .._lib import version
from .._values import NAMES, Numbers

if TYPE_CHECKING:
    from ..boundary import Boundary
    from ..regions import Partition

__all__ = ["write"]

_SCRIPTS = ("data.js", "color.js", "camera.js", "raster.js", "readout.js", "input.js", "main.js")


def write(
    p: Partition,
    path: str | os.PathLike[str],
    color: Any,
    boundary: Boundary | None,
    extra: Mapping[str, Any],
    title: str | None,
) -> None:
    """See :meth:`cpwl.Partition.to_html`."""
    if not isinstance(color, str):
        extra, color = {**extra, "values": color}, "values"
    names = [*(name for name in NAMES if name not in extra), *extra]
    if color not in names:
        raise ValueError(f"color is {color!r}; expected one of {', '.join(map(repr, names))}, or an array")
    title = title if title is not None else "Linear regions"
    store, numbers = _Store(), Numbers(p)
    header = {
        "title": title,
        "version": version(),
        "color": color,
        "domain": p.domain.vertices.tolist(),
        "regions": p.n_regions,
        "statistics": [_statistic(numbers, name, extra, store) for name in names],
        "layers": [{"name": n.name, "op": n.op, "units": n.n_units} for n in p.network.nodes if n.n_units],
        "cutLayers": len(p.layer_cells),
    }
    _shapes(p, boundary, store)
    header |= {"patternBits": _patterns(p, store), "arrays": store.table, "bytes": len(store.blob)}
    page = _fill(
        _read("page.html"),
        title=html.escape(title),
        style=_read("style.css"),
        script="\n".join(_read(name) for name in _SCRIPTS),
        header=json.dumps(header, allow_nan=False).replace("<", "\\u003c"),
        data=base64.b64encode(zlib.compress(bytes(store.blob), 6)).decode(),
    )
    with open(path, "w", encoding="utf-8") as file:
        file.write(page)


class _Store:
    """Arrays one after the other, each at a multiple of 8 bytes, and where each lies."""

    def __init__(self) -> None:
        self.blob = bytearray()
        self.table: dict[str, dict[str, Any]] = {}

    def add(self, name: str, array: np.ndarray, dtype: str, stride: int = 0) -> None:
        """Keeps an array as `dtype`; with a `stride`, what each entry adds to the one `stride` before it, modulo the
        range of the type: near-equal neighbours compress well."""
        flat = np.ascontiguousarray(array, dtype).ravel()
        if stride:
            flat = np.concatenate([flat[:stride], flat[stride:] - flat[:-stride]])
        self.table[name] = {"type": dtype, "at": len(self.blob), "length": flat.size, "stride": stride}
        self.blob += flat.astype(np.dtype(dtype).newbyteorder("<")).tobytes()
        self.blob += bytes(-len(self.blob) % 8)


def _statistic(numbers: Numbers, name: str, extra: Mapping[str, Any], store: _Store) -> dict[str, Any]:
    shown = numbers.values(extra[name], name) if name in extra else numbers.values(name)
    store.add(f"value:{name}", shown.array, "float32")
    return {"name": name, "label": shown.label, "scale": shown.scale, "low": shown.low, "high": shown.high}


def _shapes(p: Partition, boundary: Boundary | None, store: _Store) -> None:
    """The mesh, the regions that more than one class shares, and the boundary."""
    store.add("vertices", p.vertices, "float64")
    store.add("offsets", p.cell_offsets, "uint32", 1)
    store.add("corners", p.cell_vertices, "uint32", 1)
    store.add("edges", p.edges, "uint32", 2)
    store.add("edgeLayer", p.edge_layer + 1, "uint16", 1)
    polygons, cells, classes = _classes.pieces(p)
    shared = np.flatnonzero(np.bincount(cells, minlength=p.n_regions)[cells] > 1)
    points = [polygons[i] for i in shared]
    store.add("pieceOffsets", np.cumsum([0, *map(len, points)]), "uint32", 1)
    store.add("piecePoints", np.concatenate([np.empty((0, 2)), *points]), "float64")
    store.add("pieceCell", cells[shared], "uint32")
    store.add("pieceClass", classes[shared], "uint16")
    store.add("cellClass", _classes.at_centroids(p), "uint16")
    store.add("boundary", boundary.segments if boundary else np.empty((0, 2, 2)), "float64")


def _patterns(p: Partition, store: _Store) -> int:
    """Keeps the patterns, a row of whole bytes per region; returns the bits per unit."""
    codes = p.patterns
    if codes.max(initial=0) > 1:
        rows, bits = codes.astype(np.uint16).view(np.uint8), 16
    else:
        rows, bits = np.packbits(codes.astype(bool), axis=1, bitorder="little"), 1
    store.add("patterns", rows, "uint8", max(1, rows.shape[1]))
    return bits


def _read(name: str) -> str:
    return (importlib.resources.files(__name__) / name).read_text(encoding="utf-8")


def _fill(page: str, **parts: str) -> str:
    """Puts each part in the place of its ``{{name}}``; parts are not searched for further places."""
    pieces = page.split("{{")
    filled = [pieces[0]]
    for piece in pieces[1:]:
        name, rest = piece.split("}}", 1)
        filled += [parts[name], rest]
    return "".join(filled)
