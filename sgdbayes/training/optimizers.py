"""An optimiser with its learning rate and options."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any

import numpy as np
import torch

from sgdbayes.checks import number_hint
from sgdbayes.registry import resolve, unknown_name
from sgdbayes.training.kinds import OPTIMIZERS

__all__ = ["Optimizer"]


@dataclass(frozen=True)
class Optimizer:
    """An optimiser: its name in `OPTIMIZERS`, learning rate and further options (``momentum``, ...).

    >>> optimizer = sb.Optimizer("SGD", 0.1, {"momentum": 0.9})
    """

    kind: str
    learning_rate: float
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        kind = OPTIMIZERS[self.kind]
        if not _is_number(self.learning_rate) or self.learning_rate < 0:
            raise ValueError(f"learning_rate must be a number, 0 or more, got {self.learning_rate!r}")
        for option, value in self.options.items():
            if option not in kind.options:
                raise ValueError(unknown_name(option, kind.options, what=f"unknown option of {self.kind}:"))
            if wrong := _unlike(value, kind.default(option)):
                raise ValueError(f"{option} of {self.kind} must be {wrong}, got {value!r}{number_hint(value)}")

    def build(self, parameters: Iterable[torch.Tensor]) -> torch.optim.Optimizer:
        """The torch optimiser over ``parameters``. Raises ValueError for an option the optimiser does not have."""
        return self._made(resolve(OPTIMIZERS[self.kind].make), parameters)

    def settings(self) -> dict[str, Any]:
        """All its settings, those of torch where none are given. Raises as `build` does, and spares the two seconds for
        torch._dynamo, which torch imports to group parameters.
        """
        base: Any = resolve(OPTIMIZERS[self.kind].make)
        without_groups = type(self.kind, (base,), {"add_param_group": _no_group})
        return self._made(without_groups, [torch.zeros(1)]).defaults

    def _made(
        self, optimizer: Callable[..., torch.optim.Optimizer], parameters: Iterable[torch.Tensor]
    ) -> torch.optim.Optimizer:
        fused = {"fused": True} if OPTIMIZERS[self.kind].fused else {}
        try:
            return optimizer(parameters, lr=self.learning_rate, **fused, **self.options)
        except TypeError as error:
            raise ValueError(f"optimiser {self.kind}: {error}") from error


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool) and bool(-inf < value < inf)


def _unlike(value: object, default: object) -> str:
    """What a value should be to be like the ``default`` of its option; empty if it is, or nothing is known."""
    if isinstance(default, bool):
        return "" if isinstance(value, bool | np.bool_) else "true or false"
    if isinstance(default, int | float):
        return "" if _is_number(value) else "a finite number"
    if isinstance(default, tuple) and all(map(_is_number, default)):
        given = list(value) if isinstance(value, list | tuple | np.ndarray) else []
        right = len(given) == len(default) and all(map(_is_number, given))
        return "" if right else f"{len(default)} finite numbers, as {list(default)}"
    return ""


def _no_group(optimizer: torch.optim.Optimizer, group: dict[str, Any]) -> None:
    pass
