"""Rejection sampling against plain draws of whole networks, closed forms and the infinitely wide limit."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats

from sgdbayes.architectures import LSTM, FullyConnected
from sgdbayes.datasets import Task
from sgdbayes.posterior import log_orthant_probability, rejection, sample_by_rejection
from sgdbayes.posterior.rejection import fit_rejection

NETWORKS = 20_000
# The third input of S is the sum of the first two, the fourth a multiple of the first; the second of E is in S.
DEPENDENT = np.array([[1.0, 0.3, -0.2], [-0.4, 1.0, 0.5], [0.6, 1.3, 0.3], [2.0, 0.6, -0.4], [0.1, -0.2, 1.0]])
ON_E = np.array([[0.5, -1.0, 0.2], [-0.4, 1.0, 0.5], [-1.0, 0.1, 0.4], [0.3, 0.3, -0.9]])


def plain(architecture, inputs: np.ndarray, networks: int) -> np.ndarray:
    """Outputs (networks, n) of whole networks drawn by the architecture itself."""
    rng = np.random.default_rng(99)
    drawn = [architecture.initial_parameters(inputs.shape[1:], rng) for _ in range(networks)]
    stacked = [torch.from_numpy(np.stack(parts)).double() for parts in zip(*drawn, strict=True)]
    return architecture.outputs(stacked, torch.from_numpy(inputs)[None]).numpy()


@pytest.mark.parametrize("bias_variance", [0.0, 0.3])
@pytest.mark.parametrize("widths", [[3], [8], [4, 4], [5, 5, 5], [8, 3], [3, 8], [9, 7, 5, 4]], ids=str)
def test_functions_are_distributed_as_those_of_whole_networks(widths, bias_variance):
    architecture = FullyConnected(widths=widths, weight_variance=1.7, bias_variance=bias_variance)
    labels = np.array([1, -1, 1, 1, -1]) if bias_variance else np.array([1, -1, 1, 1, 1])
    outputs = plain(architecture, np.concatenate([DEPENDENT, ON_E]), NETWORKS)
    kept = outputs[(outputs[:, :5] * labels > 0).all(1), 5:] > 0
    result = sample_by_rejection(architecture, DEPENDENT, labels, ON_E, networks=10 * NETWORKS, seed=1)
    assert result.networks == 10 * NETWORKS
    table = [[len(kept), NETWORKS - len(kept)], [len(result.functions), 10 * NETWORKS - len(result.functions)]]
    assert len(kept) > 200
    assert stats.chi2_contingency(table).pvalue > 1e-3
    codes = [functions @ [8, 4, 2, 1] for functions in (kept, result.functions)]
    counts = np.array([np.bincount(code, minlength=16) for code in codes])
    often = counts.sum(0) >= 50
    pooled = np.column_stack([counts[:, often], counts[:, ~often].sum(1)])
    assert stats.chi2_contingency(pooled[:, pooled.sum(0) > 0]).pvalue > 1e-3
    # The second point of E is the second of S.
    assert (result.functions[:, 1] == (labels[1] > 0)).all()


def test_one_unit_in_closed_form():
    """One hidden unit without bias: its output on x and on -x is never of two signs but zero on one, which fits
    nothing.
    """
    architecture, x = FullyConnected(depth=1, width=1), np.array([[1.0, 2.0]])
    one = sample_by_rejection(architecture, x, np.array([1]), -x, networks=40_000, seed=0)
    assert one.acceptance == pytest.approx(0.25, abs=4 * np.sqrt(0.25 * 0.75 / 40_000))
    assert one.acceptance_low < 0.25 < one.acceptance_high
    # An output of 0 on a test input is the negative class.
    assert not one.functions.any()
    both = sample_by_rejection(architecture, np.concatenate([x, -x]), np.array([1, -1]), x, networks=40_000, seed=0)
    assert (len(both.functions), both.acceptance, both.acceptance_low) == (0, 0, 0)
    assert 0 < both.acceptance_high < 1e-4


def test_wide_networks_fit_as_often_as_the_gaussian_process_says():
    architecture = FullyConnected(depth=2, width=200, bias_variance=0.2)
    inputs, labels = np.random.default_rng(0).standard_normal((6, 4)), np.array([1, -1, 1, 1, -1])
    log_p, error = log_orthant_probability(np.zeros(5), architecture.kernel(inputs)[:5, :5], labels, seed=0)
    result = sample_by_rejection(architecture, inputs[:5], labels, inputs[5:], networks=10_000, seed=2)
    low, high = np.log([result.acceptance_low, result.acceptance_high])
    # Half of the Wilson interval is 1.96 standard errors; a width of 200 is within 3 % of its limit here.
    assert abs(np.log(result.acceptance) - log_p) < 4 * np.hypot((high - low) / 3.92, error) + 0.03


def test_the_result_depends_on_the_seed_alone(monkeypatch):
    architecture, labels = FullyConnected(depth=1, width=6, bias_variance=0.1), np.array([1, -1, 1, 1, -1])
    options = {"networks": 60_000, "seed": 3}
    several = sample_by_rejection(architecture, DEPENDENT, labels, ON_E, **options)
    monkeypatch.setattr(rejection, "get_num_threads", lambda: 1)
    seen = []
    alone = sample_by_rejection(
        architecture, DEPENDENT, labels, ON_E, progress=lambda *numbers: seen.append(numbers), **options
    )
    np.testing.assert_array_equal(several.functions, alone.functions)
    assert seen[-1] == (60_000, len(alone.functions)) and len(seen) == 8
    other = sample_by_rejection(architecture, DEPENDENT, labels, ON_E, networks=60_000, seed=4)
    assert len(other.functions) != len(alone.functions)


def test_it_stops_at_the_number_asked_for():
    architecture, labels = FullyConnected(depth=1, width=6, bias_variance=0.1), np.array([1, -1, 1, 1, -1])
    everything = sample_by_rejection(architecture, DEPENDENT, labels, ON_E, networks=60_000, seed=3)
    number = len(everything.functions) // 2
    some = sample_by_rejection(architecture, DEPENDENT, labels, ON_E, networks=60_000, seed=3, accepted=number)
    np.testing.assert_array_equal(some.functions, everything.functions[:number])
    # The last network tried is the last that was kept: one fewer, and it is not reached.
    again = sample_by_rejection(architecture, DEPENDENT, labels, ON_E, networks=some.networks, seed=3)
    assert len(again.functions) == number
    fewer = sample_by_rejection(architecture, DEPENDENT, labels, ON_E, networks=some.networks - 1, seed=3)
    assert len(fewer.functions) == number - 1


def test_the_order_of_visits_changes_no_frequency(monkeypatch):
    """On the Boolean system of 128 inputs, an eighth of them S."""
    inputs = np.array([[code >> bit & 1 for bit in range(6, -1, -1)] for code in range(128)], dtype=np.float32)
    architecture = FullyConnected(depth=2, width=40, weight_variance=2.0, bias_variance=1.0)
    train, test = inputs[::8], inputs[3::8]
    labels = np.where(train[:, 0] > 0, 1, -1)
    chosen = sample_by_rejection(architecture, train, labels, test, networks=120_000, seed=5)
    monkeypatch.setattr(rejection, "_order", lambda architecture, features, labels, seed: np.arange(len(labels)))
    given = sample_by_rejection(architecture, train, labels, test, networks=120_000, seed=6)
    assert len(given.functions) > 100
    difference = len(chosen.functions) - len(given.functions)
    assert abs(difference) < 4 * np.sqrt(len(chosen.functions) + len(given.functions))
    errors = [(functions != (test[:, 0] > 0)).mean(1) for functions in (chosen.functions, given.functions)]
    assert stats.ttest_ind(*errors, equal_var=False).pvalue > 1e-3


def test_out_of_reach_it_is_said_how_many_networks_it_takes(capsys, monkeypatch):
    """Against the orthant probability of the infinitely wide network."""
    monkeypatch.setattr(rejection, "_FEW", 30_000)
    inputs, labels = np.eye(24, dtype=np.float32), np.tile([1, -1], 12)
    task = Task(inputs, labels, inputs[:2], labels[:2], np.arange(24), np.arange(2))
    architecture = FullyConnected(depth=1, width=256)
    with pytest.raises(RuntimeError, match="none of 1,000 random networks fitted S; by how many fit") as error:
        fit_rejection(architecture, task, networks=1000, accepted=100)
    said = int(re.search(r"would have to be some 1e(\d+) for 100 accepted", str(error.value))[1])
    exact = 2 - log_orthant_probability(np.zeros(24), architecture.kernel(inputs), labels, seed=0)[0] / np.log(10)
    assert abs(said - exact) < 2
    head = replace(task, train_inputs=inputs[:4], train_labels=labels[:4], train_indices=np.arange(4))
    posterior, _ = fit_rejection(architecture, head, networks=1000, accepted=900)
    kept = posterior.functions.shape[1]
    assert f"{kept} networks are fewer than the 900 asked for, which would take about" in capsys.readouterr().out


def test_bad_input():
    architecture, labels = FullyConnected(depth=1, width=2), np.ones(5)
    call = {"networks": 10, "seed": 0}
    with pytest.raises(ValueError, match="networks of FullyConnected only, not LSTM"):
        sample_by_rejection(LSTM(), DEPENDENT, labels, ON_E, **call)
    with pytest.raises(ValueError, match="networks and accepted must be at least 1, got 10 and 0"):
        sample_by_rejection(architecture, DEPENDENT, labels, ON_E, accepted=0, **call)
    with pytest.raises(ValueError, match=r"labels must be bool or -1 and \+1"):
        sample_by_rejection(architecture, DEPENDENT, np.zeros(5), ON_E, **call)
    with pytest.raises(ValueError, match=r"of shape \(4, \.\.\.\) and \(T, \.\.\.\), got \(5, 3\)"):
        sample_by_rejection(architecture, DEPENDENT, labels[:4], ON_E, **call)
    with pytest.raises(ValueError, match="inputs of S and E must be alike"):
        sample_by_rejection(architecture, DEPENDENT, labels, ON_E[:, :2], **call)
    with pytest.raises(ValueError, match="there must be inputs of S and E"):
        sample_by_rejection(architecture, DEPENDENT, labels, ON_E[:0], **call)
    with pytest.raises(ValueError, match="inputs of S and E must be finite"):
        sample_by_rejection(architecture, np.full((5, 3), np.nan), labels, ON_E, **call)
