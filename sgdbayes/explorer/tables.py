"""The explorer's page from the tables of a configuration."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sgdbayes.analysis.runs import converged_functions
from sgdbayes.explorer.elements import describe_elements
from sgdbayes.explorer.page import fill_page
from sgdbayes.explorer.view import gather_domain
from sgdbayes.figures.style import call, describe_task
from sgdbayes.functions import Domain
from sgdbayes.posterior.kinds import posterior_kind

__all__ = ["explorer_page"]

_LIMIT = 10_000_000
_STATISTICS = (
    "domains", "domains_with_r", "gap", "gap_low", "gap_high", "gap_sd", "pearson", "pearson_low", "pearson_high",
    "pearson_sd", "noise_ceiling", "covers", "note",
)  # fmt: skip


def explorer_page(
    about: Mapping[str, Any],
    functions: Mapping[tuple[str, int], pd.DataFrame],
    runs: Mapping[str, pd.DataFrame],
    draws: Mapping[tuple[str, str, str], pd.DataFrame],
    comparison: pd.DataFrame,
    studies: pd.DataFrame,
    *,
    tasks: Path,
    data: Path,
    limit: int = _LIMIT,
) -> str:
    """The page, HTML of at most ``limit`` bytes.

    ``about``: the ``name`` of the configuration, its ``tasks``, how many networks are ``asked`` about, and of each of
    its ``experiments`` the names of ``task``, ``architecture``, ``optimizer`` and ``study`` and its ``training``.
    ``functions``: tables by experiment and |E|; ``runs``: networks by experiment; ``draws``: functions drawn from
    posteriors, by task, architecture and posterior; ``comparison``, ``studies``: the tables of these names. Task files
    are looked for in ``tasks``, reviews in ``data``; the page says which are not at hand. Raises ValueError if there is
    no table of functions, if tables contradict each other or if the page cannot be made as small.
    """
    if not functions:
        raise ValueError("there is nothing to explore: no experiment has a table of functions")
    views: dict[tuple[str, str, int], dict[str, pd.DataFrame]] = {}
    points: dict[str, int] = {}
    for (name, size), table in functions.items():
        task, architecture = (about["experiments"][name][each] for each in ("task", "architecture"))
        views.setdefault((task, architecture, size), {})[name] = table
        points[task] = max(size * (table["domain"].max() + 1), points.get(task, 0))
    elements, truths = {}, {}
    for task, number in points.items():
        elements[task], truths[task] = describe_elements(about["tasks"][task], tasks / f"{task}.npz", number, data=data)
    gathered, known = [], []
    for (task, architecture, size), tables in views.items():
        networks = {name: converged_functions(runs[name], points[task]) for name in tables}
        drawn = {posterior: table for (*model, posterior), table in draws.items() if model == [task, architecture]}
        domains = _domains(size, tables, networks, drawn, asked=about["asked"], truth=truths[task])
        posteriors = _exact_first(name for domain in domains for name in domain["posteriors"])
        known.append({"size": size, "experiments": list(tables), "posteriors": posteriors, "domains": len(domains)})
        own = {name: about["experiments"][name]["study"] for name in tables}
        gathered.append({"domains": domains, "statistics": _statistics(own, size, comparison, studies)})
    return fill_page(_facts(about, known, comparison), gathered, elements, limit=limit)


def _domains(
    size: int,
    functions: Mapping[str, pd.DataFrame],
    networks: Mapping[str, np.ndarray],
    draws: Mapping[str, pd.DataFrame],
    **options: Any,  # noqa: ANN401
) -> list[dict[str, Any]]:
    by_domain = {name: dict(list(table.groupby("domain"))) for name, table in functions.items()}
    drawn = {name: dict(list(table[table["domain_size"] == size].groupby("domain"))) for name, table in draws.items()}
    numbers = list(next(iter(by_domain.values())))
    if any(list(each) != numbers for each in by_domain.values()):
        raise ValueError("experiments on one model have functions on different domains: make their tables anew")
    return [
        gather_domain(
            Domain(size, number),
            {name: tables[number] for name, tables in by_domain.items()},
            networks,
            {name: tables[number] for name, tables in drawn.items() if number in tables},
            **options,
        )
        for number in numbers
    ]


def _exact_first(names: Iterable[str]) -> list[str]:
    return sorted(dict.fromkeys(names), key=lambda name: not posterior_kind(name).exact)


def _facts(about: Mapping[str, Any], known: Sequence[Mapping[str, Any]], comparison: pd.DataFrame) -> dict[str, Any]:
    """What the page knows before it unpacks a view; ``known``: what is in each."""
    sizes: dict[str, list[int]] = {}
    for view in known:
        for name in view["experiments"]:
            sizes.setdefault(name, []).append(view["size"])
    described = {name: _describe(about["experiments"][name], about["tasks"]) for name in sizes}
    starts = {name: _start(comparison[comparison["experiment"] == name], own) for name, own in sizes.items()}
    return {
        "name": about["name"],
        "experiments": {name: described[name] | {"start": starts[name]} for name in sizes},
        "views": known,
        "posteriors": {
            # Draws of finite networks are fewer and not independent.
            name: {"label": posterior_kind(name).label, "finite": posterior_kind(name).of_networks}
            for name in _exact_first(name for view in known for name in view["posteriors"])
        },
        "statistics": _STATISTICS,
    }


def _start(comparison: pd.DataFrame, sizes: Sequence[int]) -> int:
    """The |E|, one of ``sizes``, on which most domains have a correlation, and of these most functions are compared."""
    rows = comparison[comparison["domain_size"].isin(sizes)]
    best = rows.groupby("domain_size")[["domains_with_r", "compared"]].max().sort_values(["domains_with_r", "compared"])
    return sizes[0] if best.empty else int(best.index[-1])


def _statistics(
    names: Mapping[str, str], size: int, comparison: pd.DataFrame, studies: pd.DataFrame
) -> dict[str, dict[str, Any]]:
    """Some columns of comparison.csv by experiment and posterior, and those of its study where it has several seeds;
    ``names``: the study of each experiment.
    """
    own = _rows(comparison[comparison["domain_size"] == size], "experiment", [])
    together = _rows(studies[(studies["domain_size"] == size) & (studies["seeds"] > 1)], "study", ["seeds"])
    return {
        f"{name} {posterior}": {"own": row, "name": names[name], "study": together.get((names[name], posterior))}
        for (name, posterior), row in own.items()
        if name in names
    }


def _rows(table: pd.DataFrame, name: str, more: Sequence[str]) -> dict[tuple[str, str], list]:
    """The columns that are shown, by ``name`` and posterior, None for what is not defined."""
    shown = table[[*_STATISTICS, *more]].round(2).astype(object)
    rows = shown.where(shown.notna(), None).to_numpy().tolist()
    return dict(zip(zip(table[name], table["posterior"], strict=True), rows, strict=True))


def _describe(item: Mapping[str, Any], tasks: Mapping[str, Any]) -> dict[str, Any]:
    training = item["training"]
    extra = f", {training['extra_epochs']} epochs beyond" if training["extra_epochs"] else ""
    extra += f", for {training['min_epochs']} epochs or more" if training.get("min_epochs") else ""
    text = (
        f"{describe_task(tasks[item['task']])} Networks {call(training['architecture'])}, trained by "
        f"{call(training['optimizer'])}, loss {training['loss']}, batch size {training['batch_size']}, "
        f"to zero training error{extra}."
    )
    names = {part: item[part] for part in ("task", "architecture", "optimizer")}
    return {**names, "loss": training["loss"], "batch_size": training["batch_size"], "about": text}
