"""What figures of studies share: the domain size that each is shown on, and what its intervals cover."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from sgdbayes.analysis.comparison import possible
from sgdbayes.figures.style import estimates
from sgdbayes.posterior.kinds import exact_posterior
from sgdbayes.statistics import Estimate, over_seeds

__all__ = ["common_size", "covered", "draw_markers", "extent", "pair_estimate", "pairs_of", "shown_rows"]


def shown_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Of the ``rows`` of studies.csv of one study those of one domain size: that on which r is of most functions under
    the exact posterior, else the largest with a gap, else the largest.
    """
    exact = rows[rows["posterior"] == exact_posterior().name]
    with_r, with_gap = exact.dropna(subset="pearson"), rows.dropna(subset="gap")
    if len(with_r):
        size = with_r.loc[with_r["compared"].idxmax(), "domain_size"]
    else:
        size = (with_gap if len(with_gap) else rows)["domain_size"].max()
    return rows[rows["domain_size"] == size]


def common_size(rows: pd.DataFrame) -> int:
    """The domain size on which most studies of ``rows`` of studies.csv have a gap under the exact posterior; of several
    the largest.
    """
    known = rows[rows["posterior"] == exact_posterior().name].dropna(subset="gap")
    studies = (known if len(known) else rows).groupby("domain_size")["study"].nunique()
    return int(studies[studies == studies.max()].index.max())


def covered(rows: pd.DataFrame) -> str:
    """What the intervals of ``rows`` of studies.csv are over, of one training set or several, for a caption."""
    each = rows.assign(number=np.where(rows["seeds"] > 1, "several training sets", "one training set")).drop_duplicates(
        ["number", "covers"]
    )
    if each["covers"].nunique() == 1:
        return f"95 % intervals are over {each['covers'].iloc[0]}"
    parts = [f"{row.number} over {row.covers}" for row in each.sort_values("number").itertuples()]
    return f"95 % intervals of {'; of '.join(parts)}"


def extent(
    rows: pd.DataFrame, column: str, *, scale: float = 1, at_least: tuple[float, ...] = ()
) -> tuple[float, float]:
    """Limits of an axis that holds the values of a ``column`` and ``at_least`` these numbers, and of their intervals as
    much as leaves the values half of the axis: that of two training sets may reach anywhere.
    """
    values, reach = estimates(rows, column, scale=scale)
    known = np.array([*values[np.isfinite(values)], *at_least])
    if len(known) == 0:
        return 0.0, 1.0
    low, high = known.min(), known.max()
    room = max(high - low, 0.02 * scale)
    ends = np.array([values - reach[0], values + reach[1]])
    ends = ends[np.isfinite(ends)]
    margin = 0.06 * room
    return (
        float(max(np.min([*ends, low]), low - room / 2) - margin),
        float(min(np.max([*ends, high]), high + room / 2) + margin),
    )


def draw_markers(panel: Axes, place: float, row: Mapping[str, float], column: str, *, scale: float = 1, **look) -> None:
    """A marker with its interval across, at the height ``place``."""
    value, reach = estimates(row, column, scale=scale)
    if np.isfinite(value):
        panel.errorbar(value, place, xerr=np.nan_to_num(reach)[:, None], elinewidth=0.7, linestyle="none", **look)


def pairs_of(pairs: pd.DataFrame, *posteriors: str) -> pd.DataFrame:
    """The rows of posterior-pairs.csv of these two posteriors."""
    return pairs[pairs["posterior_a"].isin(posteriors) & pairs["posterior_b"].isin(posteriors)]


def pair_estimate(pairs: pd.DataFrame, column: str) -> Estimate:
    """The mean of a ``column`` over rows of the same two posteriors, a training set each; of one its own interval.
    Missing if any row lacks it.
    """
    return possible(column, over_seeds([Estimate.of(row, column) for row in pairs.to_dict("records")]))
