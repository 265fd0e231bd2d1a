"""Data sets by the name the configuration calls them."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from sgdbayes.datasets.boolean import check_boolean, load_boolean
from sgdbayes.datasets.fashion_mnist import load_fashion_mnist
from sgdbayes.datasets.imdb import check_imdb, encode_reviews, inputs_of_imdb, load_imdb
from sgdbayes.datasets.mnist import load_embedded_mnist, load_mnist
from sgdbayes.datasets.task import Inputs, LabelledData, Task, draw_task

__all__ = ["DATASETS", "Dataset", "load_task"]


@dataclass(frozen=True)
class Dataset:
    """How to load a data set from the data folder, how many examples it has and which classes: known before it is
    loaded.

    ``encode(train, test)`` makes inputs of the loaded ones of S and of the test points, where that depends on S. The
    keyword-only arguments of ``load`` and ``encode`` are the options of the data set; ``check`` is called with all of
    them and raises ValueError for impossible values, ``inputs`` says what networks are given.
    """

    load: Callable[..., LabelledData]
    size: int
    classes: tuple[int, ...]
    encode: Callable[..., tuple[np.ndarray, np.ndarray]] | None = None
    check: Callable[..., None] | None = None
    inputs: Callable[..., Inputs] | None = None

    @property
    def defaults(self) -> dict[str, Any]:
        """The options with their defaults."""
        return _defaults(self.load) | (_defaults(self.encode) if self.encode else {})

    def inputs_with(self, options: Mapping[str, Any]) -> Inputs | None:
        """What is known of the inputs under ``options``."""
        return self.inputs and self.inputs(**{**self.defaults, **options})

    def check_options(self, options: Mapping[str, Any]) -> None:
        """Raises ValueError for values with which it cannot be loaded or encoded; loads nothing."""
        if self.check is not None:
            self.check(**{**self.defaults, **options})


def _images() -> Inputs:
    return Inputs((28, 28))


def _bits(**_options: object) -> Inputs:
    return Inputs((7,), zeros=True)


DATASETS = {
    "mnist_embedded": Dataset(load_embedded_mnist, 5_000, tuple(range(10)), inputs=_images),
    "mnist": Dataset(load_mnist, 70_000, tuple(range(10)), inputs=_images),
    "fashion_mnist": Dataset(load_fashion_mnist, 70_000, tuple(range(10)), inputs=_images),
    "imdb": Dataset(load_imdb, 49_582, (0, 1), encode=encode_reviews, check=check_imdb, inputs=inputs_of_imdb),
    "boolean": Dataset(load_boolean, 128, (0, 1), check=check_boolean, inputs=_bits),
}


def load_task(settings: Mapping[str, Any], folder: Path) -> Task:
    """Load ``settings["dataset"]``, with the ``options`` there may be, from ``folder`` and draw from it the task that
    the other settings describe.
    """
    dataset = DATASETS[settings["dataset"]]
    options = settings.get("options", {})
    if unknown := set(options) - set(dataset.defaults):
        raise ValueError(
            f"unknown options {sorted(unknown)} of {settings['dataset']}; known: {sorted(dataset.defaults)}"
        )
    # Before anything is loaded.
    dataset.check_options(options)
    data = dataset.load(folder, **_meant_for(dataset.load, options))
    encode = dataset.encode and partial(dataset.encode, **_meant_for(dataset.encode, options))
    rest = {name: value for name, value in settings.items() if name not in ("dataset", "options")}
    return draw_task(data, **rest, encode=encode)


def _defaults(function: Callable) -> dict[str, Any]:
    parameters = inspect.signature(function).parameters.values()
    return {item.name: item.default for item in parameters if item.kind is inspect.Parameter.KEYWORD_ONLY}


def _meant_for(function: Callable, options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name in _defaults(function)}
