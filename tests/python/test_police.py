"""POLICE: shifts by hand and against plain numpy, laws of policed networks, what is refused."""

import numpy as np
import pytest

import cpwl
import reference as ref
from cpwl.layers import Abs, Add, Conv2d, Dense, Flatten, LeakyReLU, MaxPool2d, ReLU, ScaleShift

SQUARE = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
PENTAGON = np.array([[0.3, -0.6], [0.8, -0.1], [0.5, 0.5], [-0.2, 0.6], [-0.4, -0.2]])


def diagonals():
    """relu(u + v) + 2 relu(u - v) + 1/2."""
    return cpwl.Network.from_layers([Dense([[1.0, 1.0], [1.0, -1.0]], [0.0, 0.0]), ReLU(), Dense([[1.0, 2.0]], [0.5])])


def line(offset):
    """relu(x - offset) of one number."""
    return cpwl.Network.from_layers([Dense([[1.0]], [-offset]), ReLU(), Dense([[1.0]], [0.0])])


def folded(done, weights):
    """The weights of a policed plain network, with its folded biases."""
    biases = [layer.bias for layer in done.layers] + [weights[-1][1]]
    return [(w, b) for (w, _), b in zip(weights, biases, strict=True)]


def inside(vertices, n, rng):
    """Random points of the hull of the vertices, and the vertices."""
    t = rng.dirichlet(np.ones(len(vertices)), n)
    return np.concatenate([t @ vertices, vertices])


def test_shifts_by_hand():
    done = cpwl.police(diagonals(), cpwl.Vertices(SQUARE), kappa=0)
    [layer] = done.layers
    # u + v has the range [0, 2]: no knot inside. u - v has [-1, 1]: a tie goes to the left, decided by (1, 0).
    assert layer.shift.tolist() == [0, 1]
    assert layer.bias.tolist() == [0, -1]
    assert layer.codes.tolist() == [[1, 0]]
    assert layer.region.tolist() == [-1, 0]
    assert layer.corner.tolist() == [-1, 1]
    assert (layer.unit_layer, layer.node, layer.n_shifted, layer.n_groups) == (0, 1, 1, 2)
    assert [m.tolist() for m in done.affine()] == [[[1, 1]], [0.5]]
    assert done(SQUARE)[:, 0].tolist() == [0.5, 1.5, 2.5, 1.5]
    assert done([[2.0, 0.0]]).tolist() == [[2 + 2 * 1 + 0.5]], "outside only the bias has moved"


def test_margins_by_hand():
    done = cpwl.police(diagonals(), cpwl.Box([0, 0], [1, 1]), kappa=0, margin=0.25)
    assert done.layers[0].shift.tolist() == [-0.25, 1.25]
    assert done.layers[0].margin.tolist() == [0.25, 0.25]
    assert done.report.smallest_margin == 0.25


def test_rules_by_hand():
    regions = [cpwl.Vertices([[0.0], [1.0]]), cpwl.Vertices([[3.0], [5.0]])]
    apart = cpwl.police(line(2.0), regions, kappa=0)
    assert (apart.layers[0].shift.tolist(), apart.codes.tolist()) == ([0], [[0], [1]])
    assert (apart.affine(0).a.item(), apart.affine(1).a.item(), apart.affine(-1).b.item()) == (0, 1, -2)
    joint = cpwl.police(line(2.0), regions, kappa=0, rule="joint")
    assert (joint.layers[0].shift.tolist(), joint.codes.tolist()) == ([-2], [[1], [1]])
    assert (joint.report.shared, apart.report.shared) == (((0, 1),), ())
    assert joint.report.dead == apart.report.dead == (0,)
    given = cpwl.police(line(2.0), regions, kappa=0, rule="given", codes=[0])
    assert (given.layers[0].shift.tolist(), given.codes.tolist(), given.report.dead) == ([3], [[0], [0]], (1,))
    # Two of three vertices are above the knot: the vote is for the longer way.
    points = cpwl.Vertices([[-4.0], [1.0], [2.0]])
    assert cpwl.police(line(0.0), points, kappa=0, rule="majority").layers[0].shift.tolist() == [-4]
    assert cpwl.police(line(0.0), points, kappa=0).layers[0].shift.tolist() == [2]


