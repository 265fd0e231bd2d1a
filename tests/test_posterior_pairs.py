"""Pairs of posteriors against direct computation and known truths."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sgdbayes.posterior_pairs import compare_posteriors


def table(log_p: np.ndarray, error: float = 0.01) -> pd.DataFrame:
    names = [format(code, "05b") for code in range(len(log_p))]
    return pd.DataFrame(
        {"domain_size": 5, "function": names, "log_p": log_p, "log_p_se": np.where(log_p < 0, error, np.nan)}
    )


@pytest.fixture
def pair() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    log_p = np.log(rng.dirichlet(np.full(32, 0.3)))
    other = log_p + rng.normal(0, 1, 32)
    return log_p, other - np.log(np.exp(other).sum())


def test_statistics_are_those_of_scipy(pair):
    row = compare_posteriors(dict(zip("xy", map(table, pair), strict=True)), resamples=100).iloc[0]
    assert (row["posterior_a"], row["posterior_b"], row["domain_size"]) == ("x", "y", 5)
    assert (row["functions"], row["compared"], row["unresolved_a"], row["unresolved_b"]) == (32, 32, 0, 0)
    assert row["pearson"] == pytest.approx(stats.pearsonr(*pair).statistic)
    assert row["spearman"] == pytest.approx(stats.spearmanr(*pair).statistic)
    # All 32 functions are there: nothing is left to bound.
    distance = np.abs(np.exp(pair[0]) - np.exp(pair[1])).sum() / 2
    assert row["total_variation_least"] == pytest.approx(distance)
    assert row["total_variation_most"] == pytest.approx(distance)


def test_the_interval_is_that_of_repeated_estimates(pair):
    """Estimates with the stated errors scatter as the interval says, to a fifth."""
    rng, error = np.random.default_rng(1), 0.5
    row = compare_posteriors(dict(zip("xy", (table(p, error) for p in pair), strict=True)), resamples=2000).iloc[0]
    scatter = np.arctanh([stats.pearsonr(*(p + rng.normal(0, error, 32) for p in pair)).statistic for _ in range(2000)])
    for name in ("low", "high"):
        reach = abs(np.arctanh(row[f"pearson_{name}"]) - np.arctanh(row["pearson"]))
        assert reach == pytest.approx(1.96 * scatter.std(), rel=0.2)


def test_functions_known_to_one_or_unresolved_are_counted_and_bound_the_distance(pair):
    a, b = table(pair[0]), table(pair[1]).iloc[:20].copy()
    b.loc[[2, 3], ["log_p", "log_p_se"]] = np.nan
    row = compare_posteriors({"x": a, "y": b}, resamples=100).iloc[0]
    assert (row["functions"], row["compared"], row["unresolved_a"], row["unresolved_b"]) == (20, 18, 0, 2)
    p, q = np.exp(pair[0]), np.exp(pair[1])
    truth = np.abs(p - q).sum() / 2
    assert row["total_variation_least"] < truth < row["total_variation_most"] <= 1
    kept = np.isin(np.arange(32), np.r_[0:2, 4:20])
    assert row["mass_a"] == pytest.approx(p[kept].sum())


def test_nothing_to_compare_is_no_number(pair):
    a = table(pair[0])
    b = a.assign(log_p=np.nan, log_p_se=np.nan)
    few = a.iloc[:2]
    for other, compared in ((b, 0), (few, 2)):
        row = compare_posteriors({"x": a, "y": other}, resamples=100).iloc[0]
        assert row["compared"] == compared
        assert np.isnan(row[["pearson", "pearson_low", "spearman", "spearman_high"]].astype(float)).all()
    with pytest.raises(ValueError, match="finite or NaN"):
        compare_posteriors({"x": a.assign(log_p=-np.inf), "y": a})


def test_a_single_posterior_has_columns_and_no_rows(pair):
    alone = compare_posteriors({"x": table(pair[0])})
    assert len(alone) == 0
    assert list(alone) == list(compare_posteriors({"x": table(pair[0]), "y": table(pair[1])}, resamples=100))


def test_every_pair_on_every_domain(pair):
    three = {name: pd.concat([table(pair[0]), table(pair[0][:8]).assign(domain_size=3)]) for name in "xyz"}
    result = compare_posteriors(three, resamples=100)
    assert len(result) == 6
    assert (result["pearson"] > 0.999999).all()
