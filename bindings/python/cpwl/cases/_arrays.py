"""Cases whose arrays lie in one binary file a case, listed in cases.json: those of the rooms `diet` and `prior`."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import numpy as np

DTYPES = {"f64": "<f8", "f32": "<f4", "i64": "<i8", "i32": "<i4", "u16": "<u2", "u8": "|u1"}


class Case:
    """Parameters, inputs and expected values of one case."""

    def __init__(self, spec: dict[str, Any], folder: pathlib.Path) -> None:
        self.name, self.kind, self.params = spec["name"], spec["kind"], spec["params"]
        data = (folder / spec["file"]).read_bytes() if spec["file"] else b""
        self.inputs = {k: _value(v, data) for k, v in spec["inputs"].items()}
        self.expect = {k: _value(v, data) for k, v in spec["expect"].items()}


def _value(item: Any, data: bytes) -> Any:
    if isinstance(item, dict):
        return np.ndarray(item["shape"], DTYPES[item["dtype"]], data, item["offset"]).copy()
    return float(item) if isinstance(item, str) else item


def load(folder: pathlib.Path) -> tuple[list[Case], set[str]]:
    """All cases of a folder, and the names of the inputs that must be refused."""
    spec = json.loads((folder / "cases.json").read_text())
    return [Case(c, folder) for c in spec["cases"]], {e["name"] for e in spec["errors"]}


def apart(got: Any, want: Any) -> float:
    """Frobenius norm of the difference over that of `want`; NaN must meet NaN."""
    got, want = np.asarray(got, float), np.asarray(want, float)
    same = (got == want) | (np.isnan(got) & np.isnan(want))
    if same.all():
        return 0.0
    difference = np.linalg.norm(np.where(same, 0.0, got - want))
    size = np.linalg.norm(np.where(np.isfinite(want), want, 0.0))
    far = difference / size if size else np.inf
    return float(far) if np.isfinite(far) else np.inf


def off(got: Any, want: Any) -> float:
    """Largest |got - want| over max(1, |want|); NaN must meet NaN."""
    got, want = np.asarray(got, float), np.asarray(want, float)
    same = (got == want) | (np.isnan(got) & np.isnan(want))
    far = np.where(same, 0.0, np.abs(got - want) / np.maximum(1.0, np.abs(want)))
    return float(np.max(np.where(np.isnan(far), np.inf, far), initial=0.0))