def test_layers_may_be_left_free(build):
    weights = ref.random_mlp([2, 12, 12, 2], seed=5)
    net = build(weights)
    free = cpwl.police(net, cpwl.Vertices(PENTAGON), free=[0])
    assert [layer.unit_layer for layer in free.layers] == [1]
    everything = cpwl.police(net, cpwl.Vertices(PENTAGON), output=True)
    assert [layer.unit_layer for layer in everything.layers] == [0, 1, -1]
    assert everything.layers[-1].name == "output"
    y = everything(inside(PENTAGON, 200, np.random.default_rng(0)))
    assert all(len(set(np.sign(column))) == 1 for column in y.T), "outputs keep their signs"


@pytest.mark.parametrize("rule", ["min_shift", "majority"])
@pytest.mark.parametrize("slope", [0.0, 0.01, -1.0])
@pytest.mark.parametrize("margin", [0.0, 0.01])
def test_plans_are_those_of_the_paper(rule, slope, margin):
    for seed in range(8):
        rng = np.random.default_rng(seed)
        weights = ref.random_mlp([3, 17, 9, 2], seed=seed)
        vertices = rng.normal(size=(2 + seed, 3))
        layers = [layer for w, b in weights for layer in (Dense(w, b), LeakyReLU(slope))][:-1]
        net = cpwl.Network.from_layers(layers)
        done = cpwl.police(net, cpwl.Vertices(vertices), rule=rule, margin=margin, kappa=0)
        plan = ref.police(weights, vertices, rule, margin, slope)
        for layer, (shift, signs, corner) in zip(done.layers, plan, strict=True):
            np.testing.assert_allclose(layer.shift, shift, rtol=0, atol=1e-12)
            assert (np.where(layer.codes[0] > 0, 1, -1) == signs).all()
            assert (layer.corner == corner).all()
        x = inside(vertices, 100, rng)
        a, b = done.affine()
        expected = ref.mlp(folded(done, weights), x, slope)[0]
        np.testing.assert_allclose(done(x), expected, rtol=0, atol=1e-12)
        np.testing.assert_allclose(x @ a.T + b, expected, rtol=0, atol=1e-10)


def regions_of_the_plane():
    return {
        "box": cpwl.Box([-0.5, -0.25], [0.25, 0.5]),
        "cube": cpwl.Cube([0.1, 0.2], [0.3, 0.5]),
        "polygon": cpwl.Polygon(PENTAGON),
        "simplex": cpwl.Simplex([[0.0, 0.0], [0.5, 0.1], [0.2, 0.6]]),
        "ball": cpwl.Ball([0.1, -0.2], 0.4),
        "ellipsoid": cpwl.Ellipsoid([0.2, 0.0], [[0.4, 0.1], [0.0, 0.2]]),
        "zonotope": cpwl.Zonotope([0.0, 0.1], [[0.3, 0.1, 0.0], [0.0, 0.2, 0.2]]),
    }


@pytest.mark.parametrize("kind", regions_of_the_plane())
def test_one_linear_region_shows_on_a_policed_region(kind, build):
    """Joins the rooms: the exact partition of the folded network."""
    region = regions_of_the_plane()[kind]
    net = build(ref.random_mlp([2, 24, 24, 2], seed=1))
    box = cpwl.Box([-1, -1], [1, 1])
    before = net.partition(box)
    done = cpwl.police(net, region)
    points = done.regions[0].sample(500)
    assert len(set(before.locate(points).tolist())) > 10
    after = done.net.partition(box)
    [cell] = set(after.locate(points).tolist())
    a, b = done.affine()
    np.testing.assert_allclose(after.maps.a[cell], a, rtol=0, atol=1e-13)
    np.testing.assert_allclose(after.maps.b[cell], b, rtol=0, atol=1e-13)


def test_the_partition_of_a_policed_polygon_is_one_cell(build):
    net, polygon = build(ref.random_mlp([2, 32, 32, 32, 3], seed=2)), cpwl.Polygon(PENTAGON)
    assert net.partition(polygon).n_linear_pieces > 20
    done = cpwl.police(net, polygon)
    inside = done.net.partition(polygon)
    assert (inside.n_regions, inside.n_linear_pieces) == (1, 1)
    units = np.concatenate([layer.codes for layer in done.layers], axis=1)
    assert (inside.patterns == units).all()


