"""Optimisers and posteriors against a reference, on a Boolean system the posterior of the finite network itself (figure
family 8 of Mingard et al., JMLR 2021).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sgdbayes.figures.columns import check_columns, check_functions
from sgdbayes.figures.points import (
    correlation_title,
    draw_below,
    draw_points,
    error_colour_bar,
    error_colours,
    label_powers_of_ten,
    limits,
    log10_frequencies,
    log10_probabilities,
    with_interval,
)
from sgdbayes.figures.studies import covered, pair_estimate, pairs_of
from sgdbayes.figures.style import add_caption, describe_networks, describe_task, label_outer, panels_in_rows
from sgdbayes.posterior.kinds import posterior_kind

__all__ = ["draw_reference"]


def draw_reference(
    functions: Mapping[str, pd.DataFrame],
    rows: pd.DataFrame,
    pairs: pd.DataFrame,
    *,
    size: int,
    reference: str,
    posteriors: Sequence[str],
    training: Mapping[str, Mapping[str, Any]],
    task: Mapping[str, Any],
    seeds: Sequence[int],
    min_count: int,
) -> Figure:
    """A panel for each study and for each other posterior on one model, up to four in a row, of all domains and seeds.

    ``functions`` and ``training``: by study, of which those that ask for the reference are shown; ``rows`` of
    studies.csv under the reference and ``pairs`` of posterior-pairs.csv: the model's, on domains of ``size`` points.
    """
    for table in functions.values():
        check_functions(table, "domain", "domain_size", "function")
    columns = ("study", "domains", "domains_with_r", "seeds", "noise_ceiling", "covers")
    check_columns(rows, "rows", *columns, intervals=["pearson"])
    check_columns(pairs, "pairs", "posterior_a", "posterior_b", intervals=["pearson"])
    shown = {name: table for name, table in functions.items() if f"log_p_{reference}" in table}
    others = [name for name in posteriors if name != reference]
    # One panel alone would be lower than its caption.
    figure, axes = panels_in_rows(len(shown) + len(others), least=2)
    colours = error_colours(np.concatenate([np.zeros(0), *(table["test_errors"] / size for table in shown.values())]))
    drawn, titles = [], []
    for name, table in shown.items():
        known = table.dropna(subset=[f"log_p_{reference}", f"log_p_{reference}_se"])
        drawn.append((known, log10_frequencies(known), (known["count"] >= min_count).to_numpy()))
        title = correlation_title(rows[rows["study"] == name].iloc[0])
        titles.append(f"{name}{_unresolved(table, known)}\n{title}")
    for name in others:
        table = _functions_under(shown.values(), reference, name)
        known = table.dropna()
        drawn.append((known, log10_probabilities(known, name), None))
        title = _pair_title(pairs_of(pairs, name, reference))
        titles.append(f"{posterior_kind(name).label}{_unresolved(table, known)}\n{title}")
    ends = _ends(reference, [known for known, *_ in drawn], [up for _, (up, _), _ in drawn[: len(shown)]])
    for panel, title, each in zip(axes.flat, titles, drawn, strict=False):
        panel.set_title(title)
        _draw(panel, *each, reference, colours.to_rgba, ends)
    label_outer(axes, f"{posterior_kind(reference).label}: $P(f|S)$", r"$P(f|S)$")
    error_colour_bar(axes[0, min(axes.shape[1], len(titles)) - 1], colours)
    if shown:
        about = describe_networks({name: training[name] for name in shown}, task, seeds=seeds)
    else:
        about = f"No study on these domains asks for the reference. {describe_task(task, seeds=seeds)}"
    over = covered(rows[rows["study"].isin(shown)]) if shown else "there are no intervals"
    add_caption(
        figure,
        f"|E| = {size}, functions of all domains. {about} A point is a function on E: across, its probability under "
        "the reference; up, its share of a study's networks with its 95 % Wilson interval, or its probability under "
        "another posterior; other bars: 95 % Monte Carlo intervals. Hollow, without their interval: found fewer than "
        f"{min_count} times, not in r, the mean over domains of the correlation of log probabilities. Functions "
        "without a known probability under either side are counted, not drawn; triangles on the lower edge: less "
        "likely than the axis goes. Dashed: equality. Ceiling: the r that a perfect predictor could be expected to "
        f"reach with this many networks. Of r with networks {over}; between posteriors r is corrected for Monte Carlo "
        "errors, which lower a correlation, its intervals over training sets, of one over domains.",
    )
    return figure


def _ends(reference: str, tables: Iterable[pd.DataFrame], frequencies: Iterable[np.ndarray]) -> tuple[float, float]:
    """Between which log10 of a probability all functions lie, by the reference and by frequency, on both axes."""
    across = [log10_probabilities(table, reference)[0] for table in tables]
    values = np.concatenate([np.zeros(0), *across, *frequencies])
    low, high = limits(values, decades=2) if len(values) else (-2.0, 0.0)
    return low, min(high, 0.2)


def _draw(
    panel: Axes,
    table: pd.DataFrame,
    up: tuple[np.ndarray, np.ndarray],
    solid: np.ndarray | None,
    reference: str,
    shade: Any,  # noqa: ANN401
    ends: tuple[float, float],
) -> None:
    """Draw the functions of ``table`` by their probability under the reference and by another ``up``, on axes alike."""
    (x, x_reach), (y, y_reach) = log10_probabilities(table, reference), up
    shades, seen = shade(table["test_errors"] / table["domain_size"]), y >= ends[0]
    panel.set(xlim=ends, ylim=ends, box_aspect=1)
    panel.axline((0, 0), slope=1, color="0.3", linestyle="--", linewidth=0.8, zorder=4)
    label_powers_of_ten(panel.xaxis, most=5)
    label_powers_of_ten(panel.yaxis, most=5)
    if len(y):
        reach = {"x_reach": x_reach[seen], "y_reach": y_reach[..., seen]}
        solid = np.ones(len(x), dtype=bool) if solid is None else solid
        draw_points(panel, x[seen], y[seen], **reach, shades=shades[seen], solid=solid[seen])
        draw_below(panel, x[~seen], ends[0], shades[~seen], solid[~seen])
    else:
        panel.text(0.5, 0.5, "no function resolved\nunder both", ha="center", transform=panel.transAxes)


def _functions_under(tables: Iterable[pd.DataFrame], *posteriors: str) -> pd.DataFrame:
    """The functions of all tables that have these posteriors, each once on its domain."""
    columns = ["domain_size", "test_errors", *(f"log_p_{name}{end}" for name in posteriors for end in ("", "_se"))]
    # Of the same task if it has the same probability.
    same = ["domain", "function", columns[2]]
    parts = [table[[*same[:2], *columns]] for table in tables if set(columns) <= set(table)]
    if not parts:
        return pd.DataFrame(columns=columns, dtype=float)
    return pd.concat(parts).drop_duplicates(same, ignore_index=True)[columns]


def _pair_title(pairs: pd.DataFrame) -> str:
    estimate = pair_estimate(pairs, "pearson")
    return (
        f"r = {with_interval(estimate.named('r'), 'r')}" if np.isfinite(estimate.value) else "no r: too few functions"
    )


def _unresolved(table: pd.DataFrame, known: pd.DataFrame) -> str:
    unresolved = len(table) - len(known)
    return f", {unresolved} unresolved" if unresolved else ""
