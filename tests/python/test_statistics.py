"""Statistics of partitions against formulas written here, closed forms, scipy and laws."""

import numpy as np
import pytest
from scipy.optimize import linprog

import cpwl
import reference as ref
from cpwl import layers as L


@pytest.fixture(scope="module")
def stats(regions):
    return regions.stats()


def moments(polygon):
    """Area, mean and covariance of the uniform distribution, triangle by triangle."""
    o, total, mean, second = polygon[0], 0.0, np.zeros(2), np.zeros((2, 2))
    for a, b in zip(polygon[1:-1] - o, polygon[2:] - o):
        corners = np.stack([np.zeros(2), a, b])
        area = (a[0] * b[1] - a[1] * b[0]) / 2
        total += area
        mean += area * corners.mean(axis=0)
        # E[x x'] on a triangle: (sum of the corners' products + the product of their sum) / 12.
        second += area * (corners.T @ corners + np.outer(corners.sum(axis=0), corners.sum(axis=0))) / 12
    mean /= total
    return total, o + mean, second / total - np.outer(mean, mean)


def largest_circle(polygon):
    """The radius of the largest circle in a convex polygon, by linear programming."""
    d = np.roll(polygon, -1, axis=0) - polygon
    inward = np.column_stack([-d[:, 1], d[:, 0]]) / np.linalg.norm(d, axis=1)[:, None]
    # Unknowns centre and radius: inward . (centre - corner) >= radius.
    solution = linprog([0, 0, -1], A_ub=np.column_stack([-inward, np.ones(len(d))]),
                       b_ub=-(inward * polygon).sum(axis=1), bounds=[(None, None)] * 3)  # fmt: skip
    assert solution.status == 0
    return solution.x[2], inward


def polygons(p, ruler=None):
    for i in range(len(p)):
        yield p.cells(i) if ruler is None else p.cells(i) @ ruler


def check_cells(s, cells):
    """Sizes and shapes of every region, from its corners alone."""
    for i, cell in enumerate(cells):
        area, _, covariance = moments(cell)
        assert s.areas[i] == pytest.approx(area, rel=1e-9)
        sides = np.linalg.norm(np.roll(cell, -1, axis=0) - cell, axis=1)
        assert s.perimeters[i] == pytest.approx(sides.sum(), rel=1e-12)
        pairs = np.linalg.norm(cell[:, None] - cell[None], axis=2)[np.triu_indices(len(cell), 1)]
        assert s.eccentricities[i] == pytest.approx(pairs.max() / (pairs.min() + 1e-10), rel=1e-9)
        small, large = np.linalg.eigvalsh(covariance)
        assert s.moment_eccentricities[i] == pytest.approx(np.sqrt(1 - small / large), abs=1e-6)
        assert s.vertex_counts[i] == len(cell)


def test_size_and_shape_of_every_region(regions, stats):
    check_cells(stats, polygons(regions))


def test_inscribed_circles_are_those_of_linear_programming(regions, stats):
    for i, cell in enumerate(polygons(regions)):
        radius, inward = largest_circle(cell)
        assert stats.inradii[i] == pytest.approx(radius, abs=1e-9)
        depth = (inward * (stats.incentres[i] - cell)).sum(axis=1)
        assert depth.min() == pytest.approx(stats.inradii[i], rel=1e-6, abs=1e-14)  # the centre is inside, that deep


def test_norms_of_slopes(regions, stats):
    a = regions.maps.a
    np.testing.assert_allclose(stats.slopes, np.linalg.norm(a, axis=(1, 2)), rtol=1e-13)
    np.testing.assert_allclose(stats.spectral_norms, np.linalg.norm(a, ord=2, axis=(1, 2)), rtol=1e-13)


def test_totals_are_those_of_the_columns(regions, stats):
    s = stats
    assert (s.area_min, s.area_max) == (s.areas.min(), s.areas.max())
    assert s.area_std == pytest.approx(s.areas.std(), rel=1e-12)
    assert s.perimeter == pytest.approx(s.perimeters.mean(), rel=1e-12)
    assert (s.inradius_max, s.spectral_max, s.slope_max) == (s.inradii.max(), s.spectral_norms.max(), s.slopes.max())
    assert s.inradius_mean == pytest.approx(s.inradii.mean(), rel=1e-12)
    assert s.moment_eccentricity_mean == pytest.approx(s.moment_eccentricities.mean(), rel=1e-12)
    middle = regions.vertices.mean(axis=0)
    assert s.centrality == pytest.approx(np.linalg.norm(regions.vertices - middle, axis=1).mean(), rel=1e-12)


