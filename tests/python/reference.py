"""Independent references in plain numpy: nothing here calls the library."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, pairwise

import numpy as np


def conv2d(x, weight, bias, stride=(1, 1), padding=(0, 0, 0, 0), dilation=(1, 1), groups=1):
    """Cross-correlation of x (B, C, H, W), one output pixel at a time."""
    top, left, bottom, right = padding
    x = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)))
    out, inner, kh, kw = weight.shape
    rows = (x.shape[2] - dilation[0] * (kh - 1) - 1) // stride[0] + 1
    columns = (x.shape[3] - dilation[1] * (kw - 1) - 1) // stride[1] + 1
    y = np.empty((len(x), out, rows, columns), x.dtype)
    for o in range(out):
        first = o // (out // groups) * inner
        for i in range(rows):
            for j in range(columns):
                r, c = i * stride[0], j * stride[1]
                window = x[:, first : first + inner, r : r + dilation[0] * kh : dilation[0],
                           c : c + dilation[1] * kw : dilation[1]]  # fmt: skip
                y[:, o, i, j] = (window * weight[o]).sum(axis=(1, 2, 3)) + bias[o]
    return y


def windows(x, kernel, stride, padding, fill):
    """All windows of x (B, C, H, W): (B, C, rows, columns, kernel elements)."""
    p = padding
    x = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)), constant_values=fill)
    w = np.lib.stride_tricks.sliding_window_view(x, (kernel, kernel), axis=(2, 3))[:, :, ::stride, ::stride]
    return w.reshape(*w.shape[:4], -1)


def mlp(weights, x, slope=0.0):
    """Leaky ReLU network [(W, b), ...] on x (B, n): outputs (B, m) and activation patterns (B, units)."""
    codes = []
    for k, (w, b) in enumerate(weights):
        x = x @ w.T + b
        if k + 1 < len(weights):
            codes.append(x > 0)
            x = np.where(x > 0, x, slope * x)
    return x, np.concatenate(codes, axis=1).astype(np.int32)


def random_mlp(sizes, seed):
    """Weights [(W, b), ...] of a random network in float64."""
    rng = np.random.default_rng(seed)
    return [(rng.normal(size=(n, m)) / np.sqrt(m), 0.3 * rng.normal(size=n)) for m, n in pairwise(sizes)]


def patterns_on_grid(weights, lo, hi, n, slope=0.0):
    """Distinct activation patterns met by an n x n grid over a box: a lower bound of the number of regions."""
    axes = [np.linspace(a, b, n) for a, b in zip(lo, hi)]
    grid = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
    return {row.tobytes() for row in mlp(weights, grid, slope)[1].astype(np.uint8)}


def regions_of_lines(lines, half):
    """Regions that lines a u + b v + c = 0 cut the square [-half, half]^2 into, in exact arithmetic.

    Euler: 1 + lines that meet the interior + for every interior crossing point (lines through it - 1).
    """
    lines = [tuple(map(Fraction, line)) for line in lines]
    corners = [(x, y) for x in (-half, half) for y in (-half, half)]

    def crosses(a, b, c):
        values = [a * x + b * y + c for x, y in corners]
        return min(values) < 0 < max(values)

    lines = {tuple(v / next(w for w in line if w) for v in line) for line in lines if crosses(*line)}
    points = {}
    for (a, b, c), (d, e, f) in combinations(lines, 2):
        det = a * e - b * d
        if det:
            x, y = (b * f - c * e) / det, (c * d - a * f) / det
            if abs(x) < half and abs(y) < half:
                points.setdefault((x, y), set()).update({(a, b, c), (d, e, f)})
    return 1 + len(lines) + sum(len(through) - 1 for through in points.values())


def tents(k):
    """The tent map 2 relu(x) - 4 relu(x - 1/2), composed k times on each of two axes: (2^k)^2 regions on [0, 1]^2."""
    layers = []
    mix = np.eye(2)
    for _ in range(k):
        w = np.repeat(mix, 2, axis=0)
        layers.append((w, np.array([0.0, -0.5, 0.0, -0.5])))
        mix = np.array([[2.0, -4.0, 0.0, 0.0], [0.0, 0.0, 2.0, -4.0]])
    return [*layers, (mix, np.zeros(2))]
