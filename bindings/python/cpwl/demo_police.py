"""The part of the demo about POLICE: a trained classifier is made affine on a hexagon, certified, exported, drawn."""

from __future__ import annotations

import importlib.resources
import importlib.util
import pathlib
import time

import numpy as np

from . import Box, Network, Policed, Polygon, police

# Across the boundary of the two moons, where the classifier bends most.
HEXAGON = np.array([0.45, 0.3]) + 0.55 * np.array([[np.cos(a), np.sin(a)] for a in np.arange(6) * np.pi / 3])
BOX = Box([-2, -2], [3, 2])


def main(out: pathlib.Path) -> list[pathlib.Path]:
    """Computes and prints; returns the files written to the folder `out`."""
    net = Network.from_onnx((importlib.resources.files(__package__) / "data" / "moons_mlp.onnx").read_bytes())
    hexagon = Polygon(HEXAGON)
    before = net.partition(hexagon).n_regions
    start = time.perf_counter()
    done = police(net, hexagon)
    seconds = time.perf_counter() - start
    after = done.net.partition(hexagon).n_regions
    a, b = done.affine()
    print(f"\nPOLICE: a classifier of two moons with {before} linear regions on a hexagon is made affine there,")
    print(f"in {1e3 * seconds:.1f} ms, by moving biases. Linear regions on the hexagon now: {after}")
    print(f"there f(x) = {a.round(4).tolist()} x + {b.round(4).tolist()}\n{done.report}\n{done.certify()}")
    written = [out / "policed.onnx"]
    done.to_onnx(written[0])
    same = Network.from_onnx(written[0])
    points = np.random.default_rng(0).uniform(BOX.lo, BOX.hi, (1000, 2)).astype(np.float32)
    if not np.array_equal(same(points), done(points)):
        raise RuntimeError("the exported network is another one")
    if importlib.util.find_spec("matplotlib"):
        written.append(out / "policed.png")
        draw(net, done, written[-1])
    return written


def draw(net: Network, done: Policed, path: pathlib.Path) -> None:
    """The linear regions before and after, with the hexagon."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(14, 5), layout="constrained")
    net.partition(BOX).plot(left, color="slope")
    left.plot(*np.concatenate([HEXAGON, HEXAGON[:1]]).T, color="black", linewidth=1.8)
    done.plot(right, BOX, color="slope")
    left.set_title("linear regions of a classifier of two moons")
    right.set_title("affine on the hexagon: one region inside")
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
