"""What needs torch: `from_torch`, tensors in and out. Run by `make test-torch`."""

import numpy as np
import pytest
import torch
from torch import nn

import cpwl

torch.manual_seed(0)


def randomised(module):
    """Batch-norm with statistics that are not the initial ones; evaluation mode; float64."""
    for part in module.modules():
        if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d):
            part.running_mean.normal_()
            part.running_var.uniform_(0.5, 2)
            nn.init.normal_(part.weight)
            nn.init.normal_(part.bias)
        if isinstance(part, nn.PReLU):
            nn.init.uniform_(part.weight, -0.5, 0.5)
    return module.eval().double()


def same(module, shape, tolerance=1e-12, slope_tolerance=1e-12):
    """Builds the network and compares outputs and Jacobians with torch in float64."""
    net = cpwl.Network.from_torch(module, shape)
    shape = (shape,) if isinstance(shape, int) else shape
    x = torch.randn(16, *shape, dtype=torch.float64)
    with torch.no_grad():
        expected = module(x)
    y = net(x)
    assert isinstance(y, torch.Tensor)
    assert y.shape == expected.shape
    assert (y - expected).abs().max() <= tolerance * max(1, expected.abs().max())
    a, b = net.affine_at(x[:3])
    for i in range(3):
        jacobian = torch.autograd.functional.jacobian(lambda v: module(v[None])[0].flatten(), x[i]).flatten(1)
        assert (a[i] - jacobian).abs().max() <= slope_tolerance * max(1, jacobian.abs().max())
        assert (a[i] @ x[i].flatten() + b[i] - expected[i].flatten()).abs().max() <= 10 * tolerance
    return net


NATIVE = {
    "mlp": (nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 2)), 3),
    "nested": (nn.Sequential(nn.Sequential(nn.Linear(3, 8), nn.ReLU()), nn.Sequential(nn.Linear(8, 2))), (3,)),
    "without bias": (nn.Sequential(nn.Linear(3, 8, bias=False), nn.LeakyReLU(0.2), nn.Linear(8, 2)), 3),
    "norms": (nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.PReLU(8), nn.Dropout(0.5), nn.Linear(8, 2)), 4),
    "clips": (nn.Sequential(nn.Linear(4, 8), nn.Hardtanh(-0.5, 2), nn.Linear(8, 8), nn.ReLU6(), nn.Identity()), 4),
    "conv": (nn.Sequential(nn.Conv2d(2, 4, 3, stride=2, padding=(1, 2)), nn.BatchNorm2d(4), nn.ReLU(),
                           nn.Conv2d(4, 6, (2, 3), dilation=(1, 2), groups=2, bias=False), nn.PReLU(6),
                           nn.MaxPool2d(2, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 3)), (2, 9, 10)),
    "pools": (nn.Sequential(nn.MaxPool2d(3, 2, 1, ceil_mode=True), nn.AvgPool2d(2, 1, 1, count_include_pad=False),
                            nn.AvgPool2d(2, ceil_mode=True), nn.Flatten(), nn.LazyLinear(2)), (3, 10, 10)),
}  # fmt: skip


@pytest.mark.parametrize("name", NATIVE)
def test_sequences_are_read_directly(name, monkeypatch):
    module, shape = NATIVE[name]
    module(torch.zeros(2, *((shape,) if isinstance(shape, int) else shape)))  # gives lazy layers their shape
    monkeypatch.setattr(torch.onnx, "export", None)
    same(randomised(module), shape)


def test_hard_sigmoid(monkeypatch):
    monkeypatch.setattr(torch.onnx, "export", None)
    module = nn.Sequential(nn.Linear(4, 8), nn.Hardsigmoid()).double()
    same(module, 4, slope_tolerance=1e-7)  # torch's derivative has a 1/6 of single precision in it


class Residual(nn.Module):
    """A module with a forward of its own."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.block = nn.Conv2d(4, 4, 3, padding=1)
        self.head = nn.Linear(4, 3)

    def forward(self, x):
        x = torch.relu(self.norm(self.stem(x)))
        x = nn.functional.leaky_relu(x + self.block(x), 0.1)
        x = nn.functional.max_pool2d(x, 2)
        return self.head(x.mean(dim=(2, 3)))


class Branches(nn.Module):
    """Concatenation, clamp, abs, scaling."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(5, 4), nn.Linear(5, 4)

    def forward(self, x):
        return torch.cat([torch.clamp(self.a(x), -1, 1), torch.abs(self.b(x)) * 0.5 - 1], dim=1)


