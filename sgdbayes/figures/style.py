"""What all figures share: sizes, panels, captions, and saving as PNG and PDF.

How they look is up to matplotlib's rcParams where they are drawn and saved: a run has the style sheet sgdbayes.mplstyle
beside this module (`run_style`), a notebook its own. Nothing here changes them, nor the backend.
"""

import io
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib.style
import numpy as np
from matplotlib import rc_context, rcParams
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from sgdbayes.files import write_bytes
from sgdbayes.posterior.kinds import posterior_kind

__all__ = [
    "Drawing",
    "add_caption",
    "call",
    "describe_networks",
    "describe_task",
    "estimates",
    "hide_unused",
    "label_outer",
    "log_scale",
    "new_figure",
    "panels",
    "panels_in_rows",
    "panels_that_fit",
    "power_of_ten",
    "run_style",
    "save_figure",
]

_UNDATED = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
# A panel, in inches, and what is beside and above all of them, where type is of so many points.
_PANEL, _AROUND, _TYPE = (2.6, 2.3), (0.9, 0.25), 8
# The least width of a panel in ems.
_NARROWEST = 10.5
_SHEET = "sgdbayes.figures.sgdbayes"
# The figure.figsize of that sheet, which does not limit figures of many panels, and what does.
_SHEET_SIZE, _WIDEST = [3.5, 3.2], 40


class Drawing(Figure):
    """A figure that pyplot does not know, so that it belongs to no backend and is gone when it is no longer used.

    ``caption``: what is to be said of it; `save_figure` writes it below the panels.
    """

    caption = ""

    def _repr_png_(self) -> bytes:
        """For notebooks, which show figures of pyplot alone by themselves."""
        return _saved(self, "png")


def run_style(style: str | Path | None = None) -> AbstractContextManager:
    """A context in which figures look as those of a run, whatever a matplotlibrc says, with a ``style`` of one's own on
    top: the path of a file that ends in .mplstyle, or a name that matplotlib knows.

    >>> studies = sb.read_table("results/desk/studies.csv")
    >>> with sb.figures.run_style("sgdbayes.figures.column"):
    ...     figure = sb.figures.draw_predictors(studies)
    """
    own = [] if style is None else [str(Path(style).absolute()) if str(style).endswith(".mplstyle") else style]
    return matplotlib.style.context([_SHEET, *own], after_reset=True)


def new_figure(width: float, height: float) -> Drawing:
    """An empty figure, ``width`` by ``height`` inches where type is of 8 points and in proportion else, but no wider
    than figure.figsize if that is not the project's own; one that is made narrower is made lower, by less.
    """
    scale = rcParams["font.size"] / _TYPE
    narrower = min(1, _widest() / (scale * width))
    return Drawing(figsize=(scale * width * narrower, scale * height * narrower**0.5), layout="constrained")


def panels_that_fit(ems: float = _NARROWEST) -> int:
    """How many panels there is room for in a row, each ``ems`` (font.size) wide at least; one at least."""
    return max(1, int(72 * _widest() / (ems * rcParams["font.size"])))


def _widest() -> float:
    size = list(rcParams["figure.figsize"])
    return _WIDEST if size == _SHEET_SIZE else size[0]


def panels(rows: int, columns: int, **options: Any) -> tuple[Drawing, np.ndarray]:  # noqa: ANN401
    """A figure with a grid of axes (rows, columns), the axes an array of that shape."""
    figure = new_figure(_PANEL[0] * columns + _AROUND[0], _PANEL[1] * rows + _AROUND[1])
    return figure, figure.subplots(rows, columns, squeeze=False, **options)


