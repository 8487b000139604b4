"""Polylines, samples and distances of boundaries against the network, closed forms and brute force."""

import numpy as np
import pytest

import cpwl
import reference as ref
from cpwl import layers as L


@pytest.fixture(scope="module")
def border(regions):
    return regions.decision_boundary()


@pytest.fixture(scope="module")
def busy(build, square):
    """A network with four classes that balance, and many junctions: its weights and its partition."""
    weights = ref.random_mlp([2, 24, 24, 4], seed=59)
    (w, b), hidden, (v, _) = weights
    weights = [(3 * w, 3 * b), hidden, (v, np.zeros(4))]
    sample = np.random.default_rng(0).uniform(-1, 1, (2000, 2))
    weights[2] = (v, -ref.mlp(weights, sample)[0].mean(axis=0))
    return weights, build(weights).partition(square)


def cones(build, square):
    """max(|u|, |v|) and its negative by abs units: level sets are squares."""
    # max(a, b) = (a + b + |a - b|) / 2 for a = |u|, b = |v|.
    weights = [(np.eye(2), np.zeros(2)), (np.array([[1.0, 1.0], [1.0, -1.0]]), np.zeros(2)),
               (np.array([[0.5, 0.5]]), np.zeros(1))]  # fmt: skip
    return build(weights, -1.0).partition(square)


def lengths(segments):
    return np.linalg.norm(segments[:, 1] - segments[:, 0], axis=1)


def check_polylines(b):
    """Every segment belongs to one polyline; consecutive ones share labels and, up to rounding, a point."""
    assert sorted(b.polyline_segments) == list(range(len(b)))
    assert sum(len(line) - 1 for line in b.polylines) == len(b)
    for p, line in enumerate(b.polylines):
        start, end = b.polyline_offsets[p] - p, b.polyline_offsets[p + 1] - p - 1
        chain = b.polyline_segments[start:end]
        assert len(chain) == len(line) - 1 > 0
        assert (b.labels[chain] == b.polyline_labels[p]).all()
        for k, segment in enumerate(chain):
            ends = b.segments[segment]
            if b.sides[segment, 0] == b.sides[segment, 1] and np.abs(ends[0] - line[k]).max() > 1e-9:
                ends = ends[::-1]  # no direction
            np.testing.assert_allclose(line[k : k + 2], ends, rtol=0, atol=1e-9)
        assert b.polyline_closed[p] == (len(line) > 3 and (line[0] == line[-1]).all())
        for end, junction in zip((line[0], line[-1]), b.polyline_ends[p]):
            if junction >= 0:
                np.testing.assert_array_equal(end, b.junctions[junction])


def on_border(points, half=1.0):
    return (np.abs(np.abs(points).max(axis=-1) - half) < 1e-9).all()


def test_a_square_is_one_closed_loop(build, square):
    p = cones(build, square)
    for level in (0.5, 0.3):
        b = p.level_set(0, level)
        (loop,) = b.polylines
        assert b.polyline_closed.tolist() == [True]
        assert len(b.junctions) == 0
        assert np.abs(loop).max(axis=1) == pytest.approx(level)
        # Higher values are outside, on the left: clockwise.
        x, y = loop[:-1].T
        u, v = loop[1:].T
        assert (x * v - u * y).sum() / 2 == pytest.approx(-4 * level**2)


def test_loops_through_many_cells(build):
    """A level set of a random network, inside a large box: every polyline is a loop or runs from border to border."""
    weights = ref.random_mlp([2, 20, 20, 1], seed=5)
    p = build(weights, -0.75).partition(cpwl.Box([-4, -4], [4, 4]))
    values = np.einsum("fj,fj->f", p.maps.a[:, 0], p.centroids) + p.maps.b[:, 0]
    closed = 0
    for level in np.quantile(values, [0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99]):
        b = p.level_set(0, level)
        check_polylines(b)
        assert len(b.junctions) == 0
        for line, loop in zip(b.polylines, b.polyline_closed):
            closed += loop
            assert loop or on_border(line[[0, -1]], 4.0)
            # A little to the left of every piece the value is higher, to the right lower.
            middle, along = (line[:-1] + line[1:]) / 2, line[1:] - line[:-1]
            step = 1e-7 * np.column_stack([-along[:, 1], along[:, 0]]) / np.linalg.norm(along, axis=1)[:, None]
            left, right = (ref.mlp(weights, middle + s * step, -0.75)[0][:, 0] for s in (1, -1))
            assert (left > level).all()
            assert (right < level).all()
    assert closed > 0


