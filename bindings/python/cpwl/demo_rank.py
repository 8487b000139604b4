"""The part of the demo about effective rank: RankMe of a small encoder while it is trained without labels, with and
without a regulariser that keeps its rank up."""

from __future__ import annotations

import importlib.util
import itertools
import pathlib

import numpy as np

from . import Network, Queue, Spectrum, layers, rank_gradient, ranks_over_training

INPUTS, WIDTH, OUTPUTS, BATCH, ROWS = 16, 64, 32, 256, 2048
STEPS, EVERY = 400, 10


def main(out: pathlib.Path) -> list[pathlib.Path]:
    """Computes and prints; returns the files written to the folder `out`."""
    plain, kept = train(0.0), train(0.05)
    print(f"\nRankMe: an encoder to {OUTPUTS} dimensions is trained to see the same in two noisy views of each sample.")
    first, last = plain[0][0], plain[0][-1]
    print(f"Rank of its last {ROWS} outputs, without a label: {first:.1f} at first, {last:.1f} after {STEPS} steps;")
    print(f"with the entropy of the singular values as a regulariser: {kept[0][-1]:.1f}\n{plain[1]}\n{kept[1]}")
    if not importlib.util.find_spec("matplotlib"):
        return []
    draw(plain, kept, out / "rankme.png")
    return [out / "rankme.png"]


def train(weight: float) -> tuple[list[float], Spectrum]:
    """RankMe over training, and the centred spectrum at its end; `weight` is that of the regulariser."""
    rng = np.random.default_rng(0)
    sizes = (INPUTS, WIDTH, WIDTH, OUTPUTS)
    chain: list[layers.Layer] = []
    for n, m in itertools.pairwise(sizes):
        chain += [layers.Dense(rng.normal(size=(m, n)) * (2 / n) ** 0.5, np.zeros(m)), layers.ReLU()]
    net = Network.from_layers(chain[:-1])
    moments = [(np.zeros(p.shape), np.zeros(p.shape)) for p in net.parameters]
    queue, ranks = Queue(ROWS, OUTPUTS, "float64"), []
    for step in range(STEPS):
        x = rng.normal(size=(BATCH, INPUTS))
        views = np.concatenate([x, x]) + 0.5 * rng.normal(size=(2 * BATCH, INPUTS))
        tape = net.record(views)
        queue.push(tape.y)
        if step % EVERY == 0:
            ranks.append(queue.rankme())
        gradients = tape.backward(slope(tape.y, weight), x=False).parameters
        net = net.with_parameters(
            [adam(p.value, g, m, step) for p, g, m in zip(net.parameters, gradients, moments, strict=True)]
        )
    return ranks, queue.spectrum(center=True)


def slope(y: np.ndarray, weight: float) -> np.ndarray:
    """The gradient of the loss: distances of the two views, a weak hinge on the deviation of every output, and minus
    the entropy of each half's singular values."""
    a, b = y[:BATCH], y[BATCH:]
    apart = 2 * (a - b) / a.size
    parts = []
    for half, sign in ((a, 1), (b, -1)):
        deviation = half.std(axis=0, ddof=1)
        spread = (half - half.mean(axis=0)) / ((BATCH - 1) * deviation) * (deviation < 1)
        d = sign * apart - 0.1 / OUTPUTS * spread
        if weight:
            d = d - weight * rank_gradient(half, "paper", of="entropy").gradient
        parts.append(d)
    return np.concatenate(parts)


def adam(value: np.ndarray, gradient: np.ndarray, moments: tuple[np.ndarray, np.ndarray], step: int) -> np.ndarray:
    """One step of Adam (Kingma and Ba 2015) at a rate of 0.002."""
    first, second = moments
    first += 0.1 * (gradient - first)
    second += 0.001 * (gradient**2 - second)
    scale = np.sqrt(second / (1 - 0.999 ** (step + 1))) + 1e-8
    return value - 0.002 * first / (1 - 0.9 ** (step + 1)) / scale


def draw(plain: tuple[list[float], Spectrum], kept: tuple[list[float], Spectrum], path: pathlib.Path) -> None:
    """The ranks over training, and the spectra at its end."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(12, 4.5), layout="constrained")
    steps = np.arange(0, STEPS, EVERY)
    for (ranks, spectrum), label in ((plain, "two views alike"), (kept, "and its entropy high")):
        full = {"n_rows": ROWS, "n_columns": OUTPUTS} if spectrum is kept[1] else {}
        ranks_over_training(steps, ranks, left, label=label, marker=None, **full)
        spectrum.plot(right, fit=(2, 30), label=label)
    left.set_title(f"RankMe of the last {ROWS} outputs")
    right.set_title("their eigenvalues at the end")
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
