"""P_B(f|S) against P_OPT(f|S), a point per function (figure families 1 and 2 of Mingard et al., JMLR 2021)."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sgdbayes.figures.points import (
    LOG10,
    correlation_title,
    draw_points,
    error_colour_bar,
    error_shades,
    label_powers_of_ten,
    limits,
)
from sgdbayes.figures.style import add_caption, describe_experiments, hide_unused, label_outer, log_scale, panels

__all__ = ["draw_optimizers", "draw_scatter"]

_X, _Y = r"$P_{\mathrm{OPT}}(f|S)$", r"$P_B(f|S)$"
_POINTS = (
    "A point is a function on the domain E: across, its share of the networks with its 95 % Wilson interval; up, its "
    "probability under the posterior. Hollow, without their interval: found fewer than {min_count} times, not in the "
    "correlation r. Marks at the left edge: functions that no network found, though the posterior gives them as much "
    "as some that were. Left out: functions that too few posterior draws carry, and those too rare to be asked "
    "about. Dashed: equality. Brackets: 95 % bootstrap interval over networks; ceiling: the r that a perfect "
    "predictor could be expected to reach with this many networks."
)
_Range = tuple[float, float]


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
    for column, (size, table) in zip(axes.T, functions.items(), strict=True):
        log_scale(column[0], "x")
        across = []
        for panel, posterior in zip(column, posteriors, strict=True):
            x, y = _scatter(panel, table, posterior, size, min_count)
            across.append(x)
            panel.set_ylim(y)
            panel.set_title(f"|E| = {size}\n{correlation_title(comparison, posterior, size)}")
        column[0].set_xlim(_union(across))
    label_outer(axes, _X, _Y, posteriors=posteriors)
    error_colour_bar(figure, axes)
    about = describe_experiments({experiment: next(iter(functions.values()))}, {experiment: training}, task)
    add_caption(figure, f"{about} {_POINTS.format(min_count=min_count)}")
    return figure


def draw_optimizers(
    functions: Mapping[str, pd.DataFrame],
    comparison: pd.DataFrame,
    *,
    size: int,
    min_count: int,
    **about: Mapping[str, Any],
) -> Figure:
    """The experiments on one model side by side at one domain size, up to four in a row, posterior after posterior.

    ``functions``: table of functions by experiment; ``comparison``: their rows of comparison.csv; ``about``: training
    by experiment and task, for the caption.
    """
    comparison = comparison[comparison["domain_size"] == size]
    posteriors = list(dict.fromkeys(comparison["posterior"]))
    columns = min(4, len(functions))
    rows = []
    for posterior in posteriors:
        shown = [name for name, table in functions.items() if f"log_p_{posterior}" in table]
        rows += [(posterior, shown[start : start + columns]) for start in range(0, len(shown), columns)]
    figure, axes = panels(len(rows), columns, sharex=True, sharey="row")
    # Once for all panels: each that shares an axis would set it for all others.
    log_scale(axes[0, 0], "x")
    across: list[_Range] = []
    ranges: dict[str, list[_Range]] = {posterior: [] for posterior in posteriors}
    for row, (posterior, shown) in zip(axes, rows, strict=True):
        for panel, name in zip(row, shown, strict=False):
            x, y = _scatter(panel, functions[name], posterior, size, min_count)
            across.append(x)
            ranges[posterior].append(y)
            title = correlation_title(comparison[comparison["experiment"] == name], posterior, size)
            panel.set_title(f"{name}\n{title}")
        hide_unused(row, len(shown))
    label_outer(axes, _X, _Y, posteriors=[posterior for posterior, _ in rows])
    for row, (posterior, _) in zip(axes, rows, strict=True):
        row[0].set_ylim(_union(ranges[posterior]))
    axes[0, 0].set_xlim(_union(across))
    error_colour_bar(figure, axes)
    described = describe_experiments(functions, **about)
    add_caption(figure, f"|E| = {size}. {described} {_POINTS.format(min_count=min_count)}")
    return figure


def _union(ranges: Sequence[_Range]) -> _Range:
    return min(low for low, _ in ranges), max(high for _, high in ranges)


def _scatter(panel: Axes, table: pd.DataFrame, posterior: str, size: int, min_count: int) -> tuple[_Range, _Range]:
    """Draw the functions of ``table``; the ranges of frequencies and of log10 probabilities that hold them all."""
    log10_p = table[f"log_p_{posterior}"] / LOG10
    # Where a probability is unknown there is no point; the caption says so.
    table, log10_p = table[log10_p.notna()], log10_p[log10_p.notna()]
    found = table["count"] > 0
    if not found.any():
        panel.text(0.5, 0.5, "none of these functions\nis resolved", ha="center", transform=panel.transAxes)
        return (0.1, 1.0), (-1.0, 0.0)
    # Of the functions that no network found, those that this posterior thinks no less likely than some that were.
    unseen = ~found & (log10_p >= log10_p[found].min())
    table, p, found, unseen = table[found | unseen], *(values[found | unseen] for values in (log10_p, found, unseen))
    frequency = table["frequency"]
    shade = error_shades(table["test_errors"], size)
    reach = np.abs(table[["frequency_low", "frequency_high"]].to_numpy().T - frequency.to_numpy())
    often = (table["count"] >= min_count).to_numpy()[found]
    # Limits are the callers'; looked for here, they would be in all panels that share an axis.
    panel.autoscale(enable=False)
    points = {"x_reach": reach[:, found], "y_reach": None, "shades": shade[found], "solid": often}
    draw_points(panel, frequency[found].to_numpy(), p[found].to_numpy(), **points)
    label_powers_of_ten(panel.yaxis)
    panel.plot([1e-12, 1], [-12, 0], color="0.3", linestyle="--", linewidth=0.8, zorder=0)
    edge = panel.get_yaxis_transform()
    panel.scatter(np.zeros(unseen.sum()), p[unseen], marker=4, s=18, c=shade[unseen], transform=edge, zorder=2)
    # A decade at least each way: then there is a power of ten to be labelled.
    highest = min(1.5, 1.5 * table["frequency_high"][found].max())
    return (min(table["frequency_low"][found].min() / 1.5, highest / 10), highest), limits(p.to_numpy())
