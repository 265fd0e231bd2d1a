"""What all figures share: type sizes, panels, captions, and saving as PNG and PDF."""

import io
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from sgdbayes.files import write_bytes
from sgdbayes.posterior.kinds import posterior_kind

__all__ = [
    "add_caption",
    "call",
    "describe_experiments",
    "describe_task",
    "estimates",
    "hide_unused",
    "label_outer",
    "log_scale",
    "panels",
    "panels_in_rows",
    "power_of_ten",
    "save_figure",
]

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_PANEL = (2.6, 2.3)
_SETTINGS = {
    "font.size": 8,
    "axes.titlesize": 8.5,
    # No ticks above that a title would have to clear: looking for them takes a tenth of a page's time.
    "axes.titley": 1.0,
    "axes.labelsize": 8,
    "legend.fontsize": 7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.5,
    "pdf.fonttype": 42,
    "savefig.dpi": 160,
}
plt.rcParams.update(_SETTINGS)


def panels(rows: int, columns: int, **options: Any) -> tuple[Figure, np.ndarray]:  # noqa: ANN401
    """A figure with a grid of axes (rows, columns), the axes an array of that shape."""
    size = (_PANEL[0] * columns + 0.9, _PANEL[1] * rows + 0.9)
    return plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained", **options)


def panels_in_rows(
    number: int,
    *,
    least: int = 1,
    most: int = 4,
    **options: Any,  # noqa: ANN401
) -> tuple[Figure, np.ndarray]:
    """As `panels`, for ``number`` of them, ``most`` in a row and ``least`` columns; those too many are hidden."""
    columns = max(least, min(most, number))
    figure, axes = panels(-(-number // columns), columns, **options)
    hide_unused(axes.flat, number)
    return figure, axes


def hide_unused(axes: Sequence[Axes], used: int) -> None:
    """Remove the panels after the first ``used``."""
    for panel in axes[used:]:
        panel.set_axis_off()


def estimates(rows: Any, column: str, *, scale: float = 1) -> tuple[np.ndarray, np.ndarray]:  # noqa: ANN401
    """The values (N,) of a ``column`` that has an interval, in a table or in a row of it, and its reach (2, N)."""
    value, low, high = (scale * np.asarray(rows[f"{column}{end}"]) for end in ("", "_low", "_high"))
    return value, np.clip([value - low, high - value], 0, None)


def log_scale(panel: Axes, *names: str) -> None:
    """Make the axes ``names``, "x" or "y", logarithmic, with ticks at 1, 2 and 5.

    Powers of ten are labelled, in less than a decade all ticks.
    """
    for name in names:
        panel.set(**{f"{name}scale": "log"})
        axis = getattr(panel, f"{name}axis")
        # Nine minor ticks a decade and labels as formulas would take a third of the time of a figure with many panels.
        axis.set_minor_locator(LogLocator(subs=[2, 5]))
        axis.set_minor_formatter(partial(_in_a_decade, axis))
        axis.set_major_formatter(lambda value, _: power_of_ten(np.log10(value)))


def _in_a_decade(axis: Axis, value: float, _: int) -> str:
    low, high = axis.get_view_interval()
    return f"{value:g}" if high < 10 * low else ""


def power_of_ten(exponent: float) -> str:
    """10 to a whole ``exponent`` as plain text."""
    # Plus 0, for there is a negative one; a tick that lies out of sight may be infinite.
    return "10" + f"{np.round(exponent) + 0.0:.0f}".translate(_RAISED)


def add_caption(figure: Figure, text: str) -> None:
    """Write ``text`` under the figure, wrapped to its width."""
    lines = textwrap.wrap(text, width=int(figure.get_figwidth() * 19))
    figure.supxlabel("\n".join(lines), x=0.01, ha="left", fontsize=6.5, color="0.25")


def describe_task(task: Mapping[str, Any], *, train_sizes: Iterable[int] = ()) -> str:
    """One sentence on the task of a configuration, or on those that differ from it in |S| alone."""
    options = ", ".join(f"{name} {value}" for name, value in task.get("options", {}).items())
    data = task["dataset"] + (f" ({options})" if options else "")
    classes = "class" if len(task["positive_classes"]) == 1 else "classes"
    positive = ", ".join(map(str, task["positive_classes"]))
    sizes = ", ".join(f"{size:,}" for size in train_sizes or [task["train_size"]])
    return f"Data: {data}, {classes} {positive} against the rest, |S| = {sizes}, task seed {task['seed']}."


def describe_experiments(
    functions: Mapping[str, pd.DataFrame], training: Mapping[str, Mapping[str, Any]], task: Mapping[str, Any]
) -> str:
    """What the networks of experiments on one model are, how those of each were trained, and on which task.

    ``functions``: the table of functions of each experiment that is described; ``training``: of these or more.
    """
    architecture = next(iter(training.values()))["architecture"]
    each = []
    for name, table in functions.items():
        settings = training[name]
        extra = f", {settings['extra_epochs']} epochs beyond" if settings["extra_epochs"] else ""
        extra += f", to loss {settings['target_loss']}" if settings["target_loss"] else ""
        extra += f", products in {settings['precision']}" if settings["precision"] != "float32" else ""
        each.append(
            f"{name}: {table['count'].sum():,} networks, {call(settings['optimizer'])}, loss {settings['loss']}, batch "
            f"size {settings['batch_size']}, seed {settings['seed']}{extra}"
        )
    trained = f"Networks {call(architecture)} trained to zero training error; {'; '.join(each)}."
    return f"{trained} {describe_task(task)}"


def call(settings: Mapping[str, Any]) -> str:
    """A kind with its options as a call."""
    options = ", ".join(f"{name}={value}" for name, value in settings.items() if name != "kind")
    return f"{settings['kind']}({options})"


def label_outer(axes: np.ndarray, x: str, y: str | None = None, *, posteriors: Sequence[str] = ()) -> None:
    """Label the x axis of the lowest panel of each column, with the ticks that a shared axis leaves to the last row.

    If ``y`` is given it labels the leftmost panels, under the names of ``posteriors`` if these have a row each: in a
    title with an experiment's name, that of a posterior is wider than a panel. After `hide_unused`.
    """
    for column in axes.T:
        for panel in [panel for panel in column if panel.axison][-1:]:
            panel.set_xlabel(x)
            panel.tick_params(labelbottom=True)
    labels = [f"{posterior_kind(name).label}\n{y}" for name in posteriors] or [y] * len(axes)
    for panel, label in zip(axes[:, 0], labels, strict=True):
        if y is not None:
            panel.set_ylabel(label)


def save_figure(figure: Figure, paths: Sequence[str | Path], provenance: Mapping[str, Any]) -> None:
    """Save in the format of each path's ending, without dates, so that equal figures are equal files."""
    # Laid out once: each save would do it again, which takes longer than the drawing.
    if engine := figure.get_layout_engine():
        engine.execute(figure)
    # None at all: a placeholder would still have each save draw twice.
    figure.set_layout_engine(None)
    for path in paths:
        buffer = io.BytesIO()
        kind = Path(path).suffix[1:]
        figure.savefig(buffer, format=kind, metadata={"CreationDate": None} if kind == "pdf" else None)
        write_bytes(path, buffer.getvalue(), provenance)
    plt.close(figure)
