"""Probabilities of random functions with a given number of wrong labels (Mingard et al., figure family 3)."""

from collections.abc import Iterable
from itertools import combinations
from math import comb

import numpy as np
import pandas as pd

from sgdbayes.functions import as_strings
from sgdbayes.posterior.gaussian import Gaussian
from sgdbayes.posterior.mixture import GaussianMixture
from sgdbayes.posterior.probabilities import function_probabilities

__all__ = ["functions_by_error", "probabilities_by_error"]


def functions_by_error(test_labels: np.ndarray, *, number: int, errors: int, seed: int) -> pd.DataFrame:
    """For each of ``errors`` numbers of wrong labels, evenly from 0 to all of ``test_labels`` (m,), ``number`` distinct
    functions with so many, drawn at random; all of them where there are no more.

    Columns: test_errors, function.
    """
    size, rng = len(test_labels), np.random.default_rng(seed)
    tables = []
    for wrong in np.unique(np.linspace(0, size, errors).round().astype(int)).tolist():
        if comb(size, wrong) <= number:
            places = list(combinations(range(size), wrong))
        else:
            drawn: set[tuple[int, ...]] = set()
            while len(drawn) < number:
                drawn.add(tuple(sorted(rng.choice(size, wrong, replace=False).tolist())))
            places = sorted(drawn)
        flipped = np.zeros((len(places), size), dtype=bool)
        for row, each in zip(flipped, places, strict=True):
            row[list(each)] = True
        tables.append(pd.DataFrame({"test_errors": wrong, "function": as_strings(flipped ^ (test_labels > 0))}))
    return pd.concat(tables, ignore_index=True)


def probabilities_by_error(
    posterior: Gaussian | GaussianMixture,
    test_labels: np.ndarray,
    domain_sizes: Iterable[int],
    *,
    number: int,
    errors: int,
    seed: int,
) -> pd.DataFrame:
    """Log probabilities under ``posterior`` of `functions_by_error` on each domain, the same for every posterior.

    Columns: test_errors and those of `function_probabilities`; NaN where a probability is not resolved.
    """
    asked = {
        size: functions_by_error(test_labels[:size], number=number, errors=errors, seed=seed) for size in domain_sizes
    }
    known = function_probabilities(posterior, {size: table["function"] for size, table in asked.items()}, seed=seed)
    named = pd.concat([table.assign(domain_size=size) for size, table in asked.items()], ignore_index=True)
    return named.merge(known, on=["domain_size", "function"], how="left", validate="1:1")
