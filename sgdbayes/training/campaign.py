"""Blocks of trained networks as tables: train those that are missing, keep those that are known."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from sgdbayes.architectures import architecture_of
from sgdbayes.datasets.task import Task
from sgdbayes.functions import pack
from sgdbayes.storage import read_table
from sgdbayes.training.optimizers import Optimizer
from sgdbayes.training.stack import TrainedNetworks, train_until_fit

__all__ = ["train_block"]


def train_block(
    task: Task, settings: Mapping[str, Any], block: str, *, experiment: str, key: str, known: Path, device: str = "auto"
) -> pd.DataFrame:
    """Networks start ... stop - 1 of an experiment, ``block`` being "start-stop", as a table with a row per network.

    ``settings``: architecture, optimizer, loss, batch_size, max_epochs, extra_epochs and seed, as in the
    configuration. Networks that stand in the table ``known`` under the same ``key`` are taken from there. Raises
    RuntimeError if not one network of an experiment's first block fits S: no other will.
    """
    start, stop = map(int, block.split("-"))
    kept = _known_runs(known, experiment, key, start, stop)
    missing = (
        [index for index in range(start, stop) if index not in set(kept["index"])]
        if kept is not None
        else range(start, stop)
    )
    print(f"{experiment}: networks {start} to {stop - 1}, {len(missing)} of them to train", flush=True)
    tables = [] if kept is None else [kept]
    if len(missing):
        tables.append(_trained_runs(task, settings, list(missing), experiment=experiment, key=key, device=device))
    block_table = pd.concat(tables, ignore_index=True).sort_values("index", ignore_index=True)
    if start == 0 and not block_table["converged"].any():
        diverged = int(block_table["diverged"].sum())
        raise RuntimeError(
            f"experiment {experiment}: none of its first {stop} networks reached zero training error in {settings['max_epochs']} epochs "
            f"({diverged} diverged): change the learning rate of its optimizer or raise max_epochs"
        )
    return block_table


def _known_runs(known: Path, experiment: str, key: str, start: int, stop: int) -> pd.DataFrame | None:
    if not known.exists():
        return None
    filters = [("experiment", "==", experiment), ("key", "==", key), ("index", ">=", start), ("index", "<", stop)]
    return read_table(known, filters=filters)


def _trained_runs(
    task: Task, settings: Mapping[str, Any], indices: list[int], *, experiment: str, key: str, device: str
) -> pd.DataFrame:
    architecture = architecture_of(settings["architecture"])
    options = dict(settings["optimizer"])
    optimizer = Optimizer(options.pop("kind"), options.pop("learning_rate"), options)

    def progress(epoch: int, unfinished: int) -> None:
        print(f"epoch {epoch}: {len(indices) - unfinished} of {len(indices)} networks done", flush=True)

    rest = {name: settings[name] for name in ("seed", "loss", "batch_size", "max_epochs", "extra_epochs")}
    networks = train_until_fit(architecture, task, optimizer, indices=indices, device=device, progress=progress, **rest)
    return _as_table(networks, indices, experiment, key)


def _as_table(networks: TrainedNetworks, indices: list[int], experiment: str, key: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "experiment": experiment,
            "index": indices,
            "key": key,
            "labels": pack(networks.functions),
            "epochs": networks.epochs,
            "converged": networks.converged,
            "diverged": networks.diverged,
            "training_loss": networks.training_loss,
            "margin_min": networks.margin_min,
            "margin_mean": networks.margin_mean,
        }
    )
