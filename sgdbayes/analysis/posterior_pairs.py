"""What two posteriors of a model say to each other: correlation and distance over the functions tabulated under both.

Monte Carlo errors lower a correlation. Pearson's is corrected for them: their mean squares are taken off the variances
(Spearman, Am. J. Psychol. 15, 1904), errors of different functions and posteriors taken as independent. No networks are
resampled, so its interval is Monte Carlo error alone: 1.96 standard deviations of what it becomes when each log
probability is moved by a normal error with its standard error and is corrected for twice the squares.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from sgdbayes.statistics import FEWEST_DEFINED, Estimate, batches, correlation_and_slope

__all__ = ["compare_posteriors"]

_COLUMNS = (
    "domain_size", "posterior_a", "posterior_b", "functions", "compared", "unresolved_a", "unresolved_b", "pearson",
    "pearson_low", "pearson_high", "spearman", "mass_a", "mass_b", "total_variation_least", "total_variation_most",
)  # fmt: skip


def compare_posteriors(
    probabilities: Mapping[str, pd.DataFrame], *, resamples: int = 1000, seed: int = 0
) -> pd.DataFrame:
    """A row per domain and pair of posteriors, from their tables of probabilities (`function_probabilities`).

    Columns: domain_size; posterior_a, posterior_b; functions (under both), compared (with a probability under both),
    unresolved_a, unresolved_b; pearson of log probabilities, corrected for Monte Carlo errors and at most 1, with _low
    and _high; spearman, plain, which the errors lower; mass_a, mass_b of the compared functions; total_variation_least
    and _most, between which the functions not compared leave it, both biased upwards by Monte Carlo errors. No
    correlation with fewer than three functions to compare or no spread beyond the errors. No rows for a single
    posterior. Raises ValueError for an infinite log probability.
    """
    rows = []
    for a, b in combinations(probabilities, 2):
        both = probabilities[a].merge(probabilities[b], on=["domain_size", "function"], suffixes=("_a", "_b"))
        for size, table in both.groupby("domain_size"):
            names = {"domain_size": size, "posterior_a": a, "posterior_b": b}
            rows.append(names | _compare(table, resamples, np.random.default_rng(seed)))
    return pd.DataFrame(rows, columns=_COLUMNS).sort_values("domain_size", kind="stable", ignore_index=True)


def _compare(table: pd.DataFrame, resamples: int, rng: np.random.Generator) -> dict[str, float]:
    log_p = table[["log_p_a", "log_p_b"]].to_numpy().T
    if np.isinf(log_p).any():
        raise ValueError("log probabilities must be finite or NaN")
    resolved = np.isfinite(log_p)
    compared = resolved.all(0)
    row = {"functions": len(table), "compared": int(compared.sum())}
    row |= {f"unresolved_{name}": int((~known).sum()) for name, known in zip("ab", resolved, strict=True)}
    log_p, se = log_p[:, compared], table[["log_p_se_a", "log_p_se_b"]].to_numpy().T[:, compared]
    row |= _corrected(log_p, se, resamples, rng).named("pearson")
    p = np.exp(log_p)
    mass = p.sum(1)
    rest = np.maximum(1 - mass, 0)
    apart = np.abs(p[0] - p[1]).sum()
    return row | {
        "spearman": float(_correlation(rankdata(log_p, axis=-1))),
        "mass_a": mass[0],
        "mass_b": mass[1],
        "total_variation_least": float(apart + abs(rest[0] - rest[1])) / 2,
        "total_variation_most": float(apart + rest.sum()) / 2,
    }


def _corrected(log_p: np.ndarray, se: np.ndarray, resamples: int, rng: np.random.Generator) -> Estimate:
    """Correlation of the two rows without their standard errors (2, F)."""
    number = log_p.shape[1]
    noise = (se**2).sum(1) / max(number, 1)
    # What noise puts beyond 1 is no correlation; moved estimates are not cut off, which would make them scatter less.
    value = np.clip(_correlation(log_p, noise), -1, 1)
    samples = (rng.standard_normal((2, size, number)) for size in batches(resamples, number))
    moved = np.concatenate([_correlation(log_p[:, None] + se[:, None] * each, 2 * noise) for each in samples])
    defined = moved[np.isfinite(moved)]
    if not np.isfinite(value) or len(defined) < FEWEST_DEFINED * resamples:
        return Estimate(float(value), np.nan, np.nan)
    return Estimate.around(value, defined.std(ddof=1), lowest=-1, highest=1)


def _correlation(pair: np.ndarray, noise: Sequence[float] = (0.0, 0.0)) -> np.ndarray:
    """Of the two halves of ``pair`` (2, ..., F), over the last axis."""
    return correlation_and_slope(*pair, np.ones(pair.shape[-1], dtype=bool), noise=noise)[0]
