"""Expectation propagation for the 0-1 likelihood: z ~ GP(0, K) given sign z_S = y_S.

Mingard et al. (JMLR 2021, section 2) approximate the 0-1 posterior this way. Each factor [y_i z_i > 0] is stood in for
by exp(-tau_i z^2 / 2 + nu_i z); all are updated at once, with damping (Rasmussen and Williams, "Gaussian Processes for
Machine Learning", 2006, section 3.6; van Gerven et al., "Efficient Bayesian multivariate fMRI analysis using a
sparsifying spatio-temporal prior", 2010, for parallel updates). From the second sweep on, the step is Anderson's
(Walker and Ni, "Anderson acceleration for fixed-point iterations", 2011), which takes half to two thirds of the sweeps.

With B = I + T^(1/2) K T^(1/2) the posterior covariance Sigma obeys B^-1 = I - T^(1/2) Sigma T^(1/2), so the variances a
sweep needs are the squared column norms of the inverse of B's Cholesky factor: 2/3 n^3 operations in one array of n^2,
where solving for the columns of K takes twice as many in three.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np
from scipy.linalg.blas import dtrmm
from scipy.linalg.lapack import dtrtri
from scipy.special import erfcx, log_ndtr

from sgdbayes.checks import check_labels
from sgdbayes.posterior._checks import check_kernel, lower_cholesky
from sgdbayes.posterior.gaussian import Gaussian

__all__ = ["ExpectationPropagation", "expectation_propagation", "fit_ep"]

# Anderson's step looks back on so many sweeps; more do not save any on MNIST (n = 1,000 and 3,000).
_MEMORY = 5
# A precision that a step would change by more than this factor takes the plain step: extrapolation does not know the
# way to sites many orders of magnitude from where they start, as those of contradicting labels on almost equal inputs.
_REACH = 10
# Below, a truncated normal's moments are sums of a few terms; above, differences that lose no more than eight digits.
_TAIL = -50
# Where tau Sigma_ii is smaller, 1 - (B^-1)_ii keeps fewer than about ten digits of it.
_CANCELLATION = 1e-5
_SINGULAR = "kernel on S is too close to singular for expectation propagation in double precision"


@dataclass(frozen=True)
class ExpectationPropagation:
    """What EP settled on.

    ``log_evidence``: natural log of P(sign z_S = y_S). ``mean``, ``variance`` (n,): of z_S given the labels.
    ``sweeps``: how many it took. ``predictive``: the Gaussian on E, None if the kernel covers S alone.
    """

    log_evidence: float
    mean: np.ndarray
    variance: np.ndarray
    sweeps: int
    predictive: Gaussian | None


def expectation_propagation(
    kernel: np.ndarray, labels: np.ndarray, *, tolerance: float = 1e-8, damping: float = 0.9, max_sweeps: int = 1000
) -> ExpectationPropagation:
    """Run EP until no marginal mean or standard deviation on S moves by more than ``tolerance`` standard deviations in
    a sweep.

    ``kernel`` (n + m, n + m) over S then E, m >= 0; ``labels`` (n,) of S. ``damping`` in (0, 1] is the share of each
    update that is made. Raises ValueError for malformed input, numpy.linalg.LinAlgError if the kernel on S is not
    positive definite, RuntimeError if ``max_sweeps`` are not enough.

    >>> kernel = sb.FullyConnected().kernel(np.random.default_rng(0).normal(size=(30, 5)))
    >>> ep = sb.expectation_propagation(kernel, np.arange(20) < 10)
    >>> ep.log_evidence < 0, ep.predictive.mean.shape
    (True, (10,))
    """
    kernel, labels = check_kernel(kernel), check_labels(labels)
    trained = len(labels)
    if trained > len(kernel):
        raise ValueError(f"kernel must cover S: it has {len(kernel)} rows for {trained} labels")
    if not 0 < damping <= 1:
        raise ValueError(f"damping must lie in (0, 1], got {damping}")
    if not 0 < tolerance < np.inf:
        raise ValueError(f"tolerance must be positive and finite, got {tolerance}")
    if max_sweeps < 1:
        raise ValueError(f"max_sweeps must be at least 1, got {max_sweeps}")
    on_s = kernel[:trained, :trained]
    work = on_s.copy()
    lower_cholesky(work, name="kernel on S", overwrite=True)

    # With the signs folded into the kernel, every label is +1.
    tau, nu = np.zeros(trained), np.zeros(trained)
    mean, variance = np.zeros(trained), np.diag(on_s).copy()
    history: deque[tuple[np.ndarray, np.ndarray]] = deque(maxlen=_MEMORY + 1)
    for sweep in range(1, max_sweeps + 1):
        cavity_tau, cavity_nu = 1 / variance - tau, mean / variance - nu
        precision, shift = _site(cavity_nu / np.sqrt(cavity_tau))
        sites = np.concatenate([tau, nu])
        update = np.concatenate([precision * cavity_tau, shift * np.sqrt(cavity_tau)]) - sites
        if not np.isfinite(update).all():
            raise np.linalg.LinAlgError(_SINGULAR)
        # The first update starts from no sites at all: it says nothing of the map near its fixed point.
        if sweep > 1:
            history.append((sites, update))
        unit = np.concatenate([variance, np.sqrt(variance)])
        tau, nu = np.split(_next_sites(sites, update, history, unit, damping), 2)
        before = mean, np.sqrt(variance)
        inverse, log_determinant = _inverse_factor(on_s, labels * np.sqrt(tau), work)
        mean, variance = _marginals(on_s, labels, tau, nu, inverse)
        moved = np.maximum(np.abs(mean - before[0]), np.abs(np.sqrt(variance) - before[1])) / np.sqrt(variance)
        if moved.max() <= tolerance:
            break
    else:
        raise RuntimeError(
            f"expectation propagation did not settle in {max_sweeps} sweeps; try a damping below {damping} or "
            f"a tolerance above {tolerance}"
        )

    log_evidence = _log_evidence(tau, nu, mean, variance, log_determinant)
    predictive = None
    if trained < len(kernel):
        cross, root = kernel[:trained, trained:], labels * np.sqrt(tau)
        solved = dtrmm(1.0, inverse, root[:, None] * cross, lower=1)
        pulled = solved.T @ (inverse @ (root * (on_s @ (labels * nu))))
        covariance = kernel[trained:, trained:] - solved.T @ solved
        predictive = Gaussian(cross.T @ (labels * nu) - pulled, covariance)
    return ExpectationPropagation(log_evidence, labels * mean, variance, sweep, predictive)


def _next_sites(sites, update, history, unit, damping) -> np.ndarray:  # noqa: ANN001
    """Anderson's step: with the combination of past sweeps whose updates, in ``unit``, cancel best; the plain damped
    step where there is no past, and for sites whose precision would get far from that of the plain step.
    """
    plain = sites + damping * update
    if len(history) < 2:
        return plain
    past_sites, past_updates = (np.diff(np.array(column), axis=0).T for column in zip(*history, strict=True))
    weights = np.linalg.lstsq(unit[:, None] * past_updates, unit * update)[0]
    accelerated = plain - (past_sites + damping * past_updates) @ weights
    near = (accelerated > plain / _REACH) & (accelerated < plain * _REACH)
    return np.where(np.tile(near[: len(sites) // 2], 2), accelerated, plain)


def _site(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The site, as (tau, nu), that gives N(x, 1) the mean and the variance that it has given z > 0."""
    pull = np.sqrt(2 / np.pi) / erfcx(-x / np.sqrt(2))
    shrinkage = pull * (x + pull)
    kept, moved = 1 - shrinkage, pull + x * shrinkage
    if (tail := x < _TAIL).any():
        square = 1 / x[tail] ** 2
        kept[tail] = square * (1 - square * (6 - square * (50 - square * 518)))
        mean = -(1 - square * (2 - square * (10 - square * 74))) / x[tail]
        shrinkage[tail], moved[tail] = 1 - kept[tail], mean - x[tail] * kept[tail]
    return shrinkage / kept, moved / kept


