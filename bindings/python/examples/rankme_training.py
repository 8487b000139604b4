"""Watches RankMe while a small encoder is trained without labels, with and without a regulariser that keeps its rank
up.

    python rankme_training.py --out pictures

Needs torch and matplotlib. Two noisy views of every sample are pulled together, and a weak hinge on the variances
(VICReg without its covariance term) keeps the embeddings from shrinking to a point, but not from lying along few
directions: their rank falls. RankMe sees it without a label, at the price of a few milliseconds a measurement;
`rankme_loss` prevents it.
"""

from __future__ import annotations

import argparse
import pathlib

import torch
from torch import nn

from cpwl.torch import RankMeCallback, rankme_loss


def train(weight: float, steps: int, every: int = 20) -> RankMeCallback:
    """RankMe of the embeddings over training; `weight` is that of the regulariser."""
    torch.manual_seed(0)
    encoder = nn.Sequential(nn.Linear(32, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 64))
    watch = RankMeCallback(encoder, rows=4096).attach()
    optimizer = torch.optim.Adam(encoder.parameters(), lr=1e-3)
    for step in range(steps):
        x = torch.randn(256, 32)
        a, b = (encoder(x + 0.5 * torch.randn_like(x)) for _ in range(2))
        loss = (a - b).square().mean() + 0.1 * sum((1 - v.std(dim=0)).relu().mean() for v in (a, b))
        if weight:
            loss = loss + weight * (rankme_loss(a) + rankme_loss(b))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % every == 0:
            watch.measure(step)
    watch.detach()
    return watch


def main() -> None:
    """Trains both, prints the ranks, draws."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("."), help="folder for the picture")
    parser.add_argument("--steps", type=int, default=600)
    args = parser.parse_args()
    plain, kept = train(0.0, args.steps), train(0.05, args.steps)
    print(f"RankMe after {args.steps} steps: {plain.ranks[-1]:.1f}, and {kept.ranks[-1]:.1f} with the regulariser")

    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(12, 4.5), layout="constrained")
    left.plot(plain.steps, plain.ranks, label="invariance and variance only")
    kept.plot(left, label="with rankme_loss")
    for watch, label in ((plain, "invariance and variance only"), (kept, "with rankme_loss")):
        assert watch.queue is not None
        watch.queue.spectrum(center=True).plot(right, fit=(2, 40), label=label)
    left.set_title("RankMe of the last 4096 embeddings")
    right.set_title("their eigenvalues at the end")
    args.out.mkdir(parents=True, exist_ok=True)
    figure.savefig(args.out / "rankme.png", dpi=120)
    print(f"written: {args.out / 'rankme.png'}")


if __name__ == "__main__":
    main()
