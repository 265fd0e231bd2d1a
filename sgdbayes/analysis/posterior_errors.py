"""The probability of a wrong label at each recorded test point under the posteriors of a model that kernels give."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from sgdbayes.architectures import kernel_with_facts
from sgdbayes.datasets import Task
from sgdbayes.posterior.empirical import EmpiricalPosterior
from sgdbayes.posterior.gaussian import Gaussian
from sgdbayes.posterior.kinds import POSTERIORS
from sgdbayes.posterior.mixture import GaussianMixture
from sgdbayes.posterior.stored import Posterior

__all__ = ["posterior_errors"]


def posterior_errors(task: Task, architecture: object, posteriors: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """A row per test point of ``task``: label, 1 for the positive class, and of each posterior the probability of a
    wrong label, wrong_<posterior>, with its Monte Carlo standard error, wrong_<posterior>_se.

    ``posteriors``: settings by name, of posteriors that are made from kernels. Raises as these do.
    """
    inputs = np.concatenate([task.train_inputs, task.test_inputs])
    needed = dict.fromkeys(method for name in posteriors for method in POSTERIORS[name].needs)
    kernels = {method: kernel_with_facts(architecture, inputs, method)[0] for method in needed}
    columns: dict[str, np.ndarray] = {"label": (task.test_labels > 0).astype(int)}
    for name, settings in posteriors.items():
        kind = POSTERIORS[name]
        used = [kernels[method] for method in kind.needs]
        posterior, diagnostics = kind.fitted(task, None, used, len(task.test_labels), settings)
        print(name, diagnostics, flush=True)
        columns[f"wrong_{name}"], columns[f"wrong_{name}_se"] = _pointwise(posterior, task.test_labels)
    return pd.DataFrame(columns)


def _pointwise(posterior: Posterior, labels: np.ndarray) -> np.ndarray:
    """Probability of a wrong label at each point, and its standard error, (2, m)."""
    each = []
    for point in range(len(labels)):
        at = slice(point, point + 1)
        if isinstance(posterior, GaussianMixture):
            alone = GaussianMixture(posterior.means[..., at], posterior.covariance[at, at])
        elif isinstance(posterior, Gaussian):
            alone = Gaussian(posterior.mean[at], posterior.covariance[at, at])
        else:
            alone = EmpiricalPosterior(posterior.functions[..., at])
        each.append(alone.mean_test_error(labels[at]))
    return np.array(each).T
