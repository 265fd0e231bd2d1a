"""The claims of Mingard et al. (JMLR 2021) and doubts that its readers raised, each tested on the tables of a configuration.

Each test gives an effect with a 95 % interval, and each claim two thresholds, set beforehand: the claim holds if the whole
interval lies beyond the first, does not hold if it lies short of the second, holds in part if it lies beyond the second
but not beyond the first, and is not decided otherwise.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtrit
from scipy.stats import quantile_test, spearmanr

from sgdbayes.analysis.all_points import on_all_points
from sgdbayes.analysis.comparison import best_rows
from sgdbayes.analysis.runs import relative_margins
from sgdbayes.posterior.kinds import POSTERIORS, exact_posterior

__all__ = ["CLAIMS", "claims_table", "overall_verdicts"]

CLAIMS = {
    "C1": "P_OPT and P_B correlate over many orders of magnitude",
    "C2": "the most frequent functions agree best",
    "C3": "P_B is strongly biased towards functions of low error and low complexity",
    "C4": "optimisers differ; to second order only, says the paper",
    "C5": "mean test errors under P_OPT and P_B are close",
    "D1": "the Gaussian process stands for the finite network",
    "D2": "expectation propagation stands for the exact 0-1 posterior",
    "D3": "it does not matter that SGD stops at the boundary of zero error",
    "D4": "noise of the frequencies explains what the correlation lacks",
    "D5": "random sampling shows no double descent",
    "D6": "SGD depends on the initial scale, which the 0-1 posterior does not see",
    "D7": "the NTK ensemble or the MSE posterior predicts P_OPT better than the 0-1 posterior",
}
_TESTS = {
    "C1": "Pearson correlation of log P_OPT with log P_B, exact 0-1 posterior; holds from 0.7, does not below 0.3",
    "C2": "decades by which P_OPT and P_B (exact 0-1) differ on average, rarest decade of frequency less the top 5; holds above 0",
    "C3 error": "decades of P_B (EP) between the target and the mean function with half of E wrong; holds from 3, does not below 0",
    "C3 complexity": "Spearman correlation of log P_B (EP) with complexity, functions networks found; holds to -0.5, does not above 0",
    "C4": "largest difference in mean test error between two optimisers, percentage points, Bonferroni, on all recorded test points where "
    "measured; holds above 0, cannot fail",
    "C4 setting": "largest difference in mean test error over a sweep, percentage points, Bonferroni, on all recorded test points where "
    "measured; holds above 0, cannot fail",
    "C5": "larger mean test error over smaller, networks and exact 0-1 posterior, on all recorded test points where measured; holds to "
    "1.25, does not from 2",
    "D1": "correlation of log P_B, exact 0-1 posterior and finite networks; holds from 0.9, does not below 0.7",
    "D2": "correlation of log P_B, EP and exact 0-1 posterior; holds from 0.9, does not below 0.7",
    "D3 correlation": "change of the correlation with the exact 0-1 posterior by overtraining; holds to 0.05, does not from 0.1",
    "D3 error": "larger mean test error over smaller, overtrained and not, on all recorded test points where measured; holds to 1.1, does "
    "not from 1.25",
    "D3 margin": "smallest over mean margin on S, median of networks that first fit S over that of random sampling (exact 0-1): below 1 "
    "networks stop nearer the boundary; holds from 1/1.5, does not below 1/3",
    "D4": "noise ceiling less correlation with the exact 0-1 posterior; holds to 0.05, does not from 0.1",
    "D5": "largest rise of random sampling's mean test error as width or |S| grows, percentage points, Bonferroni; holds to 1, does not "
    "from 2",
    "D6 error": "largest mean test error over smallest, over initial scales, Bonferroni, on all recorded test points where measured; "
    "holds from 1.25, does not below 1.1",
    "D6 distance": "total variation distance to the exact 0-1 posterior, smallest initial scale less largest; holds above 0",
    "D7": "correlation of this posterior less that of the exact 0-1 posterior; holds above 0, does not below",
}
_MOST = 0.75
_VERDICTS = ("holds", "holds in part", "does not hold", "not decided")
_EXACT = exact_posterior().name


@dataclass(frozen=True)
class _Finding:
    """One test of a claim; ``subject``: experiment, model or pair that it is about."""

    claim: str
    subject: str
    test: str
    domain_size: int | None
    effect: float
    low: float
    high: float
    networks: int | None
    functions: int | None
    verdict: str
    figure: str


def claims_table(
    comparison: pd.DataFrame,
    bands: pd.DataFrame,
    pairs: pd.DataFrame,
    by_error: Mapping[tuple[str, str], pd.DataFrame],
    complexity: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]],
    sweeps: Mapping[str, Mapping[str, Any]],
    margins: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]],
    test_errors: pd.DataFrame | None = None,
    error_pairs: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """A row per test: claim, statement, subject, test, domain_size, effect with low and high, networks, functions, verdict,
    figure (below figures/). Claims without a test have a row that says "not decided".

    ``comparison``, ``bands``, ``pairs``: the tables of these names. ``by_error``: EP's table of random functions by task and
    architecture. ``complexity``: by experiment, its complexity.parquet and its functions on the largest domain. ``sweeps``: of the
    configuration, with ``setting``, ``domain_size``, and ``values`` and ``groups`` by experiment.
    ``margins``: by experiment, its runs.parquet and margin_min and margin_mean of draws from the exact 0-1 posterior.
    ``test_errors`` and ``error_pairs``: test-errors.csv and test-error-pairs.csv, or None.
    """
    known = _known_pairs(error_pairs)
    findings = [
        *_correlations(comparison),
        *_bands(comparison, bands),
        *_errors_of_random_functions(by_error),
        *_complexities(complexity),
        *_optimizers(comparison, known),
        *_sweeps(comparison, sweeps, test_errors, known),
        *_margins(margins),
        *_test_errors(comparison, test_errors),
        *_pairs(pairs),
        *_other_predictors(comparison),
    ]
    tested = {finding.claim for finding in findings}
    empty = dict.fromkeys(("domain_size", "networks", "functions"))
    missing = [
        _Finding(claim, "", "no experiment of this configuration", effect=np.nan, low=np.nan, high=np.nan, verdict="not decided",
                 figure="", **empty)
        for claim in CLAIMS if claim not in tested
    ]  # fmt: skip
    table = pd.DataFrame([asdict(finding) for finding in [*findings, *missing]])
    table.insert(1, "statement", table["claim"].map(CLAIMS))
    whole = dict.fromkeys(empty, "Int64")
    return table.astype(whole).sort_values("claim", kind="stable", ignore_index=True)


def overall_verdicts(table: pd.DataFrame, *, by: str = "claim") -> pd.DataFrame:
    """A row per claim, or by "test" of each kind of test: claim, statement or test, tests, how many of each verdict, and the verdict
    of all: "not decided" where most are not; that of every decided test; with "mostly" that of three quarters of them; "holds in
    part" where none fails; else "mixed". Tests of one claim share networks and test points: a count of them is no sample size.
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
        about = {"statement": CLAIMS[claim]} if by == "claim" else {by: named[-1]}
        rows.append({"claim": claim, **about, "tests": len(of), **counts, "verdict": verdict})
    return pd.DataFrame(rows)


