"""Test errors on all recorded test points, of networks and under the posteriors of their model.

Domains E of functions are small, that functions be found more than once; an error on fifty images says little about the
next fifty. Here the recorded points are taken as a random sample of test points, the networks that fitted S as one of
networks, and an interval is over both. Networks and a posterior face the same points, so their ratio is known better
than either error.
"""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from sgdbayes.analysis.runs import converged_functions
from sgdbayes.statistics import Estimate, standard_error

__all__ = ["error_pairs", "error_table"]


def error_table(runs: pd.DataFrame, wrong: pd.DataFrame) -> pd.DataFrame:
    """A row per posterior: test_points, networks, and with 95 % intervals test_error of the networks that fitted S,
    posterior_test_error, and ratio, the second over the first; empty where no network fitted or none is wrong.

    ``runs``: runs.parquet of an experiment; ``wrong``: what `sgdbayes.analysis.posterior_errors` gives of its model.
    """
    networks = converged_functions(runs, len(wrong)) != wrong["label"].to_numpy(dtype=bool)
    names = [name for name in wrong if name.startswith("wrong_") and not name.endswith("_se")]
    rows = []
    for name in names:
        row = {"posterior": name.removeprefix("wrong_"), "test_points": len(wrong), "networks": len(networks)}
        posterior, noise = wrong[name].to_numpy(), wrong[f"{name}_se"].mean()
        theirs = _Mean(posterior.mean(), posterior, noise)
        if len(networks):
            own = _of_networks(networks)
            row |= own.estimate("test_error") | theirs.estimate("posterior_test_error") | _ratio(theirs, own)
        else:
            row |= theirs.estimate("posterior_test_error")
        rows.append(row)
    order = [
        f"{name}{end}" for name in ("test_error", "posterior_test_error", "ratio") for end in ("", "_low", "_high")
    ]
    return pd.DataFrame(rows).reindex(columns=["posterior", "test_points", "networks", *order])


def error_pairs(runs: Mapping[str, pd.DataFrame], labels: np.ndarray) -> pd.DataFrame:
    """A row per two experiments on one task whose networks were wrong: experiment_a, experiment_b, test_points, and
    with 95 % intervals difference and ratio of their test errors, a's less and over b's, on the same test points.

    ``runs``: runs.parquet by experiment; ``labels`` (m,): 1 for the positive class.
    """
    means = {}
    for name, table in runs.items():
        wrong = converged_functions(table, len(labels)) != labels.astype(bool)
        if len(wrong):
            means[name] = _of_networks(wrong)
    rows = []
    for (name_a, a), (name_b, b) in combinations(means.items(), 2):
        se = np.sqrt(standard_error(a.points - b.points) ** 2 + a.other**2 + b.other**2)
        difference = Estimate.around(a.value - b.value, se).named("difference")
        row = {"experiment_a": name_a, "experiment_b": name_b, "test_points": len(labels)}
        rows.append(row | difference | _ratio(a, b))
    order = [f"{name}{end}" for name in ("difference", "ratio") for end in ("", "_low", "_high")]
    return pd.DataFrame(rows).reindex(columns=["experiment_a", "experiment_b", "test_points", *order])


class _Mean:
    """A mean over test points, what each point gives, and the standard error from another, independent source."""

    def __init__(self, value: float, points: np.ndarray, other: float) -> None:
        self.value, self.points, self.other = value, points, other

    def estimate(self, name: str) -> dict[str, float]:
        # Points that are all right, or all wrong, have no spread to judge others by: the exact binomial bound.
        if self.value in (0, 1):
            exact = binomtest(round(self.value * len(self.points)), len(self.points)).proportion_ci()
            return Estimate(self.value, exact.low, exact.high).named(name)
        se = np.hypot(standard_error(self.points), self.other)
        return Estimate.around(self.value, se, lowest=0.0, highest=1.0).named(name)


def _of_networks(wrong: np.ndarray) -> _Mean:
    """Of ``wrong`` (N, m): the variance over networks without what is left when both networks and points are accounted
    for (two-way layout, Searle, Casella and McCulloch, "Variance Components", 1992), which the variance over points has
    in it.
    """
    (number, size), value, points, networks = wrong.shape, wrong.mean(), wrong.mean(0), wrong.mean(1)
    left = number * size * (value * (1 - value) - networks.var() - points.var())
    own = standard_error(networks) ** 2 - left / max((number - 1) * (size - 1), 1) / (number * size)
    return _Mean(value, points, np.sqrt(np.maximum(own, 0)))


def _ratio(a: _Mean, b: _Mean) -> dict[str, float]:
    """Delta method on the logarithm; the points are the same."""
    if not (a.value > 0 and b.value > 0):
        return {}
    points = a.points / a.value - b.points / b.value
    se = np.sqrt(standard_error(points) ** 2 + (a.other / a.value) ** 2 + (b.other / b.value) ** 2)
    return Estimate.around(np.log(a.value / b.value), se).mapped(np.exp).named("ratio")
