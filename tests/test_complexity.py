"""Complexities against known values, other algorithms and closed forms."""

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import random_task, stacked, training

from sgdbayes.analysis.complexity import (
    critical_samples,
    lempel_ziv_complexity,
    lempel_ziv_words,
)
from sgdbayes.analysis.complexity_table import complexity_table, critical_sample_table, lempel_ziv_table
from sgdbayes.architectures import LSTM, Convolutional, FullyConnected
from sgdbayes.datasets import Task
from sgdbayes.functions import as_bits, as_strings, frequency_table
from sgdbayes.training.campaign import train_block


@pytest.mark.parametrize(
    ("string", "words"),
    [
        # Kaspar and Schuster, Phys. Rev. A 36, 1987: 0 . 001 . 10 . 100 . 1000 . 101
        ("0001101001000101", 6),
        ("0", 1),
        ("0000000000", 2),
        ("01", 2),
        ("0101010101", 3),
    ],
)
def test_known_numbers_of_words(string, words):
    assert lempel_ziv_words(string) == words


def kaspar_schuster(s: str) -> int:
    """Their program, which walks two pointers over the string and forms no words."""
    n, c, place, i, k, longest = len(s), 1, 1, 0, 1, 1
    if n == 1:
        return 1
    while True:
        if s[i + k - 1] == s[place + k - 1]:
            k += 1
            if place + k > n:
                return c + 1
        else:
            longest, i, k = max(longest, k), i + 1, 1
            if i == place:
                c, place = c + 1, place + longest
                if place + 1 > n:
                    return c
                i, longest = 0, 1


def test_words_are_those_of_another_algorithm():
    rng = np.random.default_rng(0)
    for share in (0.5, 0.1, 0.02):
        for string in as_strings(rng.random((100, 60)) < share):
            assert lempel_ziv_words(string) == kaspar_schuster(string)
    short = [format(code, f"0{n}b") for n in range(1, 11) for code in range(2**n)]
    assert [lempel_ziv_words(string) for string in short] == list(map(kaspar_schuster, short))


def test_complexity_has_the_known_form():
    assert lempel_ziv_complexity("0" * 128) == lempel_ziv_complexity("1" * 128) == 7
    # 6 words, and backwards 6 as well: 1 . 0 . 100 . 01001 . 011 . 000
    assert lempel_ziv_complexity("0001101001000101") == pytest.approx(4 * 6)
    rng = np.random.default_rng(1)
    random = [lempel_ziv_complexity(string) for string in as_strings(rng.random((50, 128)) < 0.5)]
    periodic = lempel_ziv_complexity("01" * 64)
    assert periodic < min(random) / 4


def linear(weights: np.ndarray) -> tuple[FullyConnected, list[np.ndarray]]:
    """Networks (M, d) whose outputs are w . x exactly: relu(w . x) less relu(-w . x)."""
    first = np.stack([weights, -weights], 2).astype(np.float32)
    networks = len(weights)
    output = np.tile(np.array([[1.0], [-1.0]], np.float32), (networks, 1, 1))
    biases = [np.zeros((networks, 1, h), np.float32) for h in (2, 1)]
    return FullyConnected(depth=1, width=2), [first, biases[0], output, biases[1]]


def test_critical_samples_of_linear_networks_are_those_of_the_closed_form():
    """The largest change of w . x in the box is r |w|_1."""
    rng = np.random.default_rng(0)
    weights, inputs = rng.standard_normal((3, 20)), rng.standard_normal((400, 20)).astype(np.float32)
    architecture, parameters = linear(weights)
    outputs = np.float64(inputs) @ parameters[0][:, :, 0].astype(float).T
    for radius in (0.05, 0.3):
        reach = radius * np.abs(parameters[0][:, :, 0].astype(float)).sum(1)
        critical = critical_samples(architecture, parameters, inputs, radius=radius, starts=1)
        np.testing.assert_array_equal(critical, (np.abs(outputs) <= reach).T)
        assert 0.05 < critical.mean() < 0.95
        np.testing.assert_array_equal(
            critical_samples(architecture, parameters, inputs, radius=radius, seed=3), critical
        )


def test_more_search_finds_no_fewer_and_every_find_is_one():
    """In two dimensions a fine grid of the box finds all there are."""
    rng = np.random.default_rng(0)
    architecture = FullyConnected(depth=2, width=30, bias_variance=1.0)
    parameters = [part.numpy() for part in stacked(architecture, (2,), 20)]
    inputs = rng.uniform(-1, 1, (60, 2)).astype(np.float32)
    side = np.linspace(-0.2, 0.2, 41)
    box = np.stack(np.meshgrid(side, side), -1).reshape(-1, 2)
    double = [torch.from_numpy(part.astype(np.float64)) for part in parameters]

    def positive(points):
        return architecture.outputs(double, torch.from_numpy(points)[None]).numpy() > 0

    centre = inputs.astype(np.float64)
    truth = np.stack([(positive(x + box) != positive(x[None])).any(1) for x in centre], 1)
    few, many = (critical_samples(architecture, parameters, inputs, radius=0.2, starts=n) for n in (1, 10))
    assert truth.sum() > 20
    assert (few <= many).all()
    # The grid misses what lies between its points.
    assert (many & ~truth).sum() <= 2
    assert (many & truth).sum() >= 0.97 * truth.sum()


