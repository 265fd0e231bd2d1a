"""Architectures, by the name the configuration calls them: each one object is the prior of the networks and their
NNGP kernel.
"""

from sgdbayes.architectures._monte_carlo import KernelEstimate, monte_carlo_kernel
from sgdbayes.architectures.by_name import ARCHITECTURES, architecture_of, kernel_with_facts
from sgdbayes.architectures.convolutional import Convolutional
from sgdbayes.architectures.fully_connected import FullyConnected
from sgdbayes.architectures.lstm import LSTM

__all__ = [
    "ARCHITECTURES",
    "LSTM",
    "Convolutional",
    "FullyConnected",
    "KernelEstimate",
    "architecture_of",
    "kernel_with_facts",
    "monte_carlo_kernel",
]
