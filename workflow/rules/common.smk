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
    # Of figures the key has these, too.
    look = PLAN.look() if STEPS[rule].figure else {}
    return {"uses": uses_of(rule), "code": code_of(rule), "key": key_of(rule), **look}


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


def experiment_domains(wildcards):
    return {
        "sizes": experiment_of(wildcards).domain_sizes,
        "number": CONFIGURATION.domains,
    }


def comparison_settings(wildcards):
    settings = {name: value for name, value in CONFIGURATION.comparison.items() if name not in ("asked_found", "drawn")}
    return settings | {"unseen_inputs": CONFIGURATION.unseen_inputs(wildcards.experiment)}


def experiment_memory(wildcards):
    return runs_memory([wildcards.experiment])


def experiment_labels(wildcards):
    """The columns that say which experiment a row of comparison.csv is about."""
    item = asdict(experiment_of(wildcards))
    shown = "task architecture optimizer loss batch_size extra_epochs target_loss precision seed"
    # A column that most tables do without.
    if item["min_epochs"]:
        shown += " min_epochs"
    return {"experiment": wildcards.experiment} | {name: item[name] for name in shown.split()}


# Models: a task and an architecture, with their kernels and posteriors.


def model_folder(task, architecture):
    return f"{RESULTS}/models/{task}/{architecture}"


def models_of(experiments):
    """Task and architecture of each experiment."""
    return {name: PLAN.experiments[name].model for name in experiments}


def models_of_studies(experiments):
    """By study, task and architecture of each of its experiments that are among these."""
    members = {study: [name for name in names if name in experiments] for study, names in STUDIES.items()}
    return {study: models_of(names) for study, names in members.items() if names}


def files_of_models(experiments, name):
    """The file of this name of each model of these experiments."""
    return [f"{model_folder(*model)}/{name}" for model in dict.fromkeys(models_of(experiments).values())]


def kernel_files(wildcards):
    """The kernels that a posterior is made from."""
    folder = model_folder(wildcards.task, wildcards.architecture)
    return [f"{folder}/{name}.npz" for name in PLAN.kernels_of(wildcards.posterior)]


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


STUDIES = PLAN.studies()


def described(experiment):
    """What captions say of the networks of an experiment."""
    return PLAN.training(experiment) | {"networks": PLAN.experiments[experiment].networks}


def tasks_of_study(study):
    return [CONFIGURATION.tasks[PLAN.experiments[name].task] for name in STUDIES[study]]


def described_study(study):
    """What the caption of a figure of one study says."""
    tasks = tasks_of_study(study)
    return {
        "study": study,
        "training": described(STUDIES[study][0]),
        "task": tasks[0],
        "seeds": [task["seed"] for task in tasks],
        "asking": asking(),
    }


def asking():
    return {name: CONFIGURATION.comparison[name] for name in ("asked", "min_count", "top")}


def tables_of_study(study):
    """The functions of a study's experiments, and the draws from the posteriors of their models."""
    experiments = STUDIES.get(study, [])
    models = dict.fromkeys(models_of(experiments).values())
    return {
        "functions": experiment_files("functions.parquet", experiments),
        "draws": posterior_tables("draws", models),
    }


def reference_of_page(family, architecture, size):
    return PLAN.reference_of(*PLAN.models_at(family, architecture)[0])


def reference_pages():
    return [page for page in PLAN.pages() if reference_of_page(*page)]


def page_draws(family, architecture):
    """The draws from each posterior of the models on a page."""
    files = {}
    for model in PLAN.models_at(family, architecture):
        for posterior in PLAN.posteriors_of(*model):
            files.setdefault(posterior, []).append(f"{model_folder(*model)}/{posterior}-draws.parquet")
    return files


def described_pages(pages, draws=page_draws, more=lambda *page: {"asking": asking()}):
    """What the figures of all studies on a model are drawn from and what their captions say, in the order of pages."""
    result = []
    for page in pages:
        studies = PLAN.studies_at(*page)
        tasks = [CONFIGURATION.tasks[task] for task, _ in PLAN.models_at(*page[:2])]
        result.append(
            {
                "size": page[2],
                "functions": {study: experiment_files("functions.parquet", names) for study, names in studies.items()},
                "draws": draws(*page[:2]),
                "about": {
                    "training": {study: described(names[0]) for study, names in studies.items()},
                    "task": tasks[0],
                    "seeds": [task["seed"] for task in tasks],
                    **more(*page),
                },
            }
        )
    return result


def reference_descriptions():
    """The pages of figures against the reference; they show no draws."""

    def more(family, architecture, size):
        return {
            "reference": reference_of_page(family, architecture, size),
            "posteriors": list(page_draws(family, architecture)),
            "min_count": CONFIGURATION.comparison["min_count"],
            "models": PLAN.models_at(family, architecture),
        }

    return described_pages(reference_pages(), lambda *model: {}, more)


def in_report(path, category, caption, **labels):
    """An output that the report of the run shows."""
    return report(path, category=category, labels=labels, caption=f"../report/{caption}.rst")


def tasks_on(*page):
    """The task of each experiment on a page."""
    return {name: PLAN.experiments[name].task for names in PLAN.studies_at(*page).values() for name in names}


def page_stems(kind, pages):
    """A figure of this kind for each page, by its path without folder and ending."""
    return [f"{kind}/{family}-{architecture}-{size}" for family, architecture, size in pages]


def page_pdfs(kind, pages):
    return [f"{FIGURES}/{stem}.pdf" for stem in page_stems(kind, pages)]


