# Where things are, and what depends on what. Keys (sgdbayes/pipeline/steps.py) say when a result is out of date.

EXPERIMENT = f"{RESULTS}/experiments/{{experiment}}"
FIGURES = f"{RESULTS}/figures"
EP_SETTINGS = CONFIGURATION.ep_against_exact
# Made from output, so that Snakemake does not compare it. known_runs are paths of one machine.
recorded = lambda wildcards, output: {
    name: value for name, value in asdict(CONFIGURATION).items() if name != "known_runs"
}
# Slurm gives a job no GPU that it did not ask for.
GPUS = int(CONFIGURATION.device == "cuda")


# What rules ask for and depend on.


def grows(amount):
    """A resource (MB, minutes): ``amount``, a number or a function of the wildcards, times the attempt."""

    def resource(wildcards, attempt):
        return attempt * (amount(wildcards) if callable(amount) else amount)

    return resource


def of(rule, wildcards):
    """The values of the wildcards that tell the results of a rule apart (sgdbayes/pipeline/steps.py)."""
    return [getattr(wildcards, name) for name in STEPS[rule].of]


def key_of(rule):
    """A parameter: what the settings of a result and of all before it come to."""
    return lambda wildcards: PLAN.key(rule, *of(rule, wildcards))


# Snakemake does not compare parameters that are made from output: tidied code throws no result away.
def code_of(rule):
    """A parameter: stands for the code behind a result."""
    if STEPS[rule].redrawn:
        return lambda wildcards: PLAN.code(rule, *of(rule, wildcards))
    return lambda wildcards, output: PLAN.code(rule, *of(rule, wildcards))


def uses_of(rule):
    """A parameter: the files of kinds behind a result."""
    return lambda wildcards, output: PLAN.uses(rule, *of(rule, wildcards))


def behind(rule):
    """The parameters that stand for all that a result depends on."""
    return {"uses": uses_of(rule), "code": code_of(rule), "key": key_of(rule)}


# Experiments.


def experiment_of(wildcards):
    return PLAN.experiments[wildcards.experiment]


def training_of(wildcards):
    return PLAN.training(wildcards.experiment)


def task_file(wildcards):
    return f"{RESULTS}/tasks/{experiment_of(wildcards).task}.npz"


def block_files(wildcards):
    name = wildcards.experiment
    return [f"{RESULTS}/experiments/{name}/blocks/{block}.parquet" for block in PLAN.blocks(name)]


def experiment_files(name, experiments=PLAN.experiments):
    """The file of this name of each of these experiments."""
    return [f"{RESULTS}/experiments/{experiment}/{name}" for experiment in experiments]


def runs_memory(experiments):
    """Room for the tables of all networks of these experiments, in MB."""
    return 2000 + sum(PLAN.experiments[name].networks for name in experiments) // 200


def experiment_memory(wildcards):
    return runs_memory([wildcards.experiment])


def experiment_labels(wildcards):
    """The columns that say which experiment a row of comparison.csv is about."""
    item = asdict(experiment_of(wildcards))
    shown = "task architecture optimizer loss batch_size extra_epochs target_loss precision seed"
    return {"experiment": wildcards.experiment} | {name: item[name] for name in shown.split()}


# Models: a task and an architecture, with their kernels and posteriors.


def model_folder(task, architecture):
    return f"{RESULTS}/models/{task}/{architecture}"


def models_of(experiments):
    """Task and architecture of each experiment."""
    return {name: PLAN.experiments[name].model for name in experiments}


def files_of_models(experiments, name):
    """The file of this name of each model of these experiments."""
    return [f"{model_folder(*model)}/{name}" for model in dict.fromkeys(models_of(experiments).values())]


def kernel_files(wildcards):
    """The kernels that a posterior is made from."""
    folder = model_folder(wildcards.task, wildcards.architecture)
    return [f"{folder}/{name}.npz" for name in PLAN.kernels_of(wildcards.posterior)]


def kernel_posterior_files(wildcards):
    """The posteriors of a model that are made from kernels."""
    folder = model_folder(wildcards.task, wildcards.architecture)
    return [f"{folder}/{name}.npz" for name in PLAN.kernel_posteriors_of(wildcards.task, wildcards.architecture)]


def kernel_rows(wildcards):
    task = CONFIGURATION.tasks[wildcards.task]
    return task["train_size"] + task["recorded_test_size"]


def room_for_kernel(rows):
    """Room for eight copies of a kernel, in MB, and for the libraries."""
    return 2000 + 8 * 8 * rows**2 // 10**6


def kernel_memory(wildcards):
    return room_for_kernel(kernel_rows(wildcards))


def posterior_minutes(wildcards):
    # Twice what EP took at 10,000 rows on two cores (results/benchmarks/posterior.csv), and cubes of the rows.
    return 120 + 15 * kernel_rows(wildcards) ** 3 // 10**12


def model_memory(wildcards):
    return runs_memory(PLAN.experiments_of(wildcards.task, wildcards.architecture))


def gpus_of_posterior(name):
    return int(CONFIGURATION.posteriors[name].get("device") == "cuda")


def posterior_gpus(wildcards):
    return gpus_of_posterior(wildcards.posterior)


def posterior_threads(wildcards):
    return POSTERIORS[wildcards.posterior].threads


def posterior_settings(wildcards):
    return CONFIGURATION.posteriors[wildcards.posterior]


def model_runs(wildcards):
    names = PLAN.experiments_of(wildcards.task, wildcards.architecture, wildcards.posterior)
    return experiment_files("runs.parquet", names)


