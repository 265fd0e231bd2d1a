"""Rows of comparison.csv with the test errors of test-errors.csv: on all recorded test points, not on the domain E."""

import pandas as pd

__all__ = ["on_all_points"]


def on_all_points(rows: pd.DataFrame, test_errors: pd.DataFrame | None) -> pd.DataFrame:
    """Those ``rows`` of comparison.csv whose errors were measured on all recorded points, with these errors, their
    ratio, and the number of points as domain_size; their index is kept.
    """
    if test_errors is None:
        return rows[:0]
    both = ["experiment", "posterior"]
    known = test_errors.drop(columns="networks").rename(columns={"test_points": "domain_size"}).set_index(both)
    return rows.drop(columns=known.columns, errors="ignore").join(known, on=both, how="inner")
