"""The volume hypothesis over |S|: test error of networks and of random sampling, their ratio, and the gap.

Chiang et al. (ICLR 2023) asked whether SGD does better than random networks that fit S, on up to 32 examples.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sgdbayes.analysis.volume import volume_table
from sgdbayes.figures.columns import check_columns
from sgdbayes.figures.studies import covered, extent
from sgdbayes.figures.style import add_caption, call, describe_task, estimates, log_scale, panels
from sgdbayes.posterior.kinds import POSTERIORS, posterior_kind

__all__ = ["draw_volume"]

# Lines tell optimisers apart, markers and colours the samplers.
_LINES = (("k", "-"), ("0.45", "--"), ("0.6", "-."), ("0.3", ":"))
# By how much of |S| series at one |S| lie apart.
_APART = 0.035
_ERRORS = ("test_error", "posterior_test_error")
_COLUMNS = {"ratio": "error of random sampling\nover that of networks", "gap_per_point": "gap (decades a test point)"}


def draw_volume(
    comparison: pd.DataFrame,
    *,
    curves: Mapping[str, Mapping[str, Any]],
    size: int,
    training: Mapping[str, Mapping[str, Any]],
    tasks: Mapping[str, Mapping[str, Any]],
) -> Figure:
    """A row of panels per curve over |S|: mean test errors, their ratio and the gap, on domains of ``size`` points.

    ``comparison``: comparison.csv. ``curves``: of each by experiment ``values``, |S|, and ``groups``, the optimiser.
    ``training`` and ``tasks`` of each experiment, for the caption.
    """
    about = ("experiment", "posterior", "domain_size", "networks", "covers")
    check_columns(comparison, "comparison", *about, intervals=[*_ERRORS, "test_error_difference", "gap_per_point"])
    tables = {name: volume_table(comparison, curve, size) for name, curve in curves.items()}
    everything = pd.concat(tables.values())
    groups = dict(zip(dict.fromkeys(everything["group"]), _LINES * len(everything), strict=False))
    posteriors = sorted(everything["posterior"].unique(), key=lambda name: (*POSTERIORS, name).index(name))
    figure, axes = panels(len(curves), 3, sharex=True)
    for row, (name, table) in zip(axes, tables.items(), strict=True):
        errors, *against = row
        for group, (color, line) in groups.items():
            own = table[table["group"] == group].drop_duplicates("x")
            _draw(errors, own, "test_error", scale=100, color=color, linestyle=line)
        for number, posterior in enumerate(posteriors):
            look, of = _marker(posterior), table[table["posterior"] == posterior]
            _draw(errors, of.drop_duplicates("x"), "posterior_test_error", scale=100, linewidth=0.4, **look)
            for other, (group, (_, line)) in enumerate(groups.items()):
                apart = _APART * (number + other / len(groups) - len(posteriors) / 2)
                own = of[of["group"] == group]
                for panel, column in zip(against, _COLUMNS, strict=True):
                    _draw(panel, own, column, apart=apart, linewidth=0.9, linestyle=line, **look)
        log_scale(errors, "x", "y")
        log_scale(against[0], "y")
        errors.set(ylabel=f"{name}\nmean test error (%)", ylim=_log_extent(table, *_ERRORS, scale=100))
        for panel, (column, label), nothing in zip(against, _COLUMNS.items(), (1, 0), strict=True):
            panel.axhline(nothing, color="0.7", linewidth=0.8, zorder=0)
            limits = extent(table, column, at_least=(nothing,)) if nothing == 0 else _log_extent(table, column)
            panel.set(ylabel=label, ylim=limits)
            if table[column].isna().all():
                panel.set_yticks([])
                panel.text(0.5, 0.6, "too few draws to know", transform=panel.transAxes, ha="center", color="0.4")
    for panel in axes[-1]:
        panel.set_xlabel("|S|")
    figure.legend(handles=[*_handles(groups, posteriors)], loc="outside upper center", ncols=3, frameon=False)
    add_caption(figure, f"|E| = {size}. {_describe(everything, curves, training, tasks)}")
    return figure


def _draw(
    panel: Axes,
    table: pd.DataFrame,
    column: str,
    *,
    scale: float = 1,
    apart: float = 0,
    **look: Any,  # noqa: ANN401
) -> None:
    """The values over |S|, moved by the share ``apart`` of it, with their intervals."""
    value, reach = estimates(table, column, scale=scale)
    known = np.isfinite(value)
    places = table["x"].to_numpy()[known] * (1 + apart)
    panel.errorbar(places, value[known], yerr=np.nan_to_num(reach[:, known]), elinewidth=0.6, **look)


def _log_extent(table: pd.DataFrame, *columns: str, scale: float = 1) -> tuple[float, float]:
    """As `extent`, of an axis that is logarithmic and holds all these columns, whose values are positive."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = [
            pd.DataFrame({f"value{end}": np.log(scale * table[f"{name}{end}"]) for end in ("", "_low", "_high")})
            for name in columns
        ]
    low, high = extent(pd.concat(logs), "value")
    return float(np.exp(low)), float(np.exp(high))


def _marker(posterior: str) -> dict[str, Any]:
    kind = posterior_kind(posterior)
    return {"color": kind.color, "marker": kind.marker, "markerfacecolor": "w" if kind.of_networks else kind.color}


def _handles(groups: Mapping[str, tuple[str, Any]], posteriors: Sequence[str]) -> Iterator[Line2D]:
    for group, (color, line) in groups.items():
        yield Line2D([], [], color=color, linestyle=line, label=f"networks, {group}")
    for posterior in posteriors:
        yield Line2D([], [], linewidth=0.4, label=posterior_kind(posterior).label, **_marker(posterior))


def _describe(
    rows: pd.DataFrame,
    curves: Mapping[str, Mapping[str, Any]],
    training: Mapping[str, Mapping[str, Any]],
    tasks: Mapping[str, Mapping[str, Any]],
) -> str:
    """What was run, and what is shown."""
    settings = list(training.values())

    def distinct(name: str) -> str:
        return ", ".join(dict.fromkeys(str(each[name]) for each in settings))

    data: dict[str, str] = {}
    for name, curve in curves.items():
        own = [tasks[each] for each in curve["values"]]
        sizes, seeds = (sorted({task[key] for task in own}) for key in ("train_size", "seed"))
        sentence = describe_task(own[0], train_sizes=sizes, seeds=seeds)
        data[sentence] = f"{data[sentence]}; {name}" if sentence in data else name
    how = ", ".join(dict.fromkeys(call(each["architecture"]) for each in settings))
    optimizers = ", ".join(dict.fromkeys(call(each["optimizer"]) for each in settings))
    networks = " to ".join(dict.fromkeys(f"{number:,}" for number in (rows["networks"].min(), rows["networks"].max())))
    return (
        f"Networks {how}, {networks} at each |S|, trained to zero training error, or on for so many epochs, by "
        f"{optimizers}; loss {distinct('loss')}, batch size {distinct('batch_size')}, seed {distinct('seed')}. "
        f"{' '.join(f'{names}: {sentence}' for sentence, names in data.items())} Random sampling: of the networks "
        "themselves (hollow) and of their wide limit. Ratio and gap: its markers on the lines of the optimisers. "
        "Ratio: above 1 networks generalise better than random ones that fit S; training set by training set, "
        "geometric mean. Gap: decades by which functions of networks are likelier under random sampling than its own "
        "draws; missing where draws are too few to know. "
        f"{rows['seeds'].max()} training sets at each |S|; {covered(rows)}; ends far beyond all values are cut off."
    )
