"""What the elements of E are, for the explorer: images, bits or reviews, as far as they are at hand."""

import base64
import io
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from sgdbayes.datasets import DATASETS, Task, load_task
from sgdbayes.files import DamagedFileError, read_arrays
from sgdbayes.registry import resolve

__all__ = ["describe_elements"]

_COLUMNS = 10
# What standardising and back may leave pixels out of 0 to 1 by.
_ROUNDING = 1e-3


def describe_elements(
    settings: Mapping[str, Any], path: Path, points: int, *, data: Path
) -> tuple[dict[str, Any], np.ndarray | None]:
    """The first ``points`` test points of the task with these ``settings`` as the page takes them, and their labels
    (points,) bool, None if they are not at hand.

    ``path``: the task's file, which may be missing; ``data``: folder of data sets, then read if that needs no download.
    """
    named = _class_names(settings)
    task, note = _task(settings, path, data)
    if task is None:
        return {**named, "kind": "none", "note": note}, None
    task = task.head(points)
    inputs = _unstandardized(task.test_inputs, settings.get("options", {}).get("standardize"))
    dataset = DATASETS.get(settings["dataset"])
    texts = dataset and dataset.texts
    if texts is not None:
        lines, note = resolve(texts)(inputs, task.test_indices, data)
        shown = {"kind": "texts", "texts": lines}
    elif inputs.ndim == 3 and inputs.min() > -_ROUNDING and inputs.max() < 1 + _ROUNDING:
        shown = {"kind": "images", **_sprite(inputs)}
    else:
        shown = {"kind": "none"}
        note = f"Inputs of shape {inputs.shape[1:]} are not shown."
    return {**named, **shown, "note": note}, task.test_labels > 0


def _class_names(settings: Mapping[str, Any]) -> dict[str, str]:
    """What the labels mean, in as few characters as will do."""
    dataset = DATASETS.get(settings["dataset"])
    positive, negative = (set(settings.get(f"{side}_classes", ())) for side in ("positive", "negative"))
    if dataset is None:
        # Of a plug-in that is not there.
        return {"positive": _ranges(positive), "negative": _ranges(negative) or "the rest"}
    both = {"positive": positive, "negative": negative or set(dataset.classes) - positive}
    if dataset.class_names:
        return {label: ", ".join(dataset.class_names[each] for each in sorted(own)) for label, own in both.items()}
    return {label: _ranges(own) for label, own in both.items()}


def _ranges(classes: set[int]) -> str:
    # Numbers in a row differ from their rank by the same.
    ranges = groupby(enumerate(sorted(classes)), lambda pair: pair[1] - pair[0])
    ranges = ([number for _, number in pairs] for _, pairs in ranges)
    return ", ".join(f"{first}–{rest[-1]}" if rest else f"{first}" for first, *rest in ranges)


def _task(settings: Mapping[str, Any], path: Path, data: Path) -> tuple[Task | None, str]:
    try:
        if path.exists():
            return Task(**read_arrays(path)), ""
        dataset = DATASETS.get(settings["dataset"])
        at_hand = dataset and dataset.at_hand
        if at_hand is not None and resolve(at_hand)(data):
            return load_task(**settings, folder=data), ""
    except DamagedFileError as error:
        return None, f"The test elements are not shown: {error}."
    return None, (
        "The test elements themselves were not at hand when this page was made, so their numbers are shown: put the "
        f"files of {settings['dataset']} where data/README.md says, and make the page anew."
    )


def _unstandardized(inputs: np.ndarray, standardize: object) -> np.ndarray:
    match standardize:
        case [float() | int() as mean, float() | int() as deviation]:
            return inputs * deviation + mean
    return inputs


def _sprite(images: np.ndarray) -> dict[str, Any]:
    """Images (N, height, width) from 0 to 1 in one PNG of 16 greys, ten in a row: with 256 it is twice as large."""
    number, height, width = images.shape
    rows = -(-number // _COLUMNS)
    sheet = np.zeros((rows * _COLUMNS, height, width), dtype=np.uint8)
    sheet[:number] = np.round(15 * images)
    sheet = sheet.reshape(rows, _COLUMNS, height, width).swapaxes(1, 2).reshape(rows * height, _COLUMNS * width)
    buffer = io.BytesIO()
    picture = Image.fromarray(sheet, "P")
    picture.putpalette([17 * grey for grey in range(16) for _ in "rgb"])
    picture.save(buffer, "png", optimize=True, bits=4)
    address = f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
    return {"sprite": address, "columns": _COLUMNS, "rows": rows, "height": height, "width": width}
