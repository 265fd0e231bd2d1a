"""Each claim and doubt of `stated_claims` tested on the tables of a configuration, by a function of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtrit
from scipy.stats import quantile_test, spearmanr

from sgdbayes.analysis.all_points import on_all_points
from sgdbayes.analysis.comparison import best_rows
from sgdbayes.analysis.runs import relative_margins
from sgdbayes.analysis.stated_claims import C1, C2, C3, C4, C5, CLAIMS, D1, D2, D3, D4, D5, D6, D7, Test
from sgdbayes.posterior.kinds import POSTERIORS, exact_posterior
from sgdbayes.statistics import UNDEFINED, Estimate, standard_error

__all__ = ["CLAIMS", "claims_table", "overall_verdicts"]

_Sweeps = Mapping[str, Mapping[str, Any]]
_OfTwo = Mapping[str, tuple[pd.DataFrame, pd.DataFrame]]
_Known = Mapping[frozenset[str], pd.Series]
_MOST = 0.75
_VERDICTS = ("holds", "holds in part", "does not hold", "not decided")
_EXACT = exact_posterior().name


@dataclass(frozen=True)
class Finding:
    """What a test gave; ``subject``: experiment, model or pair that it is about; ``figure``: below figures/."""

    test: Test
    effect: Estimate
    subject: str
    figure: str
    domain_size: int | None = None
    networks: int | None = None
    functions: int | None = None

    @classmethod
    def of(cls, row: pd.Series, test: Test, effect: Estimate, **about: Any) -> Finding:  # noqa: ANN401
        """About the experiment of a ``row`` of comparison.csv; ``about``: fields with other values."""
        own = {"subject": row["experiment"], "figure": f"scatter/{row['experiment']}"}
        numbers = {"domain_size": row["domain_size"], "networks": row["networks"], "functions": row["compared"]}
        return cls(test, effect, **own | numbers | about)

    def columns(self) -> dict[str, Any]:
        about = {"subject": self.subject, "test": self.test.sentence, "domain_size": self.domain_size}
        effect = {"effect": self.effect.value, "low": self.effect.low, "high": self.effect.high}
        counts = {"networks": self.networks, "functions": self.functions}
        return about | effect | counts | {"verdict": self.test.verdict(self.effect), "figure": self.figure}


def claims_table(
    comparison: pd.DataFrame,
    bands: pd.DataFrame,
    pairs: pd.DataFrame,
    by_error: Mapping[tuple[str, str], pd.DataFrame],
    complexity: _OfTwo,
    sweeps: _Sweeps,
    margins: _OfTwo,
    test_errors: pd.DataFrame | None = None,
    error_pairs: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """A row per test: claim, statement, subject, test, domain_size, effect with low and high, networks, functions,
    verdict, figure (below figures/). Claims without a test have a row that says "not decided".

    ``comparison``, ``bands``, ``pairs``: the tables of these names. ``by_error``: EP's table of random functions by
    task and architecture. ``complexity``: by experiment, its complexity.parquet and functions on the largest domain.
    ``sweeps``: of the configuration, with ``setting``, ``domain_size``, and ``values`` and ``groups`` by experiment.
    ``margins``: by experiment, its runs.parquet and margin_min and margin_mean of draws from the exact 0-1 posterior.
    ``test_errors`` and ``error_pairs``: test-errors.csv and test-error-pairs.csv, or None.
    """
    known = {frozenset((row["experiment_a"], row["experiment_b"])): row for row in _rows(error_pairs)}
    approximations = [name for name, kind in POSTERIORS.items() if kind.approximates == _EXACT]
    found = {
        C1: _correlation(comparison),
        C2: _most_frequent_functions(comparison, bands),
        C3: _bias(by_error, complexity),
        C4: _optimizers(comparison, sweeps, known),
        C5: _test_errors(comparison, test_errors),
        D1: _against_exact(pairs, D1.tests[0], _finite(), "reference/{task}/{architecture}/{domain_size}"),
        D2: _against_exact(pairs, D2.tests[0], approximations, "ep-against-exact"),
        D3: _stopping(comparison, sweeps, margins, known),
        D4: _noise(comparison),
        D5: _double_descent(comparison, sweeps, test_errors),
        D6: _initial_scale(comparison, sweeps, known),
        D7: _other_predictors(comparison),
    }
    untested = Finding(C1.tests[0], UNDEFINED, "", "").columns() | {"test": "no experiment of this configuration"}
    rows = []
    for claim, findings in found.items():
        about = {"claim": claim.name, "statement": claim.statement}
        rows += [about | each.columns() for each in findings] or [about | untested]
    return pd.DataFrame(rows).astype(dict.fromkeys(("domain_size", "networks", "functions"), "Int64"))


def _correlation(comparison: pd.DataFrame) -> Iterator[Finding]:
    for row in _exact_rows(comparison):
        yield Finding.of(row, C1.tests[0], Estimate.of(row, "pearson"))


def _exact_rows(comparison: pd.DataFrame) -> Iterator[pd.Series]:
    """The best row of each experiment under the exact 0-1 posterior."""
    return (rows.loc[_EXACT] for _, rows in best_rows(comparison))


def _most_frequent_functions(comparison: pd.DataFrame, bands: pd.DataFrame) -> Iterator[Finding]:
    for row in _exact_rows(comparison):
        same = bands[["experiment", "domain_size"]].eq(row[["experiment", "domain_size"]]).all(axis=1)
        own = bands[same & bands["posterior"].eq(_EXACT)]
        decades, top = own[own["band"].str.contains(" to ")], own[own["band"] == "top 5"]
        if len(decades) > 1 and len(top):
            off = [Estimate.of(each, "log_ratio") / np.log(10) for each in (decades.iloc[-1], top.iloc[0])]
            rarest, likeliest = (-each if each.value < 0 else each for each in off)
            yield Finding.of(row, C2.tests[0], rarest - likeliest)


def _bias(by_error: Mapping[tuple[str, str], pd.DataFrame], complexity: _OfTwo) -> Iterator[Finding]:
    of_error, of_complexity = C3.tests
    for model, table in by_error.items():
        size = int(table["domain_size"].max())
        own = table[table["domain_size"] == size]
        half = min(own["test_errors"].unique(), key=lambda wrong_labels: abs(wrong_labels - size / 2))
        target, wrong = (own.loc[own["test_errors"] == number, "log_p"] / np.log(10) for number in (0, half))
        if wrong.isna().any() or target.isna().any() or len(wrong) < 3:
            continue
        value, reach = target.iloc[0] - wrong.mean(), stdtrit(len(wrong) - 1, 0.975) * standard_error(wrong)
        effect, functions = Estimate(value, value - reach, value + reach), len(wrong) + 1
        yield Finding(of_error, effect, ", ".join(model), f"by-error/{size}", domain_size=size, functions=functions)
    for experiment, (measured, functions) in complexity.items():
        size = len(functions["function"].iloc[0])
        mean = measured[measured["domain_size"] == size].groupby("function", as_index=False)["complexity"].mean()
        known = functions.reindex(columns=["function", "log_p_ep"]).dropna(subset="log_p_ep").merge(mean, on="function")
        if len(known) < 10:
            continue
        value = spearmanr(known["complexity"], known["log_p_ep"]).statistic
        # Fisher's scale, with the variance of Bonett and Wright (Psychometrika 65, 2000).
        se = np.sqrt((1 + value**2 / 2) / (len(known) - 3))
        effect = Estimate.around(np.arctanh(value), se).mapped(np.tanh)
        numbers = {"domain_size": size, "networks": functions["count"].sum(), "functions": len(known)}
        yield Finding(of_complexity, effect, experiment, f"complexity/{experiment}", **numbers)


def _optimizers(comparison: pd.DataFrame, sweeps: _Sweeps, known: _Known) -> Iterator[Finding]:
    def largest(rows: list[pd.Series], test: Test, **about: str) -> Finding:
        pairs = _pairs(rows, known)
        pair = max(pairs, key=lambda each: each.difference.value)
        return Finding(test, (100 * pair.difference).widened(len(pairs)), **pair.about | about)

    of_optimizers, of_sweep = C4.tests
    alike = ["task", "architecture", "loss", "batch_size", "extra_epochs", "target_loss", "precision", "seed"]
    for (task, architecture, *_), table in comparison.groupby(alike, dropna=False, sort=False):
        size = table["domain_size"].max()
        rows = _rows(table[table["domain_size"] == size].drop_duplicates("experiment"))
        if len(rows) > 1:
            yield largest(rows, of_optimizers, figure=f"errors/{task}/{architecture}/{size}")
    settings = ("batch_size", "optimizer.learning_rate", "extra_epochs", "target_loss")
    for line, about in _lines(comparison, sweeps, {each: [_EXACT] for each in settings}):
        yield largest(_rows(line), of_sweep, **about)


def _test_errors(comparison: pd.DataFrame, test_errors: pd.DataFrame | None) -> Iterator[Finding]:
    exact = comparison[comparison["posterior"] == _EXACT]
    largest = exact.loc[exact.groupby("experiment", sort=False)["domain_size"].idxmax()]
    measured = on_all_points(largest, test_errors)
    for index, row in largest.iterrows():
        figure = f"errors/{row['task']}/{row['architecture']}/{row['domain_size']}"
        if index in measured.index:
            row = measured.loc[index]
            log_ratio = Estimate.of(row, "ratio").mapped(np.log)
        else:
            log_ratio = Estimate.of(row, "test_error").log_ratio(Estimate.of(row, "posterior_test_error"))
        yield Finding.of(row, C5.tests[0], log_ratio.size.mapped(np.exp), figure=figure)


def _against_exact(pairs: pd.DataFrame, test: Test, others: list[str], figure: str) -> Iterator[Finding]:
    """Of each model's pair, on most functions, of the exact 0-1 posterior with one of ``others``; ``figure`` may name
    columns of posterior-pairs.csv.
    """
    a, b = pairs["posterior_a"], pairs["posterior_b"]
    both = (a.eq(_EXACT) & b.isin(others)) | (b.eq(_EXACT) & a.isin(others))
    for model, table in pairs[both & pairs["pearson"].notna()].groupby(["task", "architecture"], sort=False):
        row = table.sort_values(["compared", "domain_size"]).iloc[-1]
        subject = ", ".join([*model, row["posterior_b" if row["posterior_a"] == _EXACT else "posterior_a"]])
        numbers = {"domain_size": row["domain_size"], "functions": row["compared"]}
        yield Finding(test, Estimate.of(row, "pearson"), subject, figure.format_map(row), **numbers)


def _finite() -> list[str]:
    return [name for name, kind in POSTERIORS.items() if kind.of_networks]


def _stopping(comparison: pd.DataFrame, sweeps: _Sweeps, margins: _OfTwo, known: _Known) -> Iterator[Finding]:
    of_correlation, of_error, of_margin = D3.tests
    for line, about in _lines(comparison, sweeps, {"extra_epochs": [_EXACT], "target_loss": [_EXACT]}):
        first, last = line.iloc[0], line.iloc[-1]
        change = Estimate.of(last, "pearson") - Estimate.of(first, "pearson")
        yield Finding.of(last, of_correlation, change.size, networks=first["networks"] + last["networks"], **about)
        (pair,) = _pairs([last, first], known)
        yield Finding(of_error, pair.log_ratio.mapped(np.exp), **pair.about | about)
    for experiment, (runs, draws) in margins.items():
        first, overtrained = relative_margins(runs)
        # Overtrained networks first fit S where those of the same seed do that are not.
        if overtrained is None:
            effect = _log_median(first) - _log_median(draws["margin_min"] / draws["margin_mean"])
            yield Finding(of_margin, effect.mapped(np.exp), experiment, "margins", networks=len(first))


def _log_median(values: np.ndarray) -> Estimate:
    """The logarithm of the median of positive values, with the interval that order statistics give it."""
    ends = quantile_test(values, p=0.5).confidence_interval(0.95)
    return Estimate(np.median(values), ends.low, ends.high).mapped(np.log)


def _noise(comparison: pd.DataFrame) -> Iterator[Finding]:
    for row in _exact_rows(comparison):
        yield Finding.of(row, D4.tests[0], Estimate.of(row, "noise_ceiling") - Estimate.of(row, "pearson"))


def _double_descent(comparison: pd.DataFrame, sweeps: _Sweeps, test_errors: pd.DataFrame | None) -> Iterator[Finding]:
    # The infinitely wide network has no width.
    sampled = {"task.train_size": [_EXACT], "architecture.width": _finite()}
    for line, about in _lines(comparison, sweeps, sampled, by="posterior"):
        measured = on_all_points(line, test_errors)
        line = (measured if len(measured) == len(line) else line).drop_duplicates("x")
        pairs = list(combinations([Estimate.of(row, "posterior_test_error") for row in _rows(line)], 2))
        if pairs:
            rises = [(100 * (later - earlier)).widened(len(pairs)) for earlier, later in pairs]
            # A rise that is less than the largest may be less certain.
            effect = Estimate(*map(max, zip(*map(astuple, rises), strict=True)))
            yield Finding(D5.tests[0], effect, domain_size=line["domain_size"].iloc[0], **about)


def _initial_scale(comparison: pd.DataFrame, sweeps: _Sweeps, known: _Known) -> Iterator[Finding]:
    of_error, of_distance = D6.tests
    for line, about in _lines(comparison, sweeps, {"architecture.weight_variance": [_EXACT]}):
        pairs = _pairs(_rows(line), known)
        pair = max(pairs, key=lambda each: np.nan_to_num(each.log_ratio.value, nan=-np.inf))
        yield Finding(of_error, pair.log_ratio.widened(len(pairs)).mapped(np.exp), **pair.about | about)
        first, last = line.iloc[0], line.iloc[-1]
        nearer = Estimate.of(first, "total_variation") - Estimate.of(last, "total_variation")
        yield Finding.of(last, of_distance, nearer, networks=first["networks"] + last["networks"], **about)


def _other_predictors(comparison: pd.DataFrame) -> Iterator[Finding]:
    others = [name for name, each in POSTERIORS.items() if not (each.exact or each.approximates or each.of_networks)]
    for experiment, rows in best_rows(comparison):
        for other in (name for name in others if name in rows.index):
            better = Estimate.of(rows.loc[other], "pearson") - Estimate.of(rows.loc[_EXACT], "pearson")
            yield Finding.of(rows.loc[_EXACT], D7.tests[0], better, subject=f"{experiment}, {other}")


def _rows(table: pd.DataFrame | None) -> list[pd.Series]:
    return [] if table is None else [row for _, row in table.iterrows()]


def _lines(
    comparison: pd.DataFrame, sweeps: _Sweeps, posteriors: Mapping[str, list[str]], by: str = "group"
) -> Iterator[tuple[pd.DataFrame, dict[str, str]]]:
    """Two or more rows in order from each sweep over a setting that ``posteriors`` has, of the posteriors named there
    and of one group or posterior, and what a finding says of them.
    """
    for name, sweep in sweeps.items():
        own = comparison["experiment"].isin(sweep["values"]) & comparison["domain_size"].eq(sweep["domain_size"])
        x, group = (comparison.loc[own, "experiment"].map(sweep[each]) for each in ("values", "groups"))
        rows = comparison[own].assign(x=x, group=group).sort_values("x")
        rows = rows[rows["posterior"].isin(posteriors.get(sweep["setting"], []))]
        for label, line in rows.groupby(by, sort=False):
            if len(line) > 1:
                yield line, {"subject": f"{name}, {label}", "figure": f"sweeps/{name}"}


@dataclass(frozen=True)
class _Pair:
    """How much larger one experiment's mean test error is than another's, and what a finding says of the two."""

    difference: Estimate
    log_ratio: Estimate
    about: dict[str, Any]


def _pairs(rows: list[pd.Series], known: _Known) -> list[_Pair]:
    """Every two of these experiments, on all recorded points if all were measured there, else on the domain E."""
    both = {frozenset((a["experiment"], b["experiment"])): (a, b) for a, b in combinations(rows, 2)}
    everywhere = all(each in known for each in both)
    pairs = []
    for each, (a, b) in both.items():
        if everywhere:
            row, points = known[each], known[each]["test_points"]
            difference, log_ratio = Estimate.of(row, "difference"), Estimate.of(row, "ratio").mapped(np.log)
            difference = difference if row["experiment_a"] == a["experiment"] else -difference
        else:
            errors, points = [Estimate.of(row, "test_error") for row in (a, b)], a["domain_size"]
            difference, log_ratio = errors[0] - errors[1], errors[0].log_ratio(errors[1])
        if difference.value < 0:
            a, b, difference = b, a, -difference
        about = {"subject": f"{a['experiment']} and {b['experiment']}", "domain_size": points}
        about |= {"networks": a["networks"] + b["networks"], "functions": a["functions"] + b["functions"]}
        pairs.append(_Pair(difference, log_ratio.size, about))
    return pairs


def overall_verdicts(table: pd.DataFrame, *, by: str = "claim") -> pd.DataFrame:
    """A row per claim, or by "test" of each kind of test: claim, statement or test, tests, how many of each verdict,
    and verdict, that of all: "not decided" where most are not; that of every decided test; "mostly" that of three
    quarters; "holds in part" where none fails; else "mixed". Tests that share networks and points are no sample.
    """
    overall = []
    for (claim, *test), rows in table.groupby(list(dict.fromkeys(["claim", by])), sort=False):
        counts = rows["verdict"].value_counts().reindex(_VERDICTS, fill_value=0)
        decided = counts.drop("not decided")
        share, most = decided.max() / max(decided.sum(), 1), decided.idxmax()
        if counts["not decided"] > len(rows) / 2:
            verdict = "not decided"
        elif share >= _MOST:
            verdict = most if share == 1 else f"mostly {most}"
        else:
            verdict = "mixed" if counts["does not hold"] else "holds in part"
        about = {"statement": CLAIMS[claim].statement} if by == "claim" else {by: test[0]}
        overall.append({"claim": claim, **about, "tests": len(rows), **counts, "verdict": verdict})
    return pd.DataFrame(overall)
