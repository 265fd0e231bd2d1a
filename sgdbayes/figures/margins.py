"""Smallest over mean margin on S: of networks when they first fit S, after overtraining, and of random sampling.

A doubt of readers of Mingard et al. (JMLR 2021): SGD stops at the boundary of zero training error, random sampling
lands inside.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sgdbayes.analysis.runs import relative_margins
from sgdbayes.figures.columns import check_columns
from sgdbayes.figures.style import add_caption, new_figure
from sgdbayes.posterior.kinds import exact_posterior

__all__ = ["draw_margins"]

_ROW, _APART = 0.26, 0.2


def draw_margins(runs: Mapping[str, pd.DataFrame], draws: Mapping[str, pd.DataFrame]) -> Figure:
    """A row per study.

    ``runs``: by study, its rows of runs.parquet; ``draws``: by study, margin_min and margin_mean of draws from the
    exact 0-1 posterior of its models.
    """
    margins = ("margin_min", "margin_mean")
    for name, table in runs.items():
        check_columns(table, f"runs of {name}", "converged", *margins, *(f"fit_{each}" for each in margins))
    for name, table in draws.items():
        check_columns(table, f"draws of {name}", *margins)
    figure = new_figure(6.4, 1 + _ROW * max(4, len(runs)))
    panel = figure.subplots()
    looks: dict[str, dict[str, Any]] = {
        "networks, when they first fit S": {"color": "k", "marker": "o"},
        "networks, overtrained": {"color": "0.5", "marker": "o", "markerfacecolor": "w"},
        f"random sampling: {exact_posterior().label}": {"color": "#1b6ca8", "marker": "s"},
    }
    in_legend: set[str] = set()
    for y, (name, table) in enumerate(runs.items()):
        random = (draws[name]["margin_min"] / draws[name]["margin_mean"]).to_numpy()
        pairs = zip(looks, (*relative_margins(table), random), strict=True)
        ratios = [(label, ratio) for label, ratio in pairs if ratio is not None]
        for place, (label, ratio) in enumerate(ratios):
            low, median, high = np.quantile(ratio, [0.05, 0.5, 0.95])
            at = y + _APART * (place - (len(ratios) - 1) / 2)
            bars: dict[str, Any] = {"xerr": [[median - low], [high - median]], "elinewidth": 0.8, "linestyle": "none"}
            panel.errorbar(median, at, label=None if label in in_legend else label, **bars, **looks[label])
            in_legend.add(label)
    panel.set(xscale="log", xlabel="smallest margin on S / mean margin", ylim=(len(runs) - 0.4, -0.6))
    panel.set_yticks(range(len(runs)), list(runs))
    panel.tick_params(axis="y", length=0)
    panel.grid(axis="x", color="0.92", linewidth=0.6)
    figure.legend(loc="outside upper center", ncols=2, frameon=False)
    networks = sum(int(table["converged"].sum()) for table in runs.values())
    add_caption(
        figure,
        "Margin: label times output. Medians, and ranges that hold 90 % of the networks or draws (not errors), of all "
        f"training sets of a study together; in all {networks:,} networks that fit S, and for each study "
        f"{min(map(len, draws.values())):,} or more draws of the infinitely wide network given that it fits S. The "
        "ratio does not depend on the scale of the outputs.",
    )
    return figure
