"""How far off effective ranks are, beside torch's decomposition in single precision.

`python rank_accuracy.py [--rows N] [--columns K]`. Rows with a prescribed spectrum, rounded to float32; the truth is
the singular values that LAPACK finds in double precision of what was rounded. Prints the relative error of the
effective rank without eps for each spectrum, by the default options of `cpwl.effective_rank`, by
`torch.linalg.svdvals` in float32, and by a Gram matrix in float32; fails if ours is further off than torch's
decomposition (and than 1e-13, which is rounding).
"""

from __future__ import annotations

import argparse
import sys

import numpy as np
import torch

import cpwl


def spectra(k: int) -> dict[str, np.ndarray]:
    """What data look like, from harmless to collapsed."""
    i = np.arange(1, k + 1, dtype=np.float64)
    few = (i <= 10).astype(np.float64)
    return {
        "i^-.5": i**-0.5,
        "i^-1": i**-1,
        "i^-1.5": i**-1.5,
        "i^-2": i**-2,
        "exp(-i/20)": np.exp(-i / 20),
        "rank 10": few,
        "rank 1": (i <= 1).astype(np.float64),
        "10 ones, floor 1e-4": np.where(few > 0, 1.0, 1e-4),
        "flat": np.ones(k),
    }


def rank(sigma: np.ndarray) -> float:
    """Effective rank of singular values."""
    p = np.asarray(sigma, np.float64)
    p = p[p > 0] / p.sum()
    return float(np.exp(-(p * np.log(p)).sum()))


def main() -> int:
    """Prints the table; returns 1 if ours is worse anywhere."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=25_600)
    parser.add_argument("--columns", type=int, default=512)
    args = parser.parse_args()
    n, k = args.rows, args.columns
    rng = np.random.default_rng(0)
    left = np.linalg.qr(rng.standard_normal((n, k)))[0]
    right = np.linalg.qr(rng.standard_normal((k, k)))[0]
    print(
        f"relative error of the effective rank, {n} x {k}\n| spectrum | truth | ours | f32 SVD | f32 Gram |\n|---|---|---|---|---|"
    )
    worse = []
    for name, sigma in spectra(k).items():
        z = ((left * sigma) @ right.T).astype(np.float32)
        truth = rank(np.linalg.svd(z.astype(np.float64), compute_uv=False))
        t = torch.from_numpy(z)
        ours = abs(cpwl.effective_rank(z) / truth - 1)
        theirs = abs(rank(torch.linalg.svdvals(t).numpy()) / truth - 1)
        single = abs(rank(torch.linalg.eigvalsh(t.T @ t).clamp(min=0).sqrt().numpy()) / truth - 1)
        print(f"| {name} | {truth:.7g} | {ours:.1e} | {theirs:.1e} | {single:.1e} |", flush=True)
        if ours > max(theirs, 1e-13):
            worse.append(name)
    print("ours is nowhere further off than the f32 SVD" if not worse else f"further off: {', '.join(worse)}")
    return bool(worse)


if __name__ == "__main__":
    sys.exit(main())
