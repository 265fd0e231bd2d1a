"""Speeds of training as ratios to named baselines: `make bench`, or `python benchmarks/training.py`.

Each row trains the same networks on MNIST images (the LSTM: random sequences) on one core, by Adam with cross-entropy,
for three epochs of 1,000 examples, or until each fits S. The rows go to results/benchmarks/training.csv. The baseline
is a plain loop in PyTorch: torch.nn modules, torch.optim.Adam, one network at a time (benchmarks/peers.py).

- vmap_ratio, jax_ratio: against the same networks under torch.func.vmap, and under JAX's vmap of a compiled epoch;
- torch_stack_ratio: against our own stacks in torch, without compiled code;
- peak_share: multiply-adds of training that are not with zero, at the speed of the machine's fastest product of large
  matrices, as a share of the time taken.
"""

import os
import resource
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import numpy as np
from harness import Row, mnist, run
from peers import (
    by_jax,
    by_vmap,
    dense,
    dense_in_jax,
    images,
    images_in_jax,
    plain,
    random_sequences,
    sequences,
    sequences_for_vmap,
    sequences_in_jax,
)

_EPOCHS = 3
_REPEATS = 3
_TO_THE_END = 500


def _ours(architecture, task, batch_size: int, networks: int, epochs: int = _EPOCHS) -> float:  # noqa: ANN001
    from sgdbayes.training import Optimizer, train_until_fit

    started = time.perf_counter()
    train_until_fit(
        architecture, task, Optimizer("Adam", 1e-3), indices=range(networks), seed=0, batch_size=batch_size,
        max_epochs=epochs, device="cpu",
    )  # fmt: skip
    return (time.perf_counter() - started) / networks


def _tensors(task):  # noqa: ANN001, ANN202
    import torch

    return torch.from_numpy(task.train_inputs), torch.from_numpy(task.train_labels).float()


def _compare(architecture, task, batch_size: int, networks: int, peers: tuple) -> dict[str, object]:  # noqa: ANN001
    """Networks a minute, against the networks of the plain loop, of vmap and of JAX, three ``peers``; of the first the
    median of alternating repeats.
    """
    (build, for_vmap, in_jax), (inputs, labels) = peers, _tensors(task)
    _ours(architecture, task, batch_size, 1)
    plain(build, inputs[:batch_size], labels[:batch_size], batch_size, _EPOCHS)
    times = [
        (_ours(architecture, task, batch_size, networks), plain(build, inputs, labels, batch_size, _EPOCHS))
        for _ in range(_REPEATS)
    ]
    with _torch_alone():
        in_torch = _ours(architecture, task, batch_size, networks)
    by_others = {
        "torch_stack": in_torch,
        "vmap": by_vmap(for_vmap, inputs, labels, batch_size, _EPOCHS, networks),
        "jax": by_jax(in_jax, task.train_inputs, task.train_labels, batch_size, _EPOCHS, networks),
    }
    ours, theirs = map(statistics.median, zip(*times, strict=True))
    ratios = [against / our for our, against in times]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return {
        "value": 60 / ours,
        "baseline_value": 60 / theirs,
        "ratio": statistics.median(ratios),
        "ratio_low": min(ratios),
        "ratio_high": max(ratios),
        **{f"{name}_ratio": seconds / ours for name, seconds in by_others.items()},
        "note": f"{networks} networks at once; at most {memory:.1f} GB, the baselines' included",
    }


@contextmanager
def _torch_alone() -> Iterator[None]:
    """Without code of our own below torch's."""
    from unittest.mock import patch

    from sgdbayes.architectures import Convolutional, lstm
    from sgdbayes.training._compiled_stack import CompiledStack

    with (
        patch.object(CompiledStack, "serves", staticmethod(lambda *_: False)),
        patch.object(Convolutional, "_convolve_compiled", Convolutional._convolve),
        patch.object(lstm, "last_hidden_state", lstm._unroll),
    ):
        yield


def fully_connected(width: int, batch_size: int, networks: int) -> dict[str, object]:
    """Fully connected networks, two hidden layers."""
    from sgdbayes.architectures import FullyConnected

    task, build = mnist(1000), partial(dense, width)
    architecture = FullyConnected(depth=2, width=width)
    result = _compare(architecture, task, batch_size, networks, (build, build, dense_in_jax(width)))
    pixels = np.count_nonzero(task.train_inputs) / len(task.train_labels)
    # Forward and for the weights' gradient, of the second layer also for the slopes; half of its inputs are zero.
    products = len(task.train_labels) * _EPOCHS * width * (2 * pixels + 3 * width / 2)
    seconds = 60 / result["value"]
    return result | {"peak_share": products / _peak() / seconds}


def _peak() -> float:
    """Multiply-adds a second in a product of large matrices."""
    import torch

    square, spans = torch.ones(1024, 1024), []
    for _ in range(20):
        started = time.perf_counter()
        torch.mm(square, square)
        spans.append(time.perf_counter() - started)
    return 1024**3 / min(spans)


def convolutional(pooling: str, networks: int) -> dict[str, object]:
    """Convolutional networks: two layers of 32 channels."""
    from sgdbayes.architectures import Convolutional

    build = partial(images, pooling)
    peers = build, build, images_in_jax(pooling)
    return _compare(Convolutional(pooling=pooling), mnist(1000), 32, networks, peers)


