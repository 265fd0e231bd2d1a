"""Estimates and their arithmetic, and intervals whose truth is known. What those of comparisons cover: benchmarks/."""

from dataclasses import astuple

import numpy as np
import pytest
from scipy import stats
from scipy.stats import t

from sgdbayes.statistics import (
    GROUPS,
    UNDEFINED,
    Estimate,
    correlation_and_slope,
    group_sums,
    means_without,
    over_domains,
    over_seeds,
    standard_error,
    student_factor,
    student_mean,
)


def test_a_difference_covers_as_often_as_it_says():
    """Two independent normal estimates, 20,000 times: 95 % to 0.15 % standard error, and 1.96 is 0.0004 % short."""
    rng = np.random.default_rng(0)
    errors, truths = (0.3, 1.2), (5.0, 4.0)
    drawn = [truth + error * rng.standard_normal(20_000) for truth, error in zip(truths, errors, strict=True)]
    held = 0
    for a, b in zip(*drawn, strict=True):
        difference = Estimate.around(a, errors[0]) - Estimate.around(b, errors[1])
        held += difference.low <= 1.0 <= difference.high
    assert held / 20_000 == pytest.approx(0.95, abs=4 * 0.0016)


def test_the_arithmetic_of_one_estimate():
    one = Estimate(2.0, 1.0, 4.0)
    assert -one == Estimate(-2.0, -4.0, -1.0)
    assert Estimate.of(one.named("x"), "x") == one
    assert one.mapped(np.log).mapped(np.exp).named("x") == pytest.approx(one.named("x"))
    assert Estimate(-0.5, -1.0, 0.0).size == Estimate(0.5, 0.0, 1.0)
    # Bonferroni: each of ten in its interval but once in 200.
    wider = Estimate(1.0, *t.interval(0.95, 4, 1.0, 0.3)).widened(10, freedom=4)
    assert (wider.value, wider.low, wider.high) == pytest.approx((1.0, *t.interval(0.995, 4, 1.0, 0.3)))
    assert Estimate(0.02, -0.02, 0.06).clipped(0, 1) == Estimate(0.02, 0, 0.06)
    unknown = Estimate(0.5, np.nan, np.nan).clipped(0, 1)
    assert np.isnan([unknown.low, unknown.high]).all()


def test_factors():
    assert 1.959963984540054 * student_factor(16) == pytest.approx(t.ppf(0.975, 15))
    assert standard_error(np.array([1.0, 2.0, 3.0])) == pytest.approx(1 / np.sqrt(3))
    assert np.isnan(standard_error(np.array([1.0])))


@pytest.mark.parametrize("number", [47, 100, 7])
def test_groups_are_left_out_one_by_one(number):
    values = np.random.default_rng(0).normal(size=(number, 2))
    group = np.arange(number) % GROUPS
    found = means_without(values)
    np.testing.assert_allclose(found[0], values.mean(0))
    np.testing.assert_allclose(found[1:], [values[group != g].mean(0) for g in range(GROUPS)])
    np.testing.assert_allclose(group_sums(values), [values[group == g].sum(0) for g in range(GROUPS)])
    assert np.isnan(means_without(values[:1])[1]).all()


def networks_on_domains(
    rng: np.random.Generator, *, domains: int, networks: int, of_domain: float, shared: float, own: float
) -> np.ndarray:
    """Means over networks (D, 1 + GROUPS) of values with known components of variance, their true mean 0: of domains,
    of networks on all domains, and of networks on each.
    """
    values = rng.normal(0, own, (networks, domains)) + rng.normal(0, shared, (networks, 1))
    return means_without(values).T + rng.normal(0, of_domain, (domains, 1))


