"""The workflow on each data set by configuration alone: on the real data where SGDBAYES_DATA names its folder, else on
small files made up in the same formats, which then stand for the known ones.
"""

import os
import re

import numpy as np
import pytest
from test_datasets import make_idx
from test_imdb import FOLDERS, made_up_reviews, write_tarball
from test_workflow import Project

from sgdbayes.analysis.comparison import COVERS
from sgdbayes.analysis.studies import COVERS_STUDY
from sgdbayes.datasets import Task, imdb
from sgdbayes.files import read_arrays, read_provenance, read_table

pytestmark = pytest.mark.slow

MADE_UP = not os.environ.get("SGDBAYES_DATA")
SIZES = {"train_size": 12, "recorded_test_size": 8}
SMALL = {
    "name": "tiny",
    "device": "cpu",
    "tasks": {
        "clothes-{seed}": {"grid": {"seed": [0, 1]}, "dataset": "fashion_mnist", "positive_classes": [0, 1, 2, 3, 4],
                           **SIZES},
        "words": {"dataset": "imdb", "options": {"vocabulary": 20, "length": 8}, "positive_classes": [1], **SIZES},
        "bag": {"dataset": "imdb", "options": {"form": "tfidf", "vocabulary": 60}, "positive_classes": [1], **SIZES},
        "bits": {"dataset": "boolean", "options": {"target": "bit"}, "positive_classes": [1], "train_size": 12,
                 "recorded_test_size": 116},
        # As Peleg and Hein have it.
        "digits": {"dataset": "mnist_embedded", "options": {"standardize": [0.1307, 0.3081], "pool": 2},
                   "positive_classes": [7], "negative_classes": [0], "balanced": True, "train_size": 8,
                   "recorded_test_size": "all"},
    },
    "architectures": {"fcn": {"kind": "FullyConnected", "depth": 1, "width": 8, "bias_variance": 0.5},
                      "narrowing": {"kind": "FullyConnected", "widths": [20, 10, 5]},
                      "lstm": {"kind": "LSTM", "vocabulary": 20, "width": 8, "embedding": 4}},
    "optimizers": {"adam": {"kind": "Adam", "learning_rate": 0.03}},
    "posteriors": {"mse": {"noise_variance": 0.1}, "rejection": {"networks": 300_000, "accepted": 300},
                   "splitting": {"runs": 4, "particles": 60}},
    "comparison": {"min_count": 1, "asked": 20},
    "complexity": {"experiments": ["bits-fcn"]},
    "experiments": {
        "{task}-fcn": {"grid": {"task": ["clothes-*", "bag"]}, "architecture": "fcn", "optimizer": "adam",
                       "networks": 4, "batch_size": 4, "domain_sizes": [3], "posteriors": ["mse"]},
        "bits-fcn": {"task": "bits", "architecture": "fcn", "optimizer": "adam", "networks": 30, "batch_size": 4,
                     "domain_sizes": [3, 116], "posteriors": ["rejection", "splitting"]},
        "digits-narrowing": {"task": "digits", "architecture": "narrowing", "optimizer": "adam", "networks": 8,
                             "batch_size": 2, "min_epochs": 30, "domain_sizes": [3], "posteriors": ["rejection"]},
        "words-lstm": {"task": "words", "architecture": "lstm", "optimizer": "adam", "networks": 4, "batch_size": 4,
                       "domain_sizes": [3], "posteriors": ["mse"]},
    },
}  # fmt: skip
COMPLEXITY = "results/tiny/experiments/bits-fcn/complexity.parquet"


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("project"))
    if MADE_UP:
        print("SGDBAYES_DATA is not set: on made-up files of the formats of Fashion-MNIST and IMDb")
        stand_in(project)
    project.configure(SMALL)
    wanted = ("results/tiny/studies.csv", "results/tiny/runs.parquet", COMPLEXITY)
    run = project.snakemake("--", *wanted, data=os.environ.get("SGDBAYES_DATA", ""))
    assert run.returncode == 0, run.stderr
    return project.folder / "results" / "tiny"


