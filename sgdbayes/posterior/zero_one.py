"""Exact samples of the 0-1 posterior on S: z_S ~ N(0, K) given sign z_S = y_S.

Hamiltonian Monte Carlo for truncated Gaussians (Pakman and Paninski, "Exact Hamiltonian Monte Carlo for truncated
multivariate Gaussians", J. Comput. Graph. Stat. 23, 2014) with K as inverse mass matrix: z(t) = a cos t + b sin t, velocity
drawn from N(0, K), followed to t = pi / 2. At a wall z_j = 0 the velocity v becomes v - 2 (v_j / K_jj) K[:, j]. Every
proposal is accepted, so the only error is that of a Markov chain.
"""

from math import atan2, cos, pi, sin

import numpy as np
from numba import njit
from scipy.linalg import cho_factor, cho_solve

from sgdbayes.posterior._checks import check_kernel, check_labels, lower_cholesky

__all__ = ["sample_zero_one"]

# Share of a prior standard deviation by which rounding may carry an output past its wall.
_ROUNDING = 1e-8
_RIDGE = 1e-4


def sample_zero_one(
    kernel: np.ndarray, labels: np.ndarray, num_samples: int, *, seed: int, warm_up: int = 50
) -> np.ndarray:
    """Draws (num_samples, n) of z_S given sign z_S = labels, one chain, after ``warm_up`` trajectories that are dropped.

    ``kernel`` (n, n) on S, ``labels`` (n,). Raises ValueError for malformed input or no samples, numpy.linalg.LinAlgError
    if the kernel is not positive definite, RuntimeError if no feasible start is found or a trajectory crosses a wall.
    """
    kernel, labels = check_kernel(kernel), check_labels(labels)
    if len(kernel) != len(labels):
        raise ValueError(f"kernel and labels must agree, got shapes {kernel.shape} and {labels.shape}")
    if num_samples < 1:
        raise ValueError(f"num_samples must be at least 1, got {num_samples}")
    lower_cholesky(kernel)
    # In units of prior standard deviations, and with the signs folded in, every wall is z_j = 0 and every z_j positive.
    scale = np.sqrt(np.diag(kernel))
    folded = np.ascontiguousarray(kernel * np.outer(labels / scale, labels / scale))
    factor = lower_cholesky(folded)
    position = _feasible_start(folded)
    rng = np.random.default_rng(seed)
    samples = np.empty((num_samples, len(labels)))
    for step in range(-warm_up, num_samples):
        _follow(position, factor @ rng.standard_normal(len(labels)), folded)
        if not position.min() > -_ROUNDING:
            raise RuntimeError(f"a trajectory crossed a wall by {-position.min():.3g} prior standard deviations")
        if step >= 0:
            # What rounding left on the wall goes to its right side.
            samples[step] = np.maximum(position, np.finfo(np.float64).tiny)
    return samples * (labels * scale)


def _feasible_start(folded: np.ndarray) -> np.ndarray:
    """Gaussian-process regression on the labels: with little noise it fits them all."""
    ones = np.ones(len(folded))
    start = folded @ cho_solve(cho_factor(folded + _RIDGE * np.eye(len(folded)), lower=True), ones)
    if not start.min() > 0:
        raise RuntimeError("no start that fits all labels was found: the kernel on S is too close to singular")
    return start


@njit(cache=True, error_model="numpy")
def _follow(a, b, folded):  # noqa: ANN001, ANN202
    """Follow z(t) = a cos t + b sin t off the walls from t = 0 to pi / 2; ``a`` ends as the position, ``b`` is used up."""
    now = 0.0
    while True:
        cosine, sine = cos(now), sin(now)
        steepest, wall = 0.0, -1
        for i in range(len(a)):
            velocity = b[i] * cosine - a[i] * sine
            # Only what falls can hit its wall within half a period; what has just bounced rises.
            if velocity < 0.0:
                descent = -velocity / max(a[i] * cosine + b[i] * sine, 0.0)
                if descent > steepest:
                    steepest, wall = descent, i
        if wall < 0:
            break
        now += atan2(1.0, steepest)
        if now >= pi / 2:
            break
        cosine, sine = cos(now), sin(now)
        kick = -2.0 * (b[wall] * cosine - a[wall] * sine) / folded[wall, wall]
        for i in range(len(a)):
            a[i] -= sine * kick * folded[wall, i]
            b[i] += cosine * kick * folded[wall, i]
    # cos(pi / 2) = 0: the position at the end is b.
    a[:] = b
