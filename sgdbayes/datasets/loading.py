"""From the settings of a task to the task."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from sgdbayes.datasets.kinds import DATASETS, options_of
from sgdbayes.datasets.task import Task, draw_task
from sgdbayes.registry import Lazy, resolve

__all__ = ["load_task"]


def load_task(settings: Mapping[str, Any], folder: Path) -> Task:
    """Load ``settings["dataset"]``, with the ``options`` there may be, from ``folder`` and draw from it the task that
    the other settings describe.
    """
    dataset = DATASETS[settings["dataset"]]
    options = settings.get("options", {})
    if unknown := set(options) - set(dataset.options):
        raise ValueError(
            f"unknown options {sorted(unknown)} of {settings['dataset']}; known: {sorted(dataset.options)}"
        )
    # Before anything is loaded.
    dataset.check_options(options)
    data = resolve(dataset.load)(folder, **_meant_for(dataset.load, options))
    encode = dataset.encode and partial(resolve(dataset.encode), **_meant_for(dataset.encode, options))
    rest = {name: value for name, value in settings.items() if name not in ("dataset", "options")}
    return draw_task(data, **rest, encode=encode)


def _meant_for(function: Lazy, options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name in options_of(function)}
