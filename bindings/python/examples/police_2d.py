"""Trains a classifier and a regressor of two inputs that are affine on a pentagon, provably and at every step.

    python police_2d.py --out pictures

Needs torch and matplotlib. The pentagon grows from a point to its full size in the first half of the training. The
pictures show, for each task, the function or the predicted class, the linear regions of the network, and the pentagon:
one single region lies inside it.
"""

from __future__ import annotations

import argparse
import pathlib

import numpy as np
import torch
from torch import nn

import cpwl
from cpwl.torch import GrowingRegion, Policed

PENTAGON = np.array([[0.3, -0.6], [0.8, -0.1], [0.5, 0.5], [-0.2, 0.6], [-0.4, -0.2]])
BOX = cpwl.Box([-1.5, -1.5], [1.5, 1.5])


def wave(x: torch.Tensor) -> torch.Tensor:
    """What the regressor learns."""
    return torch.sin(4 * x[:, :1]) * torch.cos(3 * x[:, 1:])


def spiral(x: torch.Tensor) -> torch.Tensor:
    """What the classifier learns: on which of two arms of a spiral a point lies."""
    return (torch.atan2(x[:, 1], x[:, 0]) + 4 * x.norm(dim=1)).sin().gt(0).long()


def train(task: str, steps: int, width: int) -> tuple[Policed, float]:
    """A policed network after training, and its loss at the end."""
    torch.manual_seed(0)
    mlp = nn.Sequential(nn.Linear(2, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(),
                        nn.Linear(width, 2 if task == "spiral" else 1))  # fmt: skip
    model = Policed(mlp, cpwl.Polygon(PENTAGON))
    growth = GrowingRegion(model, steps // 2)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    for _ in range(steps):
        x = 3 * torch.rand(512, 2) - 1.5
        y = model(x)
        loss = nn.functional.cross_entropy(y, spiral(x)) if task == "spiral" else (y - wave(x)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        growth.step()
    return model, loss.item()


def main() -> None:
    """Trains both, prints what is proven, draws."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("."), help="folder for the pictures")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--width", type=int, default=64)
    args = parser.parse_args()

    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    args.out.mkdir(parents=True, exist_ok=True)
    for task in ("wave", "spiral"):
        model, loss = train(task, args.steps, args.width)
        policed = model.policed
        a, b = policed.affine()
        print(f"{task}: loss {loss:.4f}; on the pentagon f(x) = {a.round(3).tolist()} x + {b.round(3).tolist()}")
        print(f"{policed.report}\n{policed.certify()}\n")
        figure, (left, right) = pyplot.subplots(1, 2, figsize=(14, 6), layout="constrained")
        policed.plot(left, BOX)
        policed.plot(right, BOX, color="pattern", boundary=False)
        left.set_title("the function" if task == "wave" else "predicted class")
        right.set_title(f"{policed.net.partition(BOX).n_regions} linear regions, one inside the pentagon")
        figure.savefig(args.out / f"police_{task}.png", dpi=110)
        pyplot.close(figure)
        print(f"written: {args.out / f'police_{task}.png'}")


if __name__ == "__main__":
    main()
