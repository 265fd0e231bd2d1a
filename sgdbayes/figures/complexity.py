"""Probability against complexity (figure family 6 of Mingard et al., JMLR 2021)."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sgdbayes.figures.points import LOG10, draw_points, error_colour_bar, error_shades, label_powers_of_ten, limits
from sgdbayes.figures.style import (
    add_caption,
    describe_task,
    describe_trainings,
    hide_unused,
    label_outer,
    panels,
)
from sgdbayes.posterior.kinds import posterior_kind
from sgdbayes.statistics import Z

__all__ = ["draw_complexity"]

_X = {"lempel_ziv": "Lempel-Ziv complexity (bits)", "critical_sample_ratio": "critical sample ratio"}
_MEASURES = {
    "lempel_ziv": "Complexity: of the labels of all inputs in the order of the data set, {inputs} bits.",
    "critical_sample_ratio": "Complexity: share of {points} test points with another label found within {radius} in every "
    "coordinate, a lower bound, mean of up to {networks} networks of each function trained again (bars: their range), for the "
    "{frequent} most frequent functions and {sampled} of the others drawn at random on each domain; pairs of function and network "
    "left out because the network did not label E as before: {left_out}.",
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

    ``functions``: the table of functions by domain size; ``complexity``: their complexities; ``settings``: how these were
    computed; ``left_out``: rows, each of a function, its domain and a network, whose network did not
    label E as before.
    """
    measure = settings["measure"]
    # If no network reproduced, empty panels say so.
    sizes = [size for size in functions if (complexity["domain_size"] == size).any()] or list(functions)
    # A single column would be taller than a page.
    number, columns = 1 + len(posteriors), len(sizes) if len(sizes) > 1 else min(4, 1 + len(posteriors))
    rows = number if len(sizes) > 1 else -(-number // columns)
    figure, axes = panels(rows, columns, sharex="col" if len(sizes) > 1 else True)
    for column, size in zip(axes.T if len(sizes) > 1 else [axes.flat], sizes, strict=True):
        each = complexity[complexity["domain_size"] == size].groupby("function")["complexity"]
        table = functions[size].merge(each.agg(["mean", "min", "max"]).reset_index(), on="function")
        _draw_networks(column[0], table[table["count"] > 0], size)
        for panel, posterior in zip(column[1:], posteriors, strict=False):
            _draw_posterior(panel, table, posterior, size)
        hide_unused(column, number)
    label_outer(axes, _X[measure], "probability")
    error_colour_bar(figure, axes)
    networks = int(next(iter(functions.values()))["count"].sum())
    largest = task["train_size"] + max(sizes)
    how = _MEASURES[measure].format(inputs=largest, left_out=left_out, **settings)
    add_caption(
        figure,
        f"{describe_trainings({experiment: training}, {experiment: networks})} {describe_task(task)} A point is a function on "
        f"E: up, its share of the networks with its 95 % Wilson interval (top), or its probability under a posterior with its 95 % "
        f"Monte Carlo interval; unresolved: too few posterior draws carry it, or it was not asked about. {how}",
    )
    return figure


def _draw_networks(panel: Axes, table: pd.DataFrame, size: int) -> None:
    frequency, low, high = np.log10(table[["frequency", "frequency_low", "frequency_high"]].to_numpy().T)
    _draw(panel, table, frequency, np.array([frequency - low, high - frequency]), size)
    panel.set_title(f"networks, |E| = {size}\n{len(table)} functions")


def _draw_posterior(panel: Axes, table: pd.DataFrame, posterior: str, size: int) -> None:
    name = f"log_p_{posterior}"
    resolved = table.dropna(subset=name)
    _draw(panel, resolved, (resolved[name] / LOG10).to_numpy(), Z * resolved[f"{name}_se"].to_numpy() / LOG10, size)
    rest = len(table) - len(resolved)
    note = f", {rest} unresolved" if rest else ""
    panel.set_title(f"{posterior_kind(posterior).label}, |E| = {size}\n{len(resolved)} functions{note}")


def _draw(panel: Axes, table: pd.DataFrame, log10_p: np.ndarray, reach: np.ndarray, size: int) -> None:
    mean, low, high = table[["mean", "min", "max"]].to_numpy().T
    across = np.array([mean - low, high - mean])
    shades = error_shades(table["test_errors"], size)
    draw_points(panel, mean, log10_p, x_reach=across, y_reach=reach, shades=shades)
    label_powers_of_ten(panel.yaxis)
    if table.empty:
        panel.text(0.5, 0.5, "no function resolved", ha="center", transform=panel.transAxes)
    else:
        panel.set_ylim(*limits(np.concatenate([log10_p - np.atleast_2d(reach)[0], log10_p]), decades=2))
