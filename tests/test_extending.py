"""What docs/extending.md promises: a plug-in registers a kind of each sort, and the whole workflow takes them."""

import copy
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from test_workflow import TINY, Project

import sgdbayes
from sgdbayes.architectures.kinds import ARCHITECTURES, architecture_of
from sgdbayes.files import read_table
from sgdbayes.pipeline import provenance
from sgdbayes.pipeline.checking import check_kinds
from sgdbayes.pipeline.mistakes import ConfigurationError
from sgdbayes.pipeline.plan import Plan
from sgdbayes.pipeline.plugins import PluginError, forget_plugins, load_plugins
from sgdbayes.pipeline.reading import read_configuration
from sgdbayes.posterior.kinds import POSTERIORS
from sgdbayes.registry import resolve

ROOT = Path(__file__).parents[1]
PLUGIN = Path(__file__).parent / "my_kinds.py"
SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.yaml"
OWN = TINY | {
    "plugins": ["own/my_kinds.py"],
    "tasks": {"small": {"dataset": "stripes", "positive_classes": [0, 1], "train_size": 40, "recorded_test_size": 24}},
    "architectures": {"fcn": {"kind": "Shallow", "width": 16}},
    "optimizers": {"sgd": {"kind": "Sgd", "learning_rate": 0.1}, "adam": {"kind": "Adam", "learning_rate": 0.01}},
    "posteriors": {"prior": {"scale": 2.0}, **TINY["posteriors"]},
}


@pytest.fixture(autouse=True)
def _forget():
    yield
    forget_plugins()


def planned(config: dict, folder: Path) -> Plan:
    return Plan(read_configuration(copy.deepcopy(config), SCHEMA, folder), ROOT / "workflow" / "scripts")


@pytest.mark.slow
def test_the_whole_workflow_takes_kinds_of_ones_own(tmp_path):
    project = Project(tmp_path)
    (tmp_path / "own").mkdir()
    shutil.copy(PLUGIN, tmp_path / "own")
    project.configure(OWN)
    run = project.snakemake()
    assert run.returncode == 0, run.stderr
    results = tmp_path / "results" / "tiny"
    comparison = read_table(results / "comparison.csv")
    assert set(comparison["posterior"]) == set(OWN["posteriors"])
    assert len(read_table(results / "claims.csv")) > 10
    assert " under the prior" in " ".join((results / "summary.txt").read_text().split())
    assert (results / "figures" / "predictors.png").exists()
    assert '"label":"prior"' in (results / "explorer.html").read_text().replace('": "', '":"')
    assert project.planned() == set()
    # One more kind, which nothing uses.
    text = (tmp_path / "own" / "my_kinds.py").read_text()
    (tmp_path / "own" / "more.py").write_text(
        "from sgdbayes.posterior import register_posterior\nregister_posterior('other', lambda kernel, labels: None)\n"
    )
    project.configure(OWN | {"plugins": ["own/my_kinds.py", "own/more.py"]})
    assert project.planned() == set()
    # An edited one is other code: said, and kept unless asked.
    (tmp_path / "own" / "my_kinds.py").write_text(
        text.replace("learnt nothing", "learnt little").replace("np.zeros(", "0 * np.ones(")
    )
    run = project.snakemake()
    assert "results were made by other code than this" in run.stdout + run.stderr
    assert "train" in project.planned("--config", "other_code=again")


