"""Files of the project that must agree with one another."""

import re
import subprocess
from pathlib import Path

import pytest
import refresh
import yaml
from text_tables import HEADLINES
from values import BASE, BIT, LSTM, SCALE, study, table

from sgdbayes.analysis.claims import CLAIMS
from sgdbayes.analysis.studies import COVERS_STUDY
from sgdbayes.files import read_table
from sgdbayes.pipeline.checking import check_kinds
from sgdbayes.pipeline.early_warnings import known_learning_rates
from sgdbayes.pipeline.plan import Plan
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
    bit = study(f"{BIT}adam", size=16)
    assert bit["gap_low"] < 0 < bit["gap_high"]
    assert study(f"{SCALE}adam", size=20)["gap"] < study(f"{BASE}adam", size=20)["gap"] - 1
    assert study(LSTM)["gap_high"] < 0
    again = table("verified.csv", "docs/desk")["experiment"]
    assert len(set(again)) == len(again)


def test_readme_is_short_and_its_configuration_is_one():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(readme.encode()) <= 8000
    assert max(map(len, readme.splitlines())) <= 100
    (shown,) = re.findall(r"```yaml\n(.*?)```", readme, re.DOTALL)
    configuration = read_configuration(yaml.safe_load(shown), ROOT / "workflow/schemas/config.schema.yaml")
    check_kinds(configuration)
    studies = Plan(configuration, ROOT / "workflow/scripts").studies()
    assert {name: len(experiments) for name, experiments in studies.items()} == {"digits-sgd": 3, "digits-adam": 3}


@pytest.mark.parametrize("width", [40, 100])
def test_prose_is_wrapped_and_code_tables_and_intervals_are_whole(width):
    text = (
        "# A heading longer than the width of the lines of this text by far\n\n- An item with `code of two words` and "
        "a number, -2.6 [-2.8, -2.5], in it, that goes on.\n- Another one.\n\n```sh\na command longer than the width   "
        "# as it stands\n```\n| a | row |\nOne paragraph\nin two lines.\n"
    )
    found = refresh.wrapped(text, width)
    assert found.split() == text.split()
    assert {"`code of two words`", "-2.6 [-2.8, -2.5],"} <= set(re.findall(r"`.*`|-2.6 .*?\],", found))
    lines = found.split("\n")
    assert max(len(line) for line in lines if not line.startswith(("#", "a command"))) <= width
    assert "a command longer than the width   # as it stands" in lines and "| a | row |" in lines
    assert found.endswith("One paragraph in two lines.\n")
    assert any(line.startswith("  ") for line in lines) == (width == 40)


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
