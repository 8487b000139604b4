"""Edge subdivision: a checkout of arturs-berzins/relu_edge_subdivision, as it is, on the CPU.

Told to stop before the output layer, so that it computes the same complex as the others.
"""

from __future__ import annotations

import torch

from networks import Net


class contestant:
    """The vertices, edges and sign vectors of one network, see `contestant.py`."""

    def __init__(self, net: Net, threads: int) -> None:
        import edge_subdivision
        from NN import Net as ReluNet

        if threads:
            torch.set_num_threads(threads)
        self.subdivide = edge_subdivision.skeletal_subdivision
        self.box = net.lo, net.hi
        self.net = ReluNet([net.weights[0][0].shape[1], *(len(b) for _, b in net.weights)])
        with torch.no_grad():
            for layer, (w, b) in zip(self.net.fcs, net.weights):
                layer.weight.copy_(torch.from_numpy(w))
                layer.bias.copy_(torch.from_numpy(b))
        self.net.ls = self.net.ls[:-1]

    @torch.no_grad()
    def run(self) -> dict[str, object]:
        """One subdivision: its counts; the regions of a plane complex follow from Euler's formula."""
        vertices, edges, _ = self.subdivide(self.net, bbox=self.box, device=torch.device("cpu"), verbose=False)
        found = {"vertices": len(vertices), "edges": len(edges)}
        if vertices.shape[1] == 2:
            found["regions"] = 1 - len(vertices) + len(edges)
        return found
