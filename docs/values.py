"""The numbers in the texts, from the committed tables: a field `{{ name(...) }}` of templates/ calls a function below.

Shares are in %. Several numbers come as "least to greatest", or as the greatest alone with ``most``. Unless a name or
an argument says otherwise, they are of the exact 0-1 posterior, and on 50 test points. Names of experiments, tasks,
optimisers and posteriors are regular expressions for whole names.
"""

from functools import cache
from pathlib import Path
from typing import Any

import cost
import numpy as np
import pandas as pd

from sgdbayes.analysis.volume import volume_table
from sgdbayes.files import read_provenance, read_table

ROOT = Path(__file__).parents[1]
PAPER = ROOT / "config/paper.yaml"


@cache
def table(name: str, folder: str = "results/desk") -> pd.DataFrame:
    return read_table(ROOT / folder / name)


def chosen(rows: pd.DataFrame, **names: str) -> pd.DataFrame:
    """Those that match in every one of the named columns."""
    return rows[np.logical_and.reduce([rows[column].str.fullmatch(name) for column, name in names.items()])]


def interval(row: pd.Series, name: str, digits: int = 2, scale: float = 1) -> str:
    # Plus 0, for there is a negative one.
    value, low, high = (
        f"{np.round(scale * row[f'{name}{end}'], digits) + 0.0:.{digits}f}" for end in ("", "_low", "_high")
    )
    return f"{value} [{low}, {high}]"


# --- Studies


def study(name: str, posterior: str = "zero_one", size: int = 50) -> pd.Series:
    """Its row of studies.csv."""
    rows = table("studies.csv").query("study == @name and posterior == @posterior and domain_size == @size")
    return rows.squeeze(axis=0)


def stat(name: str, statistic: str, digits: int = 2, scale: float = 1, **of: Any) -> str:  # noqa: ANN401
    """A statistic of a study with its interval; ``of``: posterior, size."""
    return interval(study(name, **of), statistic, digits, scale)


# Studies by their names, or their beginnings, of which texts speak.
BIT, BASE, SCALE = "bit-fcn-40-", "width-mnist-300-fcn-64-", "scale-mnist-300-fcn-64-v32-"
EXTRA, FLAGSHIP = "extra-64-mnist-300-", "mnist-1000-fcn-64-sgd"
PAPERS = "paper-sgd"
FASHION, CNN, REVIEWS, LSTM = "fashion-2000-0-adam", "fashion-cnn-adam", "imdb-fcn-adam", "imdb-lstm-adam"


def networks(name: str, **of: Any) -> str:  # noqa: ANN401
    """Of a study, a training set, and on how many."""
    row = study(name, **of)
    return f"{row['networks']:,.0f} on " + ("one S" if row["seeds"] == 1 else f"each of {row['seeds']} S")


def sets(name: str, **of: Any) -> str:  # noqa: ANN401
    """On how many training sets a study is."""
    number = study(name, **of)["seeds"]
    return "one training set" if number == 1 else f"{number} training sets"


def points_more(name: str) -> str:
    """By how many percentage points random sampling's test error is above that of networks."""
    row = study(name)
    values = -100 * row[["test_error_difference", "test_error_difference_high", "test_error_difference_low"]]
    return "{:.1f} [{:.1f}, {:.1f}]".format(*values)


def range_of(statistic: str, digits: int = 1, size: int = 50) -> str:
    """Least to greatest over studies under the exact posterior."""
    rows = table("studies.csv").query("posterior == 'zero_one' and domain_size == @size")[statistic]
    return f"{rows.min():,.{digits}f} to {rows.max():,.{digits}f}"


def claim_effect(claim: str, subject: str, digits: int = 1) -> str:
    """Of the last test of a claim about this subject."""
    row = table("claims.csv").query("claim == @claim and subject == @subject").iloc[-1]
    return interval(row.rename({"low": "effect_low", "high": "effect_high"}), "effect", digits)


def scatter_of_r() -> str:
    """Standard deviation between sets E of 50 points, over posteriors, training sets and optimisers."""
    rows = table("comparison.csv").query("domain_size == 50")
    values = chosen(rows, experiment=r"mnist-1000-\d-fcn-64-(sgd|adam)")["pearson_sd"]
    return f"{values.min():.1f} to {values.max():.1f}"


