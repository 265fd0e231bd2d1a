"""Every mistake in a configuration ends in one line that names the key and says what is allowed."""

import copy
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import yaml

from sgdbayes.datasets import DATASETS
from sgdbayes.pipeline import checking
from sgdbayes.pipeline.checking import check_kinds, check_kinds_once
from sgdbayes.pipeline.grids import common_name
from sgdbayes.pipeline.mistakes import ConfigurationError
from sgdbayes.pipeline.plan import Plan
from sgdbayes.pipeline.reading import check_keys, read_configuration

ROOT = Path(__file__).parents[1]
SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.yaml"
QUICKSTART = yaml.safe_load((ROOT / "config" / "quickstart.yaml").read_text())
# More of what can be wrong.
QUICKSTART["posteriors"]["ep"] = {}
QUICKSTART["experiments"]["mnist-{optimizer}"]["domain_sizes"] = [20, 50, 100]


def read(config: dict):
    configuration = read_configuration(copy.deepcopy(config), SCHEMA)
    check_kinds(configuration)
    return configuration


def changed(path: str, value: object) -> dict:
    """The quickstart with one key set, or removed if the value is ...; / parts the path."""
    config = copy.deepcopy(QUICKSTART)
    *folders, last = path.split("/") if isinstance(path, str) else [path]
    place = config
    for folder in folders:
        place = place[folder]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return config


def test_a_configuration_in_which_nothing_was_wrong_is_not_checked_again(tmp_path, monkeypatch):
    stamp, checked = tmp_path / "folder" / "checked", []
    monkeypatch.setattr(checking, "check_kinds", checked.append)
    first, other = (read_configuration(each, SCHEMA) for each in (changed("block_size", 8), changed("block_size", 7)))
    for each in (first, first, other, other, first):
        check_kinds_once(each, stamp)
    assert checked == [first, other, first]
    # One with a mistake is none of them, however often it is asked about.
    monkeypatch.undo()
    mistaken = read_configuration(changed("architectures/fcn/depth", [date(2020, 1, 1)]), SCHEMA)
    for _ in range(2):
        with pytest.raises(ConfigurationError):
            check_kinds_once(mistaken, stamp)


@pytest.mark.parametrize("path", sorted((ROOT / "config").glob("*.yaml")), ids=lambda path: path.name)
def test_committed_configurations_are_valid(path):
    assert read(yaml.safe_load(path.read_text())).name == path.stem


def test_grids_are_multiplied_out_and_defaults_filled_in():
    config = changed("experiments/mnist-{optimizer}/grid/batch_size", [16, 64])
    config["experiments"]["b{batch_size}-{optimizer}"] = config["experiments"].pop("mnist-{optimizer}")
    configuration = read(config)
    assert len(configuration.experiments) == 8
    experiment = configuration.experiments["b64-adam"]
    assert (experiment.batch_size, experiment.optimizer, experiment.extra_epochs) == (64, "adam", 0)
    assert experiment.posteriors == tuple(QUICKSTART["posteriors"])
    assert configuration.comparison["min_count"] == 5


def seeded(seeds: list[int], **experiment: object) -> dict:
    """The quickstart on several training sets."""
    config = copy.deepcopy(QUICKSTART)
    task = config["tasks"].pop("mnist")
    del task["seed"]
    config["tasks"]["mnist-{seed}"] = task | {"grid": {"seed": seeds}}
    template = config["experiments"].pop("mnist-{optimizer}")
    del template["task"]
    template["grid"] = {"task": ["mnist-*"], "optimizer": ["sgd", "adam"]}
    config["experiments"]["{task}-{optimizer}"] = template | experiment
    return config


def planned(config: dict) -> Plan:
    return Plan(read(config), ROOT / "workflow" / "scripts")


def test_a_grid_may_be_several():
    config = changed("experiments/mnist-{optimizer}/grid", [{"optimizer": ["sgd"]}, {"optimizer": ["adam", "adagrad"]}])
    assert {"mnist-sgd", "mnist-adam", "mnist-adagrad"} <= set(read(config).experiments)
    for several, message in (
        ([{"optimizer": ["sgd"]}, {"optimizer": ["sgd"]}], "the name mnist-sgd stands for two experiments"),
        ([{"optimizer": ["sgd"]}, {"batch_size": [8]}], "grid has ['batch_size'], the name ['optimizer']"),
        ([{"optimizer": ["sgd"]}, "sgd"], "must be of type object, got 'sgd'"),
        ([{"optimizer": ["sgd"], 1: [2]}], "grid: the key 1 must be text"),
        ([["sgd", "adam"]], "grid.0: must be of type object, got ['sgd', 'adam']"),
        ([], "grid: [] should be non-empty"),
        (5, "grid: must be of type object or array, got 5"),
    ):
        with pytest.raises(ConfigurationError) as raised:
            read(changed("experiments/mnist-{optimizer}/grid", several))
        assert message in str(raised.value)


