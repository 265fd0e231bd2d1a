"""The text at the end of a run, of made studies."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sgdbayes.analysis.comparison import COVERS
from sgdbayes.analysis.studies import COVERS_STUDY
from sgdbayes.analysis.summary import summarise

FOLDER = Path("results/x")
ROW = {
    "study": "mnist-adam", "task": "mnist", "architecture": "fcn", "optimizer": "adam", "target_loss": np.nan,
    "posterior": "zero_one", "domain_size": 50, "seeds": 1, "networks": 1000.0, "trained": 1000.0, "diverged": 0.0,
    "domains": 20.0, "gap": 3.41, "gap_low": 2.9, "gap_high": 3.9, "pearson": 0.5, "noise_ceiling": 0.95,
    "test_error": 0.039, "posterior_test_error": 0.143, "covers": COVERS[0], "note": "one training set",
}  # fmt: skip


def lines(*changes: dict, gaps: dict[str, list[float]] | None = None, **options: Any) -> list[str]:
    """``gaps``: of each study on its training sets, that of its row on one if not given."""
    studies = pd.DataFrame([ROW | change for change in changes])
    own = {row["study"]: [row["gap"]] for _, row in studies.iterrows()} | (gaps or {})
    comparison = pd.DataFrame(
        [
            {**row[["posterior", "domain_size"]], "experiment": f"{row['study']}-{seed}", "task": seed, "gap": gap}
            for _, row in studies.iterrows()
            for seed, gap in enumerate(own[row["study"]])
        ]
    )
    # One that has no row is no reason to fail.
    members = {study: [f"{study}-{seed}" for seed in range(len(values) + 1)] for study, values in own.items()}
    text = summarise(studies, comparison, members, FOLDER, **options)
    assert "nan" not in text
    assert len(text.splitlines()) <= 13
    assert max(map(len, text.splitlines())) <= 118
    return text.splitlines()


def said(*changes: dict, **more: dict) -> str:
    return " ".join(" ".join(lines(*changes, **more)).split())


def test_a_line_for_each_way_of_training_and_then_what_it_says():
    assert said({}) == (
        "gap in decades times likelier networks err random sampling errs r [ceiling] "
        "adam +3.4 [+2.9, +3.9] 2,600 3.9 % 14.3 % 0.50 [0.95] "
        "Gap: how much likelier under random sampling functions of 1,000 networks are than what random sampling itself "
        "finds, on 20 domains of 50 test points; 0 is expected of a Bayesian sampler. Intervals (95 %) cover test "
        "points and networks; another training set may move them. look first at results/x/figures/answer.png explore "
        "results/x/explorer.html all numbers results/x/studies.csv"
    )
    assert "look first at results/x/figures/ explore" in said({}, pictures=False)


def many(seeds: int = 5) -> list[dict]:
    return [
        {"study": f"mnist-{name}", "optimizer": name, "seeds": seeds, "covers": COVERS_STUDY, "gap": gap,
         "gap_low": gap - 0.5, "gap_high": gap + 0.5, "posterior": posterior}
        for name, more in (("sgd", 0.0), ("adam", 0.3), ("adagrad", 0.1), ("rmsprop", 0.2))
        for posterior, gap in (("mse", -3.0), ("ep", 3.0 + more), ("zero_one", 3.1 + more), ("ntk", -1.5 + more))
    ]  # fmt: skip


def test_several_optimisers_are_told_apart_and_other_posteriors_in_a_sentence():
    text = said(*many())
    assert " sgd +3.1 [+2.6, +3.6] 1,300 3.9 % " in text
    assert " adam +3.4 [+2.9, +3.9] 2,500 3.9 % " in text
    assert "networks on each of 5 training sets are than" in text
    assert "Gaps under the MSE posterior -3.0 and under the NTK ensemble -1.5 to -1.2." in text
    # Networks that did not fit are left out in so many words, and lines.
    said(*(row | {"networks": 990.0, "diverged": 5.0, "target_loss": 0.01} for row in many()))
    # What stands for the exact posterior says the same again.
    assert "(EP)" not in text
    assert "cover training sets, test points and networks. look first" in text
    assert "and networks; two training sets are few for that." in said(*many(seeds=2))


def test_gaps_differ_training_set_by_training_set():
    """Training sets move both gaps by more than they differ."""
    gaps = {"a": [1.0, 2.0, 3.0], "b": [1.4, 2.5, 3.6]}
    rows = [{"study": name, "optimizer": name, "seeds": 3, "covers": COVERS_STUDY} for name in gaps]
    # Differences 0.4, 0.5 and 0.6: Student's t on two degrees of freedom, 4.303, times 0.1 / sqrt 3.
    head, first, second, *_ = lines(*rows, gaps=gaps)
    assert "less the first" in head
    assert "; less the first: over the training sets of both." in said(*rows, gaps=gaps)
    assert "+0.5 [+0.3, +0.7]" in second
    assert "+0.5 [+0.3, +0.7]" not in first
    # Of one training set in common there is no interval.
    assert "less the first" not in said(*rows)


@pytest.mark.parametrize(
    ("gap", "factor"), [(-1.5, "1 / 32"), (0.1, "1.3"), (0.0, "1.0"), (6.3, "2,000,000"), (12.2, "10^12")]
)
def test_factors(gap, factor):
    assert f" {gap:+.1f} {factor} 3.9 %" in said({"gap": gap, "gap_low": np.nan, "gap_high": np.nan})


def test_a_gap_that_may_be_none_is_no_factor():
    assert "adam +0.0 [-0.4, +0.3] may be equal 3.9 %" in said({"gap": -0.04, "gap_low": -0.4, "gap_high": 0.3})


def test_the_model_on_most_training_sets_and_its_largest_domains_that_have_a_gap():
    other = {"study": "other", "task": "imdb", "networks": 300.0, "seeds": 3}
    assert "of 300 networks on each of 3" in said(other, {})
    assert "of 1,000 networks are" in said(other | {"seeds": 1}, {})
    larger = {"domain_size": 100, "gap": np.nan, "note": "no gap, no AUC: unknown"}
    assert "domains of 50 test points" in said({}, larger)
    alone = said(larger)
    assert "adam none 3.9 %" in alone
    assert "on 20 domains of 100 test points;" in alone
    assert "Where there is no gap, note in studies.csv says why." in alone
    assert "on 50 test points;" in said({"domains": 1.0})
    # Where there is no exact posterior, the first that there is.
    assert "regression on the labels errs" in said({"posterior": "mse"})
    # That of the picture, if it has been said.
    assert "of 1,000 networks are" in said(other, {}, flagship="mnist-adam")


def test_studies_that_share_an_optimiser_go_by_their_own_names():
    names = ["mnist-1000-fcn-64-adam", "mnist-1000-fcn-64-sgd", "mnist-1000-fcn-64-mse-adam"]
    rows = [{"study": name, "optimizer": name.split("-")[-1], "seeds": 5, "covers": COVERS_STUDY} for name in names]
    told = lines(*rows, gaps={name: [1.0, 2.0 + number, 3.0] for number, name in enumerate(names)})
    assert [line.split()[0] for line in told[1:4]] == ["adam", "sgd", "mse-adam"]
    assert " mnist +3.4" in said({"study": "mnist"}, {"study": "mnist-adam"})
    # No more than fill a screen.
    assert "4 more are in studies.csv." in said(*({"study": f"s{number}"} for number in range(10)))


def test_studies_of_unlike_numbers_of_training_sets_say_so():
    text = said({}, {"study": "b", "optimizer": "sgd", "seeds": 5, "covers": COVERS_STUDY})
    assert text.startswith("sets gap in decades")
    assert " adam 1 +3.4 " in text
    assert " sgd 5 +3.4 " in text
    assert "on each of 1 to 5 training sets are" in text
    assert f"cover {COVERS[0]}, or {COVERS_STUDY}; another training set may move them." in text


def test_what_is_missing_is_said_to_be():
    few = said({"pearson": np.nan, "noise_ceiling": np.nan})
    assert "14.3 % none Gap" in few
    assert "No r: too few functions were found often enough on most domains." in few
    assert "Left out" not in few
    unfit = {"networks": 992.0, "diverged": 3.0}
    assert "Left out: 8 of 1,000 networks, which did not reach zero training error in time (3 diverged)." in said(unfit)
    text = said(unfit | {"seeds": 2}, unfit | {"study": "b", "target_loss": 0.01})
    assert "Left out: 24 of 3,000 networks, which did not reach zero training error and their loss in time (9" in text