def _verdict(low: float, high: float, holds: float, fails: float) -> str:
    """``holds`` above ``fails``: larger effects speak for the claim; else smaller ones."""
    if not np.isfinite([low, high]).all():
        return "not decided"
    if holds < fails:
        low, high, holds, fails = -high, -low, -holds, -fails
    if low > holds:
        return "holds"
    if high < fails:
        return "does not hold"
    return "holds in part" if low > fails else "not decided"


def _finding(
    claim: str, row: pd.Series, effect: tuple[float, float, float], limits: tuple[float, float], **about: str
) -> _Finding:
    value, low, high = effect
    defaults = {"subject": row["experiment"], "test": _TESTS.get(claim), "figure": f"scatter/{row['experiment']}"}
    return _Finding(
        claim, domain_size=int(row["domain_size"]), effect=value, low=low, high=high, networks=int(row["networks"]),
        functions=int(row["compared"]), verdict=_verdict(low, high, *limits), **(defaults | about),
    )  # fmt: skip


def _correlations(comparison: pd.DataFrame) -> Iterator[_Finding]:
    for _, of in best_rows(comparison):
        row = of.loc[_EXACT]
        yield _finding("C1", row, (row["pearson"], row["pearson_low"], row["pearson_high"]), (0.7, 0.3))
        lacking = _difference(row, "noise_ceiling", row, "pearson")
        yield _finding("D4", row, lacking, (0.05, 0.1))


