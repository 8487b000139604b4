"""Maps prescribed on regions, inequalities on regions: against numpy, scipy and brute force."""

import itertools

import numpy as np
import pytest
from scipy.optimize import LinearConstraint, minimize

import cpwl
from cpwl.layers import Conv2d, Dense, Flatten, LeakyReLU, Reshape


def network(sizes, seed, dtype=np.float64, slope=0.25):
    """A random network whose hidden units all stay alive."""
    rng = np.random.default_rng(seed)
    layers = []
    for n, m in itertools.pairwise(sizes):
        w, b = rng.normal(size=(m, n)) / np.sqrt(n), rng.normal(size=m) / 4
        layers += [Dense(w.astype(dtype), b.astype(dtype)), LeakyReLU(slope)]
    return cpwl.Network.from_layers(layers[:-1])


def last_hidden(net, x):
    """M and m of the last hidden vector around x, from the layers before the last, and its W and b."""
    values = [p.value for p in net.parameters]
    weights, biases = values[::2], values[1::2]
    m, c = np.eye(len(x)), np.zeros(len(x))
    for w, b in zip(weights[:-1], biases[:-1], strict=True):
        m, c = w @ m, w @ c + b
        slope = np.where(m @ x + c > 0, 1.0, 0.25)
        m, c = slope[:, None] * m, slope * c
    return m, c, weights[-1], biases[-1]


BOX = cpwl.Box([-0.5, 0.0, 0.2], [0.5, 1.0, 0.4])
ELLIPSOID = cpwl.Ellipsoid([0.1, 0.2, 0.3], np.array([[0.3, 0.1, 0.0], [0.0, 0.2, 0.1], [0.1, 0.0, 0.4]]))
TETRAHEDRON = cpwl.Vertices([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0.2, 0.3, 0.9]])


def points_of(region, n=50, seed=0):
    return cpwl.convex.as_set(region).sample(n, seed)


@pytest.mark.parametrize("region", [BOX, ELLIPSOID, TETRAHEDRON], ids=["box", "ellipsoid", "tetrahedron"])
@pytest.mark.parametrize("k", [1, 3, 4])
def test_the_last_layer_is_that_of_the_formula(region, k):
    rng = np.random.default_rng(k)
    e = np.eye(4) if k == 4 else rng.normal(size=(k, 4))
    f, g = rng.normal(size=(k, 3)), rng.normal(size=k)
    done = cpwl.police(network([3, 20, 12, 4], seed=1), region)
    made = done.set_affine(f, g, e)
    x = points_of(region)
    np.testing.assert_allclose(made(x) @ e.T, x @ f.T + g, atol=1e-11)
    m, c, w, b = last_hidden(done.net, x[0])
    pinv = np.linalg.pinv
    weight = w + pinv(e) @ (f - e @ w @ m) @ pinv(m)
    bias = b + pinv(e) @ (g - e @ (weight @ c + b))
    *_, found, offset = last_hidden(made.net, x[0])
    np.testing.assert_allclose(found, weight, atol=1e-11)
    np.testing.assert_allclose(offset, bias, atol=1e-11)
    ours = made.affine()
    np.testing.assert_allclose(e @ ours.a, f, atol=1e-11)
    np.testing.assert_array_equal(made.codes, done.codes)


def test_flat_regions_take_the_map_along_themselves():
    segment = cpwl.Vertices([[0.0, 0, 0], [1, 2, 0.5]])
    done = cpwl.police(network([3, 20, 2, 2], seed=2), segment)
    f, g = np.array([[1.0, -1, 2], [0, 3, 1]]), np.array([0.5, -2])
    x = np.linspace(0, 1, 9)[:, None] * [1, 2, 0.5]
    # Two hidden units cannot take a map of three inputs, but one along a segment.
    np.testing.assert_allclose(done.set_affine(f, g)(x), x @ f.T + g, atol=1e-12)
    with pytest.raises(cpwl.ShapeError, match=r"\[RANK\] the last hidden layer has rank 2 .*expected 3.*skip"):
        cpwl.police(network([3, 20, 2, 2], seed=2), BOX).set_affine(f, g)
    point = cpwl.police(network([3, 20, 2, 2], seed=2), cpwl.Vertices([[1.0, 2, 3]]))
    np.testing.assert_allclose(point.set_affine(f, g)([[1.0, 2, 3]]), [f @ [1, 2, 3] + g], atol=1e-12)


