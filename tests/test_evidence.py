"""The exact log evidence along growing training sets against closed forms and recursions; EP against exact on small
cases.
"""

import numpy as np
import pandas as pd
import pytest
from conftest import positive_orthant, random_covariance
from test_orthant import autoregressive, mixed

from sgdbayes.analysis.ep_against_exact import compare_ep, ep_table
from sgdbayes.posterior import zero_one_evidence


def test_evidence_of_up_to_three_points_is_the_closed_form():
    kernel, labels = random_covariance(3, seed=1), np.array([1, -1, 1])
    path = zero_one_evidence(kernel, labels, 4000, seed=0, block=1)
    folded = kernel * np.outer(labels, labels)
    exact = np.log([positive_orthant(folded[:size, :size]) for size in (1, 2, 3)])
    assert path.sizes.tolist() == [1, 2, 3]
    assert path.log_evidence[0] == exact[0] and path.standard_error[0] == 0
    assert (np.abs(path.log_evidence - exact)[1:] < 4 * path.standard_error[1:]).all()


def test_standard_errors_are_honest():
    """Of 200 seeds about 95 % give an interval with the truth in it: 180 or more but for one chance in a thousand."""
    covariance, labels, exact = autoregressive(20, 0.7, mixed(20))
    paths = [zero_one_evidence(covariance, labels, 128, seed=seed, block=5) for seed in range(200)]
    deviations = np.array([path.log_evidence[-1] - exact for path in paths])
    errors = np.array([path.standard_error[-1] for path in paths])
    assert 180 <= (np.abs(deviations) < 1.96 * errors).sum() <= 199
    # Without its correction for the logarithm, each of four blocks would be low by half its variance.
    assert abs(deviations.mean()) < 4 * deviations.std() / np.sqrt(200)


def test_the_path_goes_through_the_sizes_asked_for():
    covariance, labels, exact = autoregressive(60, 0.8, mixed(60))
    seen = []
    path = zero_one_evidence(
        covariance, labels, 400, seed=1, through=[10, 50], progress=lambda size, *_: seen.append(size)
    )
    assert path.sizes.tolist() == [1, 10, 21, 41, 50, 60] and seen == path.sizes[1:].tolist()
    assert abs(path.log_evidence[-1] - exact) < 4 * path.standard_error[-1]
    assert np.isnan(path.draws[0]) and (path.draws[1:] > 1).all()


def test_bad_input():
    with pytest.raises(ValueError, match="kernel and labels must agree"):
        zero_one_evidence(np.eye(3), np.ones(2), 100, seed=0)
    with pytest.raises(ValueError, match="through must hold sizes from 1 to 2"):
        zero_one_evidence(np.eye(2), np.ones(2), 100, seed=0, through=[3])
    with pytest.raises(ValueError, match="num_samples must be at least 32, got 8"):
        zero_one_evidence(np.eye(2), np.ones(2), 8, seed=0)
    with pytest.raises(ValueError, match="block must be at least 1, got -1"):
        zero_one_evidence(np.eye(2), np.ones(2), 100, seed=0, block=-1)
    with pytest.raises(ValueError, match="warm_up must be at least 0, got -1"):
        zero_one_evidence(np.eye(2), np.ones(2), 100, seed=0, warm_up=-1)


@pytest.fixture(scope="module")
def small_comparison():
    kernel, labels, test_labels = random_covariance(13, seed=3), np.array([1, -1, 1, 1, -1]), np.ones(8)
    result = compare_ep(kernel, labels, test_labels, domain_sizes=[2, 4], functions=40, samples=1500, seed=0)
    z = np.random.default_rng(1).multivariate_normal(np.zeros(13), kernel, 1_000_000)
    return result, z[(np.sign(z[:, :5]) == labels).all(1)][:, 5:] > 0


def test_exact_predictions_are_those_of_rejection(small_comparison):
    result, kept = small_comparison
    spread = np.hypot(result.predictive["p_exact_se"], 0.5 / np.sqrt(len(kept)))
    assert np.abs((result.predictive["p_exact"] - kept.mean(0)) / spread).max() < 4
    np.testing.assert_allclose(result.predictive["p_ep"], kept.mean(0), atol=0.02)
    assert result.facts["test_error_exact"] == pytest.approx((~kept).mean(), abs=0.01)


def test_functions_of_both_posteriors_are_compared(small_comparison):
    functions = small_comparison[0].functions
    assert set(functions["source"]) <= {"zero_one", "mse"}
    assert not functions.duplicated(["domain_size", "function"]).any()
    assert (functions["function"].str.len() == functions["domain_size"]).all()
    assert np.isfinite(functions[["log_p_ep", "log_p_exact", "log_p_exact_se"]]).all(axis=None)
    # The four functions on two points are all there, and their probabilities sum to one.
    pair = functions[functions["domain_size"] == 2]
    assert np.exp(pair["log_p_exact"]).sum() == pytest.approx(1, abs=0.02)
    assert np.exp(pair["log_p_ep"]).sum() == pytest.approx(1, abs=0.02)


def test_table_says_how_far_apart_the_two_are(small_comparison):
    result = small_comparison[0]
    evidence = pd.DataFrame({"sizes": [5], "log_evidence": [-3.0], "standard_error": [0.5]})
    row = ep_table([result.facts], [result.predictive], [result.functions], evidence).iloc[0]
    assert (row["train_size"], row["log_evidence_exact_low"]) == (5, pytest.approx(-3.98))
    difference = result.predictive["p_ep"] - result.predictive["p_exact"]
    assert row["predictive_rms"] == pytest.approx(np.sqrt((difference**2).mean()))
    assert row["resolved_4"] == row["functions_4"] == (result.functions["domain_size"] == 4).sum()
    assert 0 < row["log_ratio_rms_4"] < 0.2