def test_tasks_of_a_grid_and_patterns_of_them_are_multiplied_out():
    configuration = read(seeded([0, 1]))
    assert [(name, task["seed"], "grid" in task) for name, task in configuration.tasks.items()] == [
        ("mnist-0", 0, False), ("mnist-1", 1, False),
    ]  # fmt: skip
    assert list(configuration.experiments) == ["mnist-0-sgd", "mnist-0-adam", "mnist-1-sgd", "mnist-1-adam"]
    assert configuration.experiments["mnist-1-sgd"].task == "mnist-1"
    sizes = seeded([0])
    sizes["tasks"] = {"mnist-{train_size}-{seed}": sizes["tasks"]["mnist-{seed}"]}
    sizes["tasks"]["mnist-{train_size}-{seed}"]["grid"] = {"train_size": [10, 100], "seed": [0, 1]}
    assert read(sizes).tasks["mnist-100-1"]["train_size"] == 100


def test_experiments_that_differ_in_the_seed_of_their_task_are_a_study():
    plan = planned(seeded([0, 1, 10]))
    assert plan.studies() == {
        f"mnist-{name}": [f"mnist-{seed}-{name}" for seed in (0, 1, 10)] for name in ("sgd", "adam")
    }
    assert plan.families() == {f"mnist-{seed}": "mnist" for seed in (0, 1, 10)}
    assert plan.domains_of("mnist-0", [20, 100]) == {20: 20, 100: 10}
    # One seed is a study of one.
    alone = planned(seeded([3]))
    assert alone.studies() == {"mnist-3-sgd": ["mnist-3-sgd"], "mnist-3-adam": ["mnist-3-adam"]}
    assert alone.families() == {"mnist-3": "mnist-3"}
    # What disagrees in any other setting is no part of it.
    config = seeded([0, 1])
    config["experiments"]["more"] = {**config["experiments"]["{task}-{optimizer}"], "task": "mnist-0", "networks": 7}
    config["experiments"]["more"] |= {"optimizer": "sgd"}
    del config["experiments"]["more"]["grid"]
    assert planned(config).studies()["more"] == ["more"]
    config["tasks"]["mnist-9"] = {**QUICKSTART["tasks"]["mnist"], "train_size": 99}
    assert planned(config).families() == {"mnist-0": "mnist", "mnist-1": "mnist", "mnist-9": "mnist-9"}


def test_every_study_and_family_has_a_name_of_its_own():
    """What is called like an experiment of another study, or like another study, goes by its first experiment."""
    config = seeded([0, 1])
    alone = {k: v for k, v in config["experiments"]["{task}-{optimizer}"].items() if k != "grid"} | {"task": "mnist-0"}
    config["experiments"]["mnist-adam"] = alone | {"optimizer": "adam", "seed": 6}
    assert planned(config).studies() == {
        "mnist-sgd": ["mnist-0-sgd", "mnist-1-sgd"],
        "mnist-0-adam": ["mnist-0-adam", "mnist-1-adam"],
        "mnist-adam": ["mnist-adam"],
    }
    config = seeded([0, 1])
    other = {**QUICKSTART["tasks"]["mnist"], "train_size": 99}
    config["tasks"] |= {f"mnist-{seed}": other | {"seed": seed} for seed in (5, 6)}
    plan = planned(config)
    assert plan.families() == {"mnist-0": "mnist-0", "mnist-1": "mnist-0", "mnist-5": "mnist-5", "mnist-6": "mnist-5"}
    assert [*plan.studies()] == ["mnist-0-sgd", "mnist-0-adam", "mnist-5-sgd", "mnist-5-adam"]
    # A task called as the others are together.
    config = seeded([0, 1])
    config["tasks"]["mnist"] = other
    assert planned(config).families() == {"mnist-0": "mnist-0", "mnist-1": "mnist-0", "mnist": "mnist"}


@pytest.mark.parametrize(
    ("names", "common"),
    [
        (["mnist-0-adam", "mnist-1-adam"], "mnist-adam"),
        (["mnist-0", "mnist-10"], "mnist"),
        (["mnist-10-adam", "mnist-11-adam"], "mnist-adam"),
        (["mnist-v0.5-0-sgd", "mnist-v0.5-1-sgd"], "mnist-v0.5-sgd"),
        (["mnist0", "mnist1"], "mnist"),
        (["0-mnist", "1-mnist"], "mnist"),
        (["mnist_a.b"], "mnist_a.b"),
        (["a-0", "a-0-more"], ""),
        (["0", "1"], ""),
    ],
)
def test_what_names_have_in_common(names, common):
    assert common_name(names) == common


