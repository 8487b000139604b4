"""Parameters, recorded passes and gradients, against numpy."""

import numpy as np
import pytest

import cpwl
from cpwl.layers import AvgPool2d, Conv2d, Dense, Flatten, LeakyReLU, MaxPool2d, ReLU, ScaleShift

rng = np.random.default_rng(5)


def mlp(dtype=np.float64):
    draw = lambda *shape: rng.standard_normal(shape).astype(dtype)  # noqa: E731
    weights = [(draw(16, 5), draw(16)), (draw(16, 16), draw(16)), (draw(3, 16), draw(3))]
    chain = [layer for w, b in weights for layer in (Dense(w, b), ReLU())]
    return weights, cpwl.Network.from_layers(chain[:-1])


def backprop(weights, x, dy):
    """Backpropagation through a ReLU network in numpy."""
    inputs, h = [], x
    for i, (w, b) in enumerate(weights):
        inputs.append(h)
        z = h @ w.T + b
        h = z if i == len(weights) - 1 else np.maximum(z, 0)
    y, g, gradients = h, dy, []
    for (w, _), h in zip(reversed(weights), reversed(inputs), strict=True):
        gradients = [g.T @ h, g.sum(0), *gradients]
        g = (g @ w) * ((h > 0) if h is not x else 1)
    return y, g, gradients


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("threads", [1, 2])
def test_gradients_of_an_mlp_are_those_of_backpropagation(dtype, threads):
    weights, net = mlp(dtype)
    x, dy = (rng.standard_normal((300, n)).astype(dtype) for n in (5, 3))
    y, dx, parameters = backprop([(w.astype(float), b.astype(float)) for w, b in weights], x.astype(float), dy)
    context = cpwl.Context(threads=threads)
    tape = net.record(x, context=context)
    found = tape.backward(dy, context=context)
    tolerance = {"float64": 1e-12, "float32": 1e-4}[np.dtype(dtype).name]
    np.testing.assert_allclose(tape.y, y, atol=tolerance * np.abs(y).max())
    np.testing.assert_allclose(found.x, dx, atol=tolerance * np.abs(dx).max())
    for mine, expected in zip(found.parameters, parameters, strict=True):
        assert mine.dtype == dtype
        np.testing.assert_allclose(mine, expected, atol=tolerance * np.abs(expected).max())


def conv_net():
    draw = rng.standard_normal
    return cpwl.Network.from_layers([
        Conv2d(draw((6, 1, 3, 3)), draw(6), padding=1, groups=2), LeakyReLU(0.1), MaxPool2d(2),
        ScaleShift(draw(6), draw(6)), Conv2d(draw((4, 6, 2, 2)), None, stride=2, dilation=1), ReLU(),
        AvgPool2d(2, 1), Flatten(), Dense(draw((3, 16)), draw(3)),
    ], (2, 13, 13))  # fmt: skip


def test_gradients_of_a_convolutional_network_are_central_differences():
    net = conv_net()
    x, dy = rng.standard_normal((2, *net.input_shape)), rng.standard_normal((2, 3))
    found = net.record(x).backward(dy)
    arrays = [p.value.copy() for p in net.parameters]
    here, h, checked = net.pattern(x), 1e-5, 0
    scale = max(np.abs(g).max() for g in [found.x, *found.parameters])

    def slope(sides):
        """Central difference of the loss over two (network, input); nan across a kink."""
        if any((n.pattern(v) != here).any() for n, v in sides):
            return np.nan
        up, down = ((n(v) * dy).sum() for n, v in sides)
        return (up - down) / (2 * h)

    for k, g in enumerate(found.parameters):
        for i in rng.integers(0, g.size, 5):
            sides = []
            for sign in (1, -1):
                changed = [a.copy() for a in arrays]
                changed[k].flat[i] += sign * h
                sides.append((net.with_parameters(changed), x))
            expected = slope(sides)
            checked += not np.isnan(expected)
            assert np.isnan(expected) or abs(g.flat[i] - expected) <= 1e-7 * scale
    for i in rng.integers(0, x.size, 20):
        sides = []
        for sign in (1, -1):
            moved = x.copy()
            moved.flat[i] += sign * h
            sides.append((net, moved))
        expected = slope(sides)
        checked += not np.isnan(expected)
        assert np.isnan(expected) or abs(found.x.flat[i] - expected) <= 1e-7 * scale
    assert checked > 20


