"""Networks that only ours can run: a table of regions, time and memory on one thread and on all."""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np

import cpwl
import networks
from contestant import memory
from cpwl import layers


def convolutional() -> tuple[cpwl.Network, cpwl.Domain]:
    """conv-bn-relu three times, average pool, dense, on 3x32x32 inputs, random weights; a slice through white noise.

    The channels are 16, 32, 32, the strides 1, 2, 2: 26,624 ReLUs. The slice is a square of side 0.5 with orthonormal
    axes around a point of norm 55.
    """
    rng = np.random.default_rng(0)
    chain: list[layers.Layer] = []
    channels = (3, 16, 32, 32)
    for before, after, stride in zip(channels, channels[1:], (1, 2, 2)):
        kernel = rng.normal(size=(after, before, 3, 3)) * np.sqrt(2 / (9 * before))
        scale, shift = rng.uniform(0.5, 1.5, after), rng.normal(size=after) / 4
        statistics_ = rng.normal(size=after) / 4, rng.uniform(0.5, 1.5, after)
        chain += [
            layers.Conv2d(kernel.astype(np.float32), stride=stride, padding=1),
            layers.BatchNorm(*statistics_, gamma=scale, beta=shift),
            layers.ReLU(),
        ]
    chain += [layers.AvgPool2d(8), layers.Flatten(), layers.Dense(rng.normal(size=(10, 32)) / np.sqrt(32))]
    net = cpwl.Network.from_layers(chain, (3, 32, 32))
    origin, *axes = rng.normal(size=(3, 3, 32, 32))
    axes = [axis / np.linalg.norm(axis) for axis in axes]
    square = 0.25 * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    return net, cpwl.Slice(origin, axes, square)


def dense(name: str) -> tuple[cpwl.Network, cpwl.Domain]:
    """A random network of `networks.py` on its square."""
    net = networks.load(name)
    chain: list[layers.Layer] = []
    for w, b in net.weights:
        chain += [layers.Dense(w, b), layers.ReLU()]
    return cpwl.Network.from_layers(chain[:-1]), cpwl.Box([net.lo] * 2, [net.hi] * 2)


def measure(
    net: cpwl.Network, domain: cpwl.Domain, repeat: int, clock: Callable[[], float], **options: object
) -> tuple[float, cpwl.Partition]:
    """Median seconds of a partition, and the last one."""
    times = []
    for _ in range(repeat):
        start = clock()
        p = net.partition(domain, **options)
        times.append(clock() - start)
    return statistics.median(times), p


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=3)
    repeat = parser.parse_args().repeat
    print("| network | units | regions | counting ms | stored ms | M regions/s | stored, all threads, ms | MiB |")
    print("|---|---|---|---|---|---|---|---|")
    for name, (net, domain) in {"2-256x4-10": dense("2-256x4-10"), "conv 3x32x32": convolutional()}.items():
        count, _ = measure(net, domain, repeat, time.process_time, threads=1, count_only=True)
        base = memory("VmRSS")
        with open("/proc/self/clear_refs", "w") as clear:
            clear.write("5")
        stored, p = measure(net, domain, repeat, time.process_time, threads=1, want=["polygons", "patterns"])
        used = (memory("VmHWM") - base) / 2**20
        wall, _ = measure(net, domain, repeat, time.perf_counter, want=["polygons", "patterns"])
        print(
            f"| {name} | {net.n_units:,} | {p.n_regions:,} | {1e3 * count:,.0f} | {1e3 * stored:,.0f} "
            f"| {p.n_regions / stored / 1e6:.2g} | {1e3 * wall:,.0f} | {used:,.0f} |"
        )


if __name__ == "__main__":
    main()
