"""The numbers in the texts, from the committed tables: a field `{{ name(...) }}` of templates/ calls a function below.

Shares are in %. Several numbers come as "least to greatest", or as the greatest alone with ``most``. Unless a name or
an argument says otherwise, they are of the exact 0-1 posterior, and on 50 test points. Names of experiments, tasks,
optimisers and posteriors are regular expressions for whole names.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import cost
import numpy as np
import pandas as pd

from sgdbayes.analysis.summary import summarise
from sgdbayes.files import read_provenance, read_table

ROOT = Path(__file__).parents[1]
PAPER = ROOT / "config/paper.yaml"
# Of the Boolean system, the posterior of the finite network: by rejection, or where it cannot reach.
FINITE = {"bit": "rejection", "conjunction": "rejection", "majority": "splitting"}
BOOLEAN = "|".join(FINITE)
# Tasks of README's tables on images and texts.
IMAGES = "mnist-2000|mnist|fashion-2000|imdb-tfidf"


@cache
def table(name: str, folder: str = "results/desk") -> pd.DataFrame:
    return read_table(ROOT / folder / name)


def functions(experiment: str, size: int) -> pd.DataFrame:
    """The functions of an experiment on |E| = ``size``."""
    return table(f"experiments/{experiment}/functions.parquet")[lambda rows: rows["domain_size"] == size]


def chosen(rows: pd.DataFrame, **names: str) -> pd.DataFrame:
    """Those that match in every one of the named columns."""
    return rows[np.logical_and.reduce([rows[column].str.fullmatch(name) for column, name in names.items()])]


def compared(experiment: str = ".*", size: int = 50, posterior: str = "zero_one", **names: str) -> pd.DataFrame:
    """Rows of comparison.csv, by experiment; ``names``: more columns that are to match."""
    rows = chosen(table("comparison.csv"), experiment=experiment, posterior=posterior, **names)
    return rows[rows["domain_size"] == size].set_index("experiment", drop=False)


def on_all_points(experiment: str = ".*", posterior: str = "zero_one") -> pd.DataFrame:
    """Rows of test-errors.csv, by experiment."""
    return chosen(table("test-errors.csv"), experiment=experiment, posterior=posterior).set_index("experiment")


def against_finite_networks() -> pd.DataFrame:
    """Rows of comparison.csv on the Boolean system whose posterior is that of finite networks."""
    return table("comparison.csv")[lambda rows: rows["posterior"] == rows["task"].map(FINITE)]


def span(values: Iterable[float], digits: int = 2, most: bool = False) -> str:
    ends = [max(values)] if most else [min(values), max(values)]
    return " to ".join(dict.fromkeys(f"{end:.{digits}f}" for end in ends))


def interval(row: pd.Series, name: str, digits: int = 2) -> str:
    value, low, high = (f"{row[f'{name}{end}']:.{digits}f}" for end in ("", "_low", "_high"))
    return f"{value} [{low}, {high}]"


# --- The quickstart


def quickstart() -> pd.DataFrame:
    return table("comparison.csv", "docs/quickstart")


def quickstart_summary() -> str:
    return summarise(quickstart(), Path("results/quickstart"))


def quickstart_errs_times(posterior: str, sizes: Iterable[int]) -> str:
    """As often as networks."""
    rows = chosen(quickstart(), posterior=posterior)[lambda rows: rows["domain_size"].isin(sizes)]
    return span(rows["posterior_test_error"] / rows["test_error"], 1)


# --- Networks and their errors on all recorded test points


def trained(experiment: str) -> str:
    return f"{chosen(table('comparison.csv'), experiment=experiment)['trained'].iloc[0]:,}"


def fitted(experiment: str) -> str:
    """How many of them fitted S."""
    return f"{chosen(table('comparison.csv'), experiment=experiment)['networks'].iloc[0]:,}"


def networks_err(experiment: str) -> str:
    return span(100 * on_all_points(experiment)["test_error"], 1)


def zero_one_errs(experiment: str) -> str:
    return span(100 * on_all_points(experiment)["posterior_test_error"], 1)


def errs_times(experiment: str, digits: int = 1, posterior: str = "zero_one") -> str:
    """As often as networks."""
    return span(on_all_points(experiment, posterior)["ratio"], digits)


def errs_times_with_interval(experiment: str) -> str:
    return interval(on_all_points().loc[experiment], "ratio")


def experiments(erring_more: bool = False) -> str:
    """With errors on all recorded test points; ``erring_more``: those where the posterior errs more than networks."""
    rows = on_all_points()
    return str((rows["ratio_low"] > 1).sum() if erring_more else len(rows))


def errs_more(experiment: str, than: str) -> str:
    """By how many percentage points."""
    row = table("test-error-pairs.csv").set_index(["experiment_a", "experiment_b"]).loc[than, experiment]
    value, low, high = (-100 * row[f"difference{end}"] for end in ("", "_high", "_low"))
    return f"{value:.1f} [{low:.1f}, {high:.1f}]"


# --- Favourites and correlations: all take the arguments of `compared`


def held(experiment: str = ".*", digits: int = 0, most: bool = False, **names: Any) -> str:  # noqa: ANN401
    """Networks that the ten likeliest functions hold."""
    return span(100 * compared(experiment, **names)["optimizer_mass_in_posterior_top"], digits, most)


def given(experiment: str = ".*", digits: int = 0, most: bool = False, **names: Any) -> str:  # noqa: ANN401
    """Probability of the ten functions that networks end as most often."""
    return span(100 * compared(experiment, **names)["posterior_mass_in_optimizer_top"], digits, most)


def ended_as_the_ten_most_frequent(**names: Any) -> str:  # noqa: ANN401
    counts = [functions(name, 50)["count"] for name in compared(**names).index]
    return span([100 * each.nlargest(10).sum() / each.sum() for each in counts], 0)


def correlation(experiment: str, size: int = 50) -> str:
    return interval(compared(size=size).loc[experiment], "pearson")


def correlations(experiment: str = ".*", most: bool = False, **names: Any) -> str:  # noqa: ANN401
    return span(compared(experiment, **names)["pearson"].dropna(), most=most)


def ceilings(experiment: str = ".*", **names: Any) -> str:  # noqa: ANN401
    return span(compared(experiment, **names)["noise_ceiling"].dropna())


# --- Tests of claims


def on_boolean(claims: pd.DataFrame) -> pd.Series:
    return claims["subject"].str.match(BOOLEAN)


def _tests(claim: str) -> pd.DataFrame:
    return table("claims.csv").query("claim == @claim")


def tests(claim: str, verdict: str = ".*") -> str:
    return str(len(chosen(_tests(claim), verdict=verdict)))


def tests_on_images(claim: str, above: float | None = None) -> str:
    """And on texts; ``above``: those whose whole interval is."""
    rows = _tests(claim)[lambda rows: ~on_boolean(rows)]
    return str((len(rows) if above is None else (rows["low"] > above).sum()) or "none")


def median_correlation_on_images() -> str:
    return f"{_tests('C1')[lambda rows: ~on_boolean(rows)]['effect'].median():.2f}"


def margins_times() -> str:
    rows = chosen(_tests("D3"), test="smallest over mean margin.*")
    return span(rows.loc[~on_boolean(rows), "effect"], 0)


# --- The Boolean system


def networks_err_times_finite_networks(task: str, optimizer: str) -> str:
    """Trained networks against random ones that fit S, on the largest domain."""
    rows = against_finite_networks()
    rows = rows[rows["domain_size"] == rows.groupby("task")["domain_size"].transform("max")]
    rows = chosen(rows, task=task, optimizer=optimizer)
    return span(rows["test_error"] / rows["posterior_test_error"])


def zero_one_errs_times_finite_networks() -> str:
    """On 20 inputs."""
    own = against_finite_networks().query("domain_size == 20").set_index("experiment")["posterior_test_error"]
    return span(compared(size=20, task=BOOLEAN)["posterior_test_error"] / own)


def finite_networks_correlate_above() -> str:
    """With the Gaussian process, on 20 Boolean inputs and 10 images of MNIST: the least lower end."""
    pairs = table("posterior-pairs.csv").query("posterior_a == 'zero_one'")
    on_inputs = pairs["domain_size"].eq(20) & pairs["posterior_b"].eq(pairs["task"].map(FINITE))
    on_images = pairs["domain_size"].eq(10) & pairs["posterior_b"].eq("splitting") & pairs["task"].eq("mnist-100")
    return f"{np.floor(100 * pairs.loc[on_inputs | on_images, 'pearson_low'].min()) / 100:.2f}"


def probability_of_majoritys_most_probable() -> str:
    """Five functions, under the Gaussian process against under finite networks."""
    known = functions("majority-sgd", 20).nlargest(5, "log_p_splitting")
    return span(np.exp(known["log_p_zero_one"] - known["log_p_splitting"]))


def accepted(target: str) -> str:
    """Random networks that fit S."""
    draws = table(f"models/{target}/fcn-40/rejection-draws.parquet").query("domain_size == 20")
    return f"{draws['count'].sum():,}"


# --- EP against the exact posterior


def ep_against_exact() -> pd.DataFrame:
    rows = table("ep-against-exact.csv").set_index("train_size")
    columns = {f"lacking{end}": rows[f"log_evidence_exact{end}"] for end in ("", "_low", "_high")}
    return rows.assign(**{name: exact - rows["log_evidence_ep"] for name, exact in columns.items()})


def ep_predicts_within() -> str:
    return f"{np.ceil(1e4 * ep_against_exact()['predictive_largest'].max()) / 1e4:.4f}"


def ep_functions_differ_by(what: str = "rms") -> str:
    """``what``: noise for what Monte Carlo error alone makes."""
    return span(100 * np.expm1(ep_against_exact()[f"log_ratio_{what}_50"]), 0)


def ep_evidence_lacks(train_size: int) -> str:
    return interval(ep_against_exact().loc[train_size], "lacking", 1)


# --- Kernels, networks trained again, what training costs


def lstms_of_the_kernel() -> str:
    return str(read_provenance(ROOT / "results/desk/models/imdb-sequences/lstm/kernel.npz")["networks"])


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
