"""A plain sequence of torch layers as a native network, and its parameters there and back."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from . import _torch, errors, layers
from ._police_report import PolicedLayer
from .network import Network
from .police import Policed

_NORMS = nn.BatchNorm1d | nn.BatchNorm2d
_UNITS = (layers.ReLU, layers.LeakyReLU, layers.PReLU, layers.HardTanh, layers.ReLU6, layers.HardSigmoid,
          layers.HardSwish, layers.MaxPool2d)  # fmt: skip


# Biases by the part that has them, and what is added in front of parts, with the number of axes of a sample.
Placed = tuple[dict[int, torch.Tensor], dict[int, tuple[torch.Tensor, int]]]


@dataclass(frozen=True)
class Place:
    """Where an array of the network comes from: the part of the sequence and its name there; no tensor of the module
    for the constants of an activation."""

    node: int
    part: int
    name: str


class Chain:
    """The layers of an `nn.Sequential`, nested ones unrolled.

    The list of its arrays is that of the network: layer by layer, weight before bias; scale and shift of a batch-norm,
    which are functions of its parameters and statistics.
    """

    def __init__(self, module: nn.Module) -> None:
        self.parts = list(_parts(module))
        self.layers: list[layers.Layer] = []
        self.places: list[Place] = []
        self.units: list[int] = []  # parts that are layers of units
        node = 0
        for i, part in enumerate(self.parts):
            layer = _translate(part)
            if layer is None:
                continue
            node += 1
            self.layers.append(layer)
            if isinstance(layer, layers.HardSigmoid):  # a scale and shift in front of the units
                self.places += [Place(node, i, ""), Place(node, i, "")]
                node += 1
            elif isinstance(part, _NORMS):
                self.places += [Place(node, i, "scale"), Place(node, i, "shift")]
            else:
                names = [name for name in ("weight", "bias") if isinstance(getattr(layer, name, None), torch.Tensor)]
                self.places += [Place(node, i, name) for name in names]
            if isinstance(layer, _UNITS):
                self.units.append(i)
        self._constant: tuple[Policed, Placed] | None = None
        self._network: Network | None = None
        self._state = _state(self.parts)
        owned = [p for part in self.parts for p in part.parameters()]
        self.dtype = owned[0].dtype if owned else torch.float32
        self.device = owned[0].device if owned else torch.device("cpu")

    def fits(self, module: nn.Module) -> bool:
        """Whether `module` still is this sequence, with other numbers at most."""
        return self._state is not None and _state(list(_parts(module))) == self._state

    def network(self, input_shape: Sequence[int] | None) -> Network:
        """The native network of now."""
        if self._network is None:
            self._network = Network.from_layers(self.layers, input_shape)
            return self._network
        return self._network.with_parameters([None if t is None else t.detach().cpu() for t in self.tensors()])

    def tensors(self) -> list[torch.Tensor | None]:
        """One tensor per array of the network, with its history."""
        return [self._tensor(place) for place in self.places]

    def _tensor(self, place: Place) -> torch.Tensor | None:
        part = self.parts[place.part]
        if not place.name:
            return None
        if not isinstance(part, _NORMS):
            return getattr(part, place.name)
        scale, shift = _scale_shift(part)
        return scale if place.name == "scale" else shift

    def biases(self, policed: Policed) -> tuple[torch.Tensor, ...]:
        """The folded biases of the policed layers, in double precision."""
        return tuple(torch.from_numpy(layer.bias.copy()).to(self.device) for layer in policed.layers)

    def pull_back(self, policed: Policed, gradients: Sequence[torch.Tensor | None]) -> list[np.ndarray | None]:
        """Gradients of the arrays of the network, then of the rows of the regions, from those of the folded biases."""
        wide = torch.float64 if self.dtype == torch.float64 else torch.float32
        folded: list[np.ndarray | None] = [None] * policed.net._info.n_arrays
        for layer, gradient in zip(policed.layers, gradients, strict=True):
            if layer.parameter >= 0 and gradient is not None:
                folded[layer.parameter] = gradient.to(wide).cpu().numpy()
        found = policed.backward(folded)
        nothing: list[np.ndarray | None] = [None] * len(policed.regions)
        return [*found.parameters, *(found.rows or nothing)]

    def run(self, policed: Policed, biases: Sequence[torch.Tensor] | None, x: torch.Tensor) -> torch.Tensor:
        """The layers on a batch, with those biases in place of their own; None for the folded ones without a history,
        which are kept for the next batch."""
        if biases is not None:
            own, added = self._placed(policed, biases)
        else:
            if self._constant is None or self._constant[0] is not policed:
                with torch.no_grad():
                    self._constant = policed, self._placed(policed, self.biases(policed))
            own, added = self._constant[1]
        for i, part in enumerate([*self.parts, nn.Identity()]):
            if i in added:
                x = x + _spread(*added[i], x)
            x = _apply(part, x, own[i]) if i in own else part(x)
        return x

    def folded(self, policed: Policed, biases: Sequence[torch.Tensor]) -> nn.Sequential:
        """A copy of the sequence with those biases."""
        own, added = self._placed(policed, biases)
        parts: list[nn.Module] = []
        for i, part in enumerate([*self.parts, nn.Identity()]):
            new = copy.deepcopy(part)
            if i in added:
                parts.append(Shift(*added[i]))
            if i in own:
                if isinstance(new, _NORMS) and new.weight is None:
                    new.weight = nn.Parameter(torch.ones_like(own[i]))
                new.bias = nn.Parameter(own[i].clone())
            parts.append(new)
        return nn.Sequential(*parts[:-1])

    def _unit(self, layer: PolicedLayer) -> int:
        """The part that has the units of a policed layer; one past the last for the output."""
        return self.units[layer.unit_layer] if layer.unit_layer >= 0 else len(self.parts)

    def _placed(self, policed: Policed, biases: Sequence[torch.Tensor]) -> Placed:
        """Folded biases by the part that has the bias, and what is added in front of parts, with its number of axes."""
        parts = {place.node: place.part for place in self.places}
        own: dict[int, torch.Tensor] = {}
        added: dict[int, tuple[torch.Tensor, int]] = {}
        for layer, bias in zip(policed.layers, biases, strict=True):
            i = parts.get(layer.node, -1)
            part = self.parts[i]
            if i < 0:  # a layer of its own, in front of the units
                added[self._unit(layer)] = bias.to(self.dtype), layer.rank
            elif isinstance(part, nn.Hardsigmoid):  # clips x / 6 + 1 / 2 at 0 and 1
                added[i] = (6 * (bias - 0.5)).to(self.dtype), layer.rank
            elif isinstance(part, _NORMS) and len(bias) != part.num_features:  # a shift of each element behind it
                shift = _scale_shift(part)[1].repeat_interleave(len(bias) // part.num_features)
                added[self._unit(layer)] = (bias - shift).to(self.dtype), layer.rank
            elif isinstance(part, _NORMS):  # adds its bias to what is centred already
                own[i] = (bias + part.running_mean.double() * _scale_shift(part)[0]).to(self.dtype)
            else:
                own[i] = bias.to(self.dtype)
        return own, added


def _spread(values: torch.Tensor, rank: int, x: torch.Tensor) -> torch.Tensor:
    """One number per element or per channel of a batch of samples with `rank` axes."""
    shape = x.shape[x.ndim - rank :]
    return values.reshape(shape if values.numel() == math.prod(shape) else (-1, *(1 for _ in shape[1:])))


def _apply(part: nn.Module, x: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """A layer with another bias."""
    if isinstance(part, nn.Linear):
        return nn.functional.linear(x, part.weight, bias)
    if isinstance(part, nn.Conv2d):
        return part._conv_forward(x, part.weight, bias)
    weight = torch.ones_like(bias) if part.weight is None else part.weight
    return nn.functional.batch_norm(x, part.running_mean, part.running_var, weight, bias, False, 0.0, part.eps)


class Shift(nn.Module):
    """Adds a number to each element, or to each channel of samples with `rank` axes."""

    def __init__(self, shift: torch.Tensor, rank: int) -> None:
        super().__init__()
        self.shift, self.rank = nn.Parameter(shift.clone()), rank

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + _spread(self.shift, self.rank, x)


def _scale_shift(norm: nn.Module) -> tuple[torch.Tensor, torch.Tensor]:
    """A batch-norm in evaluation mode as x * scale + shift, in double precision."""
    scale = (norm.running_var.double() + norm.eps).rsqrt()
    if norm.weight is not None:
        scale = scale * norm.weight.double()
    shift = -norm.running_mean.double() * scale
    return scale, shift if norm.bias is None else shift + norm.bias.double()


def _state(parts: Sequence[nn.Module]) -> tuple[Any, ...] | None:
    """What a chain is made of, but for the numbers of its layers; None with batch-norms, whose scales and shifts are
    made of several numbers."""
    if any(isinstance(part, _NORMS) for part in parts):
        return None
    return tuple((id(part), *((p.dtype, p.device, p.requires_grad) for p in part.parameters())) for part in parts)


def _parts(module: nn.Module) -> Iterator[nn.Module]:
    if type(module) is not nn.Sequential:
        raise errors.UnsupportedError(
            f"[UNSUPPORTED] module is a {type(module).__name__}; expected an nn.Sequential. Others can be policed "
            "as networks: cpwl.police(cpwl.Network.from_torch(module, shape), regions)"
        )
    for part in module:
        if type(part) is nn.Sequential:
            yield from _parts(part)
        else:
            yield part


def _translate(part: nn.Module) -> layers.Layer | None:
    if isinstance(part, _NORMS) and part.training:
        raise errors.UnsupportedError(
            f"[UNSUPPORTED] a {type(part).__name__} is in training mode, where its output depends on the batch; put it "
            "in evaluation mode: its weight and bias are trained all the same"
        )
    if isinstance(part, nn.PReLU) and part.weight.requires_grad:
        raise errors.UnsupportedError(
            "[UNSUPPORTED] the slopes of a PReLU are trainable, but shifts give them no gradient; call "
            "requires_grad_(False) on it"
        )
    if type(part) is nn.Dropout:
        return None
    return _torch.layer(part)
