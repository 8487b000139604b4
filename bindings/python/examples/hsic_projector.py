"""The effect behind VCReg (Mialon et al., arXiv 2209.14905): features trained so that the covariances *behind* a wide
random projector vanish become pairwise independent themselves; without a projector they only become uncorrelated.

    python hsic_projector.py [projector.png]

A linear map of six mixed sources is trained with VCReg behind random networks of one hidden layer of several widths,
drawn anew at every step, and the mean pairwise CKA (Gaussian kernels) of what goes into the projector is measured.
Needs torch and matplotlib.
"""

from __future__ import annotations

import sys

import numpy as np
import torch

import cpwl
from cpwl.torch import vcreg

SOURCES, ROWS, STEPS, SEEDS = 6, 2048, 200, 3
WIDTHS = (0, 8, 32, 128)


def mixture(seed: int) -> torch.Tensor:
    """Sources that are far from Gaussian, mixed and whitened."""
    rng = np.random.default_rng(seed)
    uniform, laplace = rng.uniform(-1, 1, (ROWS, SOURCES // 2)), rng.laplace(size=(ROWS, SOURCES - SOURCES // 2))
    s = np.concatenate([uniform, laplace], axis=1)
    x = s @ rng.normal(size=(SOURCES, SOURCES))
    x -= x.mean(0)
    values, vectors = np.linalg.eigh(np.cov(x.T))
    turn = np.linalg.qr(rng.normal(size=(SOURCES, SOURCES)))[0]
    return torch.tensor(x @ vectors / np.sqrt(values) @ turn, dtype=torch.float32)


def train(x: torch.Tensor, width: int, seed: int) -> float:
    """Mean pairwise CKA of the features that VCReg behind a projector of this width (0: none) ends with."""
    torch.manual_seed(seed)
    free = torch.randn(SOURCES, SOURCES, requires_grad=True)
    optimizer = torch.optim.Adam([free], lr=0.02)
    for _ in range(STEPS):
        rotation = torch.linalg.qr(free)[0]
        y = x[torch.randint(len(x), (512,))] @ rotation
        if width:
            # Elementwise random features, the projector for which covariance is HSIC: width of them for each feature.
            a, b = torch.randn(SOURCES, width), 2 * torch.pi * torch.rand(SOURCES, width)
            z = torch.cos(y[:, :, None] * a + b).flatten(1) / width**0.5
            within = torch.stack([vcreg(z[:, i * width : (i + 1) * width], alpha=0.0) for i in range(SOURCES)])
            loss = vcreg(z, alpha=0.0) - within.sum()
        else:
            loss = vcreg(y, alpha=0.0)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        y = x @ torch.linalg.qr(free)[0]
    return cpwl.pairwise_mean(y, gammas=0.5, normalised=True)


def main(path: str = "projector.png") -> None:
    """Trains, prints the table, draws."""
    found = np.array([[train(mixture(seed), width, seed) for seed in range(SEEDS)] for width in WIDTHS])
    for width, row in zip(WIDTHS, found, strict=True):
        print(f"width {width:4d}: mean pairwise CKA {row.mean():.5f} (from {row.min():.5f} to {row.max():.5f})")
    from matplotlib import pyplot

    figure, ax = pyplot.subplots(figsize=(5.5, 3.6), layout="constrained")
    at = np.arange(len(WIDTHS))
    ax.plot(at, found.mean(1), marker="o")
    ax.fill_between(at, found.min(1), found.max(1), alpha=0.2)
    ax.set_xticks(at, ["none", *map(str, WIDTHS[1:])])
    ax.set_yscale("log")
    ax.set_xlabel("random features of each coordinate")
    ax.set_ylabel("mean pairwise CKA of the features")
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    main(*sys.argv[1:])
