"""What a configuration asks to be computed: blocks of networks, models, and the key of every result.

Snakemake sees keys (`sgdbayes.pipeline.steps`) as parameters and makes a result again when one changes.
"""

from dataclasses import asdict
from functools import cache
from pathlib import Path

from sgdbayes.hashes import settings_hash
from sgdbayes.pipeline.configuration import Configuration, Experiment
from sgdbayes.pipeline.provenance import code_hash, relative_path
from sgdbayes.pipeline.steps import STEPS
from sgdbayes.posterior.kinds import POSTERIORS, exact_posterior

__all__ = ["Plan"]


class Plan:
    """The work behind a configuration. A model is a pair of a task and an architecture, which share a kernel and
    posteriors.
    """

    def __init__(self, configuration: Configuration, scripts: Path) -> None:
        self.configuration, self._scripts = configuration, scripts

    @property
    def experiments(self) -> dict[str, Experiment]:
        return dict(self.configuration.experiments)

    def blocks(self, experiment: str) -> list[str]:
        """Names start-stop of the blocks of networks of an experiment."""
        networks, size = self.experiments[experiment].networks, self.configuration.block_size
        return [f"{start}-{min(start + size, networks)}" for start in range(0, networks, size)]

    def models(self) -> list[tuple[str, str]]:
        """The distinct (task, architecture) of all experiments."""
        return list(dict.fromkeys(item.model for item in self.experiments.values()))

    def experiments_of(self, task: str, architecture: str, posterior: str | None = None) -> list[str]:
        """Experiments on a model, all or those that ask for a posterior."""
        return [
            name
            for name, item in self.experiments.items()
            if item.model == (task, architecture) and (posterior is None or posterior in item.posteriors)
        ]

    def posteriors_of(self, task: str, architecture: str) -> list[str]:
        """Posteriors that any experiment on a model asks for."""
        return [name for name in self.configuration.posteriors if self.experiments_of(task, architecture, name)]

    def domain_sizes_of(self, task: str, architecture: str) -> list[int]:
        """Domain sizes that any experiment on a model asks for."""
        return sorted(
            {size for name in self.experiments_of(task, architecture) for size in self.experiments[name].domain_sizes}
        )

    def kernels_of(self, posterior: str) -> list[str]:
        """Names of the kernels that a posterior is made from; none for those of finite networks."""
        kind = POSTERIORS[posterior]
        return [] if kind.of_networks else [name.replace("_", "-") for name in kind.needs]

    def experiments_at(self, task: str, architecture: str, size: int) -> list[str]:
        """Experiments on a model that ask for a domain size."""
        return [
            name for name in self.experiments_of(task, architecture) if int(size) in self.experiments[name].domain_sizes
        ]

    def pages(self) -> list[tuple[str, str, int]]:
        """Task, architecture and domain size of each figure that shows all experiments on a model."""
        return [(*model, size) for model in self.models() for size in self.domain_sizes_of(*model)]

    def training(self, experiment: str) -> dict:
        """All that decides what the networks of an experiment are, but the task itself."""
        item = self.experiments[experiment]
        kept = ("loss", "batch_size", "max_epochs", "extra_epochs", "seed", "precision", "target_loss")
        return {
            "architecture": self.configuration.architectures[item.architecture],
            "optimizer": self.configuration.optimizers[item.optimizer],
            **{key: getattr(item, key) for key in kept},
        }

    # Keys are made of keys, and every job asks for several: made anew each time they took most of the time of planning.
    # A process has one plan.
    @cache  # noqa: B019
    def key(self, rule: str, *of: str) -> str:
        """Stands for the settings of a result of ``rule`` with these wildcards and of all that it is made from."""
        step = STEPS[rule]
        return settings_hash(step.settings(self, *of), [self.key(*each) for each in step.follows(self, *of)])

    def uses(self, rule: str, *of: str) -> tuple[str, ...]:
        """Files of the kinds that a result uses, from where the code or the run is: no path of one machine."""
        return tuple(relative_path(path) for path in STEPS[rule].uses(self, *of))

    @cache  # noqa: B019
    def code(self, rule: str, *of: str) -> str:
        """Stands for the code behind a result: script, modules, kinds."""
        script = STEPS[rule].script or rule
        return code_hash(self._scripts / f"{script}.py", self.uses(rule, *of))

    def complexity_experiments(self) -> list[str]:
        """Experiments of whose functions the complexity is asked for."""
        complexity = self.configuration.complexity
        return list(complexity.experiments) if complexity else []

    def complexity_settings(self, experiment: str) -> dict:
        """How the complexity of an experiment's functions is measured, on no more points than its task records."""
        settings = self.configuration.section("complexity")
        del settings["experiments"]
        recorded = self.configuration.tasks[self.experiments[experiment].task]["recorded_test_size"]
        settings["points"] = min(settings["points"], recorded)
        if settings["measure"] == "auto":
            whole = self.configuration.unseen_inputs(experiment) in self.experiments[experiment].domain_sizes
            settings["measure"] = "lempel_ziv" if whole else "critical_sample_ratio"
        return settings

    def by_error_sizes(self, task: str, architecture: str) -> list[int]:
        """Domain sizes on which random functions of a model are drawn by their errors; none if not asked for."""
        by_error = self.configuration.by_error
        if not by_error or not set(by_error.experiments).intersection(self.experiments_of(task, architecture)):
            return []
        return sorted(by_error.domain_sizes or self.domain_sizes_of(task, architecture))

    def by_error_settings(self) -> dict:
        """How random functions are drawn by their errors, whatever their domain."""
        section = self.configuration.section("by_error")
        return {name: section[name] for name in ("number", "errors", "seed")}

    def ep_by_error_models(self) -> list[tuple[str, str]]:
        """Models for which EP gives the probability of random functions by their errors."""
        return [model for model in self.by_error_models() if "ep" in self.posteriors_of(*model)]

    def by_error_models(self, size: int | None = None) -> list[tuple[str, str]]:
        """Models of which random functions are drawn by their errors, on any domain or on that of ``size`` points."""
        return [
            model
            for model in self.models()
            if (size in self.by_error_sizes(*model) if size else self.by_error_sizes(*model))
        ]

    def reference_of(self, task: str, architecture: str) -> str | None:
        """The posterior of a model that all others are drawn against, None if it has none or nothing else."""
        posteriors = self.posteriors_of(task, architecture)
        wanted = self.configuration.reference
        return next(
            (
                name
                for name, kind in POSTERIORS.items()
                if name in posteriors and (name == wanted if wanted else kind.of_networks)
            ),
            None,
        )

    def sweeps(self) -> dict:
        """The sweeps as mappings."""
        return {name: asdict(sweep) for name, sweep in self.configuration.sweeps.items()}

    def sweep_reference(self, name: str) -> str | None:
        """The reference posterior of all models of a sweep, None if there are several or none, or one model alone."""
        models = {self.experiments[each].model for each in self.configuration.sweeps[name].experiments}
        references = {self.reference_of(*model) for model in models}
        return references.pop() if len(references) == 1 and len(models) > 1 else None

    def margins_experiments(self) -> list[str]:
        """Experiments whose margins are compared with those of the exact 0-1 posterior."""
        margins = self.configuration.margins
        return list(margins.experiments) if margins else []

    def kernel_posteriors_of(self, task: str, architecture: str) -> list[str]:
        """Posteriors of a model that are made from kernels."""
        return [name for name in self.posteriors_of(task, architecture) if self.kernels_of(name)]

    def predicts(self) -> bool:
        """Whether there is a figure of how well posteriors predict networks: of experiments with the exact one."""
        return any(
            exact_posterior().name in self.experiments[name].posteriors for name in self.configuration.predictors
        )
