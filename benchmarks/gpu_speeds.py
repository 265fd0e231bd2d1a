"""What benchmarks/gpu.py measures: networks a minute against a plain PyTorch loop on the same GPU, draws of the exact
posterior against the CPU, and what the GPU could do at best.
"""

import os
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from gpu_tests import first, precisions, sampler_difference
from peers import dense, images, plain, random_sequences, sequences

# One measurement may take so long.
_PATIENCE = 25


class NotInTimeError(Exception):
    """What was measured took too long."""


def _synchronized(device: str, work: Callable[[], Any]) -> float:
    """Seconds that ``work`` takes."""
    import torch

    wait = torch.cuda.synchronize if device == "cuda" else lambda: None
    wait()
    started = time.perf_counter()
    work()
    wait()
    return time.perf_counter() - started


def _best(count: int, unit_of: float, prepare: Callable, device: str) -> dict[str, Any]:
    """How many of ``count`` bytes or operations, in units, the device does in a second, the median of ten."""
    import torch

    work = prepare()
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high")
    seconds = np.median([_synchronized(device, work) for _ in range(10)])
    torch.set_float32_matmul_precision(before)
    return {"value": count / unit_of / seconds}


def _network_speed(
    architecture, build, task, options, networks: int, epochs: int, device: str, loops: int = 1  # noqa: ANN001
) -> dict[str, Any]:  # fmt: skip
    """Networks a minute until they fit S, for so many epochs at most, against so many plain loops; initial parameters
    and checks of S are included.
    """
    import torch

    from sgdbayes.training import Optimizer, train_until_fit

    def ours(number: int, patience: float) -> None:
        end = time.monotonic() + patience

        def watch(*_state: int) -> None:
            if time.monotonic() > end:
                raise NotInTimeError(f"it took more than {_PATIENCE} s")

        train_until_fit(
            architecture, task, Optimizer("Adam", 1e-3), indices=range(number), seed=0, max_epochs=epochs,
            device=device, progress=watch, **options,
        )  # fmt: skip

    inputs, labels = (torch.from_numpy(part).to(device) for part in (task.train_inputs, task.train_labels.astype("f4")))
    batch_size = options["batch_size"]
    # Compiled, and libraries loaded.
    ours(2, np.inf)
    plain(build, inputs[:batch_size], labels[:batch_size], batch_size, epochs)
    value = networks / _synchronized(device, partial(ours, networks, _PATIENCE))
    baseline = 1 / np.mean([plain(build, inputs, labels, batch_size, epochs) for _ in range(loops)])
    return {
        "value": 60 * value, "baseline_value": 60 * baseline, "ratio": value / baseline,
        "note": f"{networks} networks at once, at most {epochs} epochs, |S| = {len(labels)}; {loops} plain loops",
    }  # fmt: skip


def _sampler_speed(task, chains: int, draws: int, device: str) -> dict[str, Any]:  # noqa: ANN001
    """Draws of the exact 0-1 posterior a minute, all chains together, against compiled code on this machine's CPU."""
    from sgdbayes.architectures import FullyConnected
    from sgdbayes.posterior._checks import lower_cholesky
    from sgdbayes.posterior.zero_one import _feasible_starts, fold, trajectories

    _, folded = fold(FullyConnected(depth=2).kernel(task.train_inputs), task.train_labels)
    factor = lower_cholesky(folded)
    found = {}
    for where in (device, "cpu"):
        # Compiled, and libraries loaded.
        sampler_difference(first(task, 20, 1), where)
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
    """Seconds of the parts of an exact 0-1 posterior at the largest |S|: kernel, factor and a bounce of all chains."""
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
    parts = f"kernel {seconds['kernel']:.1f} s, factor {seconds['factor']:.1f} s"
    return {
        "value": 1e6 * seconds["bounces"] / bounces,
        "note": f"{chains} chains at once, |S| = {len(inputs)}: {parts}",
    }


def gpu_speeds(
    task, many: np.ndarray, device: str  # noqa: ANN001
) -> Iterator[tuple[str, str, str, Callable[[], dict[str, Any]]]]:  # fmt: skip
    """Benchmark, unit, baseline and measurement of each speed, tiny on a CPU. ``many`` inputs: for the largest |S|."""
    import torch

    from sgdbayes.architectures import LSTM, Convolutional, FullyConnected

    tiny = device == "cpu"
    numbers, side = (1 << 16, 64) if tiny else (1 << 28, 8192)
    width, networks, few, sampled = (32, 8, 48, 60) if tiny else (1024, 256, 1000, 10_000)

    def copy():  # noqa: ANN202
        one = torch.empty(numbers, device=device).normal_()
        return partial(torch.empty_like(one).copy_, one)

    def product():  # noqa: ANN202
        matrix = torch.randn(side, side, device=device)
        return partial(torch.mm, matrix, matrix)

    yield "copy, read and written", "GB/s", "", partial(_best, 8 * numbers, 1e9, copy, device)
    yield "TF32 product", "GFLOP/s", "", partial(_best, 2 * side**3, 1e9, product, device)

    loop, unit, small = "plain PyTorch loop, same GPU", "networks/min", first(task, few, 1)
    wide, build = FullyConnected(depth=2, width=width), partial(dense, width)
    options = {"batch_size": 128, "precision": "tf32"}
    measure = partial(_network_speed, wide, build, task, options, 2 * networks, 500, device, loops=4)
    yield f"FCN 2x{width}, batch 128, tf32, to the end", unit, loop, measure
    for precision in precisions(device):
        options = {"batch_size": 128, "precision": precision}
        measure = partial(_network_speed, wide, build, task, options, networks, 2, device)
        yield f"FCN 2x{width}, batch 128, {precision}", unit, loop, measure
    for name, architecture, build, data, number in (
        ("FCN 2x256, batch 32", FullyConnected(depth=2, width=256), partial(dense, 256), small, 8 * networks),
        ("FCN 2x64, batch 32", FullyConnected(depth=2, width=64), partial(dense, 64), small, 16 * networks),
        ("CNN 2x32", Convolutional(), partial(images, "none"), small, networks // 4),
        ("LSTM 64, length 80", LSTM(width=64, vocabulary=5000), sequences, random_sequences(), networks // 4),
    ):
        measure = partial(
            _network_speed, architecture, build, first(data, few, 1), {"batch_size": 32}, number, 3, device
        )
        yield name, unit, loop, measure
    for chains in (4, 32):
        measure = partial(_sampler_speed, first(task, sampled, 1), chains, 1, device)
        yield f"exact 0-1 posterior, {chains} chains", "draws/min", "compiled, this machine's CPU", measure
    yield "exact 0-1 posterior, a bounce", "microseconds", "", partial(_large_posterior, many, 32, 320, device)
