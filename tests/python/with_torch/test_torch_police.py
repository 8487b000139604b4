"""`cpwl.torch`: policed modules against central differences, through training, and in every form that they come in."""

import copy
import pathlib
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

import cpwl
from cpwl.torch import GrowingRegion, Policed, Region

PENTAGON = np.array([[0.3, -0.6], [0.8, -0.1], [0.5, 0.5], [-0.2, 0.6], [-0.4, -0.2]])
EXAMPLE = pathlib.Path(__file__).parents[3] / "bindings" / "python" / "examples" / "police_2d.py"


def mlp(*sizes, act=nn.ReLU, dtype=torch.float64, seed=0):
    torch.manual_seed(seed)
    layers = [layer for a, b in pairwise(sizes) for layer in (nn.Linear(a, b), act())]
    return nn.Sequential(*layers[:-1]).to(dtype)


def inside(vertices, n=200):
    """Random points of the hull of vertices, and the vertices."""
    t = np.random.default_rng(0).dirichlet(np.ones(len(vertices)), n)
    return torch.tensor(np.concatenate([t @ vertices, vertices]))


def deviation(model, x, region=0):
    """Largest distance on points of a region from the affine map there, relative."""
    a, b = (torch.tensor(v) for v in model.affine(region))
    with torch.no_grad():
        y = model(x.to(next(model.parameters()).dtype)).double()
    return ((y - x.double() @ a.T - b).abs().max() / (1 + y.abs().max())).item()


def weights_of(model, x):
    """Parameters as arguments of a function, for gradcheck."""
    names, values = zip(*model.named_parameters(), strict=True)

    def run(x, *values):
        model.invalidate()  # differences are taken behind the back of the version counters
        return torch.func.functional_call(model, dict(zip(names, values, strict=True)), (x,))

    return run, (x, *(v.detach().clone().requires_grad_() for v in values))


GRADIENTS = {
    "relu": (mlp(2, 9, 7, 2), cpwl.Vertices(PENTAGON)),
    "leaky relu": (mlp(3, 8, 8, 2, act=nn.LeakyReLU), cpwl.Cube([0.1, 0.2, -0.1], [0.5, 0.3, 0.2])),
    "relu6 and hard tanh": (nn.Sequential(nn.Linear(2, 6), nn.ReLU6(), nn.Linear(6, 5), nn.Hardtanh(), nn.Linear(5, 1)),
                            cpwl.Ball([0.0, 0.0], 0.4)),
    "several regions": (mlp(2, 12, 8, 2, seed=1), [cpwl.Cube([1.0, 0.0], [0.2, 0.3]), cpwl.Vertices(PENTAGON - 1),
                                                   cpwl.Ellipsoid([0.0, 2.0], [[0.3, 0.1], [0.0, 0.2]])]),
    "nested": (nn.Sequential(nn.Sequential(nn.Linear(2, 5), nn.ReLU()), nn.Dropout(0.0), nn.Linear(5, 2)),
               cpwl.Polygon(PENTAGON)),
    "hard sigmoid": (mlp(2, 6, 2, act=nn.Hardsigmoid), cpwl.Vertices(10 * PENTAGON)),
}  # fmt: skip


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients_are_those_of_differences(name):
    module, regions = GRADIENTS[name]
    model = Policed(module.double(), regions, margin=0.01)
    assert model.policed.report.largest_shift > 0.01
    x = torch.randn(5, module[0].in_features if isinstance(module[0], nn.Linear) else 2, dtype=torch.float64)
    run, arguments = weights_of(model, x.requires_grad_())
    assert torch.autograd.gradcheck(run, arguments, eps=1e-7, atol=1e-6)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (cpwl.Cube, ([0.1, 0.2], [0.5, 0.3])),
        (cpwl.Vertices, (PENTAGON,)),
        (cpwl.Zonotope, ([0.1, 0.0], [[0.3, 0.1, 0.0], [0.0, 0.2, 0.2]])),
        (cpwl.Ellipsoid, ([0.1, 0.0], [[0.3, 0.1], [0.0, 0.2]])),
        (cpwl.CornerSimplex, ([0.1, 0.0], 0.7)),
    ],
    ids=lambda v: getattr(v, "__name__", ""),
)
@pytest.mark.parametrize("scale", [1.0, 0.6])
def test_gradients_of_regions(kind, values, scale):
    region = Region(kind, *(torch.tensor(v, dtype=torch.float64) for v in values))
    model = Policed(mlp(2, 10, 8, 2, seed=2), region, learn_regions=True, scale=scale, margin=0.01)
    torch.manual_seed(1)
    run, arguments = weights_of(model, torch.randn(5, 2, dtype=torch.float64, requires_grad=True))
    assert torch.autograd.gradcheck(run, arguments, eps=1e-7, atol=1e-6)
    model(arguments[0]).square().sum().backward()
    assert all(v.grad is not None and v.grad.abs().max() > 0 for v in region.values)


