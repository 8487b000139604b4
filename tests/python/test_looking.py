"""Statistics per region, pictures and films with matplotlib."""

import numpy as np
import pytest

import cpwl
import reference as ref
from cpwl._values import NAMES, Numbers
from cpwl.layers import Dense, ReLU

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")


@pytest.fixture
def pyplot():
    from matplotlib import pyplot

    yield pyplot
    pyplot.close("all")


def polygons(p):
    return [p.cells(i) for i in range(len(p))]


def area(polygon):
    x, y = (polygon - polygon[0]).T
    return (x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def test_shape_statistics(regions):
    numbers = {name: Numbers(regions).values(name).array for name in NAMES}
    for i, cell in enumerate(polygons(regions)):
        sides = np.linalg.norm(np.roll(cell, -1, axis=0) - cell, axis=1)
        distances = [np.linalg.norm(a - b) for k, a in enumerate(cell) for b in cell[:k]]
        assert numbers["perimeter"][i] == pytest.approx(sides.sum())
        assert numbers["n_vertices"][i] == len(cell)
        assert numbers["eccentricity"][i] == pytest.approx(max(distances) / (min(distances) + 1e-10))
        # A disc touches all sides of a triangle; for any convex shape A / P <= r <= 2 A / P.
        thin, r = area(cell) / sides.sum(), numbers["inradius"][i]
        assert thin * (1 - 1e-6) <= r <= 2 * thin * (1 + 1e-6)
        if len(cell) == 3:
            assert r == pytest.approx(2 * thin, rel=1e-6)


def test_inradius_of_rectangles(square):
    grid = Dense([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], [0.5, -0.75, 0.25])  # cuts u at -0.5, 0.75 and v at -0.25
    p = cpwl.Network.from_layers([grid, ReLU()]).partition(square)
    expected = [np.ptp(cell, axis=0).min() / 2 for cell in polygons(p)]
    assert len(p) == 6
    assert Numbers(p).values("inradius").array == pytest.approx(expected, rel=1e-12)


def test_layer_is_the_last_that_cut(small, regions, square, build):
    last = Numbers(regions).values("layer").array
    weights = small[0]
    for layers in range(1, len(weights)):
        b = weights[layers - 1][1]
        shallow = build([*weights[:layers], (np.eye(len(b)), np.zeros(len(b)))]).partition(square)
        whole = np.isclose(shallow.areas[shallow.locate(regions.centroids)], regions.areas, rtol=1e-9)
        assert (whole == (last <= layers)).all()


def test_class_is_the_winner_at_the_centroid(small, regions):
    outputs = ref.mlp(small[0], regions.centroids)[0]
    assert (Numbers(regions).values("class").array == outputs.argmax(axis=1)).all()


def test_class_of_a_single_output_is_its_sign(square, build, pyplot):
    weights = ref.random_mlp([2, 9, 1], seed=1)
    p = build(weights).partition(square)
    cells = p.plot(color="class").collections[0]
    for path, k in zip(cells.get_paths(), cells.get_array()):
        assert (ref.mlp(weights, path.vertices[:-1].mean(axis=0)[None])[0][0, 0] > 0) == k
    assert set(cells.get_array()) == {0, 1}


def test_plot_by_a_given_array(regions, pyplot):
    mine = np.arange(len(regions)) ** 2
    ax = regions.plot(color=mine, label="mine", boundary=None)
    cells = ax.collections[0]
    assert (cells.get_array() == mine).all()
    assert cells.get_clim() == (0, mine[-1])
    assert ax.figure.axes[1].get_ylabel() == "mine"


@pytest.mark.parametrize("name", NAMES)
def test_plot_by_name(regions, pyplot, name):
    ax = regions.plot(color=name)
    cells, *lines = ax.collections
    pieces = [path.vertices[:-1] for path in cells.get_paths()]
    assert sum(map(area, pieces)) == pytest.approx(4, abs=1e-12)
    assert len(lines[0].get_segments()) == len(regions.decision_boundary())
    ax.figure.canvas.draw()


def test_lines_coloured_by_layer(regions, pyplot):
    ax = regions.plot(edges="layer", boundary=None)
    lines = ax.collections[1]
    segments = {tuple(sorted(map(tuple, np.asarray(s).tolist()))) for s in lines.get_segments()}
    inner = regions.edge_layer >= 0
    expected = {tuple(sorted(map(tuple, e.tolist()))) for e in regions.vertices[regions.edges[inner]]}
    assert segments == expected
    assert len({tuple(c) for c in lines.get_colors()}) == len(regions.layer_cells) == 2


def test_plot_refuses(regions):
    with pytest.raises(ValueError, match="color is 'mass'; expected one of 'slope', 'spectral_norm'"):
        regions.plot(color="mass")
    with pytest.raises(ValueError, match=r"color is an array of shape \(3,\) .* each of the \d+ regions"):
        regions.plot(color=[1, 2, 3])
    with pytest.raises(ValueError, match="edges is 'thick'; expected True, False or 'layer'"):
        regions.plot(edges="thick")


def test_training_view(square, build, tmp_path):
    image = pytest.importorskip("PIL.Image")
    view = cpwl.TrainingView(square, frames=tmp_path / "frames", points=[[0, 0]], dpi=40)
    counts = []
    for step in range(3):
        weights = ref.random_mlp([2, 4 + step, 3, 1], seed=step)
        counts.append(len(ref.exact_regions(weights, square.vertices)))
        figure = view.update(build(weights), 10 * step, loss=1 / (1 + step))
        assert figure.axes[0].get_title() == f"step {10 * step}: {counts[-1]} regions"
    assert view.history == {"regions": counts, "loss": [1, 1 / 2, 1 / 3]}
    assert view.steps == [0, 10, 20]
    curves = {line.get_label(): line.get_ydata() for axes in figure.axes for line in axes.get_lines()}
    assert list(curves["regions"]) == counts
    assert list(curves["loss"]) == [1, 1 / 2, 1 / 3]
    view.save(tmp_path / "film.gif", fps=2)
    with image.open(tmp_path / "film.gif") as film, image.open(tmp_path / "frames" / "000002.png") as frame:
        assert film.n_frames == 3
        assert film.size == frame.size
    with pytest.raises(ValueError, match=r"measures are \['accuracy'\]; expected \['loss'\]"):
        view.update(build(weights), 30, accuracy=1)


def test_training_view_refuses_to_save(square, tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="there are no frames"):
        cpwl.TrainingView(square).save(tmp_path / "film.gif")
    from matplotlib.animation import writers

    view = cpwl.TrainingView(square, dpi=30)
    view.update(cpwl.Network.from_layers([Dense([[1.0, 0.0]]), ReLU()]), 0)
    monkeypatch.setattr(type(writers), "is_available", lambda self, name: name != "ffmpeg")
    with pytest.raises(ValueError, match=r"film.mp4 needs ffmpeg, which was not found"):
        view.save(tmp_path / "film.mp4")
