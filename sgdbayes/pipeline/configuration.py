"""A configuration: validated, its defaults filled in, its grids multiplied out. Every mistake ends in one line that
names the key.
"""

import copy
import difflib
import fnmatch
import functools
import itertools
import string
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml

from sgdbayes.architectures.kinds import ARCHITECTURES
from sgdbayes.datasets.kinds import DATASETS
from sgdbayes.pipeline.plugins import PluginError, load_plugins
from sgdbayes.posterior.kinds import POSTERIORS, exact_posterior
from sgdbayes.training.kinds import OPTIMIZERS

if TYPE_CHECKING:
    import jsonschema

__all__ = [
    "Configuration",
    "ConfigurationError",
    "Experiment",
    "check_keys",
    "check_kinds",
    "check_kinds_once",
    "expand_grid",
    "folder_of_plugins",
    "read_configuration",
    "unseen_inputs",
]

# So many names an error lists: a campaign's experiments would fill the screen.
_NAMED = 20


class ConfigurationError(ValueError):
    """A wrong key, type, name or value in a configuration."""


@dataclass(frozen=True)
class Experiment:
    """Networks of one architecture trained on one task by one optimiser, the last three by their name in the
    configuration.
    """

    task: str
    architecture: str
    optimizer: str
    loss: str
    batch_size: int
    networks: int
    max_epochs: int
    extra_epochs: int
    seed: int
    domain_sizes: tuple[int, ...]
    posteriors: tuple[str, ...]
    precision: str = "float32"
    target_loss: float | None = None


@dataclass(frozen=True)
class Configuration:
    """A whole configuration; all but the experiments are the mappings of the file, defaults filled in."""

    name: str
    device: str
    block_size: int
    stack_size: int | None
    tasks: Mapping[str, Mapping[str, Any]]
    architectures: Mapping[str, Mapping[str, Any]]
    optimizers: Mapping[str, Mapping[str, Any]]
    posteriors: Mapping[str, Mapping[str, Any]]
    posterior_draws: Mapping[str, int]
    comparison: Mapping[str, int]
    experiments: Mapping[str, Experiment]
    ep_against_exact: Mapping[str, Any] = field(default_factory=dict)
    complexity: Mapping[str, Any] = field(default_factory=dict)
    by_error: Mapping[str, Any] = field(default_factory=dict)
    reference: str | None = None
    known_runs: tuple[str, ...] = ()
    sample: float = 0.01
    sweeps: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    margins: Mapping[str, Any] = field(default_factory=dict)
    predictors: tuple[str, ...] = ()
    figures: tuple[str, ...] | None = None
    test_errors: tuple[str, ...] = ()
    plugins: tuple[str, ...] = ()
    other_code: str = "keep"


