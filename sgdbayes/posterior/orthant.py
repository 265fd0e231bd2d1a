"""Orthant probabilities P(sign z = labels) of a Gaussian z, in log space, with standard errors.

Separation of variables (Genz, "Numerical computation of multivariate normal probabilities", J. Comput. Graph. Stat. 1,
1992) with the variables ordered by increasing conditional probability (Gibson, Glasbey and Elston, 1994; Genz and
Bretz, "Computation of Multivariate Normal and t Probabilities", 2009, section 4.1.3) and drawn from Gaussians shifted
by minimax tilting (Botev, "The normal law under linear restrictions", J. R. Stat. Soc. B 79, 2017), integrated over
independently scrambled Sobol points. The scatter of the scramblings gives the standard error.
"""

from collections.abc import Sequence
from math import sqrt

import llvmlite.binding
import numpy as np
from numba import njit, prange, types
from numba.extending import get_cython_function_address

from sgdbayes.checks import check_labels
from sgdbayes.posterior._checks import check_kernel, lower_cholesky
from sgdbayes.statistics import student_factor

__all__ = ["log_orthant_probability", "log_orthant_weights"]

_SCRAMBLINGS = 16
_FIRST_POINTS = 64
_TOGETHER = 512
# Any tilt leaves the estimate unbiased: these only say when looking for a better one stops.
_NEWTON_STEPS, _SADDLE = 50, 1e-8
# A 95 % interval from 16 scramblings needs Student's quantile; scaled by this, 1.96 standard errors are that interval.
_STUDENT = student_factor(_SCRAMBLINGS)


def _scipy_special(name: str) -> types.ExternalFunction:
    """A function of scipy.special that compiled code calls by name: a pointer would keep numba from caching that code
    on disk.
    """
    symbol = f"scipy_special_{name}"
    llvmlite.binding.add_symbol(symbol, get_cython_function_address("scipy.special.cython_special", name))
    return types.ExternalFunction(symbol, types.float64(types.float64))


_log_ndtr = _scipy_special("__pyx_fuse_1log_ndtr")
_ndtr = _scipy_special("__pyx_fuse_1ndtr")
_ndtri = _scipy_special("ndtri")
_ndtri_exp = _scipy_special("ndtri_exp")


