"""Verdicts follow from intervals and thresholds, on made-up tables whose verdicts are known."""

import numpy as np
import pandas as pd
import pytest

from sgdbayes.analysis.claims import CLAIMS, claims_table, overall_verdicts

ROW = {
    "task": "t", "architecture": "a", "optimizer": "sgd", "loss": "mse", "batch_size": 8, "extra_epochs": 0,
    "target_loss": np.nan, "precision": "float32", "seed": 0, "posterior": "zero_one", "domain_size": 20,
    "networks": 1000, "functions": 90, "compared": 40,
}  # fmt: skip
BANDS = ["experiment", "posterior", "domain_size", "band", "log_ratio", "log_ratio_low", "log_ratio_high"]
PAIRS = [
    "task",
    "architecture",
    "domain_size",
    "posterior_a",
    "posterior_b",
    "compared",
    "pearson",
    "pearson_low",
    "pearson_high",
]


def estimate(name: str, value: float, reach: float) -> dict[str, float]:
    return {name: value, f"{name}_low": value - reach, f"{name}_high": value + reach}


def experiment(
    name: str,
    *,
    pearson=(0.8, 0.05),
    ceiling=(0.95, 0.01),
    error=(0.10, 0.002),
    posterior_error=(0.10, 0.002),
    distance=(0.5, 0.02),
    **about,
) -> dict:
    columns = {
        "pearson": pearson,
        "noise_ceiling": ceiling,
        "test_error": error,
        "posterior_test_error": posterior_error,
        "total_variation": distance,
    }
    row = ROW | {"experiment": name} | about
    for column, (value, reach) in columns.items():
        row |= estimate(column, value, reach)
    return row


def findings(
    rows=(),
    *,
    bands=(),
    pairs=(),
    by_error=None,
    complexity=None,
    sweeps=None,
    margins=None,
    test_errors=None,
    error_pairs=None,
) -> pd.DataFrame:
    comparison = pd.DataFrame([*rows] or [experiment("none")])[: None if rows else 0]
    tables = pd.DataFrame([*bands], columns=BANDS), pd.DataFrame([*pairs], columns=PAIRS)
    others = by_error or {}, complexity or {}, sweeps or {}, margins or {}
    return claims_table(comparison, *tables, *others, test_errors, error_pairs)


def verdicts(table: pd.DataFrame, claim: str) -> list[str]:
    return table.loc[table["claim"] == claim, "verdict"].tolist()


@pytest.mark.parametrize(
    ("pearson", "expected"),
    [
        ((0.8, 0.05), "holds"),
        ((0.8, 0.15), "holds in part"),
        ((0.5, 0.1), "holds in part"),
        ((0.35, 0.1), "not decided"),
        ((0.1, 0.1), "does not hold"),
        ((0.8, np.nan), "not decided"),
    ],
)
def test_a_correlation_is_judged_by_its_whole_interval(pearson, expected):
    table = findings([experiment("e", pearson=pearson)])
    assert verdicts(table, "C1") == [expected]
    row = table[table["claim"] == "C1"].iloc[0]
    assert (row["effect"], row["functions"], row["figure"]) == (pearson[0], 40, "scatter/e")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ((0.10, 0.002), "holds"),
        ((0.07, 0.001), "holds in part"),
        ((0.3, 0.001), "does not hold"),
        ((0.125, 0.004), "not decided"),
    ],
)
def test_test_errors_are_close_either_way(error, expected):
    table = findings([experiment("e", error=error)])
    row = table[table["claim"] == "C5"].iloc[0]
    if expected == "not decided":
        # Astride the first threshold alone: in part at least.
        expected = "holds in part"
    assert row["verdict"] == expected
    ratio = max(error[0] / 0.1, 0.1 / error[0])
    assert row["effect"] == pytest.approx(ratio)
    assert row["low"] <= ratio <= row["high"]


def test_the_most_frequent_functions_agree_best_where_the_rarest_are_further_off():
    def bands(top: float, rarest: float) -> list[tuple]:
        rows = [("top 5", top), ("1e-2 to 1e-1", 0.5), ("1e-3 to 1e-2", rarest)]
        return [("e", "zero_one", 20, band, value, value - 0.1, value + 0.1) for band, value in rows]

    assert verdicts(findings([experiment("e")], bands=bands(0.2, -2)), "C2") == ["holds"]
    assert verdicts(findings([experiment("e")], bands=bands(-2, 0.2)), "C2") == ["does not hold"]
    assert verdicts(findings([experiment("e")], bands=bands(1, -1)), "C2") == ["not decided"]


