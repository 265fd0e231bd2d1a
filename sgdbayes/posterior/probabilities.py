"""Probabilities of functions under a posterior, and the functions drawn from it, as tables."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from sgdbayes.functions import as_bits, frequency_table
from sgdbayes.posterior.gaussian import Gaussian
from sgdbayes.posterior.orthant import log_orthant_probability

__all__ = ["drawn_functions", "function_probabilities"]


def drawn_functions(
    posterior: Gaussian, test_labels: np.ndarray, domain_sizes: Iterable[int], *, number: int, seed: int
) -> pd.DataFrame:
    """The frequency table, on each domain, of ``number`` functions drawn from the posterior, with a column
    domain_size.
    """
    draws = posterior.draw_functions(number, seed=seed)
    tables = [frequency_table(draws[:, :size], test_labels[:size]).assign(domain_size=size) for size in domain_sizes]
    return pd.concat(tables, ignore_index=True)


def function_probabilities(posterior: Gaussian, functions: Mapping[int, Iterable[str]], *, seed: int) -> pd.DataFrame:
    """Natural log of the probability of each function, by domain size, under ``posterior`` on E, with its standard
    error.

    Columns: domain_size, function, log_p, log_p_se.
    """
    tables = []
    for size, asked in functions.items():
        names = sorted(set(asked))
        marginal = posterior.head(size)
        labels = np.where(as_bits(names), 1, -1)
        log_p, error = log_orthant_probability(marginal.mean, marginal.covariance, labels, seed=seed)
        print(f"|E| = {size}: {len(names)} functions, largest standard error {error.max():.3g}", flush=True)
        tables.append(pd.DataFrame({"domain_size": size, "function": names, "log_p": log_p, "log_p_se": error}))
    return pd.concat(tables, ignore_index=True)
