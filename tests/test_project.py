"""Files of the project that must agree with one another."""

import re
import subprocess
from pathlib import Path

import pytest
import refresh
import yaml
from text_tables import HEADLINES
from values import study, table

from sgdbayes.analysis.claims import CLAIMS
from sgdbayes.analysis.studies import COVERS_STUDY
from sgdbayes.files import read_table
from sgdbayes.pipeline.early_warnings import known_learning_rates
from sgdbayes.pipeline.reading import read_configuration

ROOT = Path(__file__).parents[1]


def test_the_texts_are_their_templates_filled_from_the_committed_tables():
    for path, text in refresh.filled().items():
        assert path.read_text(encoding="utf-8") == text, f"edit {path.name} in docs/templates/, then call `make docs`"


def test_what_readme_says_in_words_holds():
    """No field can say so: whoever finds one of these to fail has a sentence to rewrite."""
    for name in HEADLINES[:6]:
        row = study(name)
        assert row["gap_low"] > 0, name
        assert row["test_error_high"] < row["posterior_test_error_low"], name
        assert row["covers"] == COVERS_STUDY, name
    for posterior in ("mse", "ntk"):
        assert study("mnist-1000-fcn-64-adam", posterior)["gap_high"] < 0, posterior
    assert (
        1.7
        < study("mnist-1000-fcn-64-adam")["posterior_test_error"] / study("mnist-1000-fcn-64-adam")["test_error"]
        < 2.5
    )
    assert study("bit-adam", size=16)["gap_low"] < 0 < study("bit-adam", size=16)["gap_high"]
    assert study("scale-fcn-64-v32-adam", size=20)["gap_high"] < 0
    again = table("verified.csv", "docs/desk")["experiment"]
    assert len(set(again)) == len(again)


def test_the_committed_claims_are_those_that_the_code_tests():
    sentences = {test.sentence for claim in CLAIMS.values() for test in claim.tests}
    assert set(table("claims.csv")["test"]) <= {*sentences, "no experiment of this configuration"}
    configuration = read_configuration(
        yaml.safe_load((ROOT / "config/desk.yaml").read_text()), ROOT / "workflow/schemas/config.schema.yaml"
    )
    assert set(configuration.experiments) == set(table("comparison.csv")["experiment"])


def test_learning_rates_that_are_known_to_do_are_those_in_the_documents():
    said = (ROOT / "config" / "README.md").read_text()
    rates, clothes = (
        known_learning_rates({"dataset": name, "train_size": 1000}, "FullyConnected", "cross_entropy")
        for name in ("mnist", "fashion_mnist")
    )
    assert f"at {rates['SGD']} (Fashion-MNIST: {clothes['SGD']})" in said
    assert all(f"{kind} at {rates[kind]}" in said for kind in ("Adam", "Adagrad", "RMSprop"))
    desk = yaml.safe_load((ROOT / "config" / "desk.yaml").read_text())["optimizers"]
    assert {name: desk[name.lower()]["learning_rate"] for name in rates} == dict(rates)


def test_no_committed_file_has_a_path_of_the_machine_that_made_it():
    listed = subprocess.run(["git", "ls-files", "-z", "results", "docs"], cwd=ROOT, capture_output=True, check=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        if name.endswith((".json", ".csv", ".md", ".jinja")):
            assert not re.search(r'"/\w', (ROOT / name).read_text()), name


def test_intervals_hold_what_the_documents_say():
    """Of 400 repetitions: 95 % but for two standard errors or three, and none far from it."""
    table = read_table(ROOT / "results/benchmarks/coverage.csv")
    skew = ["noise_ceiling", "optimizer_top_mass", "total_variation", "posterior_mass_found"]
    near_bounds = table["statistic"].isin(skew) | table["statistic"].str.contains("_mass_in_")
    assert table.loc[~near_bounds, "covered"].between(0.925, 0.99).all()
    assert 0.84 < table.loc[near_bounds, "covered"].min() < 0.93
    twenty = table[table["name"] == "colder networks"]
    assert twenty["sd_of_domains"][twenty["statistic"] == "pearson"].item() == pytest.approx(0.2, abs=0.05)
