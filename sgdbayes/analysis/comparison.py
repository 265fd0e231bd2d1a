"""What the trained networks and a posterior say to each other: correlation, noise ceiling, shared mass, test errors.

P_OPT(f|S) is the frequency of a function among n trained networks, P_B(f|S) its probability under a posterior (Mingard
et al., JMLR 2021, section 2). Intervals are those of a bootstrap that resamples networks. The noise ceiling is the
correlation that a perfect predictor would reach: that of the frequencies with those of a resample, over the functions
the resample has often enough. Functions that the optimiser never found have no frequency: their mass is reported, they
enter no correlation.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sgdbayes.posterior.kinds import exact_posterior
from sgdbayes.statistics import FEWEST, UNDEFINED, Estimate, Resampling, correlation_and_slope

if TYPE_CHECKING:
    # With numba, a second to import; figures ask for `best_rows` alone.
    from sgdbayes.posterior.stored import Posterior

__all__ = ["Comparison", "best_rows", "compare", "compare_bands", "compare_experiment"]

# Beyond this share of networks with a function that no other found, frequencies are mostly noise.
_MOST_UNIQUE = 0.5


@dataclass(frozen=True)
class Comparison:
    """One optimiser against one posterior on one domain.

    ``networks``: that fitted S. ``functions``: distinct ones found. ``compared``: found at least ``min_count`` times
    and with a probability; ``unresolved``: found as often, but of unknown probability: carried by too few draws or not
    asked about. ``unique``: share of networks whose function no other network found. ``pearson``, ``spearman``,
    ``slope`` (least squares of log P_OPT on log P_B), over the compared functions. ``noise_ceiling``: what ``pearson``
    would be for a perfect predictor, and the range that holds 95 % of its values. ``optimizer_mass_in_posterior_top``:
    P_OPT of the ``top`` functions most probable under the posterior among those tabulated;
    ``posterior_mass_in_optimizer_top``: P_B of the ``top`` most frequent. ``total_variation``: between P_OPT and P_B,
    the P_B of functions not tabulated counted as difference. ``posterior_mass_found``: P_B of the functions found.
    Functions without a probability count as 0 in masses. ``test_error``, ``posterior_test_error``: mean share of wrong
    labels on E. ``note``: why numbers are missing.
    """

    networks: int
    functions: int
    compared: int
    unresolved: int
    unique: float
    pearson: Estimate
    spearman: Estimate
    slope: Estimate
    noise_ceiling: Estimate
    top: int
    optimizer_mass_in_posterior_top: Estimate
    posterior_mass_in_optimizer_top: Estimate
    total_variation: Estimate
    posterior_mass_found: Estimate
    test_error: Estimate
    posterior_test_error: Estimate
    note: str


def compare_experiment(
    functions: Mapping[int, pd.DataFrame],
    posteriors: Mapping[str, "Posterior"],
    test_labels: np.ndarray,
    *,
    min_count: int = 5,
    top: int = 10,
    resamples: int = 1000,
    seed: int = 0,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All comparisons of an experiment: a row per posterior and domain size, and a row per posterior, domain size and
    band.

    ``functions``: its table of functions by domain size, with a column log_p_<posterior> for each of ``posteriors``.
    """
    options = {"min_count": min_count, "resamples": resamples, "seed": seed}
    rows, bands = [], []
    for name, posterior in posteriors.items():
        for size, table in functions.items():
            test_error = Estimate.around(*posterior.head(size).mean_test_error(test_labels[:size]))
            log_p = table[f"log_p_{name}"].to_numpy()
            names = {"posterior": name, "domain_size": size}
            rows.append(names | _flat(compare(table, log_p, test_error, top=top, **options)))
            bands.append(compare_bands(table, log_p, **options).assign(**names))
    return pd.DataFrame(rows), pd.concat(bands, ignore_index=True)


def compare(
    table: pd.DataFrame,
    log_p: np.ndarray,
    posterior_test_error: Estimate,
    *,
    min_count: int = 5,
    top: int = 10,
    resamples: int = 1000,
    seed: int = 0,
) -> Comparison:
    """Compare the frequencies in ``table`` with ``log_p``, natural log of P_B for each of its rows, NaN where too few
    posterior draws carry it or it was not asked about.

    ``table``: columns function, count (0 for functions asked about but not found) and test_errors. Raises ValueError if
    ``log_p`` is infinite or nothing was found.
    """
    counts, log_p = _checked(table, log_p)
    resolved = np.isfinite(log_p)
    networks, p = int(counts.sum()), np.where(resolved, np.exp(log_p), 0)
    if networks == 0:
        raise ValueError("no network fitted S: there are no frequencies to compare")
    error_share = table["test_errors"].to_numpy() / len(table["function"].iloc[0])
    in_posterior_top = np.isin(np.arange(len(p)), np.argsort(-p, kind="stable")[:top]) & resolved

    def overlap(sample: np.ndarray) -> np.ndarray:
        share = sample / networks
        distance = (np.abs(share - p).sum(-1) + max(0.0, 1 - p.sum())) / 2
        found = np.where(sample > 0, p, 0)
        most_frequent = np.argsort(-sample, axis=-1, kind="stable")[..., :top]
        frequent_mass = np.take_along_axis(found, most_frequent, -1).sum(-1)
        columns = [share @ in_posterior_top, frequent_mass, distance, found.sum(-1), share @ error_share]
        return np.stack(columns, -1)

    draw = Resampling(counts, resamples, seed)
    *masses, test_error = draw.estimates(overlap, lowest=0.0, highest=1.0)
    if resolved.sum() < min(top, len(p)):
        masses = [UNDEFINED] * len(masses)
    frequent = counts >= min_count
    compared, unresolved = int((frequent & resolved).sum()), int((frequent & ~resolved).sum())
    unique, functions = float((counts == 1).sum() / networks), int((counts > 0).sum())
    found = f"{functions} functions in {networks} networks"
    note, correlations, ceiling = "", [UNDEFINED] * 3, UNDEFINED
    if compared < FEWEST:
        note = f"{found}, {compared} found {min_count} times or more: no correlation"
    elif unique > _MOST_UNIQUE:
        note = f"{found}, {unique:.0%} of them with a function of their own: no correlation"
    else:
        correlations = draw.correlations(lambda sample: _correlations(sample * resolved, log_p, min_count, networks))
        ceiling = draw.middle(_reproduced(counts, resolved, min_count))
        if not np.isfinite(correlations[0].value):
            note = f"{found}: equal frequencies or equal probabilities have no correlation"
    if not resolved.all():
        few = (
            f"{int((~resolved).sum())} of {len(resolved)} functions not asked about or carried by too few posterior "
            "draws: no mass, no correlation"
        )
        note = f"{note}; {few}" if note else few
    numbers = networks, functions, compared, unresolved, unique
    return Comparison(*numbers, *correlations, ceiling, top, *masses, test_error, posterior_test_error, note)


