"""Kernels, and data under kernels as the ABI takes them."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import _abi, _tensor
from ._lib import sized

KINDS = {
    "rbf": _abi.CPWL_KERNEL_RBF,
    "linear": _abi.CPWL_KERNEL_LINEAR,
    "laplace_l1": _abi.CPWL_KERNEL_LAPLACE_L1,
    "exp_l2": _abi.CPWL_KERNEL_EXP_L2,
    "poly": _abi.CPWL_KERNEL_POLY,
    "rational_quadratic": _abi.CPWL_KERNEL_RATIONAL_QUADRATIC,
    "inverse_multiquadric": _abi.CPWL_KERNEL_INVERSE_MULTIQUADRIC,
    "discrete": _abi.CPWL_KERNEL_DISCRETE,
    "distance": _abi.CPWL_KERNEL_DISTANCE,
    "precomputed": _abi.CPWL_KERNEL_PRECOMPUTED,
}
RULES = {
    "half": _abi.CPWL_BANDWIDTH_HALF,
    "distance": _abi.CPWL_BANDWIDTH_DISTANCE,
    "nonzero": _abi.CPWL_BANDWIDTH_NONZERO,
}
ESTIMATORS = {
    "biased": _abi.CPWL_HSIC_BIASED_N2,
    "biased_nm1": _abi.CPWL_HSIC_BIASED_NM1,
    "unbiased": _abi.CPWL_HSIC_UNBIASED,
    "cka": _abi.CPWL_CKA_BIASED,
    "cka_debiased": _abi.CPWL_CKA_DEBIASED,
}


def code(names: dict[str, int], name: str, what: str) -> int:
    """The number of a name."""
    try:
        return names[name]
    except (KeyError, TypeError):
        raise ValueError(f"{what} is {name!r}; expected one of {', '.join(names)}") from None


@dataclass(frozen=True)
class Kernel:
    """A kernel k(x, y) of rows.

    Attributes
    ----------
    kind : str
        ``"rbf"`` exp(-gamma \\|x - y\\|^2), ``"linear"`` x . y, ``"laplace_l1"`` exp(-gamma \\|x - y\\|_1),
        ``"exp_l2"`` exp(-gamma \\|x - y\\|), ``"poly"`` (gamma x . y + coef0)^degree, ``"rational_quadratic"``
        (1 + gamma \\|x - y\\|^2 / alpha)^-alpha, ``"inverse_multiquadric"`` (1 + gamma \\|x - y\\|^2)^-1/2,
        ``"discrete"`` 1 for equal rows (labels), ``"distance"`` -\\|x - y\\| (squared distance covariance),
        ``"precomputed"``: the data are the (n, n) Gram matrix.
    gamma : float, optional
        > 0; by default 1 / (2 sigma^2) with sigma by `bandwidth`, for the kernels of \\|x - y\\|^2. Others need one.
    bandwidth : {"half", "distance", "nonzero"}
        Which median: that of R's dHSIC (default), of hyppo, or of Gretton's test; see :func:`cpwl.bandwidth`.
    coef0, degree, alpha : float, int, float
        Parameters of ``"poly"`` and ``"rational_quadratic"``.
    fallback : float, optional
        sigma where the median is 0; an error without.
    seed : int
        Seed of the sample of 4096 rows for medians of more.
    """

    kind: str = "rbf"
    gamma: float | None = None
    bandwidth: str = "half"
    coef0: float = 1.0
    degree: int = 3
    alpha: float = 1.0
    fallback: float | None = None
    seed: int = 0

    def _struct(self) -> _abi.Kernel:
        if self.gamma is not None and not self.gamma > 0:
            raise ValueError(f"gamma of the kernel is {self.gamma}; expected a number > 0")
        return sized(_abi.Kernel, kind=code(KINDS, self.kind, "kernel"),
                     bandwidth=code(RULES, self.bandwidth, "bandwidth"), gamma=self.gamma or 0.0, coef0=self.coef0,
                     degree=self.degree, alpha=self.alpha, fallback=self.fallback or 0.0, seed=self.seed)  # fmt: skip


def as_kernel(kernel: Kernel | str) -> Kernel:
    """A kernel by name, or as it is."""
    return kernel if isinstance(kernel, Kernel) else Kernel(kernel)


def pair(kernel: Any) -> tuple[Any, Any]:
    """The kernels of x and y: two of them, or one for both."""
    if isinstance(kernel, tuple | list):
        if len(kernel) != 2:
            raise ValueError(f"kernel has {len(kernel)} entries; expected one kernel, or one each for x and y")
        return kernel[0], kernel[1]
    return kernel, kernel


class Product:
    """One variable of several sets of columns: the product of their kernels.

    Parameters
    ----------
    *factors : (array (n, d), Kernel or str)
        Data and kernel of each.
    """

    def __init__(self, *factors: tuple[Any, Kernel | str]) -> None:
        self.factors = factors


class Variables:
    """Variables as the ABI takes them; keeps what they borrow."""

    def __init__(self, data: Sequence[Any], kernels: Sequence[Any], names: Sequence[str]) -> None:
        self.borrowed: list[_tensor.Borrowed] = []
        self._keep: list[Any] = []
        self.count = len(data)
        self._array = (_abi.Variable * max(self.count, 1))()
        for k, (value, kernel, name) in enumerate(zip(data, kernels, names, strict=True)):
            factors = value.factors if isinstance(value, Product) else [(value, kernel)]
            array = (_abi.Factor * len(factors))()
            for i, (part, own) in enumerate(factors):
                borrowed, struct = _tensor.borrow(part, name), as_kernel(own)._struct()
                self._keep += [borrowed, struct]
                array[i].data, array[i].kernel = ctypes.pointer(borrowed._struct), ctypes.pointer(struct)
                if i == 0:
                    self.borrowed.append(borrowed)
            self._keep.append(array)
            self._array[k].factors, self._array[k].n_factors = array, len(factors)

    def __getitem__(self, k: int) -> Any:
        return ctypes.byref(self._array[k])

    def empty_like(self, k: int) -> np.ndarray:
        """An array for the gradient of variable `k`."""
        borrowed = self.borrowed[k]
        return np.empty(borrowed.shape, "float64" if borrowed.dtype == "float64" else "float32")


def two(x: Any, y: Any, kernel: Any) -> Variables:
    """x and y under one kernel, or one each."""
    return Variables([x, y], pair(kernel), ["x", "y"])
