"""Is SGD a Bayesian sampler? One picture for a reader who sees nothing else."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sgdbayes.figures.against_frequency import draw_against_equality, said_of_sample
from sgdbayes.figures.columns import check_columns
from sgdbayes.figures.histograms import check_sides, draw_histograms, gap_title, said_of_draws
from sgdbayes.figures.points import correlation_title, error_colour_bar, error_colours
from sgdbayes.figures.studies import covered, extent
from sgdbayes.figures.style import add_caption, describe_networks, estimates, new_figure, panels_that_fit
from sgdbayes.posterior.kinds import exact_posterior

__all__ = ["draw_answer"]

# Side by side, and where there is no room for so many panels one above the other.
_WIDE, _SIZE, _RATIOS = 5, (9.2, 5.45), {"width_ratios": (1.6, 1, 1), "height_ratios": (1.1, 1)}
_NARROW_SIZE, _NARROW_RATIOS = (4, 7.5), {"height_ratios": (2.2, 1, 1)}
_LABELS = "trained networks", "random sampling"


def draw_answer(
    functions: pd.DataFrame,
    draws: pd.DataFrame,
    rows: pd.DataFrame,
    *,
    study: str,
    beside: Mapping[str, float | str],
    training: Mapping[str, Any],
    task: Mapping[str, Any],
    seeds: Sequence[int],
    asking: Mapping[str, int],
) -> Figure:
    """Four panels, all under the exact 0-1 posterior: P_B against P_OPT of a study, how likely functions of networks
    and of draws are, and test error and gap of the studies ``beside`` it, each with its |S| or the name of its
    optimiser.

    ``functions`` and ``draws``: of the study's experiments and models, on one domain size; ``rows``: of studies.csv
    under the exact posterior on that size.
    """
    exact = exact_posterior().name
    names = ("study", "domain_size", "networks", "domains", "domains_with_r", "seeds", "noise_ceiling", "covers")
    check_columns(rows, "rows", *names, intervals=["gap", "pearson", "test_error", "posterior_test_error"])
    check_sides(functions, draws, [exact])
    own = rows[rows["study"] == study].iloc[0]
    named = any(isinstance(value, str) for value in beside.values())
    rows = rows[rows["study"].isin(beside)].assign(x=lambda table: table["study"].map(beside))
    rows = rows if named else rows.sort_values("x")
    # Largest what a reader looks at first.
    wide = panels_that_fit() >= _WIDE
    figure = new_figure(*(_SIZE if wide else _NARROW_SIZE))
    layout: dict[str, Any] = {"mosaic": "abb;acd", **_RATIOS} if wide else {"mosaic": "aa;bb;cd", **_NARROW_RATIOS}
    axes = figure.subplot_mosaic(**layout)
    points, histograms, errors, gaps = (axes[letter] for letter in "abcd")
    colours = error_colours(functions["test_errors"] / own["domain_size"])
    draw_against_equality(points, functions, exact, colours, asking["min_count"])
    points.set(xlabel="share of networks, $P_{\\mathrm{OPT}}$", ylabel="random sampling, $P_B$")
    points.set_anchor("N")
    error_colour_bar(points, colours)
    # Along the line, for a decade is as long up as across.
    middle = (points.get_xlim()[0] + min(points.get_xlim()[1], points.get_ylim()[1])) / 2
    look: dict[str, Any] = {"rotation": 45, "rotation_mode": "anchor", "ha": "center", "fontsize": "small"}
    points.annotate("equal", (middle, middle), (-3, 3), textcoords="offset points", **look)
    _title(points, "a", "$P_B$ against $P_{\\mathrm{OPT}}$", correlation_title(own))
    draws = draws[draws["posterior"] == exact]
    draw_histograms(histograms, functions, draws, exact, labels=_LABELS, asking=asking)
    histograms.set_xlabel("probability under random sampling, $P_B$")
    _title(histograms, "b", "how likely under random sampling", gap_title(own))
    histograms.legend(edgecolor="none", framealpha=1)
    looks = {
        "test_error": {"label": _LABELS[0], "color": "k", "marker": "o"},
        "posterior_test_error": {"label": _LABELS[1], "color": "k", "marker": "s", "mfc": "w"},
    }
    for number, (name, look) in enumerate(looks.items()):
        _draw(errors, rows, name, scale=100, shift=0.1 * number - 0.05, **look)
    largest = max(extent(rows, name, scale=100, at_least=(0,))[1] for name in looks)
    # With room for the legend above.
    errors.set(ylabel="mean test error (%)", ylim=(0, largest if wide else 1.5 * largest))
    errors.legend(frameon=False)
    _title(errors, "c", "test error")
    _draw(gaps, rows, "gap", color="k", marker="o")
    gaps.axhline(0, color="0.3", linestyle="--", linewidth=0.9)
    gaps.set(ylabel="gap (decades)", ylim=extent(rows, "gap", at_least=(0,)))
    _title(gaps, "d", *(["gap; 0 for a sampler"] if wide else ["gap", "0 for a sampler"]))
    figure.suptitle(f"{study}, {said_of_sample(own)}", wrap=True)
    about = "the same with each optimiser" if named else "the same for training sets of other sizes"
    drawn = said_of_draws(draws)
    add_caption(
        figure,
        "Is SGD a Bayesian sampler? Networks trained until they fit S, and random sampling of networks that do: "
        "draws from the exact 0-1 posterior P_B of infinitely wide networks. a: probability of each function on the "
        "test points E under the one and the other, of all domains together; dashed: equal, training finds those below "
        f"it more often than random sampling does; hollow: found fewer than {asking['min_count']} times or carried by "
        "too few draws, not in r; triangles on the edge: below it. r: mean over domains of the correlation of log "
        "P_OPT with log P_B on each; ceiling: what a perfect predictor could be "
        f"expected to reach. b: how likely under random sampling the functions of networks and of {drawn} a domain "
        "are, the first bar with all below it; gap: difference of the means (lines), in decades, above 0 if training "
        "prefers likelier functions. c, d: "
        f"{about}. Of r, gap and test error {covered(rows)}. "
        f"{describe_networks({study: training}, task, seeds=seeds)}",
    )
    return figure


def _title(panel: Axes, letter: str, *lines: str) -> None:
    panel.set_title("\n".join([f"({letter}) {lines[0]}", *lines[1:]]))


def _draw(panel: Axes, rows: pd.DataFrame, column: str, *, scale: float = 1, shift: float = 0, **look: Any) -> None:  # noqa: ANN401
    """A point with its interval for each study, over |S| joined by a line, of optimisers side by side."""
    value, reach = estimates(rows, column, scale=scale)
    named = rows["x"].map(type).eq(str).any()
    x = [place + shift for place in range(len(rows))] if named else rows["x"]
    panel.errorbar(x, value, yerr=reach, capsize=2, elinewidth=0.8, linestyle="none" if named else "-", **look)
    if named:
        panel.set_xticks(range(len(rows)), rows["x"], fontsize="small")
        panel.margins(x=0.15)
    else:
        panel.set_xscale("log")
        # Of two that are too near to be read beside each other the first has a label.
        apart = rows["x"].sort_values().div(rows["x"].sort_values().shift()).gt(2.5) | (rows["x"] == rows["x"].min())
        labels = [f"{x:,.0f}" if apart[row] else "" for row, x in rows["x"].items()]
        panel.set_xticks(rows["x"], labels, fontsize="small")
        panel.minorticks_off()
        panel.set_xlabel("|S|, training examples")
