"""Speeds of training as ratios to named baselines: `make bench`, or `python benchmarks/training.py`.

Each row trains the same networks on 1,000 MNIST images (the LSTM: 1,000 random sequences) on one core, by Adam with
cross-entropy for three epochs, with a check of the whole of S after each. The rows go to
results/benchmarks/training.csv. The plain loop is PyTorch's: torch.nn modules, torch.optim.Adam, one network at a time.

- vmap_ratio: against the same modules under torch.func.vmap;
- torch_stack_ratio: against our own stacks in torch, without compiled code;
- bmm_share: the time that torch.bmm alone would take for the dense products, as a share of ours.
"""

import resource
import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np
from harness import Row, mnist, run

_EPOCHS = 3
_REPEATS = 3


def plain(build: Callable, inputs, labels, batch_size: int, epochs: int = _EPOCHS) -> float:  # noqa: ANN001
    """Seconds that one network takes in a plain loop, on the device of ``inputs``, until it fits S."""
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits

    targets = (labels + 1) / 2
    started = time.perf_counter()
    network = build().to(inputs.device)
    steps = torch.optim.Adam(network.parameters(), lr=1e-3)
    for _ in range(epochs):
        for batch in torch.randperm(len(labels), device=inputs.device).split(batch_size):
            steps.zero_grad()
            binary_cross_entropy_with_logits(network(inputs[batch]).squeeze(-1), targets[batch]).backward()
            steps.step()
        with torch.no_grad():
            if (network(inputs).squeeze(-1) * labels > 0).all():
                break
    return time.perf_counter() - started


def _vmapped(build: Callable, inputs, labels, batch_size: int, networks: int) -> float:  # noqa: ANN001
    """Seconds a network in an ensemble by torch.func.vmap."""
    import torch
    from torch.func import functional_call, grad, stack_module_state, vmap
    from torch.nn.functional import binary_cross_entropy_with_logits

    started = time.perf_counter()
    modules, template = [build() for _ in range(networks)], build()
    parameters, _ = stack_module_state(modules)
    steps = torch.optim.Adam(list(parameters.values()), lr=1e-3)

    def loss(weights: dict, batch, targets):  # noqa: ANN001, ANN202
        return binary_cross_entropy_with_logits(functional_call(template, weights, (batch,)).squeeze(-1), targets)

    slopes, targets = vmap(grad(loss)), (labels + 1) / 2
    outputs = vmap(lambda weights, batch: functional_call(template, weights, (batch,)), in_dims=(0, None))
    for _ in range(_EPOCHS):
        order = torch.stack([torch.randperm(len(labels)) for _ in range(networks)])
        for batch in order.split(batch_size, dim=1):
            with torch.no_grad():
                found = slopes(parameters, inputs[batch], targets[batch])
            for name, parameter in parameters.items():
                parameter.grad = found[name]
            steps.step()
        with torch.no_grad():
            (outputs(parameters, inputs).squeeze(-1) * labels > 0).all(1)
    return (time.perf_counter() - started) / networks


def _ours(architecture, task, batch_size: int, networks: int, precision: str) -> float:  # noqa: ANN001
    from sgdbayes.training import Optimizer, train_until_fit

    started = time.perf_counter()
    train_until_fit(
        architecture, task, Optimizer("Adam", 1e-3), indices=range(networks), seed=0, batch_size=batch_size,
        max_epochs=_EPOCHS, precision=precision, device="cpu",
    )  # fmt: skip
    return (time.perf_counter() - started) / networks


def dense(width: int):  # noqa: ANN201
    """A fully connected network, two hidden layers, in torch.nn."""
    import torch

    layers = [torch.nn.Flatten(), torch.nn.Linear(784, width), torch.nn.ReLU(), torch.nn.Linear(width, width)]
    return torch.nn.Sequential(*layers, torch.nn.ReLU(), torch.nn.Linear(width, 1))


def fully_connected(width: int, batch_size: int, networks: int, precision: str = "float32") -> dict[str, object]:
    """Fully connected networks, two hidden layers."""
    from sgdbayes.architectures import FullyConnected
    from sgdbayes.training._compiled_stack import CompiledStack

    architecture, task = FullyConnected(depth=2, width=width), mnist(1000)
    result = _compare(architecture, task, partial(dense, width), batch_size, networks, precision)
    if precision == "float32":
        seconds = 60 / result["value"]
        result["bmm_share"] = _bmm_seconds(width, batch_size, task) / seconds
        CompiledStack.serves = staticmethod(lambda *_: False)
        result["torch_stack_ratio"] = _ours(architecture, task, batch_size, networks, precision) / seconds
    return result


def _compare(architecture, task, build, batch_size, networks, precision="float32") -> dict[str, object]:  # noqa: ANN001
    """Networks a minute, against the plain loop and against vmap; medians of alternating repeats (of vmap one)."""
    import torch

    from sgdbayes.architectures import LSTM

    inputs, labels = torch.from_numpy(task.train_inputs), torch.from_numpy(task.train_labels).float()
    _ours(architecture, task, batch_size, 1, precision)
    plain(build, inputs[:batch_size], labels[:batch_size], batch_size)
    # torch.func has no rule for its own LSTM.
    vmapped = None if isinstance(architecture, LSTM) else _vmapped(build, inputs, labels, batch_size, networks)
    times = []
    for _ in range(_REPEATS):
        ours = _ours(architecture, task, batch_size, networks, precision)
        times.append((ours, plain(build, inputs, labels, batch_size)))
    ours, theirs = map(statistics.median, zip(*times, strict=True))
    ratios = [against / our for our, against in times]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return {
        "value": 60 / ours,
        "baseline_value": 60 / theirs,
        "ratio": statistics.median(ratios),
        "ratio_low": min(ratios),
        "ratio_high": max(ratios),
        "vmap_ratio": vmapped and vmapped / ours,
        "note": f"{networks} networks at once; at most {memory:.1f} GB, the baselines' included",
    }


