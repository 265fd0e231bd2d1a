"""Mistakes in a configuration: each is told in one line that names the key and says what is allowed."""

import difflib
from collections.abc import Iterable

__all__ = ["ConfigurationError", "check_name", "number_hint", "unknown_name"]

# So many names an error lists: a campaign's experiments would fill the screen.
_NAMED = 20


class ConfigurationError(ValueError):
    """A wrong key, type, name or value in a configuration."""


def check_name(name: object, allowed: Iterable[object], path: str, *, what: str = "unknown name") -> None:
    """Raise ConfigurationError unless ``name`` is among those ``allowed``."""
    if name not in (allowed := list(allowed)):
        raise ConfigurationError(unknown_name(name, allowed, path, what=what))


def unknown_name(name: object, allowed: Iterable[object], path: str, *, what: str = "unknown name") -> str:
    """What is said of a ``name`` that is not among those ``allowed``."""
    allowed = sorted(map(str, allowed))
    close = difflib.get_close_matches(str(name), allowed, n=1)
    hint = f" (did you mean {close[0]}?)" if close else ""
    shown = [*allowed[:_NAMED], f"{len(allowed) - _NAMED} more"] if len(allowed) > _NAMED else allowed
    return f"{path}: {what} {name}{hint}; allowed: {', '.join(shown) or 'none'}"


def number_hint(got: object) -> str:
    """What is added where YAML reads a number as text."""
    try:
        float(got if isinstance(got, str) else "text")
    except ValueError:
        return ""
    return " (to YAML this is text: write numbers without quotes, and 1e-4 as 1.0e-4)"
