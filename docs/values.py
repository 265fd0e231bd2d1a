"""The numbers in the texts, from the committed tables: a field `{{ name(...) }}` of templates/ calls a function below.

Shares are in %, several numbers come as "least to greatest". Unless a name or an argument says otherwise, they are of
the exact 0-1 posterior, and on 50 test points. ``experiments``, ``targets``, ``optimizers`` and, of favourites, ``task``
and ``optimizer`` are regular expressions for whole names.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import cost
import numpy as np
import pandas as pd

from sgdbayes.storage import read_provenance, read_table
from sgdbayes.summary import summarise

ROOT = Path(__file__).parents[1]
PAPER = ROOT / "config/paper.yaml"
# Of the Boolean system, the posterior of the finite network: by rejection, or where it cannot reach.
FINITE = {"bit": "rejection", "conjunction": "rejection", "majority": "splitting"}
# Tasks of README's tables on images and texts.
IMAGES = ("mnist-2000", "mnist", "fashion-2000", "imdb-tfidf")


@cache
def table(name: str, folder: str = "results/desk") -> pd.DataFrame:
    return read_table(ROOT / folder / name)


def compared(posterior: str = "zero_one", size: int = 50) -> pd.DataFrame:
    """Rows of comparison.csv, by experiment."""
    rows = table("comparison.csv").query("posterior == @posterior and domain_size == @size")
    return rows.set_index("experiment", drop=False)


def on_all_points(*posteriors: str, experiments: str = ".*") -> pd.DataFrame:
    """Rows of test-errors.csv, by experiment: those whose whole name matches."""
    rows = table("test-errors.csv").set_index("experiment")
    return rows[rows["posterior"].isin(posteriors or ["zero_one"]) & rows.index.str.fullmatch(experiments)]


def span(values: Iterable[float], digits: int = 2) -> str:
    return " to ".join(dict.fromkeys(f"{end:.{digits}f}" for end in (min(values), max(values))))


def interval(row: pd.Series, name: str, digits: int = 2) -> str:
    value, low, high = (f"{row[f'{name}{end}']:.{digits}f}" for end in ("", "_low", "_high"))
    return f"{value} [{low}, {high}]"


# --- The quickstart


def quickstart() -> pd.DataFrame:
    return table("comparison.csv", "docs/quickstart")


def quickstart_summary() -> str:
    return summarise(quickstart(), Path("results/quickstart"))


def quickstart_zero_one_errs_times() -> str:
    of = quickstart().query("posterior == 'zero_one'")
    return span(of["posterior_test_error"] / of["test_error"], 1)


def quickstart_others_err_times() -> str:
    of = quickstart().query("posterior != 'zero_one' and domain_size == 50")
    return span(of["posterior_test_error"] / of["test_error"], 1)


# --- Networks and their errors on all recorded test points


def _number(column: str, experiment: str) -> str:
    return f"{table('comparison.csv').query('experiment == @experiment')[column].iloc[0]:,}"


def trained(experiment: str) -> str:
    return _number("trained", experiment)


def fitted(experiment: str) -> str:
    """How many of them fitted S."""
    return _number("networks", experiment)


def networks_err(experiment: str) -> str:
    return f"{100 * on_all_points()['test_error'][experiment]:.1f}"


def zero_one_errs(experiments: str) -> str:
    return span(100 * on_all_points(experiments=experiments)["posterior_test_error"], 1)


def zero_one_errs_times(experiments: str, digits: int = 1) -> str:
    """As often as networks of these experiments."""
    return span(on_all_points(experiments=experiments)["ratio"], digits)


def zero_one_errs_times_with_interval(experiment: str) -> str:
    return interval(on_all_points().loc[experiment], "ratio")


def mse_and_ntk_err_times() -> str:
    """MSE posterior and NTK ensemble, at weight variance 2, on all images and texts."""
    return span(on_all_points("mse", "ntk", experiments="(?!.*-scale-).*")["ratio"])


def experiments_on_all_points() -> str:
    return str(len(on_all_points()))


def experiments_where_zero_one_errs_more() -> str:
    return str((on_all_points()["ratio_low"] > 1).sum())


def errs_more(experiment: str, than: str) -> str:
    """By how many percentage points."""
    row = table("test-error-pairs.csv").set_index(["experiment_a", "experiment_b"]).loc[than, experiment]
    value, low, high = (-100 * row[f"difference{end}"] for end in ("", "_high", "_low"))
    return f"{value:.1f} [{low:.1f}, {high:.1f}]"


# --- Favourites, %, and correlations


def held(experiment: str, digits: int = 1) -> str:
    """Networks that the ten likeliest functions hold."""
    return f"{100 * compared()['optimizer_mass_in_posterior_top'][experiment]:.{digits}f}"


def _held_on(task: str, optimizer: str = ".*", size: int = 50) -> pd.Series:
    rows = compared(size=size)
    rows = rows[rows["task"].str.fullmatch(task) & rows["optimizer"].str.fullmatch(optimizer)]
    return 100 * rows["optimizer_mass_in_posterior_top"]


def held_on(task: str) -> str:
    return span(_held_on(task), 0)


def held_at_most(task: str, optimizer: str = ".*", size: int = 50) -> str:
    return f"{_held_on(task, optimizer, size).max():.0f}"


def held_under(task: str) -> str:
    return f"{np.floor(_held_on(task).max()) + 1:.0f}"


def given(experiment: str) -> str:
    """Probability of the ten functions that networks end as most often."""
    return f"{100 * compared()['posterior_mass_in_optimizer_top'][experiment]:.1f}"


def given_at_most() -> str:
    rows = compared()
    return f"{100 * rows.loc[rows['task'].isin(IMAGES), 'posterior_mass_in_optimizer_top'].max():.1f}"


def ended_as_the_ten_most_frequent() -> str:
    rows = compared()
    counts = [
        table(f"experiments/{name}/functions-50.parquet")["count"] for name in rows.index[rows["task"].isin(IMAGES)]
    ]
    return span([100 * of.nlargest(10).sum() / of.sum() for of in counts], 0)


def _mse_and_ntk_give(*tasks: str) -> pd.Series:
    rows = pd.concat([compared("mse"), compared("ntk")])
    return 100 * rows.loc[rows["task"].isin(tasks), "posterior_mass_in_optimizer_top"]


def mse_and_ntk_give(*tasks: str) -> str:
    return span(_mse_and_ntk_give(*tasks), 0)


def mse_and_ntk_give_at_most(task: str, digits: int = 0) -> str:
    return f"{_mse_and_ntk_give(task).max():.{digits}f}"


def correlation(experiment: str, size: int = 50) -> str:
    return interval(compared(size=size).loc[experiment], "pearson")


def correlation_alone(experiment: str, size: int) -> str:
    return f"{compared(size=size)['pearson'][experiment]:.2f}"


def _on_100_points(batch_sizes: str) -> pd.DataFrame:
    """Of MNIST, under all posteriors."""
    return table("comparison.csv").query(
        f"task in ['mnist-2000', 'mnist'] and domain_size == 100 and batch_size {batch_sizes}"
    )


def ceilings_on_100_points() -> str:
    return span(_on_100_points("== 32")["noise_ceiling"])


def largest_correlation_on_100_points() -> str:
    return f"{_on_100_points('== 32')['pearson'].max():.2f}"


def correlations_on_100_points_at_other_batch_sizes() -> str:
    return span(_on_100_points("!= 32")["pearson"].dropna())


# --- Tests of claims


def on_boolean(claims: pd.DataFrame) -> pd.Series:
    return claims["subject"].str.match("bit|conjunction|majority")


def _tests(claim: str, on: str) -> pd.DataFrame:
    of = table("claims.csv").query("claim == @claim")
    return of if on == "all" else of[on_boolean(of) == (on == "boolean")]


def tests(claim: str, on: str = "all") -> str:
    """``on``: all, boolean or images (and texts)."""
    return str(len(_tests(claim, on)))


def tests_with(verdict: str, claim: str) -> str:
    return str((_tests(claim, "all")["verdict"] == verdict).sum())


def median_correlation_on_images() -> str:
    return f"{_tests('C1', 'images')['effect'].median():.2f}"


def correlations_above(least: float) -> str:
    """On images and texts, by the lower end."""
    return str((_tests("C1", "images")["low"] > least).sum() or "none")


def correlations_below_the_ceiling_by(least: float) -> str:
    return str((_tests("D4", "images")["low"] > least).sum())


def margins_times() -> str:
    of = _tests("D3", "images")
    return span(of.loc[of["test"].str.startswith("smallest over mean margin"), "effect"], 0)


# --- The Boolean system


def boolean(posterior: str) -> pd.DataFrame:
    """On 20 inputs."""
    rows = compared(posterior, 20)
    return rows[rows["architecture"] == "fcn-40"]


def boolean_correlations(posterior: str) -> str:
    return span(boolean(posterior)["pearson"])


def boolean_ceilings() -> str:
    return span(boolean("ep")["noise_ceiling"])


def boolean_errors_against_finite_networks(targets: str, optimizers: str) -> str:
    """How many times as often networks err as random ones that fit S, on the largest domain."""
    rows = table("comparison.csv")
    rows = rows[rows["posterior"] == rows["task"].map(FINITE)]
    rows = rows[rows["domain_size"] == rows.groupby("task")["domain_size"].transform("max")]
    rows = rows[rows["task"].str.fullmatch(targets) & rows["optimizer"].str.fullmatch(optimizers)]
    return span(rows["test_error"] / rows["posterior_test_error"])


def zero_one_errs_times_finite_networks() -> str:
    own = pd.concat([boolean(name) for name in set(FINITE.values())])
    own = own.loc[own["posterior"] == own["task"].map(FINITE), "posterior_test_error"]
    return span(boolean("zero_one")["posterior_test_error"] / own)


def finite_networks_correlate_above() -> str:
    """With the Gaussian process, on 20 Boolean inputs and 10 images of MNIST: the least lower end."""
    pairs = table("posterior-pairs.csv").query("posterior_a == 'zero_one'")
    on_inputs = pairs["domain_size"].eq(20) & pairs["posterior_b"].eq(pairs["task"].map(FINITE))
    on_images = pairs["domain_size"].eq(10) & pairs["posterior_b"].eq("splitting") & pairs["task"].eq("mnist-100")
    return f"{np.floor(100 * pairs.loc[on_inputs | on_images, 'pearson_low'].min()) / 100:.2f}"


def probability_of_majoritys_most_probable() -> str:
    """Five functions, under the Gaussian process against under finite networks."""
    known = table("experiments/majority-sgd/functions-20.parquet").nlargest(5, "log_p_splitting")
    return span(np.exp(known["log_p_zero_one"] - known["log_p_splitting"]))


def accepted(target: str) -> str:
    """Random networks that fit S."""
    draws = table(f"models/{target}/fcn-40/rejection-draws.parquet").query("domain_size == 20")
    return f"{draws['count'].sum():,}"


# --- EP against the exact posterior


def ep_against_exact() -> pd.DataFrame:
    of = table("ep-against-exact.csv").set_index("train_size")
    for end in ("", "_low", "_high"):
        of[f"lacking{end}"] = of[f"log_evidence_exact{end}"] - of["log_evidence_ep"]
    return of


def ep_predicts_within() -> str:
    return f"{np.ceil(1e4 * ep_against_exact()['predictive_largest'].max()) / 1e4:.4f}"


def ep_functions_differ_by() -> str:
    return span(100 * np.expm1(ep_against_exact()["log_ratio_rms_50"]), 0)


def ep_functions_noise() -> str:
    return span(100 * np.expm1(ep_against_exact()["log_ratio_noise_50"]), 0)


def ep_evidence_lacks(train_size: int) -> str:
    return interval(ep_against_exact().loc[train_size], "lacking", 1)


# --- Kernels, networks trained again, what training costs


def lstms_of_the_kernel() -> str:
    return str(read_provenance(ROOT / "results/desk/models/imdb-sequences/lstm/kernel.npz")["networks"])


def verified() -> pd.Series:
    return table("verified.csv", "docs/desk").drop(columns="experiment").sum()


def trained_again() -> str:
    return f"{verified()['trained_again']:,}"


def came_out_the_same() -> str:
    return f"{verified()['same_networks']:,}"


def labels_the_same() -> str:
    return f"{100 * (1 - verified()['different_labels'] / verified()['labels']):.2f}"


def paper_blocks() -> str:
    plan = cost.read(PAPER)
    return f"{sum(-(-item.networks // plan.block_size) for item in plan.experiments.values()):,}"


def paper_block_hours(experiment: str) -> str:
    """Of one core, for a block of networks."""
    plan = cost.read(PAPER)
    of = cost.measured_costs(plan).set_index("experiment").loc[experiment]
    return f"{plan.block_size * of['core_hours'] / of['networks']:.0f}"
