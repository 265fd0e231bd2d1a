"""The paper's own setting on one GPU, in a given number of seconds: `python benchmarks/gpu.py FOLDER --seconds 540`.

It needs a clone, MNIST (`SGDBAYES_DATA` or data/) and a Python with torch for CUDA, numpy, scipy, numba, pandas,
pyarrow, psutil, yaml and lazy_loader; no network, no Snakemake, no neural-tangents. In this order, each kept in FOLDER
as it is done:

- tests.csv: every path of training and of sampling on the GPU against the CPU. If one fails, nothing is trained;
- speeds.csv: networks and samples a second, against a plain PyTorch loop on the same GPU and against the CPU;
- runs.parquet: networks of config/paper.yaml, 500 of one experiment after the other until the time is up, with
  provenance that `known_runs` accepts. The same command again goes on where it was.

`--rehearse` does all of it in a minute on a CPU, tiny.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from gpu_speeds import NotInTimeError, gpu_speeds
from gpu_tests import gpu_tests
from harness import ROOT

EXPERIMENTS = (
    *(f"mnist{seed}-fcn-{optimizer}" for seed in ("", "-1", "-2", "-3", "-4") for optimizer in ("adam", "sgd")),
    "mnist-fcn-rmsprop",
    "mnist-fcn-adagrad",
)
_PARTS = ("tests", "speeds", "networks")
# Left for writing tables when the time is up.
_SPARE = 5


class _TimeIsUpError(Exception):
    pass


@dataclass(frozen=True)
class _Job:
    """Where tables go, on what they are computed, and until when; ``tiny``: a rehearsal."""

    folder: Path
    device: str
    end: float
    provenance: Mapping[str, Any]

    @property
    def tiny(self) -> bool:
        return self.device == "cpu"

    @property
    def seconds_left(self) -> float:
        return self.end - time.monotonic() - _SPARE

    def check_time(self, **_state: object) -> None:
        if self.seconds_left < 0:
            raise _TimeIsUpError

    def add(self, rows: list[dict[str, Any]], row: dict[str, Any], name: str) -> None:
        """Add ``row`` to the table ``name`` of all ``rows``, which is written anew."""
        import pandas as pd

        from sgdbayes.files import write_table

        rows.append(row)
        print(
            ", ".join(
                f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}" for key, value in row.items()
            ),
            flush=True,
        )
        write_table(self.folder / name, pd.DataFrame(rows), self.provenance)


def settings_of(experiment: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Settings of the task and of the training of an experiment of config/paper.yaml. They are those of the workflow,
    which needs packages that are not there.
    """
    import yaml

    from sgdbayes.pipeline.grids import expand_grid

    config, schema = (
        yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
        for path in ("config/paper.yaml", "workflow/schemas/config.schema.yaml")
    )
    known = schema["properties"]["experiments"]["additionalProperties"]["properties"]
    defaults = {name: about["default"] for name, about in known.items() if "default" in about}
    entries = config["experiments"].items()
    single = dict(pair for template, entry in entries for pair in expand_grid("experiments", template, entry))
    item = defaults | {"target_loss": None} | single[experiment]
    kept = ("loss", "batch_size", "max_epochs", "extra_epochs", "seed", "precision", "target_loss")
    training = {
        "architecture": config["architectures"][item["architecture"]],
        "optimizer": config["optimizers"][item["optimizer"]],
        **{name: item[name] for name in kept},
    }
    return config["tasks"][item["task"]], training


def _test(job: _Job, task) -> None:  # noqa: ANN001
    """Make tests.csv. Exits if a test fails."""
    rows: list[dict[str, Any]] = []
    for name, tolerance, measure in gpu_tests(task, 96 if job.tiny else 240, job.device):
        job.check_time()
        started = time.monotonic()
        difference = measure()
        row = {"test": name, "difference": difference, "tolerance": tolerance, "passed": bool(difference <= tolerance)}
        job.add(rows, row | {"seconds": round(time.monotonic() - started, 2)}, "tests.csv")
    failed = [row["test"] for row in rows if not row["passed"]]
    if failed:
        sys.exit(f"gpu.py: {len(failed)} of {len(rows)} tests failed, so nothing was trained: {'; '.join(failed)}")
    print(f"all {len(rows)} tests passed", flush=True)


def _measure(job: _Job, task, many: np.ndarray) -> None:  # noqa: ANN001
    """Make speeds.csv; ``many`` inputs are for the largest |S|."""
    import torch

    rows: list[dict[str, Any]] = []
    for benchmark, unit, baseline, measure in gpu_speeds(task, many, job.device):
        job.check_time()
        found = {"value": None, "baseline_value": None, "ratio": None, "note": ""}
        try:
            found |= measure()
        except (NotInTimeError, torch.OutOfMemoryError, MemoryError, np.linalg.LinAlgError) as error:
            found["note"] = f"not measured: {str(error).splitlines()[0]}"
        job.add(rows, {"benchmark": benchmark, "unit": unit, "baseline": baseline, **found}, "speeds.csv")
        if job.device == "cuda":
            torch.cuda.empty_cache()


