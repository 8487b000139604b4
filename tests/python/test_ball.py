"""Counts of regions in a disc against distances written here, exact arithmetic and closed forms."""

from fractions import Fraction

import numpy as np
import pytest

import cpwl
import reference as ref
from cpwl import layers as L


def distance(polygon, center):
    """Distance of a point from a convex counter-clockwise polygon."""
    a, d = polygon, np.roll(polygon, -1, axis=0) - polygon
    e = center - a
    if (d[:, 0] * e[:, 1] - d[:, 1] * e[:, 0] >= 0).all():
        return 0.0
    t = np.clip((e * d).sum(axis=1) / (d**2).sum(axis=1), 0, 1)
    return np.linalg.norm(e - t[:, None] * d, axis=1).min()


def square_distance(corners, center):
    """The same, squared, in rational arithmetic."""
    best, inside = None, True
    for (ax, ay), (bx, by) in zip(corners, [*corners[1:], corners[0]]):
        d, e = (bx - ax, by - ay), (center[0] - ax, center[1] - ay)
        inside &= d[0] * e[1] - d[1] * e[0] >= 0
        t = min(max((d[0] * e[0] + d[1] * e[1]) / (d[0] ** 2 + d[1] ** 2), Fraction(0)), Fraction(1))
        square = (e[0] - t * d[0]) ** 2 + (e[1] - t * d[1]) ** 2
        best = square if best is None else min(best, square)
    return Fraction(0) if inside else best


def test_counts_are_those_of_all_distances(build, square):
    p = build(ref.random_mlp([2, 24, 24, 2], 7)).partition(square)
    rng = np.random.default_rng(0)
    centers, radii = rng.uniform(-1.2, 1.2, (60, 2)), rng.uniform(0, 1, 60) ** 3
    distances = np.array([[distance(p.cells(i), c) for i in range(len(p))] for c in centers])
    expected = (distances < radii[:, None]).sum(axis=1)
    np.testing.assert_array_equal(p.count_in_ball(centers, radii), expected)
    assert p.count_in_ball(centers[0], radii[0]) == expected[0]
    np.testing.assert_array_equal(p.count_in_ball(centers, 0.1), (distances < 0.1).sum(axis=1))
    assert p.count_in_ball([0.0, 0.0], 10.0) == p.n_regions
    assert p.count_in_ball([0.0, 0.0], 1e300) == p.n_regions
    assert p.count_in_ball([0.0, 0.0], 0.0) == 0
    assert p.count_in_ball(np.empty((0, 2)), 1.0).shape == (0,)


def test_discs_that_touch_are_exact(build):
    """Discs about grid points of a chessboard, with radii of whole squares: they touch many cells, and meet few."""
    p = build(ref.tents(3)).partition(cpwl.Box([0, 0], [1, 1]))
    corners = [(i / 8, j / 8) for i in range(9) for j in range(9)]
    for k in (1, 2, 3):
        r = Fraction(k, 8)
        expected = []
        for x, y in corners:
            c = (Fraction(x), Fraction(y))
            cells = [[(Fraction(a, 8), Fraction(b, 8)), (Fraction(a + 1, 8), Fraction(b, 8)),
                      (Fraction(a + 1, 8), Fraction(b + 1, 8)), (Fraction(a, 8), Fraction(b + 1, 8))]
                     for a in range(8) for b in range(8)]  # fmt: skip
            expected.append(sum(square_distance(cell, c) < r**2 for cell in cells))
        np.testing.assert_array_equal(p.count_in_ball(corners, float(r)), expected)
    # The corners (3, 4), (4, 3), (5, 0) and (0, 5) / 8 of cells are at distance 5/8 exactly.
    assert p.count_in_ball([0, 0], 5 / 8) + 4 == p.count_in_ball([0, 0], np.nextafter(5 / 8, 1))


@pytest.mark.parametrize("seed", range(3))
def test_discs_that_touch_lines_of_low_bit_networks(build, seed):
    """Radii chosen as the rounded distances of vertices and edges: the answer is that of rational arithmetic."""
    rng = np.random.default_rng(seed)
    weights = [(rng.integers(-4, 4, (n, m)) / 4, rng.integers(-4, 4, n) / 4) for m, n in ((2, 8), (8, 8), (8, 1))]
    cells = [c for c, _, _ in ref.exact_regions(weights, [[-1, -1], [1, -1], [1, 1], [-1, 1]])]
    p = build(weights).partition(cpwl.Box([-1, -1], [1, 1]))
    assert len(cells) == p.n_regions
    center = rng.integers(-8, 8, 2) / 8
    squares = [square_distance(c, tuple(map(Fraction, center))) for c in cells]
    touching = 0
    for square in set(squares):
        radius = float(np.sqrt(float(square)))
        for r in (np.nextafter(radius, 0), radius, np.nextafter(radius, 2)):
            r = max(float(r), 0.0)
            expected = sum(s < Fraction(r) ** 2 for s in squares) if r else 0
            assert p.count_in_ball(center, r) == expected
        touching += Fraction(radius) ** 2 == square
    assert touching  # some radii are exact


