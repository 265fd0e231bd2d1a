"""Probabilities of functions under a posterior, and the functions drawn from it, as tables."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from sgdbayes.functions import as_bits, frequency_table
from sgdbayes.posterior.stored import Posterior

__all__ = ["drawn_functions", "function_probabilities"]


def drawn_functions(
    posterior: Posterior,
    test_labels: np.ndarray,
    domain_sizes: Iterable[int],
    *,
    number: int,
    seed: int,
) -> pd.DataFrame:
    """The frequency table, on each domain, of ``number`` functions drawn from the posterior, fewer if it holds fewer,
    with a column domain_size.
    """
    draws = posterior.draw_functions(number, seed=seed)
    tables = [frequency_table(draws[:, :size], test_labels[:size]).assign(domain_size=size) for size in domain_sizes]
    return pd.concat(tables, ignore_index=True)


def function_probabilities(posterior: Posterior, functions: Mapping[int, Iterable[str]], *, seed: int) -> pd.DataFrame:
    """Natural log of the probability of each function, by domain size, under ``posterior`` on E, with its standard
    error.

    Columns: domain_size, function, log_p, log_p_se, and but for a Gaussian draws: how many posterior draws carry the
    probability. Where they are fewer than its kind of posterior asks for, log_p and log_p_se are NaN.
    """
    tables = []
    for size, asked in functions.items():
        names = sorted(set(asked))
        labels = np.where(as_bits(names), 1, -1)
        log_p, error, draws = posterior.head(size).log_probabilities(labels, seed=seed)
        table = pd.DataFrame({"domain_size": size, "function": names, "log_p": log_p, "log_p_se": error})
        if draws is not None:
            table["draws"] = draws
            table.loc[~(draws >= posterior.fewest_draws), ["log_p", "log_p_se"]] = np.nan
        unresolved = int(table["log_p"].isna().sum())
        print(
            f"|E| = {size}: {len(names)} functions, {unresolved} carried by too few draws, "
            f"largest standard error of the others {table['log_p_se'].max():.3g}",
            flush=True,
        )
        tables.append(table)
    return pd.concat(tables, ignore_index=True)
