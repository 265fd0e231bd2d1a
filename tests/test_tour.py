"""examples/tour.ipynb runs, and its committed outputs are those of its cells."""

import os
import re
import sys
from pathlib import Path

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "examples/tour.ipynb"


def kinds(notebook: nbformat.NotebookNode) -> list[list[str]]:
    """What each cell shows."""
    codes = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [[sorted(output.get("data", [output.output_type])) for output in cell.outputs] for cell in codes]


def statistics(notebook: nbformat.NotebookNode) -> dict[str, tuple[float, ...]]:
    """Value, low and high of each, of the cell that shows them."""
    (cell,) = (cell for cell in notebook.cells if "comparison.statistics" in cell.source)
    rows = re.findall(r"^(\w+) +([-\d.]+) +([-\d.]+) +([-\d.]+)$", cell.outputs[0].data["text/plain"], re.MULTILINE)
    return {name: tuple(map(float, numbers)) for name, *numbers in rows}


@pytest.mark.slow
def test_it_runs_and_shows_what_is_committed(monkeypatch):
    committed = nbformat.read(NOTEBOOK, as_version=4)
    # In this interpreter, whatever kernels are installed.
    spec = KernelSpec(argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"])
    monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", lambda self, name: spec)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    resources = {"metadata": {"path": str(ROOT / "examples")}}
    fresh = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(fresh, timeout=600, resources=resources).execute()
    assert kinds(fresh) == kinds(committed)
    here, there = statistics(fresh), statistics(committed)
    assert {"gap", "pearson", "test_error"} <= {*here}
    for name, (value, *_) in there.items():
        _, low, high = here[name]
        assert low <= value <= high, name


def test_no_error_and_no_path_is_committed():
    text = NOTEBOOK.read_text(encoding="utf-8")
    assert '"output_type": "error"' not in text
    assert "/home/" not in text and "/root/" not in text and "/tmp/" not in text
