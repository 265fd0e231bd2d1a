"""Comparisons over domains against direct computation and known truths. Gap, AUC and temperature: test_on_domain.py."""

import numpy as np
import pytest
from conftest import random_covariance
from scipy import stats

from sgdbayes.analysis.comparison import COVERS, compare, compare_domains, compared_domains, possible
from sgdbayes.analysis.found_functions import found_functions
from sgdbayes.analysis.on_domain import OnDomain
from sgdbayes.functions import as_bits, disjoint_domains
from sgdbayes.posterior import EmpiricalPosterior, Gaussian, GaussianMixture
from sgdbayes.posterior.probabilities import drawn_functions
from sgdbayes.statistics import Estimate

SIZE = 8
LABELS = -np.ones(SIZE)
ERROR = (0.1, 0.0)


def functions_of(codes: np.ndarray) -> np.ndarray:
    return as_bits([format(code, f"0{SIZE}b") for code in codes])


def on_domain(
    counts: np.ndarray,
    log_p: np.ndarray,
    *,
    draws: np.ndarray | None = None,
    asked: int = 100,
    resolved: np.ndarray | None = None,
    seed: int = 0,
) -> OnDomain:
    """Function number ``i``, whose labels are its number in binary, was found ``counts[i]`` times and has ``log_p[i]``;
    ``draws``: numbers of drawn functions.
    """
    networks = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    draws = np.arange(len(counts)) if draws is None else draws
    known = np.flatnonzero(np.isfinite(log_p))
    return OnDomain.of(
        functions_of(networks),
        functions_of(draws),
        LABELS,
        asked=asked,
        known=functions_of(known),
        log_p=log_p[known],
        resolved=np.ones(len(known), dtype=bool) if resolved is None else resolved[known],
        log_p_of_draws=log_p[draws],
    )


@pytest.fixture
def samples() -> list[tuple[np.ndarray, np.ndarray]]:
    """On six domains 1,000 networks over 40 functions with power-law probabilities, and a predictor off by about e."""
    rng, found = np.random.default_rng(0), []
    for _ in range(6):
        truth = 1 / np.arange(1, 41) ** 1.5
        truth /= truth.sum()
        predictor = np.log(truth) + rng.normal(0, 1, 40)
        found.append((rng.multinomial(1000, truth), predictor - np.log(np.exp(predictor).sum())))
    return found


def test_statistics_are_means_of_those_of_scipy(samples):
    row, each = compare_domains([on_domain(*one) for one in samples], [ERROR] * 6)
    expected = {name: [] for name in ("pearson", "spearman", "slope", "frequency_range", "tightening", "test_error")}
    for counts, log_p in samples:
        used = np.flatnonzero(counts >= 5)
        x, y = log_p[used], np.log(counts[used] / 1000)
        expected["pearson"].append(stats.pearsonr(x, y).statistic)
        expected["spearman"].append(stats.spearmanr(x, y).statistic)
        expected["slope"].append(stats.linregress(x, y).slope)
        expected["frequency_range"].append(np.ptp(y) / np.log(10))
        line = stats.linregress(y, x)
        scaled = (x - line.intercept - line.slope * y) / np.sqrt(
            1 - 1 / len(y) - (y - y.mean()) ** 2 / len(y) / y.var()
        )
        squares = (scaled / np.log(10))[np.argsort(-y, kind="stable")] ** 2
        expected["tightening"].append(squares[5:].mean() - squares[:5].mean())
        expected["test_error"].append((counts / 1000) @ functions_of(np.arange(40)).mean(1))
    # What counting brings to it is tested in test_on_domain.py: here it is small.
    assert each["tightening"].tolist() == pytest.approx(expected["tightening"], abs=0.04)
    expected["tightening"] = each["tightening"].tolist()
    for name, values in expected.items():
        assert each[name].tolist() == pytest.approx(values), name
        assert row[name] == pytest.approx(np.mean(values))
        assert row[f"{name}_sd"] == pytest.approx(np.std(values, ddof=1))
        # At least what the scatter between domains alone gives.
        low, high = stats.t.interval(0.95, 5, np.mean(values), stats.sem(values))
        assert row[f"{name}_low"] <= low + 1e-3
        assert high - 1e-3 <= row[f"{name}_high"]
    assert row["compared"] == np.mean([(counts >= 5).sum() for counts, _ in samples])
    assert row["functions"] == np.mean([(counts > 0).sum() for counts, _ in samples])
    assert row["unique"] == pytest.approx(np.mean([(counts == 1).sum() / 1000 for counts, _ in samples]))
    assert (row["networks"], row["domains"], row["domains_with_r"], row["unresolved"]) == (1000, 6, 6, 0)
    assert row["ceiling_less_pearson"] == pytest.approx(row["noise_ceiling"] - row["pearson"])
    assert (row["covers"], row["note"]) == (COVERS[0], "")


