"""Mistakes in a configuration: each is told in one line that names the key and says what is allowed."""

import re
from collections.abc import Iterable

from sgdbayes.registry import unknown_name

__all__ = ["NAME", "ConfigurationError", "check_name", "not_a_name"]

# Names become those of files and folders; as in workflow/schemas/config.schema.yaml.
NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}\Z")


class ConfigurationError(ValueError):
    """A wrong key, type, name or value in a configuration, told in one line, whatever stands in it."""

    def __init__(self, message: object) -> None:
        super().__init__(" ".join(str(message).splitlines()))


def check_name(name: object, allowed: Iterable[object], path: str, *, what: str = "unknown name") -> None:
    """Raise ConfigurationError unless ``name`` is among those ``allowed``."""
    if name not in (allowed := list(allowed)):
        raise ConfigurationError(f"{path}: {unknown_name(name, allowed, what=what)}")


def not_a_name(name: str) -> str:
    """What is said of a name that no file can have."""
    return (
        f"{name!r:.110} is no name: a letter or digit, then letters, digits, _, . and -, at most 100 in all, as files "
        "are called so"
    )
