"""Level sets in space: trained signed distance functions, closed forms, files."""

from __future__ import annotations

import pathlib
import re
import shutil

import numpy as np
import pytest

import cpwl

NETS = pathlib.Path(__file__).parents[1] / "data" / "nets"
HALF = cpwl.Box([-0.5] * 3, [0.5] * 3)
PI = np.pi
SHAPES = {  # Euler characteristic, area, volume of the shape that the network learned
    "sphere": (2, 4 * PI * 0.35**2, 4 / 3 * PI * 0.35**3),
    "torus": (0, 4 * PI**2 * 0.3 * 0.12, 2 * PI**2 * 0.3 * 0.12**2),
    "blobs": (4, 8 * PI * 0.17**2, 8 / 3 * PI * 0.17**3),
}


@pytest.fixture(scope="module", params=SHAPES)
def learned(request):
    net = cpwl.Network.from_onnx(NETS / f"{request.param}.onnx")
    return net, net.surface(HALF), *SHAPES[request.param]


def test_topology_and_measures(learned):
    net, s, euler, area, volume = learned
    assert s.euler_characteristic == euler
    assert len(s.vertices) - len(s.edges) + len(s) == euler
    assert s.is_manifold
    assert s.is_closed
    assert (s.edge_polygons == 2).all()
    assert s.area == pytest.approx(area, rel=0.05)
    assert s.volume == pytest.approx(volume, rel=0.05)
    assert np.abs(net(s.vertices)).max() < 1e-13
    a, b, c = s.vertices[s.triangles].transpose(1, 0, 2)
    assert np.einsum("ij,ij", a, np.cross(b, c)) / 6 == pytest.approx(s.volume, rel=1e-12)
    normals = np.cross(b - a, c - a)
    assert np.linalg.norm(normals, axis=1).sum() / 2 == pytest.approx(s.area, rel=1e-12)
    counts = np.diff(s.polygon_offsets) - 2
    assert (np.einsum("ij,ij->i", normals, np.repeat(s.gradients, counts, axis=0)) > -1e-18).all()


def test_every_directed_edge_has_its_opposite(learned):
    _, s, *_ = learned
    t = s.triangles
    directed = np.concatenate([t[:, [0, 1]], t[:, [1, 2]], t[:, [2, 0]]])
    forwards = set(map(tuple, directed.tolist()))
    assert len(forwards) == len(directed)
    assert {(q, p) for p, q in forwards} == forwards


def test_the_surface_is_where_the_sign_changes(learned):
    """On a grid: the volume by counting, and a piece of surface near every change of sign."""
    net, s, *_ = learned
    axis = (np.arange(40) + 0.5) / 40 - 0.5
    grid = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1)
    below = (net(grid.reshape(-1, 3))[:, 0] < 0).reshape(grid.shape[:3])
    # A midpoint sum over the grid.
    assert below.mean() == pytest.approx(s.volume, rel=0.02)
    for k in range(3):
        changes = np.diff(below, axis=k)
        middle = grid[tuple(slice(None, -1) if i == k else slice(None) for i in range(3))][changes]
        middle = middle + np.eye(3)[k] / 80
        nearest = [np.linalg.norm(s.vertices - m, axis=1).min() for m in middle[::50]]
        assert max(nearest) < 0.1


def test_threads_do_not_matter(learned):
    net, s, *_ = learned
    for threads in (1, 2, 8):
        other = net.surface(HALF, threads=threads)
        assert other.vertices.tobytes() == s.vertices.tobytes()
        assert other.polygon_vertices.tobytes() == s.polygon_vertices.tobytes()
        assert other.volume == s.volume


