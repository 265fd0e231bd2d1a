"""What the priors of all architectures share: weights ~ N(0, weight_variance / fan_in), biases ~ N(0, bias_variance)."""

from math import isfinite

__all__ = ["check_variances"]


def check_variances(weight_variance: float, bias_variance: float) -> None:
    """Raise ValueError unless both are finite, the first positive, the second not negative."""
    if not (weight_variance > 0 and bias_variance >= 0 and isfinite(weight_variance) and isfinite(bias_variance)):
        raise ValueError(
            f"weight_variance must be positive and bias_variance not negative, got {weight_variance} and {bias_variance}"
        )
