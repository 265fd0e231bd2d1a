"""Random functions by their number of errors, and their probabilities, against sums that are known."""

from math import comb, erf

import numpy as np
import pytest
from conftest import random_covariance

from sgdbayes.functions import as_bits
from sgdbayes.posterior import Gaussian
from sgdbayes.posterior.by_error import functions_by_error, probabilities_by_error

LABELS = np.where(np.random.default_rng(0).random(12) < 0.5, 1, -1)


def test_functions_have_the_errors_they_are_said_to_have():
    table = functions_by_error(LABELS, number=40, errors=13, seed=0)
    wrong = (as_bits(table["function"]) != (LABELS > 0)).sum(1)
    np.testing.assert_array_equal(wrong, table["test_errors"])
    assert not table["function"].duplicated().any()
    # All there are, where there are no more.
    assert table["test_errors"].value_counts().to_dict() == {k: min(40, comb(12, k)) for k in range(13)}


def test_functions_are_drawn_evenly():
    """Each point is wrong in a third of the functions: 400 of them, four standard deviations."""
    table = functions_by_error(LABELS, number=400, errors=4, seed=1)
    assert sorted(set(table["test_errors"])) == [0, 4, 8, 12]
    wrong = as_bits(table["function"][table["test_errors"] == 4]) != (LABELS > 0)
    assert len(wrong) == 400
    np.testing.assert_allclose(wrong.mean(0), 1 / 3, atol=4 * np.sqrt(2 / 9 / 400))
    assert not functions_by_error(LABELS, number=400, errors=4, seed=2).equals(table)


def test_probabilities_of_all_functions_sum_to_one_and_fall_to_the_error_they_must():
    """With all functions of seven points: the sum is 1, and over each number of errors that of independent signs."""
    labels = LABELS[:7]
    mean = 0.7 * labels
    posterior = Gaussian(np.concatenate([mean, [0.0]]), np.diag([*np.full(7, 2.0), 1.0]))
    table = probabilities_by_error(posterior, labels, [3, 7], number=1000, errors=8, seed=0)
    p = np.exp(table["log_p"])
    assert p[table["domain_size"] == 3].sum() == pytest.approx(1, abs=1e-6)
    sums = p[table["domain_size"] == 7].groupby(table["test_errors"]).sum()
    right = 0.5 + 0.5 * erf(0.7 / 2)
    np.testing.assert_allclose(sums, [comb(7, k) * right ** (7 - k) * (1 - right) ** k for k in range(8)], rtol=1e-6)


def test_all_posteriors_are_asked_of_the_same_functions():
    posteriors = (Gaussian(np.zeros(12), random_covariance(12, seed=seed)) for seed in range(2))
    tables = [probabilities_by_error(each, LABELS, [12], number=5, errors=3, seed=0) for each in posteriors]
    assert tables[0]["function"].equals(tables[1]["function"])
    assert not tables[0]["log_p"].equals(tables[1]["log_p"])
