"""The Boolean system: all inputs in counting order, and targets that are what their names say."""

from pathlib import Path

import numpy as np
import pytest

from sgdbayes.datasets import DATASETS, load_task
from sgdbayes.datasets.boolean import TARGETS, load_boolean

NOWHERE = Path("nowhere")
SETTINGS = {"dataset": "boolean", "positive_classes": [1], "train_size": 64, "recorded_test_size": 64, "seed": 3}


def test_inputs_are_all_numbers_in_counting_order():
    data = load_boolean(NOWHERE)
    assert data.inputs.dtype == np.float32
    assert data.inputs.shape == (DATASETS["boolean"].size, 7)
    assert ["".join(map(str, row)) for row in data.inputs.astype(int)] == [f"{number:07b}" for number in range(128)]


DEFINITIONS = {
    "bit": lambda x: x[0] == "1",
    "conjunction": lambda x: x[:2] == "11",
    "majority": lambda x: x.count("1") >= 4,
    "multiplexer": lambda x: x[2 + int(x[:2], 2)] == "1",
    "parity": lambda x: x.count("1") in (1, 3, 5, 7),
}


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_targets_are_what_their_names_say(target):
    outputs = load_boolean(NOWHERE, target=target).classes
    assert outputs.tolist() == [int(DEFINITIONS[target](f"{number:07b}")) for number in range(128)]


def test_random_targets_are_drawn_by_their_seed_and_outputs_may_be_given():
    drawn = [load_boolean(NOWHERE, target="random", target_seed=seed).classes for seed in (1, 1, 2)]
    assert (drawn[0] == drawn[1]).all()
    assert (drawn[0] != drawn[2]).any()
    given = "".join(map(str, drawn[0]))
    assert (load_boolean(NOWHERE, target=given).classes == drawn[0]).all()


def test_half_is_trained_on_and_the_other_half_is_the_test():
    task = load_task(**SETTINGS, options={"target": "parity"})
    assert sorted([*task.train_indices, *task.test_indices]) == list(range(128))
    parity = np.array([f"{number:07b}".count("1") % 2 for number in range(128)])
    assert (task.test_labels == 2 * parity[task.test_indices] - 1).all()
    other = load_task(**SETTINGS | {"seed": 4}, options={"target": "parity"})
    assert set(other.train_indices) != set(task.train_indices)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": "xor"}, "target must be bit, conjunction, .*, random or 128 digits 0 and 1, got xor"),
        ({"target": "0" * 128}, "target must not be constant, got 0 for every input"),
        ({"target": "01"}, "128 digits"),
        ({"target": "random", "target_seed": -1}, "target_seed must not be negative, got -1"),
    ],
)
def test_impossible_targets_are_refused(options, message):
    for refused in (lambda: load_boolean(NOWHERE, **options), lambda: DATASETS["boolean"].check_options(options)):
        with pytest.raises(ValueError, match=message):
            refused()
