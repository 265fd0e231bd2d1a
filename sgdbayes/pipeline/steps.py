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
from sgdbayes.pipeline.configuration import Configuration, Published
from sgdbayes.posterior.kinds import POSTERIORS
from sgdbayes.training.kinds import OPTIMIZERS

if TYPE_CHECKING:
    from sgdbayes.pipeline.plan import Plan

__all__ = ["STEPS", "Step", "style_files"]

_PACKAGE = Path(__file__).parents[1]
# A rule and the values of its wildcards.
_Result = tuple[str, ...]


class Step(NamedTuple):
    """``of``: the wildcards that tell its results apart. ``settings``, ``follows`` and ``uses`` are called with the
    plan and their values: what is set for a result, the results it is made from, the files of kinds that it uses.
    ``script``: if it is not called as the rule. ``redrawn``: a picture or text, seconds each, which is made again when
    its code changes, too. ``figure``: a picture in the style of the configuration.
    """

    of: tuple[str, ...] = ()
    settings: Callable[..., Any] = lambda plan, *of: None
    follows: Callable[..., list[_Result]] = lambda plan, *of: []
    uses: Callable[..., tuple[Path, ...]] = lambda plan, *of: ()
    script: str | None = None
    redrawn: bool = False
    figure: bool = False


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
    networks = {"architecture": plan.configuration.architectures[architecture]}
    return {
        "options": plan.configuration.posteriors[posterior],
        **(networks if POSTERIORS[posterior].of_networks else {}),
    }


def _posterior_follows(_plan: Plan, task: str, architecture: str, posterior: str) -> list[_Result]:
    of_networks = POSTERIORS[posterior].of_networks
    return [("task", task)] if of_networks else [("kernel", task, architecture)]


def _drawn_settings(plan: Plan, task: str, architecture: str, _posterior: str) -> dict[str, Any]:
    return {
        "domains": plan.domains_of(task, plan.domain_sizes_of(task, architecture)),
        **{name: plan.configuration.comparison[name] for name in ("asked", "drawn", "seed")},
    }


def _of_posteriors(rule: str, plan: Plan, experiment: str) -> list[_Result]:
    """The results of a rule for each posterior of an experiment."""
    item = plan.experiments[experiment]
    return [(rule, *item.model, name) for name in item.posteriors]


def _by_error(plan: Plan) -> list[_Result]:
    models = plan.by_error_models()
    return [("by_error", *model, name) for model in models for name in plan.posteriors_of(*model)]


def _margins(plan: Plan) -> list[_Result]:
    items = {name: plan.experiments[name] for name in plan.margins_experiments()}
    models = dict.fromkeys(item.model for item in items.values())
    return [*(("runs", name) for name in items), *(("margins", *model) for model in models)]


def _published_follows(plan: Plan) -> list[_Result]:
    return [
        ("runs", name) if side == Published.TRAINED else ("posterior", *plan.experiments[name].model, side)
        for side, names in plan.published_experiments().items()
        for name in names
    ]


def _claims_follow(plan: Plan) -> list[_Result]:
    by_error = [("by_error", *model, "ep") for model in plan.ep_by_error_models()]
    complexity = [("complexity", name) for name in plan.complexity_experiments()]
    return [("all_comparisons",), ("posterior_pairs",), *by_error, *complexity, *_margins(plan)]


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


def style_files(configuration: Configuration) -> tuple[Path, ...]:
    """The style sheets in files that figures are drawn with: those of the package and one of the user's own."""
    sheets, own = sorted((_PACKAGE / "figures").glob("*.mplstyle")), configuration.style or ""
    return (*sheets, Path(own)) if own.endswith(".mplstyle") else tuple(sheets)


def _figure(
    of: tuple[str, ...] = (),
    settings: Callable[..., Any] = lambda plan, *of: None,
    follows: Callable[..., list[_Result]] = lambda plan, *of: [],
) -> Step:
    """A figure, which depends on the style too."""
    return Step(
        of,
        lambda plan, *of: {**plan.look(), "shown": settings(plan, *of)},
        follows,
        lambda plan, *of: (*_looks(plan), *style_files(plan.configuration)),
        redrawn=True,
        figure=True,
    )


