"""Trains the three signed distance functions of this folder: sphere.onnx, torus.onnx and blobs.onnx.

Run by hand, never by users or tests: `python train_sdf.py` with torch, onnx, onnxscript and onnxruntime. Seeds are
fixed and one thread is used; another version of torch may still round differently.

Each network maps a point of [-1/2, 1/2]^3 to the distance from a surface, negative inside. The shapes are known in
closed form, so areas, volumes and Euler characteristics of the learned zero level sets can be checked against them.
"""

from __future__ import annotations

import pathlib
from collections.abc import Callable

import torch
from torch import nn
from train import export

HERE = pathlib.Path(__file__).parent
Sdf = Callable[[torch.Tensor], torch.Tensor]

RADIUS = 0.35  # of the sphere
RING, TUBE = 0.3, 0.12  # of the torus around the z axis
BLOB, APART = 0.17, 0.25  # two balls at x = -APART and x = APART


def sphere(x: torch.Tensor) -> torch.Tensor:
    """Distance of points (N, 3) from the sphere."""
    return x.norm(dim=1) - RADIUS


def torus(x: torch.Tensor) -> torch.Tensor:
    """Distance of points (N, 3) from the torus."""
    return torch.stack([x[:, :2].norm(dim=1) - RING, x[:, 2]], 1).norm(dim=1) - TUBE


def blobs(x: torch.Tensor) -> torch.Tensor:
    """Distance of points (N, 3) from the nearer of two spheres."""
    centre = torch.tensor([APART, 0.0, 0.0])
    return torch.minimum((x - centre).norm(dim=1), (x + centre).norm(dim=1)) - BLOB


def train(sdf: Sdf, widths: list[int], seed: int, steps: int = 6000) -> nn.Sequential:
    """Adam on the squared error, half of the points within about 0.05 of the surface."""
    torch.manual_seed(seed)
    layers: list[nn.Module] = []
    for n_in, n_out in zip([3, *widths], [*widths, 1], strict=True):
        layers += [nn.Linear(n_in, n_out), nn.ReLU()]
    net = nn.Sequential(*layers[:-1])
    optimizer = torch.optim.Adam(net.parameters(), lr=4e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        x = torch.rand(4096, 3) - 0.5
        near = sdf(x).abs().argsort()[:2048]
        x = torch.cat([x[near], torch.rand(1024, 3) - 0.5])
        optimizer.zero_grad()
        nn.functional.mse_loss(net(x)[:, 0], sdf(x)).backward()
        optimizer.step()
        schedule.step()
    return net.eval()


def main() -> None:
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    for seed, (name, sdf, widths) in enumerate(
        [("sphere", sphere, [32, 32]), ("torus", torus, [24, 24, 24]), ("blobs", blobs, [16, 16, 16])]
    ):
        net = train(sdf, widths, seed)
        with torch.no_grad():
            x = torch.rand(100_000, 3) - 0.5
            error = net(x)[:, 0] - sdf(x)
            close = sdf(x).abs() < 0.03
        export(net, x[:2], HERE / f"{name}.onnx")
        near = error[close].square().mean().sqrt()
        print(f"{name}: rms error {error.square().mean().sqrt():.4f}, near the surface {near:.4f}")


if __name__ == "__main__":
    main()
