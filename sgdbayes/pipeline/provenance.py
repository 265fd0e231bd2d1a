"""What a result depends on: a hash of the code behind it, and the record that is written beside it.

The code behind a result is its script and the modules of this package that the script imports, directly or through
others. Their hash ignores comments, docstrings and layout, so that tidying up does not throw away days of training.
"""

import ast
import hashlib
import io
import os
import platform
import subprocess
import tokenize
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from sgdbayes import __version__
from sgdbayes.hashes import settings_hash

__all__ = ["code_hash", "environment", "imported_modules", "relative_path"]

_PACKAGE = Path(__file__).parents[1]
_HARNESS = {"jobs.py", "time_left.py", "kinds.py", "registry.py", "plugins.py"}
_REPORTED = ("torch", "numpy", "scipy", "gpytorch", "neural-tangents", "jax", "numba", "pandas", "snakemake")


@cache
def code_hash(script: Path, uses: tuple[str, ...] = ()) -> str:
    """Hash of ``script``, of files that it ``uses`` without importing them, and of modules here that all import."""
    files = {path for file in (script, *map(_whole_path, uses)) for path in (file, *imported_modules(file))}
    return settings_hash(_module_hash(script), sorted(map(_module_hash, files - {script})))


def relative_path(path: Path) -> str:
    """From the folder of the package, or else from that of the run."""
    root = _PACKAGE.parent
    return str(path.relative_to(root)) if path.is_relative_to(root) else os.path.relpath(path)


def _whole_path(use: str) -> Path:
    here = _PACKAGE.parent / use
    return here if here.exists() else Path(use)


def imported_modules(script: Path) -> list[Path]:
    """Files of this package that ``script`` imports, directly or through others, sorted.

    A name imported from a package counts as the module that defines it, not as all the modules its package gathers.
    Left out are files from which no number comes, and registries: kinds are the code of those results that use them.
    """
    seen: set[Path] = set()
    waiting = list(_imports(script)) if script.suffix == ".py" else []
    while waiting:
        path = waiting.pop()
        if path not in seen and path.name not in _HARNESS:
            seen.add(path)
            waiting.extend(_imports(path))
    return sorted(seen)


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def _module_hash(path: Path) -> str:
    """Hash of a module's text without comments, docstrings and white space: the same for every version of Python."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        return hashlib.sha256(text.encode()).hexdigest()
    lines = text.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            first, last = node.body[0].lineno - 1, node.body[0].end_lineno
            lines[first:last] = [""] * (last - first)
    return hashlib.sha256("".join("".join(lines).split()).encode()).hexdigest()


def _imports(path: Path) -> Iterator[Path]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == _PACKAGE.name:
            for alias in node.names:
                yield _defining_module(node.module, alias.name)


def _defining_module(module: str, name: str) -> Path:
    """The file that ``from module import name`` takes ``name`` from."""
    folder = _PACKAGE.parent.joinpath(*module.split("."))
    if not folder.is_dir():
        return folder.with_suffix(".py")
    if (folder / f"{name}.py").exists():
        return folder / f"{name}.py"
    # What a package gathers is listed beside it, for it is imported when it is asked for.
    listed = folder / "__init__.pyi"
    for node in _tree(listed if listed.exists() else folder / "__init__.py").body:
        if isinstance(node, ast.ImportFrom) and name in {alias.asname or alias.name for alias in node.names}:
            within = f"{module}." if node.level else ""
            return _defining_module(f"{within}{node.module}", name)
    return folder / "__init__.py"


@cache
def environment() -> dict[str, Any]:
    """Versions of this project and of the libraries behind the numbers, and the kind of machine."""
    commit = None
    if (_PACKAGE.parent / ".git").exists():
        describe = ["git", "-C", str(_PACKAGE), "describe", "--always", "--dirty"]
        commit = subprocess.run(describe, capture_output=True, text=True, check=False).stdout.strip() or None
    return {
        "versions": {"sgdbayes": __version__, **{name: _version(name) for name in _REPORTED}},
        "python": platform.python_version(),
        "machine": platform.machine(),
        "commit": commit,
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
