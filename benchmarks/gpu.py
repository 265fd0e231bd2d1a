"""The paper's own setting on one GPU, in a given number of seconds: `python benchmarks/gpu.py FOLDER --seconds 540`.

It needs a clone, MNIST (`SGDBAYES_DATA` or data/) and a Python with torch for CUDA, numpy, scipy, numba, pandas, pyarrow, psutil
and yaml; no network, no Snakemake, no neural-tangents. In this order, each kept in FOLDER as it is done:

- tests.csv: every path of training and of sampling on the GPU against the CPU. If one fails, nothing is trained;
- speeds.csv: networks and samples a second, against a plain PyTorch loop on the same GPU and against the CPU;
- runs.parquet: networks of config/paper.yaml, 500 of one experiment after the other until the time is up, with provenance that
  `known_runs` accepts. The same command again goes on where it was.

`--rehearse` does all of it in a minute on a CPU, tiny.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from harness import ROOT
from training import dense, images, plain, random_sequences, sequences

EXPERIMENTS = (
    *(f"mnist{seed}-fcn-{optimizer}" for seed in ("", "-1", "-2", "-3", "-4") for optimizer in ("adam", "sgd")),
    "mnist-fcn-rmsprop",
    "mnist-fcn-adagrad",
)
_BLOCK = 500
# Left for writing tables when the time is up.
_SPARE = 5
# One measurement of a speed may take so long.
_PATIENCE = 25
# How far outputs may be from those of the CPU in single precision after an epoch, as a share of how far they have come: some
# steps each with rounding of 6e-8, 5e-4 (TF32) or 4e-3 (bfloat16), which divisions by small moments and 80 words of an LSTM make
# larger; convolutions are not computed alike. A wrong update is off by about 1.
_TOLERANCES = {"float32": 1e-2, "tf32": 5e-2, "bfloat16": 2.5e-1}


class _TimeIsUpError(Exception):
    pass


class _Clock:
    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        return self._end - time.monotonic() - _SPARE

    def check(self, **_state: object) -> None:
        if self.left < 0:
            raise _TimeIsUpError


def settings_of(experiment: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Settings of the task and of the training of an experiment of config/paper.yaml, as the workflow has them, which needs
    packages that are not there.
    """
    import yaml

    from sgdbayes.configuration import expand_grid

    config, schema = (
        yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
        for path in ("config/paper.yaml", "workflow/schemas/config.schema.yaml")
    )
    known = schema["properties"]["experiments"]["additionalProperties"]["properties"]
    defaults = {name: about["default"] for name, about in known.items() if "default" in about}
    single = dict(pair for template, entry in config["experiments"].items() for pair in expand_grid(template, entry))
    item = defaults | {"target_loss": None} | single[experiment]
    kept = ("loss", "batch_size", "max_epochs", "extra_epochs", "seed", "precision", "target_loss")
    training = {
        "architecture": config["architectures"][item["architecture"]],
        "optimizer": config["optimizers"][item["optimizer"]],
        **{name: item[name] for name in kept},
    }
    return config["tasks"][item["task"]], training


def _first(task, train_size: int, test_size: int):  # noqa: ANN001, ANN202
    """The task of the first examples of S and the first test points."""
    trained = {name: getattr(task, name)[:train_size] for name in ("train_inputs", "train_labels", "train_indices")}
    return replace(task.head(test_size), **trained)