def test_every_edge_has_two_sides(regions, stats):
    """Borders of all regions count inner edges twice, and the sides of the domain once."""
    assert stats.perimeters.sum() == pytest.approx(2 * stats.edge_length - 8, rel=1e-12)


def test_neighbour_graph(regions, stats):
    offsets, near = stats.neighbour_offsets, stats.neighbours
    assert offsets[0] == 0
    assert offsets[-1] == len(near)
    for i in range(len(regions)):
        assert near[offsets[i] : offsets[i + 1]].tolist() == regions.neighbours(i).tolist()
    assert stats.neighbour_counts.tolist() == [len(regions.neighbours(i)) for i in range(len(regions))]


def test_lines_are_made_of_all_edges(regions, stats):
    s = stats
    assert sorted(s.line_edges) == list(range(len(regions.edges)))
    ends = regions.vertices[regions.edges]
    lengths = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1)
    assert s.line_lengths.sum() == pytest.approx(lengths.sum(), rel=1e-12)
    assert s.edge_length == pytest.approx(lengths.sum(), rel=1e-12)
    assert s.line_lengths[s.line_layers < 0] == pytest.approx(2)
    for i, (layer, unit) in enumerate(zip(s.line_layers, s.line_units)):
        lines = regions.layer_lines(layer, unit)
        np.testing.assert_array_equal(lines, ends[s.line_edges[s.line_offsets[i] : s.line_offsets[i + 1]]])
        assert s.line_lengths[i] == pytest.approx(np.linalg.norm(lines[:, 1] - lines[:, 0], axis=1).sum(), rel=1e-12)
    for layer, length in enumerate(s.layer_lengths):
        assert length == pytest.approx(s.line_lengths[s.line_layers == layer].sum(), rel=1e-12)
    assert (1 + np.cumsum(s.layer_cells_added)).tolist() == regions.layer_cells.tolist()


def test_lines_of_the_first_layer_are_chords(small, regions):
    """A unit of the first layer makes the part of one line that lies in the square."""
    w, b = small[0][0]
    for unit in range(len(b)):
        height = [w[unit] @ corner + b[unit] for corner in ([-1, -1], [1, -1], [1, 1], [-1, 1])]
        ends = []
        for i, corner in enumerate(np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], float)):
            after = np.array([[1, -1], [1, 1], [-1, 1], [-1, -1]], float)[i]
            h, g = height[i], height[(i + 1) % 4]
            if h * g < 0:
                ends.append(corner + h / (h - g) * (after - corner))
        lines = regions.layer_lines(0, unit)
        expected = np.linalg.norm(ends[1] - ends[0]) if ends else 0
        assert np.linalg.norm(lines[:, 1] - lines[:, 0], axis=1).sum() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("k", [1, 3])
def test_a_chessboard(build, k):
    s = build(ref.tents(k)).partition(cpwl.Box([0, 0], [1, 1])).stats()
    side = 2.0**-k
    assert (s.areas == side**2).all()
    assert s.perimeters == pytest.approx(4 * side)
    assert s.inradii == pytest.approx(side / 2)
    assert s.eccentricities == pytest.approx(np.sqrt(2) * side / (side + 1e-10), rel=1e-12)
    assert s.moment_eccentricities == pytest.approx(0, abs=1e-7)
    assert s.spectral_norms == pytest.approx(2.0**k)
    assert s.slopes == pytest.approx(np.sqrt(2) * 2.0**k)
    assert s.layer_lengths.tolist() == [2 * 2.0**j for j in range(k)]
    assert s.edge_length == pytest.approx(2 * (2**k + 1))


