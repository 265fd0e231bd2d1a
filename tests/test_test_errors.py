"""Test errors on all recorded points: against the posteriors' own means, and intervals against simulations."""

import numpy as np
import pandas as pd
import pytest

from sgdbayes.analysis.posterior_errors import posterior_errors
from sgdbayes.analysis.test_errors import error_pairs, error_table
from sgdbayes.functions import pack
from sgdbayes.posterior.empirical import EmpiricalPosterior
from sgdbayes.posterior.gaussian import Gaussian
from sgdbayes.posterior.mixture import GaussianMixture


def test_wrong_labels_at_each_point_are_the_errors_of_the_marginal_there():
    rng = np.random.default_rng(0)
    factor, labels = rng.standard_normal((6, 6)), rng.choice([-1, 1], 6)
    covariance = factor @ factor.T
    posteriors = {
        "mse": Gaussian(rng.standard_normal(6), covariance),
        "zero_one": GaussianMixture(rng.standard_normal((4, 50, 6)), covariance),
        "rejection": EmpiricalPosterior(rng.random((1, 40, 6)) < 0.7),
        "splitting": EmpiricalPosterior(rng.random((4, 30, 6)) < rng.random((4, 1, 6))),
    }
    marginals = {
        "mse": lambda at: Gaussian(posteriors["mse"].mean[at], covariance[at, at]),
        "zero_one": lambda at: GaussianMixture(posteriors["zero_one"].means[..., at], covariance[at, at]),
        "rejection": lambda at: EmpiricalPosterior(posteriors["rejection"].functions[..., at]),
        "splitting": lambda at: EmpiricalPosterior(posteriors["splitting"].functions[..., at]),
    }
    table = posterior_errors(posteriors, labels)
    assert table["label"].tolist() == (labels > 0).astype(int).tolist()
    for name, posterior in posteriors.items():
        at_points = [marginals[name](slice(i, i + 1)).mean_test_error(labels[i : i + 1]) for i in range(6)]
        np.testing.assert_allclose(table[[f"wrong_{name}", f"wrong_{name}_se"]], at_points, rtol=1e-12)
        value, error = posterior.mean_test_error(labels)
        assert table[f"wrong_{name}"].mean() == pytest.approx(value, abs=1e-12)
        # That of the mean is at most the mean of theirs.
        assert table[f"wrong_{name}_se"].mean() >= error


def runs_of(labels: np.ndarray, converged: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"labels": pack(labels), "converged": converged})


