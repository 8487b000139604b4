"""Trains a small convolutional network on digits without labels, by DIET, and on long-tailed digits with two priors.

    python diet_digits.py --out pictures

Needs torch, scikit-learn and matplotlib; two minutes or so on a CPU. Every training image is a class of its own; the
head is updated while the gradient of the features is computed. Then a linear probe on frozen features, beside a
supervised network and an untrained one of the same shape, and the effective rank (RankMe) of the features while they
are learnt. The second part trains prototypes on digits of which the last class has a twentieth of the images of the
first, once with a uniform and once with a power-law prior.
"""

from __future__ import annotations

import argparse
import copy
import pathlib
import time

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from torch import nn
from torch.nn import functional

import cpwl
from cpwl.torch import diet_step, prior_matching_loss

WIDTH = 64


def encoder() -> nn.Module:
    """From images (B, 1, 8, 8) to features (B, 64)."""
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(),
        nn.Conv2d(32, 64, 3, padding=1, stride=2), nn.BatchNorm2d(64), nn.ReLU(),
        nn.Conv2d(64, WIDTH, 3, padding=1), nn.BatchNorm2d(WIDTH), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(),
        nn.Linear(4 * WIDTH, WIDTH),
    )  # fmt: skip


def augment(x: torch.Tensor, strength: float = 1.0) -> torch.Tensor:
    """Turned, stretched, shifted, and a little noisy."""
    n = len(x)
    angle = strength * 0.35 * (2 * torch.rand(n) - 1)
    scale = 1 + strength * 0.2 * (2 * torch.rand(n) - 1)
    turn = torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()], 1).view(n, 2, 2) * scale[:, None, None]
    shift = strength * 0.25 * (2 * torch.rand(n, 2, 1) - 1)
    grid = functional.affine_grid(torch.cat([turn, shift], 2), list(x.shape), align_corners=False)
    return functional.grid_sample(x, grid, align_corners=False) + 0.1 * strength * torch.randn_like(x)


def features(net: nn.Module, x: torch.Tensor) -> np.ndarray:
    """Of frozen weights."""
    net.eval()
    with torch.no_grad():
        z = net(x).numpy()
    net.train()
    return z


def probe(train: np.ndarray, y: np.ndarray, test: np.ndarray, truth: np.ndarray) -> float:
    """Accuracy of a linear classifier on features, as the mean over classes."""
    mean, sd = train.mean(0), train.std(0) + 1e-6
    found = LogisticRegression(max_iter=2000).fit((train - mean) / sd, y).predict((test - mean) / sd)
    return float(np.mean([(found[truth == c] == c).mean() for c in np.unique(truth)]))


def few(y: np.ndarray, each: int) -> np.ndarray:
    """The first images of every class."""
    return np.concatenate([np.flatnonzero(y == c)[:each] for c in range(10)])


def schedule(optimizer: torch.optim.Optimizer, steps: int, rate: float) -> torch.optim.lr_scheduler.OneCycleLR:
    """Up for a tenth of the steps, then down."""
    return torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, steps, pct_start=0.1)


