"""The figures of one kind, a page for each model and domain, and the tables that each is drawn from. One job draws them all:
to start a job takes longer than to draw a page.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from sgdbayes.storage import read_table

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


def read_pages(
    pages: Mapping[tuple[str, str, int], Mapping[str, Any]],
    functions: Mapping[tuple[str, int], str],
    draws: Mapping[tuple[str, str, str], str],
    *pictures: Sequence[str],
) -> Iterator[Page]:
    """Each page with its tables, read as it is drawn.

    ``pages``: by task, architecture and domain size what it is about, of which ``training`` has the experiments.
    ``functions``: files by experiment and domain size. ``draws``: files by task, architecture and posterior. ``pictures``:
    for each format of figures a path per page.
    """
    for ((task, architecture, size), about), *paths in zip(pages.items(), *pictures, strict=True):
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
