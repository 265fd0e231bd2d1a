"""Statistics on a domain, where the truth is known: networks that are draws of the posterior, or of a tempered one."""

from dataclasses import astuple

import numpy as np
import pytest
from scipy.special import expit, logsumexp

from sgdbayes.analysis.comparison import compare, compare_domains
from sgdbayes.analysis.on_domain import OnDomain, asked_functions
from sgdbayes.analysis.temperature import temperature
from sgdbayes.functions import as_bits, as_codes
from sgdbayes.posterior.gaussian import Gaussian
from sgdbayes.posterior.mixture import GaussianMixture

SIZE, DOMAINS = 10, 20
EVERY = np.array(np.meshgrid(*[[False, True]] * SIZE, indexing="ij")).reshape(SIZE, -1).T


def logits(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(1.5, 1.5, (DOMAINS, SIZE))


def log_p(functions: np.ndarray, row: np.ndarray) -> np.ndarray:
    return -np.logaddexp(0, -np.where(functions, row, -row)).sum(1)


def sampled(rows: np.ndarray, beta: float, number: int, draws: int, seed: int, *, asked: int = 200) -> list[OnDomain]:
    """Networks with labels independent given the posterior at this inverse temperature, which is then one of logits."""
    rng, domains = np.random.default_rng(seed), []
    for row in rows:
        networks, drawn = (rng.random((n, SIZE)) < expit(b * row) for n, b in ((number, beta), (draws, 1.0)))
        known = asked_functions(networks, asked=asked, asked_found=1000, min_count=5, top=10)
        domains.append(
            OnDomain.of(
                networks,
                drawn,
                np.ones(SIZE),
                asked=asked,
                known=known,
                log_p=log_p(known, row),
                resolved=np.ones(len(known), dtype=bool),
                log_p_of_draws=log_p(drawn, row),
            )
        )
    return domains


def sampled_networks(row: np.ndarray, number: int, seed: int) -> np.ndarray:
    """Those of the first domain of `sampled` at beta = 1."""
    return np.random.default_rng(seed).random((number, SIZE)) < expit(row)


def within(row: dict, name: str, truth: float) -> bool:
    return row[f"{name}_low"] <= truth <= row[f"{name}_high"]


@pytest.mark.parametrize("seed", range(3))
def test_draws_of_the_posterior_have_gap_0_auc_one_half_and_temperature_1(seed):
    row, each = compare_domains(sampled(logits(seed), 1.0, 500, 200, seed), [(0.1, 0.0)] * DOMAINS)
    # Each misses its interval one time in twenty: of twelve, three together are no accident.
    truths = {"gap": 0, "gap_median": 0, "auc": 0.5, "temperature": 1}
    assert sum(not within(row, name, truth) for name, truth in truths.items()) <= 1
    assert row["gap_high"] - row["gap_low"] < 0.2
    assert row["domains"] == DOMAINS == len(each)
    assert row["gap"] == pytest.approx(each["gap"].mean())


@pytest.mark.parametrize("beta", [0.5, 2.0, 4.0])
def test_networks_at_a_temperature_have_it(beta):
    rows = logits(3)
    domains = sampled(rows, beta, 2000, 2000, 4)
    found = temperature(domains)
    assert found.temperature.low <= 1 / beta <= found.temperature.high
    assert found.temperature.high / found.temperature.low < 1.5
    # The sums over functions are those over all 1,024 of them.
    exact = []
    for row in rows:
        every = log_p(EVERY, row)
        tempered = beta * every - logsumexp(beta * every)
        exact.append((np.exp(tempered) * every).sum() - (np.exp(every) * every).sum())
    row, _ = compare_domains(domains, [(0.1, 0.0)] * DOMAINS)
    assert within(row, "gap", np.mean(exact) / np.log(10))


def test_what_is_drawn_against_all_odds_leaves_a_temperature():
    """Probabilities of half a posterior may be as good as 0 for what the other half draws."""
    domains = sampled(logits(3), 2.0, 500, 400, 4)
    for domain in domains:
        rare = np.setdiff1d(domain.draws, np.flatnonzero(domain.about))[:2]
        domain.log_p[rare] = [-60.0, -900.0][: len(rare)]
    found = temperature(domains)
    assert np.isfinite([found.temperature.low, found.temperature.high]).all() or "rest on" in found.note


def test_networks_that_sample_a_mixture_tie_with_its_draws():
    """Half of it draws and half knows: what networks and draws have in common must be as likely for both."""
    rng = np.random.default_rng(0)
    points = DOMAINS * SIZE
    # Given outputs on S the outputs on E are independent, about means that are in all the distribution of z_E.
    covariance = 0.3 * np.eye(points)
    everywhere, factor = rng.normal(1.5, 1.0, points), rng.normal(0, 0.3, (points, 5))
    posterior = GaussianMixture(everywhere + (rng.normal(size=(400, 5)) @ factor.T).reshape(4, 100, points), covariance)
    whole = Gaussian(everywhere, covariance + factor @ factor.T)
    row = compare(whole.draw_functions(500, seed=1), posterior, np.ones(points), domain_size=SIZE).row
    assert within(row, "gap", 0)
    assert within(row, "auc", 0.5)
    assert row["auc_high"] - row["auc_low"] < 0.1
    # A function that nearly all end as, from a posterior whose halves know it with errors.
    sure = GaussianMixture(3 + rng.normal(0, 0.1, (1, 200, points)), covariance)
    labels = np.ones((100, points), dtype=bool)
    labels[0] = False
    assert compare(labels, sure, np.ones(points), domain_size=SIZE)["auc"].value == pytest.approx(0.5, abs=0.02)


def test_gap_and_auc_are_those_of_the_definitions():
    (domain,) = sampled(logits(0)[:1], 2.0, 50, 40, 1)
    statistics = domain.statistics(min_count=2)
    networks, draws = domain.log_p_networks / np.log(10), domain.log_p_draws / np.log(10)
    assert statistics["gap"][0] == pytest.approx(networks.mean() - draws.mean())
    pairs = [(a > b) + (a == b) / 2 for a in networks for b in draws]
    assert statistics["auc"][0] == pytest.approx(np.mean(pairs))
    # And without the networks and draws of a group.
    rest = [part[np.arange(len(part)) % 20 != 3] for part in (networks, draws)]
    assert statistics["gap"][4] == pytest.approx(rest[0].mean() - rest[1].mean())
    assert statistics["auc"][4] == pytest.approx(np.mean([(a > b) + (a == b) / 2 for a in rest[0] for b in rest[1]]))


def test_masses_are_those_of_all_functions():
    rows = logits(5)[:1]
    (domain,) = sampled(rows, 1.5, 20_000, 400, 2, asked=2000)
    statistics = domain.statistics(top=10)
    p, q = (np.exp(log_p(EVERY, scale * rows[0])) for scale in (1.0, 1.5))
    top = np.argsort(-q)[:10]
    assert statistics["optimizer_top_mass"][0] == pytest.approx(q[top].sum(), abs=0.02)
    assert statistics["posterior_mass_in_optimizer_top"][0] == pytest.approx(p[top].sum(), abs=0.02)
    # Frequencies of rare functions are noisy, which only adds to a distance.
    assert statistics["total_variation"][0] == pytest.approx(np.abs(p - q).sum() / 2, abs=0.03)


def test_masses_of_fewer_functions_than_top_are_those_of_all():
    row = np.full(SIZE, 3.0)
    (domain,) = sampled(row[None], 1.0, 200, 400, 1)
    assert domain.described(5)["functions"] < 60
    statistics = domain.statistics(top=60)
    assert statistics["optimizer_top_mass"][0] == 1
    found = EVERY[np.isin(as_codes(EVERY), np.unique(as_codes(sampled_networks(row, 200, 1))))]
    assert statistics["posterior_mass_in_optimizer_top"][0] == pytest.approx(np.exp(log_p(found, row)).sum())


def test_a_perfect_predictor_reaches_its_ceiling_and_does_not_tighten():
    """A log P_B that is log P_OPT for all functions: what r and the residuals lack is the noise of counting."""
    each = {name: [] for name in ("ceiling_less_pearson", "tightening", "slope")}
    for seed in range(100):
        for domain in sampled(logits(seed)[:2], 1.0, 1000, 20, seed, asked=50):
            statistics = domain.statistics(seed=seed)
            for name, values in each.items():
                values.append(statistics[name][0])
    for name, truth in {"ceiling_less_pearson": 0, "tightening": 0}.items():
        values = np.array(each[name])
        values = values[np.isfinite(values)]
        assert len(values) > 150
        assert np.mean(values) == pytest.approx(truth, abs=0.01), name
        assert np.std(values) > 0


@pytest.mark.parametrize("of", ["posterior", "networks"])
def test_a_predictor_that_errs_alike_everywhere_does_not_tighten(of):
    """Whichever of the two scatters; both ways rare functions come and go at the threshold."""
    rng, values = np.random.default_rng(0), []
    for seed in range(200):
        shares = np.exp(rng.normal(0, 2, 400))
        off = shares * 10 ** rng.normal(0, 0.4, 400)
        p, q = (shares / shares.sum(), off / off.sum())[:: 1 if of == "networks" else -1]
        counts = rng.multinomial(2000, q)
        often, numbers = counts >= 5, np.repeat(np.arange(400), counts)
        domain = OnDomain(rng.permutation(numbers), np.zeros(20, int), np.log(p), often, often, np.zeros(400), 100, 10)
        values.append(domain._correlations(domain._counts(), 5, seed)["tightening"][0])
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(200)
    assert np.std(values) < 0.2


def test_few_functions_have_no_correlation_and_few_domains_no_mean():
    domains = sampled(np.full((4, SIZE), 6.0), 1.0, 200, 100, 0)
    row, _ = compare_domains(domains, [(0.0, 0.0)] * 4)
    assert np.isnan(row["pearson"])
    assert np.isnan(row["noise_ceiling"])
    assert "no r: 0 of 4 domains have 8 functions found 5 times or more" in row["note"]


def test_one_domain_has_an_interval_over_networks_that_says_so():
    domains = sampled(logits(0)[:1], 1.0, 500, 200, 0)
    assert compare_domains(domains, [(0.1, 0.0)])[0]["covers"] == "networks alone"
    assert compare_domains(domains, [(0.1, 0.0)], everything=True)[0]["covers"] == "networks; E is all inputs outside S"


def test_a_function_without_a_probability_leaves_no_gap():
    domains = sampled(logits(0), 1.0, 500, 200, 0)
    domains[3].log_p[domains[3].networks[0]] = np.nan
    row, _ = compare_domains(domains, [(0.1, 0.0)] * DOMAINS)
    assert np.isnan([row["gap"], row["auc"], row["temperature"]]).all()
    assert "no gap" in row["note"]


def test_comparing_takes_labels_and_a_posterior():
    rng = np.random.default_rng(0)
    points, number = 100, 400
    factor = rng.normal(size=(points, 5))
    posterior = Gaussian(np.full(points, 1.0), np.eye(points) + factor @ factor.T / 20)
    labels = np.ones(points)
    comparison = compare(posterior.draw_functions(number, seed=1), posterior, labels, domain_size=5, min_count=5)
    row = comparison.row
    assert within(row, "gap", 0)
    assert within(row, "auc", 0.5)
    assert row["domains"] == 20
    assert row["pearson"] > 0.8
    assert comparison.statistics.loc["gap"].tolist() == [*astuple(comparison["gap"])]
    table = comparison.functions
    assert (table.groupby("domain")["count"].sum() == number).all()
    first = table[table["domain"] == 3].iloc[0]
    expected = posterior.on(slice(15, 20)).log_probabilities(as_bits([first["function"]]), seed=0)[0]
    assert first["log_p"] == pytest.approx(expected[0], abs=5 * first["log_p_se"])
    # Labels are bool or -1 and +1.
    signs = np.where(posterior.draw_functions(number, seed=1), 1, -1)
    assert compare(signs, posterior, labels > 0, domain_size=5, min_count=5).row == pytest.approx(row, nan_ok=True)
    with pytest.raises(ValueError, match="functions must have 100 entries along the last axis, got shape \\(3, 4\\)"):
        compare(np.ones((3, 4), dtype=bool), posterior, labels)
    with pytest.raises(ValueError, match="hold no domain of 101"):
        compare(np.ones((3, 100), dtype=bool), posterior, labels, domain_size=101)
