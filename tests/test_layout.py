"""Imports run one way: docs/extending.md and whoever reads the package can rely on it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import sgdbayes

PACKAGE = Path(sgdbayes.__file__).parent
# What each part may import beside itself.
BASE = {"checks", "files", "hashes", "registry", "device"}
SCIENCE = BASE | {"functions", "statistics", "datasets", "architectures"}
MAY = {
    "checks": set(),
    "files": set(),
    "hashes": set(),
    "registry": set(),
    "device": set(),
    "statistics": set(),
    "functions": BASE | {"statistics"},
    "datasets": BASE,
    "architectures": BASE,
    "training": SCIENCE,
    "posterior": SCIENCE,
    "analysis": SCIENCE | {"training", "posterior"},
    "figures": SCIENCE | {"posterior", "analysis"},
    "explorer": SCIENCE | {"posterior", "analysis", "figures"},
    "pipeline": SCIENCE | {"training", "posterior", "analysis", "figures", "explorer"},
}


def imported(path: Path) -> Iterator[tuple[str, int]]:
    """Parts of the package that a module imports, in functions too, with the line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and (node.module or "").split(".")[0] == "sgdbayes":
            parts = node.module.split(".")
            names = parts[1:2] or [alias.name for alias in node.names]
            yield from ((name, node.lineno) for name in names if not name.startswith("__"))
        elif isinstance(node, ast.Import):
            found = [alias.name.split(".") for alias in node.names]
            yield from ((parts[1], node.lineno) for parts in found if parts[0] == "sgdbayes" and len(parts) > 1)


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_one_way(path):
    part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if part == "__init__":
        return
    wrong = [f"line {line}: {name}" for name, line in imported(path) if name != part and name not in MAY[part]]
    assert not wrong, f"{path.relative_to(PACKAGE)} is of {part}, which must not import: {'; '.join(wrong)}"


def test_every_part_has_its_place():
    parts = {path.stem for path in PACKAGE.iterdir() if path.suffix in ("", ".py") and not path.name.startswith("__")}
    assert parts == set(MAY)
