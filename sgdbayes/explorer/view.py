"""What the explorer shows of one model and domain: every function that was asked about, with its count under each
optimiser and its probability under each posterior; how often each labels an element positive; and how likely each
posterior finds the functions of networks and its own draws, whose means differ by the gap.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sgdbayes.functions import Domain, as_bits, as_strings

__all__ = ["gather_domain", "recovered_truth"]

# Of functions that only a posterior found, so many that it draws most often are shown.
_FAVOURITES = 10


def gather_domain(
    domain: Domain,
    functions: Mapping[str, pd.DataFrame],
    networks: Mapping[str, np.ndarray],
    draws: Mapping[str, pd.DataFrame],
    *,
    asked: int,
    truth: np.ndarray | None = None,
) -> dict[str, Any]:
    """The functions of all experiments on one model as columns that JSON can hold, those found most often first.

    By experiment, ``functions``: its functions on the domain, and ``networks`` (N, T) bool: labels of all test points,
    of which the ``asked`` first stand for all in the gap. ``draws``: functions drawn from each posterior on the domain;
    ``truth`` (T,) bool, recovered from the tables where it is not at hand. Raises ValueError if tables contradict
    each other, or if their test errors are not those of ``truth``.
    """
    labels = {name: as_strings(each[:, domain.points]) for name, each in networks.items()}
    table = _union(functions.values(), draws)
    for name, found in labels.items():
        table[f"count_{name}"] = table["function"].map(pd.Series(found).value_counts()).fillna(0).astype(int)
        _check_counts(table.set_index("function")[f"count_{name}"], functions[name])
    counts = [f"count_{name}" for name in labels]
    order = pd.DataFrame({"count": -table[counts].sum(axis=1), "function": table["function"]})
    table = table.loc[order.sort_values(["count", "function"]).index].reset_index(drop=True)
    bits, test_errors = as_bits(table["function"]), table["test_errors"].to_numpy()
    if truth is None:
        truth = recovered_truth(bits, test_errors)
    elif not np.array_equal((bits != (truth := truth[domain.points])).sum(1), test_errors):
        raise ValueError(
            "the task's labels do not give the test errors in the tables of functions: one is out of date, "
            "make both anew"
        )
    known = {name: table.set_index("function")[f"log_p_{name}"] for name in _posteriors(table)}
    return {
        "truth": None if truth is None else as_strings(truth[None])[0],
        "functions": table["function"].tolist(),
        "errors": test_errors.tolist(),
        "counts": {name: table[column].tolist() for name, column in zip(labels, counts, strict=True)},
        "posteriors": {name: _posterior(table, name) for name in known},
        "networks": {
            name: {
                "total": len(found),
                "positive": networks[name][:, domain.points].sum(0).tolist(),
                "log10": {
                    posterior: _packed(log_p.reindex(found[:asked]))
                    for posterior, log_p in known.items()
                    if f"log_p_{posterior}" in functions[name]
                },
            }
            for name, found in labels.items()
        },
        "drawn": {
            name: {
                "total": int(each["count"].sum()),
                "positive": (each["count"].to_numpy() @ as_bits(each["function"])).tolist(),
                "log10": _packed(np.repeat(each["log_p"], each["count"])),
            }
            for name, each in draws.items()
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


def _union(functions: Iterable[pd.DataFrame], draws: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Each function once, with those that a posterior draws more than once. Probabilities are the same wherever a
    function has one.
    """
    favoured = [
        each[each["count"] > 1].nlargest(_FAVOURITES, "count").rename(columns={"log_p": f"log_p_{name}"})
        for name, each in draws.items()
    ]
    table = pd.concat([*functions, *favoured], ignore_index=True)
    shown = [name for name in table if name.startswith(("test_errors", "log_p_", "draws_"))]
    # The first value there is, which may stand in another experiment's table; that of draws, from half of the
    # posterior, comes last.
    return table.groupby("function", sort=False)[shown].first().reset_index()


def _check_counts(counts: pd.Series, functions: pd.DataFrame) -> None:
    if not np.array_equal(counts[functions["function"]], functions["count"]):
        raise ValueError("the labels of networks do not give the counts in the tables of functions: make both anew")


def _posteriors(table: pd.DataFrame) -> list[str]:
    return [name[6:] for name in table if name.startswith("log_p_") and not name.endswith("_se")]


def _posterior(table: pd.DataFrame, name: str) -> dict[str, list | None]:
    """-ln P in hundredths and its standard error in thousandths. A probability that too few draws carry does not stand
    alone: how many is shown.
    """
    log_p, draws = table[f"log_p_{name}"], table.get(f"draws_{name}", pd.Series(np.nan, table.index))
    error = table.get(f"log_p_{name}_se", pd.Series(np.nan, table.index))
    few = draws.notna() & error.isna()
    return {
        "log_p": _column(-100 * log_p.mask(few)),
        "se": _column(1000 * error),
        "draws": _column(draws.where(few)),
    }


def _column(values: pd.Series) -> list[int | None] | None:
    """A column of whole numbers, None for what is not finite, which JSON cannot say; None if nothing is known."""
    if values.isna().all():
        return None
    return [round(value) if np.isfinite(value) else None for value in values]


def _packed(log_p: Sequence[float]) -> list[int]:
    """Natural logarithms as tenths of decades in order: the first, then by how much each is above the one before it.
    What is not finite is left out.
    """
    tenths = np.rint(10 * np.asarray(log_p, dtype=float) / np.log(10))
    return np.diff(np.sort(tenths[np.isfinite(tenths)]).astype(int), prepend=0).tolist()
