"""Functions: labellings of the domain E, one bit per element (Mingard et al., JMLR 2021, section 2), and how often
each was found.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from sgdbayes.statistics import wilson_interval

__all__ = [
    "as_bits",
    "as_strings",
    "favourites",
    "frequency_table",
    "most_frequent",
    "pack",
    "tabulate_functions",
    "unpack",
]


def pack(functions: np.ndarray) -> list[bytes]:
    """Each row of ``functions`` (N, m) bool as packed bytes, first element in the highest bit."""
    return [row.tobytes() for row in np.packbits(functions, axis=1)]


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
    """A row per distinct function among ``functions`` (N, m) bool, most frequent first.

    Columns: function, count, frequency, frequency_low, frequency_high (95 % Wilson interval), test_errors. Raises
    ValueError if ``functions`` is empty or does not match ``test_labels`` (m,) of -1/+1.
    """
    functions, test_labels = np.asarray(functions), np.asarray(test_labels)
    if functions.ndim != 2 or functions.dtype != bool or functions.size == 0:
        raise ValueError(
            f"functions must be a non-empty bool array (N, m), got {functions.dtype} of shape {functions.shape}"
        )
    if test_labels.shape != functions.shape[1:] or not np.isin(test_labels, (-1, 1)).all():
        raise ValueError(f"test_labels must be -1 or +1, of shape {functions.shape[1:]}, got shape {test_labels.shape}")
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


def most_frequent(functions: np.ndarray, number: int) -> set[str]:
    """The ``number`` most frequent distinct functions of ``functions`` (N, m) bool, of those found equally often the
    ones found first; all if there are fewer.
    """
    distinct, first, counts = np.unique(functions, axis=0, return_index=True, return_counts=True)
    return set(as_strings(distinct[np.lexsort((first, -counts))[:number]]))


def favourites(draws: Iterable[pd.DataFrame], size: int, number: int) -> set[str]:
    """The ``number`` most frequent functions on a domain in each of ``draws``, frequency tables with a column
    domain_size; those drawn only once, where nothing tells one from another, left out.
    """
    repeated = (table[(table["domain_size"] == size) & (table["count"] > 1)] for table in draws)
    return {function for table in repeated for function in table["function"].head(number)}


def tabulate_functions(
    functions: np.ndarray,
    test_labels: np.ndarray,
    probabilities: Mapping[str, pd.DataFrame],
    *,
    asked_found: int,
    favoured: Iterable[str] = (),
) -> pd.DataFrame:
    """The frequency table of ``functions`` (N, m) bool with the probabilities of the ``asked_found`` most frequent.

    For each posterior in ``probabilities`` (columns function, log_p, log_p_se and, where the probability is a mean over
    draws, draws) it has the columns log_p_<posterior>, log_p_<posterior>_se and draws_<posterior>. Those in
    ``favoured`` that were not found follow with count 0. Raises ValueError if ``probabilities`` lacks one of either.
    """
    table = frequency_table(functions, test_labels)
    asked = most_frequent(functions, asked_found) | set(favoured)
    unseen = sorted(set(favoured) - set(table["function"]))
    if unseen:
        zero = frequency_table(as_bits(unseen), test_labels)
        low, high = wilson_interval(np.zeros(len(zero), dtype=int), len(functions))
        zero = zero.assign(count=0, frequency=0.0, frequency_low=low, frequency_high=high)
        table = pd.concat([table, zero], ignore_index=True)
    for posterior, known in probabilities.items():
        if not asked <= set(known["function"]):
            raise ValueError(
                f"posterior {posterior} lacks the probability of some functions: delete its tables and run again"
            )
        names = {"log_p": f"log_p_{posterior}", "log_p_se": f"log_p_{posterior}_se", "draws": f"draws_{posterior}"}
        # Others that were asked about for another experiment would make this table depend on which there are.
        known = known[known["function"].isin(asked)]
        kept = known[known.columns.intersection(["function", *names])].rename(columns=names)
        table = table.merge(kept, on="function", how="left", validate="1:1")
    return table
