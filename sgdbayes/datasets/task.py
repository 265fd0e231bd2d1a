"""A binary classification task: the training set S, the recorded test points and their labels.

S and the function domain E are those of Mingard et al. (JMLR 2021), section 2; E is the first ``|E|`` recorded test
points.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sgdbayes.checks import check_labels, check_whole

__all__ = ["Inputs", "LabelledData", "Task", "check_sizes", "distinct_inputs", "draw_task", "first_equal", "groups_of"]


@dataclass(frozen=True)
class LabelledData:
    """All examples of a data set: ``inputs`` (N, ...) float32, or what its ``encode`` takes, and integer ``classes``
    (N,).
    """

    inputs: np.ndarray
    classes: np.ndarray

    def __post_init__(self) -> None:
        classes = np.asarray(self.classes)
        if classes.dtype.kind not in "iu" or classes.shape != (len(self.inputs),):
            raise ValueError(
                f"classes must be whole numbers, one for each of the {len(self.inputs)} inputs, got {classes.dtype} of "
                f"shape {classes.shape}"
            )
        object.__setattr__(self, "classes", classes)


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
    """Training set and recorded test points, labels -1 or +1; bool is taken for these.

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
            inputs, indices = (np.asarray(getattr(self, f"{part}_{name}")) for name in ("inputs", "indices"))
            labels = check_labels(getattr(self, f"{part}_labels"), name=f"{part}_labels").astype(np.int8)
            if not len(inputs) == len(labels) == len(indices):
                raise ValueError(
                    f"{part}_inputs, {part}_labels and {part}_indices differ in length: {len(inputs)}, {len(labels)} "
                    f"and {len(indices)}"
                )
            if not np.isfinite(inputs).all():
                raise ValueError(f"{part}_inputs holds a value that is not finite")
            for name, value in (("inputs", inputs), ("labels", labels), ("indices", indices)):
                object.__setattr__(self, f"{part}_{name}", value)

    def head(self, test_points: int, *, train_size: int | None = None) -> "Task":
        """The same with only the first so many recorded test points, and examples of S."""
        sizes = {"train": train_size, "test": test_points}
        names = [(part, f"{part}_{what}") for part in sizes for what in ("inputs", "labels", "indices")]
        return replace(self, **{name: getattr(self, name)[: sizes[part]] for part, name in names})


def first_equal(inputs: np.ndarray) -> np.ndarray:
    """Of each of ``inputs`` (n, ...) the first that is equal to it, (n,)."""
    if inputs.size == 0:
        return np.zeros(len(inputs), dtype=int)
    # Of -0.0 and 0.0 the bytes differ.
    flat = np.ascontiguousarray(inputs.reshape(len(inputs), -1)) + 0
    rows = flat.view(np.dtype((np.void, flat[0].nbytes))).ravel()
    _, first, which = np.unique(rows, return_index=True, return_inverse=True)
    return first[which]


def distinct_inputs(task: Task, *, dataset: str = "its data set") -> np.ndarray:
    """Places (k,) in S of its inputs, of equal ones the first. Raises ValueError, naming two examples of ``dataset``,
    if equal inputs have opposite labels.
    """
    first = first_equal(task.train_inputs)
    for second in np.flatnonzero(task.train_labels != task.train_labels[first])[:1]:
        pair = [int(task.train_indices[place]) for place in (first[second], second)]
        raise ValueError(
            f"S holds the examples {pair[0]} and {pair[1]} of {dataset}, equal inputs with opposite labels: no network "
            "fits both, so take another seed, or other train_indices"
        )
    return np.unique(first)


def groups_of(
    classes: Collection[int], positive_classes: Collection[int], negative_classes: Collection[int] | None = None
) -> tuple[set[int], set[int]]:
    """The positive and the negative classes of a task, these all other ``classes`` of the data set if not given.

    Raises ValueError if one group is empty, holds what is no class or a class of the other.
    """
    for name, group in (("positive_classes", positive_classes), ("negative_classes", negative_classes or ())):
        if isinstance(group, str) or not isinstance(group, Collection):
            raise ValueError(f"{name} must be a list of classes, got {group!r}")
    known, positive = set(classes), set(positive_classes)
    negative = known - positive if negative_classes is None else set(negative_classes)
    for name, group in (("positive_classes", positive), ("negative_classes", negative)):
        if unknown := group - known:
            raise ValueError(f"{name}: {sorted(unknown)[0]} is no class, which are {sorted(known)}")
        if not group or group == known:
            raise ValueError(f"{name} must be some, not all, of the classes {sorted(known)}, got {sorted(group)}")
    if both := positive & negative:
        raise ValueError(
            f"positive_classes and negative_classes must have no class in common, got {sorted(both)} twice"
        )
    return positive, negative