def test_single_precision_and_a_region_far_away():
    center = np.array([300.0, -200.0, 100.0])
    region = cpwl.Box(center - 0.5, center + 0.5)
    done = cpwl.police(network([3, 20, 12, 2], seed=3, dtype=np.float32), region)
    f, g = np.array([[1.0, -1, 2], [0, 3, 1]]), np.array([0.5, -2])
    made = done.set_affine(f, g)
    assert made.net.parameters[-1].value.dtype == np.float32
    x = points_of(region)
    # Rounded weights turn the map a little, but not about the far origin: the bias is right at the centre.
    off = made.net(x) - (x @ f.T + g)
    assert np.abs(off).max() < 1e-4
    a, b = made.affine()
    assert np.abs(a @ center + b - (f @ center + g)).max() < 2e-5


def test_networks_of_images():
    rng = np.random.default_rng(4)
    layers = [Conv2d(rng.normal(size=(3, 1, 2, 2)), rng.normal(size=3)), LeakyReLU(0.25), Flatten(),
              Dense(rng.normal(size=(6, 12)) / 3, rng.normal(size=6)), Reshape([2, 3])]  # fmt: skip
    net = cpwl.Network.from_layers(layers, (1, 3, 3))
    region = cpwl.Cube(rng.normal(size=9), 0.3)
    f, g = rng.normal(size=(6, 9)), rng.normal(size=6)
    done = cpwl.police(net, region)
    x = points_of(region)
    for made in (done.set_affine(f, g), done.skip(f, g)):
        np.testing.assert_allclose(made.net(x).reshape(-1, 6), x @ f.T + g, atol=1e-11)
        assert made.net.output_shape == (2, 3)


def test_a_second_path_adds_the_difference_everywhere():
    done = cpwl.police(network([3, 20, 2, 2], seed=2), BOX)
    f, g = np.array([[1.0, -1, 2], [0, 3, 1]]), np.array([0.5, -2])
    made = done.skip(f, g)
    x, far = points_of(BOX), np.random.default_rng(0).normal(size=(50, 3)) * 4
    np.testing.assert_allclose(made(x), x @ f.T + g, atol=1e-12)
    a, c = done.affine()
    np.testing.assert_allclose(made(far) - done(far), far @ (f - a).T + g - c, atol=1e-11)
    with pytest.raises(cpwl.UnsupportedError, match="add layer"):
        made.set_affine(f, g)