def times_likelier(name: str, **of: Any) -> str:  # noqa: ANN401
    """10 to the gap, to one digit."""
    return f"{float(format(10 ** study(name, **of)['gap'], '.1g')):,.0f}"


# --- A published table


def together(comparison: str, side: str) -> pd.Series:
    """Its row of published-together.csv."""
    rows = table("published-together.csv", "results/peleg-hein")
    return rows.query("comparison == @comparison and side == @side").squeeze(axis=0)


def within(comparison: str, side: str) -> str:
    row = together(comparison, side)
    return f"{row['within']} of {row['cells']}"


def published(comparison: str, side: str, **cell: Any) -> pd.Series:  # noqa: ANN401
    """A row of published.csv; ``cell``: digits, train_size, architecture."""
    rows = table("published.csv", "results/peleg-hein").astype({"architecture": str})
    chosen_rows = rows[(rows["comparison"] == comparison) & (rows["side"] == side)]
    for name, value in cell.items():
        chosen_rows = chosen_rows[chosen_rows[name] == value]
    return chosen_rows.squeeze(axis=0)


def ours(comparison: str, side: str, **cell: Any) -> str:  # noqa: ANN401
    return interval(published(comparison, side, **cell), "ours", 1)


def spread_over_sets(side: str, train_size: int) -> str:
    """By how much test accuracies differ between S, s.d."""
    rows = table("published.csv", "results/peleg-hein").query(
        "comparison == 'five other S' and side == @side and train_size == @train_size"
    )
    values = rows["standard_error"] / np.sqrt(1 / rows["seeds"] + 1 / rows["training_sets"])
    return f"{values.min():.1f} to {values.max():.1f}"


# --- The curve over |S|


@cache
def volume(curve: str) -> pd.DataFrame:
    """A row per optimiser, posterior and |S|, x, of a curve of config/volume.yaml: data and architecture."""
    curves = cost.read(ROOT / "config/volume.yaml").volume.curves
    wanted = curves[curve]
    values = {"values": wanted.values, "groups": wanted.groups}
    return volume_table(table("comparison.csv", "results/volume"), values, wanted.domain_size)


def on_curve(curve: str, group: str, posterior: str, x: int) -> pd.Series:
    """Its row at |S| = x."""
    return volume(curve).query("group == @group and posterior == @posterior and x == @x").squeeze(axis=0)


def errs(curve: str, posterior: str, x: int, *, group: str = "sgd", of: str = "posterior_test_error") -> str:
    """``of``: test_error of networks, posterior_test_error, or their ``advantage``, in % or points."""
    return interval(on_curve(curve, group, posterior, x), of, 1, 100)


def ratio(curve: str, posterior: str, x: int, *, group: str = "sgd") -> str:
    """The test error of random sampling over that of networks."""
    return interval(on_curve(curve, group, posterior, x), "ratio")


def ratio_grows(subject: str) -> str:
    """By which factor with each decade of |S|."""
    rows = table("claims.csv", "results/volume").query("claim == 'D8'")
    row = rows[rows["subject"].str.startswith(subject)].squeeze(axis=0)
    return interval(row.rename({"low": "effect_low", "high": "effect_high"}), "effect")


# --- EP against the exact posterior


def ep_against_exact() -> pd.DataFrame:
    rows = table("ep-against-exact.csv").set_index("train_size")
    columns = {f"lacking{end}": rows[f"log_evidence_exact{end}"] for end in ("", "_low", "_high")}
    return rows.assign(**{name: exact - rows["log_evidence_ep"] for name, exact in columns.items()})


def ep_predicts_within() -> str:
    return f"{np.ceil(1e4 * ep_against_exact()['predictive_largest'].max()) / 1e4:.4f}"


def ep_functions_differ_by(what: str = "rms") -> str:
    """``what``: noise for what Monte Carlo error alone makes."""
    values = 100 * np.expm1(ep_against_exact()[f"log_ratio_{what}_50"])
    return f"{values.min():.0f} to {values.max():.0f}"


def ep_evidence_lacks(train_size: int) -> str:
    return interval(ep_against_exact().loc[train_size], "lacking", 1)