def test_mistakes_in_grids_of_tasks_are_named():
    for config, said in (
        (seeded([0, 1], grid={"task": ["mnsit-*"], "optimizer": ["sgd"]}), "grid.task: no name matches mnsit-*"),
        (
            seeded([0, 1]) | {"tasks": {"mnist": seeded([0])["tasks"]["mnist-{seed}"]}},
            "tasks.mnist: its name must hold",
        ),
        (seeded([0, 0]), "tasks.mnist-{seed}.grid.seed"),
        (seeded([-1]), "tasks.mnist--1.seed: -1 is less than the minimum of 0"),
        (seeded([0], domain_sizes=[1001]), "domain_sizes: 1001 is more than the recorded_test_size 1000 of its task"),
        (seeded([0]) | {"domains": 0}, "domains: 0 is less than the minimum of 1"),
        (seeded([0]) | {"comparison": {"asked": 3}}, "comparison.asked: 3 is less than the minimum of 20"),
    ):
        with pytest.raises(ConfigurationError) as error:
            read(config)
        assert said in str(error.value)
        assert "\n" not in str(error.value)
    twice = seeded([0])
    twice["tasks"]["mnist-0"] = QUICKSTART["tasks"]["mnist"]
    with pytest.raises(ConfigurationError, match="the name mnist-0 stands for two tasks"):
        read(twice)


