"""The jobs of a workflow without the workflow: plain processes that import everything once and take jobs as they become
ready. The baseline of benchmarks/workflow.py.

`python benchmarks/plain.py CORES NAME` does the quickstart as results/NAME. It prints, as JSON, the seconds from the
start of the processes to the end of the last job, and how many jobs there were of each rule. That Snakemake first names
the jobs is not counted.
"""

import json
import os
import sys
import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path

from harness import ROOT

_LIBRARIES = ("arviz_stats.base", "jax", "matplotlib.pyplot", "numba", "pandas", "scipy.stats", "torch")


def _named_jobs(cores: int, name: str):  # noqa: ANN202
    """What Snakemake would run: of each job its script, what that is given, its threads, and the jobs before it."""
    from snakemake.api import SnakemakeApi
    from snakemake.iocontainers import Snakemake
    from snakemake.settings.types import ConfigSettings, OutputSettings, Quietness, ResourceSettings

    with SnakemakeApi(OutputSettings(dryrun=True, quiet={Quietness.ALL})) as api:
        workflow = api.workflow(
            ResourceSettings(cores=cores),
            ConfigSettings(config={"name": name}, configfiles=[ROOT / "config" / "quickstart.yaml"]),
            snakefile=ROOT / "Snakefile",
        )
        workflow.dag().execute_workflow("dryrun")
        inner = workflow._workflow
        jobs = {}
        # `needrun_jobs` leaves out what the dry run counts as finished.
        for job in filter(inner.dag.needrun, inner.dag.jobs):
            if not job.is_script:
                continue
            script = (ROOT / "workflow" / "rules" / job.rule.script).resolve()
            given = Snakemake(
                job.input, job.output, job.params, job.wildcards, job.threads, job.resources, job.log,
                inner.config, job.rule.name, None,
            )  # fmt: skip
            jobs[job] = script, given, job.priority
        before = {job: {each for each in inner.dag.dependencies[job] if each in jobs} for job in jobs}
    return jobs, before


def _start(together: Barrier) -> None:
    global _together
    _together = together
    for name in _LIBRARIES:
        import_module(name)


def _meet() -> None:
    # Processes are started for work that no idle one could take.
    _together.wait()


def _do(script: Path, given) -> None:  # noqa: ANN001
    import numba
    import torch
    from threadpoolctl import threadpool_limits

    given.threads = min(given.threads, numba.config.NUMBA_NUM_THREADS)
    numba.set_num_threads(given.threads)
    torch.set_num_threads(given.threads)
    # A job makes sure that the script it runs is the one it was planned with.
    sys.modules["__main__"].__file__ = str(script)
    with threadpool_limits(given.threads):
        exec(compile(script.read_text(encoding="utf-8"), script, "exec"), {"__name__": "__main__", "snakemake": given})


def run_plainly(cores: int, name: str) -> tuple[float, dict[str, int]]:
    """Seconds that the quickstart takes in as many plain processes as ``cores``, and its jobs of each rule."""
    jobs, before = _named_jobs(cores, name)
    started = time.perf_counter()
    done, running, free = set(), {}, cores
    context = get_context("spawn")
    with ProcessPoolExecutor(cores, context, _start, (context.Barrier(cores),)) as pool:
        wait([pool.submit(_meet) for _ in range(cores)])
        while len(done) < len(jobs):
            ready = [job for job in jobs if job not in done and job not in running.values() and before[job] <= done]
            for job in sorted(ready, key=lambda job: -jobs[job][2]):
                if job.threads <= free:
                    script, given, _ = jobs[job]
                    running[pool.submit(_do, script, given)] = job
                    free -= job.threads
            ended: set[Future] = wait(running, return_when=FIRST_COMPLETED).done
            for future in ended:
                job = running.pop(future)
                try:
                    future.result()
                except SystemExit:
                    sys.exit(f"{job.rule.name} failed: see {job.log}")
                done.add(job)
                free += job.threads
        return time.perf_counter() - started, Counter(job.rule.name for job in jobs)


if __name__ == "__main__":
    os.chdir(ROOT)
    if len(sys.argv) != 3:
        sys.exit("usage: python benchmarks/plain.py CORES NAME")
    seconds, numbers = run_plainly(int(sys.argv[1]), sys.argv[2])
    print(json.dumps({"seconds": seconds, "jobs": numbers}))
