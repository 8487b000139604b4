"""Smooth activations: the bound holds, is sharp, and is told."""

import math

import numpy as np
import pytest

import cpwl
from cpwl import layers as L

erf = np.vectorize(math.erf)
SELU = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717


def sigmoid(x):
    return 0.5 * (1 + np.tanh(x / 2))


def elu(x, alpha=1.0):
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


FUNCTIONS = {
    "gelu": (lambda k: L.GELU(knots=k), lambda x: x * (1 + erf(x / math.sqrt(2))) / 2),
    "gelu_tanh": (lambda k: L.GELU("tanh", knots=k),
                  lambda x: x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))),
    "silu": (lambda k: L.SiLU(knots=k), lambda x: x * sigmoid(x)),
    "silu(beta=1.702)": (lambda k: L.SiLU(1.702, knots=k), lambda x: x * sigmoid(1.702 * x)),
    "tanh": (lambda k: L.Tanh(knots=k), np.tanh),
    "sigmoid": (lambda k: L.Sigmoid(knots=k), sigmoid),
    "softplus": (lambda k: L.Softplus(knots=k), lambda x: np.where(x > 20, x, np.logaddexp(0, x))),
    "softplus(beta=0.5, threshold=3)": (lambda k: L.Softplus(0.5, 3, knots=k),
                                        lambda x: np.where(x > 6, x, 2 * np.logaddexp(0, x / 2))),
    "softplus(beta=1, threshold=0)": (lambda k: L.Softplus(1, 0, knots=k),
                                      lambda x: np.where(x > 0, x, np.logaddexp(0, x))),
    "elu": (lambda k: L.ELU(knots=k), elu),
    "elu(alpha=0.5)": (lambda k: L.ELU(0.5, knots=k), lambda x: elu(x, 0.5)),
    "selu": (lambda k: L.SELU(knots=k), lambda x: SELU[0] * elu(x, SELU[1])),
    "celu(alpha=2)": (lambda k: L.CELU(2.0, knots=k), lambda x: 2 * elu(x / 2)),
    "mish": (lambda k: L.Mish(knots=k), lambda x: x * np.tanh(np.logaddexp(0, x))),
    "hard_swish": (lambda k: L.HardSwish(knots=k), lambda x: x * np.clip(x + 3, 0, 6) / 6),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_bound_holds_and_is_sharp(name):
    layer, function = FUNCTIONS[name]
    x = np.concatenate([np.linspace(-12, 12, 40001), [6 + 1e-12, 1e-12, -1e5, -100, -30, 30, 100, 1e5]])[:, None]
    for knots in (2, 3, 6, 9, 24, 100):
        net = cpwl.Network.from_layers([layer(knots)], 1)
        [approximation] = net.approximations
        assert approximation.function == name
        assert approximation.knots <= knots
        error = np.abs(net(x) - function(x)).max()
        assert error <= approximation.bound * (1 + 1e-9)
        assert error >= approximation.bound / 1.1


def test_the_error_falls_as_the_square_of_the_knots():
    for name in ("gelu", "silu", "tanh", "softplus", "elu", "mish"):
        bounds = [cpwl.Network.from_layers([FUNCTIONS[name][0](k)], 1).approximations[0].bound for k in (25, 100, 400)]
        assert 13 < bounds[0] / bounds[1] < 19
        assert 13 < bounds[1] / bounds[2] < 19


def test_the_network_tells_what_it_approximates():
    rng = np.random.default_rng(1)
    chain = [L.Dense(rng.normal(size=(4, 3))), L.GELU(knots=8, name="first"), L.Dense(rng.normal(size=(2, 4))),
             L.ReLU(), L.ELU(0.5, knots=5)]  # fmt: skip
    net = cpwl.Network.from_layers(chain)
    assert [a[:3] for a in net.approximations] == [("first", "gelu", 8), ("pointwise_5", "elu(alpha=0.5)", 5)]
    assert repr(net).endswith("8 units in 3 layers, 2 of them in place of smooth ones>")
    assert cpwl.Network.from_layers(chain[:1]).approximations == []
    fused = cpwl.Network.from_layers([L.GELU(knots=4), L.ReLU(), L.Maxout(2)], 2).fuse_relu_max()
    assert [a.function for a in fused.approximations] == ["gelu"]


