"""Make file times agree with content, so that Snakemake, which compares times, makes again what is out of date and no more.

`git clone` gives files times that mean nothing. The provenance of a result names what it was made from by SHA-256, so
whether it is up to date can be read off, and its time set to match.
"""

import json
import math
import os
import time
from collections import defaultdict
from collections.abc import Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from sgdbayes.storage import provenance_path, read_provenance

__all__ = ["settle_file_times"]


def settle_file_times(folder: Path) -> None:
    """Among the results in ``folder``, make those no older than their inputs that were made from them as they are now,
    and inputs that have changed since newer than what was made from them. What is made from no other result, was made
    anew and is what all that were made from it mean, becomes older than all: between it and tables that are kept there may
    be files that are not, such as blocks of networks, which Snakemake would make again for a task that was made anew.
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
    start = min(map(_time, records), default=0.0) - 1
    for name, record in records.items():
        # A record older than the file was made from one like it; records that are newer say nothing of tables made before.
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
