"""The networks of the comparison: weights of dense ReLU networks and the box to cut up."""

from __future__ import annotations

import json
import pathlib
from itertools import pairwise
from typing import NamedTuple

import numpy as np

DATA = pathlib.Path(__file__).parents[2] / "tests" / "data"


class Net(NamedTuple):
    """``weights`` [(W, b), ...] with ReLUs between, on the box ``lo <= x <= hi`` in every coordinate."""

    weights: list[tuple[np.ndarray, np.ndarray]]
    lo: float
    hi: float


def names() -> list[str]:
    """All networks, small ones first."""
    return ["c01", "c10", "c08", "c02", "c12", "c11", "2-256x4-10", "blobs", "torus"]


def load(name: str) -> Net:
    """A network: a case of the tests by its number, one of their signed distance functions by its name, or random
    weights of the sizes that its name tells."""
    if name in ("blobs", "torus", "sphere"):
        return Net(_onnx(DATA / "nets" / f"{name}.onnx"), -0.5, 0.5)
    if name.startswith("c"):
        (path,) = (p for p in (DATA / "regions").glob(f"{name}_*.npz") if ".cells" not in p.name)
        with np.load(path) as arrays:
            spec = json.loads(str(arrays["spec"]))
            dense = [layer for layer in spec["layers"] if layer["type"] == "linear"]
            assert all(layer["type"] in ("linear", "relu") for layer in spec["layers"])
            (lo, _), (hi, _) = spec["box"]
            return Net([(arrays[layer["W"]], arrays[layer["b"]]) for layer in dense], lo, hi)
    sizes = []
    for part in name.split("-"):
        width, _, times = part.partition("x")
        sizes += [int(width)] * int(times or 1)
    # As torch initialises a dense layer; exact in float32, which the peers compute in.
    rng = np.random.default_rng(0)
    weights = []
    for n, m in pairwise(sizes):
        bound = 1 / np.sqrt(n)
        weights.append([rng.uniform(-bound, bound, shape).astype(np.float32).astype(float) for shape in ((m, n), m)])
    return Net([(w, b) for w, b in weights], -1.0, 1.0)


def _onnx(path: pathlib.Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """The dense layers of a file, in order."""
    import onnx
    from onnx.numpy_helper import to_array

    graph = onnx.load(path).graph
    arrays = {entry.name: to_array(entry).astype(float) for entry in graph.initializer}
    return [(arrays[node.input[1]], arrays[node.input[2]]) for node in graph.node if node.op_type == "Gemm"]


def save(net: Net, path: pathlib.Path) -> None:
    """Writes what :func:`read` reads."""
    arrays = {f"{kind}{i}": a for i, pair in enumerate(net.weights) for kind, a in zip("Wb", pair)}
    np.savez(path, lo=net.lo, hi=net.hi, **arrays)


def read(path: str) -> Net:
    """Reads what :func:`save` wrote."""
    with np.load(path) as arrays:
        depth = sum(name.startswith("W") for name in arrays.files)
        return Net([(arrays[f"W{i}"], arrays[f"b{i}"]) for i in range(depth)], float(arrays["lo"]), float(arrays["hi"]))
