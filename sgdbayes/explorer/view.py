"""What the explorer shows of one model and domain: every function with its count under each optimiser and its
probability under each posterior, and how often each of them labels an element positive.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from sgdbayes.functions import as_bits, as_strings

__all__ = ["gather_view", "recovered_truth"]


def gather_view(
    functions: Mapping[str, pd.DataFrame],
    draws: Mapping[str, pd.DataFrame],
    *,
    truth: np.ndarray | None = None,
) -> dict[str, Any]:
    """Tables of functions by experiment, all of one model on one domain, as columns that JSON can hold.

    ``draws``: functions drawn from each posterior, of all domains; ``truth`` (|E|,) bool, recovered from the tables
    where it is not at hand. The functions that were found most often come first. Raises ValueError if the tables are of
    different domains, or if their test errors are not those of ``truth``.
    """
    table = _union(functions)
    bits, test_errors = as_bits(table["function"]), table["test_errors"].to_numpy()
    size = bits.shape[1]
    if truth is None:
        truth = recovered_truth(bits, test_errors)
    elif not np.array_equal((bits != truth[:size]).sum(1), test_errors):
        raise ValueError(
            "the task's labels do not give the test errors in the tables of functions: one is out of date, "
            "make both anew"
        )
    posteriors = [name[6:] for name in table if name.startswith("log_p_") and not name.endswith("_se")]
    drawn = {name: each[each["domain_size"] == size] for name, each in draws.items()}
    return {
        "size": size,
        "truth": None if truth is None else as_strings(truth[None, :size])[0],
        "functions": table["function"].tolist(),
        "errors": test_errors.tolist(),
        "networks": {name: int(each["count"].sum()) for name, each in functions.items()},
        "counts": {
            name: table["function"].map(each.set_index("function")["count"]).fillna(0).astype(int).tolist()
            for name, each in functions.items()
        },
        "posteriors": {
            name: {
                "log_p": _column(table, f"log_p_{name}", ".3f"),
                "se": _column(table, f"log_p_{name}_se", ".2g"),
                "draws": _column(table, f"draws_{name}", ".4g"),
            }
            for name in posteriors
        },
        "positive": {name: _positive(each) for name, each in functions.items()},
        "drawn": {
            name: {"draws": int(each["count"].sum()), "positive": _positive(each)}
            for name, each in drawn.items()
            if len(each)
        },
        "left_out": 0,
    }


def recovered_truth(bits: np.ndarray, test_errors: np.ndarray) -> np.ndarray | None:
    """The true labels (m,) bool, from functions (N, m) and how many elements each labels wrongly; None if left open."""
    right = np.flatnonzero(test_errors == 0)
    if len(right):
        return bits[right[0]].astype(bool)
    # test errors = sum f + sum t (1 - 2 f), which is linear in the truth t.
    solution, _, rank, _ = np.linalg.lstsq(1.0 - 2.0 * bits, test_errors - bits.sum(1), rcond=None)
    truth = solution > 0.5
    return truth if rank == bits.shape[1] and np.array_equal((bits != truth).sum(1), test_errors) else None


def _union(functions: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Each function once, most often found first. Probabilities are the same wherever a function has one."""
    table = pd.concat(functions.values(), ignore_index=True)
    if table["function"].str.len().nunique() != 1:
        raise ValueError("tables of functions on different domains cannot be shown in one view")
    # The first value there is, which may stand in another experiment's table.
    grouped = table.groupby("function", sort=False)
    once = grouped[[name for name in table if name not in ("function", "count")]].first()
    once["count"] = grouped["count"].sum()
    return once.reset_index().sort_values(["count", "function"], ascending=[False, True], ignore_index=True)


def _column(table: pd.DataFrame, name: str, digits: str) -> list[float | None] | None:
    """A column in as many ``digits``, None for what is not finite, which JSON cannot say; None if nothing is known."""
    values = table.get(name, pd.Series(dtype=float)).astype(float)
    if values.isna().all():
        return None
    return [float(format(value, digits)) if np.isfinite(value) else None for value in values]


def _positive(table: pd.DataFrame) -> list[int]:
    """How many of those that ended as, or were drawn as, the functions of ``table`` label each element positive."""
    return (table["count"].to_numpy() @ as_bits(table["function"])).tolist()
