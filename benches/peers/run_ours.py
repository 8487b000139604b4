"""cpwl: polygons, areas and patterns; `kept` names what is asked for."""

from __future__ import annotations

import cpwl
from cpwl.layers import Dense, ReLU
from networks import Net


class contestant:
    """The partition of one network, see `contestant.py`."""

    kept = ("polygons", "patterns")

    def __init__(self, net: Net, threads: int) -> None:
        chain = []
        for w, b in net.weights:
            chain += [Dense(w, b), ReLU()]
        self.net = cpwl.Network.from_layers(chain[:-1])
        n = net.weights[0][0].shape[1]
        self.box = cpwl.Box([net.lo] * n, [net.hi] * n)
        self.context = cpwl.Context(threads=threads)

    def run(self) -> dict[str, object]:
        """One partition: its counts."""
        p = self.net.partition(self.box, want=self.kept, context=self.context)
        found = {"regions": p.n_regions, "layers": [int(n) for n in p.layer_cells]}
        if "mesh" in self.kept:
            found |= {"vertices": len(p.vertices), "edges": len(p.edges)}
        return found
