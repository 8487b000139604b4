"""The datum-index loss of DIET (arXiv 2302.10260): every training image is a class of its own.

The head has a row for each image, so the scores of a batch would be as large as the data set; here they are never held.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _abi, _tensor
from . import context as _context
from ._lib import Handle, call, lib, sized

if TYPE_CHECKING:
    from .context import Context

__all__ = ["DietHead", "DietLoss", "diet_loss", "diet_merge", "diet_shard_backward", "diet_shard_forward", "latent_r2"]

_NORMS = {None: 0, "none": _abi.CPWL_DIET_PLAIN, "features": _abi.CPWL_DIET_FEATURES, "cosine": _abi.CPWL_DIET_COSINE}
_OPTIMIZERS = {"sgd": _abi.CPWL_SGD, "adamw": _abi.CPWL_ADAMW, "lars": _abi.CPWL_LARS}


@dataclass
class DietLoss:
    """What a batch costs.

    Attributes
    ----------
    loss : float
        The reduced loss; for ``reduction="none"`` NaN.
    excess : float
        `loss` less `floor`: what training lowers. With smoothing the loss itself looks flat.
    floor : float
        The least that the loss can be: the entropy of the targets.
    row_loss, lse, confidence : float64 array (B,)
        Loss (0 where ignored), log of the sum of exponentials, and largest probability of each row.
    best : int64 array (B,)
        Class of the largest score.
    entropy : float64 array (B,) or None
        Of the probabilities, if asked for.
    n_valid, n_correct, n_nonfinite : int
        Rows that are not ignored; of these, rows whose best class is theirs, and rows whose loss is no number.
    d_features, d_head, d_bias : array or None
        Gradients, if asked for: of the shapes of what they belong to, torch tensors when the features are.
    d_scale : float
        Derivative of the reduced loss by `scale`; NaN if no gradient was asked for.
    """

    loss: float
    excess: float
    floor: float
    row_loss: np.ndarray
    lse: np.ndarray
    confidence: np.ndarray
    best: np.ndarray
    entropy: np.ndarray | None
    n_valid: int
    n_correct: int
    n_nonfinite: int
    d_scale: float
    d_features: Any = None
    d_head: Any = None
    d_bias: Any = None

    @property
    def accuracy(self) -> float:
        """Share of the rows whose best class is theirs: the accuracy of the index task."""
        return self.n_correct / self.n_valid if self.n_valid else float("nan")


class _Problem:
    """The structures of a call, and what they point to."""

    def __init__(self, features: Any, head: Any, index: Any, shares: Any, weights: Any, bias: Any) -> None:
        self.features = _tensor.borrow(features, "features")
        self.head = None if head is None else _tensor.borrow(head, "head")
        self.bias = None if bias is None else _tensor.borrow(bias, "bias")
        labels = _tensor.borrow(np.asarray(index, np.int64) if _plain(index) else index, "index")
        parts = {
            "features": self.features,
            "head": self.head,
            "bias": self.bias,
            "labels": labels,
            "shares": None if shares is None else _tensor.borrow(shares, "shares"),
            "weights": None if weights is None else _tensor.borrow(weights, "weights"),
        }
        self._parts = parts
        pointers = {k: ctypes.pointer(v._struct) for k, v in parts.items() if v is not None}
        self.struct = sized(_abi.DietProblem, **pointers)
        every = [t for t in (self.features, self.head, self.bias) if t is not None]
        self.dtype = np.dtype("float64" if any(t.dtype == "float64" for t in every) else "float32")

    def new(self, shape: tuple[int, ...], double: bool = False) -> np.ndarray:
        return np.zeros(shape, np.float64 if double else self.dtype)


def _plain(value: Any) -> bool:
    """Whether it is a list or the like, which numpy would otherwise take for floats."""
    return not hasattr(value, "__dlpack__") and not hasattr(value, "dtype")


def _options(
    smoothing: float, scale: float, norm: str | None, ignore_index: int, reduction: str, workspace: int, strip: int,
    double: bool, entropy: bool,
) -> Any:  # fmt: skip
    if norm not in _NORMS:
        raise ValueError(f"norm is {norm!r}; expected None, 'features' or 'cosine'")
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"reduction is {reduction!r}; expected 'mean', 'sum' or 'none'")
    flags = _abi.CPWL_DIET_SMOOTHING | _abi.CPWL_DIET_SCALE | _abi.CPWL_DIET_IGNORE
    flags |= _abi.CPWL_DIET_DOUBLE * double | _abi.CPWL_DIET_ENTROPY * entropy
    return sized(
        _abi.DietOptions, smoothing=smoothing, scale=scale, norm=_NORMS[norm], ignore_index=ignore_index,
        reduction=_abi.CPWL_DIET_MEAN if reduction == "mean" else _abi.CPWL_DIET_SUM, workspace=workspace,
        strip=strip, flags=flags,
    )  # fmt: skip


def _array(handle: Handle, which: int) -> np.ndarray:
    tensor = _abi.Tensor()
    call(lib.cpwl_diet_result_array, None, handle, which, ctypes.byref(tensor))
    return _tensor.lend(handle, tensor)


def _result(handle: Handle, reduction: str, entropy: bool) -> DietLoss:
    s = sized(_abi.DietSummary)
    call(lib.cpwl_diet_result_info, None, handle, ctypes.byref(s))
    rows = [_array(handle, which) for which in range(_abi.CPWL_DIET_ROW_LOSS, _abi.CPWL_DIET_BEST + 1)]
    row_loss, lse, confidence, best = rows
    reduced = reduction != "none"
    nan = float("nan")
    return DietLoss(
        s.loss if reduced else nan, s.excess if reduced else nan, s.floor if reduced else nan, row_loss, lse,
        confidence, best, _array(handle, _abi.CPWL_DIET_ENTROPIES) if entropy and len(best) else None, s.n_valid,
        s.n_correct, s.n_nonfinite, s.d_scale,
    )  # fmt: skip


def _pointer(array: np.ndarray | None, name: str) -> Any:
    return None if array is None else _tensor.borrow(array, name)


def diet_loss(
    features: Any,
    head: Any,
    index: Any,
    smoothing: float = 0.8,
    *,
    shares: Any = None,
    weights: Any = None,
    bias: Any = None,
    norm: str | None = None,
    scale: float = 1.0,
    reduction: str = "mean",
    ignore_index: int = -100,
    gradients: bool = False,
    others: Any = None,
    workspace: int = 0,
    strip: int = 0,
    double: bool = False,
    entropy: bool = False,
    d_head: np.ndarray | None = None,
    context: Context | None = None,
    **options: Any,
) -> DietLoss:
    """Label-smoothed cross-entropy over the index of the datum, without the B x N scores.

    Parameters
    ----------
    features : array (B, K)
        f32, f64, f16 or bf16. A NaN stays in its row.
    head : array (N, K)
        A row for every datum; read in place if contiguous.
    index : int array (B,), or (B, m) with `shares`
        Which datum each row is. With `shares`, -1 is no class.
    smoothing : float
        eps in [0, 1]; 0.8 in the paper, 0.3 for continued pretraining.
    shares : array (B, m), optional
        What each class of a row counts for (MixUp, CutMix); rows add up to 1, repeated classes add up.
    weights : array (B,), optional
        Of the rows; for ``reduction="none"`` the upstream gradients of the row losses.
    bias : array (N,), optional
        Added to the scores; -inf masks a class.
    norm : {None, "features", "cosine"}
        What is divided by its length: nothing, the features, or the features and the rows of the head.
    scale : float
        What products are multiplied by.
    reduction : {"mean", "sum", "none"}
    ignore_index : int
        Rows with this index count for nothing.
    gradients : bool
        Also compute `d_features`, `d_head`, `d_bias` and `d_scale`.
    others : int array (S,), optional
        Approximate: these classes, drawn uniformly from those not in the batch, and the classes of the batch stand
        for all.
    workspace : int
        Bytes that may be used to keep the scores between the passes: with room for them a quarter of the work is saved.
    strip : int
        Classes that are worked on at a time; 0 = automatic.
    double : bool
        Compute in f64 whatever the inputs are.
    entropy : bool
        Also the entropy of every row's probabilities.
    d_head : array (N, K), optional
        Where to write the gradient of the head instead of a new array; implies `gradients`.
    context : Context, optional
        How the call runs; or give its options (`threads`, `memory_limit`, ...).

    Returns
    -------
    DietLoss

    Raises
    ------
    ArgumentError
        For an index out of range or shares that do not add up to 1 (the row is named), or a smoothing outside [0, 1].

    Examples
    --------
    >>> import numpy as np
    >>> found = diet_loss(np.zeros((2, 3)), np.zeros((10, 3)), [4, 7])
    >>> bool(np.isclose(found.loss, np.log(10)))
    True
    """
    problem = _Problem(features, head, index, shares, weights, bias)
    opts = _options(smoothing, scale, norm, ignore_index, reduction, workspace, strip, double, entropy)
    gradients = gradients or d_head is not None
    assert problem.head is not None
    df = dw = db = None
    if gradients:
        df = problem.new(problem.features.shape, double)
        dw = problem.new(problem.head.shape, double) if d_head is None else d_head
        db = None if problem.bias is None else problem.new(problem.bias.shape, double)
    outputs = [_pointer(x, name) for x, name in ((df, "d_features"), (dw, "d_head"), (db, "d_bias"))]
    ctx = _context.resolve(context, options)
    chosen = [] if others is None else [_tensor.borrow(np.ascontiguousarray(others, np.int64), "others")]
    function = lib.cpwl_diet_loss if others is None else lib.cpwl_diet_sampled
    handle = ctx._run(lambda: Handle(lib.cpwl_diet_result_free, function, ctx, problem.struct, opts, *chosen, *outputs))
    found = _result(handle, reduction, entropy)
    results = [None if x is None else _tensor.as_result(x, problem.features) for x in (df, dw, db)]
    found.d_features, found.d_head, found.d_bias = results
    if d_head is not None:
        found.d_head = d_head
    return found


def diet_shard_forward(
    features: Any, head: Any, index: Any, first: int, of: int, smoothing: float = 0.8, *, shares: Any = None,
    weights: Any = None, bias: Any = None, norm: str | None = None, scale: float = 1.0, reduction: str = "mean",
    ignore_index: int = -100, context: Context | None = None, **options: Any,
) -> np.ndarray:  # fmt: skip
    """The first pass over a head that holds classes `first`, ... of `of`: what other processes need, (B, 6) float64.

    Merge the partials of all shards, in the order of their classes, with :func:`diet_merge`. Other parameters as in
    :func:`diet_loss`; `index` counts all classes.
    """
    problem = _Problem(features, head, index, shares, weights, bias)
    opts = _options(smoothing, scale, norm, ignore_index, reduction, 0, 0, False, False)
    partials = np.empty((problem.features.shape[0], 6))
    ctx = _context.resolve(context, options)
    out = _tensor.borrow(partials, "partials")
    ctx._run(lambda: call(lib.cpwl_diet_shard_forward, ctx, problem.struct, opts, first, of, out))
    return partials


def diet_merge(partials: Any) -> np.ndarray:
    """The partials of all shards, (shards, B, 6) in the order of their classes, as those of the whole head, (B, 6)."""
    given = np.ascontiguousarray(partials, np.float64)
    merged = np.empty(given.shape[1:])
    call(lib.cpwl_diet_merge, None, _tensor.borrow(given, "partials"), _tensor.borrow(merged, "merged"))
    return merged


def diet_shard_backward(
    features: Any, head: Any, index: Any, first: int, of: int, partials: Any, smoothing: float = 0.8, *,
    shares: Any = None, weights: Any = None, bias: Any = None, norm: str | None = None, scale: float = 1.0,
    reduction: str = "mean", ignore_index: int = -100, context: Context | None = None, **options: Any,
) -> DietLoss:  # fmt: skip
    """The second pass over a shard, given the merged partials: the loss of the whole head, this shard's part of
    `d_features` and of `d_scale`, to be added to those of the others, and the gradients of its own rows.
    """
    problem = _Problem(features, head, index, shares, weights, bias)
    opts = _options(smoothing, scale, norm, ignore_index, reduction, 0, 0, False, False)
    assert problem.head is not None
    df, dw = problem.new(problem.features.shape), problem.new(problem.head.shape)
    db = None if problem.bias is None else problem.new(problem.bias.shape)
    outputs = [_pointer(x, name) for x, name in ((df, "d_features"), (dw, "d_head"), (db, "d_bias"))]
    ctx = _context.resolve(context, options)
    given = _tensor.borrow(np.ascontiguousarray(partials, np.float64), "partials")
    arguments = (ctx, problem.struct, opts, first, of, given, *outputs)
    handle = ctx._run(lambda: Handle(lib.cpwl_diet_result_free, lib.cpwl_diet_shard_backward, *arguments))
    found = _result(handle, reduction, False)
    found.d_features, found.d_head = (_tensor.as_result(x, problem.features) for x in (df, dw))
    found.d_bias = None if db is None else _tensor.as_result(db, problem.features)
    return found


def latent_r2(features: Any, latents: Any) -> float:
    """Share of the variance of known latents (B, m) that a linear map of the features (B, k) explains, of all latents:
    1 if the encoder has found them up to a linear map (arXiv 2410.21869). Use many more rows than k.
    """
    f, z = _tensor.to_float64(features, "features"), _tensor.to_float64(latents, "latents")
    if f.ndim != 2 or z.ndim != 2 or len(f) != len(z):
        raise ValueError(f"shapes are {f.shape} and {z.shape}; expected (B, k) and (B, m)")
    f, z = f - f.mean(0), z - z.mean(0)
    left = z - f @ np.linalg.lstsq(f, z, rcond=None)[0]
    return float(1 - (left**2).sum() / (z**2).sum())


class DietHead:
    """A head and its optimiser, updated while the gradient of the features is computed: the gradient of the head, as
    large as the data set, is never stored.

    Parameters
    ----------
    n, k : int
        Classes (data) and length of the features.
    smoothing : float
    optimizer : {"adamw", "sgd", "lars"}
    lr, weight_decay, momentum, betas, eps, trust : float
        Of the optimiser; `lr` and `smoothing` may be changed at any time.
    clip : float
        Scale the gradient down to this Frobenius norm if it is longer; 0 = never. Takes a pass of its own, as "lars"
        does.
    norm, scale
        As in :func:`diet_loss`.
    dtype : {"float32", "float64"}
    seed : int
        Of the initial rows: uniform in +-1/sqrt(k), as a linear layer of torch.

    Attributes
    ----------
    weight : array (n, k)
        Changed in place by :meth:`step`.
    state : list of arrays (n, k)
        What the optimiser remembers.
    steps : int

    Examples
    --------
    >>> import numpy as np
    >>> head = DietHead(100, 8, lr=0.01)
    >>> features = np.random.default_rng(0).normal(size=(16, 8)).astype(np.float32)
    >>> losses = [head.step(features, range(16)).excess for _ in range(50)]
    >>> losses[-1] < losses[0]
    True
    """

    def __init__(
        self, n: int, k: int, *, smoothing: float = 0.8, optimizer: str = "adamw", lr: float = 1e-3,
        weight_decay: float = 0.05, momentum: float = 0.9, betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8, trust: float = 1e-3, clip: float = 0.0, norm: str | None = None, scale: float = 1.0,
        dtype: str = "float32", seed: int = 0,
    ) -> None:  # fmt: skip
        if optimizer not in _OPTIMIZERS:
            raise ValueError(f"optimizer is {optimizer!r}; expected 'adamw', 'sgd' or 'lars'")
        if dtype not in ("float32", "float64"):
            raise ValueError(f"dtype is {dtype!r}; expected 'float32' or 'float64'")
        rng = np.random.default_rng(seed)
        kind: Any = np.dtype(dtype).type
        self.weight = (rng.random((n, k), kind) * 2 - 1) / kind(np.sqrt(k))
        self.state = [np.zeros((n, k), dtype) for _ in range(2 if optimizer == "adamw" else 1)]
        self.steps = 0
        self.smoothing, self.lr, self.weight_decay, self.clip = smoothing, lr, weight_decay, clip
        self.optimizer, self.momentum, self.betas, self.eps, self.trust = optimizer, momentum, betas, eps, trust
        self.norm, self.scale = norm, scale

    @classmethod
    def recipe(cls, name: str, n: int, k: int, *, batch: int = 256, **changes: Any) -> DietHead:
        """A head with published settings; `changes` are other arguments of the class.

        Parameters
        ----------
        name : {"diet", "diet-cp"}
            "diet": smoothing 0.8, AdamW at 0.001 `batch` / 256 with weight decay 0.05. Train the encoder likewise for
            1000 epochs: 10 of warm-up from a third of the rate, then a cosine to a thousandth. (From community code.)
            "diet-cp", continued pretraining (arXiv 2509.06990): features over their lengths, smoothing 0.3, AdamW at
            1e-4 with weight decay 0.05; batch 32, 150 epochs, the encoder frozen for the first 15, then its last two
            blocks trained, MixUp or CutMix.
        """
        recipes: dict[str, dict[str, Any]] = {
            "diet": {"smoothing": 0.8, "lr": 1e-3 * batch / 256, "weight_decay": 0.05},
            "diet-cp": {"smoothing": 0.3, "lr": 1e-4, "weight_decay": 0.05, "norm": "features"},
        }
        if name not in recipes:
            raise ValueError(f"name is {name!r}; expected 'diet' or 'diet-cp'")
        return cls(n, k, **{**recipes[name], **changes})

    def near_duplicates(self, threshold: float = 0.99) -> np.ndarray:
        """Pairs of rows whose cosine is above a threshold, (P, 2) with the smaller index first: data that the encoder
        cannot tell apart get equal rows. n^2 k flops.
        """
        unit = self.weight / np.maximum(np.linalg.norm(self.weight, axis=1, keepdims=True), 1e-12)
        found = []
        for start in range(0, len(unit), 1024):
            cosine = unit[start : start + 1024] @ unit[start:].T
            i, j = np.nonzero(np.triu(cosine > threshold, 1))
            found.append(np.stack([i, j], 1) + start)
        return np.concatenate(found) if found else np.empty((0, 2), np.int64)

    def __repr__(self) -> str:
        n, k = self.weight.shape
        return f"DietHead({n}, {k}, optimizer={self.optimizer!r}, steps={self.steps})"

    def loss(self, features: Any, index: Any, **options: Any) -> DietLoss:
        """The loss without a step; options as in :func:`diet_loss`."""
        return diet_loss(features, self.weight, index, self.smoothing, norm=self.norm, scale=self.scale, **options)

    def step(
        self,
        features: Any,
        index: Any,
        *,
        shares: Any = None,
        weights: Any = None,
        ignore_index: int = -100,
        context: Context | None = None,
        **options: Any,
    ) -> DietLoss:
        """Loss, gradient of the features, and a step of the optimiser on the head, in two passes.

        Returns
        -------
        DietLoss
            `d_features` is the gradient with the head as it was before the step; `d_head` is None.
        """
        problem = _Problem(features, None, index, shares, weights, None)
        opts = _options(self.smoothing, self.scale, self.norm, ignore_index, "mean", 0, 0, False, False)
        update = sized(
            _abi.DietUpdate, optimizer=_OPTIMIZERS[self.optimizer], rate=self.lr, weight_decay=self.weight_decay,
            clip=self.clip, momentum=self.momentum, trust=self.trust, beta1=self.betas[0], beta2=self.betas[1],
            eps=self.eps, step=self.steps + 1,
        )  # fmt: skip
        df = np.zeros(problem.features.shape, self.weight.dtype)
        states = [_tensor.borrow(s, "state") for s in self.state]
        first, second = states if len(states) == 2 else (states[0], None)
        ctx = _context.resolve(context, options)
        weight, out = _tensor.borrow(self.weight, "weight"), _tensor.borrow(df, "d_features")
        arguments = (ctx, problem.struct, opts, update, weight, first, second, out, None)
        handle = ctx._run(lambda: Handle(lib.cpwl_diet_result_free, lib.cpwl_diet_step, *arguments))
        self.steps += 1
        found = _result(handle, "mean", False)
        found.d_features = _tensor.as_result(df, problem.features)
        return found
