"""The posteriors, an entry each: how one is fitted, what it needs, and how tables and figures call and draw it.

A function that fits takes the kernel (n + m, n + m) over S then E, the labels (n,) of S, the tangent kernel if the
entry needs it, and keyword-only options; one of finite networks takes architecture and task instead. It gives the
distribution on E and the figures worth recording about how it was come by.
"""

import inspect
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from sgdbayes.posterior.equal_inputs import check_test_inputs, on_distinct_inputs
from sgdbayes.registry import Lazy, Registry, resolve

if TYPE_CHECKING:  # importing them takes seconds
    from sgdbayes.datasets.task import Task
    from sgdbayes.posterior.stored import Posterior

__all__ = ["POSTERIORS", "PosteriorKind", "exact_posterior", "posterior_kind", "register_posterior"]


@dataclass(frozen=True, kw_only=True)
class PosteriorKind:
    """``fit`` and ``check``, called with the architecture and all options but the seed, raising ValueError for
    impossible ones. ``needs``: kernels, or networks. ``label``, ``short``: in figures. ``sampler``: what it does, in
    the summary's words. ``exact``: the 0-1 posterior itself; ``approximates``: the posterior that it stands for.
    ``once``: whether it gets equal inputs of S once, as one that asks for zero training error may. ``threads``: how
    many it can use.
    """

    COMPUTES: ClassVar = ("fit",)
    name: str
    fit: Lazy
    check: Lazy | None = None
    needs: tuple[Literal["kernel", "tangent_kernel", "networks"], ...] = ("kernel",)
    label: str = ""
    short: str = ""
    sampler: str = ""
    color: str = "#7f7f7f"
    linestyle: Any = (0, (1, 1))
    marker: str = "X"
    exact: bool = False
    approximates: str | None = None
    once: bool = False
    threads: int = 1

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_.-]+", self.name) or self.name in ("kernel", "tangent-kernel"):
            raise ValueError(f"a posterior cannot be called {self.name!r}: its files are named after it")
        if not set(self.needs) <= {"kernel", "tangent_kernel", "networks"}:
            raise ValueError(
                f"posterior {self.name}: needs must be of kernel, tangent_kernel and networks, got {self.needs}"
            )
        for name in ("label", "short", "sampler"):
            if not getattr(self, name):
                object.__setattr__(self, name, self.name)

    @property
    def of_networks(self) -> bool:
        """Whether it is that of finite networks, which no kernel gives."""
        return "networks" in self.needs

    @property
    def style(self) -> dict[str, Any]:
        """Colour, line and marker as matplotlib takes them."""
        return {"color": self.color, "linestyle": self.linestyle, "marker": self.marker}

    @property
    def options(self) -> dict[str, Any]:
        """The options with their defaults."""
        parameters = inspect.signature(resolve(self.fit)).parameters.values()
        return {each.name: each.default for each in parameters if each.kind is inspect.Parameter.KEYWORD_ONLY}

    def check_options(self, options: Mapping[str, Any], architecture: object) -> None:
        """Raise ValueError unless it can be made with these options, if of finite networks then those of
        ``architecture``. Samplers do not run, and no GPU need be there.
        """
        given = self.options | dict(options)
        if given.pop("seed", 0) < 0:
            raise ValueError(f"seed must not be negative, got {options['seed']}")
        if self.check is not None:
            resolve(self.check)(architecture, **given)
        elif not self.of_networks:
            kernels = [np.eye(2) + 1] * len(self.needs)
            resolve(self.fit)(kernels[0], np.ones(1), *kernels[1:], **options)

    def fitted(
        self,
        task: "Task",
        architecture: object | None,
        kernels: Sequence[np.ndarray],
        options: Mapping[str, Any],
    ) -> "tuple[Posterior, dict[str, Any]]":
        """The posterior on the recorded test points of ``task`` and figures on how it was come by: of networks of
        ``architecture``, or from the ``kernels`` that it needs, over S and these points.
        """
        fit = resolve(self.fit)
        if self.of_networks:
            return fit(architecture, task, **options)
        check_test_inputs(task)
        labels, kernel, *others = on_distinct_inputs(task, *kernels) if self.once else (task.train_labels, *kernels)
        return fit(kernel, labels, *others, **options)


POSTERIORS: Registry[PosteriorKind] = Registry("posterior")


def register_posterior(name: str, fit: Lazy, **about: Any) -> PosteriorKind:  # noqa: ANN401
    """Enter a posterior; ``about``: the other fields of `PosteriorKind`. Raises ValueError if the name is taken.

    >>> fit = lambda kernel, labels: (sb.expectation_propagation(kernel, labels).predictive, {})
    >>> kind = sb.register_posterior("quick", fit, label="EP again")
    """
    return POSTERIORS.register(PosteriorKind(name=name, fit=fit, **about))


def posterior_kind(name: str) -> PosteriorKind:
    """What is known of a posterior that stands in a table, perhaps of a plug-in that is not there."""
    return POSTERIORS.get(name) or PosteriorKind(name=name, fit="")


def exact_posterior() -> PosteriorKind:
    """That which samples the 0-1 posterior of infinitely wide networks exactly."""
    return next(kind for kind in POSTERIORS.values() if kind.exact)


register_posterior(
    "mse",
    "sgdbayes.posterior.regression:fit_mse",
    label="MSE posterior",
    short="MSE",
    sampler="regression on the labels",
    color="#d1603d",
    linestyle="-",
    marker="s",
)
register_posterior(
    "ep",
    "sgdbayes.posterior.ep:fit_ep",
    label="0-1 posterior (EP)",
    short="EP",
    sampler="random sampling by expectation propagation",
    color="#1b6ca8",
    linestyle="--",
    marker="^",
    approximates="zero_one",
    once=True,
)
register_posterior(
    "zero_one",
    "sgdbayes.posterior.zero_one:fit_zero_one",
    check="sgdbayes.posterior.zero_one:check_zero_one",
    label="0-1 posterior (exact)",
    short="0-1",
    sampler="random sampling",
    color="#0b2545",
    linestyle=":",
    marker="o",
    exact=True,
    once=True,
    threads=4,
)
register_posterior(
    "ntk",
    "sgdbayes.posterior.ntk:fit_ntk",
    needs=("kernel", "tangent_kernel"),
    label="NTK ensemble",
    short="NTK",
    sampler="gradient descent at infinite width",
    once=True,
    color="#8fb339",
    linestyle="-.",
    marker="D",
)
register_posterior(
    "rejection",
    "sgdbayes.posterior.rejection:fit_rejection",
    check="sgdbayes.posterior.rejection:check_rejection",
    needs=("networks",),
    label="finite networks (rejection)",
    short="rejection",
    sampler="random sampling of finite networks",
    color="#6a4c93",
    linestyle=(0, (5, 1)),
    marker="v",
    threads=4,
)
register_posterior(
    "splitting",
    "sgdbayes.posterior.splitting:fit_splitting",
    check="sgdbayes.posterior.splitting:check_splitting",
    needs=("networks",),
    label="finite networks (splitting)",
    short="splitting",
    sampler="random sampling of finite networks",
    color="#c08497",
    linestyle=(0, (3, 1, 1, 1)),
    marker="P",
    threads=4,
)