def _inverse_factor(kernel: np.ndarray, root: np.ndarray, work: np.ndarray) -> tuple[np.ndarray, float]:
    """Inverse of the Cholesky factor L of B = I + D K D, D the diagonal matrix of ``root``, in the memory of ``work``,
    and log det L.
    """
    np.multiply(kernel, root[:, None], out=work)
    work *= root
    np.fill_diagonal(work, work.diagonal() + 1)
    factor = lower_cholesky(work, overwrite=True)
    log_determinant = float(np.log(factor.diagonal()).sum())
    inverse, _ = dtrtri(factor, lower=1, overwrite_c=1)
    return inverse, log_determinant


def _marginals(kernel, labels, tau, nu, inverse) -> tuple[np.ndarray, np.ndarray]:  # noqa: ANN001
    """Means and variances, signs folded in, of the Gaussian that is the prior times all sites."""
    root = labels * np.sqrt(tau)
    prior_mean = kernel @ (labels * nu)
    mean = labels * (prior_mean - kernel @ (root * (inverse.T @ (inverse @ (root * prior_mean)))))
    shrunk = 1 - np.einsum("ij,ij->j", inverse, inverse)
    exact = shrunk < _CANCELLATION
    variance = np.divide(shrunk, tau, where=~exact, out=np.empty_like(tau))
    if exact.any():
        solved = dtrmm(1.0, inverse, root[:, None] * kernel[:, exact], lower=1)
        variance[exact] = kernel.diagonal()[exact] - np.einsum("ij,ij->j", solved, solved)
    if not (variance > 0).all():
        raise np.linalg.LinAlgError(_SINGULAR)
    return mean, variance


def _log_evidence(tau, nu, mean, variance, log_determinant) -> float:  # noqa: ANN001
    """Log of the EP approximation of the evidence, with each site scaled so that cavity times site has the
    truncation's mass.
    """

    def log_normalizer(precision: np.ndarray, shift: np.ndarray) -> np.ndarray:
        return shift**2 / precision / 2 - np.log(precision) / 2

    cavity_tau, cavity_nu = 1 / variance - tau, mean / variance - nu
    log_probability = log_ndtr(cavity_nu / np.sqrt(cavity_tau))
    log_scales = log_probability + log_normalizer(cavity_tau, cavity_nu) - log_normalizer(1 / variance, mean / variance)
    return float(log_scales.sum() - log_determinant + nu @ mean / 2)


def fit_ep(
    kernel: np.ndarray, labels: np.ndarray, *, tolerance: float = 1e-8, damping: float = 0.9, max_sweeps: int = 1000
) -> tuple[Gaussian, dict[str, float]]:
    """`expectation_propagation` as the configuration asks for it."""
    result = expectation_propagation(kernel, labels, tolerance=tolerance, damping=damping, max_sweeps=max_sweeps)
    if result.predictive is None:
        raise ValueError("the kernel must cover E beside S: it has a row for each label and no other")
    return result.predictive, {"log_evidence": result.log_evidence, "sweeps": result.sweeps}
