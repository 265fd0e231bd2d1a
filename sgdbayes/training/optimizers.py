"""An optimiser with its learning rate and options."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from sgdbayes.registry import resolve
from sgdbayes.training.kinds import OPTIMIZERS

__all__ = ["Optimizer"]


@dataclass(frozen=True)
class Optimizer:
    """An optimiser: its name in `OPTIMIZERS`, learning rate and further options (``momentum``, ...)."""

    kind: str
    learning_rate: float
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in OPTIMIZERS:
            raise ValueError(f"unknown optimiser {self.kind!r}; known: {', '.join(OPTIMIZERS)}")

    def build(self, parameters: Iterable[torch.Tensor]) -> torch.optim.Optimizer:
        """The torch optimiser over ``parameters``. Raises ValueError for an option the optimiser does not have."""
        return self._made(resolve(OPTIMIZERS[self.kind].make), parameters)

    def settings(self) -> dict[str, Any]:
        """All its settings, those of torch where none are given. Raises as `build` does, and spares the two seconds for
        torch._dynamo, which torch imports to group parameters.
        """
        without_groups = type(self.kind, (resolve(OPTIMIZERS[self.kind].make),), {"add_param_group": _no_group})
        return self._made(without_groups, [torch.zeros(1)]).defaults

    def _made(
        self, optimizer: type[torch.optim.Optimizer], parameters: Iterable[torch.Tensor]
    ) -> torch.optim.Optimizer:
        fused = {"fused": True} if OPTIMIZERS[self.kind].fused else {}
        try:
            return optimizer(parameters, lr=self.learning_rate, **fused, **self.options)
        except TypeError as error:
            raise ValueError(f"optimiser {self.kind}: {error}") from error


def _no_group(optimizer: torch.optim.Optimizer, group: dict[str, Any]) -> None:
    pass
