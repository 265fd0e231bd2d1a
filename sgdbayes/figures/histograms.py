"""How likely functions of networks and of draws from a posterior are under it: what the gap is the difference of."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rcParams
from matplotlib.axes import Axes
from scipy.stats import hypergeom

from sgdbayes.figures.columns import check_columns, check_functions
from sgdbayes.figures.points import LOG10, label_powers_of_ten, with_interval

__all__ = ["asked_weights", "check_sides", "draw_histograms", "gap_title", "said_of_draws", "share_alike"]

_BINS = 24
# Of either side: what is less likely stands in the first bin.
_TAIL = 0.02
_UNIT = ["experiment", "domain"]


def asked_weights(functions: pd.DataFrame, *, asked: int, min_count: int, top: int) -> np.ndarray:
    """Of how many networks each row (F,) of functions.parquet, on one domain size, stands.

    Functions found ``min_count`` times and the ``top`` of a domain are all in the table, others if one of the first
    ``asked`` networks ended as them: these count by the inverse of the chance of that (Horvitz and Thompson, J. Am.
    Stat. Assoc. 47, 1952), for by their count alone frequent functions would weigh too much.
    """
    count = functions["count"].to_numpy()
    networks = np.rint(count / functions["frequency"].to_numpy()).astype(int)
    rank = functions.groupby(_UNIT)["count"].rank(method="first", ascending=False).to_numpy()
    chance = 1 - hypergeom.pmf(0, networks, count, np.minimum(asked, networks))
    return count / np.where((count >= min_count) | (rank <= top), 1, chance)


def check_sides(functions: pd.DataFrame, draws: pd.DataFrame, posteriors: Iterable[str]) -> None:
    """Raise ValueError unless both tables have the columns that points and histograms under these posteriors need."""
    check_functions(functions, *_UNIT, "domain_size", posteriors=posteriors)
    check_columns(draws, "draws", "task", "domain", "posterior", "count", "log_p")


def share_alike(table: pd.DataFrame, weights: np.ndarray, unit: list[str]) -> np.ndarray:
    """``weights`` (F,) of the rows of ``table``, each domain's summing to the same, all to 1."""
    shares = pd.Series(weights, table.index)
    shares = shares / shares.groupby([table[name] for name in unit]).transform("sum")
    return (shares / shares.sum()).to_numpy()


def draw_histograms(
    panel: Axes,
    functions: pd.DataFrame,
    draws: pd.DataFrame,
    posterior: str,
    *,
    labels: tuple[str, str] = ("networks", "posterior"),
    asking: Mapping[str, int],
) -> None:
    """Networks' ``functions`` and ``draws`` of one posterior and domain size; ``asking``: as `asked_weights` asks."""
    functions = functions.assign(weight=asked_weights(functions, **asking)).dropna(subset=f"log_p_{posterior}")
    draws = draws.dropna(subset="log_p")
    # In grey and small: one is filled, the other hatched.
    looks: tuple[dict[str, Any], ...] = (
        {"color": "0.75"},
        {"facecolor": "none", "edgecolor": "k", "hatch": "/////", "linewidth": 0.8},
    )
    sides = [
        (functions[f"log_p_{posterior}"] / LOG10, share_alike(functions, functions["weight"].to_numpy(), _UNIT)),
        (draws["log_p"] / LOG10, share_alike(draws, draws["count"].to_numpy(), ["task", "domain"])),
    ]
    sides = [(values.to_numpy(), weights) for values, weights in sides]
    known = [values for values, _ in sides if len(values)]
    if known:
        low = min(np.quantile(values, _TAIL) for values in known)
        edges = np.linspace(low, max(max(values.max() for values in known), low + 0.5), _BINS + 1)
        for (values, weights), look, line, label in zip(sides, looks, ("-", "--"), labels, strict=True):
            bars: dict[str, Any] = {"bins": edges, "weights": 100 * weights, "histtype": "stepfilled", "label": label}
            panel.hist(np.maximum(values, low), **bars, **look)
            if len(values):
                panel.axvline(
                    (values * weights).sum(), color="k", linestyle=line, linewidth=1.2 * rcParams["lines.linewidth"]
                )
    panel.set(xlabel=r"$P_B(f|S)$", ylabel="share (%)")
    label_powers_of_ten(panel.xaxis, most=4)


def said_of_draws(draws: pd.DataFrame) -> str:
    """How many functions were drawn from each posterior on a domain: "100 draws", "20 to 100 draws"."""
    numbers = draws.groupby(["task", "posterior", "domain"])["count"].sum()
    if numbers.empty:
        return "no draws"
    return f"{' to '.join(f'{number:,}' for number in dict.fromkeys((numbers.min(), numbers.max())))} draws"


def gap_title(row: pd.Series | Mapping[str, Any]) -> str:
    """The gap of a row of studies.csv with its interval."""
    if not np.isfinite(row["gap"]):
        return "no gap: some function is unknown"
    return f"gap {with_interval(row, 'gap', form='+z.1f', unit=' decades')}"