def test_optimisers_are_compared_where_nothing_else_differs():
    rows = [
        experiment("a"),
        experiment("b", optimizer="adam", error=(0.2, 0.002)),
        experiment("c", batch_size=32, error=(0.4, 0.002)),
    ]
    one = findings(rows).query("claim == 'C4'")
    assert one["subject"].tolist() == ["b and a"]
    assert one["effect"].iloc[0] == pytest.approx(10)
    assert one["verdict"].tolist() == ["holds"]
    # Three pairs: the interval is wider than that of one.
    three = findings([*rows[:2], experiment("d", optimizer="rmsprop")]).query("claim == 'C4'")
    assert three["low"].iloc[0] < one["low"].iloc[0]


def two(a: str, b: str, difference: float, ratio: float) -> dict:
    """A row of test-error-pairs.csv, to a thousandth."""
    columns = estimate("difference", difference, 0.001) | estimate("ratio", ratio, 0.001)
    return {"experiment_a": a, "experiment_b": b, "test_points": 1000} | columns


def test_experiments_are_compared_on_all_recorded_points_where_all_their_pairs_are_known():
    rows = [
        experiment(name, optimizer=name, error=(error, 0.002)) for name, error in (("a", 0.1), ("b", 0.3), ("c", 0.2))
    ]
    pairs = pd.DataFrame([two("a", "b", -0.01, 0.9), two("a", "c", 0.05, 1.5), two("b", "c", 0.06, 1.6)])
    row = findings(rows, error_pairs=pairs).query("claim == 'C4'").iloc[0]
    assert (row["subject"], row["domain_size"], row["networks"]) == ("b and c", 1000, 2 * ROW["networks"])
    assert row["effect"] == pytest.approx(6)
    assert row["low"] < 5.9 < 6.1 < row["high"]
    # Turned, the interval is that of the other order.
    turned = pd.DataFrame([*pairs[:2].to_dict("records"), two("c", "b", -0.06, 1 / 1.6)])
    assert findings(rows, error_pairs=turned).query("claim == 'C4'").iloc[0]["effect"] == pytest.approx(6)
    row = findings(rows, error_pairs=pairs[:2]).query("claim == 'C4'").iloc[0]
    assert (row["subject"], row["domain_size"]) == ("b and a", ROW["domain_size"])


def test_overtraining_and_initial_scale_are_judged_on_all_recorded_points():
    rows = [experiment("a"), experiment("b", extra_epochs=64, error=(0.2, 0.002))]
    known = {"sweeps": sweep("extra_epochs", "a", "b"), "error_pairs": pd.DataFrame([two("a", "b", 0.001, 1.01)])}
    table = findings(rows, **known).query("claim == 'D3'")
    error = table[table["domain_size"] == 1000].iloc[0]
    assert error["effect"] == pytest.approx(1.01, rel=1e-3)
    assert (error["verdict"], error["networks"]) == ("holds", 2 * ROW["networks"])
    known |= {"sweeps": sweep("architecture.weight_variance", "a", "b")}
    scale = findings(rows, **known).query("claim == 'D6' and domain_size == 1000").iloc[0]
    assert scale["verdict"] == "does not hold"
    assert scale["effect"] == pytest.approx(1.01, rel=1e-3)


def test_bias_to_low_error_is_in_decades():
    log_p = np.log([0.1, *(10.0 ** -np.array([7.0, 8.0, 9.0]))])
    table = pd.DataFrame({"test_errors": [0, 5, 5, 5], "domain_size": 10, "log_p": log_p})
    row = findings(by_error={("t", "a"): table}).query("claim == 'C3'").iloc[0]
    assert row["effect"] == pytest.approx(7)
    assert row["low"] == pytest.approx(7 - 4.302652729749464 / np.sqrt(3))
    assert row["verdict"] == "holds"


@pytest.mark.parametrize(("sign", "expected"), [(-1, "holds"), (1, "does not hold")])
def test_bias_to_low_complexity(sign, expected):
    names = [format(code, "05b") for code in range(30)]
    noise = np.random.default_rng(0).standard_normal(30)
    functions = pd.DataFrame({"function": names, "count": 1, "log_p_ep": sign * np.arange(30) + noise})
    measured = pd.DataFrame({"domain_size": 5, "function": names, "complexity": np.arange(30.0)})
    row = findings(complexity={"e": (measured, functions)}).query("claim == 'C3'").iloc[0]
    assert row["verdict"] == expected
    assert row["low"] < row["effect"] < row["high"]