def check_sizes(
    examples: int | None,
    groups: Sequence[int | None],
    *,
    train_size: int,
    recorded_test_size: int,
    balanced: bool = False,
    train_indices: Collection[int] | None = None,
) -> None:
    """Raise ValueError unless S and the recorded test points can be drawn from so many ``examples``, of which the two
    ``groups`` have so many, and ``train_indices``, if given, can be S; None is a number that is not known.
    """
    check_whole(train_size=train_size, recorded_test_size=recorded_test_size)
    if train_indices is not None:
        if balanced:
            raise ValueError("train_indices say which examples S has: balanced is for an S that is drawn")
        if not len(set(train_indices)) == len(train_indices) == train_size:
            raise ValueError(
                f"train_indices must be train_size = {train_size} different numbers, got {len(train_indices)}, "
                f"{len(set(train_indices))} of them different"
            )
    if examples is not None and train_size + recorded_test_size > examples:
        left = examples - train_size
        hint = f": recorded_test_size can be {left} at most" if left > 0 else ""
        raise ValueError(
            f"train_size + recorded_test_size = {train_size} + {recorded_test_size} is more than the {examples} "
            f"examples there are of its classes{hint}"
        )
    if balanced and train_size % 2:
        raise ValueError(f"train_size must be even for a balanced S, got {train_size}")
    for name, group in zip(("positive_classes", "negative_classes"), groups, strict=True):
        if balanced and group is not None and group < train_size // 2:
            raise ValueError(
                f"{name} have {group} examples, and a balanced S of train_size {train_size} needs {train_size // 2}"
            )


def draw_task(
    data: LabelledData,
    *,
    positive_classes: Collection[int],
    negative_classes: Collection[int] | None = None,
    train_size: int,
    recorded_test_size: int,
    seed: int,
    balanced: bool = False,
    train_indices: Sequence[int] | None = None,
    encode: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]] | None = None,
) -> Task:
    """Draw S and the recorded test points without replacement from the examples of both groups of classes, each with
    equal probability; ``negative_classes`` are all others if not given.

    With ``balanced`` S has as many of each group, and the test points are drawn from what it leaves, of either group as
    they come. ``train_indices`` are S, in this order, by their places in ``data``: an S that others have drawn.
    ``encode(train, test)`` turns what was drawn of ``data.inputs`` into inputs. Raises ValueError as `groups_of` and
    `check_sizes` do, and for one of ``train_indices`` that is in neither group.

    >>> data = sb.LabelledData(np.eye(9, dtype=np.float32), np.arange(9) % 3)
    >>> task = sb.draw_task(data, positive_classes=[2], train_size=4, recorded_test_size=5, seed=0)
    >>> task.train_labels.shape, task.test_inputs.shape
    ((4,), (5, 9))
    """
    groups = groups_of(np.unique(data.classes).tolist(), positive_classes, negative_classes)
    positive, negative = (np.isin(data.classes, list(group)) for group in groups)
    members = np.flatnonzero(positive | negative)
    check_sizes(
        len(members), (int(positive.sum()), int(negative.sum())), train_size=train_size,
        recorded_test_size=recorded_test_size, balanced=balanced, train_indices=train_indices,
    )  # fmt: skip
    if train_indices is not None and (strange := set(train_indices) - set(members.tolist())):
        raise ValueError(f"train_indices holds {min(strange)}, which is no example of either group of classes")
    rng = np.random.default_rng(seed)
    drawn = members[rng.permutation(len(members))]
    if balanced:
        first = [np.flatnonzero(positive[drawn] == side)[: train_size // 2] for side in (True, False)]
        chosen = np.sort(np.concatenate(first))
        # What is passed over on the way to the last of S is of one group: the rest is drawn anew.
        drawn = np.concatenate([drawn[chosen], rng.permutation(np.delete(drawn, chosen))])
    if train_indices is not None:
        drawn = np.concatenate([train_indices, drawn[~np.isin(drawn, train_indices)]])
    train, test = drawn[:train_size], drawn[train_size : train_size + recorded_test_size]
    labels = np.where(positive, 1, -1).astype(np.int8)
    train_inputs, test_inputs = data.inputs[train], data.inputs[test]
    if encode is not None:
        train_inputs, test_inputs = encode(train_inputs, test_inputs)
    return Task(train_inputs, labels[train], test_inputs, labels[test], train, test)