def test_classes_are_on_the_sides_that_the_labels_say(busy):
    weights, p = busy
    b = p.decision_boundary()
    assert len(np.unique(b.labels)) == 4
    middle, along = b.segments.mean(axis=1), b.segments[:, 1] - b.segments[:, 0]
    long = lengths(b.segments) > 1e-5
    assert long.mean() > 0.9
    step = 1e-7 * np.column_stack([-along[:, 1], along[:, 0]]) / lengths(b.segments)[:, None]
    for column, sign in ((0, 1), (1, -1)):
        classes = ref.mlp(weights, (middle + sign * step)[long])[0].argmax(axis=1)
        np.testing.assert_array_equal(classes, b.labels[long, column])


def test_polylines_end_at_junctions_of_three_classes_or_on_the_border(busy):
    weights, p = busy
    b = p.decision_boundary()
    check_polylines(b)
    assert len(b.junctions) >= 3
    y = np.sort(ref.mlp(weights, b.junctions)[0], axis=1)
    np.testing.assert_allclose(y[:, -1], y[:, -3], rtol=0, atol=1e-12)
    for line, ends, closed in zip(b.polylines, b.polyline_ends, b.polyline_closed):
        if closed:
            assert ends.tolist() == [-1, -1]
            continue
        for point, junction in zip((line[0], line[-1]), ends):
            assert junction >= 0 or on_border(point)
    arms = np.bincount(b.polyline_ends[b.polyline_ends >= 0])
    assert arms.tolist() == [3] * len(b.junctions)


def test_pairwise_lines_pass_through_each_other(busy):
    b = busy[1].decision_boundary("pairwise")
    check_polylines(b)
    assert len(b.junctions) == 0
    for line, closed in zip(b.polylines, b.polyline_closed):
        assert closed or on_border(line[[0, -1]])


def test_saddles_and_degenerate_ties_end_polylines(square):
    # |u| - |v| = 0 is a cross whose four arms meet at the origin, a vertex.
    chain = [L.Dense(np.eye(2)), L.Abs(), L.Dense([[1.0, -1.0]])]
    b = cpwl.Network.from_layers(chain).partition(square).level_set(0, 0.0)
    assert b.junctions.tolist() == [[0, 0]]
    assert len(b.polylines) == 4
    assert sorted(sorted(ends) for ends in b.polyline_ends.tolist()) == [[-1, 0]] * 4
    assert b.length == pytest.approx(4 * np.sqrt(2))
    check_polylines(b)


def test_three_classes_that_meet_on_an_edge(square):
    # Classes |u|, v and -v: u+ and u- make |u|, v passes by as v + 2 > 0.
    net = cpwl.Network.from_layers([
        L.Dense([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]], [0.0, 0.0, 2.0]),
        L.ReLU(),
        L.Dense([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, -1.0]], [0.0, -2.0, 2.0]),
    ])  # fmt: skip
    b = net.partition(square).decision_boundary()
    check_polylines(b)
    # |u| = v above, |u| = -v below: four arms that meet at the origin, which is in the middle of an edge.
    assert b.junctions == pytest.approx(np.zeros((1, 2)))
    assert len(b.polylines) == 4
    assert sorted(map(sorted, b.polyline_labels.tolist())) == [[0, 1], [0, 1], [0, 2], [0, 2]]
    assert b.length == pytest.approx(4 * np.sqrt(2))


def test_valleys_have_no_direction_but_are_joined(build):
    # The tent map composed twice on both axes is 0 on a grid of edges; both sides are higher.
    p = build([*ref.tents(2)[:-1], (ref.tents(2)[-1][0][:1], np.zeros(1))]).partition(cpwl.Box([0, 0], [1, 1]))
    b = p.level_set(0, 0.0)
    assert b.interior_length == 0
    check_polylines(b)
    inner = b.segments[np.abs(b.segments[:, 0, 0] - 0.5) < 0.1]
    assert len(inner) == 4
    middle = np.flatnonzero((b.segments[:, :, 0] == 0.5).all(axis=1))
    assert (b.sides[middle] == 1).all()
    assert sorted(len(line) for line in b.polylines) == [5, 5, 5]  # u = 0, 1/2 and 1, four cells each


