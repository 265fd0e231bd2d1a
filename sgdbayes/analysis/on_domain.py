"""What networks and a posterior say to each other on one domain E: gap, AUC, correlation, noise ceiling, shared mass.

P_OPT(f|S) is the frequency of a function among n trained networks, P_B(f|S) its probability under a posterior (Mingard
et al., JMLR 2021, section 2). Gap and AUC compare how likely under P_B the functions of networks are with how likely
those drawn from P_B are; they have no threshold. Correlations are over functions found often; their ceiling is what a
perfect predictor would reach. Each statistic is given of all networks and draws, and without each group of them for a
jackknife.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from sgdbayes.functions import as_codes
from sgdbayes.statistics import GROUPS, correlation_and_slope, group_sums, means_without

__all__ = ["FEWEST_FUNCTIONS", "OnDomain", "asked_functions"]

# With fewer, r of a domain is an accident.
FEWEST_FUNCTIONS = 8
_LN10 = np.log(10)
_TOP_OF_CORRELATION = 5
# The noise ceiling is a mean over them.
_RESAMPLES = 50


def asked_functions(functions: np.ndarray, *, asked: int, asked_found: int, min_count: int, top: int) -> np.ndarray:
    """The distinct rows (A, m) of ``functions`` (N, m) bool whose probabilities the statistics need.

    They are those of the first ``asked`` networks, the ``top`` most frequent, and of those found ``min_count`` times
    the ``asked_found`` most frequent.
    """
    _, first, counts = np.unique(as_codes(functions), return_index=True, return_counts=True)
    order = np.lexsort((first, -counts))
    often = order[: max(top, min(asked_found, int((counts >= min_count).sum())))]
    return functions[np.union1d(first[often], first[first < asked])]


@dataclass(frozen=True)
class OnDomain:
    """F distinct functions, those of networks and those drawn from the posterior.

    ``networks`` (N,), ``draws`` (K,): which of them each network ended as and each draw is. ``log_p`` (F,): natural log
    of P_B, the same for networks and draws; NaN where there is none. ``about`` (F,): whether it is one of the functions
    of networks asked about, ``resolved`` (F,): and its ``log_p`` known well enough to stand for one function.
    ``wrong`` (F,): share of wrong labels. ``asked``: so many first networks stand for all where every function must
    have a probability. ``size``: |E|.
    """

    networks: np.ndarray
    draws: np.ndarray
    log_p: np.ndarray
    about: np.ndarray
    resolved: np.ndarray
    wrong: np.ndarray
    asked: int
    size: int

    @classmethod
    def of(
        cls,
        networks: np.ndarray,
        draws: np.ndarray,
        test_labels: np.ndarray,
        *,
        asked: int,
        known: np.ndarray,
        log_p: np.ndarray,
        resolved: np.ndarray,
        log_p_of_draws: np.ndarray,
    ) -> "OnDomain":
        """From labels: of ``networks`` (N, m) bool; of ``draws`` (K, m) bool, with ``log_p_of_draws`` (K,) from a part
        of the posterior that they were not drawn from; of the distinct functions asked about, ``known`` (A, m) bool,
        with ``log_p`` and ``resolved`` (A,). ``test_labels`` (m,) -1 or +1.
        """
        everything = np.concatenate([networks, draws, known])
        _, first, index = np.unique(as_codes(everything), return_index=True, return_inverse=True)
        of_networks, of_draws, of_known = np.split(index.ravel(), np.cumsum([len(networks), len(draws)]))
        log_p_of = np.full(len(first), np.nan)
        log_p_of[of_draws] = log_p_of_draws
        # Networks and draws of one function must tie.
        log_p_of[of_known] = log_p
        about, certain = np.zeros((2, len(first)), dtype=bool)
        about[of_known], certain[of_known] = True, resolved & np.isfinite(log_p)
        wrong = (everything[first] != (test_labels > 0)).mean(1)
        return cls(of_networks, of_draws, log_p_of, about, certain, wrong, min(asked, len(networks)), len(test_labels))

    def statistics(self, *, min_count: int = 5, top: int = 10, seed: int = 0) -> dict[str, np.ndarray]:
        """Each statistic (1 + GROUPS,): of everything, then without each group of networks and of draws. NaN where the
        data do not define it.
        """
        counts = self._counts()
        correlations = self._correlations(counts, min_count, seed)
        statistics = {
            **self._likelier(),
            **correlations,
            "ceiling_less_pearson": correlations["noise_ceiling"] - correlations["pearson"],
            **self._masses(counts, top),
            "test_error": means_without(self.wrong[self.networks]),
        }
        if min(len(self.networks), len(self.draws)) < 2:
            # One says nothing of its scatter.
            for values in statistics.values():
                values[1:] = np.nan
        return statistics

    @property
    def known(self) -> np.ndarray:
        """Whether a function (F,) was asked about and has a probability."""
        return self.about & np.isfinite(self.log_p)

    @property
    def log_p_networks(self) -> np.ndarray:
        """Natural log of P_B of the functions of the ``asked`` first networks."""
        return self.log_p[self.networks[: self.asked]]

    @property
    def log_p_draws(self) -> np.ndarray:
        """Natural log of P_B of each draw."""
        return self.log_p[self.draws]

    def described(self, min_count: int) -> dict[str, int | float]:
        """How many ``functions`` networks ended as, how many of them are ``compared`` and ``unresolved``, and the share
        of networks whose function is ``unique``.
        """
        counts = self._counts()[0]
        often = counts >= min_count
        return {
            "functions": int((counts > 0).sum()),
            "compared": int((often & self.resolved).sum()),
            "unresolved": int((often & ~self.resolved).sum()),
            "unique": float((counts == 1).sum() / counts.sum()),
        }

    def _counts(self) -> np.ndarray:
        """How often (1 + GROUPS, F) each function was found."""
        by_group = np.zeros((GROUPS, len(self.log_p)), dtype=np.int64)
        np.add.at(by_group, (np.arange(len(self.networks)) % GROUPS, self.networks), 1)
        total = by_group.sum(0)
        return np.concatenate([total[None], total - by_group])

    def _likelier(self) -> dict[str, np.ndarray]:
        """Gap and AUC."""
        networks, draws = self.log_p_networks / _LN10, self.log_p_draws / _LN10
        gap = means_without(networks) - means_without(draws)
        return {
            "gap": gap,
            "gap_per_point": gap / self.size,
            "gap_median": _medians_without(networks) - _medians_without(draws),
            "auc": _auc(networks, draws),
        }

    def _correlations(self, counts: np.ndarray, min_count: int, seed: int) -> dict[str, np.ndarray]:
        """Over functions found ``min_count`` times or more.

        ``frequency_range``: decades of P_OPT that they span. ``tightening``: by how much the variance of log10 P_B
        about its line on log10 P_OPT is less for the five most frequent of them than for the others, but for what
        counting brings. ``noise_ceiling``: r of log counts with those of resamples. Networks are resampled within it,
        so no group is left out.
        """
        names = ("pearson", "spearman", "slope", "frequency_range", "tightening", "noise_ceiling")
        used = (counts >= min_count) & self.resolved
        if used[0].sum() < FEWEST_FUNCTIONS:
            return dict.fromkeys(names, np.full(len(counts), np.nan))
        log_counts = np.log10(np.maximum(counts, 1))
        log_p = np.broadcast_to(np.where(self.resolved, self.log_p, 0) / _LN10, counts.shape)
        pearson, slope = correlation_and_slope(log_p, log_counts, used)
        ranks = [rankdata(np.where(used, values, np.nan), axis=-1, nan_policy="omit") for values in (log_p, log_counts)]
        spearman, _ = correlation_and_slope(ranks[0], ranks[1], used)
        span = np.where(used, log_counts, -np.inf).max(1) - np.where(used, log_counts, np.inf).min(1)
        ceiling, by_counting = self._of_resamples(counts[0], min_count, seed)
        # Noise of the counts shows in log P_B as much as this follows them.
        follows = correlation_and_slope(log_counts, log_p, used)[1]
        tightening = _tightening(log_counts, log_p, used) - follows**2 * by_counting
        each = (pearson, spearman, slope, span, tightening, np.full(len(counts), ceiling))
        return dict(zip(names, each, strict=True))

    def _of_resamples(self, counts: np.ndarray, min_count: int, seed: int) -> tuple[float, float]:
        """Of a predictor that knows all frequencies: r with those of resamples, and `_tightening`."""
        networks = counts.sum()
        samples = np.random.default_rng(seed).multinomial(networks, counts / networks, size=_RESAMPLES)
        # Any function may come up in a resample, but one that was asked about and has no resolved probability, or was
        # found too rarely to be asked about though often enough, would not be compared.
        used = (samples >= min_count) & np.where(self.about, self.resolved, counts < min_count)
        used[used.sum(1) < FEWEST_FUNCTIONS] = False
        truth = np.broadcast_to(np.log10(np.maximum(counts, 0.5)), samples.shape)
        log_samples = np.log10(np.maximum(samples, 1))
        reached = correlation_and_slope(truth, log_samples, used)[0]
        return _mean_of_finite(reached), _mean_of_finite(_tightening(log_samples, truth, used))

    def _masses(self, counts: np.ndarray, top: int) -> dict[str, np.ndarray]:
        share = counts / np.maximum(counts.sum(1, keepdims=True), 1)
        known = self.known
        p = np.exp(np.where(known, self.log_p, -np.inf))
        likeliest = np.argsort(-np.where(np.isfinite(self.log_p), self.log_p, -np.inf), kind="stable")[:top]
        # Of functions found equally often, those with a probability.
        frequent = np.argsort(-2 * counts - known, axis=1, kind="stable")[:, :top]
        found = np.take_along_axis(counts, frequent, 1) > 0
        asked = self.networks[: self.asked]
        masses = {
            "optimizer_top_mass": np.take_along_axis(share, frequent, 1).sum(1),
            "posterior_mass_in_optimizer_top": np.where(found, p[frequent], 0).sum(1),
            "optimizer_mass_in_posterior_top": share[:, likeliest].sum(1),
            # The mass that both have is the mean over networks of min(1, P_B / P_OPT).
            "total_variation": 1 - means_without(np.minimum(p[asked] / share[0, asked], 1)),
        }
        if not known[frequent[0][found[0]]].all() or not known[asked].all():
            masses = {
                name: np.full(1 + GROUPS, np.nan) if name != "optimizer_top_mass" else masses[name] for name in masses
            }
        return masses | {"posterior_mass_found": means_without(counts[0, self.draws] > 0)}


def _mean_of_finite(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else np.nan


def _tightening(x: np.ndarray, y: np.ndarray, used: np.ndarray) -> np.ndarray:
    """Variance of y about its line on x over ``used`` entries (n, F), less that of those with the largest x.

    Residuals are scaled by their leverage: where y scatters alike everywhere, both are the same in the mean.
    """
    _, slope = correlation_and_slope(x, y, used)
    number = np.maximum(used.sum(1, keepdims=True), 1)
    across, up = (np.where(used, v - np.where(used, v, 0).sum(1, keepdims=True) / number, 0) for v in (x, y))
    with np.errstate(invalid="ignore", divide="ignore"):
        leverage = 1 / number + across**2 / (across**2).sum(1, keepdims=True)
        squares = (up - slope[:, None] * across) ** 2 / (1 - leverage)
        top = np.zeros_like(used)
        order = np.argsort(-np.where(used, x, -np.inf), axis=1, kind="stable")[:, :_TOP_OF_CORRELATION]
        np.put_along_axis(top, order, True, 1)
        means = [np.where(part, squares, 0).sum(1) / part.sum(1) for part in (used & ~top, top & used)]
    return means[0] - means[1]


def _auc(networks: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """P(network > draw) + P(equal) / 2, of all and without each group of both."""
    if not (np.isfinite(networks).all() and np.isfinite(draws).all()):
        return np.full(1 + GROUPS, np.nan)
    above = (networks[:, None] > draws) + 0.5 * (networks[:, None] == draws)
    by_group = group_sums(group_sums(above).T)
    pairs = group_sums(group_sums(np.ones(above.shape)).T)

    def without(table: np.ndarray) -> np.ndarray:
        left = table.sum() - table.sum(0) - table.sum(1) + np.diag(table)
        return np.concatenate([[table.sum()], left])

    with np.errstate(invalid="ignore"):
        return without(by_group) / without(pairs)


def _medians_without(values: np.ndarray) -> np.ndarray:
    """Median of ``values`` (n,), and without each group."""
    groups = np.arange(len(values)) % GROUPS
    rest = [np.median(values[groups != g]) if (groups != g).any() else np.nan for g in range(GROUPS)]
    return np.array([np.median(values), *rest])
