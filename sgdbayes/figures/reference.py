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
    log10_frequencies,
    log10_probabilities,
)
from sgdbayes.figures.style import add_caption, describe_experiments, describe_task, label_outer, panels_in_rows
from sgdbayes.posterior.kinds import posterior_kind

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

    ``functions`` and ``training``: by experiment, of which those that ask for the reference are shown; ``comparison``:
    their rows of comparison.csv; ``pairs``: the model's of posterior-pairs.csv.
    """
    shown = {name: table for name, table in functions.items() if f"log_p_{reference}" in table}
    others = [name for name in posteriors if name != reference]
    # One panel alone would be lower than its caption.
    figure, axes = panels_in_rows(len(shown) + len(others), least=2, sharex=True)
    each, across = iter(axes.flat), []
    for name, table in shown.items():
        panel = next(each)
        x, unresolved = _draw_networks(panel, table, reference, size, min_count)
        title = correlation_title(comparison[comparison["experiment"] == name], reference, size)
        panel.set_title(f"{name}{_note(unresolved)}\n{title}")
        across.append(x)
    for name, panel in zip(others, each, strict=False):
        x, unresolved = _draw_posterior(panel, _functions_under(shown.values(), reference, name), reference, name, size)
        panel.set_title(f"{posterior_kind(name).label}{_note(unresolved)}\n{_pair_title(pairs, name, reference, size)}")
        across.append(x)
    across = np.concatenate(across)
    if len(across):
        axes[0, 0].set_xlim(*limits(across, decades=2))
    label_outer(axes, f"{posterior_kind(reference).label}: $P(f|S)$", r"$P(f|S)$")
    error_colour_bar(figure, axes)
    if shown:
        about = describe_experiments(shown, training, task)
    else:
        about = f"No experiment on this domain asks for the reference. {describe_task(task)}"
    add_caption(
        figure,
        f"|E| = {size}. {about} A point is a function on E: across, its probability under the reference; up, its "
        "share of an experiment's networks with its 95 % Wilson interval, or its probability under another "
        "posterior; other bars: 95 % Monte Carlo intervals. Hollow, without their interval: found fewer than "
        f"{min_count} times, not in the correlation r. Marks at the lower edge: functions that no network found, "
        "though the reference gives them as much as some that were. Functions unresolved under either side are "
        "counted, not drawn. Dashed: equality. Brackets: 95 % interval, over networks, or between posteriors of "
        "Monte Carlo error; ceiling: the r that a perfect predictor could be expected to reach with this many "
        "networks. Between posteriors r is corrected for Monte Carlo errors, which lower a correlation, and over all "
        "functions tabulated under both, of which those in the tables of these experiments are drawn.",
    )
    return figure


def _draw_networks(
    panel: Axes, table: pd.DataFrame, reference: str, size: int, min_count: int
) -> tuple[np.ndarray, int]:
    """Draw an experiment's functions; where all marks stand across, and how many of those found are unresolved."""
    log_p = f"log_p_{reference}"
    found = table[table["count"] > 0]
    resolved = found.dropna(subset=log_p)
    (x, x_reach), (y, y_reach) = log10_probabilities(resolved, reference), log10_frequencies(resolved)
    often = (resolved["count"] >= min_count).to_numpy()
    shades = error_shades(resolved["test_errors"], size)
    draw_points(panel, x, y, x_reach=x_reach, y_reach=y_reach, shades=shades, solid=often)
    _finish(panel, np.concatenate([y - y_reach[0], y + y_reach[1]]))
    # None where nothing is found: NaN is not exceeded.
    unseen = table[(table["count"] == 0) & (table[log_p] >= resolved[log_p].min())]
    unseen_x = unseen[log_p].to_numpy() / LOG10
    edge = {"marker": 7, "s": 18, "transform": panel.get_xaxis_transform(), "zorder": 2}
    panel.scatter(unseen_x, np.zeros(len(unseen)), c=error_shades(unseen["test_errors"], size), **edge)
    return np.concatenate([x, unseen_x]), len(found) - len(resolved)


def _draw_posterior(
    panel: Axes, table: pd.DataFrame, reference: str, posterior: str, size: int
) -> tuple[np.ndarray, int]:
    """Draw the functions known to two posteriors; where they stand across, and how many either does not resolve."""
    resolved = table.dropna(subset=[f"log_p_{reference}", f"log_p_{posterior}"])
    (x, x_reach), (y, y_reach) = log10_probabilities(resolved, reference), log10_probabilities(resolved, posterior)
    draw_points(panel, x, y, x_reach=x_reach, y_reach=y_reach, shades=error_shades(resolved["test_errors"], size))
    _finish(panel, y)
    return x, len(table) - len(resolved)


def _finish(panel: Axes, y: np.ndarray) -> None:
    """Label both axes; ``y``: what the upright one is to hold, empty if there is nothing to see."""
    for axis in (panel.xaxis, panel.yaxis):
        label_powers_of_ten(axis)
    if len(y):
        panel.set_ylim(*limits(y, decades=2))
        panel.axline((0, 0), slope=1, color="0.3", linestyle="--", linewidth=0.8, zorder=0)
    else:
        panel.text(0.5, 0.5, "no function resolved\nunder both", ha="center", transform=panel.transAxes)


def _functions_under(tables: Sequence[pd.DataFrame], *posteriors: str) -> pd.DataFrame:
    """The functions of all tables that have these posteriors, each once."""
    columns = ["function", "test_errors", *(f"log_p_{name}{end}" for name in posteriors for end in ("", "_se"))]
    parts = [table[columns] for table in tables if set(columns) <= set(table)]
    if not parts:
        return pd.DataFrame(columns=columns, dtype=float)
    return pd.concat(parts).drop_duplicates("function", ignore_index=True)


def _pair_title(pairs: pd.DataFrame, posterior: str, reference: str, size: int) -> str:
    names = pairs[["posterior_a", "posterior_b"]].apply(set, axis=1) == {posterior, reference}
    rows = pairs[names & (pairs["domain_size"] == size)]
    if rows.empty or not np.isfinite(rows["pearson"].iloc[0]):
        return "no correlation"
    return correlation_with_interval(rows.iloc[0])


def _note(unresolved: int) -> str:
    return f", {unresolved} unresolved" if unresolved else ""