def test_regions_scale_about_their_centres(build):
    net = build(ref.random_mlp([2, 16, 16, 2], seed=3))
    done = cpwl.police(net, cpwl.Box([-1, -1], [1, 1]), kappa=0)
    half = done.scaled(0.5)
    same = cpwl.police(net, cpwl.Box([-0.5, -0.5], [0.5, 0.5]), kappa=0)
    assert [a.shift.tolist() for a in half.layers] == [a.shift.tolist() for a in same.layers]
    assert not any(layer.shift.any() for layer in done.scaled(0.0).layers), "a point has one sign"
    with pytest.raises(cpwl.ArgumentError, match="BAD_REGION"):
        done.scaled(-1.0)


def test_tied_and_untied_convolutions():
    rng = np.random.default_rng(4)
    chain = [Conv2d(rng.normal(size=(4, 2, 3, 3)), rng.normal(size=4), padding=1), ReLU(), Flatten(),
             Dense(rng.normal(size=(3, 4 * 36)), rng.normal(size=3))]  # fmt: skip
    net = cpwl.Network.from_layers(chain, (2, 6, 6))
    center, radius = rng.normal(size=72), np.full(72, 0.3)
    for tied, groups in ((True, 4), (False, 4 * 36)):
        done = cpwl.police(net, cpwl.Cube(center, radius), tied=tied)
        [layer] = done.layers
        assert layer.n_groups == groups
        assert layer.node == (1 if tied else -1)
        x = center + radius * rng.uniform(-1, 1, (50, 72))
        a, b = done.affine()
        np.testing.assert_allclose(done(x), x @ a.T + b, rtol=0, atol=1e-11)
    assert np.count_nonzero(a) > 0, "positions that were shifted alone are not all dead"


CHAINS = {
    "dense": lambda rng: ([Dense(rng.normal(size=(9, 3)), rng.normal(size=9)), LeakyReLU(0.1),
                           Dense(rng.normal(size=(7, 9)), rng.normal(size=7)), ReLU(),
                           Dense(rng.normal(size=(2, 7)), rng.normal(size=2))], (3,)),
    "images": lambda rng: ([Conv2d(rng.normal(size=(3, 1, 2, 2)), rng.normal(size=3)), ScaleShift(rng.normal(size=3),
                            rng.normal(size=3)), ReLU(), Flatten(),
                            Dense(rng.normal(size=(2, 12)), rng.normal(size=2))], (1, 3, 3)),
    "residual": lambda rng: ([Dense(rng.normal(size=(4, 4)), rng.normal(size=4), name="skip"), ReLU(),
                              Dense(rng.normal(size=(4, 4)), rng.normal(size=4)), Add("skip"), ReLU(),
                              Dense(rng.normal(size=(2, 4)), rng.normal(size=2))], (4,)),
}  # fmt: skip


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("chain", CHAINS)
def test_gradients_are_those_of_differences(chain, tied):
    rng = np.random.default_rng(3)
    layers, shape = CHAINS[chain](rng)
    net = cpwl.Network.from_layers(layers, shape)
    n = int(np.prod(shape))
    center, radius = rng.normal(size=n), rng.uniform(0.1, 0.4, n)
    x, g = rng.normal(size=(6, n)), rng.normal(size=(6, 2))
    numbers = [p.value.copy() for p in net.parameters] + [center, radius]

    def plan():
        new = net.with_parameters(numbers[:-2])
        return cpwl.police(new, cpwl.Cube(center, radius), tied=tied, kappa=0, margin=1e-3, gradient=True)

    done = plan()
    assert done.report.largest_shift > 0.1
    folded = done.net.record(x).backward(g)
    found = done.backward(folded)
    [rows] = found.rows
    for array, ours in zip(numbers, [*found.parameters, rows[0], np.diagonal(rows[1:])], strict=True):
        for k in np.ndindex(array.shape):
            ends = []
            for step in (1e-6, -2e-6):
                array[k] += step
                ends.append((plan()(x) * g).sum())
            array[k] += 1e-6
            assert (ends[0] - ends[1]) / 2e-6 == pytest.approx(ours[k], rel=1e-6, abs=1e-7)


def test_threads_do_not_matter(build):
    net = build(ref.random_mlp([6, 64, 64, 4], seed=6))
    regions = [cpwl.Cube(np.full(6, c), np.full(6, 0.2)) for c in (-1.0, 0.0, 1.0)]
    bytes_of = set()
    for threads in (1, 2, 8):
        done = cpwl.police(net, regions, threads=threads)
        arrays = [a for layer in done.layers for a in (layer.shift, layer.bias, layer.codes)]
        bytes_of.add(b"".join(a.tobytes() for a in [*arrays, *done.affine(0), *done.affine(2)]))
    assert len(bytes_of) == 1