def compare_bands(
    table: pd.DataFrame,
    log_p: np.ndarray,
    *,
    min_count: int = 5,
    tops: tuple[int, ...] = (5, 10, 20),
    resamples: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Correlations within decades of frequency and among the most frequent functions.

    A row per band: band, functions, networks, pearson, spearman, slope, log_ratio (mean of log P_OPT - log P_B) with
    intervals.
    """
    counts, log_p = _checked(table, log_p)
    networks = counts.sum()
    # A frequency of 1 belongs to the highest decade.
    decade = np.minimum(np.floor(np.log10(np.maximum(counts, 1) / networks)).astype(int), -1)
    rank = np.argsort(np.argsort(-counts, kind="stable"))
    enough = (counts >= min_count) & np.isfinite(log_p)
    bands = {f"1e{d} to 1e{d + 1}": enough & (decade == d) for d in sorted(set(decade[enough]), reverse=True)}
    bands |= {f"top {top}": enough & (rank < top) for top in tops}
    draw = Resampling(counts, resamples, seed)
    rows = []
    for band, members in bands.items():

        def statistics(sample: np.ndarray, members: np.ndarray = members) -> np.ndarray:
            found = members & (sample > 0)
            log_ratio = np.where(found, np.log(np.maximum(sample, 1) / networks) - log_p, 0).sum(-1)
            number = found.sum(-1)
            mean = np.where(number > 0, log_ratio / np.maximum(number, 1), np.nan)
            correlations = _correlations(np.where(members, sample, 0), log_p, 1, networks)
            return np.concatenate([correlations, mean[..., None]], -1)

        names = ("pearson", "spearman", "slope", "log_ratio")
        row = {"band": band, "functions": int(members.sum()), "networks": int(counts[members].sum())}
        for name, estimate in zip(names, draw.correlations(statistics), strict=True):
            row |= estimate.named(name)
        rows.append(row)
    return pd.DataFrame(rows)


def _checked(table: pd.DataFrame, log_p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    counts, log_p = table["count"].to_numpy(), np.asarray(log_p, dtype=np.float64)
    if np.isinf(log_p).any() or log_p.shape != counts.shape:
        raise ValueError(f"log_p must be finite or NaN, one entry for each of the {len(counts)} functions")
    return counts, log_p


def _flat(result: object) -> dict[str, object]:
    """The fields of a dataclass, each Estimate as three: name, name_low, name_high."""
    row: dict[str, object] = {}
    for item in fields(result):
        value = getattr(result, item.name)
        row |= value.named(item.name) if isinstance(value, Estimate) else {item.name: value}
    return row


def _reproduced(counts: np.ndarray, resolved: np.ndarray, min_count: int) -> Callable[[np.ndarray], np.ndarray]:
    """Of a resample (B, F) the correlation of its log frequencies with those it is drawn from, over ``resolved``."""
    log_frequency, networks = np.log(np.maximum(counts, 0.5)), counts.sum()
    return lambda sample: _correlations(sample * resolved, log_frequency, min_count, networks)[:, 0]


def _correlations(counts: np.ndarray, log_p: np.ndarray, min_count: int, networks: int) -> np.ndarray:
    """Pearson, Spearman and slope (..., 3) of log frequency on ``log_p``, both (..., F), over frequent functions."""
    # A second to import: only who asks pays for it.
    from scipy.stats import rankdata

    used = counts >= min_count
    log_frequency = np.log(np.maximum(counts, 1) / networks)
    predictor = np.broadcast_to(log_p, counts.shape)
    pearson, slope = correlation_and_slope(predictor, log_frequency, used)
    of_used = (np.where(used, values, np.nan) for values in (predictor, log_frequency))
    ranks = (rankdata(values, axis=-1, nan_policy="omit") for values in of_used)
    spearman, _ = correlation_and_slope(*ranks, used)
    return np.stack([pearson, spearman, slope], -1)


def best_rows(comparison: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Of each experiment its name and its rows by posterior, on the domain with most functions to compare under the
    exact 0-1 posterior; none of an experiment that has no correlation with it. ``comparison``: comparison.csv.
    """
    exact = comparison[(comparison["posterior"] == exact_posterior().name) & comparison["pearson"].notna()]
    best = exact.sort_values(["compared", "domain_size"]).groupby("experiment", sort=False).tail(1)
    for _, row in best.sort_index().iterrows():
        same = comparison["experiment"].eq(row["experiment"]) & comparison["domain_size"].eq(row["domain_size"])
        yield row["experiment"], comparison[same].set_index("posterior")
