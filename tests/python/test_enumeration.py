"""Linear regions in n dimensions against scipy, closed forms, sampling and the exact partition of the plane."""

import itertools
import math
import time

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.spatial import ConvexHull, HalfspaceIntersection

import cpwl
import reference as ref
from cpwl import layers as L

ALL = ["patterns", "maps", "facets", "centers", "volumes"]


def cube(d, half=1.0):
    return cpwl.Box([-half] * d, [half] * d)


def mlp(build, sizes, seed=0, slope=0.0):
    return build(ref.random_mlp(sizes, seed), slope)


def preactivations(weights, pattern, slope):
    """Row by row (a, b): the input of every unit as an affine function on the set of `pattern`."""
    a, b = np.eye(len(weights[0][0][0])), np.zeros(len(weights[0][0][0]))
    rows, first = [], 0
    for w, bias in weights[:-1]:
        a, b = w @ a, w @ b + bias
        rows.append(np.column_stack([a, b]))
        factor = np.where(pattern[first : first + len(b)], 1.0, slope)
        a, b, first = a * factor[:, None], b * factor, first + len(b)
    return np.concatenate(rows)


def deepest(a, b):
    """Centre and radius of the largest ball in {a x <= b}, by HiGHS."""
    lengths = np.linalg.norm(a, axis=1)
    rows = np.column_stack([a, lengths])
    bounds = [(None, None)] * a.shape[1] + [(None, 10)]
    result = linprog(np.append(np.zeros(a.shape[1]), -1), A_ub=rows, b_ub=b, bounds=bounds, method="highs")
    return result.x[:-1], result.x[-1]


def peer(weights, slope, d):
    """All activation patterns on [-1, 1]^d with an interior, by depth-first search over the units with HiGHS."""
    n = sum(len(b) for _, b in weights[:-1])
    box = np.vstack([np.eye(d), -np.eye(d)]), np.ones(2 * d)
    found = set()

    def search(pattern, a, b):
        if len(pattern) == n:
            found.add(tuple(pattern))
            return
        row = preactivations(weights, np.array(pattern + [0] * (n - len(pattern))), slope)[len(pattern)]
        for code, sign in ((1, -1), (0, 1)):
            if np.linalg.norm(row[:-1]) < 1e-12:
                if (row[-1] > 0) == bool(code):
                    search([*pattern, code], a, b)
                continue
            more = np.vstack([a, sign * row[:-1]]), np.append(b, -sign * row[-1])
            if deepest(*more)[1] > 1e-9:
                search([*pattern, code], *more)

    search([], *box)
    return found


@pytest.mark.parametrize(("sizes", "slope"), [([3, 6, 5, 1], 0), ([4, 6, 4, 2], 0.25), ([2, 5, 5, 1], -1)])
def test_regions_are_those_that_highs_finds(build, sizes, slope):
    weights = ref.random_mlp(sizes, 11)
    e = build(weights, slope).enumerate(cube(sizes[0]), want=ALL)
    assert {tuple(p) for p in e.patterns.tolist()} == peer(weights, slope, sizes[0])
    for i in range(0, e.n_regions, 5):
        rows = preactivations(weights, e.patterns[i], slope)
        sign = np.where(e.patterns[i], -1, 1)[:, None]
        eye = np.eye(sizes[0])
        a = np.vstack([eye, -eye, sign * rows[:, :-1]])
        b = np.concatenate([np.ones(2 * sizes[0]), -sign[:, 0] * rows[:, -1]])
        point, radius = deepest(a, b)
        assert e.radii[i] == pytest.approx(radius, rel=1e-6)
        # qhull: the facets that are not redundant, and the volume.
        hull = HalfspaceIntersection(np.column_stack([a, -b]), point)
        assert e.volumes[i] == pytest.approx(ConvexHull(hull.intersections).volume, rel=1e-7, abs=1e-12)
        facets = e.facets(i)
        assert len(facets.levels) == len(np.unique(np.concatenate(hull.dual_facets)))
        assert (facets.normals @ e.interior_points[i] + e.radii[i] <= facets.levels + 1e-12).all()