IMDB = {"dataset": "imdb", "positive_classes": [1], "train_size": 100}
BOOLEAN = {"dataset": "boolean", "positive_classes": [1], "train_size": 64, "recorded_test_size": 64}
TWO = {"dataset": "mnist_embedded", "positive_classes": [7], "negative_classes": [0], "train_size": 16}
FCN = {"kind": "FullyConnected"}
SWEEP = {"setting": "optimizer.learning_rate", "experiments": ["mnist-*"], "domain_size": 20}
EXPERIMENT = "experiments/mnist-{optimizer}"
WRONG = [
    ("nam", "x", "unknown key nam (did you mean name?)"),
    ("tasks", ..., "the key tasks is missing"),
    (f"{EXPERIMENT}/batch_sizes", 3, "unknown key batch_sizes (did you mean batch_size?)"),
    (f"{EXPERIMENT}/batch_size", "32", "batch_size: must be of type integer, got '32'"),
    (f"{EXPERIMENT}/networks", ..., "the key networks is missing"),
    (f"{EXPERIMENT}/min_epochs", 501, "min_epochs: must be no more than max_epochs, got 501 and"),
    (f"{EXPERIMENT}/networks", 0, "networks: 0 is less than the minimum of 1"),
    ("tasks/mnist/seed", [0, 1], "seed: must be of type integer, got [0, 1]; several values go into a grid"),
    (f"{EXPERIMENT}/networks", 10.0, "networks: must be of type integer, got 10.0"),
    (f"{EXPERIMENT}/networks", 10**20, "networks: 100000000000000000000 is greater than the maximum of 10000000"),
    (f"{EXPERIMENT}/domain_sizes", [20.0], "domain_sizes.0: must be of type integer, got 20.0"),
    ("tasks/mnist/train_size", float("inf"), "tasks.mnist.train_size: must be finite, got inf"),
    (f"{EXPERIMENT}/target_loss", float("nan"), "target_loss: must be finite, got nan"),
    ("optimizers/sgd/learning_rate", float("nan"), "optimizers.sgd.learning_rate: must be finite, got nan"),
    ("optimizers/sgd/momentum", float("nan"), "optimizers.sgd.momentum: must be finite, got nan"),
    ("optimizers/sgd/weight_decay", "1e-4", "weight_decay of SGD must be a finite number, got '1e-4' (to YAML this is"),
    ("optimizers/sgd/nesterov", "no", "optimizers.sgd: nesterov of SGD must be true or false, got 'no'"),
    ("optimizers/adam/betas", [0.9], "betas of Adam must be 2 finite numbers, as [0.9, 0.999], got [0.9]"),
    ("optimizers/adam/betas", [0.9, "0.99"], "betas of Adam must be 2 finite numbers, as [0.9, 0.999], got"),
    ("optimizers/adam/eps", True, "eps of Adam must be a finite number, got True"),
    ("name", "..", "name: '..' is no name: a letter or digit, then letters, digits, _, . and -, at most 100 in all"),
    ("architectures/" + "a" * 101, FCN, "architectures: 'aaaa"),
    ("tasks/..", TWO, "tasks...: '..' is no name"),
    ("tasks/MNIST", TWO, "tasks.MNIST: MNIST and mnist differ in capitals alone, which some systems ignore"),
    (f"{EXPERIMENT}/grid", ..., "the key optimizer is missing"),
    (f"{EXPERIMENT}/grid/seed", [1, 2], "its name must hold each key of its grid in braces"),
    (f"{EXPERIMENT}/grid/optimizer", ["sgdd"], "unknown name sgdd (did you mean sgd?); allowed: adagrad, adam"),
    (f"{EXPERIMENT}/loss", "hinge", "loss: unknown name hinge; allowed: cross_entropy, mse"),
    (f"{EXPERIMENT}/posteriors", ["laplace"], "posteriors: unknown name laplace; allowed: "),
    (f"{EXPERIMENT}/domain_sizes", [2000], "domain_sizes: 2000 is more than the recorded_test_size 1000"),
    ("posteriors/laplace", {}, "unknown name laplace; allowed: "),
    ("posteriors/mse/noise_variance", "1e-4", "to YAML this is text"),
    ("posteriors/mse/noise_variance", -1.0, "posteriors.mse: noise_variance must be positive, got -1.0"),
    ("posteriors/mse/noise", 1.0, "unknown option noise; allowed: noise_variance"),
    ("posteriors/zero_one/samples", 3, "posteriors.zero_one: diagnostics take at least 4 samples of each of 2 chains"),
    ("posteriors/zero_one/samples", 15, "posteriors.zero_one: half of the chains must give at least 32 draws"),
    ("posteriors/zero_one/chains", 1, "posteriors.zero_one: diagnostics take at least 4 samples of each of 2 chains"),
    ("posteriors/zero_one/warm_up", -1, "posteriors.zero_one: warm_up must not be negative, got -1"),
    ("posteriors/zero_one/seed", -1, "posteriors.zero_one: seed must not be negative, got -1"),
    ("posteriors/zero_one/device", "gpu", "posteriors.zero_one: device must be auto, cpu or cuda, got 'gpu'"),
    ("posteriors/ep/damping", 0.0, "posteriors.ep: "),
    ("optimizers/sgd/kind", "Sgd", "optimizers.sgd.kind: unknown name Sgd"),
    ("optimizers/sgd/momentun", 0.9, "unknown option momentun (did you mean momentum?)"),
    ("optimizers/sgd/learning_rate", -0.1, "optimizers.sgd.learning_rate: -0.1 is less than"),
    ("optimizers/sgd/momentum", -1, "optimizers.sgd: Invalid momentum value"),
    ("architectures/fcn/kind", "FullyConected", "did you mean FullyConnected?"),
    ("architectures/fcn/width", 3.5, "architectures.fcn: depth and width must be at least 1, whole numbers, got 2 and"),
    (
        "architectures/fcn/width",
        True,
        "architectures.fcn: depth and width must be at least 1, whole numbers, got 2 and",
    ),
    ("architectures/fcn/depth", 0, "depth and width must be at least 1"),
    ("architectures/fcn/widths", [4], "architectures.fcn: widths stand for depth and width: give one or the other"),
    ("architectures/fcn", FCN | {"widths": []}, "architectures.fcn: widths must be whole numbers, 1 or more, one for"),
    (
        "architectures/fcn",
        FCN | {"widths": [4, 0]},
        "widths must be whole numbers, 1 or more, one for each layer, got [4",
    ),
    ("architectures/fcn", FCN | {"widths": [4, 2.5]}, "widths must be whole numbers, 1 or more"),
    ("architectures/fcn", FCN | {"widths": "44"}, "widths must be whole numbers, 1 or more"),
    ("architectures/fcn", FCN | {"widths": 4}, "widths must be whole numbers, 1 or more"),
    ("tasks/mnist/dataset", "mnsit", "unknown name mnsit (did you mean mnist?)"),
    (
        "tasks/mnist/train_size",
        4500,
        "is more than the 5000 examples there are of its classes: recorded_test_size can be 500 at",
    ),
    ("tasks/mnist/positive_classes", [11], "tasks.mnist: positive_classes: 11 is no class, which are [0, 1,"),
    ("tasks/mnist/positive_classes", [], "tasks.mnist.positive_classes: "),
    ("tasks/mnist/negative_classes", [], "tasks.mnist.negative_classes: "),
    ("tasks/mnist/negative_classes", [11], "tasks.mnist: negative_classes: 11 is no class"),
    (
        "tasks/mnist/negative_classes",
        [4, 5],
        "positive_classes and negative_classes must have no class in common, got [5",
    ),
    (
        "tasks/mnist",
        TWO | {"train_size": 15, "recorded_test_size": 100, "balanced": True},
        "tasks.mnist: train_size must be even for a balanced S",
    ),
    (
        "tasks/mnist",
        TWO | {"train_size": 1002, "recorded_test_size": 500},
        "= 1002 + 500 is more than the 1000 examples there are of its classes",
    ),
    (
        "tasks/mnist",
        TWO | {"positive_classes": [1, 7], "train_size": 1002, "recorded_test_size": 100, "balanced": True},
        "tasks.mnist: negative_classes have 500 examples, and a balanced S of train_size 1002 needs 501",
    ),
    (
        "tasks/mnist",
        TWO | {"train_size": 2, "recorded_test_size": 100, "train_indices": [7]},
        "train_indices must be train_size = 2 different",
    ),
    (
        "tasks/mnist",
        TWO | {"train_size": 2, "recorded_test_size": 100, "train_indices": [7, 5000]},
        "tasks.mnist: train_indices holds 5000, but mnist_embedded has 5000 examples, from 0 on",
    ),
    ("tasks/mnist", TWO | {"train_indices": [-1]}, "tasks.mnist.train_indices.0: -1 is less than the minimum of 0"),
    ("tasks/mnist", TWO | {"balanced": "yes"}, "tasks.mnist.balanced: must be of type boolean, got 'yes'"),
    ("tasks/mnist", TWO | {"recorded_test_size": "al"}, "tasks.mnist.recorded_test_size: 'al' does not match '^all$'"),
    ("tasks/mnist", TWO | {"recorded_test_size": 0}, "tasks.mnist.recorded_test_size: 0 is less than the minimum of 1"),
    (
        "tasks/mnist",
        TWO | {"recorded_test_size": "all", "train_size": 1000},
        "tasks.mnist.recorded_test_size: train_size 1000 leaves none of the 1000 examples of its classes",
    ),
    ("tasks/mnist", TWO | {"recorded_test_size": "all", "positive_classes": [0]}, "no class in common, got [0] twice"),
    ("tasks/mnist/options", {"form": "tfidf"}, "tasks.mnist.options: unknown option form; allowed: pool, standardize"),
    ("tasks/mnist/options", {"pool": 3}, "tasks.mnist.options: pool must divide the 28 pixels of a side, got 3"),
    (
        "tasks/mnist/options",
        {"standardize": [0.1, float("inf")]},
        "tasks.mnist.options.standardize: must be finite",
    ),
    ("name", "abc\n", "is no name: a letter or digit"),
    ("tasks/mnist/options", {"pool": 2.0}, "tasks.mnist.options.pool: must be of type int, got 2.0"),
    ("tasks/mnist/options", {"standardize": 0.1}, "tasks.mnist.options.standardize: must be of type list, got 0.1"),
    (
        "tasks/mnist/options",
        {"standardize": [0.1, -1]},
        "tasks.mnist.options: standardize must be the mean of pixels and",
    ),
    ("tasks/mnist/options", "tfidf", "tasks.mnist.options: must be of type object, got 'tfidf'"),
    ("tasks/mnist/options", {"form": None}, "tasks.mnist.options.form: must be of type number or string or"),
    ("tasks/reviews", IMDB | {"train_size": 49_000}, "= 49000 + 1000 is more than the 49582 examples there are"),
    (
        "tasks/reviews",
        IMDB | {"positive_classes": [2]},
        "positive_classes: 2 is no class, which are [0, 1]",
    ),
    (
        "tasks/reviews",
        IMDB | {"options": {"from": "tfidf"}},
        "tasks.reviews.options: unknown option from (did you mean form?)",
    ),
    (
        "tasks/reviews",
        IMDB | {"options": {"length": "9"}},
        "tasks.reviews.options.length: must be of type int, got '9'",
    ),
    ("tasks/reviews", IMDB | {"options": {"length": 0}}, "tasks.reviews.options: length must be at least 1, got 0"),
    (
        "tasks/reviews",
        IMDB | {"options": {"form": "bag"}},
        "tasks.reviews.options: form must be sequences or tfidf, got bag",
    ),
    ("tasks/bits", BOOLEAN | {"options": {"target": "xor"}}, "tasks.bits.options: target must be bit, conjunction,"),
    ("tasks/bits", BOOLEAN | {"recorded_test_size": 65}, "= 64 + 65 is more than the 128 examples there are"),
    ("device", "gpu", "device: unknown value gpu"),
    ("name", "a/b", "name: 'a/b' is no name: "),
    ("name", "..", "name: '..' is no name: "),
    (f"{EXPERIMENT}}}", {**QUICKSTART["experiments"]["mnist-{optimizer}"]}, "the braces in its name do not match"),
    (1, {}, "the key 1 must be text"),
    ("complexity", {"measure": "entropy"}, "complexity.measure: unknown value entropy"),
    ("complexity", {"measure": "lempel_ziv", "experiments": ["mnist"]}, "complexity.experiments: unknown name mnist"),
    (
        "complexity",
        {"measure": "lempel_ziv"},
        "experiments.mnist-sgd.domain_sizes must hold 4000, all of mnist_embedded",
    ),
    ("complexity", {"measure": "critical_sample_ratio", "radius": 0}, "complexity.radius: 0 is less than or equal"),
    (
        "by_error",
        {"domain_sizes": [200]},
        "by_error.domain_sizes: 200 is more than the largest of the domain_sizes of exp",
    ),
    ("known_runs", ["nowhere.parquet"], "known_runs: there is no file nowhere.parquet"),
    ("known_runs", ["README.md"], "known_runs: there is no file README.md.json"),
    ("sweeps", {"a": SWEEP | {"experiments": ["mnsit-*"]}}, "sweeps.a.experiments: no name matches mnsit-*"),
    ("sweeps", {"a": SWEEP | {"domain_size": 7}}, "sweeps.a.domain_size: 7 is not in the domain_sizes of mnist-sgd"),
    (
        "sweeps",
        {"a": SWEEP | {"setting": "optimizer.rate"}},
        "optimizer.rate is not a number that experiments.mnist-sgd",
    ),
    ("volume", {}, "volume: the key domain_size is missing"),
    ("volume", {"domain_size": 7}, "volume.domain_size: 7 is not in the domain_sizes of mnist-sgd"),
    ("volume", {"domain_size": 20, "experiments": ["fashion-*"]}, "volume.experiments: no name matches fashion-*"),
    (
        "volume",
        {"domain_size": 20},
        "volume.experiments: mnist-sgd and all on the same data and architecture have |S| =",
    ),
    ("sweeps", {"a": SWEEP | {"setting": "optimizers.learning_rate"}}, "optimizers.learning_rate is not a number"),
    ("by_error", {"numbers": 3}, "unknown key numbers (did you mean number?)"),
    (
        "reference",
        "rejektion",
        "reference: no experiment asks for the posterior rejektion; allowed: ep, mse, ntk, zero_one",
    ),
    ("figures", ["scater"], "figures.0: unknown value scater (did you mean scatter?)"),
    ("figures", [], "figures"),
    ("optimizers/sgd", {"kind": "SGD", "learnin_rate": 0.1}, "unknown key learnin_rate (did you mean learning_rate?)"),
]


