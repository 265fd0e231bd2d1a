"""A run of the workflow on screen: what Snakemake plans to do, and what is worth saying of jobs that end or fail."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from sgdbayes.jobs import MAIN
from sgdbayes.plan import Plan
from sgdbayes.screen import Screen, Work, first_log

__all__ = ["show_run", "take_screen"]


def take_screen(workflow, snakefile: Path) -> Screen | None:  # noqa: ANN001 (Snakemake's)
    """Put a Screen in the place of Snakemake's own output. None where that is asked for (--verbose, --quiet all, --dry-run,
    another logger plugin), where another workflow has that of ``snakefile`` as a module, and in jobs.
    """
    from snakemake.logging import logger
    from snakemake.settings.enums import Quietness

    settings = workflow.output_settings
    own = next((handler for handler in logger.handlers if handler.name == "DefaultStreamHandler"), None)
    if not workflow.is_main_process or Path(workflow.main_snakefile).resolve() != snakefile.resolve():
        return None
    if own is None or settings.dryrun or settings.verbose or Quietness.ALL in (settings.quiet or ()):
        return None
    screen = Screen(own.stream, own)
    sys.excepthook, os.environ[MAIN] = _without_traceback, str(os.getpid())
    logger.removeHandler(own)
    logger.addHandler(screen)
    return screen


def _without_traceback(kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        print("sgdbayes: interrupted before anything was started", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, where)


def show_run(screen: Screen | None, workflow, plan: Plan, folder: str) -> None:  # noqa: ANN001
    """Tell ``screen`` what there is to do, when Snakemake has planned it, for results in ``folder``."""
    if screen is not None:
        jobs = map(_work, workflow.dag.needrun_jobs())
        resources = workflow.global_resources
        places = [resources[name].value for name in ("_cores", "_nodes")]
        cores = max((place for place in places if isinstance(place, int)), default=1)
        screen.begin(
            jobs,
            cores=cores,
            warnings=lambda work: _warnings(work, plan, folder),
            advice=lambda work: _advice(work, plan),
        )


def _work(job) -> Work:  # noqa: ANN001
    wildcards = dict(job.wildcards_dict)
    networks = 0
    if job.rule.name == "train":
        start, stop = map(int, wildcards["block"].split("-"))
        networks = stop - start
    return Work(job.rule.name, wildcards, first_log(job.log), networks)


def _warnings(work: Work, plan: Plan, folder: str) -> list[str]:
    """Of the first block of an experiment."""
    block = work.wildcards.get("block", "")
    if not (work.networks and block.startswith("0-")):
        return []
    from sgdbayes.early_warnings import early_warnings
    from sgdbayes.storage import read_table

    name = work.wildcards["experiment"]
    item = plan.experiments[name]
    return early_warnings(
        read_table(f"{folder}/experiments/{name}/blocks/{block}.parquet"),
        optimizer=plan.configuration.optimizers[item.optimizer],
        max_epochs=item.max_epochs,
        domain_sizes=item.domain_sizes,
        learning_rates=_learning_rates(name, plan),
    )


def _advice(work: Work, plan: Plan) -> str:
    """On a job that failed: which learning rate is known to do."""
    if not work.networks:
        return ""
    name = work.wildcards["experiment"]
    optimizer = plan.configuration.optimizers[plan.experiments[name].optimizer]
    rate = _learning_rates(name, plan).get(optimizer["kind"])
    known = f"; on this data set {optimizer['kind']} is known to do with {rate}"
    return "" if rate in (None, optimizer["learning_rate"]) else known


def _learning_rates(experiment: str, plan: Plan) -> Mapping[str, float]:
    """Those known to do, by kind of optimiser; none for networks of which none is known."""
    from sgdbayes.datasets import DATASETS

    item, configuration = plan.experiments[experiment], plan.configuration
    if item.loss != "cross_entropy" or configuration.architectures[item.architecture]["kind"] != "FullyConnected":
        return {}
    return DATASETS[configuration.tasks[item.task]["dataset"]].learning_rates
