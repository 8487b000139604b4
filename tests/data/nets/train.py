"""Trains the three networks of this folder and writes everything in it but this file and README.md.

Run by hand, never by users or tests: `python train.py` with torch, onnx, onnxscript, onnxruntime and scikit-learn.
Seeds are fixed and one thread is used; another version of torch may still round differently, so the files are
committed together: weights, ONNX and expected values always belong to the same run.

For each network NAME it writes
    NAME.onnx            as `torch.onnx.export` emits it, weights inside, batch axis free
    NAME.expected.npz    inputs and what torch (f64, weights upcast exactly) and onnxruntime (f32) make of them
and, for the demo, digits_three.npz: three images of the held-out part, their labels and their row numbers.
"""

from __future__ import annotations

import pathlib

import numpy as np
import onnx
import onnxruntime
import torch
from sklearn.datasets import load_digits, make_moons
from torch import nn

HERE = pathlib.Path(__file__).parent
HELD_OUT = 360  # the last images of the data set: never trained on
EPSILON = 2.0**-16  # of batch-norm: exact in the single precision in which ONNX stores it


def digits() -> tuple[torch.Tensor, torch.Tensor]:
    """1,797 images (N, 64) with values k/16 in [0, 1], exact in f32, and their labels (N)."""
    data = load_digits()
    return torch.tensor(data.data / 16, dtype=torch.float32), torch.tensor(data.target)


def moons() -> tuple[torch.Tensor, torch.Tensor]:
    """Two interleaved half circles with noise: points (1000, 2) and classes (1000)."""
    x, y = make_moons(1000, noise=0.12, random_state=7)
    return torch.tensor(x, dtype=torch.float32), torch.tensor(y)


def train(net: nn.Module, x: torch.Tensor, y: torch.Tensor, epochs: int, decay: float) -> nn.Module:
    """AdamW on the cross-entropy with a cosine schedule; returns the network in evaluation form."""
    steps = epochs * -(-len(x) // 64)
    optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    net.train()
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(x[batch]), y[batch]).backward()
            optimizer.step()
            schedule.step()
    return net.eval()


def accuracy(net: nn.Module, x: torch.Tensor, y: torch.Tensor) -> float:
    with torch.no_grad():
        return (net(x).argmax(1) == y).double().mean().item()


def pattern(net: nn.Sequential, x: torch.Tensor) -> np.ndarray:
    """(B, units): 1 where a ReLU is on (z > 0); for a max-pool unit the index of the winner in its window,
    row-major, the lowest index on ties. Units in the order of the layers, each layer flattened as (C, H, W)."""
    codes = []
    for layer in net:
        if isinstance(layer, nn.ReLU):
            codes.append((x > 0).flatten(1))
        elif isinstance(layer, nn.MaxPool2d):
            k = layer.kernel_size
            windows = x.unfold(2, k, layer.stride).unfold(3, k, layer.stride).flatten(4)
            first = torch.from_numpy(windows.detach().numpy().argmax(-1))  # numpy: the first maximum wins
            codes.append(first.flatten(1))
        x = layer(x)
    return torch.cat([c.to(torch.int32) for c in codes], 1).numpy()


def export(net: nn.Module, x: torch.Tensor, path: pathlib.Path) -> None:
    """Writes the ONNX file of `net`, weights inside, batch axis free.

    The default exporter folds batch-norm into the convolution before it; a network that has one goes through the
    TorchScript exporter instead, which can leave it an operator of its own.
    """
    if any(isinstance(m, nn.BatchNorm2d) for m in net.modules()):
        torch.onnx.export(
            net,
            (x,),
            path,
            input_names=["x"],
            output_names=["y"],
            dynamo=False,
            dynamic_axes={"x": {0: "batch"}, "y": {0: "batch"}},
            do_constant_folding=False,
        )
    else:
        torch.onnx.export(
            net,
            (x,),
            path,
            input_names=["x"],
            output_names=["y"],
            external_data=False,
            dynamic_shapes=({0: torch.export.Dim("batch")},),
        )
    model = onnx.load(path)
    for node in model.graph.node:
        node.ClearField("metadata_props")  # stack traces: they name files of the machine that exported
    onnx.save(model, path)


def write(name: str, net: nn.Sequential, x: torch.Tensor) -> None:
    """Exports the network and stores what torch and onnxruntime compute at the inputs `x` (B, ...)."""
    path = HERE / f"{name}.onnx"
    export(net, x[:2], path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (y_onnx,) = session.run(None, {"x": x.numpy()})
    wide = net.double()
    x64 = x.double()
    with torch.no_grad():
        y = wide(x64)
        codes = pattern(wide, x64)
    a = torch.stack([torch.autograd.functional.jacobian(lambda v: wide(v[None])[0], row) for row in x64])
    a = a.flatten(2)
    b = y - torch.einsum("bij,bj->bi", a, x64.flatten(1))
    np.savez_compressed(
        HERE / f"{name}.expected.npz",
        x=x.numpy(),
        y_torch_f64=y.numpy(),
        y_onnxruntime_f32=y_onnx,
        pattern=codes,
        affine_a=a.numpy(),
        affine_b=b.numpy(),
        **{f"weights/{key}": value.float().numpy() for key, value in net.state_dict().items()},
    )
    print(
        f"{name}: {sum(p.numel() for p in net.parameters())} parameters, {codes.shape[1]} units, "
        f"{path.stat().st_size} bytes, max |torch - onnxruntime| = {np.abs(y.numpy() - y_onnx).max():.1e}"
    )


def main() -> None:
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    x, y = digits()
    held = slice(len(x) - HELD_OUT, None)
    seen = slice(0, len(x) - HELD_OUT)

    torch.manual_seed(1)
    mlp = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    train(mlp, x[seen], y[seen], epochs=60, decay=1e-2)
    print(f"digits_mlp: held-out accuracy {accuracy(mlp, x[held], y[held]):.4f}")

    # One held-out image of each of three classes, each recognised by the network.
    rows = [
        next(i for i in range(len(x) - HELD_OUT, len(x)) if y[i] == c and mlp(x[i : i + 1]).argmax() == c)
        for c in (3, 5, 8)
    ]
    np.savez_compressed(
        HERE / "digits_three.npz",
        images=(x[rows] * 16).to(torch.uint8).numpy().reshape(3, 8, 8),
        labels=y[rows].numpy(),
        rows=np.array(rows),
    )

    torch.manual_seed(2)
    conv = nn.Sequential(
        nn.Conv2d(1, 6, 3, padding=1, bias=False),
        nn.BatchNorm2d(6, eps=EPSILON),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 8, 3, padding=1),
        nn.BatchNorm2d(8, eps=EPSILON),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(32, 10),
    )
    images = x.reshape(-1, 1, 8, 8)
    train(conv, images[seen], y[seen], epochs=40, decay=1e-2)
    print(f"digits_conv: held-out accuracy {accuracy(conv, images[held], y[held]):.4f}")

    torch.manual_seed(3)
    points, classes = moons()
    small = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 2))
    train(small, points[200:], classes[200:], epochs=80, decay=1e-3)
    print(f"moons_mlp: held-out accuracy {accuracy(small, points[:200], classes[:200]):.4f}")

    write("digits_mlp", mlp, x[held][:8])
    write("digits_conv", conv, images[held][:8])
    write("moons_mlp", small, points[:8])


if __name__ == "__main__":
    main()