def test_test_errors_differ_by_what_the_posterior_errs(samples):
    row, each = compare_domains([on_domain(*one) for one in samples], [(0.01 * n, 0.0) for n in range(6)])
    assert row["posterior_test_error"] == pytest.approx(0.025)
    assert row["test_error_difference"] == pytest.approx(row["test_error"] - 0.025)
    assert (each["test_error"] - each["posterior_test_error"]).tolist() == pytest.approx(
        each["test_error_difference"].tolist()
    )


def test_shared_mass_is_that_of_a_small_table():
    counts, log_p = np.array([6, 4, 0]), np.log([0.1, 0.2, 0.5])
    row, _ = compare_domains([on_domain(counts, log_p, draws=np.array([2, 2, 0, 1]))], [ERROR], top=1)
    assert row["functions"] == 2
    assert row["optimizer_top_mass"] == pytest.approx(0.6)
    assert row["posterior_mass_in_optimizer_top"] == pytest.approx(0.1)
    assert row["optimizer_mass_in_posterior_top"] == 0
    # Two of four draws are functions that networks found.
    assert row["posterior_mass_found"] == pytest.approx(0.5)
    # Both have min(0.6, 0.1) + min(0.4, 0.2).
    assert row["total_variation"] == pytest.approx(0.7)


@pytest.mark.parametrize("exponent", [0.7, 1.5])
def test_a_perfect_predictor_reaches_the_noise_ceiling(exponent):
    """The mean correlation of the true log probabilities, over 60 domains, is the mean ceiling to three hundredths.

    Frequencies stand in for the truth in the ceiling, and scatter more than it does.
    """
    rng = np.random.default_rng(1)
    truth = 1 / np.arange(1, 101) ** exponent
    truth /= truth.sum()
    domains = [on_domain(rng.multinomial(512, truth), np.log(truth), seed=seed) for seed in range(60)]
    row, _ = compare_domains(domains, [ERROR] * 60)
    assert row["noise_ceiling"] < 0.99
    assert row["ceiling_less_pearson"] == pytest.approx(0, abs=0.03)


def test_a_function_of_uncertain_probability_counts_in_means_and_has_no_point(samples):
    domains = []
    for counts, log_p in samples:
        resolved = np.ones(40, dtype=bool)
        resolved[[2, 39]] = False
        domains.append((on_domain(counts, log_p, resolved=resolved), on_domain(counts, log_p), counts, log_p))
    row, _ = compare_domains([uncertain for uncertain, *_ in domains], [ERROR] * 6)
    certain, _ = compare_domains([every for _, every, *_ in domains], [ERROR] * 6)
    assert row["unresolved"] == np.mean([(counts[[2, 39]] >= 5).sum() for *_, counts, _ in domains])
    expected = []
    for *_, counts, log_p in domains:
        used = (counts >= 5) & ~np.isin(np.arange(40), [2, 39])
        expected.append(stats.pearsonr(log_p[used], np.log(counts[used])).statistic)
    assert row["pearson"] == pytest.approx(np.mean(expected))
    for name in ("gap", "auc", "total_variation", "posterior_mass_in_optimizer_top"):
        assert row[name] == certain[name]


