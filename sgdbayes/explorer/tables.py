"""The explorer's page from the tables of a configuration."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from sgdbayes.explorer.elements import describe_elements
from sgdbayes.explorer.page import fill_page
from sgdbayes.explorer.view import gather_view
from sgdbayes.figures.style import call, describe_task
from sgdbayes.posterior.kinds import described

__all__ = ["explorer_page"]

_LIMIT = 10_000_000
_STATISTICS = ("compared", "pearson", "pearson_low", "pearson_high", "noise_ceiling")


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
    if not functions:
        raise ValueError("there is nothing to explore: no experiment has a table of functions")
    domains: dict[tuple[str, str, int], dict[str, pd.DataFrame]] = {}
    for (name, size), table in functions.items():
        item = about["experiments"][name]
        domains.setdefault((item["task"], item["architecture"], size), {})[name] = table
    largest: dict[str, int] = {}
    for task, _, size in domains:
        largest[task] = max(size, largest.get(task, 0))
    described = {
        task: describe_elements(about["tasks"][task], tasks / f"{task}.npz", size, data=data)
        for task, size in largest.items()
    }
    views = [
        gather_view(
            tables,
            {posterior: table for (*model, posterior), table in draws.items() if model == [task, architecture]},
            truth=described[task][1],
        )
        for (task, architecture, _), tables in domains.items()
    ]
    elements = {task: shown for task, (shown, _) in described.items()}
    return fill_page(_facts(about, views, comparison), views, elements, limit=limit)


def _facts(about: Mapping[str, Any], views: Iterable[Mapping[str, Any]], comparison: pd.DataFrame) -> dict[str, Any]:
    """What the page knows before it unpacks a view."""
    known = [
        {"size": view["size"], "experiments": list(view["networks"]), "posteriors": list(view["posteriors"])}
        for view in views
    ]
    statistics = _statistics(comparison)
    names = dict.fromkeys(name for view in known for name in view["experiments"])
    posteriors = dict.fromkeys(name for view in known for name in view["posteriors"])
    return {
        "name": about["name"],
        "experiments": {
            name: _describe(about["experiments"][name], about["tasks"]) | {"start": _start(name, known, statistics)}
            for name in names
        },
        "views": known,
        "posteriors": {
            # Draws of finite networks are fewer and not independent.
            name: {"label": described(name).label, "finite": described(name).of_networks}
            for name in posteriors
        },
        "statistics": statistics,
    }


def _start(experiment: str, views: Iterable[Mapping[str, Any]], statistics: Mapping[str, list]) -> dict[str, Any]:
    """The domain and posterior of which most functions can be compared."""
    asked = [
        {"size": view["size"], "posterior": posterior}
        for view in views
        if experiment in view["experiments"]
        for posterior in view["posteriors"] or [None]
    ]

    def compared(each: Mapping[str, Any]) -> tuple[float, bool]:
        number, *_ = statistics.get(f"{experiment} {each['size']} {each['posterior']}", [0])
        # The paper's where no other allows more functions to be compared.
        first = each["posterior"] is not None and described(each["posterior"]).approximates is not None
        return -1 if each["posterior"] is None else number or 0, first

    return max(asked, key=compared)


def _statistics(comparison: pd.DataFrame) -> dict[str, list]:
    """Some columns of comparison.csv by experiment, |E| and posterior, None for what is not defined; without a correlation
    also the note that says why.
    """
    return {
        f"{row['experiment']} {row['domain_size']} {row['posterior']}": [
            *(None if pd.isna(row[column]) else round(float(row[column]), 3) for column in _STATISTICS),
            *([row["note"]] if pd.isna(row["pearson"]) and isinstance(row["note"], str) else []),
        ]
        for _, row in comparison.iterrows()
    }


def _describe(item: Mapping[str, Any], tasks: Mapping[str, Any]) -> dict[str, Any]:
    training = item["training"]
    extra = f", {training['extra_epochs']} epochs beyond" if training["extra_epochs"] else ""
    text = (
        f"{describe_task(tasks[item['task']])} Networks {call(training['architecture'])}, trained by "
        f"{call(training['optimizer'])}, loss {training['loss']}, batch size {training['batch_size']}, to zero training "
        f"error{extra}."
    )
    named = {key: item[key] for key in ("task", "architecture", "optimizer")}
    return {**named, "loss": training["loss"], "batch_size": training["batch_size"], "about": text}
