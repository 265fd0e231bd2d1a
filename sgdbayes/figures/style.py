"""What all figures share: type sizes, colours that keep their order in grey, panels, captions, and saving as PNG and
PDF.
"""

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
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from sgdbayes.files import write_bytes
from sgdbayes.posterior.kinds import posterior_kind

__all__ = [
    "add_caption",
    "call",
    "describe_task",
    "describe_trainings",
    "hide_unused",
    "label_outer",
    "log_scale",
    "name_rows",
    "panels",
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


def log_scale(panel: Axes, *names: str) -> None:
    """Make the axes ``names``, "x" or "y", logarithmic, with ticks at 1, 2 and 5: powers of ten are labelled, in less than a decade all."""
    for name in names:
        panel.set(**{f"{name}scale": "log"})
        axis = getattr(panel, f"{name}axis")
        # A third of the time of a figure with many panels would go into nine minor ticks a decade and into labels as formulas.
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


def describe_trainings(training: Mapping[str, Mapping[str, Any]], networks: Mapping[str, int]) -> str:
    """What the networks of experiments on one model are and how those of each were trained."""
    architecture = next(iter(training.values()))["architecture"]
    each = []
    for name, settings in training.items():
        extra = f", {settings['extra_epochs']} epochs beyond" if settings["extra_epochs"] else ""
        extra += f", to loss {settings['target_loss']}" if settings["target_loss"] else ""
        extra += f", products in {settings['precision']}" if settings["precision"] != "float32" else ""
        each.append(
            f"{name}: {networks[name]:,} networks, {call(settings['optimizer'])}, loss {settings['loss']}, batch size "
            f"{settings['batch_size']}, seed {settings['seed']}{extra}"
        )
    return f"Networks {call(architecture)} trained to zero training error; {'; '.join(each)}."


def call(settings: Mapping[str, Any]) -> str:
    """A kind with its options as a call."""
    options = ", ".join(f"{name}={value}" for name, value in settings.items() if name != "kind")
    return f"{settings['kind']}({options})"


def label_outer(axes: np.ndarray, x: str, y: str | None) -> None:
    """Label the x axis of the lowest panel of each column, with the ticks that a shared axis leaves to the last row, and the
    y axis of the leftmost, unless ``y`` is None. After `hide_unused`.
    """
    for column in axes.T:
        for panel in [panel for panel in column if panel.axison][-1:]:
            panel.set_xlabel(x)
            panel.tick_params(labelbottom=True)
    for panel in axes[:, 0] if y is not None else ():
        panel.set_ylabel(y)


def name_rows(axes: np.ndarray, posteriors: Sequence[str], y: str) -> None:
    """Label the y axis of each row of panels with its posterior and ``y``: in a title with an experiment's name, that of a
    posterior is wider than a panel. After `label_outer`.
    """
    for row, posterior in zip(axes, posteriors, strict=True):
        row[0].set_ylabel(f"{posterior_kind(posterior).label}\n{y}")


def hide_unused(axes: Sequence[Axes], used: int) -> None:
    """Remove the panels after the first ``used``."""
    for panel in axes[used:]:
        panel.set_axis_off()


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
