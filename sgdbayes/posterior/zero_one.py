"""Exact samples of the 0-1 posterior on S: z_S ~ N(0, K) given sign z_S = y_S.

Hamiltonian Monte Carlo for truncated Gaussians (Pakman and Paninski, J. Comput. Graph. Stat. 23, 2014) in the metric of
the kernel: velocities drawn from N(0, K), followed off the walls to t = pi / 2. Every proposal is accepted, so the only
error is that of a Markov chain, and the diagnostics are those of a chain: rank-normalised R-hat and effective sample
size (Vehtari, Gelman, Simpson, Carpenter and Buerkner, Bayesian Analysis 16, 2021), computed by arviz-stats.

A GPU moves all chains at once but bounce after bounce: it is worth asking for with dozens of chains at a large |S|
(results/gpu/speeds.csv).
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_solve, solve_triangular
from scipy.linalg.blas import dtrmm

from sgdbayes.checks import check_whole
from sgdbayes.device import check_device, resolve_device
from sgdbayes.posterior._checks import check_on_s, check_on_s_and_e, lower_cholesky
from sgdbayes.posterior._walls import follow
from sgdbayes.posterior.mixture import FEWEST_DRAWS, GaussianMixture

__all__ = [
    "ZeroOneChains",
    "chain_diagnostics",
    "check_agreement",
    "check_chains",
    "check_zero_one",
    "fit_zero_one",
    "fold",
    "sample_zero_one",
    "trajectories",
    "zero_one_chains",
    "zero_one_predictive",
]

# Share of a prior standard deviation by which rounding may carry an output past its wall.
_ROUNDING = 1e-8
_NOISES = (1e-4, 1e-6, 1e-8, 1e-10)
_CHAINS = 4
# Velocities are drawn for so many trajectories at once: a matrix product is cheaper than many with vectors.
_TOGETHER = 32
# MNIST takes fewer than n a trajectory; a corner of a nearly singular kernel, as many as its angle goes into pi.
_BOUNCES = 1_000_000
_WATCHED = 200
# Largest R-hat of chains taken to agree; Vehtari et al. 2021 ask for 1.01 of long chains.
_R_HAT = 1.05


@dataclass(frozen=True)
class ZeroOneChains:
    """Draws and how far they can be trusted.

    ``draws`` (chains, num, n) of z_S. ``bounces`` (chains, num): off walls, for each draw. ``watched`` (k,): the
    outputs, at most 200 spread evenly over S, on which the chains were judged: ``r_hat``, ``effective_sample_size`` of
    their mean and ``autocorrelation_time``, how many draws are worth one independent draw, all (k,).
    """

    draws: np.ndarray
    bounces: np.ndarray
    watched: np.ndarray
    r_hat: np.ndarray
    effective_sample_size: np.ndarray
    autocorrelation_time: np.ndarray


def sample_zero_one(
    kernel: np.ndarray, labels: np.ndarray, num_samples: int, *, seed: int, warm_up: int = 20, device: str = "cpu"
) -> np.ndarray:
    """Draws (num_samples, n) of z_S given sign z_S = labels, taken in turn from four chains.

    `zero_one_chains` says how good they are. ``kernel`` (n, n) on S, ``labels`` (n,). Raises as `zero_one_chains` does.

    >>> kernel = sb.FullyConnected().kernel(np.random.default_rng(0).normal(size=(20, 5)))
    >>> sb.sample_zero_one(kernel, np.arange(20) < 10, 100, seed=0).shape
    (100, 20)
    """
    if num_samples < 1:
        raise ValueError(f"num_samples must be at least 1, got {num_samples}")
    each = -(-num_samples // _CHAINS)
    draws, _ = _run(kernel, labels, each, _CHAINS, seed, warm_up, device)
    return draws.swapaxes(0, 1).reshape(each * _CHAINS, -1)[:num_samples]


def zero_one_chains(
    kernel: np.ndarray,
    labels: np.ndarray,
    num_samples: int,
    *,
    seed: int,
    chains: int = _CHAINS,
    warm_up: int = 20,
    device: str = "cpu",
) -> ZeroOneChains:
    """``num_samples`` draws of z_S given sign z_S = labels from each of ``chains`` chains, with their diagnostics.

    ``kernel`` (n, n) on S, ``labels`` (n,). The chains start apart, at different functions that fit S on scales from a
    tenth to ten prior standard deviations; ``warm_up`` trajectories of each are dropped. A chain's random numbers come
    from ``seed`` and its index: more draws extend it. Raises ValueError for malformed input, fewer than 4 draws or 2
    chains, numpy.linalg.LinAlgError if the kernel is not positive definite, RuntimeError if no feasible start is found,
    a trajectory crosses a wall or does not end.

    >>> kernel = sb.FullyConnected().kernel(np.random.default_rng(0).normal(size=(20, 5)))
    >>> sb.zero_one_chains(kernel, np.arange(20) < 10, 100, seed=0).draws.shape
    (4, 100, 20)
    """
    check_chains(num_samples, chains=chains, warm_up=warm_up)
    draws, bounces = _run(kernel, labels, num_samples, chains, seed, warm_up, device)
    size = draws.shape[2]
    watched = np.unique(np.linspace(0, size - 1, min(size, _WATCHED)).astype(int))
    r_hat, effective = chain_diagnostics(draws[:, :, watched])
    return ZeroOneChains(draws, bounces, watched, r_hat, effective, chains * num_samples / effective)


def check_chains(num_samples: int, *, chains: int = _CHAINS, warm_up: int = 20) -> None:
    """Raise ValueError unless `zero_one_chains` runs with these options."""
    check_whole(least=0, num_samples=num_samples, chains=chains)
    if num_samples < 4 or chains < 2:
        raise ValueError(
            f"diagnostics take at least 4 samples of each of 2 chains, got num_samples={num_samples}, chains={chains}"
        )
    if warm_up < 0:
        raise ValueError(f"warm_up must not be negative, got {warm_up}")


def zero_one_predictive(
    kernel: np.ndarray,
    labels: np.ndarray,
    num_samples: int,
    *,
    seed: int,
    chains: int = _CHAINS,
    warm_up: int = 20,
    device: str = "cpu",
) -> tuple[GaussianMixture, dict[str, float]]:
    """The exact 0-1 posterior on E, a Gaussian for each draw of z_S, and the diagnostics of the chains at their worst.

    ``kernel`` (n + m, n + m) over S then E, m >= 1; ``labels`` (n,) of S; the rest as in `zero_one_chains`. Raises
    as that does, and RuntimeError if the chains disagree.

    >>> kernel = sb.FullyConnected().kernel(np.random.default_rng(0).normal(size=(30, 5)))
    >>> posterior, diagnostics = sb.zero_one_predictive(kernel, np.arange(20) < 10, 200, seed=0)
    >>> posterior.means.shape, diagnostics["r_hat"] < 1.1
    ((4, 200, 10), True)
    """
    kernel, labels = check_on_s_and_e(kernel, labels)
    trained = len(labels)
    on_s = kernel[:trained, :trained]
    run = zero_one_chains(on_s, labels, num_samples, seed=seed, chains=chains, warm_up=warm_up, device=device)
    factor = lower_cholesky(on_s, name="kernel on S")
    half = solve_triangular(factor, kernel[:trained, trained:], lower=True, check_finite=False)
    covariance = kernel[trained:, trained:] - half.T @ half
    means = run.draws @ solve_triangular(factor, half, lower=True, trans=1, check_finite=False)
    # An output that has nothing to do with S does not move, and has no diagnostics.
    moving = np.ptp(means, axis=(0, 1)) > 0
    r_hat, effective = (
        chain_diagnostics(means[:, :, moving]) if moving.any() else (run.r_hat, run.effective_sample_size)
    )
    diagnostics = {
        "r_hat": float(max(r_hat.max(), run.r_hat.max())),
        "effective_sample_size": float(min(effective.min(), run.effective_sample_size.min())),
        "autocorrelation_time": float(max(means[:, :, 0].size / effective.min(), run.autocorrelation_time.max())),
        "bounces": float(run.bounces.mean()),
    }
    check_agreement(diagnostics["r_hat"])
    return GaussianMixture(means, (covariance + covariance.T) / 2), diagnostics


def check_agreement(r_hat: np.ndarray | float, *, remedy: str = "give them more samples or warm_up") -> None:
    """Raise RuntimeError, with the ``remedy``, if any R-hat says that chains remember where they started."""
    if not np.max(r_hat) <= _R_HAT:
        raise RuntimeError(f"the chains of the 0-1 posterior disagree (R-hat {np.max(r_hat):.3f}): {remedy}")


def chain_diagnostics(draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rank-normalised R-hat and effective sample size of the mean, each (k,), of ``draws`` (chains, num, k)."""
    # A second to import: only who asks pays for it.
    from arviz_stats.base import array_stats

    axes = {"chain_axis": 0, "draw_axis": 1}
    return array_stats.rhat(draws, **axes), array_stats.ess(draws, method="mean", **axes)


