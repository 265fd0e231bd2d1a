"""Trajectories z(t) = x cos t + v sin t between walls z_i = 0, every z_i positive, from t = 0 to pi / 2.

Pakman and Paninski, "Exact Hamiltonian Monte Carlo for truncated multivariate Gaussians", J. Comput. Graph. Stat. 23,
2014, with the covariance K as inverse mass matrix: at the wall of z_w the velocity v becomes v - 2 (v_w / K_ww) K_w.
Position and velocity are turned along with the time, so the next wall is always the largest -v_i / x_i, reached
after arctan(1 / that): no arctangent per element. One pass over the vectors per bounce turns them, kicks the velocity
and finds the next wall. In numba, a chain per thread; `sgdbayes.posterior._walls_batched` does it on a GPU.
"""

from math import atan2, cos, pi, sin

import numpy as np
from numba import njit, prange

__all__ = ["follow"]

_BLOCK = 128
_TINY = np.finfo(np.float64).tiny


@njit(parallel=True, cache=True)
def follow(positions, velocities, covariance, limit, samples):
    """Follow one trajectory after the other in each chain.

    ``positions`` (chains, n) are moved, ``velocities`` (chains, steps, n) used up, ``samples`` (chains, steps, n)
    filled in. -> bounces (chains, steps), above ``limit`` where a trajectory was given up.
    """
    chains, steps, _ = velocities.shape
    bounces = np.zeros((chains, steps), np.int64)
    for chain in prange(chains):
        for step in range(steps):
            bounces[chain, step] = _follow_one(positions[chain], velocities[chain, step], covariance, limit)
            samples[chain, step] = positions[chain]
    return bounces


@njit(cache=True)
def _follow_one(x, v, covariance, limit):
    left, bounces = pi / 2, 0
    steepest, wall = _turn(x, v, covariance[0], 1.0, 0.0, 0.0)
    while bounces <= limit:
        # Nothing falls: no wall within half a period.
        wait = atan2(1.0, steepest) if wall >= 0 else pi
        if wait >= left:
            break
        left -= wait
        cosine, sine = cos(wait), sin(wait)
        kick = -2.0 * (v[wall] * cosine - x[wall] * sine) / covariance[wall, wall]
        steepest, wall = _turn(x, v, covariance[wall], cosine, sine, kick)
        bounces += 1
    _turn(x, v, covariance[0], cos(left), sin(left), 0.0)
    return bounces


# Fused multiplications and blind eyes for the sign of zero; inputs are finite, outputs are checked.
@njit(cache=True, error_model="numpy", fastmath={"nnan", "nsz", "contract"})
def _turn(x, v, row, cosine, sine, kick):
    """Turn (x, v), kick v along ``row``; -> the steepest fall -v_i / x_i and who falls so, -1 if none."""
    steepest, wall = 0.0, -1
    for start in range(0, len(x), _BLOCK):
        # Slices: their loop has no index to check, so it runs in vector registers.
        xs, vs, rows = x[start : start + _BLOCK], v[start : start + _BLOCK], row[start : start + _BLOCK]
        steeper = 0
        for i in range(len(xs)):
            position = xs[i] * cosine + vs[i] * sine
            velocity = vs[i] * cosine - xs[i] * sine + kick * rows[i]
            xs[i], vs[i] = position, velocity
            if -velocity > steepest * position:
                steeper += 1
        if steeper > 0:
            for i in range(len(xs)):
                if vs[i] < 0.0 and -vs[i] > steepest * xs[i]:
                    steepest, wall = -vs[i] / max(xs[i], _TINY), start + i
    return steepest, wall
