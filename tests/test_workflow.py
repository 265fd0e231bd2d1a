"""The whole workflow on a tiny configuration, through the Makefile, in a copy of the project as in a clone."""

import copy
import os
import re
import shutil
import subprocess
import sys
import zipfile
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from sgdbayes.analysis.comparison import COVERS
from sgdbayes.files import read_arrays, read_provenance, read_table, read_tables
from sgdbayes.functions import as_strings, unpack

ROOT = Path(__file__).parents[1]
VENV = Path(sys.executable).parents[1]
SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
TINY = {
    "name": "tiny",
    "figures": SCHEMA["properties"]["figures"]["items"]["enum"],
    "device": "cpu",
    "block_size": 4,
    "tasks": {"small": {"dataset": "mnist_embedded", "positive_classes": [5, 6, 7, 8, 9], "train_size": 40,
                        "recorded_test_size": 24}},
    "architectures": {"fcn": {"kind": "FullyConnected", "depth": 1, "width": 16}},
    "optimizers": {"sgd": {"kind": "SGD", "learning_rate": 0.1}, "adam": {"kind": "Adam", "learning_rate": 0.01}},
    "posteriors": {"mse": {"noise_variance": 0.001}, "ep": {}, "zero_one": {"samples": 250}, "ntk": {}},
    "domains": 4,
    "ep_against_exact": {"task": "small", "architecture": "fcn", "train_sizes": [10, 40], "test_size": 20,
                         "domain_sizes": [3, 8], "functions": 5, "samples": 100},
    "comparison": {"min_count": 1},
    "complexity": {
        "measure": "critical_sample_ratio", "experiments": ["small-sgd"], "frequent": 2, "sampled": 1, "points": 10,
    },
    "by_error": {"number": 2, "errors": 3, "domain_sizes": [8]},
    "reference": "mse",
    "margins": {"draws": 400, "experiments": ["small-sgd"]},
    "sweeps": {"rate": {"setting": "optimizer.learning_rate", "experiments": ["small-*"], "domain_size": 8}},
    # As if all trained networks of it were those of one study.
    "published": {
        "table": "config/peleg-hein.csv", "source": "others", "across": "architecture",
        "comparisons": {"here": {"study": "small-sgd", "rows": {"train_size": [4], "side": ["trained"]}}},
    },
    "experiments": {
        "small-{optimizer}": {
            "grid": {"optimizer": ["sgd", "adam"]}, "task": "small", "architecture": "fcn", "networks": 6,
            "batch_size": 8, "domain_sizes": [3, 8],
        },
    },
}  # fmt: skip