class Flipped(nn.Linear):
    """A subclass that computes something else than its base."""

    def forward(self, x):
        return -super().forward(x)


@pytest.mark.parametrize(
    ("module", "shape"),
    [(Residual(), (1, 8, 8)), (Branches(), 5), (nn.Sequential(Flipped(3, 4), nn.ReLU()), 3)],
    ids=["residual", "branches", "subclass"],
)
def test_other_modules_go_through_onnx(module, shape):
    same(randomised(module), shape, 1e-6, 1e-6)  # the exporter folds batch-norm in the precision it likes


def test_hooks_are_not_overlooked():
    module = nn.Sequential(nn.Linear(3, 4), nn.ReLU()).double().eval()
    module[0].register_forward_hook(lambda m, args, y: 2 * y)
    x = torch.randn(5, 3, dtype=torch.float64)
    with torch.no_grad():
        expected = module(x)
    assert (cpwl.Network.from_torch(module, 3)(x) - expected).abs().max() < 1e-6


def test_training_mode_is_refused():
    module = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    with pytest.raises(cpwl.UnsupportedError, match=r"1 \(BatchNorm1d\) is in training mode.*call module.eval"):
        cpwl.Network.from_torch(module, 3)
    assert cpwl.Network.from_torch(nn.Sequential(nn.Linear(3, 4), nn.ReLU()), 3).n_units == 4


def test_smooth_activations_are_refused_by_name():
    module = nn.Sequential(nn.Linear(3, 4), nn.Tanh()).eval()
    with pytest.raises(cpwl.UnsupportedError, match=r"smooth_knots.*layers\[1\], Tanh"):
        cpwl.Network.from_torch(module, 3)
    with pytest.raises(cpwl.UnsupportedError, match=r"Tanh.*smooth_knots"):
        cpwl.Network.from_torch(nn.Sequential(Flipped(3, 4), nn.Tanh()).eval(), 3)


SMOOTH = [nn.GELU(), nn.GELU("tanh"), nn.SiLU(), nn.Tanh(), nn.Sigmoid(), nn.Softplus(), nn.Softplus(2.0, 5.0),
          nn.ELU(), nn.ELU(0.5), nn.SELU(), nn.CELU(0.5), nn.Mish(), nn.Hardswish()]  # fmt: skip


@pytest.mark.parametrize("activation", SMOOTH, ids=repr)
def test_smooth_activations_within_their_bounds(activation):
    x = torch.linspace(-15, 15, 30001, dtype=torch.float64)[:, None]
    for knots in (3, 16):
        net = cpwl.Network.from_torch(nn.Sequential(activation).eval(), 1, smooth_knots=knots)
        [found] = net.approximations
        error = (net(x) - activation(x)).abs().max().item()
        assert found.bound / 1.1 <= error <= found.bound * (1 + 1e-9)


def test_a_smooth_network_is_near_its_approximation():
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Sequential(nn.Linear(5, 9), nn.GELU(), nn.Linear(9, 5))

        def forward(self, x):
            return x + self.inner(x) * 0.5

    module = nn.Sequential(nn.Linear(3, 5), Block(), nn.SiLU(), Block(), nn.Tanh()).double().eval()
    x = torch.randn(200, 3, dtype=torch.float64)
    errors = []
    for knots in (8, 32, 128):
        net = cpwl.Network.from_torch(module, 3, smooth_knots=knots)
        assert [a.function for a in net.approximations] == ["gelu", "silu", "gelu", "tanh"]
        with torch.no_grad():
            errors.append((net(x) - module(x)).abs().max().item())
    assert errors[0] < 0.1
    assert errors[0] > 8 * errors[1] > 64 * errors[2]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_tensors_in_and_out(dtype):
    module = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 2))
    net = cpwl.Network.from_torch(module, 3)
    x = torch.randn(7, 3).to(dtype)
    y = net(x)
    assert y.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
    with torch.no_grad():
        expected = module.double()(x.double())
    assert (y.double() - expected).abs().max() < 1e-5
    assert net.pattern(x).dtype == torch.int32


