"""Probability against complexity (figure family 6 of Mingard et al., JMLR 2021)."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure

from sgdbayes.figures.columns import check_columns, check_functions
from sgdbayes.figures.points import (
    draw_points,
    error_colour_bar,
    error_colours,
    label_powers_of_ten,
    limits,
    log10_frequencies,
    log10_probabilities,
)
from sgdbayes.figures.style import add_caption, describe_networks, label_outer, panels, panels_in_rows
from sgdbayes.posterior.kinds import posterior_kind

__all__ = ["draw_complexity"]

_X = {"lempel_ziv": "Lempel-Ziv complexity (bits)", "critical_sample_ratio": "critical sample ratio"}
_MEASURES = {
    "lempel_ziv": "Complexity: of the labels of all inputs in the order of the data set, {inputs} bits.",
    "critical_sample_ratio": "Complexity: share of {points} test points with another label found within {radius} in "
    "every coordinate, a lower bound, mean of up to {networks} networks of each function trained again (bars: their "
    "range), for the {frequent} most frequent functions and {sampled} of the others drawn at random on each domain; "
    "pairs of function and network left out because the network did not label E as before: {left_out}.",
}


def draw_complexity(
    functions: Mapping[int, pd.DataFrame],
    complexity: pd.DataFrame,
    *,
    left_out: int,
    experiment: str,
    posteriors: Sequence[str],
    training: Mapping[str, Any],
    task: Mapping[str, Any],
    settings: Mapping[str, Any],
) -> Figure:
    """One experiment: a row of panels for the networks and one for each posterior, a column per domain size.

    ``functions``: the table of functions by domain size, of the first domain; ``complexity``: their complexities;
    ``settings``: how these were computed; ``left_out``: rows, each of a function, its domain and a network, whose
    network did not label E as before.
    """
    for table in functions.values():
        check_functions(table, "function", posteriors=posteriors)
    check_columns(complexity, "complexity", "domain_size", "function", "complexity")
    # If no network reproduced, empty panels say so.
    sizes = [size for size in functions if (complexity["domain_size"] == size).any()] or list(functions)
    if len(sizes) > 1:
        figure, axes = panels(1 + len(posteriors), len(sizes), sharex="col")
    else:
        # A single column would be taller than a page.
        figure, axes = panels_in_rows(1 + len(posteriors), sharex=True)
    colours = error_colours(np.concatenate([functions[size]["test_errors"] / size for size in sizes]))
    for column, size in zip(axes.T if len(sizes) > 1 else [axes.flat], sizes, strict=True):
        each = complexity[complexity["domain_size"] == size].groupby("function")["complexity"]
        table = functions[size].merge(each.agg(["mean", "min", "max"]).reset_index(), on="function")
        for panel, posterior in zip(column, [None, *posteriors], strict=False):
            _draw(panel, table, posterior, size, colours)
    label_outer(axes, _X[settings["measure"]], "probability")
    error_colour_bar(axes[0, -1], colours)
    inputs = task["train_size"] + max(sizes)
    how = _MEASURES[settings["measure"]].format(inputs=inputs, left_out=left_out, **settings)
    about = describe_networks({experiment: training}, task)
    add_caption(
        figure,
        f"{about} A point is a function on the first domain E: up, its share of the networks with its 95 % Wilson "
        "interval (top), or its probability under a posterior with its 95 % Monte Carlo interval; unresolved: too "
        f"few posterior draws carry it, or it was not asked about. {how}",
    )
    return figure


def _draw(panel: Axes, table: pd.DataFrame, posterior: str | None, size: int, colours: ScalarMappable) -> None:
    """The functions of ``table`` by their probability under a posterior, None for their frequency among networks."""
    if posterior is None:
        shown, label, note = table[table["count"] > 0], "networks", ""
        y, y_reach = log10_frequencies(shown)
    else:
        shown, label = (
            table.dropna(subset=[f"log_p_{posterior}", f"log_p_{posterior}_se"]),
            posterior_kind(posterior).label,
        )
        y, y_reach = log10_probabilities(shown, posterior)
        note = f", {len(table) - len(shown)} unresolved" if len(shown) < len(table) else ""
    panel.set_title(f"{label}, |E| = {size}\n{len(shown)} functions{note}")
    mean, low, high = shown[["mean", "min", "max"]].to_numpy().T
    x_reach, shades = np.array([mean - low, high - mean]), colours.to_rgba(shown["test_errors"] / size)
    draw_points(panel, mean, y, x_reach=x_reach, y_reach=y_reach, shades=shades)
    label_powers_of_ten(panel.yaxis)
    if shown.empty:
        panel.text(0.5, 0.5, "no function resolved", ha="center", transform=panel.transAxes)
    else:
        panel.set_ylim(*limits(np.concatenate([y - np.atleast_2d(y_reach)[0], y]), decades=2))