@pytest.mark.parametrize(("n", "d"), [(8, 3), (7, 5), (9, 7)])
def test_hyperplanes_in_general_position(build, n, d):
    rng = np.random.default_rng(n)
    net = build([(rng.normal(size=(n, d)), rng.normal(size=n)), (np.ones((1, n)), np.zeros(1))])
    e = net.enumerate(cpwl.Space(d))
    assert e.n_regions == sum(math.comb(n, i) for i in range(d + 1))
    assert (net.pattern(e.interior_points) == e.patterns).all()
    with pytest.raises(cpwl.UnsupportedError, match="volumes are infinite"):
        net.enumerate(cpwl.Space(d), want=["volumes"])
    # Far enough out the cube holds all crossings.
    assert net.enumerate(cube(d, 1e4)).n_regions == e.n_regions


def test_a_plane_domain_is_the_exact_partition(small, square):
    p, e = small[1].partition(square), small[1].enumerate(square, want=ALL)
    assert {tuple(x) for x in p.patterns.tolist()} == {tuple(x) for x in e.patterns.tolist()}
    index = e.locate(p.centroids)
    np.testing.assert_array_equal(e.patterns[index], p.patterns)
    np.testing.assert_allclose(e.volumes[index], p.areas, rtol=0, atol=1e-14)
    np.testing.assert_allclose(e.maps.a[index], p.maps.a, rtol=0, atol=1e-12)
    assert isinstance(small[1].partition(square), cpwl.Partition)


def test_the_laws_hold_on_a_slice(build):
    net = mlp(build, [12, 10, 9, 3], 5)
    rng = np.random.default_rng(1)
    domain = cpwl.Slice(rng.normal(size=12), rng.normal(size=(5, 12)), cpwl.Box([-0.4] * 5, [0.4] * 5))
    e = net.enumerate(domain, want=ALL)
    assert e.dim == 5
    assert e.volumes.sum() == pytest.approx(0.8**5, rel=1e-11)
    inputs = domain.to_input(e.interior_points)
    assert (net.pattern(inputs) == e.patterns).all()
    outputs = np.einsum("fkd,fd->fk", e.maps.a, e.interior_points) + e.maps.b
    np.testing.assert_allclose(outputs, net(inputs), rtol=0, atol=1e-12)
    for i in range(0, e.n_regions, 97):
        facets, neighbours = e.facets(i), set(e.neighbours(i).tolist())
        assert set(facets.neighbours[facets.layer >= 0].tolist()) == neighbours
        for j in neighbours:
            assert i in e.neighbours(j)
            assert (e.patterns[i] != e.patterns[j]).sum() == 1
        # Continuity: the maps of both regions agree on the facet between them.
        for normal, level, j in zip(facets.normals, facets.levels, facets.neighbours, strict=True):
            if j >= 0:
                gap_a, gap_b = e.maps.a[i] - e.maps.a[j], e.maps.b[i] - e.maps.b[j]
                along = gap_a @ normal
                np.testing.assert_allclose(gap_a, np.outer(along, normal), atol=1e-11)
                np.testing.assert_allclose(gap_b, -along * level, atol=1e-11)
    points = rng.uniform(-0.4, 0.4, (5000, 5))
    found = e.locate(points)
    assert (found >= 0).all()
    np.testing.assert_array_equal(e.patterns[found], net.pattern(domain.to_input(points)))
    assert e.locate(np.full(5, 0.5)) == -1
    assert e.locate(e.interior_points[7]) == 7


