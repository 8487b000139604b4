"""Effective rank of float32 rows beside what people run today, on one thread and on two.

`python rank.py [--json FILE] [--rounds N] [--sizes NxK,..]`. All run in one process, in turns; figures are medians of
the turns. Peers:

- *svdvals f32*: `torch.linalg.svdvals`, which is the RankMe of the paper and of stable-pretraining (its callback
computes
  `s / sum(s) + 1e-5` of a gathered queue, stable_pretraining/callbacks/rankme.py, 0.1.8);
- *f64 Gram, torch* and *f64 Gram, numpy*: products and eigenvalues in double precision;
- *numpy svd f32*, *scipy svdvals f32*;
- *reptrix*: `reptrix.rankme.get_rankme` (0.1.0: a PCA by full SVD) where it is installed.

The peak is that of fused multiply-adds on registers, of a C program compiled here. The floor of a Gram matrix is N
K^2 operations at that; *eigenvalues* is the part of ours behind the Gram matrix.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator

import numpy as np
import scipy.linalg
import threadpoolctl
import torch

import cpwl

SIZES = [(4096, 256), (8192, 512), (25600, 2048)]
EIGEN = [512, 2048, 4096]
# Beyond that many products a run of a decomposition with vectors, or by scipy, is done once, or not at all.
SLOW = 2 * 10**10

PEAK = r"""
typedef double lanes __attribute__((vector_size(WIDTH)));
double peak(long steps) {
    lanes s[12];
    for (int i = 0; i < 12; i++) s[i] = (lanes){0} + i;
    const lanes a = (lanes){0} + 0.999999, b = (lanes){0} + 1e-6;
    for (long n = 0; n < steps; n++)
        for (int i = 0; i < 12; i++) s[i] = s[i] * a + b;
    double sum = 0;
    for (int i = 0; i < 12; i++) for (int j = 0; j < WIDTH / 8; j++) sum += s[i][j];
    return sum;
}
"""


def peak() -> float:
    """Operations a second of one core, a multiply-add being two."""
    best = 0.0
    wide = "avx512f" in pathlib.Path("/proc/cpuinfo").read_text()
    with tempfile.TemporaryDirectory() as folder:
        source, library = pathlib.Path(folder) / "peak.c", pathlib.Path(folder) / "peak.so"
        source.write_text(PEAK)
        for width in (32, 64) if wide else (32,):
            flags = ["-O3", "-march=native", "-ffp-contract=fast", f"-DWIDTH={width}", "-shared", "-fPIC"]
            subprocess.run(["cc", *flags, str(source), "-o", str(library.with_suffix(f".{width}"))], check=True)
            run = ctypes.CDLL(str(library.with_suffix(f".{width}"))).peak
            run.restype, run.argtypes = ctypes.c_double, [ctypes.c_long]
            for _ in range(7):
                start = time.perf_counter()
                run(2_000_000)
                best = max(best, 2_000_000 * 12 * width / 8 * 2 / (time.perf_counter() - start))
    return best


def entropy_rank(sigma: np.ndarray) -> float:
    """RankMe of singular values."""
    p = sigma / sigma.sum() + 1e-7
    return float(np.exp(-(p * np.log(p)).sum()))


def contestants(z: np.ndarray, context: cpwl.Context) -> dict[str, tuple[Callable[[], object], bool]]:
    """Every way to RankMe of these rows, and whether it is slow."""
    t = torch.from_numpy(z)
    n, k = z.shape
    zero = np.zeros(k)

    def gram() -> cpwl.Moments:
        state = cpwl.Moments(shift=zero)
        state.update(z, context=context)
        return state

    def double() -> float:
        x = t.double()
        return entropy_rank(torch.linalg.eigvalsh(x.T @ x).clamp(min=0).sqrt().numpy())

    def numpy_double() -> float:
        x = z.astype(np.float64)
        return entropy_rank(np.sqrt(np.linalg.eigvalsh(x.T @ x).clip(0)))

    known = gram()
    found: dict[str, tuple[Callable[[], object], bool]] = {
        "ours": (lambda: cpwl.rankme(z, context=context), False),
        "ours, Gram": (gram, False),
        "ours, eigenvalues": (lambda: known.spectrum(context=context), False),
        "svdvals f32": (lambda: entropy_rank(torch.linalg.svdvals(t).numpy()), False),
        "f64 Gram, torch": (double, False),
        "f64 Gram, numpy": (numpy_double, False),
        "numpy svd f32": (lambda: entropy_rank(np.linalg.svd(z, compute_uv=False)), n * k * k > SLOW),
    }
    if n * k * k <= SLOW:
        found["scipy svdvals f32"] = (lambda: entropy_rank(scipy.linalg.svdvals(z, check_finite=False)), False)
    try:
        from reptrix.rankme import get_rankme
    except ImportError:
        return found
    found["reptrix"] = (lambda: get_rankme(t), n * k * k > SLOW)
    return found


def eigenvalues(k: int, context: cpwl.Context) -> dict[str, tuple[Callable[[], object], bool]]:
    """Every way to the eigenvalues of a symmetric matrix of order k."""
    z = np.random.default_rng(k).standard_normal((2 * k, k))
    state = cpwl.Moments(shift=np.zeros(k))
    state.update(z, context=context)
    a = state.products()
    t = torch.from_numpy(a)
    return {
        "ours": (lambda: state.spectrum(context=context), False),
        "torch": (lambda: torch.linalg.eigvalsh(t), False),
        "numpy": (lambda: np.linalg.eigvalsh(a), k > 2048),
        "scipy evr": (lambda: scipy.linalg.eigh(a, eigvals_only=True, driver="evr", check_finite=False), k > 2048),
    }


def updates(context: cpwl.Context) -> dict[str, tuple[Callable[[], object], bool]]:
    """One batch into a state that holds some."""
    z = np.random.default_rng(0).standard_normal((512, 2048)).astype(np.float32)
    state = cpwl.Moments(2048)
    state.update(z, context=context)
    return {"ours": (lambda: state.update(z, context=context), False)}


def medians(what: dict[str, tuple[Callable[[], object], bool]], rounds: int) -> dict[str, float]:
    """Seconds of each, in turns; what is slow has one turn that counts."""
    times: dict[str, list[float]] = {name: [] for name in what}
    for turn in range(-1, rounds):
        for name, (run, slow) in what.items():
            if slow and turn > 0:
                continue
            start = time.perf_counter()
            run()
            if turn >= 0 or slow:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(t) for name, t in times.items()}


def memory(n: int, k: int) -> Iterator[tuple[str, float]]:
    """MiB beyond rows and libraries, of each way in a process of its own."""
    for name in ("ours", "svdvals f32", "f64 Gram, torch"):
        command = [sys.executable, __file__, "--memory", name, "--sizes", f"{n}x{k}"]
        yield name, float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def measure_memory(name: str, n: int, k: int) -> None:
    """What :func:`memory` runs."""

    def high() -> float:
        status = pathlib.Path("/proc/self/status").read_text()
        return float(status.split("VmHWM:")[1].split()[0]) / 1024

    warm = np.random.default_rng(1).standard_normal((64, 8)).astype(np.float32)
    contestants(warm, cpwl.Context(threads=2))[name][0]()
    z = np.random.default_rng(0).standard_normal((n, k), np.float32)
    run = {
        "ours": lambda: cpwl.rankme(z, threads=2),
        "svdvals f32": lambda: torch.linalg.svdvals(torch.from_numpy(z)),
        "f64 Gram, torch": lambda: (lambda x: torch.linalg.eigvalsh(x.T @ x))(torch.from_numpy(z).double()),
    }[name]
    pathlib.Path("/proc/self/clear_refs").write_text("5")
    before = high()
    run()
    print(high() - before)


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=pathlib.Path, help="write the figures there too")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--sizes", help="NxK,..")
    parser.add_argument("--memory", help=argparse.SUPPRESS)
    args = parser.parse_args()
    sizes = [tuple(map(int, s.split("x"))) for s in args.sizes.split(",")] if args.sizes else SIZES
    if args.memory:
        measure_memory(args.memory, *sizes[0])
        return
    speed = peak()
    results: dict[str, object] = {"peak": speed}
    print(f"{cpwl.build_info()}\none core: {speed / 1e9:.1f} G operations a second in double precision", flush=True)
    for threads in map(int, args.threads.split(",")):
        torch.set_num_threads(threads)
        context = cpwl.Context(threads=threads)
        with threadpoolctl.threadpool_limits(threads):
            for n, k in sizes:
                z = np.random.default_rng(0).standard_normal((n, k), np.float32)
                rounds = args.rounds if n * k * k < SLOW else max(1, args.rounds - 2)
                found = medians(contestants(z, context), rounds)
                results[f"{n}x{k} {threads}"] = found
                floor = n * k * k / (threads * speed)
                print(f"\n{n} x {k}, {threads} threads: Gram at {100 * floor / found['ours, Gram']:.0f} % of the peak")
                for name, seconds in found.items():
                    print(f"  {name:20} {1e3 * seconds:9.1f} ms  {seconds / found['ours']:6.2f}", flush=True)
            for k in EIGEN if not args.sizes else []:
                found = medians(eigenvalues(k, context), max(1, args.rounds - 2))
                results[f"eigenvalues {k} {threads}"] = found
                line = ", ".join(f"{name} {1e3 * s:.0f} ms ({s / found['ours']:.2f})" for name, s in found.items())
                print(f"\neigenvalues of order {k}, {threads} threads: {line}", flush=True)
            seconds = medians(updates(context), 4 * args.rounds)["ours"]
            results[f"update {threads}"] = seconds
            floor = 512 * 2048**2 / (threads * speed)
            print(f"\nupdate with 512 x 2048, {threads} threads: {1e3 * seconds:.1f} ms, {seconds / floor:.2f} floors")
    for n, k in sizes:
        used = dict(memory(n, k))
        results[f"memory {n}x{k}"] = used
        line = ", ".join(f"{name} {mib:.0f}" for name, mib in used.items())
        print(f"memory at {n} x {k} in MiB, 2 K^2 doubles being {k * k / 65536:.0f}: {line}", flush=True)
    if args.json:
        args.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
