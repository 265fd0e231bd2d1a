"""Do 95 % intervals hold what they should? Experiments and studies simulated, with a posterior that is known exactly.

Test points have a posterior that is a mixture of independent labels, so that every probability is known. Networks see
other logits than the posterior, are colder or not, each by a factor of its own that is common to all domains, and
domains differ as much as on MNIST (s.d. of r about 0.2). A training set makes all surer or less sure. Writes
coverage.csv to results/benchmarks: a row per setting and statistic.
"""

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit, log_expit, logsumexp

from sgdbayes.analysis.comparison import compare
from sgdbayes.analysis.studies import study_table
from sgdbayes.files import write_table

COMPONENTS = 4


@dataclass(frozen=True)
class Setting:
    """``other``: s.d. of what networks see otherwise than the posterior, ``spread``: of its components; ``seeds``:
    training sets.
    """

    name: str
    domains: int = 20
    size: int = 20
    networks: int = 500
    asked: int = 100
    coldness: float = 1.5
    other: float = 1.0
    spread: float = 0.7
    seeds: int = 1


SETTINGS = [
    Setting("colder networks"),
    Setting("five domains", domains=5),
    Setting("r near 1", networks=5000, coldness=1.0, other=0.05, spread=0.1),
    Setting("larger domains", size=50, domains=10),
    Setting("few networks", networks=200),
    Setting("three training sets", seeds=3),
    Setting("five training sets", seeds=5),
]


@dataclass(frozen=True)
class IndependentLabels:
    """A posterior, a mixture of independent labels with ``logits`` (components, m)."""

    logits: np.ndarray

    def on(self, points: slice) -> "IndependentLabels":
        return IndependentLabels(self.logits[:, points])

    def halves(self) -> tuple["IndependentLabels", "IndependentLabels"]:
        return self, self

    def draw_functions(self, number: int, *, seed: int) -> np.ndarray:
        rng = np.random.default_rng(seed)
        return rng.random((number, self.logits.shape[1])) < expit(
            self.logits[rng.integers(len(self.logits), size=number)]
        )

    def mean_test_error(self, test_labels: np.ndarray) -> tuple[float, float]:
        return float(expit(-test_labels * self.logits).mean()), 0.0

    def log_probabilities(self, labels: np.ndarray, *, seed: int) -> tuple[np.ndarray, np.ndarray, None]:
        each = [log_expit(labels * part).sum(1) for part in self.logits]
        return logsumexp(each, axis=0) - np.log(len(each)), np.zeros(len(labels)), None


def experiment(setting: Setting, rng: np.random.Generator) -> dict:
    """The row of `compare` of one training set, with new test points and networks."""
    points = setting.domains * setting.size
    # Of most points all are sure.
    sure = rng.normal(3.5, 2.0, points) * (np.exp(rng.normal(0, 0.15)) if setting.seeds > 1 else 1)
    posterior = IndependentLabels(sure + rng.normal(0, setting.spread, (COMPONENTS, points)))
    trained = setting.coldness * (sure + rng.normal(0, setting.other, points))
    own = np.exp(rng.normal(0, 0.2, (setting.networks, 1)))
    networks = rng.random((setting.networks, points)) < expit(own * trained)
    asking = {"domain_size": setting.size, "domains": setting.domains, "asked": setting.asked}
    return compare(networks, posterior, np.ones(points), **asking, seed=int(rng.integers(2**31))).row


def repetition(setting: Setting, seed: int) -> dict:
    """An experiment, or the study of several."""
    rng = np.random.default_rng(seed)
    rows = [experiment(setting, rng) for _ in range(setting.seeds)]
    if setting.seeds == 1:
        return rows[0]
    counts = dict.fromkeys(("trained", "diverged"), 0) | {"posterior": "", "domain_size": setting.size}
    names = [str(number) for number in range(setting.seeds)]
    comparison = pd.DataFrame([{"experiment": name, **counts, **row} for name, row in zip(names, rows, strict=True)])
    return study_table(comparison, {"study": names}).iloc[0].to_dict()


def coverage(setting: Setting, rows: pd.DataFrame) -> pd.DataFrame:
    """A row per statistic. The truth is the mean of all repetitions: of an unbiased estimator, what it estimates."""
    table = []
    for name in (column.removesuffix("_low") for column in rows if column.endswith("_low")):
        known = rows[rows[f"{name}_low"].notna() & rows[f"{name}_high"].notna()]
        values = known[name]
        truth = values.mean()
        held = (known[f"{name}_low"] <= truth) & (truth <= known[f"{name}_high"])
        spread = rows[f"{name}_sd"].mean() if f"{name}_sd" in rows else np.nan
        about = {"repetitions": len(known), "mean": truth, "sd": values.std(), "sd_of_domains": spread}
        table.append(asdict(setting) | {"statistic": name, **about, "covered": held.mean()})
    return pd.DataFrame(table)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=400)
    parser.add_argument("--to", type=Path, default=Path("results/benchmarks/coverage.csv"))
    options = parser.parse_args()
    tables = []
    with ProcessPoolExecutor(os.cpu_count()) as processes:
        for setting in SETTINGS:
            run = partial(repetition, setting)
            rows = pd.DataFrame(processes.map(run, range(options.repetitions), chunksize=10))
            tables.append(coverage(setting, rows))
            print(setting.name, tables[-1][["statistic", "mean", "sd_of_domains", "covered"]].to_string(), flush=True)
    write_table(
        options.to, pd.concat(tables, ignore_index=True), {"command": "python benchmarks/simulated_coverage.py"}
    )
