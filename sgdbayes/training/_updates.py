"""Updates of five optimisers as numbers: what code for a CPU and kernels for a GPU take instead of torch.optim.

The arithmetic is that in the documentation of torch.optim 2.13. All that depends on the step alone is computed here,
once a step; what is left is the update of one parameter, `_compiled._update` and `_fused._updated`.
"""

from math import sqrt
from typing import NamedTuple

import numpy as np

from sgdbayes.training.optimizers import Optimizer

__all__ = ["Update", "numbers_of_steps", "states_of", "update_of"]

# Code of an optimiser and the order of its numbers in `numbers_of_steps`.
_KNOWN = {
    "SGD": (0, ("lr", "momentum", "dampening", "nesterov", "weight_decay")),
    "Adam": (1, ("lr", "betas", "eps", "weight_decay")),
    "Adagrad": (2, ("lr", "lr_decay", "eps", "weight_decay")),
    "RMSprop": (3, ("lr", "alpha", "eps", "momentum", "weight_decay")),
    "Adadelta": (4, ("lr", "rho", "eps", "weight_decay")),
}
_NUMBERS = 7


class Update(NamedTuple):
    """An optimiser: its code and its numbers, both as in `_KNOWN`, and what its first memory starts from."""

    code: int
    numbers: tuple[float, ...]
    memory_start: float


def update_of(optimizer: Optimizer) -> Update | None:
    """The update of an optimiser; None where an option asks for torch's own."""
    if optimizer.kind not in _KNOWN:
        return None
    code, names = _KNOWN[optimizer.kind]
    if not set(optimizer.options) <= {*names, "initial_accumulator_value"}:
        return None
    settings = optimizer.settings()
    numbers = np.hstack([np.asarray(settings[name], dtype=np.float64) for name in names])
    return Update(code, tuple(map(float, numbers)), float(settings.get("initial_accumulator_value", 0)))


def states_of(update: Update) -> int:
    """How many numbers an optimiser remembers of each parameter."""
    code, numbers, _ = update
    if code == 0:
        return int(numbers[1] != 0)
    return 1 if code == 2 or (code == 3 and numbers[3] == 0) else 2


def numbers_of_steps(update: Update, first: int, steps: int) -> np.ndarray:
    """The seven numbers of each of the steps ``first`` (1, 2, ...) and on, weight decay last, (steps, 7) float32."""
    return np.array([_numbers_of(update, first + step) for step in range(steps)], np.float32)


def _numbers_of(update: Update, step: int) -> tuple[float, ...]:
    parts: tuple[float, ...]
    rate, *rest, decay = update.numbers
    if update.code == 0:
        momentum, dampening, nesterov = rest
        # The first gradient is not damped.
        fresh = 1.0 if step == 1 else 1 - dampening
        parts = (momentum, fresh, *((1.0, momentum) if nesterov else (0.0, 1.0)))
    elif update.code == 1:
        first, second, tiny = rest
        rate /= 1 - first**step
        parts = (1 - first, second, 1 - second, tiny, 1 / sqrt(1 - second**step))
    elif update.code == 2:
        slower, tiny = rest
        rate /= 1 + (step - 1) * slower
        parts = (tiny,)
    elif update.code == 3:
        kept, tiny, momentum = rest
        parts = (kept, 1 - kept, tiny, momentum)
    else:
        kept, tiny = rest
        parts = (kept, 1 - kept, tiny)
    return (rate, *parts, *[0.0] * (_NUMBERS - 2 - len(parts)), decay)