def test_ambient_metric(build):
    weights = ref.random_mlp([5, 16, 16, 2], 3)
    rng = np.random.default_rng(4)
    origin, axes = rng.normal(size=5), rng.normal(size=(2, 5))
    p = build(weights).partition(cpwl.Slice(origin, axes))
    s = p.stats(metric="ambient")
    # Any isometry of the plane of the slice will do: here by QR, axes' = Q R.
    ruler = np.linalg.qr(axes.T)[1]
    check_cells(s, (cell if np.linalg.det(ruler) > 0 else cell[::-1] for cell in polygons(p, ruler.T)))
    assert s.areas == pytest.approx(p.areas * np.sqrt(np.linalg.det(axes @ axes.T)), rel=1e-12)
    # The derivative along the slice, per unit of length of the input.
    jacobian = p.maps.a @ np.linalg.inv(ruler)
    assert s.slopes == pytest.approx(np.linalg.norm(jacobian, axis=(1, 2)), rel=1e-11)
    assert s.spectral_norms == pytest.approx(np.linalg.norm(jacobian, ord=2, axis=(1, 2)), rel=1e-11)
    ends = p.domain.to_input(p.vertices)[p.edges]
    assert s.edge_length == pytest.approx(np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1).sum(), rel=1e-12)
    for i, cell in enumerate(polygons(p, ruler.T)):
        radius, _ = largest_circle(cell if np.linalg.det(ruler) > 0 else cell[::-1])
        assert s.inradii[i] == pytest.approx(radius, abs=1e-9)
    plain = p.stats()
    assert plain.areas == pytest.approx(p.areas)
    assert not np.allclose(plain.perimeters, s.perimeters)


def test_ambient_metric_of_a_plane_is_its_own(regions, stats):
    ambient = regions.stats(metric="ambient")
    for name in ("areas", "perimeters", "inradii", "slopes"):
        np.testing.assert_array_equal(getattr(ambient, name), getattr(stats, name))


def test_tiny_cells_keep_their_accuracy():
    """Two lines that cross at an angle of 1e-9 far from the origin: a cell of area 5e-10 known to its last digits."""
    h = 2.0**-30
    chain = [L.Dense([[0.0, 1.0], [-h, 1.0]], [0.0, 1024 * h]), L.ReLU(), L.Dense([[1.0, 1.0]])]
    p = cpwl.Network.from_layers(chain).partition(cpwl.Box([1024, -1], [1025, 1]))
    s = p.stats()
    i = int(s.areas.argmin())
    # A triangle with legs 1 and h, and a right angle at (1025, 0).
    assert p.n_regions == 3
    assert s.areas[i] == pytest.approx(h / 2, rel=1e-13)
    assert s.inradii[i] == pytest.approx((1 + h - np.hypot(1, h)) / 2, rel=1e-6)
    assert s.perimeters[i] == pytest.approx(1 + h + np.hypot(1, h), rel=1e-13)


def test_any_number_of_threads_gives_the_same_bytes(build, square):
    net = build(ref.random_mlp([2, 64, 64, 3], 12), 0.125)
    one, two = (net.partition(square, threads=n).stats() for n in (1, 2))
    assert one.regions > 4096  # more than one task
    for name in ("areas", "perimeters", "inradii", "incentres", "eccentricities", "slopes", "line_lengths"):
        assert getattr(one, name).tobytes() == getattr(two, name).tobytes()
    assert one == two


def test_what_was_not_kept_is_named(small, square):
    p = small[1].partition(square, want=["polygons", "patterns", "maps"])
    with pytest.raises(cpwl.ArgumentError, match=r"\[NOT_STORED\] statistics need polygons and mesh"):
        p.stats()
    with pytest.raises(ValueError, match="metric is 'miles'; expected one of 'domain', 'ambient'"):
        small[1].partition(square).stats("miles")
    huge = cpwl.Slice([0, 0], [[1e200, 0], [0, 1e200]])
    far = small[1].partition(huge)
    with pytest.raises(cpwl.ArgumentError, match="f64 can square"):
        far.stats("ambient")


def test_stats_can_be_stopped(build, square):
    p = build(ref.random_mlp([2, 64, 64, 3], 12)).partition(square)
    stop = cpwl.Context(cancel=lambda: True)
    p._context = stop
    with pytest.raises(cpwl.Cancelled):
        p.stats()
    p._context = cpwl.Context(memory_limit=100_000)
    with pytest.raises(cpwl.LimitError, match="memory_limit is 100000 bytes"):
        p.stats()
