"""The NNGP and tangent kernels of a neural-tangents network in double precision (Novak et al., "Neural Tangents", ICLR
2020).
"""

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Literal

import numpy as np

from sgdbayes.checks import check_inputs

__all__ = ["infinite_width_kernel"]


def infinite_width_kernel(layers: Callable, inputs: np.ndarray, *, kind: Literal["nngp", "ntk"]) -> np.ndarray:
    """Kernel (n, n) on ``inputs`` (n, ...) of the network that ``layers(stax)`` builds from neural-tangents' layers.

    Raises ValueError if an input or the kernel is not finite, ModuleNotFoundError without neural-tangents.
    """
    inputs = check_inputs(inputs)
    # Seconds: only who computes a kernel pays for them.
    try:
        import jax

        stax = _stax()
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"this kernel is computed by neural-tangents, and {error.name} is not installed: "
            "it comes with the extra convolutional"
        ) from error
    with jax.experimental.enable_x64():
        _, _, kernel_function = layers(stax)
        kernel = np.asarray(kernel_function(np.asarray(inputs, dtype=np.float64), None, kind))
    if not np.isfinite(kernel).all():
        raise ValueError(f"the {kind.upper()} kernel is not finite on these inputs")
    return (kernel + kernel.T) / 2


def _stax() -> ModuleType:
    """neural-tangents' layers, without its experimental part, which brings in tensorflow: most of the import."""
    part = "neural_tangents.experimental"
    if "neural_tangents" in sys.modules:
        from neural_tangents import stax

        return stax
    sys.modules[part] = ModuleType(part)
    try:
        from neural_tangents import stax
    finally:
        # Whoever else wants that part can have it.
        del sys.modules[part]
    vars(sys.modules["neural_tangents"]).pop("experimental", None)
    return stax
