"""Architectures by the name the configuration calls them."""

from collections.abc import Mapping
from typing import Any

from sgdbayes.architectures.fully_connected import FullyConnected

__all__ = ["ARCHITECTURES", "architecture_of"]

ARCHITECTURES = {"FullyConnected": FullyConnected}


def architecture_of(settings: Mapping[str, Any]) -> FullyConnected:
    """The architecture of ``settings["kind"]`` with the other settings as its options."""
    options = {name: value for name, value in settings.items() if name != "kind"}
    return ARCHITECTURES[settings["kind"]](**options)