def _difference(a: pd.Series, name_a: str, b: pd.Series, name_b: str) -> tuple[float, float, float]:
    """Difference of two estimates, their errors taken as independent."""
    value = a[name_a] - b[name_b]
    down = np.hypot(a[name_a] - a[f"{name_a}_low"], b[f"{name_b}_high"] - b[name_b])
    up = np.hypot(a[f"{name_a}_high"] - a[name_a], b[name_b] - b[f"{name_b}_low"])
    return value, value - down, value + up


def _bands(comparison: pd.DataFrame, bands: pd.DataFrame) -> Iterator[_Finding]:
    for _, of in best_rows(comparison):
        row = of.loc[_EXACT]
        own = bands[
            bands["experiment"].eq(row["experiment"])
            & bands["domain_size"].eq(row["domain_size"])
            & bands["posterior"].eq(_EXACT)
        ]
        decades, top = own[own["band"].str.contains(" to ")], own[own["band"] == "top 5"]
        if len(decades) < 2 or top.empty:
            continue
        off = [_magnitude(each) for each in (decades.iloc[-1], top.iloc[0])]
        effect = _difference(off[0], "off", off[1], "off")
        yield _finding("C2", row, effect, (0, 0))


def _magnitude(row: pd.Series) -> pd.Series:
    """The size of a mean log ratio in decades, with its interval."""
    value, low, high = (row[f"log_ratio{end}"] / np.log(10) for end in ("", "_low", "_high"))
    reach = (high - low) / 2
    return pd.Series({"off": abs(value), "off_low": abs(value) - reach, "off_high": abs(value) + reach})


def _errors_of_random_functions(by_error: Mapping[tuple[str, str], pd.DataFrame]) -> Iterator[_Finding]:
    for (task, architecture), table in by_error.items():
        size = int(table["domain_size"].max())
        own = table[table["domain_size"] == size]
        target = own.loc[own["test_errors"] == 0, "log_p"] / np.log(10)
        half = min(own["test_errors"].unique(), key=lambda errors: abs(errors - size / 2))
        wrong = own.loc[own["test_errors"] == half, "log_p"] / np.log(10)
        if wrong.isna().any() or target.isna().any() or len(wrong) < 3:
            continue
        value = float(target.iloc[0] - wrong.mean())
        reach = stdtrit(len(wrong) - 1, 0.975) * wrong.std() / np.sqrt(len(wrong))
        yield _Finding(
            "C3", f"{task}, {architecture}", _TESTS["C3 error"], size, value, value - reach, value + reach, None, len(wrong) + 1,
            _verdict(value - reach, value + reach, 3, 0), f"by-error/{size}",
        )  # fmt: skip


def _complexities(complexity: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]]) -> Iterator[_Finding]:
    for experiment, (measured, functions) in complexity.items():
        size = len(functions["function"].iloc[0])
        each = measured[measured["domain_size"] == size].groupby("function")["complexity"].mean()
        known = (
            functions.dropna(subset=["log_p_ep"]).merge(each.reset_index(), on="function")
            if "log_p_ep" in functions
            else each[:0]
        )
        if len(known) < 10:
            continue
        value = float(spearmanr(known["complexity"], known["log_p_ep"]).statistic)
        # Fisher's scale, with the variance of Bonett and Wright (Psychometrika 65, 2000).
        reach = 1.96 * np.sqrt((1 + value**2 / 2) / (len(known) - 3))
        low, high = np.tanh(np.arctanh(value) - reach), np.tanh(np.arctanh(value) + reach)
        yield _Finding(
            "C3", experiment, _TESTS["C3 complexity"], size, value, low, high, int(functions["count"].sum()), len(known),
            _verdict(low, high, -0.5, 0), f"complexity/{experiment}",
        )  # fmt: skip


@dataclass(frozen=True)
class _Known:
    """Test errors of two experiments on all recorded points: the first's less, and over, the second's, with their intervals."""

    test_points: int
    difference: tuple[float, float, float]
    ratio: tuple[float, float, float]


