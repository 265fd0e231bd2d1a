"""What is unresolved, unseen or missing is counted in a figure, not drawn at a made-up place."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from sgdbayes.figures import draw_by_error, draw_complexity, draw_reference
from sgdbayes.functions import tabulate_functions
from sgdbayes.posterior_pairs import compare_posteriors

TASK = {"dataset": "bits", "positive_classes": [1], "train_size": 3, "seed": 0}
NETWORK = {"kind": "FullyConnected", "width": 8}
TRAINING = {
    "architecture": NETWORK, "optimizer": {"kind": "SGD", "learning_rate": 0.1}, "loss": "mse", "batch_size": 8, "seed": 0,
    "max_epochs": 9, "extra_epochs": 0, "target_loss": None, "precision": "float32",
}  # fmt: skip
LABELS = np.array([1, -1, 1, 1, -1])


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


def probabilities(unresolved: int) -> pd.DataFrame:
    """All 32 functions, the first so many of them unresolved."""
    p = np.random.default_rng(0).dirichlet(np.ones(32))
    table = pd.DataFrame(
        {"domain_size": 5, "function": [format(code, "05b") for code in range(32)], "log_p": np.log(p), "log_p_se": 0.1}
    )
    table.loc[: unresolved - 1, ["log_p", "log_p_se"]] = np.nan
    return table


def functions(unresolved: int) -> pd.DataFrame:
    """Twelve networks, eleven functions of which two are unseen and, under b, the first so many unresolved."""
    found = np.array([[code >> bit & 1 for bit in range(4, -1, -1)] for code in [0, 0, 0, 0, *range(8)]], dtype=bool)
    known = {"a": probabilities(0), "b": probabilities(unresolved)}
    return tabulate_functions(found, LABELS, known, asked={"11111", "11110", "11100"})


def titles(figure) -> list[str]:
    return [panel.get_title() for panel in figure.axes]


@pytest.mark.parametrize("unresolved", [0, 3, 32])
def test_reference(unresolved):
    table = functions(unresolved)
    comparison = pd.DataFrame(
        [
            {
                "experiment": "e",
                "posterior": "b",
                "domain_size": 5,
                "pearson": np.nan,
                "compared": 1,
                "noise_ceiling": np.nan,
            }
        ]
    )
    pairs = compare_posteriors({"a": probabilities(0), "b": probabilities(unresolved)}, resamples=100)
    figure = draw_reference(
        {"e": table}, comparison, pairs, size=5, reference="b", posteriors=["a", "b"], training={"e": TRAINING}, task=TASK, min_count=2
    )  # fmt: skip
    figure.draw_without_rendering()
    networks, other = figure.axes[:2]
    lost = table["log_p_b"].isna()
    found, pair = (lost & (table["count"] > 0)).sum(), lost.sum()
    assert networks.get_title().startswith(f"e, {found} unresolved" if found else "e\n")
    assert other.get_title().startswith(f"a, {pair} unresolved" if pair else "a\n")
    assert ("no correlation" in other.get_title()) == (unresolved == 32)
    drawn = sum(
        len(points.get_offsets())
        for points in other.collections
        if hasattr(points, "get_sizes") and len(points.get_sizes())
    )
    assert drawn == (~lost).sum()


@pytest.mark.parametrize("unresolved", [0, 3, 32])
@pytest.mark.parametrize("reproduced", [True, False])
def test_complexity(unresolved, reproduced):
    table = functions(unresolved)
    rows = table.iloc[:6] if reproduced else table.iloc[:0]
    complexity = rows[["function", "count"]].assign(
        domain_size=5, complexity=0.5, measure="critical_sample_ratio", index=1
    )
    settings = {
        "measure": "critical_sample_ratio",
        "points": 9,
        "radius": 0.1,
        "networks": 1,
        "frequent": 6,
        "sampled": 0,
    }
    figure = draw_complexity(
        {5: table}, complexity, left_out=2, experiment="e", posteriors=("a", "b"), training=TRAINING, task=TASK, settings=settings
    )  # fmt: skip
    figure.draw_without_rendering()
    lost = int(rows["log_p_b"].isna().sum())
    expected = f"b, |E| = 5\n{len(rows) - lost} functions" + (f", {lost} unresolved" if lost else "")
    assert titles(figure)[:3] == [
        f"networks, |E| = 5\n{len(rows)} functions",
        f"a, |E| = 5\n{len(rows)} functions",
        expected,
    ]


def test_by_error():
    table = pd.DataFrame({"test_errors": [0, 2, 2, 2, 5], "log_p": [-1.0, -3.0, -4.0, np.nan, np.nan]})
    figure = draw_by_error(
        {("t", "f", "mse"): table, ("t", "g", "mse"): table.dropna(), ("t", "f", "ep"): table.assign(log_p=np.nan)},
        size=5, tasks={"t": TASK}, architectures={"f": NETWORK, "g": NETWORK}, settings={"number": 3, "seed": 0},
    )  # fmt: skip
    figure.draw_without_rendering()
    assert titles(figure) == [
        "t, f\nMSE posterior, 2 of 5 unresolved",
        "t, g\nMSE posterior",
        "t, f\n0-1 posterior (EP), 5 of 5 unresolved",
        "t, g\n0-1 posterior (EP): not asked for",
    ]
    lines = {
        line.get_marker(): line
        for line in figure.axes[0].lines
        if len(line.get_xdata()) and line.get_linestyle() == "None"
    }
    assert lines["x"].get_xdata().tolist() == [5]
    hollow = [line for line in figure.axes[0].lines if line.get_markerfacecolor() == "w"]
    np.testing.assert_allclose(hollow[0].get_ydata(), -3.5 / np.log(10))
