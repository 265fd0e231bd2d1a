"""Plug-ins: files of a user's own that register data sets, architectures, optimisers and posteriors.

A configuration names them under ``plugins``, as paths from the folder it is in. A plug-in is the code of the results
that use its kinds, and of no others.
"""

import hashlib
import importlib.util
import sys
from collections.abc import Iterable
from pathlib import Path

from sgdbayes.architectures.kinds import ARCHITECTURES
from sgdbayes.datasets.kinds import DATASETS
from sgdbayes.posterior.kinds import POSTERIORS
from sgdbayes.registry import registering_from
from sgdbayes.training.kinds import OPTIMIZERS

__all__ = ["PluginError", "forget_plugins", "load_plugins"]

_REGISTRIES = (DATASETS, ARCHITECTURES, OPTIMIZERS, POSTERIORS)
_loaded: dict[Path, str] = {}


class PluginError(ValueError):
    """A plug-in that cannot be used; the message is one line that names the file."""


def load_plugins(paths: Iterable[str | Path]) -> None:
    """Import each file of ``paths``, once while it stays as it is. Raises PluginError if one is missing, does not
    import, registers a name that is taken, or registers nothing.
    """
    for path in map(Path, paths):
        whole = path.resolve()
        if not whole.is_file():
            raise PluginError(f"{path}: there is no such file")
        content = hashlib.sha256(whole.read_bytes()).hexdigest()
        if _loaded.get(whole) == content:
            continue
        _forget(whole)
        try:
            with registering_from(whole):
                _import(whole, content)
        except Exception as error:
            _forget(whole)
            what = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
            raise PluginError(f"{path}: {' '.join(what.split())}") from error
        if not any(registry.origin(name) == whole for registry in _REGISTRIES for name in registry):
            raise PluginError(f"{path} registers nothing: docs/extending.md says how it is done")
        _loaded[whole] = content


def forget_plugins() -> None:
    """Drop what all plug-ins registered."""
    for path in list(_loaded):
        _forget(path)


def _import(path: Path, content: str) -> None:
    # Two plug-ins of one name, or one that was edited, are different modules.
    name = f"sgdbayes_plugin_{path.stem}_{content[:8]}"
    specification = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    specification.loader.exec_module(module)


def _forget(path: Path) -> None:
    for registry in _REGISTRIES:
        registry.forget(path)
    _loaded.pop(path, None)