def test_agrees_with_trimesh(learned):
    trimesh = pytest.importorskip("trimesh")
    _, s, euler, *_ = learned
    mesh = s.to_trimesh()
    assert isinstance(mesh, trimesh.Trimesh)
    assert mesh.is_watertight
    assert mesh.is_winding_consistent
    assert mesh.euler_number == euler
    assert mesh.volume == pytest.approx(s.volume, rel=1e-12)
    assert mesh.area == pytest.approx(s.area, rel=1e-12)
    assert mesh.body_count == max(1, euler // 2)


def distance_to_octahedron():
    """|x| + |y| + |z| as a network: sums of pairs of ReLU."""
    eye = np.eye(3)
    return cpwl.Network.from_layers(
        [
            cpwl.layers.Dense(np.concatenate([eye, -eye]), np.zeros(6)),
            cpwl.layers.ReLU(),
            cpwl.layers.Dense(np.ones((1, 6))),
        ]
    )


def test_octahedron_inside_and_cut_by_the_box():
    net = distance_to_octahedron()
    s = net.surface(cpwl.Box([-2] * 3, [2] * 3), level=1.0)
    assert (len(s.vertices), len(s.edges), len(s)) == (6, 12, 8)
    assert s.volume == 4 / 3
    assert s.area == pytest.approx(4 * np.sqrt(3), rel=1e-15)
    assert s.is_closed
    # In the unit box it touches the sides in its six corners; in half of it all of its edges are cut off.
    small = net.surface(cpwl.Box([-0.75] * 3, [0.75] * 3), level=1.0)
    assert not small.is_closed
    assert small.is_manifold
    assert (small.edge_polygons[small.edge_polygons != 2] == 1).all()
    # Six pyramids of height 1/4 are cut off.
    assert small.volume == pytest.approx(4 / 3 - 6 * (4 / 3) / 2 / 64, rel=1e-14)
    assert len(net.surface(cpwl.Box([-2] * 3, [2] * 3), level=7.0)) == 0


def test_parts_of_the_level_set_without_a_change_of_sign_are_left_out():
    # relu(x) - relu(-x - 1) + ... : zero for -1 <= x <= 0, positive beyond 0, negative below -1.
    w, b = np.array([[1.0, 0, 0], [-1.0, 0, 0]]), np.array([0.0, -1.0])
    net = cpwl.Network.from_layers(
        [cpwl.layers.Dense(w, b), cpwl.layers.ReLU(), cpwl.layers.Dense(np.array([[1.0, -1.0]]))]
    )
    s = net.surface(cpwl.Box([-2] * 3, [2] * 3))
    assert s.flat_cells == 1
    # The border of {output < 0}: the square at x = -1.
    assert len(s) == 1
    assert (s.vertices[:, 0] == -1).all()
    assert s.area == 16
    assert s.volume == 16
    # |x| >= 0 touches 0 without passing it, from either side.
    for sign in (1.0, -1.0):
        absolute = cpwl.Network.from_layers(
            [cpwl.layers.Dense(np.array([[1.0, 0, 0], [-1.0, 0, 0]])), cpwl.layers.ReLU(),
             cpwl.layers.Dense(np.array([[sign, sign]]))]
        )  # fmt: skip
        assert len(absolute.surface(cpwl.Box([-2] * 3, [2] * 3))) == 0


@pytest.mark.parametrize("unit", [cpwl.layers.ReLU(), cpwl.layers.HardTanh(), cpwl.layers.Abs(), cpwl.layers.ReLU6()])
def test_surface_polygons_lie_in_the_cells_of_the_partition(unit):
    """Against the partition without pruning: as many polygons as cells on which the output takes both signs."""
    rng = np.random.default_rng(3)
    layers = [cpwl.layers.Dense(rng.normal(size=(12, 3)), rng.normal(size=12) * 0.3), cpwl.layers.LeakyReLU(0.25),
              cpwl.layers.Dense(rng.normal(size=(12, 12)) / 3, rng.normal(size=12) * 0.3), unit,
              cpwl.layers.Dense(rng.normal(size=(2, 12)) / 3)]  # fmt: skip
    net = cpwl.Network.from_layers(layers)
    box = cpwl.Box([-1] * 3, [1] * 3)
    p = net.partition(box)
    for output, level in ((0, 0.1), (1, -0.2)):
        s = net.surface(box, output, level)
        a, b = p.maps.a[:, output], p.maps.b[:, output] - level
        value = np.einsum("ij,ij->i", np.repeat(a, np.diff(p.cell_offsets), axis=0), p.vertices[p.cell_vertices])
        value += np.repeat(b, np.diff(p.cell_offsets))
        low = np.minimum.reduceat(value, p.cell_offsets[:-1])
        high = np.maximum.reduceat(value, p.cell_offsets[:-1])
        assert len(s) == ((low < 0) & (high > 0)).sum()
        assert s.n_cells <= p.n_regions
        assert s.is_manifold
        assert len(s) > 20


@pytest.mark.parametrize("extension", ["ply", "obj", "stl"])
def test_files_are_read_by_trimesh(learned, tmp_path, extension):
    trimesh = pytest.importorskip("trimesh")
    _, s, euler, *_ = learned
    path = tmp_path / f"surface.{extension}"
    s.export(path)
    mesh = trimesh.load(path, force="mesh")
    assert mesh.is_watertight
    assert mesh.is_winding_consistent
    assert mesh.volume == pytest.approx(s.volume, rel=1e-5)
    if extension != "stl":  # trimesh joins the corners of STL by their rounded coordinates
        assert mesh.euler_number == euler
        assert len(mesh.vertices) == len(s.vertices)


def test_other_formats_are_refused(tmp_path):
    s = distance_to_octahedron().surface(cpwl.Box([-2] * 3, [2] * 3), level=1.0)
    with pytest.raises(ValueError, match="off"):
        s.export(tmp_path / "surface.off")
    with pytest.raises(cpwl.ArgumentError, match="output is 3"):
        distance_to_octahedron().surface(HALF, output=3)
    with pytest.raises(cpwl.LimitError):
        distance_to_octahedron().surface(HALF, max_cells=2)


def test_plot():
    pytest.importorskip("matplotlib")
    s = distance_to_octahedron().surface(cpwl.Box([-2] * 3, [2] * 3), level=1.0)
    ax = s.plot()
    assert len(ax.collections) == 1
    assert len(ax.collections[0].get_facecolor()) == 8


def test_the_example_of_the_readme_runs(tmp_path, monkeypatch, capsys):
    readme = pathlib.Path(cpwl.__file__).parents[1] / "README.md"
    blocks = re.findall(r"^```python\n(.*?)^```", readme.read_text(), re.M | re.S)
    example = next(block for block in blocks if "surface(" in block)
    shutil.copy(NETS / "sphere.onnx", tmp_path)
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "README.md", "exec"), {})
    assert capsys.readouterr().out == "2 True True\n"
    assert (tmp_path / "sphere.ply").stat().st_size > 10_000
