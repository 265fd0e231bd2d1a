"""A binary classification task: the training set S, the recorded test points and their labels.

S and the function domain E are those of Mingard et al. (JMLR 2021), section 2; E is the first ``|E|`` recorded test
points.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

__all__ = ["Inputs", "LabelledData", "Task", "draw_task"]


@dataclass(frozen=True)
class LabelledData:
    """All examples of a data set: ``inputs`` (N, ...) float32, or what its ``encode`` takes, and integer ``classes``
    (N,).
    """

    inputs: np.ndarray
    classes: np.ndarray


@dataclass(frozen=True)
class Inputs:
    """What is known of the inputs before they are loaded: the ``shape`` of one, of how many ``words`` its entries are
    numbers (0: they are not), whether an input of ``zeros`` is among them.
    """

    shape: tuple[int, ...]
    words: int = 0
    zeros: bool = False


@dataclass(frozen=True)
class Task:
    """Training set and recorded test points, labels -1 or +1.

    ``train_inputs`` (|S|, ...) and ``test_inputs`` (T, ...) are float32, ``train_labels`` (|S|,) and ``test_labels``
    (T,) int8; ``train_indices`` and ``test_indices`` say which examples of the data set they are.
    """

    train_inputs: np.ndarray
    train_labels: np.ndarray
    test_inputs: np.ndarray
    test_labels: np.ndarray
    train_indices: np.ndarray
    test_indices: np.ndarray

    def __post_init__(self) -> None:
        for part in ("train", "test"):
            inputs, labels = getattr(self, f"{part}_inputs"), getattr(self, f"{part}_labels")
            if len(inputs) != len(labels):
                raise ValueError(f"{part}_inputs and {part}_labels differ in length: {len(inputs)} and {len(labels)}")
            if not np.isin(labels, (-1, 1)).all():
                raise ValueError(f"{part}_labels must be -1 or +1, got {np.unique(labels)[:5].tolist()}")
            if not np.isfinite(inputs).all():
                raise ValueError(f"{part}_inputs holds a value that is not finite")

    def head(self, test_points: int) -> "Task":
        """The same with only the first so many recorded test points."""
        tested = {name: getattr(self, name)[:test_points] for name in ("test_inputs", "test_labels", "test_indices")}
        return replace(self, **tested)


def draw_task(
    data: LabelledData,
    *,
    positive_classes: tuple[int, ...],
    train_size: int,
    recorded_test_size: int,
    seed: int,
    encode: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]] | None = None,
) -> Task:
    """Draw S and the recorded test points without replacement, each class with equal probability per example.

    ``encode(train, test)`` turns what was drawn of ``data.inputs`` into inputs. Raises ValueError if the data set is
    too small, or if a positive class is not in it or leaves no other class.
    """
    size, available = train_size + recorded_test_size, len(data.classes)
    if size > available:
        raise ValueError(f"train_size + recorded_test_size = {size} is more than the {available} examples there are")
    classes = set(np.unique(data.classes).tolist())
    if not set(positive_classes) < classes:
        raise ValueError(
            f"positive_classes must be some, not all, of the classes {sorted(classes)}, got {sorted(positive_classes)}"
        )
    drawn = np.random.default_rng(seed).permutation(available)[:size]
    train, test = drawn[:train_size], drawn[train_size:]
    labels = np.where(np.isin(data.classes, positive_classes), 1, -1).astype(np.int8)
    train_inputs, test_inputs = data.inputs[train], data.inputs[test]
    if encode is not None:
        train_inputs, test_inputs = encode(train_inputs, test_inputs)
    return Task(train_inputs, labels[train], test_inputs, labels[test], train, test)
