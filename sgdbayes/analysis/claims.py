"""The claims of Mingard et al. (JMLR 2021) and doubts that its readers raised, each tested on the tables of a configuration.

Each test gives an effect with a 95 % interval and has two thresholds, set beforehand: the claim holds if the whole interval
lies beyond the first, does not hold if it lies short of the second, holds in part if it lies beyond the second but not
beyond the first, and is not decided otherwise.
"""

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
class Test:
    """``effect``: what is measured. The claim ``holds`` beyond the first threshold and ``fails`` short of the second; None is
    for the same threshold, and the sentence then ends as ``added`` says.
    """

    effect: str
    holds: float
    fails: float | None = None
    added: str = ""

    @property
    def sentence(self) -> str:
        """The effect and the thresholds in words."""
        if self.fails is None:
            return f"{self.effect}; holds above {_number(self.holds)}{self.added}"
        if self.fails < self.holds:
            holds, short = "from", "below"
        else:
            holds, short = "to", "from" if self.fails else "above"
        return f"{self.effect}; holds {holds} {_number(self.holds)}, does not {short} {_number(self.fails)}"

    def verdict(self, effect: Estimate) -> str:
        if not np.isfinite([effect.low, effect.high]).all():
            return "not decided"
        holds, fails = self.holds, self.holds if self.fails is None else self.fails
        if holds < fails:
            # Smaller effects speak for the claim.
            effect, holds, fails = -effect, -holds, -fails
        if effect.low > holds:
            return "holds"
        if effect.high < fails:
            return "does not hold"
        return "holds in part" if effect.low > fails else "not decided"


def _number(value: float) -> str:
    """As a short decimal, or else as one over such."""
    return f"{value:g}" if float(f"{value:g}") == value else f"1/{1 / value:g}"


@dataclass(frozen=True)
class Claim:
    name: str
    statement: str
    tests: tuple[Test, ...]


