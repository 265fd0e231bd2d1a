"""Kinds by name: all that the project knows of each data set, architecture, optimiser and posterior.

Nothing else lists their names. An entry is light: what computes is named as "module:attribute" and imported when it is
called, so that whoever plans or draws need not wait for torch. A plug-in (`sgdbayes.pipeline.plugins`) registers
entries with the same calls.
"""

import difflib
import importlib
import importlib.util
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

__all__ = ["Lazy", "Registry", "UnknownNameError", "registering_from", "resolve", "unknown_name"]

# A callable, or where one stands as "module:attribute".
Lazy = str | Callable[..., Any]
_origin: Path | None = None
# So many names an error lists: a campaign's experiments would fill the screen.
_NAMED = 20


class UnknownNameError(ValueError, KeyError):
    """There is no entry of that name; a KeyError too, as mappings ask for."""

    __str__ = ValueError.__str__


def unknown_name(name: object, known: Iterable[object], *, what: str = "unknown name") -> str:
    """What is said of a ``name`` that is not among those ``known``, with the nearest of them."""
    known = sorted(map(str, known))
    spelt = {each.lower(): each for each in known}
    close = difflib.get_close_matches(str(name).lower(), spelt, n=1)
    hint = f" (did you mean {spelt[close[0]]}?)" if close else ""
    shown = [*known[:_NAMED], f"{len(known) - _NAMED} more"] if len(known) > _NAMED else known
    return f"{what} {name}{hint}; allowed: {', '.join(shown) or 'none'}"


class _Named(Protocol):
    # Fields whose code results depend on.
    COMPUTES: ClassVar[tuple[str, ...]]

    @property
    def name(self) -> str: ...


Entry = TypeVar("Entry", bound=_Named)


class Registry(Mapping[str, Entry], Generic[Entry]):
    """Entries of one sort, ``what``, by their names, in the order in which they were registered."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._entries: dict[str, Entry] = {}
        self._origins: dict[str, Path | None] = {}

    def register(self, entry: Entry) -> Entry:
        """Add an ``entry``, in place of one of this session, as when a notebook's cell runs again. Raises ValueError if
        its name is taken otherwise.
        """
        if entry.name in self._entries and not self._of_session(entry.name):
            owner = self._origins[entry.name]
            raise ValueError(
                f"there is {self._what} {entry.name!r} already, of {owner or 'sgdbayes itself'}: name it otherwise"
            )
        self._entries[entry.name], self._origins[entry.name] = entry, _origin
        return entry

    def _of_session(self, name: str) -> bool:
        # The project names what computes, and does not import it.
        entry = self._entries[name]
        return self._origins[name] is None and any(callable(getattr(entry, part)) for part in entry.COMPUTES)

    def forget(self, origin: Path) -> None:
        """Drop what the plug-in ``origin`` registered."""
        for name in [name for name, its in self._origins.items() if its == origin]:
            del self._entries[name], self._origins[name]

    def origin(self, name: str) -> Path | None:
        """The plug-in that registered ``name``, None if that is the project's own."""
        return self._origins[name]

    def sources(self, name: str) -> tuple[Path, ...]:
        """The files that define what ``name`` computes: the plug-in, or modules of the project, not imported for it."""
        if (origin := self._origins[name]) is not None:
            return (origin,)
        named = [getattr(self[name], part) for part in self[name].COMPUTES]
        modules = [each.partition(":")[0] for each in named if isinstance(each, str) and each.startswith("sgdbayes.")]
        return tuple(_file_of(module) for module in modules)

    def __getitem__(self, name: str) -> Entry:
        if name not in self._entries:
            raise UnknownNameError(
                f"{unknown_name(name, self, what=f'unknown {self._what}')}; docs/extending.md says how to add one"
            )
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


def _file_of(module: str) -> Path:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(
            f"a kind is said to be computed by {module}, and there is no such module: correct its entry"
        )
    return Path(spec.origin)


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
