"""What `import sgdbayes` gives: names that can be found, examples that run, and nothing done to the caller's state."""

import ast
import doctest
import inspect
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

import sgdbayes

ROOT = Path(__file__).parents[1]
PUBLIC = {name: getattr(sgdbayes, name) for name in sgdbayes.__all__ if not name.startswith("__")}
CALLED = {name: value for name, value in PUBLIC.items() if callable(value)}
CALLED |= {name: getattr(sgdbayes.figures, name) for name in ("scatter", "run_style", "save_figure")}
# Results, which are not made by hand, and what a docstring of another shows.
WITHOUT_EXAMPLE = {
    "Comparison", "Estimate", "ExpectationPropagation", "LabelledData", "Task", "TrainedNetworks",
}  # fmt: skip


@pytest.mark.parametrize("name", CALLED)
def test_docstrings_have_examples_that_run(name, tmp_path, monkeypatch, forget_kinds):
    (tmp_path / "results").symlink_to(ROOT / "results")
    # Where an example may leave a file.
    monkeypatch.chdir(tmp_path)
    # Without __all__ a finder would take what a dataclass made; the name alone is looked up.
    parsed = doctest.DocTestParser().get_doctest(
        inspect.getdoc(CALLED[name]) or "", {"sb": sgdbayes, "np": np}, name, None, None
    )
    assert parsed.examples or name in WITHOUT_EXAMPLE
    said = []
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(parsed, out=said.append)
    assert result.failed == 0, "".join(said)


@pytest.fixture
def forget_kinds():
    """What an example registers is unknown again after it."""
    from sgdbayes.registry import registering_from

    origin = Path("example")
    with registering_from(origin):
        yield
    for package, registry in (
        ("architectures", "ARCHITECTURES"), ("datasets", "DATASETS"), ("posterior", "POSTERIORS"),
        ("training", "OPTIMIZERS"),
    ):  # fmt: skip
        getattr(getattr(sgdbayes, package), registry).forget(origin)


def test_the_table_of_contents_names_all():
    text = inspect.getdoc(sgdbayes)
    assert [name for name in CALLED if name not in text] == []


