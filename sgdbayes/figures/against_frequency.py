"""P_B(f|S) against P_OPT(f|S), a point per function (figure families 1 and 2 of Mingard et al., JMLR 2021), and how
likely functions of networks and of posterior draws are.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure

from sgdbayes.analysis.comparison import FEWEST_DOMAINS
from sgdbayes.analysis.on_domain import FEWEST_FUNCTIONS
from sgdbayes.figures.columns import check_columns
from sgdbayes.figures.histograms import check_sides, draw_histograms, gap_title, said_of_draws
from sgdbayes.figures.points import (
    LOG10,
    correlation_title,
    draw_below,
    draw_points,
    error_colour_bar,
    error_colours,
    faint,
    label_powers_of_ten,
    limits,
    log10_frequencies,
    log10_probabilities,
)
from sgdbayes.figures.studies import covered
from sgdbayes.figures.style import add_caption, describe_networks, hide_unused, new_figure, panels_that_fit
from sgdbayes.posterior.kinds import exact_posterior, posterior_kind

__all__ = ["draw_against_equality", "draw_scatter", "said_of_sample"]

_CAPTION = (
    "Points: functions on E, of all domains; across, the share of networks with its 95 % Wilson interval; up, the "
    "probability under the posterior. Hollow: found fewer than {min_count} times, or carried by too few posterior "
    "draws; not in r, the mean over domains of the correlation of log P_OPT with log P_B. Triangles on the lower edge: "
    "less likely than the axis goes. Ceiling: the r that a perfect predictor could be expected to reach with this many "
    f"networks. No r unless {FEWEST_DOMAINS} domains, or all, have {FEWEST_FUNCTIONS} functions for it. Dashed: "
    "equality. Histograms: log P_B of the functions of networks (grey, mean: line) and of {draws} from the posterior "
    "itself on each domain (hatched, mean: dashed), each domain counted alike, the least likely 2 % in the "
    "first bin; gap: by how many decades the networks' mean is above that of the draws, 0 if the optimiser samples P_B."
)
# Of a panel: as wide, and as high those of points and those of histograms; a title needs so many ems.
_WIDTH, _HEIGHTS, _NARROWEST = 2.1, (3.8, 1.7), 16
# So many times as high as wide a panel may be; what is less likely stands on its edge.
_TALLEST = 2.1
# The line of equality goes through as much of the width at least.
_OF_EQUALITY = 1 / 3
# As many may stand there for the sake of the others anyway.
_FEW = 0.005
# The largest log10 of a probability to be seen, with a margin.
_END = 0.2


def draw_scatter(
    functions: pd.DataFrame,
    draws: pd.DataFrame,
    rows: pd.DataFrame,
    *,
    study: str,
    training: Mapping[str, Any],
    task: Mapping[str, Any],
    seeds: Sequence[int],
    asking: Mapping[str, int],
) -> Figure:
    """One study on one domain size, a column per posterior: above probabilities against frequencies, below histograms.

    ``functions`` and ``draws``: of its experiments and their models; ``rows``: its rows of studies.csv on that size;
    ``asking``: asked, min_count and top of the comparison.
    """
    columns = ("posterior", "domain_size", "networks", "domains", "domains_with_r", "seeds", "noise_ceiling", "covers")
    check_columns(rows, "rows", *columns, intervals=["gap", "pearson"])
    check_sides(functions, draws, rows["posterior"])
    rows = rows.sort_values("posterior", key=lambda names: names != exact_posterior().name, kind="stable")
    fitting = panels_that_fit(_NARROWEST)
    across, narrow = min(len(rows), fitting), fitting < 3
    lines = -(-len(rows) // across)
    figure = new_figure(_WIDTH * max(2, across) + 0.9, lines * sum(_HEIGHTS) + 0.65)
    axes = figure.subplots(2 * lines, across, squeeze=False, height_ratios=_HEIGHTS * lines)
    pairs = axes.reshape(lines, 2, across).swapaxes(1, 2).reshape(-1, 2)
    hide_unused(pairs.flat, 2 * len(rows))
    colours = error_colours(functions["test_errors"] / rows["domain_size"].iloc[0])
    for (points, histograms), (_, row) in zip(pairs, rows.iterrows(), strict=False):
        name = row["posterior"]
        draw_against_equality(points, functions, name, colours, asking["min_count"])
        # Of any height, with titles in a row.
        points.set_anchor("N")
        points.set(xlabel=r"$P_{\mathrm{OPT}}(f|S)$", title=f"{posterior_kind(name).label}\n{correlation_title(row)}")
        draw_histograms(histograms, functions, draws[draws["posterior"] == name], name, asking=asking)
        histograms.set_title(gap_title(row).replace(" [", "\n[") if narrow else gap_title(row))
    for panel in axes[::2, 0]:
        panel.set_ylabel(r"$P_B(f|S)$")
    for panel in axes[1::2, 1:].flat:
        panel.set_ylabel("")
    axes[1, 0].legend(edgecolor="none", framealpha=1)
    error_colour_bar(axes[0, -1], colours)
    figure.suptitle(f"{study}, {said_of_sample(rows.iloc[0])}", wrap=True)
    said = _CAPTION.format(min_count=asking["min_count"], draws=said_of_draws(draws))
    about = describe_networks({study: training}, task, seeds=seeds)
    add_caption(figure, f"{about} {said} Of r and gap {covered(rows)}.")
    return figure


def said_of_sample(row: pd.Series) -> str:
    """|E| and how much a row of studies.csv is of."""
    sets = f" × {row['seeds']} training sets" if row["seeds"] > 1 else ", one training set"
    return f"|E| = {row['domain_size']}: {row['networks']:,.0f} networks × {row['domains']:.0f} domains{sets}"


def draw_against_equality(
    panel: Axes, functions: pd.DataFrame, posterior: str, colours: ScalarMappable, min_count: int
) -> None:
    """Probabilities of ``functions`` on one domain size against their frequencies, a decade as long up as across."""
    left, right, bottom, top = _window(functions, posterior)
    panel.set(xlim=(left, right), ylim=(bottom, top), box_aspect=(top - bottom) / (right - left))
    label_powers_of_ten(panel.xaxis, most=4)
    label_powers_of_ten(panel.yaxis)
    panel.axline((0, 0), slope=1, color=faint(0.7), linestyle="--", linewidth=0.9, zorder=4)
    functions = functions.dropna(subset=f"log_p_{posterior}")
    if functions.empty:
        panel.text(0.5, 0.5, "no function resolved", ha="center", transform=panel.transAxes)
        return
    (x, x_reach), (y, y_reach) = log10_frequencies(functions), log10_probabilities(functions, posterior)
    seen = y >= bottom
    solid = (functions["count"] >= min_count).to_numpy() & np.isfinite(y_reach)
    shades = colours.to_rgba(functions["test_errors"] / functions["domain_size"])
    reach = {"x_reach": x_reach[:, seen], "y_reach": np.nan_to_num(y_reach[seen])}
    draw_points(panel, x[seen], y[seen], **reach, shades=shades[seen], solid=solid[seen])
    draw_below(panel, x[~seen], bottom, shades[~seen], solid[~seen])


def _window(functions: pd.DataFrame, posterior: str) -> tuple[float, float, float, float]:
    """Left, right, lower and upper limit: all functions, but the line of equality too, and of the unlikely ones no more
    than leaves the others room.
    """
    known = functions.dropna(subset=f"log_p_{posterior}")
    if known.empty:
        return -2, _END, -2, _END
    left, right = limits(log10_frequencies(functions)[0], decades=2)
    right = min(right, _END)
    y = known[f"log_p_{posterior}"].to_numpy() / LOG10
    bottom, top = limits(y[y >= np.quantile(y, _FEW, method="lower")])
    across = right - left
    top = min(max(top, left + _OF_EQUALITY * across), _END)
    bottom = min(max(bottom, top - _TALLEST * across), top - across)
    return left, right, bottom, top
