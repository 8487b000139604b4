"""ReLU and the maximum behind it as one unit: the same function, cells by their definition."""

import numpy as np
import pytest

import cpwl
import reference as ref
from cpwl import layers as L

SQUARE = [[-1, -1], [1, -1], [1, 1], [-1, 1]]


def maxouts(seed, bits, group, sizes):
    """ReLU maxout layers with small weights, and the steps of the fused network."""
    rng = np.random.default_rng(seed)
    top = 2 ** (bits - 1)
    layers, steps, inner = [], [], 2
    for width in sizes:
        w = rng.integers(-top, top + 1, (width * group, inner)) / top
        b = rng.integers(-top, top + 1, width * group) / top
        layers += [L.Dense(w, b), L.ReLU(), L.Maxout(group)]
        steps.append(("affine", w, b))
        steps.append(("max", [[*range(k * group, (k + 1) * group), None] for k in range(width)]))
        inner = width
    w, b = rng.integers(-top, top + 1, (2, inner)) / top, np.zeros(2)
    return cpwl.Network.from_layers([*layers, L.Dense(w, b)]), [*steps, ("affine", w, b)]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("bits", "group", "sizes"), [(12, 2, (6, 5)), (2, 3, (5, 4)), (1, 4, (4, 4))])
def test_regions_are_those_of_rational_arithmetic(seed, bits, group, sizes):
    net, steps = maxouts(seed, bits, group, sizes)
    fused = net.fuse_relu_max()
    assert fused.n_units * (group + 1) == net.n_units
    p, unfused = fused.partition(cpwl.Polygon(SQUARE)), net.partition(cpwl.Polygon(SQUARE))
    cells = ref.exact_cells(steps, np.zeros(2), np.eye(2), SQUARE)
    assert p.n_regions == len(cells)
    assert {tuple(row) for row in p.patterns.tolist()} == {pattern for _, pattern, _ in cells}
    areas = sorted(float(ref.area(corners)) for corners, _, _ in cells)
    np.testing.assert_allclose(np.sort(p.areas), areas, rtol=1e-9, atol=1e-14)
    assert p.n_distinct_maps == unfused.n_distinct_maps == len({tuple(values) for _, _, values in cells})
    assert p.n_linear_pieces == unfused.n_linear_pieces
    assert p.n_regions <= unfused.n_regions


def test_values_maps_and_codes():
    net, _ = maxouts(0, 8, 3, (6, 6))
    fused = net.fuse_relu_max()
    x = np.random.default_rng(0).normal(size=(200, 2))
    np.testing.assert_array_equal(fused(x), net(x))
    for got, expected in zip(fused.affine_at(x), net.affine_at(x), strict=True):
        np.testing.assert_allclose(got, expected, atol=1e-12)
    weight, bias = np.array([[1.0, 2], [-1, 1], [0, 3], [2, -2]]), np.array([0.5, -1, 0, 0.25])
    one = cpwl.Network.from_layers([L.Dense(weight, bias), L.ReLU(), L.Maxout(2)]).fuse_relu_max()
    z = (x @ weight.T + bias).reshape(-1, 2, 2)
    np.testing.assert_array_equal(one.pattern(x), np.append(z, np.zeros((200, 2, 1)), axis=2).argmax(axis=2))


def test_a_convolution_with_a_pool():
    rng = np.random.default_rng(3)
    chain = [L.Conv2d(rng.normal(size=(3, 1, 3, 3)), rng.normal(size=3), padding=1), L.ReLU(), L.MaxPool2d(2),
             L.Flatten(), L.Dense(rng.normal(size=(2, 27)))]  # fmt: skip
    net = cpwl.Network.from_layers(chain, (1, 6, 6))
    fused = net.fuse_relu_max()
    assert [node.op for node in fused.nodes] == ["input", "conv2d", "max_pool2d", "reshape", "dense"]
    x = rng.normal(size=(50, 1, 6, 6))
    np.testing.assert_array_equal(fused(x), net(x))
    assert fused.pattern(x).max() == 4
    slice_ = cpwl.Slice(rng.normal(size=36), rng.normal(size=(2, 36)), SQUARE)
    p, unfused = fused.partition(slice_), net.partition(slice_)
    assert p.n_linear_pieces == unfused.n_linear_pieces
    assert p.n_regions < unfused.n_regions


def test_nothing_to_fuse_is_the_same_network():
    net = cpwl.Network.from_layers([L.Dense(np.eye(2)), L.LeakyReLU(0.5), L.Maxout(2)])
    assert [tuple(node) for node in net.fuse_relu_max().nodes] == [tuple(node) for node in net.nodes]