def test_regions_are_constant_unless_asked_for():
    region = Region(cpwl.Cube, nn.Parameter(torch.zeros(2)), nn.Parameter(torch.ones(2)))
    model = Policed(mlp(2, 8, 2), region)
    model(torch.randn(4, 2, dtype=torch.float64)).sum().backward()
    assert all(v.grad is None for v in region.values)


def test_learned_regions_move():
    """A box whose centre is trained to lie where the network says 1: it goes there, and the network is affine on it."""
    region = Region(cpwl.Cube, *torch.tensor([[0.5, 0.5], [0.2, 0.2]], dtype=torch.float64))
    model = Policed(mlp(2, 16, 1), region, learn_regions=True)
    before = region.values[0].detach().clone()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    x = torch.randn(64, 2, dtype=torch.float64)
    for _ in range(5):
        optimizer.zero_grad()
        (model(x) - x.norm(dim=1, keepdim=True)).square().mean().backward()
        optimizer.step()
        center = region.values[0].detach()
        points = center + 0.2 * (2 * torch.rand(100, 2, dtype=torch.float64) - 1)
        assert deviation(model, points) < 1e-12
    assert (center - before).abs().max() > 1e-6


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-5)])
def test_training_keeps_the_constraint_at_every_step(dtype, tolerance):
    model = Policed(mlp(2, 32, 32, 1, dtype=dtype), cpwl.Polygon(PENTAGON))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    points, losses = inside(PENTAGON), []
    for _ in range(40):
        x = 2 * torch.rand(256, 2, dtype=dtype) - 1
        loss = (model(x) - torch.sin(3 * x[:, :1])).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        assert deviation(model, points) <= tolerance
        pieces = model.policed.net.pattern(points.to(dtype))
        assert (pieces == pieces[0]).all(), "units keep their pieces in the precision of the module"
    assert np.mean(losses[-5:]) < 0.3 * losses[0]
    assert model.certify()
    assert model.policed.net.partition(cpwl.Polygon(PENTAGON)).n_linear_pieces == 1


def test_the_gradient_knows_of_the_constraint():
    """The bias of a shifted unit has no effect, so its gradient is zero; without the constraint it is not."""
    module = mlp(2, 24, 1)
    model = Policed(module, cpwl.Polygon(PENTAGON))
    x = torch.randn(64, 2, dtype=torch.float64)
    model(x).sum().backward()
    shifted = torch.tensor(model.policed.layers[0].shift != 0)
    assert 0 < shifted.sum() < 24
    assert module[0].bias.grad[shifted].abs().max() < 1e-12


def test_plans_are_kept_until_something_changes(monkeypatch):
    plans = []
    monkeypatch.setattr(cpwl.torch, "police", lambda *a, **k: plans.append(1) or cpwl.police(*a, **k))
    model = Policed(mlp(2, 8, 2), cpwl.Polygon(PENTAGON))
    x = torch.randn(4, 2, dtype=torch.float64)
    for _ in range(3):  # micro-batches of one step
        model(x).sum().backward()
    assert len(plans) == 1
    torch.optim.SGD(model.parameters(), lr=0.1).step()
    model(x)
    with torch.no_grad():
        model(x)
        model.eval()(x)
    assert len(plans) == 2
    model.set_scale(0.5)
    model(x)
    assert len(plans) == 3
    model.module[0].weight.data.mul_(2)  # goes around the counters
    model.invalidate()
    model(x)
    assert len(plans) == 4


