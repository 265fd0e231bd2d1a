"""Training stacks of networks until each fits S."""

from sgdbayes.training.optimizers import OPTIMIZERS, Optimizer, option_names
from sgdbayes.training.stack import LOSSES, PRECISIONS, Record, TrainedNetworks, train_until_fit

__all__ = [
    "LOSSES",
    "OPTIMIZERS",
    "PRECISIONS",
    "Optimizer",
    "Record",
    "TrainedNetworks",
    "option_names",
    "train_until_fit",
]
