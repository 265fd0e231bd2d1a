"""Whether networks come out as a table says they did, when a share is trained again from their seed and index."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from sgdbayes.datasets.task import Task
from sgdbayes.functions import unpack
from sgdbayes.training.campaign import train_networks

__all__ = ["verify_runs"]


def verify_runs(
    task: Task,
    settings: Mapping[str, Any],
    runs: pd.DataFrame,
    *,
    share: float,
    seed: int = 0,
    stack_size: int | None = None,
    device: str = "auto",
) -> pd.DataFrame:
    """A row per network of a random ``share`` of ``runs`` (at least one): index; labels (how many were recorded),
    different_labels, same_epochs.

    ``settings`` as `sgdbayes.training.campaign.train_block` takes them. Labels whose outputs all but tie may come out
    otherwise on another kind of machine, or where a network is grouped with others. Raises ValueError for a share that
    is not above 0 and at most 1.
    """
    if not 0 < share <= 1:
        raise ValueError(f"the share of networks to train again must be above 0 and at most 1, got {share}")
    number = max(1, round(share * len(runs)))
    chosen = runs.sample(number, random_state=seed).sort_values("index", ignore_index=True)
    networks = train_networks(task, settings, chosen["index"].tolist(), stack_size=stack_size, device=device)
    size = networks.functions.shape[1]
    different = (networks.functions != unpack(chosen["labels"].tolist(), size)).sum(1)
    return pd.DataFrame({
        "index": chosen["index"], "labels": size, "different_labels": different,
        "same_epochs": networks.epochs == chosen["epochs"].to_numpy(),
    })  # fmt: skip