def test_micro_batches_add_up():
    model = Policed(mlp(2, 16, 16, 2), cpwl.Polygon(PENTAGON))
    x = torch.randn(12, 2, dtype=torch.float64)
    model(x).square().sum().backward()
    whole = [p.grad.clone() for p in model.parameters()]
    model.zero_grad()
    for part in x.split(5):
        model(part).square().sum().backward()
    for p, expected in zip(model.parameters(), whole, strict=True):
        assert torch.allclose(p.grad, expected, rtol=0, atol=1e-11)


def test_growing_regions():
    model = Policed(mlp(2, 16, 2), cpwl.Cube([0.0, 0.0], [1.0, 1.0]))
    growth = GrowingRegion(model, 4)
    assert model.scale == 0
    point = cpwl.police(model.policed.original, model.regions[0].set(model.scale), kappa=0)
    assert not any(layer.shift.any() for layer in point.layers)
    scales = []
    for _ in range(6):
        growth.step()
        scales.append(model.scale)
    np.testing.assert_allclose(np.square(scales), [0.25, 0.5, 0.75, 1, 1, 1])
    copy_of = GrowingRegion(model, 4)
    copy_of.load_state_dict({"taken": 2})
    assert model.scale == pytest.approx(0.5**0.5)
    with pytest.raises(ValueError, match="steps is 0"):
        GrowingRegion(model, 0)


def test_states_and_copies():
    model = Policed(mlp(2, 12, 12, 2), cpwl.Polygon(PENTAGON), scale=0.5)
    x = torch.randn(7, 2, dtype=torch.float64)
    y = model(x)
    twin = copy.deepcopy(model)
    other = Policed(mlp(2, 12, 12, 2, seed=9), cpwl.Polygon(PENTAGON))
    assert not torch.equal(other(x), y)
    assert other.load_state_dict(model.state_dict()).missing_keys == []
    assert other.scale == 0.5
    for same in (twin, other):
        assert torch.equal(same(x), y)
    with torch.no_grad():
        twin.module[0].weight.add_(0.1)
    assert not torch.equal(twin(x), y)
    assert torch.equal(model(x), y), "a copy has parameters of its own"


def test_folded_modules_are_ordinary():
    model = Policed(mlp(2, 12, 12, 2), cpwl.Polygon(PENTAGON))
    plain = model.folded()
    x = torch.randn(7, 2, dtype=torch.float64)
    assert torch.equal(plain(x), model(x))
    assert [type(part) for part in plain] == [type(part) for part in model.module]
    assert torch.equal(plain[0].weight, model.module[0].weight)
    net = cpwl.Network.from_torch(plain, 2)
    assert net.partition(cpwl.Polygon(PENTAGON)).n_regions == 1
    assert torch.allclose(net(x), model(x), rtol=0, atol=1e-13)


def images(tied):
    torch.manual_seed(3)
    module = nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU(), nn.AvgPool2d(2),
                           nn.Conv2d(3, 4, 3), nn.LeakyReLU(), nn.Flatten(), nn.Linear(4, 2)).double()  # fmt: skip
    module[1].running_mean.normal_()
    module[1].running_var.uniform_(0.5, 2)
    nn.init.normal_(module[1].bias)
    center = torch.randn(36, dtype=torch.float64)
    return Policed(module.eval(), cpwl.Cube(center, 0.2 * np.ones(36)), input_shape=(1, 6, 6), tied=tied), center