def test_posteriors_are_compared_on_the_domain_with_most_functions():
    pairs = [
        ("t", "a", 10, "zero_one", "rejection", 12, 0.99, 0.98, 1.0),
        ("t", "a", 20, "zero_one", "rejection", 90, 0.6, 0.55, 0.65),
        ("t", "a", 20, "ep", "zero_one", 90, 0.99, 0.98, 1.0),
        ("t", "a", 20, "mse", "zero_one", 90, 0.1, 0.05, 0.15),
    ]
    table = findings(pairs=pairs)
    assert verdicts(table, "D1") == ["does not hold"]
    assert verdicts(table, "D2") == ["holds"]
    assert set(table["claim"]) == set(CLAIMS)


def test_another_predictor_must_be_better_beyond_both_intervals():
    rows = [
        experiment("e"),
        experiment("e", posterior="ntk", pearson=(0.9, 0.02)),
        experiment("e", posterior="mse", pearson=(0.82, 0.1)),
    ]
    assert sorted(verdicts(findings(rows), "D7")) == ["holds", "not decided"]


def sweep(setting: str, *names: str) -> dict:
    return {"s": {"setting": setting, "domain_size": 20, "values": {name: 2.0**n for n, name in enumerate(names)},
                  "groups": dict.fromkeys(names, "Adam")}}  # fmt: skip


def test_overtraining_does_not_matter_where_neither_correlation_nor_error_changes():
    rows = [experiment("a"), experiment("b", extra_epochs=64, pearson=(0.81, 0.01), error=(0.101, 0.002))]
    still = findings([rows[0] | estimate("pearson", 0.8, 0.01), rows[1]], sweeps=sweep("extra_epochs", "a", "b"))
    assert verdicts(still, "D3") == ["holds", "holds"]
    moved = [rows[0], experiment("b", extra_epochs=64, pearson=(0.4, 0.05), error=(0.2, 0.002))]
    moved = findings(moved, sweeps=sweep("extra_epochs", "a", "b"))
    assert verdicts(moved, "D3") == ["does not hold", "does not hold"]
    setting = moved[(moved["claim"] == "C4") & (moved["subject"] == "s, Adam")].iloc[0]
    assert (setting["verdict"], setting["networks"]) == ("holds", 2000)
    assert setting["effect"] == pytest.approx(10)


def test_initial_scale_moves_networks_and_not_the_posterior():
    def rows(errors, distances):
        return [
            experiment(name, error=(error, 0.002), distance=(distance, 0.02))
            for name, error, distance in zip("abc", errors, distances, strict=True)
        ]

    scales = sweep("architecture.weight_variance", "a", "b", "c")
    assert verdicts(findings(rows([0.1, 0.2, 0.15], [0.8, 0.5, 0.3]), sweeps=scales), "D6") == ["holds", "holds"]
    assert verdicts(findings(rows([0.1, 0.1, 0.1], [0.3, 0.5, 0.8]), sweeps=scales), "D6") == [
        "does not hold",
        "does not hold",
    ]


@pytest.mark.parametrize(
    ("networks", "expected"),
    [
        (0.055, "holds"),
        (0.025, "holds in part"),
        (0.1, "holds"),
        (0.3, "holds"),
        (0.01, "does not hold"),
    ],
)
def test_random_sampling_is_compared_with_networks_when_they_first_fit(networks, expected):
    rng = np.random.default_rng(0)
    draws = pd.DataFrame({"margin_min": 0.05 * np.exp(rng.normal(0, 0.1, 400)), "margin_mean": 1.0})
    margins = {"margin_min": 2 * networks * np.exp(rng.normal(0, 0.1, 400)), "margin_mean": 2.0}
    margins |= {"fit_margin_min": np.nan, "fit_margin_mean": np.nan}
    runs = pd.DataFrame(margins | {"converged": np.arange(400) < 300})
    runs.loc[300:, "margin_min"] = np.nan
    table = findings(margins={"e": (runs, draws)})
    row = table[table["claim"] == "D3"].iloc[0]
    assert (row["verdict"], row["networks"]) == (expected, 300)
    assert row["low"] < networks / 0.05 < row["high"]
    assert row["high"] / row["low"] < 1.1
    # Trained on from the same first fit: nothing new.
    overtrained = runs.assign(fit_margin_min=runs["margin_min"], fit_margin_mean=2.0)
    assert verdicts(findings(margins={"e": (overtrained, draws)}), "D3") == ["not decided"]