def _training_cases() -> Iterator[tuple[str, Any, Any, str, str]]:
    """Name, architecture, optimiser, loss and precision of each path of training."""
    from sgdbayes.architectures import LSTM, Convolutional, FullyConnected
    from sgdbayes.training import Optimizer

    dense = FullyConnected(depth=2, width=96)
    adam = Optimizer("Adam", 1e-3)
    for precision in _TOLERANCES:
        for loss in ("cross_entropy", "mse"):
            yield "FullyConnected", dense, adam, loss, precision
    yield "FullyConnected", FullyConnected(depth=4, width=50, bias_variance=0.1), adam, "cross_entropy", "tf32"
    for optimizer in (
        Optimizer("SGD", 0.01),
        Optimizer("SGD", 0.01, {"momentum": 0.9}),
        Optimizer("SGD", 0.01, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
        Optimizer("Adagrad", 0.01),
        Optimizer("RMSprop", 0.001),
        Optimizer("RMSprop", 0.001, {"momentum": 0.5}),
        Optimizer("Adadelta", 1.0),
        # Not in Triton.
        Optimizer("AdamW", 1e-3),
    ):
        # Steps that are all but signs of gradients make roundings whole steps: not in TF32.
        yield "FullyConnected", dense, optimizer, "cross_entropy", "float32"
    for precision in _TOLERANCES:
        yield "Convolutional", Convolutional(channels=8), adam, "cross_entropy", precision
        yield "LSTM", LSTM(width=16, vocabulary=5000, embedding=16), adam, "cross_entropy", precision
    for pooling in ("max", "average"):
        yield "Convolutional", Convolutional(channels=8, pooling=pooling), adam, "mse", "float32"


def _test_training(architecture, optimizer, loss: str, precision: str, task, device: str) -> float:  # noqa: ANN001
    """How far outputs on the test points are from those of the CPU after an epoch, as a share of how far they have come."""
    import torch

    from sgdbayes.training._fused_stack import FusedStack
    from sgdbayes.training._torch_stack import TorchStack

    number, size = 3, len(task.train_labels)
    shape = task.train_inputs.shape[1:]
    drawn = [
        list(map(torch.from_numpy, architecture.initial_parameters(shape, np.random.default_rng([0, i]))))
        for i in range(number)
    ]
    orders = np.array([np.random.default_rng([1, i]).permutation(size) for i in range(number)])
    fused = device == "cuda" and FusedStack.serves(architecture, optimizer, loss)
    found = []
    for kind, where, how in ((TorchStack, "cpu", "float32"), (FusedStack if fused else TorchStack, device, precision)):
        inputs = task.train_inputs.reshape(size, -1) if kind is FusedStack else task.train_inputs
        stack = kind(
            architecture, drawn, optimizer, inputs, task.train_labels.astype(np.float32),
            number=number, loss=loss, batch_size=48, device=where, precision=how,
        )  # fmt: skip
        everyone = np.ones(number, dtype=bool)
        before = stack.outputs(everyone, task.test_inputs.reshape(len(task.test_inputs), *inputs.shape[1:]))
        stack.train_epoch(orders)
        found.append(
            (before, stack.outputs(everyone, task.test_inputs.reshape(len(task.test_inputs), *inputs.shape[1:])))
        )
    (start, expected), (_, got) = found
    return float(np.linalg.norm(got - expected) / np.linalg.norm(expected - start))


def _test_to_the_end(task, precision: str, device: str) -> float:  # noqa: ANN001
    """The share of labels that differ from those of the CPU when 16 networks have been trained to the end."""
    from sgdbayes.architectures import FullyConnected
    from sgdbayes.training import Optimizer, train_until_fit

    ours, theirs = (
        train_until_fit(
            FullyConnected(depth=2, width=64), task, Optimizer("Adam", 1e-3), indices=range(16), seed=0, batch_size=32,
            precision=how, device=where, stack_size=10,
        )
        for where, how in ((device, precision), ("cpu", "float32"))
    )  # fmt: skip
    return float((ours.functions != theirs.functions).mean()) if ours.converged.all() else np.inf


def _test_sampler(task, device: str) -> float:  # noqa: ANN001
    """How far draws of the exact 0-1 posterior are from those of the CPU, the same trajectories, as a share of their norm."""
    from sgdbayes.architectures import FullyConnected
    from sgdbayes.posterior import sample_zero_one

    kernel = FullyConnected(depth=2).kernel(task.train_inputs)
    ours, theirs = (
        sample_zero_one(kernel, task.train_labels, 8, seed=0, warm_up=2, device=where) for where in (device, "cpu")
    )
    return float(np.linalg.norm(ours - theirs) / np.linalg.norm(theirs))


def _test_kernel(task, kind: str, device: str) -> float:  # noqa: ANN001
    from sgdbayes.architectures._relu_kernel import relu_kernel

    inputs = task.train_inputs.reshape(len(task.train_inputs), -1)
    options = {"weight_variance": 2.0, "bias_variance": 0.1, "kind": kind}
    ours, theirs = (relu_kernel(inputs, 2, device=where, **options).cpu() for where in (device, "cpu"))
    return float((ours / theirs - 1).abs().max())


def _tests(task, sizes: Mapping[str, int], device: str) -> Iterator[tuple[str, float, Callable[[], float]]]:  # noqa: ANN001
    """Name, tolerance and measurement of each test."""
    small, words = _first(task, sizes["tested"], 50), _first(random_sequences(), 96, 1)
    words = replace(words, test_inputs=words.train_inputs[:50], test_labels=words.train_labels[:50])
    for name, architecture, optimizer, loss, precision in _training_cases():
        options = ", ".join(f"{option} {value}" for option, value in optimizer.options.items())
        about = f"{name} {getattr(architecture, 'pooling', '')} {optimizer.kind} {options}, {loss}, {precision}"
        data = words if name == "LSTM" else small
        measure = partial(_test_training, architecture, optimizer, loss, precision, data, device)
        yield f"epoch of {' '.join(about.split())}".replace(" ,", ","), _TOLERANCES[precision], measure
    for precision in _TOLERANCES:
        # Labels that all but tie come out either way.
        yield f"networks to the end, {precision}", 0.03, partial(_test_to_the_end, small, precision, device)
    # Some hundred bounces, each with the rounding of double precision.
    yield "exact 0-1 posterior", 1e-6, partial(_test_sampler, small, device)
    for kind in ("nngp", "ntk"):
        # An angle's cosine close to 1 says it to the root of the rounding.
        yield f"{kind} kernel", 1e-7, partial(_test_kernel, small, kind, device)


def _synchronized(device: str, work: Callable[[], Any]) -> float:
    """Seconds that ``work`` takes."""
    import torch

    wait = torch.cuda.synchronize if device == "cuda" else lambda: None
    wait()
    started = time.perf_counter()
    work()
    wait()
    return time.perf_counter() - started


def _ceilings(sizes: Mapping[str, int], device: str) -> dict[str, float]:
    """What the device can do: bytes a second of a copy, read and written; operations a second of a TF32 product."""
    import torch

    numbers = torch.empty(sizes["copied"], device=device).normal_()
    other = torch.empty_like(numbers)
    matrix = torch.randn(sizes["product"], sizes["product"], device=device)
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high")
    copies, products = (
        np.median([_synchronized(device, work) for _ in range(10)])
        for work in (lambda: other.copy_(numbers), lambda: torch.mm(matrix, matrix))
    )
    torch.set_float32_matmul_precision(before)
    return {"bytes": 2 * numbers.nbytes / copies, "operations": 2 * sizes["product"] ** 3 / products}


def _network_speed(
    architecture,
    build,
    task,
    options,
    networks: int,
    epochs: int,
    device: str,
    loops: int = 1,  # noqa: ANN001
) -> dict[str, Any]:
    """Networks a minute until they fit S, for so many epochs at most, initial parameters and checks of S included, against so
    many plain loops.
    """
    import torch

    from sgdbayes.training import Optimizer, train_until_fit

    def ours(number: int, patience: float) -> None:
        end = time.monotonic() + patience

        def watch(*_state: int) -> None:
            if time.monotonic() > end:
                raise _TimeIsUpError

        train_until_fit(
            architecture, task, Optimizer("Adam", 1e-3), indices=range(number), seed=0, max_epochs=epochs, device=device,
            progress=watch, **options,
        )  # fmt: skip

    inputs, labels = (torch.from_numpy(part).to(device) for part in (task.train_inputs, task.train_labels.astype("f4")))
    batch_size = options["batch_size"]
    # Compiled, and libraries loaded.
    ours(2, np.inf)
    plain(build, inputs[:batch_size], labels[:batch_size], batch_size)
    value = networks / _synchronized(device, partial(ours, networks, _PATIENCE))
    baseline = 1 / np.mean([plain(build, inputs, labels, batch_size, epochs) for _ in range(loops)])
    return {
        "value": 60 * value, "baseline_value": 60 * baseline, "ratio": value / baseline,
        "note": f"{networks} networks at once, at most {epochs} epochs, |S| = {len(labels)}; {loops} plain loops",
    }  # fmt: skip


def _sampler_speed(task, chains: int, draws: int, device: str) -> dict[str, Any]:  # noqa: ANN001
    """Draws of the exact 0-1 posterior a minute, all chains together, against the compiled code on this machine's CPU."""
    from sgdbayes.architectures import FullyConnected
    from sgdbayes.posterior._checks import lower_cholesky
    from sgdbayes.posterior.zero_one import _feasible_starts, fold, trajectories

    _, folded = fold(FullyConnected(depth=2).kernel(task.train_inputs), task.train_labels)
    factor = lower_cholesky(folded)
    found = {}
    for where in (device, "cpu"):
        # Compiled, and libraries loaded.
        _test_sampler(_first(task, 20, 1), where)
        streams = np.random.default_rng(0).spawn(chains)
        starts = _feasible_starts(folded, streams)
        started = time.perf_counter()
        _, bounces = trajectories(folded, factor, starts, streams, draws, warm_up=0, device=where)
        found[where] = chains * draws / (time.perf_counter() - started)
    return {
        "value": 60 * found[device], "baseline_value": 60 * found["cpu"], "ratio": found[device] / found["cpu"],
        "note": f"{chains} chains, |S| = {len(folded)}, {bounces.mean():.0f} bounces a draw, {os.cpu_count()} cores",
    }  # fmt: skip


def _large_posterior(inputs: np.ndarray, chains: int, bounces: int, device: str) -> dict[str, Any]:
    """Seconds of the parts of an exact 0-1 posterior at the largest |S|: its kernel, the factor, a bounce of all chains."""
    import torch

    from sgdbayes.architectures._relu_kernel import relu_kernel
    from sgdbayes.posterior._walls_batched import follow

    made = {}

    def kernel() -> None:
        made["kernel"] = relu_kernel(inputs, 2, weight_variance=2.0, bias_variance=0.0, kind="nngp", device=device)

    def factor() -> None:
        scale = made["kernel"].diagonal().sqrt()
        made["kernel"].div_(scale).div_(scale[:, None])
        made["factor"] = torch.linalg.cholesky(made["kernel"])

    seconds = {"kernel": _synchronized(device, kernel), "factor": _synchronized(device, factor)}
    normal = torch.randn(chains, len(inputs), dtype=torch.float64, device=device)
    velocities = normal @ made.pop("factor").T
    # Not the posterior of any labels, but as many walls.
    positions = velocities.abs()
    work = partial(follow, positions, velocities, made["kernel"], bounces)
    seconds["bounces"] = _synchronized(device, work)
    return {
        "value": 1e6 * seconds["bounces"] / bounces,
        "note": f"{chains} chains at once, |S| = {len(inputs)}: kernel {seconds['kernel']:.1f} s, factor {seconds['factor']:.1f} s",
    }


def _speeds(task, large, sizes: Mapping[str, int], device: str) -> Iterator[tuple[str, str, str, Callable[[], dict]]]:  # noqa: ANN001
    """Benchmark, unit, baseline and measurement of each speed."""
    from sgdbayes.architectures import LSTM, Convolutional, FullyConnected

    loop = "plain PyTorch loop, same GPU"
    small = _first(task, sizes["small"], 1)
    wide = FullyConnected(depth=2, width=sizes["width"])
    measure = partial(
        _network_speed, wide, partial(dense, sizes["width"]), task, {"batch_size": 128, "precision": "tf32"},
        2 * sizes["networks"], 500, device, loops=4,
    )  # fmt: skip
    yield f"FCN 2x{sizes['width']}, batch 128, tf32, to the end", "networks/min", loop, measure
    for precision in _TOLERANCES:
        options = {"batch_size": 128, "precision": precision}
        measure = partial(
            _network_speed, wide, partial(dense, sizes["width"]), task, options, sizes["networks"], 2, device
        )
        yield f"FCN 2x{sizes['width']}, batch 128, {precision}", "networks/min", loop, measure
    for name, architecture, build, data, networks in (
        ("FCN 2x256, batch 32", FullyConnected(depth=2, width=256), partial(dense, 256), small, 8 * sizes["networks"]),
        ("FCN 2x64, batch 32", FullyConnected(depth=2, width=64), partial(dense, 64), small, 16 * sizes["networks"]),
        ("CNN 2x32", Convolutional(), partial(images, "none"), small, sizes["networks"] // 4),
        ("LSTM 64, length 80", LSTM(width=64, vocabulary=5000), sequences, random_sequences(), sizes["networks"] // 4),
    ):
        data = _first(data, sizes["small"], 1)
        measure = partial(_network_speed, architecture, build, data, {"batch_size": 32}, networks, 3, device)
        yield name, "networks/min", loop, measure
    for chains in (4, 32):
        measure = partial(_sampler_speed, _first(task, sizes["sampled"], 1), chains, 1, device)
        yield f"exact 0-1 posterior, {chains} chains", "draws/min", "compiled, this machine's CPU", measure
    yield (
        "exact 0-1 posterior, a bounce", "microseconds", "", partial(_large_posterior, large, 32, 320, device)
    )  # fmt: skip


def _measured(rows: list[dict], path: Path, provenance: dict, row: dict) -> None:
    import pandas as pd

    from sgdbayes.storage import write_table

    rows.append(row)
    print(" ".join(f"{name}={value}" for name, value in row.items()), flush=True)
    write_table(path, pd.DataFrame(rows), provenance)


def _test_all(folder: Path, task, sizes: Mapping[str, int], device: str, clock: _Clock, provenance: dict) -> int:  # noqa: ANN001
    """Make tests.csv; -> how many failed."""
    rows: list[dict] = []
    for name, tolerance, measure in _tests(task, sizes, device):
        clock.check()
        started = time.monotonic()
        difference = measure()
        row = {"test": name, "difference": difference, "tolerance": tolerance, "passed": bool(difference <= tolerance)}
        _measured(rows, folder / "tests.csv", provenance, row | {"seconds": round(time.monotonic() - started, 2)})
    failed = [row["test"] for row in rows if not row["passed"]]
    print(
        f"{len(rows) - len(failed)} tests passed, {len(failed)} failed{': ' * bool(failed)}{'; '.join(failed)}",
        flush=True,
    )
    return len(failed)


def _measure_all(
    folder: Path,
    task,
    large,
    sizes: Mapping[str, int],
    device: str,
    clock: _Clock,
    provenance: dict,  # noqa: ANN001
) -> None:
    """Make speeds.csv."""
    import torch

    rows: list[dict] = []
    ceilings = _ceilings(sizes, device)
    for name, unit in (("bytes", "GB/s"), ("operations", "GFLOP/s")):
        about = {"bytes": "copy, read and written", "operations": "TF32 product"}[name]
        row = {"benchmark": about, "unit": unit, "baseline": "", "value": ceilings[name] / 1e9}
        _measured(rows, folder / "speeds.csv", provenance, row | {"baseline_value": None, "ratio": None, "note": ""})
    for benchmark, unit, baseline, measure in _speeds(task, large, sizes, device):
        clock.check()
        row = {"benchmark": benchmark, "unit": unit, "baseline": baseline, "value": None, "baseline_value": None}
        try:
            row |= {"ratio": None, "note": ""} | measure()
        except _TimeIsUpError:
            row |= {"ratio": None, "note": f"not within {_PATIENCE} s"}
        except (torch.OutOfMemoryError, MemoryError, np.linalg.LinAlgError) as error:
            row |= {"ratio": None, "note": f"not measured: {str(error).splitlines()[0]}"}
        _measured(rows, folder / "speeds.csv", provenance, row)
        if device == "cuda":
            torch.cuda.empty_cache()


def _train_all(
    folder: Path, tasks: Mapping[str, Any], trainings: Mapping[str, dict], block: int, device: str, clock: _Clock, provenance: dict
) -> None:  # fmt: skip
    """Make runs.parquet, block after block of one experiment after the other."""
    import pandas as pd

    from sgdbayes.provenance import code_hash, settings_hash
    from sgdbayes.storage import read_checksum, read_provenance, read_table, write_arrays, write_table
    from sgdbayes.training.campaign import train_block

    path, unfinished = folder / "runs.parquet", folder / "unfinished.parquet"
    code, keys = code_hash(ROOT / "workflow" / "scripts" / "train.py"), {}
    with tempfile.TemporaryDirectory() as scratch:
        for name, task in tasks.items():
            write_arrays(Path(scratch) / "task.npz", asdict(task), {})
            keys[name] = settings_hash(read_checksum(Path(scratch) / "task.npz"), trainings[name])
    runs = read_table(path) if path.exists() else pd.DataFrame({"key": [], "index": []})
    seconds, took = read_provenance(path).get("seconds", {}), {}
    for start in range(0, 10**9, block):
        for name, task in tasks.items():
            done = runs.loc[runs["key"] == keys[name], "index"]
            if done.between(start, start + block - 1).sum() == block:
                continue
            # Of what is begun now nothing would be whole.
            if took.get(trainings[name]["optimizer"]["kind"], 0) > clock.left:
                raise _TimeIsUpError
            started = time.monotonic()
            table = train_block(
                task, trainings[name], f"{start}-{start + block}", experiment=name, key=keys[name], code=code,
                known=[path], unfinished=unfinished, report=clock.check, device=device, stack_size=block // 2,
            )  # fmt: skip
            took[trainings[name]["optimizer"]["kind"]] = seconds[f"{name} {start}"] = time.monotonic() - started
            runs = pd.concat([runs, table], ignore_index=True) if len(runs) else table
            write_table(path, runs, provenance | {"code": code, "seconds": seconds})
            print(
                f"{name} {start}-{start + block}: {block / seconds[f'{name} {start}']:.1f} networks a second, "
                f"{table['converged'].sum()} fit S, in {table['epochs'].mean():.2f} epochs; {len(runs)} networks in all",
                flush=True,
            )


def main() -> None:
    """Read the command line, do all three parts, say what was not done."""
    parser = argparse.ArgumentParser(description="The paper's own setting on one GPU: tests, speeds, networks.")
    parser.add_argument("folder", type=Path, help="where tests.csv, speeds.csv and runs.parquet go")
    parser.add_argument("--seconds", type=float, default=540, help="when to end (default 540)")
    parser.add_argument("--rehearse", action="store_true", help="all of it, tiny, on the CPU")
    parser.add_argument("--only", choices=("tests", "speeds", "networks"), nargs="+", help="some of the three parts")
    arguments = parser.parse_args()
    clock, parts = _Clock(arguments.seconds), arguments.only or ["tests", "speeds", "networks"]

    import torch

    from sgdbayes.datasets import load_task
    from sgdbayes.provenance import environment

    if not arguments.rehearse and not torch.cuda.is_available():
        sys.exit("gpu.py: torch finds no GPU here: run it where there is one, or try it with --rehearse")
    device = "cpu" if arguments.rehearse else "cuda"
    provenance = {**environment(), "device": torch.cuda.get_device_name() if device == "cuda" else device}
    sizes = {
        "tested": 240, "small": 1000, "width": 1024, "networks": 256, "sampled": 10000, "large": 45000, "copied": 1 << 28,
        "product": 8192,
    }  # fmt: skip
    experiments, block = EXPERIMENTS, _BLOCK
    if arguments.rehearse:
        sizes = {
            "tested": 96, "small": 48, "width": 32, "networks": 8, "sampled": 60, "large": 300, "copied": 1 << 16, "product": 64,
        }  # fmt: skip
        experiments, block = ("mnist-fcn-adam", "mnist-1-fcn-sgd"), 4
    tasks, trainings, loaded = {}, {}, {}
    for name in experiments:
        task, trainings[name] = settings_of(name)
        if arguments.rehearse:
            task = task | {"dataset": "mnist_embedded", "train_size": 150, "recorded_test_size": 60}
            trainings[name]["architecture"] = trainings[name]["architecture"] | {"width": 32}
        # Some experiments share a task.
        tasks[name] = loaded.setdefault(str(task), None) or load_task(task, ROOT / "data")
        loaded[str(task)] = tasks[name]
    first = tasks[experiments[0]]
    not_done = list(parts)
    try:
        if "tests" in parts and _test_all(arguments.folder, first, sizes, device, clock, provenance):
            sys.exit("gpu.py: tests failed, so nothing was trained: tests.csv says which")
        not_done = [part for part in parts if part != "tests"]
        if "speeds" in parts:
            settings = settings_of(experiments[0])[0] | {"train_size": sizes["large"], "recorded_test_size": 1}
            if arguments.rehearse:
                settings["dataset"] = "mnist_embedded"
            large = load_task(settings, ROOT / "data").train_inputs.reshape(sizes["large"], -1)
            _measure_all(arguments.folder, first, large, sizes, device, clock, provenance)
            not_done.remove("speeds")
        if "networks" in parts:
            not_done.remove("networks")
            _train_all(arguments.folder, tasks, trainings, block, device, clock, provenance)
    except _TimeIsUpError:
        left = f"; not done, or not all: {', '.join(not_done)}" if not_done else ""
        print(f"gpu.py: the time is up: what is done is in {arguments.folder}{left}", flush=True)


if __name__ == "__main__":
    main()
