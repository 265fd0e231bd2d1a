"""Expectation propagation against the exact 0-1 posterior over training sets of growing size."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sgdbayes.figures.style import add_caption, call, describe_task, panels
from sgdbayes.posterior.kinds import posterior_kind
from sgdbayes.statistics import Z

__all__ = ["draw_ep_against_exact"]

_MARKERS = "os^Dvp*X"
_LOG10 = np.log(10)


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
    """Four panels: log evidence, test error, predictive probabilities and probabilities of functions on ``domain_size``.

    ``table``: ep-against-exact.csv; ``predictive`` and ``functions``: the tables of each of ``train_sizes``.
    """
    figure, ((evidence, error), (points, probabilities)) = panels(2, 2)
    _draw_evidence(evidence, table)
    _draw_error(error, table)
    shades = colormaps["viridis"](np.linspace(0, 0.85, len(train_sizes)))
    for index, size in enumerate(train_sizes):
        style = {
            "fmt": _MARKERS[index % len(_MARKERS)],
            "color": shades[index],
            "markersize": 2.5,
            "elinewidth": 0.4,
            "linestyle": "none",
            "label": f"|S| = {size:,}",
        }
        of = predictive[index]
        _draw_predictive(points, of, **style)
        of = functions[index]
        of = of[of["domain_size"] == domain_size].dropna(subset="log_p_exact")
        ratio = (of["log_p_ep"] - of["log_p_exact"]) / _LOG10
        reach = Z * np.hypot(of["log_p_ep_se"], of["log_p_exact_se"]) / _LOG10
        probabilities.errorbar(of["log_p_exact"] / _LOG10, ratio, yerr=reach, **style)
    for panel in (evidence, points, probabilities):
        panel.axhline(0, color="0.3", linewidth=0.8, linestyle="--", zorder=0)
    points.set(xlabel="exact predictive probability", ylabel="EP - exact", title="predictive probabilities")
    probabilities.set(
        xlabel=r"$\log_{10} P_B(f|S)$, exact",
        ylabel=r"$\log_{10}$ of EP / exact",
        title=f"functions, |E| = {domain_size}",
    )
    probabilities.legend(frameon=False, fontsize=6, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    test_points = int(table["test_points"].iloc[0])
    add_caption(
        figure,
        f"Expectation propagation against the sampled 0-1 posterior of the kernel of {call(architecture)}. "
        f"{describe_task(task)} Smaller |S|: its first examples. {samples:,} posterior draws for each |S|, {test_points:,} test "
        "points; functions drawn from the exact and from the MSE posterior. Bars: 95 % Monte Carlo intervals of the exact side, "
        "in the last panel of both; in the third panel, of the test points in each tenth of the exact probability, median and 5 % to "
        "95 % quantiles. Functions that too few draws carry are left out.",
    )
    return figure


def _draw_evidence(panel: Axes, table: pd.DataFrame) -> None:
    difference = table["log_evidence_ep"] - table["log_evidence_exact"]
    reach = (table["log_evidence_exact_high"] - table["log_evidence_exact_low"]) / 2
    panel.errorbar(table["train_size"], difference, yerr=reach, fmt="o", color="k", elinewidth=0.8, capsize=2)
    panel.set(xscale="log", xlabel="|S|", ylabel="EP - exact", title="log evidence")


def _draw_predictive(panel: Axes, table: pd.DataFrame, **style: Any) -> None:  # noqa: ANN401
    difference = (table["p_ep"] - table["p_exact"]).groupby((10 * table["p_exact"]).clip(upper=9.999).astype(int))
    middle = (difference.median().index + 0.5) / 10
    low, high = difference.quantile(0.05), difference.quantile(0.95)
    reach = [difference.median() - low, high - difference.median()]
    panel.errorbar(middle, difference.median(), yerr=reach, **(style | {"linestyle": "-", "linewidth": 0.8}))


def _draw_error(panel: Axes, table: pd.DataFrame) -> None:
    for name, posterior in (("exact", "zero_one"), ("ep", "ep")):
        style, label = posterior_kind(posterior).style, posterior_kind(posterior).label
        values = 100 * table[f"test_error_{name}"]
        reach = None
        if name == "exact":
            reach = [values - 100 * table["test_error_exact_low"], 100 * table["test_error_exact_high"] - values]
        panel.errorbar(table["train_size"], values, yerr=reach, label=label, capsize=2, elinewidth=0.8, **style)
    panel.set(xscale="log", xlabel="|S|", ylabel="mean test error (%)", title="test error")
    panel.legend(frameon=False)
