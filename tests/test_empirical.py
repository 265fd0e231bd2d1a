"""The posterior that drawn functions give: its errors over many samples, its way through files and configurations."""

import copy
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from conftest import random_task
from scipy import stats

from sgdbayes.architectures import FullyConnected
from sgdbayes.files import read_arrays, write_arrays
from sgdbayes.functions import Domain, disjoint_domains
from sgdbayes.pipeline.checking import check_kinds
from sgdbayes.pipeline.mistakes import ConfigurationError
from sgdbayes.pipeline.plan import Plan
from sgdbayes.pipeline.reading import read_configuration
from sgdbayes.posterior import EmpiricalPosterior
from sgdbayes.posterior.kinds import POSTERIORS
from sgdbayes.posterior.probabilities import drawn_functions, function_probabilities
from sgdbayes.posterior.stored import stored_posterior

ROOT = Path(__file__).parents[1]
ALL = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]])
SHARES = np.array([0.55, 0.3, 0.14, 0.01])


def functions(codes: np.ndarray) -> np.ndarray:
    return ALL[codes] > 0


def test_intervals_of_independent_draws_hold_the_truth():
    rng = np.random.default_rng(0)
    inside = np.zeros(4)
    resolved = np.zeros(4)
    for _ in range(500):
        posterior = EmpiricalPosterior(functions(rng.choice(4, p=SHARES, size=(1, 600))))
        log_p, error, draws = posterior.log_probabilities(ALL)
        given = draws >= posterior.fewest_draws
        resolved += given
        inside += given & (np.abs(log_p - np.log(SHARES)) < 1.96 * error)
    assert (resolved[:3] == 500).all() and 200 < resolved[3] < 450
    # 500 intervals of 95 %: fewer than 460 in them has a chance below one in a thousand.
    assert (inside / resolved > 0.92).all() and (inside / resolved < 0.995).all()


def test_intervals_of_runs_hold_the_truth():
    """Each run repeats every draw ten times, so binomial errors would be a third of what they should be."""
    rng = np.random.default_rng(1)
    inside, errors, truths = np.zeros(3), [], []
    for _ in range(200):
        codes = np.repeat(rng.choice(4, p=SHARES, size=(8, 100)), 10, axis=1)
        posterior = EmpiricalPosterior(functions(codes))
        log_p, error, draws = posterior.log_probabilities(ALL[:3])
        inside += np.abs(log_p - np.log(SHARES[:3])) < 1.96 * error
        errors.append(draws)
        value, deviation = posterior.mean_test_error(np.array([1, 1]))
        truths.append(abs(value - (0.3 + 0.14) / 2 - 0.01) < 1.96 * deviation)
    assert (inside / 200 > 0.89).all() and (inside / 200 < 0.995).all()
    assert 0.89 < np.mean(truths) < 0.995
    # Draws that carry a function: of its 8,000 about a tenth are independent.
    assert np.median(np.array(errors) / (8000 * SHARES[:3])) == pytest.approx(0.1, rel=0.5)


def test_what_is_not_resolved_gets_no_number():
    codes = np.zeros((1, 100), dtype=int)
    codes[0, :4] = 1
    posterior = EmpiricalPosterior(functions(codes))
    table = function_probabilities(posterior, ["11", "10", "00"], seed=0).set_index("function")
    assert table["draws"].to_dict() == {"11": 96, "10": 4, "00": 0}
    assert table["log_p_se"].isna().to_dict() == {"11": False, "10": True, "00": True}
    assert table["log_p"].tolist() == pytest.approx([np.log(0.96), np.log(0.04), np.nan], nan_ok=True)
    # Half of one run, nothing of seven others: a single draw's worth.
    codes = np.zeros((8, 100), dtype=int)
    codes[3, :50] = 1
    table = function_probabilities(EmpiricalPosterior(functions(codes)), ["10"], seed=0)
    assert table["draws"][0] == pytest.approx(1, abs=0.2) and np.isnan(table["log_p_se"][0])
    # All draws alike: the probability is 1, but not beyond doubt.
    log_p, error, draws = EmpiricalPosterior(np.ones((1, 50, 2), dtype=bool)).log_probabilities(ALL[:1])
    assert (log_p[0], draws[0]) == (0, 50) and 0.02 < error[0] < 0.1


def test_five_draws_are_enough_for_an_interval():
    """What docs/methods.md says of counts of 5 and more out of very many draws, whatever their mean above 5."""
    counts = np.arange(5, 400)
    reach = 1.96 * np.sqrt(counts + 2) / counts
    for mean in np.linspace(5, 100, 200):
        chance = stats.poisson.pmf(counts, mean)
        assert chance[np.abs(np.log(counts / mean)) < reach].sum() / chance.sum() > 0.935


def test_draws_are_never_repeated():
    posterior = EmpiricalPosterior(np.random.default_rng(0).random((4, 10, 6)) < 0.5)
    drawn = posterior.draw_functions(100, seed=1)
    assert sorted(map(bytes, drawn)) == sorted(map(bytes, posterior.functions.reshape(40, 6)))
    np.testing.assert_array_equal(posterior.draw_functions(7, seed=1), drawn[:7])
    # Half of them, on each domain: the others say how probable they are.
    table = drawn_functions(posterior, np.ones(6), disjoint_domains(6, [3, 6], 2), asked=100, drawn=100, seed=0)
    assert table.groupby(["domain_size", "domain"])["count"].sum().to_dict() == {(3, 0): 20, (3, 1): 20, (6, 0): 20}