def test_samples_are_uniform_by_length(busy):
    b = busy[1].decision_boundary()
    points, segments = b.sample(40000, seed=3, return_segments=True)
    expected = 40000 * lengths(b.segments) / b.length
    big = expected > 20
    counts = np.bincount(segments, minlength=len(b))
    # Chi-square: mean = degrees of freedom, standard deviation sqrt(2 df).
    chi = ((counts - expected)[big] ** 2 / expected[big]).sum()
    assert abs(chi - big.sum()) < 5 * np.sqrt(2 * big.sum())
    a, d = b.segments[segments, 0], np.diff(b.segments[segments], axis=1)[:, 0]
    along = ((points - a) * d).sum(axis=1) / (d**2).sum(axis=1)
    assert abs(along.mean() - 0.5) < 5 * np.sqrt(1 / 12 / len(along))
    assert abs((along**2).mean() - 1 / 3) < 0.01
    e = points - a
    assert np.abs(e[:, 0] * d[:, 1] - e[:, 1] * d[:, 0]).max() < 1e-12
    # The first points of a longer run are those of a shorter one; another seed gives others.
    np.testing.assert_array_equal(points[:7], b.sample(7, seed=3))
    assert (points[:7] != b.sample(7, seed=4)).any()
    assert b.sample(0).shape == (0, 2)


def test_samples_agree_with_the_forward_pass(data):
    """Slices of trained networks through the three images: at every sample the two classes tie, none is above."""
    with np.load(data / "nets" / "digits_three.npz") as z:
        images = z["images"] / 16
    for name in ("digits_mlp", "digits_conv"):
        net = cpwl.Network.from_onnx(data / "nets" / f"{name}.onnx")
        plane = cpwl.Slice.through(*images.reshape(3, *net.input_shape))
        b = net.partition(plane).decision_boundary()
        check_polylines(b)
        points, segments = b.sample(2000, seed=1, return_segments=True)
        y = net(plane.to_input(points))
        tied = np.take_along_axis(y, b.labels[segments].astype(np.int64), axis=1)
        scale = np.abs(y).max(axis=1)
        assert (np.abs(tied[:, 0] - tied[:, 1]) <= 1e-9 * scale).all()
        assert (y.max(axis=1) - tied.max(axis=1) <= 1e-9 * scale).all()
    net = cpwl.Network.from_onnx(data / "nets" / "moons_mlp.onnx")
    p = net.partition(cpwl.Box([-2, -2], [3, 3]))
    b = p._default_boundary()
    y = net(b.sample(2000))
    y = y[:, 0] - y[:, 1] if y.shape[1] > 1 else y[:, 0]
    assert np.abs(y).max() <= 1e-9 * np.abs(net(p.vertices)).max()


def brute_force(segments, points):
    """Distance and number of the nearest segment, by looking at all."""
    a, d = segments[:, 0], segments[:, 1] - segments[:, 0]
    t = np.clip(((points[:, None] - a) * d).sum(axis=2) / (d**2).sum(axis=1), 0, 1)
    distances = np.linalg.norm(points[:, None] - a - t[..., None] * d, axis=2)
    return distances.min(axis=1)


