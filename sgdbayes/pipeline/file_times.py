"""Make file times agree with content, so that Snakemake, which compares times, makes again just what is out of date.

`git clone` gives files times that mean nothing, and takes Snakemake's memory away. The provenance of a result names
what it was made from by SHA-256 and the key of its settings (`sgdbayes.pipeline.steps`), so whether it is up to date
can be read off: its time is set to match, and what has other settings is named.
"""

import json
import math
import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any, NamedTuple

from sgdbayes.files import provenance_path, read_provenance
from sgdbayes.pipeline.plan import Plan
from sgdbayes.pipeline.steps import STEPS

__all__ = ["Results", "make_again", "settle_file_times"]


class Results(NamedTuple):
    """``outdated``: paths of results with other settings than the plan's, which are to be made again, as are those of
    other code where that is asked for. ``of_other_code``: by rule, how many are kept though other code made them.
    """

    outdated: list[str]
    of_other_code: Counter[str]


def settle_file_times(folder: Path, plan: Plan) -> Results:
    """Among the results in ``folder``, make those no older than their inputs that were made from them as they are now,
    and inputs that have changed since newer than what was made from them.

    What is made from no other result, was made anew and is what all that were made from it mean, becomes older than
    all: files between it and tables that are kept may be gone, such as blocks of networks, which Snakemake would make
    again for a task that was made anew.
    """
    # Snakemake counts a rule's benchmark among its outputs; nothing is made from these.
    for benchmark in (folder / "benchmarks").rglob("*.tsv"):
        benchmark.touch()
    records, meant, said = {}, defaultdict(set), {}
    for path in sorted(folder.rglob("*.json")):
        result = path.with_suffix("")
        record = read_provenance(result)
        for name, checksum in record.get("inputs", {}).items():
            meant[name].add(checksum)
            said[name] = min(said.get(name, math.inf), _time(path))
        if result.exists():
            records[str(result)] = record
    found = Results([], Counter())
    for name, record in records.items():
        result = _planned(record, plan)
        if result is None:
            continue
        other = not STEPS[result[0]].redrawn and record["parameters"].get("code") != plan.code(*result)
        if record["parameters"]["key"] != plan.key(*result) or (other and plan.configuration.other_code == "again"):
            found.outdated.append(name)
        elif other:
            found.of_other_code[result[0]] += 1
    start = min(map(_time, records), default=0.0) - 1
    for name, record in records.items():
        # A record older than the file was made from one like it; newer ones say nothing of tables made before.
        same = meant[name] == {record.get("sha256")} and said[name] < _time(name)
        if not record.get("inputs") and same:
            _set_time(name, start)
    # Snakemake compares every output of a job with all its inputs, a figure names those of its own alone.
    of_job: dict[str, dict[str, str]] = {}
    for name, record in records.items():
        of_job.setdefault(_job(name, record), {}).update(record.get("inputs", {}))
    made_from = {name: of_job[_job(name, record)] for name, record in records.items()}
    for name in TopologicalSorter(made_from).static_order():
        if name in records:
            _settle(name, made_from[name], records)
    return found


def make_again(outdated: Iterable[str], workflow) -> None:  # noqa: ANN001 (Snakemake's)
    """Have Snakemake make ``outdated`` results again where they are needed, unless told to compare times alone.

    Their age would not do: what lies between them and what has changed may be gone, and Snakemake does not miss it.
    Its --forcerun would make them targets too, and so what the run was not asked for.
    """
    prepare = workflow._prepare_dag

    def prepare_and_force(*args, **options) -> None:
        prepare(*args, **options)
        if any(trigger.name == "PARAMS" for trigger in workflow.dag_settings.rerun_triggers):
            workflow.dag.forcefiles.update(outdated)

    workflow._prepare_dag = prepare_and_force


def _planned(record: Mapping[str, Any], plan: Plan) -> tuple[str, ...] | None:
    """The rule and wildcards of a result that ``plan`` knows."""
    step = STEPS.get(record.get("rule"))
    if step is None or "key" not in record.get("parameters", {}):
        return None
    result = (record["rule"], *(str(record["wildcards"][name]) for name in step.of))
    try:
        plan.key(*result)
    except (KeyError, ValueError):
        # Of an experiment, a model or a posterior that the configuration no longer has.
        return None
    return result


def _job(name: str, record: Mapping[str, Any]) -> str:
    return json.dumps([record["rule"], record.get("wildcards")], sort_keys=True) if "rule" in record else name


def _settle(name: str, inputs: Mapping[str, str], records: Mapping[str, Mapping]) -> None:
    here = [path for path in inputs if path in records]
    changed = [path for path in here if records[path].get("sha256") != inputs[path]]
    oldest = min(map(_time, (name, provenance_path(name))))
    for path in changed:
        if _time(path) <= oldest:
            _set_time(path, time.time())
    newest = max(map(_time, here), default=0.0)
    if not changed and oldest < newest:
        _set_time(name, newest)


def _time(path: str | Path) -> float:
    return Path(path).stat().st_mtime


def _set_time(path: str, seconds: float) -> None:
    for part in (path, provenance_path(path)):
        os.utime(part, (seconds, seconds))
