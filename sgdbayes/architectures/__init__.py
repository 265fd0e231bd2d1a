"""Architectures, by the name the configuration calls them: each one object is the prior of the networks and their
NNGP kernel.
"""

from sgdbayes.architectures.by_name import ARCHITECTURES, architecture_of
from sgdbayes.architectures.fully_connected import FullyConnected

__all__ = ["ARCHITECTURES", "FullyConnected", "architecture_of"]
