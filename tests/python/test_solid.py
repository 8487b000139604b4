"""Partitions in space: against rational arithmetic, closed forms and scipy."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.spatial import ConvexHull

import cpwl
import reference3d

CUBE = cpwl.Box([-1, -1, -1], [1, 1, 1])


def dense(layers, slope=0.0):
    """A network of dense layers (weights, biases) with leaky ReLU between them."""
    stack = [cpwl.layers.Dense(*layers[0])]
    for w, b in layers[1:]:
        stack += [cpwl.layers.LeakyReLU(slope), cpwl.layers.Dense(w, b)]
    return cpwl.Network.from_layers(stack)


def coarse(seed, widths, levels):
    """Layers with few different weights: planes meet in edges and points of others, and coincide."""
    draw = np.random.default_rng(seed)
    return [
        (draw.integers(-levels, levels + 1, (n, m)).astype(float), draw.integers(-levels, levels + 1, n) / 2)
        for m, n in pairwise(widths)
    ]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("slope", [0, -1])
def test_two_bit_networks_agree_with_rational_arithmetic(seed, slope):
    layers = coarse(seed, [3, 4, 4, 2], 1)
    truth = reference3d.partition(layers, slope)
    p = dense(layers, slope).partition(CUBE)
    assert p.n_regions == len(truth.cells)
    assert p.layer_cells.tolist() == truth.layer_cells
    assert len(p.vertices) == truth.n_vertices
    assert len(p.facet_areas) == truth.n_facets
    assert p.euler_characteristic == 1
    assert {tuple(x) for x in p.patterns.tolist()} == {cell.pattern for cell in truth.cells}
    # Cell by cell: the same vertices.
    by_pattern = {tuple(x): i for i, x in enumerate(p.patterns.tolist())}
    for cell in truth.cells:
        mine = p.cells(by_pattern[cell.pattern])
        theirs = np.array([[float(x) for x in v] for v in cell.vertices])
        assert len(mine) == len(theirs)
        distance = np.abs(mine[:, None] - theirs).max(-1)
        assert distance.min(0).max() < 1e-14
        assert distance.min(1).max() < 1e-14


def generic(seed, widths):
    draw = np.random.default_rng(seed)
    return [(draw.normal(size=(n, m)) * np.sqrt(2 / m), draw.normal(size=n) * 0.3) for m, n in pairwise(widths)]


def test_cells_are_the_hulls_of_their_vertices():
    net = dense(generic(1, [3, 10, 10, 2]))
    p = net.partition(CUBE)
    assert p.n_regions > 300
    assert p.volume == pytest.approx(8, rel=1e-13)
    for i in range(p.n_regions):
        hull = ConvexHull(p.cells(i))
        assert hull.volume == pytest.approx(p.volumes[i], rel=1e-9, abs=1e-14)
        assert hull.area == pytest.approx(p.areas[i], rel=1e-9)
        facets = p.facets(i)
        # Outward: the centroid is behind every facet.
        for f in facets:
            a, b, c = p.vertices[f[:3]]
            assert np.dot(np.cross(b - a, c - a), p.centroids[i] - a) < 0
        assert sorted(p.neighbours(i)) == sorted(j for j in p.neighbours(i) if i in p.neighbours(j))
    x = p.centroids
    assert (net.pattern(x) == p.patterns).all()
    y = np.einsum("ikj,ij->ik", p.maps.a, x) + p.maps.b
    np.testing.assert_allclose(y, net(x), rtol=1e-12, atol=1e-12)
    assert (p.locate(x) == np.arange(p.n_regions)).all()
    points = np.random.default_rng(0).uniform(-1.2, 1.2, (2000, 3))
    found = p.locate(points)
    inside = (np.abs(points) <= 1).all(1)
    assert ((found >= 0) == inside).all()
    assert (p.patterns[found[inside]] == net.pattern(points[inside])).all()


def test_points_on_facets_belong_to_a_cell_that_touches_them():
    p = dense(coarse(3, [3, 4, 4, 1], 1)).partition(CUBE)
    cells = p.locate(p.vertices)
    assert (cells >= 0).all()
    for v, i in zip(p.vertices, cells, strict=True):
        assert np.abs(p.cells(i) - v).max(1).min() == 0


def test_slices_polyhedra_and_boxes_agree():
    """The cube as box, as hull of points, and the network composed with an affine map, as slice."""
    layers = generic(2, [3, 8, 8, 1])
    box = dense(layers).partition(CUBE)
    corners = [[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]
    hull = dense(layers).partition(cpwl.Polyhedron([*corners, [0.0, 0.5, 0.25]]))
    assert (hull.n_regions, len(hull.vertices)) == (box.n_regions, len(box.vertices))
    assert sorted(hull.volumes) == pytest.approx(sorted(box.volumes), abs=1e-14)
    octahedron = cpwl.Polyhedron([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]])
    p = dense(layers).partition(octahedron)
    assert p.volume == pytest.approx(4 / 3, rel=1e-13)
    assert (p.facet_layer == -1).sum() >= 8
    assert p.euler_characteristic == 1
    with pytest.raises(cpwl.ArgumentError, match="plane"):
        cpwl.Polyhedron([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]])


def test_domain_with_more_than_64_facets():
    points = np.random.default_rng(1).normal(size=(60, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    hull = ConvexHull(points)
    assert len(hull.simplices) > 64
    for seed in range(4):
        p = dense(coarse(seed, [3, 5, 5, 2], 1)).partition(cpwl.Polyhedron(points))
        assert p.volume == pytest.approx(hull.volume, rel=1e-12)
        assert p.volumes.sum() == pytest.approx(hull.volume, rel=1e-12)
        assert p.euler_characteristic == 1
        assert len({tuple(x) for x in p.patterns.tolist()}) == p.n_regions
        assert ((p.facet_cells[:, 1] < 0) == (p.facet_layer < 0)).all()
        assert len(set(p.facet_unit[p.facet_layer < 0])) == len(hull.simplices)


def test_parts_that_were_not_kept_are_refused():
    net = dense(generic(4, [3, 6, 1]))
    count = net.partition(CUBE, count_only=True)
    whole = net.partition(CUBE)
    assert count.n_regions == whole.n_regions
    assert count.volume == pytest.approx(8, rel=1e-13)
    with pytest.raises(cpwl.ArgumentError, match="not kept"):
        _ = count.volumes
    some = net.partition(CUBE, want=["polygons", "patterns"])
    assert (some.volumes == whole.volumes).all()
    with pytest.raises(cpwl.ArgumentError, match="patterns and mesh"):
        some.locate([0.0, 0.0, 0.0])
    with pytest.raises(cpwl.LimitError):
        net.partition(CUBE, max_regions=3)
    with pytest.raises(cpwl.ShapeError):
        net.partition(cpwl.Box([0, 0], [1, 1]))


def test_max_units_are_refused_by_name():
    net = cpwl.Network.from_layers([cpwl.layers.Dense(np.ones((4, 3)), np.zeros(4)), cpwl.layers.Maxout(2)])
    with pytest.raises(cpwl.UnsupportedError, match="max units in space"):
        net.partition(CUBE)


def test_plot():
    pytest.importorskip("matplotlib")
    p = dense(generic(5, [3, 4, 1])).partition(CUBE)
    for color in ("slope", "volume", "pattern"):
        ax = p.plot(color=color, explode=0.5)
        assert len(ax.collections) == 1
    with pytest.raises(ValueError, match="color"):
        p.plot(color="mood")