def test_distances_are_those_of_brute_force(busy):
    p = busy[1]
    points = np.random.default_rng(0).uniform(-1, 1, (3000, 2))
    for b in (p.decision_boundary(), p.decision_boundary("pairwise"), p.level_set(2, 0.1)):
        found = b.nearest(points)
        np.testing.assert_allclose(np.abs(found.distance), brute_force(b.segments, points), rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(np.linalg.norm(points - found.point, axis=1), np.abs(found.distance), atol=1e-14)
        assert (np.abs(b.distance(found.point)) < 1e-14).all()


def test_signs_of_distances_are_the_classes_of_the_points(busy):
    weights, p = busy
    points = np.random.default_rng(1).uniform(-1, 1, (5000, 2))
    y = ref.mlp(weights, points)[0]
    b = p.decision_boundary()
    found = b.nearest(points)
    labels = b.labels[found.segment]
    np.testing.assert_array_equal(np.where(found.distance > 0, labels[:, 0], labels[:, 1]), y.argmax(axis=1))
    for output, level in ((0, 0.0), (3, 0.2)):
        distance = p.level_set(output, level).distance(points)
        np.testing.assert_array_equal(distance > 0, y[:, output] > level)


def test_no_point_inside_the_margin_has_another_class(busy):
    weights, p = busy
    rng = np.random.default_rng(2)
    points = rng.uniform(-0.9, 0.9, (400, 2))
    margin = np.abs(p.decision_boundary().distance(points))
    own = ref.mlp(weights, points)[0].argmax(axis=1)
    turn = rng.uniform(0, 2 * np.pi, (50, 400))
    around = points + 0.999 * margin[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=2)
    inside = np.abs(around).max(axis=2) <= 1
    others = ref.mlp(weights, around.reshape(-1, 2))[0].argmax(axis=1).reshape(50, 400)
    assert (others == own)[inside].all()


def test_ambient_distances_are_those_of_inputs(build):
    weights = ref.random_mlp([5, 16, 16, 3], 3)
    rng = np.random.default_rng(4)
    plane = cpwl.Slice(rng.normal(size=5), rng.normal(size=(2, 5)) * [[1.0], [5.0]])
    b = build(weights).partition(plane).decision_boundary()
    points = rng.uniform(-1, 1, (500, 2))
    there = plane.to_input(b.segments)
    found = b.nearest(points, metric="ambient")
    expected = brute_force(there, plane.to_input(points))
    np.testing.assert_allclose(np.abs(found.distance), expected, rtol=1e-10)
    moved = np.linalg.norm(plane.to_input(found.point) - plane.to_input(points), axis=1)
    np.testing.assert_allclose(moved, expected, rtol=1e-10)
    assert b.measure("ambient") == pytest.approx(lengths(there).sum(), rel=1e-12)
    assert b.measure() == pytest.approx(b.length, rel=1e-15)
    counts = np.bincount(b.sample(20000, metric="ambient", return_segments=True)[1], minlength=len(b))
    share = lengths(there) / lengths(there).sum()
    assert np.abs(counts / 20000 - share).max() < 5 * np.sqrt(share.max() / 20000)


def test_flat_cells_are_at_distance_zero(square):
    # relu(u) = 0 on the left half of the square.
    net = cpwl.Network.from_layers([L.Dense([[1.0, 0.0]]), L.ReLU(), L.Dense([[1.0]])])
    b = net.partition(square).level_set(0, 0.0)
    assert b.distance([[0.25, 0.0], [-0.5, 0.3]]).tolist() == [0.25, 0.0]


def test_without_a_boundary(regions):
    nothing = regions.level_set(0, 1e6)
    assert (len(nothing), nothing.polylines, len(nothing.junctions)) == (0, [], 0)
    found = nothing.nearest([[0.0, 0.0]])
    assert found.distance.tolist() == [np.inf]
    assert found.segment.tolist() == [-1]
    with pytest.raises(cpwl.ArgumentError, match="there is no boundary to sample from"):
        nothing.sample(3)


def test_any_number_of_threads_gives_the_same_bytes(busy):
    p = busy[1]
    results = []
    for threads in (1, 2):
        p._context = cpwl.Context(threads=threads)
        b = p.decision_boundary()
        points = b.sample(10000, seed=9)
        found = b.nearest(np.clip(points + 0.01, -1, 1))
        arrays = [b.segments, b.labels, *b.polylines, b.polyline_ends, b.junctions, points, *found]
        results.append(b"".join(a.tobytes() for a in arrays))
    assert results[0] == results[1]


def test_bad_points_are_named(border):
    with pytest.raises(cpwl.NonfiniteError, match=r"points\[1, 0\] is NaN"):
        border.distance([[0.0, 0.0], [np.nan, 0.0]])
    with pytest.raises(cpwl.ShapeError, match=r"points has 1 axes; expected 2: \(n, 2\)"):
        border.distance([0.0, 0.0, 0.0])
    with pytest.raises(cpwl.ShapeError, match=r"points has shape \[1, 3\]"):
        border.distance([[0.0, 0.0, 0.0]])
    with pytest.raises(ValueError, match="metric is 'miles'"):
        border.sample(3, metric="miles")


def test_a_call_can_be_stopped(busy):
    p = busy[1]
    b = p.decision_boundary()
    before, p._context = p._context, cpwl.Context(cancel=lambda: True)
    try:
        for call in (p.decision_boundary, lambda: b.sample(10), lambda: b.distance([[0.0, 0.0]])):
            with pytest.raises(cpwl.Cancelled):
                call()
    finally:
        p._context = before
