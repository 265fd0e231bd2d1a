"""The volume hypothesis over |S|: test errors of networks and of random sampling, their ratio, and the gap.

Chiang et al. (ICLR 2023) asked whether SGD does better than random networks that fit S, on up to 32 examples.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from sgdbayes.analysis.comparison import possible
from sgdbayes.analysis.studies import COVERS_STUDY
from sgdbayes.statistics import Estimate, log_ratios, over_seeds

__all__ = ["volume_table"]

_ERRORS = ("test_error", "posterior_test_error")
_STATISTICS = (*_ERRORS, "test_error_difference", "gap_per_point")


def volume_table(comparison: pd.DataFrame, curve: Mapping[str, Any], size: int) -> pd.DataFrame:
    """A row per optimiser, posterior and |S|, x: test errors, the ``advantage`` of networks, which is their difference,
    their ``ratio`` and the gap, with intervals over training sets, how many these are, and all their ``networks``.
    """
    here = comparison[comparison["experiment"].isin(curve["values"]) & (comparison["domain_size"] == size)]
    here = here.assign(x=here["experiment"].map(curve["values"]), group=here["experiment"].map(curve["groups"]))
    rows = []
    for (group, posterior, x), found in here.groupby(["group", "posterior", "x"], sort=False):
        seeds = found.to_dict("records")
        each = {name: [Estimate.of(row, name) for row in seeds] for name in _STATISTICS}
        ratio = over_seeds(log_ratios(*(each[name] for name in reversed(_ERRORS)))).mapped(np.exp)
        row = {"group": group, "posterior": posterior, "x": x, "seeds": len(seeds), "networks": found["networks"].sum()}
        row["covers"] = COVERS_STUDY if len(seeds) > 1 else seeds[0]["covers"]
        for name, values in each.items():
            row |= possible(name, over_seeds(values)).named(name)
        # What random sampling errs more.
        more = -over_seeds(each["test_error_difference"])
        rows.append(row | more.named("advantage") | ratio.named("ratio"))
    return pd.DataFrame(rows).sort_values("x", kind="stable")
