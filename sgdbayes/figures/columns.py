"""What a table must have to be drawn: one of a reader's own that lacks a column is told so."""

from collections.abc import Collection, Iterable

import pandas as pd

__all__ = ["check_columns", "check_functions"]


def check_columns(table: pd.DataFrame, what: str, *columns: str, intervals: Collection[str] = ()) -> None:
    """Raise ValueError unless ``table``, called ``what``, has the ``columns``, and ``intervals`` with both ends."""
    expected = [*columns, *(f"{name}{end}" for name in intervals for end in ("", "_low", "_high"))]
    if missing := [name for name in expected if name not in table]:
        raise ValueError(f"{what}: no column {', '.join(missing)}; expected: {', '.join(expected)}")


def check_functions(table: pd.DataFrame, *columns: str, posteriors: Iterable[str] = ()) -> None:
    """As `check_columns`, for a table of functions that networks ended as, drawn by frequency, test errors and
    probability under these ``posteriors``, with ``columns`` beside.
    """
    known = [f"log_p_{name}{end}" for name in posteriors for end in ("", "_se")]
    check_columns(table, "functions", *columns, "count", "test_errors", *known, intervals=["frequency"])
