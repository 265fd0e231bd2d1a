"""What figures with a point per function share: shades by its test error, axes of log10 probabilities, titles."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sgdbayes.figures.style import power_of_ten
from sgdbayes.statistics import Z

__all__ = [
    "LOG10",
    "correlation_title",
    "correlation_with_interval",
    "draw_points",
    "error_colour_bar",
    "error_shades",
    "label_powers_of_ten",
    "limits",
    "log10_frequencies",
    "log10_probabilities",
]

LOG10 = np.log(10)
_COLOURS = ScalarMappable(Normalize(0, 0.3), "viridis")


def error_shades(test_errors: pd.Series, size: int) -> np.ndarray:
    """Colours (F, 4) of functions with so many errors on |E| = ``size``."""
    return _COLOURS.to_rgba(test_errors / size)


def error_colour_bar(figure: Figure, axes: np.ndarray) -> None:
    """The scale of `error_shades`, beside ``axes``."""
    # Of the last column alone: the layout measures the bar once for each panel that it belongs to.
    figure.colorbar(_COLOURS, ax=axes[:, -1], label="share of E labelled wrongly", extend="max", shrink=0.8, pad=0.01)


def label_powers_of_ten(axis: Axis) -> None:
    """Label an axis of log10 probabilities, which may lie below the smallest double, by the probabilities."""
    axis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))
    axis.set_major_formatter(lambda exponent, _: power_of_ten(exponent))


def limits(log10_p: np.ndarray, *, decades: float = 1.1) -> tuple[float, float]:
    """The range of an axis that holds ``log10_p`` and so many decades at least: in one there is a power of ten to be
    labelled, in two there are two.
    """
    low, high = float(log10_p.min()), float(log10_p.max())
    margin = max(0.06 * (high - low) + 0.1, (decades - high + low) / 2)
    return low - margin, high + margin


def log10_frequencies(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """log10 of the frequency of each function of ``table`` (F,), and how far its Wilson interval reaches (2, F)."""
    value, low, high = np.log10(table[["frequency", "frequency_low", "frequency_high"]].to_numpy().T)
    return value, np.array([value - low, high - value])


def log10_probabilities(table: pd.DataFrame, posterior: str) -> tuple[np.ndarray, np.ndarray]:
    """log10 of each function's probability under ``posterior`` (F,), and how far its interval reaches (F,)."""
    log_p, se = table[[f"log_p_{posterior}", f"log_p_{posterior}_se"]].to_numpy().T
    return log_p / LOG10, Z * se / LOG10


def draw_points(
    panel: Axes,
    x: np.ndarray,
    y: np.ndarray,
    *,
    x_reach: np.ndarray | None,
    y_reach: np.ndarray | None,
    shades: np.ndarray,
    solid: np.ndarray | None = None,
) -> None:
    """Points (F,) with bars that reach so far, (F,) or (2, F); those not ``solid`` (F,) are hollow and have none."""
    solid = np.ones(len(x), dtype=bool) if solid is None else solid
    bars = {"fmt": "none", "ecolor": "0.75", "elinewidth": 0.6, "zorder": 1}
    # Bars of the many functions found once are all the same and hide the rest.
    x_reach, y_reach = (None if reach is None else reach[..., solid] for reach in (x_reach, y_reach))
    panel.errorbar(x[solid], y[solid], xerr=x_reach, yerr=y_reach, **bars)
    hollow = {"facecolors": "none", "edgecolors": shades[~solid], "linewidths": 0.7, "zorder": 2}
    panel.scatter(x[~solid], y[~solid], s=9, **hollow)
    panel.scatter(x[solid], y[solid], s=16, c=shades[solid], edgecolors="k", linewidths=0.3, zorder=3)


def correlation_title(comparison: pd.DataFrame, posterior: str, size: int) -> str:
    """Correlation with its interval, and ceiling, in the row of comparison.csv of ``posterior`` and |E| = ``size``."""
    row = comparison[(comparison["posterior"] == posterior) & (comparison["domain_size"] == size)].iloc[0]
    if not np.isfinite(row["pearson"]):
        return f"{row['compared']} functions: no correlation"
    ceiling = f", ceiling {row['noise_ceiling']:.2f}" if np.isfinite(row["noise_ceiling"]) else ""
    return f"{correlation_with_interval(row)}{ceiling}"


def correlation_with_interval(row: pd.Series) -> str:
    """Pearson's correlation of a row of comparison.csv or posterior-pairs.csv, with its interval if it has one."""
    value, low, high = row["pearson"], row["pearson_low"], row["pearson_high"]
    return f"r = {value:.2f}" + (f" [{low:.2f}, {high:.2f}]" if np.isfinite([low, high]).all() else ", no interval")
