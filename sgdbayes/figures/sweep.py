"""What one setting does to gap, correlation and test error (figure family 7 of Mingard et al., JMLR 2021, and sweeps
over width, |S| and initial scale).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, NullLocator

from sgdbayes.figures.columns import check_columns
from sgdbayes.figures.studies import covered, extent, pair_estimate, pairs_of
from sgdbayes.figures.style import (
    add_caption,
    call,
    describe_task,
    estimates,
    hide_unused,
    label_outer,
    panels,
    panels_that_fit,
)
from sgdbayes.posterior.kinds import POSTERIORS, posterior_kind

__all__ = ["draw_sweep"]

# Of each group, readable in grey.
_STYLES = (("k", "-", "o"), ("0.45", "--", "s"), ("0.65", "-.", "^"), ("0.3", ":", "D"))
# Over a wider range the small values would lie on one another.
_WIDE = 6
# Decades beyond which others would lie on one another.
_FAR = 50
# Room for a label and for an entry of the legend, in ems.
_LABEL, _ENTRY = 3.3, 16
_AXES = {
    "architecture.width": "width of the hidden layers",
    "architecture.weight_variance": "variance of the initial weights",
    "task.train_size": "|S|",
    "extra_epochs": "epochs beyond zero training error",
}


def draw_sweep(
    studies: pd.DataFrame,
    pairs: pd.DataFrame | None,
    *,
    values: Mapping[str, float],
    groups: Mapping[str, str],
    models: Mapping[str, Sequence[tuple[str, str]]],
    setting: str,
    size: int,
    reference: str | None,
    training: Mapping[str, Mapping[str, Any]],
    tasks: Mapping[str, Mapping[str, Any]],
    seeds: Sequence[int],
) -> Figure:
    """A row of panels per posterior over ``values`` of ``setting``: gap, r, test errors and, if there is a
    ``reference`` posterior, how the row's correlates with it.

    ``studies``: studies.csv; ``pairs``: posterior-pairs.csv, or None. By study: ``values``; ``groups``, the label of
    those that a line joins; ``models``, task and architecture of each experiment; ``training`` and ``tasks``, with the
    ``seeds`` of all, for the caption.
    """
    about = ("study", "posterior", "domain_size", "networks", "seeds", "noise_ceiling", "covers")
    check_columns(studies, "studies", *about, intervals=["gap", "pearson", "test_error", "posterior_test_error"])
    if pairs is not None:
        of_pair = ("task", "architecture", "domain_size", "posterior_a", "posterior_b")
        check_columns(pairs, "pairs", *of_pair, intervals=["pearson"])
    rows = studies[(studies["domain_size"] == size) & studies["study"].isin(values)]
    rows = rows.assign(x=rows["study"].map(values), group=rows["study"].map(groups)).sort_values("x")
    # A posterior that one value alone has shows no change.
    numbers = rows.groupby("posterior")["x"].nunique()
    rows = rows[rows["posterior"].map(numbers) >= min(2, numbers.max())]
    posteriors = sorted(rows["posterior"].unique(), key=lambda name: (*POSTERIORS, name).index(name))
    styles = dict(zip(dict.fromkeys(groups.values()), _STYLES * len(values), strict=False))
    number = 4 if reference else 3
    columns, narrow = min(number, panels_that_fit()), panels_that_fit() <= number
    lines = -(-number // columns)
    figure, axes = panels(len(posteriors) * lines, columns, sharex=True)
    ceilings: list[Line2D] = []
    for own_panels, posterior in zip(axes.reshape(len(posteriors), -1), posteriors, strict=True):
        hide_unused(own_panels, number)
        gap, correlation, error, *last = own_panels[:number]
        own = rows[rows["posterior"] == posterior]
        label = posterior_kind(posterior).label
        for name, style in styles.items():
            line = own[own["group"] == name]
            _line(gap, line, "gap", style, label=name)
            _line(correlation, line, "pearson", style, most=1)
            said = f"ceiling of r, {name}" if len(styles) > 1 else "ceiling of r"
            look: dict[str, Any] = {"color": style[0], "linestyle": (0, (1, 1)), "linewidth": 0.8, "label": said}
            ceilings.append(correlation.plot(line["x"], line["noise_ceiling"].clip(upper=1), **look)[0])
            _line(error, line, "test_error", style, scale=100)
        _say_where_missing(correlation, own, list(styles))
        # The same for every group: the networks have no part in it.
        of_posterior = posterior_kind(posterior).color, "-", "x"
        said = posterior_kind(posterior).short if narrow else label
        _line(error, own.drop_duplicates("x"), "posterior_test_error", of_posterior, scale=100, label=said)
        gap.axhline(0, color="0.7", linewidth=0.8, zorder=0)
        gap.set(ylabel=f"{label}\ngap (decades)", ylim=extent(own, "gap", at_least=(0,)))
        # Few labels: with more, of more digits, once the panel has its height there would be no room for them.
        gap.yaxis.set_major_locator(MaxNLocator(5))
        if own["gap"].abs().max() > _FAR:
            gap.set_yscale("symlog", linthresh=1)
        correlation.set(ylabel=r"$r$ and its ceiling", ylim=(min(0, extent(own, "pearson")[0]), 1.02))
        ends = (extent(own, name, scale=100)[1] for name in ("test_error", "posterior_test_error"))
        error.set(ylabel="mean test error (%)", ylim=(0, max(ends)))
        error.legend(frameon=False, **({"handlelength": 1, "borderpad": 0} if narrow else {}))
        if reference:
            _draw_pairs(last[0], rows.drop_duplicates("x"), pairs, models, posterior, reference, size)
    lines, names = axes[0, 0].get_legend_handles_labels()
    ceilings = ceilings[: len(names)]
    names += [str(line.get_label()) for line in ceilings]
    figure.legend(
        [*lines, *ceilings], names, loc="outside upper center", ncols=min(4, panels_that_fit(_ENTRY)), frameon=False
    )
    if rows["x"].min() > 0 and rows["x"].max() > _WIDE * rows["x"].min():
        axes[0, 0].set_xscale("log")
    _label_values(axes[0, 0], sorted(rows["x"].unique()), figure.get_figwidth())
    axes[0, 0].xaxis.set_minor_locator(NullLocator())
    label_outer(axes, _AXES.get(setting, setting.rpartition(".")[2].replace("_", " ")))
    last_column = (
        f" Last: correlation of log probabilities with those of {posterior_kind(reference).label}, corrected for Monte "
        "Carlo errors, 95 % intervals over training sets, of one over domains."
        if reference
        else ""
    )
    add_caption(
        figure,
        f"|E| = {size}, a row per posterior. {_describe(rows, training, tasks, seeds, setting)} Gap: decades by which "
        "functions of networks are likelier under the posterior than its own draws. r: Pearson correlation of log "
        'P_OPT with log P_B over functions found often, "no r" where there are too few; dotted: the ceiling that a '
        "perfect predictor could be expected to reach. Test errors: of networks, and crosses, of the posterior. Of "
        f"gap, r and test error {covered(rows)}; ends far beyond all values are cut off.{last_column}",
    )
    return figure


def _label_values(panel: Axes, values: Sequence[float], width: float) -> None:
    """A tick at each of the sorted ``values``, labelled but where the label would lie on that of the one before.

    ``width``: of the figure, in inches.
    """
    labels, last = [], -np.inf
    room = _LABEL * rcParams["font.size"] / (72 * panel.get_position().width * width)
    places = panel.transAxes.inverted().transform(panel.transData.transform([(value, 0) for value in values]))[:, 0]
    for value, place in zip(values, places, strict=True):
        shown = place - last >= room
        last = place if shown else last
        labels.append(f"{value:g}" if shown else "")
    panel.set_xticks(values, labels)


def _line(
    panel: Axes,
    table: pd.DataFrame,
    column: str,
    style: tuple[str, str, str],
    *,
    scale: float = 1,
    label: str | None = None,
    most: float = np.inf,
) -> None:
    """The values with their intervals, which end at ``most``."""
    value, reach = estimates(table, column, scale=scale)
    reach = np.minimum(reach, [np.full_like(value, np.inf), most - value])
    look: dict[str, Any] = dict(zip(("color", "linestyle", "marker"), style, strict=True))
    panel.errorbar(table["x"], value, yerr=np.nan_to_num(reach), elinewidth=0.7, capsize=1.5, label=label, **look)


def _say_where_missing(panel: Axes, rows: pd.DataFrame, groups: Sequence[str]) -> None:
    """Write at the foot of a panel of r for which values, and of which groups if not of all, there is none."""
    if not rows["pearson"].notna().any():
        panel.text(0.5, 0.5, "no r", ha="center", color="0.4", transform=panel.transAxes)
        return
    for x, own in rows.groupby("x"):
        missing = own[own["pearson"].isna()]
        if len(missing):
            of = "" if len(missing) == len(own) or len(groups) == 1 else f", {', '.join(missing['group'])}"
            where: dict[str, Any] = {
                "ha": "center",
                "va": "bottom",
                "rotation": 90,
                "transform": panel.get_xaxis_transform(),
            }
            panel.text(x, 0.02, f"no r{of}", color="0.4", fontsize="small", **where)


def _draw_pairs(
    panel: Axes,
    rows: pd.DataFrame,
    pairs: pd.DataFrame,
    models: Mapping[str, Sequence[tuple[str, str]]],
    posterior: str,
    reference: str,
    size: int,
) -> None:
    """The correlation of a posterior with the reference in the models of each of ``rows``, a study each."""
    if posterior == reference:
        panel.set_axis_off()
        return
    own = pairs_of(pairs[pairs["domain_size"] == size], posterior, reference).set_index(["task", "architecture"])
    each = (pair_estimate(own[own.index.isin(models[study])], "pearson").named("pearson") for study in rows["study"])
    line = [{"x": x} | estimate for x, estimate in zip(rows["x"], each, strict=True)]
    _line(panel, pd.DataFrame(line), "pearson", (posterior_kind(posterior).color, "-", "o"), most=1)
    panel.set(ylabel=f"correlation with {posterior_kind(reference).short}", ylim=(None, 1.02))


def _describe(
    rows: pd.DataFrame,
    training: Mapping[str, Mapping[str, Any]],
    tasks: Mapping[str, Mapping[str, Any]],
    seeds: Sequence[int],
    setting: str,
) -> str:
    """What was run, the swept setting left out."""
    section, _, option = setting.rpartition(".")
    trained = list(training.values())

    def distinct(name: str) -> str:
        return ", ".join(dict.fromkeys(str(settings[name]) for settings in trained))

    def distinct_calls(part: str) -> str:
        kept: Iterable[dict[str, Any]] = (dict(settings[part]) for settings in trained)
        if part == section:
            kept = ({name: value for name, value in options.items() if name != option} for options in kept)
        return ", ".join(dict.fromkeys(map(call, kept)))

    sizes = sorted({task["train_size"] for task in tasks.values()}) if setting == "task.train_size" else ()
    data = " ".join(dict.fromkeys(describe_task(task, train_sizes=sizes, seeds=seeds) for task in tasks.values()))
    epochs = sorted({settings["extra_epochs"] for settings in trained})
    extra = "" if epochs == [0] else f", {', '.join(map(str, epochs))} epochs beyond"
    fewest = sorted({settings.get("min_epochs", 0) for settings in trained})
    extra += "" if fewest == [0] else f", {', '.join(map(str, fewest))} epochs or more"
    numbers = " to ".join(
        dict.fromkeys(f"{number:,.0f}" for number in (rows["networks"].min(), rows["networks"].max()))
    )
    return (
        f"Networks {distinct_calls('architecture')}, {numbers} for each value and training set, trained to zero "
        f"training error{extra} by {distinct_calls('optimizer')}; loss {distinct('loss')}, batch size "
        f"{distinct('batch_size')}, seed {distinct('seed')}. {data}"
    )
