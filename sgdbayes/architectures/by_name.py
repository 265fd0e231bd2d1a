"""Architectures by the name the configuration calls them, and their kernels with what is to be recorded of them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from sgdbayes.architectures.convolutional import Convolutional
from sgdbayes.architectures.fully_connected import FullyConnected
from sgdbayes.architectures.lstm import LSTM

__all__ = ["ARCHITECTURES", "architecture_of", "kernel_with_facts"]

ARCHITECTURES = {"FullyConnected": FullyConnected, "Convolutional": Convolutional, "LSTM": LSTM}


def architecture_of(settings: Mapping[str, Any]) -> FullyConnected | Convolutional | LSTM:
    """The architecture of ``settings["kind"]`` with the other settings as its options."""
    options = {name: value for name, value in settings.items() if name != "kind"}
    return ARCHITECTURES[settings["kind"]](**options)


def kernel_with_facts(architecture: Any, inputs: np.ndarray, method: str) -> tuple[np.ndarray, dict[str, Any]]:  # noqa: ANN401
    """The kernel (n, n) on ``inputs`` that ``method``, "kernel" or "tangent_kernel", of an architecture gives; where it comes
    from random networks, with its standard error and their number.
    """
    if method == "kernel" and getattr(architecture, "kernel_is_estimate", False):
        estimate = architecture.kernel_estimate(inputs)
        return estimate.kernel, {"standard_error": estimate.standard_error, "networks": estimate.networks}
    return getattr(architecture, method)(inputs), {}
