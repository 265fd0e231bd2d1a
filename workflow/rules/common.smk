# Where things are, and what depends on what. Keys (sgdbayes/pipeline/steps.py) say when a result is out of date.

EP_SETTINGS = CONFIGURATION.ep_against_exact
# Made from output, so that Snakemake does not compare it. known_runs are paths of one machine.
recorded = lambda wildcards, output: {
    name: value for name, value in asdict(CONFIGURATION).items() if name != "known_runs"
}
# Slurm gives a job no GPU that it did not ask for.
GPUS = int(CONFIGURATION.device == "cuda")


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


def experiment_of(wildcards):
    return PLAN.experiments[wildcards.experiment]


def model_folder(name):
    """Folder of the model of an experiment: kernel and posteriors of its task and architecture."""
    item = PLAN.experiments[name]
    return f"{RESULTS}/models/{item.task}/{item.architecture}"


def task_file(wildcards):
    return f"{RESULTS}/tasks/{experiment_of(wildcards).task}.npz"


def block_files(wildcards):
    folder = f"{RESULTS}/experiments/{wildcards.experiment}/blocks"
    return [f"{folder}/{block}.parquet" for block in PLAN.blocks(wildcards.experiment)]


def kernel_files(wildcards):
    """The kernels that a posterior is made from."""
    folder = f"{RESULTS}/models/{wildcards.task}/{wildcards.architecture}"
    return [f"{folder}/{name}.npz" for name in PLAN.kernels_of(wildcards.posterior)]


def kernel_rows(wildcards):
    task = CONFIGURATION.tasks[wildcards.task]
    return task["train_size"] + task["recorded_test_size"]


def kernel_memory(wildcards):
    """Room for eight copies of the kernel, in MB, and for the libraries."""
    return 2000 + 8 * 8 * kernel_rows(wildcards) ** 2 // 10**6


def posterior_minutes(wildcards):
    # Twice what EP took at 10,000 rows on two cores (results/benchmarks/posterior.csv), and cubes of the rows.
    return 120 + 15 * kernel_rows(wildcards) ** 3 // 10**12


def runs_memory(experiments):
    """Room for the tables of all networks of these experiments, in MB."""
    return 2000 + sum(PLAN.experiments[name].networks for name in experiments) // 200


def model_memory(wildcards):
    return runs_memory(PLAN.experiments_of(wildcards.task, wildcards.architecture))


def experiment_memory(wildcards):
    return runs_memory([wildcards.experiment])


def gpus_of_posterior(name):
    return int(CONFIGURATION.posteriors[name].get("device") == "cuda")


def posterior_gpus(wildcards):
    return gpus_of_posterior(wildcards.posterior)


def posterior_threads(wildcards):
    return POSTERIORS[wildcards.posterior].threads


def posterior_settings(wildcards):
    return CONFIGURATION.posteriors[wildcards.posterior]


def model_runs(wildcards):
    names = PLAN.experiments_of(
        wildcards.task, wildcards.architecture, wildcards.posterior
    )
    return [f"{RESULTS}/experiments/{name}/runs.parquet" for name in names]


def posterior_files(suffix):
    """Input function: a file for each posterior of an experiment."""

    def files(wildcards):
        folder = model_folder(wildcards.experiment)
        return [
            f"{folder}/{name}{suffix}" for name in experiment_of(wildcards).posteriors
        ]

    return files


def experiment_files(name):
    """The file of this name of every experiment."""
    return [
        f"{RESULTS}/experiments/{experiment}/{name}" for experiment in PLAN.experiments
    ]


def experiment_labels(wildcards):
    """The columns that say which experiment a row of comparison.csv is about."""
    item = experiment_of(wildcards)
    names = (
        "task",
        "architecture",
        "optimizer",
        "loss",
        "batch_size",
        "extra_epochs",
        "target_loss",
        "precision",
        "seed",
    )
    return {"experiment": wildcards.experiment} | {
        name: getattr(item, name) for name in names
    }


def model_draw_files(wildcards):
    folder = f"{RESULTS}/models/{wildcards.task}/{wildcards.architecture}"
    return [f"{folder}/{name}-draws.parquet" for name in model_posteriors(wildcards)]


def model_posteriors(wildcards):
    return PLAN.posteriors_of(wildcards.task, wildcards.architecture)


def described_pages(
    pages=None, *, with_posteriors=False, with_reference=False, **about
):
    """What the captions of the figures of all experiments on a model say, by task, architecture and domain size."""
    described = {}
    for page in PLAN.pages() if pages is None else pages:
        task, architecture, _ = page
        described[page] = about | {
            "training": {
                name: PLAN.training(name) for name in PLAN.experiments_at(*page)
            },
            "task": CONFIGURATION.tasks[task],
        }
        if with_posteriors:
            described[page]["posteriors"] = PLAN.posteriors_of(task, architecture)
        if with_reference:
            described[page]["reference"] = PLAN.reference_of(task, architecture)
    return described