def test_an_unknown_name_among_many_does_not_fill_the_screen():
    config = yaml.safe_load((ROOT / "config" / "desk.yaml").read_text())
    with pytest.raises(
        ConfigurationError, match=r"no name matches mnsit-\*(?: \(did you mean .*\?\))?; allowed: .* more$"
    ) as error:
        read(config | {"predictors": ["mnsit-*"]})
    assert len(str(error.value)) < 700


def test_what_contains_itself_is_refused(tmp_path):
    path = tmp_path / "itself.yaml"
    path.write_text("name: a\ncomparison: &all {asked: 100, top: [*all]}\n")
    with pytest.raises(
        ConfigurationError, match=r"^comparison\.top in .*itself.yaml contains itself: take out the ali"
    ):
        check_keys(path)
    path.write_text("name: a\nboth: &one {asked: 100}\ntwice: [*one, *one]\n")
    check_keys(path)


@pytest.mark.parametrize(("content", "said"), [
    (b"name: caf\xe9", r"bad\.yaml is not in UTF-8 \(byte 10\): save it so"),
    (b"name: [1,\nb: {", r"bad\.yaml is no YAML: while parsing a flow node"),
    (b"experiments:\n  {task}-{optimizer}:\n    networks: 10", r"no YAML: .*; names that begin with { need quotes"),
    (None, r"there is no file .*bad\.yaml"),
])  # fmt: skip
def test_what_is_no_yaml_is_told_before_snakemake_reads_it(tmp_path, content, said):
    path = tmp_path / "bad.yaml"
    if content is not None:
        path.write_bytes(content)
    run = subprocess.run([sys.executable, "-m", "sgdbayes.pipeline", path], capture_output=True, text=True, cwd=ROOT,
                         check=False)  # fmt: skip
    assert run.returncode == 1
    assert re.match(f"sgdbayes: error in the configuration: .*{said}", run.stderr)
    assert len(run.stderr.splitlines()) == 1
    path.write_text("name: a\n")
    assert subprocess.run([sys.executable, "-m", "sgdbayes.pipeline", path], cwd=ROOT, check=False).returncode == 0


