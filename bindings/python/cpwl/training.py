"""A picture of training: the regions of a network at each step, beside curves of what changes."""

from __future__ import annotations

import io
import os
import pathlib
from typing import TYPE_CHECKING, Any

from .domains import Domain, Slice
from .network import Network
from .regions import Partition

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["TrainingView"]


class TrainingView:
    """Two panels to call during training: the regions with the decision boundary, and curves against the step.

    >>> view = cpwl.TrainingView(cpwl.Box([-1, -1], [1, 1]))             # doctest: +SKIP
    >>> for step, batch in enumerate(batches):                           # doctest: +SKIP
    ...     loss = train_on(batch)
    ...     if step % 100 == 0:
    ...         view.update(module, step, loss=loss)
    >>> view.save("training.gif")                                        # doctest: +SKIP

    Parameters
    ----------
    domain : Box, Polygon or Slice
        Where to look at the network.
    color : str
        What the colour of a region says, see :meth:`cpwl.Partition.plot`.
    frames : path, optional
        Folder to which each update also writes its picture, as ``000000.png``, ``000001.png``, ...
    xscale : {"linear", "symlog"}
        Scale of the step.
    points : (n, 2) array, optional
        Marked on the regions, in the (u, v) of the domain: the training data, for instance.
    dpi : int
        Resolution of the frames.
    **options
        Passed on to :meth:`cpwl.Network.partition`.

    Attributes
    ----------
    steps : list
    history : dict of str to list
        ``"regions"`` and whatever was given to :meth:`update`, a number per step.
    partition : Partition
        The latest.

    References
    ----------
    A. I. Humayun et al.: SplineCam, CVPR 2023, arXiv:2302.12828; Deep Networks Always Grok and Here is Why,
    ICML 2024, arXiv:2402.15555.
    """

    partition: Partition

    def __init__(
        self,
        domain: Domain,
        *,
        color: str = "slope",
        frames: str | os.PathLike[str] | None = None,
        xscale: str = "linear",
        points: Any = None,
        dpi: int = 100,
        **options: Any,
    ) -> None:
        self.domain, self.color, self.xscale, self.points, self.dpi = domain, color, xscale, points, dpi
        self.steps: list[float] = []
        self.history: dict[str, list[float]] = {}
        self._options = options
        self._pictures: list[bytes] = []
        self._figure: Any = None
        self._folder = pathlib.Path(frames) if frames is not None else None
        if self._folder:
            self._folder.mkdir(parents=True, exist_ok=True)

    def update(self, net: Any, step: float, **measures: float) -> Figure:
        """Computes the regions of `net` as it is now, draws both panels and keeps the picture as a frame.

        Parameters
        ----------
        net : Network or torch.nn.Module
            A module is read in evaluation mode and put back into the mode that it was in.
        step : float
        **measures
            Numbers to draw against the step, e.g. ``loss=0.1``; the same names in each call.

        Returns
        -------
        matplotlib figure
            The same one each time.

        Raises
        ------
        ValueError
            If `measures` has other names than in the first call.
        """
        names = {"regions", *measures}
        if self.history and names != set(self.history):
            raise ValueError(f"measures are {sorted(measures)}; expected {sorted(set(self.history) - {'regions'})}")
        self.partition = self._network(net).partition(self.domain, **self._options)
        self.steps.append(step)
        for name, value in {"regions": self.partition.n_regions, **measures}.items():
            self.history.setdefault(name, []).append(float(value))
        self._draw()
        buffer = io.BytesIO()
        self.figure.savefig(buffer, format="png", dpi=self.dpi)
        if self._folder:
            (self._folder / f"{len(self._pictures):06d}.png").write_bytes(buffer.getvalue())
        self._pictures.append(buffer.getvalue())
        return self.figure

    @property
    def figure(self) -> Figure:
        """The matplotlib figure with both panels, as of the latest update."""
        if self._figure is None:
            from matplotlib.figure import Figure

            self._figure = Figure(figsize=(12, 5.4), layout="constrained")
        return self._figure

    def save(self, path: str | os.PathLike[str], fps: int = 5) -> None:
        """Writes all frames as a film: ``.gif`` by Pillow, ``.mp4`` and others by ffmpeg, which must be installed.

        Raises
        ------
        ValueError
            If there was no update, or if the file needs ffmpeg and there is none.
        """
        from matplotlib import image
        from matplotlib.animation import writers
        from matplotlib.figure import Figure

        if not self._pictures:
            raise ValueError("there are no frames; call update first")
        writer = "pillow" if os.fspath(path).lower().endswith((".gif", ".webp", ".png", ".apng")) else "ffmpeg"
        if not writers.is_available(writer):
            raise ValueError(f"{os.fspath(path)} needs {writer}, which was not found; a .gif needs only Pillow")
        frames = [image.imread(io.BytesIO(picture)) for picture in self._pictures]
        height, width = frames[0].shape[:2]
        film = Figure(figsize=(width / self.dpi, height / self.dpi), dpi=self.dpi)
        axes = film.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        shown = axes.imshow(frames[0], aspect="auto", interpolation="none")
        recorder = writers[writer](fps=fps)
        with recorder.saving(film, os.fspath(path), self.dpi):
            for frame in frames:
                shown.set_data(frame)
                recorder.grab_frame()

    def _network(self, net: Any) -> Network:
        if isinstance(net, Network):
            return net
        shape = self.domain.origin.shape if isinstance(self.domain, Slice) else (2,)
        training = net.training
        try:
            return Network.from_torch(net.eval(), shape)
        finally:
            net.train(training)

    def _draw(self) -> None:
        self.figure.clear()
        left, right = self.figure.subplots(1, 2, width_ratios=(1.2, 1))
        self.partition.plot(left, color=self.color, colorbar=self.color != "class")
        if self.points is not None:
            left.scatter(*zip(*self.points), s=6, color="black", linewidths=0, zorder=3)
        left.set_title(f"step {self.steps[-1]:g}: {self.partition.n_regions} regions")
        right.set(xlabel="step", xscale=self.xscale)
        right.grid(color="0.9")
        axes, handles = right, []
        for i, (name, numbers) in enumerate(self.history.items()):
            if i:  # an axis for each curve: they have nothing in common but the step
                axes = right.twinx()
                axes.spines["right"].set_position(("axes", 1 + 0.14 * (i - 1)))
            color = f"C{i}"
            handles += axes.plot(self.steps, numbers, ".-", color=color, label=name, markersize=5, linewidth=1.5)
            axes.set_ylabel(name, color=color)
            axes.tick_params(axis="y", colors=color)
            axes.margins(y=0.1)
        right.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, 1.1), ncols=4, frameon=False)
