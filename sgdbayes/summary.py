"""A comparison table in a few lines of text, for the end of a run."""

from pathlib import Path

import numpy as np
import pandas as pd

__all__ = ["summarise"]

_HEAD = ("experiment", "|E|", "posterior", "functions", "correlation [95 %]", "ceiling", "test error", "posterior's")


def summarise(comparison: pd.DataFrame, folder: Path) -> str:
    """Correlation, noise ceiling and mean test errors of each experiment and posterior, on its domain with most to compare.

    ``comparison``: comparison.csv. ``folder``: where its results are.
    """
    rows = [_HEAD]
    # Experiments with the same domain sizes are shown on the same one.
    sizes = comparison.groupby("experiment")["domain_size"].agg(lambda column: tuple(sorted(set(column))))
    for _, alike in comparison.groupby(comparison["experiment"].map(sizes), sort=False):
        for row in _best_domain(alike).itertuples():
            correlation = _interval(row.pearson, row.pearson_low, row.pearson_high, "{:.2f}")
            ceiling = f"{row.noise_ceiling:.2f}" if np.isfinite(row.noise_ceiling) else "-"
            error = _interval(100 * row.test_error, 100 * row.test_error_low, 100 * row.test_error_high, "{:.1f}", " %")
            functions, posterior_error = f"{row.compared} of {row.functions}", f"{100 * row.posterior_test_error:.1f} %"
            names = (row.experiment, str(row.domain_size), row.posterior)
            rows.append((*names, functions, correlation, ceiling, error, posterior_error))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    table = "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    unfit = comparison.drop_duplicates("experiment").query("networks < trained")
    warning = "".join(
        f"\n{row.experiment}: {row.trained - row.networks} of {row.trained} networks ({1 - row.networks / row.trained:.1%}) did not reach "
        f"zero training error, or the loss asked for, in time ({row.diverged} diverged); they are left out"
        for row in unfit.itertuples()
    )
    return (
        "log P_OPT against log P_B over functions found often enough (Pearson), on the domain where the\n"
        "experiment with fewest has most of them; "
        f"mean test error of the networks and under the posterior:\n\n{table}\n{warning}\n"
        f"figures: {folder}/figures/   all domains and statistics: {folder}/comparison.csv\n"
    )


def _best_domain(comparison: pd.DataFrame) -> pd.DataFrame:
    """The rows of the domain size with most functions to correlate in the experiment with fewest; of equals, the largest."""
    usable = comparison["compared"].where(comparison["pearson"].notna(), 0)
    fewest = usable.groupby(comparison["domain_size"]).min()
    return comparison[comparison["domain_size"] == fewest[fewest == fewest.max()].index.max()]


def _interval(value: float, low: float, high: float, number: str, unit: str = "") -> str:
    if not np.isfinite(value):
        return "-"
    value, low, high = (number.format(each).replace("-0.00", "0.00") for each in (value, low, high))
    return f"{value} [{low}, {high}]{unit}" if low != "nan" else f"{value}{unit}"
