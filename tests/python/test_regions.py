"""Partitions against closed forms, exact arithmetic, brute force and the laws that every partition obeys."""

import xml.etree.ElementTree as ET
from itertools import pairwise

import numpy as np
import pytest

import cpwl
import reference as ref
from cpwl import layers as L


@pytest.mark.parametrize(("n", "seed"), [(1, 0), (2, 1), (7, 2), (20, 3), (40, 4)])
def test_lines_in_a_box_are_counted_as_exact_arithmetic_does(build, square, n, seed):
    rng = np.random.default_rng(seed)
    w, b = rng.normal(size=(n, 2)), rng.normal(size=n)
    p = build([(w, b), (np.ones((1, n)), np.zeros(1))]).partition(square)
    assert p.n_regions == ref.regions_of_lines(np.column_stack([w, b]), 1)


@pytest.mark.parametrize("seed", range(4))
def test_degenerate_lines_are_counted_as_exact_arithmetic_does(build, square, seed):
    rng = np.random.default_rng(seed)
    w, b = rng.integers(-2, 3, size=(24, 2)), rng.integers(-2, 3, size=24)  # parallel, equal, concurrent, empty
    keep = (w != 0).any(axis=1)
    p = build([(w.astype(float), b / 2.0), (np.ones((1, 24)), np.zeros(1))]).partition(square)
    assert p.n_regions == ref.regions_of_lines(np.column_stack([w, b / 2.0])[keep], 1)


def quantised(sizes, bits, seed):
    """Weights that are small integers: coincidences everywhere."""
    rng = np.random.default_rng(seed)
    top = 2 ** (bits - 1)
    return [(rng.integers(-top, top, (n, m)) / top, rng.integers(-top, top, n) / top) for m, n in pairwise(sizes)]


@pytest.mark.parametrize(
    ("weights", "slope"),
    [(ref.random_mlp([2, 8, 8, 2], 1), 0), (ref.random_mlp([2, 6, 6, 6, 2], 2), 0.25),
     (ref.random_mlp([2, 7, 7, 2], 3), -1), (quantised([2, 12, 12, 2], 2, 4), 0),
     (quantised([2, 9, 9, 9, 2], 3, 5), 0.5), (quantised([2, 10, 10, 3], 4, 6), 0)],
    ids=["relu", "leaky", "abs", "2 bits", "3 bits leaky", "4 bits"],
)  # fmt: skip
@pytest.mark.parametrize("polygon", [[[-1, -1], [1, -1], [1, 1], [-1, 1]], [[-1, -0.75], [1.25, -0.5], [0.25, 1]]])
def test_regions_are_those_of_rational_arithmetic(build, weights, slope, polygon):
    exact = {pattern: (corners, output) for corners, pattern, output in ref.exact_regions(weights, polygon, slope)}
    p = build(weights, slope).partition(cpwl.Polygon(polygon))
    assert p.n_regions == len(exact)
    for i, pattern in enumerate(map(tuple, p.patterns.tolist())):
        corners, output = exact[pattern]
        assert len(p.cells(i)) == len(corners)
        assert p.areas[i] == pytest.approx(float(ref.area(corners)), abs=1e-13)
        a, b = p.affine(i)
        np.testing.assert_allclose(np.column_stack([a, b]), np.array(output, float), rtol=0, atol=1e-13)
    if len(weights[-1][1]) == 2:
        cells = [(corners, None, output) for corners, output in exact.values()]
        assert p.decision_boundary().interior_length == pytest.approx(ref.tie_length(cells), rel=1e-9)


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_tents(build, k):
    p = build(ref.tents(k)).partition(cpwl.Box([0, 0], [1, 1]))
    assert p.n_regions == 4**k
    assert (p.areas == 4.0**-k).all()


@pytest.mark.parametrize(
    ("sizes", "slope", "seed"), [((2, 6, 1), 0.0, 1), ((2, 5, 5, 2), 0.25, 2), ((2, 4, 4, 4, 1), -1, 8)]
)
def test_a_fine_grid_meets_no_other_pattern(build, square, sizes, slope, seed):
    weights = ref.random_mlp(sizes, seed)
    p = build(weights, slope).partition(square)
    ours = {row.tobytes() for row in p.patterns.astype(np.uint8)}
    seen = ref.patterns_on_grid(weights, (-1, -1), (1, 1), 1500, slope)
    assert len(ours) == p.n_regions
    assert seen <= ours
    step = 2 / 1499
    big = [i for i in range(len(p)) if thickness(p.cells(i)) > 2 * step]  # every such region holds a grid point
    assert {p.patterns[i].astype(np.uint8).tobytes() for i in big} <= seen
    assert len(big) > len(p) / 2


