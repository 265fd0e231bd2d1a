"""What the first networks of an experiment say of a configuration that cannot work well, while there is time to change it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sgdbayes.functions import unpack

__all__ = ["early_warnings"]

# Below this share of networks that fit S, and above this share of functions that only one network found, there is little to
# compare; of fewer networks nothing is said.
_FEW, _UNIQUE, _LEAST = 0.5, 0.9, 20


def early_warnings(
    runs: pd.DataFrame,
    *,
    optimizer: Mapping[str, Any],
    max_epochs: int,
    domain_sizes: Sequence[int],
    learning_rates: Mapping[str, float],
) -> list[str]:
    """A line for each thing that the networks ``runs``, a block of an experiment's, show to be wrong with its settings.

    ``optimizer``: kind and learning_rate. ``learning_rates``: by kind, those with which networks are known to fit this data
    set.
    """
    experiment, kind, rate = runs["experiment"].iloc[0], optimizer["kind"], optimizer["learning_rate"]
    converged, said = runs["converged"].to_numpy(dtype=bool), []
    if converged.mean() < _FEW:
        known = learning_rates.get(kind)
        other = (
            "another learning rate"
            if known in (None, rate)
            else f"the learning rate {known}, known to do on this data set,"
        )
        said.append(
            f"{experiment}: {converged.sum()} of its first {len(runs)} networks fit S within {max_epochs} epochs of {kind} with learning "
            f"rate {rate}: try {other} or a larger max_epochs"
        )
    fitted = runs.loc[converged, "labels"].tolist()
    if len(fitted) < _LEAST:
        return said
    shares = {size: len(np.unique(unpack(fitted, size), axis=0)) / len(fitted) for size in sorted(domain_sizes)}
    scattered = [size for size, share in shares.items() if share > _UNIQUE]
    if scattered:
        said.append(
            f"{experiment}: on |E| = {', '.join(map(str, scattered))} nearly every one of its first {len(fitted)} networks is a "
            "function of its own, and frequencies will say little: smaller domain_sizes have more to compare"
        )
    return said
