"""What a configuration asks to be computed: blocks of networks, models, and the key of every result.

Snakemake sees keys (`sgdbayes.pipeline.steps`) as parameters and makes a result again when one changes.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from functools import cache
from pathlib import Path

from sgdbayes.functions import disjoint_domains
from sgdbayes.hashes import settings_hash
from sgdbayes.pipeline.configuration import Configuration, Experiment
from sgdbayes.pipeline.grids import named_groups
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

    def domains_of(self, task: str, sizes: Iterable[int]) -> dict[int, int]:
        """Into how many domains of each of these sizes the recorded test points of a task are cut."""
        recorded = self.configuration.tasks[task]["recorded_test_size"]
        return dict(Counter(each.size for each in disjoint_domains(recorded, sizes, self.configuration.domains)))

    def asking(self) -> dict[str, int]:
        """Of which functions of networks on a domain the probabilities are asked for."""
        return {name: self.configuration.comparison[name] for name in ("asked", "asked_found", "min_count", "top")}

    def kernels_of(self, posterior: str) -> list[str]:
        """Names of the kernels that a posterior is made from; none for those of finite networks."""
        kind = POSTERIORS[posterior]
        return [] if kind.of_networks else [name.replace("_", "-") for name in kind.needs]

    def has_kernels(self, task: str) -> bool:
        """Whether any posterior on this task is made from a kernel."""
        used = {name for item in self.experiments.values() if item.task == task for name in item.posteriors}
        return any(self.kernels_of(name) for name in used)

    def studies(self) -> dict[str, list[str]]:
        """The experiments of each study, by its name: those that differ in nothing but the seed of their task."""
        groups: dict[str, list[str]] = {}
        for name, item in self.experiments.items():
            task = {key: value for key, value in self.configuration.tasks[item.task].items() if key != "seed"}
            groups.setdefault(settings_hash({**asdict(item), "task": task}), []).append(name)
        return named_groups(groups.values())

    def families(self) -> dict[str, str]:
        """Of each task, what it and those that differ from it in nothing but their seed are called."""
        groups: dict[str, list[str]] = {}
        for name, task in self.configuration.tasks.items():
            like = settings_hash({key: value for key, value in task.items() if key != "seed"})
            groups.setdefault(like, []).append(name)
        return {task: family for family, tasks in named_groups(groups.values()).items() for task in tasks}

    def models_at(self, family: str, architecture: str) -> list[tuple[str, str]]:
        """The models on a page, of tasks that differ in nothing but their seed."""
        families = self.families()
        return [(task, kind) for task, kind in self.models() if (families[task], kind) == (family, architecture)]

    def pages(self) -> list[tuple[str, str, int]]:
        """Family of tasks, architecture and domain size of each figure that shows all studies on a model."""
        families = self.families()
        pages = (
            (families[task], kind, size) for task, kind in self.models() for size in self.domain_sizes_of(task, kind)
        )
        return list(dict.fromkeys(pages))

    def studies_at(self, family: str, architecture: str, size: int) -> dict[str, list[str]]:
        """The studies on a page, with their experiments."""
        models, items = self.models_at(family, architecture), self.experiments
        return {
            study: names
            for study, names in self.studies().items()
            if items[names[0]].model in models and size in items[names[0]].domain_sizes
        }

    def flagship(self) -> str | None:
        """The first of `_with_exact_posterior`, None if there is none."""
        return next(iter(self._with_exact_posterior()), None)

    def beside_flagship(self) -> dict[str, int | str]:
        """The flagship and the studies with the exact posterior that differ from it in |S| alone, with their |S|, one
        for each; if there are none, those that differ in the optimiser alone, with its name.
        """
        items = self._with_exact_posterior()
        values = {"train_size": lambda item: self.configuration.tasks[item.task]["train_size"]}
        values["optimizer"] = lambda item: item.optimizer
        studies: dict[int | str, str] = {}
        for setting, value in values.items():
            like = [study for study in items if self._but(study, setting) == self._but(self.flagship(), setting)]
            studies = {value(items[study]): study for study in reversed(like)}
            if len(studies) > 1:
                break
        return {study: value for value, study in reversed(studies.items())}

    def _with_exact_posterior(self) -> dict[str, Experiment]:
        """The first experiment of each study that has the exact posterior; those on most training sets first, of these
        those of most networks, of these those on most examples.
        """
        studies, exact = self.studies(), exact_posterior().name
        firsts = {study: self.experiments[experiments[0]] for study, experiments in studies.items()}
        kept = {study: item for study, item in firsts.items() if exact in item.posteriors}
        examples = {study: self.configuration.tasks[item.task]["train_size"] for study, item in kept.items()}
        order = sorted(kept, key=lambda study: (-len(studies[study]), -kept[study].networks, -examples[study]))
        return {study: kept[study] for study in order}

    def _but(self, study: str, setting: str) -> str:
        """Stands for what decides the functions of networks of a study but one ``setting``."""
        first = self.studies()[study][0]
        kept = {**self.training(first), **self.configuration.tasks[self.experiments[first].task]}
        return settings_hash(
            {k: v for k, v in kept.items() if k not in (setting, "seed", "recorded_test_size", "max_epochs")}
        )

    def training(self, experiment: str) -> dict:
        """All that decides what the networks of an experiment are, but the task itself."""
        item = self.experiments[experiment]
        kept = ("loss", "batch_size", "max_epochs", "extra_epochs", "seed", "precision", "target_loss")
        return {
            "architecture": self.configuration.architectures[item.architecture],
            "optimizer": self.configuration.optimizers[item.optimizer],
            **{key: getattr(item, key) for key in kept},
            # Where it is not asked for, keys are what they were before there was any.
            **({"min_epochs": item.min_epochs} if item.min_epochs else {}),
        }

    def look(self) -> dict:
        """How figures are drawn: the style, by its name, and whether captions stand below."""
        return {name: getattr(self.configuration, name) for name in ("style", "caption")}

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

    def curves(self) -> dict:
        """The curves over |S| of the figure of the volume hypothesis, as mappings like sweeps."""
        volume = self.configuration.volume
        return {name: asdict(sweep) for name, sweep in volume.curves.items()} if volume else {}

    def lines(self) -> dict:
        """All sweeps that claims are tested on, and of a curve the figure that shows it."""
        return self.sweeps() | {name: {**curve, "figure": "volume"} for name, curve in self.curves().items()}

    def sweep_reference(self, name: str) -> str | None:
        """The reference posterior of all models of a sweep, None if there are several or none, or one model alone."""
        models = {self.experiments[each].model for each in self.configuration.sweeps[name].experiments}
        references = {self.reference_of(*model) for model in models}
        return references.pop() if len(references) == 1 and len(models) > 1 else None

    def margins_experiments(self) -> list[str]:
        """Experiments whose margins are compared with those of the exact 0-1 posterior."""
        margins = self.configuration.margins
        return list(margins.experiments) if margins else []

    def published_cells(self) -> list[dict[str, str]]:
        """Rows of a published table with the studies that they are compared with; none if there is no table."""
        return self.configuration.published.cells() if self.configuration.published else []

    def published_experiments(self) -> dict[str, list[str]]:
        """The experiments behind the comparisons with a published table, by the side of the table."""
        studies, sides = self.studies(), {}
        for cell in self.published_cells():
            sides.setdefault(cell["side"], {}).update(dict.fromkeys(studies[cell["study"]]))
        return {side: list(names) for side, names in sides.items()}

    def predictors(self) -> list[str]:
        """The studies of the figure of how well posteriors predict networks, of those with the exact one."""
        named, known = set(self.configuration.predictors), self._with_exact_posterior()
        return [study for study, names in self.studies().items() if study in known and named.intersection(names)]