def thickness(polygon):
    """A lower bound of the diameter of the largest disc in a polygon: area over half the perimeter."""
    sides = np.linalg.norm(np.roll(polygon, -1, axis=0) - polygon, axis=1)
    return 2 * area(polygon) / sides.sum()


def test_network_without_units(square):
    p = cpwl.Network.from_layers([L.Dense([[1.0, 2.0]], [3.0])]).partition(square)
    assert p.n_regions == 1
    assert (p.maps.a.tolist(), p.maps.b.tolist()) == ([[[1, 2]]], [[3]])
    np.testing.assert_array_equal(sorted(p.cells(0).tolist()), [[-1, -1], [-1, 1], [1, -1], [1, 1]])


def test_euler_and_areas(regions):
    p = regions
    assert len(p.vertices) - len(p.edges) + p.n_regions == 1
    assert p.areas.sum() == pytest.approx(4, abs=1e-12)
    assert p.area == pytest.approx(4, abs=1e-12)
    assert p.layer_cells[-1] == p.n_regions
    assert len(p.cell_vertices) == 4 * p.n_regions  # generic network on a quadrilateral
    # Every region rounds its own corners; a vertex of the mesh is one of them.
    difference = np.abs(p.vertices[p.cell_vertices] - p.polygons).max()
    assert difference <= min(1e-14, 2 * p.vertex_error)


def test_regions_are_convex_and_counter_clockwise(regions):
    for i in range(len(regions)):
        c = regions.cells(i)
        d = np.roll(c, -1, axis=0) - c
        e = np.roll(d, -1, axis=0)
        assert (d[:, 0] * e[:, 1] - d[:, 1] * e[:, 0] > 0).all()


def test_maps_and_patterns_are_those_of_the_network_at_the_centroids(small, regions):
    weights, _ = small
    y, codes = ref.mlp(weights, regions.centroids)
    np.testing.assert_array_equal(regions.patterns, codes)
    a, b = regions.maps
    np.testing.assert_allclose(np.einsum("fij,fj->fi", a, regions.centroids) + b, y, rtol=0, atol=1e-12)
    for i in (0, len(regions) - 1, -1):
        np.testing.assert_array_equal(regions.affine(i).a, a[i])


def test_neighbours_agree_along_the_edge_between_them(regions):
    inner = (regions.edge_cells >= 0).all(axis=1)
    points = regions.vertices[regions.edges[inner]]
    first, second = regions.edge_cells[inner].T
    a, b = regions.maps
    for end in (0, 1):
        values = [np.einsum("eij,ej->ei", a[c], points[:, end]) + b[c] for c in (first, second)]
        np.testing.assert_allclose(*values, rtol=0, atol=1e-12)


def test_an_edge_is_where_its_unit_changes(small, regions):
    weights, _ = small
    starts = np.cumsum([0] + [len(b) for _, b in weights[:-1]])
    for e in range(len(regions.edges)):
        layer, unit, cells = regions.edge_layer[e], regions.edge_unit[e], regions.edge_cells[e]
        if layer < 0:
            assert cells.min() == -1
            continue
        changed = np.flatnonzero(regions.patterns[cells[0]] != regions.patterns[cells[1]])
        assert changed.tolist() == [starts[layer] + unit]
        assert regions.edge_knot[e] == 0


def test_neighbours(regions):
    for i in range(0, len(regions), 7):
        near = regions.neighbours(i)
        assert i not in near
        assert all(i in regions.neighbours(j) for j in near)
        sides = regions.cell_edges[regions.cell_offsets[i] : regions.cell_offsets[i + 1]]
        assert len(near) == (regions.edge_layer[sides] >= 0).sum()


