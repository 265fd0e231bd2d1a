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

from sgdbayes.datasets import imdb
from sgdbayes.files import read_provenance, read_table

pytestmark = pytest.mark.slow

MADE_UP = not os.environ.get("SGDBAYES_DATA")
SIZES = {"train_size": 12, "recorded_test_size": 8}
SMALL = {
    "name": "tiny",
    "device": "cpu",
    "tasks": {
        "clothes": {"dataset": "fashion_mnist", "positive_classes": [0, 1, 2, 3, 4], **SIZES},
        "words": {"dataset": "imdb", "options": {"vocabulary": 20, "length": 8}, "positive_classes": [1], **SIZES},
        "bag": {"dataset": "imdb", "options": {"form": "tfidf", "vocabulary": 60}, "positive_classes": [1], **SIZES},
        "bits": {"dataset": "boolean", "options": {"target": "bit"}, "positive_classes": [1], "train_size": 12,
                 "recorded_test_size": 116},
    },
    "architectures": {"fcn": {"kind": "FullyConnected", "depth": 1, "width": 8, "bias_variance": 0.5},
                      "lstm": {"kind": "LSTM", "vocabulary": 20, "width": 8, "embedding": 4}},
    "optimizers": {"adam": {"kind": "Adam", "learning_rate": 0.03}},
    "posteriors": {"mse": {"noise_variance": 0.1}, "rejection": {"networks": 300_000, "accepted": 300},
                   "splitting": {"runs": 4, "particles": 60}},
    "posterior_draws": {"number": 200, "asked": 3},
    "comparison": {"min_count": 1, "resamples": 100},
    "complexity": {"experiments": ["bits-fcn"]},
    "experiments": {
        "{task}-fcn": {"grid": {"task": ["clothes", "bag"]}, "architecture": "fcn", "optimizer": "adam", "networks": 4,
                       "batch_size": 4, "domain_sizes": [3], "posteriors": ["mse"]},
        "bits-fcn": {"task": "bits", "architecture": "fcn", "optimizer": "adam", "networks": 30, "batch_size": 4,
                     "domain_sizes": [3, 116], "posteriors": ["rejection", "splitting"]},
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
    run = project.snakemake("--", "results/tiny/comparison.csv", COMPLEXITY, data=os.environ.get("SGDBAYES_DATA", ""))
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
    assert set(comparison["experiment"]) == {"clothes-fcn", "bag-fcn", "bits-fcn", "words-lstm"}
    assert (comparison["networks"] > 0).all()
    assert comparison["posterior_test_error"].between(0, 1).all()
    assert np.isfinite(comparison["test_error"]).all()


def test_finite_networks_agree_with_themselves_and_say_how_many_fitted(results):
    model = results / "models" / "bits" / "fcn"
    rejection, splitting = (read_provenance(model / f"{name}.npz") for name in ("rejection", "splitting"))
    assert rejection["accepted"] == 300
    assert rejection["acceptance_low"] < rejection["acceptance"] < rejection["acceptance_high"]
    error = np.hypot(splitting["log_evidence_se"], 1 / np.sqrt(300))
    assert abs(splitting["log_evidence"] - rejection["log_evidence"]) < 4 * error
    assert not (model / "kernel.npz").exists()


def test_complexity_is_of_whole_boolean_functions(results):
    table = read_table(results.parents[1] / COMPLEXITY)
    assert (table["measure"] == "lempel_ziv").all()
    assert (table["domain_size"] == 116).all()
    # 128 bits: a constant function has 7, a random one about 150.
    assert table["complexity"].between(7, 250).all()
