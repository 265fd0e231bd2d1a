"""The functions that networks ended as on each domain, how often, and their probabilities under posteriors."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from sgdbayes.analysis.on_domain import asked_functions
from sgdbayes.functions import Domain, frequency_table
from sgdbayes.posterior.probabilities import function_probabilities
from sgdbayes.posterior.stored import Posterior

__all__ = ["found_functions"]


def found_functions(
    networks: np.ndarray,
    test_labels: np.ndarray,
    posteriors: Mapping[str, Posterior],
    domains: Iterable[Domain],
    *,
    asked: int,
    asked_found: int,
    min_count: int,
    top: int,
    seed: int,
) -> pd.DataFrame:
    """A row per domain and function that `asked_functions` chooses from ``networks`` (N, T) bool.

    Columns: domain_size, domain, those of `frequency_table`, and for each of ``posteriors``, on all T points,
    log_p_<posterior>, log_p_<posterior>_se and, where it is a mean over draws, draws_<posterior>, as
    `function_probabilities` says. Raises ValueError if there is no network.
    """
    if len(networks) == 0:
        raise ValueError("no network fitted S: there are no functions; raise max_epochs, or lower the learning rate")
    tables = []
    for domain in domains:
        mine = networks[:, domain.points]
        known = asked_functions(mine, asked=asked, asked_found=asked_found, min_count=min_count, top=top)
        table = frequency_table(mine, test_labels[domain.points])
        for name, posterior in posteriors.items():
            each = function_probabilities(posterior.on(domain.points), known, seed=seed)
            columns = {"log_p": f"log_p_{name}", "log_p_se": f"log_p_{name}_se", "draws": f"draws_{name}"}
            table = table.merge(each.rename(columns=columns), on="function", validate="1:1")
        tables.append(table.assign(**domain.names))
        print(f"|E| = {domain.size}, domain {domain.number}: {len(known)} functions", flush=True)
    together = pd.concat(tables, ignore_index=True)
    return together[["domain_size", "domain", *together.columns.drop(["domain_size", "domain"])]]