def stand_in(project: Project) -> None:
    """Put made-up files in the data folder and have the project's modules know them."""
    folder, modules = project.folder / "data", project.folder / "sgdbayes" / "datasets"
    known, reviews = make_idx(folder / "fashion-mnist"), made_up_reviews()
    write_tarball(folder / "imdb" / "aclImdb_labelled.tar.gz", reviews)
    names = [f"aclImdb/{part}/{n}_{8 if part.endswith('pos') else 2}.txt" for part in FOLDERS for n in range(6)]
    digest = imdb._digest({name: reviews[name].decode() for name in names})
    for module, changes in {
        "fashion_mnist": [(rf'"{name}": "\w+"', f'"{name}": "{sha256}"') for name, sha256 in known.items()],
        "imdb": [(r"_PER_FOLDER = \w+", "_PER_FOLDER = 6"), (r'_SHA256 = "\w+"', f'_SHA256 = "{digest}"')],
    }.items():
        path = modules / f"{module}.py"
        text = path.read_text()
        for pattern, replacement in changes:
            text, number = re.subn(pattern, replacement, text)
            assert number == 1, pattern
        path.write_text(text)


def test_every_data_set_comes_to_a_comparison(results):
    comparison = read_table(results / "comparison.csv")
    experiments = {"clothes-0-fcn", "clothes-1-fcn", "bag-fcn", "bits-fcn", "words-lstm", "digits-narrowing"}
    assert set(comparison["experiment"]) == experiments
    assert (comparison["networks"] > 0).all()
    assert comparison["posterior_test_error"].between(0, 1).all()
    assert np.isfinite(comparison["test_error"]).all()
    # Two domains of three of eight test points; all inputs outside S are one.
    assert comparison.groupby("experiment")["domains"].max().to_dict() == dict.fromkeys(experiments, 2) | {
        "bits-fcn": 20,
        "digits-narrowing": 20,
    }
    assert set(comparison.loc[comparison["domain_size"] == 116, "covers"]) == {COVERS[1]}


def test_two_seeds_are_a_study(results):
    studies, comparison = (read_table(results / f"{name}.csv") for name in ("studies", "comparison"))
    study = studies[studies["study"] == "clothes-fcn"].iloc[0]
    assert (study["seeds"], study["covers"]) == (2, COVERS_STUDY)
    own = comparison[comparison["task"].str.startswith("clothes")]
    assert len(own) == 2
    assert study["test_error"] == pytest.approx(own["test_error"].mean())
    assert (studies.loc[studies["study"] != "clothes-fcn", "seeds"] == 1).all()


def test_finite_networks_agree_with_themselves_and_say_how_many_fitted(results):
    model = results / "models" / "bits" / "fcn"
    rejection, splitting = (read_provenance(model / f"{name}.npz") for name in ("rejection", "splitting"))
    assert rejection["accepted"] == 300
    assert rejection["acceptance_low"] < rejection["acceptance"] < rejection["acceptance_high"]
    error = np.hypot(splitting["log_evidence_se"], 1 / np.sqrt(300))
    assert abs(splitting["log_evidence"] - rejection["log_evidence"]) < 4 * error
    assert not (model / "kernel.npz").exists()


def test_two_digits_in_equal_parts_are_all_recorded(results):
    task = Task(**read_arrays(results / "tasks" / "digits.npz"))
    assert task.train_labels.sum() == 0
    assert (task.train_inputs.shape, task.test_inputs.shape) == ((8, 14, 14), (992, 14, 14))
    assert (task.test_labels > 0).sum() == 496
    comparison, runs = read_table(results / "comparison.csv"), read_table(results / "runs.parquet")
    assert comparison.set_index("experiment")["min_epochs"].dropna().to_dict() == {"digits-narrowing": 30}
    own = runs[runs["experiment"] == "digits-narrowing"]
    fitted = own[own["converged"]]
    assert (fitted["training_loss"] <= fitted["fit_training_loss"]).all()
    assert runs.loc[runs["experiment"] != "digits-narrowing", "fit_training_loss"].isna().all()


def test_complexity_is_of_whole_boolean_functions(results):
    table = read_table(results.parents[1] / COMPLEXITY)
    assert (table["measure"] == "lempel_ziv").all()
    assert (table["domain_size"] == 116).all()
    # 128 bits: a constant function has 7, a random one about 150.
    assert table["complexity"].between(7, 250).all()
