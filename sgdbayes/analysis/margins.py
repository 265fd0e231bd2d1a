"""Margins y z on S of draws from the exact 0-1 posterior.

They say how far from the boundary of zero training error random sampling lands, to be compared with networks when they
first fit S.
"""

import numpy as np
import pandas as pd

from sgdbayes.posterior.zero_one import chain_diagnostics, check_agreement, zero_one_chains

__all__ = ["posterior_margins"]

_CHAINS = 4


def posterior_margins(kernel: np.ndarray, labels: np.ndarray, number: int, *, seed: int) -> pd.DataFrame:
    """A row per draw of z_S given sign z_S = y_S: margin_min and margin_mean, the smallest and the mean of y z over S,
    whose inputs are distinct.

    ``kernel`` (n or more, the same) over S first, ``labels`` (n,). Draws are taken in turn from four chains. Raises as
    `zero_one_chains` does, and RuntimeError if the chains disagree in either.
    """
    trained = len(labels)
    chains = zero_one_chains(kernel[:trained, :trained], labels, -(-number // _CHAINS), seed=seed, chains=_CHAINS)
    margins = labels * chains.draws
    statistics = np.stack([margins.min(-1), margins.mean(-1)], -1)
    check_agreement(chain_diagnostics(statistics)[0], remedy="give margins more draws")
    return pd.DataFrame(statistics.swapaxes(0, 1).reshape(-1, 2)[:number], columns=["margin_min", "margin_mean"])
