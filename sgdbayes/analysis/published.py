"""A table of test accuracies that others have measured, against the same networks here.

On their own training set both are means over networks of one S. On sets drawn anew theirs is one draw more, or a mean
of so many, from a distribution over S of which ours are a sample.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.stats import chi2

from sgdbayes.analysis.runs import converged_functions
from sgdbayes.files import read_arrays, read_table
from sgdbayes.statistics import Estimate, Z, student_factor, student_mean

__all__ = ["COVERS_NETWORKS", "COVERS_SETS", "errors_of", "published_table", "taken_together"]

COVERS_NETWORKS, COVERS_SETS = "networks", "training sets and networks"


def published_table(cells: pd.DataFrame, errors: Mapping[tuple[str, str], Sequence[np.ndarray]]) -> pd.DataFrame:
    """A row per cell of a table and comparison with it.

    ``cells`` has, beside what says which cell it is, the columns ``study``, ``side``, ``accuracy`` (%), and of how many
    ``networks`` in all on how many ``training_sets`` that is the mean. ``errors``: of each (study, side) the test error
    of each network, one array for each training set.

    Columns added, in %: ``ours`` with ``ours_low`` and ``ours_high``, 95 %; ``seeds`` and ``own_networks``, how many
    training sets and networks in all; ``difference``, ours less theirs, its ``standard_error`` and ``z``, their
    quotient; ``within``, whether z is where 95 % of such quotients are if nothing differs; ``covers``, what errors are
    over. Of one training set the error of theirs is that of so many networks like ours. Raises ValueError for a set
    with fewer than two networks.
    """
    return pd.DataFrame([{**cell, **_compared(cell, errors[cell["study"], cell["side"]])}
                         for cell in cells.to_dict("records")])  # fmt: skip


def errors_of(path: str, test_labels: np.ndarray) -> np.ndarray:
    """Test error of each network that fitted S, of runs.parquet or of the arrays of a posterior of networks."""
    if path.endswith(".parquet"):
        functions = converged_functions(read_table(path), len(test_labels))
    else:
        functions = np.concatenate(read_arrays(path)["functions"])
    return (functions != (test_labels > 0)).mean(1)


def _compared(cell: Mapping[str, float], errors: Sequence[np.ndarray]) -> dict[str, object]:
    if min(map(len, errors)) < 2:
        raise ValueError(f"study {cell['study']}: on one of its training sets fewer than two networks fitted S")
    means = np.array([100 * (1 - each.mean()) for each in errors])
    if len(errors) == 1:
        spread, number = 100 * errors[0].std(ddof=1), len(errors[0])
        ours = Estimate.around(means[0], spread / np.sqrt(number))
        error, limit, covers = spread * np.sqrt(1 / number + 1 / cell["networks"]), Z, COVERS_NETWORKS
    else:
        ours, limit, covers = student_mean(means)[0], student_factor(len(means)) * Z, COVERS_SETS
        error = means.std(ddof=1) * np.sqrt(1 / len(means) + 1 / cell["training_sets"])
    difference = ours.value - cell["accuracy"]
    return {
        **ours.named("ours"),
        "seeds": len(errors),
        "own_networks": sum(map(len, errors)),
        "difference": difference,
        "standard_error": error,
        "z": difference / error,
        "within": bool(abs(difference) <= limit * error),
        "covers": covers,
    }


def taken_together(table: pd.DataFrame) -> pd.DataFrame:
    """A row per ``comparison`` and ``side`` of a `published_table`: ``cells``, and how many of them are ``within``; the
    mean ``difference``; where cells are independent, which they are not on training sets that they share, its interval,
    ``chi_square``, the sum of squares of z, and the probability ``p`` of one as large.
    """
    rows = []
    for (comparison, side), cells in table.groupby(["comparison", "side"], sort=False):
        own = {"comparison": comparison, "side": side, "cells": len(cells), "within": int(cells["within"].sum())}
        mean, independent = cells["difference"].mean(), cells["covers"].eq(COVERS_NETWORKS).all()
        error = np.sqrt((cells["standard_error"] ** 2).sum()) / len(cells) if independent else np.nan
        square = (cells["z"] ** 2).sum() if independent else np.nan
        own |= Estimate.around(mean, error).named("difference")
        rows.append({**own, "chi_square": square, "p": chi2.sf(square, len(cells))})
    return pd.DataFrame(rows)
