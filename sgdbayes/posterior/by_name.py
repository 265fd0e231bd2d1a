"""Posteriors by the name the configuration calls them.

Each takes the kernel (n + m, n + m) over S then E, the labels (n,) of S, the tangent kernel if it has a parameter of that
name, and options of its own; those of finite networks have a parameter ``architecture`` and take that and the task
instead. Each gives the distribution on E and the figures worth recording about how it was come by.
"""

import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sgdbayes.datasets.task import Task
from sgdbayes.posterior.empirical import EmpiricalPosterior
from sgdbayes.posterior.ep import expectation_propagation
from sgdbayes.posterior.gaussian import Gaussian
from sgdbayes.posterior.mixture import GaussianMixture
from sgdbayes.posterior.ntk import ntk_ensemble
from sgdbayes.posterior.regression import regression_posterior
from sgdbayes.posterior.rejection import check_rejection, sample_by_rejection
from sgdbayes.posterior.splitting import check_splitting, sample_by_splitting
from sgdbayes.posterior.stored import Posterior
from sgdbayes.posterior.zero_one import chain_diagnostics, check_chains, zero_one_predictive

if TYPE_CHECKING:  # importing it takes torch, and seconds
    from sgdbayes.architectures.fully_connected import FullyConnected

__all__ = ["POSTERIORS", "check_options", "fit_posterior", "needs_tangent", "takes_networks"]

# Largest R-hat, over test points, of runs taken to agree: their means then scatter as those of 16 independent draws would
# or of more (R-hat^2 is about 1 plus the ratio of the variance between runs to that within).
_R_HAT = 1.1


def _mse(kernel: np.ndarray, labels: np.ndarray, *, noise_variance: float = 1e-4) -> tuple[Gaussian, dict[str, float]]:
    return regression_posterior(kernel, labels, noise_variance=noise_variance), {}


def _ep(
    kernel: np.ndarray, labels: np.ndarray, *, tolerance: float = 1e-8, damping: float = 0.9, max_sweeps: int = 1000
) -> tuple[Gaussian, dict[str, float]]:
    result = expectation_propagation(kernel, labels, tolerance=tolerance, damping=damping, max_sweeps=max_sweeps)
    return result.predictive, {"log_evidence": result.log_evidence, "sweeps": result.sweeps}


def _zero_one(
    kernel: np.ndarray,
    labels: np.ndarray,
    *,
    samples: int = 2000,
    chains: int = 4,
    warm_up: int = 20,
    seed: int = 0,
    device: str = "cpu",
) -> tuple[GaussianMixture, dict[str, float]]:
    return zero_one_predictive(kernel, labels, samples, chains=chains, warm_up=warm_up, seed=seed, device=device)


def _ntk(kernel: np.ndarray, labels: np.ndarray, tangent_kernel: np.ndarray) -> tuple[Gaussian, dict[str, float]]:
    return ntk_ensemble(kernel, labels, tangent_kernel), {}


