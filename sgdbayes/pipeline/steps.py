"""The graph, said once: of each rule what its results depend on.

A step's settings are readable and in the provenance of its results; the key of a result is a hash of its settings and
of the keys of what it follows from. Its code, the script with the modules and the kinds behind it, stands apart: a
changed setting puts a result out of date, tidied code does not. Versions of libraries and the device are recorded, not
compared.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sgdbayes.architectures.kinds import ARCHITECTURES
from sgdbayes.datasets.kinds import DATASETS
from sgdbayes.posterior.kinds import POSTERIORS
from sgdbayes.training.kinds import OPTIMIZERS

if TYPE_CHECKING:
    from sgdbayes.pipeline.plan import Plan

__all__ = ["STEPS", "Step"]

_PACKAGE = Path(__file__).parents[1]
# A rule and the values of its wildcards.
_Result = tuple[str, ...]


class Step(NamedTuple):
    """``of``: the wildcards that tell its results apart. ``settings``, ``follows`` and ``uses`` are called with the
    plan and their values: what is set for a result, the results it is made from, the files of kinds that it uses.
    ``script``: if it is not called as the rule. ``redrawn``: a picture or text, seconds each, which is made again when
    its code changes, too.
    """

    of: tuple[str, ...] = ()
    settings: Callable[..., Any] = lambda plan, *of: None
    follows: Callable[..., list[_Result]] = lambda plan, *of: []
    uses: Callable[..., tuple[Path, ...]] = lambda plan, *of: ()
    script: str | None = None
    redrawn: bool = False


def _architecture_files(plan: Plan, architecture: str) -> tuple[Path, ...]:
    return ARCHITECTURES.sources(plan.configuration.architectures[architecture]["kind"])


def _task_files(plan: Plan, task: str) -> tuple[Path, ...]:
    return DATASETS.sources(plan.configuration.tasks[task]["dataset"])


def _training_files(plan: Plan, experiment: str) -> tuple[Path, ...]:
    item = plan.experiments[experiment]
    optimizer = OPTIMIZERS.sources(plan.configuration.optimizers[item.optimizer]["kind"])
    return _architecture_files(plan, item.architecture) + optimizer


def _posterior_files(plan: Plan, _task: str, architecture: str, posterior: str) -> tuple[Path, ...]:
    networks = _architecture_files(plan, architecture) if POSTERIORS[posterior].of_networks else ()
    return POSTERIORS.sources(posterior) + networks


def _all(rule: str) -> Callable[..., list[_Result]]:
    return lambda plan: [(rule, name) for name in plan.experiments]


def _posterior_settings(plan: Plan, task: str, architecture: str, posterior: str) -> dict[str, Any]:
    draws = plan.configuration.posterior_draws
    networks = {"architecture": plan.configuration.architectures[architecture]}
    return {
        "options": plan.configuration.posteriors[posterior],
        "draws": {name: draws[name] for name in ("number", "seed")},
        "domain_sizes": plan.domain_sizes_of(task, architecture),
        **(networks if POSTERIORS[posterior].of_networks else {}),
    }


def _posterior_follows(_plan: Plan, task: str, architecture: str, posterior: str) -> list[_Result]:
    of_networks = POSTERIORS[posterior].of_networks
    return [("task", task)] if of_networks else [("kernel", task, architecture)]


def _probabilities_follow(plan: Plan, task: str, architecture: str, posterior: str) -> list[_Result]:
    # Favourites of every posterior are asked of each.
    posteriors = [posterior, *plan.posteriors_of(task, architecture)]
    runs = [("runs", name) for name in plan.experiments_of(task, architecture, posterior)]
    return [*(("posterior", task, architecture, name) for name in posteriors), *runs]


def _functions_follow(plan: Plan, experiment: str) -> list[_Result]:
    item = plan.experiments[experiment]
    each = [("probabilities", item.task, item.architecture, name) for name in item.posteriors]
    return [("runs", experiment), *each]


def _by_error(plan: Plan) -> list[_Result]:
    models = plan.by_error_models()
    return [("by_error", *model, name) for model in models for name in plan.posteriors_of(*model)]


def _margins(plan: Plan) -> list[_Result]:
    items = {name: plan.experiments[name] for name in plan.margins_experiments()}
    models = dict.fromkeys(item.model for item in items.values())
    return [*(("runs", name) for name in items), *(("margins", *model) for model in models)]


def _test_errors_follow(plan: Plan) -> list[_Result]:
    items = {name: plan.experiments[name] for name in plan.configuration.test_errors}
    models = dict.fromkeys(item.model for item in items.values())
    return [*(("runs", name) for name in items), *(("posterior_errors", *model) for model in models)]


def _claims_follow(plan: Plan) -> list[_Result]:
    by_error = [("by_error", *model, "ep") for model in plan.ep_by_error_models()]
    complexity = [("complexity", name) for name in plan.complexity_experiments()]
    return [("all_comparisons",), ("posterior_pairs",), *by_error, *complexity, *_margins(plan), ("test_errors",)]


def _ep_kernel(plan: Plan, *_of: str) -> list[_Result]:
    ep = _ep_settings(plan)
    return [("kernel", ep["task"], ep["architecture"])]


def _ep_settings(plan: Plan, *_of: str) -> dict[str, Any]:
    return plan.configuration.section("ep_against_exact")


def _ep_table_follows(plan: Plan) -> list[_Result]:
    sizes = _ep_settings(plan)["train_sizes"]
    return [("ep_evidence",), *(("ep_compare", str(size)) for size in sizes)]


def _looks(plan: Plan, *_of: str) -> tuple[Path, ...]:
    """Where it is said how posteriors are called and drawn."""
    named = plan.configuration.posteriors
    plugins = dict.fromkeys(POSTERIORS.origin(name) for name in named if POSTERIORS.origin(name) is not None)
    return (_PACKAGE / "posterior" / "kinds.py", *plugins)


def _page_files(plan: Plan) -> tuple[Path, ...]:
    """What the explorer's page is put together from is no module."""
    parts = (path for path in (_PACKAGE / "explorer" / "web").iterdir() if path.suffix in (".js", ".css", ".html"))
    return (*sorted(parts), _PACKAGE / "datasets" / "kinds.py", *_looks(plan))