def panels_in_rows(
    number: int,
    *,
    least: int = 1,
    most: int = 4,
    **options: Any,  # noqa: ANN401
) -> tuple[Drawing, np.ndarray]:
    """As `panels`, for ``number`` of them, ``most`` in a row, ``least`` if they fit; those too many are hidden."""
    columns = min(max(least, min(most, number)), panels_that_fit())
    figure, axes = panels(-(-number // columns), columns, **options)
    hide_unused(axes.flat, number)
    return figure, axes


def hide_unused(axes: np.ndarray | np.flatiter, used: int) -> None:
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
        axis.set_minor_formatter(partial(_tick, axis, minor=True))
        axis.set_major_formatter(partial(_tick, axis))


def _tick(axis: Axis, value: float, _: int, *, minor: bool = False) -> str:
    """Numbers as they are where few decades are in sight, else powers of ten alone."""
    low, high = axis.get_view_interval()
    if high < 30 * low:
        return f"{value:g}"
    return "" if minor else power_of_ten(np.log10(value))


def power_of_ten(exponent: float) -> str:
    """10 to a whole ``exponent`` as plain text."""
    # Plus 0, for there is a negative one; a tick that lies out of sight may be infinite.
    return "10" + f"{np.round(exponent) + 0.0:.0f}".translate(_RAISED)


def add_caption(figure: Drawing, text: str) -> None:
    """Say ``text`` of a figure: `save_figure` writes it below, and into the provenance."""
    figure.caption = text


def describe_task(task: Mapping[str, Any], *, train_sizes: Iterable[int] = (), seeds: Sequence[int] = ()) -> str:
    """One sentence on the task of a configuration, or on those that differ from it in |S| or in their seeds alone."""
    options = ", ".join(f"{name} {value}" for name, value in task.get("options", {}).items())
    data = task["dataset"] + (f" ({options})" if options else "")
    classes = "class" if len(task["positive_classes"]) == 1 else "classes"
    positive, negative = (", ".join(map(str, task.get(f"{side}_classes", ()))) for side in ("positive", "negative"))
    drawn = ", balanced" if task.get("balanced") else ", S given" if "train_indices" in task else ""
    sizes = ", ".join(f"{size:,}" for size in train_sizes or [task["train_size"]])
    of_seeds = ", ".join(map(str, seeds or [task["seed"]]))
    seed = "seeds" if len(seeds) > 1 else "seed"
    return (
        f"Data: {data}, {classes} {positive} against {negative or 'the rest'}, |S| = {sizes}{drawn}, "
        f"task {seed} {of_seeds}."
    )


def describe_networks(
    training: Mapping[str, Mapping[str, Any]], task: Mapping[str, Any], *, seeds: Sequence[int] = ()
) -> str:
    """What the networks of studies or experiments on one model are, how those of each were trained, and on which task.

    ``training``: of each, what the plan says of it and how many ``networks`` each of its experiments has.
    """
    architecture = next(iter(training.values()))["architecture"]
    each = []
    for name, settings in training.items():
        extra = f", {settings['extra_epochs']} epochs beyond" if settings["extra_epochs"] else ""
        extra += f", {settings['min_epochs']} epochs or more" if settings.get("min_epochs") else ""
        extra += f", to loss {settings['target_loss']}" if settings["target_loss"] else ""
        extra += f", products in {settings['precision']}" if settings["precision"] != "float32" else ""
        each.append(
            f"{name}: {settings['networks']:,} networks, {call(settings['optimizer'])}, loss {settings['loss']}, batch "
            f"size {settings['batch_size']}, seed {settings['seed']}{extra}"
        )
    trained = f"Networks {call(architecture)} trained to zero training error; {'; '.join(each)}."
    return f"{trained} {describe_task(task, seeds=seeds)}"


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
    labels: list[str | None] = [f"{posterior_kind(name).label}\n{y}" for name in posteriors] or [y] * len(axes)
    for panel, label in zip(axes[:, 0], labels, strict=True):
        if y is not None:
            panel.set_ylabel(label)


def save_figure(
    figure: Figure,
    paths: str | Path | Sequence[str | Path],
    provenance: Mapping[str, Any] | None = None,
    *,
    caption: bool = True,
) -> None:
    """Save at a path, or at several, each in the format of its ending; PNG, PDF and SVG have no dates, so that equal
    figures are equal files. The figure stays as it is.

    Beside each is its ``provenance``, as JSON, with the caption. That of a `Drawing` stands below its panels too,
    unless ``caption`` is False. Raises ValueError for a format that matplotlib does not know.

    >>> figure = sb.figures.draw_predictors(sb.read_table("results/desk/studies.csv"))
    >>> sb.figures.save_figure(figure, ["predictors.png", "predictors.svg"])
    """
    text = getattr(figure, "caption", "")
    with _written_below(figure, text if caption else ""), _laid_out(figure):
        for path in [paths] if isinstance(paths, str | Path) else paths:
            write_bytes(path, _saved(figure, Path(path).suffix[1:]), {**(provenance or {}), "caption": text})


@contextmanager
def _written_below(figure: Figure, text: str) -> Iterator[None]:
    """With ``text`` under the panels, wrapped to the width, in room of its own."""
    if not text:
        yield
        return
    height = figure.get_figheight()
    # Else a label of the reader's own would be written over.
    label, figure._supxlabel = figure._supxlabel, None  # type: ignore[attr-defined]
    written = figure.supxlabel("", x=0.01, ha="left", fontsize="small", color="0.25")
    size = float(written.get_fontsize())
    # So many letters of such type go on an inch.
    lines = textwrap.wrap(text, width=int(124 / size * figure.get_figwidth()))
    written.set_text("\n".join(lines))
    figure.set_figheight(height + (len(lines) + 1) * 1.2 * size / 72)
    try:
        yield
    finally:
        written.remove()
        figure._supxlabel = label  # type: ignore[attr-defined]
        figure.set_figheight(height)


@contextmanager
def _laid_out(figure: Figure) -> Iterator[None]:
    """Laid out once: each save would do it again, which takes longer than the drawing."""
    engine = figure.get_layout_engine()
    if engine is None:
        yield
        return
    # To start from: the layout of fixed shapes is not the same from where it ended.
    places = [(panel, panel.get_position(original=True), panel.get_in_layout()) for panel in figure.axes]
    engine.execute(figure)
    # None at all: a placeholder would still have each save draw twice.
    figure.set_layout_engine(None)
    try:
        yield
    finally:
        figure.set_layout_engine(engine)
        for panel, place, in_layout in places:
            panel.set_position(place)
            # The other takes it out.
            panel.set_in_layout(in_layout)


def _saved(figure: Figure, kind: str) -> bytes:
    buffer = io.BytesIO()
    # Names of parts of an SVG are random without one.
    with rc_context({"svg.hashsalt": "sgdbayes"}):
        figure.savefig(buffer, format=kind, metadata=_UNDATED.get(kind))
    return buffer.getvalue()