def test_locate(small, regions):
    assert regions.locate(regions.centroids).tolist() == list(range(len(regions)))
    points = np.random.default_rng(0).uniform(-1, 1, size=(2000, 2))
    found = regions.locate(points)
    np.testing.assert_array_equal(regions.patterns[found], ref.mlp(small[0], points)[1])
    assert regions.locate([3.0, 0.0]) == -1
    assert regions.locate([0.25, 0.5]) == regions.locate([[0.25, 0.5]])[0]


def test_boundary_points_are_ties_of_the_two_best(small, regions):
    weights, _ = small
    border = regions.decision_boundary()
    assert len(border) > 3
    for t in (0.0, 0.3, 1.0):
        points = (1 - t) * border.segments[:, 0] + t * border.segments[:, 1]
        y = ref.mlp(weights, points)[0]
        tied = np.take_along_axis(y, border.labels, axis=1)
        np.testing.assert_allclose(tied[:, 0], tied[:, 1], rtol=0, atol=1e-12)
        assert (tied.max(axis=1) >= y.max(axis=1) - 1e-12).all()
    lengths = np.linalg.norm(border.segments[:, 1] - border.segments[:, 0], axis=1)
    assert border.length == pytest.approx(lengths.sum(), rel=1e-12)
    assert border.interior_length == pytest.approx(lengths[~border.on_edge].sum(), rel=1e-12)


def test_boundary_is_complete(small, regions):
    """Classes of neighbouring grid points differ exactly where the boundary passes between them."""
    weights, _ = small
    segments = regions.decision_boundary().segments
    line = np.linspace(-1, 1, 2001)
    for v in (-0.61803, 0.1234567, 0.777777):
        points = np.column_stack([line, np.full_like(line, v)])
        changes = np.flatnonzero(np.diff(ref.mlp(weights, points)[0].argmax(axis=1)))
        (u0, v0), (u1, v1) = segments[:, 0].T, segments[:, 1].T
        hit = (v0 - v) * (v1 - v) < 0
        crossings = (u0 + (v - v0) / (v1 - v0) * (u1 - u0))[hit]
        between = np.searchsorted(line, crossings) - 1
        odd = [k for k in np.unique(between) if (between == k).sum() % 2]
        assert odd == changes.tolist()


def test_pairwise_boundary_holds_the_argmax_boundary(regions):
    pairs = regions.decision_boundary("pairwise")
    assert pairs.length > regions.decision_boundary("argmax").length
    assert {tuple(sorted(pair)) for pair in pairs.labels.tolist()} <= {(0, 1), (0, 2), (1, 2)}


def test_samples_lie_on_the_boundary_evenly(small, regions):
    points = regions.sample_boundary(20000, seed=1)
    y = np.sort(ref.mlp(small[0], points)[0], axis=1)
    np.testing.assert_allclose(y[:, -1], y[:, -2], rtol=0, atol=1e-12)
    np.testing.assert_array_equal(points, regions.sample_boundary(20000, seed=1))
    segments = regions.decision_boundary().segments
    lengths = np.linalg.norm(segments[:, 1] - segments[:, 0], axis=1)
    middle = (lengths[:, None] * segments.mean(axis=1)).sum(axis=0) / lengths.sum()
    np.testing.assert_allclose(points.mean(axis=0), middle, atol=5 * points.std() / np.sqrt(len(points)))
    with pytest.raises(ValueError, match="no boundary"):
        regions.level_set(0, 1e6).sample(3)


def test_level_set_is_where_the_output_has_the_level(small, regions):
    for output, level in ((0, 0.0), (2, 0.125)):
        line = regions.level_set(output, level)
        values = ref.mlp(small[0], line.segments.reshape(-1, 2))[0][:, output]
        np.testing.assert_allclose(values, level, rtol=0, atol=1e-12)
        assert (regions.locate(line.segments.mean(axis=1)) == line.cell).all()


def test_circle_of_known_length(square):
    # |u| + |v| = 1/2 is a square with sides of length sqrt(1/2).
    chain = [L.Dense(np.eye(2)), L.Abs(), L.Dense([[1.0, 1.0]])]
    p = cpwl.Network.from_layers(chain).partition(square)
    assert p.n_regions == 4
    assert p.level_set(0, 0.5).length == pytest.approx(4 * np.sqrt(0.5), rel=1e-12)


