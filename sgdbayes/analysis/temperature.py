"""The temperature at which networks sample a posterior: P_beta(f) proportional to P_B(f)^beta, T = 1 / beta.

beta is such that log P_B has the mean that it has over networks, the maximum likelihood in this exponential family. All
domains together have one beta, so the means are those over domains. Sums over functions are Horvitz and Thompson's
(J. Am. Stat. Assoc. 47, 1952): functions of networks are known for certain; each other one that a draw gave stands for
the reciprocal of the probability that any draw gave it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from sgdbayes.analysis.on_domain import OnDomain
from sgdbayes.statistics import UNDEFINED, Estimate, means_without, over_domains

__all__ = ["Temperature", "temperature"]

# beta is looked for between these: 30 times hotter, and so cold that each domain has one function.
_RANGE = (1 / 30, 1000.0)
# With 18 of them beta of a simulation was 5 % off, with 50 2 %, with 150 1 %.
_FEWEST_EFFECTIVE = 50
# So much closer than this to the ends, in nats, is on them but for rounding.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Temperature:
    """``temperature``: its interval, over networks and domains, is made on a log scale. ``effective_draws``:
    independent draws whose mean would be as precise as the sums over functions, on the domain where they are fewest.
    ``note``: why there is none.
    """

    temperature: Estimate
    effective_draws: float
    note: str = ""


def temperature(domains: Sequence[OnDomain]) -> Temperature:
    """Of networks, from all domains together."""
    sums = [_Tempered(domain) for domain in domains]
    means = np.array([means_without(domain.log_p_networks) for domain in domains])
    if not np.isfinite(means[:, 0]).all() or not all(each.complete for each in sums):
        return Temperature(UNDEFINED, np.nan, "some functions have no probability")
    wanted = means[:, 0].sum()

    def excess(log_beta: float) -> float:
        return sum(each.mean(np.exp(log_beta)) for each in sums) - wanted

    low, high = map(np.log, _RANGE)
    if excess(high) - excess(low) < _ROUNDING:
        return Temperature(UNDEFINED, np.nan, "it makes no difference between functions")
    if excess(low) > -_ROUNDING:
        return Temperature(
            UNDEFINED, np.nan, f"networks are less likely under it than draws at T = {1 / _RANGE[0]:.0f}"
        )
    if excess(high) < _ROUNDING:
        return Temperature(UNDEFINED, np.nan, f"networks are as likely under it as draws at T = {1 / _RANGE[1]:.0e}")
    beta = float(np.exp(brentq(excess, low, high, xtol=1e-6)))
    effective = min(each.effective_draws(beta) for each in sums)
    if effective < _FEWEST_EFFECTIVE:
        return Temperature(
            UNDEFINED, effective, f"sums over functions at T = {1 / beta:.2g} rest on {effective:.0f} effective draws"
        )
    # By how much the domains together move log beta if each moves its mean of log P_B.
    slope = beta * sum(each.variance(beta) for each in sums) / len(sums)
    moved = (means - np.array([each.mean(beta) for each in sums])[:, None]) / slope
    around, _ = over_domains(moved)
    interval = (-around).mapped(lambda shift: np.exp(shift) / beta)
    return Temperature(Estimate(1 / beta, interval.low, interval.high), effective)


class _Tempered:
    """The sums over the functions of one domain."""

    def __init__(self, domain: OnDomain) -> None:
        from_draws = np.setdiff1d(np.unique(domain.draws), np.flatnonzero(domain.known))
        certain, drawn = domain.log_p[domain.known], domain.log_p[from_draws]
        self.complete = bool(np.isfinite(drawn).all())
        # Of a function that was drawn, how probable it was that no draw gave it, and the logarithm of that some did,
        # which is nearly how many do where they are that rare.
        number = len(domain.draws)
        log_missed = number * np.log1p(-np.minimum(np.exp(drawn), 1 - 1e-12))
        some = np.log(-np.expm1(np.minimum(log_missed, -1e-12)))
        log_some = np.where(log_missed > -1e-12, np.log(number) + drawn, some)
        self._log_p = np.concatenate([certain, drawn])
        self._missed = np.concatenate([np.zeros(len(certain)), np.exp(log_missed)])
        self._log_some = np.concatenate([np.zeros(len(certain)), log_some])

    def _weights(self, beta: float) -> np.ndarray:
        log_weights = beta * self._log_p - self._log_some
        return np.exp(log_weights - log_weights.max())

    def mean(self, beta: float) -> float:
        """Of log P_B under P_beta."""
        return float(np.average(self._log_p, weights=self._weights(beta)))

    def variance(self, beta: float) -> float:
        """Of log P_B under P_beta."""
        weights = self._weights(beta)
        return float(np.average((self._log_p - np.average(self._log_p, weights=weights)) ** 2, weights=weights))

    def effective_draws(self, beta: float) -> float:
        """The inverse of the relative variance of the sum of P_beta, at most that of the machine's precision."""
        weights = self._weights(beta)
        return float(weights.sum() ** 2 / max((weights**2 * self._missed).sum(), 1e-15 * weights.sum() ** 2))