def log_orthant_probability(
    mean: np.ndarray,
    covariance: np.ndarray,
    labels: np.ndarray,
    *,
    seed: int,
    relative_error: float = 0.01,
    max_points: int = 2**14,
) -> tuple[np.ndarray, np.ndarray]:
    """Natural log of P(sign z = labels), z ~ N(mean, covariance), and its standard error, for one or many functions.

    ``mean`` (m,), ``covariance`` (m, m), ``labels`` (m,) or (F, m) -> two arrays of shape () or (F,). Points are
    doubled until the standard error is at most ``relative_error`` or ``max_points`` are used up: look at the standard
    error. Equal functions get equal numbers, whatever stands beside them. Raises ValueError for malformed input,
    numpy.linalg.LinAlgError if the covariance is not positive definite.

    >>> log_p, error = sb.log_orthant_probability(np.zeros(3), np.eye(3), [[1, 1, -1], [1, 1, 1]], seed=0)
    >>> np.exp(log_p).round(3)
    array([0.125, 0.125])
    """
    mean, covariance, labels = _checked(mean, covariance, labels)
    if mean.ndim != 1:
        raise ValueError(f"mean must have one dimension, got shape {mean.shape}")
    scale = np.sqrt(np.diag(covariance))
    points_each = max(_FIRST_POINTS, max_points // _SCRAMBLINGS)
    points = _points(len(mean), points_each, seed)
    result = _orthants(
        np.atleast_2d(labels),
        mean / scale,
        covariance / np.outer(scale, scale),
        points,
        _FIRST_POINTS,
        relative_error,
        _STUDENT,
    )
    if not np.isfinite(result).all():
        raise FloatingPointError("an orthant probability is not finite: the covariance is too close to singular")
    log_probability, standard_error = result.T
    return log_probability.reshape(labels.shape[:-1]), standard_error.reshape(labels.shape[:-1])


def log_orthant_weights(
    means: np.ndarray, covariance: np.ndarray, labels: np.ndarray, *, seed: int | Sequence[int]
) -> np.ndarray:
    """Natural log of one unbiased estimate of P(sign z = labels), z ~ N(mean, covariance), for each of many means.

    ``means`` (S, m), ``covariance`` (m, m), ``labels`` (F, m) -> (F, S), the same random point of a mean for every
    function. Raises as `log_orthant_probability` does.
    """
    means, covariance, labels = _checked(means, covariance, labels)
    if means.ndim != 2 or len(means) == 0 or labels.ndim != 2:
        raise ValueError(f"means and labels must have two dimensions, got shapes {means.shape} and {labels.shape}")
    scale = np.sqrt(np.diag(covariance))
    tiny = np.finfo(np.float64).tiny
    points = np.random.default_rng(seed).random((means.shape[1], len(means))).clip(min=tiny)
    return _weights_of_means(labels, (means / scale).T.copy(), covariance / np.outer(scale, scale), points)


def _checked(mean, covariance, labels) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    labels = np.asarray(labels)
    labels = check_labels(labels, dimensions=2 if labels.ndim == 2 else 1)
    covariance = check_kernel(covariance, name="covariance")
    mean = np.asarray(mean, dtype=np.float64)
    if mean.shape[-1:] != labels.shape[-1:] or len(covariance) != labels.shape[-1]:
        raise ValueError(
            f"mean, covariance and labels must agree, got shapes {mean.shape}, {covariance.shape} and {labels.shape}"
        )
    if not np.isfinite(mean).all():
        raise ValueError("mean must be finite")
    lower_cholesky(covariance, name="covariance")
    return mean, covariance, labels


def _points(dimension: int, number: int, seed: int) -> np.ndarray:
    """Sobol points (scrambling, dimension, number) inside (0, 1)."""
    # A second to import: only who asks pays for it.
    from scipy.stats import qmc

    rng = np.random.default_rng(seed)
    scrambled = [qmc.Sobol(max(dimension - 1, 1), rng=child).random(number).T for child in rng.spawn(_SCRAMBLINGS)]
    tiny = np.finfo(np.float64).tiny
    return np.ascontiguousarray(np.clip(scrambled, tiny, 1 - 2.0**-53))


@njit(parallel=True, cache=True)
def _orthants(labels, mean, covariance, points, first_points, relative_error, student):
    result = np.empty((len(labels), 2))
    for function in prange(len(labels)):
        sign = labels[function]
        order, factor = _ordered_factor(sign * mean, covariance * np.outer(sign, sign))
        shift = (sign * mean)[order]
        tilt = _minimax_tilt(shift, factor)
        result[function] = _integrate(shift.reshape(-1, 1), factor, tilt, points, first_points, relative_error, student)
    return result


@njit(parallel=True, cache=True)
def _weights_of_means(labels, means, covariance, points):
    number = means.shape[1]
    result = np.empty((len(labels), number))
    for function in prange(len(labels)):
        sign = labels[function]
        average = np.array([row.mean() for row in means])
        order, factor = _ordered_factor(sign * average, covariance * np.outer(sign, sign))
        # One tilt for all means, so not the best for each: it costs nothing in bias.
        tilt = _minimax_tilt((sign * average)[order], factor)
        for start in range(0, number, _TOGETHER):
            stop = min(start + _TOGETHER, number)
            shift = np.empty((len(order), stop - start))
            for j in range(len(order)):
                shift[j] = sign[order[j]] * means[order[j], start:stop]
            result[function, start:stop] = _log_weights(shift, factor, tilt, points[:, start:stop])
    return result


@njit(cache=True)
def _ordered_factor(mean, covariance):
    """Order of the variables and the lower Cholesky factor of their covariance in that order.

    At each step comes the variable least likely to be positive, given those before it at their conditional means.
    """
    dimension = len(mean)
    order = np.arange(dimension)
    factor = np.zeros((dimension, dimension))
    expected = np.zeros(dimension)
    variance = np.diag(covariance).copy()
    conditional = mean.copy()
    for j in range(dimension):
        least = j
        for i in range(j + 1, dimension):
            if conditional[i] / sqrt(variance[i]) < conditional[least] / sqrt(variance[least]):
                least = i
        if least != j:
            _swap(order, j, least)
            _swap(variance, j, least)
            _swap(conditional, j, least)
            for k in range(j):
                factor[j, k], factor[least, k] = factor[least, k], factor[j, k]
            for k in range(dimension):
                covariance[j, k], covariance[least, k] = covariance[least, k], covariance[j, k]
            for k in range(dimension):
                covariance[k, j], covariance[k, least] = covariance[k, least], covariance[k, j]
        pivot = sqrt(variance[j])
        factor[j, j] = pivot
        x = conditional[j] / pivot
        # Mean of a standard normal above -x.
        expected[j] = np.exp(-x * x / 2 - 0.9189385332046727 - _log_ndtr(x))
        for i in range(j + 1, dimension):
            entry = covariance[i, j]
            for k in range(j):
                entry -= factor[i, k] * factor[j, k]
            entry /= pivot
            factor[i, j] = entry
            variance[i] -= entry * entry
            conditional[i] += entry * expected[j]
    return order, factor


@njit(cache=True)
def _minimax_tilt(shift, factor):
    """Means of the draws at the saddle point of Botev's equation 11.

    With D the diagonal of the factor, M = D^-1 factor factor' D^-1 and h the inverse Mills ratio, that is h(t) at the
    root of t + shift / D + (M - 1) h(t) = 0, the minimum of a convex function of h: damped Newton steps find it.
    """
    dimension = len(shift)
    scaled = factor.copy()
    for j in range(dimension):
        scaled[j] /= factor[j, j]
    offset = shift / np.diag(factor)
    coupling = scaled @ scaled.T - np.eye(dimension)
    t = np.zeros(dimension)
    hazard, value = _tilt_objective(t, offset, coupling)
    for _ in range(_NEWTON_STEPS):
        residual = t + offset + coupling @ hazard
        if np.abs(residual).max() < _SADDLE:
            break
        jacobian = coupling * (hazard * (hazard - t))
        for j in range(dimension):
            jacobian[j, j] += 1.0
        step = np.linalg.solve(jacobian, residual)
        length = 1.0
        while length > 1e-6:
            trial, lower = _tilt_objective(t - length * step, offset, coupling)
            if lower <= value:
                break
            length /= 2
        else:
            break
        t, hazard, value = t - length * step, trial, lower
    return (scaled - np.eye(dimension)).T @ hazard


@njit(cache=True)
def _tilt_objective(t, offset, coupling):
    """Inverse Mills ratio at ``t``, and the convex function whose gradient in it is t + offset + coupling @ it."""
    hazard, value = np.empty(len(t)), 0.0
    for j in range(len(t)):
        log_tail = _log_ndtr(-t[j])
        hazard[j] = np.exp(-t[j] * t[j] / 2 - 0.9189385332046727 - log_tail)
        value += t[j] * hazard[j] + log_tail
    return hazard, value + (hazard @ (coupling @ hazard)) / 2 + hazard @ offset


@njit(cache=True)
def _swap(vector, i, j):
    vector[i], vector[j] = vector[j], vector[i]


@njit(cache=True)
def _integrate(shift, factor, tilt, points, first_points, relative_error, student):
    scramblings, _, available = points.shape
    largest = np.full(scramblings, -np.inf)
    total = np.zeros(scramblings)
    start, stop = 0, first_points
    while True:
        for scrambling in range(scramblings):
            weights = _log_weights(shift, factor, tilt, points[scrambling, :, start:stop])
            top = max(largest[scrambling], weights.max())
            total[scrambling] = total[scrambling] * np.exp(largest[scrambling] - top) + np.exp(weights - top).sum()
            largest[scrambling] = top
        top = largest.max()
        estimates = total * np.exp(largest - top) / stop
        average = estimates.mean()
        deviation = sqrt(((estimates - average) ** 2).sum() / (scramblings - 1) / scramblings)
        error = student * deviation / average
        if error <= relative_error or 2 * stop > available:
            return np.array([np.log(average) + top, error])
        start, stop = stop, 2 * stop


@njit(cache=True)
def _log_weights(shift, factor, tilt, points):
    """Log of the product of conditional probabilities at each point, over the density of the tilted draws to that of a
    standard normal, the variables drawn one after the other.

    ``shift`` (m, 1) or, a mean for each point, (m, number); ``tilt`` (m,): means of the draws, the last 0.
    """
    dimension, number = len(shift), points.shape[1]
    drawn = np.empty((dimension, number))
    log_weights, products, centre = np.zeros(number), np.ones(number), np.empty(number)
    for j in range(dimension):
        centre[:] = shift[j]
        for k in range(j):
            _add_multiple(centre, factor[j, k], drawn[k])
        pivot, tilted = factor[j, j], tilt[j]
        for i in range(number):
            x = centre[i] / pivot + tilted
            if x > -5.0:
                probability = _ndtr(x)
                products[i] *= probability
                if j + 1 < dimension:
                    drawn[j, i] = tilted - _ndtri(points[j, i] * probability)
                # Logarithms are dear: one for many factors.
                if products[i] < 1e-250:
                    log_weights[i] += np.log(products[i])
                    products[i] = 1.0
            else:
                log_probability = _log_ndtr(x)
                log_weights[i] += log_probability
                if j + 1 < dimension:
                    drawn[j, i] = tilted - _ndtri_exp(np.log(points[j, i]) + log_probability)
        if tilted != 0.0:
            _add_multiple(log_weights, -tilted, drawn[j])
            log_weights += tilted * tilted / 2
    return log_weights + np.log(products)


@njit(cache=True, fastmath={"contract"})
def _add_multiple(total, coefficient, vector):
    for i in range(len(total)):
        total[i] += coefficient * vector[i]
