"""Networks and functions drawn from each posterior, a panel per study, over all domains and seeds: how many test points
they label wrongly and how probability falls with rank (figure families 4 and 5 of Mingard et al., JMLR 2021).
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sgdbayes.analysis.studies import COVERS_STUDY
from sgdbayes.figures.columns import check_columns, check_functions
from sgdbayes.figures.histograms import asked_weights, said_of_draws
from sgdbayes.figures.style import add_caption, describe_networks, label_outer, log_scale, panels_in_rows
from sgdbayes.posterior.kinds import posterior_kind
from sgdbayes.statistics import student_mean

__all__ = ["draw_ranks", "draw_test_errors"]

# The chance with which no draw gives a function that is just likely enough to count as certain to be known.
_UNSEEN = 0.05
# Probabilities against rank are shown down to this part of the lowest frequency.
_BELOW = 1e-4
_Tables = Mapping[str, pd.DataFrame]


def draw_test_errors(functions: _Tables, draws: _Tables, *, asking: Mapping[str, int], **about: Any) -> Figure:  # noqa: ANN401
    """A panel per study: how many of the test points E are labelled wrongly.

    ``functions``: rows of functions.parquet by study. ``draws``: drawn functions by posterior, both on one domain size.
    ``asking``: asked, min_count and top of the comparison. ``about``: size; training by study, task and seeds, for the
    caption.
    """
    _check(functions, draws)

    def networks(panel: Axes, table: pd.DataFrame) -> None:
        shares = _shares(table.assign(weight=asked_weights(table, **asking)), ["experiment", "domain"])
        # Domains of one training set are not independent.
        independent = shares.groupby("experiment").mean() if _sets(table) > 1 else shares
        ends = np.array([(each.low, each.high) for each, _ in map(student_mean, independent.to_numpy().T)]).T
        mean = shares.mean()
        reach = np.nan_to_num(np.abs(ends - mean.to_numpy()))
        look = {"fmt": "k.", "markersize": 1.4 * rcParams["lines.markersize"], "elinewidth": 0.8, "zorder": 3}
        panel.errorbar(mean.index, mean, yerr=reach, label="networks", **look)
        # A posterior may put nearly all on one function and another spread over thousands.
        log_scale(panel, "y")
        panel.xaxis.set_major_locator(MaxNLocator(5, integer=True))

    def posterior(panel: Axes, table: pd.DataFrame, **style: Any) -> None:  # noqa: ANN401
        mean = _shares(table.assign(weight=table["count"]), ["task", "domain"]).mean()
        panel.plot(mean.index, mean.where(mean > 0), markevery=max(1, len(mean) // 12), **style)

    explanation = (
        "Shares, each domain counted alike: of networks (dots), of which all were counted of functions found often, "
        f"and the first {asking['asked']} of the others, and of {_said_of_draws(draws)} from each posterior (lines). "
        f"Bars: 95 % intervals over {COVERS_STUDY}, of one training set over its domains alone. No point: none has as "
        "many wrong labels."
    )
    figure = _draw(functions, draws, networks, posterior, "wrong labels among", "share", explanation, **about)
    # Of two training sets the intervals end below 0, where a logarithmic axis would go down with them.
    shares = np.concatenate([np.nan_to_num(line.get_ydata(orig=True)) for panel in figure.axes for line in panel.lines])
    figure.axes[0].set_ylim(shares[shares > 0].min() / 2, 1.2)
    return figure


def draw_ranks(
    functions: _Tables,
    draws: _Tables,
    *,
    asking: Mapping[str, int],
    tasks: Mapping[str, str],
    **about: Any,  # noqa: ANN401
) -> Figure:
    """A panel per study: probability of a function against its rank, the arguments those of `draw_test_errors`, and
    ``tasks``: that of each experiment.
    """
    _check(functions, draws, "function", of_draws=("function", "log_p"))
    found = pd.concat(functions.values(), ignore_index=True)
    found = found.assign(task=found["experiment"].map(tasks))

    def networks(panel: Axes, table: pd.DataFrame) -> None:
        often = table[table["count"] >= asking["min_count"]]
        _draw_ranks(panel, often, "frequency", ["experiment", "domain"], color="k", label="networks")
        log_scale(panel, "x", "y")

    def posterior(panel: Axes, table: pd.DataFrame, **style: Any) -> None:  # noqa: ANN401
        name = table["posterior"].iloc[0]
        drawn = int(table.groupby(["task", "domain"])["count"].sum().min())
        certain = 1 - _UNSEEN ** (1 / drawn)
        _draw_ranks(panel, _known(table, found, name), "p", ["task", "domain"], certain, **style | {"marker": ""})

    explanation = (
        "On each domain each line ranks its own functions: frequencies of those that networks found "
        f"{asking['min_count']} times or more, which are all that there are, and under a posterior probabilities of "
        f"all that are known, found by networks of any study on the model or among {_said_of_draws(draws)} from it. "
        "Thin, a lower bound: where draws miss a function as likely with a chance of more than 5 %, so that it is "
        "unknown if networks did not find it either. Lines: medians over domains, up to where half of them have so "
        "many functions; bands: quartiles of domains, not errors. Lines may go on below the axis."
    )
    figure = _draw(
        functions, draws, networks, posterior, "rank of the function on", "probability", explanation, **about
    )
    # What is known of the least likely functions is by chance, and under some posteriors goes down for ever.
    lines = [np.asarray(line.get_ydata()) for panel in figure.axes for line in panel.lines]
    frequencies = found["frequency"][found["count"] >= asking["min_count"]]
    lowest = min((line.min() for line in lines if len(line)), default=None)
    if lowest is None:
        # Where no function was found twice, as on thousands of points, a logarithmic axis has nothing to go by.
        figure.axes[0].set(xlim=(1, 10), ylim=(1e-3, 1.2))
    elif len(frequencies):
        figure.axes[0].set_ylim(max(lowest, _BELOW * frequencies.min()) / 2, 1.2)
    return figure


def _check(functions: _Tables, draws: _Tables, *columns: str, of_draws: tuple[str, ...] = ()) -> None:
    for table in functions.values():
        check_functions(table, "experiment", "domain", *columns)
    for table in draws.values():
        check_columns(table, "draws", "task", "posterior", "domain", "count", "test_errors", *of_draws)


def _said_of_draws(draws: _Tables) -> str:
    return said_of_draws(pd.concat(draws.values())) if draws else "no draws"


def _known(drawn: pd.DataFrame, found: pd.DataFrame, posterior: str) -> pd.DataFrame:
    """The functions of both tables, each once on its domain, and their probabilities ``p`` under the posterior."""
    names = ["task", "domain", "function"]
    parts = [drawn[[*names, "log_p"]]]
    if f"log_p_{posterior}" in found:
        parts.append(found[[*names, f"log_p_{posterior}"]].set_axis([*names, "log_p"], axis=1))
    # Of a function that was drawn, what the half of the posterior says of it that did not draw it.
    known = pd.concat(parts, ignore_index=True).drop_duplicates(names)
    return known.assign(p=np.exp(known["log_p"]).fillna(0))


def _draw(
    functions: _Tables,
    draws: _Tables,
    draw_networks: Callable[[Axes, pd.DataFrame], None],
    draw_posterior: Callable[..., None],
    x: str,
    y: str,
    explanation: str,
    *,
    size: int,
    training: Mapping[str, Mapping[str, Any]],
    task: Mapping[str, Any],
    seeds: list[int],
) -> Figure:
    """``draw_networks(panel, table)`` and ``draw_posterior(panel, table, label=, color=, ...)`` draw one of each."""
    figure, axes = panels_in_rows(len(functions), least=2, sharex=True, sharey=True)
    for panel, (name, table) in zip(axes.flat, functions.items(), strict=False):
        for posterior, drawn in draws.items():
            draw_posterior(panel, drawn, label=posterior_kind(posterior).label, **posterior_kind(posterior).style)
        draw_networks(panel, table)
        sets = f" × {_sets(table)} training sets" if _sets(table) > 1 else ""
        panel.set_title(f"{name}\n{table.groupby('experiment')['domain'].nunique().max()} domains{sets}")
    label_outer(axes, f"{x} |E| = {size}", y)
    # Beside the panels: with six posteriors it would cover one.
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside right upper", frameon=False)
    add_caption(figure, f"{explanation} {describe_networks(training, task, seeds=seeds)}")
    return figure


def _sets(table: pd.DataFrame) -> int:
    """Of how many training sets a study's functions are, an experiment each."""
    return table["experiment"].nunique()


