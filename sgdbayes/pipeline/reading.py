"""From YAML and its schema to a `Configuration`: names looked up, grids and patterns multiplied out, sections that fit.

Every mistake ends in one line that names the key.
"""

import fnmatch
import hashlib
import os
import re
import string
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from sgdbayes.architectures.kinds import ARCHITECTURES
from sgdbayes.datasets.kinds import DATASETS
from sgdbayes.datasets.task import groups_of
from sgdbayes.hashes import settings_hash
from sgdbayes.pipeline.configuration import (
    ByError,
    Complexity,
    Configuration,
    EpAgainstExact,
    Experiment,
    Margins,
    Published,
    Sweep,
    Volume,
)
from sgdbayes.pipeline.grids import expand_grid, grids_of, named_groups
from sgdbayes.pipeline.mistakes import NAME, ConfigurationError, check_name, not_a_name
from sgdbayes.pipeline.plugins import PluginError, load_plugins
from sgdbayes.pipeline.validation import validated
from sgdbayes.posterior.kinds import POSTERIORS, exact_posterior
from sgdbayes.registry import unknown_name
from sgdbayes.training.kinds import OPTIMIZERS

__all__ = ["check_keys", "folder_naming", "read_configuration"]

_Config = Mapping[str, Any]
_Experiments = Mapping[str, Experiment]


def read_configuration(
    config: _Config, schema_path: Path, folder: Path = Path(), *, style_folder: Path | None = None
) -> Configuration:
    """``config``, settled; its plug-ins, whose paths start from ``folder``, are imported. The path of its style starts
    there too, or from ``style_folder``. Raises ConfigurationError.
    """
    _check_keys_are_text(config)
    schema = yaml.safe_load(schema_path.read_text(encoding="utf-8"))
    config = validated(config, schema)
    plugins = tuple(str(folder / path) for path in config["plugins"])
    try:
        load_plugins(plugins)
    except PluginError as error:
        raise ConfigurationError(f"plugins: {error}") from error
    if "style" in config:
        config["style"] = _style(config["style"], folder if style_folder is None else style_folder)
    config = config | {"tasks": _expanded("tasks", config, schema)}
    _check_kinds_are_known(config)
    config |= {"tasks": {name: _counted(f"tasks.{name}", task) for name, task in config["tasks"].items()}}
    experiments = {
        name: _experiment(f"experiments.{name}", each, config) for name, each in _experiments(config, schema)
    }
    if not experiments and "ep_against_exact" not in config:
        raise ConfigurationError("configuration: neither experiments nor ep_against_exact: there is nothing to do")
    sections = {
        "ep_against_exact": _ep_against_exact,
        "known_runs": _known_runs,
        "complexity": _complexity,
        "by_error": _by_error,
        "margins": _margins,
        "predictors": _predictors,
        "published": _published,
        "sweeps": _sweeps,
        "volume": _volume,
        "reference": _reference,
    }
    settled = {name: settle(config[name], config, experiments) for name, settle in sections.items() if name in config}
    return Configuration(**{**config, **settled, "experiments": experiments, "plugins": plugins})


def folder_naming(key: str, paths: Iterable[str | Path]) -> Path:
    """The folder of the last of these configuration files that has a ``key``, from which the paths under it start."""
    read = {path: yaml.safe_load(path.read_text(encoding="utf-8")) or {} for path in map(Path, paths)}
    naming = [path for path, content in read.items() if key in content]
    return naming[-1].parent if naming else Path()


def _style(named: str, folder: Path) -> str:
    """A file must be there; whether matplotlib can use it, and names, are checked with kinds."""
    if not named.endswith(".mplstyle"):
        return named
    path = folder / named
    if not path.is_file():
        raise ConfigurationError(f"style: there is no file {path}: paths start from where the configuration is")
    return os.path.relpath(path)