def read_configuration(config: Mapping[str, Any], schema_path: Path, folder: Path = Path()) -> Configuration:
    """Validate ``config`` against the schema, fill in defaults, multiply out grids, import the plug-ins, whose paths start from
    ``folder``. Raises ConfigurationError.
    """
    _check_keys_are_text(config, "")
    schema = yaml.safe_load(schema_path.read_text(encoding="utf-8"))
    config = _validated(dict(config), schema)
    config["plugins"] = [str(folder / path) for path in config["plugins"]]
    try:
        load_plugins(config["plugins"])
    except PluginError as error:
        raise ConfigurationError(f"plugins: {error}") from error
    _check_names(config)
    experiments: dict[str, Experiment] = {}
    for template, settings in config["experiments"].items():
        for name, single in expand_grid(template, settings):
            if name in experiments:
                raise ConfigurationError(f"experiments.{template}: the name {name} stands for two experiments")
            path = f"experiments.{name}"
            single = _validated({**config, "experiments": {name: single}}, schema)["experiments"][name]
            single.setdefault("posteriors", list(config["posteriors"]))
            for key, section in (("task", "tasks"), ("architecture", "architectures"), ("optimizer", "optimizers")):
                _check_name(single[key], config[section], f"{path}.{key}")
            for posterior in single["posteriors"]:
                _check_name(posterior, config["posteriors"], f"{path}.posteriors")
            recorded = config["tasks"][single["task"]]["recorded_test_size"]
            if max(single["domain_sizes"]) > recorded:
                raise ConfigurationError(
                    f"{path}.domain_sizes: {max(single['domain_sizes'])} is more than the recorded_test_size {recorded} of its task"
                )
            single["domain_sizes"], single["posteriors"] = (
                tuple(sorted(single["domain_sizes"])),
                tuple(single["posteriors"]),
            )
            experiments[name] = Experiment(**single)
    if not experiments and "ep_against_exact" not in config:
        raise ConfigurationError("configuration: neither experiments nor ep_against_exact: there is nothing to do")
    if "ep_against_exact" in config:
        _settle_ep(config["ep_against_exact"], config)
    for path in config["known_runs"]:
        for part in (path, f"{path}.json"):
            if not Path(part).is_file():
                raise ConfigurationError(
                    f"known_runs: there is no file {part}: name the runs.parquet of another run, with its .json beside it, or take the "
                    "entry out"
                )
    config["known_runs"], config["plugins"] = tuple(config["known_runs"]), tuple(config["plugins"])
    _settle_extras(config, experiments)
    return Configuration(**{"stack_size": None, **config, "experiments": experiments})


def _check_names(config: Mapping[str, Any]) -> None:
    """Raise ConfigurationError for a kind that is in no registry."""
    named = [(f"tasks.{name}.dataset", item["dataset"], DATASETS) for name, item in config["tasks"].items()]
    for section, registry in (("architectures", ARCHITECTURES), ("optimizers", OPTIMIZERS)):
        named += [(f"{section}.{name}.kind", item["kind"], registry) for name, item in config[section].items()]
    named += [("posteriors", name, POSTERIORS) for name in config["posteriors"]]
    for path, name, registry in named:
        if name not in registry:
            raise ConfigurationError(
                f"{_unknown(name, registry, path, 'unknown name')}; docs/extending.md: how to add one"
            )


def _settle_ep(settings: dict[str, Any], config: Mapping[str, Any]) -> None:
    for key, section in (("task", "tasks"), ("architecture", "architectures")):
        _check_name(settings[key], config[section], f"ep_against_exact.{key}")
    task = config["tasks"][settings["task"]]
    settings["train_sizes"], settings["domain_sizes"] = (
        sorted(settings["train_sizes"]),
        sorted(settings["domain_sizes"]),
    )
    limits = {
        "train_sizes": ("train_size of its task", task["train_size"], settings["train_sizes"][-1]),
        "domain_sizes": ("test_size", settings["test_size"], settings["domain_sizes"][-1]),
        "test_size": ("recorded_test_size of its task", task["recorded_test_size"], settings["test_size"]),
    }
    for key, (name, limit, size) in limits.items():
        if size > limit:
            raise ConfigurationError(f"ep_against_exact.{key}: {size} is more than the {name}, {limit}")