def simulated(rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Networks of which some are better than others, on points of which some are harder, for them and for the
    posterior.
    """
    hardness, skill = rng.beta(0.3, 2, 200), rng.uniform(0.5, 1.5, 30)
    truth = rng.random(200) < 0.5
    wrong = rng.random((30, 200)) < np.clip(np.outer(skill, hardness), 0, 1) / 1.5
    table = pd.DataFrame({"label": truth.astype(int), "wrong_mse": hardness, "wrong_mse_se": 0.0})
    return runs_of(truth ^ wrong, np.ones(30, dtype=bool)), table


def test_intervals_hold_what_other_points_and_networks_would_show():
    rng = np.random.default_rng(1)
    tables = pd.concat(error_table(*simulated(rng)) for _ in range(400))
    large = rng.beta(0.3, 2, 10**6)
    own = (np.clip(large * rng.uniform(0.5, 1.5, 10**6), 0, 1) / 1.5).mean()
    truths = {"test_error": own, "posterior_test_error": 0.3 / 2.3, "ratio": 0.3 / 2.3 / own}
    for name, truth in truths.items():
        held = tables[f"{name}_low"].le(truth) & tables[f"{name}_high"].ge(truth)
        # 95 % within three standard errors of 400 simulations, and a point for the normal approximation.
        assert abs(held.mean() - 0.95) < 3 * np.sqrt(0.95 * 0.05 / 400) + 0.01, name
    # The same points: the ratio is better known than from errors that have nothing in common.
    known, own, theirs = (
        np.log(tables[f"{name}_high"] / tables[f"{name}_low"]).mean()
        for name in ("ratio", "test_error", "posterior_test_error")
    )
    assert known < 0.7 * np.hypot(own, theirs)


def test_networks_that_differ_widen_the_interval_as_points_do():
    """Here points are alike, so that only networks matter."""
    rng = np.random.default_rng(4)
    tables = []
    for _ in range(400):
        wrong = rng.random((12, 300)) < rng.uniform(0, 0.6, (12, 1))
        table = pd.DataFrame({"label": np.ones(300, dtype=int), "wrong_mse": 0.3, "wrong_mse_se": 0.0})
        tables.append(error_table(runs_of(~wrong, np.ones(12, dtype=bool)), table))
    table = pd.concat(tables)
    held = (table["test_error_low"] <= 0.3) & (table["test_error_high"] >= 0.3)
    # 1.96 standard errors of twelve values hold 92 % where Student's 2.2 would 95.
    assert 0.88 < held.mean() < 0.98


def test_differences_of_two_experiments_are_those_on_the_same_points():
    rng, rows = np.random.default_rng(5), []
    for _ in range(300):
        hardness, labels = rng.beta(0.3, 2, 200), rng.integers(0, 2, 200)
        runs = {
            name: runs_of(labels.astype(bool) ^ (rng.random((25, 200)) < share * hardness), np.ones(25, dtype=bool))
            for name, share in (("a", 0.9), ("b", 0.6))
        }
        rows.append(error_pairs(runs, labels))
    table = pd.concat(rows)
    assert (table[["experiment_a", "experiment_b"]].to_numpy() == ["a", "b"]).all()
    for name, truth in (("difference", 0.3 * 0.3 / 2.3), ("ratio", 1.5)):
        held = (table[f"{name}_low"] <= truth) & (table[f"{name}_high"] >= truth)
        assert abs(held.mean() - 0.95) < 3 * np.sqrt(0.95 * 0.05 / 300) + 0.01, name
    flawless = {
        name: runs_of(np.tile(labels.astype(bool), (4, 1)), np.arange(4) < number)
        for name, number in (("a", 4), ("b", 2), ("c", 0))
    }
    row = error_pairs(flawless, labels)
    assert len(row) == 1
    assert row["difference"].tolist() == [0]
    assert row["ratio"].isna().all()


def test_monte_carlo_error_widens_the_interval_of_the_posterior_alone():
    runs, wrong = simulated(np.random.default_rng(2))
    exact, noisy = (error_table(runs, wrong.assign(wrong_mse_se=se)).iloc[0] for se in (0.0, 0.05))
    assert noisy["posterior_test_error_low"] < exact["posterior_test_error_low"]
    assert noisy["ratio_high"] > exact["ratio_high"]
    assert noisy["test_error_low"] == exact["test_error_low"]


def test_only_networks_that_fit_count_and_without_any_there_is_no_error():
    runs, wrong = simulated(np.random.default_rng(3))
    fitted = np.arange(30) < 12
    row = error_table(runs.assign(converged=fitted), wrong).iloc[0]
    same = error_table(runs[fitted], wrong).iloc[0]
    pd.testing.assert_series_equal(row, same)
    assert row["networks"] == 12
    none = error_table(runs.assign(converged=False), wrong).iloc[0]
    assert none["networks"] == 0
    assert none.filter(regex="^test_error|ratio").isna().all()
    assert none["posterior_test_error"] == pytest.approx(wrong["wrong_mse"].mean())
    # Networks that are never wrong have no ratio.
    flawless = error_table(
        runs_of(np.tile(wrong["label"].to_numpy(dtype=bool), (5, 1)), np.ones(5, dtype=bool)), wrong
    ).iloc[0]
    assert flawless["test_error"] == flawless["test_error_low"] == 0
    # Clopper and Pearson's bound where none of 200 points is wrong.
    assert flawless["test_error_high"] == pytest.approx(1 - 0.025 ** (1 / 200))
    assert np.isnan(flawless["ratio"])