def _rejection(
    architecture: "FullyConnected",
    task: Task,
    *,
    networks: int = 10_000_000,
    accepted: int = 20_000,
    seed: int = 0,
) -> tuple[EmpiricalPosterior, dict[str, float]]:
    """Raises RuntimeError if no network fitted S."""
    tenth = max(1, networks // 10)
    printed = 0

    def progress(tried: int, kept: int) -> None:
        nonlocal printed
        if tried // tenth > printed:
            printed = tried // tenth
            print(f"{tried:,} networks, {kept:,} fit", flush=True)

    result = sample_by_rejection(
        architecture, task.train_inputs, task.train_labels, task.test_inputs,
        networks=networks, accepted=accepted, seed=seed, progress=progress,
    )  # fmt: skip
    if len(result.functions) == 0:
        raise RuntimeError(
            f"none of {result.networks:,} random networks fitted S (with 95 % confidence fewer than {result.acceptance_high:.2g} of "
            "them do): raise networks of posteriors.rejection, or take the posterior splitting"
        )
    rate = (result.acceptance, result.acceptance_low, result.acceptance_high)
    log_evidence = dict(
        zip(("log_evidence", "log_evidence_low", "log_evidence_high"), map(float, np.log(rate)), strict=True)
    )
    rates = dict(zip(("acceptance", "acceptance_low", "acceptance_high"), rate, strict=True))
    counts = {"networks": result.networks, "accepted": len(result.functions)}
    return EmpiricalPosterior(result.functions[None]), counts | rates | log_evidence


def _splitting(
    architecture: "FullyConnected",
    task: Task,
    *,
    runs: int = 8,
    particles: int = 100,
    sweeps: int = 2,
    rounds: int = 5,
    seed: int = 0,
) -> tuple[EmpiricalPosterior, dict[str, float]]:
    """Raises RuntimeError if the runs disagree."""
    result = sample_by_splitting(
        architecture, task.train_inputs, task.train_labels, task.test_inputs,
        runs=runs, particles=particles, sweeps=sweeps, rounds=rounds, seed=seed,
        progress=lambda run, fitted, log_p: print(f"run {run}: {fitted} points fitted, ln P {log_p:.2f}", flush=True),
    )  # fmt: skip
    r_hat, effective = chain_diagnostics(result.outputs.astype(np.float64))
    diagnostics = {
        "log_evidence": result.log_evidence,
        "log_evidence_se": result.standard_error,
        "r_hat": float(r_hat.max()),
        "effective_sample_size": float(effective.min()),
        "levels": float(result.levels.mean()),
        "smallest_share_alive": float(result.live.min()),
        "fewest_ancestors": int(result.ancestors.min()),
        "trials": result.trials.tolist(),
    }
    if not diagnostics["r_hat"] <= _R_HAT:
        raise RuntimeError(
            f"the runs of splitting disagree (R-hat {diagnostics['r_hat']:.3f}): give them more particles or sweeps"
        )
    return EmpiricalPosterior(result.functions), diagnostics


POSTERIORS: dict[str, Callable[..., tuple[Posterior, dict[str, float]]]] = {
    "mse": _mse,
    "ep": _ep,
    "zero_one": _zero_one,
    "ntk": _ntk,
    "rejection": _rejection,
    "splitting": _splitting,
}
_CHECKS = {"rejection": check_rejection, "splitting": check_splitting}
_DEVICES = ("auto", "cpu", "cuda")


def takes_networks(name: str) -> bool:
    """Whether the posterior is that of finite networks: made from the architecture and the task, not from a kernel."""
    return "architecture" in inspect.signature(POSTERIORS[name]).parameters


def needs_tangent(name: str) -> bool:
    """Whether the posterior is made from the tangent kernel too."""
    return "tangent_kernel" in inspect.signature(POSTERIORS[name]).parameters


def check_options(name: str, options: dict[str, Any], architecture: object) -> None:
    """Raise ValueError unless the posterior ``name`` can be made with these options, if of finite networks then those of
    ``architecture``. Samplers do not run, and no GPU need be there: a login node plans as well.
    """
    given = {key: each.default for key, each in inspect.signature(POSTERIORS[name]).parameters.items()} | options
    if given.get("seed", 0) < 0:
        raise ValueError(f"seed must not be negative, got {given['seed']}")
    if given.get("device", "cpu") not in _DEVICES:
        raise ValueError(f"device must be {', '.join(_DEVICES[:-1])} or {_DEVICES[-1]}, got {given['device']!r}")
    if takes_networks(name):
        chosen = {key: each for key, each in given.items() if key not in ("architecture", "task", "seed")}
        _CHECKS[name](architecture, **chosen)
    elif name == "zero_one":
        check_chains(given["samples"], chains=given["chains"], warm_up=given["warm_up"])
    else:
        kernels = [np.eye(2) + 1] * (2 if needs_tangent(name) else 1)
        POSTERIORS[name](kernels[0], np.ones(1), *kernels[1:], **options)


def fit_posterior(
    name: str,
    task: Task,
    architecture: object | None,
    kernels: Sequence[np.ndarray],
    test_points: int,
    settings: dict[str, Any],
) -> tuple[Posterior, dict[str, float]]:
    """The posterior ``name`` on the first ``test_points`` of ``task``, and figures on how it was come by: of networks of
    ``architecture``, or from the ``kernels``.
    """
    if takes_networks(name):
        return POSTERIORS[name](architecture, task.head(test_points), **settings)
    kernel, *others = kernels
    return POSTERIORS[name](kernel, task.train_labels, *others, **settings)
