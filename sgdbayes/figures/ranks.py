"""Probability against rank under P_OPT and under each posterior (figure family 5 of Mingard et al., JMLR 2021)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sgdbayes.figures.by_experiment import panel_per_experiment
from sgdbayes.figures.style import log_scale

__all__ = ["draw_ranks"]


def draw_ranks(
    functions: Mapping[str, pd.DataFrame], draws: Mapping[str, pd.DataFrame], *, size: int, **about: Mapping[str, Any]
) -> Figure:
    """A panel per experiment: frequency of each function among networks or posterior draws, most frequent first.

    ``functions``: table of functions by experiment. ``draws``: table of drawn functions by posterior. ``about``:
    training by experiment and task, for the caption.
    """
    return panel_per_experiment(
        functions,
        draws,
        _draw_networks,
        _draw_posterior,
        x=f"rank of the function on |E| = {size}",
        explanation="Each line ranks its own functions. Band: 95 % Wilson intervals of the networks' frequencies. Where a line "
        "ends, the sample does.",
        **about,
    )


def _draw_networks(panel: Axes, table: pd.DataFrame) -> None:
    rank = np.arange(1, len(table) + 1)
    panel.fill_between(rank, table["frequency_low"], table["frequency_high"], color="0.85", linewidth=0)
    panel.plot(rank, table["frequency"], color="k", marker="o", markersize=2, label="networks")
    log_scale(panel, "x", "y")


def _draw_posterior(panel: Axes, table: pd.DataFrame, **style: str) -> None:
    panel.plot(np.arange(1, len(table) + 1), table["frequency"], **{**style, "marker": ""})
