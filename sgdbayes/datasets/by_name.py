"""Data sets by the name the configuration calls them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sgdbayes.datasets.mnist import load_embedded_mnist, load_mnist
from sgdbayes.datasets.task import LabelledData, Task, draw_task

__all__ = ["DATASETS", "Dataset", "load_task"]


@dataclass(frozen=True)
class Dataset:
    """How to load a data set from the data folder, how many examples it has and which classes: known before it is
    loaded.
    """

    load: Callable[[Path], LabelledData]
    size: int
    classes: tuple[int, ...]


DATASETS = {
    "mnist_embedded": Dataset(load_embedded_mnist, 5_000, tuple(range(10))),
    "mnist": Dataset(load_mnist, 70_000, tuple(range(10))),
}


def load_task(settings: Mapping[str, Any], folder: Path) -> Task:
    """Load ``settings["dataset"]`` from ``folder`` and draw from it the task that the other settings describe."""
    options = {name: value for name, value in settings.items() if name != "dataset"}
    return draw_task(DATASETS[settings["dataset"]].load(folder), **options)
