"""What two posteriors of a model say to each other, on each domain over the functions of networks tabulated under both.

Monte Carlo errors lower a correlation: their mean squares are taken off the variances (Spearman, Am. J. Psychol. 15,
1904), errors of different functions and posteriors taken as independent. Intervals are over domains, by Student's t.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from sgdbayes.analysis.comparison import FEWEST_DOMAINS, possible
from sgdbayes.analysis.on_domain import FEWEST_FUNCTIONS
from sgdbayes.statistics import UNDEFINED, correlation_and_slope, student_mean

__all__ = ["compare_posteriors"]

_COUNTS = ("compared", "unresolved_a", "unresolved_b")
_STATISTICS = ("pearson", "spearman", "decades")
_COLUMNS = [
    "domain_size", "posterior_a", "posterior_b", "domains", *_COUNTS,
    *(f"{name}{end}" for name in _STATISTICS for end in ("", "_low", "_high", "_sd")),
]  # fmt: skip


def compare_posteriors(functions: pd.DataFrame, *, unseen_inputs: int) -> pd.DataFrame:
    """A row per domain size and pair of posteriors, from functions of networks with their log probabilities under them.

    ``functions``: columns domain_size, domain, function, log_p_<posterior> and log_p_<posterior>_se; a function may
    stand in several rows. A single posterior has no pair, and no rows. ``unseen_inputs``: how many inputs there are
    outside S.

    Columns: domain_size; posterior_a, posterior_b; domains; means over domains of compared, functions with a
    probability under both, and of unresolved_a and unresolved_b, those without one under the first or the second;
    pearson of log probabilities, corrected for Monte Carlo errors and at most 1; spearman, plain, which the errors
    lower; decades, by which log probabilities differ on average. Each of these three has _low, _high and _sd.
    Correlations are over domains with eight functions or more, if five domains have them; a domain that is all inputs
    outside S may be alone. Raises ValueError for an infinite log probability.
    """
    names = [
        name.removeprefix("log_p_") for name in functions if name.startswith("log_p_") and not name.endswith("_se")
    ]
    functions = functions.drop_duplicates(["domain_size", "domain", "function"])
    rows = []
    for size, table in functions.groupby("domain_size"):
        fewest = 1 if size == unseen_inputs else FEWEST_DOMAINS
        for a, b in combinations(names, 2):
            each = pd.DataFrame(list(_on_domains(table, a, b)))
            rows.append({"domain_size": size, "posterior_a": a, "posterior_b": b, **_row(each, fewest)})
    return pd.DataFrame(rows, columns=_COLUMNS)


def _row(each: pd.DataFrame, fewest: int) -> dict[str, float]:
    row: dict[str, float] = {"domains": len(each)}
    row |= each[[*_COUNTS]].mean().to_dict()
    for name in _STATISTICS:
        enough = name == "decades" or each[name].notna().sum() >= fewest
        estimate, spread = student_mean(each[name].to_numpy(np.float64)) if enough else (UNDEFINED, np.nan)
        if name == "pearson":
            # Cut off on each domain, a correlation near 1 would come out too low.
            estimate = replace(estimate, value=float(np.minimum(estimate.value, 1)))
        row |= possible(name, estimate).named(name) | {f"{name}_sd": spread}
    return row


def _on_domains(table: pd.DataFrame, a: str, b: str) -> Iterator[dict[str, float]]:
    for _, own in table.groupby("domain"):
        log_p, se = (own[[f"log_p_{name}{end}" for name in (a, b)]].to_numpy(np.float64).T for end in ("", "_se"))
        if np.isinf(log_p).any():
            raise ValueError("log probabilities must be finite or NaN")
        known = np.isfinite(log_p) & np.isfinite(se)
        both = known.all(0)
        row = {
            "compared": both.sum(),
            **{f"unresolved_{end}": (~each).sum() for end, each in zip("ab", known, strict=True)},
        }
        log_p, se = log_p[:, both], se[:, both]
        row["decades"] = np.abs(log_p[0] - log_p[1]).mean() / np.log(10) if both.any() else np.nan
        row["pearson"] = row["spearman"] = np.nan
        if both.sum() >= FEWEST_FUNCTIONS:
            everything = np.ones(both.sum(), dtype=bool)
            row["pearson"], _ = correlation_and_slope(log_p[0], log_p[1], everything, noise=(se**2).mean(1))
            ranks = rankdata(log_p, axis=1)
            row["spearman"], _ = correlation_and_slope(ranks[0], ranks[1], everything)
        yield row