@pytest.mark.parametrize("tied", [True, False])
def test_images(tied):
    model, center = images(tied)
    assert model.policed.report.largest_shift > 0
    x = center + 0.2 * (2 * torch.rand(60, 36, dtype=torch.float64) - 1)
    a, b = (torch.tensor(v) for v in model.affine())
    with torch.no_grad():
        y, plain = model(x.reshape(-1, 1, 6, 6)), model.folded()(x.reshape(-1, 1, 6, 6))
    assert (y - x @ a.T - b).abs().max() < 1e-12
    assert torch.allclose(plain, y, rtol=0, atol=1e-13)
    run, arguments = weights_of(model, torch.randn(2, 1, 6, 6, dtype=torch.float64, requires_grad=True))
    assert torch.autograd.gradcheck(run, arguments, eps=1e-7, atol=1e-6, fast_mode=True)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.bfloat16, 3e-2), (torch.float16, 3e-3)])
def test_half_precision(dtype, tolerance):
    model = Policed(mlp(2, 16, 16, 1, dtype=dtype), cpwl.Polygon(PENTAGON))
    x = inside(PENTAGON)
    assert model(x.to(dtype)).dtype == dtype
    assert deviation(model, x) < tolerance
    model(x.to(dtype)).sum().backward()
    assert model.module[0].weight.grad.dtype == dtype


def test_numpy_and_torch_agree_on_gradients():
    """A training step without a framework: a recorded pass of the folded network, then `backward` of the plan."""
    module = mlp(2, 14, 10, 3)
    regions = [cpwl.Cube([1.0, 0.0], [0.2, 0.3]), cpwl.Vertices(PENTAGON - 1)]
    x, g = torch.randn(20, 2, dtype=torch.float64, requires_grad=True), torch.randn(20, 3, dtype=torch.float64)
    model = Policed(module, regions)
    model(x).backward(g)
    net = cpwl.Network.from_torch(module, 2)
    done = cpwl.police(net, regions, gradient=True)
    folded = done.net.record(x.detach().numpy()).backward(g.numpy())
    found = done.backward(folded)
    np.testing.assert_allclose(folded.x, x.grad.numpy(), rtol=0, atol=1e-12)
    for ours, parameter in zip(found.parameters, module.parameters(), strict=True):
        np.testing.assert_allclose(ours, parameter.grad.numpy(), rtol=0, atol=1e-11)


def test_what_is_refused():
    square = cpwl.Box([-1, -1], [1, 1])
    x = torch.zeros(3, 2)
    with pytest.raises(cpwl.UnsupportedError, match=r"expected an nn\.Sequential"):
        Policed(nn.Bilinear(2, 2, 2), square)(x)
    with pytest.raises(cpwl.UnsupportedError, match="training mode"):
        Policed(nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.ReLU()), square)(x)
    with pytest.raises(cpwl.UnsupportedError, match=r"requires_grad_\(False\)"):
        Policed(nn.Sequential(nn.Linear(2, 3), nn.PReLU(3)), square)(x)
    with pytest.raises(cpwl.UnsupportedError, match="NO_BIAS"):
        Policed(nn.Sequential(nn.Linear(2, 3, bias=False), nn.ReLU()), square)(x)
    with pytest.raises(cpwl.UnsupportedError, match="Tanh"):
        Policed(nn.Sequential(nn.Linear(2, 3), nn.Tanh()), square)(x)
    with pytest.raises(cpwl.UnsupportedError, match="expected one of Cube"):
        Region(cpwl.Polygon, PENTAGON)


def test_fixed_slopes_are_fine():
    module = nn.Sequential(nn.Linear(2, 8), nn.PReLU(8).requires_grad_(False), nn.Linear(8, 1)).double()
    assert deviation(Policed(module, cpwl.Polygon(PENTAGON)), inside(PENTAGON)) < 1e-13


def test_the_example_runs(tmp_path):
    command = [sys.executable, str(EXAMPLE), "--out", str(tmp_path), "--steps", "20", "--width", "16"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("affine on 1 region") == 2
    assert {p.name for p in tmp_path.iterdir()} == {"police_wave.png", "police_spiral.png"}