class Project:
    """A copy of the project's files, without results, history or set-up."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        ).stdout.decode()
        for name in filter(None, listed.split("\0")):
            if (ROOT / name).exists():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)
        # Compiled code, which numba knows by the times of its sources: compiling it again takes minutes.
        for compiled in (ROOT / "sgdbayes").glob("*/__pycache__/*.nb[ic]"):
            (folder / compiled.relative_to(ROOT)).parent.mkdir(exist_ok=True)
            shutil.copy2(compiled, folder / compiled.relative_to(ROOT))
        # What `make` leaves when it has set up an environment with these pins.
        stamp = subprocess.run(
            ["make", "-s", "--no-print-directory", "-f", "-", f"VENV={VENV}", "stamp"], cwd=folder,
            capture_output=True, text=True, check=True, input="include Makefile\nstamp:\n\t@echo '$(INSTALLED)'\n",
        ).stdout.strip()  # fmt: skip
        self.stamp = Path(stamp)

    def count_as_set_up(self) -> None:
        """Let `make` use the environment that the tests run in."""
        self.stamp.write_text(f"{(VENV / 'bin').resolve()}\n")

    def configure(self, config: dict) -> None:
        (self.folder / "tiny.yaml").write_text(yaml.safe_dump(config))

    def environment(self, *, data: str = "") -> dict[str, str]:
        # Not those of a `make` that runs the tests.
        given = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
        return given | {"PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}", "SGDBAYES_DATA": data}

    def call(self, *command: str, data: str = "") -> subprocess.CompletedProcess:
        environment = self.environment(data=data)
        return subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)

    def make(self, *arguments: str) -> subprocess.CompletedProcess:
        return self.call("make", f"VENV={VENV}", "CONFIG=tiny.yaml", "CORES=2", *arguments)

    def snakemake(self, *arguments: str, data: str = "") -> subprocess.CompletedProcess:
        return self.call("snakemake", "--cores", "2", "--configfile", "tiny.yaml", *arguments, data=data)

    def planned(self, *options: str) -> set[str]:
        """The rules that a dry run would run."""
        run = self.snakemake("--dry-run", "--quiet", "rules", *options)
        assert run.returncode == 0, run.stdout + run.stderr
        return self.rules_in(run.stdout + run.stderr)

    @staticmethod
    def rules_in(table: str) -> set[str]:
        """The rules in the table of a dry run."""
        if "Nothing to be done" in table:
            return set()
        rows = table[table.index("Job stats:") :].splitlines()[3:]
        return {row.split()[0] for row in rows[: rows.index("")]} - {"all", "total"}

    def log(self, path: str) -> str:
        return (self.folder / "results/tiny/logs" / path).read_text()


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    """The tiny configuration, run once by `make`."""
    project = Project(tmp_path_factory.mktemp("clone"))
    project.configure(TINY)
    project.count_as_set_up()
    run = project.make()
    assert run.returncode == 0, run.stdout + run.stderr
    project.said = run.stdout + run.stderr
    return project


@pytest.fixture
def results(project) -> Path:
    return project.folder / "results" / "tiny"


def test_make_says_what_it_found_and_where(project):
    assert "results/tiny/figures/" in project.said
    assert "jobs to do, up to 12 networks to train" in project.said
    said = " ".join(project.said.split())
    assert re.findall(r"^(\w+) +[+-]\d", project.said, re.MULTILINE) == ["sgd", "adam"]
    assert (
        "functions of 6 networks are than what random sampling itself finds, on 3 domains of 8 test points; 0 is"
        in said
    )
    assert all(f" under the {posterior}" in said for posterior in ("MSE posterior", "NTK ensemble"))
    paths = re.findall(r"^(?:look first at|explore|all numbers) +(\S+)$", project.said, re.MULTILINE)
    assert len(paths) == 3
    assert all((project.folder / path).is_file() for path in paths)
    # No pages of file names.
    assert "rule " not in project.said
    assert len(project.said.splitlines()) < 60


def test_the_answer_is_shown_after_a_whole_run_alone(project):
    (project.folder / "results/tiny/studies.csv").unlink()
    run = project.snakemake("--", "results/tiny/studies.csv")
    assert run.returncode == 0, run.stderr
    assert "look first at" not in run.stdout + run.stderr
    run = project.snakemake()
    assert "look first at" in run.stdout + run.stderr


def functions(results: Path, experiment: str) -> dict[tuple[int, int], pd.DataFrame]:
    """The functions of an experiment by size and number of their domain."""
    path = results / "experiments" / experiment / "functions.parquet"
    return read_tables([path], "domain_size", "domain")


def test_function_tables_count_the_recorded_networks(results):
    runs = read_table(results / "runs.parquet")
    assert len(runs) == 12
    assert runs["converged"].all()
    for experiment, networks in runs.groupby("experiment"):
        tables = functions(results, experiment)
        # Of 24 recorded points, and four domains asked for.
        assert list(tables) == [(3, 0), (3, 1), (3, 2), (3, 3), (8, 0), (8, 1), (8, 2)]
        for (size, number), table in tables.items():
            points = slice(number * size, (number + 1) * size)
            found = as_strings(unpack(networks["labels"].tolist(), 24)[:, points])
            counts = table.set_index("function")["count"]
            assert counts.sum() == 6
            assert counts[counts > 0].to_dict() == pd.Series(found).value_counts().to_dict()
            assert np.isfinite(table[["log_p_mse", "log_p_mse_se", "log_p_ep", "log_p_ep_se"]]).all(axis=None)
            labels = read_arrays(results / "tasks" / "small.npz")["test_labels"][points]
            wrong = [
                sum((bit == "1") != (label > 0) for bit, label in zip(f, labels, strict=True)) for f in counts.index
            ]
            assert table["test_errors"].tolist() == wrong


def test_all_functions_of_a_small_domain_share_one(results):
    """Of the eight functions on three test points the draws are nearly all: they sum to one at most."""
    for posterior in ("mse", "ep"):
        drawn = read_tables([results / f"models/small/fcn/{posterior}-draws.parquet"], "domain_size", "domain")
        assert list(drawn) == list(functions(results, "small-sgd"))
        for (size, _), table in drawn.items():
            assert table["count"].sum() == 300
            assert np.exp(table["log_p"]).sum() < 1.001
            assert size == 8 or np.exp(table["log_p"]).sum() > 0.9


def test_comparison_has_a_row_for_each_experiment_posterior_and_domain(results):
    comparison = read_table(results / "comparison.csv")
    rows = comparison[["experiment", "posterior", "domain_size"]].itertuples(index=False, name=None)
    expected = {(e, p, s) for e in ("small-sgd", "small-adam") for p in TINY["posteriors"] for s in (3, 8)}
    assert set(rows) == expected
    assert (comparison["networks"] == 6).all()
    for name in ("gap", "auc", "test_error"):
        assert comparison[name].between(comparison[f"{name}_low"], comparison[f"{name}_high"]).all()
    assert comparison.groupby("domain_size")["domains"].unique().map(list).to_dict() == {3: [4], 8: [3]}
    assert comparison["note"].str.startswith("no r: 0 of ").all()
    assert set(comparison["covers"]) == {COVERS[0]}
    domains = read_table(results / "domains.parquet")
    by = ["experiment", "posterior", "domain_size"]
    means = domains.groupby(by)[["gap", "auc", "test_error"]].mean()
    pd.testing.assert_frame_equal(means, comparison.set_index(by)[list(means)].sort_index(), check_like=True)
    # One training set each: a study has the numbers of its experiment.
    studies = read_table(results / "studies.csv")
    assert (studies["seeds"] == 1).all()
    assert studies["study"].tolist() == comparison["experiment"].tolist()
    assert studies["gap_low"].tolist() == pytest.approx(comparison["gap_low"].tolist())
    assert set(read_table(results / "claims.csv")["verdict"]) == {"one training set", "not decided"}


def test_complexity_is_of_networks_that_label_e_as_they_did(results):
    table = read_table(results / "experiments" / "small-sgd" / "complexity.parquet")
    assert not (results / "experiments" / "small-adam" / "complexity.parquet").exists()
    runs = read_table(results / "experiments" / "small-sgd" / "runs.parquet").set_index("index")
    for row in table.rename(columns={"index": "network"}).itertuples():
        assert as_strings(unpack([runs.loc[row.network, "labels"]], row.domain_size))[0] == row.function
    facts = read_provenance(results / "experiments" / "small-sgd" / "complexity.parquet")
    assert facts["not_reproduced"] == 0
    assert facts["trained_again"] == table["index"].nunique()


def test_random_functions_and_pairs_of_posteriors_are_tabulated(results):
    for posterior in TINY["posteriors"]:
        table = read_table(results / "models" / "small" / "fcn" / f"{posterior}-by-error.parquet")
        assert table["test_errors"].value_counts().to_dict() == {0: 1, 4: 2, 8: 1}
    pairs = read_table(results / "posterior-pairs.csv")
    assert len(pairs) == 6 * 2
    assert pairs["decades"].between(pairs["decades_low"], pairs["decades_high"]).all()
    # Of six networks no domain has functions enough.
    assert pairs["pearson"].isna().all()


def test_figures_are_pictures(results):
    figures = [path for path in (results / "figures").rglob("*.p*") if path.suffix != ".json"]
    # Each as PNG and PDF: the answer, a scatter of each study, three kinds on each of two domain sizes, EP against
    # exact, complexity of one experiment, random functions by error on one domain, a sweep, margins, predictors,
    # a published table.
    assert len(figures) == 2 * (1 + 2 + 3 * 2 + 1 + 1 + 1 + 1 + 1 + 1 + 1)
    for path in figures:
        assert path.read_bytes().startswith(b"\x89PNG" if path.suffix == ".png" else b"%PDF")
    # One job draws all of a kind; each says what it was drawn from itself.
    inputs = read_provenance(results / "figures/ranks/small-fcn-3.png")["inputs"]
    drawn = [f"models/small/fcn/{name}-draws.parquet" for name in TINY["posteriors"]]
    found = [f"experiments/small-{name}/functions.parquet" for name in ("sgd", "adam")]
    assert set(inputs) == {f"results/tiny/{name}" for name in found + drawn}


def test_the_report_has_every_figure_and_table_with_a_caption(project, results):
    run = project.snakemake("--report", "report.zip")
    assert run.returncode == 0, run.stderr
    assert "ERROR" not in run.stderr
    with zipfile.ZipFile(project.folder / "report.zip") as archive:
        held = Counter(Path(name).name for name in archive.namelist())
        page = archive.read("report/report.html").decode()
    pictures = Counter(path.name for path in (results / "figures").rglob("*.png"))
    assert {name: held[name] for name in pictures} == dict(pictures)
    tables = (
        "comparison.csv",
        "domains.parquet",
        "studies.csv",
        "posterior-pairs.csv",
        "claims.csv",
        "complexity.parquet",
        "ep-against-exact.csv",
        "published.csv",
    )
    assert all(held[name] for name in tables)
    # All captions but the one of a figure that takes tasks of two sizes of S.
    for caption in (each for each in (ROOT / "workflow" / "report").glob("*.rst") if each.stem != "volume"):
        # What stands before the first thing that is filled in.
        start = caption.read_text().split("{{")[0].splitlines()[0].replace("\\|", "|").strip()
        assert start in page, caption.name


def test_a_finished_run_and_a_fresh_clone_of_it_have_nothing_to_do(project):
    assert project.planned() == set()
    # A clone has no record of past runs, and file times in the order of their names.
    shutil.move(project.folder / ".snakemake", project.folder / "kept")
    for path in project.folder.rglob("*"):
        if path.is_file():
            os.utime(path, (1e9, 1e9 + zlib.crc32(path.name.encode()) % 1000))
    # An input of many figures that only some of them show.
    for path in (project.folder / "results/tiny/experiments").glob("*/functions.parquet*"):
        os.utime(path, (1e9, 1e9 + 1001))
    assert project.planned() == set()
    # Of a task made anew, what is not kept in a clone, between it and what is, is not made again.
    aside = project.folder / "aside"
    for path in [
        *project.folder.glob("results/tiny/experiments/*/blocks"),
        *project.folder.glob("results/tiny/models/*/*/*.npz"),
    ]:
        (aside / path.relative_to(project.folder)).parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, aside / path.relative_to(project.folder))
    for path in (project.folder / "results/tiny/tasks").iterdir():
        os.utime(path)
    assert project.planned() == set()
    shutil.copytree(aside, project.folder, dirs_exist_ok=True)
    shutil.rmtree(project.folder / ".snakemake")
    shutil.move(project.folder / "kept", project.folder / ".snakemake")


@pytest.mark.slow
def test_a_share_of_the_networks_is_trained_again_and_compared(project, results):
    run = project.snakemake("--config", "sample=0.5", "--", "verify")
    assert run.returncode == 0, run.stderr
    table = read_table(results / "verified/0.5/verified.csv")
    assert table["trained_again"].tolist() == table["same_networks"].tolist() == table["same_epochs"].tolist() == [3, 3]
    assert table["labels"].tolist() == [72, 72]
    assert "experiment,trained_again,same_networks" in run.stdout + run.stderr


@pytest.mark.slow
def test_an_edited_module_draws_figures_anew_and_keeps_tables(project):
    module = project.folder / "sgdbayes" / "figures" / "margins.py"
    before = module.read_text()
    module.write_text(before.replace('"""Smallest over mean', '"""Least over mean'))
    assert project.planned() == set()
    module.write_text(f"{before}\n\nUNUSED = 1\n")
    assert project.planned() == {"margins_figure"}
    module.write_text(before)
    module = project.folder / "sgdbayes" / "posterior" / "regression.py"
    before = module.read_text()
    module.write_text(before.replace("import numpy as np", "import numpy as np\n\nUNUSED = 1"))
    # Tables are kept, and it is said; unless they are asked for anew.
    assert project.planned() == set()
    run = project.snakemake("--until", "summary")
    again = project.planned("--config", "other_code=again")
    module.write_text(before)
    assert not {"train", "kernel"} & again
    assert "posterior" in again
    assert "results were made by other code than this" in run.stdout + run.stderr, run.stderr


@pytest.mark.slow
def test_a_changed_setting_trains_again_where_blocks_and_memory_are_gone(project, results):
    # As in a clone, which has tables but neither blocks nor what Snakemake remembers.
    blocks = [path.rename(path.with_name("away")) for path in sorted(results.glob("experiments/*/blocks"))]
    memory = (project.folder / ".snakemake").rename(project.folder / "away")
    try:
        assert project.planned() == set()
        config = copy.deepcopy(TINY)
        config["experiments"]["small-{optimizer}"]["batch_size"] = 7
        project.configure(config)
        assert {"train", "runs", "compare"} < project.planned()
        assert "kernel" not in project.planned()
        kernel = next(results.glob("models/*/*/kernel.npz")).relative_to(project.folder)
        assert project.planned("--", str(kernel)) == set()
    finally:
        project.configure(TINY)
        shutil.rmtree(project.folder / ".snakemake")
        memory.rename(project.folder / ".snakemake")
        for away in blocks:
            away.rename(away.with_name("blocks"))


@pytest.mark.slow
def test_raising_networks_trains_only_the_missing_ones(project, results):
    before = read_table(results / "runs.parquet")
    config = yaml.safe_load(yaml.safe_dump(TINY))
    config["experiments"]["small-{optimizer}"]["networks"] = 10
    project.configure(config)
    run = project.snakemake("--until", "all_runs")
    assert run.returncode == 0, run.stdout + run.stderr
    after = read_table(results / "runs.parquet")
    assert len(after) == 20
    same = after.merge(before, on=list(before.columns))
    assert len(same) == len(before)
    # Block 4-8 holds networks 4 and 5 of the shorter run.
    assert "networks 4 to 7, 2 of them to train" in project.log("train/small-sgd/4-8.log")
    assert "networks 8 to 9, 2 of them to train" in project.log("train/small-sgd/8-10.log")
    project.configure(TINY)
    assert project.snakemake("--until", "all_runs").returncode == 0
    assert read_table(results / "runs.parquet").equals(before)


def test_another_workflow_takes_this_one_as_a_module(project):
    other = project.folder / "other"
    other.mkdir()
    (other / "Snakefile").write_text(
        'configfile: "tiny.yaml"\n'
        'module sgd:\n    snakefile: "../Snakefile"\n    config: config\n'
        "use rule * from sgd as sgd_*\n"
        "rule report_length:\n    default_target: True\n"
        '    input: "results/tiny/summary.txt"\n    output: "length.txt"\n'
        '    shell: "wc -c < {input} > {output}"\n'
    )
    (project.folder / "results/tiny/summary.txt").unlink()
    run = project.call("snakemake", "--cores", "2", "--snakefile", "other/Snakefile")
    assert run.returncode == 0, run.stderr
    assert int((project.folder / "length.txt").read_text()) > 500
    jobs = {line.split()[1].rstrip(":") for line in run.stderr.splitlines() if line.startswith(("rule ", "localrule "))}
    assert jobs == {"sgd_summary", "report_length"}


@pytest.mark.slow
def test_networks_of_other_runs_are_not_trained_again(project, results):
    config = {**TINY, "name": "other", "known_runs": ["results/tiny/runs.parquet"]}
    config["experiments"] = {"again": {**TINY["experiments"]["small-{optimizer}"], "optimizer": "adam"}}
    del config["experiments"]["again"]["grid"]
    for section in ("ep_against_exact", "complexity", "sweeps", "margins", "published"):
        del config[section]
    project.configure(config)
    run = project.snakemake("--until", "runs")
    project.configure({**config, "known_runs": ["nowhere.parquet"]})
    mistaken = project.snakemake("--dry-run")
    project.configure(TINY)
    assert run.returncode == 0, run.stderr
    again = read_table(project.folder / "results/other/experiments/again/runs.parquet")
    before = read_table(results / "experiments/small-adam/runs.parquet")
    assert (again["experiment"] == "again").all()
    pd.testing.assert_frame_equal(again.drop(columns="experiment"), before.drop(columns="experiment"))
    log = (project.folder / "results/other/logs/train/again/0-4.log").read_text()
    assert "networks 0 to 3, 0 of them to train" in log
    assert "known_runs: there is no file nowhere.parquet" in mistaken.stderr


@pytest.mark.slow
def test_kernels_and_tasks_are_shared_between_workflows(project, monkeypatch):
    cache = project.folder / "cache"
    cache.mkdir()
    monkeypatch.setenv("SNAKEMAKE_OUTPUT_CACHE", str(cache))
    for name in ("first", "second"):
        project.configure({**TINY, "name": name})
        run = project.snakemake("--cache", "--", f"results/{name}/models/small/fcn/kernel.npz")
        assert run.returncode == 0, run.stderr
    project.configure(TINY)
    first, second = (project.folder / f"results/{name}/models/small/fcn/kernel.npz" for name in ("first", "second"))
    assert second.is_symlink()
    assert second.resolve() == first.resolve()
    assert second.resolve().parent == cache
    assert np.array_equal(
        read_arrays(second)["kernel"],
        read_arrays(project.folder / "results/tiny/models/small/fcn/kernel.npz")["kernel"],
    )


@pytest.mark.slow
def test_networks_that_never_fit_end_in_one_line_and_leave_finished_work(project):
    config = yaml.safe_load(yaml.safe_dump(TINY))
    config["name"] = "unfit"
    config["optimizers"]["sgd"]["learning_rate"] = 1.0e-9
    config["experiments"]["small-{optimizer}"]["max_epochs"] = 3
    config["experiments"]["small-adam"] = {**config["experiments"].pop("small-{optimizer}"), "optimizer": "adam"}
    del config["experiments"]["small-adam"]["grid"]
    config["experiments"]["small-adam"]["max_epochs"] = 200
    config["experiments"]["small-sgd"] = {**config["experiments"]["small-adam"], "optimizer": "sgd", "max_epochs": 3}
    project.configure(config)
    run = project.snakemake("--until", "runs", "--keep-going")
    project.configure(TINY)
    assert run.returncode != 0
    said = {line for line in run.stderr.splitlines() if line.startswith("sgdbayes: error")}
    assert said == {
        "sgdbayes: error in train: experiment small-sgd: none of its first 4 networks ended at zero training error "
        "within 3 epochs of SGD with learning rate 1e-09 (0 fitted S before, 0 diverged): change that, or raise "
        "max_epochs"
    }
    assert (project.folder / "results/unfit/experiments/small-adam/runs.parquet").exists()
    run = project.snakemake("--until", "task")
    assert run.returncode == 0


def test_a_mistake_in_the_configuration_is_one_line(project):
    project.configure({**TINY, "blocksize": 3})
    run = project.snakemake()
    project.configure(TINY)
    assert run.returncode == 1
    assert (
        run.stderr.strip()
        .splitlines()[-1]
        .startswith(
            "sgdbayes: error in the configuration: configuration: unknown key blocksize (did you mean block_size?)"
        )
    )
    assert "Traceback" not in run.stderr
