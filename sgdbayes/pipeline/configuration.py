"""A configuration as it is read: all names known, defaults filled in, grids multiplied out."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sgdbayes.datasets.kinds import DATASETS

__all__ = ["ByError", "Complexity", "Configuration", "EpAgainstExact", "Experiment", "Margins", "Sweep"]


@dataclass(frozen=True, kw_only=True)
class _OnModel:
    task: str
    architecture: str

    @property
    def model(self) -> tuple[str, str]:
        """Task and architecture, by their names."""
        return self.task, self.architecture


@dataclass(frozen=True, kw_only=True)
class Experiment(_OnModel):
    """Networks of one architecture trained on one task by one optimiser, these by their names."""

    optimizer: str
    loss: str
    batch_size: int
    networks: int
    max_epochs: int
    extra_epochs: int
    seed: int
    domain_sizes: tuple[int, ...]
    posteriors: tuple[str, ...]
    precision: str
    target_loss: float | None = None


@dataclass(frozen=True, kw_only=True)
class EpAgainstExact(_OnModel):
    """EP and the exact 0-1 posterior on the first examples of a task; sizes in ascending order."""

    train_sizes: Sequence[int]
    test_size: int
    domain_sizes: Sequence[int]
    functions: int
    samples: int
    evidence_samples: int
    seed: int


@dataclass(frozen=True, kw_only=True)
class Complexity:
    """How complex functions of these experiments are."""

    measure: str
    experiments: Sequence[str]
    frequent: int
    sampled: int
    networks: int
    points: int
    radius: float
    steps: int
    starts: int
    seed: int


@dataclass(frozen=True, kw_only=True)
class ByError:
    """Random functions by their errors, for the models of these experiments; on domains of their own or those named."""

    number: int
    errors: int
    experiments: Sequence[str]
    seed: int
    domain_sizes: Sequence[int] | None = None


@dataclass(frozen=True, kw_only=True)
class Margins:
    """Margins of networks of these experiments and of draws from the exact 0-1 posterior."""

    draws: int
    experiments: Sequence[str]
    seed: int


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """What one setting does: its value in each of these experiments, and the label of the line that each is on."""

    setting: str
    experiments: Sequence[str]
    domain_size: int
    values: Mapping[str, float]
    groups: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """A whole configuration. Mappings are as in the file; a section is None if it is not asked for."""

    name: str
    device: str
    block_size: int
    stack_size: int | None = None
    tasks: Mapping[str, Mapping[str, Any]]
    architectures: Mapping[str, Mapping[str, Any]]
    optimizers: Mapping[str, Mapping[str, Any]]
    posteriors: Mapping[str, Mapping[str, Any]]
    posterior_draws: Mapping[str, int]
    comparison: Mapping[str, int]
    experiments: Mapping[str, Experiment]
    ep_against_exact: EpAgainstExact | None = None
    complexity: Complexity | None = None
    by_error: ByError | None = None
    reference: str | None = None
    known_runs: tuple[str, ...]
    sample: float
    sweeps: Mapping[str, Sweep]
    margins: Margins | None = None
    predictors: tuple[str, ...]
    figures: tuple[str, ...] | None = None
    test_errors: tuple[str, ...]
    plugins: tuple[str, ...]
    other_code: str

    def section(self, name: str) -> dict[str, Any]:
        """A section that need not be there, as a mapping. Raises KeyError if it is not."""
        if getattr(self, name) is None:
            raise KeyError(name)
        return asdict(getattr(self, name))

    def unseen_inputs(self, experiment: str) -> int:
        """How many examples the data set of an experiment has beside those of S."""
        task = self.tasks[self.experiments[experiment].task]
        return DATASETS[task["dataset"]].size - task["train_size"]
