"""The exact evidence of the 0-1 likelihood, P(sign z_S = y_S), along growing training sets.

Chain rule: P(y_1 ... y_n) is the product over blocks of P(block | labels before it), each the mean over draws of the
0-1 posterior before the block of an orthant probability, as for any function (`GaussianMixture`). The chains of one
block, lengthened by a draw of the block's outputs, start those of the next.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.linalg import solve_triangular
from scipy.special import log_ndtr, ndtri_exp

from sgdbayes.posterior._checks import check_on_s, lower_cholesky
from sgdbayes.posterior.mixture import GaussianMixture
from sgdbayes.posterior.zero_one import fold, trajectories

__all__ = ["EvidencePath", "zero_one_evidence"]

_CHAINS = 4


@dataclass(frozen=True)
class EvidencePath:
    """``log_evidence`` (k,): natural log of P(sign z = labels) of the first ``sizes`` (k,) training points, with
    ``standard_error`` (k,). ``draws`` (k,): how many posterior draws carry the last block before each size.
    """

    sizes: np.ndarray
    log_evidence: np.ndarray
    standard_error: np.ndarray
    draws: np.ndarray


def zero_one_evidence(
    kernel: np.ndarray,
    labels: np.ndarray,
    num_samples: int,
    *,
    seed: int,
    through: Iterable[int] = (),
    block: int = 20,
    warm_up: int = 8,
    device: str = "cpu",
    progress: Callable[[int, float, float], None] = lambda size, log_evidence, error: None,
) -> EvidencePath:
    """The evidence of the first 1, 1 + block, 1 + 2 block ... n training points, and of as many as ``through`` names.

    ``kernel`` (n, n) on S, ``labels`` (n,); ``num_samples`` draws, at least 32, before each block. ``progress`` is
    called with each size, its log evidence and standard error. Errors of different blocks are taken as independent:
    chains forget their start within ``warm_up`` trajectories. Raises as `zero_one_chains` does.

    >>> kernel = sb.FullyConnected().kernel(np.random.default_rng(0).normal(size=(41, 5)))
    >>> sb.zero_one_evidence(kernel, np.arange(41) < 20, 64, seed=0).sizes
    array([ 1, 21, 41])
    """
    kernel, labels = check_on_s(kernel, labels)
    for name, value, least in (("num_samples", num_samples, 32), ("block", block, 1), ("warm_up", warm_up, 0)):
        if value < least:
            raise ValueError(f"{name} must be at least {least}, got {value}")
    through = tuple(through)
    if not all(1 <= size <= len(labels) for size in through):
        raise ValueError(f"through must hold sizes from 1 to {len(labels)}, got {through}")
    _, folded = fold(kernel, labels)
    factor = lower_cholesky(folded)
    streams = np.random.default_rng(seed).spawn(_CHAINS)
    # The sign of one output is even; its size is that of a standard normal.
    positions = np.array([[abs(stream.standard_normal())] for stream in streams])
    sizes, logs, errors, carried = [1], [np.log(0.5)], [0.0], [np.nan]
    each = -(-num_samples // _CHAINS)
    ends = {*range(1, len(labels), block), *through, len(labels)}
    for start, stop in pairwise(sorted(ends)):
        on_start, its_factor = np.ascontiguousarray(folded[:start, :start]), np.asfortranarray(factor[:start, :start])
        draws, _ = trajectories(on_start, its_factor, positions, streams, each, warm_up=warm_up, device=device)
        weights = solve_triangular(its_factor, factor[start:stop, :start].T, lower=True, trans=1, check_finite=False)
        block_factor = factor[start:stop, start:stop]
        mixture = GaussianMixture(draws @ weights, block_factor @ block_factor.T)
        log_p, error, draws_behind = mixture.log_probabilities(np.ones((1, stop - start)), seed=(seed, start))
        sizes.append(stop)
        # The logarithm of an unbiased mean is low by half its variance, and over hundreds of blocks that adds up.
        logs.append(logs[-1] + log_p[0] + error[0] ** 2 / 2)
        errors.append(float(np.hypot(errors[-1], error[0])))
        carried.append(draws_behind[0])
        progress(sizes[-1], logs[-1], errors[-1])
        positions = np.hstack([positions, _lengthened(positions @ weights, block_factor, streams)])
    return EvidencePath(*map(np.array, (sizes, logs, errors, carried)))


def _lengthened(means: np.ndarray, factor: np.ndarray, streams: list[np.random.Generator]) -> np.ndarray:
    """Positive outputs (chains, b) of a block with conditional ``means`` (chains, b) and Cholesky ``factor`` (b, b),
    each drawn given those before it.
    """
    noise, outputs = np.zeros_like(means), np.empty_like(means)
    for j in range(means.shape[1]):
        centre = means[:, j] + noise[:, :j] @ factor[j, :j]
        log_uniform = np.log([1 - stream.random() for stream in streams])
        # Minus a standard normal below centre / factor is one above -centre / factor.
        noise[:, j] = -ndtri_exp(log_uniform + log_ndtr(centre / factor[j, j]))
        outputs[:, j] = np.maximum(centre + factor[j, j] * noise[:, j], np.finfo(np.float64).tiny)
    return outputs
