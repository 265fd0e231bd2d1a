"""The NNGP and tangent kernels of a fully connected ReLU network in closed form, in double precision, on any device.

Layer by layer: Cho and Saul, "Kernel methods for deep learning" (NeurIPS 2009), equations 3 and 6; Lee et al., "Deep
neural networks as Gaussian processes" (ICLR 2018). The tangent kernel: Jacot, Gabriel and Hongler (NeurIPS 2018).
"""

from math import pi
from typing import Literal

import numpy as np
import torch

from sgdbayes.checks import check_inputs

__all__ = ["relu_kernel"]


def relu_kernel(
    inputs: np.ndarray,
    depth: int,
    *,
    weight_variance: float,
    bias_variance: float,
    kind: Literal["nngp", "ntk"],
    device: str = "cpu",
) -> torch.Tensor:
    """Kernel (n, n), float64, on ``inputs`` (n, k) of a network of ``depth`` infinitely wide hidden layers.

    It takes three times the kernel's memory, the tangent kernel four times. Raises ValueError if an input or the kernel
    is not finite.
    """
    inputs = check_inputs(inputs)
    points = torch.from_numpy(inputs).to(device, torch.float64)
    kernel = (points @ points.T).mul_(weight_variance / points.shape[1]).add_(bias_variance)
    tangent = kernel.clone() if kind == "ntk" else None
    for _ in range(depth):
        scale = kernel.diagonal().sqrt()
        # An input of zeros, without biases, is 0 in every layer.
        whole = torch.where(scale > 0, scale, 1)
        # Exact where rounding would leave a small angle.
        cosine = kernel.div_(whole).div_(whole[:, None]).clamp_(-1, 1).fill_diagonal_(1)
        # pi less the angle between two inputs, over 2 pi: also the covariance of the slopes.
        slopes = cosine.acos().sub_(pi).div_(-2 * pi)
        if tangent is not None:
            tangent.mul_(slopes).mul_(weight_variance)
        slopes.mul_(cosine)
        kernel = cosine.square_().neg_().add_(1).sqrt_().div_(2 * pi).add_(slopes)
        kernel.mul_(scale).mul_(scale[:, None]).mul_(weight_variance).add_(bias_variance)
        if tangent is not None:
            tangent.add_(kernel)
    found = kernel if tangent is None else tangent
    if not bool(found.isfinite().all()):
        raise ValueError(f"the {kind.upper()} kernel is not finite on these inputs")
    # Products of a matrix with its transpose need not come out symmetric to the last bit.
    return found.add_(found.T.clone()).div_(2)
