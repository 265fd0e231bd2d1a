"""A run of the workflow on screen: what Snakemake plans to do, and what is worth saying of jobs that end or fail."""

import atexit
import os
import sys
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from types import TracebackType

from sgdbayes.pipeline.jobs import SHOWN
from sgdbayes.pipeline.plan import Plan
from sgdbayes.pipeline.run_time import Work
from sgdbayes.pipeline.screen import Screen, first_log

__all__ = ["say_kept", "say_left", "show_run", "take_screen"]

# What takes seconds or hours, as the sizes are.
_LONG = {
    "kernel", "posterior", "draws", "margins", "by_error", "complexity", "ep_evidence",
    "ep_compare", "verify_experiment",
}  # fmt: skip


def take_screen(workflow, snakefile: Path) -> Screen | None:  # noqa: ANN001 (Snakemake's)
    """Put a Screen in the place of Snakemake's own output. None where that is asked for (--verbose, --quiet all,
    --dry-run, another logger plugin), where another workflow has that of ``snakefile`` as a module, and in jobs.
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
    os.environ[SHOWN] = "1"
    logger.removeHandler(own)
    logger.addHandler(screen)
    sys.excepthook = _hook(screen)
    atexit.register(screen.end)
    return screen


def _hook(screen: Screen):  # noqa: ANN202
    """Ctrl-C where Snakemake does not expect it is no reason for a traceback."""

    def show(kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, where)
        elif screen.begun:
            screen.interrupted = True
        else:
            print("sgdbayes: interrupted before anything was started", file=sys.stderr)

    return show


def say_kept(screen: Screen, kept: Counter[str]) -> None:
    """Say on ``screen`` how many results of each rule are ``kept`` that other code made."""
    if kept:
        first = ", ".join(f"{number} of {rule}" for rule, number in kept.most_common(3))
        more = ", ..." if len(kept) > 3 else ""
        screen.say(
            f"sgdbayes: {kept.total():,} results were made by other code than this ({first}{more}) "
            "and are kept: --config other_code=again makes them anew, networks too"
        )


def say_left(screen: Screen, results: Path, tables: Collection[str], plan: Plan) -> None:
    """Name on ``screen`` what an earlier configuration left among ``results``: tables but those named, experiments."""
    left = sorted(path.name for path in results.glob("*.csv") if path.name not in tables)
    folders = sorted(path.name for path in results.glob("experiments/*") if path.name not in plan.experiments)
    left += [f"experiments/{name}" for name in folders]
    if left:
        more = f" and {len(left) - 3} more" if len(left) > 3 else ""
        screen.say(
            f"sgdbayes: {', '.join(left[:3])}{more} in {results} are of an earlier configuration, and not used: delete "
            "them, or give this one another name"
        )


def show_run(screen: Screen | None, workflow, plan: Plan, folder: str) -> None:  # noqa: ANN001
    """Tell ``screen`` what there is to do, when Snakemake has planned it, for results in ``folder``."""
    if screen is None:
        return
    resources = workflow.global_resources
    places = [resources[name].value for name in ("_cores", "_nodes")]
    screen.begin(
        [_work(job, plan) for job in workflow.dag.needrun_jobs()],
        cores=max((place for place in places if isinstance(place, int)), default=1),
        here=workflow.local_exec,
        keep_going=workflow.execution_settings.keep_going,
        warnings=lambda work: _warnings(work, plan, folder),
        advice=lambda work: _advice(work, plan),
    )


def _work(job, plan: Plan) -> Work:  # noqa: ANN001
    rule, wildcards = job.rule.name, dict(job.wildcards_dict)
    work = Work(rule, wildcards, first_log(job.log), threads=job.threads, short=rule not in _LONG)
    if rule == "train":
        start, stop = map(int, wildcards["block"].split("-"))
        item = plan.experiments[wildcards["experiment"]]
        work.networks, work.model = stop - start, f"{item.task} {item.architecture}"
    return work


def _warnings(work: Work, plan: Plan, folder: str) -> list[str]:
    """Of the first block of an experiment."""
    block = work.wildcards.get("block", "")
    if not (work.networks and block.startswith("0-")):
        return []
    from sgdbayes.files import read_table
    from sgdbayes.pipeline.early_warnings import early_warnings

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
    from sgdbayes.pipeline.early_warnings import advice

    if not work.networks:
        return ""
    name = work.wildcards["experiment"]
    known = advice(plan.configuration.optimizers[plan.experiments[name].optimizer], _learning_rates(name, plan))
    return f"; {known}" if known else ""


def _learning_rates(experiment: str, plan: Plan) -> Mapping[str, float]:
    """Those known to do, by kind of optimiser; none for networks and tasks of which none is known."""
    from sgdbayes.pipeline.early_warnings import known_learning_rates

    item, configuration = plan.experiments[experiment], plan.configuration
    return known_learning_rates(
        configuration.tasks[item.task], configuration.architectures[item.architecture]["kind"], item.loss
    )
