"""From the settings of a task to the task."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from sgdbayes.datasets.kinds import DATASETS, options_of
from sgdbayes.datasets.task import Task, distinct_inputs, draw_task
from sgdbayes.registry import Lazy, resolve, unknown_name

__all__ = ["load_task"]


def load_task(
    dataset: str,
    *,
    positive_classes: Collection[int],
    train_size: int,
    negative_classes: Collection[int] | None = None,
    recorded_test_size: int = 1000,
    seed: int = 0,
    balanced: bool = False,
    train_indices: Sequence[int] | None = None,
    options: Mapping[str, Any] | None = None,
    folder: str | Path = "data",
) -> Task:
    """A binary task: S, ``train_size`` examples, and ``recorded_test_size`` test points of a data set of `DATASETS`.

    ``options`` are those of the data set. Files are looked for in ``$SGDBAYES_DATA``, then in ``folder``, to which what
    is missing is downloaded; "mnist_embedded" needs none. The rest is as in `draw_task`. Raises ValueError for an
    unknown data set or option, for equal inputs with opposite labels in S, and as `draw_task` does.

    >>> task = sb.load_task("mnist_embedded", positive_classes=[5, 6, 7, 8, 9], train_size=100)
    >>> task.train_inputs.shape, task.test_labels.shape
    ((100, 28, 28), (1000,))
    """
    kind, options = DATASETS[dataset], options or {}
    for unknown in set(options) - set(kind.options):
        raise ValueError(unknown_name(unknown, kind.options, what=f"unknown option of {dataset}:"))
    # Before anything is loaded.
    kind.check_options(options)
    data = resolve(kind.load)(Path(folder), **_meant_for(kind.load, options))
    task = draw_task(
        data,
        positive_classes=positive_classes,
        negative_classes=negative_classes,
        train_size=train_size,
        recorded_test_size=recorded_test_size,
        seed=seed,
        balanced=balanced,
        train_indices=train_indices,
        encode=partial(resolve(kind.encode), **_meant_for(kind.encode, options)) if kind.encode else None,
    )
    # It raises where no network fits S.
    distinct_inputs(task, dataset=dataset)
    return task


def _meant_for(function: Lazy, options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name in options_of(function)}
