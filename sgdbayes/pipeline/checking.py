"""What a configuration names, built small: options and sizes that cannot work are found before any job starts."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from sgdbayes.architectures.kinds import ARCHITECTURES, architecture_of
from sgdbayes.checks import number_hint
from sgdbayes.datasets.kinds import DATASETS
from sgdbayes.datasets.task import Inputs, check_sizes, groups_of
from sgdbayes.hashes import settings_hash
from sgdbayes.pipeline.configuration import Configuration
from sgdbayes.pipeline.mistakes import ConfigurationError, check_name
from sgdbayes.pipeline.provenance import code_hash, environment
from sgdbayes.pipeline.steps import style_files
from sgdbayes.posterior.kinds import POSTERIORS
from sgdbayes.registry import unknown_name
from sgdbayes.training.kinds import OPTIMIZERS

__all__ = ["check_kinds", "check_kinds_once"]


def check_kinds_once(configuration: Configuration, stamp: Path) -> None:
    """`check_kinds`, unless it found nothing wrong with the same configuration under the same code and versions:
    ``stamp`` holds for which that was. Raises as it does.
    """
    # As text: a mistaken value, a date say, may be nothing that JSON knows.
    key = settings_hash(
        repr(asdict(configuration)), code_hash(Path(__file__), _kind_files(configuration)), environment()["versions"]
    )
    if not stamp.exists() or stamp.read_text() != key:
        check_kinds(configuration)
        stamp.parent.mkdir(exist_ok=True)
        stamp.write_text(key)


def _kind_files(configuration: Configuration) -> tuple[str, ...]:
    """The files of the kinds that are named, plug-ins and a style among them."""
    named = [(DATASETS, task["dataset"]) for task in configuration.tasks.values()]
    named += [(ARCHITECTURES, each["kind"]) for each in configuration.architectures.values()]
    named += [(POSTERIORS, name) for name in configuration.posteriors]
    files = [path for registry, name in named for path in registry.sources(name)]
    return tuple(map(str, dict.fromkeys([*files, *configuration.plugins, *style_files(configuration)])))


def check_kinds(configuration: Configuration) -> None:
    """Raise ConfigurationError unless all that is named can be built and goes together.

    It imports torch and gpytorch, which takes seconds, so for the process that plans, not for each job.
    """
    for name, task in configuration.tasks.items():
        _check_task(f"tasks.{name}", task)
    for name, settings in configuration.architectures.items():
        _check_architecture(f"architectures.{name}", settings)
    for name, settings in configuration.optimizers.items():
        _check_optimizer(f"optimizers.{name}", settings)
    for name, options in configuration.posteriors.items():
        _check_posterior(name, options)
    for name in configuration.experiments:
        _check_experiment(name, configuration)
    # Drawing a network takes a while: once for all experiments on a model.
    firsts = {item.model: name for name, item in reversed(configuration.experiments.items())}
    for name in firsts.values():
        _check_model(name, configuration)
    for name in configuration.complexity.experiments if configuration.complexity else ():
        _check_complexity(name, configuration)
    if configuration.style is not None:
        _check_style(configuration.style)
    if configuration.published:
        _check_published(configuration)


def _check_task(path: str, task: Mapping[str, Any]) -> None:
    """Its data set must have the examples, the classes and the options."""
    dataset, options = DATASETS[task["dataset"]], task.get("options", {})
    with _mistakes_of(path):
        positive, negative = groups_of(dataset.classes, task["positive_classes"], task.get("negative_classes"))
        examples, *groups = map(dataset.examples_of, (positive | negative, positive, negative))
        drawing = ("train_size", "recorded_test_size", "balanced", "train_indices")
        sizes = {name: task[name] for name in drawing if name in task}
        check_sizes(dataset.size if examples is None else examples, groups, **sizes)
        if (last := max(task.get("train_indices", [0]))) >= dataset.size:
            raise ValueError(f"train_indices holds {last}, but {dataset.name} has {dataset.size} examples, from 0 on")
    _check_options(dataset.options, options, f"{path}.options")
    with _mistakes_of(f"{path}.options"):
        dataset.check_options(options)


def _check_architecture(path: str, settings: Mapping[str, Any]) -> None:
    """Its options must be of its kind, and make one."""
    options = {key: value for key, value in settings.items() if key != "kind"}
    _check_options(ARCHITECTURES[settings["kind"]].options, options, path)
    with _mistakes_of(path):
        architecture_of(settings)


def _check_optimizer(path: str, settings: Mapping[str, Any]) -> None:
    """Its options must be of its kind, and make one."""
    from sgdbayes.training import Optimizer

    kind, rate = settings["kind"], settings["learning_rate"]
    options = {key: value for key, value in settings.items() if key not in ("kind", "learning_rate")}
    for option in options:
        check_name(option, OPTIMIZERS[kind].options, path, what="unknown option")
    with _mistakes_of(path):
        Optimizer(kind, rate, options).settings()


def _check_posterior(name: str, options: Mapping[str, Any]) -> None:
    """Its options must be of its kind, and possible."""
    path = f"posteriors.{name}"
    _check_options(POSTERIORS[name].options, options, path)
    with _mistakes_of(path):
        POSTERIORS[name].check_options(options, architecture_of({"kind": "FullyConnected"}))


def _check_experiment(name: str, configuration: Configuration) -> None:
    """Loss and precision must be known, and its posteriors possible for its architecture."""
    from sgdbayes.training import LOSSES, PRECISIONS

    item, path = configuration.experiments[name], f"experiments.{name}"
    check_name(item.loss, LOSSES, f"{path}.loss")
    check_name(item.precision, PRECISIONS, f"{path}.precision")
    if item.min_epochs > item.max_epochs:
        raise ConfigurationError(
            f"{path}.min_epochs: must be no more than max_epochs, got {item.min_epochs} and {item.max_epochs}"
        )
    architecture = architecture_of(configuration.architectures[item.architecture])
    in_closed_form = callable(getattr(architecture, "tangent_kernel", None)) and not getattr(
        architecture, "kernel_is_estimate", False
    )
    needing = [posterior for posterior in item.posteriors if "tangent_kernel" in POSTERIORS[posterior].needs]
    if needing and not in_closed_form:
        raise ConfigurationError(
            f"{path}.posteriors: {', '.join(needing)} needs a tangent kernel in closed form, which there is none of "
            f"for architectures.{item.architecture}: name the others"
        )
    for posterior in item.posteriors:
        if POSTERIORS[posterior].of_networks:
            with _mistakes_of(f"{path}.posteriors"):
                POSTERIORS[posterior].check_options(configuration.posteriors[posterior], architecture)


def _check_model(experiment: str, configuration: Configuration) -> None:
    """The architecture must fit the inputs of the task, and one of a plug-in do there what it promises."""
    from sgdbayes.architectures import check_architecture

    item = configuration.experiments[experiment]
    task, settings = configuration.tasks[item.task], configuration.architectures[item.architecture]
    inputs = DATASETS[task["dataset"]].inputs_with(task.get("options", {}))
    if inputs is None:
        return
    architecture, plugin = architecture_of(settings), ARCHITECTURES.origin(settings["kind"])
    with _mistakes_of(f"experiments.{experiment}"):
        _check_fit(architecture, f"architectures.{item.architecture}", inputs)
    if plugin is not None:
        points = np.random.default_rng(0).uniform(0, max(1, inputs.words), (5, *inputs.shape))
        with _mistakes_of(f"plugins: {plugin.name}"):
            check_architecture(architecture, np.floor(points) if inputs.words else points)


def _check_fit(architecture: Any, name: str, inputs: Inputs) -> None:  # noqa: ANN401
    """Raise ValueError if an architecture, of this name, cannot take the inputs."""
    import torch

    vocabulary = getattr(architecture, "vocabulary", 0)
    if inputs.words > vocabulary:
        raise ValueError(
            f"its inputs are numbers of {inputs.words} words: {name} needs a vocabulary of as many, or the task "
            "another form of input"
        )
    if vocabulary and not inputs.words:
        raise ValueError(f"{name} has a vocabulary, but the inputs of the task are not numbers of words")
    if inputs.zeros and architecture.bias_variance == 0:
        raise ValueError(
            f"one of its inputs is all zeros, of which networks without biases make 0: give {name} a bias_variance "
            "above 0"
        )
    network = architecture.initial_parameters(inputs.shape, np.random.default_rng(0))
    architecture.outputs([torch.from_numpy(part[None]) for part in network], torch.zeros(1, 1, *inputs.shape))


def _check_complexity(name: str, configuration: Configuration) -> None:
    """The functions of an experiment must have the complexity that is asked for."""
    item, measure = configuration.experiments[name], configuration.complexity.measure
    unseen = configuration.unseen_inputs(name)
    whole = unseen in item.domain_sizes
    if measure == "lempel_ziv" and not whole:
        raise ConfigurationError(
            f"complexity.measure: lempel_ziv is of whole functions, so experiments.{name}.domain_sizes must hold "
            f"{unseen}, all of {configuration.tasks[item.task]['dataset']} that is not in S"
        )
    moved = measure == "critical_sample_ratio" or (measure == "auto" and not whole)
    if moved and configuration.architectures[item.architecture].get("vocabulary"):
        raise ConfigurationError(
            f"complexity.measure: critical_sample_ratio moves inputs a little, and those of experiments.{name} are "
            "words: name other experiments in complexity.experiments"
        )


def _check_published(configuration: Configuration) -> None:
    """Each row of the table must be of a study, and of its networks or of a posterior of networks that it has."""
    # It imports what this module is imported by.
    from sgdbayes.pipeline.plan import Plan

    published, studies = configuration.published, Plan(configuration, Path()).studies()
    for cell in published.cells():
        path = f"published.comparisons.{cell['comparison']}"
        check_name(cell["study"], studies, path, what="a row of the table is of no study of this run:")
        posteriors = configuration.experiments[studies[cell["study"]][0]].posteriors
        sides = [published.TRAINED, *(name for name in posteriors if POSTERIORS[name].of_networks)]
        check_name(cell["side"], sides, path, what=f"a row of the table is of no side of {cell['study']}:")


def _check_style(style: str) -> None:
    """Matplotlib must know it, and find nothing wrong with it, of which it warns in its log."""
    import matplotlib.style

    from sgdbayes.figures.style import run_style

    said = []
    handler, log = logging.Handler(), logging.getLogger("matplotlib")
    handler.emit = lambda record: said.append(record.getMessage().strip().splitlines()[0])
    log.addHandler(handler)
    try:
        with run_style(style):
            pass
    except OSError as error:
        said_of_name = unknown_name(style, [*matplotlib.style.available, "sgdbayes.figures.column"])
        raise ConfigurationError(
            f"style: {said_of_name}; or name a file beside the configuration that ends in .mplstyle"
        ) from error
    except ValueError as error:
        said.append(str(error))
    finally:
        log.removeHandler(handler)
    if said:
        raise ConfigurationError(f"style: {said[0]}")


def _check_options(defaults: Mapping[str, Any], options: Mapping[str, Any], path: str) -> None:
    """Options must be among the ``defaults``, and of their types; what has None there is checked by what it is for."""
    for name, value in options.items():
        check_name(name, defaults, path, what="unknown option")
        # What a series is in YAML.
        wanted = list if isinstance(defaults[name], tuple) else type(defaults[name])
        accepted = (int, float) if wanted is float else wanted
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, float) and not isfinite(each):
                raise ConfigurationError(f"{path}.{name}: must be finite, got {each}")
        if defaults[name] is not None and (
            not isinstance(value, accepted) or (isinstance(value, bool) and wanted is not bool)
        ):
            raise ConfigurationError(
                f"{path}.{name}: must be of type {wanted.__name__}, got {value!r}{number_hint(value)}"
            )


@contextmanager
def _mistakes_of(path: str) -> Iterator[None]:
    """What goes wrong within is told in one line, as a mistake of the key ``path``."""
    try:
        yield
    except (RuntimeError, TypeError, ValueError) as error:
        raise ConfigurationError(f"{path}: {' '.join(str(error).split())}") from error
    except Exception as error:
        # Of a plug-in: what it may raise is anyone's guess.
        raise ConfigurationError(f"{path}: {type(error).__name__}: {' '.join(str(error).split())}") from error
