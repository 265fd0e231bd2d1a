"""What figures with a point per function share: shades by its test error, axes of log10 probabilities, titles."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import colormaps, rcParams
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize, to_rgb
from matplotlib.ticker import MaxNLocator

from sgdbayes.analysis.comparison import FEWEST_DOMAINS
from sgdbayes.figures.style import power_of_ten
from sgdbayes.statistics import Z

__all__ = [
    "LOG10",
    "correlation_title",
    "draw_below",
    "draw_points",
    "error_colour_bar",
    "error_colours",
    "faint",
    "label_powers_of_ten",
    "limits",
    "log10_frequencies",
    "log10_probabilities",
    "with_interval",
]

LOG10 = np.log(10)
# Of the area of a marker elsewhere.
_SOLID, _HOLLOW = 1.14, 0.73
# The last part of viridis is too pale for points on white.
_COLOURS = ListedColormap(colormaps["viridis"](np.linspace(0, 0.9, 256)))


def error_colours(shares: np.ndarray) -> ScalarMappable:
    """Colours over the range of these ``shares`` of E labelled wrongly, all but the largest 2 % of them."""
    low, high = np.quantile(shares, [0, 0.98]) if len(shares) else (0, 0)
    return ScalarMappable(Normalize(low, max(high, low + 0.01)), _COLOURS)


def faint(strength: float) -> tuple[float, ...]:
    """The colour of text on that of panels, of this ``strength``, 0 to 1: grey on white under most styles."""
    text, panel = (np.array(to_rgb(rcParams[name])) for name in ("text.color", "axes.facecolor"))
    return tuple(strength * text + (1 - strength) * panel)


def error_colour_bar(panel: Axes, colours: ScalarMappable) -> None:
    """The scale of ``colours``, beside a ``panel``."""
    # Part of the panel, for one of a fixed shape leaves room between itself and what the layout puts beside it.
    place = panel.inset_axes((1.05, 0, 0.06, 0.7))
    bar = panel.figure.colorbar(colours, cax=place, label="share of E wrong", extend="max")
    bar.ax.yaxis.set_major_locator(MaxNLocator(5))


def label_powers_of_ten(axis: Axis, *, most: int = 6) -> None:
    """Label an axis of log10 probabilities, which may lie below the smallest double, by the probabilities."""
    axis.set_major_locator(MaxNLocator(most, integer=True, min_n_ticks=1))
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
    # Of thousands of points, bars and outlines would hide the rest, and a PDF of them would open slowly.
    many: dict[str, Any] = {"rasterized": len(x) > 1000}
    scale = 1 if len(x) < 300 else 0.5
    area = scale * rcParams["lines.markersize"] ** 2
    bars: dict[str, Any] = {"fmt": "none", "ecolor": faint(0.2), "elinewidth": 0.5 * scale, "zorder": 1, **many}
    # Bars of the many functions found once are all the same and hide the rest.
    x_reach, y_reach = (None if reach is None else reach[..., solid] for reach in (x_reach, y_reach))
    panel.errorbar(x[solid], y[solid], xerr=x_reach, yerr=y_reach, **bars)
    hollow: dict[str, Any] = {
        "facecolors": "none",
        "edgecolors": shades[~solid],
        "linewidths": 0.6,
        "zorder": 2,
        **many,
    }
    panel.scatter(x[~solid], y[~solid], s=_HOLLOW * area, **hollow)
    edge: dict[str, Any] = {"edgecolors": rcParams["text.color"], "linewidths": 0.3 * scale, "zorder": 3, **many}
    panel.scatter(x[solid], y[solid], s=_SOLID * area, c=shades[solid], **edge)


def draw_below(panel: Axes, x: np.ndarray, bottom: float, shades: np.ndarray, solid: np.ndarray) -> None:
    """Points (F,) that lie below the panel, on its lower edge, hollow if not ``solid`` (F,), and how many there are."""
    if len(x):
        inside = shades * np.where(solid, 1, 0)[:, None]
        look: dict[str, Any] = {
            "facecolors": inside,
            "edgecolors": shades,
            "linewidths": 0.6,
            "marker": "v",
            "clip_on": False,
        }
        panel.scatter(x, np.full(len(x), bottom), s=_HOLLOW * rcParams["lines.markersize"] ** 2, zorder=5, **look)
        box = {"facecolor": rcParams["axes.facecolor"], "edgecolor": "none", "alpha": 0.7, "pad": 0.5}
        where: dict[str, Any] = {"ha": "right", "va": "bottom", "transform": panel.transAxes, "zorder": 6}
        panel.text(0.98, 0.02, f"{len(x)} below", fontsize="small", bbox=box, **where)


def with_interval(row: pd.Series | Mapping[str, Any], column: str, *, form: str = "z.2f", unit: str = "") -> str:
    """The value of a ``column`` that has an interval, with it if it is known. ``form`` has z: no zero is negative."""
    value, low, high = (row[f"{column}{end}"] for end in ("", "_low", "_high"))
    digits = form.removeprefix("+")
    interval = f" [{low:{digits}}, {high:{digits}}]" if np.isfinite([low, high]).all() else ", no interval"
    return f"{value:{form}}{unit}{interval}"


def correlation_title(row: pd.Series | Mapping[str, Any]) -> str:
    """Correlation with its interval, and ceiling, of a row of comparison.csv or studies.csv; why there is none."""
    if np.isfinite(row["pearson"]):
        ceiling = f"\nceiling {row['noise_ceiling']:.2f}" if np.isfinite(row["noise_ceiling"]) else ""
        return f"r = {with_interval(row, 'pearson')}{ceiling}"
    with_r, domains = row["domains_with_r"], row["domains"]
    # Over several training sets one domain may be all inputs outside S, which is enough.
    if with_r == domains < FEWEST_DOMAINS and (domains > 1 or row.get("seeds", 1) == 1):
        return f"no r: a mean needs\n{FEWEST_DOMAINS} domains, not {domains:.0f}"
    if with_r >= min(FEWEST_DOMAINS, domains):
        return "no r: on some training set none"
    return f"no r: too few functions repeat\non {domains - with_r:.3g} of {domains:.0f} domains"
