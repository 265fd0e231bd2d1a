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

    Columns: test_errors, domain_size and those of `function_probabilities`. log_p is NaN where too few draws carry it.
    """
    tables = []
    for size in domain_sizes:
        asked = functions_by_error(test_labels[:size], number=number, errors=errors, seed=seed)
        known = function_probabilities(posterior.on(slice(size)), asked["function"], seed=seed)
        known["log_p"] = known["log_p"].where(known["log_p_se"].notna())
        tables.append(asked.merge(known, on="function", how="left", validate="1:1").assign(domain_size=size))
    return pd.concat(tables, ignore_index=True)
