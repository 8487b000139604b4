"""Independent references in plain numpy: nothing here calls the library."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, pairwise

import numpy as np


def police(weights, vertices, rule, margin, slope=0.0):
    """Shifts, signs and deciding vertices (-1: no shift) of every hidden layer: the vertex pass of POLICE."""
    z, plan = vertices, []
    for w, b in weights[:-1]:
        h = z @ w.T + b
        shift, signs, corner = np.zeros(len(b)), np.ones(len(b), int), np.full(len(b), -1)
        for k, column in enumerate(h.T):
            lo, hi = column.min(), column.max()
            if lo >= margin:
                continue
            signs[k] = -1
            if hi <= -margin:
                continue
            right = 2 * (column > 0).sum() > len(column) if rule == "majority" else margin - lo < hi + margin
            end = column.argmin() if right else column.argmax()
            signs[k] = 1 if right else -1
            shift[k] = min(0, lo - margin) if right else max(0, hi + margin)
            corner[k] = end if shift[k] else -1
        plan.append((shift, signs, corner))
        z = np.where(signs > 0, 1.0, slope) * (h - shift)
    return plan


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


def exact_regions(weights, polygon, slope=0):
    """The activation cells of a leaky ReLU network [(W, b), ...] on a convex polygon, in rational arithmetic.

    Plain recursion over units: a cell is cut by a unit iff the unit has both strict signs at its corners. Returns a
    list of (corners, pattern, output), corners [(u, v), ...] and the output a functional (a, b, c) per component.
    """
    corners = [tuple(map(Fraction, p)) for p in np.asarray(polygon, float).tolist()]
    cells = [(corners, (), [(Fraction(1), Fraction(0), Fraction(0)), (Fraction(0), Fraction(1), Fraction(0))])]
    slope = Fraction(slope)
    for k, (w, b) in enumerate(weights):
        rows = [[Fraction(float(x)) for x in row] for row in w]
        shift = [Fraction(float(x)) for x in b]
        cells = [(c, p, [_combine(row, values, s) for row, s in zip(rows, shift)]) for c, p, values in cells]
        if k + 1 < len(weights):
            for unit in range(len(rows)):
                cells = [piece for c, p, z in cells for piece in _split(c, p, z, unit, slope)]
    return cells


def exact_cells(steps, origin, axes, polygon):
    """The activation cells of any chain of layers on a slice, in rational arithmetic.

    `steps` are ("affine", W, b); ("leaky", slope) with its knot at 0; or ("max", groups), each group a list of elements
    of the value before, None for the constant 0. Returns a list of (corners, pattern, values): the pattern has the
    index within its group for max units, the lowest among equals.
    """
    cells = [([tuple(map(Fraction, p)) for p in np.asarray(polygon, float).tolist()], (),
              [tuple(Fraction(float(x)) for x in f) for f in zip(*axes, origin)])]  # fmt: skip
    for kind, *rest in steps:
        if kind == "affine":
            rows = [[Fraction(float(x)) for x in row] for row in rest[0]]
            shift = [Fraction(float(x)) for x in rest[1]]
            cells = [(c, p, [_combine(row, z, s) for row, s in zip(rows, shift)]) for c, p, z in cells]
        elif kind == "leaky":
            for unit in range(len(cells[0][2])):
                slope = Fraction(rest[0])
                cells = [piece for c, p, z in cells for piece in _split(c, p, z, unit, slope)]
        else:
            cells = [(c, p, (z, ())) for c, p, z in cells]
            for group in rest[0]:
                cells = [piece for cell in cells for piece in _envelope(*cell, group)]
            cells = [(c, p, list(out)) for c, p, (_, out) in cells]
    return cells


def _envelope(corners, pattern, values, group):
    """The parts of a cell where each of a group of functionals is the largest."""
    z, out = values
    rivals = [(Fraction(0),) * 3 if i is None else z[i] for i in group]
    for k, f in enumerate(rivals):
        part = corners
        for j, g in enumerate(rivals):
            d = tuple(a - b for a, b in zip(f, g))
            heights = [height(d, p) for p in part]
            if (not any(heights) and j < k) or (min(heights, default=0) < 0 and max(heights) <= 0):
                part = []
            elif min(heights, default=0) < 0:
                part = clip(part, heights)
        if part:
            yield part, (*pattern, k), (z, (*out, f))


def _combine(row, values, shift):
    total = [Fraction(0), Fraction(0), shift]
    for weight, value in zip(row, values):
        if weight and any(value):
            total = [t + weight * v for t, v in zip(total, value)]
    return tuple(total)


def _split(corners, pattern, z, unit, slope):
    """The parts of a cell on both sides of a unit, with the unit's value replaced by its activation."""
    heights = [height(z[unit], p) for p in corners]
    off = [*z[:unit], tuple(slope * v for v in z[unit]), *z[unit + 1 :]]
    if min(heights) >= 0 and max(heights) > 0:
        return [(corners, (*pattern, 1), z)]
    if max(heights) <= 0:
        return [(corners, (*pattern, 0), off)]
    above = [(clip(corners, heights), (*pattern, 1), z)]
    return [*above, (clip(corners, [-h for h in heights]), (*pattern, 0), off)]


def height(functional, point):
    """The functional (a, b, c) at a point."""
    return functional[0] * point[0] + functional[1] * point[1] + functional[2]


def clip(corners, heights):
    """The part of a convex polygon where a function with those values at the corners is >= 0."""
    kept = []
    for i, (p, h) in enumerate(zip(corners, heights)):
        q, g = corners[i - 1], heights[i - 1]
        if g * h < 0:
            t = g / (g - h)
            kept.append((q[0] + t * (p[0] - q[0]), q[1] + t * (p[1] - q[1])))
        if h >= 0:
            kept.append(p)
    return kept


def area(corners):
    """Area of a polygon."""
    return sum(a[0] * b[1] - a[1] * b[0] for a, b in zip([corners[-1], *corners[:-1]], corners)) / 2


def tie_length(cells):
    """Length of {output 0 = output 1} strictly inside the cells."""
    total = 0.0
    for corners, _, (first, second, *_) in cells:
        heights = [height(tuple(a - b for a, b in zip(first, second)), p) for p in corners]
        if min(heights) < 0 < max(heights):
            half = clip(corners, heights)
            ends = [p for p in half if height(tuple(a - b for a, b in zip(first, second)), p) == 0]
            (u0, v0), (u1, v1) = ends
            total += float((u1 - u0) ** 2 + (v1 - v0) ** 2) ** 0.5
    return total


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
