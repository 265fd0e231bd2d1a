"""Grids: one entry under experiments that stands for many."""

import itertools
import string
from collections.abc import Iterator, Mapping
from typing import Any

from sgdbayes.pipeline.mistakes import ConfigurationError

__all__ = ["expand_grid"]


def expand_grid(template: str, settings: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and settings of each experiment that ``template`` stands for. Raises ConfigurationError for wrong braces."""
    single = dict(settings)
    grid = single.pop("grid", {})
    try:
        braced = {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}
    except ValueError as error:
        raise ConfigurationError(f"experiments.{template}: the braces in its name do not match ({error})") from error
    if braced != set(grid):
        raise ConfigurationError(
            f"experiments.{template}: its name must hold each key of its grid in braces, and no other: grid has "
            f"{sorted(grid) or 'no keys'}, the name {sorted(braced) or 'none'}"
        )
    for values in itertools.product(*grid.values()):
        chosen = dict(zip(grid, values, strict=True))
        yield template.format(**chosen), single | chosen