def page_pictures(kind, pages, category, figure="|E| ="):
    """A picture of this kind for each page, in the report under ``category`` as this ``figure``."""
    return [
        in_report(
            f"{FIGURES}/{kind}/{family}-{architecture}-{size}.png",
            category,
            kind,
            experiment=f"all on {family}, {architecture}",
            figure=f"{figure} {size}",
        )
        for family, architecture, size in pages
    ]


def sweep_description(name):
    """What the figure of a sweep shows, by study, and what its caption says."""
    sweep = CONFIGURATION.sweeps[name]
    # Experiments that differ in the seed of their task are one study: the value and the line of any of them.
    members = {study: [each for each in names if each in sweep.values] for study, names in STUDIES.items()}
    first = {study: names[0] for study, names in members.items() if names}
    return {
        "values": {study: sweep.values[each] for study, each in first.items()},
        "groups": {study: sweep.groups[each] for study, each in first.items()},
        "models": {study: list(models_of(STUDIES[study]).values()) for study in first},
        "setting": sweep.setting,
        "size": sweep.domain_size,
        "reference": PLAN.sweep_reference(name),
        "training": {study: described(each) for study, each in first.items()},
        "tasks": {study: tasks_of_study(study)[0] for study in first},
        "seeds": sorted({task["seed"] for study in first for task in tasks_of_study(study)}),
    }


def volume_description():
    """What the figure of the volume hypothesis shows, and what its caption says of its experiments."""
    volume = CONFIGURATION.volume
    names = volume.experiments if volume else []
    return {
        "curves": PLAN.curves(),
        "size": volume and volume.domain_size,
        "training": {name: described(name) for name in names},
        "tasks": {name: CONFIGURATION.tasks[PLAN.experiments[name].task] for name in names},
    }


def by_error_sizes():
    return sorted({size for model in PLAN.by_error_models() for size in PLAN.by_error_sizes(*model)})


def figure_files(kinds=None):
    """Figures of the configuration, as PNG and as PDF: all, or those of some kinds."""
    stems = {
        "answer": ["answer"] * bool(PLAN.flagship()),
        "scatter": [f"scatter/{study}" for study in STUDIES],
        "sweeps": [f"sweeps/{name}" for name in CONFIGURATION.sweeps],
        "volume": ["volume"] * bool(CONFIGURATION.volume),
        "margins": ["margins"] * bool(CONFIGURATION.margins),
        "predictors": ["predictors"] * bool(PLAN.predictors()),
        "published": ["published"] * bool(CONFIGURATION.published),
        "complexity": [f"complexity/{name}" for name in PLAN.complexity_experiments()],
        "by_error": [f"by-error/{size}" for size in by_error_sizes()],
        "ep_against_exact": ["ep-against-exact"] * bool(CONFIGURATION.ep_against_exact),
        **{kind: page_stems(kind, PLAN.pages()) for kind in ("errors", "ranks")},
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
        names += ["runs.parquet", "comparison.csv", "domains.parquet", "studies.csv", "summary.txt", "explorer.html"]
    if any(len(PLAN.posteriors_of(*model)) > 1 for model in PLAN.models()):
        names += ["posterior-pairs.csv", "claims.csv"]
    names += [f"experiments/{name}/complexity.parquet" for name in PLAN.complexity_experiments()]
    if CONFIGURATION.published:
        names += ["published.csv", "published-together.csv"]
    if CONFIGURATION.ep_against_exact:
        names.append("ep-against-exact.csv")
    return [f"{RESULTS}/{name}" for name in names]


def packed_folders():
    """The folders in the archive of each study: its experiments, and models that no study before it has; and those of
    EP against exact.
    """
    contents, packed = {}, set()
    for study, names in STUDIES.items():
        models = [model for model in dict.fromkeys(models_of(names).values()) if model not in packed]
        packed.update(models)
        folders = [f"experiments/{name}" for name in names] + [model_folder(*model) for model in models]
        contents[study] = [folder.removeprefix(f"{RESULTS}/") for folder in folders]
    if EP_SETTINGS:
        contents["ep-against-exact"] = [f"ep-against-exact/{size}" for size in EP_SETTINGS.train_sizes] + [
            "ep-against-exact"
        ]
    return contents


# A published table.


def published_tasks():
    """The task of each experiment behind it."""
    names = dict.fromkeys(name for names in PLAN.published_experiments().values() for name in names)
    return {name: f"{RESULTS}/tasks/{PLAN.experiments[name].task}.npz" for name in names}


def published_files():
    """By side and experiment, where its networks stand."""
    return {
        side: {
            name: (
                f"{RESULTS}/experiments/{name}/runs.parquet"
                if side == Published.TRAINED
                else f"{model_folder(*PLAN.experiments[name].model)}/{side}.npz"
            )
            for name in names
        }
        for side, names in PLAN.published_experiments().items()
    }


# EP against exact.


def ep_kernel(wildcards):
    return f"{model_folder(*EP_SETTINGS.model)}/kernel.npz"


def ep_task(wildcards):
    return f"{RESULTS}/tasks/{EP_SETTINGS.task}.npz"


def ep_memory(wildcards):
    return room_for_kernel(EP_SETTINGS.train_sizes[-1] + EP_SETTINGS.test_size)


def ep_tables(name):
    return [f"{RESULTS}/ep-against-exact/{size}/{name}" for size in (EP_SETTINGS.train_sizes if EP_SETTINGS else [])]