def test_a_key_that_stands_twice_is_refused(tmp_path):
    path = tmp_path / "twice.yaml"
    path.write_text("name: a\nexperiments:\n  b: {networks: 1}\n  c: {networks: 2}\n")
    check_keys(path)
    path.write_text("name: a\nexperiments:\n  b: {networks: 1}\n  c: {networks: 2}\n  b: {networks: 3}\n")
    with pytest.raises(
        ConfigurationError, match=r"^experiments\.b stands twice in .*twice.yaml, the second time in line 5"
    ):
        check_keys(path)


def test_options_of_data_sets_are_kept_and_add_nothing_to_tasks_without(monkeypatch):
    def refuse(*_arguments, **_options):
        raise AssertionError("planning loaded data")

    for name in ("load_idx", "_read"):
        monkeypatch.setattr(f"sgdbayes.datasets.{'imdb' if name == '_read' else 'mnist'}.{name}", refuse)
    config = changed("tasks/reviews", IMDB | {"options": {"form": "tfidf", "vocabulary": 500}})
    config["tasks"]["bits"] = BOOLEAN | {"options": {"target": "parity"}}
    tasks = read(config).tasks
    assert tasks["reviews"]["options"] == {"form": "tfidf", "vocabulary": 500}
    assert tasks["mnist"] == QUICKSTART["tasks"]["mnist"]


