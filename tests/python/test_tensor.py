"""What may be given as an array, and what comes back."""

import array
import weakref

import numpy as np
import pytest

import cpwl
import reference as ref
from cpwl import layers as L


class Exporter:
    """A foreign array type: nothing but DLPack."""

    def __init__(self, array):
        self.array, self.exports = array, 0

    def __dlpack__(self, **_):
        self.exports += 1
        return self.array.__dlpack__()

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


@pytest.fixture
def x():
    return np.random.default_rng(3).normal(size=(6, 2))


@pytest.mark.parametrize(
    "view",
    [
        lambda x: x,
        lambda x: Exporter(x),
        lambda x: memoryview(x),
        lambda x: x.tolist(),
        lambda x: np.asfortranarray(x),
        lambda x: np.repeat(x, 3, axis=1)[:, ::3],
        lambda x: x[::-1].copy()[::-1],
        lambda x: np.rec.fromarrays([x[:, 0], x[:, 1]], names="a,b").view(float).reshape(6, 2),
    ],
    ids=["numpy", "dlpack", "buffer", "list", "fortran", "strided", "negative stride", "record"],
)
def test_any_array_gives_the_same_result(small, x, view):
    weights, net = small
    y = net(view(x))
    assert type(y) is np.ndarray
    np.testing.assert_allclose(y, ref.mlp(weights, x)[0], rtol=0, atol=1e-13)


def test_zero_strides(small, x):
    weights, net = small
    row = np.broadcast_to(x[0], (5, 2))
    np.testing.assert_allclose(net(row), np.tile(ref.mlp(weights, x[:1])[0], (5, 1)), rtol=0, atol=1e-13)


def test_fields_of_a_record_array_are_copied(small):
    _, net = small
    table = np.zeros(4, dtype=np.dtype([("flag", "u1"), ("point", "f8", 2)]))
    table["point"] = [[0, 1], [2, 3], [4, 5], [6, 7]]
    np.testing.assert_array_equal(net(table["point"]), net(table["point"].copy()))


def test_read_only_memory(small, x):
    x.flags.writeable = False
    assert small[1](x).shape == (6, 3)


def test_array_module(small):
    point = array.array("d", [0.25, -0.5])
    np.testing.assert_array_equal(small[1](point), small[1]([0.25, -0.5]))


def test_borrowed_memory_is_released(small, x):
    exporter = Exporter(x.copy())
    alive = weakref.ref(exporter.array)
    small[1](exporter)
    assert exporter.exports == 1
    del exporter
    assert alive() is None


@pytest.mark.parametrize(("given", "result"), [("float16", "float32"), ("float32", "float32"), ("float64", "float64")])
def test_precision_follows_the_input(small, given, result):
    weights, net = small
    x = np.random.default_rng(1).normal(size=(4, 2)).astype(given)
    y = net(x)
    assert y.dtype == result
    tolerance = 1e-13 if result == "float64" else 1e-6
    np.testing.assert_allclose(y, ref.mlp(weights, x.astype(np.float64))[0], rtol=0, atol=tolerance)


def test_weights_of_both_precisions_are_kept_exactly():
    w = np.array([[1 / 3, 0.1]])
    for dtype in (np.float32, np.float64):
        net = cpwl.Network.from_layers([L.Dense(w.astype(dtype))])
        assert net(np.array([1.0, 0.0]))[0] == w.astype(dtype)[0, 0]


def test_results_are_read_only_views_that_outlive_their_owner(small, square):
    areas = small[1].partition(square).areas
    assert not areas.flags.writeable
    assert areas.sum() == pytest.approx(4, abs=1e-12)
    with pytest.raises(ValueError, match="read-only"):
        areas[0] = 0
