"""How well each posterior predicts what networks become: gap, AUC, correlation and test error, a row per study.

Claims C1 and C5 of Mingard et al. (JMLR 2021), and doubts D4, D7 and D8 of its readers.
"""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sgdbayes.figures.columns import check_columns
from sgdbayes.figures.studies import common_size, covered, draw_markers, extent
from sgdbayes.figures.style import add_caption, new_figure
from sgdbayes.posterior.kinds import POSTERIORS, exact_posterior, posterior_kind

__all__ = ["draw_predictors"]

_ROW, _SPREAD = 0.32, 0.6
# Of gaps that reach further than so many decades the axis is logarithmic beyond one.
_WIDE = 12
# Column, what it is called, scale, and where there is nothing to be seen.
_COLUMNS = (
    ("gap", "gap (decades)", 1, 0),
    ("auc", "AUC", 1, 0.5),
    ("pearson", "r of $\\log P_{\\mathrm{OPT}}$, $\\log P_B$", 1, 0),
    ("test_error_difference", "test error of networks\nless posterior's (% points)", 100, 0),
)
_WITHOUT = {"gap": "gap", "auc": "AUC", "pearson": "r"}


def draw_predictors(studies: pd.DataFrame) -> Figure:
    """A row per study of ``studies``, rows of studies.csv, all on the domain size on which most have a gap under the
    exact 0-1 posterior; those that have no row of it there are left out.
    """
    names = ("study", "posterior", "domain_size", "seeds", "noise_ceiling", "covers")
    check_columns(studies, "studies", *names, intervals=[column for column, *_ in _COLUMNS])
    exact = exact_posterior().name
    size = common_size(studies)
    tables = [own for _, own in studies[studies["domain_size"] == size].groupby("study", sort=False)]
    tables = [own for own in tables if (own["posterior"] == exact).any()]
    left_out = studies["study"].nunique() - len(tables)
    shown = pd.concat(tables) if tables else studies.iloc[:0]
    posteriors = [name for name in POSTERIORS if shown["posterior"].eq(name).any()]
    offsets = dict(zip(posteriors, np.linspace(-_SPREAD / 2, _SPREAD / 2, len(posteriors)), strict=True))
    figure = new_figure(9.6, 1.2 + _ROW * max(4, len(tables)))
    axes = figure.subplots(1, len(_COLUMNS), sharey=True)
    for panel, (column, label, scale, nothing) in zip(axes, _COLUMNS, strict=True):
        panel.axvline(nothing, color="0.3", linestyle="--", linewidth=0.9, zorder=0)
        for y, table in enumerate(tables):
            # Every second row on grey: the eye stays in it.
            panel.axhspan(y - 0.5, y + 0.5, color="0.95" if y % 2 else "w", linewidth=0, zorder=-1)
            for _, row in table.iterrows():
                draw_markers(
                    panel, y + offsets[row["posterior"]], row, column, scale=scale, **_marker(row["posterior"])
                )
            if column == "pearson":
                ceiling = table["noise_ceiling"].max()
                panel.plot([ceiling, ceiling], [y - 0.4, y + 0.4], color="0.35", linewidth=1.6)
            if not table[column].notna().any():
                text = f"no {_WITHOUT.get(column, 'value')}"
                panel.text(
                    0.5,
                    y,
                    text,
                    ha="center",
                    va="center",
                    color="0.4",
                    fontsize="small",
                    transform=panel.get_yaxis_transform(),
                )
        panel.set(xlabel=label, xlim=extent(shown, column, scale=scale, at_least=(nothing,)))
        panel.tick_params(axis="y", length=0)
    axes[1].set_xlim(-0.03, 1.03)
    axes[2].set_xlim(min(-0.05, axes[2].get_xlim()[0]), 1.05)
    axes[0].set_ylim(max(len(tables), 1) - 0.5, -0.5)
    axes[0].set_yticks(range(len(tables)), [_name(table.iloc[0]) for table in tables])
    axes[0].set_title(f"|E| = {size}" if tables else "no study has the exact 0-1 posterior", loc="left")
    low, high = axes[0].get_xlim()
    if max(-low, high) > _WIDE:
        # One study whose networks a posterior all but excludes would press all others together.
        axes[0].set_xscale("symlog", linthresh=1, linscale=0.5)
        ends = (1, 3, 10, 100, 1000)
        ticks = [x for x in (*(-end for end in reversed(ends)), 0, *ends) if low < x < high]
        axes[0].set_xticks(ticks, [f"{x:g}" for x in ticks], fontsize="small")
        axes[0].minorticks_off()
    handles = [Line2D([], [], label=posterior_kind(name).label, **_marker(name), linestyle="") for name in posteriors]
    handles.append(Line2D([], [], label="ceiling of r", color="0.35", linewidth=1.6))
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles), frameon=False)
    add_caption(
        figure,
        f"A row per study, all on domains of {size} test points, the size on which most studies have a gap under the "
        f"exact posterior{f'; {left_out} without it are left out' if left_out else ''}. Gap: decades by which "
        "functions of networks are likelier under the posterior than its own draws"
        f"{', its axis logarithmic beyond 1' if axes[0].get_xscale() == 'symlog' else ''}. AUC: probability that a "
        "network's function is the likelier of the two. r: Pearson correlation over functions found often, mean over "
        "domains, with the ceiling that a perfect predictor could be expected to reach; not shown where too few "
        "functions were. Dashed: what samples of the posterior would give, of r none. "
        f"{covered(shown)}; ends far beyond all values are cut off."
        if len(shown)
        else "",
    )
    return figure


def _name(row: pd.Series) -> str:
    return f"{row['study']} ({row['seeds']} training sets)" if row["seeds"] > 1 else row["study"]


def _marker(posterior: str) -> dict[str, Any]:
    kind = posterior_kind(posterior)
    return {"color": kind.color, "marker": kind.marker, "markerfacecolor": kind.color if kind.exact else "w"}
