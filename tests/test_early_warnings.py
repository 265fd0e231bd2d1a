"""What the first networks say of a configuration that cannot work well."""

import numpy as np
import pandas as pd
import pytest

from sgdbayes.functions import pack
from sgdbayes.pipeline.early_warnings import advice, early_warnings, known_learning_rates


def runs(labels: np.ndarray, fitted: int) -> pd.DataFrame:
    return pd.DataFrame(
        {"experiment": "fashion-sgd", "labels": pack(labels), "converged": np.arange(len(labels)) < fitted}
    )


TASK = {"dataset": "fashion_mnist", "train_size": 300}


def warnings_of(table: pd.DataFrame, *, rate: float = 0.1, sizes: tuple[int, ...] = (4, 40)) -> list[str]:
    return early_warnings(
        table,
        optimizer={"kind": "SGD", "learning_rate": rate, "momentum": 0.9},
        max_epochs=200,
        domain_sizes=sizes,
        learning_rates=known_learning_rates(TASK, "FullyConnected", "cross_entropy"),
    )


def test_few_networks_that_fit_name_the_optimizer_and_a_rate_that_is_known_to_do():
    table = runs(np.zeros((30, 40), bool), fitted=3)
    (said,) = warnings_of(table)
    assert said.startswith(
        "fashion-sgd: 3 of its first 30 networks fit S within 200 epochs of SGD with learning rate 0.1"
    )
    assert said.endswith("on this data set SGD is known to do with learning_rate 0.01, momentum 0.9")
    (said,) = warnings_of(table, rate=0.01)
    assert said.endswith("try another learning rate or a larger max_epochs")


@pytest.mark.parametrize(
    ("task", "architecture", "loss"),
    [
        ({}, "LSTM", "cross_entropy"),
        ({}, "FullyConnected", "mse"),
        ({"train_size": 40}, "FullyConnected", "cross_entropy"),
        ({"dataset": "boolean"}, "FullyConnected", "cross_entropy"),
    ],
)
def test_of_other_networks_and_tasks_no_learning_rate_is_known(task, architecture, loss):
    known = known_learning_rates(TASK | task, architecture, loss)
    assert known == {}
    assert advice({"kind": "SGD", "learning_rate": 3.0}, known) is None


def test_a_domain_on_which_nearly_every_function_is_unique_is_named():
    labels = np.random.default_rng(0).random((100, 40)) < 0.5
    (said,) = warnings_of(runs(labels, fitted=100))
    assert "on |E| = 40 nearly every one of its first 100 networks" in said
    assert warnings_of(runs(labels, fitted=100), sizes=(4,)) == []


def test_networks_that_fit_and_agree_are_no_reason_to_warn():
    assert warnings_of(runs(np.zeros((30, 40), bool), fitted=30)) == []
