"""The explorer's page from the tables of a configuration."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from sgdbayes.explorer.elements import describe_elements
from sgdbayes.explorer.page import fill_page
from sgdbayes.explorer.view import gather_view
from sgdbayes.figures.style import call, describe_task
from sgdbayes.posterior.kinds import posterior_kind

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

    ``about``: the ``name`` of the configuration, its ``tasks``, and of each of its ``experiments`` the names of
    ``task``, ``architecture`` and ``optimizer`` and its ``training``. ``functions``: tables by experiment and |E|;
    ``draws``: functions drawn from posteriors, by task, architecture and posterior; ``comparison``: comparison.csv.
    Task files are looked for in ``tasks``, reviews in ``data``; the page says which are not at hand. Raises ValueError
    if there is no table of functions, if tables contradict each other or if the page cannot be made as small.
    """
    if not functions:
        raise ValueError("there is nothing to explore: no experiment has a table of functions")
    domains: dict[tuple[str, str, int], dict[str, pd.DataFrame]] = {}
    largest: dict[str, int] = {}
    sizes: dict[str, list[int]] = {}
    for (name, size), table in functions.items():
        task, architecture = (about["experiments"][name][each] for each in ("task", "architecture"))
        domains.setdefault((task, architecture, size), {})[name] = table
        largest[task] = max(size, largest.get(task, 0))
        sizes.setdefault(name, []).append(size)
    elements, truths = {}, {}
    for task, size in largest.items():
        path = tasks / f"{task}.npz"
        elements[task], truths[task] = describe_elements(about["tasks"][task], path, size, data=data)
    views = []
    for (task, architecture, _), tables in domains.items():
        drawn = {posterior: table for (*model, posterior), table in draws.items() if model == [task, architecture]}
        views.append(gather_view(tables, drawn, truth=truths[task]))
    return fill_page(_facts(about, sizes, views, comparison), views, elements, limit=limit)


def _facts(
    about: Mapping[str, Any],
    sizes: Mapping[str, Sequence[int]],
    views: Iterable[Mapping[str, Any]],
    comparison: pd.DataFrame,
) -> dict[str, Any]:
    """What the page knows before it unpacks a view; ``sizes``: |E| of each experiment."""
    known = [
        {"size": view["size"], "experiments": list(view["networks"]), "posteriors": list(view["posteriors"])}
        for view in views
    ]
    described = {name: _describe(about["experiments"][name], about["tasks"]) for name in sizes}
    starts = {name: _start(comparison[comparison["experiment"] == name], sizes[name]) for name in sizes}
    posteriors = dict.fromkeys(name for view in known for name in view["posteriors"])
    return {
        "name": about["name"],
        "experiments": {name: described[name] | {"start": starts[name]} for name in sizes},
        "views": known,
        "posteriors": {
            # Draws of finite networks are fewer and not independent.
            name: {"label": posterior_kind(name).label, "finite": posterior_kind(name).of_networks}
            for name in posteriors
        },
        "statistics": _statistics(comparison),
    }


def _start(comparison: pd.DataFrame, sizes: Sequence[int]) -> dict[str, Any]:
    """The domain, one of ``sizes``, and the posterior under which most functions of an experiment can be compared."""
    rows = comparison[comparison["domain_size"].isin(sizes)].fillna({"compared": 0})
    if rows.empty:
        return {"size": sizes[0], "posterior": None}
    # The paper's where no other allows more functions to be compared.
    papers = rows["posterior"].map(lambda name: bool(posterior_kind(name).approximates))
    best = rows.assign(papers=papers).sort_values(["compared", "papers"], ascending=False, kind="stable").iloc[0]
    return {"size": int(best["domain_size"]), "posterior": best["posterior"]}


def _statistics(comparison: pd.DataFrame) -> dict[str, list]:
    """Some columns of comparison.csv by experiment, |E| and posterior, None for what is not defined."""
    table = comparison[[*_STATISTICS, "note"]].round(3).astype(object)
    # It says why there is no correlation.
    table.loc[comparison["pearson"].notna(), "note"] = None
    names = zip(comparison["experiment"], comparison["domain_size"], comparison["posterior"], strict=True)
    rows = table.where(table.notna(), None).to_numpy().tolist()
    return {f"{name} {size} {posterior}": row for (name, size, posterior), row in zip(names, rows, strict=True)}


def _describe(item: Mapping[str, Any], tasks: Mapping[str, Any]) -> dict[str, Any]:
    training = item["training"]
    extra = f", {training['extra_epochs']} epochs beyond" if training["extra_epochs"] else ""
    text = (
        f"{describe_task(tasks[item['task']])} Networks {call(training['architecture'])}, trained by "
        f"{call(training['optimizer'])}, loss {training['loss']}, batch size {training['batch_size']}, "
        f"to zero training error{extra}."
    )
    names = {part: item[part] for part in ("task", "architecture", "optimizer")}
    return {**names, "loss": training["loss"], "batch_size": training["batch_size"], "about": text}