def test_what_has_no_probability_is_no_number(samples):
    """Neither 0 nor 1, and no mean over the domains where it is known."""
    unknown = [on_domain(counts, np.where(np.arange(40) == 1, np.nan, log_p)) for counts, log_p in samples[:1]]
    row, each = compare_domains([*unknown, *(on_domain(*one) for one in samples[1:])], [ERROR] * 6)
    masses = ["posterior_mass_in_optimizer_top", "optimizer_mass_in_posterior_top", "total_variation"]
    for name in ("gap", "gap_median", "auc", "temperature", *masses):
        assert np.isnan([row[name], row[f"{name}_low"], row[f"{name}_high"]]).all(), name
    assert np.isfinite([row["test_error"], row["optimizer_top_mass"], row["pearson"]]).all()
    assert each["total_variation"].isna().tolist() == [True, *[False] * 5]
    assert row["note"] == "no gap, no AUC: some functions of networks or of draws have no probability"


def test_networks_that_ended_as_nothing_that_was_drawn_have_numbers_that_need_no_probability():
    """On many points draws of finite networks say nothing of the functions of others."""
    rng = np.random.default_rng(0)
    labels = np.where(rng.random(60) < 0.5, 1, -1)
    posterior = EmpiricalPosterior(rng.random((4, 25, 60)) < 0.5)
    networks = rng.random((30, 60)) < 0.5
    domains = disjoint_domains(60, [30], 2)
    asking = {"asked": 20, "min_count": 2, "top": 5, "seed": 0}
    functions = found_functions(networks, labels, {"splitting": posterior}, domains, **asking, asked_found=50)
    draws = drawn_functions(posterior, labels, domains, asked=20, drawn=20, seed=0)
    rows, each = compared_domains(
        networks, functions, {"splitting": (draws, posterior)}, labels, **asking, unseen_inputs=1000
    )
    row = rows.iloc[0]
    names = ["gap", "auc", "pearson", "temperature", "total_variation", "posterior_mass_in_optimizer_top"]
    assert row[names].isna().all()
    assert "no gap, no AUC: some functions of networks or of draws have no probability" in row["note"]
    assert each["test_error"].tolist() == pytest.approx(
        [(networks[:, own.points] != (labels[own.points] > 0)).mean() for own in domains]
    )
    assert np.isfinite([row["test_error_low"], row["posterior_test_error"]]).all()
    assert row["posterior_mass_found"] == 0


def test_equal_predictions_have_no_correlation(samples):
    row, _ = compare_domains([on_domain(counts, np.full(40, np.log(1 / 40))) for counts, _ in samples], [ERROR] * 6)
    assert np.isnan([row["pearson"], row["slope"]]).all()
    assert row["gap"] == pytest.approx(0)


def test_a_domain_of_unique_functions_says_so():
    unique = [on_domain(np.ones(50, dtype=int), np.full(50, np.log(1 / 50)), seed=seed) for seed in range(6)]
    row, _ = compare_domains(unique, [ERROR] * 6)
    assert row["unique"] == 1
    assert np.isnan([row["pearson"], row["noise_ceiling"], row["tightening"]]).all()
    assert row["note"].startswith("no r: 0 of 6 domains have 8 functions found 5 times or more (0.0 in the mean)")


def test_one_network_has_values_and_no_intervals():
    row, _ = compare_domains([on_domain(np.array([0, 1]), np.log([0.4, 0.6]))], [ERROR])
    assert row["gap"] == pytest.approx(np.log10(0.6) - np.log10([0.4, 0.6]).mean())
    assert row["test_error"] == 1 / 8
    assert np.isnan([row["gap_low"], row["test_error_low"], row["test_error_high"]]).all()


