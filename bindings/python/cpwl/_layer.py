"""What all layers of :mod:`cpwl.layers` have."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._builder import Builder


@dataclass(frozen=True, eq=False)
class Layer:
    """Base of all layers: `name` labels the layer's value, `after` names the value that it reads."""

    _: KW_ONLY
    name: str | None = None
    after: str | None = None

    def _build(self, b: Builder, source: int) -> int:
        """Adds this layer behind node `source`; returns the new node."""
        raise NotImplementedError
