"""Functions: labellings of the domain E, one bit per element (Mingard et al., JMLR 2021, section 2), and how often
each was found.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from sgdbayes.checks import check_functions, check_labels
from sgdbayes.statistics import wilson_interval

__all__ = [
    "Domain",
    "as_bits",
    "as_codes",
    "as_strings",
    "disjoint_domains",
    "frequency_table",
    "pack",
    "unpack",
]


def pack(functions: np.ndarray) -> list[bytes]:
    """Each row of ``functions`` (N, m) bool as packed bytes, first element in the highest bit."""
    return [row.tobytes() for row in np.packbits(functions, axis=1)]


def as_codes(functions: np.ndarray) -> np.ndarray:
    """One value (N,) for each row of ``functions`` (N, m) bool, equal for equal rows, that sorts fast."""
    packed = np.packbits(functions, axis=1)
    return np.ascontiguousarray(packed).view(np.dtype((np.void, packed.shape[1])))[:, 0]


class Domain(NamedTuple):
    """The ``number``-th piece of ``size`` of the recorded test points."""

    size: int
    number: int

    @property
    def points(self) -> slice:
        """Where among the test points."""
        return slice(self.number * self.size, (self.number + 1) * self.size)

    @property
    def names(self) -> dict[str, int]:
        """The columns that tell domains apart."""
        return {"domain_size": self.size, "domain": self.number}


def disjoint_domains(points: int, sizes: Iterable[int], number: int) -> list[Domain]:
    """Of each size the first ``number`` domains that ``points`` test points hold one after the other, or all they hold.

    Raises ValueError if they hold none.
    """
    domains = []
    for size in sizes:
        if not 1 <= size <= points:
            raise ValueError(f"{points} test points hold no domain of {size}")
        domains += [Domain(size, each) for each in range(min(number, points // size))]
    return domains


def unpack(packed: Sequence[bytes], size: int) -> np.ndarray:
    """The first ``size`` labels (N, size) bool of functions packed by `pack`. Raises ValueError if there are fewer."""
    if len(packed) == 0:
        return np.zeros((0, size), dtype=bool)
    rows = np.frombuffer(b"".join(packed), dtype=np.uint8).reshape(len(packed), -1)
    if 8 * rows.shape[1] < size:
        raise ValueError(f"{size} labels were asked for, but only {8 * rows.shape[1]} were recorded")
    return np.unpackbits(rows, axis=1, count=size).astype(bool)


def as_strings(functions: np.ndarray) -> np.ndarray:
    """Each row of ``functions`` (N, m) bool as a string of 0 and 1, 1 the positive class."""
    digits = np.ascontiguousarray(np.where(functions, "1", "0"))
    return digits.view(f"<U{functions.shape[1]}")[:, 0].astype(object)


def as_bits(strings: Sequence[str]) -> np.ndarray:
    """The inverse of `as_strings`: (N, m) bool."""
    # Functions of an explorer's page have a million digits, over which a loop takes seconds.
    rows = np.array(list(strings), dtype="S")
    return rows.view("S1").reshape(len(rows), rows.itemsize) == b"1"


def frequency_table(functions: np.ndarray, test_labels: np.ndarray) -> pd.DataFrame:
    """A row per distinct function among ``functions`` (N, m), most frequent first; these and ``test_labels`` (m,) are
    bool or -1 and +1.

    Columns: function, count, frequency, frequency_low, frequency_high (95 % Wilson interval), test_errors. Raises
    ValueError if ``functions`` is empty or does not match ``test_labels``.

    >>> sb.frequency_table(np.array([[True, False], [True, True], [True, False]]), [1, -1])["function"].tolist()
    ['10', '11']
    """
    test_labels = check_labels(test_labels, name="test_labels")
    functions = check_functions(functions, size=len(test_labels))
    distinct, counts = np.unique(functions, axis=0, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    distinct, counts = distinct[order], counts[order]
    low, high = wilson_interval(counts, len(functions))
    return pd.DataFrame(
        {
            "function": as_strings(distinct),
            "count": counts,
            "frequency": counts / len(functions),
            "frequency_low": low,
            "frequency_high": high,
            "test_errors": (distinct != (test_labels > 0)).sum(1),
        }
    )
