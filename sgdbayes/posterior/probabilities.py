"""Probabilities of functions under a posterior, and the functions drawn from it, as tables."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from sgdbayes.functions import Domain, as_bits, as_strings
from sgdbayes.posterior.gaussian import Gaussian
from sgdbayes.posterior.stored import Posterior

__all__ = ["drawn_functions", "function_probabilities"]

# With networks' functions some hundred draws cover what a temperature asks for on so many points, not on more.
_SMALL = 20


def drawn_functions(
    posterior: Posterior, test_labels: np.ndarray, domains: Iterable[Domain], *, asked: int, drawn: int, seed: int
) -> pd.DataFrame:
    """Functions drawn from ``posterior`` on all of E, seen on each of the domains: ``drawn`` on domains of 20 points or
    fewer, which they may cover, the first ``asked`` of them on larger ones; fewer if the posterior holds fewer.

    A row per domain and distinct function: domain_size, domain, function, count, draws, which of them it is, and
    test_errors; and log_p, the natural log of its probability under the part of the posterior it was not drawn from.
    """
    drawn_from, known_by = posterior.halves()
    labels = drawn_from.draw_functions(max(asked, drawn), seed=seed)
    tables = []
    for domain in domains:
        mine = labels[: max(asked, drawn) if domain.size <= _SMALL else asked, domain.points]
        distinct, which, counts = np.unique(mine, axis=0, return_inverse=True, return_counts=True)
        known = function_probabilities(known_by.on(domain.points), distinct, seed=seed)
        about = {
            "count": counts,
            "draws": np.split(np.argsort(which.ravel(), kind="stable").astype(np.int32), np.cumsum(counts)[:-1]),
            "test_errors": (distinct != (test_labels[domain.points] > 0)).sum(1),
        }
        tables.append(known[["function", "log_p"]].assign(**domain.names, **about))
    columns = ["domain_size", "domain", "function", "count", "draws", "test_errors", "log_p"]
    return pd.concat(tables, ignore_index=True)[columns]


def function_probabilities(posterior: Posterior, functions: np.ndarray | Iterable[str], *, seed: int) -> pd.DataFrame:
    """Natural log of the probability of each of ``functions`` under ``posterior``, with its standard error.

    ``functions``: (F, m) bool or strings of 0 and 1, on the m points of the posterior. Columns: function, log_p,
    log_p_se, and but for a Gaussian draws, how many posterior draws carry the probability. Where they are fewer than
    its kind of posterior asks for, log_p_se is NaN: log_p is then too skewed to stand alone. Of a function that no draw
    is, both are NaN.
    """
    labels = functions if isinstance(functions, np.ndarray) and functions.dtype == bool else as_bits(list(functions))
    log_p, error, draws = posterior.log_probabilities(np.where(labels, 1, -1), seed=seed)
    table = pd.DataFrame({"function": as_strings(labels), "log_p": log_p, "log_p_se": error})
    if draws is not None and not isinstance(posterior, Gaussian):
        table["draws"] = draws
        table.loc[~(draws >= posterior.fewest_draws), "log_p_se"] = np.nan
    return table