def test_views_are_not_copied_wrongly():
    net = cpwl.Network.from_torch(nn.Linear(3, 2).double(), 3)
    base = torch.randn(6, 8, dtype=torch.float64)
    for view in (base[:, :3], base[::2, 1:7:2], base.T[:6, :3], base[1:, 5:], base[:1, :3].expand(4, 3)):
        assert torch.equal(net(view), net(view.contiguous()))


def test_tensors_that_need_a_gradient_are_refused():
    net = cpwl.Network.from_torch(nn.Linear(3, 2), 3)
    with pytest.raises(BufferError, match="detach"):
        net(torch.zeros(1, 3, requires_grad=True))


def test_regions_of_a_torch_network():
    module = randomised(nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 2)))
    net = cpwl.Network.from_torch(module, 2)
    p = net.partition(cpwl.Box([-1, -1], [1, 1]))
    points = torch.tensor(p.centroids)
    with torch.no_grad():
        expected = module(points).numpy()
    a, b = p.maps
    np.testing.assert_allclose(np.einsum("fij,fj->fi", a, p.centroids) + b, expected, rtol=0, atol=1e-12)
    plane = cpwl.Slice.through(*torch.randn(3, 2, dtype=torch.float64))
    assert net.partition(plane).n_regions >= 1


def test_training_view_takes_modules():
    module = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1))
    module(torch.randn(16, 3))  # batch-norm statistics that are not the initial ones
    module.train()
    plane = cpwl.Slice(np.zeros(3), np.eye(3)[:2])
    view = cpwl.TrainingView(plane, dpi=30)
    view.update(module, 0)
    assert module.training
    assert module[1].training
    at = view.partition.centroids
    with torch.no_grad():
        expected = module.eval()(torch.tensor(plane.to_input(at), dtype=torch.float32))[:, 0]
    a, b = view.partition.maps
    assert np.abs((a[:, 0] * at).sum(axis=1) + b[:, 0] - expected.numpy()).max() < 1e-5


GRADIENTS = {
    **NATIVE,
    "hard swish": (nn.Sequential(nn.Linear(4, 8), nn.Hardswish(), nn.Linear(8, 2)), 4),
    "depthwise": (nn.Sequential(nn.Conv2d(3, 6, 3, groups=3, padding=1, stride=2), nn.LeakyReLU(0.3),
                                nn.Conv2d(6, 8, 2, dilation=2), nn.ReLU(), nn.MaxPool2d(3, 2, 1), nn.Flatten(),
                                nn.LazyLinear(4)), (3, 12, 11)),
}  # fmt: skip


@pytest.mark.parametrize("name", GRADIENTS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_gradients_are_those_of_autograd(name, dtype):
    module, shape = GRADIENTS[name]
    shape = (shape,) if isinstance(shape, int) else shape
    module(torch.zeros(2, *shape, dtype=next(iter(module.parameters()), torch.zeros(1)).dtype))
    module = randomised(module).to(dtype)
    module.zero_grad()
    net = cpwl.Network.from_torch(module, shape)
    x = torch.randn(40, *shape, dtype=dtype, requires_grad=True)
    y = module(x)
    dy = torch.randn_like(y)
    y.backward(dy)
    tape = net.record(x.detach())
    found = tape.backward(dy)
    tolerance = 1e-12 if dtype == torch.float64 else 1e-4

    def same_numbers(mine, expected):
        assert mine.dtype == dtype
        assert (mine - expected).abs().max() <= tolerance * max(1, expected.abs().max())

    same_numbers(tape.y, y)
    same_numbers(found.x, x.grad)
    linear = [m for m in module.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    expected = iter([p.grad for m in linear for p in (m.weight, m.bias) if p is not None])
    for p, mine in zip(net.parameters, found.parameters, strict=True):
        if p.name in ("weight", "bias"):
            same_numbers(mine.reshape(p.shape), next(expected))
    assert next(expected, None) is None
