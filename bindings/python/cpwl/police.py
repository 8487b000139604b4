"""POLICE: networks that are provably affine on regions of their input space.

>>> import cpwl, numpy as np
>>> rng = np.random.default_rng(0)
>>> w1, w2 = rng.normal(size=(16, 2)), rng.normal(size=(1, 16))
>>> net = cpwl.Network.from_layers([cpwl.layers.Dense(w1, np.zeros(16)), cpwl.layers.ReLU(), cpwl.layers.Dense(w2)])
>>> square = cpwl.Box([-1, -1], [1, 1])
>>> net.partition(square).n_regions > 1
True
>>> cpwl.police(net, square).net.partition(square).n_regions
1
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from . import _abi, _tensor
from . import context as _context
from ._lib import Handle, Native, call, lib, sized
from ._police_report import PolicedLayer, PoliceReport
from .convex import ConvexSet, as_set
from .network import _LONG, Affine, Network
from .tape import Gradients

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .domains import Domain

__all__ = ["Policed", "PolicedGradients", "police"]

T = TypeVar("T")

_RULES = {
    "min_shift": _abi.CPWL_POLICE_MIN_SHIFT,
    "joint": _abi.CPWL_POLICE_JOINT,
    "majority": _abi.CPWL_POLICE_MAJORITY,
    "given": _abi.CPWL_POLICE_GIVEN,
}
_PRECISIONS = {
    "double": _abi.CPWL_POLICE_DOUBLE,
    "single": _abi.CPWL_POLICE_SINGLE,
}


def police(
    net: Network,
    regions: Any,
    *,
    rule: str = "min_shift",
    codes: Any = None,
    margin: float = 0.0,
    kappa: float = 16.0,
    tied: bool = True,
    free: Sequence[int] = (),
    output: bool = False,
    gradient: bool | str = False,
    precision: str = "double",
    context: _context.Context | None = None,
    **options: Any,
) -> Policed:
    """Makes a network affine on convex regions, by moving biases.

    Wherever a knot of a unit lies strictly inside the range of its input over a region, the bias of the unit is moved
    until it does not. The result is an ordinary network of the same layers, at no cost in evaluation. It depends on
    weights and regions only: call this once after every change of the weights.

    Parameters
    ----------
    net : Network
    regions : ConvexSet, Box, Polygon, Simplex, Polytope, Ball or Slice, or a sequence of these
        Sets in the (flattened) input space. They may overlap: the network is then affine on their hull.
    rule : {"min_shift", "joint", "majority", "given"}
        Which piece a unit is kept on. "min_shift": the one that needs the smallest shift; with several regions each may
        have one of its own. "joint": the same with one piece for all regions, so that the network is affine on the hull
        of their union. "majority": the piece of most vertices, as in the paper. "given": that of `codes`.
    codes : (n_units,) int array, optional
        For the rule "given": pieces as in :meth:`Network.pattern`.
    margin : float
        Distance that every unit keeps from its knots, in units of its input.
    kappa : float
        Margin for rounding on top of that, in units of the rounding error of the unit's input. With the default units
        are found on the same pieces when the network is evaluated in its own precision, and the result can be
        certified; with 0 the shift is the smallest in exact arithmetic.
    tied : bool
        Whether a convolution keeps one bias per channel. Otherwise every position is shifted by itself, by a layer that
        is added behind the convolution.
    free : sequence of int
        Layers of units, from 0, to be left as they are. The network need not be affine on the regions then.
    output : bool
        Keep the outputs on one side of 0 as well, as the code published with the paper does.
    gradient : bool or "parameters"
        Keep what :meth:`Policed.backward` needs. With "parameters" that gives no gradients with respect to the regions,
        and hulls of many vertices are carried by fewer rows, as they are without gradients.
    precision : {"double", "single"}
        Arithmetic of the computation. "single" computes products of many rows with weights of single precision in
        single precision: twice as fast, but the result need not pass a certificate.
    context : Context, optional
    **options
        `threads`, `isa`, `reference`, `memory_limit`, `progress`, `cancel` of a :class:`Context` for this call.

    Returns
    -------
    Policed

    Raises
    ------
    ArgumentError
        EMPTY_REGION: there is no region. Also for a negative margin or kappa.
    ShapeError
        DIM_MISMATCH: a region is not in the input space.
    UnsupportedError
        NO_BIAS: a layer that would have to be shifted has none. ACT_NOT_CPWL: a unit that no bias can keep on one
        piece, such as a max-pool behind a convolution with tied biases; the message tells the way out. UNBOUNDED_BOTH:
        a unit whose input is unbounded in both directions over a region.
    NonfiniteError
        If numbers overflow.

    References
    ----------
    R. Balestriero, Y. LeCun: POLICE: Provably Optimal Linear Constraint Enforcement for Deep Neural Networks,
    arXiv:2211.01340.
    """
    if not isinstance(net, Network):
        raise TypeError(f"net is a {type(net).__name__}; expected a cpwl.Network")
    if gradient not in (False, True, "parameters"):
        raise ValueError(f"gradient is {gradient!r}; expected a bool or 'parameters'")
    if codes is not None and rule != "given":
        raise ValueError(f"codes are given, but rule is {rule!r}; expected 'given'")
    settings = {
        "rule": rule, "codes": codes, "margin": margin, "kappa": kappa, "tied": tied, "free": tuple(free),
        "output": output, "gradient": gradient, "precision": precision,
    }  # fmt: skip
    several = isinstance(regions, Sequence)
    sets = tuple(map(as_set, regions if several else [regions]))
    return Policed(net, sets, settings, _context.resolve(context, options))


class PolicedGradients(NamedTuple):
    """Gradients with respect to what a policed network was made of: one array for each of the parameters of the
    original network, and (rows, dim) for the rows of each region. Computed in float64; float32 if what they follow from
    was."""

    parameters: list[npt.NDArray[Any]]
    rows: list[npt.NDArray[Any]]


class Inequalities(NamedTuple):
    """What inequalities ``outputs @ f(x) <= bound`` come to on a region; see :meth:`Policed.check`.

    Attributes
    ----------
    largest : (k,)
        The largest value of each row over the region; infinite where there is none.
    slack : (k,)
        ``bound - largest``: an inequality holds on all of the region where it is >= 0.
    points : (k, n_inputs)
        Where the largest values are taken.
    """

    largest: npt.NDArray[np.float64]
    slack: npt.NDArray[np.float64]
    points: npt.NDArray[np.float64]

    @property
    def hold(self) -> bool:
        """Whether all of them hold."""
        return bool((self.slack >= 0).all())


class Policed(Native):
    """A network that is affine on regions, and how it became so. Made by :func:`cpwl.police`; calling it runs `net`.

    Attributes
    ----------
    net : Network
        The folded network: other biases, otherwise that of before.
    original : Network
    regions : tuple of ConvexSet
    layers : list of PolicedLayer
        Shifts, folded biases and codes, layer by layer.
    """

    _rebuild = "police the network again"

    def __init__(
        self, net: Network, regions: tuple[ConvexSet, ...], settings: dict[str, Any], context: _context.Context
    ) -> None:
        self.original, self.regions = net, regions
        self._settings, self._context = settings, context
        codes = np.ravel(() if settings["codes"] is None else settings["codes"]).tolist()
        free = settings["free"]
        flags = {
            _abi.CPWL_POLICE_UNTIED: not settings["tied"],
            _abi.CPWL_POLICE_OUTPUT: settings["output"],
            _abi.CPWL_POLICE_GRADIENT: bool(settings["gradient"]),
            _abi.CPWL_POLICE_FIXED_SETS: settings["gradient"] == "parameters",
            _abi.CPWL_POLICE_KAPPA: True,
        }
        options = sized(
            _abi.PoliceOptions,
            rule=_choose(_RULES, settings["rule"], "rule"),
            precision=_choose(_PRECISIONS, settings["precision"], "precision"),
            codes=(ctypes.c_int32 * len(codes))(*codes),
            n_codes=len(codes),
            margin=settings["margin"],
            kappa=settings["kappa"],
            free_layers=(ctypes.c_int32 * len(free))(*free),
            n_free_layers=len(free),
            flags=sum(flag for flag, on in flags.items() if on),
        )
        sets = (ctypes.c_void_p * len(regions))(*(region._handle._pointer.value for region in regions))
        arguments = (context, net._handle, sets, len(regions), ctypes.byref(options))
        self._adopt(self._run(context, lambda: Handle(lib.cpwl_policed_free, lib.cpwl_police, *arguments)))

    def _run(self, context: _context.Context, work: Callable[[], T]) -> T:
        """Runs `work`; stoppable by Ctrl-C where that may be wished for."""
        rows = sum(len(region.rows) for region in self.regions)
        brief = rows * self.original.n_parameters < _LONG and not context._listened_to
        return work() if brief else context._run(work)

    def _adopt(self, handle: Handle) -> None:
        self._handle = handle
        info = sized(_abi.PolicedSummary)
        call(lib.cpwl_policed_info, None, self._handle, ctypes.byref(info))
        self._info = info

    @cached_property
    def net(self) -> Network:
        """The folded network."""
        return Network(Handle(lib.cpwl_network_free, lib.cpwl_policed_network, None, self._handle))

    def __call__(self, x: Any, *, context: _context.Context | None = None) -> Any:
        """The forward pass of the folded network, see :meth:`Network.__call__`."""
        return self.net(x, context=context)

    def __repr__(self) -> str:
        n, info = len(self.regions), self._info
        regions = "a region" if n == 1 else f"{n} regions"
        return f"<cpwl.Policed: affine on {regions}, {info.n_shifted} biases shifted by up to {info.largest_shift:.3g}>"

    @cached_property
    def layers(self) -> list[PolicedLayer]:
        """The policed layers in the order of computation."""
        return [PolicedLayer(self, i) for i in range(self._info.n_layers)]

    @property
    def codes(self) -> npt.NDArray[np.int32]:
        """(regions, groups) the piece that every group of every policed layer is on, layer after layer."""
        empty = np.empty((len(self.regions), 0), np.int32)
        return np.concatenate([empty, *(layer.codes for layer in self.layers)], axis=1)

    def affine(self, i: int = 0) -> Affine:
        """The map ``y = a @ x + b`` on region `i`, in float64; inputs and outputs are flattened.

        Where the region is flat (a segment in the plane, say) only the action of `a` along the region is determined.
        """
        r = self._region(i)
        return Affine(*(self._array(which, r) for which in (_abi.CPWL_POLICED_MAP_A, _abi.CPWL_POLICED_MAP_C)))

    @cached_property
    def report(self) -> PoliceReport:
        """What was done to the network; `print` it."""
        layers = self.layers
        return PoliceReport(
            layers=tuple(layer.name for layer in layers),
            groups=tuple(layer.n_groups for layer in layers),
            shifted=tuple(layer.n_shifted for layer in layers),
            dead=tuple(layer.n_dead for layer in layers),
            largest_shifts=tuple(layer.largest_shift for layer in layers),
            smallest_margin=self._info.smallest_margin,
            n_regions=len(self.regions),
            shared=tuple((int(i), int(j)) for i, j in self._array(_abi.CPWL_POLICED_SHARED, 0)),
        )

    def backward(self, folded: Any, *, context: _context.Context | None = None) -> PolicedGradients:
        """Gradients through the folding: those of the parameters of `net` become those of the parameters of `original`
        and of the regions. Needs ``gradient=True``.

        A training step without any framework::

            done = cpwl.police(net, region, gradient=True)
            gradients = done.backward(done.net.record(x).backward(dy))
            net = net.with_parameters([p.value - 0.01 * g for p, g in zip(net.parameters, gradients.parameters)])

        Which piece a unit is on, which point decides on a shift, and margins count as constant: the gradient is exact
        wherever shifts are differentiable. The bias of a shifted unit has no effect, so its gradient is 0.

        Parameters
        ----------
        folded : Gradients, or sequence of array or None
            What :meth:`Tape.backward` gives for `net`.
            One gradient for each of ``net.parameters``; None stands for zeros.
        context : Context, optional

        Returns
        -------
        PolicedGradients

        Raises
        ------
        ArgumentError
            NOT_STORED: made without ``gradient=True``.
        """
        given = folded.parameters if isinstance(folded, Gradients) else folded
        tensors = [None if g is None else _tensor.borrow(g, f"folded[{i}]") for i, g in enumerate(given)]
        narrow = all(t is None or t.dtype == "float32" for t in tensors)
        dtype = np.float32 if narrow else np.float64
        parameters = [np.empty(shape, dtype) for shape in self.original._array_shapes]
        fixed = self._settings["gradient"] == "parameters"
        rows = [] if fixed else [np.empty(region.rows.shape, dtype) for region in self.regions]
        out = [[_tensor.borrow(array, "gradient") for array in arrays] for arrays in (parameters, rows)]
        run = context or self._context
        arguments = (run, self._handle, *_array_of(tensors), *_array_of(out[0]), *_array_of(out[1]))
        self._run(run, lambda: call(lib.cpwl_policed_backward, *arguments))
        return PolicedGradients(parameters, rows)

    def scaled(self, t: float) -> Policed:
        """The original network made affine on the regions scaled by `t` about their centres, with the same options:
        for a schedule that lets regions grow from points (t = 0) to their full size (t = 1)."""
        return Policed(self.original, tuple(r.scaled(t) for r in self.regions), self._settings, self._context)

    def set_affine(self, a: Any, b: Any, outputs: Any = None, *, region: int = 0) -> Policed:
        """The network with another last layer, so that ``outputs @ f(x) == a @ x + b`` on a region.

        The change is the smallest (in the Frobenius norm) that does it. On a flat region the map is prescribed on the
        region only. On other regions the network stays affine, with other maps.

        Parameters
        ----------
        a : (k, n_inputs)
        b : (k,)
        outputs : (k, n_outputs), optional
            Combinations of outputs, of rank k; default all outputs as they are.
        region : int

        Raises
        ------
        ShapeError
            RANK: fewer independent hidden units on the region than it has dimensions (:meth:`skip` always works), or
            dependent rows of `outputs`.
        UnsupportedError
            If the network does not end with a dense layer.

        References
        ----------
        B. Karg, S. Lucia: Stability and feasibility of neural network-based controllers via output range analysis,
        arXiv:2004.00521.
        """
        r = self._region(region)
        e = None if outputs is None else _tensor.borrow(outputs, "outputs")
        arrays = e, _tensor.borrow(a, "a"), _tensor.borrow(b, "b")
        return self._changed(lib.cpwl_policed_set_affine, r, self.regions[r]._handle, *arrays)

    def skip(self, a: Any, b: Any, *, region: int = 0) -> Policed:
        """The network with a second path from input to output, so that ``f(x) == a @ x + b`` on a region: the
        difference to the map of now is added everywhere. Always possible.

        Parameters
        ----------
        a : (n_outputs, n_inputs)
        b : (n_outputs,)
        region : int
        """
        r = self._region(region)
        return self._changed(lib.cpwl_policed_skip, r, _tensor.borrow(a, "a"), _tensor.borrow(b, "b"))

    def check(self, outputs: Any, bound: Any, *, region: int = 0) -> Inequalities:
        """Whether ``outputs @ f(x) <= bound`` on all of a region, from exact maxima.

        Parameters
        ----------
        outputs : (k, n_outputs)
        bound : (k,)
        region : int
        """
        r = self._region(region)
        e, g = _tensor.to_float64(outputs, "outputs"), _tensor.to_float64(bound, "bound")
        k = len(e) if e.ndim else 1
        found = np.empty(k), np.empty(k), np.empty((k, self.regions[r].dim))
        names = "largest", "slack", "points"
        places = [_tensor.borrow(array, name) for array, name in zip(found, names, strict=True)]
        given = _tensor.borrow(e, "outputs"), _tensor.borrow(g, "bound")
        call(lib.cpwl_policed_check, self._context, self._handle, r, self.regions[r]._handle, *given, *places)
        return Inequalities(*found)

    def enforce(self, outputs: Any, bound: Any, *, region: int = 0) -> Policed:
        """The network with another bias of the last layer, so that ``outputs @ f(x) <= bound`` on all of a region: the
        smallest change that lowers every violated row by its violation. If that lifts another row above its bound, all
        rows but the violated ones are kept where they are.

        Raises
        ------
        ShapeError
            RANK: rows of `outputs` depend on each other where they may not.
        NumericError
            If a row is unbounded on the region.
        """
        r = self._region(region)
        given = _tensor.borrow(outputs, "outputs"), _tensor.borrow(bound, "bound")
        return self._changed(lib.cpwl_policed_enforce, r, self.regions[r]._handle, *given)

    def _outlines(self) -> list[np.ndarray]:
        """The corners of every region of a plane."""
        return [region.outline() for region in self.regions]

    def _region(self, i: int) -> int:
        n = len(self.regions)
        if not -n <= i < n:
            raise IndexError(f"region {i} of {n}")
        return i % n

    def _changed(self, function: Any, *arguments: Any) -> Policed:
        """What `function` makes of this, on the same regions."""
        made = Policed.__new__(Policed)
        made.original, made.regions = self.original, self.regions
        made._settings, made._context = self._settings, self._context
        create = lambda: Handle(lib.cpwl_policed_free, function, self._context, self._handle, *arguments)  # noqa: E731
        made._adopt(self._context._run(create))
        return made

    def certify(self, **options: Any) -> Any:
        """Whether the folded network is provably affine on the regions, by a proof that trusts nothing of what was
        computed here. See :func:`cpwl.certify`."""
        from .certify import certify

        return certify(self.net, self.regions, **options)

    def to_onnx(self, path: Any = None, **options: Any) -> Any:
        """The folded network as ONNX, for any engine. See :meth:`Network.to_onnx`."""
        return self.net.to_onnx(path, **options)

    def plot(self, ax: Axes | None = None, domain: Domain | None = None, *, color: Any = None, **options: Any) -> Axes:
        """Draws a network of two inputs: its values, its linear regions, and the outlines of the convex regions on
        which it is affine, inside each of which a single linear region shows.

        Parameters
        ----------
        ax : matplotlib axes, optional
        domain : Box or Polygon, optional
            Where; default a box about the convex regions.
        color : str or array, optional
            "value", or what :meth:`Partition.plot` knows.
            Default "value", the output, for a network of one output, and "class" for others.
        **options
            Passed on to :meth:`Partition.plot`.
        """
        from ._police_plot import plot

        return plot(self, ax, domain, color, **options)

    def _array(self, which: int, index: int) -> np.ndarray:
        tensor = _abi.Tensor()
        call(lib.cpwl_policed_array, None, self._handle, which, index, ctypes.byref(tensor))
        return _tensor.lend(self._handle, tensor)


def _choose(table: dict[str, int], value: str, name: str) -> int:
    if value not in table:
        raise ValueError(f"{name} is {value!r}; expected one of {', '.join(map(repr, table))}")
    return table[value]


def _array_of(tensors: Sequence[_tensor.Borrowed | None]) -> tuple[Any, int]:
    """Tensors as an array of the C ABI and its length; zeros in place of None."""
    structs = (t._struct if t else _abi.Tensor() for t in tensors)
    return (_abi.Tensor * len(tensors))(*structs), len(tensors)
