"""HSIC beside numpy, torch, hyppo and pykeops on the same inputs: seconds, ratio, peak memory above the inputs.

    python benches/peers/hsic.py [--n 2000 8000] [--d 10 128 512] [--threads 1 2] [--limit 60]

Every figure comes from a process of its own: median of `--rounds` after one run that does not count; peak memory is
what the resident set grew by. Peers that are not installed are left out. numpy and torch form both Gram matrices;
hyppo's figure is its debiased distance-like statistic (three covariances); pykeops computes the sums by its reductions
in float32.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

CONTESTANTS = ("ours", "ours-f32", "numpy", "torch", "torch-f32", "hyppo", "pykeops-f32")


def peak_mib() -> float:
    """Peak resident memory so far."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


def contestant(name: str, n: int, d: int, threads: int):
    """A function that computes HSIC, and its value."""
    import numpy as np

    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, d))
    y = x + rng.normal(size=(n, d))
    g = 0.5 / d
    if name.endswith("f32"):
        x, y = x.astype(np.float32), y.astype(np.float32)
    if name.startswith("ours"):
        import cpwl

        context, kernel = cpwl.Context(threads=threads), cpwl.Kernel("rbf", g)
        return lambda: cpwl.hsic_estimates(x, y, kernel=kernel, context=context).biased
    if name == "numpy":

        def gram(x):
            s = (x * x).sum(1)
            return np.exp(-g * np.maximum(s[:, None] + s - 2 * x @ x.T, 0))

        def run():
            k, l = gram(x), gram(y)  # noqa: E741
            k -= k.mean(0)
            k -= k.mean(1)[:, None]
            return float((k * l).sum()) / n**2

        return run
    if name.startswith("torch"):
        import torch

        torch.set_num_threads(threads)
        a, b = torch.from_numpy(x), torch.from_numpy(y)

        def run():
            with torch.no_grad():
                k, l = (torch.exp(-g * torch.cdist(t, t).square()) for t in (a, b))  # noqa: E741
                k = k - k.mean(0) - k.mean(1)[:, None] + k.mean()
                return float((k * l).sum()) / n**2

        return run
    if name == "hyppo":
        from hyppo.independence import Hsic

        return lambda: float(Hsic(compute_kernel="rbf", bias=False, gamma=g).statistic(x, y))
    if name == "pykeops-f32":
        from pykeops.numpy import LazyTensor

        def run():
            def gram(x):
                return (-g * ((LazyTensor(x[:, None]) - LazyTensor(x[None])) ** 2).sum(-1)).exp()

            k, l = gram(x), gram(y)  # noqa: E741
            r, s = (np.asarray(t.sum(1), dtype=np.float64).ravel() for t in (k, l))
            kl = np.asarray((k * l).sum(1), dtype=np.float64).sum()
            return (kl - 2 / n * r @ s + r.sum() * s.sum() / n**2) / n**2

        return run
    raise ValueError(name)


def measure(name: str, n: int, d: int, threads: int, rounds: int) -> dict[str, float]:
    """Median time, growth of memory and value of a contestant in this process."""
    run = contestant(name, n, d, threads)
    before = peak_mib()
    value, times = run(), []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return {"seconds": statistics.median(times), "mib": peak_mib() - before, "value": value}


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, nargs="+", default=[2000, 8000])
    parser.add_argument("--d", type=int, nargs="+", default=[10, 128, 512])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--limit", type=float, default=120, help="seconds for one contestant")
    parser.add_argument("--only", nargs="+", default=CONTESTANTS)
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        name, *numbers = args.one
        print(json.dumps(measure(name, *map(int, numbers), args.rounds)))
        return
    print("| n | d | threads | contestant | seconds | times ours | MiB | value |\n|---|---|---|---|---|---|---|---|")
    for n in args.n:
        for d in args.d:
            for threads in args.threads:
                ours = {}
                for name in args.only:
                    env = os.environ | {v: str(threads) for v in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
                    command = [sys.executable, __file__, "--rounds", str(args.rounds), "--one", name]
                    try:
                        done = subprocess.run([*command, str(n), str(d), str(threads)], env=env, capture_output=True,
                                              text=True, timeout=args.limit, check=True)  # fmt: skip
                    except subprocess.TimeoutExpired:
                        print(f"| {n} | {d} | {threads} | {name} | > {args.limit:g} | | | |", flush=True)
                        continue
                    except subprocess.CalledProcessError as problem:
                        print(f"{name}: {problem.stderr.strip().splitlines()[-1]}", file=sys.stderr)
                        continue
                    r = json.loads(done.stdout)
                    ours.setdefault("f32" in name, r["seconds"])
                    ratio = r["seconds"] / ours["f32" in name]
                    print(f"| {n} | {d} | {threads} | {name} | {r['seconds']:.4f} | {ratio:.1f} | {r['mib']:.0f} | "
                          f"{r['value']:.10f} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
