"""Kinds by name: all that the project knows of each data set, architecture, optimiser and posterior.

Nothing else lists their names. An entry is light: what computes is named as "module:attribute" and imported when it is
called, so that whoever plans or draws need not wait for torch. A plug-in (`sgdbayes.pipeline.plugins`) registers
entries with the same calls.
"""

import importlib
import importlib.util
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

__all__ = ["Lazy", "Registry", "registering_from", "resolve"]

# A callable, or where one stands as "module:attribute".
Lazy = str | Callable[..., Any]
_origin: Path | None = None


class _Named(Protocol):
    # Fields whose code results depend on.
    COMPUTES: ClassVar[tuple[str, ...]]

    @property
    def name(self) -> str: ...


Entry = TypeVar("Entry", bound=_Named)


class Registry(Mapping[str, Entry], Generic[Entry]):
    """Entries of one sort, ``what``, by their names, in the order in which they were registered."""

    def __init__(self, what: str) -> None:
        self._what, self._entries, self._origins = what, {}, {}

    def register(self, entry: Entry) -> Entry:
        """Add an ``entry``. Raises ValueError if its name is taken."""
        if entry.name in self._entries:
            owner = self._origins[entry.name]
            raise ValueError(
                f"there is {self._what} {entry.name!r} already, of {owner or 'sgdbayes itself'}: name it otherwise"
            )
        self._entries[entry.name], self._origins[entry.name] = entry, _origin
        return entry

    def forget(self, origin: Path) -> None:
        """Drop what the plug-in ``origin`` registered."""
        for name in [name for name, its in self._origins.items() if its == origin]:
            del self._entries[name], self._origins[name]

    def origin(self, name: str) -> Path | None:
        """The plug-in that registered ``name``, None if that is the project's own."""
        return self._origins[name]

    def sources(self, name: str) -> tuple[Path, ...]:
        """The files that define what ``name`` computes: the plug-in, or modules of the project, not imported for it."""
        if self._origins[name] is not None:
            return (self._origins[name],)
        named = [getattr(self[name], part) for part in self[name].COMPUTES]
        modules = [each.partition(":")[0] for each in named if isinstance(each, str) and each.startswith("sgdbayes.")]
        return tuple(Path(importlib.util.find_spec(module).origin) for module in modules)

    def __getitem__(self, name: str) -> Entry:
        if name not in self._entries:
            raise KeyError(
                f"unknown {self._what} {name!r}; known: {', '.join(self)}; docs/extending.md says how to add one"
            )
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


def resolve(lazy: Lazy) -> Callable[..., Any]:
    """The callable itself."""
    if not isinstance(lazy, str):
        return lazy
    module, _, attribute = lazy.partition(":")
    return getattr(importlib.import_module(module), attribute)


@contextmanager
def registering_from(origin: Path) -> Iterator[None]:
    """What is registered inside is that of the plug-in ``origin``."""
    global _origin
    before, _origin = _origin, origin
    try:
        yield
    finally:
        _origin = before
