"""Optimisers and posteriors against a reference, on a Boolean system the posterior of the finite network itself (figure
family 8 of Mingard et al., JMLR 2021).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sgdbayes.figures.points import (
    LOG10,
    correlation_title,
    correlation_with_interval,
    draw_points,
    error_colour_bar,
    error_shades,
    label_powers_of_ten,
    limits,
)
from sgdbayes.figures.style import (
    add_caption,
    describe_task,
    describe_trainings,
    hide_unused,
    label_outer,
    panels,
)
from sgdbayes.posterior.kinds import posterior_kind
from sgdbayes.statistics import Z

__all__ = ["draw_reference"]


def draw_reference(
    functions: Mapping[str, pd.DataFrame],
    comparison: pd.DataFrame,
    pairs: pd.DataFrame,
    *,
    size: int,
    reference: str,
    posteriors: Sequence[str],
    training: Mapping[str, Mapping[str, Any]],
    task: Mapping[str, Any],
    min_count: int,
) -> Figure:
    """A panel for each experiment and for each other posterior on one model, up to four in a row.

    ``functions`` and ``training``: by experiment, of which those that ask for the reference are shown; ``comparison``: their
    rows of comparison.csv; ``pairs``: the model's of posterior-pairs.csv.
    """
    column = f"log_p_{reference}"
    shown = {name: table for name, table in functions.items() if column in table}
    others = [name for name in posteriors if name != reference]
    number = len(shown) + len(others)
    # One panel alone would be lower than its caption.
    columns = max(2, min(4, number))
    figure, axes = panels(-(-number // columns), columns, sharex=True)
    each, across = iter(axes.flat), []
    for name, table in shown.items():
        panel = next(each)
        title = correlation_title(comparison[comparison["experiment"] == name], reference, size)
        x, unresolved = _draw_networks(panel, table, column, size, min_count)
        across.append(x)
        panel.set_title(f"{name}{_note(unresolved)}\n{title}")
    for name, panel in zip(others, each, strict=False):
        x, unresolved = _draw_posterior(panel, _known(shown.values(), (column, f"log_p_{name}")), name, column, size)
        panel.set_title(f"{posterior_kind(name).label}{_note(unresolved)}\n{_pair_title(pairs, name, reference, size)}")
        across.append(x)
    across = np.concatenate(across)
    if len(across):
        axes[0, 0].set_xlim(*limits(across, decades=2))
    hide_unused(axes.flat, number)
    label_outer(axes, f"{posterior_kind(reference).label}: $P(f|S)$", r"$P(f|S)$")
    error_colour_bar(figure, axes)
    networks = {name: int(table["count"].sum()) for name, table in shown.items()}
    about = "No experiment on this domain asks for the reference."
    if shown:
        about = describe_trainings({name: training[name] for name in shown}, networks)
    add_caption(
        figure,
        f"|E| = {size}. {about} {describe_task(task)} A point is a function on E: across, its "
        "probability under the reference; up, its share of an experiment's networks with its 95 % Wilson interval, or its probability "
        "under another posterior; other bars: 95 % Monte Carlo intervals. Hollow, without their interval: found "
        f"fewer than {min_count} times, not in the correlation r. Marks at the lower edge: functions that no network found, though the "
        "reference gives them as much as some that "
        "were. Functions unresolved under either side are counted, not drawn. Dashed: equality. Brackets: 95 % interval, "
        "over networks, or between posteriors of Monte Carlo error; ceiling: the r that a perfect predictor could be expected to reach "
        "with this many networks. Between posteriors r is corrected for Monte Carlo errors, which lower a correlation, and over all "
        "functions tabulated under both, of which those in the tables of these experiments are drawn.",
    )
    return figure


def _draw_networks(panel: Axes, table: pd.DataFrame, column: str, size: int, min_count: int) -> tuple[np.ndarray, int]:
    """Draw an experiment's functions; where all marks stand across, and how many of those found the reference does not
    resolve.
    """
    found = table[table["count"] > 0]
    resolved = found.dropna(subset=column)
    x, x_reach = _logarithms(resolved, column)
    y, low, high = np.log10(resolved[["frequency", "frequency_low", "frequency_high"]].to_numpy().T)
    shades = error_shades(resolved["test_errors"], size)
    often = (resolved["count"] >= min_count).to_numpy()
    draw_points(panel, x, y, x_reach=x_reach, y_reach=np.array([y - low, high - y]), shades=shades, solid=often)
    _finish(panel, x, np.concatenate([low, high]))
    # None where nothing is found: NaN is not exceeded.
    unseen = table[(table["count"] == 0) & (table[column] >= resolved[column].min())]
    unseen_x = unseen[column].to_numpy() / LOG10
    edge = {"marker": 7, "s": 18, "transform": panel.get_xaxis_transform(), "zorder": 2}
    panel.scatter(unseen_x, np.zeros(len(unseen)), c=error_shades(unseen["test_errors"], size), **edge)
    return np.concatenate([x, unseen_x]), len(found) - len(resolved)


def _draw_posterior(panel: Axes, table: pd.DataFrame, posterior: str, column: str, size: int) -> tuple[np.ndarray, int]:
    """Draw the functions known to two posteriors; where they stand across, and how many either does not resolve."""
    other = f"log_p_{posterior}"
    resolved = table.dropna(subset=[column, other])
    (x, x_reach), (y, y_reach) = _logarithms(resolved, column), _logarithms(resolved, other)
    draw_points(panel, x, y, x_reach=x_reach, y_reach=y_reach, shades=error_shades(resolved["test_errors"], size))
    _finish(panel, x, y)
    return x, len(table) - len(resolved)


def _logarithms(table: pd.DataFrame, column: str) -> tuple[np.ndarray, np.ndarray]:
    """log10 of a probability, and how far its 95 % interval reaches."""
    return table[column].to_numpy() / LOG10, Z * table[f"{column}_se"].to_numpy() / LOG10


def _finish(panel: Axes, x: np.ndarray, y: np.ndarray) -> None:
    for axis in (panel.xaxis, panel.yaxis):
        label_powers_of_ten(axis)
    if len(x) == 0:
        panel.text(0.5, 0.5, "no function resolved\nunder both", ha="center", transform=panel.transAxes)
        return
    panel.set_ylim(*limits(y, decades=2))
    panel.axline((0, 0), slope=1, color="0.3", linestyle="--", linewidth=0.8, zorder=0)


def _known(tables: Sequence[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    """The functions of all tables that have ``columns``, each once."""
    kept = [*columns, *(f"{column}_se" for column in columns)]
    parts = [table[["function", "test_errors", *kept]] for table in tables if set(kept) <= set(table)]
    if not parts:
        return pd.DataFrame(columns=["function", "test_errors", *kept], dtype=float)
    return pd.concat(parts).drop_duplicates("function", ignore_index=True)


def _pair_title(pairs: pd.DataFrame, posterior: str, reference: str, size: int) -> str:
    names = pairs[["posterior_a", "posterior_b"]].apply(set, axis=1) == {posterior, reference}
    rows = pairs[names & (pairs["domain_size"] == size)]
    if rows.empty or not np.isfinite(rows["pearson"].iloc[0]):
        return "no correlation"
    return correlation_with_interval(rows.iloc[0])


def _note(unresolved: int) -> str:
    return f", {unresolved} unresolved" if unresolved else ""