def test_importing_is_light_and_changes_nothing():
    code = (
        "import os, sys; before = dict(os.environ); import sgdbayes\n"
        "heavy = {'torch', 'jax', 'matplotlib', 'numba', 'pandas', 'numpy', 'scipy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "import matplotlib, torch; rc, threads = dict(matplotlib.rcParams), torch.get_num_threads()\n"
        "for name in sgdbayes.__all__: getattr(sgdbayes, name)\n"
        "assert dict(matplotlib.rcParams) == rc and torch.get_num_threads() == threads\n"
        "assert dict(os.environ) == before\n"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def test_the_wheel_has_all_that_is_no_python_file(tmp_path):
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "sgdbayes", tmp_path / "sgdbayes", ignore=shutil.ignore_patterns("__pycache__"))
    options = ["--no-deps", "--no-build-isolation", "--quiet", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, "."], cwd=tmp_path, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    files = {path for path in (ROOT / "sgdbayes").rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert {path.suffix for path in files} >= {".py", ".pyi", ".typed", ".mplstyle"}
    assert {str(path.relative_to(ROOT)) for path in files} <= packed


def test_names_not_known_are_a_value_error_with_the_nearest():
    for call, message in (
        (lambda: sgdbayes.load_task("mnist_embeded", positive_classes=[1], train_size=4), "mnist_embedded"),
        (lambda: sgdbayes.Optimizer("adam", 0.1), "Adam"),
        (lambda: sgdbayes.posterior.POSTERIORS["zero_on"], "zero_one"),
        (lambda: sgdbayes.architectures.ARCHITECTURES["FullyConected"], "FullyConnected"),
    ):
        with pytest.raises(ValueError, match=rf"did you mean {message}\?"):
            call()


KERNEL = np.eye(6) + 1
NETWORK = sgdbayes.FullyConnected(width=8)
TASK = sgdbayes.Task(
    np.ones((4, 3), np.float32), np.array([True, True, False, False]), np.ones((2, 3), np.float32), np.ones(2),
    np.arange(4), np.arange(4, 6),
)  # fmt: skip
GAUSSIAN = sgdbayes.Gaussian(np.zeros(3), np.eye(3))
SGD = sgdbayes.Optimizer("SGD", 0.1)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: NETWORK.kernel("ab"), r"inputs must be numbers of shape \(n, ...\), .* got <U2 of shape \(\)"),
        (lambda: NETWORK.kernel([[1.0], [np.nan]]), "inputs must be finite"),
        (lambda: sgdbayes.Convolutional().kernel(np.ones((2, 3))), r"inputs must be images .* got shape \(3,\)"),
        (lambda: sgdbayes.FullyConnected(weight_variance="2"), "weight_variance must be positive .* got '2' and 0.0"),
        (lambda: sgdbayes.expectation_propagation(KERNEL[0], [1, -1]), r"a square matrix, got shape \(6,\)"),
        (lambda: sgdbayes.expectation_propagation(KERNEL, [0, 1]), r"labels must be bool or -1 and \+1, got \[0, 1\]"),
        (lambda: sgdbayes.zero_one_predictive(KERNEL, [1, -1], 8.5, seed=0), "num_samples must be a whole number"),
        (lambda: sgdbayes.train_until_fit("fcn", TASK, SGD, indices=1, seed=0), "architecture must be an object"),
        (lambda: sgdbayes.train_until_fit(NETWORK, KERNEL, SGD, indices=1, seed=0), "task must be of the class Task"),
        (
            lambda: sgdbayes.train_until_fit(NETWORK, TASK, "SGD", indices=1, seed=0),
            "of the class Optimizer, got 'SGD'",
        ),
        (lambda: sgdbayes.train_until_fit(NETWORK, TASK, SGD, indices=1.5, seed=0), "indices must be .* got 1.5"),
        (lambda: GAUSSIAN.on([0, 1]), r"points must be a piece of the 3 that there are, got \[0, 1\]"),
        (lambda: GAUSSIAN.log_probabilities(np.ones((2, 4)), seed=0), r"must agree, got .* \(2, 4\)"),
        (lambda: sgdbayes.compare(np.ones((5, 3)), "zero_one", np.ones(3)), "posterior must be a Gaussian.*, got str"),
        (lambda: sgdbayes.compare(np.ones((5, 3)), GAUSSIAN, np.ones(4)), r"functions must have 4 entries .*\(5, 3\)"),
        (
            lambda: sgdbayes.load_task("mnist_embedded", positive_classes=5, train_size=4),
            "must be a list of classes, got 5",
        ),
        (
            lambda: sgdbayes.load_task("mnist_embedded", positive_classes=[5], train_size="4"),
            "train_size must be a whole number, 1 or more, got '4'",
        ),
        (lambda: sgdbayes.lempel_ziv_complexity(5), "a string has a Lempel-Ziv complexity, .* got 5"),
        (lambda: sgdbayes.figures.scatter("x"), "takes a Comparison or a table of functions, got str"),
        (lambda: sgdbayes.read_results("nowhere"), "there are no tables of a run"),
    ],
)
def test_what_cannot_be_is_a_value_error_that_says_what_was_expected_and_what_came(call, said):
    with pytest.raises(ValueError, match=said):
        call()


def test_what_a_session_registered_it_may_register_again(monkeypatch):
    kinds = sgdbayes.posterior.POSTERIORS
    monkeypatch.setattr(kinds, "_entries", dict(kinds._entries))
    monkeypatch.setattr(kinds, "_origins", dict(kinds._origins))
    for label in ("one", "two"):
        sgdbayes.register_posterior("mine", lambda kernel, labels: None, label=label)
    assert kinds["mine"].label == "two"
    with pytest.raises(ValueError, match="there is posterior 'ep' already, of sgdbayes itself"):
        sgdbayes.register_posterior("ep", lambda kernel, labels: None)


def test_a_posterior_on_other_points_is_refused():
    whole = sgdbayes.Gaussian(np.zeros(20), np.eye(20))
    with pytest.raises(ValueError, match=r"posterior must be on the 10 points of test_labels: .* got shape"):
        sgdbayes.compare(np.ones((5, 10)), whole, np.ones(10), domain_size=5)


def test_the_stub_and_the_package_agree():
    stub = ast.parse((ROOT / "sgdbayes/__init__.pyi").read_text(encoding="utf-8"))
    named = {alias.asname for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert named | {"__version__"} == set(sgdbayes.__all__)
