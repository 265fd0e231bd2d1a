"""Optimisers of torch.optim by name. Each acts element by element, so on a stack of networks every network gets the
algorithm it would get alone; those that do not (Adafactor, LBFGS, Muon) and SparseAdam, for sparse gradients, are left out.
"""

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

__all__ = ["OPTIMIZERS", "Optimizer", "option_names"]

_FUSED = {"SGD", "Adam", "AdamW", "Adagrad"}
_IMPLEMENTATION = {"params", "lr", "foreach", "maximize", "capturable", "differentiable", "fused"}
OPTIMIZERS = (
    "ASGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "RMSprop", "Rprop", "SGD",
)  # fmt: skip


@dataclass(frozen=True)
class Optimizer:
    """An optimiser of torch.optim: its class name, learning rate and further keyword arguments (``momentum``, ...)."""

    kind: str
    learning_rate: float
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in OPTIMIZERS:
            raise ValueError(f"unknown optimiser {self.kind!r}; known: {', '.join(OPTIMIZERS)}")

    def build(self, parameters: Iterable[torch.Tensor]) -> torch.optim.Optimizer:
        """The torch optimiser over ``parameters``. Raises ValueError for an option the optimiser does not have."""
        return self._made(getattr(torch.optim, self.kind), parameters)

    def settings(self) -> dict[str, Any]:
        """All its settings, those of torch where none are given. Raises as `build` does, and spares the two seconds for
        torch._dynamo, which torch imports to group parameters.
        """
        without_groups = type(self.kind, (getattr(torch.optim, self.kind),), {"add_param_group": _no_group})
        return self._made(without_groups, [torch.zeros(1)]).defaults

    def _made(
        self, optimizer: type[torch.optim.Optimizer], parameters: Iterable[torch.Tensor]
    ) -> torch.optim.Optimizer:
        fused = {"fused": True} if self.kind in _FUSED else {}
        try:
            return optimizer(parameters, lr=self.learning_rate, **fused, **self.options)
        except TypeError as error:
            raise ValueError(f"optimiser {self.kind}: {error}") from error


def _no_group(optimizer: torch.optim.Optimizer, group: dict[str, Any]) -> None:
    pass


def option_names(kind: str) -> set[str]:
    """Options of an optimiser that change its algorithm, as torch.optim names them, without the learning rate."""
    return set(inspect.signature(getattr(torch.optim, kind)).parameters) - _IMPLEMENTATION
