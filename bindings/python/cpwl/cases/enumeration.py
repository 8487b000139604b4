"""The cases of the room `regions` that are not plane: linear programs settled them, and sums of volumes."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import Domain, Enumeration, Network
from . import Report

VOLUME = 1e-6  # relative
EXTREME = 0.1  # relative: the reference computed the smallest of many in floating point with absolute tolerances
LARGEST_VOLUME_DIM = 8
SAMPLES = 20_000
# Figures about the reference, not about the network.
INFORMATIVE = {"name", "method", "lps", "smallest_accepted_crossing", "largest_rejected_touch"}


def compare(name: str, net: Network, space: Domain, expected: Mapping[str, Any], report: Report) -> None:
    """Enumerates the regions of a case and compares them with what is expected."""
    want = ["patterns", "maps", "facets", "centers"]
    if space.dim <= LARGEST_VOLUME_DIM:
        want.append("volumes")
    results = {threads: net.enumerate(space, want=want, threads=threads) for threads in (1, 2, 8)}
    e = results[1]
    first = digest(e)
    same = sorted(threads for threads, other in results.items() if digest(other) == first)
    report.exact(name, "threads_with_identical_bytes", same, sorted(results))
    report.note(name, "margins", f"smallest crossing {e.smallest_crossing:.1e}, largest touch {e.largest_touch:.1e}")
    _laws(name, net, e, report)
    for key, value in expected.items():
        if key == "regions":
            report.exact(name, key, e.n_regions, value)
        elif key == "cells_after_layer_op":
            # In the order of the layers: what is counted as a layer of its own (flatten?) differs between files.
            report.exact(name, key, e.layer_cells.tolist(), [value[k] for k in sorted(value, key=int)])
        elif key == "monte_carlo_lower_bound":
            report.exact(name, key, e.n_regions >= value, True)
        elif key == "min_inscribed_radius":
            report.close(name, key, e.smallest_radius, value, VOLUME * value)
        elif key in ("total_volume", "sum_cell_volumes", "min_volume"):
            if "volumes" not in want:
                report.note(name, key, f"not compared: {space.dim} dimensions")
            elif key == "min_volume":
                report.close(name, key, float(e.volumes.min()), value, EXTREME * value)
            else:
                report.close(name, key, math.fsum(e.volumes), value, VOLUME * abs(value))
        elif key not in INFORMATIVE:
            report.note(name, key, "not compared: unknown figure")


def _laws(name: str, net: Network, e: Enumeration, report: Report) -> None:
    """What holds for every enumeration: interior points have the patterns of their regions, all of them different, and
    the regions of random points are all there."""
    patterns = net.pattern(e.domain.to_input(e.interior_points))
    report.exact(name, "patterns_at_interior_points", int((patterns == e.patterns).all(axis=1).sum()), e.n_regions)
    report.exact(name, "distinct_patterns_found", len(np.unique(e.patterns, axis=0)), e.n_regions)
    lo, hi = e.interior_points.min(axis=0), e.interior_points.max(axis=0)
    points = np.random.default_rng(0).uniform(lo, hi, (SAMPLES, e.dim))
    report.exact(name, "regions_of_random_points_missing", int((e.locate(points) < 0).sum()), 0)


def digest(e: Enumeration) -> str:
    """A hash of every byte of the result."""
    text = hashlib.sha256()
    facets = [e.facet_offsets, e.facet_normals, e.facet_levels, e.facet_layer, e.facet_unit, e.facet_knot]
    for array in [*facets, e.facet_neighbours, *e.maps, e.patterns, e.interior_points, e.radii, e.layer_cells]:
        text.update(array.tobytes())
    return text.hexdigest()