def _every_pair(plan: Plan) -> list[_Result]:
    return [("probabilities", *model, name) for model in plan.models() for name in plan.posteriors_of(*model)]


_MODEL = ("task", "architecture")
_POSTERIOR = (*_MODEL, "posterior")
_EXPERIMENT = ("experiment",)
_COMPARISONS: Callable[..., list[_Result]] = lambda plan: [("all_comparisons",)]  # noqa: E731

STEPS = {
    "task": Step(("task",), lambda plan, task: plan.configuration.tasks[task], uses=_task_files),
    "train": Step(
        _EXPERIMENT,
        lambda plan, name: plan.training(name),
        lambda plan, name: [("task", plan.experiments[name].task)],
        _training_files,
    ),
    "runs": Step(_EXPERIMENT, lambda plan, name: plan.experiments[name].networks, lambda plan, name: [("train", name)]),
    "all_runs": Step(follows=_all("runs"), script="concatenate"),
    "verify_experiment": Step(
        _EXPERIMENT,
        # Its share is in its path.
        lambda plan, name: None,
        lambda plan, name: [("train", name)],
        lambda plan, name: _task_files(plan, plan.experiments[name].task) + _training_files(plan, name),
        "verify",
    ),
    "verify": Step(follows=_all("verify_experiment"), script="verified"),
    "kernel": Step(
        _MODEL,
        lambda plan, task, architecture: plan.configuration.architectures[architecture],
        lambda plan, task, architecture: [("task", task)],
        lambda plan, task, architecture: _architecture_files(plan, architecture),
    ),
    "posterior": Step(_POSTERIOR, _posterior_settings, _posterior_follows, _posterior_files),
    "probabilities": Step(
        _POSTERIOR,
        lambda plan, *of: {name: plan.configuration.posterior_draws[name] for name in ("asked", "asked_found")},
        _probabilities_follow,
    ),
    "margins": Step(
        _MODEL,
        lambda plan, *of: {name: plan.configuration.section("margins")[name] for name in ("draws", "seed")},
        lambda plan, *of: [("kernel", *of)],
    ),
    "posterior_errors": Step(
        _MODEL,
        follows=lambda plan, *of: [("posterior", *of, name) for name in plan.kernel_posteriors_of(*of)],
    ),
    "by_error": Step(
        _POSTERIOR,
        lambda plan, task, architecture, posterior: {
            **plan.by_error_settings(),
            "domain_sizes": plan.by_error_sizes(task, architecture),
        },
        lambda plan, *of: [("posterior", *of)],
    ),
    "functions": Step(
        _EXPERIMENT,
        lambda plan, name: {
            "domain_sizes": plan.experiments[name].domain_sizes,
            "posteriors": plan.experiments[name].posteriors,
        },
        _functions_follow,
    ),
    "compare": Step(
        _EXPERIMENT,
        lambda plan, name: {"optimizer": plan.experiments[name].optimizer, **plan.configuration.comparison},
        lambda plan, name: [("functions", name)],
    ),
    "all_comparisons": Step(follows=_all("compare"), script="concatenate"),
    "summary": Step(settings=lambda plan: plan.configuration.figures, follows=_COMPARISONS, uses=_looks, redrawn=True),
    "posterior_pairs": Step(
        settings=lambda plan: {name: plan.configuration.comparison[name] for name in ("resamples", "seed")},
        follows=_every_pair,
    ),
    "complexity": Step(
        _EXPERIMENT,
        lambda plan, name: plan.complexity_settings(name),
        lambda plan, name: [("functions", name), ("train", name)],
        _training_files,
    ),
    "test_errors": Step(follows=_test_errors_follow),
    "claims": Step(settings=lambda plan: plan.sweeps(), follows=_claims_follow, uses=_looks),
    "ep_evidence": Step((), _ep_settings, _ep_kernel),
    "ep_compare": Step(("size",), _ep_settings, _ep_kernel),
    "ep_table": Step((), _ep_settings, _ep_table_follows),
    "ep_figure": Step((), _ep_settings, lambda plan: [("ep_table",)], uses=_looks, redrawn=True),
    "explorer": Step(follows=_COMPARISONS, uses=_page_files, redrawn=True),
    "scatter": Step(_EXPERIMENT, follows=lambda plan, name: [("compare", name)], uses=_looks, redrawn=True),
    **{
        name: Step(follows=_COMPARISONS, uses=_looks, redrawn=True)
        for name in ("optimizers", "errors", "ranks", "favourites")
    },
    "reference_figure": Step(
        settings=lambda plan: [plan.reference_of(*model) for model in plan.models()],
        follows=lambda plan: [("all_comparisons",), ("posterior_pairs",)],
        uses=_looks,
        redrawn=True,
    ),
    "sweep": Step(
        settings=lambda plan: plan.sweeps(),
        follows=lambda plan: [("all_comparisons",), ("posterior_pairs",), ("test_errors",)],
        uses=_looks,
        redrawn=True,
    ),
    "margins_figure": Step(follows=_margins, uses=_looks, redrawn=True),
    "predictors": Step(
        settings=lambda plan: list(plan.configuration.predictors),
        follows=lambda plan: [("all_comparisons",), ("test_errors",)],
        uses=_looks,
        redrawn=True,
    ),
    "complexity_figure": Step(
        follows=lambda plan: [("complexity", name) for name in plan.complexity_experiments()],
        uses=_looks,
        redrawn=True,
    ),
    "by_error_figure": Step(follows=_by_error, uses=_looks, redrawn=True),
}
