"""What a configuration asks to be computed: blocks of networks, models, and the key of every result.

A key is a hash of a result's settings, of the code behind it and of the keys of what it is made from; versions of libraries
and the device are recorded with the result, not hashed.
Snakemake sees keys as parameters and makes a result again when any of that changes.
"""

from functools import cache
from pathlib import Path

from sgdbayes.configuration import OF_NETWORKS, Configuration, Experiment, unseen_inputs
from sgdbayes.provenance import code_hash, settings_hash

__all__ = ["Plan"]

# Of the posteriors those that need the tangent kernel beside the NNGP kernel: their functions have a parameter for it,
# but importing them takes seconds, which not every job should pay.
_TANGENT = ("ntk",)


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
        return list(dict.fromkeys((item.task, item.architecture) for item in self.experiments.values()))

    def experiments_of(self, task: str, architecture: str, posterior: str | None = None) -> list[str]:
        """Experiments on a model, all or those that ask for a posterior."""
        return [
            name
            for name, item in self.experiments.items()
            if (item.task, item.architecture) == (task, architecture)
            and (posterior is None or posterior in item.posteriors)
        ]

    def posteriors_of(self, task: str, architecture: str) -> list[str]:
        """Posteriors that any experiment on a model asks for."""
        return [name for name in self.configuration.posteriors if self.experiments_of(task, architecture, name)]

    def domain_sizes_of(self, task: str, architecture: str) -> list[int]:
        """Domain sizes that any experiment on a model asks for."""
        return sorted(
            {size for name in self.experiments_of(task, architecture) for size in self.experiments[name].domain_sizes}
        )

    def test_points_of(self, task: str, architecture: str) -> int:
        """How many test points the kernel of a model covers."""
        sizes = self.domain_sizes_of(task, architecture)
        ep = self.configuration.ep_against_exact
        if (ep.get("task"), ep.get("architecture")) == (task, architecture):
            sizes.append(ep["test_size"])
        return max(sizes)

    def kernels_of(self, posterior: str) -> list[str]:
        """Names of the kernels that a posterior is made from; none for those of finite networks."""
        if posterior in OF_NETWORKS:
            return []
        return ["kernel", "tangent-kernel"] if posterior in _TANGENT else ["kernel"]

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

    def code(self, script: str) -> str:
        """Stands for a script of the workflow and the modules behind it."""
        return code_hash(self._scripts / f"{script}.py")

    # Keys are made of keys, and every job asks for several: made anew each time they took most of the time of planning. A
    # process has one plan.
    @cache  # noqa: B019
    def task_key(self, task: str) -> str:
        return settings_hash(self.configuration.tasks[task], self.code("task"))

    @cache  # noqa: B019
    def training_key(self, experiment: str) -> str:
        return settings_hash(
            self.task_key(self.experiments[experiment].task), self.training(experiment), self.code("train")
        )

    @cache  # noqa: B019
    def runs_key(self, experiment: str) -> str:
        return settings_hash(self.training_key(experiment), self.experiments[experiment].networks, self.code("runs"))

    @cache  # noqa: B019
    def verify_key(self, experiment: str) -> str:
        return settings_hash(self.training_key(experiment), self.configuration.sample, self.code("verify"))

    def verified_key(self) -> str:
        return settings_hash([self.verify_key(name) for name in self.experiments], self.code("verified"))

    def all_runs_key(self) -> str:
        return settings_hash([self.runs_key(name) for name in self.experiments], self.code("concatenate"))

    @cache  # noqa: B019
    def kernel_key(self, task: str, architecture: str) -> str:
        settings = self.configuration.architectures[architecture]
        size = self.test_points_of(task, architecture)
        return settings_hash(self.task_key(task), settings, size, self.code("kernel"))

    @cache  # noqa: B019
    def posterior_key(self, task: str, architecture: str, posterior: str) -> str:
        model, sizes = self.kernel_key(task, architecture), self.domain_sizes_of(task, architecture)
        if posterior in OF_NETWORKS:
            model = settings_hash(self.task_key(task), self.configuration.architectures[architecture])
        draws = self.configuration.posterior_draws
        settings = [self.configuration.posteriors[posterior], draws["number"], draws["seed"]]
        return settings_hash(model, sizes, settings, self.code("posterior"))

    @cache  # noqa: B019
    def probabilities_key(self, task: str, architecture: str, posterior: str) -> str:
        runs = [self.runs_key(name) for name in self.experiments_of(task, architecture, posterior)]
        # Favourites of every posterior are asked of each.
        fitted = [
            self.posterior_key(task, architecture, name)
            for name in (posterior, *self.posteriors_of(task, architecture))
        ]
        asked = [self.configuration.posterior_draws[name] for name in ("asked", "asked_found")]
        return settings_hash(fitted, runs, asked, self.code("probabilities"))

    @cache  # noqa: B019
    def functions_key(self, experiment: str) -> str:
        item = self.experiments[experiment]
        probabilities = [self.probabilities_key(item.task, item.architecture, name) for name in item.posteriors]
        return settings_hash(self.runs_key(experiment), probabilities, self.code("functions"))

    @cache  # noqa: B019
    def comparison_key(self, experiment: str) -> str:
        return settings_hash(self.functions_key(experiment), self.configuration.comparison, self.code("compare"))

    def all_comparisons_key(self) -> str:
        return settings_hash([self.comparison_key(name) for name in self.experiments], self.code("concatenate"))

    def summary_key(self) -> str:
        return settings_hash(self.all_comparisons_key(), self.code("summary"))

    def ep_key(self, *scripts: str) -> str:
        """Key of what ``scripts`` make of EP against exact."""
        ep = self.configuration.ep_against_exact
        codes = [self.code(script) for script in scripts]
        return settings_hash(dict(ep), self.kernel_key(ep["task"], ep["architecture"]), codes)

    def complexity_experiments(self) -> list[str]:
        """Experiments of whose functions the complexity is asked for."""
        return list(self.configuration.complexity.get("experiments", []))

    def complexity_settings(self, experiment: str) -> dict:
        """How the complexity of an experiment's functions is measured, on no more points than its task records."""
        settings = {name: value for name, value in self.configuration.complexity.items() if name != "experiments"}
        recorded = self.configuration.tasks[self.experiments[experiment].task]["recorded_test_size"]
        settings["points"] = min(settings["points"], recorded)
        if settings["measure"] == "auto":
            whole = unseen_inputs(self.configuration, experiment) in self.experiments[experiment].domain_sizes
            settings["measure"] = "lempel_ziv" if whole else "critical_sample_ratio"
        return settings

    def complexity_key(self, experiment: str) -> str:
        settings = self.complexity_settings(experiment)
        keys = [self.functions_key(experiment), self.training_key(experiment)]
        return settings_hash(keys, settings, self.code("complexity"))

    def complexity_figure_key(self) -> str:
        keys = [self.complexity_key(name) for name in self.complexity_experiments()]
        return settings_hash(keys, self.code("complexity_figure"))

    def by_error_sizes(self, task: str, architecture: str) -> list[int]:
        """Domain sizes on which random functions of a model are drawn by their errors; none if that is not asked for."""
        by_error = self.configuration.by_error
        names = by_error.get("experiments", list(self.experiments))
        if not by_error or not set(names).intersection(self.experiments_of(task, architecture)):
            return []
        return sorted(by_error.get("domain_sizes", self.domain_sizes_of(task, architecture)))

    def by_error_key(self, task: str, architecture: str, posterior: str) -> str:
        drawn = {name: value for name, value in self.configuration.by_error.items() if name != "experiments"}
        settings = [drawn, self.by_error_sizes(task, architecture)]
        return settings_hash(self.posterior_key(task, architecture, posterior), settings, self.code("by_error"))

    def ep_by_error_models(self) -> list[tuple[str, str]]:
        """Models for which EP gives the probability of random functions by their errors."""
        return [model for model in self.by_error_models() if "ep" in self.posteriors_of(*model)]

    def claims_key(self) -> str:
        by_error = [self.by_error_key(*model, "ep") for model in self.ep_by_error_models()]
        complexity = [self.complexity_key(name) for name in self.complexity_experiments()]
        sweeps = dict(self.configuration.sweeps)
        margins = self.margins_of_experiments_key()
        errors = self.test_errors_key()
        return settings_hash(
            self.all_comparisons_key(),
            self.pairs_key(),
            by_error,
            complexity,
            sweeps,
            margins,
            errors,
            self.code("claims"),
        )

    def by_error_models(self, size: int | None = None) -> list[tuple[str, str]]:
        """Models of which random functions are drawn by their errors, on any domain or on that of ``size`` points."""
        return [
            model
            for model in self.models()
            if (size in self.by_error_sizes(*model) if size else self.by_error_sizes(*model))
        ]

    def by_error_figure_key(self) -> str:
        names = [(*model, posterior) for model in self.by_error_models() for posterior in self.posteriors_of(*model)]
        return settings_hash([self.by_error_key(*name) for name in names], self.code("by_error_figure"))

    def reference_of(self, task: str, architecture: str) -> str | None:
        """The posterior of a model that all others are drawn against, None if it has none or nothing else."""
        posteriors = self.posteriors_of(task, architecture)
        wanted = self.configuration.reference
        return next((name for name in ([wanted] if wanted else OF_NETWORKS) if name in posteriors), None)

    def reference_figure_key(self) -> str:
        references = [self.reference_of(*model) for model in self.models()]
        return settings_hash(self.pages_key("reference_figure"), references, self.pairs_key())

    def sweep_reference(self, name: str) -> str | None:
        """The reference posterior of all models of a sweep, None if they have different ones or none, or are one and the same."""
        items = [self.experiments[each] for each in self.configuration.sweeps[name]["experiments"]]
        models = {(item.task, item.architecture) for item in items}
        references = {self.reference_of(*model) for model in models}
        return references.pop() if len(references) == 1 and len(models) > 1 else None

    def sweep_key(self) -> str:
        sweeps = dict(self.configuration.sweeps)
        keys = self.all_comparisons_key(), self.pairs_key(), self.test_errors_key()
        return settings_hash(sweeps, *keys, self.code("sweep"))

    def margins_experiments(self) -> list[str]:
        """Experiments whose margins are compared with those of the exact 0-1 posterior."""
        return list(self.configuration.margins.get("experiments", []))

    def margins_key(self, task: str, architecture: str) -> str:
        settings = [self.configuration.margins.get(name) for name in ("draws", "seed")]
        return settings_hash(self.kernel_key(task, architecture), settings, self.code("margins"))

    def margins_of_experiments_key(self) -> str:
        names = self.margins_experiments()
        items = [self.experiments[name] for name in names]
        drawn = [self.margins_key(item.task, item.architecture) for item in items]
        return settings_hash([self.runs_key(name) for name in names], drawn)

    def margins_figure_key(self) -> str:
        return settings_hash(self.margins_of_experiments_key(), self.code("margins_figure"))

    def kernel_posteriors_of(self, task: str, architecture: str) -> list[str]:
        """Posteriors of a model that are made from kernels."""
        return [name for name in self.posteriors_of(task, architecture) if self.kernels_of(name)]

    def posterior_errors_key(self, task: str, architecture: str) -> str:
        posteriors = {
            name: self.configuration.posteriors[name] for name in self.kernel_posteriors_of(task, architecture)
        }
        settings = self.configuration.architectures[architecture]
        return settings_hash(self.task_key(task), settings, posteriors, self.code("posterior_errors"))

    def test_errors_key(self) -> str:
        names = self.configuration.test_errors
        models = [(self.experiments[name].task, self.experiments[name].architecture) for name in names]
        wrong = [self.posterior_errors_key(*model) for model in models]
        return settings_hash([self.runs_key(name) for name in names], wrong, self.code("test_errors"))

    def predicts(self) -> bool:
        """Whether there is a figure of how well posteriors predict what networks become: of experiments with the exact one."""
        return any("zero_one" in self.experiments[name].posteriors for name in self.configuration.predictors)

    def predictors_key(self) -> str:
        keys = self.all_comparisons_key(), self.test_errors_key()
        return settings_hash(keys, list(self.configuration.predictors), self.code("predictors"))

    def pairs_key(self) -> str:
        keys = [self.probabilities_key(*model, name) for model in self.models() for name in self.posteriors_of(*model)]
        settings = [self.configuration.comparison[name] for name in ("resamples", "seed")]
        return settings_hash(keys, settings, self.code("posterior_pairs"))

    def explorer_key(self) -> str:
        # Its template, style and scripts are no modules.
        parts = sorted((Path(__file__).parent / "explorer" / "web").iterdir())
        texts = [path.read_text(encoding="utf-8") for path in parts]
        return settings_hash(self.all_comparisons_key(), texts, self.code("explorer"))

    def scatter_key(self, experiment: str) -> str:
        return settings_hash(self.comparison_key(experiment), self.code("scatter"))

    def pages_key(self, script: str) -> str:
        """Key of the figures that ``script`` draws of every model and domain."""
        return settings_hash(self.all_comparisons_key(), self.code(script))