def _known_pairs(error_pairs: pd.DataFrame | None) -> dict[tuple[str, str], _Known]:
    """In both orders."""
    known = {}
    for _, row in [] if error_pairs is None else error_pairs.iterrows():
        difference, ratio = (
            [float(row[f"{name}{end}"]) for end in ("", "_low", "_high")] for name in ("difference", "ratio")
        )
        a, b, points = row["experiment_a"], row["experiment_b"], int(row["test_points"])
        known[a, b] = _Known(points, tuple(difference), tuple(ratio))
        turned = [difference[each] for each in (0, 2, 1)], [ratio[each] for each in (0, 2, 1)]
        known[b, a] = _Known(points, tuple(-each for each in turned[0]), tuple(1 / each for each in turned[1]))
    return known


def _all_known(pairs: list[tuple[pd.Series, pd.Series]], known: Mapping[tuple[str, str], _Known]) -> list[_Known]:
    """What is known of each of the pairs of rows; empty unless it is of all."""
    names = [(a["experiment"], b["experiment"]) for a, b in pairs]
    return [known[each] for each in names] if all(each in known for each in names) else []


def _optimizers(comparison: pd.DataFrame, known: Mapping[tuple[str, str], _Known]) -> Iterator[_Finding]:
    alike = ["task", "architecture", "loss", "batch_size", "extra_epochs", "target_loss", "precision", "seed"]
    for _, of in comparison.groupby(alike, dropna=False, sort=False):
        size = of["domain_size"].max()
        rows = [row for _, row in of[of["domain_size"] == size].drop_duplicates("experiment").iterrows()]
        if len(rows) < 2:
            continue
        yield _largest_difference(
            rows, "C4", known, figure=f"errors/{rows[0]['task']}/{rows[0]['architecture']}/{size}"
        )