def _bmm_seconds(width: int, batch_size: int, task) -> float:  # noqa: ANN001
    """How long torch.bmm alone would take, at its peak, for the dense products of training a network."""
    import torch

    live = int((task.train_inputs.reshape(len(task.train_labels), -1) != 0).any(0).sum())
    stack = max(1, 4_000_000 // (live * width))
    total = 0.0
    # Products of the forward pass and for the weights' gradient, of hidden layers also the one for the slopes.
    for wide, times in ((live, 2), (width, 3)):
        left, right = torch.randn(stack, batch_size, wide), torch.randn(stack, wide, width)
        torch.bmm(left, right)
        spans = []
        for _ in range(20):
            started = time.perf_counter()
            torch.bmm(left, right)
            spans.append(time.perf_counter() - started)
        total += times * min(spans) / stack
    return total * _EPOCHS * -(-len(task.train_labels) // batch_size)


def images(pooling: str):  # noqa: ANN201
    """A convolutional network, two layers of 32 channels, in torch.nn."""
    import torch

    pool = {
        "none": torch.nn.Identity,
        "max": partial(torch.nn.MaxPool2d, 2),
        "average": partial(torch.nn.AvgPool2d, 2),
    }[pooling]
    side = 28 if pooling == "none" else 7

    def layer(channels: int) -> list:
        return [torch.nn.Conv2d(channels, 32, 3, padding="same"), torch.nn.ReLU(), pool()]

    head = [torch.nn.Flatten(), torch.nn.Linear(32 * side * side, 1)]
    return torch.nn.Sequential(torch.nn.Unflatten(1, (1, 28)), *layer(1), *layer(32), *head)


def convolutional(pooling: str, networks: int) -> dict[str, object]:
    """Convolutional networks: two layers of 32 channels."""
    from sgdbayes.architectures import Convolutional

    return _compare(Convolutional(pooling=pooling), mnist(1000), partial(images, pooling), 32, networks)


def sequences():  # noqa: ANN201
    """An LSTM of 64 units on word numbers, each looked up in an embedding of 32, in torch.nn."""
    import torch

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding, self.lstm = torch.nn.Embedding(5000, 32), torch.nn.LSTM(32, 64, batch_first=True)
            self.output = torch.nn.Linear(64, 1)

        def forward(self, inputs):  # noqa: ANN001, ANN202
            return self.output(self.lstm(self.embedding(inputs.long()))[0][:, -1])

    return Network()


def random_sequences():  # noqa: ANN201
    """A task of 1,000 random sequences of 80 word numbers."""
    from sgdbayes.datasets import Task

    rng, rows = np.random.default_rng(0), np.arange(1000)
    words = rng.integers(0, 5000, (1001, 80)).astype(np.float32)
    labels = np.where(rng.random(1001) < 0.5, -1, 1).astype(np.int8)
    return Task(words[:1000], labels[:1000], words[1000:], labels[1000:], rows, rows[:1])


def lstm(networks: int) -> dict[str, object]:
    """LSTM of 64 units on sequences of 80 word numbers, each looked up in an embedding of 32."""
    from sgdbayes.architectures import LSTM

    architecture = LSTM(width=64, vocabulary=5000, embedding=32)
    return _compare(architecture, random_sequences(), sequences, 32, networks)


_PLAIN = "plain PyTorch loop"
ROWS = {
    "fcn64": Row(partial(fully_connected, 64, 32, 64), "FCN 2x64, batch 32", "networks/min", _PLAIN, "ratio >= 7", 1),
    "fcn256": Row(
        partial(fully_connected, 256, 32, 16), "FCN 2x256, batch 32", "networks/min", _PLAIN, "ratio >= 4", 1
    ),
    "fcn1024": Row(
        partial(fully_connected, 1024, 128, 4),
        "FCN 2x1024, batch 128",
        "networks/min",
        _PLAIN,
        "ratio >= 2, bmm share >= 0.75",
        1,
    ),
    "fcn1024-bf16": Row(
        partial(fully_connected, 1024, 128, 4, "bfloat16"),
        "FCN 2x1024, batch 128, bfloat16",
        "networks/min",
        _PLAIN,
        "ratio >= 3",
        1,
    ),
    "cnn": Row(partial(convolutional, "none", 1), "CNN 2x32", "networks/min", _PLAIN, "ratio >= 3", 1),
    "cnn-max": Row(partial(convolutional, "max", 4), "CNN 2x32, max pooling", "networks/min", _PLAIN, "ratio >= 3", 1),
    "cnn-average": Row(
        partial(convolutional, "average", 4), "CNN 2x32, average pooling", "networks/min", _PLAIN, "ratio >= 3", 1
    ),
    "lstm": Row(partial(lstm, 8), "LSTM 64, length 80", "networks/min", _PLAIN, "ratio >= 3", 1),
}

if __name__ == "__main__":
    run(__file__, ROWS, "training.csv")
