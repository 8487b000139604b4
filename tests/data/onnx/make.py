"""Makes the ONNX files of this folder and the numbers that the tests expect of them.

    python make.py [folder]

Needs torch, onnx, onnxscript and onnxruntime; not run by the tests. `<name>.dynamo.onnx` and `<name>.script.onnx` come from
the two exporters of torch; `<name>.bin` holds little-endian float64:

    B, n_in, n_out, n_units, has_ort          (five numbers)
    x        (B, n_in)
    y        (B, n_out)                        torch, float64 arithmetic on the weights of the file
    y_ort    (B, n_out)                        onnxruntime on `<name>.dynamo.onnx` (float32), if has_ort
    A        (B, n_out, n_in), b (B, n_out)    torch autograd, float64: y = A x + b around each x
    codes    (B, n_units)                      activation pattern: interval, or index of the largest candidate

Attributes of ONNX nodes (epsilon, alpha) are float32; the modules below use the same rounded numbers. The exporters fold
a batch-norm behind a convolution into it in float32; so none stands there.
"""

import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
import torch.nn.functional as F
from torch import nn

EPS = float(np.float32(1e-5))
ALPHA = float(np.float32(0.1))
SIXTH = float(np.float32(1 / 6))


class Unit(nn.Module):
    """A layer that cuts the input space; keeps its codes when it is run in float64."""

    codes = []

    def keep(self, codes):
        if not torch.onnx.is_in_onnx_export() and codes.dtype == torch.int64 and Unit.codes is not None:
            Unit.codes.append(codes.reshape(len(codes), -1))


class Piecewise(Unit):
    """A pointwise function with the given knots."""

    def __init__(self, function, knots):
        super().__init__()
        self.function, self.knots = function, knots

    def forward(self, z):
        if z.dtype == torch.float64:
            self.keep(sum((z > t).long() for t in self.knots))
        return self.function(z)


def relu():
    return Piecewise(nn.ReLU(), [0.0])


class MaxPool(Unit):
    def __init__(self, kernel, **options):
        super().__init__()
        self.pool = nn.MaxPool2d(kernel, **options)

    def forward(self, z):
        y = self.pool(z)
        if z.dtype == torch.float64:
            p = self.pool
            k, s, pad, d = [
                (v, v) if isinstance(v, int) else v for v in (p.kernel_size, p.stride, p.padding, p.dilation)
            ]
            more = [
                (n - 1) * st + di * (ke - 1) + 1 - size - pa
                for n, st, di, ke, size, pa in zip(y.shape[2:], s, d, k, z.shape[2:], pad)
            ]
            z = F.pad(z, (pad[1], max(more[1], 0), pad[0], max(more[0], 0)), value=float("-inf"))
            z = z.unfold(2, d[0] * (k[0] - 1) + 1, s[0]).unfold(3, d[1] * (k[1] - 1) + 1, s[1])
            z = z[:, :, : y.shape[2], : y.shape[3], :: d[0], :: d[1]]
            self.keep(z.flatten(4).argmax(4))
        return y


class Maxout(Unit):
    def __init__(self, group):
        super().__init__()
        self.group = group

    def forward(self, z):
        z = z.unflatten(1, (-1, self.group))
        if z.dtype == torch.float64:
            self.keep(z.argmax(2))
        return z.amax(2)


class Residual(nn.Module):
    def __init__(self, *body):
        super().__init__()
        self.body = nn.Sequential(*body)

    def forward(self, x):
        return x + self.body(x)


class Join(nn.Module):
    def __init__(self, left, right, dim=1):
        super().__init__()
        self.left, self.right, self.dim = left, right, dim

    def forward(self, x):
        return torch.cat([self.left(x), self.right(x)], self.dim)


class ViewBySize(nn.Module):
    """A flatten as people write it: the exporter turns it into arithmetic on shapes."""

    def forward(self, x):
        return x.view(x.size(0), x.size(1) * x.size(2) * x.size(3))


class Arithmetic(nn.Module):
    """Constants on either side of + - * / and a minimum of two values."""

    def __init__(self, n):
        super().__init__()
        self.a, self.b = nn.Parameter(torch.randn(n)), nn.Parameter(torch.randn(n))

    def forward(self, x):
        return (1.5 - x) * self.a / 4 + (x - self.b) / 8 - 2 * x


class Both(Unit):
    """Maximum and minimum of two layers."""

    def __init__(self, left, right, lower):
        super().__init__()
        self.left, self.right, self.lower = left, right, lower

    def forward(self, x):
        a, b = self.left(x), self.right(x)
        if a.dtype == torch.float64:
            self.keep((a > b if self.lower else b > a).long())
        return torch.minimum(a, b) if self.lower else torch.maximum(a, b)


def hard_sigmoid(z):
    """In float64 with the slope that the file keeps."""
    return F.hardsigmoid(z) if z.dtype == torch.float32 else (z * SIXTH + 0.5).clamp(0, 1)


def batch_norm(n):
    layer = (nn.BatchNorm2d if isinstance(n, int) else nn.BatchNorm1d)(n if isinstance(n, int) else n[0], eps=EPS)
    layer.running_mean = torch.randn_like(layer.running_mean) / 4
    layer.running_var = torch.rand_like(layer.running_var) + 0.5
    nn.init.normal_(layer.weight)
    nn.init.normal_(layer.bias)
    return layer


def prelu(n):
    layer = nn.PReLU(n)
    nn.init.normal_(layer.weight)
    return Piecewise(layer, [0.0])


