"""The probability of a wrong label at each recorded test point under the posteriors of a model."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from sgdbayes.posterior.stored import Posterior

__all__ = ["posterior_errors"]


def posterior_errors(posteriors: Mapping[str, Posterior], test_labels: np.ndarray) -> pd.DataFrame:
    """A row per test point: label, 1 for the positive class, and of each posterior the probability of a wrong label,
    wrong_<posterior>, with its Monte Carlo standard error, wrong_<posterior>_se.

    ``posteriors`` on all points of ``test_labels`` (T,), by name.
    """
    columns = {"label": (test_labels > 0).astype(int)}
    for name, posterior in posteriors.items():
        columns[f"wrong_{name}"], columns[f"wrong_{name}_se"] = posterior.wrong_labels(test_labels)
    return pd.DataFrame(columns)
