"""The optimisers, an entry each: those of torch.optim that act element by element, so that each network of a stack gets
the algorithm it would get alone. Left out are those that do not (Adafactor, LBFGS, Muon), and SparseAdam, which is for
sparse gradients.
"""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from sgdbayes.registry import Lazy, Registry, resolve

__all__ = ["OPTIMIZERS", "OptimizerKind", "register_optimizer"]

_IMPLEMENTATION = {"params", "lr", "foreach", "maximize", "capturable", "differentiable", "fused"}


@dataclass(frozen=True, kw_only=True)
class OptimizerKind:
    """``make``: a class like those of torch.optim. ``fused``: whether it takes that option. ``known``: a learning rate,
    and options, with which fully connected networks are known to fit most data sets.
    """

    COMPUTES: ClassVar = ("make",)
    name: str
    make: Lazy
    fused: bool = False
    known: Mapping[str, Any] = field(default_factory=dict)

    @property
    def options(self) -> set[str]:
        """Options that change its algorithm, without the learning rate."""
        return set(inspect.signature(resolve(self.make)).parameters) - _IMPLEMENTATION

    def default(self, option: str) -> object:
        """What an option is if it is left out."""
        return inspect.signature(resolve(self.make)).parameters[option].default


OPTIMIZERS: Registry[OptimizerKind] = Registry("optimiser")


def register_optimizer(name: str, make: Lazy, **about: Any) -> OptimizerKind:  # noqa: ANN401
    """Enter an optimiser; ``about``: the other fields of `OptimizerKind`. Raises ValueError if the name is taken.

    >>> kind = sb.register_optimizer("Lion", "lion_pytorch:Lion")
    """
    return OPTIMIZERS.register(OptimizerKind(name=name, make=make, **about))


# Learning rates are those of config/desk.yaml, where nearly all networks fit S.
_KNOWN = {
    "SGD": {"learning_rate": 0.1, "momentum": 0.9},
    "Adam": {"learning_rate": 0.001},
    "Adagrad": {"learning_rate": 0.01},
    "RMSprop": {"learning_rate": 0.001},
}
_FUSED = {"Adagrad", "Adam", "AdamW", "SGD"}
for _name in (
    "ASGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "RMSprop", "Rprop", "SGD",
):  # fmt: skip
    register_optimizer(_name, f"torch.optim:{_name}", fused=_name in _FUSED, known=_KNOWN.get(_name, {}))
