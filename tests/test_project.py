"""Files of the project that must agree with one another."""

import re
import subprocess
from pathlib import Path

import numpy as np
import refresh
import yaml
from values import against_finite_networks, compared, ep_against_exact, on_all_points, on_boolean, quickstart, table

from sgdbayes.analysis.claims import CLAIMS
from sgdbayes.analysis.runs import relative_margins
from sgdbayes.analysis.summary import summarise
from sgdbayes.files import read_table
from sgdbayes.pipeline.early_warnings import known_learning_rates
from sgdbayes.pipeline.reading import read_configuration

ROOT = Path(__file__).parents[1]


def test_the_texts_are_their_templates_filled_from_the_committed_tables():
    for path, text in refresh.filled().items():
        assert path.read_text(encoding="utf-8") == text, f"edit {path.name} in docs/templates/, then call `make docs`"


def test_what_readme_says_in_words_of_errors_holds():
    """No field can say so: whoever finds one of these to fail has a sentence to rewrite."""
    exact, comparison = on_all_points(), table("comparison.csv")
    assert exact.index[exact["ratio_low"] <= 1].tolist() == ["mnist-100-scale-fcn-64-v32-adam"]
    pairs = table("test-error-pairs.csv").set_index(["experiment_a", "experiment_b"])
    assert pairs["difference_high"]["mnist-2000-adam", "mnist-2000-batch-512-adam"] < 0
    models = comparison.query("task == 'mnist-100'").groupby(["architecture", "domain_size", "posterior"])
    errors = models["posterior_test_error"].first().unstack()
    assert (errors["splitting"] / errors["zero_one"]).dropna().between(0.98, 1.02).all()
    bit = comparison.query("posterior == 'zero_one' and task == 'bit' and optimizer != 'sgd'")
    assert (bit["test_error"] > bit["posterior_test_error"]).all()
    largest = against_finite_networks().groupby("task")["domain_size"].max()
    assert largest.to_dict() == {"bit": 96, "conjunction": 96, "majority": 20}


def test_what_readme_says_in_words_of_functions_holds():
    exact, claims = compared(), table("claims.csv")
    assert exact["networks"]["mnist-10000-adam"] == exact["trained"]["mnist-10000-adam"]
    assert compared(task="mnist-100")["optimizer_mass_in_posterior_top"].max() < 0.01
    held = {each: compared(posterior=each)["optimizer_mass_in_posterior_top"] for each in ("zero_one", "mse", "ntk")}
    there = exact.index[exact["task"].isin(["fashion-2000", "imdb-tfidf", "mnist"])]
    assert all((held["zero_one"][there] > held[each][there]).all() for each in ("mse", "ntk"))
    assert on_boolean(claims.query("claim == 'C2' and verdict == 'holds'")).all()
    lstm = compared(size=20, task="imdb-sequences")
    assert (lstm["functions"] > 0.95 * lstm["networks"]).all()
    known = quickstart().dropna(subset="pearson")
    assert (known["pearson"] < known["noise_ceiling"]).all()
    ep = ep_against_exact()
    assert ep.index[ep["lacking_low"] > 0].tolist() == [3000, 10_000] == ep.index[-2:].tolist()
    again = table("verified.csv", "docs/desk")["experiment"]
    assert set(again) == set(table("comparison.csv")["experiment"])


def test_margins_are_on_the_side_that_readme_says():
    findings = table("claims.csv").query("test.str.startswith('smallest over mean margin')")
    images = findings.loc[~on_boolean(findings), "subject"]
    rows = table("comparison.csv").drop_duplicates("experiment").set_index("experiment")
    for name in [*images, "bit-adam", "bit-adagrad", "bit-rmsprop"]:
        first, _ = relative_margins(table(f"experiments/{name}/runs.parquet"))
        draws = table(f"models/{rows['task'][name]}/{rows['architecture'][name]}/margins.parquet")
        farther = np.median(first) > (draws["margin_min"] / draws["margin_mean"]).median()
        assert farther == (name in set(images)), name


def test_the_committed_claims_are_those_that_the_code_tests():
    sentences = {test.sentence for claim in CLAIMS.values() for test in claim.tests}
    assert set(table("claims.csv")["test"]) <= {*sentences, "no experiment of this configuration"}
    configuration = read_configuration(
        yaml.safe_load((ROOT / "config/desk.yaml").read_text()), ROOT / "workflow/schemas/config.schema.yaml"
    )
    assert set(configuration.experiments) == set(table("comparison.csv")["experiment"])


def test_the_summary_says_how_many_networks_are_left_out():
    comparison = read_table(ROOT / "docs" / "quickstart" / "comparison.csv")
    comparison["networks"] = comparison["trained"]
    assert "left out" not in summarise(comparison, Path("results/quickstart"))
    name = comparison["experiment"].iloc[0]
    own = comparison["experiment"] == name
    comparison.loc[own, "networks"], comparison.loc[own, "diverged"] = comparison.loc[own, "trained"] - 8, 3
    said = " ".join(summarise(comparison, Path("results/quickstart")).split())
    assert f"{name}: 8 of {comparison['trained'].iloc[0]:,} networks did not reach" in said
    assert "(3 diverged)" in said


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


def test_links_in_the_documents_lead_somewhere():
    for document in [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "config").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", document.read_text()):
            assert target.startswith("https://") or (document.parent / target).exists(), f"{document.name}: {target}"


def test_no_committed_file_has_a_path_of_the_machine_that_made_it():
    listed = subprocess.run(["git", "ls-files", "-z", "results", "docs"], cwd=ROOT, capture_output=True, check=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        if name.endswith((".json", ".csv", ".md", ".jinja")):
            assert not re.search(r'"/\w', (ROOT / name).read_text()), name
