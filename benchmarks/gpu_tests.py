"""What benchmarks/gpu.py tests: every path of training and of sampling that runs on a GPU, against the CPU."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from peers import random_sequences

# How far outputs may be from those of the CPU in single precision after an epoch, as a share of how far they have come.
# Each step rounds to 6e-8, 5e-4 (TF32) or 4e-3 (bfloat16); divisions by small moments and 80 words of an LSTM make that
# larger, and convolutions are not computed alike. A wrong update is off by about 1.
TOLERANCES = {"float32": 1e-2, "tf32": 5e-2, "bfloat16": 2.5e-1}


def precisions(device: str) -> tuple[str, ...]:
    """Those that networks are trained to the end in: few processors have arithmetic for bfloat16."""
    return tuple(TOLERANCES) if device == "cuda" else ("float32", "tf32")


def first(task, train_size: int, test_size: int):  # noqa: ANN001, ANN201
    """The task of the first examples of S and the first test points."""
    trained = {name: getattr(task, name)[:train_size] for name in ("train_inputs", "train_labels", "train_indices")}
    return replace(task.head(test_size), **trained)


def _training_cases() -> Iterator[tuple[str, Any, Any, str, str]]:
    """Name, architecture, optimiser, loss and precision of each path of training."""
    from sgdbayes.architectures import LSTM, Convolutional, FullyConnected
    from sgdbayes.training import Optimizer

    dense = FullyConnected(depth=2, width=96)
    adam = Optimizer("Adam", 1e-3)
    for precision in TOLERANCES:
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
    for precision in TOLERANCES:
        yield "Convolutional", Convolutional(channels=8), adam, "cross_entropy", precision
        yield "LSTM", LSTM(width=16, vocabulary=5000, embedding=16), adam, "cross_entropy", precision
    for pooling in ("max", "average"):
        yield "Convolutional", Convolutional(channels=8, pooling=pooling), adam, "mse", "float32"


def _training_difference(
    architecture, optimizer, loss: str, precision: str, task, device: str  # noqa: ANN001
) -> float:  # fmt: skip
    """How far outputs on the test points are from the CPU's after an epoch, as a share of how far they have come."""
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


def _difference_at_the_end(task, precision: str, device: str) -> float:  # noqa: ANN001
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


def sampler_difference(task, device: str) -> float:  # noqa: ANN001
    """How far draws of the exact 0-1 posterior are from the CPU's, the same trajectories, as a share of their norm."""
    from sgdbayes.architectures import FullyConnected
    from sgdbayes.posterior import sample_zero_one

    kernel = FullyConnected(depth=2).kernel(task.train_inputs)
    ours, theirs = (
        sample_zero_one(kernel, task.train_labels, 8, seed=0, warm_up=2, device=where) for where in (device, "cpu")
    )
    return float(np.linalg.norm(ours - theirs) / np.linalg.norm(theirs))


def _kernel_difference(task, kind: str, device: str) -> float:  # noqa: ANN001
    from sgdbayes.architectures._relu_kernel import relu_kernel

    inputs = task.train_inputs.reshape(len(task.train_inputs), -1)
    options = {"weight_variance": 2.0, "bias_variance": 0.1, "kind": kind}
    ours, theirs = (relu_kernel(inputs, 2, device=where, **options).cpu() for where in (device, "cpu"))
    return float((ours / theirs - 1).abs().max())


def gpu_tests(task, size: int, device: str) -> Iterator[tuple[str, float, Callable[[], float]]]:  # noqa: ANN001
    """Name, tolerance and measurement of each test."""
    small, words = first(task, size, 50), first(random_sequences(), 96, 1)
    seen = {name: getattr(words, f"train_{name}")[:50] for name in ("inputs", "labels", "indices")}
    words = replace(words, **{f"test_{name}": values for name, values in seen.items()})
    for name, architecture, optimizer, loss, precision in _training_cases():
        options = ", ".join(f"{option} {value}" for option, value in optimizer.options.items())
        about = f"{name} {getattr(architecture, 'pooling', '')} {optimizer.kind} {options}, {loss}, {precision}"
        data = words if name == "LSTM" else small
        measure = partial(_training_difference, architecture, optimizer, loss, precision, data, device)
        yield f"epoch of {' '.join(about.split())}".replace(" ,", ","), TOLERANCES[precision], measure
    for precision in precisions(device):
        # Labels that all but tie come out either way.
        yield f"networks to the end, {precision}", 0.03, partial(_difference_at_the_end, small, precision, device)
    # Some hundred bounces, each with the rounding of double precision.
    yield "exact 0-1 posterior", 1e-6, partial(sampler_difference, small, device)
    for kind in ("nngp", "ntk"):
        # An angle's cosine close to 1 says it to the root of the rounding.
        yield f"{kind} kernel", 1e-7, partial(_kernel_difference, small, kind, device)