def test_ambient_discs(build):
    weights = ref.random_mlp([4, 16, 16, 2], 2)
    rng = np.random.default_rng(3)
    plane = cpwl.Slice(rng.normal(size=4), [[0.3], [2.0]] * rng.normal(size=(2, 4)))
    net = build(weights)
    p = net.partition(plane)
    # Any isometry of the plane of the slice.
    ruler = np.linalg.qr(plane.axes.T)[1]
    turned = [c @ ruler.T for c in map(p.cells, range(len(p)))]
    turned = [c if np.linalg.det(ruler) > 0 else c[::-1] for c in turned]
    for center in rng.uniform(-1, 1, (20, 2)):
        radius = rng.uniform(0, 1)
        expected = sum(distance(c, ruler @ center) < radius for c in turned)
        assert p.count_in_ball(center, radius, metric="ambient") == expected
        assert net.count_in_ball(center, radius, plane, metric="ambient") == expected
    assert p.count_in_ball(center, radius) != expected


@pytest.mark.parametrize(
    "domain",
    [cpwl.Box([-1, -1], [1, 1]), cpwl.Polygon([[-1, -0.75], [1.25, -0.5], [0.25, 1]]),
     cpwl.Slice([0.5, 0.25], [[1.0, 0.5], [0.0, 1.0]])],
    ids=["box", "polygon", "slice"],
)  # fmt: skip
def test_a_network_counts_as_its_partition_does(build, domain):
    net = build(ref.random_mlp([2, 32, 32, 2], 5))
    p = net.partition(domain)
    rng = np.random.default_rng(1)
    for center, radius in zip(rng.uniform(-1.1, 1.1, (25, 2)), rng.uniform(0, 1, 25) ** 2):
        assert net.count_in_ball(center, radius, domain) == p.count_in_ball(center, radius)


def test_the_whole_plane(build):
    weights = ref.random_mlp([2, 12, 2], 5)
    net = build(weights)
    lines = np.column_stack(weights[0])
    for center in ([0.0, 0.0], [5.0, -3.0]):
        # Lines nearer than the radius, and their crossings in the disc: 1 + lines + crossings.
        for r in (0.5, 4.0, 30.0):
            d = np.abs(lines[:, :2] @ center + lines[:, 2]) / np.linalg.norm(lines[:, :2], axis=1)
            near = lines[d < r]
            crossings = 0
            for i in range(len(near)):
                for j in range(i):
                    x = np.linalg.solve(near[[i, j], :2], -near[[i, j], 2])
                    crossings += np.linalg.norm(x - center) < r
            assert net.count_in_ball(center, r) == 1 + len(near) + crossings
    assert net.count_in_ball([0, 0], 0.0) == 0


def test_only_what_is_near_is_partitioned(build, square):
    net = build(ref.random_mlp([2, 64, 64, 2], 5))
    assert net.partition(square).n_regions > 2000
    assert 0 < net.count_in_ball([0.1, 0.1], 0.05, square, max_regions=500) < 500
    with pytest.raises(cpwl.LimitError, match=r"\[MAX_REGIONS\]"):
        net.count_in_ball([0.1, 0.1], 0.9, square, max_regions=500)


def test_any_number_of_threads_gives_the_same(build, square):
    p = build(ref.random_mlp([2, 40, 40, 3], 12)).partition(square)
    centers = np.random.default_rng(0).uniform(-1, 1, (500, 2))
    p._context = cpwl.Context(threads=1)
    one = p.count_in_ball(centers, 0.2)
    p._context = cpwl.Context(threads=2)
    np.testing.assert_array_equal(one, p.count_in_ball(centers, 0.2))


def test_bad_discs_are_named(small, square, regions):
    net = small[1]
    with pytest.raises(cpwl.ArgumentError, match=r"radii\[1\] is -1; expected 0 or more"):
        regions.count_in_ball([[0, 0], [1, 1]], [1.0, -1.0])
    with pytest.raises(cpwl.NonfiniteError, match="radius is NaN"):
        net.count_in_ball([0, 0], np.nan, square)
    with pytest.raises(cpwl.NonfiniteError, match=r"centers\[0, 1\] is inf"):
        regions.count_in_ball([0, np.inf], 1.0)
    with pytest.raises(cpwl.ShapeError, match=r"centers has shape \[1, 3\]"):
        regions.count_in_ball([[0, 0, 0]], 1.0)
    with pytest.raises(cpwl.ShapeError, match="center has shape"):
        net.count_in_ball([0, 0, 0], 1.0)
    with pytest.raises(cpwl.ArgumentError, match=r"\[NOT_STORED\] counts in a ball need"):
        net.partition(square, want=["polygons"]).count_in_ball([0, 0], 1.0)
    with pytest.raises(cpwl.ShapeError, match="the network takes 3 inputs"):
        cpwl.Network.from_layers([L.Dense(np.ones((2, 3)))]).count_in_ball([0, 0], 1.0)
    with pytest.raises(cpwl.Cancelled):
        net.count_in_ball([0, 0], 1.0, square, cancel=lambda: True)
