"""Experiments that differ in nothing but the seed of their task: statistics over training sets.

Each seed has its own S and its own test points, so the values of a statistic in the experiments of a study are
independent. Their mean has an interval by Student's t on K - 1 that covers training sets, test points and networks.
"""

from collections.abc import Mapping, Sequence

import pandas as pd

from sgdbayes.analysis.comparison import possible
from sgdbayes.statistics import Estimate, over_seeds

__all__ = ["COVERS_STUDY", "study_table"]

COVERS_STUDY = "training sets, test points and networks"
# Of one experiment, or a mean over those of a study.
_COUNTS = (
    "networks", "trained", "diverged", "domains", "functions", "compared", "unresolved", "unique", "domains_with_r",
)  # fmt: skip
# Neither a setting of the experiments of a study nor a statistic.
_OWN = ("task", "posterior", "domain_size", "effective_draws", "covers", "note")


def study_table(comparison: pd.DataFrame, studies: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """A row per study, posterior and domain size. ``studies``: the experiments of each. ``comparison``: comparison.csv.

    Columns: study; those that say what its experiments are, task that of the first; posterior, domain_size; seeds, how
    many there are; networks, domains and other numbers, of one experiment in the mean; each statistic of comparison.csv
    with _low, _high and, over seeds, _sd; effective_draws, the fewest; covers, what the intervals are over; note.

    A study of one seed has the intervals of its experiment. A statistic is missing if any seed lacks it, all are if a
    seed has no such row, and the note says so. Raises ValueError for experiments of a study that differ in a setting.
    """
    names = [column.removesuffix("_low") for column in comparison if column.endswith("_low")]
    statistics = {f"{name}{end}" for name in names for end in ("", "_low", "_high", "_sd")}
    about = comparison.columns.drop(["experiment", *_COUNTS, *comparison.columns.intersection(statistics)])
    rows = []
    for study, experiments in studies.items():
        members = comparison[comparison["experiment"].isin(experiments)]
        _must_agree(study, members, about.difference(_OWN, sort=False))
        for _, found in members.groupby(["posterior", "domain_size"], sort=False):
            # A seed without a row has no number.
            own = found.set_index("experiment").reindex(experiments)
            row = {"study": study, **found.iloc[0][about], "seeds": len(own), **own[[*_COUNTS]].mean()}
            seeds = own.to_dict("records")
            for name in names:
                estimate = over_seeds([Estimate.of(each, name) for each in seeds])
                row |= possible(name, estimate).named(name) | {f"{name}_sd": own[name].std(skipna=False)}
            rows.append(row | _words(own, names) | {"effective_draws": own["effective_draws"].min(skipna=False)})
    return pd.DataFrame(rows)


def _must_agree(study: str, members: pd.DataFrame, settings: Sequence[str]) -> None:
    for name in settings:
        values = members.drop_duplicates(name)
        if len(values) > 1:
            each = ", ".join(f"{row['experiment']} has {row[name]}" for _, row in values.iterrows())
            raise ValueError(f"study {study}: its experiments differ in {name}: {each}")


def _words(own: pd.DataFrame, names: Sequence[str]) -> dict[str, str]:
    """What the intervals cover, and why numbers are missing."""
    if len(own) > 1:
        missing, absent = [name for name in names if own[name].isna().any()], own.index[own["covers"].isna()]
        note = f"of some seed missing: {', '.join(missing)}" if missing else ""
        return {"covers": COVERS_STUDY, "note": f"no row of {', '.join(absent)}" if len(absent) else note}
    first = own.iloc[0]
    # A table read from a file has NaN for an empty note.
    notes = ["one training set", *own["note"].dropna()]
    return {"covers": first["covers"], "note": "; ".join(filter(None, notes))}
