"""Test errors on all recorded test points, of networks and under the posteriors of their model.

Domains E of functions are small, that functions be found more than once; an error on fifty images says little about the next fifty.
Here the recorded points are taken as a random sample of test points, the networks that fitted S as one of networks, and an interval
is over both. Networks and a posterior face the same points, so their ratio is known better than either error.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from sgdbayes.architectures import kernel_with_facts
from sgdbayes.datasets import Task
from sgdbayes.posterior.by_name import fit_posterior, needs_tangent
from sgdbayes.posterior.gaussian import Gaussian
from sgdbayes.posterior.mixture import GaussianMixture
from sgdbayes.runs import converged_functions

__all__ = ["error_table", "posterior_errors"]

_Z = 1.96


def posterior_errors(task: Task, architecture: object, posteriors: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """A row per test point of ``task``: label, 1 for the positive class, and of each posterior the probability of a wrong label,
    wrong_<posterior>, with its Monte Carlo standard error, wrong_<posterior>_se.

    ``posteriors``: settings by name, of posteriors that are made from kernels. Raises as these do.
    """
    inputs = np.concatenate([task.train_inputs, task.test_inputs])
    methods = ["kernel", "tangent_kernel"][: 1 + any(map(needs_tangent, posteriors))]
    kernels = [kernel_with_facts(architecture, inputs, method)[0] for method in methods]
    columns: dict[str, np.ndarray] = {"label": (task.test_labels > 0).astype(int)}
    for name, settings in posteriors.items():
        used = kernels if needs_tangent(name) else kernels[:1]
        posterior, diagnostics = fit_posterior(name, task, None, used, len(task.test_labels), dict(settings))
        print(name, diagnostics, flush=True)
        columns[f"wrong_{name}"], columns[f"wrong_{name}_se"] = _pointwise(posterior, task.test_labels)
    return pd.DataFrame(columns)


def _pointwise(posterior: Gaussian | GaussianMixture, labels: np.ndarray) -> np.ndarray:
    """Probability of a wrong label at each point, and its standard error, (2, m)."""
    each = []
    for point in range(len(labels)):
        at = slice(point, point + 1)
        covariance = posterior.covariance[at, at]
        if isinstance(posterior, GaussianMixture):
            alone = GaussianMixture(posterior.means[..., at], covariance)
        else:
            alone = Gaussian(posterior.mean[at], covariance)
        each.append(alone.mean_test_error(labels[at]))
    return np.array(each).T


def error_table(runs: pd.DataFrame, wrong: pd.DataFrame) -> pd.DataFrame:
    """A row per posterior: test_points, networks, and with 95 % intervals test_error of the networks that fitted S,
    posterior_test_error, and ratio, the second over the first; empty where no network fitted or none is wrong.

    ``runs``: runs.parquet of an experiment; ``wrong``: what `posterior_errors` gives of its model.
    """
    networks = converged_functions(runs, len(wrong)) != wrong["label"].to_numpy(dtype=bool)
    names = [name for name in wrong if name.startswith("wrong_") and not name.endswith("_se")]
    rows = []
    for name in names:
        row = {"posterior": name.removeprefix("wrong_"), "test_points": len(wrong), "networks": len(networks)}
        posterior, noise = wrong[name].to_numpy(), wrong[f"{name}_se"].mean()
        theirs = _Mean(posterior.mean(), posterior, noise)
        if len(networks):
            own = _Mean(networks.mean(), networks.mean(0), _standard_error(networks.mean(1)))
            row |= own.estimate("test_error") | theirs.estimate("posterior_test_error") | _ratio(theirs, own)
        else:
            row |= theirs.estimate("posterior_test_error")
        rows.append(row)
    order = [
        f"{name}{end}" for name in ("test_error", "posterior_test_error", "ratio") for end in ("", "_low", "_high")
    ]
    return pd.DataFrame(rows).reindex(columns=["posterior", "test_points", "networks", *order])


class _Mean:
    """A mean over test points, what each point gives, and the standard error from another source, independent of the points."""

    def __init__(self, value: float, points: np.ndarray, other: float) -> None:
        self.value, self.points, self.other = value, points, other

    def estimate(self, name: str) -> dict[str, float]:
        reach = _Z * np.hypot(_standard_error(self.points), self.other)
        return {
            name: self.value,
            f"{name}_low": max(self.value - reach, 0.0),
            f"{name}_high": min(self.value + reach, 1.0),
        }


def _ratio(a: _Mean, b: _Mean) -> dict[str, float]:
    """Delta method on the logarithm; the points are the same."""
    if not (a.value > 0 and b.value > 0):
        return {}
    points = a.points / a.value - b.points / b.value
    reach = _Z * np.sqrt(_standard_error(points) ** 2 + (a.other / a.value) ** 2 + (b.other / b.value) ** 2)
    ratio = a.value / b.value
    return {"ratio": ratio, "ratio_low": ratio * np.exp(-reach), "ratio_high": ratio * np.exp(reach)}


def _standard_error(values: np.ndarray) -> float:
    # Of one value alone nothing is known.
    return float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else np.nan