def test_parameters_are_a_list_in_the_order_of_the_layers():
    net = conv_net()
    found = [(p.name, p.shape) for p in net.parameters]
    assert found == [
        ("weight", (6, 1, 3, 3)), ("bias", (6,)), ("scale", (6,)), ("shift", (6,)), ("weight", (4, 6, 2, 2)),
        ("weight", (3, 16)), ("bias", (3,)),
    ]  # fmt: skip
    assert sum(p.value.size for p in net.parameters) == net.n_parameters
    with pytest.raises(ValueError, match="read-only"):
        net.parameters[0].value[0] = 1


def test_with_parameters_is_the_same_graph_with_other_numbers():
    weights, net = mlp()
    others, other = mlp()
    x = rng.standard_normal((7, 5))
    flat = [a for pair in others for a in pair]
    np.testing.assert_array_equal(net.with_parameters(flat)(x), other(x))
    shifted = net.with_parameters([None] * 5 + [weights[2][1] + 1])
    np.testing.assert_allclose(shifted(x), net(x) + 1, atol=1e-13)
    address = lambda n: n.parameters[2].value.ctypes.data  # noqa: E731
    assert address(shifted) == address(net)  # shared
    view = shifted.parameters[5].value
    del shifted
    np.testing.assert_array_equal(view, weights[2][1] + 1)  # keeps its network alive
    with pytest.raises(cpwl.ShapeError, match="n is 5; the network has 6 arrays"):
        net.with_parameters(flat[:5])
    with pytest.raises(cpwl.ShapeError, match=r"arrays\[1\] has shape \[15\]; expected \[16\]"):
        net.with_parameters([flat[0], flat[1][:15], *flat[2:]])
    with pytest.raises(cpwl.NonfiniteError, match=r"arrays\[3\]\[2\]"):
        net.with_parameters([*flat[:3], np.where(np.arange(16) == 2, np.nan, 0), *flat[4:]])


def test_one_sample_and_what_is_asked_for():
    _, net = mlp()
    x, dy = rng.standard_normal(5), rng.standard_normal(3)
    tape = net.record(x)
    assert tape.y.shape == (3,)
    found = tape.backward(dy)
    np.testing.assert_allclose(found.x, net.affine_at(x).a.T @ dy, atol=1e-12)
    assert tape.backward(dy, x=False).x is None
    assert tape.backward(dy, parameters=False).parameters == []
    with pytest.raises(cpwl.ShapeError):
        tape.backward(rng.standard_normal(2))
    with pytest.raises(cpwl.NonfiniteError, match="dy"):
        tape.backward([1, np.inf, 0])


def test_training_steps_descend():
    """Gradient descent on a regression: the loss of the last network is far below that of the first."""
    _, net = mlp()
    net = net.with_parameters([0.3 * p.value for p in net.parameters])
    x = rng.uniform(-1, 1, (256, 5))
    target = np.stack([x[:, 0] * x[:, 1], np.abs(x[:, 2]), x.sum(1)], 1)
    losses = []
    for _ in range(200):
        tape = net.record(x)
        error = tape.y - target
        losses.append((error**2).mean())
        gradients = tape.backward(2 * error / error.size).parameters
        net = net.with_parameters([p.value - 0.1 * g for p, g in zip(net.parameters, gradients, strict=True)])
    assert losses[-1] < 0.2 * losses[0]