S = nn.Sequential
CASES = {
    "mlp_relu": ((5,), lambda: S(nn.Linear(5, 8), relu(), nn.Linear(8, 6), relu(), nn.Linear(6, 3))),
    "mlp_double": ((4,), lambda: S(nn.Linear(4, 8), relu(), nn.Dropout(), nn.Linear(8, 2, bias=False)).double()),
    "mlp_maxout": ((4,), lambda: S(nn.Linear(4, 12), Maxout(3), nn.Linear(4, 2))),
    "conv_bn_pool": (
        (2, 7, 8),
        lambda: S(
            nn.Conv2d(2, 4, 3, padding=1, bias=False),
            relu(),
            batch_norm(4),
            MaxPool(3, stride=2, padding=1),
            nn.Conv2d(4, 3, (2, 3), stride=(2, 1)),
            Piecewise(nn.LeakyReLU(ALPHA), [0.0]),
            MaxPool(2, ceil_mode=True),
            nn.Flatten(),
            nn.Linear(3, 3),
        ),
    ),
    "conv_groups": (
        (4, 6, 5),
        lambda: S(
            nn.Conv2d(4, 4, 3, groups=4, padding=(0, 1)),
            prelu(4),
            batch_norm(4),
            nn.Conv2d(4, 6, 2, dilation=2, groups=2),
            Piecewise(nn.Hardtanh(-0.5, 0.75), [-0.5, 0.75]),
            nn.AvgPool2d(2, stride=1, padding=1, count_include_pad=False),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(6, 2),
        ),
    ),
    "residual_concat": (
        (3, 5, 5),
        lambda: S(
            Residual(nn.Conv2d(3, 3, 3, padding=1), relu(), nn.Conv2d(3, 3, 1)),
            relu(),
            Join(nn.AvgPool2d(3, padding=1, stride=2, ceil_mode=True), nn.Conv2d(3, 2, 3, stride=2, padding=1)),
            ViewBySize(),
            nn.Linear(45, 4),
        ),
    ),
    "activations": (
        (6,),
        lambda: S(
            nn.Linear(6, 8),
            Piecewise(nn.ReLU6(), [0.0, 6.0]),
            nn.Linear(8, 8),
            Piecewise(hard_sigmoid, [-3.0, 3.0]),
            nn.Linear(8, 8),
            Piecewise(torch.abs, [0.0]),
            Arithmetic(8),
            prelu(1),
            batch_norm((8,)),
            Piecewise(lambda z: z.clamp(min=-0.25), [-0.25]),
            nn.Linear(8, 2),
        ),
    ),
    "min_max": (
        (3,),
        lambda: S(
            Both(nn.Linear(3, 6), nn.Linear(3, 6), False), Both(nn.Linear(6, 4), nn.Linear(6, 4), True), nn.Linear(4, 2)
        ),
    ),
    "conv1d": (
        (2, 12),
        lambda: S(
            nn.Conv1d(2, 4, 3, stride=2, padding=1),
            relu(),
            nn.AvgPool1d(2),
            nn.ConstantPad1d((1, 0), 0.0),
            nn.Flatten(),
            nn.Linear(16, 2),
        ),
    ),
}


def export(module, x, path, dynamo):
    Unit.codes = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if dynamo:
            batch = torch.export.Dim("batch")
            torch.onnx.export(
                module,
                (x,),
                path,
                dynamo=True,
                external_data=False,
                verbose=False,
                optimize=True,
                dynamic_shapes=({0: batch},),
            )
        else:
            torch.onnx.export(
                module,
                (x,),
                path,
                dynamo=False,
                input_names=["x"],
                output_names=["y"],
                dynamic_axes={"x": {0: "batch"}, "y": {0: "batch"}},
            )
    model = onnx.load(path)
    # Traces of the exporter (source lines, paths) are no part of the network.
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    del model.metadata_props[:], model.graph.metadata_props[:], model.graph.value_info[:]
    for value in [*model.graph.input, *model.graph.output, *model.graph.initializer]:
        del value.metadata_props[:]
        value.doc_string = ""
    onnx.save(model, path)


def expected(module, x, path):
    """The numbers of one case; `module` is left in float64."""
    single = next(module.parameters()).dtype == torch.float32
    parts = []
    if single:
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        parts = [session.run(None, {session.get_inputs()[0].name: x.numpy()})[0]]
    module, x = module.double(), x.double()
    Unit.codes = []
    y = module(x).detach()
    codes = torch.cat(Unit.codes, 1)
    n_in, n_out = x[0].numel(), y[0].numel()
    jacobian = torch.stack([torch.autograd.functional.jacobian(lambda v: module(v[None])[0], xi) for xi in x])
    a = jacobian.reshape(len(x), n_out, n_in)
    b = y.reshape(len(x), n_out) - torch.einsum("boi,bi->bo", a, x.reshape(len(x), n_in))
    head = [len(x), n_in, n_out, codes.shape[1], float(single)]
    arrays = [np.array(head), x, y, *parts, a, b, codes]
    return np.concatenate([np.asarray(v, dtype="<f8").ravel() for v in arrays])


def main(folder, cases):
    folder.mkdir(parents=True, exist_ok=True)
    for k, (name, (shape, build)) in enumerate(cases.items()):
        torch.manual_seed(1000 + k)
        module = build().eval()
        x = torch.randn(2, *shape, dtype=next(module.parameters()).dtype)
        files = [folder / f"{name}.{exporter}.onnx" for exporter in ("dynamo", "script")]
        for path, dynamo in zip(files, (True, False)):
            export(module, x, path, dynamo)
        numbers = folder / f"{name}.bin"
        expected(module, x, files[0]).tofile(numbers)
        print(*(f"{path.name} {path.stat().st_size}" for path in [*files, numbers]))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent), CASES)
