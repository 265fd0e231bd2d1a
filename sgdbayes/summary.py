"""A comparison table in a few lines of text, for the end of a run."""

from pathlib import Path

import numpy as np
import pandas as pd

__all__ = ["summarise"]


def summarise(comparison: pd.DataFrame, folder: Path) -> str:
    """Correlation, noise ceiling and mean test errors of each experiment and posterior, on the domain where most can
    be compared.
    """
    size = _best_domain(comparison)
    rows = [
        ("experiment", "posterior", "functions", "correlation [95 %]", "ceiling", "test error: networks", "posterior")
    ]
    for row in comparison[comparison["domain_size"] == size].itertuples():
        correlation = _interval(row.pearson, row.pearson_low, row.pearson_high, "{:.2f}")
        error = _interval(100 * row.test_error, 100 * row.test_error_low, 100 * row.test_error_high, "{:.1f}", " %")
        ceiling = f"{row.noise_ceiling:.2f}" if np.isfinite(row.noise_ceiling) else "-"
        functions = f"{row.compared} of {row.functions}"
        rows.append(
            (
                row.experiment,
                row.posterior,
                functions,
                correlation,
                ceiling,
                error,
                f"{100 * row.posterior_test_error:.1f} %",
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    table = "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    unfit = comparison.drop_duplicates("experiment").set_index("experiment").eval("trained - networks")
    warning = "".join(
        f"\n{name}: {count} networks never fitted S and are left out" for name, count in unfit[unfit > 0].items()
    )
    return (
        f"log P_OPT against log P_B on |E| = {size}, over functions found often enough (Pearson):\n\n{table}\n{warning}\n"
        f"figures: {folder}/figures/   all domains and statistics: {folder}/comparison.csv\n"
    )


def _best_domain(comparison: pd.DataFrame) -> int:
    """The domain size with the most functions to compare in the experiment that has fewest; of equals, the larger."""
    fewest = comparison.groupby("domain_size")["compared"].min()
    return int(fewest[fewest == fewest.max()].index.max())


def _interval(value: float, low: float, high: float, number: str, unit: str = "") -> str:
    if not np.isfinite(value):
        return "-"
    return f"{number.format(value)} [{number.format(low)}, {number.format(high)}]{unit}"
