"""SplineCam: a checkout of AhmedImtiazPrio/splinecam that runs on this machine.

Needs its requirements, graph-tool among them, in the Python that is named; and a GPU, or a checkout that was made to do
without.
"""

from __future__ import annotations

import torch
from torch import nn

from networks import Net


class contestant:
    """The regions of one network with its boundary, see `contestant.py`."""

    def __init__(self, net: Net, threads: int) -> None:
        import splinecam

        if threads:
            torch.set_num_threads(threads)
        layers: list[nn.Module] = []
        for w, b in net.weights:
            dense = nn.Linear(w.shape[1], w.shape[0]).double()
            with torch.no_grad():
                dense.weight.copy_(torch.from_numpy(w))
                dense.bias.copy_(torch.from_numpy(b))
            layers += [dense, nn.ReLU()]
        module = nn.Sequential(*layers[:-1]).eval()
        lo, hi = net.lo, net.hi
        self.domain = torch.tensor([[lo, lo], [hi, lo], [hi, hi], [lo, hi], [lo, lo]], dtype=torch.float64)
        self.plane = splinecam.utils.get_proj_mat(self.domain)
        device = "cuda" if torch.cuda.is_available() else "cpu"
        wrap = splinecam.wrappers.model_wrapper
        self.net = wrap(module, input_shape=(2,), T=self.plane, dtype=torch.float64, device=device)
        self.partition = splinecam.compute.get_partitions_with_db

    def run(self) -> dict[str, object]:
        """One partition: its count."""
        regions, _, _ = self.partition(self.domain, self.plane, self.net)
        return {"regions": len(regions)}
