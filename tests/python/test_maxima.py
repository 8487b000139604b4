"""Max-pool and maxout: upper envelopes against rational arithmetic, on weights that make ties everywhere."""

import numpy as np
import pytest

import cpwl
import reference as ref
from cpwl import layers as L

SQUARE = [[-1, -1], [1, -1], [1, 1], [-1, 1]]


def small(rng, shape, bits):
    top = 2 ** (bits - 1)
    return rng.integers(-top, top + 1, shape) / top


def as_matrix(weight, bias, size, padding):
    """A convolution of (C, size, size) as a dense layer."""
    unit = np.eye(weight.shape[1] * size * size).reshape(-1, weight.shape[1], size, size)
    columns = ref.conv2d(unit, weight, np.zeros(len(weight)), padding=(padding,) * 4)
    shape = columns.shape[1:]
    return columns.reshape(len(unit), -1).T, np.repeat(bias, shape[1] * shape[2]), shape


def windows(shape, kernel, stride, padding):
    """The elements of each window of a max-pool; None marks the padding."""
    channels, height, width = shape
    rows = (height + 2 * padding - kernel) // stride + 1
    columns = (width + 2 * padding - kernel) // stride + 1
    for c in range(channels):
        for i in range(rows):
            for j in range(columns):
                at = [(i * stride + a - padding, j * stride + b - padding)
                      for a in range(kernel) for b in range(kernel)]  # fmt: skip
                yield [(c * height + y) * width + x if 0 <= y < height and 0 <= x < width else None for y, x in at]


def maxout_net(seed, bits, group, sizes=(2, 6, 6), slope=None):
    rng = np.random.default_rng(seed)
    layers, steps = [], []
    inner = sizes[0]
    for width in sizes[1:]:
        w, b = small(rng, (width * group, inner), bits), small(rng, width * group, bits)
        layers.append(L.Dense(w, b))
        steps.append(("affine", w, b))
        if slope is not None:
            layers.append(L.LeakyReLU(slope))
            steps.append(("leaky", slope))
        layers.append(L.Maxout(group))
        steps.append(("max", [list(range(k * group, (k + 1) * group)) for k in range(width)]))
        inner = width
    w, b = small(rng, (2, inner), bits), small(rng, 2, bits)
    net = cpwl.Network.from_layers([*layers, L.Dense(w, b)], (2,))
    return net, [*steps, ("affine", w, b)], np.zeros(2), np.eye(2)


def pooled_net(seed, bits, kernel, stride, padding, slope):
    """conv - leaky ReLU - max-pool - conv - max-pool on a slice of 5 x 5 images."""
    rng = np.random.default_rng(seed)
    w, b = small(rng, (2, 1, 2, 2), bits), small(rng, 2, bits)
    matrix, shift, shape = as_matrix(w, b, 5, 0)
    pool = list(windows(shape, kernel, stride, padding))
    size = round((len(pool) / 2) ** 0.5)
    v, c = small(rng, (1, 2, 2, 2), bits), small(rng, 1, bits)
    second, offset, after = as_matrix(v, c, size, 0)
    last = list(windows(after, 2, 1, 0)) if after[1] > 1 else [[0]]
    layers = [L.Conv2d(w, b), L.LeakyReLU(slope), L.MaxPool2d(kernel, stride, padding), L.Conv2d(v, c)]
    groups = [[i for i in window if i is not None] for window in pool]
    steps = [("affine", matrix, shift), ("leaky", slope), ("max", groups), ("affine", second, offset)]
    if after[1] > 1:
        layers.append(L.MaxPool2d(2, 1))
        steps.append(("max", last))
    net = cpwl.Network.from_layers([*layers, L.Flatten()], (1, 5, 5))
    return net, steps, small(rng, 25, 3), small(rng, (2, 25), 3)


NETS = {
    "maxout": lambda seed: maxout_net(seed, 12, 3),
    "maxout 2 bits": lambda seed: maxout_net(seed, 2, 3),
    "maxout 1 bit, wide groups": lambda seed: maxout_net(seed, 1, 5, (2, 4, 3)),
    "relu maxout 2 bits": lambda seed: maxout_net(seed, 2, 2, (2, 5, 4), 0),
    "leaky maxout 3 bits": lambda seed: maxout_net(seed, 3, 3, (2, 4, 4), 0.5),
    "pool": lambda seed: pooled_net(seed, 8, 2, 2, 0, 0),
    "overlapping pool": lambda seed: pooled_net(seed, 8, 3, 1, 0, 0.25),
    "overlapping pool 1 bit": lambda seed: pooled_net(seed, 1, 3, 1, 0, 0),
    "padded pool 2 bits": lambda seed: pooled_net(seed, 2, 2, 1, 1, 0),
    "strided pool 1 bit": lambda seed: pooled_net(seed, 1, 3, 2, 1, -1),
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", NETS)
def test_regions_are_those_of_rational_arithmetic(kind, seed):
    net, steps, origin, axes = NETS[kind](seed)
    domain = cpwl.Slice(origin, axes, SQUARE) if net.input_shape != (2,) else cpwl.Polygon(SQUARE)
    p = net.partition(domain)
    cells = ref.exact_cells(steps, origin, axes, SQUARE)
    assert p.n_regions == len(cells)
    assert len(p.vertices) == len({corner for corners, _, _ in cells for corner in corners})
    assert len(p.vertices) - len(p.edges) + p.n_regions == 1
    assert (p.edge_cells[:, 1] < 0).sum() == sum(on_border(p, e) for e in range(len(p.edges)))
    assert p.n_distinct_maps == len({tuple(values) for _, _, values in cells})
    assert p.n_regions >= p.n_linear_pieces >= p.n_distinct_maps
    areas = sorted(float(ref.area(corners)) for corners, _, _ in cells)
    np.testing.assert_allclose(np.sort(p.areas), areas, rtol=1e-9, atol=1e-14)
    if "padded" not in kind and "strided" not in kind:  # where padding counts as a candidate in the codes
        assert {tuple(row) for row in p.patterns.tolist()} == {pattern for _, pattern, _ in cells}
    np.testing.assert_array_equal(p.locate(p.centroids), np.arange(p.n_regions))
    for threads in (2, 8):
        other = net.partition(domain, threads=threads)
        assert other.polygons.tobytes() == p.polygons.tobytes()
        assert other.edges.tobytes() == p.edges.tobytes()
    exact = net.partition(domain, reference=True)
    np.testing.assert_array_equal(exact.cell_vertices, p.cell_vertices)


def on_border(p, edge):
    a, b = p.vertices[p.edges[edge]]
    return any(abs(a[i]) == 1 and a[i] == b[i] for i in (0, 1))


@pytest.mark.parametrize("seed", range(3))
def test_vertices_on_pooled_ties_are_located(seed):
    net, _, origin, axes = NETS["overlapping pool 1 bit"](seed)
    p = net.partition(cpwl.Slice(origin, axes, SQUARE))
    points = p.vertices[np.abs(p.vertices).max(axis=1) < 1]
    dyadic = points[(points * 64 == np.round(points * 64)).all(axis=1)]
    cells = p.locate(dyadic)
    patterns = net.pattern(p.domain.to_input(dyadic).reshape(len(dyadic), -1))
    known = {row.tobytes(): i for i, row in enumerate(p.patterns)}
    for cell, pattern in zip(cells, patterns):
        # A vertex has the pattern of a cell there, or of none that has an interior.
        assert known.get(pattern.tobytes(), cell) == cell
