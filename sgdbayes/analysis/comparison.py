"""An optimiser against a posterior: each statistic on disjoint domains, then its mean over them with an interval.

Definitions are those of `sgdbayes.analysis.on_domain` and `sgdbayes.analysis.temperature`. Intervals are over domains
and networks, as in a two-way layout (`sgdbayes.statistics.over_domains`). S is the same for all, so they say nothing of
other training sets. Those of a single domain are over networks alone, which is all there is to say only where the
domain is all inputs outside S.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sgdbayes.analysis.on_domain import FEWEST_FUNCTIONS, OnDomain, asked_functions
from sgdbayes.analysis.temperature import temperature
from sgdbayes.checks import check_functions, check_labels, check_whole
from sgdbayes.functions import as_bits, disjoint_domains, frequency_table
from sgdbayes.statistics import Estimate, over_domains

if TYPE_CHECKING:
    # With numba, a second to import; figures ask for names alone.
    from sgdbayes.posterior.stored import Posterior

__all__ = [
    "CORRELATIONS", "COVERS", "FEWEST_DOMAINS", "Comparison", "compare", "compare_domains", "compared_domains",
    "possible",
]  # fmt: skip

CORRELATIONS = (
    "pearson", "spearman", "slope", "noise_ceiling", "ceiling_less_pearson", "frequency_range", "tightening",
)  # fmt: skip
# A mean of correlations over fewer domains is an accident.
FEWEST_DOMAINS = 5
_SHARES = (
    "auc", "optimizer_top_mass", "posterior_mass_in_optimizer_top", "optimizer_mass_in_posterior_top",
    "posterior_mass_found", "total_variation", "test_error", "posterior_test_error",
)  # fmt: skip
_BOUNDS = (
    dict.fromkeys(("pearson", "spearman", "noise_ceiling", "test_error_difference"), (-1, 1))
    | dict.fromkeys(("frequency_range", "temperature", "decades"), (0, np.inf))
    | dict.fromkeys(_SHARES, (0, 1))
)
# What an interval is over; the first covers most.
COVERS = ("test points and networks", "networks; E is all inputs outside S", "networks alone")


@dataclass(frozen=True)
class Comparison:
    """Trained networks against a posterior.

    ``row``: each statistic with its 95 % interval under _low and _high, and what was compared, as in comparison.csv
    (docs/tables.md). ``domains``: the statistics on each domain. ``functions``: the distinct functions that networks
    found on each domain, how often, and log_p, the natural log of their probability under the posterior, with its
    standard error log_p_se; NaN of those that were not asked for. ``draws``: as many functions of the posterior itself.
    """

    row: Mapping[str, Any]
    domains: pd.DataFrame
    functions: pd.DataFrame
    draws: pd.DataFrame

    def __getitem__(self, name: str) -> Estimate:
        """A statistic with its interval."""
        return Estimate.of(self.row, name)

    def __repr__(self) -> str:
        about = {name: self.row[name] for name in ("networks", "domains", "domain_size")}
        return f"Comparison({', '.join(f'{name}={value}' for name, value in about.items())}):\n{self.statistics}"

    @property
    def statistics(self) -> pd.DataFrame:
        """All statistics: value, low and high of each. ``row["note"]`` says why some are NaN."""
        names = [name.removesuffix("_low") for name in self.row if name.endswith("_low")]
        return pd.DataFrame([self[name] for name in names], index=pd.Index(names, name="statistic"))


def compare(
    functions: np.ndarray,
    posterior: Posterior,
    test_labels: np.ndarray,
    *,
    domain_size: int = 50,
    domains: int = 20,
    asked: int = 100,
    drawn: int = 300,
    asked_found: int = 1000,
    min_count: int = 5,
    top: int = 10,
    seed: int = 0,
) -> Comparison:
    """How trained networks and a posterior differ, in the mean over disjoint domains of ``domain_size`` of T test
    points (docs/methods.md defines the statistics).

    ``functions`` (N, T): labels by each network; ``posterior``: on these points; ``test_labels`` (T,); labels are bool
    or -1 and +1. Intervals are over test points and networks, not over training sets: for these repeat with other S.

    Gap and AUC are of the ``asked`` first networks and as many draws, ``drawn`` on domains of 20 points or fewer; r is
    of at most ``asked_found`` functions found ``min_count`` times or more. Raises ValueError for functions of another
    shape, if there is no network, and for an option below 1.

    >>> posterior = sb.Gaussian(np.zeros(100), np.eye(100))
    >>> comparison = sb.compare(posterior.draw_functions(50, seed=0), posterior, np.ones(100), domain_size=20)
    >>> comparison["gap"]  # in decades, 0 for draws of the posterior itself
    Estimate(value=..., low=..., high=...)
    """
    from sgdbayes.posterior.probabilities import drawn_functions, function_probabilities

    test_labels = check_labels(test_labels, name="test_labels")
    functions = check_functions(functions, size=len(test_labels))
    check_whole(domain_size=domain_size, domains=domains, asked=asked, drawn=drawn, asked_found=asked_found)
    check_whole(min_count=min_count, top=top)
    if not hasattr(posterior, "halves"):
        raise ValueError(
            f"posterior must be a Gaussian, GaussianMixture or EmpiricalPosterior, got {type(posterior).__name__}"
        )
    try:
        posterior.mean_test_error(test_labels)
    except ValueError as error:
        raise ValueError(f"posterior must be on the {len(test_labels)} points of test_labels: {error}") from error
    found, errors, tables = [], [], []
    pieces = disjoint_domains(len(test_labels), [domain_size], domains)
    draws = drawn_functions(posterior, test_labels, pieces, asked=asked, drawn=drawn, seed=seed)
    for piece in pieces:
        mine, here = functions[:, piece.points], posterior.on(piece.points)
        known = asked_functions(mine, asked=asked, asked_found=asked_found, min_count=min_count, top=top)
        table = function_probabilities(here, known, seed=seed)
        labels = test_labels[piece.points]
        found.append(on_domain(mine, table, draws[draws["domain"] == piece.number], labels, asked=asked))
        errors.append(here.mean_test_error(labels))
        tables.append(frequency_table(mine, labels).merge(table, on="function", how="left").assign(**piece.names))
    row, each = compare_domains(found, errors, min_count=min_count, top=top, seed=seed)
    return Comparison({"domain_size": domain_size} | row, each, pd.concat(tables, ignore_index=True), draws)


def on_domain(
    networks: np.ndarray, known: pd.DataFrame, drawn: pd.DataFrame, test_labels: np.ndarray, *, asked: int
) -> OnDomain:
    """From labels of ``networks`` (N, m) bool and the tables of `function_probabilities` and `drawn_functions`."""
    # In the order in which they were drawn, in which one draw is the same on all domains.
    each = np.repeat(np.arange(len(drawn)), drawn["count"])[np.argsort(np.concatenate([*drawn["draws"]]))]
    return OnDomain.of(
        networks,
        as_bits(drawn["function"])[each],
        test_labels,
        asked=asked,
        # Of no functions the strings do not say on how many points.
        known=as_bits(known["function"]).reshape(len(known), networks.shape[1]),
        log_p=known["log_p"].to_numpy(np.float64),
        resolved=known["log_p_se"].notna().to_numpy(),
        log_p_of_draws=drawn["log_p"].to_numpy(np.float64)[each],
    )


def compare_domains(
    domains: Sequence[OnDomain],
    posterior_errors: Sequence[tuple[float, float]],
    *,
    everything: bool = False,
    min_count: int = 5,
    top: int = 10,
    seed: int = 0,
) -> tuple[dict[str, Any], pd.DataFrame]:
    """A row over all ``domains``, and a table with a row for each.

    ``posterior_errors``: mean test error under the posterior on each, and its standard error. ``everything``: the one
    domain is all inputs outside S.

    The row has networks and domains; means over domains of functions, compared, unresolved and unique
    (`OnDomain.described`); each statistic with _low, _high and, over domains, _sd; temperature with _low and _high;
    ``covers``: what the intervals are over; ``note``: why numbers are missing.
    """
    described = [domain.described(min_count) for domain in domains]
    values = [
        domain.statistics(min_count=min_count, top=top, seed=seed + number) for number, domain in enumerate(domains)
    ]
    for each, (error, _) in zip(values, posterior_errors, strict=True):
        each["posterior_test_error"] = np.full_like(each["test_error"], error)
        each["test_error_difference"] = each["test_error"] - error
    heat = temperature(domains)
    row: dict[str, Any] = {"networks": len(domains[0].networks), "domains": len(domains)}
    row |= {name: float(np.mean([each[name] for each in described])) for name in described[0]}
    for name in values[0]:
        # Domains where a function has no probability are not like the others; where r is undefined is said of r.
        fewest = FEWEST_DOMAINS if name in CORRELATIONS and not everything else len(domains)
        estimate, spread = over_domains(np.array([each[name] for each in values]), fewest=fewest)
        row |= possible(name, estimate).named(name) | {f"{name}_sd": spread}
    row |= heat.temperature.named("temperature") | {"effective_draws": heat.effective_draws}
    row["covers"] = COVERS[0] if len(domains) > 1 else COVERS[1] if everything else COVERS[2]
    with_r = sum(np.isfinite(each["pearson"][0]) for each in values)
    row["domains_with_r"] = int(with_r)
    row["note"] = "; ".join(_notes(row, heat.note, min_count))
    each = pd.DataFrame(described).join(pd.DataFrame([{k: v[0] for k, v in one.items()} for one in values]))
    return row, each


def compared_domains(
    networks: np.ndarray,
    functions: pd.DataFrame,
    sources: Mapping[str, tuple[pd.DataFrame, Posterior]],
    test_labels: np.ndarray,
    *,
    asked: int,
    unseen_inputs: int,
    **options: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All comparisons of an experiment: a row per posterior and domain size, and a row per posterior and domain.

    ``networks`` (N, T) bool. ``functions``: its functions.parquet. ``sources``: of each posterior the table of
    functions drawn from it, and itself, on all T points. ``unseen_inputs``: how many inputs there are outside S.
    """
    rows, tables = [], []
    by_domain = dict(list(functions.groupby(["domain_size", "domain"])))
    for name, (draws, posterior) in sources.items():
        drawn = dict(list(draws.groupby(["domain_size", "domain"])))
        columns = {f"log_p_{name}": "log_p", f"log_p_{name}_se": "log_p_se"}
        for size in dict.fromkeys(size for size, _ in by_domain):
            numbers = [number for each, number in by_domain if each == size]
            found, errors = [], []
            for number in numbers:
                points = slice(number * size, (number + 1) * size)
                known = by_domain[size, number][["function", *columns]].rename(columns=columns)
                here = networks[:, points], known, drawn[size, number], test_labels[points]
                found.append(on_domain(*here, asked=asked))
                errors.append(posterior.on(points).mean_test_error(test_labels[points]))
            row, each = compare_domains(found, errors, everything=size == unseen_inputs, **options)
            names = {"posterior": name, "domain_size": size}
            rows.append(names | row)
            tables.append(each.assign(**names, domain=numbers))
    return pd.DataFrame(rows), pd.concat(tables, ignore_index=True)


def possible(name: str, estimate: Estimate) -> Estimate:
    """An estimate of this statistic, its interval cut off where no value can be."""
    return estimate.clipped(*_BOUNDS.get(name, (-np.inf, np.inf)))


def _notes(row: Mapping[str, Any], about_temperature: str, min_count: int) -> list[str]:
    notes = []
    if not np.isfinite(row["pearson"]):
        notes.append(
            f"no r: {row['domains_with_r']} of {row['domains']} domains have {FEWEST_FUNCTIONS} functions found "
            f"{min_count} times or more ({row['compared']:.1f} in the mean), of {FEWEST_DOMAINS} that a mean needs"
        )
    if not np.isfinite(row["gap"]):
        notes.append("no gap, no AUC: some functions of networks or of draws have no probability")
    elif about_temperature:
        notes.append(f"no temperature: {about_temperature}")
    return notes