def _train(job: _Job, tasks: Mapping[str, Any], trainings: Mapping[str, dict]) -> None:
    """Make runs.parquet, block after block of one experiment after the other, until the time is up."""
    import pandas as pd

    from sgdbayes.files import read_checksum, read_provenance, read_table, write_arrays, write_table
    from sgdbayes.hashes import settings_hash
    from sgdbayes.pipeline.provenance import code_hash
    from sgdbayes.training.campaign import train_block

    path, block = job.folder / "runs.parquet", 4 if job.tiny else 500
    code, keys = code_hash(ROOT / "workflow" / "scripts" / "train.py"), {}
    with tempfile.TemporaryDirectory() as scratch:
        for name, task in tasks.items():
            write_arrays(Path(scratch) / "task.npz", asdict(task), {})
            keys[name] = settings_hash(read_checksum(Path(scratch) / "task.npz"), trainings[name])
    runs = read_table(path) if path.exists() else pd.DataFrame({"key": [], "index": []})
    seconds, longest = read_provenance(path).get("seconds", {}), {}
    for start in range(0, 2 * block if job.tiny else sys.maxsize, block):
        for name, task in tasks.items():
            done = runs.loc[runs["key"] == keys[name], "index"]
            if done.between(start, start + block - 1).sum() == block:
                continue
            # A block is begun only if it can end.
            if longest.get(name, 0) > job.seconds_left:
                raise _TimeIsUpError
            started = time.monotonic()
            table = train_block(
                task, trainings[name], f"{start}-{start + block}", experiment=name, key=keys[name], code=code,
                known=[path], unfinished=job.folder / "unfinished.parquet", report=job.check_time, device=job.device,
                stack_size=block // 2,
            )  # fmt: skip
            took = seconds[f"{name} {start}"] = time.monotonic() - started
            longest[name] = max(took, longest.get(name, 0))
            runs = pd.concat([runs, table], ignore_index=True) if len(runs) else table
            write_table(path, runs, {**job.provenance, "code": code, "seconds": seconds})
            print(f"{name}: {block / took:.1f} networks a second; {len(runs):,} networks in all", flush=True)


def main() -> None:
    """Read the command line, do all three parts, say what was not done."""
    parser = argparse.ArgumentParser(description="The paper's own setting on one GPU: tests, speeds, networks.")
    parser.add_argument("folder", type=Path, help="where tests.csv, speeds.csv and runs.parquet go")
    parser.add_argument("--seconds", type=float, default=540, help="when to end (default 540)")
    parser.add_argument("--rehearse", action="store_true", help="all of it, tiny, on the CPU")
    parser.add_argument("--only", choices=_PARTS, nargs="+", default=_PARTS, help="some of the three parts")
    arguments = parser.parse_args()
    end = time.monotonic() + arguments.seconds

    import torch

    from sgdbayes.datasets import load_task
    from sgdbayes.pipeline.provenance import environment

    if not arguments.rehearse and not torch.cuda.is_available():
        sys.exit("gpu.py: torch finds no GPU here: run it where there is one, or try it with --rehearse")
    device = "cpu" if arguments.rehearse else "cuda"
    processor = torch.cuda.get_device_name() if device == "cuda" else device
    job = _Job(arguments.folder, device, end, {**environment(), "device": processor})

    def load(settings: dict[str, Any]):  # noqa: ANN202
        tiny = {"dataset": "mnist_embedded", "train_size": 150, "recorded_test_size": 60}
        return load_task(**settings | (tiny if job.tiny else {}), folder=ROOT / "data")

    settings = {name: settings_of(name) for name in (EXPERIMENTS[:3] if job.tiny else EXPERIMENTS)}
    trainings = {name: training for name, (_, training) in settings.items()}
    if job.tiny:
        for training in trainings.values():
            training["architecture"] = training["architecture"] | {"width": 32}
    # Some share a task.
    loaded = {task["seed"]: load(task) for task, _ in settings.values()}
    tasks = {name: loaded[task["seed"]] for name, (task, _) in settings.items()}
    part = _PARTS[0]
    try:
        for part in arguments.only:
            if part == "tests":
                _test(job, loaded[0])
            elif part == "speeds":
                many = load(settings[EXPERIMENTS[0]][0] | {"train_size": 45000, "recorded_test_size": 1})
                _measure(job, loaded[0], many.train_inputs.reshape(len(many.train_inputs), -1))
            else:
                _train(job, tasks, trainings)
    except _TimeIsUpError:
        undone = [*arguments.only[arguments.only.index(part) + (part == "networks") :]]
        left = f"; not all of these was done: {', '.join(undone)}" if undone else ""
        print(f"gpu.py: the time is up: what is done is in {arguments.folder}{left}", flush=True)


if __name__ == "__main__":
    main()
