"""The text at the end of a run, of made studies."""

from pathlib import Path

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
    "domains": 20.0, "compared": 12.4, "gap": 3.41, "gap_low": 2.9, "gap_high": 3.9, "pearson": 0.5, "pearson_low": 0.4,
    "pearson_high": 0.6, "noise_ceiling": 0.95, "test_error": 0.039, "posterior_test_error": 0.143, "covers": COVERS[0],
    "note": "one training set",
}  # fmt: skip


def said(*rows: dict, **options: bool) -> str:
    text = summarise(pd.DataFrame([ROW | row for row in rows]), FOLDER, **options)
    assert "nan" not in text
    assert len(text.splitlines()) <= 10
    assert max(map(len, text.splitlines())) <= 118
    return " ".join(text.split())


def test_the_gap_comes_first_with_what_it_means():
    text = said({})
    assert text.startswith(
        "Functions of 1,000 networks of adam are 2,600 times likelier under random sampling than what random sampling "
        "itself finds (gap +3.4 decades [+2.9, +3.9] on 20 domains of 50 test points; 0 would be a Bayesian sampler). "
        "Networks err on 3.9 % of test points, random sampling on 14.3 %. r of log P_OPT with log P_B is 0.50 [0.40, "
        "0.60] over 12 functions a domain; a perfect predictor would reach 0.95. Intervals (95 %) cover test points "
        "and networks; another training set may move them."
    )
    assert "look first at results/x/figures/answer.png explore results/x/explorer.html" in text
    assert text.endswith("all numbers results/x/studies.csv")
    assert "look first at results/x/figures/ explore" in said({}, pictures=False)


def test_several_optimisers_posteriors_and_training_sets_are_told_together():
    many = [
        {"study": f"mnist-{name}", "optimizer": name, "seeds": 5, "covers": COVERS_STUDY, "gap": gap,
         "gap_low": gap - 0.5, "gap_high": gap + 0.5, "posterior": posterior}
        for name, more in (("sgd", 0.0), ("adam", 0.3), ("adagrad", 0.1), ("rmsprop", 0.2))
        for posterior, gap in (("mse", -3.0), ("ep", 3.0 + more), ("zero_one", 3.1 + more), ("ntk", -1.5 + more))
    ]  # fmt: skip
    text = said(*many)
    assert (
        "Functions of 5,000 networks of each of sgd, adam, adagrad and rmsprop are 1,300 to 2,500 times likelier"
        in text
    )
    assert "(gap +3.1 to +3.4 decades, intervals within [+2.6, +3.9], on 20 domains of 50 test points" in text
    assert "of each of 5 training sets; 0 would be" in text
    assert "It is -3.0 under the MSE posterior and -1.5 to -1.2 under the NTK ensemble." in text
    # Networks that did not fit are left out in so many words, and lines.
    said(*(row | {"networks": 990.0, "diverged": 5.0, "target_loss": 0.01} for row in many))
    # What stands for the exact posterior says the same again.
    assert "(EP)" not in text
    assert "cover training sets, test points and networks. look first" in text


@pytest.mark.parametrize(
    ("gaps", "factor"),
    [
        ([-1.5], "32 times less likely"),
        ([0.1, 0.3], "1.3 to 2.0 times likelier"),
        ([-1.5, -2.0], "32 to 100 times less likely"),
        ([-1.0, 0.0, 0.5], "from 10 times less to 3.2 times more likely"),
        ([6.3, 12.2], "2,000,000 to 10^12 times likelier"),
    ],
)
def test_factors(gaps, factor):
    rows = [{"study": f"s{n}", "gap": gap, "gap_low": np.nan, "gap_high": np.nan} for n, gap in enumerate(gaps)]
    assert f"adam are {factor} under random sampling" in said(*rows)
    assert "intervals within [+" not in said(*rows)


def test_a_gap_that_may_be_none_is_no_factor():
    alike = {"gap": -0.04, "gap_low": -0.4, "gap_high": 0.3}
    text = said(alike)
    assert "adam are no less and no more likely under random sampling, as far as can be told, than what random" in text
    assert "itself finds (gap +0.0 decades [-0.4, +0.3] on 20 domains" in text
    assert "1.1 times less to 2,600 times more likely" in said(alike, {"study": "other-adam"})


def test_the_model_on_most_training_sets_and_its_largest_domains_that_have_a_gap():
    other = {"study": "other", "task": "imdb", "networks": 300.0, "seeds": 3}
    assert "900 networks of adam" in said(other, {})
    assert "1,000 networks of adam" in said(other | {"seeds": 1}, {})
    larger = {"domain_size": 100, "gap": np.nan, "note": "no gap, no AUC: unknown"}
    assert "domains of 50 test points" in said({}, larger)
    assert "have no gap on 20 domains of 100 test points: no gap, no AUC: unknown." in said(larger)
    assert "on 50 test points;" in said({"domains": 1.0})
    # Where there is no exact posterior, the first that there is.
    assert "are 2,600 times likelier under regression on the labels than what" in said({"posterior": "mse"})


def test_what_is_missing_is_said_to_be():
    few = said({"pearson": np.nan, "noise_ceiling": np.nan})
    assert "Too few functions were found often enough on a domain to correlate" in few
    assert "perfect predictor" not in few
    assert "Left out" not in few
    unfit = {"networks": 992.0, "diverged": 3.0}
    assert "Left out: 8 of 1,000 networks, which did not reach zero training error in time (3 diverged)." in said(unfit)
    text = said(unfit | {"seeds": 2}, unfit | {"study": "b", "target_loss": 0.01})
    assert "Left out: 24 of 3,000 networks, which did not reach zero training error and their loss in time (9" in text