@pytest.mark.parametrize(("errors", "expected"), [
    ([0.3, 0.2, 0.1], "holds"), ([0.3, 0.1, 0.115], "holds in part"), ([0.3, 0.1, 0.2], "does not hold"),
])  # fmt: skip
@pytest.mark.parametrize(
    ("setting", "posterior"), [("task.train_size", "zero_one"), ("architecture.width", "splitting")]
)
def test_double_descent_is_a_rise_after_any_value(errors, expected, setting, posterior):
    rows = [
        experiment(name, posterior=posterior, posterior_error=(error, 0.002))
        for name, error in zip("abc", errors, strict=True)
    ]
    assert verdicts(findings(rows, sweeps=sweep(setting, "a", "b", "c")), "D5") == [expected]
    # The exact posterior of the infinitely wide network knows no width, and that of a finite one needs the sweep.
    other = [row | {"posterior": "ep" if posterior == "zero_one" else "zero_one"} for row in rows]
    assert verdicts(findings(other, sweeps=sweep(setting, "a", "b", "c")), "D5") == ["not decided"]


def measured(*rows: tuple[str, float, float]) -> pd.DataFrame:
    """test-errors.csv: of each experiment the errors of networks and of the exact posterior, within a thousandth."""
    ends = {"": 0, "_low": -0.001, "_high": 0.001}
    return pd.DataFrame(
        {"experiment": name, "posterior": "zero_one", "test_points": 1000, "networks": 9}
        | {f"test_error{end}": own + off for end, off in ends.items()}
        | {f"posterior_test_error{end}": theirs + off for end, off in ends.items()}
        | {f"ratio{end}": theirs / own + off for end, off in ends.items()}
        for name, own, theirs in rows
    )


def test_errors_on_all_recorded_points_count_where_they_are_measured():
    rows = [experiment(name, error=(0.1, 0.001), posterior_error=(0.1, 0.001)) for name in "ab"]
    table = findings(rows, test_errors=measured(("b", 0.1, 0.04))).set_index("claim").loc["C5"]
    assert table["verdict"].tolist() == ["holds", "does not hold"]
    assert table["domain_size"].tolist()[1] == 1000
    # Networks that err more often than the posterior count as those that err less.
    assert table["effect"].tolist() == pytest.approx([1, 2.5])
    rise = {"sweeps": sweep("task.train_size", "a", "b"), "test_errors": measured(("a", 0.1, 0.1), ("b", 0.1, 0.2))}
    assert verdicts(findings(rows, **rise), "D5") == ["does not hold"]
    # Points of one kind are not compared with those of another.
    rise["test_errors"] = rise["test_errors"][1:]
    assert verdicts(findings(rows, **rise), "D5") == ["holds"]


def test_a_rise_that_is_not_the_largest_may_be_the_least_certain():
    errors = [(0.1, 0.0001), (0.105, 0.0001), (0.104, 0.05)]
    rows = [experiment(name, posterior_error=error) for name, error in zip("abc", errors, strict=True)]
    row = findings(rows, sweeps=sweep("task.train_size", "a", "b", "c")).set_index("claim").loc["D5"]
    assert row["effect"] == pytest.approx(0.5)
    assert row["high"] > 5
    assert row["verdict"] == "not decided"


def test_the_verdict_of_all_tests_of_a_claim():
    rows = [experiment(f"e{n}", pearson=pearson) for n, pearson in enumerate([(0.8, 0.05), (0.9, 0.05), (0.4, 0.3)])]
    overall = overall_verdicts(findings(rows)).set_index("claim")
    assert overall.loc["C1", "verdict"] == "holds"
    assert overall.loc["C1", ["holds", "not decided", "tests"]].tolist() == [2, 1, 3]
    assert overall.loc["D3", "verdict"] == "not decided"
    rows[1] = experiment("e1", pearson=(0.1, 0.05))
    assert overall_verdicts(findings(rows)).set_index("claim").loc["C1", "verdict"] == "mixed"
    rows[1] = experiment("e1", pearson=(0.5, 0.05))
    assert overall_verdicts(findings(rows)).set_index("claim").loc["C1", "verdict"] == "holds in part"
    rows += [experiment(f"low{n}", pearson=(0.1, 0.05)) for n in range(6)]
    assert overall_verdicts(findings(rows)).set_index("claim").loc["C1", "verdict"] == "mostly does not hold"
    by_test = overall_verdicts(findings(rows), by="test").groupby("claim")["tests"].sum()
    assert by_test.to_dict() == overall_verdicts(findings(rows)).set_index("claim")["tests"].to_dict()
    empty = findings()
    assert (empty["verdict"] == "not decided").all()
    assert len(empty) == len(CLAIMS) == 12
