"""Whether an architecture's forward pass and kernel are of one prior: for whoever writes one."""

import numpy as np
import torch

from sgdbayes.architectures.architecture import Architecture
from sgdbayes.checks import check_inputs

__all__ = ["check_architecture"]

# What a stack's outputs may differ by from those of its networks alone: float32 sums in another order.
_ROUNDING = 1e-3
# Covariances of outputs may be so many standard errors from the kernel, and this share of its scale, as networks are
# not infinitely wide.
_ERRORS, _SHARE = 5, 0.15
_STACK, _POINTS = 100, 5


def check_architecture(architecture: Architecture, inputs: np.ndarray, *, networks: int = 2000, seed: int = 0) -> None:
    """Raise ValueError unless ``networks`` random networks do on ``inputs`` (n, ...) what the class promises.

    Parameters are float32 arrays; outputs of a stack are (M, B), also on inputs that it shares, and those of its
    networks alone; a kernel, if there is one, is finite, symmetric and the covariance of the outputs, in standard
    errors. Of the inputs five are used.

    >>> sb.check_architecture(sb.FullyConnected(depth=1, width=8), np.random.default_rng(0).normal(size=(5, 3)))
    """
    name = type(architecture).__name__
    for method in ("initial_parameters(input_shape, rng)", "outputs(parameters, inputs)"):
        if not callable(getattr(architecture, method.partition("(")[0], None)):
            raise ValueError(f"{name} has no method {method}")
    inputs = check_inputs(inputs)
    points = np.asarray(inputs[:: max(1, len(inputs) // _POINTS)][:_POINTS], dtype=np.float32)
    shared, outputs = torch.from_numpy(points)[None], []
    for start in range(0, networks, _STACK):
        drawn = [
            architecture.initial_parameters(points.shape[1:], np.random.default_rng([seed, i]))
            for i in range(start, min(start + _STACK, networks))
        ]
        if wrong := {str(getattr(part, "dtype", type(part))) for part in drawn[0]} - {"float32"}:
            raise ValueError(f"{name}.initial_parameters must give float32 arrays, got {', '.join(sorted(wrong))}")
        stacked = [torch.from_numpy(np.stack(parts)) for parts in zip(*drawn, strict=True)]
        with torch.no_grad():
            found = architecture.outputs(stacked, shared)
            if tuple(found.shape) != (len(drawn), len(points)):
                raise ValueError(
                    f"{name}.outputs of {len(drawn)} networks on {len(points)} inputs must be of shape "
                    f"{(len(drawn), len(points))}, got {tuple(found.shape)}"
                )
            if start == 0:
                _check_stack(name, architecture, stacked, shared, found)
        outputs.append(found.double().numpy())
    kernel = getattr(architecture, "kernel", None)
    if callable(kernel):
        _check_kernel(name, kernel(points), np.concatenate(outputs))


def _check_stack(
    name: str, architecture: Architecture, stacked: list, shared: torch.Tensor, found: torch.Tensor
) -> None:
    own = architecture.outputs([part[:2] for part in stacked], shared.expand(2, *shared.shape[1:]).contiguous())
    alone = architecture.outputs([part[1:2] for part in stacked], shared)
    scale = found.abs().mean()
    for what, one in (("inputs of their own", own[1]), ("their own", alone[0])):
        if not (one - found[1]).abs().max() <= _ROUNDING * scale:
            raise ValueError(f"{name}.outputs: networks of a stack give other outputs on {what} than together")


def _check_kernel(name: str, kernel: np.ndarray, outputs: np.ndarray) -> None:
    size = outputs.shape[1]
    if kernel.shape != (size, size):
        raise ValueError(f"{name}.kernel of {size} inputs must be of shape {(size, size)}, got {kernel.shape}")
    if not (np.isfinite(kernel).all() and np.allclose(kernel, kernel.T)):
        raise ValueError(f"{name}.kernel must be finite and symmetric")
    products = outputs[:, :, None] * outputs[:, None, :]
    covariance, error = products.mean(0), products.std(0) / len(outputs) ** 0.5
    scale = np.sqrt(np.outer(kernel.diagonal(), kernel.diagonal()))
    far = np.abs(covariance - kernel) > np.maximum(_ERRORS * error, _SHARE * scale)
    if far.any():
        i, j = np.argwhere(far)[0]
        raise ValueError(
            f"{name}.kernel disagrees with its networks: {kernel[i, j]:.4g} where {len(outputs):,} networks have the "
            f"covariance {covariance[i, j]:.4g} ± {error[i, j]:.2g}"
        )
