"""What benchmarks share: each row is measured in a process of its own, alone on the machine; tables have ratios."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


@dataclass(frozen=True)
class Row:
    """``measure`` gives value, note and, against a ``baseline``, baseline_value and ratio; ``cores``: None for all."""

    measure: Callable[..., dict[str, object]]
    benchmark: str
    unit: str
    baseline: str
    target: str
    cores: int | None


def mnist(train_size: int, test_size: int = 1):  # noqa: ANN201
    """The task that benchmarks share: MNIST, 0-4 against 5-9."""
    from sgdbayes.datasets import load_task

    settings: dict[str, Any] = {
        "dataset": "mnist",
        "positive_classes": [5, 6, 7, 8, 9],
        "train_size": train_size,
        "recorded_test_size": test_size,
        "seed": 0,
    }
    return load_task(**settings, folder=ROOT / "data")


def run(script: str, rows: Mapping[str, Row], table: str, *arguments: str) -> None:
    """Called by ``script``: measure the row named last on the command line, or all rows for results/benchmarks/."""
    if sys.argv[-1] in rows:
        row = rows[sys.argv[-1]]
        # What counts cores for itself is told that there are no more.
        if row.cores and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: row.cores])
        print(json.dumps(row.measure(*arguments)))
        return
    import pandas as pd

    from sgdbayes.files import write_table
    from sgdbayes.pipeline.provenance import environment

    results = []
    for name, row in rows.items():
        settings = dict.fromkeys(_THREADS, str(row.cores)) if row.cores else {}
        process = subprocess.run(
            [sys.executable, script, *arguments, name],
            env=os.environ | settings,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        result = json.loads(process.stdout.splitlines()[-1])
        empty = {"value": None, "baseline": row.baseline, "baseline_value": None, "ratio": None}
        about = {"target": row.target, "cores": row.cores or os.cpu_count()}
        results.append({"benchmark": row.benchmark, "unit": row.unit} | empty | about | result)
        print(results[-1], flush=True)
        # Row by row: a row takes minutes.
        write_table(ROOT / "results" / "benchmarks" / table, pd.DataFrame(results), environment())
