"""Mistakes in a configuration: each is told in one line that names the key and says what is allowed."""

from collections.abc import Iterable

from sgdbayes.registry import unknown_name

__all__ = ["ConfigurationError", "check_name", "number_hint"]


class ConfigurationError(ValueError):
    """A wrong key, type, name or value in a configuration."""


def check_name(name: object, allowed: Iterable[object], path: str, *, what: str = "unknown name") -> None:
    """Raise ConfigurationError unless ``name`` is among those ``allowed``."""
    if name not in (allowed := list(allowed)):
        raise ConfigurationError(f"{path}: {unknown_name(name, allowed, what=what)}")


def number_hint(got: object) -> str:
    """What is added where YAML reads a number as text."""
    try:
        float(got if isinstance(got, str) else "text")
    except ValueError:
        return ""
    return " (to YAML this is text: write numbers without quotes, and 1e-4 as 1.0e-4)"