def _largest_difference(
    rows: list[pd.Series], test: str, known: Mapping[tuple[str, str], _Known], **about: str
) -> _Finding:
    """Of the mean test errors of experiments, with an interval that holds for all their pairs at once."""
    pairs = [pair for a, b in combinations(rows, 2) for pair in ((a, b), (b, a))]
    measured = _all_known(pairs, known)
    differences = [each.difference for each in measured] or [
        _difference(a, "test_error", b, "test_error") for a, b in pairs
    ]
    at = max(range(len(pairs)), key=lambda each: differences[each][0])
    a, b = pairs[at]
    effect = _at_once(_points(differences[at]), len(pairs) // 2)
    about = {"subject": f"{a['experiment']} and {b['experiment']}"} | about
    return _finding("C4", _of_both(a, b, measured[at : at + 1]), effect, (0, 0), test=_TESTS[test], **about)


def _largest_rise(rows: list[pd.Series], **about: str) -> _Finding:
    """Of a posterior's mean test error from one of the rows to a later one, with an interval that holds for all pairs."""
    column = "posterior_test_error"
    pairs = list(combinations(rows, 2))
    rises = [_at_once(_points(_difference(later, column, row, column)), len(pairs)) for row, later in pairs]
    effect = tuple(map(max, zip(*rises, strict=True)))
    return _Finding("D5", test=_TESTS["D5"], domain_size=int(rows[0]["domain_size"]), effect=effect[0], low=effect[1], high=effect[2],
                    networks=None, functions=None, verdict=_verdict(*effect[1:], 1, 2), **about)  # fmt: skip


def _points(difference: tuple[float, float, float]) -> tuple[float, ...]:
    """A difference of shares in percentage points."""
    return tuple(100 * each for each in difference)


def _at_once(effect: tuple[float, ...], number: int) -> tuple[float, float, float]:
    """One of ``number`` effects, its interval widened to hold for all at once."""
    value, low, high = effect
    wider = ndtri(1 - 0.025 / number) / ndtri(0.975)
    return value, value - wider * (value - low), value + wider * (high - value)


def _of_both(a: pd.Series, b: pd.Series, measured: list[_Known]) -> pd.Series:
    """The first row with the networks and functions of two, and the test points that they were ``measured`` on, if any."""
    row = a.copy()
    row["domain_size"] = measured[0].test_points if measured else a["domain_size"]
    row["networks"], row["compared"] = a["networks"] + b["networks"], a["functions"] + b["functions"]
    return row


def _sweeps(
    comparison: pd.DataFrame,
    sweeps: Mapping[str, Mapping[str, Any]],
    test_errors: pd.DataFrame | None,
    known: Mapping[tuple[str, str], _Known],
) -> Iterator[_Finding]:
    for name, sweep in sweeps.items():
        rows = comparison[
            comparison["experiment"].isin(sweep["values"]) & comparison["domain_size"].eq(sweep["domain_size"])
        ]
        rows = rows.assign(
            x=rows["experiment"].map(sweep["values"]), group=rows["experiment"].map(sweep["groups"])
        ).sort_values("x")
        figure = f"sweeps/{name}"
        # The infinitely wide network has no width.
        sampled = {"task.train_size": (_EXACT,), "architecture.width": _finite()}.get(sweep["setting"], ())
        for posterior, line in rows[rows["posterior"].isin(sampled)].groupby("posterior", sort=False):
            measured = on_all_points(line, test_errors)
            line = (measured if len(measured) == len(line) else line).drop_duplicates("x")
            values = [row for _, row in line.iterrows()]
            if len(values) > 1:
                yield _largest_rise(values, subject=f"{name}, {posterior}", figure=figure)
        rows = rows[rows["posterior"] == _EXACT]
        for group, line in rows.groupby("group", sort=False):
            if len(line) < 2:
                continue
            about = {"subject": f"{name}, {group}", "figure": figure}
            first, last = line.iloc[0], line.iloc[-1].copy()
            last["networks"] += first["networks"]
            if sweep["setting"] in ("batch_size", "optimizer.learning_rate", "extra_epochs", "target_loss"):
                yield _largest_difference([row for _, row in line.iterrows()], "C4 setting", known, **about)
            if sweep["setting"] in ("extra_epochs", "target_loss"):
                value, low, high = _difference(last, "pearson", first, "pearson")
                yield _finding(
                    "D3", last, _size(value, (high - low) / 2), (0.05, 0.1), test=_TESTS["D3 correlation"], **about
                )
                effect, row = _ratio_of(line.iloc[-1], first, known)
                yield _finding("D3", row, effect, (1.1, 1.25), test=_TESTS["D3 error"], **about)
            if sweep["setting"] == "architecture.weight_variance":
                pairs = list(combinations([each for _, each in line.iterrows()], 2))
                of_pairs = known if _all_known(pairs, known) else {}
                effects = [_ratio_of(a, b, of_pairs) for a, b in pairs]
                effect, row = max(effects, key=lambda each: np.nan_to_num(each[0][0], nan=-np.inf))
                ratio = np.exp(_at_once(tuple(np.log(effect)), len(pairs)))
                yield _finding("D6", row, tuple(map(float, ratio)), (1.25, 1.1), test=_TESTS["D6 error"], **about)
                nearer = _difference(first, "total_variation", last, "total_variation")
                yield _finding("D6", last, nearer, (0, 0), test=_TESTS["D6 distance"], **about)


def _size(value: float, reach: float) -> tuple[float, float, float]:
    """The size of a number, with the interval that one of this reach around it gives."""
    return abs(value), max(abs(value) - reach, 0), abs(value) + reach


def _ratio(a: pd.Series, b: pd.Series, name: str = "test_error") -> tuple[float, float, float]:
    """The larger of two positive estimates over the smaller; not numbers where either may be 0."""
    ends = [each[[name, f"{name}_low", f"{name}_high"]].to_numpy(dtype=float) for each in (a, b)]
    if not (np.array(ends) > 0).all():
        return np.nan, np.nan, np.nan
    (x, x_low, x_high), (y, y_low, y_high) = np.log(ends)
    return tuple(map(float, np.exp(_size(x - y, np.hypot(x_high - x_low, y_high - y_low) / 2))))


def _ratio_of(
    a: pd.Series, b: pd.Series, known: Mapping[tuple[str, str], _Known]
) -> tuple[tuple[float, float, float], pd.Series]:
    """The larger test error of two experiments over the smaller, and a row with the networks and test points it is of."""
    measured = _all_known([(a, b)], known)
    if not measured:
        return _ratio(a, b), _of_both(a, b, [])
    value, low, high = np.log(measured[0].ratio)
    return tuple(map(float, np.exp(_size(value, (high - low) / 2)))), _of_both(a, b, measured)


def _margins(margins: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]]) -> Iterator[_Finding]:
    for experiment, (runs, draws) in margins.items():
        first, overtrained = relative_margins(runs)
        # Overtrained networks first fit S where those of the same seed do that are not.
        if overtrained is not None:
            continue
        random, networks = _log_median(draws["margin_min"] / draws["margin_mean"]), _log_median(first)
        value, low, high = _difference(networks, "median", random, "median")
        effect = tuple(map(float, np.exp([value, low, high])))
        yield _Finding(
            "D3", experiment, _TESTS["D3 margin"], None, *effect, len(first), None, _verdict(*effect[1:], 1 / 1.5, 1 / 3), "margins",
        )  # fmt: skip


