"""Trajectories z(t) = x cos t + v sin t between walls z_i = 0, every z_i positive, from t = 0 to pi / 2.

Pakman and Paninski, "Exact Hamiltonian Monte Carlo for truncated multivariate Gaussians", J. Comput. Graph. Stat. 23,
2014, with the covariance K as inverse mass matrix: at the wall of z_w the velocity v becomes v - 2 (v_w / K_ww) K[:, w].
Position and velocity are turned along with the time, so the next wall is always the largest -v_i / x_i, reached after
arctan(1 / that): no arctangent per element. One pass over the vectors per bounce turns them, kicks the velocity and
finds the next wall. On the CPU in numba, a chain per thread; on a GPU in torch, all chains at once.
"""

from math import atan2, cos, pi, sin

import numpy as np
import torch
from numba import njit, prange

__all__ = ["follow", "follow_batched"]

_BLOCK = 128
_TINY = np.finfo(np.float64).tiny
# Steps between looks at whether every chain is done, each of which makes the GPU wait.
_LOOK = 32


@njit(parallel=True, cache=True)
def follow(positions, velocities, covariance, limit, samples):  # noqa: ANN001, ANN202
    """Follow one trajectory after the other in each chain.

    ``positions`` (chains, n) are moved, ``velocities`` (chains, steps, n) used up, ``samples`` (chains, steps, n) filled
    in. -> bounces (chains, steps), above ``limit`` where a trajectory was given up.
    """
    chains, steps, _ = velocities.shape
    bounces = np.zeros((chains, steps), np.int64)
    for chain in prange(chains):
        for step in range(steps):
            bounces[chain, step] = _follow_one(positions[chain], velocities[chain, step], covariance, limit)
            samples[chain, step] = positions[chain]
    return bounces


@njit(cache=True)
def _follow_one(x, v, covariance, limit):  # noqa: ANN001, ANN202
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
def _turn(x, v, row, cosine, sine, kick):  # noqa: ANN001, ANN202
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


def follow_batched(
    positions: torch.Tensor, velocities: torch.Tensor, covariance: torch.Tensor, limit: int
) -> torch.Tensor:
    """One trajectory of every chain: ``positions`` and ``velocities`` (chains, n), both moved. -> bounces (chains,),
    above ``limit`` where one was given up.
    """
    left = torch.full_like(positions[:, 0], pi / 2)
    bounces = torch.zeros_like(left, dtype=torch.int64)
    variance = covariance.diagonal()
    while True:
        for _ in range(_LOOK):
            falls = torch.where(velocities < 0, -velocities / positions.clamp(min=_TINY), 0.0)
            steepest, wall = falls.max(dim=1)
            wait = torch.minimum(torch.atan2(torch.ones_like(left), steepest), left)
            left -= wait
            cosine, sine = wait.cos()[:, None], wait.sin()[:, None]
            turned = positions * cosine + velocities * sine
            velocities.mul_(cosine).sub_(positions * sine)
            positions.copy_(turned)
            hit = left > 0
            kick = torch.where(hit, -2 * velocities.gather(1, wall[:, None])[:, 0] / variance[wall], 0.0)
            velocities.add_(kick[:, None] * covariance[wall])
            bounces += hit
        if not bool(((left > 0) & (bounces <= limit)).any()):
            return bounces
