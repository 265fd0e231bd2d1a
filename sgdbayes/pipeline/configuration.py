"""A configuration as it is read: all names known, defaults filled in, grids multiplied out."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

from sgdbayes.datasets.kinds import DATASETS

__all__ = [
    "ByError",
    "Complexity",
    "Configuration",
    "EpAgainstExact",
    "Experiment",
    "Margins",
    "Published",
    "Sweep",
    "Volume",
]


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
    min_epochs: int = 0


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
class Volume:
    """Curves over |S|, by name: a sweep for each family of tasks that differ in |S| and seed, and architecture."""

    experiments: Sequence[str]
    domain_size: int
    curves: Mapping[str, Sweep]


@dataclass(frozen=True, kw_only=True)
class Published:
    """The ``table`` of a ``source`` and the ``comparisons`` with it: in each what the ``study`` of a row is called,
    columns of the table in braces, and which ``rows``, by values of columns, if not all. ``content``: a hash of the
    table. A figure has the column ``across`` along its axis and a panel for each combination of the others.
    """

    MEASURED: ClassVar = ("side", "accuracy", "networks", "training_sets")
    # The side of networks that were trained; others are posteriors.
    TRAINED: ClassVar = "trained"
    table: str
    source: str
    across: str
    comparisons: Mapping[str, Mapping[str, Any]]
    content: str = ""

    def rows(self) -> list[dict[str, str]]:
        """Of the table, as they stand there."""
        with Path(self.table).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def cells(self) -> list[dict[str, str]]:
        """Each row in each comparison that has it, with the comparison and the study."""
        return [
            {"comparison": comparison, "study": asked["study"].format(**row), **row}
            for comparison, asked in self.comparisons.items()
            for row in self.rows()
            if all(row[name] in map(str, values) for name, values in asked["rows"].items())
        ]


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
    domains: int
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
    published: Published | None = None
    volume: Volume | None = None
    predictors: tuple[str, ...]
    figures: tuple[str, ...] | None = None
    caption: bool
    style: str | None = None
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
