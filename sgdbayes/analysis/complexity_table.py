"""The complexity of the functions that an experiment found, a row per function or network that computes it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from sgdbayes.analysis.complexity import critical_sample_ratio, lempel_ziv_complexity
from sgdbayes.architectures import architecture_of
from sgdbayes.datasets.task import Task
from sgdbayes.functions import as_bits, as_strings, unpack
from sgdbayes.training.campaign import train_networks

__all__ = ["complexity_table", "critical_sample_table", "lempel_ziv_table"]

_COLUMNS = ["domain_size", "function", "measure", "complexity", "count", "index"]


def complexity_table(
    measure: str,
    functions: Mapping[int, pd.DataFrame],
    runs: pd.DataFrame,
    task: Task,
    training: Mapping[str, Any],
    *,
    device: str = "auto",
    **options: Any,  # noqa: ANN401
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The table of a ``measure`` of the configuration, and figures for its provenance; ``options`` are those of
    `critical_sample_table`.
    """
    if measure == "lempel_ziv":
        return lempel_ziv_table(functions, task), {}
    return critical_sample_table(functions, runs, task, training, device=device, **options)


def lempel_ziv_table(functions: Mapping[int, pd.DataFrame], task: Task) -> pd.DataFrame:
    """Lempel-Ziv complexity of whole functions: the labels of S and, as ``functions`` (tables by domain size) have them, of
    E, in the order of all inputs.

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
        tables.append(
            table[["function", "count"]].assign(
                domain_size=size, measure="lempel_ziv", complexity=complexity, index=None
            )
        )
    if not tables:
        raise ValueError("no domain holds all inputs outside S: Lempel-Ziv complexity is of whole functions")
    return pd.concat(tables, ignore_index=True)[_COLUMNS].astype({"index": "Int64"})


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
    ``sampled`` of the others drawn at random, the first ``networks`` of ``runs`` that ended as each. ``training``: settings
    of the experiment. ``search``: options of `critical_samples`. A network that does not label E as it did is left out.

    Columns: domain_size, function, measure, complexity, count and index of the network. The figures: how many networks were
    trained again, and how many rows are left out.
    """
    rng = np.random.default_rng(seed)
    asked = pd.concat(
        [_chosen(table, runs, size, frequent, sampled, networks, rng) for size, table in functions.items()],
        ignore_index=True,
    )
    architecture, inputs = architecture_of(training["architecture"]), task.test_inputs[:points]
    ratios: dict[int, float] = {}

    def measure(index: int, parameters: list[np.ndarray]) -> None:
        stacked = [part[None] for part in parameters]
        ratios[index] = critical_sample_ratio(architecture, stacked, inputs, seed=seed, device=device, **search)[0]

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


def _chosen(
    table: pd.DataFrame,
    runs: pd.DataFrame,
    size: int,
    frequent: int,
    sampled: int,
    networks: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Functions of one domain and networks that ended as each: domain_size, function, count and index."""
    found = table.loc[table["count"] > 0, ["function", "count"]].sort_values("count", ascending=False, kind="stable")
    rest = np.arange(min(frequent, len(found)), len(found))
    drawn = np.sort(rng.choice(rest, min(sampled, len(rest)), replace=False))
    kept = found.iloc[np.concatenate([np.arange(min(frequent, len(found))), drawn])]
    fitted = runs[runs["converged"]]
    ended = pd.DataFrame({"function": as_strings(unpack(fitted["labels"].tolist(), size)), "index": fitted["index"]})
    first = ended.sort_values("index").groupby("function").head(networks)
    return kept.merge(first, on="function", how="left", validate="1:m").assign(domain_size=size)
