"""Posteriors by the name the configuration calls them.

Each takes the kernel (n + m, n + m) over S then E, the labels (n,) of S, the tangent kernel if it has a parameter of that
name, and options of its own; those of finite networks have a parameter ``architecture`` and take that and the task
instead. Each gives the distribution on E and the figures worth recording about how it was come by.
"""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sgdbayes.architectures.fully_connected import FullyConnected
from sgdbayes.datasets.task import Task
from sgdbayes.posterior.empirical import EmpiricalPosterior
from sgdbayes.posterior.ep import expectation_propagation
from sgdbayes.posterior.gaussian import Gaussian
from sgdbayes.posterior.mixture import GaussianMixture
from sgdbayes.posterior.ntk import ntk_ensemble
from sgdbayes.posterior.regression import regression_posterior
from sgdbayes.posterior.rejection import check_rejection, sample_by_rejection
from sgdbayes.posterior.stored import Posterior
from sgdbayes.posterior.zero_one import zero_one_predictive

__all__ = ["POSTERIORS", "check_network_options", "fit_posterior", "takes_networks"]


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
    device: str = "auto",
) -> tuple[GaussianMixture, dict[str, float]]:
    return zero_one_predictive(kernel, labels, samples, chains=chains, warm_up=warm_up, seed=seed, device=device)


def _ntk(kernel: np.ndarray, labels: np.ndarray, tangent_kernel: np.ndarray) -> tuple[Gaussian, dict[str, float]]:
    return ntk_ensemble(kernel, labels, tangent_kernel), {}


def _rejection(
    architecture: FullyConnected,
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


POSTERIORS: dict[str, Callable[..., tuple[Posterior, dict[str, float]]]] = {
    "mse": _mse,
    "ep": _ep,
    "zero_one": _zero_one,
    "ntk": _ntk,
    "rejection": _rejection,
}
_CHECKS = {"rejection": check_rejection}


def takes_networks(name: str) -> bool:
    """Whether the posterior is that of finite networks: made from the architecture and the task, not from a kernel."""
    return "architecture" in inspect.signature(POSTERIORS[name]).parameters


def check_network_options(name: str, architecture: object, options: dict[str, Any]) -> None:
    """Raise ValueError unless the posterior ``name`` of finite networks serves ``architecture`` with these options."""
    defaults = {key: item.default for key, item in inspect.signature(POSTERIORS[name]).parameters.items()}
    del defaults["architecture"], defaults["task"]
    seed = (defaults | options).pop("seed")
    if seed < 0:
        raise ValueError(f"seed must not be negative, got {seed}")
    _CHECKS[name](architecture, **{key: value for key, value in (defaults | options).items() if key != "seed"})


def fit_posterior(
    name: str,
    task: Task,
    architecture: object,
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