def test_two_units_cut_a_square_along_their_knots():
    net = cpwl.Network.from_layers([L.GELU(knots=7), L.Dense([[1.0, 2.0]])], 2)
    p = net.partition(cpwl.Box([-5, -5], [5, 5]))
    assert p.n_regions == p.n_linear_pieces == p.n_distinct_maps == 64
    assert len(p.vertices) == 81
    assert abs(p.areas.sum() - 100) < 1e-12
    # The tails are the asymptotes: 0, x and y.
    corners = {tuple(a.ravel()): b.item() for a, b in zip(p.maps.a, p.maps.b, strict=True)}
    for a in ((0, 0), (1, 0), (0, 2), (1, 2)):
        assert corners[a] == 0


def test_refused_unless_asked_for():
    with pytest.raises(cpwl.UnsupportedError, match=r"gelu \(node 2\): is not piecewise linear.*layers\[1\], GELU"):
        cpwl.Network.from_layers([L.Dense(np.eye(2)), L.GELU()])
    for knots in (1, 1025, -3):
        with pytest.raises(cpwl.ArgumentError, match=f"knots is {knots}; expected"):
            cpwl.Network.from_layers([L.Tanh(knots=knots)], 2)
    with pytest.raises(cpwl.ArgumentError, match="elu: alpha is 0; expected"):
        cpwl.Network.from_layers([L.ELU(0, knots=4)], 2)
    with pytest.raises(ValueError, match="approximate is 'fast'"):
        cpwl.Network.from_layers([L.GELU("fast", knots=4)], 2)


def test_onnx_files(data):
    path = data / "smooth" / "gelu.old.onnx"
    with pytest.raises(cpwl.UnsupportedError, match=r"\(Erf\): .*smooth_knots"):
        cpwl.Network.from_onnx(path)
    for knots in (0, 1, -1):
        with pytest.raises(cpwl.ArgumentError, match=f"knots is {knots}; expected"):
            cpwl.Network.from_onnx(path, smooth_knots=knots)
    net = cpwl.Network.from_onnx(path.read_bytes(), smooth_knots=12)
    [approximation] = net.approximations
    assert approximation.function == "gelu"
    assert approximation.knots == 12
    numbers = np.fromfile(path.with_name("gelu.bin"))
    x, y = np.split(numbers[3:243], [120])[0].reshape(40, 3), numbers[123:283].reshape(40, 4)
    assert np.abs(net(x) - y).max() <= approximation.bound + 1e-6


def hard_swish(x):
    return x * np.clip(x + 3, 0, 6) / 6


def test_an_exact_hard_swish_can_be_run_and_differentiated():
    net = cpwl.Network.from_layers([L.HardSwish(name="swish")], 1)
    x = np.linspace(-5, 5, 1001)[:, None]
    np.testing.assert_allclose(net(x), hard_swish(x), atol=1e-15)
    np.testing.assert_allclose(net(x.astype(np.float32)), hard_swish(x), atol=1e-6)
    slope = np.where(x > 3, 1, np.where(x > -3, (2 * x + 3) / 6, 0))
    np.testing.assert_allclose(net.record(x).backward(np.ones_like(x)).x, slope, atol=1e-15)
    np.testing.assert_array_equal(net.pattern(x), (x > -3).astype(int) + (x > 3))
    assert net.approximations == []
    assert net.affine_at([4.0]).a.item() == 1
    assert net.affine_at([-4.0]).a.item() == 0
    with pytest.raises(cpwl.UnsupportedError, match=r"'swish' \(node 1\): the input of unit 0 lies between -3 and 3"):
        net.affine_at([1.0])


def test_an_exact_hard_swish_has_no_regions():
    for dim in (2, 3, 4):
        net = cpwl.Network.from_layers([L.Dense(np.eye(dim)), L.HardSwish(), L.Dense(np.ones((1, dim)))])
        box = cpwl.Box([-1] * dim, [1] * dim)
        with pytest.raises(cpwl.UnsupportedError, match="not piecewise linear; give the layer a number of knots"):
            net.partition(box)
    net = cpwl.Network.from_layers([L.HardSwish(), L.Dense(np.ones((1, 2)))], 2)
    for use in (lambda: net.count_in_ball([0, 0], 1), lambda: net.stream(cpwl.Box([-1, -1], [1, 1]), print)):
        with pytest.raises(cpwl.UnsupportedError, match="not piecewise linear"):
            use()
