"""Blocks of trained networks as tables: train those that are missing, keep those that are known.

What a network is depends on its task and its settings, which a key stands for. Networks that other code trained count
as well: tidying the code does not throw away days of training, and `verify` says whether they would come out the same.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sgdbayes.architectures import architecture_of
from sgdbayes.datasets.task import Task
from sgdbayes.files import DamagedFileError, read_table, write_table
from sgdbayes.functions import pack
from sgdbayes.training.optimizers import Optimizer
from sgdbayes.training.records import TrainedNetworks
from sgdbayes.training.stack import train_until_fit
from sgdbayes.training.time_left import TimeLeft

__all__ = ["train_block", "train_networks"]

# Between two writings of the networks that a block has so far.
_SECONDS = 5


def train_block(
    task: Task,
    settings: Mapping[str, Any],
    block: str,
    *,
    experiment: str,
    key: str,
    code: str,
    known: Sequence[Path],
    keep_other_code: bool = True,
    unfinished: Path | None = None,
    report: Callable[..., None] = lambda **state: None,
    stack_size: int | None = None,
    device: str = "auto",
) -> pd.DataFrame:
    """Networks start ... stop - 1 of an experiment, ``block`` being "start-stop", as a table with a row per network.

    ``settings``: architecture, optimizer, loss, batch_size, max_epochs, extra_epochs, target_loss, precision, seed and
    perhaps min_epochs, as in the configuration. ``key`` stands for the task and the settings, ``code`` for the code.
    Networks that stand in one of the tables ``known`` under the same key are taken from there, with ``keep_other_code``
    also those of other code. Those that have ended are written to ``unfinished`` now and then, from where the next call
    takes them if this one is killed. After each epoch ``report(done=, missing=, seconds_left=)`` is called. Raises
    RuntimeError if not one network of an experiment's first block fits S: no other will.
    """
    start, stop = map(int, block.split("-"))

    beyond = settings["extra_epochs"] > 0 or settings.get("min_epochs", 0) > 0
    overtrained = beyond or settings["target_loss"] is not None
    names = {"experiment": experiment, "key": key, "code": code}

    def rows(indices: list[int], networks: TrainedNetworks) -> pd.DataFrame:
        return pd.DataFrame(names | {"index": indices} | _columns(networks, overtrained=overtrained))

    def train(indices: list[int], **watched: Callable) -> pd.DataFrame:
        how: dict[str, Any] = {"stack_size": stack_size, "device": device, **watched}
        return rows(indices, train_networks(task, settings, indices, **how))

    kept = _known_runs(known, unfinished, key=key, code=code, start=start, stop=stop).assign(experiment=experiment)
    if not keep_other_code:
        kept = kept[kept["code"] == code]
    elif others := int((kept["code"] != code).sum()):
        print(f"{experiment}: {others} networks that other code trained are kept", flush=True)
    missing = sorted(set(range(start, stop)) - set(kept["index"]))
    print(f"{experiment}: networks {start} to {stop - 1}, {len(missing)} of them to train", flush=True)
    if missing:
        with _Watch(kept, rows, missing, settings, unfinished, report) as watch:
            kept = _concatenated([kept, train(missing, progress=watch.progress, keep=watch.keep)])
    block_table = kept.sort_values("index", ignore_index=True)
    if start == 0 and not block_table["converged"].any():
        diverged, fitted = int(block_table["diverged"].sum()), int((block_table["epochs"] > 0).sum())
        goal = f"target_loss {settings['target_loss']}" if fitted and settings["target_loss"] else "zero training error"
        kind, rate = (settings["optimizer"][name] for name in ("kind", "learning_rate"))
        raise RuntimeError(
            f"experiment {experiment}: none of its first {stop} networks ended at {goal} within "
            f"{settings['max_epochs']} epochs of {kind} with learning rate {rate} ({fitted} fitted S before, "
            f"{diverged} diverged): change that, or raise max_epochs"
            f"{' or target_loss' if settings['target_loss'] else ''}"
        )
    return block_table


class _Watch:
    """Writes down how far the training of a block is: which networks have ended, how long the others can take."""

    def __init__(
        self,
        kept: pd.DataFrame,
        rows: Callable[[list[int], TrainedNetworks], pd.DataFrame],
        missing: Sequence[int],
        settings: Mapping[str, Any],
        unfinished: Path | None,
        report: Callable[..., None],
    ) -> None:
        self._tables, self._rows, self._unfinished, self._report = [kept], rows, unfinished, report
        self._known, self._missing = len(kept), len(missing)
        self._time_left = TimeLeft(len(missing), settings["max_epochs"] + settings["extra_epochs"])
        self._say, self._written = _said(len(missing)), time.monotonic()

    def keep(self, indices: list[int], networks: TrainedNetworks) -> None:
        self._tables.append(self._rows(indices, networks))

    def progress(self, done: int, training: int, epoch: int) -> None:
        self._say(done, training, epoch)
        self._time_left(done, training, epoch)
        self._report(done=self._known + done, missing=self._missing, seconds_left=self._time_left.seconds)
        if time.monotonic() - self._written > _SECONDS:
            self._write()

    def _write(self) -> None:
        if self._unfinished is not None and len(self._tables) > 1:
            self._tables = [_concatenated(self._tables).drop_duplicates("index", keep="last")]
            # It is a copy that nothing needs but the next job, if this one is killed.
            with suppress(OSError):
                write_table(self._unfinished, self._tables[0], {})
        self._written = time.monotonic()

    def __enter__(self) -> "_Watch":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        if kind is not None:
            self._write()


def _said(networks: int) -> Callable[[int, int, int], None]:
    """Print how many networks are done and how many a minute, now and then."""
    started = said = time.monotonic()

    def say(done: int, training: int, epoch: int) -> None:
        nonlocal said
        now = time.monotonic()
        if now - said >= _SECONDS or done == networks:
            rate, said = 60 * done / max(now - started, 1e-9), now
            print(f"{done} of {networks} networks done, {rate:.0f} a minute ({training} in epoch {epoch})", flush=True)

    return say


def _concatenated(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat([table for table in tables if len(table)] or tables[:1], ignore_index=True)


def _known_runs(
    known: Sequence[Path], unfinished: Path | None, *, key: str, code: str, start: int, stop: int
) -> pd.DataFrame:
    """Networks start ... stop - 1 of ``key``, one row each, of those with several one that ``code`` trained."""
    filters = [("key", "==", key), ("index", ">=", start), ("index", "<", stop)]
    tables = [read_table(path, filters=filters) for path in known if path.exists()]
    if unfinished is not None and unfinished.exists():
        # Of a job that was killed, perhaps while it wrote this.
        with suppress(DamagedFileError):
            tables.append(read_table(unfinished, filters=filters))
    rows = _concatenated([pd.DataFrame(columns=["index", "code"]), *tables])
    first = (rows["code"] != code).argsort(kind="stable")
    return rows.iloc[first].drop_duplicates("index", ignore_index=True)


def train_networks(
    task: Task,
    settings: Mapping[str, Any],
    indices: list[int],
    *,
    stack_size: int | None = None,
    device: str = "auto",
    **watched: Callable,
) -> TrainedNetworks:
    """Networks ``indices`` of an experiment with ``settings`` as `train_block` takes them; ``progress``, ``keep`` and
    ``hand_out`` as `train_until_fit` does.
    """
    architecture = architecture_of(settings["architecture"])
    options = dict(settings["optimizer"])
    optimizer = Optimizer(options.pop("kind"), options.pop("learning_rate"), options)
    rest = {name: value for name, value in settings.items() if name not in ("architecture", "optimizer")}
    how: dict[str, Any] = {"stack_size": stack_size, "device": device, "progress": _said(len(indices)), **watched}
    return train_until_fit(architecture, task, optimizer, indices=indices, **how, **rest)


def _columns(networks: TrainedNetworks, *, overtrained: bool) -> dict[str, Any]:
    """The columns fit_... are empty where networks were not overtrained: they would be those without fit_."""
    columns = {name: getattr(networks, name) for name in ("epochs", "converged", "diverged")}
    for prefix, record in (("", networks), ("fit_", networks.at_fit if overtrained else None)):
        columns[f"{prefix}labels"] = pack(record.functions) if record else None
        for name in ("training_loss", "margin_min", "margin_mean"):
            columns[prefix + name] = getattr(record, name) if record else np.nan
    return columns