def test_boundary_on_edges_is_counted_once(square):
    # relu(u) = 0 on the line u = 0 only as an edge; both outputs tie on the half plane's border.
    net = cpwl.Network.from_layers([L.Dense(np.eye(2)), L.Abs(), L.Dense([[1.0, 0.0]])])
    line = net.partition(square).level_set(0, 0.0)
    assert line.interior_length == 0
    assert line.on_edge_length == pytest.approx(2, rel=1e-12)


def test_slice_of_a_network_is_a_network(build):
    weights = ref.random_mlp([5, 16, 16, 2], 3)
    rng = np.random.default_rng(4)
    origin, axes = rng.normal(size=5), rng.normal(size=(2, 5))
    (w, b), *rest = weights
    flat = build([(w @ axes.T, w @ origin + b), *rest])  # rounded, but the same cells unless one is tiny
    box = [[-1, -1], [2, -1], [2, 1], [-1, 1]]
    sliced = build(weights).partition(cpwl.Slice(origin, axes, box))
    plain = flat.partition(cpwl.Polygon(box))
    assert sliced.n_regions == plain.n_regions
    np.testing.assert_allclose(sorted(sliced.areas), sorted(plain.areas), rtol=0, atol=1e-11)
    x = sliced.domain.to_input(sliced.centroids)
    np.testing.assert_array_equal(ref.mlp(weights, x)[1], sliced.patterns)


def test_slice_through_three_points(build):
    weights = ref.random_mlp([7, 12, 3], 6)
    anchors = np.random.default_rng(5).normal(size=(3, 7))
    plane = cpwl.Slice.through(*anchors, margin=0.5)
    p = build(weights).partition(plane)
    assert p.area == pytest.approx(4, abs=1e-12)
    for point, at in zip(anchors, ([0, 0], [1, 0], [0, 1])):
        np.testing.assert_allclose(plane.to_input(at), point, rtol=0, atol=1e-14)
        a, b = p.affine(p.locate(at))
        np.testing.assert_allclose(a @ at + b, ref.mlp(weights, point[None])[0][0], rtol=0, atol=1e-12)


def test_images_as_anchors(data):
    with np.load(data / "nets" / "digits_three.npz") as z:
        images = z["images"] / 16
    net = cpwl.Network.from_onnx(data / "nets" / "digits_mlp.onnx")
    p = net.partition(cpwl.Slice.through(*images.reshape(3, 64)))
    codes = net.pattern(images.reshape(3, 64))
    np.testing.assert_array_equal(p.patterns[p.locate([[0, 0], [1, 0], [0, 1]])], codes)


def test_clockwise_repeated_and_collinear_corners_do_no_harm(small):
    good = small[1].partition(cpwl.Polygon([[0, 0], [1, 0], [1, 1], [0, 1]]))
    odd = small[1].partition(cpwl.Polygon([[0, 1], [1, 1], [1, 1], [1, 0.5], [1, 0], [0, 0], [0, 1]]))
    assert (good.n_regions, len(good.vertices)) == (odd.n_regions, len(odd.vertices))
    np.testing.assert_allclose(sorted(good.areas), sorted(odd.areas), rtol=0, atol=1e-13)


def test_any_number_of_threads_gives_the_same_bytes(build, square):
    net = build(ref.random_mlp([2, 40, 40, 3], 12), 0.125)
    one, *others = (net.partition(square, threads=n) for n in (1, 2, 3, 8))
    for other in others:
        for name in ("vertices", "cell_vertices", "edges", "edge_cells", "areas", "patterns"):
            assert getattr(one, name).tobytes() == getattr(other, name).tobytes()


@pytest.mark.parametrize("options", [{"isa": "portable"}, {"reference": True}])
def test_every_implementation_finds_the_same_regions(regions, square, options):
    other = regions.network.partition(square, **options)
    assert other.n_regions == regions.n_regions
    assert {r.tobytes() for r in other.patterns} == {r.tobytes() for r in regions.patterns}


