"""Each claim and doubt of `stated_claims` tested on the studies of a configuration, by a function of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import quantile_test, spearmanr

from sgdbayes.analysis.comparison import COVERS, possible
from sgdbayes.analysis.runs import relative_margins
from sgdbayes.analysis.stated_claims import C0, C1, C2, C3, C4, C5, CLAIMS, D1, D2, D3, D4, D5, D6, D7, D8, Test
from sgdbayes.posterior.kinds import POSTERIORS, exact_posterior
from sgdbayes.statistics import GROUPS, UNDEFINED, Estimate, log_ratios, over_seeds, standard_error, student_factor

__all__ = ["CLAIMS", "claims_table", "overall_verdicts"]

_Sweeps = Mapping[str, Mapping[str, Any]]
_OfTwo = Mapping[str, tuple[pd.DataFrame, pd.DataFrame]]
# A statistic in each experiment of a study, seed by seed.
_Seeds = Sequence[Estimate]
_MOST = 0.75
# Of |S|, for a slope over them: a line through fewer says little where each is of another sampler.
_FEWEST_SIZES = 4
_VERDICTS = ("holds", "holds in part", "does not hold", "not decided")
_SINGLE = "one training set"
_TOO_FEW = "too few networks"
_EXACT = exact_posterior().name


@dataclass(frozen=True)
class Finding:
    """What a test gave; ``subject``: study, model or pair that it is about; ``seeds``: over how many training sets;
    ``figure``: below figures/; ``decidable``: whether its data could show either verdict.
    """

    test: Test
    effect: Estimate
    subject: str
    figure: str
    seeds: int
    domain_size: int | None = None
    networks: int | None = None
    functions: float | None = None
    decidable: bool = True

    def columns(self) -> dict[str, Any]:
        verdict = self.test.verdict(self.effect)
        verdict = _SINGLE if self.seeds == 1 else verdict if self.decidable else _TOO_FEW
        about = {"subject": self.subject, "test": self.test.sentence, "domain_size": self.domain_size}
        effect = {"effect": self.effect.value, "low": self.effect.low, "high": self.effect.high}
        counts = {"training_sets": self.seeds, "networks": self.networks, "functions": self.functions}
        return about | effect | counts | {"verdict": verdict, "figure": self.figure}


class _Study:
    """The rows of comparison.csv of the experiments of a study, on all domain sizes."""

    def __init__(self, name: str, rows: pd.DataFrame, seeds: int) -> None:
        self.name, self.seeds, self._all = name, seeds, rows
        # What leaves out other test points decides nothing.
        self._rows = rows[rows["covers"] != COVERS[-1]]

    def sizes(self, statistic: str, posterior: str = _EXACT) -> list[int]:
        """Domain sizes on which a seed has it. To take those on which all do would choose what is easy."""
        own = self._rows[(self._rows["posterior"] == posterior) & self._rows[f"{statistic}_low"].notna()]
        return sorted(own["domain_size"].unique())

    def best_size(self) -> int | None:
        """That on which r is of most functions, of those on which most seeds have it."""
        own = self._rows[(self._rows["posterior"] == _EXACT) & self._rows["pearson_low"].notna()]
        sizes = own.groupby("domain_size")["compared"].agg(["size", "mean"]).sort_values(["size", "mean"])
        return None if sizes.empty else int(sizes.index[-1])

    def of(self, statistic: str, size: int, posterior: str = _EXACT) -> _Seeds:
        """Seed by seed, NaN of one that lacks it."""
        rows = self._at(size, posterior).set_index("experiment").reindex(self._all["experiment"].unique())
        return [Estimate.of(row, statistic) for _, row in rows.iterrows()]

    def mean(self, statistic: str, size: int) -> Estimate:
        """Over training sets, under the exact posterior."""
        return possible(statistic, over_seeds(self.of(statistic, size)))

    def networks(self, size: int) -> list[int]:
        """How many there are, seed by seed."""
        return self._experiments(size)["networks"].to_list()

    def freedom(self, size: int) -> int:
        """Degrees of freedom of its intervals: of training sets, of one those of domains, of one domain of groups."""
        domains = int(self._experiments(size)["domains"].min())
        return next(number for number in (self.seeds, domains, GROUPS) if number > 1) - 1

    def about(self, size: int) -> dict[str, Any]:
        """What a finding says of it."""
        rows = self._experiments(size)
        numbers = {"networks": int(rows["networks"].sum()), "functions": rows["compared"].mean()}
        return {
            "subject": self.name,
            "figure": f"scatter/{self.name}",
            "domain_size": size,
            "seeds": self.seeds,
            **numbers,
        }

    def alike(self) -> tuple:
        """What it has in common with studies of another optimiser."""
        names = ["architecture", "loss", "batch_size", "extra_epochs", "target_loss", "precision", "seed"]
        # A column of tables that use it alone.
        names += ["min_epochs"] if "min_epochs" in self._all else []
        tasks = tuple(self._all.drop_duplicates("experiment")["task"])
        return (tasks, *self._all[names].iloc[0].fillna(-1))

    def posteriors(self) -> list[str]:
        return list(self._rows["posterior"].unique())

    def _experiments(self, size: int) -> pd.DataFrame:
        """A row of each experiment, under the exact posterior if it has that."""
        rows = self._at(size, _EXACT)
        return rows if len(rows) else self._rows[self._rows["domain_size"] == size].drop_duplicates("experiment")

    def _at(self, size: int, posterior: str) -> pd.DataFrame:
        return self._rows[(self._rows["domain_size"] == size) & (self._rows["posterior"] == posterior)]


def claims_table(
    comparison: pd.DataFrame,
    studies: Mapping[str, Sequence[str]],
    pairs: pd.DataFrame,
    by_error: Mapping[tuple[str, str], pd.DataFrame],
    complexity: _OfTwo,
    sweeps: _Sweeps,
    margins: _OfTwo,
    families: Mapping[str, str],
    *,
    min_count: int,
) -> pd.DataFrame:
    """A row per test: claim, statement, subject, test, domain_size, effect with low and high, training_sets, networks,
    functions, verdict, figure (below figures/). Claims without a test have a row that says "not decided".

    ``comparison``, ``pairs``: the tables of these names. ``studies``: the experiments of each. ``by_error``: EP's table
    of random functions, by task and architecture. ``complexity``: by experiment, its complexity.parquet and functions
    on the largest domain. ``sweeps``: of the configuration, with ``setting``, ``domain_size``, and ``values`` and
    ``groups`` by experiment. ``margins``: by experiment, its runs.parquet, and margin_min and margin_mean of draws from
    the exact 0-1 posterior. ``families``: what each task and those that differ from it in their seed alone are called.
    ``min_count``: how often functions were found that a correlation is over.
    """
    by_experiment = dict(list(comparison.groupby("experiment", sort=False)))
    found = {
        name: _Study(name, pd.concat([by_experiment[each] for each in members]), len(members))
        for name, members in studies.items()
    }
    study_of = {experiment: name for name, members in studies.items() for experiment in members}
    lines = list(_lines(found, study_of, sweeps))
    approximations = [name for name, kind in POSTERIORS.items() if kind.approximates == _EXACT]
    everything = list(found.values())
    findings = {
        C0: _gap(everything),
        C1: _correlation(everything, min_count),
        C2: _at_best(everything, C2.tests[0], "tightening"),
        C3: _bias(by_error, complexity, families, study_of),
        C4: _optimizers(everything, lines),
        C5: _test_errors(everything),
        D1: _against_exact(pairs, families, D1.tests[0], _finite(), "reference/{family}-{architecture}-{domain_size}"),
        D2: _against_exact(pairs, families, D2.tests[0], approximations, "ep-against-exact"),
        D3: _stopping(lines, margins, study_of),
        D4: _at_best(everything, D4.tests[0], "ceiling_less_pearson"),
        D5: _double_descent(lines),
        D6: _initial_scale(lines),
        D7: _other_predictors(everything),
        D8: _volume(lines),
    }
    untested = Finding(C1.tests[0], UNDEFINED, "", "", 0).columns() | {"test": "no experiment of this configuration"}
    rows = []
    for claim, tested in findings.items():
        about = {"claim": claim.name, "statement": claim.statement}
        rows += [about | each.columns() for each in tested] or [about | untested]
    return pd.DataFrame(rows).astype(dict.fromkeys(("domain_size", "training_sets", "networks"), "Int64"))


def _measured(seeds: _Seeds) -> bool:
    """Whether any training set has it."""
    return any(np.isfinite(each.value) for each in seeds)


def _less(a: _Seeds, b: _Seeds) -> _Seeds:
    """Seed by seed."""
    return [x - y for x, y in zip(a, b, strict=True)]


def _gap(studies: Sequence[_Study]) -> Iterator[Finding]:
    for study in studies:
        if sizes := study.sizes("gap_per_point"):
            yield Finding(C0.tests[0], study.mean("gap_per_point", sizes[-1]).size, **study.about(sizes[-1]))


def _correlation(studies: Sequence[_Study], min_count: int) -> Iterator[Finding]:
    of_correlation, of_range = C1.tests
    yield from _at_best(studies, of_correlation, "pearson")
    for study in studies:
        if size := study.best_size():
            # Between a function that all find and one that min_count of them do.
            seen = min(study.networks(size)) / min_count
            about = study.about(size) | {"subject": f"{study.name}; its networks can show {np.log10(seen):.1f}"}
            decidable = seen >= 10**of_range.holds
            yield Finding(of_range, study.mean("frequency_range", size), **about, decidable=decidable)


def _at_best(studies: Sequence[_Study], test: Test, statistic: str) -> Iterator[Finding]:
    """On the domains with most functions to correlate."""
    for study in studies:
        if size := study.best_size():
            yield Finding(test, study.mean(statistic, size), **study.about(size))


def _bias(
    by_error: Mapping[tuple[str, str], pd.DataFrame],
    complexity: _OfTwo,
    families: Mapping[str, str],
    study_of: Mapping[str, str],
) -> Iterator[Finding]:
    of_error, of_complexity = C3.tests
    effects: dict[tuple[str, int, int], list[Estimate]] = {}
    for (task, architecture), table in by_error.items():
        size = int(table["domain_size"].max())
        own = table[table["domain_size"] == size]
        half = min(own["test_errors"].unique(), key=lambda wrong_labels: abs(wrong_labels - size / 2))
        target, wrong = (own.loc[own["test_errors"] == number, "log_p"] / np.log(10) for number in (0, half))
        effect = UNDEFINED
        if wrong.notna().all() and target.notna().all() and len(wrong) >= 3:
            effect = Estimate.around(target.iloc[0] - wrong.mean(), student_factor(len(wrong)) * standard_error(wrong))
        effects.setdefault((f"{families[task]}, {architecture}", size, len(wrong) + 1), []).append(effect)
    for (subject, size, functions), seeds in effects.items():
        about: dict[str, Any] = {"domain_size": size, "functions": functions, "seeds": len(seeds)}
        if _measured(seeds):
            yield Finding(of_error, over_seeds(seeds), subject, f"by-error/{size}", **about)
    measured: dict[tuple[str, int], list[tuple[Estimate, int, int, str]]] = {}
    for experiment, (complexities, functions) in complexity.items():
        size = len(functions["function"].iloc[0])
        mean = (
            complexities[complexities["domain_size"] == size].groupby("function", as_index=False)["complexity"].mean()
        )
        known = functions.reindex(columns=["function", "log_p_ep"]).dropna(subset="log_p_ep").merge(mean, on="function")
        effect = UNDEFINED
        if len(known) >= 10:
            value = spearmanr(known["complexity"], known["log_p_ep"]).statistic
            # Fisher's scale, with the variance of Bonett and Wright (Psychometrika 65, 2000).
            se = np.sqrt((1 + value**2 / 2) / (len(known) - 3))
            effect = Estimate.around(np.arctanh(value), se).mapped(np.tanh)
        # Rare functions are not in the table.
        first = functions.iloc[0]
        each = effect, round(first["count"] / first["frequency"]), len(known), experiment
        measured.setdefault((study_of[experiment], size), []).append(each)
    for (study, size), of_study in measured.items():
        ranks, networks, compared, experiments = zip(*of_study, strict=True)
        numbers = {"networks": sum(networks), "functions": np.mean(compared), "seeds": len(of_study)}
        effect, figure = possible("spearman", over_seeds(ranks)), f"complexity/{experiments[0]}"
        if _measured(ranks):
            yield Finding(of_complexity, effect, study, figure, domain_size=size, **numbers)


def _optimizers(studies: Sequence[_Study], lines: Sequence[_Line]) -> Iterator[Finding]:
    of_optimizers, of_sweep = C4.tests
    groups: dict[tuple, list[_Study]] = {}
    for study in studies:
        groups.setdefault(study.alike(), []).append(study)
    for group in groups.values():
        if len(group) > 1:
            yield from _largest_difference(of_optimizers, group)
    for line in lines:
        if line.setting in ("batch_size", "optimizer.learning_rate", "extra_epochs", "target_loss"):
            for finding in _largest_difference(of_sweep, line.studies):
                yield Finding(**finding.__dict__ | line.about)


def _largest_difference(test: Test, studies: Sequence[_Study]) -> Iterator[Finding]:
    """Of the mean test errors of two of them, in percentage points."""
    posterior = next(
        (name for name in studies[0].posteriors() if all(name in each.posteriors() for each in studies)), None
    )
    sizes = set.intersection(*(set(each.sizes("test_error", posterior)) for each in studies)) if posterior else set()
    if posterior is None or not sizes:
        return
    size, found = max(sizes), []
    for pair in combinations(studies, 2):
        difference = over_seeds(_less(*(each.of("test_error", size, posterior) for each in pair)))
        found.append((difference if difference.value >= 0 else -difference, pair))
    largest, (a, b) = max(found, key=lambda each: each[0].value)
    about = a.about(size) | {
        "subject": f"{a.name} and {b.name}",
        "networks": sum(x.about(size)["networks"] for x in (a, b)),
    }
    yield Finding(test, (100 * largest).widened(len(found), freedom=a.freedom(size)), **about)


def _test_errors(studies: Sequence[_Study]) -> Iterator[Finding]:
    for study in studies:
        if sizes := study.sizes("test_error"):
            both = (study.of(name, sizes[-1]) for name in ("posterior_test_error", "test_error"))
            yield Finding(C5.tests[0], over_seeds(log_ratios(*both)).size.mapped(np.exp), **study.about(sizes[-1]))


def _against_exact(
    pairs: pd.DataFrame, families: Mapping[str, str], test: Test, others: list[str], figure: str
) -> Iterator[Finding]:
    """Of each model's pair of the exact 0-1 posterior with one of ``others``, on most functions of the domain sizes on
    which all training sets have r, undefined if there is none; ``figure`` may name columns of posterior-pairs.csv.
    """
    a, b = pairs["posterior_a"], pairs["posterior_b"]
    both = pairs[(a.eq(_EXACT) & b.isin(others)) | (b.eq(_EXACT) & a.isin(others))]
    both = both.assign(family=both["task"].map(families))
    for (family, architecture, *names), rows in both.groupby(
        ["family", "architecture", "posterior_a", "posterior_b"], sort=False
    ):
        seeds, with_r = rows["task"].nunique(), rows.groupby("domain_size")["pearson"].count()
        # What some training sets lack is not decided, what all lack no test.
        if not with_r.any():
            continue
        size = rows[rows["domain_size"].map(with_r) == with_r.max()].groupby("domain_size")["compared"].sum().idxmax()
        rows = rows[rows["domain_size"] == size]
        subject = ", ".join([family, architecture, *(name for name in names if name != _EXACT)])
        numbers = {"domain_size": size, "functions": rows["compared"].mean(), "seeds": seeds}
        each = [Estimate.of(row, "pearson") for row in rows.to_dict("records")]
        effect = possible("pearson", over_seeds(each)) if with_r[size] == seeds else UNDEFINED
        yield Finding(test, effect, subject, figure.format_map(rows.iloc[0]), **numbers)


def _finite() -> list[str]:
    return [name for name, kind in POSTERIORS.items() if kind.of_networks]


def _stopping(lines: Sequence[_Line], margins: _OfTwo, study_of: Mapping[str, str]) -> Iterator[Finding]:
    of_gap, of_error, of_margin = D3.tests
    for line in lines:
        if line.setting in ("extra_epochs", "target_loss"):
            yield from line.of_ends(of_gap, "gap_per_point", lambda last, first: over_seeds(_less(last, first)).size)
            yield from line.of_ends(
                of_error, "test_error", lambda last, first: over_seeds(log_ratios(last, first)).size.mapped(np.exp)
            )
    found: dict[str, list[tuple[Estimate, int]]] = {}
    for experiment, (runs, draws) in margins.items():
        first, overtrained = relative_margins(runs)
        # Overtrained networks first fit S where those of the same seed do that are not.
        if overtrained is None:
            effect = _log_median(first) - _log_median(draws["margin_min"] / draws["margin_mean"])
            found.setdefault(study_of[experiment], []).append((effect, len(first)))
    for study, each in found.items():
        effects, networks = zip(*each, strict=True)
        effect = over_seeds(effects).mapped(np.exp)
        yield Finding(of_margin, effect, study, "margins", seeds=len(each), networks=sum(networks))


def _log_median(values: np.ndarray) -> Estimate:
    """The logarithm of the median of positive values, with the interval that order statistics give it."""
    ends = quantile_test(values, p=0.5).confidence_interval(0.95)
    return Estimate(np.median(values), ends.low, ends.high).mapped(np.log)


def _double_descent(lines: Sequence[_Line]) -> Iterator[Finding]:
    # The infinitely wide network has no width.
    sampled = {"task.train_size": [_EXACT], "architecture.width": _finite()}
    for line in lines:
        for posterior in sampled.get(line.setting, []):
            sizes = line.sizes("posterior_test_error", posterior)
            if not sizes:
                continue
            errors = [each.of("posterior_test_error", sizes[-1], posterior) for each in line.studies]
            pairs = list(combinations(errors, 2))
            number, freedom = len(pairs), line.studies[0].freedom(sizes[-1])
            rises = [(100 * over_seeds(_less(b, a))).widened(number, freedom=freedom) for a, b in pairs]
            effect = _largest(rises)
            about = line.studies[0].about(sizes[-1]) | line.about | {"subject": f"{line.about['subject']}, {posterior}"}
            yield Finding(D5.tests[0], effect, **about)


def _largest(estimates: Sequence[Estimate]) -> Estimate:
    """Of the largest; one that is less may be less certain."""
    return Estimate(*map(float, np.array([astuple(each) for each in estimates]).max(0)))


def _initial_scale(lines: Sequence[_Line]) -> Iterator[Finding]:
    of_error, of_gap = D6.tests
    for line in lines:
        if line.setting == "architecture.weight_variance":
            pairs = len(line.studies) * (len(line.studies) - 1) // 2
            sizes = line.sizes("test_error")
            if sizes:
                size = sizes[-1]
                ratios = [
                    (over_seeds(log_ratios(a.of("test_error", size), b.of("test_error", size))).size, a)
                    for a, b in combinations(line.studies, 2)
                ]
                study = max(ratios, key=lambda each: np.nan_to_num(each[0].value, nan=-np.inf))[1]
                effect = _largest([ratio.widened(pairs, freedom=each.freedom(size)) for ratio, each in ratios]).mapped(
                    np.exp
                )
                yield Finding(of_error, effect, **study.about(size) | line.about)
            yield from line.of_ends(of_gap, "gap_per_point", lambda last, first: over_seeds(_less(first, last)))


def _other_predictors(studies: Sequence[_Study]) -> Iterator[Finding]:
    others = [name for name, each in POSTERIORS.items() if not (each.exact or each.approximates or each.of_networks)]
    of_correlation, of_gap = D7.tests
    for study in studies:
        for other in (name for name in others if name in study.posteriors()):
            subject = {"subject": f"{study.name}, {other}"}
            size = study.best_size()
            if size and size in study.sizes("pearson", other):
                better = over_seeds(_less(study.of("pearson", size, other), study.of("pearson", size)))
                yield Finding(of_correlation, better, **study.about(size) | subject)
            if sizes := sorted({*study.sizes("gap_per_point")} & {*study.sizes("gap_per_point", other)}):
                exact, its = (_upward(study.of("gap_per_point", sizes[-1], name)) for name in (_EXACT, other))
                yield Finding(of_gap, over_seeds(_less(exact, its)), **study.about(sizes[-1]) | subject)


def _upward(seeds: _Seeds) -> _Seeds:
    """With the sign that makes their mean its own size."""
    return seeds if sum(each.value for each in seeds) > 0 else [-each for each in seeds]


def _volume(lines: Sequence[_Line]) -> Iterator[Finding]:
    for line in lines:
        if line.setting != "task.train_size":
            continue
        for posteriors, fewest in (([_EXACT], 2), (_finite(), _FEWEST_SIZES)):
            found = []
            for x, study in zip(line.values, line.studies, strict=True):
                # Finite networks by the first way of drawing them that the study has: one P_B, whichever it is.
                name = next((name for name in posteriors if study.sizes("test_error", name)), None)
                found += [(x, study, name)] if name else []
            if len(found) >= fewest:
                yield from _change_of_advantage(line, found)


def _change_of_advantage(line: _Line, found: Sequence[tuple[float, _Study, str]]) -> Iterator[Finding]:
    """With each decade of |S|, over studies of ``line`` with their |S| and the posterior they are compared with."""
    common = set.intersection(*({*study.sizes("test_error", name)} for _, study, name in found))
    if not common:
        return
    size, (values, studies, names) = max(common), zip(*found, strict=True)
    advantages = [
        log_ratios(*(study.of(error, size, name) for error in ("posterior_test_error", "test_error")))
        for _, study, name in found
    ]
    x = np.log10(values)
    slopes = [_slope(x, seed) for seed in zip(*advantages, strict=True)]
    by = " and ".join(dict.fromkeys(names))
    subject = {"subject": f"{line.about['subject']}, {by}, |S| = {values[0]:,.0f} to {values[-1]:,.0f}"}
    networks = {"networks": sum(sum(study.networks(size)) for study in studies)}
    about = studies[-1].about(size) | line.about | subject | networks
    yield Finding(D8.tests[0], over_seeds(slopes).mapped(np.exp), **about)


def _slope(x: np.ndarray, y: Sequence[Estimate]) -> Estimate:
    """Least squares, of y on x, errors independent."""
    slope = Estimate(0, 0, 0)
    for weight, each in zip((x - x.mean()) / ((x - x.mean()) ** 2).sum(), y, strict=True):
        slope = slope - float(abs(weight)) * (each if weight < 0 else -each)
    return slope


@dataclass(frozen=True)
class _Line:
    """Studies in the order of their ``values`` of a swept setting, and what a finding says of them."""

    setting: str
    values: Sequence[float]
    studies: Sequence[_Study]
    about: dict[str, str]

    def sizes(self, statistic: str, posterior: str = _EXACT) -> list[int]:
        """Domain sizes on which all have it."""
        return sorted(set.intersection(*({*each.sizes(statistic, posterior)} for each in self.studies)))

    def of_ends(self, test: Test, statistic: str, effect: Callable[[_Seeds, _Seeds], Estimate]) -> Iterator[Finding]:
        """Of the last study and the first, under the exact posterior, on the largest domains."""
        if sizes := self.sizes(statistic):
            size = sizes[-1]
            first, last = self.studies[0], self.studies[-1]
            networks = first.about(size)["networks"] + last.about(size)["networks"]
            value = effect(last.of(statistic, size), first.of(statistic, size))
            yield Finding(test, value, **last.about(size) | self.about | {"networks": networks})


def _lines(studies: Mapping[str, _Study], study_of: Mapping[str, str], sweeps: _Sweeps) -> Iterator[_Line]:
    """Of each sweep, the studies of one group, where there are two or more of as many seeds."""
    for name, sweep in sweeps.items():
        values: dict[str, dict[str, float]] = {}
        for experiment, value in sweep["values"].items():
            values.setdefault(sweep["groups"][experiment], {})[study_of[experiment]] = value
        for group, own in values.items():
            line = [studies[study] for study in sorted(own, key=own.__getitem__)]
            if len(line) > 1 and len({each.seeds for each in line}) == 1:
                about = {"subject": f"{name}, {group}", "figure": sweep.get("figure", f"sweeps/{name}")}
                yield _Line(sweep["setting"], sorted(own.values()), line, about)


def overall_verdicts(table: pd.DataFrame, *, by: str = "claim") -> pd.DataFrame:
    """A row per claim, or by "test" of each kind of test: claim, statement or test, tests, how many of each verdict,
    and verdict, that of all tests over more than one training set that could be decided.

    It is "not decided" where most are not, that of every decided test, "mostly" that of three quarters, "holds in part"
    where none fails, else "mixed"; "one training set" where there is no more. Tests that share networks and points are
    no sample.
    """
    overall = []
    for (claim, *test), rows in table.groupby(list(dict.fromkeys(["claim", by])), sort=False):
        rows_of_studies = rows[~rows["verdict"].isin([_SINGLE, _TOO_FEW])]
        counts = rows_of_studies["verdict"].value_counts().reindex(_VERDICTS, fill_value=0)
        decided = counts.drop("not decided")
        share, most = decided.max() / max(decided.sum(), 1), decided.idxmax()
        apart = {each: int((rows["verdict"] == each).sum()) for each in (_SINGLE, _TOO_FEW)}
        if rows_of_studies.empty:
            verdict = max(apart, key=apart.__getitem__)
        elif counts["not decided"] > len(rows_of_studies) / 2:
            verdict = "not decided"
        elif share >= _MOST:
            verdict = most if share == 1 else f"mostly {most}"
        else:
            verdict = "mixed" if counts["does not hold"] else "holds in part"
        about = {"statement": CLAIMS[claim].statement} if by == "claim" else {by: test[0]}
        overall.append({"claim": claim, **about, "tests": len(rows), **counts, **apart, "verdict": verdict})
    return pd.DataFrame(overall)
