"""What the workflow costs beside the computation, on config/quickstart.yaml: `python benchmarks/workflow.py [CORES]`.

Runs the quickstart from nothing under another name, its compiled code at hand. Computation is what the processes of the jobs take, on
as many cores as they hold, without their start: Python, what Snakemake adds to a script, the check of the code and the script's own
import lines, timed for each rule. All else, these starts, planning, cores that wait for one another, is overhead.
-> results/benchmarks/workflow.csv
"""

import ast
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
from harness import ROOT

_NAME = "overhead-benchmark"
_RESULTS = ROOT / "results" / _NAME


def start_time(script: Path) -> float:
    """Seconds from the start of a script's process to the end of the imports in its ``with job(...)`` block, the better of two."""
    tree = ast.parse(script.read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.With))
    lines = [ast.unparse(node) for node in block.body if isinstance(node, ast.Import | ast.ImportFrom)]
    before = [
        "import pathlib, snakemake.iocontainers, snakemake.logging, sgdbayes.jobs, sgdbayes.provenance",
        f"sgdbayes.provenance.code_hash(pathlib.Path({str(script)!r}))",
    ]
    run = [sys.executable, "-c", "; ".join([*before, *lines])]
    times = []
    for _ in range(2):
        started = time.perf_counter()
        subprocess.run(run, cwd=ROOT, check=True)
        times.append(time.perf_counter() - started)
    return min(times)


def job_times(cores: int) -> pd.DataFrame:
    """Rule, cores held and wall time in seconds of the process of each job."""
    records = [json.loads(path.read_bytes()) for path in _RESULTS.rglob("*.json")]
    threads = {record["rule"]: min(cores, record["threads"]) for record in records}
    measured = [
        {"rule": path.relative_to(_RESULTS / "benchmarks").parts[0].removesuffix(".tsv"), "seconds": pd.read_csv(path, sep="\t")["s"].sum()}
        for path in (_RESULTS / "benchmarks").rglob("*.tsv")
    ]  # fmt: skip
    # Snakemake measures no job whose result may come from a cache; the time of these is without their start.
    known = {row["rule"] for row in measured}
    others = [record for record in records if record["rule"] not in known]
    jobs = pd.DataFrame(measured).assign(starts=True)
    rest = pd.DataFrame([{"rule": record["rule"], "seconds": record["wall_time"]} for record in others])
    return pd.concat([jobs, rest.assign(starts=False)], ignore_index=True).assign(
        cores=lambda table: table["rule"].map(threads)
    )


def scripts() -> dict[str, Path]:
    """The script of each rule."""
    found = {}
    for rules in (ROOT / "workflow" / "rules").glob("*.smk"):
        for block in f"\n{rules.read_text(encoding='utf-8')}".split("\nrule ")[1:]:
            name = block.split(":", 1)[0]
            if "../scripts/" in block:
                found[name] = ROOT / "workflow" / "scripts" / block.split("../scripts/")[1].split('"')[0]
    return found


def main(cores: int) -> None:
    from sgdbayes.provenance import environment
    from sgdbayes.storage import write_table

    shutil.rmtree(_RESULTS, ignore_errors=True)
    command = [
        "snakemake",
        "--cores",
        str(cores),
        "--configfile",
        "config/quickstart.yaml",
        "--config",
        f"name={_NAME}",
    ]
    started = time.perf_counter()
    subprocess.run([*command, "--quiet", "all"], cwd=ROOT, check=True)
    wall = time.perf_counter() - started
    jobs = job_times(cores)
    shutil.rmtree(_RESULTS)
    of = scripts()
    starts = {rule: start_time(of[rule]) for rule in jobs["rule"].unique()}
    jobs["start"] = jobs["rule"].map(starts)
    jobs["computing"] = (jobs["seconds"] - jobs["start"] * jobs["starts"]).clip(0) * jobs["cores"]
    print(jobs.groupby("rule").agg({"seconds": ["size", "sum"], "start": "first", "computing": "sum"}).round(1))
    overhead = 1 - jobs["computing"].sum() / (cores * wall)
    row = {
        "benchmark": "overhead of the workflow, quickstart", "unit": "share of the cores' time", "value": overhead, "target": "<= 0.15",
        "cores": cores, "note": f"{len(jobs)} jobs in {wall:.0f} s; {jobs['computing'].sum():.0f} core seconds of computation",
    }  # fmt: skip
    print(row)
    write_table(ROOT / "results" / "benchmarks" / "workflow.csv", pd.DataFrame([row]), environment())


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else os.cpu_count() or 1)
