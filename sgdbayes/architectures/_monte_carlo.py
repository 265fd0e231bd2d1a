"""The kernel of an architecture from random networks (Novak et al., "Bayesian deep convolutional networks with many
channels are Gaussian processes", ICLR 2019, section 4).

Given the last hidden activations phi, the outputs are Gaussian with covariance bias_variance + weight_variance phi phi'
/ features: the output unit is integrated out exactly, and only the hidden layers are drawn. The estimate is unbiased
for the covariance of the outputs of networks of the architecture's own, finite width.
"""

from dataclasses import dataclass

import numpy as np
import torch

from sgdbayes.architectures.architecture import FeatureArchitecture
from sgdbayes.checks import check_inputs

__all__ = ["KernelEstimate", "monte_carlo_kernel"]

_GROUP = 4
# Networks that are trained draw from (seed, index): those behind the kernel are others.
_STREAM = 1
_CHUNK = 256
_FEATURES_PER_EXAMPLE = 4


@dataclass(frozen=True)
class KernelEstimate:
    """``kernel`` (n, n) float64; ``standard_error``: root mean square of the standard errors of its entries over the
    mean of its diagonal; ``networks``: how many it is the mean of.
    """

    kernel: np.ndarray
    standard_error: float
    networks: int


@torch.no_grad()
def monte_carlo_kernel(
    architecture: FeatureArchitecture, inputs: np.ndarray, *, networks: int = 400, seed: int = 0
) -> KernelEstimate:
    """Mean over at least ``networks`` random networks of the covariance of their outputs on ``inputs`` (n, ...).

    More networks are drawn if these have fewer than four features
    an example in all, with which the estimate would be close to singular. Raises ValueError if an input or the kernel
    is not finite, or for fewer than 2 groups of four networks.
    """
    inputs = check_inputs(inputs)
    if networks < 2 * _GROUP:
        raise ValueError(f"networks must be at least {2 * _GROUP}, got {networks}")
    examples = torch.from_numpy(np.ascontiguousarray(inputs, dtype=np.float32))
    mean = np.zeros((len(inputs), len(inputs)))
    scatter = np.zeros_like(mean)
    group, wanted = 0, networks
    while group * _GROUP < wanted:
        drawn = [
            architecture.initial_parameters(
                inputs.shape[1:], np.random.default_rng([seed, group * _GROUP + i, _STREAM])
            )
            for i in range(_GROUP)
        ]
        parameters = [torch.from_numpy(np.stack(parts)) for parts in zip(*drawn, strict=True)]
        features = torch.cat([architecture.features(parameters, x[None]) for x in examples.split(_CHUNK)], dim=1)
        width = features.shape[2]
        wanted = max(networks, -(-_FEATURES_PER_EXAMPLE * len(inputs) // width))
        features = features.transpose(0, 1).flatten(1)
        product = (features @ features.T).double().numpy() / features.shape[1]
        group += 1
        step = product - mean
        mean += step / group
        scatter += step * (product - mean)
    kernel = architecture.bias_variance + architecture.weight_variance * mean
    if not np.isfinite(kernel).all():
        raise ValueError("the Monte Carlo kernel is not finite on these inputs")
    variance = architecture.weight_variance**2 * scatter.mean() / (group - 1) / group
    return KernelEstimate(kernel, float(variance**0.5 / kernel.diagonal().mean()), group * _GROUP)
