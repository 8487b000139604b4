"""An independent partitioner in space: plain Python, rational numbers, brute force. For small networks only.

A cell is a list of half-spaces; its vertices are all points where three of their planes meet and that satisfy the
others. A unit splits a cell if it takes both strict signs at the vertices.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations
from typing import NamedTuple

import numpy as np

Plane = tuple[Fraction, Fraction, Fraction, Fraction]  # a x + b y + c z + d
Point = tuple[Fraction, Fraction, Fraction]


class Cell(NamedTuple):
    """The cell where all planes of `sides` are >= 0."""

    sides: list[Plane]
    vertices: list[Point]
    pattern: tuple[int, ...]
    values: list[Plane]  # the elements of the current layer, as functions on the cell


class Complex(NamedTuple):
    """What the partition is made of."""

    cells: list[Cell]
    n_vertices: int
    n_facets: int
    layer_cells: list[int]


def at(f: Plane, p: Point) -> Fraction:
    return f[0] * p[0] + f[1] * p[1] + f[2] * p[2] + f[3]


def det(a, b, c):
    return a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) + a[2] * (b[0] * c[1] - b[1] * c[0])


def meet(f: Plane, g: Plane, h: Plane) -> Point | None:
    d = det(f, g, h)
    if d == 0:
        return None
    column = [-f[3], -g[3], -h[3]]

    def replaced(i):
        rows = [list(p[:3]) for p in (f, g, h)]
        for row, value in zip(rows, column, strict=True):
            row[i] = value
        return det(*rows)

    return replaced(0) / d, replaced(1) / d, replaced(2) / d


def corners(sides: list[Plane]) -> list[Point]:
    found = set()
    for f, g, h in combinations(sides, 3):
        p = meet(f, g, h)
        if p is not None and p not in found and all(at(s, p) >= 0 for s in sides):
            found.add(p)
    return sorted(found)


def flat(points: list[Point]) -> bool:
    """Whether points that lie in a plane lie on a line."""
    first, *rest = points
    arms = [tuple(q[i] - first[i] for i in range(3)) for q in rest]
    return all(a[i] * b[j] == a[j] * b[i] for a, b in combinations(arms, 2) for i, j in ((0, 1), (1, 2), (0, 2)))


def tidy(sides: list[Plane], vertices: list[Point]) -> list[Plane]:
    """The sides that hold a facet, each plane once."""
    kept, seen = [], set()
    for s in sides:
        on = frozenset(v for v in vertices if at(s, v) == 0)
        if len(on) >= 3 and on not in seen and not flat(sorted(on)):
            seen.add(on)
            kept.append(s)
    return kept


def split(cell: Cell, plane: Plane) -> list[tuple[int, Cell]]:
    """The sides of a cell (0 negative, 1 positive) that have an interior."""
    signs = [at(plane, v) for v in cell.vertices]
    if not (min(signs) < 0 < max(signs)):
        return [(int(max(signs) > 0), cell)]
    parts = []
    for side, s in ((1, plane), (0, tuple(-x for x in plane))):
        sides = [*cell.sides, s]
        vertices = corners(sides)
        parts.append((side, cell._replace(sides=tidy(sides, vertices), vertices=vertices)))
    return parts


def partition(layers: list[tuple[np.ndarray, np.ndarray]], slope: int, half: int = 1) -> Complex:
    """The regions of dense layers (weights, biases) with leaky ReLU of this slope between them, in the cube of this
    half width."""
    one, zero = Fraction(1), Fraction(0)
    axes = [tuple(one if i == k else zero for i in range(3)) for k in range(3)]
    sides = [(*(s * x for x in a), Fraction(half)) for a in axes for s in (1, -1)]
    cells = [Cell(sides, corners(sides), (), [(*a, zero) for a in axes])]
    counts = []
    for w, b in layers[:-1]:
        w = [[Fraction(float(x)) for x in row] for row in w]
        b = [Fraction(float(x)) for x in b]
        after: list[Cell] = []
        for cell in cells:
            z = [
                tuple(
                    sum((a * v[c] for a, v in zip(row, cell.values, strict=True)), zero) + (bias if c == 3 else 0)
                    for c in range(4)
                )
                for row, bias in zip(w, b, strict=True)
            ]
            parts = [((), cell)]
            for f in z:
                parts = [((*code, side), part) for code, old in parts for side, part in split(old, f)]
            for code, part in parts:
                values = [tuple(x if on else slope * x for x in f) for f, on in zip(z, code, strict=True)]
                after.append(part._replace(pattern=(*part.pattern, *code), values=values))
        cells = after
        counts.append(len(cells))
    vertices = {v for cell in cells for v in cell.vertices}
    facets = {
        frozenset(v for v in cell.vertices if at(s, v) == 0) for cell in cells for s in tidy(cell.sides, cell.vertices)
    }
    return Complex(cells, len(vertices), len(facets), counts)
