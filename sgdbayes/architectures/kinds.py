"""The architectures, an entry each."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from sgdbayes.registry import Lazy, Registry, resolve

__all__ = ["ARCHITECTURES", "ArchitectureKind", "architecture_of", "register_architecture"]


@dataclass(frozen=True, kw_only=True)
class ArchitectureKind:
    """``make`` takes the options, all with defaults, and raises ValueError for impossible ones. What it gives has
    ``initial_parameters(input_shape, rng)``, ``outputs(parameters, inputs)`` and ``kernel(inputs)``; perhaps
    ``tangent_kernel(inputs)``, or ``kernel_is_estimate`` and ``kernel_estimate(inputs)``. ``known_rates``: whether the
    learning rates that entries of optimisers and data sets name are known to do for it.
    """

    COMPUTES: ClassVar = ("make",)
    name: str
    make: Lazy
    known_rates: bool = False

    @property
    def options(self) -> dict[str, Any]:
        """The options with their defaults."""
        return {each.name: each.default for each in inspect.signature(resolve(self.make)).parameters.values()}


ARCHITECTURES: Registry[ArchitectureKind] = Registry("architecture")


def register_architecture(name: str, make: Lazy, **about: Any) -> ArchitectureKind:  # noqa: ANN401
    """Enter an architecture; ``about``: other fields of `ArchitectureKind`. Raises ValueError if the name is taken.

    >>> kind = sb.register_architecture("Wide", lambda: sb.FullyConnected(width=4096))
    """
    return ARCHITECTURES.register(ArchitectureKind(name=name, make=make, **about))


def architecture_of(settings: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """The architecture of ``settings["kind"]`` with the other settings as its options."""
    options = {name: value for name, value in settings.items() if name != "kind"}
    return resolve(ARCHITECTURES[settings["kind"]].make)(**options)


register_architecture("FullyConnected", "sgdbayes.architectures.fully_connected:FullyConnected", known_rates=True)
register_architecture("Convolutional", "sgdbayes.architectures.convolutional:Convolutional")
register_architecture("LSTM", "sgdbayes.architectures.lstm:LSTM")