def train_diet(x: torch.Tensor, epochs: int) -> tuple[nn.Module, list[tuple[float, float, float]]]:
    """The encoder, and excess loss, accuracy of the index task and RankMe after each epoch."""
    torch.manual_seed(0)
    net, n = encoder(), len(x)
    head = cpwl.DietHead(n, WIDTH, weight_decay=0.05)
    optimizer = torch.optim.AdamW(net.parameters(), weight_decay=0.05)
    rates = schedule(optimizer, epochs * -(-n // 256), 3e-3)
    history = []
    for _ in range(epochs):
        excess, correct = [], 0
        for index in torch.randperm(n).split(256):
            optimizer.zero_grad()
            head.lr = rates.get_last_lr()[0]
            loss, found = diet_step(head, net(augment(x[index])), index)
            loss.backward()
            optimizer.step()
            rates.step()
            excess.append(found.excess)
            correct += found.n_correct
        history.append((float(np.mean(excess)), correct / n, cpwl.rankme(features(net, x))))
    return net, history


def train_supervised(x: torch.Tensor, y: torch.Tensor, epochs: int) -> nn.Module:
    """The same network with the labels."""
    torch.manual_seed(0)
    net, last = encoder(), nn.Linear(WIDTH, 10)
    optimizer = torch.optim.AdamW([*net.parameters(), *last.parameters()], weight_decay=0.05)
    rates = schedule(optimizer, epochs * -(-len(x) // 256), 3e-3)
    for _ in range(epochs):
        for index in torch.randperm(len(x)).split(256):
            optimizer.zero_grad()
            functional.cross_entropy(last(net(augment(x[index]))), y[index]).backward()
            optimizer.step()
            rates.step()
    return net


def train_prototypes(x: torch.Tensor, prior: np.ndarray, epochs: int) -> tuple[nn.Module, np.ndarray]:
    """MSN with a prior: the encoder, and the prototype of every image."""
    torch.manual_seed(0)
    net = encoder()
    target = copy.deepcopy(net)
    protos = nn.Parameter(torch.empty(len(prior), WIDTH).uniform_(-(WIDTH**-0.5), WIDTH**-0.5))
    optimizer = torch.optim.AdamW([{"params": net.parameters(), "weight_decay": 0.05}, {"params": [protos]}])
    steps = epochs * -(-len(x) // 256)
    rates = schedule(optimizer, steps, 2e-3)
    for _ in range(epochs):
        for index in torch.randperm(len(x)).split(256):
            views = torch.cat([augment(x[index]) for _ in range(2)])
            with torch.no_grad():
                given = target(augment(x[index], 0.3))
            optimizer.zero_grad()
            loss, _ = prior_matching_loss(net(views), given, protos, prior, sinkhorn_prior=prior)
            loss.backward()
            optimizer.step()
            rates.step()
            with torch.no_grad():
                for mine, theirs in zip(target.parameters(), net.parameters(), strict=True):
                    mine.lerp_(theirs, 0.01)
    unit = functional.normalize(torch.from_numpy(features(net, x)), dim=1)
    return net, (unit @ functional.normalize(protos.detach(), dim=1).T).argmax(1).numpy()


def main() -> None:
    """Trains, measures, prints, draws."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, help="folder for the pictures; none without")
    parser.add_argument("--epochs", type=int, default=100)
    args = parser.parse_args()
    began = time.perf_counter()
    digits = load_digits()
    order = np.random.default_rng(0).permutation(len(digits.target))
    x = torch.tensor(digits.images[order], dtype=torch.float32)[:, None] / 8 - 1
    y = digits.target[order]
    train, test = slice(0, 1297), slice(1297, None)

    net, history = train_diet(x[train], args.epochs)
    torch.manual_seed(1)
    nets = {
        "DIET (no labels)": net,
        "supervised": train_supervised(x[train], torch.from_numpy(y[train]), args.epochs // 3),
        "untrained": encoder(),
    }
    print(f"{'linear probe':<20}{'all labels':>12}{'10 a class':>12}{'RankMe':>10}")
    for name, each in nets.items():
        z, z_test = features(each, x[train]), features(each, x[test])
        some = few(y[train], 10)
        scores = [probe(z, y[train], z_test, y[test]), probe(z[some], y[train][some], z_test, y[test])]
        print(f"{name:<20}{scores[0]:>12.3f}{scores[1]:>12.3f}{cpwl.rankme(z):>10.1f}")

    keep = np.concatenate([np.flatnonzero(y[train] == c)[: int(120 / 20 ** (c / 9))] for c in range(10)])
    tail, labels = x[train][keep], y[train][keep]
    print(f"\n{len(keep)} long-tailed digits, {'balanced probe':>16}{'effective prototypes':>24}{'exponent':>10}")
    fits = {}
    for name, exponent in (("uniform prior", 0.0), ("power law 1", 1.0)):
        net, assigned = train_prototypes(tail, cpwl.power_law_prior(32, exponent), args.epochs)
        score = probe(features(net, tail), labels, features(net, x[test]), y[test])
        fits[name] = cpwl.fit_prior(assigned, 32, null=500)
        print(f"{name:<24}{score:>16.3f}{fits[name].effective:>24.1f}{fits[name].exponent:>10.2f}")
    print(f"\n{time.perf_counter() - began:.0f} s")
    if args.out:
        draw(args.out, np.array(history), fits)


def draw(folder: pathlib.Path, history: np.ndarray, fits: dict[str, cpwl.PriorFit]) -> None:
    """Curves of the training, and shares of the prototypes."""
    from matplotlib import pyplot

    folder.mkdir(parents=True, exist_ok=True)
    figure, axes = pyplot.subplots(1, 3, figsize=(12, 3.5), layout="constrained")
    titles = ("excess loss", "accuracy of the index task", "RankMe of the features")
    for ax, values, title in zip(axes, history.T, titles, strict=True):
        ax.plot(values)
        ax.set(title=title, xlabel="epoch")
    figure.savefig(folder / "diet.png", dpi=150)
    figure, axes = pyplot.subplots(1, 2, figsize=(10, 3.5), layout="constrained")
    for ax, (name, fit) in zip(axes, fits.items(), strict=True):
        fit.plot(ax)
        ax.set_title(f"{name}: {ax.get_title()}")
    figure.savefig(folder / "priors.png", dpi=150)
    print(f"pictures in {folder}")


if __name__ == "__main__":
    main()
