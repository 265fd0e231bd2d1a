"""Distribution of the test error under P_OPT and under each posterior (figure family 4 of Mingard et al., JMLR 2021)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sgdbayes.figures.style import (
    POSTERIOR_LABELS,
    POSTERIOR_STYLES,
    add_caption,
    describe_task,
    describe_trainings,
    hide_unused,
    label_outer,
    panels,
)
from sgdbayes.functions import wilson_interval

__all__ = ["draw_errors"]


def draw_errors(
    functions: Mapping[str, pd.DataFrame],
    draws: Mapping[str, pd.DataFrame],
    *,
    size: int,
    training: Mapping[str, Mapping[str, Any]],
    task: Mapping[str, Any],
) -> Figure:
    """A panel per experiment: how many of the ``size`` test points are labelled wrongly.

    ``functions``: table of functions by experiment. ``draws``: table of drawn functions by posterior.
    """
    columns = min(4, len(functions))
    figure, axes = panels(-(-len(functions) // columns), columns, sharex=True, sharey=True)
    for panel, (name, table) in zip(axes.flat, functions.items(), strict=False):
        shares, low, high, total = _distribution(table)
        panel.bar(shares.index, shares, width=0.8, color="0.82", label="networks", zorder=1)
        panel.errorbar(
            shares.index,
            shares,
            yerr=[shares - low, high - shares],
            fmt="none",
            ecolor="0.45",
            elinewidth=0.8,
            zorder=2,
        )
        for posterior, drawn in draws.items():
            share, *_ = _distribution(drawn)
            panel.plot(
                share.index,
                share,
                label=POSTERIOR_LABELS.get(posterior, posterior),
                **POSTERIOR_STYLES.get(posterior, {}),
            )
        panel.set_title(f"{name} ({total:,} networks)")
    hide_unused(axes.flat, len(functions))
    label_outer(axes, f"wrong labels among |E| = {size}", "probability")
    axes[0, 0].legend(frameon=False)
    about = describe_trainings(training, {name: int(table["count"].sum()) for name, table in functions.items()})
    number = {int(drawn["count"].sum()) for drawn in draws.values()}
    add_caption(
        figure,
        f"{about} {describe_task(task)} Bars: share of networks with 95 % Wilson intervals. Lines: {', '.join(f'{n:,}' for n in number)} "
        "functions drawn from each posterior, whose intervals are narrower than the marks.",
    )
    return figure


def _distribution(table: pd.DataFrame) -> tuple[pd.Series, np.ndarray, np.ndarray, int]:
    """Share of each number of errors, its Wilson interval, and the number of networks or draws."""
    found = table[table["count"] > 0]
    counts = found.groupby("test_errors")["count"].sum()
    total = int(counts.sum())
    low, high = wilson_interval(counts.to_numpy(), total)
    return counts / total, low, high, total
