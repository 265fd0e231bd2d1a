"""Probability against rank, for the functions of an optimiser and of each posterior (figure family 5 of Mingard et
al., JMLR 2021).
"""

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

__all__ = ["draw_ranks"]


def draw_ranks(
    functions: Mapping[str, pd.DataFrame],
    draws: Mapping[str, pd.DataFrame],
    *,
    size: int,
    training: Mapping[str, Mapping[str, Any]],
    task: Mapping[str, Any],
) -> Figure:
    """A panel per experiment: frequency of each function among networks or posterior draws, most frequent first.

    ``functions``: table of functions by experiment. ``draws``: table of drawn functions by posterior.
    """
    columns = min(4, len(functions))
    figure, axes = panels(-(-len(functions) // columns), columns, sharex=True, sharey=True)
    for panel, (name, table) in zip(axes.flat, functions.items(), strict=False):
        found = table[table["count"] > 0]
        rank = np.arange(1, len(found) + 1)
        panel.fill_between(rank, found["frequency_low"], found["frequency_high"], color="0.85", linewidth=0)
        panel.plot(rank, found["frequency"], color="k", marker="o", markersize=2, label="networks")
        for posterior, drawn in draws.items():
            style = {**POSTERIOR_STYLES.get(posterior, {}), "marker": ""}
            panel.plot(
                np.arange(1, len(drawn) + 1),
                drawn["frequency"],
                label=POSTERIOR_LABELS.get(posterior, posterior),
                **style,
            )
        panel.set(xscale="log", yscale="log")
        panel.set_title(f"{name} ({int(found['count'].sum()):,} networks)")
    hide_unused(axes.flat, len(functions))
    label_outer(axes, f"rank of the function on |E| = {size}", "probability")
    axes[0, 0].legend(frameon=False)
    about = describe_trainings(training, {name: int(table["count"].sum()) for name, table in functions.items()})
    number = {int(drawn["count"].sum()) for drawn in draws.values()}
    add_caption(
        figure,
        f"{about} {describe_task(task)} Each line ranks its own functions. Band: 95 % Wilson intervals of the networks' frequencies. "
        f"Posteriors: frequencies among {', '.join(f'{n:,}' for n in number)} functions drawn from each; where a line "
        "ends, the sample does.",
    )
    return figure
