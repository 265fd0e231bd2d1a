"""The explorer's page from the tables of a configuration."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from sgdbayes.explorer.elements import describe_elements
from sgdbayes.explorer.page import fill_page
from sgdbayes.explorer.view import gather_view
from sgdbayes.figures.style import call, describe_task
from sgdbayes.posterior.kinds import POSTERIORS

__all__ = ["explorer_page"]

_LIMIT = 10_000_000


def explorer_page(
    about: Mapping[str, Any],
    functions: Mapping[tuple[str, int], pd.DataFrame],
    draws: Mapping[tuple[str, str, str], pd.DataFrame],
    comparison: pd.DataFrame,
    *,
    tasks: Path,
    data: Path,
    limit: int = _LIMIT,
) -> str:
    """The page, HTML of at most ``limit`` bytes.

    ``about``: the ``name`` of the configuration, its ``tasks``, and of each of its ``experiments`` the names of ``task``,
    ``architecture`` and ``optimizer`` and its ``training``. ``functions``: tables by experiment and |E|; ``draws``: functions
    drawn from posteriors, by task, architecture and posterior; ``comparison``: comparison.csv. Task files are looked for in
    ``tasks``, reviews in ``data``; the page says which are not at hand. Raises ValueError if there is no table of functions, if
    tables contradict each other or if the page cannot be made as small.
    """
    experiments = about["experiments"]
    models: dict[tuple[str, str, int], dict[str, pd.DataFrame]] = {}
    for (name, size), table in functions.items():
        item = experiments[name]
        models.setdefault((item["task"], item["architecture"], size), {})[name] = table
    largest: dict[str, int] = {}
    for task, _, size in models:
        largest[task] = max(size, largest.get(task, 0))
    described = {
        task: describe_elements(about["tasks"][task], tasks / f"{task}.npz", size, data=data)
        for task, size in largest.items()
    }
    views = {
        (task, architecture, size): gather_view(
            tables,
            {posterior: table for (*model, posterior), table in draws.items() if model == [task, architecture]},
            truth=described[task][1],
        )
        for (task, architecture, size), tables in models.items()
    }
    return fill_page(
        about["name"],
        {name: _describe(experiments[name], about["tasks"]) for name in dict.fromkeys(name for name, _ in functions)},
        views,
        {task: shown for task, (shown, _) in described.items()},
        comparison,
        posterior_labels={name: kind.label for name, kind in POSTERIORS.items()},
        limit=limit,
    )


def _describe(item: Mapping[str, Any], tasks: Mapping[str, Any]) -> dict[str, Any]:
    training = item["training"]
    extra = f", {training['extra_epochs']} epochs beyond" if training["extra_epochs"] else ""
    text = (
        f"{describe_task(tasks[item['task']])} Networks {call(training['architecture'])}, trained by {call(training['optimizer'])}, loss "
        f"{training['loss']}, batch size {training['batch_size']}, to zero training error{extra}."
    )
    named = {key: item[key] for key in ("task", "architecture", "optimizer")}
    return {**named, "loss": training["loss"], "batch_size": training["batch_size"], "about": text}
