"""Tables of functions and their probabilities: those drawn from a posterior and those that networks ended as."""

import numpy as np
import pandas as pd
import pytest
from conftest import random_covariance

from sgdbayes.analysis.found_functions import found_functions
from sgdbayes.functions import as_bits, as_strings, disjoint_domains
from sgdbayes.posterior import EmpiricalPosterior, Gaussian, log_orthant_probability
from sgdbayes.posterior.probabilities import drawn_functions, function_probabilities

POINTS = 10
LABELS = np.where(np.arange(POINTS) % 3 == 0, 1, -1)
DOMAINS = disjoint_domains(POINTS, [2, 4], 3)
ASKING = {"asked": 5, "asked_found": 3, "min_count": 20, "top": 2, "seed": 0}


@pytest.fixture(scope="module")
def gaussian() -> Gaussian:
    return Gaussian(np.random.default_rng(0).normal(0, 0.5, POINTS), random_covariance(POINTS))


def errors_of(table: pd.DataFrame) -> list[int]:
    """How many labels of each function are wrong on its domain."""
    found = []
    for row in table.itertuples():
        labels = LABELS[row.domain * row.domain_size : (row.domain + 1) * row.domain_size]
        found.append(int((as_bits([row.function])[0] != (labels > 0)).sum()))
    return found


def test_draws_are_counted_and_judged_on_each_domain(gaussian):
    table = drawn_functions(gaussian, LABELS, DOMAINS, asked=300, drawn=300, seed=1)
    assert list(table) == ["domain_size", "domain", "function", "count", "draws", "test_errors", "log_p"]
    sums = table.groupby(["domain_size", "domain"])["count"].sum()
    assert sums.to_dict() == {(2, 0): 300, (2, 1): 300, (2, 2): 300, (4, 0): 300, (4, 1): 300}
    assert not table.duplicated(["domain_size", "domain", "function"]).any()
    assert table["test_errors"].tolist() == errors_of(table)
    for (size, number), own in table.groupby(["domain_size", "domain"]):
        points = slice(number * size, (number + 1) * size)
        signs = np.where(as_bits(own["function"]), 1, -1)
        exact, _ = log_orthant_probability(gaussian.mean[points], gaussian.covariance[points, points], signs, seed=1)
        np.testing.assert_allclose(own["log_p"], exact, rtol=1e-9)
    # The four functions on two points: as often as they are probable.
    pair = table[(table["domain_size"] == 2) & (table["domain"] == 1)]
    assert np.exp(pair["log_p"]).sum() == pytest.approx(1, abs=1e-4)
    assert np.abs(pair["count"] / 300 - np.exp(pair["log_p"])).max() < 4 * np.sqrt(0.25 / 300)
    # All domains are pieces of the same draws, which each has in their order.
    every = gaussian.draw_functions(300, seed=1)
    for (size, number), own in table.groupby(["domain_size", "domain"]):
        for row in own.itertuples():
            mine = every[row.draws, number * size : (number + 1) * size]
            assert (as_strings(mine) == row.function).all()
            assert len(row.draws) == row.count
    again = drawn_functions(gaussian, LABELS, DOMAINS[-1:], asked=300, drawn=300, seed=1).reset_index(drop=True)
    pd.testing.assert_frame_equal(
        again, table[(table["domain_size"] == 4) & (table["domain"] == 1)].reset_index(drop=True)
    )


def test_few_points_have_more_draws():
    mean = np.random.default_rng(1).normal(1, 1, 42)
    table = drawn_functions(
        Gaussian(mean, np.eye(42)), np.ones(42), disjoint_domains(42, [20, 21], 2), asked=30, drawn=50, seed=1
    )
    sums = table.groupby(["domain_size", "domain"])["count"].sum()
    assert sums.to_dict() == {(20, 0): 50, (20, 1): 50, (21, 0): 30, (21, 1): 30}


def test_functions_may_be_strings_or_bits(gaussian):
    bits = np.random.default_rng(2).random((4, POINTS)) < 0.5
    by_bits, by_strings = (function_probabilities(gaussian, each, seed=0) for each in (bits, as_strings(bits)))
    pd.testing.assert_frame_equal(by_bits, by_strings)
    assert list(by_bits) == ["function", "log_p", "log_p_se"]


def test_what_networks_ended_as_is_asked_of_every_posterior(gaussian):
    rng = np.random.default_rng(3)
    networks = gaussian.draw_functions(200, seed=4)
    drawn = EmpiricalPosterior(rng.random((1, 60, POINTS)) < 0.5)
    table = found_functions(networks, LABELS, {"mse": gaussian, "rejection": drawn}, DOMAINS, **ASKING)
    assert table["test_errors"].tolist() == errors_of(table)
    for (size, number), own in table.groupby(["domain_size", "domain"]):
        names = as_strings(networks[:, number * size : (number + 1) * size])
        counts = pd.Series(names).value_counts()
        assert own["count"].tolist() == counts[own["function"]].tolist()
        assert own["count"].is_monotonic_decreasing
        assert own["frequency"].tolist() == pytest.approx((own["count"] / 200).tolist())
        # The first five networks', the two most frequent, and of those found twenty times the three most frequent.
        often = counts[counts >= 20].index[:3]
        assert {*names[:5], *often} <= {*own["function"]}
        assert len(own) <= 5 + max(3, 2)
        known = function_probabilities(gaussian.on(slice(number * size, (number + 1) * size)), own["function"], seed=0)
        assert own["log_p_mse"].tolist() == pytest.approx(known["log_p"].tolist())
    # Sixty draws: a function on four points that is none of them has no probability, one of few no standard error.
    few = table["draws_rejection"] < 5
    assert table.loc[few, "log_p_rejection_se"].isna().all()
    assert table["log_p_rejection"].isna().tolist() == (table["draws_rejection"] == 0).tolist()
    assert "draws_mse" not in table