def model_draw_files(wildcards):
    return posterior_tables("draws", [(wildcards.task, wildcards.architecture)])


def posterior_files(suffix):
    """Input function: a file for each posterior of an experiment."""

    def files(wildcards):
        item = experiment_of(wildcards)
        return [f"{model_folder(*item.model)}/{name}{suffix}" for name in item.posteriors]

    return files


def posterior_tables(kind, models):
    """The table of this kind of each posterior of these models."""
    return [f"{model_folder(*model)}/{name}-{kind}.parquet" for model in models for name in PLAN.posteriors_of(*model)]


# Figures and tables.


def reference_pages():
    return [page for page in PLAN.pages() if PLAN.reference_of(*page[:2])]


def described_pages(pages=None, *, with_posteriors=False, with_reference=False, **about):
    """What the captions of the figures of all experiments on a model say, by task, architecture and domain size."""
    described = {}
    for page in PLAN.pages() if pages is None else pages:
        task, architecture, _ = page
        described[page] = about | {
            "training": {name: PLAN.training(name) for name in PLAN.experiments_at(*page)},
            "task": CONFIGURATION.tasks[task],
        }
        if with_posteriors:
            described[page]["posteriors"] = PLAN.posteriors_of(task, architecture)
        if with_reference:
            described[page]["reference"] = PLAN.reference_of(task, architecture)
    return described


def in_report(path, category, caption, **labels):
    """An output that the report of the run shows."""
    return report(path, category=category, labels=labels, caption=f"../report/{caption}.rst")


def page_stems(kind, pages):
    """A figure of this kind for each page, by its path without folder and ending."""
    return [f"{kind}/{task}/{architecture}/{size}" for task, architecture, size in pages]


def page_pdfs(kind, pages):
    return [f"{FIGURES}/{stem}.pdf" for stem in page_stems(kind, pages)]


def page_pictures(kind, pages, category, figure="|E| ="):
    """A picture of this kind for each page, in the report under ``category`` as this ``figure``."""
    return [
        in_report(
            f"{FIGURES}/{kind}/{task}/{architecture}/{size}.png",
            category,
            kind,
            experiment=f"all on {task}, {architecture}",
            figure=f"{figure} {size}",
        )
        for task, architecture, size in pages
    ]


def sweep_description(name):
    """What the figure of a sweep shows, and what its caption says."""
    sweep = CONFIGURATION.sweeps[name]
    items = {name: PLAN.experiments[name] for name in sweep.experiments}
    return {
        "values": sweep.values,
        "groups": sweep.groups,
        "setting": sweep.setting,
        "size": sweep.domain_size,
        "reference": PLAN.sweep_reference(name),
        "training": {name: PLAN.training(name) for name in items},
        "tasks": {name: CONFIGURATION.tasks[item.task] for name, item in items.items()},
    }


def by_error_sizes():
    return sorted({size for model in PLAN.by_error_models() for size in PLAN.by_error_sizes(*model)})


def figure_files(kinds=None):
    """Figures of the configuration, as PNG and as PDF: all, or those of some kinds."""
    stems = {
        "scatter": [f"scatter/{name}" for name in PLAN.experiments],
        "sweeps": [f"sweeps/{name}" for name in CONFIGURATION.sweeps],
        "margins": ["margins"] * bool(CONFIGURATION.margins),
        "predictors": ["predictors"] * PLAN.predicts(),
        "complexity": [f"complexity/{name}" for name in PLAN.complexity_experiments()],
        "by_error": [f"by-error/{size}" for size in by_error_sizes()],
        "ep_against_exact": ["ep-against-exact"] * bool(CONFIGURATION.ep_against_exact),
        **{kind: page_stems(kind, PLAN.pages()) for kind in ("optimizers", "errors", "ranks", "favourites")},
        "reference": page_stems("reference", reference_pages()),
    }
    return [
        f"{FIGURES}/{stem}.{ending}"
        for ending in ("png", "pdf")
        for kind in (stems if kinds is None else kinds)
        for stem in stems[kind]
    ]


def table_files():
    """The tables and texts of the configuration."""
    names = []
    if PLAN.experiments:
        names += ["runs.parquet", "comparison.csv", "bands.csv", "summary.txt", "explorer.html"]
    if any(len(PLAN.posteriors_of(*model)) > 1 for model in PLAN.models()):
        names += ["posterior-pairs.csv", "claims.csv"]
    names += [f"experiments/{name}/complexity.parquet" for name in PLAN.complexity_experiments()]
    if CONFIGURATION.ep_against_exact:
        names.append("ep-against-exact.csv")
    if CONFIGURATION.test_errors:
        names.append("test-errors.csv")
    return [f"{RESULTS}/{name}" for name in names]


def test_error_tables(*names):
    """These tables on all recorded test points, none where they are not asked for."""
    return [f"{RESULTS}/{name}.csv" for name in names if CONFIGURATION.test_errors]


# EP against exact.


def ep_kernel(wildcards):
    return f"{model_folder(*EP_SETTINGS.model)}/kernel.npz"


def ep_task(wildcards):
    return f"{RESULTS}/tasks/{EP_SETTINGS.task}.npz"


def ep_memory(wildcards):
    return room_for_kernel(EP_SETTINGS.train_sizes[-1] + EP_SETTINGS.test_size)


def ep_tables(name):
    return [f"{RESULTS}/ep-against-exact/{size}/{name}" for size in (EP_SETTINGS.train_sizes if EP_SETTINGS else [])]