def _log_median(values: np.ndarray) -> pd.Series:
    """The logarithm of the median of positive values, with the interval that order statistics give it."""
    ends = quantile_test(values, p=0.5).confidence_interval(0.95)
    return pd.Series(np.log([np.median(values), ends.low, ends.high]), ["median", "median_low", "median_high"])


def _test_errors(comparison: pd.DataFrame, test_errors: pd.DataFrame | None) -> Iterator[_Finding]:
    exact = comparison[comparison["posterior"] == _EXACT]
    largest = exact.loc[exact.groupby("experiment", sort=False)["domain_size"].idxmax()]
    measured = on_all_points(largest, test_errors)
    for index, row in largest.iterrows():
        if index in measured.index:
            ratio = measured.loc[index, ["ratio", "ratio_low", "ratio_high"]].astype(float)
            value, low, high = np.log(ratio)
            effect = tuple(map(float, np.exp(_size(value, (high - low) / 2))))
        else:
            effect = _ratio(
                row, row.filter(like="posterior_test_error").rename(lambda name: name.removeprefix("posterior_"))
            )
        figure = f"errors/{row['task']}/{row['architecture']}/{row['domain_size']}"
        yield _finding("C5", measured.loc[index] if index in measured.index else row, effect, (1.25, 2), figure=figure)


def _pairs(pairs: pd.DataFrame) -> Iterator[_Finding]:
    for (task, architecture), of in pairs.groupby(["task", "architecture"], sort=False):
        for claim, others in (("D1", _finite()), ("D2", _approximations())):
            both = of[of["pearson"].notna() & _between(of, _EXACT, others)]
            if both.empty:
                continue
            row = both.sort_values(["compared", "domain_size"]).iloc[-1]
            other = {row["posterior_a"], row["posterior_b"]} - {_EXACT}
            figure = f"reference/{task}/{architecture}/{row['domain_size']}" if claim == "D1" else "ep-against-exact"
            low, high = row["pearson_low"], row["pearson_high"]
            yield _Finding(
                claim, f"{task}, {architecture}, {other.pop()}", _TESTS[claim], int(row["domain_size"]), row["pearson"], low, high, None,
                int(row["compared"]), _verdict(low, high, 0.9, 0.7), figure,
            )  # fmt: skip


def _finite() -> tuple[str, ...]:
    return tuple(name for name, kind in POSTERIORS.items() if kind.of_networks)


def _approximations() -> tuple[str, ...]:
    return tuple(name for name, kind in POSTERIORS.items() if kind.approximates == _EXACT)


def _between(pairs: pd.DataFrame, one: str, others: tuple[str, ...]) -> pd.Series:
    a, b = pairs["posterior_a"], pairs["posterior_b"]
    return (a.eq(one) & b.isin(others)) | (b.eq(one) & a.isin(others))


def _other_predictors(comparison: pd.DataFrame) -> Iterator[_Finding]:
    for _, of in best_rows(comparison):
        row = of.loc[_EXACT]
        for other, kind in POSTERIORS.items():
            if other in of.index and not (kind.exact or kind.approximates or kind.of_networks):
                effect = _difference(of.loc[other], "pearson", row, "pearson")
                yield _finding("D7", row, effect, (0, 0), subject=f"{row['experiment']}, {other}")