def _settle_extras(config: Mapping[str, Any], experiments: Mapping[str, Experiment]) -> None:
    """Fill in and check complexity, by_error, margins, test_errors, predictors, sweeps and reference."""
    if "complexity" in config:
        complexity = config["complexity"]
        complexity["experiments"] = _matching(
            complexity.get("experiments", list(experiments)), experiments, "complexity.experiments"
        )
    by_error = config.get("by_error", {})
    sizes, asked = by_error.get("domain_sizes", []), list(experiments)
    if "experiments" in by_error:
        asked = by_error["experiments"] = _matching(by_error["experiments"], experiments, "by_error.experiments")
    for item in (experiments[name] for name in asked):
        model = [
            each for each in experiments.values() if (each.task, each.architecture) == (item.task, item.architecture)
        ]
        largest = max(max(each.domain_sizes) for each in model)
        if sizes and max(sizes) > largest:
            raise ConfigurationError(
                f"by_error.domain_sizes: {max(sizes)} is more than the largest of the domain_sizes of experiments with task {item.task} "
                f"and architecture {item.architecture}, {largest}"
            )
    if "margins" in config:
        margins = config["margins"]
        margins["experiments"] = _matching(
            margins.get("experiments", list(experiments)), experiments, "margins.experiments"
        )
        for name in margins["experiments"]:
            if exact_posterior().name not in experiments[name].posteriors:
                raise ConfigurationError(
                    f"margins.experiments: {name} has no posterior {exact_posterior().name}, whose margins those of its networks "
                    "are compared with"
                )
    config["test_errors"] = tuple(_matching(config.get("test_errors", []), experiments, "test_errors"))
    for name in config["test_errors"]:
        if all(POSTERIORS[posterior].of_networks for posterior in experiments[name].posteriors):
            raise ConfigurationError(
                f"test_errors: {name} has no posterior that is made from kernels, to be compared with"
            )
    asked_for = config["predictors"] != ["*"]
    config["predictors"] = tuple(_matching(config["predictors"], experiments, "predictors")) if experiments else ()
    if (
        experiments
        and asked_for
        and not any(exact_posterior().name in experiments[name].posteriors for name in config["predictors"])
    ):
        raise ConfigurationError(
            f"predictors: none of them has the posterior {exact_posterior().name}, which chooses their domains: name others"
        )
    for name, sweep in config["sweeps"].items():
        _settle_sweep(f"sweeps.{name}", sweep, config, experiments)
    if "reference" in config:
        asked = {posterior for item in experiments.values() for posterior in item.posteriors}
        _check_name(config["reference"], asked, "reference", what="no experiment asks for the posterior")


def _matching(patterns: Iterable[str], experiments: Mapping[str, Experiment], path: str) -> list[str]:
    """The experiments that match any of ``patterns``, each once."""
    names: dict[str, None] = {}
    for pattern in patterns:
        found = fnmatch.filter(experiments, pattern)
        if not found:
            raise ConfigurationError(_unknown(pattern, experiments, path, "unknown name"))
        names |= dict.fromkeys(found)
    return list(names)


def _settle_sweep(
    path: str, sweep: dict[str, Any], config: Mapping[str, Any], experiments: Mapping[str, Experiment]
) -> None:
    """Put names for patterns, and the value of the setting and the label of its line beside each."""
    names = _matching(sweep["experiments"], experiments, f"{path}.experiments")
    section = sweep["setting"].rpartition(".")[0]
    values, groups, rest = {}, {}, {}
    chosen = {name: experiments[name] for name in names}
    losses = {item.loss for item in chosen.values()}
    for name, item in chosen.items():
        if sweep["domain_size"] not in item.domain_sizes:
            raise ConfigurationError(f"{path}.domain_size: {sweep['domain_size']} is not in the domain_sizes of {name}")
        settings = _all_settings(item, config)
        value = settings.pop(sweep["setting"], None)
        if not isinstance(value, int | float):
            raise ConfigurationError(
                f"{path}.setting: {sweep['setting']} is not a number that experiments.{name} has written down: it must be like "
                "batch_size, task.train_size, architecture.width or optimizer.learning_rate"
            )
        label = settings["optimizer.kind"] if section == "optimizer" else item.optimizer
        values[name], groups[name] = value, label if len(losses) == 1 else f"{label}, {item.loss}"
        first = rest.setdefault(groups[name], (name, settings))
        differing = sorted(key for key in first[1].keys() | settings if first[1].get(key) != settings.get(key))
        if differing:
            raise ConfigurationError(
                f"{path}: {first[0]} and {name} differ in {', '.join(differing)} beside {sweep['setting']}: a line joins experiments that "
                "differ in nothing else"
            )
    if len(set(zip(values.values(), groups.values(), strict=True))) < len(values):
        raise ConfigurationError(
            f"{path}: two of its experiments have the same {sweep['setting']} and optimizer: name one of them"
        )
    sweep |= {"experiments": list(chosen), "values": values, "groups": groups}


