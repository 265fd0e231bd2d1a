"""The complexity of the functions that an experiment found, a row per function or network that computes it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from sgdbayes.analysis.complexity import critical_samples, lempel_ziv_complexity
from sgdbayes.analysis.runs import converged_functions
from sgdbayes.architectures import architecture_of
from sgdbayes.datasets.task import Task
from sgdbayes.functions import as_bits, as_strings
from sgdbayes.training.campaign import train_networks

__all__ = ["complexity_table", "critical_sample_table", "lempel_ziv_table"]

_COLUMNS = ["domain_size", "function", "measure", "complexity", "count", "index"]


def complexity_table(
    functions: pd.DataFrame,
    runs: pd.DataFrame,
    task: Task,
    training: Mapping[str, Any],
    *,
    measure: str,
    **options: Any,  # noqa: ANN401
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The `lempel_ziv_table` or, by any other ``measure``, `critical_sample_table` with its ``options`` of the first
    domain of each size, with figures. ``functions``: functions.parquet.
    """
    # Networks are trained again for it, so of all domains it would be dear.
    first = functions[functions["domain"] == 0].groupby("domain_size", sort=False)
    by_size = {size: table.reset_index(drop=True) for size, table in first}
    if measure == "lempel_ziv":
        return lempel_ziv_table(by_size, task), {}
    return critical_sample_table(by_size, runs, task, training, **options)


def lempel_ziv_table(functions: Mapping[int, pd.DataFrame], task: Task) -> pd.DataFrame:
    """Lempel-Ziv complexity of whole functions: the labels of S and, as ``functions`` (tables by domain size) have
    them, of E, in the order of all inputs.

    Columns: domain_size, function, measure, complexity, count and index (empty). Domains that are less than all inputs
    outside S are left out. Raises ValueError if all are.
    """
    tables = []
    for size, table in functions.items():
        numbers = np.concatenate([task.train_indices, task.test_indices[:size]])
        order = np.argsort(numbers)
        if not np.array_equal(numbers[order], np.arange(len(numbers))):
            continue
        bits = as_bits(table["function"])
        whole = np.concatenate([np.tile(task.train_labels > 0, (len(bits), 1)), bits], axis=1)[:, order]
        complexity = [lempel_ziv_complexity(string) for string in as_strings(whole)]
        tables.append(table[["function", "count"]].assign(domain_size=size, complexity=complexity))
    if not tables:
        raise ValueError("no domain holds all inputs outside S: Lempel-Ziv complexity is of whole functions")
    table = pd.concat(tables, ignore_index=True).assign(measure="lempel_ziv", index=None)
    return table[_COLUMNS].astype({"index": "Int64"})


def critical_sample_table(
    functions: Mapping[int, pd.DataFrame],
    runs: pd.DataFrame,
    task: Task,
    training: Mapping[str, Any],
    *,
    frequent: int,
    sampled: int,
    networks: int,
    points: int,
    seed: int,
    device: str = "auto",
    stack_size: int | None = None,
    **search: Any,  # noqa: ANN401
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Critical sample ratios of networks trained again, on the first ``points`` recorded test points.

    On each domain of ``functions`` (tables by size) these are, for the ``frequent`` most frequent functions and
    ``sampled`` of the others drawn at random, the first ``networks`` of ``runs`` that ended as each. ``training``:
    settings of the experiment. ``search``: options of `critical_samples`. A network that does not label E as it did is
    left out.

    Columns: domain_size, function, measure, complexity, count and index of the network. The figures: how many networks
    were trained again, and how many rows are left out.
    """
    rng = np.random.default_rng(seed)
    tables = []
    for size, table in functions.items():
        chosen, first = _chosen(table, frequent, sampled, rng), _first_networks(runs, size, networks)
        tables.append(chosen.merge(first, on="function", how="left", validate="1:m").assign(domain_size=size))
    asked = pd.concat(tables, ignore_index=True)
    architecture, inputs = architecture_of(training["architecture"]), task.test_inputs[:points]
    ratios: dict[int, float] = {}

    def measure(index: int, parameters: list[np.ndarray]) -> None:
        stacked = [part[None] for part in parameters]
        ratios[index] = critical_samples(architecture, stacked, inputs, seed=seed, device=device, **search).mean()

    indices = sorted(set(asked["index"]))
    again = train_networks(task, training, indices, stack_size=stack_size, device=device, hand_out=measure)
    labels = dict(zip(indices, again.functions, strict=True))
    same = [
        row.index in ratios and np.array_equal(labels[row.index][: row.domain_size], as_bits([row.function])[0])
        for row in asked.itertuples(index=False)
    ]
    kept = asked[same].assign(measure="critical_sample_ratio")
    kept["complexity"] = kept["index"].map(ratios)
    facts = {"trained_again": len(indices), "not_reproduced": len(asked) - len(kept)}
    return kept[_COLUMNS].reset_index(drop=True).astype({"index": "Int64"}), facts


def _chosen(table: pd.DataFrame, frequent: int, sampled: int, rng: np.random.Generator) -> pd.DataFrame:
    """Function and count of the ``frequent`` most frequent functions found and of ``sampled`` of the others."""
    found = table.loc[table["count"] > 0, ["function", "count"]].sort_values("count", ascending=False, kind="stable")
    frequent = min(frequent, len(found))
    rest = np.arange(frequent, len(found))
    drawn = np.sort(rng.choice(rest, min(sampled, len(rest)), replace=False))
    return found.iloc[np.concatenate([np.arange(frequent), drawn])]


def _first_networks(runs: pd.DataFrame, size: int, networks: int) -> pd.DataFrame:
    """Function on ``size`` test points and index of the first ``networks`` that ended as each."""
    functions = as_strings(converged_functions(runs, size))
    ended = pd.DataFrame({"function": functions, "index": runs.loc[runs["converged"], "index"]})
    return ended.sort_values("index").groupby("function").head(networks)
