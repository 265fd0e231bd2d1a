"""What two posteriors of a model say to each other: correlation and distance over the functions tabulated under both.

No networks are resampled, so intervals are Monte Carlo error alone: 1.96 standard deviations of what the statistic becomes
when each log probability is moved by a normal error with its standard error; for correlations on Fisher's scale.
"""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.stats import rankdata

__all__ = ["compare_posteriors"]

_FEWEST = 3
_COLUMNS = (
    "domain_size", "posterior_a", "posterior_b", "functions", "compared", "unresolved_a", "unresolved_b", "pearson", "pearson_low",
    "pearson_high", "spearman", "spearman_low", "spearman_high", "mass_a", "mass_b", "total_variation_least", "total_variation_most",
)  # fmt: skip


def compare_posteriors(
    probabilities: Mapping[str, pd.DataFrame], *, resamples: int = 1000, seed: int = 0
) -> pd.DataFrame:
    """A row per domain and pair of posteriors, from their tables of probabilities (`function_probabilities`).

    Columns: domain_size; posterior_a, posterior_b; functions (under both), compared (with a probability under both),
    unresolved_a, unresolved_b; pearson, spearman of log probabilities, with _low and _high; mass_a, mass_b of the compared
    functions; total_variation_least and _most, the bounds that they leave it. No correlation with fewer than three functions to
    compare. No rows for a single posterior.
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
    log_p, error = log_p[:, compared], table[["log_p_se_a", "log_p_se_b"]].to_numpy().T[:, compared]
    moved = log_p[:, None] + error[:, None] * rng.standard_normal((2, resamples, log_p.shape[1]))
    for name, transform in (("pearson", lambda values: values), ("spearman", lambda values: rankdata(values, axis=-1))):
        value = _correlation(*transform(log_p))
        reach = 1.96 * _fisher(_correlation(*transform(moved))).std(ddof=1)
        row |= {name: float(value)}
        row |= {
            f"{name}_{end}": float(np.tanh(_fisher(value) + sign * reach)) for end, sign in (("low", -1), ("high", 1))
        }
    p = np.exp(log_p)
    mass = p.sum(1)
    rest = np.maximum(1 - mass, 0)
    shared = np.abs(p[0] - p[1]).sum()
    row |= {"mass_a": mass[0], "mass_b": mass[1]}
    distances = {"least": (shared + abs(rest[0] - rest[1])) / 2, "most": (shared + rest.sum()) / 2}
    return row | {f"total_variation_{name}": float(distance) for name, distance in distances.items()}


def _correlation(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Pearson's (...) over the last axis, NaN with fewer than three values or no spread."""
    if x.shape[-1] < _FEWEST:
        return np.full(x.shape[:-1], np.nan)
    x, y = (values - values.mean(-1, keepdims=True) for values in (x, y))
    spread = np.sqrt((x * x).sum(-1) * (y * y).sum(-1))
    return np.divide((x * y).sum(-1), spread, out=np.full(spread.shape, np.nan), where=spread > 1e-20)


def _fisher(correlation: np.ndarray) -> np.ndarray:
    return np.arctanh(np.clip(correlation, -0.999999, 0.999999))
