"""P_B(f|S) against P_OPT(f|S), a point per function (figure families 1 and 2 of Mingard et al., JMLR 2021)."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure

from sgdbayes.figures.style import (
    POSTERIOR_LABELS,
    add_caption,
    describe_task,
    describe_trainings,
    hide_unused,
    label_outer,
    panels,
)

__all__ = ["draw_optimizers", "draw_scatter"]

_X, _Y = r"$P_{\mathrm{OPT}}(f|S)$", r"$P_B(f|S)$"
_POINTS = (
    "A point is a function on the domain E: across, its share of the networks with its 95 % Wilson interval; up, its "
    "probability under the posterior. Hollow: found fewer than {min_count} times, not in the correlation r. Marks at the "
    "left edge: functions that no network found, though the posterior favours them as much. Dashed: equality. Brackets: "
    "95 % bootstrap interval over networks; ceiling: the r that a perfect predictor could be expected to reach with this "
    "many networks."
)


def draw_scatter(
    functions: Mapping[int, pd.DataFrame],
    comparison: pd.DataFrame,
    *,
    experiment: str,
    training: Mapping[str, Any],
    task: Mapping[str, Any],
    min_count: int,
) -> Figure:
    """One experiment: a row of panels per posterior, a column per domain size.

    ``functions``: the table of functions by domain size; ``comparison``: the experiment's rows of comparison.csv.
    """
    posteriors = list(dict.fromkeys(comparison["posterior"]))
    figure, axes = panels(len(posteriors), len(functions), sharex="col")
    points = None
    for row, posterior in zip(axes, posteriors, strict=True):
        for panel, (size, table) in zip(row, functions.items(), strict=True):
            points = _scatter(panel, table, posterior, size, min_count)
            _annotate(panel, comparison, posterior, size)
            panel.set_title(f"{POSTERIOR_LABELS.get(posterior, posterior)}, |E| = {size}")
    label_outer(axes, _X, _Y)
    _colour_bar(figure, axes, points)
    networks = int(comparison["networks"].iloc[0])
    about = f"{describe_trainings({experiment: training}, {experiment: networks})} {describe_task(task)} "
    add_caption(figure, about + _POINTS.format(min_count=min_count))
    return figure


def draw_optimizers(
    functions: Mapping[str, pd.DataFrame],
    comparison: pd.DataFrame,
    *,
    size: int,
    training: Mapping[str, Mapping[str, Any]],
    task: Mapping[str, Any],
    min_count: int,
) -> Figure:
    """The experiments on one model side by side at one domain size: a row of panels per posterior, up to four in a row.

    ``functions`` and ``training``: by experiment; ``comparison``: their rows of comparison.csv.
    """
    comparison = comparison[comparison["domain_size"] == size]
    posteriors = list(dict.fromkeys(comparison["posterior"]))
    shown = [
        (posterior, name)
        for posterior in posteriors
        for name, table in functions.items()
        if f"log_p_{posterior}" in table
    ]
    columns = min(4, len(functions))
    figure, axes = panels(-(-len(shown) // columns), columns, sharex=True, sharey=True)
    points = None
    for panel, (posterior, name) in zip(axes.flat, shown, strict=False):
        points = _scatter(panel, functions[name], posterior, size, min_count)
        _annotate(panel, comparison[comparison["experiment"] == name], posterior, size)
        panel.set_title(f"{name}\n{POSTERIOR_LABELS.get(posterior, posterior)}")
    hide_unused(axes.flat, len(shown))
    label_outer(axes, _X, _Y)
    _colour_bar(figure, axes, points)
    networks = dict(zip(comparison["experiment"], comparison["networks"], strict=True))
    about = describe_trainings(training, {name: int(networks[name]) for name in functions})
    add_caption(figure, f"|E| = {size}. {about} {describe_task(task)} " + _POINTS.format(min_count=min_count))
    return figure


def _scatter(panel: Axes, table: pd.DataFrame, posterior: str, size: int, min_count: int) -> PathCollection:
    found, unseen = table[table["count"] > 0], table[table["count"] == 0]
    log10_p = found[f"log_p_{posterior}"].to_numpy() / np.log(10)
    frequency = found["frequency"].to_numpy()
    reach = np.abs(found[["frequency_low", "frequency_high"]].to_numpy().T - frequency)
    panel.errorbar(frequency, 10**log10_p, xerr=reach, fmt="none", ecolor="0.75", elinewidth=0.6, zorder=1)
    colours = plt.cm.ScalarMappable(plt.Normalize(0, 0.3), "viridis")
    shade = colours.to_rgba(found["test_errors"] / size)
    enough = (found["count"] >= min_count).to_numpy()
    panel.scatter(
        frequency[~enough],
        10 ** log10_p[~enough],
        s=9,
        facecolors="none",
        edgecolors=shade[~enough],
        linewidths=0.7,
        zorder=2,
    )
    panel.scatter(
        frequency[enough], 10 ** log10_p[enough], s=16, c=shade[enough], edgecolors="k", linewidths=0.3, zorder=3
    )
    panel.set(xscale="log", yscale="log")
    panel.axline((1e-3, 1e-3), (1e-1, 1e-1), color="0.3", linestyle="--", linewidth=0.8, zorder=0)
    # Of the functions that no network found, those that this posterior thinks no less likely than some that were found.
    p_found, p_unseen = np.exp(found[f"log_p_{posterior}"]), np.exp(unseen[f"log_p_{posterior}"])
    unseen, p_unseen = unseen[p_unseen >= p_found.min()], p_unseen[p_unseen >= p_found.min()]
    decades = np.log10(max(p_found.max(), p_unseen.max(initial=0)) / p_found.min()) + 1
    panel.set_ylim(p_found.min() * 10 ** (-0.06 * decades), p_found.min() * 10 ** (1.3 * decades))
    panel.scatter(
        np.zeros(len(unseen)),
        p_unseen,
        marker=4,
        s=18,
        c=colours.to_rgba(unseen["test_errors"] / size),
        transform=panel.get_yaxis_transform(),
        zorder=2,
    )
    return colours


def _annotate(panel: Axes, comparison: pd.DataFrame, posterior: str, size: int) -> None:
    row = comparison[(comparison["posterior"] == posterior) & (comparison["domain_size"] == size)].iloc[0]
    if np.isfinite(row["pearson"]):
        text = f"r = {row['pearson']:.2f} [{row['pearson_low']:.2f}, {row['pearson_high']:.2f}]\n"
        text += f"ceiling {row['noise_ceiling']:.2f}" if np.isfinite(row["noise_ceiling"]) else "ceiling unknown"
        text += f", {row['compared']} functions"
    else:
        text = f"{row['compared']} functions found often\nenough: no correlation"
    panel.text(
        0.04, 0.97, text, transform=panel.transAxes, va="top", fontsize=6.5, bbox={"color": "w", "alpha": 0.7, "pad": 1}
    )


def _colour_bar(figure: Figure, axes: Sequence[Axes], points: PathCollection) -> None:
    figure.colorbar(points, ax=axes, label="share of E labelled wrongly", extend="max", shrink=0.8, pad=0.01)
