"""Verdicts follow from intervals over training sets and thresholds, on made-up tables whose verdicts are known."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sgdbayes.analysis.claims import CLAIMS, claims_table, overall_verdicts
from sgdbayes.analysis.comparison import COVERS

ROW = {
    "architecture": "a", "optimizer": "sgd", "loss": "mse", "batch_size": 8, "extra_epochs": 0, "target_loss": np.nan,
    "precision": "float32", "seed": 0, "posterior": "zero_one", "domain_size": 20, "networks": 10_000, "domains": 20,
    "functions": 90.0, "compared": 40.0, "covers": COVERS[0],
}  # fmt: skip
# What a statistic is where a test says nothing of it, and by how much its interval in one experiment reaches.
STATISTICS = {
    "gap_per_point": (0.002, 0.001), "pearson": (0.8, 0.05), "frequency_range": (2.0, 0.1), "tightening": (0.3, 0.05),
    "ceiling_less_pearson": (0.02, 0.01), "test_error": (0.1, 0.002), "posterior_test_error": (0.1, 0.002),
}  # fmt: skip
PAIRS = ["task", "architecture", "domain_size", "posterior_a", "posterior_b", "compared",
         "pearson", "pearson_low", "pearson_high"]  # fmt: skip
# Values of three training sets, 0.01 apart: a Student interval of about 0.025 on either side.
APART = np.array([-0.01, 0.0, 0.01])


def around(value: float, scale: float = 1.0) -> list[float]:
    return (value + scale * APART).tolist()


def near(value: float) -> list[float]:
    return around(value, 0.1)


def study(name: str, *, seeds: int = 3, **about) -> list[dict]:
    """Rows of comparison.csv, one of each seed; a statistic has one value for all, or a list of them."""
    rows = []
    for seed in range(seeds):
        row = ROW | {"study": name, "experiment": f"{name}-{seed}", "task": f"t-{seed}"}
        for statistic, (value, reach) in STATISTICS.items():
            given = about.get(statistic, around(value, 0.1)[:seeds] if seeds > 1 else value)
            value = given[seed] if isinstance(given, list) else given
            row |= {statistic: value, f"{statistic}_low": value - reach, f"{statistic}_high": value + reach}
        rows.append(row | {key: value for key, value in about.items() if key not in STATISTICS})
    return rows


def findings(*studies: list[dict], pairs=(), by_error=None, complexity=None, sweeps=None, margins=None) -> pd.DataFrame:
    rows = [row for each in studies for row in each]
    comparison = pd.DataFrame(rows or study("none"))[: None if rows else 0]
    members = comparison.groupby("study", sort=False)["experiment"].unique().map(list).to_dict()
    families = {f"{task}-{seed}": task for task in ("t", "u") for seed in range(3)}
    return claims_table(
        comparison, members, pd.DataFrame([*pairs], columns=PAIRS), by_error or {}, complexity or {}, sweeps or {},
        margins or {}, families, min_count=5,
    )  # fmt: skip


def of(table: pd.DataFrame, claim: str, **about) -> pd.DataFrame:
    found = table[table["claim"] == claim]
    for column, value in about.items():
        found = found[found[column] == value]
    return found.reset_index(drop=True)


def verdicts(table: pd.DataFrame, claim: str) -> list[str]:
    return of(table, claim)["verdict"].tolist()


def sweep(setting: str, *names: str, seeds: int = 3, optimizer: str = "Adam") -> dict:
    members = {f"{name}-{seed}": 2.0**n for n, name in enumerate(names) for seed in range(seeds)}
    return {"s": {"setting": setting, "domain_size": 20, "values": members,
                  "groups": dict.fromkeys(members, optimizer)}}  # fmt: skip


@pytest.mark.parametrize(
    ("gap", "expected"),
    [
        (near(0.003), "holds"),
        (near(-0.003), "holds"),
        (near(0.07), "does not hold"),
        (near(-0.07), "does not hold"),
        (near(0.02), "holds in part"),
        (near(0.01), "holds in part"),
        ([0.005, 0.03, 0.04], "not decided"),
        ([0.003, np.nan, 0.003], "not decided"),
    ],
)
def test_optimisers_sample_the_posterior_if_the_gap_over_training_sets_is_small(gap, expected):
    row = of(findings(study("e", gap_per_point=gap)), "C0").iloc[0]
    assert row["verdict"] == expected
    if np.isfinite(gap).all():
        low, high = stats.t.interval(0.95, 2, np.mean(gap), stats.sem(gap))
        assert row["effect"] == pytest.approx(abs(np.mean(gap)))
        assert row["high"] - row["effect"] == pytest.approx((high - low) / 2, rel=1e-3)
        assert (row["training_sets"], row["networks"], row["figure"]) == (3, 30_000, "scatter/e")


def test_one_training_set_has_no_verdict():
    """However narrow its interval; with it, the effect is still told."""
    row = of(findings(study("e", seeds=1, gap_per_point=0.07)), "C0").iloc[0]
    assert row["verdict"] == "one training set"
    assert (row["training_sets"], row["effect"], row["low"]) == (1, pytest.approx(0.07), pytest.approx(0.069))
    overall = overall_verdicts(findings(study("e", seeds=1))).set_index("claim")
    assert overall.loc["C0", ["verdict", "one training set", "tests"]].tolist() == ["one training set", 1, 1]
    both = overall_verdicts(findings(study("e", seeds=1), study("f"))).set_index("claim")
    assert both.loc["C0", ["verdict", "holds", "one training set", "tests"]].tolist() == ["holds", 1, 1, 2]


def test_what_leaves_out_test_points_decides_nothing():
    alone = study("e", covers=COVERS[2])
    table = findings(alone, study("f", optimizer="adam", covers=COVERS[2]))
    assert (table["verdict"] == "not decided").all()
    assert (table["test"] == "no experiment of this configuration").all()
    # All inputs outside S: there are no other test points.
    assert verdicts(findings(study("e", covers=COVERS[1])), "C0") == ["holds"]
    # A larger domain of which there is but one does not hide the smaller ones.
    table = findings([*study("e"), *study("e", covers=COVERS[2], domain_size=100, gap_per_point=0.09)])
    assert of(table, "C0")[["verdict", "domain_size"]].to_numpy().tolist() == [["holds", 20]]


def test_the_gap_is_of_the_largest_domains_and_r_of_those_with_most_functions():
    rows = [*study("e"), *study("e", domain_size=50, gap_per_point=near(0.05), pearson=around(0.2), compared=12.0)]
    table = findings(rows)
    assert of(table, "C0")[["domain_size", "verdict"]].to_numpy().tolist() == [[50, "does not hold"]]
    assert of(table, "C1")["domain_size"].tolist() == [20, 20]
    # Where every seed has r is chosen first.
    lacking = [row | ({"pearson_low": np.nan} if row["experiment"] == "e-1" else {}) for row in study("e")]
    table = findings([*lacking, *study("e", domain_size=50, compared=12.0)])
    assert of(table, "C1")["domain_size"].tolist() == [50, 50]
    # But no gap is sought where it is easy to have one: what a seed lacks on the largest is not decided.
    lacking = [row | ({"gap_per_point_low": np.nan, "gap_per_point": np.nan} if row["experiment"] == "e-1" else {})
               for row in study("e", domain_size=50)]  # fmt: skip
    assert of(findings([*study("e"), *lacking]), "C0")[["domain_size", "verdict"]].to_numpy().tolist() == [
        [50, "not decided"]
    ]


@pytest.mark.parametrize(
    ("pearson", "expected"),
    [
        (around(0.8), "holds"),
        (around(0.5), "holds in part"),
        (around(0.7), "holds in part"),
        ([0.1, 0.3, 0.5], "not decided"),
        (around(0.1), "does not hold"),
    ],
)
def test_a_correlation_is_judged_with_the_decades_that_it_is_over(pearson, expected):
    table = findings(study("e", pearson=pearson, frequency_range=around(0.5)))
    assert verdicts(table, "C1") == [expected, "does not hold"]
    row = of(table, "C1").iloc[0]
    assert (row["effect"], row["functions"], row["figure"]) == (pytest.approx(np.mean(pearson)), 40, "scatter/e")
    assert verdicts(findings(study("e", frequency_range=around(3.5))), "C1")[1] == "holds"


@pytest.mark.parametrize(("networks", "expected"), [(4999, "too few networks"), (5000, "does not hold")])
def test_few_networks_cannot_show_many_decades(networks, expected):
    """Of 5,000 networks a function found five times is 3 decades below one that all find."""
    rows = study("e", frequency_range=around(0.5))
    rows[1]["networks"] = networks
    row = of(findings(rows), "C1").iloc[1]
    assert (row["verdict"], row["subject"]) == (expected, "e; its networks can show 3.0")
    assert row["effect"] == pytest.approx(0.5)
    assert "not judged where its networks could not show 3" in row["test"]


def test_no_interval_of_a_correlation_ends_beyond_1():
    row = of(findings(study("e", pearson=[0.9, 0.99, 0.8])), "C1").iloc[0]
    assert (row["high"], row["verdict"]) == (1, "holds in part")


@pytest.mark.parametrize(
    ("claim", "statistic", "value", "expected"),
    [
        ("C2", "tightening", 0.3, "holds"),
        ("C2", "tightening", -0.3, "does not hold"),
        ("C2", "tightening", 0.0, "not decided"),
        ("D4", "ceiling_less_pearson", 0.02, "holds"),
        ("D4", "ceiling_less_pearson", 0.3, "does not hold"),
        ("D4", "ceiling_less_pearson", 0.07, "holds in part"),
    ],
)
def test_tightening_and_what_noise_leaves_unexplained(claim, statistic, value, expected):
    row = of(findings(study("e", **{statistic: around(value, 0.5)})), claim).iloc[0]
    assert row["verdict"] == expected
    assert row["effect"] == pytest.approx(value)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (around(0.10, 0.1), "holds"),
        (around(0.07, 0.1), "holds in part"),
        (around(0.3, 0.1), "does not hold"),
        ([0.08, 0.1, 0.25], "not decided"),
        # Values of which one has no logarithm.
        ([0.1, 0.0, 0.1], "not decided"),
    ],
)
def test_test_errors_are_close_either_way(error, expected):
    row = of(findings(study("e", test_error=error)), "C5").iloc[0]
    assert row["verdict"] == expected
    if min(error) > 0:
        theirs = np.array(around(0.1, 0.1))
        assert row["effect"] == pytest.approx(np.exp(abs(np.log(theirs / error).mean())))
        assert row["low"] <= row["effect"] <= row["high"]


def test_an_error_near_0_has_a_ratio_over_training_sets():
    """The interval of each alone reaches to 0, where a ratio has none."""
    low = study("e", test_error=[0.001, 0.0011, 0.0012])
    table = findings([row | {"test_error_low": 0.0} for row in low])
    assert verdicts(table, "C5") == ["does not hold"]
    alone = [row | {"test_error_low": 0.0} for row in study("e", seeds=1, test_error=0.001)]
    assert of(findings(alone), "C5")["effect"].isna().tolist() == [True]


def test_optimisers_are_compared_where_nothing_else_differs():
    rows = [
        study("a"),
        study("b", optimizer="adam", test_error=around(0.2, 0.1)),
        study("c", batch_size=32, test_error=around(0.4, 0.1)),
    ]
    one = of(findings(*rows), "C4").iloc[0]
    assert one["subject"] == "a and b"
    assert one["effect"] == pytest.approx(10)
    assert (one["verdict"], one["networks"], one["training_sets"]) == ("holds", 60_000, 3)
    assert len(of(findings(*rows), "C4")) == 1
    # Seed by seed: what is common to them does not count.
    common = [study("a", test_error=[0.1, 0.2, 0.3]), study("b", optimizer="adam", test_error=[0.111, 0.21, 0.309])]
    assert verdicts(findings(*common), "C4") == ["holds"]
    # Three pairs: the interval is wider than that of one.
    spread = study("b", optimizer="adam", test_error=[0.19, 0.2, 0.22])
    two, three = findings(study("a"), spread), findings(study("a"), spread, study("d", optimizer="rmsprop"))
    differences = 100 * (np.array([0.19, 0.2, 0.22]) - near(0.1))
    for table, number in ((two, 1), (three, 3)):
        interval = stats.t.interval(1 - 0.05 / number, 2, differences.mean(), stats.sem(differences))
        assert of(table, "C4")[["low", "high"]].iloc[0].tolist() == pytest.approx(interval, rel=1e-3)
    # Other tasks, other studies.
    other = [row | {"task": row["task"].replace("t", "u")} for row in rows[1]]
    assert verdicts(findings(rows[0], other), "C4") == ["not decided"]


def test_a_sweep_is_a_test_of_second_order_differences():
    table = findings(
        study("a"), study("b", batch_size=64, test_error=around(0.2, 0.1)), sweeps=sweep("batch_size", *"ab")
    )
    row = of(table, "C4").iloc[0]
    assert (row["subject"], row["verdict"], row["figure"]) == ("s, Adam", "holds", "sweeps/s")
    assert row["effect"] == pytest.approx(10)
    # Studies of fewer seeds are not on one line with the others.
    uneven = sweep("batch_size", "a")["s"]
    uneven["values"]["b-0"], uneven["groups"]["b-0"] = 2.0, "Adam"
    assert verdicts(findings(study("a"), study("b", batch_size=64, seeds=1), sweeps={"s": uneven}), "C4") == [
        "not decided"
    ]


def by_error_table(*, wrong: tuple[float, ...] = (7.0, 8.0, 9.0)) -> pd.DataFrame:
    log_p = np.log([0.1, *(10.0 ** -np.array(wrong))])
    return pd.DataFrame({"test_errors": [0, *[5] * len(wrong)], "domain_size": 10, "log_p": log_p})


def test_bias_to_low_error_is_in_decades():
    tables = {(f"t-{seed}", "a"): by_error_table(wrong=(7.0 + seed, 8.0, 9.0 - seed)) for seed in range(2)}
    tables["t-1", "a"]["log_p"] -= 0.1
    row = of(findings(by_error=tables), "C3").iloc[0]
    assert (row["subject"], row["training_sets"], row["verdict"]) == ("t, a", 2, "holds")
    assert row["effect"] == pytest.approx(7)
    alone = of(findings(by_error={("t-0", "a"): by_error_table()}), "C3").iloc[0]
    assert alone["verdict"] == "one training set"
    assert alone["low"] == pytest.approx(7 - 4.302652729749464 / np.sqrt(3), rel=1e-4)
    # Without the probability of each there is no mean.
    unknown = by_error_table().assign(log_p=[-1.0, np.nan, -20.0, -20.0])
    assert verdicts(findings(by_error={("t-0", "a"): unknown}), "C3") == ["not decided"]
    # Nor over training sets.
    row = of(findings(by_error={**tables, ("t-2", "a"): unknown}), "C3").iloc[0]
    assert (row["verdict"], row["training_sets"], np.isnan(row["effect"])) == ("not decided", 3, True)


@pytest.mark.parametrize(("sign", "expected"), [(-1, "holds"), (1, "does not hold")])
def test_bias_to_low_complexity(sign, expected):
    names = [format(code, "05b") for code in range(30)]
    measured = pd.DataFrame({"domain_size": 5, "function": names, "complexity": np.arange(30.0)})
    complexity = {}
    for seed in range(2):
        log_p = sign * np.arange(30) + np.random.default_rng(seed).standard_normal(30)
        found = {"function": names, "count": 2, "frequency": 0.02, "log_p_ep": log_p}
        complexity[f"e-{seed}"] = measured, pd.DataFrame(found)
    row = of(findings(study("e", seeds=2), complexity=complexity), "C3").iloc[0]
    assert (row["verdict"], row["training_sets"], row["functions"]) == (expected, 2, 30)
    # Functions that nobody asked about are not in the table, and their networks count.
    assert row["networks"] == 200
    alone = findings(study("e", seeds=1), complexity={"e-0": complexity["e-0"]})
    row = of(alone, "C3").iloc[0]
    assert row["verdict"] == "one training set"
    assert row["low"] < row["effect"] < row["high"]


def test_posteriors_are_compared_over_training_sets_on_the_domain_size_with_most_functions():
    pairs = [
        row
        for seed, off in enumerate((-0.01, 0, 0.01))
        for row in (
            (f"t-{seed}", "a", 10, "zero_one", "rejection", 12.0, 0.99, 0.98, 1.0),
            (f"t-{seed}", "a", 20, "zero_one", "rejection", 90.0, 0.6 + off, 0.55, 0.65),
            (f"t-{seed}", "a", 20, "ep", "zero_one", 90.0, 0.98 + off, 0.98, 1.0),
            (f"t-{seed}", "a", 20, "mse", "zero_one", 90.0, 0.1, 0.05, 0.15),
        )
    ]
    table = findings(pairs=pairs)
    assert verdicts(table, "D1") == ["does not hold"]
    assert of(table, "D1")[["subject", "figure", "training_sets"]].to_numpy().tolist() == [
        ["t, a, rejection", "reference/t-a-20", 3],
    ]  # fmt: skip
    assert verdicts(table, "D2") == ["holds"]
    assert list(dict.fromkeys(table["claim"])) == list(CLAIMS)
    assert verdicts(findings(pairs=pairs[:4]), "D2") == ["one training set"]
    # A training set without a correlation is not left out, nor do others of which there is one stand for all.
    lacking = [*pairs[:6], (*pairs[6][:6], np.nan, np.nan, np.nan), *pairs[7:]]
    for more in ([], [("t-0", "a", 10, "ep", "zero_one", 200.0, 0.98, 0.97, 0.99)]):
        row = of(findings(pairs=lacking + more), "D2").iloc[0]
        assert (row["verdict"], row["training_sets"], row["domain_size"]) == ("not decided", 3, 20)
    # A smaller number of test points on which all have one does.
    small = [("t-" + str(seed), "a", 10, "ep", "zero_one", 9.0, 0.97 + 0.01 * seed, 0.9, 1.0) for seed in range(3)]
    assert of(findings(pairs=lacking + small), "D2")[["domain_size", "verdict"]].to_numpy().tolist() == [[10, "holds"]]
    none = [(*pair[:6], np.nan, np.nan, np.nan) for pair in pairs]
    assert of(findings(pairs=none), "D2")["test"].tolist() == ["no experiment of this configuration"]


def test_overtraining_does_not_matter_where_neither_gap_nor_error_changes():
    still = findings(
        study("a", gap_per_point=near(0.06)),
        study("b", extra_epochs=64, gap_per_point=near(0.061), test_error=near(0.101)),
        sweeps=sweep("extra_epochs", "a", "b"),
    )
    assert verdicts(still, "D3") == ["holds", "holds"]
    moved = findings(
        study("a", gap_per_point=near(0.06)),
        study("b", extra_epochs=64, gap_per_point=near(0.1), test_error=near(0.2)),
        sweeps=sweep("extra_epochs", "a", "b"),
    )
    assert verdicts(moved, "D3") == ["does not hold", "does not hold"]
    assert of(moved, "D3")["effect"].tolist() == pytest.approx([0.04, 2], rel=0.01)
    setting = of(moved, "C4", subject="s, Adam").iloc[0]
    assert (setting["verdict"], setting["networks"]) == ("holds", 60_000)
    assert setting["effect"] == pytest.approx(10)


@pytest.mark.parametrize(
    ("networks", "expected"),
    [(0.055, "holds"), (0.025, "holds in part"), (0.1, "holds"), (0.3, "holds"), (0.01, "does not hold")],
)
def test_random_sampling_is_compared_with_networks_when_they_first_fit(networks, expected):
    rng = np.random.default_rng(0)
    draws = pd.DataFrame({"margin_min": 0.05 * np.exp(rng.normal(0, 0.1, 400)), "margin_mean": 1.0})
    margins = {}
    for seed in range(3):
        found = {"margin_min": 2 * networks * np.exp(rng.normal(0, 0.1, 400)), "margin_mean": 2.0}
        found |= {"fit_margin_min": np.nan, "fit_margin_mean": np.nan}
        runs = pd.DataFrame(found | {"converged": np.arange(400) < 300})
        runs.loc[300:, "margin_min"] = np.nan
        margins[f"e-{seed}"] = runs, draws
    row = of(findings(study("e"), margins=margins), "D3").iloc[0]
    assert (row["verdict"], row["networks"], row["training_sets"]) == (expected, 900, 3)
    assert row["effect"] == pytest.approx(networks / 0.05, rel=0.05)
    assert row["high"] / row["low"] < 1.2
    alone = of(findings(study("e", seeds=1), margins={"e-0": margins["e-0"]}), "D3").iloc[0]
    assert alone["verdict"] == "one training set"
    assert alone["low"] < networks / 0.05 < alone["high"]
    # Trained on from the same first fit: nothing new.
    overtrained = {name: (runs.assign(fit_margin_min=runs["margin_min"], fit_margin_mean=2.0), draws)
                   for name, (runs, _) in margins.items()}  # fmt: skip
    assert verdicts(findings(study("e"), margins=overtrained), "D3") == ["not decided"]


@pytest.mark.parametrize(("errors", "expected"), [
    ([0.3, 0.2, 0.1], "holds"), ([0.3, 0.1, 0.115], "holds in part"), ([0.3, 0.1, 0.2], "does not hold"),
])  # fmt: skip
@pytest.mark.parametrize(
    ("setting", "posterior"), [("task.train_size", "zero_one"), ("architecture.width", "splitting")]
)
def test_double_descent_is_a_rise_after_any_value(errors, expected, setting, posterior):
    studies = [
        study(name, posterior=posterior, posterior_test_error=around(error, 0.05))
        for name, error in zip("abc", errors, strict=True)
    ]
    assert verdicts(findings(*studies, sweeps=sweep(setting, *"abc")), "D5") == [expected]
    # The exact posterior of the infinitely wide network knows no width, and that of a finite one needs the sweep.
    other = "ep" if posterior == "zero_one" else "zero_one"
    changed = [[row | {"posterior": other} for row in each] for each in studies]
    assert verdicts(findings(*changed, sweeps=sweep(setting, *"abc")), "D5") == ["not decided"]


def test_a_rise_that_is_not_the_largest_may_be_the_least_certain():
    errors = [around(0.1, 0.01), around(0.105, 0.01), [0.06, 0.1, 0.152]]
    studies = [study(name, posterior_test_error=error) for name, error in zip("abc", errors, strict=True)]
    row = of(findings(*studies, sweeps=sweep("task.train_size", *"abc")), "D5").iloc[0]
    assert row["effect"] == pytest.approx(0.5)
    assert row["high"] > 5
    assert row["verdict"] == "not decided"


def test_initial_scale_moves_networks_and_not_the_posterior():
    def studies(errors, gaps):
        return [
            study(name, test_error=around(error, 0.05), gap_per_point=near(gap))
            for name, error, gap in zip("abc", errors, gaps, strict=True)
        ]

    scales = sweep("architecture.weight_variance", *"abc")
    table = findings(*studies([0.1, 0.2, 0.15], [0.06, 0.04, 0.02]), sweeps=scales)
    assert verdicts(table, "D6") == ["holds", "holds"]
    assert of(table, "D6")["effect"].tolist() == pytest.approx([2, 0.04], rel=0.01)
    table = findings(*studies([0.1, 0.1, 0.1], [0.02, 0.04, 0.06]), sweeps=scales)
    assert verdicts(table, "D6") == ["does not hold", "does not hold"]


def test_another_predictor_must_be_better_beyond_all_training_sets():
    rows = [
        *study("e", gap_per_point=near(0.06)),
        *study("e", posterior="ntk", pearson=around(0.9), gap_per_point=[-0.021, 0.001, -0.01]),
        *study("e", posterior="mse", pearson=[0.8, 0.75, 0.95], gap_per_point=near(-0.08)),
    ]
    table = findings(rows)
    assert of(table, "D7")[["subject", "verdict"]].to_numpy().tolist() == [
        ["e, mse", "not decided"], ["e, mse", "does not hold"], ["e, ntk", "holds"], ["e, ntk", "holds"],
    ]  # fmt: skip
    # A gap of the other sign is as large; its size is that of the mean.
    assert of(table, "D7", subject="e, ntk")["effect"].tolist() == pytest.approx([0.1, 0.05])


# Values of |S| of three studies, and how often as often as networks random sampling errs at each.
SIZES = np.array([100, 300, 1000])


def over_sizes(advantages: np.ndarray, **about) -> pd.DataFrame:
    """Of advantages (seeds, |S|), of networks that err at 0.1."""
    studies = [
        study(name, seeds=len(advantages), posterior_test_error=(0.1 * each).tolist(), test_error=0.1, **about)
        for name, each in zip("abc", advantages.T, strict=True)
    ]
    sizes = sweep("task.train_size", *"abc", seeds=len(advantages))
    sizes["s"]["values"] = {name: int(SIZES["abc".index(name[0])]) for name in sizes["s"]["values"]}
    return of(findings(*studies, sweeps=sizes), "D8")


@pytest.mark.parametrize(("factor", "expected"), [(0.7, "holds"), (1.4, "does not hold"), (1.0, "not decided")])
def test_the_advantage_of_sgd_is_followed_over_training_set_sizes(factor, expected):
    """Whatever the advantage at any |S|: how fast it changes over all of them."""
    noise = np.random.default_rng(0).normal(0, 0.01, (3, 3))
    advantages = 1.5 * factor ** np.log10(SIZES / 100) * np.exp(noise)
    row = over_sizes(advantages).iloc[0]
    slopes = np.polyfit(np.log10(SIZES), np.log(advantages).T, 1)[0]
    interval = np.exp(stats.t.interval(0.95, 2, slopes.mean(), stats.sem(slopes)))
    assert row["effect"] == pytest.approx(np.exp(slopes.mean()))
    assert row[["low", "high"]].tolist() == pytest.approx(interval, rel=1e-3)
    assert (row["verdict"], row["figure"]) == (expected, "sweeps/s")
    assert row["subject"] == "s, Adam, zero_one, |S| = 100 to 1,000"
    assert (row["networks"], row["training_sets"]) == (90_000, 3)


def test_the_advantage_of_sgd_on_one_training_set_has_the_error_of_its_slope():
    row = over_sizes(np.array([[1.5, 1.5, 0.75]])).iloc[0]
    x = np.log10(SIZES) - np.log10(SIZES).mean()
    reach = STATISTICS["test_error"][1] / 0.1 / np.array([[1, 1.5], [1, 1.5], [1, 0.75]])
    error = np.hypot(*(x / (x**2).sum() * reach.T)).T
    assert row["effect"] == pytest.approx(np.exp((x * np.log([1.5, 1.5, 0.75])).sum() / (x**2).sum()))
    assert np.log(row["high"] / row["effect"]) == pytest.approx(np.sqrt((error**2).sum()), rel=1e-2)
    assert row["verdict"] == "one training set"


@pytest.mark.parametrize("samplers", [("rejection", "rejection", "splitting", "splitting"), ("splitting",) * 4])
def test_finite_networks_are_followed_from_one_sampler_to_the_next(samplers):
    """Over four |S|, not three; on an |S| with both samplers the first counts."""
    errors = [0.12, 0.15, 0.18, 0.25]
    studies = [
        study(name, posterior=sampler, test_error=0.1, posterior_test_error=near(error))
        for name, sampler, error in zip("abcd", samplers, errors, strict=True)
    ]
    studies[1] += study("b", posterior="splitting", test_error=0.1, posterior_test_error=near(9 * errors[1]))
    if samplers[0] == "splitting":
        studies[1] = studies[1][:3]
    rows = of(findings(*studies, sweeps=sweep("task.train_size", *"abcd")), "D8")
    assert rows["subject"].tolist() == [f"s, Adam, {' and '.join(dict.fromkeys(samplers))}, |S| = 1 to 8"]
    slope = np.polyfit(np.log10([1, 2, 4, 8]), np.log(np.array(errors) / 0.1), 1)[0]
    assert rows["effect"][0] == pytest.approx(np.exp(slope), rel=1e-3)
    assert rows["verdict"][0] == "does not hold"
    fewer = of(findings(*studies[:3], sweeps=sweep("task.train_size", *"abc")), "D8")
    assert fewer["test"].tolist() == ["no experiment of this configuration"]


def test_the_verdict_of_all_tests_of_a_claim():
    studies = [study("e0"), study("e1", gap_per_point=near(0.003)), study("e2", gap_per_point=[0.0, 0.02, 0.05])]
    overall = overall_verdicts(findings(*studies)).set_index("claim")
    assert overall.loc["C0", "verdict"] == "holds"
    assert overall.loc["C0", ["holds", "not decided", "tests"]].tolist() == [2, 1, 3]
    assert overall.loc["D3", "verdict"] == "not decided"
    studies[1] = study("e1", gap_per_point=near(0.05))
    assert overall_verdicts(findings(*studies)).set_index("claim").loc["C0", "verdict"] == "mixed"
    studies[1] = study("e1", gap_per_point=near(0.02))
    assert overall_verdicts(findings(*studies)).set_index("claim").loc["C0", "verdict"] == "holds in part"
    studies += [study(f"low{n}", gap_per_point=near(0.05)) for n in range(6)]
    assert overall_verdicts(findings(*studies)).set_index("claim").loc["C0", "verdict"] == "mostly does not hold"
    by_test = overall_verdicts(findings(*studies), by="test").groupby("claim")["tests"].sum()
    assert by_test.to_dict() == overall_verdicts(findings(*studies)).set_index("claim")["tests"].to_dict()
    empty = findings()
    assert (empty["verdict"] == "not decided").all()
    assert len(empty) == len(CLAIMS) == 14
