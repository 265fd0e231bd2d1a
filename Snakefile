# SGD against the Bayesian posterior: configuration -> trained networks -> function tables -> comparison -> figures.
# Usage: snakemake --cores N --configfile config/quickstart.yaml
import re
import sys
from dataclasses import asdict
from pathlib import Path

from snakemake.utils import min_version

# The code beside this file, whatever else is installed, also where another workflow has this one as a module.
HERE = Path(workflow.current_basedir.get_path_or_uri(secret_free=True))
sys.path.insert(0, str(HERE))

from sgdbayes.pipeline.slurm_arrays import become_array_task

become_array_task()

from sgdbayes.files import DamagedFileError
from sgdbayes.pipeline.checking import check_kinds_once
from sgdbayes.pipeline.configuration import Published
from sgdbayes.pipeline.file_times import make_again, settle_file_times
from sgdbayes.pipeline.jobs import name_run, quote_python, share_import_path
from sgdbayes.pipeline.mistakes import ConfigurationError
from sgdbayes.pipeline.packing import pack as pack_tables, unpack as unpack_tables
from sgdbayes.pipeline.plan import Plan
from sgdbayes.pipeline.reading import check_keys, folder_naming, read_configuration
from sgdbayes.posterior.kinds import POSTERIORS
from sgdbayes.pipeline.show_run import say_kept, say_left, show_run, take_screen
from sgdbayes.pipeline.steps import STEPS

min_version("9.14")
share_import_path()
quote_python()
if workflow.is_main_process:
    name_run()
SCREEN = take_screen(workflow, HERE / "Snakefile")

# With --config alone, too, but not where another workflow passes its own.
if not workflow.configfiles and "tasks" not in config:

    configfile: "config/quickstart.yaml"


WORKFLOW = HERE / "workflow"
try:
    if workflow.is_main_process:
        for path in workflow.configfiles:
            check_keys(Path(path))
    # Plug-ins and a style are named from where the configuration is.
    beside, style_folder = (folder_naming(key, workflow.configfiles) for key in ("plugins", "style"))
    CONFIGURATION = read_configuration(
        config, WORKFLOW / "schemas" / "config.schema.yaml", beside, style_folder=style_folder
    )
    config["plugins"] = list(CONFIGURATION.plugins)
    if workflow.is_main_process:
        check_kinds_once(CONFIGURATION, Path(".snakemake") / "sgdbayes-checked")
except ConfigurationError as error:
    sys.exit(f"sgdbayes: error in the configuration: {error}")
PLAN = Plan(CONFIGURATION, WORKFLOW / "scripts")
RESULTS = f"results/{CONFIGURATION.name}"
if workflow.is_main_process:
    try:
        unpack_tables(Path(RESULTS))
    except DamagedFileError as error:
        sys.exit(f"sgdbayes: error: {error}")
    STANDING = settle_file_times(Path(RESULTS), PLAN)
    make_again(STANDING.outdated, workflow)
    if SCREEN is not None:
        say_kept(SCREEN, STANDING.of_other_code)
if SCREEN is not None:
    # Of the whole run; a target of its own may have nothing to do while that is out of date.
    SCREEN.answer = lambda: (None if workflow.dag_settings.targets else Path(RESULTS) / "summary.txt")


wildcard_constraints:
    task="[A-Za-z0-9_.-]+",
    architecture="[A-Za-z0-9_.-]+",
    kernel="kernel|tangent-kernel",
    posterior="|".join(map(re.escape, CONFIGURATION.posteriors)) or "-",
    experiment="[A-Za-z0-9_.-]+",
    block=r"\d+-\d+",
    size=r"\d+",


include: "workflow/rules/common.smk"
include: "workflow/rules/training.smk"
include: "workflow/rules/posteriors.smk"
include: "workflow/rules/comparison.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/complexity.smk"
include: "workflow/rules/ep_against_exact.smk"
include: "workflow/rules/verify.smk"
include: "workflow/rules/explorer.smk"
include: "workflow/rules/pack.smk"


# Seconds each; the data set of a task may have to be downloaded, and nodes of a cluster often have no network.
localrules:
    all,
    figures,
    task,
    verify,
    all_comparisons,
    claims,
    summary,
    pack,


rule all:
    """All tables and figures of the configuration, the default."""
    default_target: True
    input:
        table_files(),
        figure_files(CONFIGURATION.figures),


rule figures:
    """All figures of the configuration."""
    input:
        figure_files(),


onstart:
    if SCREEN is not None:
        say_left(SCREEN, Path(RESULTS), {Path(path).name for path in table_files()}, PLAN)
    show_run(SCREEN, workflow, PLAN, RESULTS)
    if workflow.local_exec:
        # Its limit of 100 jobs a second has Snakemake look for jobs again every second, once more for each that has
        # ended: after some hundred that takes a third of a core. On one machine there is nothing to limit.
        workflow.scheduler.job_rate_limiter = None


onerror:
    if SCREEN is not None:
        SCREEN.end()


onsuccess:
    if SCREEN is not None:
        SCREEN.end()
    said = f"{VERIFIED}/verified.csv" if "verify" in sys.argv else f"{RESULTS}/summary.txt"
    # Of other targets the summary may be that of other settings; with --until there may be none yet.
    if {"all", "verify"}.issuperset(workflow.dag_settings.targets) and Path(said).exists():
        print(Path(said).read_text(encoding="utf-8"))
