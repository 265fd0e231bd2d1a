"""What the workflow costs beside the computation, on config/quickstart.yaml: `python benchmarks/workflow.py [CORES]`.

Runs the quickstart from nothing under another name with snakemake and, its compiled code then at hand, as a plain
program (benchmarks/plain.py) in turn, twice each, the faster of two counting. Beside it what makes most of the
difference: planning, which is a dry run, and the start of a process for each job: Python, what Snakemake adds to a
script, the check of the code and the script's own import lines, timed for each rule.
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
_ROUNDS = 2


def _output(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stderr}")
    return done.stdout


def _seconds(*command: str) -> float:
    started = time.perf_counter()
    _output(*command)
    return time.perf_counter() - started


def start_time(script: Path) -> float:
    """Seconds from the start of a script's process to the end of the imports in its ``with job(...)`` block; the better
    of two.
    """
    tree = ast.parse(script.read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.With))
    lines = [ast.unparse(node) for node in block.body if isinstance(node, ast.Import | ast.ImportFrom)]
    before = [
        "import pathlib, snakemake.iocontainers, snakemake.logging",
        "import sgdbayes.pipeline.jobs, sgdbayes.pipeline.provenance",
        f"sgdbayes.pipeline.provenance.code_hash(pathlib.Path({str(script)!r}))",
    ]
    run = [sys.executable, "-c", "; ".join([*before, *lines])]
    return min(_seconds(*run) for _ in range(_ROUNDS))


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
    from sgdbayes.files import write_table
    from sgdbayes.pipeline.provenance import environment

    settings = ["--configfile", "config/quickstart.yaml", "--config", f"name={_NAME}"]
    workflow = ("snakemake", "--cores", str(cores), *settings, "--quiet", "all")
    runs, plain, planning = [], [], []
    for _ in range(_ROUNDS):
        shutil.rmtree(_RESULTS, ignore_errors=True)
        planning.append(_seconds(*workflow, "--dry-run"))
        runs.append(_seconds(*workflow))
        shutil.rmtree(_RESULTS)
        done = json.loads(_output(sys.executable, "benchmarks/plain.py", str(cores), _NAME))
        plain.append(done["seconds"])
        shutil.rmtree(_RESULTS)
    wall, number, of = min(runs), sum(done["jobs"].values()), scripts()
    starts = sum(start_time(of[rule]) * jobs for rule, jobs in done["jobs"].items())
    rows = [
        ("overhead of the workflow, quickstart", "share of wall time", 1 - min(plain) / wall, "<= 0.15",
         f"{number} jobs in {wall:.0f} s; a plain program takes {min(plain):.0f} s"),
        ("planning", "share of wall time", min(planning) / wall, "", f"{min(planning):.1f} s"),
        ("starting a process for each job", "share of the cores' time", starts / (cores * wall), "",
         f"{starts:.0f} core seconds for {number} processes"),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["benchmark", "unit", "value", "target", "note"])
    table.insert(4, "cores", cores)
    print(table.to_string())
    write_table(ROOT / "results" / "benchmarks" / "workflow.csv", table, environment())


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else os.cpu_count() or 1)
