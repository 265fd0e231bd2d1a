"""What the first networks of an experiment say of a configuration that cannot work well, while it can be changed."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sgdbayes.architectures.kinds import ARCHITECTURES
from sgdbayes.datasets.kinds import DATASETS
from sgdbayes.functions import unpack
from sgdbayes.training.kinds import OPTIMIZERS

__all__ = ["advice", "early_warnings", "known_learning_rates"]

# Below this share of networks that fit S, and above this share of functions that only one network found, there is
# little to compare; of fewer networks nothing is said.
_FEW, _UNIQUE, _LEAST = 0.5, 0.9, 20
_TRAIN_SIZES = range(100, 10_001)


def known_learning_rates(task: Mapping[str, Any], architecture: str, loss: str) -> Mapping[str, float]:
    """By kind of optimiser, a learning rate with which networks are known to fit such a task: fully connected ones,
    with cross-entropy, |S| from 100 to 10,000. Empty for others.
    """
    rates = DATASETS[task["dataset"]].known_rates
    known = ARCHITECTURES[architecture].known_rates and loss == "cross_entropy" and task["train_size"] in _TRAIN_SIZES
    if not known or rates is None:
        return {}
    return {name: kind.known["learning_rate"] for name, kind in OPTIMIZERS.items() if kind.known} | dict(rates)


def advice(optimizer: Mapping[str, Any], learning_rates: Mapping[str, float]) -> str | None:
    """Which learning rate is known to do for ``optimizer``, kind and options, if it has another."""
    kind = optimizer["kind"]
    known = {**OPTIMIZERS[kind].known, "learning_rate": learning_rates.get(kind)}
    if known["learning_rate"] is None or known.items() <= optimizer.items():
        return None
    said = ", ".join(f"{name} {value}" for name, value in known.items())
    return f"on this data set {kind} is known to do with {said}"


def early_warnings(
    runs: pd.DataFrame,
    *,
    optimizer: Mapping[str, Any],
    max_epochs: int,
    domain_sizes: Sequence[int],
    learning_rates: Mapping[str, float],
) -> list[str]:
    """A line for each thing that the networks ``runs``, a block of an experiment's, show to be wrong with its settings.

    ``optimizer``: kind, learning_rate and options. ``learning_rates``: as `known_learning_rates` gives them.
    """
    experiment, kind, rate = runs["experiment"].iloc[0], optimizer["kind"], optimizer["learning_rate"]
    converged, said = runs["converged"].to_numpy(dtype=bool), []
    if converged.mean() < _FEW:
        known = advice(optimizer, learning_rates) or "try another learning rate or a larger max_epochs"
        said.append(
            f"{experiment}: {converged.sum()} of its first {len(runs)} networks fit S within {max_epochs} epochs of "
            f"{kind} with learning rate {rate}: {known}"
        )
    fitted = runs.loc[converged, "labels"].tolist()
    if len(fitted) < _LEAST:
        return said
    shares = {size: len(np.unique(unpack(fitted, size), axis=0)) / len(fitted) for size in sorted(domain_sizes)}
    scattered = [size for size, share in shares.items() if share > _UNIQUE]
    if scattered:
        said.append(
            f"{experiment}: on |E| = {', '.join(map(str, scattered))} nearly every one of its first {len(fitted)} "
            "networks is a function of its own, and frequencies will say little: smaller domain_sizes have more to "
            "compare"
        )
    return said
