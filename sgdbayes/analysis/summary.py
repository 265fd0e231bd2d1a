"""What a run found, in a few sentences with their numbers, for the end of it."""

import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from sgdbayes.posterior.kinds import posterior_kind

__all__ = ["summarise"]

_WIDTH = 100
# So many models are told of; a reader of more opens the table.
_MODELS = 3
# Over fewer functions a correlation says too little to be told.
_COMPARED = 8


def summarise(comparison: pd.DataFrame, folder: Path, *, pictures: bool = True) -> str:
    """How often networks and each posterior err, how much of one lies where the other does, and the correlation.

    ``comparison``: comparison.csv. ``folder``: where its results are. ``pictures``: whether there are figures of
    optimisers side by side. A model is a task and an architecture; of each the domain is taken on which there is most
    to compare.
    """
    models = list(comparison.groupby(["task", "architecture"], sort=False))
    paragraphs = [text for model, table in models[:_MODELS] for text in _paragraphs(_best_domain(table), *model)]
    if len(models) > _MODELS:
        paragraphs.append(f"So much of {_MODELS} of {len(models)} models; comparison.csv has all.")
    for row in comparison.drop_duplicates("experiment").query("networks < trained").itertuples():
        unfit = row.trained - row.networks
        loss = "" if pd.isna(row.target_loss) else f" and loss {row.target_loss:g}"
        paragraphs.append(
            f"{row.experiment}: {unfit:,} of {row.trained:,} networks did not reach zero training error{loss} in time "
            f"({row.diverged} diverged); they are left out."
        )
    task, architecture = models[0][0]
    size = _best_domain(models[0][1])["domain_size"].iloc[0]
    picture = f"{folder}/figures/" + (f"optimizers/{task}/{architecture}/{size}.png" if pictures else "")
    ways = {"look first at": picture, "explore": f"{folder}/explorer.html", "all numbers": f"{folder}/comparison.csv"}
    wide = max(map(len, ways))
    wrapped = [line for text in paragraphs for line in _wrapped(text)]
    return "\n".join([*wrapped, "", *(f"{name:{wide}}  {path}" for name, path in ways.items())]) + "\n"


def _paragraphs(table: pd.DataFrame, task: str, architecture: str) -> Iterator[str]:
    """``table``: the rows of a model on one domain."""
    experiments = table.drop_duplicates("experiment")
    each = "each of " if experiments["optimizer"].nunique() > 1 else ""
    optimizers = _listed([str(name) for name in experiments["optimizer"].unique()])
    low, high = 100 * experiments["test_error_low"].min(), 100 * experiments["test_error_high"].max()
    yield (
        f"{_span(experiments['networks'], '{:,.0f}')} networks ({architecture}) of {each}{optimizers} err on "
        f"{_percent(experiments['test_error'])} of {table['domain_size'].iloc[0]} test points of {task} "
        f"(95 % intervals, over networks, from {low:.1f} to {high:.1f} %)."
    )
    for name, rows in table.groupby("posterior", sort=False):
        known = rows[(rows["compared"] >= _COMPARED) & rows["pearson"].notna()]
        ends = [*known["pearson_low"].dropna(), *known["pearson_high"].dropna()]
        within = f" (intervals within {_span(ends, '{:.2f}')})" if ends else ""
        r = f"; r = {_span(known['pearson'], '{:.2f}')}{within}" if len(known) else ""
        top, held = rows["top"].iloc[0], _percent(rows["optimizer_mass_in_posterior_top"])
        times = _span(rows["posterior_test_error"] / rows["test_error"], "{:.1f}")
        than = f", {times} times as often as they do" if (rows["test_error"] > 0).all() else ""
        yield (
            f"{posterior_kind(name).sampler.capitalize()} ({name}) errs on "
            f"{_percent(rows['posterior_test_error'])}{than}; its {top} likeliest functions hold {held} of them{r}."
        )
    known = table[(table["compared"] >= _COMPARED) & table["pearson"].notna()]
    if known.empty:
        yield "Too few functions were found often enough to correlate log P_OPT with log P_B."
    else:
        yield (
            f"r, the correlation of log P_OPT with log P_B over {_span(known['compared'], '{:.0f}')} functions, would "
            f"be {_span(known['noise_ceiling'].dropna(), '{:.2f}')} for a perfect predictor; other test points may "
            "move it far."
        )


def _best_domain(comparison: pd.DataFrame) -> pd.DataFrame:
    """The rows of the domain with most functions to correlate in the experiment with fewest; of equals, the largest."""
    usable = comparison["compared"].where(comparison["pearson"].notna(), 0)
    fewest = usable.groupby(comparison["domain_size"]).min()
    return comparison[comparison["domain_size"] == fewest[fewest == fewest.max()].index.max()]


def _wrapped(text: str) -> list[str]:
    # A number and its unit stay together.
    lines = textwrap.wrap(text.replace(" %", "\0%"), _WIDTH, break_on_hyphens=False)
    return [line.replace("\0", " ") for line in lines]


def _span(values: Iterable[float], number: str) -> str:
    values = list(values)
    if not values:
        return "unknown"
    ends = [number.format(end).replace("-0.00", "0.00") for end in (min(values), max(values))]
    return " to ".join(dict.fromkeys(ends))


def _percent(shares: pd.Series) -> str:
    known = shares.dropna()
    return f"{_span(100 * known, '{:.1f}')} %" if len(known) else "an unknown share"


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
