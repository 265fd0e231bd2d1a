"""Grids: one entry under tasks or experiments that stands for many."""

import itertools
import re
import string
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sgdbayes.pipeline.mistakes import ConfigurationError

__all__ = ["common_name", "expand_grid", "grids_of", "named_groups"]


def grids_of(settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The grids of an entry: one, several that follow one another, or an empty one where it has none."""
    grid = settings.get("grid", {})
    return [dict(each) for each in (grid if isinstance(grid, list) else [grid]) if isinstance(each, Mapping)]


def expand_grid(section: str, template: str, settings: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and settings of each entry that ``template`` in ``section`` stands for. Raises ConfigurationError for wrong
    braces.
    """
    single = {key: value for key, value in settings.items() if key != "grid"}
    try:
        braced = {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}
    except ValueError as error:
        raise ConfigurationError(f"{section}.{template}: the braces in its name do not match ({error})") from error
    for grid in grids_of(settings):
        if braced != set(grid):
            raise ConfigurationError(
                f"{section}.{template}: its name must hold each key of its grid in braces, and no other: grid has "
                f"{sorted(grid) or 'no keys'}, the name {sorted(braced) or 'none'}"
            )
        for values in itertools.product(*grid.values()):
            chosen = dict(zip(grid, values, strict=True))
            yield template.format(**chosen), single | chosen


def named_groups(groups: Collection[list[str]]) -> dict[str, list[str]]:
    """Each of these disjoint groups of names by what its members have in common, or by its first member where that is
    nothing, what another group has in common, too, or the name of a member of another.
    """
    common = [common_name(members) for members in groups]
    group_of = {name: members for members in groups for name in members}
    named = {}
    for name, members in zip(common, groups, strict=True):
        own = name and common.count(name) == 1 and group_of.get(name, members) is members
        named[name if own else members[0]] = members
    return named


def common_name(names: list[str]) -> str:
    """What names that differ in a number or in a part between separators have in common: mnist-0-adam and mnist-10-adam
    are mnist-adam. Empty if that is nothing, or if one has more parts.
    """
    parts = [re.split(r"(?=[-_.])", name) for name in names]
    if len({*map(len, parts)}) > 1:
        return ""
    kept = []
    for each in zip(*parts, strict=True):
        alike = {*each} if len({*each}) == 1 else {part.rstrip(string.digits) for part in each}
        kept += [part for part in alike if len(alike) == 1 and part not in {"-", "_", "."}]
    return "".join(kept).lstrip("-_.")
