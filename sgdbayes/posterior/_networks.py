"""What samplers of finite networks share: the networks and the inputs that they take, and how these are scaled."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # importing it takes torch, and seconds
    from sgdbayes.architectures.fully_connected import FullyConnected

__all__ = ["check_fully_connected", "check_network_inputs", "first_layer_features"]


def check_fully_connected(architecture: object, sampler: str) -> None:
    """Raise ValueError unless networks of ``architecture`` are those that ``sampler`` can draw."""
    # Seconds to import, and not every posterior is one of networks.
    from sgdbayes.architectures.fully_connected import FullyConnected

    if type(architecture) is not FullyConnected:
        raise ValueError(f"{sampler} draws networks of FullyConnected only, not {type(architecture).__name__}")


def check_network_inputs(
    train_inputs: np.ndarray, train_labels: np.ndarray, test_inputs: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Inputs of S and of E, float64, each flattened to (n, d) and (T, d). Raises ValueError unless they are finite, of
    one shape, and as many as ``train_labels`` (n,); T is at least 1.
    """
    train, test = np.asarray(train_inputs, dtype=np.float64), np.asarray(test_inputs, dtype=np.float64)
    if train.shape[:1] != train_labels.shape or min(train.ndim, test.ndim) < 2 or train.shape[1:] != test.shape[1:]:
        raise ValueError(
            f"inputs of S and E must be alike, of shape ({len(train_labels)}, ...) and (T, ...), "
            f"got {train.shape} and {test.shape}"
        )
    if train[0].size == 0 or len(test) == 0:
        raise ValueError(f"there must be inputs of S and E, got shapes {train.shape} and {test.shape}")
    if not (np.isfinite(train).all() and np.isfinite(test).all()):
        raise ValueError("inputs of S and E must be finite")
    return train.reshape(len(train), -1), test.reshape(len(test), -1)


def first_layer_features(architecture: "FullyConnected", inputs: np.ndarray) -> np.ndarray:
    """What standard normal weights of the first layer multiply: scaled inputs and, for biases, a constant."""
    scaled = inputs * (architecture.weight_variance / inputs.shape[1]) ** 0.5
    constant = np.full((len(inputs), int(architecture.bias_variance > 0)), architecture.bias_variance**0.5)
    return np.hstack([scaled, constant])