def test_all_that_s_leaves_is_a_number_in_the_plan(monkeypatch):
    config = changed("tasks/mnist", TWO | {"recorded_test_size": "all", "seed": 0})
    plan = planned(config)
    assert plan.configuration.tasks["mnist"]["recorded_test_size"] == 984
    assert plan.domains_of("mnist", [20, 100]) == {20: 20, 100: 9}
    # A line of a sweep joins tasks of which S leaves more or less.
    sizes = seeded([0])
    sizes["tasks"] = {"mnist-{train_size}": TWO | {"recorded_test_size": "all", "grid": {"train_size": [4, 16]}}}
    sizes["sweeps"] = {"a": {"setting": "task.train_size", "experiments": ["mnist-*"], "domain_size": 20}}
    assert set(read(sizes).sweeps["a"].values.values()) == {4, 16}
    # It is no other task than that with the number.
    number = planned(changed("tasks/mnist", TWO | {"recorded_test_size": 984, "seed": 0}))
    assert plan.key("task", "mnist") == number.key("task", "mnist")
    config["tasks"]["mnist"]["dataset"] = "mnist"
    assert read(config).tasks["mnist"]["recorded_test_size"] == 6903 + 7293 - 16
    # All classes are as many as the data set has.
    bits = changed("tasks/bits", BOOLEAN | {"recorded_test_size": "all"})
    assert read(bits).tasks["bits"]["recorded_test_size"] == 64
    silent = replace(DATASETS["mnist_embedded"], class_sizes={})
    monkeypatch.setitem(DATASETS._entries, "mnist_embedded", silent)
    config["tasks"]["mnist"]["dataset"] = "mnist_embedded"
    with pytest.raises(ConfigurationError, match=r"^tasks\.mnist\.recorded_test_size: how many .* give a number inst"):
        read(config)


def test_inputs_of_prepared_images_are_those_that_networks_are_checked_on():
    config = changed("tasks/mnist", QUICKSTART["tasks"]["mnist"] | {"options": {"pool": 14}})
    config["architectures"]["fcn"] = {"kind": "Convolutional", "pooling": "max"}
    config["experiments"]["mnist-{optimizer}"]["posteriors"] = ["mse"]
    with pytest.raises(ConfigurationError, match="2 poolings need images of at least 4x4, got 2x2"):
        read(config)


def test_epochs_that_are_not_asked_for_are_in_no_key():
    plain, least = planned(QUICKSTART), planned(changed(f"{EXPERIMENT}/min_epochs", 60))
    assert "min_epochs" not in plain.training("mnist-sgd")
    assert least.training("mnist-sgd") == plain.training("mnist-sgd") | {"min_epochs": 60}
    assert least.key("train", "mnist-sgd") != plain.key("train", "mnist-sgd")
    assert planned(changed(f"{EXPERIMENT}/min_epochs", 0)).key("train", "mnist-sgd") == plain.key("train", "mnist-sgd")


def test_samplers_of_networks_take_layers_of_different_widths():
    config = changed("architectures/fcn", FCN | {"widths": [8, 4]})
    config["posteriors"] = {"rejection": {}, "splitting": {}}
    assert read(config).architectures["fcn"]["widths"] == [8, 4]


def test_critical_samples_of_words_are_refused():
    config = changed("architectures/fcn", {"kind": "LSTM", "vocabulary": 2000})
    config["tasks"]["mnist"] = IMDB
    config["posteriors"].pop("ntk")
    config["complexity"] = {"measure": "critical_sample_ratio"}
    with pytest.raises(ConfigurationError, match="critical_sample_ratio moves inputs a little"):
        read(config)


@pytest.mark.parametrize(("task", "architecture", "message"), [
    (BOOLEAN, {"kind": "FullyConnected"}, "architectures.fcn a bias_variance above 0"),
    (IMDB, {"kind": "FullyConnected"}, "numbers of 2000 words: architectures.fcn needs a vocabulary of as many"),
    (IMDB, {"kind": "LSTM", "vocabulary": 100}, "of 2000 words: architectures.fcn needs a vocabulary of as many"),
    (BOOLEAN, {"kind": "LSTM", "vocabulary": 9}, "has a vocabulary, but the inputs of the task are not numbers"),
    (BOOLEAN, {"kind": "LSTM", "bias_variance": 0.1}, "inputs must have shape (T, D), got (7,)"),
])  # fmt: skip
def test_architectures_that_do_not_fit_their_inputs_are_refused(task, architecture, message):
    config = changed("architectures/fcn", architecture)
    config["tasks"]["mnist"] = task
    config["experiments"]["mnist-{optimizer}"] |= {"domain_sizes": [20], "posteriors": ["mse"]}
    with pytest.raises(ConfigurationError) as error:
        read(config)
    assert str(error.value).startswith("experiments.mnist-sgd: ")
    assert message in str(error.value)


