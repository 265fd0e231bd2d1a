"""Test accuracies that others have measured, and those of the same networks here: a panel for each task."""

from collections.abc import Sequence
from itertools import cycle
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sgdbayes.analysis.published import COVERS_NETWORKS
from sgdbayes.figures.columns import check_columns
from sgdbayes.figures.style import add_caption, estimates, label_outer, panels_in_rows
from sgdbayes.posterior.kinds import POSTERIORS, posterior_kind

__all__ = ["draw_published"]

_SPREAD = 0.4
_FIRST_OF_OURS = ("comparison", "study")


def draw_published(table: pd.DataFrame, together: pd.DataFrame, *, source: str, across: str) -> Figure:
    """``table``: published.csv; ``together``: published-together.csv. Along the axis of each panel is the column
    ``across``; a panel for each combination of the other columns of the table of the ``source``.
    """
    names = (*_FIRST_OF_OURS, "side", "accuracy", "seeds", "own_networks", "covers", across)
    check_columns(table, "table", *names, intervals=["ours"])
    check_columns(together, "together", "comparison", "side", "cells", "within")
    keys = list(table.columns[len(_FIRST_OF_OURS) : table.columns.get_loc("side")])
    others = [name for name in keys if name != across]
    comparisons, sides = (list(dict.fromkeys(table[name])) for name in ("comparison", "side"))
    groups = list(table.groupby(others, sort=False))
    figure, axes = panels_in_rows(len(groups), most=3, sharex=True)
    for panel, (values, cells) in zip(axes.flat, groups, strict=False):
        places = {value: place for place, value in enumerate(dict.fromkeys(table[across]))}
        for side in sides:
            own = cells[cells["side"] == side]
            _draw_side(panel, own, own[across].map(places), comparisons, side)
        panel.set_title(", ".join(f"{name} {value}" for name, value in zip(others, values, strict=True)), loc="left")
        panel.set_xticks(list(places.values()), list(places), rotation=40, ha="right", fontsize="small")
    label_outer(axes, across, "test accuracy (%)")
    handles = [Line2D([], [], label=_name(side), **_look(side), linestyle="") for side in sides]
    size = 2.5 * rcParams["lines.markersize"]
    handles.append(Line2D([], [], color="0.3", marker="_", markersize=size, linestyle="", label="theirs"))
    handles += [
        Line2D([], [], color="0.3", marker="o", **filling, linestyle="", label=name)
        for name, filling in _fillings(comparisons, "0.3").items()
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles), frameon=False)
    add_caption(figure, f"Theirs: {source}. {_words(table, together)}")
    return figure


def _draw_side(panel: Axes, cells: pd.DataFrame, places: pd.Series, comparisons: Sequence[str], side: str) -> None:
    look = _look(side)
    offsets = np.linspace(-_SPREAD / 2, _SPREAD / 2, len(comparisons)) if len(comparisons) > 1 else [0.0]
    fillings = _fillings(comparisons, look["color"])
    for comparison, offset in zip(comparisons, offsets, strict=True):
        chosen = cells["comparison"] == comparison
        rows, x = cells[chosen], places[chosen]
        if offset == offsets[0]:
            # Once: theirs are the same whatever they are compared with.
            panel.hlines(rows["accuracy"], x - 0.42, x + 0.42, color=look["color"], linewidth=1.4, alpha=0.6)
        value, reach = estimates(rows, "ours")
        panel.errorbar(x + offset, value, reach, **look, **fillings[comparison], linestyle="", elinewidth=0.9)


def _fillings(comparisons: Sequence[str], color: str) -> dict[str, dict[str, Any]]:
    """How the markers of each comparison are filled, in turn: whole, not, half."""
    ways = cycle([{"markerfacecolor": color}, {"markerfacecolor": "w"},
                  {"markerfacecolor": color, "fillstyle": "bottom", "markerfacecoloralt": "w"}])  # fmt: skip
    return dict(zip(comparisons, ways, strict=False))


def _look(side: str) -> dict[str, Any]:
    return {"color": posterior_kind(side).color, "marker": "s"} if side in POSTERIORS else {"color": "k", "marker": "o"}


def _name(side: str) -> str:
    return posterior_kind(side).label if side in POSTERIORS else f"{side} networks"


def _words(table: pd.DataFrame, together: pd.DataFrame) -> str:
    """What the intervals cover, and how the comparisons came out."""
    said = []
    for comparison, rows in table.groupby("comparison", sort=False):
        covered = rows["covers"].iloc[0]
        sets = "one training set" if covered == COVERS_NETWORKS else f"{rows['seeds'].min()} training sets"
        networks = ", ".join(
            f"{_least_to_greatest(own['own_networks'])} networks a cell {_how(side)}"
            for side, own in rows.groupby("side", sort=False)
        )
        came = ", ".join(
            f"{own['within']} of {own['cells']} {_how(own['side'])}"
            for _, own in together[together["comparison"] == comparison].iterrows()
        )
        said.append(
            f"{comparison}: {sets}, {networks}; bars are 95 % intervals over {covered}; differences from theirs that "
            f"are no larger than 95 % would be by chance: {came}."
        )
    return " ".join(said)


def _least_to_greatest(numbers: pd.Series) -> str:
    return " to ".join(f"{number:,}" for number in dict.fromkeys([numbers.min(), numbers.max()]))


def _how(side: str) -> str:
    return f"by {side}" if side in POSTERIORS else side
