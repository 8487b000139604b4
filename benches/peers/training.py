"""Forward passes and gradients of dense ReLU networks beside torch, single precision, one thread, taking turns.

    OMP_NUM_THREADS=1 python benches/peers/training.py [--repeat 30] [--batch 1024] [NETWORK ...]

A network is its widths, as 2-64x4-1. Needs torch. `step` makes the network anew from changed weights, as training does.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import time

import torch
from torch import nn

import cpwl

NETWORKS = ["2-64x4-1", "2-256x4-1", "784-256x4-10", "2-1024x4-1"]


def widths(name: str) -> list[int]:
    """``"2-64x4-1"`` -> [2, 64, 64, 64, 64, 1]."""
    found: list[int] = []
    for part in name.split("-"):
        width, _, times = part.partition("x")
        found += [int(width)] * int(times or 1)
    return found


def measure(name: str, batch: int, repeat: int) -> str:
    """A line of the table: medians in milliseconds, and ratios ours to torch."""
    w = widths(name)
    layers = [layer for a, b in itertools.pairwise(w) for layer in (nn.Linear(a, b), nn.ReLU())][:-1]
    module = nn.Sequential(*layers)
    net = cpwl.Network.from_torch(module, w[0])
    one = cpwl.Context(threads=1)
    x, dy = torch.randn(batch, w[0]), torch.randn(batch, w[-1])
    parameters = list(module.parameters())

    def torch_forward() -> None:
        with torch.no_grad():
            module(x)

    def torch_both() -> None:
        torch.autograd.grad(module(x), parameters, dy)

    def forward() -> None:
        net(x, context=one)

    def both() -> None:
        net.record(x, context=one).backward(dy, x=False, context=one)

    def step() -> None:
        new = net.with_parameters([p.detach() for p in parameters])
        new.record(x, context=one).backward(dy, x=False, context=one)

    jobs = [torch_forward, forward, torch_both, both, step]
    times: list[list[float]] = [[] for _ in jobs]
    for turn in range(repeat + 3):
        for job, seconds in zip(jobs, times, strict=True):
            start = time.perf_counter()
            job()
            if turn >= 3:
                seconds.append(time.perf_counter() - start)
    tf, f, tb, b, s = (1e3 * statistics.median(seconds) for seconds in times)
    gflops = 2e-6 * batch * sum(a * b for a, b in itertools.pairwise(w)) / f
    forwards = f"{f:.3g} | {tf:.3g} | {f / tf:.2f} | {gflops:.0f}"
    return f"| {name} | {forwards} | {b:.3g} | {s:.3g} | {tb:.3g} | {b / tb:.2f} | {s / tb:.2f} |"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", default=NETWORKS)
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--repeat", type=int, default=30)
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    print(
        "| network | forward ms | torch ms | ratio | GFLOP/s | both ways ms | step ms | torch ms | ratio | ratio, step |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for network in given.networks:
        print(measure(network, given.batch, given.repeat), flush=True)