def test_no_interval_goes_where_no_value_can_be():
    assert possible("auc", Estimate(0.99, 0.9, 1.1)) == Estimate(0.99, 0.9, 1.0)
    assert possible("pearson", Estimate(-0.99, -1.1, -0.7)).low == -1
    assert possible("gap", Estimate(3.0, -1.0, 7.0)) == Estimate(3.0, -1.0, 7.0)
    assert np.isnan(possible("test_error", Estimate(0.1, np.nan, np.nan)).low)


def test_the_tables_of_a_run_give_what_its_networks_and_posteriors_do():
    """Over functions.parquet and draws, or at once: the same numbers, and a row for each posterior and domain size."""
    rng, points = np.random.default_rng(0), 30
    labels = np.where(rng.random(points) < 0.5, 1, -1)
    factor = np.linalg.cholesky(random_covariance(points))
    posteriors = {
        "mse": Gaussian(0.8 * labels, factor @ factor.T),
        "zero_one": GaussianMixture(0.8 * labels + rng.normal(0, 0.2, (4, 20, points)), factor @ factor.T),
    }
    networks = posteriors["mse"].draw_functions(300, seed=1)
    asking = {"asked": 50, "asked_found": 100, "min_count": 3, "top": 5}
    domains = disjoint_domains(points, [3, 6], 5)
    functions = found_functions(networks, labels, posteriors, domains, **asking, seed=0)
    sources = {
        name: (drawn_functions(each, labels, domains, asked=50, drawn=50, seed=0), each)
        for name, each in posteriors.items()
    }
    options = {"asked": 50, "min_count": 3, "top": 5, "seed": 0}
    rows, each = compared_domains(networks, functions, sources, labels, **options, unseen_inputs=1000)
    assert rows[["posterior", "domain_size"]].to_numpy().tolist() == [
        ["mse", 3], ["mse", 6], ["zero_one", 3], ["zero_one", 6],
    ]  # fmt: skip
    assert each.groupby(["posterior", "domain_size"])["domain"].apply(list).tolist() == [list(range(5))] * 4
    for _, row in rows.iterrows():
        name, size = row["posterior"], row["domain_size"]
        at_once = compare(
            networks, posteriors[name], labels, domain_size=size, domains=5, drawn=50, **asking, seed=0
        ).row
        assert row[list(at_once)].to_dict() == pytest.approx(at_once, nan_ok=True)
        assert row["covers"] == COVERS[0]
    errors = [
        posteriors["mse"].on(slice(6 * n, 6 * n + 6)).mean_test_error(labels[6 * n : 6 * n + 6])[0] for n in range(5)
    ]
    own = each[(each["posterior"] == "mse") & (each["domain_size"] == 6)]
    assert own["posterior_test_error"].tolist() == pytest.approx(errors)
    # All inputs outside S: there are no other test points.
    alone = functions[(functions["domain_size"] == 6) & (functions["domain"] == 0)]
    rows, _ = compared_domains(networks, alone, sources, labels, **options, unseen_inputs=6)
    assert set(rows["covers"]) == {COVERS[1]}


def test_bad_input():
    posterior = Gaussian(np.zeros(4), np.eye(4))
    for functions in (np.ones((0, 4), dtype=bool), np.ones(4, dtype=bool)):
        with pytest.raises(ValueError, match=r"functions must be a non-empty array of 2 dimension"):
            compare(functions, posterior, np.ones(4), domain_size=2)
    for name in ("domains", "asked", "drawn", "asked_found", "min_count", "top"):
        with pytest.raises(ValueError, match=f"{name} must be a whole number, 1 or more, got 0"):
            compare(np.ones((3, 4), dtype=bool), posterior, np.ones(4), domain_size=2, **{name: 0})
    with pytest.raises(ValueError, match="no network fitted S: there are no functions; raise max_epochs"):
        found_functions(
            np.ones((0, 4), dtype=bool), np.ones(4), {"mse": posterior}, disjoint_domains(4, [2], 2),
            asked=1, asked_found=1, min_count=1, top=1, seed=0,
        )  # fmt: skip
