"""Where a step of compiled training goes: `python benchmarks/training_steps.py`.

It writes results/benchmarks/training-steps.csv. A step of Adam of a fully connected network with two hidden layers on
MNIST, on one core, in its parts, each timed by itself: what it needs is in the cache more often than in a whole step.
``multiply_adds`` are those that are not with zero. ``bytes`` are what must move at least once between core and memory:
parameters and moments read and written, inputs read.
"""

import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np
from harness import Row, mnist, run

_REPEATS, _SECONDS = 9, 0.05


def _microseconds(work: Callable[[], object]) -> float:
    work()
    started = time.perf_counter()
    work()
    times = max(1, int(_SECONDS / (time.perf_counter() - started)))
    spans = []
    for _ in range(_REPEATS):
        started = time.perf_counter()
        for _ in range(times):
            work()
        spans.append((time.perf_counter() - started) / times)
    return 1e6 * statistics.median(spans)


def step(width: int, batch: int) -> dict[str, object]:
    """Microseconds of a step and of its parts."""
    import torch

    from sgdbayes.architectures import FullyConnected
    from sgdbayes.training import Optimizer, _compiled
    from sgdbayes.training._updates import numbers_of_steps, update_of

    torch.set_flush_denormal(True)
    task, rng = mnist(1000), np.random.default_rng(0)
    pixels = task.train_inputs.reshape(1000, -1)
    pixels = np.ascontiguousarray(pixels[:, (pixels != 0).any(0)])
    inputs, labels, rows = _compiled.sparse_rows(pixels), task.train_labels.astype(np.float32), rng.permutation(1000)
    drawn = FullyConnected(depth=2, width=width).initial_parameters(pixels.shape[1:], rng)
    parameters, sizes = np.concatenate([part.ravel() for part in drawn]), np.array([pixels.shape[1], width, width])
    update = update_of(Optimizer("Adam", 1e-3))
    numbers = numbers_of_steps(update, 1, -(-1000 // batch))
    networks, memory = _compiled.Network(parameters[None], sizes), np.zeros((1, 2, len(parameters)), np.float32)
    whole = partial(
        _compiled.train_epoch, networks, memory, np.zeros(1, np.int64), inputs, labels, rows[None],
        _compiled.Steps(batch, False, update.code, numbers),
    )  # fmt: skip
    found = {"step": _microseconds(whole) / len(numbers)}
    network, some, everyone = _compiled.Network(parameters, sizes), rows[:batch], np.arange(batch)
    second = (pixels.shape[1] + 1) * width
    weights = parameters[second : second + width * width].reshape(width, width)
    activations, _ = _compiled._forward(network, inputs, some)
    slopes = np.where(rng.random((batch, width)) < 0.5, rng.normal(size=(batch, width)), 0).astype(np.float32)
    active = _compiled._active(activations[: batch * width].reshape(batch, width))
    turned = _compiled._turned(inputs, some, pixels.shape[1]), _compiled._turned(active, everyone, width)
    layer = partial(_compiled._descend_layer, network, memory[0])
    how = slopes, update.code, numbers[0]
    first, total = parameters[: pixels.shape[1] * width].reshape(-1, width), np.zeros((batch, width), np.float32)
    gradient = np.zeros_like(parameters)

    parts = {
        "forward": partial(_compiled._forward, network, inputs, some),
        "forward_first_layer": partial(_compiled._add_product, total, inputs, some, first),
        "slopes": partial(np.dot, slopes, weights.T),
        "transposes": lambda: (
            _compiled._turned(inputs, some, pixels.shape[1]), _compiled._turned(active, everyone, width)
        ),
        "gradient_and_update_first_layer": partial(layer, 0, turned[0], *how),
        "gradient_and_update_second_layer": partial(layer, second, turned[1], *how),
        "update_alone": partial(_compiled._update, update.code, numbers[0], parameters, memory[0], 0, gradient),
    }  # fmt: skip
    found |= {name: _microseconds(work) for name, work in parts.items()}
    entries = np.count_nonzero(pixels) / 1000 * batch
    products = width * (2 * entries + 3 * batch * width / 2)
    return {
        "value": found.pop("step"),
        **{name: round(value, 1) for name, value in found.items()},
        "multiply_adds": round(products),
        "parameters": len(parameters),
        "bytes": round(6 * parameters.nbytes + 8 * entries),
    }


ROWS = {
    f"{width}": Row(partial(step, width, batch), f"a step, FCN 2x{width}, batch {batch}", "microseconds", "", "", 1)
    for width, batch in ((64, 32), (256, 32), (1024, 128))
}

if __name__ == "__main__":
    run(__file__, ROWS, "training-steps.csv")
