"""Blocks of trained networks as tables: train those that are missing, keep those that are known.

What a network is depends on its task, its settings and the code that trains it. Networks that other code trained are kept if
a sample of them, trained again, comes out the same: tidying the code does not throw away days of training. A change of code
that touches one network in ten is missed by a block's sample of ten with probability 0.35.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sgdbayes.architectures import architecture_of
from sgdbayes.datasets.task import Task
from sgdbayes.functions import pack
from sgdbayes.storage import read_table
from sgdbayes.training.optimizers import Optimizer
from sgdbayes.training.stack import TrainedNetworks, train_until_fit

__all__ = ["train_block", "train_networks"]

_SECONDS = 5
# Of the known networks that other code trained, at least so many and this share are trained again before all are kept.
_CHECKED, _CHECKED_SHARE = 10, 0.05
# Labels and epochs must be equal; these may differ as rounding does between stacks of different sizes.
_ROUNDED = ("training_loss", "margin_min", "margin_mean", "fit_training_loss", "fit_margin_min", "fit_margin_mean")
_ROUNDING = 1e-3


def train_block(
    task: Task,
    settings: Mapping[str, Any],
    block: str,
    *,
    experiment: str,
    key: str,
    code: str,
    known: Sequence[Path],
    stack_size: int | None = None,
    device: str = "auto",
) -> pd.DataFrame:
    """Networks start ... stop - 1 of an experiment, ``block`` being "start-stop", as a table with a row per network.

    ``settings``: architecture, optimizer, loss, batch_size, max_epochs, extra_epochs, target_loss, precision and seed, as in
    the configuration. ``key`` stands for the task and the settings, ``code`` for the code. Networks that stand in one of the
    tables ``known`` under the same key are taken from there; if under other code, only when a sample of them comes out the
    same. Raises RuntimeError if not one network of an experiment's first block fits S: no other will.
    """
    start, stop = map(int, block.split("-"))

    def train(indices: list[int]) -> pd.DataFrame:
        networks = train_networks(task, settings, indices, stack_size=stack_size, device=device)
        overtrained = settings["extra_epochs"] > 0 or settings["target_loss"] is not None
        names = {"experiment": experiment, "index": indices, "key": key, "code": code}
        return pd.DataFrame(names | _columns(networks, overtrained=overtrained))

    kept = _known_runs(known, key, start, stop).assign(experiment=experiment)
    for _, foreign in kept[kept["code"] != code].groupby("code"):
        number = min(len(foreign), max(_CHECKED, round(_CHECKED_SHARE * len(foreign))))
        sample = foreign.iloc[np.linspace(0, len(foreign) - 1, number).astype(int)]
        same = _same(train(sample["index"].tolist()), sample)
        verdict = "the same: the others are kept" if same else "not the same: all are trained again"
        print(
            f"{experiment}: {number} of {len(foreign)} networks that other code trained came out {verdict}", flush=True
        )
        if same:
            kept.loc[foreign.index, "code"] = code
    kept = kept[kept["code"] == code]
    missing = sorted(set(range(start, stop)) - set(kept["index"]))
    print(f"{experiment}: networks {start} to {stop - 1}, {len(missing)} of them to train", flush=True)
    tables = [table for table in (kept, train(missing) if missing else kept[:0]) if len(table)]
    block_table = pd.concat(tables, ignore_index=True).sort_values("index", ignore_index=True)
    if start == 0 and not block_table["converged"].any():
        diverged, fitted = int(block_table["diverged"].sum()), int((block_table["epochs"] > 0).sum())
        goal = f"target_loss {settings['target_loss']}" if fitted and settings["target_loss"] else "zero training error"
        raise RuntimeError(
            f"experiment {experiment}: none of its first {stop} networks ended at {goal} within {settings['max_epochs']} epochs "
            f"({fitted} fitted S before, {diverged} diverged): change the learning rate of its optimizer, raise max_epochs"
            f"{' or target_loss' if settings['target_loss'] else ''}"
        )
    return block_table


def _same(again: pd.DataFrame, before: pd.DataFrame) -> bool:
    """Whether networks came out as they did before, but for the code's hash and rounding."""
    if set(again) != set(before):
        return False
    exact = again.columns.difference([*_ROUNDED, "code"])
    return again[exact].astype(object).equals(before[exact].astype(object).reset_index(drop=True)) and np.allclose(
        again[list(_ROUNDED)].astype(float),
        before[list(_ROUNDED)].astype(float),
        rtol=_ROUNDING,
        atol=0,
        equal_nan=True,
    )


def _known_runs(known: Sequence[Path], key: str, start: int, stop: int) -> pd.DataFrame:
    filters = [("key", "==", key), ("index", ">=", start), ("index", "<", stop)]
    tables = [table for path in known if path.exists() for table in [read_table(path, filters=filters)] if len(table)]
    if not tables:
        return pd.DataFrame(columns=["index", "code"])
    return pd.concat(tables, ignore_index=True).drop_duplicates("index", ignore_index=True)


def train_networks(
    task: Task,
    settings: Mapping[str, Any],
    indices: list[int],
    *,
    stack_size: int | None = None,
    device: str = "auto",
    hand_out: Callable[[int, list[np.ndarray]], None] | None = None,
) -> TrainedNetworks:
    """Networks ``indices`` of an experiment with ``settings`` as `train_block` takes them; ``hand_out`` as `train_until_fit`
    does.
    """
    architecture = architecture_of(settings["architecture"])
    options = dict(settings["optimizer"])
    optimizer = Optimizer(options.pop("kind"), options.pop("learning_rate"), options)
    rest = {name: value for name, value in settings.items() if name not in ("architecture", "optimizer")}
    progress = _progress(len(indices))
    how = {"stack_size": stack_size, "device": device, "progress": progress, "hand_out": hand_out}
    return train_until_fit(architecture, task, optimizer, indices=indices, **how, **rest)


def _progress(networks: int) -> Callable[[int, int], None]:
    """Say how many networks are done, how many a minute, and how long the others will take, not oftener than makes sense."""
    started = said = time.monotonic()

    def say(done: int, epoch: int) -> None:
        nonlocal said
        now = time.monotonic()
        if now - said < _SECONDS and done < networks:
            return
        said, minutes = now, (now - started) / 60
        rate = done / minutes
        left = f", about {(networks - done) / rate:.1f} minutes left" if 0 < done < networks else ""
        print(
            f"{done} of {networks} networks done, {rate:.0f} a minute{left} (epoch {epoch} of their stack)", flush=True
        )

    return say


def _columns(networks: TrainedNetworks, *, overtrained: bool) -> dict[str, Any]:
    """The columns fit_... are empty where networks were not overtrained: they would be those without fit_."""
    columns = {name: getattr(networks, name) for name in ("epochs", "converged", "diverged")}
    for prefix, record in (("", networks), ("fit_", networks.at_fit if overtrained else None)):
        columns[f"{prefix}labels"] = pack(record.functions) if record else None
        for name in ("training_loss", "margin_min", "margin_mean"):
            columns[prefix + name] = getattr(record, name) if record else np.nan
    return columns
