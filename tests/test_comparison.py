"""Statistics of a comparison against direct computation and against known truths."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sgdbayes.analysis.comparison import Estimate, compare, compare_bands

ERROR = Estimate(0.1, 0.09, 0.11)


def function_table(counts: np.ndarray, size: int = 8) -> pd.DataFrame:
    names = [format(code, f"0{size}b") for code in range(len(counts))]
    return pd.DataFrame({"function": names, "count": counts, "test_errors": [name.count("1") for name in names]})


@pytest.fixture
def sample() -> tuple[pd.DataFrame, np.ndarray]:
    """1,000 networks over 40 functions with power-law probabilities, and a predictor off by a factor of about e."""
    rng = np.random.default_rng(0)
    truth = 1 / np.arange(1, 41) ** 1.5
    truth /= truth.sum()
    predictor = np.log(truth) + rng.normal(0, 1, 40)
    return function_table(rng.multinomial(1000, truth)), predictor - np.log(np.exp(predictor).sum())


def test_point_estimates_are_those_of_scipy(sample):
    table, log_p = sample
    result = compare(table, log_p, ERROR, min_count=5, resamples=200)
    used = (table["count"] >= 5).to_numpy()
    log_frequency = np.log(table["count"][used] / 1000)
    assert result.compared == used.sum()
    assert result.pearson.value == pytest.approx(stats.pearsonr(log_p[used], log_frequency).statistic)
    assert result.spearman.value == pytest.approx(stats.spearmanr(log_p[used], log_frequency).statistic)
    assert result.slope.value == pytest.approx(stats.linregress(log_p[used], log_frequency).slope)
    share = table["count"] / 1000
    assert result.total_variation.value == pytest.approx(np.abs(share - np.exp(log_p)).sum() / 2)
    assert result.test_error.value == pytest.approx((share * table["test_errors"]).sum() / 8)
    for estimate in (result.pearson, result.spearman, result.slope, result.total_variation, result.test_error):
        assert estimate.low < estimate.value < estimate.high


def test_shared_mass_and_functions_never_found():
    table = function_table(np.array([6, 4, 0]))
    log_p = np.log([0.1, 0.2, 0.5])
    result = compare(table, log_p, ERROR, min_count=1, top=1, resamples=100)
    assert result.functions == 2
    assert result.optimizer_mass_in_posterior_top.value == 0
    assert result.posterior_mass_in_optimizer_top.value == pytest.approx(0.1)
    assert result.posterior_mass_found.value == pytest.approx(0.3)
    # |0.6 - 0.1| + |0.4 - 0.2| + 0.5 for the third + 0.2 for all others, halved.
    assert result.total_variation.value == pytest.approx(0.7)


def test_too_few_functions_give_a_note_and_no_number():
    result = compare(function_table(np.array([1] * 50)), np.full(50, np.log(1 / 50)), ERROR, resamples=100)
    assert np.isnan([result.pearson.value, result.pearson.low, result.noise_ceiling.value]).all()
    assert result.note == "50 functions in 50 networks, 0 found 5 times or more: no correlation"


def test_equal_predictions_have_no_correlation():
    result = compare(function_table(np.array([50, 30, 20])), np.log([0.3, 0.3, 0.3]), ERROR, resamples=100)
    assert np.isnan(result.pearson.value)


@pytest.mark.parametrize("exponent", [0.5, 0.7, 1.5])
def test_a_perfect_predictor_reaches_the_noise_ceiling(exponent):
    """Over 60 samples the mean correlation of the true log probabilities is the mean ceiling, to three hundredths.

    Frequencies stand in for the truth in the ceiling, and scatter more than it does: with counts as small as these by
    that much.
    """
    rng = np.random.default_rng(1)
    truth = 1 / np.arange(1, 101) ** exponent
    truth /= truth.sum()
    reached, ceiling = [], []
    for _ in range(60):
        result = compare(function_table(rng.multinomial(512, truth)), np.log(truth), ERROR, resamples=100)
        reached.append(result.pearson.value)
        ceiling.append(result.noise_ceiling.value)
    assert np.mean(ceiling) < 0.99
    assert np.mean(reached) == pytest.approx(np.mean(ceiling), abs=0.03)


def test_interval_of_the_correlation_covers_what_such_samples_show(sample):
    """Of 100 samples at least 85 intervals hold the mean correlation of such samples: they cover it nine times in ten
    or more.
    """
    table, log_p = sample
    truth = 1 / np.arange(1, 41) ** 1.5
    truth /= truth.sum()
    rng = np.random.default_rng(3)

    def correlation(counts: np.ndarray) -> float:
        return stats.pearsonr(log_p[counts >= 5], np.log(counts[counts >= 5])).statistic

    target = np.mean([correlation(rng.multinomial(512, truth)) for _ in range(2000)])
    inside = 0
    for _ in range(100):
        estimate = compare(table.assign(count=rng.multinomial(512, truth)), log_p, ERROR, resamples=200).pearson
        inside += estimate.low <= target <= estimate.high
    assert inside >= 85


def test_a_domain_of_unique_functions_says_so():
    result = compare(function_table(np.array([9, 8, 7, *[1] * 40])), np.linspace(-5, -9, 43), ERROR, resamples=100)
    assert result.note == "43 functions in 64 networks, 62% of them with a function of their own: no correlation"
    assert np.isnan(result.pearson.value)
    assert np.isfinite(result.test_error.value)


def test_interval_of_the_mean_test_error_covers_the_truth():
    """Of 200 samples about 95 % give an interval with the true mean in it: 180 or more but for one chance in a
    thousand.
    """
    rng = np.random.default_rng(2)
    truth = rng.dirichlet(np.ones(20))
    table = function_table(np.zeros(20, dtype=int))
    expected = (truth * table["test_errors"]).sum() / 8
    inside = 0
    for _ in range(200):
        table = table.assign(count=rng.multinomial(300, truth))
        estimate = compare(table, np.log(truth), ERROR, resamples=200).test_error
        inside += estimate.low <= expected <= estimate.high
    assert inside >= 180


def test_bands(sample):
    table, log_p = sample
    bands = compare_bands(table, log_p, resamples=100).set_index("band")
    share = table["count"] / 1000
    assert bands.loc["1e-1 to 1e0", "functions"] == (share >= 0.1).sum()
    assert bands.loc["1e-2 to 1e-1", "networks"] == table["count"][(share >= 0.01) & (share < 0.1)].sum()
    assert bands.loc["top 10", "functions"] == 10
    top = table.sort_values("count", ascending=False, kind="stable").index[:10]
    expected = stats.pearsonr(log_p[top], np.log(share[top])).statistic
    assert bands.loc["top 10", "pearson"] == pytest.approx(expected)


def test_functions_that_too_few_draws_carry_are_counted_not_correlated(sample):
    table, log_p = sample
    unknown = np.isin(np.arange(40), [2, 39])
    result = compare(table, np.where(unknown, np.nan, log_p), ERROR, resamples=100)
    used = (table["count"] >= 5).to_numpy() & ~unknown
    assert (result.compared, result.unresolved) == (used.sum(), 1)
    expected = stats.pearsonr(log_p[used], np.log(table["count"][used])).statistic
    assert result.pearson.value == pytest.approx(expected)
    assert result.posterior_mass_found.value == pytest.approx(np.exp(log_p[(table["count"] > 0) & ~unknown]).sum())
    assert (
        result.note
        == "2 of 40 functions not asked about or carried by too few posterior draws: no mass, no correlation"
    )
    nothing = compare(table, np.full(40, np.nan), ERROR, resamples=100)
    assert nothing.compared == 0 and np.isnan(nothing.pearson.value)
    # What nothing is known of is no number: not the share of the functions that come first in the table, nor 0, nor 1.
    few = compare(table, np.where(np.arange(40) < 9, log_p, np.nan), ERROR, resamples=100)
    for unknown_masses in (nothing, few):
        for name in (
            "optimizer_mass_in_posterior_top",
            "posterior_mass_in_optimizer_top",
            "total_variation",
            "posterior_mass_found",
        ):
            assert np.isnan(getattr(unknown_masses, name).value)
        assert unknown_masses.test_error == result.test_error
    ten = np.argsort(-table["count"].to_numpy(), kind="stable")[-10:]
    last = compare(table, np.where(np.isin(np.arange(40), ten), log_p, np.nan), ERROR, resamples=100)
    assert last.optimizer_mass_in_posterior_top.value == pytest.approx(table["count"][ten].sum() / table["count"].sum())
    bands = compare_bands(table, np.where(unknown, np.nan, log_p), resamples=100).set_index("band")
    assert bands.loc["top 10", "functions"] == 9


def test_bad_input():
    with pytest.raises(ValueError, match="log_p must be finite"):
        compare(function_table(np.array([1, 2])), np.array([0.0, -np.inf]), ERROR)
    with pytest.raises(ValueError, match="no network fitted S"):
        compare(function_table(np.array([0, 0])), np.log([0.5, 0.5]), ERROR)
