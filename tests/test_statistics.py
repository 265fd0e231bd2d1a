"""Estimates and their arithmetic. What resamples and intervals cover is tested where they are used."""

import numpy as np
import pytest
from scipy.stats import norm, t

from sgdbayes.statistics import Estimate, standard_error, student_factor


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
    wider = Estimate.around(0.0, 1.0).widened(10)
    # Bonferroni: each of ten in its interval but once in 200.
    assert wider.high / 1.96 == pytest.approx(norm.ppf(1 - 0.025 / 10) / norm.ppf(0.975))
    assert Estimate.around(0.02, 0.02, lowest=0, highest=1).low == 0


def test_factors():
    assert 1.959963984540054 * student_factor(16) == pytest.approx(t.ppf(0.975, 15))
    assert standard_error(np.array([1.0, 2.0, 3.0])) == pytest.approx(1 / np.sqrt(3))
    assert np.isnan(standard_error(np.array([1.0])))