def test_its_code_is_that_of_the_results_that_use_it_and_of_no_others(tmp_path):
    shutil.copy(PLUGIN, tmp_path)
    config = TINY | {"plugins": ["my_kinds.py"], "posteriors": {"prior": {}, "mse": {}, "zero_one": {"samples": 250}}}
    plan = planned(config, tmp_path)
    model = ("small", "fcn")
    assert [Path(use).name for use in plan.uses("posterior", *model, "prior")] == ["my_kinds.py"]
    before = {name: plan.code("posterior", *model, name) for name in ("prior", "mse")} | {
        "train": plan.code("train", "small-sgd")
    }
    (tmp_path / "my_kinds.py").write_text(PLUGIN.read_text().replace("np.zeros(", "0 * np.ones("))
    # A process hashes a file once.
    for cached in (provenance.code_hash, provenance._module_hash, provenance._tree):
        cached.cache_clear()
    edited = planned(config, tmp_path)
    after = {name: edited.code("posterior", *model, name) for name in ("prior", "mse")} | {
        "train": edited.code("train", "small-sgd")
    }
    assert {name for name in before if before[name] != after[name]} == {"prior"}
    assert plan.key("posterior", *model, "prior") == edited.key("posterior", *model, "prior")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import no_such_module", "own.py: ModuleNotFoundError: No module named 'no_such_module'"),
        ("register_posterior('a', print)\n" * 2, "own.py: there is posterior 'a' already, of "),
        ("register_posterior('ep', print)", "own.py: there is posterior 'ep' already, of sgdbayes itself"),
        ("x = 1", "own.py registers nothing: docs/extending.md says how it is done"),
        ("x = ", "own.py: SyntaxError"),
    ],
)
def test_a_plugin_that_cannot_be_used_is_named(tmp_path, text, said):
    (tmp_path / "own.py").write_text(f"from sgdbayes.posterior import register_posterior\n{text}\n")
    with pytest.raises(PluginError) as error:
        load_plugins([tmp_path / "own.py"])
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert "a" not in POSTERIORS
    with pytest.raises(ConfigurationError, match=r"^plugins: .*gone\.py: there is no such file$"):
        planned(TINY | {"plugins": ["gone.py"]}, tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("(Shallow)", "(Shallow)"), None),
        (
            (
                "    width: int = 24\n",
                "    width: int = 24\n\n    def kernel(self, inputs):\n        return 2 * super().kernel(inputs)\n",
            ),
            r"^plugins: my_kinds\.py: Shallow\.kernel disagrees with its networks: .* networks have the covariance",
        ),
        (
            (
                "    width: int = 24\n",
                "    width: int = 24\n\n    def outputs(self, parameters, inputs):\n"
                "        return super().outputs(parameters, inputs)[..., None]\n",
            ),
            r"^plugins: my_kinds\.py: Shallow\.outputs .* must be of shape \(100, 5\), got \(100, 5, 1\)",
        ),
    ],
)
def test_an_architecture_whose_kernel_and_networks_disagree_is_refused_before_any_job(tmp_path, change, said):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "my_kinds.py").write_text(PLUGIN.read_text().replace(*change))
    plan = planned(OWN, tmp_path)
    assert "Shallow" in ARCHITECTURES
    if said is None:
        check_kinds(plan.configuration)
        return
    with pytest.raises(ConfigurationError, match=said):
        check_kinds(plan.configuration)


def test_the_kinds_of_the_page_are_whole(tmp_path):
    blocks = re.findall("```python\n(.*?)```", (ROOT / "docs/extending.md").read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "own.py").write_text("\n".join(blocks))
    load_plugins([tmp_path / "own.py"])
    classes = {"positive_classes": range(5), "train_size": 40, "recorded_test_size": 200}
    task = sgdbayes.load_task("digits", **classes, options={"noise": 0.1})
    network = architecture_of({"kind": "Erf", "width": 64})
    sgdbayes.check_architecture(network, task.train_inputs)
    optimizer = sgdbayes.Optimizer("Adam", 0.003)
    trained = sgdbayes.train_until_fit(network, task, optimizer, indices=50, seed=0)
    kernel = network.kernel(np.concatenate([task.train_inputs, task.test_inputs]))
    laplace, _ = resolve(POSTERIORS["laplace"].fit)(kernel, task.train_labels)
    exact, _ = sgdbayes.zero_one_predictive(kernel, task.train_labels, 500, seed=0)
    errors = [posterior.mean_test_error(task.test_labels)[0] for posterior in (laplace, exact)]
    # Draws under label noise err more than those that fit S, and less than chance does.
    assert errors[1] < errors[0] < 0.45
    functions = trained.functions[trained.converged]
    assert len(functions) > 45
    assert sgdbayes.compare(functions, laplace, task.test_labels, domain_size=20)["gap"].value > 0


def test_an_unknown_name_points_to_the_page_that_says_how_to_add_one():
    config = copy.deepcopy(TINY) | {"posteriors": {"laplace": {}, **TINY["posteriors"]}}
    with pytest.raises(ConfigurationError, match=r"unknown name laplace.*docs/extending\.md: how to add one"):
        read_configuration(config, SCHEMA)


def test_kinds_of_ones_own_are_options_like_others(tmp_path):
    (tmp_path / "own").mkdir()
    shutil.copy(PLUGIN, tmp_path / "own")
    wrong = copy.deepcopy(OWN)
    wrong["posteriors"]["prior"] = {"scael": 2.0}
    with pytest.raises(ConfigurationError, match=r"posteriors\.prior: unknown option scael \(did you mean scale\?\)"):
        check_kinds(planned(wrong, tmp_path).configuration)
