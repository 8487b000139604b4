"""The datum-index loss beside torch's cross-entropy, Sinkhorn beside POT: the same inputs, in turns, in one process.

    python diet.py [--n 50000 1281167] [--threads 1 2] [--rounds 5]

Needs torch and POT. CPU seconds are what a shared machine measures best; memory is what a call adds to the peak of
the process, gradients of the head included.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from torch.nn import functional

import cpwl

BATCH, WIDTH, SMOOTHING = 256, 512, 0.8


def turns(rounds: int, contestants: dict[str, Callable[[], object]]) -> dict[str, tuple[float, float]]:
    """Median CPU and wall seconds of each, after a run that does not count."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in contestants}
    for i in range(rounds + 1):
        for name, work in contestants.items():
            cpu, wall = time.process_time(), time.perf_counter()
            work()
            if i:
                times[name].append((time.process_time() - cpu, time.perf_counter() - wall))
    return {name: tuple(statistics.median(t) for t in zip(*all_, strict=True)) for name, all_ in times.items()}


def peak() -> float:
    """Of the process, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def losses(n: int, threads: int, rounds: int) -> None:
    """One size of the head."""
    torch.set_num_threads(threads)
    rng = np.random.default_rng(0)
    f = (rng.standard_normal((BATCH, WIDTH)) * 0.1).astype(np.float32)
    w = (rng.random((n, WIDTH), np.float32) - 0.5) * 0.1
    y = rng.integers(0, n, BATCH)
    ctx = cpwl.Context(threads=threads)
    head = cpwl.DietHead(1, WIDTH, lr=1e-6)
    head.weight, head.state = w, [np.zeros_like(w), np.zeros_like(w)]
    before = peak()
    head.step(f, y, context=ctx)
    grown = {"step": peak() - before}
    d_head = np.zeros_like(w)
    before = peak()
    cpwl.diet_loss(f, w, y, SMOOTHING, d_head=d_head, context=ctx)
    grown["loss"] = peak() - before
    tf = torch.from_numpy(f).requires_grad_()
    tw = torch.from_numpy(w).requires_grad_()
    ty = torch.from_numpy(y)

    def theirs() -> None:
        tf.grad = tw.grad = None
        functional.cross_entropy(tf @ tw.T, ty, label_smoothing=SMOOTHING).backward()

    before = peak()
    theirs()
    grown["torch"] = peak() - before
    contestants = {
        "loss": lambda: cpwl.diet_loss(f, w, y, SMOOTHING, d_head=d_head, context=ctx),
        "step": lambda: head.step(f, y, context=ctx),
        "torch": theirs,
    }
    if n * BATCH * 4 < 1 << 28:
        contestants["kept"] = lambda: cpwl.diet_loss(f, w, y, SMOOTHING, d_head=d_head, context=ctx, workspace=1 << 28)
        grown["kept"] = float("nan")
    flops = 8 * BATCH * n * WIDTH
    found = turns(rounds, contestants)
    for name, (cpu, wall) in found.items():
        ratio = cpu / found["torch"][0], wall / found["torch"][1]
        print(
            f"{n:>9} {threads} {name:<6} cpu {cpu:8.3f} s, wall {wall:8.3f} s, of torch {ratio[0]:.2f} {ratio[1]:.2f} "
            f"{flops / cpu / 1e9:6.0f} GF/s of 8BNK  peak +{grown[name]:.0f} MB",
            flush=True,
        )


def plans(rounds: int) -> None:
    """Sinkhorn on 1024 x 1024 scores."""
    import ot

    rng = np.random.default_rng(0)
    z = rng.standard_normal((1024, 1024)) * 2
    z -= np.log(np.exp(z).sum(1, keepdims=True))
    narrow, even, one = z.astype(np.float32), np.full(1024, 1 / 1024), cpwl.Context(threads=1)
    tight = {"numItermax": 1000, "stopThr": 1e-9, "warn": False}
    brief = {"numItermax": 3, "stopThr": 0, "warn": False}
    contestants = {
        "f32, 3 iterations": lambda: cpwl.sinkhorn(narrow, context=one),
        "f64, 3 iterations": lambda: cpwl.sinkhorn(z, context=one),
        "f64 to 1e-9": lambda: cpwl.sinkhorn(z, iterations=1000, tolerance=1e-9 / 32, context=one),
        "POT, 3 iterations": lambda: ot.sinkhorn(even, even, -z, 1, **brief),
        "POT to 1e-9": lambda: ot.sinkhorn(even, even, -z, 1, **tight),
        "POT log, 3 iterations": lambda: ot.sinkhorn(even, even, -z, 1, method="sinkhorn_log", **brief),
        "POT log to 1e-9": lambda: ot.sinkhorn(even, even, -z, 1, method="sinkhorn_log", **tight),
    }
    for name, (cpu, wall) in turns(rounds, contestants).items():
        print(f"sinkhorn 1024 x 1024  {name:<24} cpu {1e3 * cpu:8.2f} ms  wall {1e3 * wall:8.2f} ms", flush=True)


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, nargs="*", default=[50_000])
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    for n in args.n:
        for threads in args.threads:
            losses(n, threads, args.rounds)
    plans(args.rounds)


if __name__ == "__main__":
    main()