def _run(kernel, labels, number, chains, seed, warm_up, device) -> tuple[np.ndarray, np.ndarray]:  # noqa: ANN001
    kernel, labels = check_on_s(kernel, labels)
    if warm_up < 0:
        raise ValueError(f"warm_up must not be negative, got {warm_up}")
    scale, folded = fold(kernel, labels)
    factor = lower_cholesky(folded)
    streams = np.random.default_rng(seed).spawn(chains)
    positions = _feasible_starts(folded, streams)
    draws, bounces = trajectories(folded, factor, positions, streams, number, warm_up=warm_up, device=device)
    return draws * scale, bounces


def fold(kernel: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The signed prior standard deviations (n,) that take ``kernel`` to units in which every wall is z_j = 0 and every
    z_j positive, and the kernel (n, n) in those units.
    """
    variance = np.diag(kernel)
    if not (variance > 0).all():
        raise np.linalg.LinAlgError(f"kernel is not positive definite: its diagonal goes down to {variance.min():.3g}")
    scale = labels * np.sqrt(variance)
    folded = kernel / scale
    folded /= scale[:, None]
    return scale, folded


def trajectories(
    folded: np.ndarray,
    factor: np.ndarray,
    positions: np.ndarray,
    streams: list[np.random.Generator],
    number: int,
    *,
    warm_up: int,
    device: str = "cpu",
) -> tuple[np.ndarray, np.ndarray]:
    """Ends (chains, number, n) of as many trajectories of each chain, and their bounces (chains, number), after
    ``warm_up`` that are dropped.

    ``folded`` and ``factor`` (n, n): the kernel in the units of `fold` and its Cholesky factor; ``positions`` (chains,
    n), feasible, are moved; a chain draws its velocities from its own of the ``streams``.
    """
    (chains, size), device = positions.shape, resolve_device(device)
    move = _mover(folded, device)
    together = max(1, _TOGETHER // chains)
    draws, bounces = np.empty((chains, number, size)), np.empty((chains, number), dtype=np.int64)
    for start in range(-warm_up, number, together):
        normal = np.concatenate([stream.standard_normal((together, size)) for stream in streams])
        velocities = dtrmm(1.0, factor, normal.T, lower=1).T.reshape(chains, together, size)
        # Cut short only now: a longer run has the same first draws.
        steps = min(together, number - start)
        samples, hits = move(positions, np.ascontiguousarray(velocities[:, :steps]))
        if hits.max() > _BOUNCES:
            raise RuntimeError(
                f"a trajectory did not end within {_BOUNCES:,} bounces: the kernel is too close to singular"
            )
        if not samples.min() > -_ROUNDING:
            raise RuntimeError(f"a trajectory crossed a wall by {-samples.min():.3g} prior standard deviations")
        kept = slice(max(0, -start), steps)
        into = slice(max(0, start), max(0, start + steps))
        # What rounding left on the wall goes to its right side.
        draws[:, into] = np.maximum(samples[:, kept], np.finfo(np.float64).tiny)
        bounces[:, into] = hits[:, kept]
    return draws, bounces


def _feasible_starts(folded: np.ndarray, streams: list[np.random.Generator]) -> np.ndarray:
    """Start of each chain (chains, n): Gaussian-process regression on positive targets drawn at random, with as much
    noise as leaves it positive.
    """
    targets = np.array([stream.uniform(0.5, 1.5, len(folded)) for stream in streams])
    for noise in _NOISES:
        noisy = folded.copy()
        np.fill_diagonal(noisy, noisy.diagonal() + noise)
        # K (K + noise)^-1 u, written so that K is not multiplied.
        starts = targets - noise * cho_solve((lower_cholesky(noisy), True), targets.T, check_finite=False).T
        if starts.min() > 0:
            # Positive multiples fit S as well.
            return starts * np.geomspace(0.1, 10, len(starts))[:, None]
    raise RuntimeError("no start that fits all labels was found: the kernel on S is too close to singular")


def _mover(folded: np.ndarray, device: str):  # noqa: ANN202
    if device != "cpu":
        # Seconds to import torch: only who has a GPU pays for it.
        from sgdbayes.posterior._walls_batched import batched_mover

        return batched_mover(folded, device, _BOUNCES)

    def move(positions: np.ndarray, velocities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        samples = np.empty_like(velocities)
        return samples, follow(positions, velocities, folded, _BOUNCES, samples)

    return move


def fit_zero_one(
    kernel: np.ndarray,
    labels: np.ndarray,
    *,
    samples: int = 2000,
    chains: int = 4,
    warm_up: int = 20,
    seed: int = 0,
    device: str = "cpu",
) -> tuple[GaussianMixture, dict[str, float]]:
    """`zero_one_predictive` as the configuration asks for it."""
    return zero_one_predictive(kernel, labels, samples, chains=chains, warm_up=warm_up, seed=seed, device=device)


def check_zero_one(_architecture: object, *, samples: int, chains: int, warm_up: int, device: str) -> None:
    """Raise ValueError unless `fit_zero_one` runs with these options; no GPU need be there to plan."""
    check_chains(samples, chains=chains, warm_up=warm_up)
    if samples * (chains // 2) < FEWEST_DRAWS:
        # Functions are drawn from half of the chains, their probabilities are those under the others.
        raise ValueError(
            f"half of the chains must give at least {FEWEST_DRAWS} draws, got samples={samples}, chains={chains}"
        )
    check_device(device)
