"""What is asked of arguments: labels, inputs, whole numbers. Each refusal says what was expected and what came."""

from numbers import Integral

import numpy as np

__all__ = ["check_functions", "check_inputs", "check_labels", "check_whole", "number_hint"]


def check_whole(*, least: int = 1, **values: object) -> None:
    """Raise ValueError unless all of the named ``values`` are whole numbers, ``least`` or more."""
    for name, value in values.items():
        if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
            raise ValueError(f"{name} must be a whole number, {least} or more, got {value!r}")


def check_inputs(inputs: np.ndarray) -> np.ndarray:
    """``inputs`` (n, ...), numbers, as an array. Raises ValueError unless they are that, and finite."""
    inputs = np.asarray(inputs)
    if inputs.dtype.kind not in "fiub" or inputs.ndim < 2 or inputs.size == 0:
        raise ValueError(
            f"inputs must be numbers of shape (n, ...), a row for each, got {inputs.dtype} of shape {inputs.shape}"
        )
    if not np.isfinite(inputs).all():
        raise ValueError("inputs must be finite")
    return inputs


def check_labels(
    labels: np.ndarray, *, dimensions: int = 1, number: int | None = None, name: str = "labels"
) -> np.ndarray:
    """``labels``, bool or -1 and +1, as float64 -1.0 and +1.0.

    Raises ValueError unless they are an array of ``dimensions`` dimensions, not empty, the last of ``number`` entries
    if that is given.
    """
    labels = _checked(labels, dimensions, number, name)
    return np.where(labels, 1.0, -1.0) if labels.dtype == bool else labels.astype(np.float64)


def check_functions(functions: np.ndarray, *, size: int | None = None, dimensions: int = 2) -> np.ndarray:
    """``functions`` (..., m), a row of labels each, bool or -1 and +1, as bool, True the positive class.

    Raises ValueError unless they are that, with m = ``size`` if that is given.
    """
    functions = _checked(functions, dimensions, size, "functions")
    return functions if functions.dtype == bool else functions > 0


def _checked(labels: np.ndarray, dimensions: int, number: int | None, name: str) -> np.ndarray:
    labels = np.asarray(labels)
    if labels.ndim != dimensions or labels.size == 0:
        raise ValueError(f"{name} must be a non-empty array of {dimensions} dimension(s), got shape {labels.shape}")
    if number is not None and labels.shape[-1] != number:
        raise ValueError(f"{name} must have {number} entries along the last axis, got shape {labels.shape}")
    if labels.dtype != bool and not np.isin(labels, (-1, 1)).all():
        raise ValueError(f"{name} must be bool or -1 and +1, got {np.unique(labels)[:5].tolist()}")
    return labels


def number_hint(got: object) -> str:
    """What is added where YAML reads a number as text."""
    try:
        float(got if isinstance(got, str) else "text")
    except ValueError:
        return ""
    return " (to YAML this is text: write numbers without quotes, and 1e-4 as 1.0e-4)"
