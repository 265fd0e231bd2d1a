"""The figures of one kind, a page for each model and domain, and the tables that each is drawn from.

One job draws them all: to start a job takes longer than to draw a page.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from sgdbayes.files import read_tables

__all__ = ["Page", "read_pages"]


@dataclass(frozen=True)
class Page:
    """What a figure of all experiments on a model, ``task`` and ``architecture``, shows on a domain of ``size`` points.

    ``functions``: by experiment, its table of functions. ``draws``: by posterior, its functions drawn on this domain,
    empty for a kind of figure that shows none. ``about``: what the caption says. ``inputs``: the files behind these
    tables. ``paths``: where the figure goes.
    """

    task: str
    architecture: str
    size: int
    functions: dict[str, pd.DataFrame]
    draws: dict[str, pd.DataFrame]
    about: dict[str, Any]
    inputs: list[str]
    paths: list[str]


def read_pages(parameters: Any, inputs: Any, output: Any) -> Iterator[Page]:  # noqa: ANN401
    """Each page of a job of the workflow, with its tables.

    ``parameters``: ``pages``, by task, architecture and domain size what a page is about, of which ``training`` has the
    experiments. ``inputs``: ``functions`` and, if the figure shows any, ``draws``. ``output``: ``png`` and ``pdf``, a
    path per page.
    """
    functions = read_tables(inputs.functions, "experiment", "domain_size")
    draws = read_tables(inputs.get("draws", ()), "task", "architecture", "posterior", "domain_size")
    for (page, about), *paths in zip(parameters.pages.items(), output.png, output.pdf, strict=True):
        found = {name: functions[name, page[2]] for name in about["training"]}
        drawn = {name: table for (*model, name, size), table in draws.items() if (*model, size) == page}
        files = [table.attrs["path"] for table in (*found.values(), *drawn.values())]
        yield Page(*page, functions=found, draws=drawn, about=dict(about), inputs=files, paths=paths)
