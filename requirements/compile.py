"""Compile, at the end of the set-up, what a first run would compile: `python requirements/compile.py`, from the
project's folder.

It trains two networks and asks two posteriors, all tiny: numba keeps the machine code beside the modules, Python the
byte code of all that is imported, also where it is told not to write any.
"""

import importlib
import pkgutil
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.dont_write_bytecode = False
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def _networks_and_mixture() -> None:
    import numpy as np

    from sgdbayes.architectures import FullyConnected
    from sgdbayes.posterior.mixture import GaussianMixture
    from sgdbayes.training import Optimizer, train_until_fit

    _import("sgdbayes.training.campaign", "snakemake.cli")
    train_until_fit(
        FullyConnected(depth=2, width=8), _task(), Optimizer("SGD", 0.1), indices=[0, 1], seed=0, device="cpu"
    )
    GaussianMixture(np.zeros((2, 64, 8)), np.eye(8)).log_probabilities(np.ones((2, 8)), seed=0)


def _kernels() -> None:
    import numpy as np

    from sgdbayes import figures
    from sgdbayes.posterior.kinds import POSTERIORS

    _import(
        "sgdbayes.architectures.fully_connected",
        *(f"sgdbayes.figures.{each.name}" for each in pkgutil.iter_modules(figures.__path__)),
        "sgdbayes.explorer.tables",
        "sgdbayes.analysis.claims",
        "sgdbayes.analysis.comparison",
    )
    task, kernel = _task(), np.eye(24) + 1
    posterior, _ = POSTERIORS["mse"].fitted(task, None, [kernel], 8, {})
    posterior.log_probabilities(np.ones((2, 8)), seed=0)
    POSTERIORS["zero_one"].fitted(task, None, [kernel], 8, {"samples": 60})


def _import(*modules: str) -> None:
    for module in modules:
        importlib.import_module(module)


def _task():  # noqa: ANN202 (its module is slow to import)
    import numpy as np

    from sgdbayes.datasets import Task

    points = np.random.default_rng(0).uniform(-1, 1, (24, 6)).astype(np.float32)
    labels, rows = np.where(points[:, 0] > 0, 1, -1).astype(np.int8), np.arange(24)
    return Task(points[:16], labels[:16], points[16:], labels[16:], rows[:16], rows[16:])


if __name__ == "__main__":
    with ProcessPoolExecutor(2) as pool:
        for done in [pool.submit(_networks_and_mixture), pool.submit(_kernels)]:
            done.result()
