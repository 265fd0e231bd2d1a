"""How well each posterior predicts what networks become: correlations of log P_OPT with log P_B, and test errors.

Claims C1 and C5 of Mingard et al. (JMLR 2021), and doubts D4 and D7 of its readers.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullFormatter

from sgdbayes.analysis.all_points import on_all_points
from sgdbayes.analysis.comparison import best_rows
from sgdbayes.figures.style import add_caption, estimates
from sgdbayes.posterior.kinds import POSTERIORS, posterior_kind

__all__ = ["draw_predictors"]

_ROW, _SPREAD = 0.23, 0.7
# Of a mean test error in per cent: on a logarithmic axis those below have no place.
_SMALLEST = 0.1
_TICKS = np.outer([0.1, 1, 10], [1, 2, 5]).ravel()


def draw_predictors(
    comparison: pd.DataFrame, *, experiments: Iterable[str], test_errors: pd.DataFrame | None = None
) -> Figure:
    """A row per experiment. ``comparison``: comparison.csv; ``test_errors``: test-errors.csv, or None.

    Of each of the ``experiments`` the domain is taken with most functions to compare under the exact 0-1 posterior;
    experiments without one are left out.
    """
    wanted = comparison[comparison["experiment"].isin(set(experiments))]
    tables = dict(best_rows(wanted))
    figure = Figure(figsize=(8.2, 1.6 + _ROW * max(5, len(tables))), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    posteriors = [name for name in POSTERIORS if wanted["posterior"].eq(name).any()]
    offsets = dict(zip(posteriors, np.linspace(-_SPREAD / 2, _SPREAD / 2, len(posteriors)), strict=True))
    for y, table in enumerate(tables.values()):
        measured = on_all_points(table.reset_index(), test_errors).set_index("posterior")
        errors = measured if len(measured) else table
        _draw_row(left, table, "pearson", "noise_ceiling", y, offsets)
        _draw_row(right, errors, "posterior_test_error", "test_error", y, offsets, scale=100)
    tasks = [table.iloc[0]["task"] for table in tables.values()]
    for panel in (left, right):
        for y in (y for y in range(1, len(tasks)) if tasks[y] != tasks[y - 1]):
            panel.axhline(y - 0.5, color="0.85", linewidth=0.6)
        panel.grid(axis="x", color="0.92", linewidth=0.6)
        panel.tick_params(axis="y", length=0)
    left.set(xlabel=r"correlation of $\log P_{\mathrm{OPT}}$ and $\log P_B$", xlim=(None, 1.02))
    left.set(ylim=(len(tables) - 0.5, -0.6))
    left.set_yticks(range(len(tables)), [f"{name} ({table.iloc[0]['domain_size']})" for name, table in tables.items()])
    if not tables:
        left.set_title("of no experiment is there a correlation with the exact 0-1 posterior")
    left.axvline(0, color="0.8", linewidth=0.8, zorder=0)
    right.set(xlabel="mean test error (%)", xscale="log")
    # From one labelled number to another, or a range of less than a decade would show only one.
    low, high = right.get_xlim()
    right.set_xlim(max([_SMALLEST, *_TICKS[low >= _TICKS]]), min([100, *_TICKS[high <= _TICKS]]))
    right.xaxis.set_major_locator(FixedLocator(_TICKS))
    right.xaxis.set_major_formatter("{x:g}")
    right.xaxis.set_minor_formatter(NullFormatter())
    handles = [Line2D([], [], label=posterior_kind(name).label, **_marker(name)) for name in posteriors]
    handles.append(Line2D([], [], label="noise ceiling (left), networks (right)", color="0.35"))
    figure.legend(handles=handles, loc="outside upper center", ncols=3, frameon=False)
    add_caption(
        figure,
        "Left: Pearson correlation of the log probability of functions under each posterior with the log frequency "
        "at which networks found them, over functions found often enough; grey: the correlation that a perfect "
        "predictor could be expected to reach. The number after a name is that of the test points, those on which "
        "most functions can be compared. Right: mean test error under each posterior; grey: of the networks; on all "
        "recorded test points where that was measured, else on those of the left. Bars: 95 % intervals, over "
        "networks, for test errors of posteriors of Monte Carlo error and, on all recorded test points, over these; "
        f"errors below {_SMALLEST} % are arrows at the edge. Data, networks and optimisers: the figures of each "
        "experiment.",
    )
    return figure


def _draw_row(
    panel: Axes, table: pd.DataFrame, column: str, networks: str, y: int, offsets: dict[str, float], *, scale: float = 1
) -> None:
    """A point for each posterior's ``column``, and a line at what the column ``networks`` says."""
    panel.plot(2 * [scale * table[networks].iloc[0]], [y - 0.45, y + 0.45], color="0.35", linewidth=1)
    for posterior, row in table.iterrows():
        value, reach = estimates(row, column, scale=scale)
        place = y + offsets[posterior]
        if scale == 100 and value < _SMALLEST:
            panel.plot(_SMALLEST, place, **(_marker(posterior) | {"marker": "<"}), clip_on=False)
        elif np.isfinite(value):
            panel.errorbar(value, place, xerr=reach[:, None], elinewidth=0.7, **_marker(posterior))


def _marker(posterior: str) -> dict[str, str]:
    return posterior_kind(posterior).style | {"linestyle": "none"}
