"""Tables of trained networks (runs.parquet, a row per network): gathering blocks, functions, margins."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sgdbayes.files import read_table
from sgdbayes.functions import unpack

__all__ = ["converged_functions", "gather_runs", "relative_margins"]


def gather_runs(blocks: Sequence[str], networks: int) -> pd.DataFrame:
    """The tables of all blocks as one.

    Raises ValueError unless they hold each of the ``networks`` once, of one task and settings.
    """
    runs = pd.concat([read_table(block) for block in blocks], ignore_index=True).sort_values("index", ignore_index=True)
    if not np.array_equal(runs["index"], np.arange(networks)) or runs["key"].nunique() != 1:
        raise ValueError(
            f"{blocks[0]} and the blocks beside it do not hold {networks} networks trained alike: delete them and run "
            "again"
        )
    return runs


def converged_functions(runs: pd.DataFrame, size: int) -> np.ndarray:
    """Labels (N, size) bool of the first ``size`` recorded test points by the N networks of ``runs`` that fitted S."""
    return unpack(runs.loc[runs["converged"], "labels"].tolist(), size)


def relative_margins(runs: pd.DataFrame) -> tuple[np.ndarray, np.ndarray | None]:
    """Smallest over mean margin, which has no scale, of the networks that fit S: when they first did, and after
    overtraining, None where there was none.
    """
    fitted = runs[runs["converged"]]
    last, first = ((fitted[f"{when}margin_min"] / fitted[f"{when}margin_mean"]).to_numpy() for when in ("", "fit_"))
    return (first, last) if fitted["fit_margin_min"].notna().all() else (last, None)