def check_keys(path: Path) -> None:
    """Raise ConfigurationError for a file that is no YAML, in which something contains itself, or a key stands twice:
    of two the reader of Snakemake drops the first without a word, and an experiment with it.
    """
    nodes: list[tuple[str, yaml.Node | None, tuple[int, ...]]] = [("", _composed(path), ())]
    while nodes:
        under, node, around = nodes.pop()
        if id(node) in around:
            raise ConfigurationError(f"{under.rstrip('.')} in {path} contains itself: take out the alias (*) in it")
        around = (*around, id(node))
        if isinstance(node, yaml.SequenceNode):
            nodes += [(under, each, around) for each in node.value]
        if not isinstance(node, yaml.MappingNode):
            continue
        keys = [key.value for key, _ in node.value]
        for number, (key, value) in enumerate(node.value):
            if key.value in keys[:number]:
                raise ConfigurationError(
                    f"{under}{key.value} stands twice in {path}, the second time in line {key.start_mark.line + 1}: "
                    "rename one"
                )
            nodes.append((f"{under}{key.value}.", value, around))


def _composed(path: Path) -> yaml.Node | None:
    text = ""
    try:
        text = path.read_text(encoding="utf-8")
        return yaml.compose(text)
    except FileNotFoundError as error:
        raise ConfigurationError(f"there is no file {path}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is not in UTF-8 (byte {error.start + 1}): save it so") from error
    except yaml.YAMLError as error:
        hint = "; names that begin with { need quotes" if re.search(r"^ *\{\w+\}", text, re.MULTILINE) else ""
        raise ConfigurationError(f"{path} is no YAML: {error}{hint}") from error


def _check_keys_are_text(config: Mapping[Any, Any], path: str = "") -> None:
    for key, value in config.items():
        if not isinstance(key, str):
            raise ConfigurationError(f"{path or 'configuration'}: the key {key!r} must be text: write it in quotes")
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, Mapping):
                _check_keys_are_text(each, f"{path}.{key}".lstrip("."))


def _check_kinds_are_known(config: _Config) -> None:
    """Every data set, architecture, optimiser and posterior must be in its registry."""
    named = [(f"tasks.{name}.dataset", item["dataset"], DATASETS) for name, item in config["tasks"].items()]
    for section, registry in (("architectures", ARCHITECTURES), ("optimizers", OPTIMIZERS)):
        named += [(f"{section}.{name}.kind", item["kind"], registry) for name, item in config[section].items()]
    named += [("posteriors", name, POSTERIORS) for name in config["posteriors"]]
    for path, name, registry in named:
        if name not in registry:
            raise ConfigurationError(f"{path}: {unknown_name(name, registry)}; docs/extending.md: how to add one")


