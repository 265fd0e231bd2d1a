"""What the workflow costs beside the computation, on config/quickstart.yaml: `python benchmarks/workflow.py [CORES]`.

Runs the quickstart from nothing under another name, its compiled code at hand. Computation is what the scripts of the workflow do
after their imports, on as many cores as they hold; each script's own import lines are timed. All else, starting processes,
imports, planning, cores that wait for one another, is overhead. -> results/benchmarks/workflow.csv
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


def import_time(script: Path) -> float:
    """Seconds that the imports in a script's ``with job(...)`` block take in a fresh process, the better of two."""
    tree = ast.parse(script.read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.With))
    lines = [ast.unparse(node) for node in block.body if isinstance(node, ast.Import | ast.ImportFrom)]
    # As in a job: the package's own harness is there already.
    code = "; ".join(
        ["import time, sgdbayes.jobs", "started = time.perf_counter()", *lines, "print(time.perf_counter() - started)"]
    )
    run = [sys.executable, "-c", code]
    settings = {"cwd": ROOT, "capture_output": True, "text": True, "check": True}
    return min(float(subprocess.run(run, **settings).stdout.split()[-1]) for _ in range(2))


def job_times() -> pd.DataFrame:
    """Rule, threads and wall time in seconds of each job."""
    rows = []
    for path in _RESULTS.rglob("*.json"):
        record = json.loads(path.read_bytes())
        names = {"rule": record["rule"], "job": json.dumps(record["wildcards"]), "threads": record["threads"]}
        rows.append(names | {"seconds": record["wall_time"]})
    # A job that wrote several files ended when it wrote the last.
    return pd.DataFrame(rows).groupby(["rule", "job", "threads"], as_index=False)["seconds"].max()


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
    jobs = job_times()
    shutil.rmtree(_RESULTS)
    of = scripts()
    imports = {rule: import_time(of[rule]) for rule in jobs["rule"].unique()}
    jobs["computing"] = (jobs["seconds"] - jobs["rule"].map(imports)).clip(0) * jobs["threads"]
    print(jobs.groupby("rule")[["seconds", "computing"]].sum().assign(import_time=imports).round(1))
    overhead = 1 - jobs["computing"].sum() / (cores * wall)
    row = {
        "benchmark": "overhead of the workflow, quickstart", "unit": "share of the cores' time", "value": overhead, "target": "<= 0.15",
        "cores": cores, "note": f"{len(jobs)} jobs in {wall:.0f} s; {jobs['computing'].sum():.0f} core seconds of computation",
    }  # fmt: skip
    print(row)
    write_table(ROOT / "results" / "benchmarks" / "workflow.csv", pd.DataFrame([row]), environment())


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else os.cpu_count() or 1)
