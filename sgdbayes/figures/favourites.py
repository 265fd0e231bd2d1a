"""The most probable functions under each posterior, and how often trained networks found them: the other direction of
the scatter plots (figure family 1 of Mingard et al., JMLR 2021).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sgdbayes.figures.style import add_caption, describe_experiments, label_outer, log_scale, panels
from sgdbayes.posterior.kinds import posterior_kind

__all__ = ["draw_favourites"]

_SHOWN = 20


def draw_favourites(
    functions: Mapping[str, pd.DataFrame], *, size: int, posteriors: list[str], **about: Mapping[str, Any]
) -> Figure:
    """A row of panels per posterior, a column per experiment: the posterior's 20 most probable functions by rank.

    ``functions``: table of functions by experiment, with those that each posterior favours. ``about``: training by
    experiment and task, for the caption.
    """
    figure, axes = panels(len(posteriors), len(functions), sharex=True, sharey="row")
    for row, posterior in zip(axes, posteriors, strict=True):
        for panel, (name, table) in zip(row, functions.items(), strict=True):
            _draw(panel, table, posterior, name)
    label_outer(axes, f"rank under the posterior, |E| = {size}", "probability", posteriors=posteriors)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    if handles:
        axes[0, 0].legend(handles, labels, frameon=False)
    add_caption(
        figure,
        f"{describe_experiments(functions, **about)} Line: the functions most probable under the posterior, of "
        "those that it drew more than once or networks found. Dots: share of networks that ended as this function, "
        "with 95 % Wilson interval. Hollow triangles: no network did; the triangle is the upper end of the interval.",
    )
    return figure


def _draw(panel: Axes, table: pd.DataFrame, posterior: str, name: str) -> None:
    column = f"log_p_{posterior}"
    if column not in table or table[column].isna().all():
        panel.set_title(f"{name}\n{'no function resolved' if column in table else 'not asked for'}")
        return
    top = table.dropna(subset=column).nlargest(_SHOWN, column)
    rank = np.arange(1, len(top) + 1)
    panel.plot(rank, np.exp(top[column]), label="posterior", **(posterior_kind(posterior).style | {"marker": ""}))
    found = (top["count"] > 0).to_numpy()
    frequency = top["frequency"].to_numpy()
    reach = np.abs(top[["frequency_low", "frequency_high"]].to_numpy().T - frequency)
    dots = {"fmt": "o", "color": "k", "markersize": 2.5, "elinewidth": 0.7, "label": "networks"}
    panel.errorbar(rank[found], frequency[found], yerr=reach[:, found], **dots)
    triangles = {"linestyle": "", "marker": "v", "color": "0.4", "fillstyle": "none", "label": "no network"}
    panel.plot(rank[~found], top["frequency_high"][~found], **triangles)
    log_scale(panel, "y")
    panel.set_title(f"{name}\n{(~found).sum()} of {len(top)} never found")