def lstm(networks: int) -> dict[str, object]:
    """LSTM of 64 units on sequences of 80 word numbers, each looked up in an embedding of 32."""
    from sgdbayes.architectures import LSTM

    architecture = LSTM(width=64, vocabulary=5000, embedding=32)
    peers = sequences, sequences_for_vmap, sequences_in_jax()
    return _compare(architecture, random_sequences(), 32, networks, peers)


def to_the_end(train_size: int, networks: int) -> dict[str, object]:
    """Fully connected networks, two hidden layers of 64, until each fits S; of the baseline two."""
    from sgdbayes.architectures import FullyConnected

    task, build = mnist(train_size), partial(dense, 64)
    architecture, (inputs, labels) = FullyConnected(depth=2, width=64), _tensors(task)
    _ours(architecture, task, 32, 1)
    plain(build, inputs[:32], labels[:32], 32, 1)
    theirs = statistics.mean(plain(build, inputs, labels, 32, _TO_THE_END) for _ in range(2))
    ours = _ours(architecture, task, 32, networks, _TO_THE_END)
    return {
        "value": 60 / ours,
        "baseline_value": 60 / theirs,
        "ratio": theirs / ours,
        "note": f"{networks} networks, 2 of the baseline; epochs differ between networks",
    }


def threads(networks: int) -> dict[str, object]:
    """Fully connected networks, two hidden layers of 64, ten epochs: one job on all cores against a job on each."""
    from multiprocessing import get_context

    cores = len(os.sched_getaffinity(0))
    together, alone = [], []
    for _ in range(_REPEATS):
        together.append(_job(cores, cores * networks))
        barrier = get_context("spawn").Barrier(cores)
        with ProcessPoolExecutor(cores, get_context("spawn"), _meet_at, (barrier,)) as pool:
            alone.append(statistics.mean(pool.map(_job, [1] * cores, [networks] * cores)) / cores)
    ours, theirs = statistics.median(together), statistics.median(alone)
    # Without compiled code, on one thread and on all: what more threads do not shorten is done by one at a time.
    one, all_ = (_job(threads, cores * networks, compiled=False) for threads in (1, cores))
    serial = max(0.0, (cores * all_ - one) / (cores - 1)) if cores > 1 else one
    on_64 = 1 / (1 + 63 * serial / (cores * theirs))
    return {
        "value": 60 / ours,
        "baseline_value": 60 / theirs,
        "ratio": theirs / ours,
        "note": f"{cores} cores; {serial / (cores * theirs):.2%} of the work is done by one thread at a time: "
        f"on 64 cores a job would use {on_64:.0%} of them",
    }


_barrier: Any = None


def _meet_at(barrier: Any) -> None:  # noqa: ANN401
    global _barrier
    _barrier = barrier


def _job(threads: int, networks: int, compiled: bool = True) -> float:
    """Seconds a network in a process of so many threads; those of `threads` begin together."""
    from unittest.mock import patch

    import torch

    from sgdbayes.architectures import FullyConnected
    from sgdbayes.training import _compiled_stack

    torch.set_num_threads(threads)
    architecture, task = FullyConnected(depth=2, width=64), mnist(1000)
    _ours(architecture, task, 32, threads)
    if _barrier is not None:
        _barrier.wait()
    with ExitStack() as stack:
        for name in () if compiled else ("train_epoch", "fill_misses"):
            stack.enter_context(patch.object(_compiled_stack, name))
        return _ours(architecture, task, 32, networks, 10)


_PLAIN = "plain PyTorch loop"


def _row(measure: Callable, benchmark: str, target: str) -> Row:
    return Row(measure, benchmark, "networks/min", _PLAIN, target, 1)


ROWS = {
    "fcn64": _row(partial(fully_connected, 64, 32, 64), "FCN 2x64, batch 32", "ratio >= 15"),
    "fcn256": _row(partial(fully_connected, 256, 32, 16), "FCN 2x256, batch 32", "ratio >= 8"),
    "fcn1024": _row(partial(fully_connected, 1024, 128, 4), "FCN 2x1024, batch 128", "ratio >= 3"),
    "cnn": _row(partial(convolutional, "none", 1), "CNN 2x32", "ratio >= 3"),
    "cnn-max": _row(partial(convolutional, "max", 4), "CNN 2x32, max pooling", "ratio >= 3"),
    "cnn-average": _row(partial(convolutional, "average", 4), "CNN 2x32, average pooling", "ratio >= 3"),
    "lstm": _row(partial(lstm, 8), "LSTM 64, length 80", "ratio >= 3"),
    "threads": Row(
        partial(threads, 64),
        "FCN 2x64, batch 32, all cores",
        "networks/min",
        "a job on each core",
        "ratio >= 0.95",
        None,
    ),
    "end1000": _row(partial(to_the_end, 1000, 64), "to the end: FCN 2x64, |S| = 1,000", ""),
    "end10000": _row(partial(to_the_end, 10_000, 8), "to the end: FCN 2x64, |S| = 10,000", ""),
}

if __name__ == "__main__":
    run(__file__, ROWS, "training.csv")