def test_draws_are_judged_by_runs_that_they_were_not_drawn_from():
    drawn = np.zeros((4, 10, 3), dtype=bool)
    drawn[:2, :, 0] = True
    drawn[2:, 5:, 0] = True
    first, second = EmpiricalPosterior(drawn).halves()
    assert [each.functions.shape for each in (first, second)] == [(2, 10, 3)] * 2
    table = drawn_functions(EmpiricalPosterior(drawn), -np.ones(3), [Domain(3, 0)], asked=15, drawn=15, seed=0)
    assert table[["function", "count", "test_errors"]].to_numpy().tolist() == [["100", 15, 1]]
    assert table["log_p"].iloc[0] == pytest.approx(np.log(0.5))
    # One run is cut in two.
    assert [each.functions.shape for each in EmpiricalPosterior(drawn[:1]).halves()] == [(1, 5, 3)] * 2
    with pytest.raises(ValueError, match="one draw is too few"):
        EmpiricalPosterior(drawn[:1, :1]).halves()
    # What was drawn once is in one half alone, and has no probability.
    once = EmpiricalPosterior(np.eye(4, dtype=bool)[None])
    assert drawn_functions(once, np.ones(4), [Domain(4, 0)], asked=9, drawn=9, seed=0)["log_p"].isna().all()


def test_it_is_stored_and_read(tmp_path):
    posterior = EmpiricalPosterior(np.random.default_rng(0).random((4, 10, 6)) < 0.5)
    write_arrays(tmp_path / "p.npz", asdict(posterior), {})
    again = stored_posterior(read_arrays(tmp_path / "p.npz"))
    assert isinstance(again, EmpiricalPosterior)
    np.testing.assert_array_equal(again.on(slice(2, 5)).functions, posterior.functions[:, :, 2:5])


def test_bad_input():
    with pytest.raises(ValueError, match=r"functions must be bool or -1 and \+1, got \[0\.0\]"):
        EmpiricalPosterior(np.zeros((1, 5, 2)))
    with pytest.raises(ValueError, match=r"non-empty array of 3 dimension\(s\), got shape \(1, 0, 2\)"):
        EmpiricalPosterior(np.ones((1, 0, 2), dtype=bool))
    with pytest.raises(ValueError, match=r"labels must have 2 columns, got shape \(1, 3\)"):
        EmpiricalPosterior(np.ones((1, 5, 2), dtype=bool)).log_probabilities(np.ones((1, 3)))


def planned(**posteriors: dict) -> Plan:
    config = yaml.safe_load((ROOT / "config" / "quickstart.yaml").read_text())
    config = copy.deepcopy(config) | {"posteriors": posteriors}
    return Plan(read_configuration(config, ROOT / "workflow/schemas/config.schema.yaml"), ROOT / "workflow/scripts")


def test_rejection_is_a_posterior_of_the_configuration():
    task = random_task(train=4, test=8)
    architecture = FullyConnected(depth=1, width=8)
    posterior, facts = POSTERIORS["rejection"].fitted(
        task.head(5), architecture, [], {"networks": 20_000, "accepted": 300}
    )
    assert posterior.functions.shape == (1, 300, 5)
    assert facts["acceptance_low"] < facts["acceptance"] == 300 / facts["networks"] < facts["acceptance_high"]
    assert facts["log_evidence"] == np.log(facts["acceptance"])
    impossible = replace(task, train_inputs=task.train_inputs[[0, 0, 1, 1]], train_labels=np.array([1, -1, 1, -1]))
    with pytest.raises(RuntimeError, match=r"none of 1,000 random networks fitted S; by how many fit 2 of its 4 exam"):
        POSTERIORS["rejection"].fitted(impossible.head(5), architecture, [], {"networks": 1000})


def test_keys_of_posteriors_of_networks_depend_on_the_architecture_and_the_settings():
    few, many = planned(rejection={"networks": 10}), planned(rejection={"networks": 11})
    assert few.kernels_of("rejection") == []
    assert few.key("posterior", "mnist", "fcn", "rejection") != many.key("posterior", "mnist", "fcn", "rejection")
    wider = planned(rejection={"networks": 10})
    wider.configuration.architectures["fcn"]["width"] = 65
    assert few.key("posterior", "mnist", "fcn", "rejection") != wider.key("posterior", "mnist", "fcn", "rejection")


def test_what_it_does_not_serve_is_refused_before_any_job():
    plan = planned(rejection={})
    check_kinds(plan.configuration)
    check_kinds(planned(splitting={"runs": 4}).configuration)
    with pytest.raises(
        ConfigurationError, match=r"^posteriors\.splitting: splitting takes at least 4 runs of 20 particles"
    ):
        check_kinds(planned(splitting={"runs": 3}).configuration)
    plan.configuration.architectures["fcn"].update(kind="LSTM", width=8)
    del plan.configuration.architectures["fcn"]["depth"]
    with pytest.raises(
        ConfigurationError, match=r"^experiments\.mnist-sgd\.posteriors: .* FullyConnected only, not LSTM$"
    ):
        check_kinds(plan.configuration)
    with pytest.raises(
        ConfigurationError, match=r"^posteriors\.rejection: networks and accepted must be at least 1, got 0"
    ):
        check_kinds(planned(rejection={"networks": 0}).configuration)
    with pytest.raises(
        ConfigurationError, match=r"^posteriors\.rejection\.networks: must be of type int, got 1000000\.0"
    ):
        check_kinds(planned(rejection={"networks": 1e6}).configuration)
    with pytest.raises(ValueError, match="seed must not be negative, got -1"):
        POSTERIORS["rejection"].check_options({"seed": -1}, FullyConnected())