def _shares(table: pd.DataFrame, unit: list[str]) -> pd.DataFrame:
    """The share of each number of wrong labels (columns, from 0 to the largest) on each domain (rows)."""
    weights = table.groupby([*unit, "test_errors"])["weight"].sum().unstack(fill_value=0)
    weights = weights.reindex(columns=range(int(weights.columns.max()) + 1), fill_value=0)
    return weights.div(weights.sum(axis=1), axis=0)


def _draw_ranks(
    panel: Axes,
    table: pd.DataFrame,
    column: str,
    unit: list[str],
    certain: float = 0,
    **style: Any,  # noqa: ANN401
) -> None:
    """The median over domains of the largest, second and so on of a ``column``, and the quartiles; thin below
    ``certain``.
    """
    ranked = table.sort_values(column, ascending=False)
    ranked = ranked.assign(rank=ranked.groupby(unit).cumcount() + 1).set_index([*unit, "rank"])[column]
    # What a domain does not have counts as least, not as missing, or the rarest would be those of the richest domains.
    low, median, high = ranked.unstack(fill_value=0).quantile([0.25, 0.5, 0.75]).to_numpy()
    shown = median > 0
    rank = np.arange(1, len(median) + 1)[shown]
    median = median[shown]
    lowest = median.min(initial=1)
    panel.fill_between(rank, np.maximum(low[shown], lowest), high[shown], color=style["color"], alpha=0.15, linewidth=0)
    # The line is whole: both parts have the point where they meet.
    first = int((median >= certain).sum())
    panel.plot(rank[:first], median[:first], **style)
    if first < len(rank):
        start = max(first - 1, 0)
        panel.plot(rank[start:], median[start:], **style | {"label": None, "linewidth": 0.8})