def _page_files(plan: Plan) -> tuple[Path, ...]:
    """What the explorer's page is put together from is no module."""
    parts = (path for path in (_PACKAGE / "explorer" / "web").iterdir() if path.suffix in (".js", ".css", ".html"))
    return (*sorted(parts), _PACKAGE / "datasets" / "kinds.py", *_looks(plan))


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
    "draws": Step(_POSTERIOR, _drawn_settings, lambda plan, *of: [("posterior", *of)]),
    "margins": Step(
        _MODEL,
        lambda plan, *of: {name: plan.configuration.section("margins")[name] for name in ("draws", "seed")},
        lambda plan, *of: [("kernel", *of)],
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
            "domains": plan.domains_of(plan.experiments[name].task, plan.experiments[name].domain_sizes),
            "posteriors": plan.experiments[name].posteriors,
            **plan.asking(),
            "seed": plan.configuration.comparison["seed"],
        },
        lambda plan, name: [("runs", name), *_of_posteriors("posterior", plan, name)],
    ),
    "compare": Step(
        _EXPERIMENT,
        lambda plan, name: {"optimizer": plan.experiments[name].optimizer, **plan.configuration.comparison},
        lambda plan, name: [("functions", name), *_of_posteriors("draws", plan, name)],
    ),
    "all_comparisons": Step(follows=_all("compare"), script="concatenate"),
    "studies": Step(settings=lambda plan: plan.studies(), follows=_COMPARISONS),
    "summary": Step(
        settings=lambda plan: plan.configuration.figures,
        follows=lambda plan: [("studies",)],
        uses=_looks,
        redrawn=True,
    ),
    "posterior_pairs": Step(
        settings=lambda plan: {name: plan.configuration.unseen_inputs(name) for name in plan.experiments},
        follows=_all("functions"),
    ),
    "complexity": Step(
        _EXPERIMENT,
        lambda plan, name: plan.complexity_settings(name),
        lambda plan, name: [("functions", name), ("train", name)],
        _training_files,
    ),
    "claims": Step(settings=lambda plan: [plan.lines(), plan.studies()], follows=_claims_follow, uses=_looks),
    "ep_evidence": Step((), _ep_settings, _ep_kernel),
    "ep_compare": Step(("size",), _ep_settings, _ep_kernel),
    "ep_table": Step((), _ep_settings, _ep_table_follows),
    "ep_figure": _figure((), _ep_settings, lambda plan: [("ep_table",)]),
    "explorer": Step(follows=lambda plan: [("studies",)], uses=_page_files, redrawn=True),
    "answer": _figure(settings=lambda plan: plan.beside_flagship(), follows=lambda plan: [("studies",)]),
    "scatter": _figure(settings=lambda plan: plan.studies(), follows=_COMPARISONS),
    **{name: _figure(follows=_COMPARISONS) for name in ("errors", "ranks")},
    "reference_figure": _figure(
        settings=lambda plan: [plan.reference_of(*model) for model in plan.models()],
        follows=lambda plan: [("studies",), ("posterior_pairs",)],
    ),
    "sweep": _figure(
        settings=lambda plan: plan.sweeps(),
        follows=lambda plan: [("studies",), ("posterior_pairs",)],
    ),
    "volume": _figure(settings=lambda plan: plan.curves(), follows=_COMPARISONS),
    "margins_figure": _figure(follows=_margins),
    "predictors": _figure(
        settings=lambda plan: plan.predictors(),
        follows=lambda plan: [("studies",)],
    ),
    "published": Step(settings=lambda plan: plan.configuration.section("published"), follows=_published_follows),
    "published_figure": _figure(follows=lambda plan: [("published",)]),
    "complexity_figure": _figure(
        follows=lambda plan: [("complexity", name) for name in plan.complexity_experiments()],
    ),
    "by_error_figure": _figure(follows=_by_error),
}
