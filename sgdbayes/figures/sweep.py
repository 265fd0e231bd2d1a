"""What one setting does: test errors and correlations over experiments that differ in it (figure family 7 of Mingard et
al., JMLR 2021, and sweeps over width, |S| and initial scale).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from sgdbayes.analysis.all_points import on_all_points
from sgdbayes.figures.style import add_caption, call, describe_task, estimates, label_outer, panels_in_rows
from sgdbayes.posterior.kinds import POSTERIORS, posterior_kind

__all__ = ["draw_sweep"]

_GROUP_STYLES = (("k", "-"), ("0.45", "--"), ("0.65", "-."), ("0.3", ":"))
# Over a wider range the small values would lie on one another.
_WIDE = 6
# Room for a label, in panels.
_LABEL = 0.18
_AXES = {
    "architecture.width": "width of the hidden layers",
    "architecture.weight_variance": "variance of the initial weights",
    "task.train_size": "|S|",
    "extra_epochs": "epochs beyond zero training error",
}


def draw_sweep(
    comparison: pd.DataFrame,
    pairs: pd.DataFrame | None,
    *,
    values: Mapping[str, float],
    groups: Mapping[str, str],
    setting: str,
    size: int,
    reference: str | None,
    training: Mapping[str, Mapping[str, Any]],
    tasks: Mapping[str, Mapping[str, Any]],
    test_errors: pd.DataFrame | None = None,
) -> Figure:
    """Panels over ``values`` of ``setting``: mean test errors; log P_OPT against log P_B, a panel per group; and, where
    there is a ``reference`` posterior, how the others correlate with it.

    ``comparison``: rows of comparison.csv; ``pairs``: posterior-pairs.csv, or None. ``values`` and ``groups``: of each
    experiment of the sweep, the latter the label of those that a line joins. ``training`` and ``tasks``: by experiment,
    for the caption. ``test_errors``: test-errors.csv, whose errors count if they are measured of the whole sweep and of
    every posterior that all of it has, or None.
    """
    rows = comparison[(comparison["domain_size"] == size) & comparison["experiment"].isin(values)]
    rows = rows.assign(x=rows["experiment"].map(values), group=rows["experiment"].map(groups)).sort_values("x")
    names = list(dict.fromkeys(groups.values()))
    figure, axes = panels_in_rows(1 + len(names) + (reference is not None), most=3, sharex=True)
    each = iter(axes.flat)
    measured = on_all_points(rows, test_errors)
    on_all = _covers(measured, rows)
    _draw_test_errors(next(each), measured if on_all else rows, names)
    for name in names:
        _draw_correlations(next(each), rows[rows["group"] == name], name)
    if reference is not None and pairs is not None:
        _draw_pairs(next(each), rows, pairs[pairs["domain_size"] == size], reference)
    # A posterior may be in some panels only.
    shown = {label: line for panel in axes.flat for line, label in zip(*panel.get_legend_handles_labels(), strict=True)}
    figure.legend(shown.values(), shown.keys(), loc="outside right upper", frameon=False)
    if rows["x"].min() > 0 and rows["x"].max() > _WIDE * rows["x"].min():
        axes[0, 0].set_xscale("log")
    _label_values(axes[0, 0], sorted(rows["x"].unique()))
    axes[0, 0].xaxis.set_minor_formatter(NullFormatter())
    label_outer(axes, _AXES.get(setting, setting.rpartition(".")[2].replace("_", " ")))
    where = f"all {measured['domain_size'].iloc[0]:,} recorded test points" if on_all else "E"
    last = ""
    if reference:
        last = (
            f" Last panel: correlation of log probabilities with those of {posterior_kind(reference).label}, corrected "
            "for Monte Carlo errors."
        )
    add_caption(
        figure,
        f"|E| = {size}. {_describe(rows, training, tasks, setting)} First panel: mean share of {where} labelled "
        "wrongly by the networks of each optimiser (black and grey) and under each posterior. Then: Pearson "
        "correlation of log P_OPT with log P_B over functions found often enough, and (dotted) the ceiling that a "
        "perfect predictor could be expected to reach. Bars: 95 % intervals, over networks, for posteriors of Monte "
        f"Carlo error{', of errors over test points, too' if on_all else ''}; where there is no point, the data do "
        f"not define the correlation.{last}",
    )
    return figure


def _covers(measured: pd.DataFrame, rows: pd.DataFrame) -> bool:
    """Whether all experiments of ``rows`` are measured, and all posteriors that every one of them has."""
    experiments = rows.groupby("posterior")["experiment"].nunique()
    everywhere = set(experiments.index[experiments == rows["experiment"].nunique()])
    return set(measured["experiment"]) == set(rows["experiment"]) and everywhere <= set(measured["posterior"])


def _label_values(panel: Axes, values: Sequence[float]) -> None:
    """A tick at each of the sorted ``values``, labelled but where the label would lie on that of the one before."""
    labels, last = [], -np.inf
    places = panel.transAxes.inverted().transform(panel.transData.transform([(value, 0) for value in values]))[:, 0]
    for value, place in zip(values, places, strict=True):
        shown = place - last >= _LABEL
        last = place if shown else last
        labels.append(f"{value:g}" if shown else "")
    panel.set_xticks(values, labels)


def _draw_test_errors(panel: Axes, rows: pd.DataFrame, names: Sequence[str]) -> None:
    for name, (color, linestyle) in zip(names, _GROUP_STYLES * len(names), strict=False):
        own = rows[rows["group"] == name].drop_duplicates("experiment")
        _line(panel, own, "test_error", scale=100, label=name, color=color, linestyle=linestyle, marker="")
    # The same for every optimiser.
    _line_per_posterior(panel, rows.drop_duplicates(["posterior", "x"]), "posterior_test_error", scale=100)
    panel.set(title="test error", ylabel="mean test error (%)", ylim=(0, None))


def _draw_correlations(panel: Axes, rows: pd.DataFrame, name: str) -> None:
    _line_per_posterior(panel, rows, "pearson")
    # Of the posterior that resolves most functions: that of all is the same but for the functions left out.
    best = rows.sort_values("compared").drop_duplicates("x", keep="last").sort_values("x")
    best = best.dropna(subset="noise_ceiling")
    panel.plot(best["x"], best["noise_ceiling"], color="0.5", linestyle=(0, (1, 1)), linewidth=0.8)
    panel.axhline(0, color="0.8", linewidth=0.8, zorder=0)
    panel.set(title=name, ylabel=r"correlation of $P_{\mathrm{OPT}}$, $P_B$", ylim=(None, 1.05))


def _draw_pairs(panel: Axes, rows: pd.DataFrame, pairs: pd.DataFrame, reference: str) -> None:
    models = rows.drop_duplicates("x")[["task", "architecture", "x"]]
    for side, other in (("posterior_a", "posterior_b"), ("posterior_b", "posterior_a")):
        known = models.merge(pairs[pairs[side] == reference], on=["task", "architecture"]).sort_values("x")
        _line_per_posterior(panel, known, "pearson", by=other)
    panel.set(title=posterior_kind(reference).label, ylabel="correlation of posteriors", ylim=(None, 1.05))


def _line_per_posterior(
    panel: Axes, rows: pd.DataFrame, column: str, *, by: str = "posterior", scale: float = 1
) -> None:
    """In one order whatever experiments there are; posteriors of other names last."""
    usual = list(POSTERIORS)
    tables = dict(list(rows.groupby(by)))
    for name in sorted(tables, key=lambda name: (usual.index(name) if name in usual else len(usual), name)):
        _line(panel, tables[name], column, scale=scale, label=posterior_kind(name).label, **posterior_kind(name).style)


def _line(panel: Axes, table: pd.DataFrame, column: str, *, scale: float, **style: Any) -> None:  # noqa: ANN401
    value, reach = estimates(table, column, scale=scale)
    # Nothing to see, nothing for the legend.
    if not np.isnan(value).all():
        panel.errorbar(table["x"], value, yerr=reach, elinewidth=0.7, capsize=1.5, **style)


def _describe(
    rows: pd.DataFrame, training: Mapping[str, Mapping[str, Any]], tasks: Mapping[str, Mapping[str, Any]], setting: str
) -> str:
    """What was run, the swept setting left out."""
    section, _, option = setting.rpartition(".")
    trained = [training[experiment] for experiment in tasks]

    def distinct(name: str) -> str:
        return ", ".join(dict.fromkeys(str(settings[name]) for settings in trained))

    def distinct_calls(part: str) -> str:
        kept: Iterable[dict[str, Any]] = (dict(settings[part]) for settings in trained)
        if part == section:
            kept = ({name: value for name, value in options.items() if name != option} for options in kept)
        return ", ".join(dict.fromkeys(map(call, kept)))

    sizes = sorted({task["train_size"] for task in tasks.values()}) if setting == "task.train_size" else ()
    data = " ".join(dict.fromkeys(describe_task(task, train_sizes=sizes) for task in tasks.values()))
    epochs = sorted({settings["extra_epochs"] for settings in trained})
    extra = "" if epochs == [0] else f", {', '.join(map(str, epochs))} epochs beyond"
    return (
        f"Networks {distinct_calls('architecture')}, {rows['networks'].min():,} to {rows['networks'].max():,} for "
        f"each value, trained to zero training error{extra} by {distinct_calls('optimizer')}; loss "
        f"{distinct('loss')}, batch size {distinct('batch_size')}, seed {distinct('seed')}. {data}"
    )