def test_balls_simplices_and_polytopes(build):
    net = mlp(build, [3, 8, 6, 2], 9)
    rng = np.random.default_rng(2)
    ball = net.enumerate(cpwl.Ball([0.1, 0, 0], 0.5))
    points = rng.normal(size=(20000, 3))
    points *= (0.5 * rng.random(20000) ** (1 / 3) / np.linalg.norm(points, axis=1))[:, None]
    assert (ball.locate(points + np.array([0.1, 0, 0])) >= 0).all()
    assert (net.pattern(ball.interior_points) == ball.patterns).all()
    assert (np.linalg.norm(ball.interior_points - [0.1, 0, 0], axis=1) + ball.radii <= 0.5 + 1e-12).all()
    octahedron = np.array(list(itertools.product([-1.0, 1.0], repeat=3)))
    p = net.enumerate(cpwl.Polytope(octahedron, np.ones(8)), want=ALL)
    assert p.volumes.sum() == pytest.approx(8 / 6, rel=1e-12)
    parts = [np.vstack([np.zeros(3), s * np.eye(3)]) for s in octahedron]
    volumes = [net.enumerate(cpwl.Simplex(part), want=["volumes", "patterns"]).volumes.sum() for part in parts]
    assert sum(volumes) == pytest.approx(8 / 6, rel=1e-12)
    assert not cpwl.Polytope([[1.0, 0, 0]], [1.0]).bounded
    assert cpwl.Polytope(octahedron, np.ones(8)).bounded


@pytest.mark.parametrize(
    ("domain", "error"),
    [(lambda: cpwl.Polytope([[1.0], [-1.0]], [0, -1]), cpwl.ArgumentError),
     (lambda: cpwl.Polytope([[0.0, 0], [1, 1]], [0, 1]), cpwl.ArgumentError),
     (lambda: cpwl.Polytope([[1.0, 0]], [1, 2]), cpwl.ShapeError),
     (lambda: cpwl.Simplex(np.zeros((4, 3))), cpwl.ArgumentError),
     (lambda: cpwl.Simplex(np.zeros((3, 3))), cpwl.ShapeError),
     (lambda: cpwl.Ball([0, 0, 0], -1), cpwl.ArgumentError),
     (lambda: cpwl.Ball([0, np.nan], 1), cpwl.NonfiniteError),
     (lambda: cpwl.Space(0), cpwl.ShapeError),
     (lambda: cpwl.Box([0] * 3, [1, 1, 0]), cpwl.ArgumentError),
     (lambda: cpwl.Slice(np.zeros(4), np.ones((3, 4))), cpwl.ArgumentError)],
)  # fmt: skip
def test_bad_domains_are_refused(domain, error):
    with pytest.raises(error):
        domain()


def test_limits_partial_results_and_threads(build):
    net = mlp(build, [6, 12, 12, 1], 3)
    whole = net.enumerate(cube(6), threads=2)
    with pytest.raises(cpwl.LimitError, match="MAX_REGIONS"):
        net.enumerate(cube(6), max_regions=100)
    part = net.enumerate(cube(6), max_regions=100, keep_partial=True, threads=8)
    assert part.n_regions == 100
    assert not part.complete
    assert whole.complete
    assert "there are more" in repr(part)
    np.testing.assert_array_equal(part.interior_points, whole.interior_points[:100])
    np.testing.assert_array_equal(part.patterns, whole.patterns[:100])
    count = net.enumerate(cube(6), count_only=True)
    assert count.n_regions == whole.n_regions
    np.testing.assert_array_equal(count.layer_cells, whole.layer_cells)
    with pytest.raises(cpwl.ArgumentError, match="NOT_STORED"):
        _ = count.radii
    with pytest.raises(cpwl.LimitError, match="MEMORY_LIMIT"):
        net.enumerate(cube(6), memory_limit=100_000)
    with pytest.raises(ValueError, match="want has 'mesh'"):
        net.enumerate(cube(6), want=["mesh"])
    with pytest.raises(TypeError):
        net.enumerate([[0, 1]] * 6)


def test_eight_dimensions_go_at_a_thousand_regions_a_second(build):
    net = mlp(build, [8, 32, 32, 1], 1)
    start = time.perf_counter()
    e = net.enumerate(cube(8), max_regions=3000, keep_partial=True, threads=1)
    seconds = time.perf_counter() - start
    assert (net.pattern(e.interior_points) == e.patterns).all()
    assert e.n_regions == 3000
    assert seconds < 3.0


def test_cancel_is_answered_in_time(build):
    net = mlp(build, [10, 40, 40, 1], 2)

    def delays():
        """Seconds from the request to the exception, and the longest between two looks at the callback."""
        asked = []

        def cancel():
            asked.append(time.perf_counter())
            return asked[-1] - asked[0] > 0.1

        with pytest.raises(cpwl.Cancelled):
            net.enumerate(cube(10), cancel=cancel, threads=1)
        return time.perf_counter() - asked[-1], max(np.diff(asked))

    # The best of some attempts: the machine may be busy with something else.
    assert min(max(delays()) for _ in range(5)) < 0.05


