"""Smallest over mean margin on S: of networks when they first fit S, after overtraining, and of random sampling (a doubt of
readers of Mingard et al., JMLR 2021: SGD stops at the boundary of zero training error, random sampling lands inside).
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sgdbayes.analysis.runs import relative_margins
from sgdbayes.figures.style import add_caption
from sgdbayes.posterior.kinds import exact_posterior

__all__ = ["draw_margins"]

_ROW, _APART = 0.26, 0.2
_RANGE = (0.05, 0.95)


def draw_margins(runs: Mapping[str, pd.DataFrame], draws: Mapping[str, pd.DataFrame]) -> Figure:
    """A row per experiment. ``runs``: by experiment, its rows of runs.parquet; ``draws``: by experiment, margin_min and
    margin_mean of draws from the exact 0-1 posterior of its model.
    """
    figure = Figure(figsize=(6.4, 1.6 + _ROW * max(4, len(runs))), layout="constrained")
    panel = figure.subplots()
    labelled: set[str] = set()
    for y, (name, of) in enumerate(runs.items()):
        first, last = relative_margins(of)
        random = (draws[name]["margin_min"] / draws[name]["margin_mean"]).to_numpy()
        kinds = [
            ("networks, when they first fit S", first, {"color": "k", "marker": "o"}),
            ("networks, overtrained", last, {"color": "0.5", "marker": "o", "markerfacecolor": "w"}),
            (f"random sampling: {exact_posterior().label}", random, {"color": "#1b6ca8", "marker": "s"}),
        ]
        kinds = [kind for kind in kinds if kind[1] is not None]
        for place, (label, ratio, look) in zip(np.arange(len(kinds)) - (len(kinds) - 1) / 2, kinds, strict=True):
            low, middle, high = np.quantile(ratio, [_RANGE[0], 0.5, _RANGE[1]])
            panel.errorbar(
                middle, y + _APART * place, xerr=[[middle - low], [high - middle]], elinewidth=0.8, linestyle="none",
                label=None if label in labelled else label, **look,
            )  # fmt: skip
            labelled.add(label)
    panel.set(xscale="log", xlabel="smallest margin on S / mean margin", ylim=(len(runs) - 0.4, -0.6))
    panel.set_yticks(range(len(runs)), list(runs))
    panel.tick_params(axis="y", length=0)
    panel.grid(axis="x", color="0.92", linewidth=0.6)
    figure.legend(loc="outside upper center", ncols=2, frameon=False)
    networks = sum(int(of["converged"].sum()) for of in runs.values())
    number = min(map(len, draws.values()))
    add_caption(
        figure,
        "Margin: label times output. Medians, and ranges that hold 90 % of the networks or draws (not errors); in all "
        f"{networks:,} networks that fit S, and for each model {number:,} draws of the infinitely wide network given that it fits S. The "
        "ratio does not depend on the scale of the outputs.",
    )
    return figure
