"""cpwl for torch. POLICE: modules that stay provably affine on regions of their input space while they are trained.
Independence for torch: HSIC, CKA, VCReg, VICReg, Barlow Twins and W-MSE as functions with gradients.

>>> import cpwl, torch
>>> from cpwl.torch import Policed
>>> mlp = torch.nn.Sequential(torch.nn.Linear(2, 64), torch.nn.ReLU(), torch.nn.Linear(64, 1))
>>> model = Policed(mlp, cpwl.Polygon([[0, 0], [1, 0], [0, 1]]))
>>> optimizer = torch.optim.Adam(model.parameters())
>>> loss = model(torch.randn(8, 2)).square().mean()
>>> loss.backward()
>>> optimizer.step()
>>> bool(model.certify())
True

Effective rank: a value with a gradient, a regulariser, and a callback that watches it.

>>> from cpwl.torch import rankme_loss
>>> z = torch.randn(256, 32, requires_grad=True)
>>> rankme_loss(z).backward()

Losses: :func:`diet_loss` and :func:`diet_step` (the datum-index loss, without and with a step of its head) and
:func:`prior_matching_loss` (prototypes with a cluster prior).

Needs torch, and is imported on demand only: ``import cpwl.torch``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.autograd.function import once_differentiable

from ._torch_chain import Chain
from ._torch_diet import loss as diet_loss
from ._torch_diet import step as diet_step
from ._torch_hsic import barlow_twins, cka, hsic, pairwise_hsic_mean, vcreg, vicreg, wmse
from ._torch_prior import loss as prior_matching_loss
from ._torch_rank import RankMeCallback, effective_rank, rankme_loss
from ._torch_region import Region
from .convex import ConvexSet, as_set
from .network import Affine
from .police import Policed as _Policed
from .police import police

__all__ = [
    "GrowingRegion",
    "Policed",
    "RankMeCallback",
    "Region",
    "barlow_twins",
    "cka",
    "diet_loss",
    "diet_step",
    "effective_rank",
    "hsic",
    "pairwise_hsic_mean",
    "prior_matching_loss",
    "rankme_loss",
    "vcreg",
    "vicreg",
    "wmse",
]

# Unit roundoffs of the types in which modules are evaluated, in units of the one that plans assume.
_COARSER = {torch.float16: 2.0**13, torch.bfloat16: 2.0**16}


class Policed(nn.Module):
    """A module that is affine on convex regions, at every step of training and afterwards.

    The parameters are those of `module` and are trained as ever. Before a batch runs, biases are moved until no unit
    has a knot inside a region (:func:`cpwl.police`); that depends on weights and regions only, and is repeated when one
    of them has changed. The gradient of the moved biases with respect to weights, biases and regions is exact, so
    training knows about the constraint. The batch itself runs through torch's own layers, on any device; biases are
    computed on the CPU in double precision.

    Parameters
    ----------
    module : nn.Sequential
        Of linear and convolutional layers, batch-norms in evaluation mode, piecewise-linear activations, pools.
    regions : ConvexSet, Box, Polygon, ..., or Region, or a sequence of these
        See :func:`cpwl.police`; a :class:`Region` has parameters that may be trained.
    input_shape : sequence of int, optional
        Shape of the input per sample; may be left out when the first layer is linear.
    learn_regions : bool
        Whether the parameters of regions get gradients.
    scale : float
        Regions are scaled by that about their centres, see :meth:`set_scale`.
    **options
        `rule`, `margin`, `kappa`, `tied`, `free`, `output`, `precision` and options of a :class:`cpwl.Context`, as in
        :func:`cpwl.police`.

    Raises
    ------
    UnsupportedError
        For modules that are no plain sequence of known layers, batch-norm in training mode, or trainable PReLU slopes.

    Notes
    -----
    A change of a parameter is noticed by torch's version counters. What goes around them, such as
    ``parameter.data.add_(1)`` or another slope of a LeakyReLU, needs a call of :meth:`invalidate`.

    References
    ----------
    R. Balestriero, Y. LeCun: POLICE: Provably Optimal Linear Constraint Enforcement for Deep Neural Networks,
    arXiv:2211.01340.
    """

    def __init__(
        self,
        module: nn.Sequential,
        regions: Any,
        *,
        input_shape: Sequence[int] | None = None,
        learn_regions: bool = False,
        scale: float = 1.0,
        **options: Any,
    ) -> None:
        super().__init__()
        self.module = module
        several = regions if isinstance(regions, Sequence | nn.ModuleList) else [regions]
        self.regions = nn.ModuleList(r if isinstance(r, Region) else _Fixed(as_set(r)) for r in several)
        for parameter in self.regions.parameters():
            parameter.requires_grad_(learn_regions)
        self._input_shape = None if input_shape is None else tuple(input_shape)
        self._options = options
        self._scale = float(scale)
        self._made: tuple[Any, _Policed, Chain] | None = None
        self._chain: Chain | None = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The policed module on a batch."""
        learning = torch.is_grad_enabled() and any(p.requires_grad for p in self.parameters())
        policed, chain = self._plan(learning)
        return chain.run(policed, self._biases(policed, chain) if learning else None, x)

    def _biases(self, policed: _Policed, chain: Chain) -> tuple[torch.Tensor, ...]:
        """The folded biases, with their history."""
        numbers = [*chain.tensors(), *(region.rows(self._scale) for region in self.regions)]
        return _Fold.apply(policed, chain, *numbers)

    @property
    def policed(self) -> _Policed:
        """The network of now with its folded biases: codes, shifts, report."""
        return self._plan(False)[0]

    def affine(self, i: int = 0) -> Affine:
        """The map ``y = a @ x + b`` on region `i` with the parameters of now, in float64."""
        return self.policed.affine(i)

    def certify(self, **options: Any) -> Any:
        """Whether the module of now is provably affine on the regions, see :meth:`cpwl.Policed.certify`."""
        return self.policed.certify(**options)

    def folded(self) -> nn.Sequential:
        """A copy of `module` with the moved biases: an ordinary module, affine on the regions, that needs nothing of
        this package."""
        policed, chain = self._plan(False)
        with torch.no_grad():
            return chain.folded(policed, self._biases(policed, chain))

    def set_scale(self, t: float) -> None:
        """Scales the regions by `t` about their centres from now on: 0 are points, 1 is full size."""
        self._scale = float(t)

    @property
    def scale(self) -> float:
        """What regions are scaled by."""
        return self._scale

    def invalidate(self) -> None:
        """Has the biases computed anew before the next batch, after a change that torch does not count."""
        self._made = self._chain = None

    def get_extra_state(self) -> dict[str, float]:
        return {"scale": self._scale}

    def set_extra_state(self, state: dict[str, float]) -> None:
        self._scale = state["scale"]

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_made": None, "_chain": None}

    def _plan(self, gradient: bool) -> tuple[_Policed, Chain]:
        """The plan for the parameters of now: the last one, unless something has changed."""
        key = (self._scale, *_versions(self))
        if self._made is None or self._made[0] != key or (gradient and not self._made[1]._settings["gradient"]):
            if self._chain is None or not self._chain.fits(self.module):
                self._chain = Chain(self.module)
            chain = self._chain
            options = dict(self._options)
            options["kappa"] = options.get("kappa", 16.0) * _COARSER.get(chain.dtype, 1.0)
            sets = [region.set(self._scale) for region in self.regions]
            wanted: bool | str = gradient
            if gradient and not any(p.requires_grad for p in self.regions.parameters()):
                wanted = "parameters"
            policed = police(chain.network(self._input_shape), sets, gradient=wanted, **options)
            self._made = (key, policed, chain)
        return self._made[1:]