# fmt: off
_EVERYWHERE = "on all recorded test points where measured"
C1 = Claim("C1", "P_OPT and P_B correlate over many orders of magnitude", (
    Test("Pearson correlation of log P_OPT with log P_B, exact 0-1 posterior", 0.7, 0.3),
))
C2 = Claim("C2", "the most frequent functions agree best", (
    Test("decades by which P_OPT and P_B (exact 0-1) differ on average, rarest decade of frequency less the top 5", 0),
))
C3 = Claim("C3", "P_B is strongly biased towards functions of low error and low complexity", (
    Test("decades of P_B (EP) between the target and the mean function with half of E wrong", 3, 0),
    Test("Spearman correlation of log P_B (EP) with complexity, functions networks found", -0.5, 0),
))
C4 = Claim("C4", "optimisers differ; to second order only, says the paper", tuple(
    Test(f"largest difference in mean test error {of}, percentage points, Bonferroni, {_EVERYWHERE}", 0, None, ", cannot fail")
    for of in ("between two optimisers", "over a sweep")
))
C5 = Claim("C5", "mean test errors under P_OPT and P_B are close", (
    Test(f"larger mean test error over smaller, networks and exact 0-1 posterior, {_EVERYWHERE}", 1.25, 2),
))
D1 = Claim("D1", "the Gaussian process stands for the finite network", (
    Test("correlation of log P_B, exact 0-1 posterior and finite networks", 0.9, 0.7),
))
D2 = Claim("D2", "expectation propagation stands for the exact 0-1 posterior", (
    Test("correlation of log P_B, EP and exact 0-1 posterior", 0.9, 0.7),
))
D3 = Claim("D3", "it does not matter that SGD stops at the boundary of zero error", (
    Test("change of the correlation with the exact 0-1 posterior by overtraining", 0.05, 0.1),
    Test(f"larger mean test error over smaller, overtrained and not, {_EVERYWHERE}", 1.1, 1.25),
    Test("smallest over mean margin on S, median of networks that first fit S over that of random sampling (exact 0-1): "
         "below 1 networks stop nearer the boundary", 1 / 1.5, 1 / 3),
))
D4 = Claim("D4", "noise of the frequencies explains what the correlation lacks", (
    Test("noise ceiling less correlation with the exact 0-1 posterior", 0.05, 0.1),
))
D5 = Claim("D5", "random sampling shows no double descent", (
    Test("largest rise of random sampling's mean test error as width or |S| grows, percentage points, Bonferroni", 1, 2),
))
D6 = Claim("D6", "SGD depends on the initial scale, which the 0-1 posterior does not see", (
    Test(f"largest mean test error over smallest, over initial scales, Bonferroni, {_EVERYWHERE}", 1.25, 1.1),
    Test("total variation distance to the exact 0-1 posterior, smallest initial scale less largest", 0),
))
D7 = Claim("D7", "the NTK ensemble or the MSE posterior predicts P_OPT better than the 0-1 posterior", (
    Test("correlation of this posterior less that of the exact 0-1 posterior", 0, None, ", does not below"),
))
# fmt: on
CLAIMS = {claim.name: claim for claim in (C1, C2, C3, C4, C5, D1, D2, D3, D4, D5, D6, D7)}


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
    """A row per test: claim, statement, subject, test, domain_size, effect with low and high, networks, functions, verdict,
    figure (below figures/). Claims without a test have a row that says "not decided".

    ``comparison``, ``bands``, ``pairs``: the tables of these names. ``by_error``: EP's table of random functions by task and
    architecture. ``complexity``: by experiment, its complexity.parquet and its functions on the largest domain.
    ``sweeps``: of the configuration, with ``setting``, ``domain_size``, and ``values`` and ``groups`` by experiment.
    ``margins``: by experiment, its runs.parquet and margin_min and margin_mean of draws from the exact 0-1 posterior.
    ``test_errors`` and ``error_pairs``: test-errors.csv and test-error-pairs.csv, or None.
    """
    of_two = _rows(error_pairs) if error_pairs is not None else []
    known = {frozenset((row["experiment_a"], row["experiment_b"])): row for row in of_two}
    found = {
        C1: _correlation(comparison),
        C2: _most_frequent_functions(comparison, bands),
        C3: _bias(by_error, complexity),
        C4: _optimizers(comparison, sweeps, known),
        C5: _test_errors(comparison, test_errors),
        D1: _finite_networks(pairs),
        D2: _expectation_propagation(pairs),
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
    for _, of in best_rows(comparison):
        yield Finding.of(of.loc[_EXACT], C1.tests[0], Estimate.of(of.loc[_EXACT], "pearson"))


def _most_frequent_functions(comparison: pd.DataFrame, bands: pd.DataFrame) -> Iterator[Finding]:
    keys = ["experiment", "domain_size", "posterior"]
    for _, of in best_rows(comparison):
        row = of.loc[_EXACT]
        own = bands[bands[keys].eq([row["experiment"], row["domain_size"], _EXACT]).all(axis=1)]
        decades, top = own[own["band"].str.contains(" to ")], own[own["band"] == "top 5"]
        if len(decades) > 1 and len(top):
            off = [Estimate.of(each, "log_ratio").mapped(_decades) for each in (decades.iloc[-1], top.iloc[0])]
            rarest, likeliest = (-each if each.value < 0 else each for each in off)
            yield Finding.of(row, C2.tests[0], rarest - likeliest)


def _decades(log: float) -> float:
    return log / np.log(10)


def _bias(by_error: Mapping[tuple[str, str], pd.DataFrame], complexity: _OfTwo) -> Iterator[Finding]:
    of_error, of_complexity = C3.tests
    for model, table in by_error.items():
        size = int(table["domain_size"].max())
        own = table[table["domain_size"] == size]
        half = min(own["test_errors"].unique(), key=lambda errors: abs(errors - size / 2))
        target, wrong = (_decades(own.loc[own["test_errors"] == errors, "log_p"]) for errors in (0, half))
        if wrong.isna().any() or target.isna().any() or len(wrong) < 3:
            continue
        value, reach = target.iloc[0] - wrong.mean(), stdtrit(len(wrong) - 1, 0.975) * standard_error(wrong)
        effect, functions = Estimate(value, value - reach, value + reach), len(wrong) + 1
        yield Finding(of_error, effect, ", ".join(model), f"by-error/{size}", domain_size=size, functions=functions)
    for experiment, (measured, functions) in complexity.items():
        size = len(functions["function"].iloc[0])
        of = measured[measured["domain_size"] == size].groupby("function", as_index=False)["complexity"].mean()
        known = functions.reindex(columns=["function", "log_p_ep"]).dropna(subset="log_p_ep").merge(of, on="function")
        if len(known) < 10:
            continue
        value = spearmanr(known["complexity"], known["log_p_ep"]).statistic
        # Fisher's scale, with the variance of Bonett and Wright (Psychometrika 65, 2000).
        error = np.sqrt((1 + value**2 / 2) / (len(known) - 3))
        effect = Estimate.around(np.arctanh(value), error).mapped(np.tanh)
        numbers = {"domain_size": size, "networks": functions["count"].sum(), "functions": len(known)}
        yield Finding(of_complexity, effect, experiment, f"complexity/{experiment}", **numbers)


def _optimizers(comparison: pd.DataFrame, sweeps: _Sweeps, known: _Known) -> Iterator[Finding]:
    def largest(rows: list[pd.Series], test: Test, **about: str) -> Finding:
        pairs = _pairs(rows, known)
        pair = max(pairs, key=lambda each: each.difference.value)
        return Finding(test, pair.difference.mapped(_percent).widened(len(pairs)), **pair.about | about)

    of_optimizers, of_sweep = C4.tests
    alike = ["task", "architecture", "loss", "batch_size", "extra_epochs", "target_loss", "precision", "seed"]
    for (task, architecture, *_), of in comparison.groupby(alike, dropna=False, sort=False):
        size = of["domain_size"].max()
        rows = _rows(of[of["domain_size"] == size].drop_duplicates("experiment"))
        if len(rows) > 1:
            yield largest(rows, of_optimizers, figure=f"errors/{task}/{architecture}/{size}")
    settings = ("batch_size", "optimizer.learning_rate", "extra_epochs", "target_loss")
    for line, about in _lines(comparison, sweeps, {each: [_EXACT] for each in settings}):
        yield largest(_rows(line), of_sweep, **about)


def _percent(share: float) -> float:
    return 100 * share


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


def _finite_networks(pairs: pd.DataFrame) -> Iterator[Finding]:
    for row, about in _against_exact(pairs, _finite()):
        figure = f"reference/{row['task']}/{row['architecture']}/{row['domain_size']}"
        yield Finding(D1.tests[0], Estimate.of(row, "pearson"), figure=figure, **about)


def _expectation_propagation(pairs: pd.DataFrame) -> Iterator[Finding]:
    for row, about in _against_exact(pairs, [name for name, kind in POSTERIORS.items() if kind.approximates == _EXACT]):
        yield Finding(D2.tests[0], Estimate.of(row, "pearson"), figure="ep-against-exact", **about)


def _against_exact(pairs: pd.DataFrame, others: list[str]) -> Iterator[tuple[pd.Series, dict[str, Any]]]:
    """Of each model the row of posterior-pairs.csv with most functions between the exact 0-1 posterior and one of the
    ``others``, and what a finding says of it.
    """
    a, b = pairs["posterior_a"], pairs["posterior_b"]
    both = (a.eq(_EXACT) & b.isin(others)) | (b.eq(_EXACT) & a.isin(others))
    for model, of in pairs[both & pairs["pearson"].notna()].groupby(["task", "architecture"], sort=False):
        row = of.sort_values(["compared", "domain_size"]).iloc[-1]
        subject = ", ".join([*model, row["posterior_b" if row["posterior_a"] == _EXACT else "posterior_a"]])
        yield row, {"subject": subject, "domain_size": row["domain_size"], "functions": row["compared"]}


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
    for _, of in best_rows(comparison):
        row = of.loc[_EXACT]
        yield Finding.of(row, D4.tests[0], Estimate.of(row, "noise_ceiling") - Estimate.of(row, "pearson"))


def _double_descent(comparison: pd.DataFrame, sweeps: _Sweeps, test_errors: pd.DataFrame | None) -> Iterator[Finding]:
    # The infinitely wide network has no width.
    sampled = {"task.train_size": [_EXACT], "architecture.width": _finite()}
    for line, about in _lines(comparison, sweeps, sampled, by="posterior"):
        measured = on_all_points(line, test_errors)
        line = (measured if len(measured) == len(line) else line).drop_duplicates("x")
        pairs = list(combinations([Estimate.of(row, "posterior_test_error") for row in _rows(line)], 2))
        if pairs:
            rises = [(later - earlier).mapped(_percent).widened(len(pairs)) for earlier, later in pairs]
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
    for experiment, of in best_rows(comparison):
        for other, kind in POSTERIORS.items():
            if other in of.index and not (kind.exact or kind.approximates or kind.of_networks):
                better = Estimate.of(of.loc[other], "pearson") - Estimate.of(of.loc[_EXACT], "pearson")
                yield Finding.of(of.loc[_EXACT], D7.tests[0], better, subject=f"{experiment}, {other}")


def _rows(table: pd.DataFrame) -> list[pd.Series]:
    return [row for _, row in table.iterrows()]


def _lines(
    comparison: pd.DataFrame, sweeps: _Sweeps, posteriors: Mapping[str, list[str]], by: str = "group"
) -> Iterator[tuple[pd.DataFrame, dict[str, str]]]:
    """Of each sweep over a setting that ``posteriors`` has, those posteriors' rows in order, of each group or posterior, if
    there are two or more, and what a finding says of them.
    """
    for name, sweep in sweeps.items():
        own = comparison["experiment"].isin(sweep["values"]) & comparison["domain_size"].eq(sweep["domain_size"])
        x, group = (comparison.loc[own, "experiment"].map(sweep[each]) for each in ("values", "groups"))
        rows = comparison[own].assign(x=x, group=group).sort_values("x")
        rows = rows[rows["posterior"].isin(posteriors.get(sweep["setting"], []))]
        for of, line in rows.groupby(by, sort=False):
            if len(line) > 1:
                yield line, {"subject": f"{name}, {of}", "figure": f"sweeps/{name}"}


@dataclass(frozen=True)
class _Pair:
    """By how much the mean test error of one experiment is larger than that of another, as a difference and as the logarithm
    of a ratio, and what a finding says of the two.
    """

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
            error, other, points = Estimate.of(a, "test_error"), Estimate.of(b, "test_error"), a["domain_size"]
            difference, log_ratio = error - other, error.log_ratio(other)
        if difference.value < 0:
            a, b, difference = b, a, -difference
        about = {"subject": f"{a['experiment']} and {b['experiment']}", "domain_size": points}
        about |= {"networks": a["networks"] + b["networks"], "functions": a["functions"] + b["functions"]}
        pairs.append(_Pair(difference, log_ratio.size, about))
    return pairs


def overall_verdicts(table: pd.DataFrame, *, by: str = "claim") -> pd.DataFrame:
    """A row per claim, or by "test" of each kind of test: claim, statement or test, tests, how many of each verdict, and
    the verdict of all: "not decided" where most are not; that of every decided test; with "mostly" that of three quarters
    of them; "holds in part" where none fails; else "mixed". Tests of one claim share networks and test points: a count of
    them is no sample size.
    """
    rows = []
    for named, of in table.groupby(list(dict.fromkeys(["claim", by])), sort=False):
        counts = of["verdict"].value_counts().reindex(_VERDICTS, fill_value=0)
        decided = counts.drop("not decided")
        share, most = decided.max() / max(decided.sum(), 1), decided.idxmax()
        if counts["not decided"] > len(of) / 2:
            verdict = "not decided"
        elif share >= _MOST:
            verdict = most if share == 1 else f"mostly {most}"
        else:
            verdict = "mixed" if counts["does not hold"] else "holds in part"
        claim = named[0]
        about = {"statement": CLAIMS[claim].statement} if by == "claim" else {by: named[-1]}
        rows.append({"claim": claim, **about, "tests": len(of), **counts, "verdict": verdict})
    return pd.DataFrame(rows)
