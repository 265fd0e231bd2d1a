"""Test errors under P_OPT and under each posterior (figure family 4 of Mingard et al., JMLR 2021)."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sgdbayes.figures.by_experiment import panel_per_experiment
from sgdbayes.figures.style import log_scale
from sgdbayes.statistics import wilson_interval

__all__ = ["draw_errors"]


def draw_errors(
    functions: Mapping[str, pd.DataFrame], draws: Mapping[str, pd.DataFrame], *, size: int, **about: Mapping[str, Any]
) -> Figure:
    """A panel per experiment: how many of the ``size`` test points are labelled wrongly.

    ``functions``: table of functions by experiment. ``draws``: table of drawn functions by posterior. ``about``:
    training by experiment and task, for the caption.
    """
    return panel_per_experiment(
        functions,
        draws,
        _draw_networks,
        _draw_posterior,
        x=f"wrong labels among |E| = {size}",
        explanation="Dots: share of networks with 95 % Wilson intervals. Of posteriors: shares of their draws, so that the tails "
        "are as rare as one draw. Gaps where none has as many wrong labels.",
        **about,
    )


def _draw_networks(panel: Axes, table: pd.DataFrame) -> None:
    shares, low, high = _distribution(table)
    panel.step(shares.index, shares, where="mid", color="0.7", linewidth=0.8, zorder=1)
    reach = [shares - low, high - shares]
    panel.errorbar(shares.index, shares, yerr=reach, fmt="k.", markersize=4, elinewidth=0.8, label="networks", zorder=3)
    # A posterior may put nearly all on one function and another spread over thousands.
    log_scale(panel, "y")
    panel.xaxis.set_major_locator(MaxNLocator(5, integer=True))


def _draw_posterior(panel: Axes, table: pd.DataFrame, **style: str) -> None:
    shares, _, _ = _distribution(table)
    panel.plot(shares.index, shares, markevery=max(1, len(shares) // 12), **style)


def _distribution(table: pd.DataFrame) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Share of each number of errors, and its Wilson interval."""
    counts = table.groupby("test_errors")["count"].sum()
    low, high = wilson_interval(counts.to_numpy(), counts.sum())
    shares = counts / counts.sum()
    # Gaps where there is none: NaN breaks a line.
    every = pd.RangeIndex(int(counts.index.max()) + 1)
    return tuple(pd.Series(values, counts.index).reindex(every) for values in (shares, low, high))
