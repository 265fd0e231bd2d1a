"""Every mistake in a configuration ends in one line that names the key and says what is allowed."""

import copy
from datetime import date
from pathlib import Path

import pytest
import yaml

from sgdbayes.pipeline import checking
from sgdbayes.pipeline.checking import check_kinds, check_kinds_once
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


IMDB = {"dataset": "imdb", "positive_classes": [1], "train_size": 100}
BOOLEAN = {"dataset": "boolean", "positive_classes": [1], "train_size": 64, "recorded_test_size": 64}
SWEEP = {"setting": "optimizer.learning_rate", "experiments": ["mnist-*"], "domain_size": 20}
EXPERIMENT = "experiments/mnist-{optimizer}"
WRONG = [
    ("nam", "x", "unknown key nam (did you mean name?)"),
    ("tasks", ..., "the key tasks is missing"),
    (f"{EXPERIMENT}/batch_sizes", 3, "unknown key batch_sizes (did you mean batch_size?)"),
    (f"{EXPERIMENT}/batch_size", "32", "batch_size: must be of type integer, got '32'"),
    (f"{EXPERIMENT}/networks", ..., "the key networks is missing"),
    (f"{EXPERIMENT}/networks", 0, "networks: 0 is less than the minimum of 1"),
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
    ("architectures/fcn/width", 3.5, "architectures.fcn.width: must be of type int, got 3.5"),
    ("architectures/fcn/depth", 0, "depth and width must be at least 1"),
    ("tasks/mnist/dataset", "mnsit", "unknown name mnsit (did you mean mnist?)"),
    ("tasks/mnist/train_size", 4500, "train_size + recorded_test_size = 5500 is more than the 5000 examples"),
    ("tasks/mnist/positive_classes", [11], "positive_classes: must be some, not all"),
    ("tasks/mnist/options", {"form": "tfidf"}, "tasks.mnist.options: unknown option form; allowed: none"),
    ("tasks/mnist/options", "tfidf", "tasks.mnist.options: must be of type object, got 'tfidf'"),
    ("tasks/mnist/options", {"form": None}, "tasks.mnist.options.form: must be of type number or string or"),
    ("tasks/reviews", IMDB | {"train_size": 49_000}, "= 50000 is more than the 49582 examples of imdb"),
    ("tasks/reviews", IMDB | {"positive_classes": [2]}, "positive_classes: must be some, not all, of [0, 1], got [2]"),
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
    ("tasks/bits", BOOLEAN | {"recorded_test_size": 65}, "= 129 is more than the 128 examples of boolean"),
    ("device", "gpu", "device: unknown value gpu"),
    ("name", "a/b", "name: 'a/b' does not match"),
    ("name", "..", "name: '..' does not match"),
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
    ("sweeps", {"a": SWEEP | {"experiments": ["mnsit-*"]}}, "sweeps.a.experiments: unknown name mnsit-*"),
    ("sweeps", {"a": SWEEP | {"domain_size": 7}}, "sweeps.a.domain_size: 7 is not in the domain_sizes of mnist-sgd"),
    (
        "sweeps",
        {"a": SWEEP | {"setting": "optimizer.rate"}},
        "optimizer.rate is not a number that experiments.mnist-sgd",
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
        ConfigurationError, match=r"unknown name mnsit-\*(?: \(did you mean .*\?\))?; allowed: .* more$"
    ) as error:
        read(config | {"predictors": ["mnsit-*"]})
    assert len(str(error.value)) < 700


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


@pytest.mark.parametrize(("path", "value", "message"), WRONG, ids=[f"{path}={value}" for path, value, _ in WRONG])
def test_mistakes_are_named(path, value, message):
    with pytest.raises(ConfigurationError) as error:
        read(changed(path, value))
    assert message in str(error.value)
    assert "\n" not in str(error.value)