def page_stems(kind, pages):
    """A figure of this kind for each page, by its path without folder and ending."""
    return [
        f"{kind}/{task}/{architecture}/{size}" for task, architecture, size in pages
    ]


def page_files(kind, pages, ending):
    """A figure of this kind for each page."""
    return [f"{RESULTS}/figures/{stem}.{ending}" for stem in page_stems(kind, pages)]


def reference_pages():
    return [page for page in PLAN.pages() if PLAN.reference_of(*page[:2])]


def sweep_description(name):
    """What the figure of a sweep shows, and what its caption says."""
    sweep = CONFIGURATION.sweeps[name]
    names = sweep.experiments
    return {
        "values": sweep.values,
        "groups": sweep.groups,
        "setting": sweep.setting,
        "size": sweep.domain_size,
        "reference": PLAN.sweep_reference(name),
        "training": {name: PLAN.training(name) for name in names},
        "tasks": {
            name: CONFIGURATION.tasks[PLAN.experiments[name].task] for name in names
        },
    }


def complexity_settings(wildcards):
    return PLAN.complexity_settings(wildcards.experiment)


def by_error_sizes():
    return sorted(
        {
            size
            for model in PLAN.by_error_models()
            for size in PLAN.by_error_sizes(*model)
        }
    )


def by_error_names(size=None):
    """Task, architecture and posterior of each table of random functions by error."""
    return [
        (*model, posterior)
        for model in PLAN.by_error_models(size)
        for posterior in PLAN.posteriors_of(*model)
    ]


def all_posteriors():
    """Task, architecture and posterior of each table of probabilities."""
    return [
        (*model, posterior)
        for model in PLAN.models()
        for posterior in PLAN.posteriors_of(*model)
    ]


def functions_of(experiments):
    return [f"{RESULTS}/experiments/{name}/functions.parquet" for name in experiments]


def models_of(experiments):
    """Task and architecture of each experiment."""
    items = {name: PLAN.experiments[name] for name in experiments}
    return {name: (item.task, item.architecture) for name, item in items.items()}


def files_of_models(experiments, name):
    """The file of this name of each model of these experiments."""
    models = dict.fromkeys(models_of(experiments).values())
    return [
        f"{RESULTS}/models/{task}/{architecture}/{name}"
        for task, architecture in models
    ]


def margins_files():
    return files_of_models(PLAN.margins_experiments(), "margins.parquet")


def posterior_tables(posteriors, kind):
    """The table of this kind of each posterior, named with its task and architecture."""
    return [
        f"{RESULTS}/models/{task}/{architecture}/{posterior}-{kind}.parquet"
        for task, architecture, posterior in posteriors
    ]


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
    }
    for kind in ("optimizers", "errors", "ranks", "favourites"):
        stems[kind] = page_stems(kind, PLAN.pages())
    stems["reference"] = page_stems("reference", reference_pages())
    return [
        f"{RESULTS}/figures/{stem}.{ending}"
        for ending in ("png", "pdf")
        for kind in (stems if kinds is None else kinds)
        for stem in stems[kind]
    ]


def table_files():
    """The tables and texts of the configuration."""
    names = [
        "runs.parquet",
        "comparison.csv",
        "bands.csv",
        "summary.txt",
        "explorer.html",
    ]
    names = names if PLAN.experiments else []
    if any(len(PLAN.posteriors_of(*model)) > 1 for model in PLAN.models()):
        names += ["posterior-pairs.csv", "claims.csv"]
    names += [
        f"experiments/{name}/complexity.parquet"
        for name in PLAN.complexity_experiments()
    ]
    if CONFIGURATION.ep_against_exact:
        names.append("ep-against-exact.csv")
    if CONFIGURATION.test_errors:
        names.append("test-errors.csv")
    return [f"{RESULTS}/{name}" for name in names]


def test_error_tables(*names):
    """These tables on all recorded test points, none where they are not asked for."""
    return [f"{RESULTS}/{name}.csv" for name in names if CONFIGURATION.test_errors]


def ep_kernel(wildcards):
    return f"{RESULTS}/models/{EP_SETTINGS.task}/{EP_SETTINGS.architecture}/kernel.npz"


def ep_task(wildcards):
    return f"{RESULTS}/tasks/{EP_SETTINGS.task}.npz"


def ep_memory(wildcards):
    rows = EP_SETTINGS.train_sizes[-1] + EP_SETTINGS.test_size
    return 2000 + 8 * 8 * rows**2 // 10**6


def ep_tables(name):
    return [
        f"{RESULTS}/ep-against-exact/{size}/{name}"
        for size in (EP_SETTINGS.train_sizes if EP_SETTINGS else [])
    ]