def test_policing_twice_changes_nothing_beyond_rounding(build):
    net = build(ref.random_mlp([3, 20, 20, 2], seed=7))
    region = cpwl.Vertices(np.random.default_rng(7).normal(size=(6, 3)))
    once = cpwl.police(net, region, kappa=0)
    again = cpwl.police(once.net, region, kappa=0)
    assert once.report.largest_shift > 0.1
    assert again.report.largest_shift < 1e-14


def test_reports_are_readable():
    done = cpwl.police(diagonals(), cpwl.Vertices(SQUARE), kappa=0)
    assert str(done.report).splitlines()[1:] == [
        "pointwise_2        2        1        1              1",
        "affine on 1 region; every unit is at least 0 from its knots there",
    ]
    assert repr(done) == "<cpwl.Policed: affine on a region, 1 biases shifted by up to 1>"


REFUSED = [
    ("EMPTY_REGION", cpwl.ArgumentError, lambda net: cpwl.police(net, [])),
    ("DIM_MISMATCH", cpwl.ShapeError, lambda net: cpwl.police(net, cpwl.Vertices([[0.0, 0.0, 0.0]]))),
    ("ARGUMENT", cpwl.ArgumentError, lambda net: cpwl.police(net, cpwl.Vertices(SQUARE), margin=-1)),
    ("ARGUMENT", cpwl.ArgumentError, lambda net: cpwl.police(net, cpwl.Vertices(SQUARE), kappa=float("nan"))),
    ("ARGUMENT", cpwl.ArgumentError, lambda net: cpwl.police(net, cpwl.Vertices(SQUARE), rule="given", codes=[1])),
    ("ARGUMENT", cpwl.ArgumentError, lambda net: cpwl.police(net, cpwl.Vertices(SQUARE), free=[3])),
]


@pytest.mark.parametrize(("condition", "kind", "call"), REFUSED, ids=[f"{i}-{r[0]}" for i, r in enumerate(REFUSED)])
def test_what_is_refused(condition, kind, call):
    with pytest.raises(kind) as caught:
        call(diagonals())
    assert caught.value.condition == condition


def test_layers_without_a_bias_and_max_pools_are_refused():
    square = cpwl.Vertices(SQUARE)
    bare = cpwl.Network.from_layers([Dense([[1.0, -1.0]]), Abs(), Dense([[1.0]])])
    with pytest.raises(cpwl.UnsupportedError, match="NO_BIAS"):
        cpwl.police(bare, square)
    pooled = cpwl.Network.from_layers([Conv2d(np.ones((1, 1, 1, 1)), [0.0]), MaxPool2d((1, 2)), Flatten()], (1, 1, 2))
    with pytest.raises(cpwl.UnsupportedError, match="ACT_NOT_CPWL"):
        cpwl.police(pooled, square)


def test_words_are_checked_in_python():
    with pytest.raises(ValueError, match="rule is 'most'; expected one of 'min_shift'"):
        cpwl.police(diagonals(), cpwl.Vertices(SQUARE), rule="most")
    with pytest.raises(ValueError, match="precision is 'half'"):
        cpwl.police(diagonals(), cpwl.Vertices(SQUARE), precision="half")
    with pytest.raises(ValueError, match="codes are given, but rule"):
        cpwl.police(diagonals(), cpwl.Vertices(SQUARE), codes=[0, 1])
    with pytest.raises(TypeError, match="net is a list"):
        cpwl.police([], cpwl.Vertices(SQUARE))
    with pytest.raises(IndexError):
        cpwl.police(diagonals(), cpwl.Vertices(SQUARE)).affine(1)


def test_pictures(build):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    for outputs in (1, 3):
        done = cpwl.police(build(ref.random_mlp([2, 12, 12, outputs], seed=8)), [cpwl.Polygon(PENTAGON)])
        axes = done.plot()
        (u0, u1), (v0, v1) = axes.get_xlim(), axes.get_ylim()
        assert (u0, v0) < (-0.4, -0.6)
        assert (u1, v1) > (0.8, 0.6)
        [outline] = [line.get_xydata() for line in axes.lines if line.get_label() == "region 0"]
        assert {tuple(np.round(p, 9)) for p in outline} == {tuple(p) for p in PENTAGON}
        pyplot.close("all")
