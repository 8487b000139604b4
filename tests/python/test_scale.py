"""Streams and tiles: regions in pieces say the same as the whole."""

import numpy as np
import pytest

import cpwl


@pytest.fixture
def digits(data):
    net = cpwl.Network.from_onnx(data / "nets" / "moons_mlp.onnx")
    return net, cpwl.Polygon([[-2, -1.5], [2.5, -2], [3, 1], [0.5, 2.5]])


@pytest.mark.parametrize(("threads", "chunk"), [(1, 0), (1, 10), (2, 64)])
def test_chunks_are_the_regions_in_order(digits, threads, chunk):
    net, domain = digits
    p = net.partition(domain)
    chunks = []
    done = net.stream(domain, chunks.append, chunk_regions=chunk, threads=threads)
    assert done.n_regions == p.n_regions == sum(c.n_regions for c in chunks)
    assert [c.first for c in chunks] == list(np.cumsum([0, *[c.n_regions for c in chunks[:-1]]]))
    np.testing.assert_array_equal(np.concatenate([c.polygons for c in chunks]), p.polygons)
    np.testing.assert_array_equal(np.concatenate([c.areas for c in chunks]), p.areas)
    np.testing.assert_array_equal(np.concatenate([c.patterns for c in chunks]), p.patterns)
    np.testing.assert_array_equal(np.concatenate([c.maps.a for c in chunks]), p.maps.a)
    np.testing.assert_array_equal(np.concatenate([c.maps.b for c in chunks]), p.maps.b)
    np.testing.assert_array_equal(done.layer_cells, p.layer_cells)
    assert done.area == p.area
    keys = np.concatenate([c.vertex_keys for c in chunks])
    assert len(np.unique(keys, axis=0)) == len(p.vertices)
    np.testing.assert_array_equal(np.concatenate([c.edge_layer for c in chunks]), p.edge_layer[p.cell_edges])


def test_what_is_not_wanted_is_not_there(digits):
    net, domain = digits
    chunks = []
    net.stream(domain, chunks.append, want=["patterns"])
    assert chunks[0].areas is None
    assert chunks[0].maps is None
    assert chunks[0].patterns is not None


def test_an_exception_ends_the_stream(digits):
    net, domain = digits
    seen = []

    def take(chunk):
        seen.append(chunk.n_regions)
        if len(seen) == 3:
            raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        net.stream(domain, take, chunk_regions=20)
    assert len(seen) == 3
    with pytest.raises(cpwl.LimitError, match="max_regions = 5"):
        net.stream(domain, seen.append, max_regions=5)


@pytest.mark.parametrize("grid", [(1, 1), (2, 3), (4, 4)])
def test_tiles_add_up(digits, grid):
    net, domain = digits
    p = net.partition(domain)
    parts = [net.partition(tile) for tile in domain.tiles(*grid)]
    total = sum(map(cpwl.Seams.of, parts), cpwl.Seams.nothing())
    assert total.n_regions == p.n_regions
    np.testing.assert_array_equal(total.layer_cells, p.layer_cells)
    assert total.area == pytest.approx(p.area, rel=1e-12)
    if grid != (1, 1):
        assert sum(q.n_regions for q in parts) > p.n_regions
    lengths = sum(q.level_set().interior_length for q in parts)
    assert lengths == pytest.approx(p.level_set().interior_length, rel=1e-9)
    for q in parts:
        corners = q.domain.vertices
        np.testing.assert_allclose(q.polygons.min(axis=0), corners.min(axis=0), atol=1e-12)
        np.testing.assert_allclose(q.polygons.max(axis=0), corners.max(axis=0), atol=1e-12)


def test_tiles_of_a_slice(data):
    net = cpwl.Network.from_onnx(data / "nets" / "digits_mlp.onnx")
    with np.load(data / "nets" / "digits_three.npz") as arrays:
        a, b, c = arrays["images"].reshape(3, -1)
    whole = cpwl.Slice.through(a, b, c)
    p = net.partition(whole)
    parts = [net.partition(tile) for tile in whole.tiles(3, 2)]
    assert sum(map(cpwl.Seams.of, parts), cpwl.Seams.nothing()).n_regions == p.n_regions
    q = parts[0]
    np.testing.assert_array_equal(net.pattern(q.domain.to_input(q.centroids)), q.patterns)


def test_bad_tiles(square):
    with pytest.raises(cpwl.ArgumentError, match="index 2 on axis 0 of a grid of 2"):
        square.tile(2, 2, 2, 0)
    with pytest.raises(cpwl.ArgumentError, match="nu is -1"):
        square.tile(-1, 2, 0, 0)
    with pytest.raises(cpwl.ArgumentError, match="is a tile already"):
        square.tile(2, 2, 0, 0).tile(2, 2, 0, 0)
    triangle = cpwl.Polygon([[0, 0], [1, 0], [0, 1]])
    assert triangle.tile(4, 4, 3, 3) is None
    assert len(triangle.tiles(4, 4)) == 10