def _all_settings(item: Experiment, config: Mapping[str, Any]) -> dict[str, Any]:
    """What decides the networks of an experiment and what is done with them, those of its task, architecture and optimizer
    as task.train_size.
    """
    counted = {"networks", "max_epochs", "domain_sizes", "posteriors", "task", "architecture", "optimizer"}
    settings = {each.name: getattr(item, each.name) for each in fields(item) if each.name not in counted}
    for section in ("task", "architecture", "optimizer"):
        options = config[f"{section}s"][getattr(item, section)]
        settings |= {f"{section}.{option}": value for option, value in options.items()}
    return settings


def folder_of_plugins(paths: Iterable[str | Path]) -> Path:
    """The folder of the last of these configuration files that names plug-ins, from which their paths start."""
    naming = [
        path for path in map(Path, paths) if "plugins" in (yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    ]
    return naming[-1].parent if naming else Path()


def check_keys(path: Path) -> None:
    """Raise ConfigurationError where a key stands twice in a YAML file: the reader of Snakemake drops the first without a
    word, and an experiment with it.
    """
    nodes = [("", yaml.compose(path.read_text(encoding="utf-8")))]
    while nodes:
        under, node = nodes.pop()
        if not isinstance(node, yaml.MappingNode):
            continue
        keys = [key.value for key, _ in node.value]
        for number, (key, value) in enumerate(node.value):
            if key.value in keys[:number]:
                raise ConfigurationError(
                    f"{under}{key.value} stands twice in {path}, the second time in line {key.start_mark.line + 1}: rename one"
                )
            nodes.append((f"{under}{key.value}.", value))


def check_kinds(configuration: Configuration) -> None:
    """Build what the configuration names, small: unknown kinds and options and impossible sizes are found before any
    job starts.

    It imports torch and gpytorch, which takes seconds, so for the process that plans, not for each job. Raises
    ConfigurationError.
    """
    from sgdbayes.architectures import FullyConnected, architecture_of, check_architecture
    from sgdbayes.training import LOSSES, PRECISIONS, Optimizer

    for name, task in configuration.tasks.items():
        path = f"tasks.{name}"
        dataset = DATASETS[task["dataset"]]
        wanted = task["train_size"] + task["recorded_test_size"]
        if wanted > dataset.size:
            raise ConfigurationError(
                f"{path}: train_size + recorded_test_size = {wanted} is more than the {dataset.size} examples of {task['dataset']}"
            )
        if not set(task["positive_classes"]) < set(dataset.classes):
            raise ConfigurationError(
                f"{path}.positive_classes: must be some, not all, of {list(dataset.classes)}, got {task['positive_classes']}"
            )
        options = task.get("options", {})
        _check_options(dataset.options, options, f"{path}.options")
        _attempt(f"{path}.options", functools.partial(dataset.check_options, options))
    for name, options in configuration.architectures.items():
        path = f"architectures.{name}"
        rest = {key: value for key, value in options.items() if key != "kind"}
        _check_options(ARCHITECTURES[options["kind"]].options, rest, path)
        _attempt(path, functools.partial(architecture_of, options))
    for name, options in configuration.optimizers.items():
        path = f"optimizers.{name}"
        rest = {key: value for key, value in options.items() if key not in ("kind", "learning_rate")}
        for option in rest:
            _check_name(option, OPTIMIZERS[options["kind"]].options, path, what="unknown option")
        _attempt(path, Optimizer(options["kind"], options["learning_rate"], rest).settings)
    for name, options in configuration.posteriors.items():
        path, kind = f"posteriors.{name}", POSTERIORS[name]
        _check_options(kind.options, options, path)
        _attempt(path, functools.partial(kind.check_options, options, FullyConnected()))
    needing_tangent = {name for name in configuration.posteriors if "tangent_kernel" in POSTERIORS[name].needs}
    fitting: set[tuple[str, str]] = set()
    for name, experiment in configuration.experiments.items():
        _check_name(experiment.loss, LOSSES, f"experiments.{name}.loss")
        _check_name(experiment.precision, PRECISIONS, f"experiments.{name}.precision")
        impossible = needing_tangent.intersection(experiment.posteriors)
        architecture = architecture_of(configuration.architectures[experiment.architecture])
        estimated = getattr(architecture, "kernel_is_estimate", False)
        if impossible and (estimated or not hasattr(architecture, "tangent_kernel")):
            raise ConfigurationError(
                f"experiments.{name}.posteriors: {', '.join(impossible)} needs a tangent kernel in closed form, which there is none of "
                f"for architectures.{experiment.architecture}: name the others"
            )
        task = configuration.tasks[experiment.task]
        inputs = DATASETS[task["dataset"]].inputs_with(task.get("options", {}))
        # Drawing a network takes a while: once for all experiments on a model.
        model = experiment.task, experiment.architecture
        if inputs is not None and model not in fitting:
            _attempt(
                f"experiments.{name}", functools.partial(_check_fit, architecture, experiment.architecture, inputs)
            )
            plugin = ARCHITECTURES.origin(configuration.architectures[experiment.architecture]["kind"])
            if plugin is not None:
                points = np.random.default_rng(0).uniform(0, max(1, inputs.words), (5, *inputs.shape))
                points = np.floor(points) if inputs.words else points
                _attempt(f"plugins: {plugin.name}", functools.partial(check_architecture, architecture, points))
            fitting.add(model)
        for kind in (POSTERIORS[posterior] for posterior in experiment.posteriors):
            if kind.of_networks:
                check = functools.partial(kind.check_options, configuration.posteriors[kind.name], architecture)
                _attempt(f"experiments.{name}.posteriors", check)
    for name in configuration.complexity.get("experiments", ()):
        _check_measure(configuration.complexity["measure"], name, configuration)


def _kind_files(configuration: Configuration) -> tuple[str, ...]:
    """The files of the kinds that are named, plug-ins among them."""
    named = [(DATASETS, task["dataset"]) for task in configuration.tasks.values()]
    named += [(ARCHITECTURES, each["kind"]) for each in configuration.architectures.values()]
    named += [(POSTERIORS, name) for name in configuration.posteriors]
    files = [path for registry, name in named for path in registry.sources(name)]
    return tuple(map(str, dict.fromkeys([*files, *configuration.plugins])))


def check_kinds_once(configuration: Configuration, stamp: Path) -> None:
    """`check_kinds`, unless it found nothing wrong with the same configuration under the same code and versions: ``stamp`` holds
    for which that was. Raises as it does.
    """
    from sgdbayes.hashes import settings_hash
    from sgdbayes.pipeline.provenance import code_hash, environment

    # As text: a mistaken value, a date say, may be nothing that JSON knows.
    key = settings_hash(
        repr(asdict(configuration)), code_hash(Path(__file__), _kind_files(configuration)), environment()["versions"]
    )
    if not stamp.exists() or stamp.read_text() != key:
        check_kinds(configuration)
        stamp.parent.mkdir(exist_ok=True)
        stamp.write_text(key)


def _check_fit(architecture: Any, name: str, inputs: Any) -> None:  # noqa: ANN401
    """Raise ValueError for an architecture, of this name, that the inputs of its task do not fit."""
    import torch

    vocabulary = getattr(architecture, "vocabulary", 0)
    if inputs.words > vocabulary:
        raise ValueError(
            f"its inputs are numbers of {inputs.words} words: architectures.{name} needs a vocabulary of as many, or "
            "the task another form of input"
        )
    if vocabulary and not inputs.words:
        raise ValueError(f"architectures.{name} has a vocabulary, but the inputs of the task are not numbers of words")
    if inputs.zeros and architecture.bias_variance == 0:
        raise ValueError(
            f"one of its inputs is all zeros, of which networks without biases make 0: give architectures.{name} a "
            "bias_variance above 0"
        )
    network = architecture.initial_parameters(inputs.shape, np.random.default_rng(0))
    architecture.outputs([torch.from_numpy(part[None]) for part in network], torch.zeros(1, 1, *inputs.shape))


def unseen_inputs(configuration: Configuration, experiment: str) -> int:
    """How many examples the data set of an experiment has beside those of S."""
    task = configuration.tasks[configuration.experiments[experiment].task]
    return DATASETS[task["dataset"]].size - task["train_size"]


def _check_measure(measure: str, name: str, configuration: Configuration) -> None:
    """Whether functions of an experiment have this complexity."""
    experiment, rest = configuration.experiments[name], unseen_inputs(configuration, name)
    task, architecture = configuration.tasks[experiment.task], configuration.architectures[experiment.architecture]
    whole = rest in experiment.domain_sizes
    if measure == "lempel_ziv" and not whole:
        raise ConfigurationError(
            f"complexity.measure: lempel_ziv is of whole functions, so experiments.{name}.domain_sizes must hold {rest}, all of "
            f"{task['dataset']} that is not in S"
        )
    moved = measure == "critical_sample_ratio" or (measure == "auto" and not whole)
    if moved and architecture.get("vocabulary"):
        raise ConfigurationError(
            f"complexity.measure: critical_sample_ratio moves inputs a little, and those of experiments.{name} are words: name other "
            "experiments in complexity.experiments"
        )


def _check_keys_are_text(config: Mapping[Any, Any], path: str) -> None:
    for key, value in config.items():
        if not isinstance(key, str):
            raise ConfigurationError(f"{path or 'configuration'}: the key {key!r} must be text: write it in quotes")
        if isinstance(value, Mapping):
            _check_keys_are_text(value, f"{path}.{key}".lstrip("."))


def expand_grid(template: str, settings: Mapping[str, Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    """Name and settings of each experiment that ``template`` stands for. Raises ConfigurationError for braces that do not match."""
    grid = settings.get("grid", {})
    single = {key: value for key, value in settings.items() if key != "grid"}
    try:
        braced = {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}
    except ValueError as error:
        raise ConfigurationError(f"experiments.{template}: the braces in its name do not match ({error})") from error
    if braced != set(grid):
        raise ConfigurationError(
            f"experiments.{template}: its name must hold each key of its grid in braces, and no other: grid has "
            f"{sorted(grid) or 'no keys'}, the name {sorted(braced) or 'none'}"
        )
    for values in itertools.product(*grid.values()):
        chosen = dict(zip(grid, values, strict=True))
        yield template.format(**chosen), {**single, **chosen}


def _validated(config: dict[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """``config`` with defaults. Raises ConfigurationError for the first mistake."""
    gridded = {
        name: set(entry["grid"]) for name, entry in _experiments(config).items() if isinstance(entry.get("grid"), dict)
    }
    errors = sorted(
        _fills_defaults()(schema).iter_errors(config), key=lambda error: list(map(str, error.absolute_path))
    )
    for error in errors:
        path = list(error.absolute_path)
        given = gridded.get(path[-1], set()) if path else set()
        if error.validator == "required" and set(error.validator_value) <= given | set(error.instance):
            continue
        raise ConfigurationError(_one_line(error, given))
    return config


def _experiments(config: Mapping[str, Any]) -> dict[str, dict]:
    experiments = config.get("experiments")
    return (
        {name: entry for name, entry in experiments.items() if isinstance(entry, dict)}
        if isinstance(experiments, dict)
        else {}
    )


def _with_defaults(validate: Callable) -> Callable:
    def properties(validator, schemas, instance, schema):  # noqa: ANN001, ANN202
        if isinstance(instance, dict):
            for key, subschema in schemas.items():
                if "default" in subschema:
                    instance.setdefault(key, copy.copy(subschema["default"]))
        yield from validate(validator, schemas, instance, schema)

    return properties


@functools.cache
def _fills_defaults() -> "type[jsonschema.protocols.Validator]":
    # Only who validates needs it: benchmarks/gpu.py does without.
    import jsonschema

    validator = jsonschema.Draft202012Validator
    return jsonschema.validators.extend(validator, {"properties": _with_defaults(validator.VALIDATORS["properties"])})


def _one_line(error: "jsonschema.ValidationError", given: set[str]) -> str:
    """``given``: keys that the grid of an experiment supplies."""
    path = ".".join(map(str, error.absolute_path)) or "configuration"
    got = error.instance
    if error.validator == "additionalProperties":
        allowed = error.schema["properties"]
        return _unknown(next(key for key in got if key not in allowed), allowed, path, "unknown key")
    if error.validator == "required":
        missing = next(key for key in error.validator_value if key not in got and key not in given)
        if close := difflib.get_close_matches(missing, set(got) - set(error.validator_value), n=1, cutoff=0.8):
            return f"{path}: unknown key {close[0]} (did you mean {missing}?)"
        return f"{path}: the key {missing} is missing; required: {', '.join(error.validator_value)}"
    if error.validator == "type":
        wanted = error.validator_value if isinstance(error.validator_value, str) else " or ".join(error.validator_value)
        return f"{path}: must be of type {wanted}, got {got!r}{_number_hint(got)}"
    if error.validator == "enum":
        return _unknown(got, error.validator_value, path, "unknown value")
    return f"{path}: {' '.join(error.message.split())}"


def _number_hint(got: object) -> str:
    try:
        float(got if isinstance(got, str) else "text")
    except ValueError:
        return ""
    return " (to YAML this is text: write numbers without quotes, and 1e-4 as 1.0e-4)"


def _check_name(name: object, allowed: Iterable[str], path: str, *, what: str = "unknown name") -> None:
    if name not in set(allowed):
        raise ConfigurationError(_unknown(name, allowed, path, what))


def _unknown(name: object, allowed: Iterable[object], path: str, what: str) -> str:
    allowed = sorted(map(str, allowed))
    close = difflib.get_close_matches(str(name), allowed, n=1)
    hint = f" (did you mean {close[0]}?)" if close else ""
    shown = [*allowed[:_NAMED], f"{len(allowed) - _NAMED} more"] if len(allowed) > _NAMED else allowed
    return f"{path}: {what} {name}{hint}; allowed: {', '.join(shown) or 'none'}"


def _check_options(defaults: Mapping[str, Any], options: Mapping[str, Any], path: str) -> None:
    """Options must be among the ``defaults``, and of their types."""
    for name, value in options.items():
        _check_name(name, defaults, path, what="unknown option")
        wanted = type(defaults[name])
        accepted = (int, float) if wanted is float else wanted
        if not isinstance(value, accepted) or (isinstance(value, bool) and wanted is not bool):
            raise ConfigurationError(
                f"{path}.{name}: must be of type {wanted.__name__}, got {value!r}{_number_hint(value)}"
            )


def _attempt(path: str, build: Callable[[], object]) -> None:
    try:
        build()
    except (RuntimeError, TypeError, ValueError) as error:
        raise ConfigurationError(f"{path}: {' '.join(str(error).split())}") from error
    except Exception as error:
        # Of a plug-in: what it may raise is anyone's guess.
        raise ConfigurationError(f"{path}: {type(error).__name__}: {' '.join(str(error).split())}") from error
