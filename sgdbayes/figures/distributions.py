"""Networks and functions drawn from each posterior, a panel per experiment: how many test points they label wrongly and
how probability falls with rank (figure families 4 and 5 of Mingard et al., JMLR 2021).
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sgdbayes.figures.style import add_caption, describe_experiments, label_outer, log_scale, panels_in_rows
from sgdbayes.posterior.kinds import posterior_kind
from sgdbayes.statistics import wilson_interval

__all__ = ["draw_ranks", "draw_test_errors"]

_Tables = Mapping[str, pd.DataFrame]


def draw_test_errors(functions: _Tables, draws: _Tables, *, size: int, **about: Mapping[str, Any]) -> Figure:
    """A panel per experiment: how many of the ``size`` test points are labelled wrongly.

    ``functions``: table of functions by experiment. ``draws``: table of drawn functions by posterior. ``about``:
    training by experiment and task, for the caption.
    """
    explanation = (
        "Dots: share of networks with 95 % Wilson intervals. Of posteriors: shares of their draws, so that the tails "
        "are as rare as one draw. Gaps where none has as many wrong labels."
    )
    x = f"wrong labels among |E| = {size}"
    return _draw(functions, draws, _test_errors_of_networks, _test_errors_of_draws, x, explanation, **about)


def draw_ranks(functions: _Tables, draws: _Tables, *, size: int, **about: Mapping[str, Any]) -> Figure:
    """A panel per experiment: frequency of each function among networks or posterior draws, most frequent first.

    The arguments are those of `draw_test_errors`.
    """
    explanation = (
        "Each line ranks its own functions. Band: 95 % Wilson intervals of the networks' frequencies. Where a line "
        "ends, the sample does."
    )
    x = f"rank of the function on |E| = {size}"
    return _draw(functions, draws, _ranks_of_networks, _ranks_of_draws, x, explanation, **about)


def _draw(
    functions: _Tables,
    draws: _Tables,
    draw_networks: Callable[[Axes, pd.DataFrame], None],
    draw_posterior: Callable[..., None],
    x: str,
    explanation: str,
    **about: Mapping[str, Any],
) -> Figure:
    """``draw_networks(panel, table)`` and ``draw_posterior(panel, table, label=, color=, ...)`` draw one of each."""
    figure, axes = panels_in_rows(len(functions), sharex=True, sharey=True)
    for panel, (name, table) in zip(axes.flat, functions.items(), strict=False):
        draw_networks(panel, table[table["count"] > 0])
        for posterior, drawn in draws.items():
            draw_posterior(panel, drawn, label=posterior_kind(posterior).label, **posterior_kind(posterior).style)
        panel.set_title(f"{name} ({table['count'].sum():,} networks)")
    label_outer(axes, x, "probability")
    # Beside the panels: with six posteriors it would cover one.
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside right upper", frameon=False)
    drawn = ", ".join(f"{posterior}: {table['count'].sum():,}" for posterior, table in draws.items())
    described = describe_experiments(functions, **about)
    add_caption(figure, f"{described} {explanation} Functions drawn from each posterior: {drawn}.")
    return figure


def _test_errors_of_networks(panel: Axes, table: pd.DataFrame) -> None:
    shares, low, high = _shares(table)
    panel.step(shares.index, shares, where="mid", color="0.7", linewidth=0.8, zorder=1)
    reach = [shares - low, high - shares]
    panel.errorbar(shares.index, shares, yerr=reach, fmt="k.", markersize=4, elinewidth=0.8, label="networks", zorder=3)
    # A posterior may put nearly all on one function and another spread over thousands.
    log_scale(panel, "y")
    panel.xaxis.set_major_locator(MaxNLocator(5, integer=True))


def _test_errors_of_draws(panel: Axes, table: pd.DataFrame, **style: str) -> None:
    shares, _, _ = _shares(table)
    panel.plot(shares.index, shares, markevery=max(1, len(shares) // 12), **style)


def _shares(table: pd.DataFrame) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Share of each number of wrong labels, and its Wilson interval."""
    counts = table.groupby("test_errors")["count"].sum()
    low, high = wilson_interval(counts.to_numpy(), counts.sum())
    # Gaps where there is none: NaN breaks a line.
    every = pd.RangeIndex(int(counts.index.max()) + 1)
    return tuple(pd.Series(values, counts.index).reindex(every) for values in (counts / counts.sum(), low, high))


def _ranks_of_networks(panel: Axes, table: pd.DataFrame) -> None:
    rank = np.arange(1, len(table) + 1)
    panel.fill_between(rank, table["frequency_low"], table["frequency_high"], color="0.85", linewidth=0)
    panel.plot(rank, table["frequency"], color="k", marker="o", markersize=2, label="networks")
    log_scale(panel, "x", "y")


def _ranks_of_draws(panel: Axes, table: pd.DataFrame, **style: str) -> None:
    panel.plot(np.arange(1, len(table) + 1), table["frequency"], **{**style, "marker": ""})
