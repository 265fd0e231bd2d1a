"""What the elements of E are, for the explorer: images, bits or reviews, as far as they are at hand."""

import base64
import io
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from sgdbayes.datasets import DATASETS, Task, fashion_mnist, load_task, mnist
from sgdbayes.datasets._files import places
from sgdbayes.explorer.reviews import describe_reviews, reviews_at_hand
from sgdbayes.storage import DamagedFileError, read_arrays

__all__ = ["describe_elements"]

# Of these the data come with the installed packages.
_INSTALLED = ("boolean", "mnist_embedded")
# Not by public names: the modules of data sets are part of what every task's key stands for, and would have to change.
_IDX_FILES = {"mnist": mnist._FILES, "fashion_mnist": fashion_mnist._FILES}
_COLUMNS = 10
# Of IMDb, by class.
_RATINGS = ("negative", "positive")


def describe_elements(
    settings: Mapping[str, Any], path: Path, size: int, *, data: Path
) -> tuple[dict[str, Any], np.ndarray | None]:
    """The first ``size`` test points of the task with these ``settings`` as the page takes them, and their labels
    (size,) bool, None if they are not at hand.

    ``path``: the task's file, which may be missing; ``data``: folder of data sets, then read if that needs no download.
    """
    named = _class_names(settings)
    task, note = _task(settings, path, data)
    if task is None:
        return {**named, "kind": "none", "note": note}, None
    task = task.head(size)
    inputs = task.test_inputs
    if settings["dataset"] == "imdb":
        shown, note = describe_reviews(task.test_indices, data)
        shown = {"kind": "texts", "texts": shown}
    elif settings["dataset"] == "boolean":
        shown = {"kind": "texts", "texts": ["".join(str(int(bit)) for bit in row) for row in inputs]}
    elif inputs.ndim == 3 and inputs.min() >= 0 and inputs.max() <= 1:
        shown = {"kind": "images", **_sprite(inputs)}
    else:
        shown = {"kind": "none"}
        note = f"Inputs of shape {inputs.shape[1:]} are not shown."
    return {**named, **shown, "note": note}, task.test_labels > 0


def _class_names(settings: Mapping[str, Any]) -> dict[str, str]:
    """What the labels mean, in as few characters as will do."""
    positive = set(settings["positive_classes"])
    if settings["dataset"] == "imdb":
        rating = max(positive)
        return {"positive": _RATINGS[rating], "negative": _RATINGS[1 - rating]}
    known = DATASETS[settings["dataset"]].classes if settings["dataset"] in DATASETS else ()
    return {"positive": _ranges(positive), "negative": _ranges(set(known) - positive) or "the rest"}


def _ranges(classes: set[int]) -> str:
    # Numbers in a row differ from their rank by the same.
    runs = [
        [number for _, number in run] for _, run in groupby(enumerate(sorted(classes)), lambda pair: pair[1] - pair[0])
    ]
    return ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs)


def _task(settings: Mapping[str, Any], path: Path, data: Path) -> tuple[Task | None, str]:
    try:
        if path.exists():
            return Task(**read_arrays(path)), ""
        if _at_hand(settings["dataset"], data):
            return load_task(settings, data), ""
    except DamagedFileError as error:
        return None, f"The test elements are not shown: {error}."
    return None, (
        "The test elements themselves were not at hand when this page was made, so their numbers are shown: put the "
        f"files of {settings['dataset']} where data/README.md says, and make the page anew."
    )


def _at_hand(dataset: str, data: Path) -> bool:
    """Whether a data set can be loaded without a download."""
    if dataset == "imdb":
        return reviews_at_hand(data)
    if dataset not in _IDX_FILES:
        return dataset in _INSTALLED
    files = _IDX_FILES[dataset]
    folders = (*places(files.subfolder, data), *files.installed)
    return all(
        (data / files.raw / "raw" / name).exists() or any((folder / f"{name}.gz").exists() for folder in folders)
        for name in files.sha256
    )


def _sprite(images: np.ndarray) -> dict[str, Any]:
    """Images (N, height, width) from 0 to 1 in one PNG, ten in a row."""
    number, height, width = images.shape
    rows = -(-number // _COLUMNS)
    sheet = np.zeros((rows * _COLUMNS, height, width), dtype=np.uint8)
    sheet[:number] = np.round(255 * images)
    sheet = sheet.reshape(rows, _COLUMNS, height, width).swapaxes(1, 2).reshape(rows * height, _COLUMNS * width)
    buffer = io.BytesIO()
    Image.fromarray(sheet).save(buffer, "png", optimize=True)
    picture = f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
    return {"sprite": picture, "columns": _COLUMNS, "rows": rows, "height": height, "width": width}
