"""Equal inputs, on which a kernel cannot be inverted: those of S count once where zero training error is asked for, and
functions on equal test points have no density.
"""

import numpy as np

from sgdbayes.datasets.task import Task, distinct_inputs, first_equal

__all__ = ["check_test_inputs", "on_distinct_inputs"]


def on_distinct_inputs(task: Task, kernel: np.ndarray, *others: np.ndarray) -> tuple[np.ndarray, ...]:
    """Labels of S and kernels (n or more, the same) over S first, of equal inputs of S the first alone.

    Raises ValueError if equal inputs have opposite labels.
    """
    labels, kept = task.train_labels, distinct_inputs(task)
    if len(kept) == len(labels):
        return labels, kernel, *others
    rows = np.concatenate([kept, np.arange(len(labels), len(kernel))])
    return labels[kept], *(each[np.ix_(rows, rows)] for each in (kernel, *others))


def check_test_inputs(task: Task) -> None:
    """Raise ValueError, naming two examples, if a recorded test point is equal to another or to one of S."""
    indices = np.concatenate([task.train_indices, task.test_indices])
    first = first_equal(np.concatenate([task.train_inputs, task.test_inputs]))
    on_test = np.arange(len(task.train_labels), len(first))
    for point in on_test[first[on_test] != on_test][:1]:
        where = "S" if first[point] < len(task.train_labels) else "another recorded test point"
        raise ValueError(
            f"the recorded test point that is example {indices[point]} is equal to example {indices[first[point]]}, "
            f"{where}: functions have no probability density on both, so take another seed of the task"
        )