def test_largest_values_are_those_of_the_corners():
    done = cpwl.police(network([3, 20, 12, 4], seed=5), [BOX, ELLIPSOID])
    rng = np.random.default_rng(6)
    e, g = rng.normal(size=(6, 4)), rng.normal(size=6)
    corners = np.array(list(itertools.product(*zip([-0.5, 0.0, 0.2], [0.5, 1.0, 0.4], strict=True))))
    found = done.check(e, g)
    values = done(corners) @ e.T
    np.testing.assert_allclose(found.largest, values.max(axis=0), atol=1e-12)
    np.testing.assert_allclose(found.slack, g - values.max(axis=0), atol=1e-12)
    np.testing.assert_allclose(found.points, corners[values.argmax(axis=0)], atol=1e-15)
    assert found.hold == bool((g >= values.max(axis=0)).all())
    # Over c + P xi with |xi| <= 1 the functional a has the largest value a . c + |P' a|.
    found, (a, c) = done.check(e, g, region=1), done.affine(1)
    p, center = np.array([[0.3, 0.1, 0.0], [0.0, 0.2, 0.1], [0.1, 0.0, 0.4]]), np.array([0.1, 0.2, 0.3])
    rows = e @ a
    np.testing.assert_allclose(found.largest, rows @ center + np.linalg.norm(rows @ p, axis=1) + e @ c, atol=1e-12)
    np.testing.assert_allclose(np.diag(done(found.points) @ e.T), found.largest, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("k", [1, 2, 4])
def test_enforced_inequalities_hold(k, dtype):
    done = cpwl.police(network([3, 20, 12, 4], seed=7, dtype=dtype), BOX)
    rng = np.random.default_rng(k)
    e = rng.normal(size=(k, 4))
    before = done.check(e, np.zeros(k))
    g = before.largest + rng.normal(size=k)
    g[0] = before.largest[0] - 0.5
    made = done.enforce(e, g)
    after = made.check(e, g)
    assert after.hold
    assert (made(points_of(BOX)) @ e.T <= g + 1e-12).all()
    # Nothing but the last bias has changed, and no smaller change lowers the violated rows to their bounds.
    pairs = list(zip(done.net.parameters, made.net.parameters, strict=True))
    assert all((p.value == q.value).all() for p, q in pairs[:-1])
    change = pairs[-1][1].value.astype(float) - pairs[-1][0].value
    violated = before.largest > g
    wanted = LinearConstraint(e[violated], (g - before.largest)[violated], (g - before.largest)[violated])
    best = minimize(lambda d: d @ d, np.zeros(4), jac=lambda d: 2 * d, constraints=[wanted], method="SLSQP", tol=1e-14)
    rise = e @ best.x
    if (rise <= g - before.largest + 1e-12).all():
        np.testing.assert_allclose(change, best.x, atol=1e-5)
    assert done.enforce(e, before.largest + 1).check(e, before.largest + 1).slack.min() >= 0.99


def test_bounds_on_both_sides():
    """Rows that depend on each other are no matter as long as lowering some does not lift others too far."""
    done = cpwl.police(network([3, 20, 12, 2], seed=8), BOX)
    e = np.vstack([np.eye(2), -np.eye(2)])
    largest = done.check(e, np.zeros(4)).largest
    g = largest + np.array([-1.0, 1, 2, 2])
    made = done.enforce(e, g)
    assert made.check(e, g).hold
    np.testing.assert_allclose(made.affine().b - done.affine().b, [-1, 0], atol=1e-12)
    with pytest.raises(cpwl.ShapeError, match=r"\[RANK\] outputs \(E\) has rank 2"):
        done.enforce(e, largest + np.array([-1.0, 1, 0.5, 1]))


def test_what_is_refused():
    ray = cpwl.Vertices([[0.0, 0, 0]], rays=[[1.0, 0, 0]])
    done = cpwl.police(network([3, 20, 12, 2], seed=9), ray)
    slope = done.affine().a[:, 0]
    e = np.diag(np.sign(slope))
    assert np.isposinf(done.check(e, [0, 0]).largest).all()
    with pytest.raises(cpwl.Error, match="row 0 of outputs is unbounded"):
        done.enforce(e, [0, 0])
    done = cpwl.police(network([3, 20, 12, 2], seed=9), BOX)
    with pytest.raises(cpwl.ShapeError, match=r"\[RANK\] outputs \(E\) has rank 1 .*expected 2 independent rows"):
        done.set_affine(np.zeros((2, 3)), np.zeros(2), [[1, 2], [2, 4]])
    with pytest.raises(cpwl.ShapeError, match=r"constant \(g\) has 3 elements; expected 2"):
        done.set_affine(np.zeros((2, 3)), np.zeros(3))
    with pytest.raises(cpwl.NonfiniteError):
        done.set_affine(np.full((2, 3), np.nan), np.zeros(2))
    with pytest.raises(IndexError):
        done.check([[1, 0]], [0], region=1)
