"""Pictures of factor analyses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ._factor_report import FactorReport
    from .factors import Spillover


def _axes(ax: Axes | None, size: tuple[float, float]) -> Axes:
    if ax is not None:
        return ax
    from matplotlib import pyplot

    return pyplot.subplots(figsize=size, layout="constrained")[1]


def bars(report: FactorReport, ax: Axes | None, options: dict[str, Any]) -> Axes:
    """Error ratios with intervals, a line at 1."""
    m, f = report.error_ratio.shape
    ax = _axes(ax, (1.5 + 0.45 * f, 4))
    width = 0.8 / max(1, m)
    for k, model in enumerate(report.models):
        ratio = report.error_ratio[k]
        reach = np.nan_to_num(np.abs(np.stack([report.low[k], report.high[k]]) - ratio))
        at = np.arange(f) - 0.4 + (k + 0.5) * width
        how = {"label": model, "width": width, "capsize": 2, **options}
        ax.bar(at, np.nan_to_num(ratio), yerr=reach, **how)
    ax.axhline(1, color="black", linewidth=0.8)
    ax.set_xticks(range(f), report.names, rotation=45, ha="right")
    ax.set_ylabel("error ratio")
    if m > 1:
        ax.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    return ax


def heatmap(report: FactorReport, ax: Axes | None, options: dict[str, Any]) -> Axes:
    """Error ratios of models and factors, white at 1."""
    m, f = report.error_ratio.shape
    ax = _axes(ax, (2 + 0.45 * f, 1.5 + 0.25 * min(m, 40)))
    reach = float(np.nanmax(np.abs(np.log(np.clip(report.error_ratio, 1 / 4, 4))), initial=0.1))
    shown = np.log(np.clip(report.error_ratio, 1e-3, None))
    how = {"cmap": "RdBu_r", "vmin": -reach, "vmax": reach, "aspect": "auto", **options}
    image = ax.imshow(shown, **how)
    bar = ax.figure.colorbar(image, ax=ax, label="error ratio")
    ticks = np.linspace(-reach, reach, 5)
    bar.set_ticks(list(ticks), labels=[f"{np.exp(t):.2f}" for t in ticks])
    ax.set_xticks(range(f), report.names, rotation=45, ha="right")
    if m <= 40:
        ax.set_yticks(range(m), report.models)
    else:
        ax.set_ylabel("model")
    return ax


def accuracy(report: FactorReport, ax: Axes | None, options: dict[str, Any]) -> Axes:
    """Accuracy on each factor against that over all images."""
    ax = _axes(ax, (5, 5))
    for f, name in enumerate(report.names):
        ax.plot(report.average, report.accuracy[:, f], **{"marker": "o", "linestyle": "none", "label": name, **options})
    ax.axline((0.5, 0.5), slope=1, color="black", linewidth=0.8)
    ax.set(xlabel="accuracy", ylabel="accuracy on the factor")
    ax.legend(fontsize="small")
    return ax


def arrows(s: Spillover, ax: Axes | None, names: Sequence[str] | None, level: float) -> Axes:
    """See :meth:`cpwl.Spillover.plot`."""
    f = len(s.t)
    ax = _axes(ax, (6, 1 + 0.3 * f))
    for k in range(f):
        if np.isnan(s.weakest[k]) or np.isnan(s.strongest[k]):
            continue
        sure = bool(s.q[k] <= level)
        color = "crimson" if s.strongest[k] > s.weakest[k] else "seagreen"
        style = {"arrowstyle": "-|>", "color": color, "alpha": 1.0 if sure else 0.3, "linewidth": 1.8}
        ax.annotate("", (s.strongest[k], k), (s.weakest[k], k), arrowprops=style)
        ax.plot(s.weakest[k], k, "o", color=color, alpha=style["alpha"], markersize=4)
    ax.axvline(1, color="black", linewidth=0.8)
    ends = np.concatenate([s.weakest, s.strongest, [1.0]])
    low, high = float(np.nanmin(ends)), float(np.nanmax(ends))
    margin = 0.05 * (high - low) + 0.01
    ax.set(xlim=(low - margin, high + margin), ylim=(f - 0.5, -0.5), xlabel="error ratio, weakest to strongest")
    ax.set_yticks(range(f), names or [f"factor {k}" for k in range(f)])
    return ax
