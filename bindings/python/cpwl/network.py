"""Networks: built from layers, ONNX or torch; forward pass, activation pattern, affine map."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import _abi, _builder, _tensor, errors
from . import context as _context
from . import tape as _tape
from ._lib import Handle, Native, call, lib, sized
from .tape import Parameter, Tape

if TYPE_CHECKING:
    from .domains import Domain
    from .enumeration import Enumeration
    from .layers import Layer
    from .surface import Surface

__all__ = ["Affine", "Approximation", "Network", "Node"]

# Samples times weights beyond which a call is run so that Ctrl-C stops it, which costs some ten microseconds.
_LONG = 10**8


class Affine(NamedTuple):
    """The map ``y = a @ x + b``."""

    a: Any
    b: Any


class Node(NamedTuple):
    """One operator of a network: its value has `shape` per sample, and it holds units
    ``first_unit .. first_unit + n_units`` of the activation pattern (``first_unit`` is -1 when it has none)."""

    name: str
    op: str
    shape: tuple[int, ...]
    first_unit: int
    n_units: int


class Approximation(NamedTuple):
    """A node of a network that stands for a smooth activation, such as ``"gelu"`` or ``"elu(alpha=0.5)"``: it is a
    piecewise-linear function with `knots` knots, and for no real number do the values of the two differ by more than
    `bound` (proven, not sampled)."""

    node: str
    function: str
    knots: int
    bound: float


class Network(Native):
    """A continuous piecewise-linear network: affine layers and units such as ReLU, leaky ReLU or max-pool.

    Immutable; may be shared between threads. Made by :meth:`from_layers`, :meth:`from_onnx` or :meth:`from_torch`.

    References
    ----------
    R. Balestriero, R. Baraniuk: A Spline Theory of Deep Learning, ICML 2018.
    """

    _rebuild = "keep its ONNX bytes or its layers, and build it again from those"

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        info = sized(_abi.NetworkSummary)
        call(lib.cpwl_network_info, None, handle, ctypes.byref(info))
        self._info = info
        self._input_shape = self._shape(lib.cpwl_network_input_shape)
        self._output_shape = self._shape(lib.cpwl_network_output_shape)
        self._shapes: list[tuple[int, ...]] | None = None

    @classmethod
    def from_layers(cls, layers: Sequence[Layer], input_shape: Sequence[int] | int | None = None) -> Network:
        """A network from a list of layer descriptions, see :mod:`cpwl.layers`.

        Parameters
        ----------
        layers : sequence of cpwl.layers.Layer
        input_shape : int or sequence of int, optional
            Shape of the input per sample, (n,) or (C, H, W); may be left out when the first layer is dense.

        Raises
        ------
        ShapeError
            If the layers do not chain.
        NonfiniteError
            If a weight is NaN or infinite.
        """
        return cls(_builder.build(layers, input_shape))

    @classmethod
    def from_onnx(cls, source: str | os.PathLike[str] | bytes, *, smooth_knots: int | None = None) -> Network:
        """A network from an ONNX file (its path) or from the bytes of one.

        Parameters
        ----------
        source : path or bytes
        smooth_knots : int, optional
            Replace smooth activations (GELU in both forms, SiLU, tanh, sigmoid, softplus, ELU, SELU, CELU, Mish,
            hard-swish) by piecewise-linear functions with at most so many knots (2 to 1024), see
            :attr:`approximations`. They are recognised as operators and as the arithmetic that exporters write for
            them. By default they are refused.

        Raises
        ------
        UnsupportedError
            For an operator that is not continuous piecewise linear (the message names node and operator), or
            weights kept in another file.
        ArgumentError
            If the bytes are not a valid ONNX model.
        FileError
            If the file cannot be read.
        """
        if smooth_knots == 0:
            raise errors.ArgumentError("[ARGUMENT] smooth_knots is 0; expected 2 to 1024, or None")
        options = ctypes.byref(sized(_abi.OnnxOptions, smooth_knots=smooth_knots or 0))
        if isinstance(source, bytes | bytearray | memoryview):
            data = bytes(source)
            return cls(Handle(lib.cpwl_network_free, lib.cpwl_network_from_onnx, None, data, len(data), options))
        path = os.fsencode(source)
        return cls(Handle(lib.cpwl_network_free, lib.cpwl_network_from_onnx_file, None, path, options))

    @classmethod
    def from_torch(cls, module: Any, input_shape: Sequence[int] | int, *, smooth_knots: int | None = None) -> Network:
        """A network from a torch module in evaluation mode.

        Sequences (also nested) of the usual layers are read directly, weights unchanged; anything else is exported
        to ONNX by torch, which needs the packages onnx and onnxscript.

        Parameters
        ----------
        module : torch.nn.Module
        input_shape : int or sequence of int
            Shape of the input per sample.
        smooth_knots : int, optional
            As in :meth:`from_onnx`.

        Raises
        ------
        UnsupportedError
            For layers that are not continuous piecewise linear, and for modules in training mode whose layers
            behave otherwise in evaluation mode (batch-norm, dropout).
        """
        from . import _torch

        shape = [input_shape] if isinstance(input_shape, int) else list(input_shape)
        return _torch.network(cls, module, shape, smooth_knots)

    def to_onnx(self, path: str | os.PathLike[str] | None = None, *, dtype: Any = None) -> bytes:
        """The network as an ONNX file, for any engine to run.

        One input and one output with the names of the nodes, a dynamic batch axis "N", operator set 13. Activations
        become the operator of that name where there is one, else an exact sum of ReLUs; a fused ReLU (see
        :meth:`fuse_relu_max`) becomes one in front of its maximum again. :meth:`from_onnx` reads the file as a network
        with the same values up to rounding, and with the same units but for those sums and for clips whose bounds
        differ from channel to channel.

        Parameters
        ----------
        path : path, optional
            Also write it there; a file that is there is replaced in one step.
        dtype : {float32, float64}, optional
            Precision of input, output and weights; default that of the network (float32 if all its weights were given
            so). In float32 every number is rounded to the nearest one: float64 weights, and in any network what was
            computed in double precision (a folded batch normalisation, knots and slopes of activations). In float64
            nothing is lost, but few engines have all operators in it (onnxruntime on CPUs lacks convolutions, average
            pools and leaky ReLUs).

        Returns
        -------
        bytes

        Raises
        ------
        NonfiniteError
            For a number beyond the range of float32.
        UnsupportedError
            Beyond the 2 GiB that such a file may have.
        FileError
            If the file cannot be written.
        """
        codes = {None: 0, np.dtype(np.float32): _abi.CPWL_F32, np.dtype(np.float64): _abi.CPWL_F64}
        kind = None if dtype is None else np.dtype(dtype)
        if kind not in codes:
            raise errors.ArgumentError(f"[ARGUMENT] dtype is {kind}; expected float32, float64 or None")
        options = sized(_abi.OnnxWriteOptions, dtype=codes[kind])
        made = Handle(lib.cpwl_bytes_free, lib.cpwl_network_to_onnx, None, self._handle, ctypes.byref(options))
        data, size = ctypes.c_void_p(), ctypes.c_size_t()
        call(lib.cpwl_bytes_get, None, made, ctypes.byref(data), ctypes.byref(size))
        if path is not None:
            call(lib.cpwl_network_to_onnx_file, None, self._handle, ctypes.byref(options), os.fsencode(path))
        return ctypes.string_at(data, size.value)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of the input, per sample."""
        return self._input_shape

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Shape of the output, per sample."""
        return self._output_shape

    @property
    def n_units(self) -> int:
        """Number of units: the length of an activation pattern."""
        return self._info.n_units

    @property
    def n_parameters(self) -> int:
        """Number of weights."""
        return self._info.n_parameters

    @property
    def nodes(self) -> list[Node]:
        """The operators in the order of computation; the first is the input."""
        nodes = []
        for i in range(self._info.n_nodes):
            info = sized(_abi.NodeInfo)
            call(lib.cpwl_network_node, None, self._handle, i, ctypes.byref(info))
            shape = tuple(info.shape[j] for j in range(info.ndim))
            nodes.append(Node(info.name.decode(), info.op.decode(), shape, info.first_unit, info.n_units))
        return nodes

    @property
    def approximations(self) -> list[Approximation]:
        """The nodes that stand for smooth activations; empty for a network that is what it was made from."""
        found = []
        for i in range(self._info.n_approximations):
            info = sized(_abi.ApproximationSummary)
            call(lib.cpwl_network_approximation, None, self._handle, i, ctypes.byref(info))
            found.append(Approximation(info.name.decode(), info.function.decode(), info.knots, info.bound))
        return found

    @property
    def parameters(self) -> list[Parameter]:
        """The arrays of constants, in the order of the nodes: weight before bias, scale before shift. The arrays are
        read-only views of what the network holds."""
        return _tape.parameters(self)

    @property
    def _array_shapes(self) -> list[tuple[int, ...]]:
        if self._shapes is None:
            self._shapes = [parameter.shape for parameter in self.parameters]
        return self._shapes

    def with_parameters(self, arrays: Sequence[Any]) -> Network:
        """The same graph with other numbers.

        Parameters
        ----------
        arrays : sequence of array or None
            One for each of :attr:`parameters`, of its shape or flat; None keeps what the network has, without a copy.
            float64 is kept as float64, float32 and half precision as float32.

        Raises
        ------
        ShapeError
            If the number of arrays or a shape is another.
        NonfiniteError
            If a number is NaN or infinite; the message names layer, array and index.
        """
        net = Network(_tape.with_parameters(self, arrays))
        net._shapes = self._array_shapes
        return net

    def record(self, x: Any, *, context: _context.Context | None = None) -> Tape:
        """The forward pass, recorded for gradients.

        Parameters
        ----------
        x : array, as for calling the network
            float32 and half precision are computed in float32, float64 in float64.
        context : Context, optional

        Returns
        -------
        Tape
            With the output ``y`` and a method ``backward``.

        Examples
        --------
        >>> net = cpwl.Network.from_layers([cpwl.layers.Dense([[2.0, -1.0]], [0.5]), cpwl.layers.ReLU()])
        >>> tape = net.record([[1.0, 1.0]])
        >>> tape.backward([[1.0]]).x
        array([[ 2., -1.]])
        """
        return Tape(self, x, context)

    def fuse_relu_max(self) -> Network:
        """The same function with every ReLU that only a max-pool or maxout reads put into that, as a constant
        candidate 0: ``max(relu(z)) == max(z, 0)``.

        Affine maps, connected affine pieces and distinct affine maps stay what they are; activation cells are others,
        usually fewer, because a ReLU that the maximum hides no longer cuts. The pattern has no code for a fused ReLU;
        that of a fused maximum is the index of its largest candidate, or the size of its group or window where the
        constant is larger than all.
        """
        return Network(Handle(lib.cpwl_network_free, lib.cpwl_network_fuse_relu_max, None, self._handle))

    def __repr__(self) -> str:
        shape = f"{_times(self.input_shape)} -> {_times(self.output_shape)}"
        layers = self._info.n_unit_layers
        smooth = f", {n} of them in place of smooth ones" if (n := self._info.n_approximations) else ""
        units = f"{self.n_units} units in {layers} layers{smooth}"
        return f"<cpwl.Network {shape}: {self.n_parameters} parameters, {units}>"

    def __call__(self, x: Any, *, context: _context.Context | None = None) -> Any:
        """The forward pass.

        Parameters
        ----------
        x : array (B, input_shape...), (B, n_inputs), or one sample without B
            float32 and half precision are computed in float32, float64 in float64; lists are float64.
        context : Context, optional

        Returns
        -------
        numpy array, or torch tensor when given one
            (B, output_shape...) or, for one sample, (output_shape...).
        """
        x, single = self._batch(x)
        dtype = np.float64 if x.dtype == "float64" else np.float32
        y = np.empty((x.shape[0], *self.output_shape), dtype)
        self._run(lib.cpwl_network_forward, context, x, None, _tensor.borrow(y, "y"))
        return _tensor.as_result(y[0] if single else y, x)

    def pattern(self, x: Any, *, context: _context.Context | None = None) -> Any:
        """Which piece every unit is on: for a ReLU 1 iff its input is > 0; for an activation with more knots the
        number of knots below its input; for a max unit the index of the winner, the lowest on ties.

        Returns
        -------
        int32 array (B, n_units), or (n_units,) for one sample
        """
        x, single = self._batch(x)
        codes = np.empty((x.shape[0], self.n_units), np.int32)
        self._run(lib.cpwl_network_pattern, context, x, _tensor.borrow(codes, "codes"))
        return _tensor.as_result(codes[0] if single else codes, x)

    def affine_at(self, x: Any, *, context: _context.Context | None = None) -> Affine:
        """The affine map that the network is around `x`, in float64.

        Returns
        -------
        Affine
            ``a`` (B, n_outputs, n_inputs) and ``b`` (B, n_outputs), without B for one sample; inputs and outputs
            are flattened row-major.
        """
        x, single = self._batch(x)
        n = x.shape[0]
        a = np.empty((n, self._info.n_outputs, self._info.n_inputs))
        b = np.empty((n, self._info.n_outputs))
        self._run(lib.cpwl_network_affine_at, context, x, _tensor.borrow(a, "a"), _tensor.borrow(b, "b"))
        return Affine(*(_tensor.as_result(v[0] if single else v, x) for v in (a, b)))

    def partition(self, domain: Domain, **options: Any) -> Any:
        """The regions of a domain on which the network is affine.

        Returns
        -------
        Partition
            Of a plane domain: exact. See :class:`cpwl.Partition` for the options.
        Partition3D
            Of a bounded domain in space with flat sides: exact. See :class:`cpwl.Partition3D`.
        Enumeration
            Of any other domain: by :meth:`enumerate`.
        """
        from .domains import Ball

        if not hasattr(domain, "is_plane") or domain.is_plane:
            from .regions import Partition

            return Partition(self, domain, **options)
        if domain.dim == 3 and domain.bounded and not isinstance(getattr(domain, "within", domain), Ball):
            from .solid import Partition3D

            return Partition3D(self, domain, **options)
        return self.enumerate(domain, **options)

    def surface(self, domain: Domain, output: int = 0, level: float = 0.0, **options: Any) -> Surface:
        """The surface in a domain in space on which an output has the value `level`, as a watertight mesh.

        See :class:`cpwl.Surface` for the options.
        """
        from .surface import Surface

        return Surface(self, domain, output, level, **options)

    def enumerate(self, domain: Domain, **options: Any) -> Enumeration:
        """The regions of a domain of any dimension, by linear programs with a tolerance.

        See :class:`cpwl.Enumeration` for the options.
        """
        from .enumeration import Enumeration

        return Enumeration(self, domain, **options)

    def local_complexity(
        self,
        x: Any,
        radius: float,
        n_dirs: int | None = None,
        seed: int = 0,
        *,
        context: _context.Context | None = None,
    ) -> Any:
        """How many units of each layer change their piece near an input; approximate, for inputs of any dimension.

        A unit is counted if it is not on the same piece at all of the points ``x +- radius * q`` for `n_dirs` random
        orthonormal directions q, which are the same for all inputs and belong to `seed`. A unit that cuts the hull of
        these points without parting them is missed.

        Parameters
        ----------
        x : array (B, input_shape...), (B, n_inputs), or one sample without B
        radius : float
        n_dirs : int, optional
            At most the number of inputs; default 25 or that.
        seed : int

        Returns
        -------
        int64 array (B, unit layers), or (unit layers,) for one sample
            The sum over the last axis is the local complexity.

        References
        ----------
        A. I. Humayun, R. Balestriero, R. Baraniuk: Deep Networks Always Grok and Here is Why, arXiv:2402.15555.
        """
        x, single = self._batch(x)
        counts = np.empty((x.shape[0], self._info.n_unit_layers), np.int64)
        options = sized(_abi.ComplexityOptions, radius=radius, n_dirs=n_dirs or 0, seed=seed)
        out = _tensor.borrow(counts, "counts")
        self._run(lib.cpwl_network_local_complexity, context, x, ctypes.byref(options), out)
        return _tensor.as_result(counts[0] if single else counts, x)

    def stream(self, domain: Domain, take: Callable[[Any], object], **options: Any) -> Any:
        """The regions of a 2-D domain in chunks, none of them kept. See :func:`cpwl.stream`."""
        from .stream import stream

        return stream(self, domain, take, **options)

    def count_in_ball(
        self,
        center: Any,
        radius: float,
        domain: Domain | None = None,
        *,
        metric: str = "domain",
        max_regions: int = 0,
        context: _context.Context | None = None,
        **options: Any,
    ) -> int:
        """The number of regions that an open disc meets: how busy the network is around a point. Exact.

        As :meth:`Partition.count_in_ball`, but only what is near the disc is partitioned: its bounding box where that
        lies inside the domain, or the domain is a box; otherwise the whole domain.

        Parameters
        ----------
        center : (2,)
            In (u, v).
        radius : float
        domain : Box, Polygon or Slice, optional
            Default the whole plane, for a network with two inputs.
        metric : {"domain", "ambient"}
            Units of the radius: those of (u, v), or of the input space in which a Slice lies.
        max_regions : int
            Give up with LimitError beyond that many near the disc; 0 = no limit.
        context : Context, optional
        **options
            `threads`, `isa`, `reference`, `memory_limit`, `progress`, `cancel` of a :class:`Context` for this call.
        """
        from ._ball import of_network

        run = _context.resolve(context, options)
        return of_network(self, center, radius, domain, metric, max_regions, run)

    def _batch(self, x: Any) -> tuple[_tensor.Borrowed, bool]:
        """`x` with a batch axis, and whether it had none."""
        x = _tensor.borrow(x, "x")
        single = x.shape in (self.input_shape, (self._info.n_inputs,))
        if not single and x.shape[1:] not in (self.input_shape, (self._info.n_inputs,)):
            shape = ", ".join(map(str, self.input_shape))
            expected = f"({shape}) or (batch, {shape})"
            kind = errors.ShapeError
            raise kind(f"[SHAPE] x has shape {x.shape}; expected {expected}, or the last axes flattened")
        return (x.as_batch() if single else x), single

    def _run(self, function: Any, context: _context.Context | None, x: _tensor.Borrowed, *more: Any) -> None:
        """Calls `function(context, network, x, *more)`; stoppable by Ctrl-C where that may be wished for."""
        context = context or _context.default()
        if x.shape[0] * self.n_parameters < _LONG:
            call(function, context, self._handle, x, *more)
        else:
            context._run(lambda: call(function, context, self._handle, x, *more))

    def _shape(self, getter: Any) -> tuple[int, ...]:
        ndim = ctypes.c_int32(0)
        call(getter, None, self._handle, None, ctypes.byref(ndim))
        shape = (ctypes.c_int64 * ndim.value)()
        call(getter, None, self._handle, shape, ctypes.byref(ndim))
        return tuple(shape)


def _times(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))