class GrowingRegion:
    """A schedule that lets regions grow from points to their full size: constraining a network that knows nothing yet
    to the whole region hurts training.

    Parameters
    ----------
    model : Policed
    steps : int
        Calls of :meth:`step` after which regions have their full size.
    start : float
        Volume at the start, as a part of the full one.
    """

    def __init__(self, model: Policed, steps: int, start: float = 0.0) -> None:
        if steps < 1 or not 0 <= start <= 1:
            raise ValueError(f"steps is {steps} and start is {start}; expected steps >= 1 and 0 <= start <= 1")
        self.model, self.steps, self.start, self.taken = model, steps, start, 0
        self._dim = max((region.dim for region in model.regions), default=1)
        self._apply()

    @property
    def volume(self) -> float:
        """Volume of now, as a part of the full one: it grows linearly."""
        return self.start + (1 - self.start) * min(1.0, self.taken / self.steps)

    def step(self) -> None:
        """To be called after each step of the optimizer."""
        self.taken += 1
        self._apply()

    def _apply(self) -> None:
        self.model.set_scale(self.volume ** (1 / self._dim))

    def state_dict(self) -> dict[str, Any]:
        """What :meth:`load_state_dict` needs to go on."""
        return {"taken": self.taken}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on where :meth:`state_dict` was asked for."""
        self.taken = state["taken"]
        self._apply()


class _Fixed(nn.Module):
    """A region without parameters."""

    def __init__(self, region: ConvexSet) -> None:
        super().__init__()
        self._region, self.dim = region, region.dim

    def set(self, scale: float) -> ConvexSet:
        return self._region if scale == 1 else self._region.scaled(scale)

    def rows(self, scale: float) -> None:
        return None


def _versions(module: nn.Module) -> tuple[Any, ...]:
    """What changes when a parameter or buffer does."""
    tensors = [*module.parameters(), *module.buffers()]
    return tuple((t.data_ptr(), 0 if t.is_inference() else t._version, t.dtype, t.device) for t in tensors)


class _Fold(torch.autograd.Function):
    """Folded biases as a function of weights, biases and the rows of regions."""

    @staticmethod
    def forward(ctx: Any, policed: _Policed, chain: Chain, *numbers: torch.Tensor | None) -> tuple[torch.Tensor, ...]:
        ctx.policed, ctx.chain = policed, chain
        ctx.likes = [None if t is None else (t.dtype, t.device) for t in numbers]
        return chain.biases(policed)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: torch.Tensor | None) -> tuple[Any, ...]:
        found = ctx.chain.pull_back(ctx.policed, gradients)
        wanted = ctx.needs_input_grad[2:]
        moved = [
            torch.as_tensor(g).to(dtype=like[0], device=like[1]) if want and like else None
            for g, like, want in zip(found, ctx.likes, wanted, strict=True)
        ]
        return (None, None, *moved)