def independent(study_name: str, column: str, statistic: str = "functions") -> str:
    """Of networks that a loop of its own trained, against those of a study."""
    rows = table("independent.csv", "results/benchmarks").query("against == @study_name and statistic == @statistic")
    value = rows[column].item()
    return f"{value:,}" if column != "p" else f"{value:.2f}" if value >= 0.005 else f"{value:.0e}".replace("e-0", "e-")


# --- Simulated intervals


def coverage(statistics: str, *, least: bool = False) -> str:
    """In what share of repetitions intervals held the mean, over all settings; rounded outwards."""
    shares = 100 * chosen(table("coverage.csv", "results/benchmarks"), statistic=statistics)["covered"]
    low, high = np.floor(shares.min()), np.ceil(shares.max())
    return f"{low:.0f}" if least else f"{low:.0f} to {high:.0f}"


# --- Networks trained again, what training costs


def verified(networks: str) -> str:
    """``networks``: trained_again or same_networks."""
    return f"{table('verified.csv', 'docs/desk')[networks].sum():,}"


def labels_verified() -> str:
    rows = table("verified.csv", "docs/desk")
    return f"{100 * (1 - rows['different_labels'].sum() / rows['labels'].sum()):.2f}"


def paper_blocks() -> str:
    plan = cost.read(PAPER)
    return f"{sum(-(-item.networks // plan.block_size) for item in plan.experiments.values()):,}"


def paper_block_hours(experiment: str) -> str:
    """Of one core, for a block of networks."""
    plan = cost.read(PAPER)
    row = cost.measured_costs(plan).set_index("experiment").loc[experiment]
    return f"{plan.block_size * row['core_hours'] / row['networks']:.0f}"


def gpu_speed(benchmark: str, column: str = "value", digits: int = 0) -> str:
    """A number of results/gpu/speeds.csv."""
    return f"{table('speeds.csv', 'results/gpu').set_index('benchmark').loc[benchmark, column]:,.{digits}f}"


def gpu_slower(precision: str) -> str:
    """How many times as long an epoch takes as with products in TF32."""
    speeds = table("speeds.csv", "results/gpu").set_index("benchmark")["value"]
    return f"{speeds['FCN 2x1024, batch 128, tf32'] / speeds[f'FCN 2x1024, batch 128, {precision}']:.1f}"


def gpu_tests() -> str:
    return f"{len(table('tests.csv', 'results/gpu'))}"


def gpu_networks() -> str:
    return f"{len(table('runs.parquet', 'results/gpu')):,}"


def gpu_minutes() -> str:
    """That the networks of results/gpu/ took."""
    return f"{sum(read_provenance(ROOT / 'results/gpu/runs.parquet')['seconds'].values()) / 60:.1f}"


def _gpu_blocks(optimizer: str) -> pd.Series:
    """Networks, epochs and seconds, summed over the blocks of an optimiser."""
    blocks = cost.gpu_blocks()
    return blocks.loc[blocks["experiment"].str.endswith(f"-{optimizer}"), ["networks", "epochs", "seconds"]].sum()


def gpu_rate(optimizer: str) -> str:
    """Networks a second, trained to the end, blocks of 500 on one GPU."""
    blocks = _gpu_blocks(optimizer)
    return f"{blocks['networks'] / blocks['seconds']:.0f}"


def gpu_epochs(optimizer: str) -> str:
    blocks = _gpu_blocks(optimizer)
    return f"{blocks['epochs'] / blocks['networks']:.1f}"


# Of a network with two hidden layers of 1,024 units on the 704 pixels that are left of MNIST's, a step of Adam in
# single precision: parameters and two moments read and written, parameters read twice more by products.
_STEP_BYTES = 4 * ((704 + 1024) * 1024 * 7 + 1024 * 1024)
_STEPS = 79


def gpu_step_megabytes() -> str:
    return f"{_STEP_BYTES / 1e6:.0f}"


def gpu_bound() -> str:
    """Networks a second if a GPU did nothing but move these bytes."""
    bandwidth = 1e9 * table("speeds.csv", "results/gpu").set_index("benchmark").loc["copy, read and written", "value"]
    return f"{bandwidth / (_STEP_BYTES * _STEPS * float(gpu_epochs('adam'))):.0f}"
