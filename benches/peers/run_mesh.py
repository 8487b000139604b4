"""cpwl with shared vertices, edges and neighbours as well."""

from __future__ import annotations

import run_ours


class contestant(run_ours.contestant):
    """See `contestant.py`."""

    kept = ("polygons", "patterns", "mesh")
