"""POLICE beside an unconstrained network and beside the code published with the paper, on one thread.

`python police.py [--checkout DIR] [--json FILE] [--rounds N] [--settings I ...]`, where DIR is a checkout of
`RandallBalestriero/POLICE`.
Every contestant computes the constraint anew at every step, as training does. All run in one process, in turns; figures
are medians of the turns, and ratios those of medians. Times include everything that a step does in Python.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import pathlib
import statistics
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")

import itertools

import numpy as np
import torch
from torch import nn

import cpwl
import cpwl.torch

BATCH = 1024
# Turns of a contestant are repeated until they take as long.
LEAST = 0.02


class Setting(NamedTuple):
    """A network and the number of vertices of its region."""

    inputs: int
    width: int
    depth: int
    vertices: int


SETTINGS = [
    Setting(2, 64, 4, 4),
    Setting(2, 256, 2, 4),
    Setting(2, 256, 4, 4),
    Setting(2, 256, 8, 4),
    Setting(2, 1024, 4, 4),
    Setting(2, 256, 4, 1024),
    Setting(16, 256, 4, 1024),
    Setting(784, 256, 4, 16),
    Setting(784, 256, 4, 1024),
]


def mlp(s: Setting) -> nn.Sequential:
    """`depth` layers with ReLUs between them."""
    sizes = [s.inputs, *[s.width] * s.depth]
    layers: list[nn.Module] = []
    for i, (n, m) in enumerate(itertools.pairwise(sizes)):
        layers += [nn.Linear(n, m), *([nn.ReLU()] if i + 1 < s.depth else [])]
    return nn.Sequential(*layers)


def vertices(s: Setting, rng: np.random.Generator) -> np.ndarray:
    """On a circle in the plane, random elsewhere."""
    if s.inputs == 2:
        angle = 2 * np.pi * np.arange(s.vertices) / s.vertices + 0.3
        return 0.5 * np.stack([np.cos(angle), np.sin(angle)], 1)
    return rng.normal(size=(s.vertices, s.inputs)) / np.sqrt(s.inputs)


def contestants(s: Setting, published: type | None) -> dict[str, Callable[[], object]]:
    """Every way to take one step."""
    torch.manual_seed(0)
    module, rng = mlp(s), np.random.default_rng(0)
    corners = vertices(s, rng)
    x = torch.randn(BATCH, s.inputs) / np.sqrt(s.inputs)
    g = torch.randn(BATCH, s.width)
    one = cpwl.Context(threads=1)
    net = cpwl.Network.from_torch(module, s.inputs)
    region = cpwl.Vertices(corners)
    constrained = cpwl.torch.Policed(module, region, threads=1)
    x_numpy, g_numpy = x.numpy(), g.numpy()
    numbers = [p.detach().numpy() for p in module.parameters()]
    folded = cpwl.police(net, region, context=one).net

    def anew(run: Callable[[], object]) -> Callable[[], object]:
        def step() -> object:
            with torch.no_grad():
                module[0].bias.add_(0.0)  # counts as a change, as a step of an optimizer does
            return run()

        return step

    def plain(model: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[], object]:
        def step() -> object:
            with torch.no_grad():
                return model(x)

        return step

    def trained(model: nn.Module) -> Callable[[], object]:
        def step() -> None:
            model.zero_grad(set_to_none=True)
            (model(x) * g).sum().backward()

        return step

    def ours(precision: str | None) -> object:
        fresh = net.with_parameters(numbers)
        policed = cpwl.police(fresh, region, precision=precision, context=one).net if precision else fresh
        return policed(x_numpy, context=one)

    def ours_trained(police: bool) -> None:
        fresh = net.with_parameters(numbers)
        policed = cpwl.police(fresh, region, gradient="parameters", context=one) if police else None
        gradients = (policed.net if policed else fresh).record(x_numpy, context=one).backward(g_numpy)
        if policed:
            policed.backward(gradients)

    found: dict[str, Callable[[], object]] = {
        "torch": plain(module),
        "ours": lambda: ours(None),
        "ours policed": lambda: ours("double"),
        "ours policed, single": lambda: ours("single"),
        "ours folded": lambda: folded(x_numpy, context=one),
        "plan": lambda: cpwl.police(net, region, context=one),
        "torch, our plan": anew(plain(constrained)),
        "torch +b": trained(module),
        "ours +b": lambda: ours_trained(False),
        "ours policed +b": lambda: ours_trained(True),
        "torch, our plan +b": anew(trained(constrained)),
    }
    if published:
        theirs = published(corners, s.inputs, s.depth, s.width, torch.relu)
        found |= {"published": plain(theirs), "published +b": trained(theirs)}
    return found


def measure(run: Callable[[], object]) -> float:
    """Seconds of one run."""
    times = []
    while sum(times) < LEAST:
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkout", type=pathlib.Path, help="checkout of RandallBalestriero/POLICE")
    parser.add_argument("--json", type=pathlib.Path, help="keeps the numbers here")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--settings", type=int, nargs="+", default=range(len(SETTINGS)), help="which rows of the table")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    published = None
    if arguments.checkout:
        sys.path.insert(0, str(arguments.checkout))
        published = importlib.import_module("utils").ConstrainedNetwork
    kept = []
    print("| D | width | depth | V | torch ms | plan ms | policed/ours | planned in f32 | +b | folded/ours | ours/torch"
          " | +b | torch with our plan/torch | +b | published/torch | +b |")  # fmt: skip
    print("|" + "---|" * 16)
    for s in (SETTINGS[i] for i in arguments.settings):
        runs = contestants(s, published)
        for run in runs.values():
            run()
        turns: dict[str, list[float]] = {name: [] for name in runs}
        for _ in range(arguments.rounds):
            for name, run in runs.items():
                turns[name].append(measure(run))
        t = {name: statistics.median(times) for name, times in turns.items()}
        kept.append({**s._asdict(), **t})
        ratios = [
            ("ours policed", "ours"), ("ours policed, single", "ours"), ("ours policed +b", "ours +b"),
            ("ours folded", "ours"), ("ours", "torch"), ("ours +b", "torch +b"),
            ("torch, our plan", "torch"), ("torch, our plan +b", "torch +b"),
            ("published", "torch"), ("published +b", "torch +b"),
        ]  # fmt: skip
        cells = [f"{t[a] / t[b]:.2f}" if a in t else "-" for a, b in ratios]
        print(
            "|",
            " | ".join([*map(str, s), f"{1e3 * t['torch']:.3f}", f"{1e3 * t['plan']:.3f}", *cells]),
            "|",
            flush=True,
        )
    if arguments.json:
        arguments.json.write_text(json.dumps(kept, indent=1))


if __name__ == "__main__":
    main()
