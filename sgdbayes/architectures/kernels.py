"""The kernels of an architecture with what is to be recorded of them."""

from typing import Any

import numpy as np

__all__ = ["kernel_with_facts"]


def kernel_with_facts(
    architecture: Any,  # noqa: ANN401 (not every one has kernels)
    inputs: np.ndarray,
    method: str,
) -> tuple[np.ndarray, dict[str, Any]]:
    """The kernel (n, n) on ``inputs`` that ``method``, "kernel" or "tangent_kernel", of an architecture gives.

    Where it comes from random networks, with its standard error and their number.
    """
    if method == "kernel" and getattr(architecture, "kernel_is_estimate", False):
        estimate = architecture.kernel_estimate(inputs)
        return estimate.kernel, {"standard_error": estimate.standard_error, "networks": estimate.networks}
    return getattr(architecture, method)(inputs), {}