@pytest.mark.parametrize("architecture", [Convolutional(layers=1, channels=3, pooling="max"), LSTM(width=4)], ids=repr)
def test_every_architecture_has_critical_samples(architecture):
    parameters = [part.numpy() for part in stacked(architecture, (6, 6), 2)]
    inputs = np.random.default_rng(0).random((30, 6, 6)).astype(np.float32)
    small, large = (critical_samples(architecture, parameters, inputs, radius=radius) for radius in (1e-6, 3.0))
    assert not small.any()
    assert large.mean(1).max() > 0.5


def test_bad_search():
    architecture, parameters = linear(np.ones((1, 3)))
    inputs = np.ones((2, 3), np.float32)
    with pytest.raises(ValueError, match="must be positive, got 0, 10 and 3"):
        critical_samples(architecture, parameters, inputs, radius=0)
    with pytest.raises(ValueError, match="not finite"):
        critical_samples(architecture, [part * np.nan for part in parameters], inputs, radius=1.0)
    with pytest.raises(ValueError, match="an empty one has none"):
        lempel_ziv_complexity("")


def test_an_output_that_becomes_nan_is_not_another_label():
    class Root:
        """Finite at the inputs and nowhere below them, where the search goes."""

        def outputs(self, networks, points):
            return (points[..., 0] - 1).sqrt() + networks[0]

    inputs = np.full((2, 3), 1.01, np.float32)
    with pytest.raises(ValueError, match="not finite"):
        critical_samples(Root(), [np.ones((1, 1))], inputs, radius=0.2)


def test_lempel_ziv_is_of_the_whole_function_in_the_order_of_its_inputs():
    rng = np.random.default_rng(0)
    target = rng.random(16) < 0.5
    order = rng.permutation(16)
    train, test = order[:6], order[6:]
    inputs = np.array([[code >> bit & 1 for bit in range(4)] for code in range(16)], np.float32)
    labels = np.where(target, 1, -1).astype(np.int8)
    task = Task(inputs[train], labels[train], inputs[test], labels[test], train, test)
    found = np.array([target[test], ~target[test], target[test]])
    functions = {3: frequency_table(found[:, :3], labels[test][:3]), 10: frequency_table(found, labels[test])}
    table = lempel_ziv_table(functions, task).set_index("function")
    assert set(table["domain_size"]) == {10}
    right, wrong = target.copy(), target.copy()
    wrong[test] = ~wrong[test]
    for whole, count in ((right, 2), (wrong, 1)):
        row = table.loc[as_strings(whole[test][None])[0]]
        assert row["complexity"] == lempel_ziv_complexity(as_strings(whole[None])[0])
        assert row["count"] == count
    # Of a table of all domains the first of each size.
    parts = [part.assign(domain_size=size, domain=0) for size, part in functions.items()]
    whole = pd.concat([*parts, parts[0].assign(domain=1, domain_size=10)], ignore_index=True)
    chosen, facts = complexity_table(whole, pd.DataFrame(), task, {}, measure="lempel_ziv", **OPTIONS)
    pd.testing.assert_frame_equal(chosen.set_index("function"), table)
    assert facts == {}
    with pytest.raises(ValueError, match="no domain holds all inputs outside S"):
        lempel_ziv_table({3: functions[3]}, task)


TRAINING = training(
    architecture={"kind": "FullyConnected", "depth": 1, "width": 16}, optimizer={"kind": "Adam", "learning_rate": 0.01}
)
OPTIONS = {"frequent": 2, "sampled": 1, "networks": 2, "points": 10, "radius": 0.2, "seed": 0, "device": "cpu"}


def test_networks_trained_again_have_the_ratio_of_their_function():
    task = random_task()
    runs = train_block(task, TRAINING, "0-12", experiment="e", key="k", code="c", known=[], device="cpu")
    labels = np.array([np.unpackbits(np.frombuffer(packed, np.uint8), count=16) for packed in runs["labels"]])
    functions = {size: frequency_table(labels[:, :size] > 0, task.test_labels[:size]) for size in (4, 16)}
    table, facts = critical_sample_table(functions, runs, task, TRAINING, **OPTIONS)
    assert facts == {"trained_again": len(set(table["index"])), "not_reproduced": 0}
    for size, rows in table.groupby("domain_size"):
        assert rows["function"].nunique() == min(3, len(functions[size]))
        assert set(functions[size]["function"][:2]) <= set(rows["function"])
        for row in rows.itertuples():
            np.testing.assert_array_equal(as_bits([row.function])[0], labels[row.index, :size])
    assert table["complexity"].between(0, 1).all()
    whole = pd.concat([part.assign(domain_size=size, domain=0) for size, part in functions.items()])
    chosen, _ = complexity_table(whole, runs, task, TRAINING, measure="critical_sample_ratio", **OPTIONS)
    pd.testing.assert_frame_equal(chosen, table)
    # A network whose record says otherwise is left out and counted.
    first = table["index"].iloc[0]
    altered = runs.assign(labels=[bytes(255 - b for b in x) if i == first else x for i, x in enumerate(runs["labels"])])
    flipped = np.where(np.arange(12)[:, None] == first, 1 - labels, labels) > 0
    functions = {16: frequency_table(flipped, task.test_labels)}
    table, facts = critical_sample_table(
        functions, altered, task, TRAINING, **OPTIONS | {"frequent": 12, "networks": 9}
    )
    assert first not in set(table["index"])
    assert facts == {"trained_again": 12, "not_reproduced": 1}
    assert isinstance(table, pd.DataFrame)
