"""What trained networks are recorded by: their labels, loss and margins, and when they fitted S."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

__all__ = ["Record", "TrainedNetworks", "joined"]


@dataclass(frozen=True)
class Record:
    """What N networks were at one moment of their training, one entry a network.

    ``functions`` (N, T) bool: labels given to the recorded test points, True the positive class. ``training_loss``,
    ``margin_min``, ``margin_mean`` (N,): mean loss over S, smallest and mean margin y z over S. False or NaN for
    networks that did not get there.
    """

    functions: np.ndarray
    training_loss: np.ndarray
    margin_min: np.ndarray
    margin_mean: np.ndarray


@dataclass(frozen=True)
class TrainedNetworks(Record):
    """What N networks ended as, in the order of ``indices``.

    The fields of `Record` are those at the end of training, overtraining included; ``at_fit`` has them at the first
    zero training error. ``epochs`` (N,): epoch of that, 0 if there was none. ``converged`` (N,) bool: training error
    zero when the end was recorded. ``diverged`` (N,) bool: parameters or outputs no longer finite.
    """

    epochs: np.ndarray
    converged: np.ndarray
    diverged: np.ndarray
    at_fit: Record


def joined(parts: Sequence[TrainedNetworks]) -> TrainedNetworks:
    """The networks of all ``parts``, one after the other."""

    def join(records: Sequence[Record]) -> dict[str, np.ndarray]:
        names = [item.name for item in fields(records[0]) if item.name != "at_fit"]
        return {name: np.concatenate([getattr(record, name) for record in records]) for name in names}

    return TrainedNetworks(**join(parts), at_fit=Record(**join([part.at_fit for part in parts])))
