"""Expectation propagation against the exact 0-1 posterior over training sets of growing size."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import colormaps, rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sgdbayes.figures.columns import check_columns
from sgdbayes.figures.points import LOG10
from sgdbayes.figures.style import add_caption, call, describe_task, estimates, panels
from sgdbayes.posterior.kinds import posterior_kind
from sgdbayes.statistics import Z

__all__ = ["draw_ep_against_exact"]

_MARKERS = "os^Dvp*X"


def draw_ep_against_exact(
    table: pd.DataFrame,
    predictive: Sequence[pd.DataFrame],
    functions: Sequence[pd.DataFrame],
    *,
    train_sizes: Sequence[int],
    domain_size: int,
    samples: int,
    task: Mapping[str, Any],
    architecture: Mapping[str, Any],
) -> Figure:
    """Four panels: log evidence, test error, predictive probabilities, probabilities of functions on ``domain_size``.

    ``table``: ep-against-exact.csv; ``predictive`` and ``functions``: the tables of each of ``train_sizes``.
    """
    of_table = ("train_size", "test_points", "log_evidence_ep", "test_error_ep")
    check_columns(table, "table", *of_table, intervals=["log_evidence_exact", "test_error_exact"])
    log_p = [f"log_p_{side}{end}" for side in ("ep", "exact") for end in ("", "_se")]
    for size, points, probabilities in zip(train_sizes, predictive, functions, strict=True):
        check_columns(points, f"predictive of |S| = {size}", "p_ep", "p_exact")
        check_columns(probabilities, f"functions of |S| = {size}", "domain_size", *log_p)
    figure, ((evidence, error), (points, probabilities)) = panels(2, 2)
    _draw_evidence(evidence, table)
    _draw_error(error, table)
    shades = colormaps["viridis"](np.linspace(0, 0.85, len(train_sizes)))
    for index, size in enumerate(train_sizes):
        style = {"fmt": _MARKERS[index % len(_MARKERS)], "color": shades[index], "label": f"|S| = {size:,}"}
        style |= {"markersize": 0.7 * rcParams["lines.markersize"], "elinewidth": 0.4}
        _draw_predictive(points, predictive[index], **style)
        of_domain = functions[index]["domain_size"] == domain_size
        _draw_probabilities(probabilities, functions[index][of_domain], **style)
    for panel in (evidence, points, probabilities):
        panel.axhline(0, color="0.3", linewidth=0.8, linestyle="--", zorder=0)
    points.set(xlabel="exact predictive probability", ylabel="EP - exact", title="predictive probabilities")
    exact, ratio = r"$\log_{10} P_B(f|S)$, exact", r"$\log_{10}$ of EP / exact"
    probabilities.set(xlabel=exact, ylabel=ratio, title=f"functions, |E| = {domain_size}")
    probabilities.legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1.0, 1.0))
    add_caption(
        figure,
        f"Expectation propagation against the sampled 0-1 posterior of the kernel of {call(architecture)}. "
        f"{describe_task(task)} Smaller |S|: its first examples. {samples:,} posterior draws for each |S|, "
        f"{table['test_points'].iloc[0]:,} test points; functions drawn from the exact and from the MSE posterior. "
        "Bars: 95 % Monte Carlo intervals of the exact side, in the last panel of both; in the third panel, of the "
        "test points in each tenth of the exact probability, median and 5 % to 95 % quantiles. Functions that too "
        "few draws carry are left out.",
    )
    return figure


def _draw_evidence(panel: Axes, table: pd.DataFrame) -> None:
    exact, reach = estimates(table, "log_evidence_exact")
    difference = table["log_evidence_ep"] - exact
    panel.errorbar(table["train_size"], difference, yerr=reach, fmt="o", color="k", elinewidth=0.8, capsize=2)
    panel.set(xscale="log", xlabel="|S|", ylabel="EP - exact", title="log evidence")


def _draw_error(panel: Axes, table: pd.DataFrame) -> None:
    exact, reach = estimates(table, "test_error_exact", scale=100)
    for name, values, bars in (("zero_one", exact, reach), ("ep", 100 * table["test_error_ep"], None)):
        looks = {"label": posterior_kind(name).label, **posterior_kind(name).style}
        panel.errorbar(table["train_size"], values, yerr=bars, capsize=2, elinewidth=0.8, **looks)
    panel.set(xscale="log", xlabel="|S|", ylabel="mean test error (%)", title="test error")
    panel.legend(frameon=False)


def _draw_predictive(panel: Axes, table: pd.DataFrame, **style: Any) -> None:  # noqa: ANN401
    tenth = (10 * table["p_exact"]).clip(upper=9.999).astype(int)
    difference = (table["p_ep"] - table["p_exact"]).groupby(tenth)
    low, median, high = (difference.quantile(share) for share in (0.05, 0.5, 0.95))
    reach = [median - low, high - median]
    panel.errorbar((median.index + 0.5) / 10, median, yerr=reach, linestyle="-", linewidth=0.8, **style)


def _draw_probabilities(panel: Axes, table: pd.DataFrame, **style: Any) -> None:  # noqa: ANN401
    resolved = table.dropna(subset="log_p_exact")
    ratio = (resolved["log_p_ep"] - resolved["log_p_exact"]) / LOG10
    reach = Z * np.hypot(resolved["log_p_ep_se"], resolved["log_p_exact_se"]) / LOG10
    panel.errorbar(resolved["log_p_exact"] / LOG10, ratio, yerr=reach, linestyle="none", **style)