def test_laws(small, square, regions):
    (w, b), (v, c), last = small[0]
    order = np.random.default_rng(0).permutation(len(b))
    changes = {
        "units permuted": [(w[order], b[order]), (v[:, order], c), last],
        "units scaled": [(4 * w, 4 * b), (v / 4, c), last],
        "a unit doubled": [(np.vstack([w, w[:1]]), np.append(b, b[0])), (np.hstack([v, v[:, :1] * 0]), c), last],
        "a dead unit": [(np.vstack([w, [[0, 0]]]), np.append(b, -1)), (np.hstack([v, np.ones((len(c), 1))]), c), last],
    }
    for change, weights in changes.items():
        chain = [layer for pair in weights for layer in (L.Dense(*pair), L.ReLU())][:-1]
        other = cpwl.Network.from_layers(chain).partition(square)
        assert other.n_regions == regions.n_regions, change
        np.testing.assert_allclose(sorted(other.areas), sorted(regions.areas), rtol=0, atol=1e-12, err_msg=change)


def test_linear_pieces_are_cells_of_one_map(square):
    # relu(u) - relu(-u) is u: the line u = 0 divides two cells, but not two pieces. relu(v) does both.
    chain = [L.Dense([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]]), L.ReLU(), L.Dense([[1.0, -1.0, 1.0]])]
    p = cpwl.Network.from_layers(chain).partition(square)
    assert (p.n_regions, p.n_linear_pieces) == (4, 2)
    upper = p.locate([[-0.5, 0.5], [0.5, 0.5]])
    lower = p.locate([[-0.5, -0.5], [0.5, -0.5]])
    pieces = p.linear_pieces
    assert pieces[upper[0]] == pieces[upper[1]] != pieces[lower[0]] == pieces[lower[1]]


def test_stats(regions):
    s = regions.stats()
    sides = np.diff(regions.cell_offsets)
    cells = [regions.cells(i) for i in range(len(regions))]
    distances = [np.linalg.norm(c[:, None] - c[None], axis=2) for c in cells]
    eccentricity = [d.max() / (d[~np.eye(len(d), dtype=bool)].min() + 1e-10) for d in distances]
    assert (s.regions, s.vertices, s.edges, s.euler) == (len(regions), len(regions.vertices), len(regions.edges), 1)
    assert s.area_mean == pytest.approx(4 / len(regions), rel=1e-12)
    assert s.vertices_per_cell == sides.mean()
    assert s.neighbours_per_cell == pytest.approx(np.mean([len(regions.neighbours(i)) for i in range(len(regions))]))
    perimeters = [np.linalg.norm(np.roll(c, -1, axis=0) - c, axis=1).sum() for c in cells]
    assert s.perimeter == pytest.approx(np.mean(perimeters))
    assert s.eccentricity_mean == pytest.approx(np.mean(eccentricity))
    assert s.eccentricity_std == pytest.approx(np.std(eccentricity))
    assert str(s).splitlines()[0].split() == ["regions", str(len(regions))]


def test_svg(regions, tmp_path):
    for color in ("slope", "area", "class", "pattern"):
        path = tmp_path / f"{color}.svg"
        regions.to_svg(path, color=color, width=300)
        root = ET.parse(path).getroot()
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert root.get("width") == "300"
        shapes = [e for e in root.iter() if e.tag.endswith(("polygon", "path"))]
        assert len(shapes) >= len(regions)


def area(polygon):
    x, y = (polygon - polygon[0]).T
    return (x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


@pytest.mark.parametrize("color", ["slope", "area", "class", "pattern"])
def test_plot(small, regions, color):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    ax = regions.plot(color=color)
    cells, *lines = ax.collections
    pieces = [path.vertices[:-1] for path in cells.get_paths()]
    assert sum(area(piece) for piece in pieces) == pytest.approx(4, abs=1e-12)
    if color == "class":  # regions are cut where the class changes inside
        classes = cells.get_array()
        for piece, k in zip(pieces, classes):
            assert ref.mlp(small[0], piece.mean(axis=0)[None])[0].argmax() == k
        assert len(pieces) > len(regions)
    else:
        assert len(pieces) == len(regions)
    assert len(lines[0].get_segments()) == len(regions.decision_boundary())
    assert ax.get_xlim() == (-1, 1)
    assert len(regions.plot(boundary=None, edges=False).collections) == 1
    pyplot.close("all")


def test_descriptions(regions):
    assert repr(regions) == f"<cpwl.Partition: {len(regions)} regions of area 4>"
    border = regions.decision_boundary()
    assert repr(border).startswith(f"<cpwl.Boundary: {len(border)} segments of length ")
    assert repr(cpwl.Box([0, 0], [1, 1])) == "<cpwl.Box with 4 corners>"