@pytest.mark.parametrize(
    ("of_domain", "shared", "own"),
    [(0.2, 0.0, 1.0), (0.2, 2.0, 1.0), (0.0, 2.0, 1.0), (0.05, 1.0, 5.0)],
    ids=["domains differ", "both", "networks alone", "noise"],
)
@pytest.mark.parametrize("domains", [5, 20])
def test_a_mean_over_domains_has_the_error_of_its_components(domains, of_domain, shared, own):
    rng = np.random.default_rng(1)
    variances, means, held = [], [], 0
    for _ in range(400):
        about = {"of_domain": of_domain, "shared": shared, "own": own}
        estimate, _ = over_domains(networks_on_domains(rng, domains=domains, networks=200, **about))
        error = (estimate.high - estimate.value) / 1.96 / student_factor(domains)
        variances.append(error**2)
        means.append(estimate.value)
        held += estimate.low <= 0 <= estimate.high
    truth = of_domain**2 / domains + shared**2 / 200 + own**2 / 200 / domains
    assert np.var(means) == pytest.approx(truth, rel=0.25)
    # A covariance is not taken to be below 0, which makes the variance a little large where there is none.
    assert 0.9 * truth < np.mean(variances) < 1.25 * truth
    # Student's t on D - 1 is for s^2 alone: where networks are what varies, the interval is too wide, never too narrow.
    assert held / 400 > 0.93
    if shared == 0:
        assert held / 400 < 0.99


def test_domains_without_a_value_are_left_out():
    values = networks_on_domains(np.random.default_rng(2), domains=8, networks=50, of_domain=1, shared=1, own=1)
    missing = np.concatenate([values, np.full((3, 1 + GROUPS), np.nan)])
    assert over_domains(missing) == over_domains(values)
    assert over_domains(values, fewest=8) == over_domains(values)
    assert np.isnan(over_domains(missing, fewest=9)[0].value)
    assert np.isnan(over_domains(missing[8:])[0].value)
    # One domain has an interval over networks, that of a mean of 50 values.
    alone, spread = over_domains(values[:1])
    assert alone.high - alone.value == pytest.approx(1.96 * student_factor(20) * np.sqrt(2 / 50), rel=0.4)
    assert np.isnan(spread)


def test_a_mean_over_training_sets_is_students():
    values = np.array([0.3, 0.5, 0.1, 0.4])
    estimate, spread = student_mean(values)
    low, high = t.interval(0.95, 3, values.mean(), stats.sem(values))
    assert (estimate.value, estimate.low, estimate.high) == pytest.approx((0.325, low, high), rel=1e-4)
    assert spread == pytest.approx(values.std(ddof=1))
    assert student_mean(np.array([*values, np.nan])) == (estimate, spread)
    one, spread = student_mean(values[:1])
    assert one.value == 0.3
    assert np.isnan([one.low, one.high, spread]).all()
    assert np.isnan(student_mean(values[:0])[0].value)


def test_training_sets_have_a_mean_if_all_have_a_value():
    """Their own intervals do not count, but that of one alone."""
    values = np.array([0.3, 0.5, 0.1])
    estimates = [Estimate(value, np.nan, np.nan) for value in values]
    assert over_seeds(estimates) == student_mean(values)[0]
    assert over_seeds([Estimate(0.3, 0.1, 0.7)]) == Estimate(0.3, 0.1, 0.7)
    for missing in ([*estimates, UNDEFINED], []):
        assert np.isnan(astuple(over_seeds(missing))).all()


def test_correlation_and_slope_are_those_of_scipy():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(2, 30))
    y = 0.5 * x + rng.normal(size=(2, 30))
    used = rng.random((2, 30)) < 0.7
    pearson, slope = correlation_and_slope(x, y, used)
    for row in range(2):
        line = stats.linregress(x[row, used[row]], y[row, used[row]])
        assert (pearson[row], slope[row]) == pytest.approx((line.rvalue, line.slope))
    two = np.arange(30) < 2
    assert np.isnan(correlation_and_slope(x[0], y[0], two)[0])
    assert np.isnan(correlation_and_slope(x[0], np.full(30, 0.3), used[0])[0])