def test_what_is_not_asked_for_is_not_planned():
    plan = Plan(read(QUICKSTART), ROOT / "workflow" / "scripts")
    assert plan.complexity_experiments() == plan.by_error_sizes("mnist", "fcn") == []
    assert plan.reference_of("mnist", "fcn") is None
    for result in (
        ("complexity", "mnist-sgd"),
        ("margins", "mnist", "fcn"),
        ("ep_compare", "20"),
        ("by_error", "mnist", "fcn", "ep"),
    ):
        # As of an experiment that is no longer there: results of before are left as they are.
        with pytest.raises(KeyError):
            plan.key(*result)
    asked = {"complexity": {"measure": "critical_sample_ratio"}, "by_error": {}, "reference": "ep"}
    plan = Plan(read(QUICKSTART | asked), ROOT / "workflow" / "scripts")
    assert plan.complexity_experiments() == list(plan.experiments)
    config = changed("tasks/mnist", BOOLEAN) | {"complexity": {}}
    config["architectures"]["fcn"]["bias_variance"] = 0.5
    for sizes, measure in (([20, 64], "lempel_ziv"), ([20], "critical_sample_ratio")):
        config["experiments"]["mnist-{optimizer}"]["domain_sizes"] = sizes
        plan = Plan(read(config), ROOT / "workflow" / "scripts")
        assert plan.complexity_settings("mnist-sgd")["measure"] == measure
        # Of the 200 asked for by default.
        assert plan.complexity_settings("mnist-sgd")["points"] == 64
    plan = Plan(read(QUICKSTART | asked), ROOT / "workflow" / "scripts")
    assert plan.by_error_sizes("mnist", "fcn") == [20, 50, 100]
    assert plan.reference_of("mnist", "fcn") == "ep"


def test_predictors_need_an_experiment_with_the_exact_posterior():
    config = changed("experiments/mnist-{optimizer}/posteriors", ["ep"])
    assert read(config).predictors
    with pytest.raises(ConfigurationError, match="predictors: none of them has the posterior zero_one"):
        read(config | {"predictors": ["mnist-*"]})


def test_a_sweep_knows_the_value_and_the_line_of_each_experiment():
    sweep = read({**QUICKSTART, "sweeps": {"rate": SWEEP}}).sweeps["rate"]
    assert sweep.values == {"mnist-sgd": 0.1, "mnist-adam": 0.001, "mnist-adagrad": 0.01, "mnist-rmsprop": 0.001}
    assert sweep.groups == {
        "mnist-sgd": "SGD",
        "mnist-adam": "Adam",
        "mnist-adagrad": "Adagrad",
        "mnist-rmsprop": "RMSprop",
    }
    again = {**QUICKSTART["experiments"]["mnist-{optimizer}"], "optimizer": "sgd"}
    del again["grid"]
    for changed, message in (
        ({"seed": 1}, "mnist-sgd and mnist-again differ in seed beside"),
        ({}, "two of its experiments have the same"),
    ):
        experiments = {**QUICKSTART["experiments"], "mnist-again": {**again, **changed}}
        with pytest.raises(ConfigurationError, match=message):
            read({**QUICKSTART, "experiments": experiments, "sweeps": {"rate": SWEEP}})


def test_a_curve_over_training_set_sizes_is_of_one_kind_of_data_and_architecture():
    """Whatever the seed; overtraining is a line of its own, and curves come in the order of the sections."""
    config = seeded([0, 1])
    sizes = {"recorded_test_size": 500, "grid": {"train_size": [4, 16], "seed": [0, 1]}}
    config["tasks"] = {
        "mnist-{train_size}-{seed}": QUICKSTART["tasks"]["mnist"] | sizes,
        "two-{train_size}-{seed}": TWO | sizes,
    }
    for task in config["tasks"].values():
        task.pop("train_size", None)
        task.pop("seed", None)
    config["architectures"] = dict.fromkeys(("narrow", "fcn"), FCN)
    template = config["experiments"].pop("{task}-{optimizer}")
    tasks = {"task": ["two-*", "mnist-*"], "architecture": ["fcn", "narrow"], "optimizer": ["sgd", "adam"]}
    del template["architecture"]
    config["experiments"] = {
        "{task}-{architecture}-{optimizer}": template | {"grid": tasks},
        "{task}-{architecture}-{optimizer}-past": template
        | {"grid": tasks | {"optimizer": ["sgd"]}, "extra_epochs": 64},
    }
    before = planned(config)
    plan = planned(config | {"volume": {"domain_size": 20}})
    curves = plan.curves()
    assert list(curves) == ["mnist, narrow", "mnist, fcn", "two, narrow", "two, fcn"]
    assert curves["two, fcn"]["values"]["two-16-1-fcn-sgd-past"] == 16
    assert set(curves["two, fcn"]["groups"].values()) == {"sgd", "adam", "sgd + 64 epochs"}
    assert all(name.startswith("two-") and "-fcn-" in name for name in curves["two, fcn"]["values"])
    # Claims are tested on them, and are out of date; nothing else is.
    assert plan.lines()["two, fcn"]["figure"] == "volume"
    assert plan.key("claims") != before.key("claims")
    assert plan.key("studies") == before.key("studies")


@pytest.mark.parametrize(("path", "value", "message"), WRONG, ids=[f"{path}={value}" for path, value, _ in WRONG])
def test_mistakes_are_named(path, value, message):
    with pytest.raises(ConfigurationError) as error:
        read(changed(path, value))
    assert message in str(error.value)
    assert "\n" not in str(error.value)
