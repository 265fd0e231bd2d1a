"""The figures of one kind, a page for each family of tasks, architecture and domain size, and the tables that each is
drawn from.

One job draws them all: to start a job takes longer than to draw a page.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from sgdbayes.files import read_table

__all__ = ["Page", "read_pages", "read_pooled"]


@dataclass(frozen=True)
class Page:
    """What a figure of all studies on a model shows on domains of ``size`` points, of all seeds.

    ``functions``: by study, rows of functions.parquet. ``draws``: by posterior, functions drawn, empty for a kind of
    figure that shows none. ``about``: what the caption says. ``inputs``: the files behind these tables. ``paths``:
    where the figure goes.
    """

    size: int
    functions: dict[str, pd.DataFrame]
    draws: dict[str, pd.DataFrame]
    about: dict[str, Any]
    inputs: list[str]
    paths: list[str]


def read_pages(parameters: Any, output: Any) -> Iterator[Page]:  # noqa: ANN401
    """Each page of a job of the workflow, with its tables.

    ``parameters``: ``pages``, a mapping each with ``size``, files by study in ``functions`` and by posterior in
    ``draws``, and ``about``. ``output``: ``png`` and ``pdf``, a path per page.
    """
    for page, *paths in zip(parameters.pages, output.png, output.pdf, strict=True):
        size, files = page["size"], (page["functions"], page["draws"])
        functions, draws = ({name: read_pooled(own, size) for name, own in each.items()} for each in files)
        inputs = [path for each in files for own in each.values() for path in own]
        yield Page(size, functions, draws, about=dict(page["about"]), inputs=inputs, paths=paths)


def read_pooled(paths: Iterable[str], size: int) -> pd.DataFrame:
    """The rows of all these tables on domains of ``size`` points."""
    parts = [read_table(path, filters=[("domain_size", "==", size)]) for path in paths]
    return pd.concat(parts, ignore_index=True)
