"""Pictures of spectra, and of ranks over training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import errors, rank

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def _axes(ax: Axes | None) -> Axes:
    if ax is not None:
        return ax
    from matplotlib import pyplot

    return pyplot.subplots(figsize=(6, 4.5), layout="constrained")[1]


def spectrum(s: rank.Spectrum, ax: Axes | None, fit: tuple[int, int] | None, options: dict[str, Any]) -> Axes:
    """See :meth:`cpwl.Spectrum.plot`."""
    ax = _axes(ax)
    ratios, ranks = s.variance_ratios, np.arange(1, len(s) + 1)
    shown = ratios > 0
    defaults = {"label": f"effective rank {s.effective_rank(center=s.centered):.4g} of {len(s)}"}
    [curve] = ax.loglog(ranks[shown], ratios[shown], **{**defaults, **options})
    if fit is not None:
        start, end = fit[0], min(fit[1], int(shown.sum()))
        try:
            law = s.alpha_req(start, end)
        except errors.ArgumentError:  # too few values for a power law
            law = None
        if law is not None:
            t = np.array([start, end])
            label = rf"$\alpha$ = {law.alpha:.3g}, $R^2$ = {law.r2:.3f}"
            ax.loglog(t, np.exp(law.intercept) * t**-law.alpha, "--", color="black", linewidth=1.2, label=label)
    ax.set(xlabel="rank", ylabel="share of the variance" if s.centered else "share of the second moments")
    ax.legend(handles=[h for h in ax.get_lines() if not str(h.get_label()).startswith("_")])
    curve.set_zorder(1)
    return ax


def ranks_over_training(
    steps: Any,
    ranks: Any,
    ax: Axes | None = None,
    *,
    n_rows: int | None = None,
    n_columns: int | None = None,
    **options: Any,
) -> Axes:
    """Draws an effective rank against the step of training.

    Parameters
    ----------
    steps, ranks : (n,) array
    ax : matplotlib axes, optional
    n_rows, n_columns : int, optional
        Samples and features behind each rank: what full rank looks like at that sample size becomes a dashed line.
    **options
        Passed on to ``ax.plot``.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = _axes(ax)
    ax.plot(steps, ranks, **{"label": "RankMe", "marker": "o" if len(ranks) < 40 else None, "markersize": 3, **options})
    if n_rows and n_columns:
        full = rank.expected_rank(n_rows, n_columns)
        ax.axhline(full, color="black", linestyle="--", linewidth=1, label=f"full rank at {n_rows} samples: {full:.4g}")
    ax.set(xlabel="step", ylabel="effective rank")
    ax.set_ylim(bottom=0)
    ax.legend()
    return ax
