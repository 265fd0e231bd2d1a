"""A reader's own networks against a posterior, in one panel for a notebook."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sgdbayes.analysis.comparison import Comparison
from sgdbayes.checks import check_whole
from sgdbayes.figures.against_frequency import draw_against_equality
from sgdbayes.figures.columns import check_columns
from sgdbayes.figures.histograms import gap_title
from sgdbayes.figures.points import correlation_title, error_colour_bar, error_colours
from sgdbayes.figures.style import Drawing

__all__ = ["scatter"]


def scatter(comparison: Comparison | pd.DataFrame, *, axes: Axes | None = None, min_count: int = 5) -> Figure:
    """P_B(f|S) against P_OPT(f|S), a point per function with 95 % intervals, in one panel.

    ``comparison``: what `sgdbayes.compare` returns, or its ``functions`` alone, a DataFrame with a row per domain and
    function: function (a text of 0 and 1), count, frequency with frequency_low and frequency_high, test_errors, log_p
    (natural logarithm) and log_p_se, its standard error, missing where it is not resolved. A comparison has its
    statistics in the title. Functions found fewer than ``min_count`` times, or not resolved, are hollow. Drawn on
    ``axes``, or on a figure of its own of the size of rcParams["figure.figsize"]. Raises ValueError if a column is
    missing, if function is not text of 0 and 1, of one length on a domain, if a frequency is not above 0, and for a
    ``min_count`` below 1.

    >>> posterior = sb.Gaussian(np.zeros(100), np.eye(100))
    >>> comparison = sb.compare(posterior.draw_functions(50, seed=0), posterior, np.ones(100), domain_size=4)
    >>> figure = sb.figures.scatter(comparison)
    """
    if not isinstance(comparison, pd.DataFrame) and not hasattr(comparison, "functions"):
        raise ValueError(f"scatter takes a Comparison or a table of functions, got {type(comparison).__name__}")
    table = comparison if isinstance(comparison, pd.DataFrame) else comparison.functions
    check_columns(table, "functions", "function", "count", "test_errors", "log_p", "log_p_se", intervals=["frequency"])
    _check_values(table)
    check_whole(min_count=min_count)
    if not isinstance(axes, Axes | None):
        raise ValueError(f"axes must be one Axes of matplotlib, got {type(axes).__name__}")
    table = table.assign(domain_size=table["function"].str.len())
    table = table.rename(columns={"log_p": "log_p_own", "log_p_se": "log_p_own_se"})
    panel = Drawing(layout="constrained").subplots() if axes is None else axes
    colours = error_colours(table["test_errors"] / table["domain_size"])
    draw_against_equality(panel, table, "own", colours, min_count)
    error_colour_bar(panel, colours)
    panel.set(xlabel=r"$P_{\mathrm{OPT}}(f|S)$", ylabel=r"$P_B(f|S)$")
    if not isinstance(comparison, pd.DataFrame):
        panel.set_title(_title(comparison.row))
    return panel.get_figure(root=True)  # type: ignore[return-value]  # None of axes that were removed alone


def _check_values(table: pd.DataFrame) -> None:
    functions = table["function"]
    bad = [each for each in functions if not isinstance(each, str) or not each or set(each) - {"0", "1"}]
    if bad:
        raise ValueError(
            f"functions: function must be text of 0 and 1, got {bad[0]!r}; of a CSV file pandas makes numbers unless "
            'told read_csv(..., dtype={"function": str})'
        )
    domains = table["domain"] if "domain" in table else np.zeros(len(table))
    if (functions.str.len().groupby(domains).nunique() > 1).any():
        raise ValueError("functions: function must be of one length on each domain")
    if not (table["frequency"] > 0).all():
        raise ValueError(f"functions: frequency must be above 0, got {table['frequency'].min()}")


def _title(row: Mapping[str, Any]) -> str:
    correlation = correlation_title(row) if np.isfinite(row["pearson"]) or "domains_with_r" in row else "no r"
    return f"{gap_title(row)}\n{correlation}"
