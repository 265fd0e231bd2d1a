"""P_B(f|S) of random functions against their test error (figure family 3 of Mingard et al., JMLR 2021)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sgdbayes.figures.columns import check_columns
from sgdbayes.figures.points import LOG10, label_powers_of_ten
from sgdbayes.figures.style import add_caption, call, describe_task, hide_unused, label_outer, panels
from sgdbayes.posterior.kinds import posterior_kind

__all__ = ["draw_by_error"]


def draw_by_error(
    tables: Mapping[tuple[str, str, str], pd.DataFrame],
    *,
    size: int,
    tasks: Mapping[str, Mapping[str, Any]],
    architectures: Mapping[str, Mapping[str, Any]],
    settings: Mapping[str, Any],
    families: Mapping[str, str] | None = None,
) -> Figure:
    """A row of panels per posterior, a column per family of tasks and architecture, a line per task.

    ``tables``: probabilities of random functions on |E| = ``size`` by task, architecture and posterior; ``tasks``,
    ``architectures`` and ``settings`` of the configuration, for the caption; ``families``: of each task, if not itself.
    """
    families = {task: task for task in tasks} | dict(families or {})
    for name, table in tables.items():
        check_columns(table, ", ".join(name), "test_errors", "log_p")
    models = list(dict.fromkeys((families[task], architecture) for task, architecture, _ in tables))
    posteriors = list(dict.fromkeys(name[2] for name in tables))
    # One panel alone would be lower than its caption.
    columns = max(len(models), 2 if len(posteriors) == 1 else 1)
    figure, axes = panels(len(posteriors), columns, sharex=True, sharey="row")
    for row, posterior in zip(axes, posteriors, strict=True):
        hide_unused(row, len(models))
        for panel, model in zip(row, models, strict=False):
            own = [table for (task, *of), table in tables.items() if (families[task], *of) == (*model, posterior)]
            for table in own:
                _draw(panel, table, size, posterior_kind(posterior).style)
            number = sum(map(len, own))
            unresolved = sum(int(table["log_p"].isna().sum()) for table in own)
            note = f"{unresolved} of {number} unresolved" if unresolved else f"{number} functions"
            panel.set_title(f"{', '.join(model)}\n{note if own else 'not asked for'}")
    label_outer(axes, f"wrong labels among |E| = {size}", r"$P_B(f|S)$", posteriors=posteriors)
    members: dict[str, list[str]] = {}
    for task in dict.fromkeys(task for task, *_ in tables):
        members.setdefault(families[task], []).append(task)
    seeds = {family: [tasks[task]["seed"] for task in own] for family, own in members.items()}
    data = " ".join(describe_task(tasks[own[0]], seeds=seeds[family]) for family, own in members.items())
    kinds = ", ".join(call(architectures[name]) for name in dict.fromkeys(name for _, name in models))
    each = ", of each training set" if max(map(len, members.values())) > 1 else ""
    add_caption(
        figure,
        f"Models: {kinds}. {data} Up to {settings['number']} functions with each number of wrong labels{each}, "
        f"drawn at random (seed {settings['seed']}). Line: mean of log P_B over the resolved of them, with 95 % "
        "intervals over functions (Student's t, from three on; none where these are all there are); band: their 5 % "
        "to 95 % quantiles. Hollow: some are not resolved, too few posterior draws carrying them, so that the mean is "
        "of the likelier ones; crosses at the bottom: none is resolved. Dashed: all functions equally likely.",
    )
    return figure


def _draw(panel: Axes, table: pd.DataFrame, size: int, style: Mapping[str, Any]) -> None:
    # A quarter of a second that no other figure should wait for.
    from scipy.special import comb, stdtrit

    log10_p = (table["log_p"] / LOG10).groupby(table["test_errors"])
    resolved, drawn, mean = log10_p.count(), log10_p.size(), log10_p.mean()
    wrong = mean.index.to_numpy()
    # Gaps where nothing is resolved: NaN breaks the line and the band.
    low, high = (log10_p.quantile(share) for share in (0.05, 0.95))
    panel.fill_between(wrong, low, high, color=style["color"], alpha=0.2, linewidth=0)
    # Drawn without replacement: the mean over all that there are is exact.
    se = log10_p.std() * np.sqrt((1 - drawn / comb(size, wrong)).clip(0) / resolved.clip(1))
    # Of two functions the interval would reach 9 deviations each way and set the axis.
    reach = (stdtrit((resolved - 1).clip(1), 0.975) * se).where(resolved >= 3, 0)
    panel.errorbar(wrong, mean, yerr=reach, elinewidth=0.7, color=style["color"], linestyle=style["linestyle"])
    some, whole = (resolved > 0).to_numpy(), (resolved == drawn).to_numpy()
    marks = {"linestyle": "", "marker": style["marker"], "color": style["color"]}
    panel.plot(wrong[some & whole], mean[some & whole], **marks)
    panel.plot(wrong[some & ~whole], mean[some & ~whole], markerfacecolor="w", **marks)
    low_down = np.full((~some).sum(), 0.03)
    panel.plot(wrong[~some], low_down, linestyle="", marker="x", color="0.3", transform=panel.get_xaxis_transform())
    panel.axhline(-size * np.log10(2), color="0.3", linestyle="--", linewidth=0.8, zorder=0)
    label_powers_of_ten(panel.yaxis)
