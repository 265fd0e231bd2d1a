"""Margins y z on S: those of draws from the exact 0-1 posterior say how far from the boundary of zero training error random
sampling lands, to be compared with networks when they first fit S.
"""

import numpy as np
import pandas as pd

from sgdbayes.posterior.zero_one import check_agreement, zero_one_chains

__all__ = ["posterior_margins"]


def posterior_margins(kernel: np.ndarray, labels: np.ndarray, number: int, *, seed: int) -> pd.DataFrame:
    """A row per draw of z_S given sign z_S = y_S: margin_min and margin_mean, the smallest and the mean of y z over S.

    ``kernel`` (n or more, the same) over S first, ``labels`` (n,). The draws are taken in turn from four chains. Raises as
    `zero_one_chains` does, and RuntimeError if the chains disagree.
    """
    trained = len(labels)
    chains = zero_one_chains(kernel[:trained, :trained], labels, max(4, -(-number // 4)), seed=seed, chains=4)
    check_agreement(chains.r_hat)
    margins = labels * chains.draws.swapaxes(0, 1).reshape(-1, trained)[:number]
    return pd.DataFrame({"margin_min": margins.min(1), "margin_mean": margins.mean(1)})
