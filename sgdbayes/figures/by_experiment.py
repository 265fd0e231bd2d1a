"""A panel per experiment: its networks and, over them, functions drawn from each posterior."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sgdbayes.figures.style import (
    add_caption,
    describe_task,
    describe_trainings,
    hide_unused,
    label_outer,
    panels,
)
from sgdbayes.posterior.kinds import posterior_kind

__all__ = ["panel_per_experiment"]


def panel_per_experiment(
    functions: Mapping[str, pd.DataFrame],
    draws: Mapping[str, pd.DataFrame],
    draw_networks: Callable[[Axes, pd.DataFrame], None],
    draw_posterior: Callable[..., None],
    *,
    x: str,
    explanation: str,
    training: Mapping[str, Mapping[str, Any]],
    task: Mapping[str, Any],
) -> Figure:
    """Up to four panels in a row, with shared axes, a legend and a caption.

    ``functions``: table of functions by experiment, of which those found are shown. ``draws``: table of drawn functions by
    posterior. ``draw_networks(panel, table)`` and ``draw_posterior(panel, table, label=, color=, ...)`` draw one of each.
    """
    found = {name: table[table["count"] > 0] for name, table in functions.items()}
    networks = {name: int(table["count"].sum()) for name, table in found.items()}
    columns = min(4, len(found))
    figure, axes = panels(-(-len(found) // columns), columns, sharex=True, sharey=True)
    for panel, (name, table) in zip(axes.flat, found.items(), strict=False):
        draw_networks(panel, table)
        for posterior, drawn in draws.items():
            label = posterior_kind(posterior).label
            draw_posterior(panel, drawn, label=label, **posterior_kind(posterior).style)
        panel.set_title(f"{name} ({networks[name]:,} networks)")
    hide_unused(axes.flat, len(found))
    label_outer(axes, x, "probability")
    # Beside the panels: with six posteriors it would cover one.
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside right upper", frameon=False)
    drawn = ", ".join(f"{posterior}: {int(table['count'].sum()):,}" for posterior, table in draws.items())
    about = f"{describe_trainings(training, networks)} {describe_task(task)}"
    add_caption(figure, f"{about} {explanation} Functions drawn from each posterior: {drawn}.")
    return figure
