"""Effective rank in torch: a differentiable value, a loss, and a callback that watches training."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.autograd.function import once_differentiable

from . import rank
from .moments import Queue

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class _EffectiveRank(torch.autograd.Function):
    """The value, with its gradient beside it."""

    @staticmethod
    def forward(ctx: Any, z: torch.Tensor, options: dict[str, Any]) -> torch.Tensor:
        wide = torch.float64 if z.dtype == torch.float64 else torch.float32
        rows = z.detach().cpu()
        if ctx.needs_input_grad[0]:
            value, gradient = rank.rank_gradient(rows, **options)
            ctx.save_for_backward(gradient.to(z))
        else:
            options = {k: v for k, v in options.items() if k != "tolerance"}
            of = options.pop("of", "rank")
            center = options.get("center")
            centered = options.get("preset") == "reptrix" if center is None else center
            spectrum = rank.spectrum(rows, center=centered)
            value = (spectrum.entropy if of == "entropy" else spectrum.effective_rank)(**options)
        return torch.tensor(value, dtype=wide, device=z.device)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, scale: torch.Tensor) -> tuple[torch.Tensor, None]:
        (gradient,) = ctx.saved_tensors
        return gradient * scale.to(gradient), None


def effective_rank(z: torch.Tensor, preset: str = "roy_vetterli", *, of: str = "rank", **options: Any) -> torch.Tensor:
    """Effective rank of rows, or its entropy, with a gradient.

    Repeated and zero singular values are harmless, where the gradient of ``torch.linalg.svdvals`` is NaN or infinite.
    Computed on the CPU in double precision, whatever the type and the device of the rows.

    Parameters
    ----------
    z : (N, K) tensor
        float16, bfloat16, float32 or float64.
    preset : str
    of : {"rank", "entropy"}
    **options
        Conventions, and `tolerance`, as in :func:`cpwl.rank_gradient`.

    Returns
    -------
    torch.Tensor
        A scalar, float64 for float64 rows, otherwise float32. Differentiable once.
    """
    return _EffectiveRank.apply(z, {"preset": preset, "of": of, **options})


def rankme_loss(z: torch.Tensor, preset: str = "paper", **options: Any) -> torch.Tensor:
    """Minus the entropy of RankMe: a regulariser that is small for embeddings of high rank. Minimal, ``-log(min(N,
    K))``, where all directions matter alike.

    Parameters
    ----------
    z : (N, K) tensor
        Embeddings of a batch.
    preset, **options
        See :func:`effective_rank`.
    """
    return -effective_rank(z, preset, of="entropy", **options)


class RankMeCallback:
    """Watches RankMe of the outputs of a module over the last rows that it has seen in training.

    A forward hook takes the outputs in. Call :meth:`measure` when it pleases, or give the object to the ``callbacks``
    of a Lightning ``Trainer``: it has the hooks of a Lightning callback, and attaches, measures every `every`
    batches, logs and detaches there by itself. Lightning is not needed otherwise.

    >>> callback = RankMeCallback(lambda model: model.projector)         # doctest: +SKIP
    >>> trainer = lightning.Trainer(callbacks=[callback])                # doctest: +SKIP

    Parameters
    ----------
    target : callable
        Gives the module to watch, whose outputs are (..., K), of the model; or that module itself.
    rows : int
        How many of the last rows count; the paper takes 25,600.
    every : int
        Batches between two measurements.
    preset : str
        Convention, see :func:`cpwl.effective_rank`.
    name : str
        Name under which Lightning logs it.

    Attributes
    ----------
    steps, ranks : list
        What was measured, and at which batch.
    """

    def __init__(
        self,
        target: nn.Module | Callable[[Any], nn.Module],
        *,
        rows: int = 25_600,
        every: int = 100,
        preset: str = "paper",
        name: str = "rankme",
    ) -> None:
        self.target, self.rows, self.every, self.preset, self.name = target, rows, every, preset, name
        self.steps: list[int] = []
        self.ranks: list[float] = []
        self.queue: Queue | None = None
        self._hook: Any = None

    def attach(self, model: Any = None) -> RankMeCallback:
        """Begins to watch; `model` is what `target` is called with unless that is a module."""
        self.detach()
        watched = self.target if isinstance(self.target, nn.Module) else self.target(model)
        self._hook = watched.register_forward_hook(self._take)
        return self

    def detach(self) -> None:
        """Stops watching; what was seen stays."""
        if self._hook is not None:
            self._hook.remove()
        self._hook = None

    def _take(self, module: nn.Module, inputs: Any, output: torch.Tensor) -> None:
        if not module.training:
            return
        rows = output.detach().reshape(-1, output.shape[-1]).cpu()
        if self.queue is None:
            dtype = "float64" if rows.dtype == torch.float64 else "float32"
            self.queue = Queue(self.rows, rows.shape[1], dtype)
        self.queue.push(rows)

    def measure(self, step: int) -> float:
        """RankMe of the last rows, which is kept as that of batch `step`.

        Raises
        ------
        RuntimeError
            Nothing was seen yet.
        """
        if self.queue is None:
            raise RuntimeError("no outputs were seen yet; attach the callback, and let the module run in training mode")
        value = self.queue.effective_rank(self.preset)
        self.steps.append(step)
        self.ranks.append(value)
        return value

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draws what was measured against the step, see :func:`cpwl.ranks_over_training`."""
        from ._rank_plot import ranks_over_training

        shape = {} if self.queue is None else {"n_rows": len(self.queue), "n_columns": self.queue.n_columns}
        return ranks_over_training(self.steps, self.ranks, ax, **{**shape, **options})

    # What Lightning calls.

    @property
    def state_key(self) -> str:
        """Under which Lightning keeps the state of this object in checkpoints."""
        return f"RankMeCallback{{'name': {self.name!r}}}"

    @property
    def _legacy_state_key(self) -> type:
        return type(self)

    def state_dict(self) -> dict[str, Any]:
        """What was measured; the rows are not part of it."""
        return {"steps": list(self.steps), "ranks": list(self.ranks)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on where :meth:`state_dict` was asked for."""
        self.steps, self.ranks = list(state["steps"]), list(state["ranks"])

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Attaches."""
        self.attach(pl_module)

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Measures and logs, every so many batches."""
        step = trainer.global_step
        if self.queue is not None and step % self.every == 0 and (not self.steps or self.steps[-1] != step):
            pl_module.log(self.name, self.measure(step))

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """Detaches."""
        self.detach()

    def __getattr__(self, name: str) -> Callable[..., None]:
        # The other hooks of a Lightning callback, of which every version has some more.
        if name.startswith("on_") or name in ("setup", "teardown"):
            return _nothing
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")


def _nothing(*_: Any, **__: Any) -> None:
    """A hook that does nothing."""
