"""Factor analysis: counts for thousands of models against the time to read the predictions, numpy and pandas.

    python benches/peers/factors.py [--models M] [--images N]

Synthetic annotations with the frequencies of the ImageNet-X validation set. Interleaved, medians of 5.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import time
from collections.abc import Callable

import numpy as np

import cpwl

# Images of each factor among 46,110, all active ones.
MULTI = np.array([39974, 35537, 15478, 13034, 2873, 1891, 1500, 3604, 879, 390, 512, 217, 105, 586, 94, 1828]) / 46110


def clock(work: Callable[[], object]) -> float:
    """Seconds of a call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def by_numpy(predictions: np.ndarray, labels: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Counts as a product of matrices in f32, which holds them exactly."""
    return (predictions == labels).astype(np.float32) @ factors


def by_pandas(predictions: np.ndarray, labels: np.ndarray, factors: np.ndarray) -> object:
    """One model the way of a table: a frame of correctness and factors, and a mean for each factor."""
    import pandas

    frame = pandas.DataFrame(factors.astype(bool), columns=list(cpwl.FACTORS))
    frame["right"] = predictions == labels
    return [frame.loc[frame[name], "right"].mean() for name in cpwl.FACTORS]


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--models", type=int, default=2200)
    parser.add_argument("--images", type=int, default=50_000)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    m, n = options.models, options.images
    rng = np.random.default_rng(0)
    factors = (rng.random((n, 16)) < MULTI).astype(np.uint8)
    labels = rng.integers(0, 1000, n).astype(np.int32)
    predictions = np.empty((m, n), np.uint16)
    for row in predictions:
        row[:] = np.where(rng.random(n) < 0.25, rng.integers(0, 1000, n), labels)
    images = cpwl.Factors(factors, labels, names=cpwl.FACTORS)
    context = cpwl.Context(threads=options.threads)
    words, few = predictions.view(np.uint64), min(20, m)
    as_floats = factors.astype(np.float32)
    times: dict[str, list[float]] = {"read": [], "ours": [], "numpy": [], "pandas": []}
    for _ in range(5):
        times["read"].append(clock(lambda: np.bitwise_or.reduce(words, axis=None)))
        times["ours"].append(clock(lambda: images.report(predictions, context=context)))
        times["numpy"].append(clock(lambda: by_numpy(predictions[:few], labels, as_floats)) * m / few)
        with contextlib.suppress(ImportError):
            times["pandas"].append(clock(lambda: by_pandas(predictions[0], labels, factors)) * m)
    report = images.report(predictions, context=context)
    assert (report.correct[:few] == by_numpy(predictions[:few], labels, as_floats)).all()
    read = statistics.median(times["read"])
    print(f"{m} models x {n} images x 16 factors, {predictions.nbytes / 1e6:.0f} MB, {options.threads} thread(s)")
    print("| what | ms | times the read |\n|---|--:|--:|")
    names = {
        "read": "read the predictions once (numpy OR)",
        "ours": "cpwl: counts, ratios, intervals",
        "numpy": f"numpy f32 product, counts only (from {few} models)",
        "pandas": "pandas, one model (scaled)",
    }
    for key, values in times.items():
        if values:
            t = statistics.median(values)
            print(f"| {names[key]} | {t * 1e3:.1f} | {t / read:.2f} |")
    t = statistics.median(clock(lambda: report.bootstrap(0)) for _ in range(3))
    print(f"bootstrap of 16 factors x 10,000 replicates: {t * 1e3:.1f} ms")


if __name__ == "__main__":
    main()
