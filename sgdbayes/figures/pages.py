"""The figures of one kind, a page for each model and domain, and the tables that each is drawn from. One job draws them all:
to start a job takes longer than to draw a page.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from sgdbayes.files import read_table

__all__ = ["Page", "read_pages"]


@dataclass(frozen=True)
class Page:
    """What a figure of all experiments on a model, ``task`` and ``architecture``, shows on a domain of ``size`` points.

    ``functions``: by experiment, its table of functions. ``draws``: by posterior, its functions drawn on this domain, empty
    for a kind of figure that shows none. ``about``: what the caption says. ``inputs``: the files behind these tables.
    ``paths``: where the figure goes.
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
    """Each page of a job of the workflow, with its tables, read as it is drawn.

    ``parameters``: ``pages``, by task, architecture and domain size what a page is about, of which ``training`` has the
    experiments; ``functions``, experiment and domain size of each file of ``inputs.functions``; ``draws``, if the figure shows
    any, task, architecture and posterior of each of ``inputs.draws``. ``output``: ``png`` and ``pdf``, a path per page.
    """
    functions = dict(zip(parameters.functions, inputs.functions, strict=True))
    draws = dict(zip(parameters.get("draws", ()), inputs.get("draws", ()), strict=True))
    for ((task, architecture, size), about), *paths in zip(
        parameters.pages.items(), output.png, output.pdf, strict=True
    ):
        found = {name: functions[name, size] for name in about["training"]}
        drawn = {name: path for (*model, name), path in draws.items() if model == [task, architecture]}
        of_size = [("domain_size", "==", size)]
        yield Page(
            task=task,
            architecture=architecture,
            size=size,
            functions={name: read_table(path) for name, path in found.items()},
            draws={name: read_table(path, filters=of_size) for name, path in drawn.items()},
            about=dict(about),
            inputs=[*found.values(), *drawn.values()],
            paths=paths,
        )
