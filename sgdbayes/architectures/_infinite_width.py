"""The NNGP and tangent kernels of a neural-tangents network in double precision (Novak et al., "Neural Tangents", ICLR
2020).
"""

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Literal

import numpy as np

__all__ = ["infinite_width_kernel"]


def infinite_width_kernel(layers: Callable, inputs: np.ndarray, *, kind: Literal["nngp", "ntk"]) -> np.ndarray:
    """Kernel (n, n) on ``inputs`` (n, ...) of the network that ``layers(stax)`` builds from neural-tangents' layers.

    Raises ValueError if an input or the kernel is not finite.
    """
    if not np.isfinite(inputs).all():
        raise ValueError("inputs of the kernel must be finite")
    # Seconds: only who computes a kernel pays for them.
    import jax

    stax = _stax()
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