def test_local_complexity_counts_what_its_definition_says(build):
    # The definition, with the codes of the network at the corners of one cross-polytope for all inputs.
    net = mlp(build, [5, 20, 15, 3], 8)
    x = np.random.default_rng(0).normal(size=(40, 5))
    counts = net.local_complexity(x, 0.3, seed=7)
    assert counts.shape == (40, 2)
    np.testing.assert_array_equal(counts, net.local_complexity(x, 0.3, 5, 7, context=cpwl.Context(threads=8)))
    np.testing.assert_array_equal(counts[3], net.local_complexity(x[3], 0.3, seed=7))
    # All directions of a hyperplane's normal: every unit nearer than radius / sqrt(d) is counted, none beyond radius.
    w, b = ref.random_mlp([5, 20, 15, 3], 8)[0]
    distance = np.abs(x @ np.transpose(w) + b) / np.linalg.norm(w, axis=1)
    assert ((distance < 0.3 / 5**0.5).sum(axis=1) <= counts[:, 0]).all()
    assert (counts[:, 0] <= (distance < 0.3).sum(axis=1)).all()
    assert (net.local_complexity(x, 1e-9) == 0).all()
    assert (net.local_complexity(x, 0.3, n_dirs=2, seed=7) <= counts).all()
    with pytest.raises(cpwl.ArgumentError, match="n_dirs is 6"):
        net.local_complexity(x, 0.3, n_dirs=6)


def test_convolutions_and_max_pooling(build):
    rng = np.random.default_rng(4)
    net = cpwl.Network.from_layers(
        [L.Conv2d(rng.normal(size=(2, 1, 3, 3)), rng.normal(size=2) * 0.2), L.ReLU(), L.MaxPool2d(2), L.Flatten(),
         L.Dense(rng.normal(size=(3, 8)), rng.normal(size=3)), L.ReLU(), L.Dense(rng.normal(size=(2, 3)))],
        (1, 6, 6),
    )  # fmt: skip
    domain = cpwl.Slice(rng.normal(size=(1, 6, 6)), rng.normal(size=(3, 1, 6, 6)))
    e = net.enumerate(domain, want=ALL)
    assert e.volumes.sum() == pytest.approx(8, rel=1e-11)
    inputs = domain.to_input(e.interior_points)
    assert (net.pattern(inputs) == e.patterns).all()
    assert (e.locate(rng.uniform(-1, 1, (5000, 3))) >= 0).all()


@pytest.mark.parametrize("seed", range(30))
def test_low_bit_weights_make_no_slivers(seed):
    """Parallel, equal, concurrent, dead units: the exact count in the plane, volumes that fill the box."""
    rng = np.random.default_rng(seed)
    d, top = int(rng.integers(1, 6)), 2 ** int(rng.integers(1, 4))
    widths = [d, *rng.integers(2, 7, size=rng.integers(1, 4)), 2]
    chain = []
    for m, n in itertools.pairwise(widths):
        chain.append(L.Dense(rng.integers(-top, top + 1, (n, m)) / top, rng.integers(-top, top + 1, n) / top))
        chain.append((L.ReLU(), L.LeakyReLU(0.25), L.Abs())[rng.integers(0, 3)])
    net = cpwl.Network.from_layers(chain[:-1])
    e = net.enumerate(cube(d), want=ALL)
    assert e.volumes.sum() == pytest.approx(2**d, rel=1e-11)
    assert e.smallest_crossing > 1e-6
    assert e.largest_touch < 1e-12
    assert (e.locate(rng.uniform(-1, 1, (2000, d))) >= 0).all()
    assert (e.facet_neighbours[e.facet_layer >= 0] >= 0).all()
    assert all(i in e.neighbours(j) for i in range(e.n_regions) for j in e.neighbours(i))
    if d == 2:
        assert e.n_regions == net.partition(cube(2)).n_regions