def _expanded(section: str, config: _Config, schema: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The entries of a section, grids multiplied out, by name."""
    entries: dict[str, dict[str, Any]] = {}
    lower: dict[str, str] = {}
    one = {"$defs": schema["$defs"], "properties": {section: schema["properties"][section]}}
    for template, settings in config[section].items():
        for name, single in expand_grid(section, template, settings):
            if not NAME.match(name):
                raise ConfigurationError(f"{section}.{template}: {not_a_name(name)}")
            if name in entries:
                raise ConfigurationError(f"{section}.{template}: the name {name} stands for two {section}")
            if same := lower.get(name.lower()):
                raise ConfigurationError(
                    f"{section}.{template}: {name} and {same} differ in capitals alone, which some systems ignore"
                )
            lower[name.lower()] = name
            entries[name] = validated({section: {name: single}}, one)[section][name]
    return entries


def _counted(path: str, task: _Config) -> dict[str, Any]:
    """A task with a number for a recorded_test_size of ``all``: of what S leaves of both groups of classes."""
    if task["recorded_test_size"] != "all":
        return dict(task)
    dataset = DATASETS[task["dataset"]]
    try:
        positive, negative = groups_of(dataset.classes, task["positive_classes"], task.get("negative_classes"))
    except ValueError as error:
        raise ConfigurationError(f"{path}: {error}") from error
    examples = dataset.examples_of(positive | negative)
    if examples is None:
        raise ConfigurationError(
            f"{path}.recorded_test_size: how many examples of each class {dataset.name} has is not known before it is "
            "loaded: give a number instead of all"
        )
    if examples <= task["train_size"]:
        raise ConfigurationError(
            f"{path}.recorded_test_size: train_size {task['train_size']} leaves none of the {examples} examples of its "
            "classes"
        )
    return {**task, "recorded_test_size": examples - task["train_size"]}


def _experiments(config: _Config, schema: Mapping[str, Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    """All experiments with their settings."""
    section = {}
    for template, settings in config["experiments"].items():
        grids = grids_of(settings)
        for grid in grids:
            if "task" in grid:
                path = f"experiments.{template}.grid.task"
                grid["task"] = _matching([str(name) for name in grid["task"]], config["tasks"], path, always=True)
        section[template] = settings | {"grid": grids}
    return _expanded("experiments", config | {"experiments": section}, schema).items()


def _experiment(path: str, settings: Mapping[str, Any], config: _Config) -> Experiment:
    """What it names must be configured, and its domains recorded."""
    for key in ("task", "architecture", "optimizer"):
        check_name(settings[key], config[f"{key}s"], f"{path}.{key}")
    posteriors = tuple(settings.get("posteriors", config["posteriors"]))
    for posterior in posteriors:
        check_name(posterior, config["posteriors"], f"{path}.posteriors")
    domain_sizes = tuple(sorted(settings["domain_sizes"]))
    recorded = config["tasks"][settings["task"]]["recorded_test_size"]
    if domain_sizes[-1] > recorded:
        raise ConfigurationError(
            f"{path}.domain_sizes: {domain_sizes[-1]} is more than the recorded_test_size {recorded} of its task"
        )
    return Experiment(**{**settings, "posteriors": posteriors, "domain_sizes": domain_sizes})


def _matching(patterns: Iterable[str], known: _Config, path: str, *, always: bool = False) -> list[str]:
    """The names of experiments or tasks that match any of ``patterns``, each once. Of no experiments * is all;
    ``always`` says that even * must match some.
    """
    names: dict[str, None] = {}
    for pattern in patterns:
        found = fnmatch.filter(known, pattern)
        if not found and (always or pattern != "*"):
            what = "no name matches" if any(mark in pattern for mark in "*?[") else "unknown name"
            raise ConfigurationError(f"{path}: {unknown_name(pattern, known, what=what)}")
        names |= dict.fromkeys(found)
    return list(names)


def _ep_against_exact(section: _Config, config: _Config, _experiments: _Experiments) -> EpAgainstExact:
    """Its task must have as many points as it takes."""
    for key in ("task", "architecture"):
        check_name(section[key], config[f"{key}s"], f"ep_against_exact.{key}")
    sizes = {key: sorted(section[key]) for key in ("train_sizes", "domain_sizes")}
    settings = EpAgainstExact(**{**section, **sizes})
    task = config["tasks"][settings.task]
    for key, size, limit, of in (
        ("train_sizes", settings.train_sizes[-1], task["train_size"], "train_size of its task"),
        ("domain_sizes", settings.domain_sizes[-1], settings.test_size, "test_size"),
        ("test_size", settings.test_size, task["recorded_test_size"], "recorded_test_size of its task"),
    ):
        if size > limit:
            raise ConfigurationError(f"ep_against_exact.{key}: {size} is more than the {of}, {limit}")
    return settings


def _known_runs(paths: list[str], _config: _Config, _experiments: _Experiments) -> tuple[str, ...]:
    """The files must be there, with their provenance."""
    for part in (part for path in paths for part in (path, f"{path}.json")):
        if not Path(part).is_file():
            raise ConfigurationError(
                f"known_runs: there is no file {part}: name the runs.parquet of another run, with its .json beside it, "
                "or take the entry out"
            )
    return tuple(paths)


def _complexity(section: _Config, _config: _Config, experiments: _Experiments) -> Complexity:
    names = _matching(section["experiments"], experiments, "complexity.experiments")
    return Complexity(**{**section, "experiments": names})


def _by_error(section: _Config, _config: _Config, experiments: _Experiments) -> ByError:
    """Its domains must be no larger than the largest on which any experiment on the same model is compared."""
    names = _matching(section["experiments"], experiments, "by_error.experiments")
    asked = max(section.get("domain_sizes", [0]))
    for item in (experiments[name] for name in names):
        largest = max(each.domain_sizes[-1] for each in experiments.values() if each.model == item.model)
        if asked > largest:
            raise ConfigurationError(
                f"by_error.domain_sizes: {asked} is more than the largest of the domain_sizes of experiments with task "
                f"{item.task} and architecture {item.architecture}, {largest}"
            )
    return ByError(**{**section, "experiments": names})


def _margins(section: _Config, _config: _Config, experiments: _Experiments) -> Margins:
    """Its experiments must have the exact posterior."""
    names, exact = _matching(section["experiments"], experiments, "margins.experiments"), exact_posterior().name
    for name in names:
        if exact not in experiments[name].posteriors:
            raise ConfigurationError(
                f"margins.experiments: {name} has no posterior {exact}, whose margins those of its networks are "
                "compared with"
            )
    return Margins(**{**section, "experiments": names})


def _published(section: _Config, _config: _Config, _experiments: _Experiments) -> Published:
    """The table must be there and have the columns that are named; what it holds must be numbers."""
    path = Path(section["table"])
    if not path.is_file():
        raise ConfigurationError(f"published.table: there is no file {path}: paths start from where the run does")
    published = Published(**section, content=hashlib.sha256(path.read_bytes()).hexdigest())
    rows = published.rows()
    columns = list(rows[0]) if rows else []
    for name in Published.MEASURED:
        check_name(name, columns, "published.table", what="no column")
    keys = [name for name in columns if name not in Published.MEASURED]
    check_name(section["across"], keys, "published.across", what="the table has no column")
    for comparison, asked in section["comparisons"].items():
        path = f"published.comparisons.{comparison}"
        for _, name, _, _ in string.Formatter().parse(asked["study"]):
            if name is not None:
                check_name(name, keys, path, what="the table has no column")
        for name, values in asked["rows"].items():
            check_name(name, columns, f"{path}.rows", what="the table has no column")
            for value in values:
                check_name(str(value), dict.fromkeys(row[name] for row in rows), f"{path}.rows.{name}")
    least = {"accuracy": 0, "networks": 1, "training_sets": 1}
    for number, row in enumerate(rows, start=2):
        if not all(_is_number(row[name], lowest) for name, lowest in least.items()):
            raise ConfigurationError(
                f"published.table: line {number} of {section['table']} must have an accuracy in %, and numbers of "
                "networks and training_sets from 1 on"
            )
    return published


def _is_number(text: str | None, least: float) -> bool:
    try:
        return least <= float(text) < float("inf")
    except (TypeError, ValueError):
        return False


def _predictors(patterns: list[str], _config: _Config, experiments: _Experiments) -> tuple[str, ...]:
    """Where some are named, one must have the exact posterior."""
    names, exact = _matching(patterns, experiments, "predictors"), exact_posterior().name
    if patterns != ["*"] and not any(exact in experiments[name].posteriors for name in names):
        raise ConfigurationError(
            f"predictors: none of them has the posterior {exact}, which chooses their domains: name others"
        )
    return tuple(names)


def _reference(name: str, _config: _Config, experiments: _Experiments) -> str:
    """Some experiment must ask for it."""
    asked = {posterior for item in experiments.values() for posterior in item.posteriors}
    check_name(name, asked, "reference", what="no experiment asks for the posterior")
    return name


def _sweeps(sections: _Config, config: _Config, experiments: _Experiments) -> dict[str, Sweep]:
    return {name: _sweep(f"sweeps.{name}", section, config, experiments) for name, section in sections.items()}


def _sweep(path: str, section: _Config, config: _Config, experiments: _Experiments) -> Sweep:
    """Its experiments must be compared on its domain and differ in its setting, a number; on a line in nothing else."""
    names = _matching(section["experiments"], experiments, f"{path}.experiments")
    setting, size = section["setting"], section["domain_size"]
    settings = {name: _all_settings(experiments[name], config) for name in names}
    for name in names:
        if size not in experiments[name].domain_sizes:
            raise ConfigurationError(f"{path}.domain_size: {size} is not in the domain_sizes of {name}")
        if not isinstance(settings[name].get(setting), int | float):
            raise ConfigurationError(
                f"{path}.setting: {setting} is not a number that experiments.{name} has written down: it must be like "
                "batch_size, task.train_size, architecture.width or optimizer.learning_rate"
            )
    values = {name: settings[name][setting] for name in names}
    # Where an optimiser is swept, each value is an optimiser with a name of its own.
    labels = {name: experiments[name].optimizer for name in names}
    if setting.startswith("optimizer."):
        labels = {name: settings[name]["optimizer.kind"] for name in names}
    if len({experiments[name].loss for name in names}) > 1:
        labels = {name: f"{label}, {experiments[name].loss}" for name, label in labels.items()}
    extra = {name: experiments[name].extra_epochs for name in names}
    if setting != "extra_epochs" and len({*extra.values()}) > 1:
        labels = {name: f"{label} + {extra[name]} epochs" if extra[name] else label for name, label in labels.items()}
    _check_lines(path, setting, labels, settings)
    seeds = [settings[name]["task.seed"] for name in names]
    if len(set(zip(values.values(), labels.values(), seeds, strict=True))) < len(names):
        raise ConfigurationError(
            f"{path}: two of its experiments have the same {setting} and optimizer: name one of them"
        )
    return Sweep(**{**section, "experiments": names, "values": values, "groups": labels})


def _volume(section: _Config, config: _Config, experiments: _Experiments) -> Volume:
    """Each of its curves must have two |S|, and be a sweep over them."""
    names = _matching(section["experiments"], experiments, "volume.experiments")
    # Rows of the figure in the order of tasks and architectures, however experiments are put together.
    order = {each: place for key in ("tasks", "architectures") for place, each in enumerate(config[key])}
    names.sort(key=lambda name: tuple(order[each] for each in experiments[name].model))
    tasks: dict[str, list[str]] = {}
    for task in dict.fromkeys(experiments[name].task for name in names):
        drawn = ("seed", "train_size", "recorded_test_size")
        like = settings_hash({key: value for key, value in config["tasks"][task].items() if key not in drawn})
        tasks.setdefault(like, []).append(task)
    family = {task: name for name, members in named_groups(tasks.values()).items() for task in members}
    members: dict[str, list[str]] = {}
    for name in names:
        members.setdefault(f"{family[experiments[name].task]}, {experiments[name].architecture}", []).append(name)
    curves = {}
    for curve, each in members.items():
        sweep = {"setting": "task.train_size", "experiments": each, "domain_size": section["domain_size"]}
        curves[curve] = _sweep("volume", sweep, config, experiments)
        sizes = set(curves[curve].values.values())
        if len(sizes) == 1:
            raise ConfigurationError(
                f"volume.experiments: {each[0]} and all on the same data and architecture have |S| = {sizes.pop()}: a "
                "curve needs a second"
            )
    return Volume(**{**section, "experiments": names}, curves=curves)


def _check_lines(path: str, setting: str, labels: Mapping[str, str], settings: Mapping[str, dict[str, Any]]) -> None:
    """Experiments on one line of a sweep must differ in nothing but its setting and in what their tasks draw: the seed,
    and how many test points, of which an S of another size leaves others.
    """
    firsts: dict[str, str] = {}
    for name, label in labels.items():
        first = firsts.setdefault(label, name)
        mine, its = settings[name], settings[first]
        ignored = {setting, "task.seed", "task.recorded_test_size"}
        differing = sorted(key for key in mine.keys() | its if key not in ignored and mine.get(key) != its.get(key))
        if differing:
            raise ConfigurationError(
                f"{path}: {first} and {name} differ in {', '.join(differing)} beside {setting}: a line joins "
                "experiments that differ in nothing else"
            )


def _all_settings(item: Experiment, config: _Config) -> dict[str, Any]:
    """What decides the networks of an experiment; what its task, architecture and optimizer set as task.train_size."""
    settings = asdict(item)
    for key in ("networks", "max_epochs", "domain_sizes", "posteriors"):
        del settings[key]
    for key in ("task", "architecture", "optimizer"):
        options = config[f"{key}s"][settings.pop(key)]
        settings |= {f"{key}.{option}": value for option, value in options.items()}
    return settings
