"""What training is compared with: a plain loop in PyTorch, torch.func.vmap, and JAX (vmap of a compiled epoch).

All train by Adam with cross-entropy, and after each epoch ask whether a network fits S. The networks are those of
torch.nn, and the same in JAX.
"""

import time
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

import numpy as np

_RATE = 1e-3


def plain(build: Callable, inputs, labels, batch_size: int, epochs: int) -> float:  # noqa: ANN001
    """Seconds that one network takes in a plain loop, on the device of ``inputs``, until it fits S."""
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits

    targets = (labels + 1) / 2
    started = time.perf_counter()
    network = build().to(inputs.device)
    steps = torch.optim.Adam(network.parameters(), lr=_RATE)
    for _ in range(epochs):
        for batch in torch.randperm(len(labels), device=inputs.device).split(batch_size):
            steps.zero_grad()
            binary_cross_entropy_with_logits(network(inputs[batch]).squeeze(-1), targets[batch]).backward()
            steps.step()
        with torch.no_grad():
            if (network(inputs).squeeze(-1) * labels > 0).all():
                break
    return time.perf_counter() - started


def by_vmap(build: Callable, inputs, labels, batch_size: int, epochs: int, networks: int) -> float:  # noqa: ANN001
    """Seconds a network in an ensemble by torch.func.vmap."""
    import torch
    from torch.func import functional_call, grad, stack_module_state, vmap
    from torch.nn.functional import binary_cross_entropy_with_logits

    started = time.perf_counter()
    modules, template = [build() for _ in range(networks)], build()
    parameters, _ = stack_module_state(modules)
    steps = torch.optim.Adam(list(parameters.values()), lr=_RATE)

    def loss(weights: dict, batch, targets):  # noqa: ANN001, ANN202
        return binary_cross_entropy_with_logits(functional_call(template, weights, (batch,)).squeeze(-1), targets)

    slopes, targets = vmap(grad(loss)), (labels + 1) / 2
    outputs = vmap(lambda weights, batch: functional_call(template, weights, (batch,)), in_dims=(0, None))
    for _ in range(epochs):
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


def by_jax(
    network: tuple[Sequence[tuple[int, ...]], Callable],
    inputs: np.ndarray,
    labels: np.ndarray,
    batch_size: int,
    epochs: int,
    networks: int,
) -> float:
    """Seconds that one network takes in an ensemble by JAX; ``network``: shapes of parameters, and outputs from them
    and from inputs.
    """
    import jax
    from jax import numpy as jnp

    shapes, outputs = network
    inputs, labels, whole = jnp.asarray(inputs), jnp.asarray(labels), len(labels) // batch_size

    def loss(parameters: list, rows):  # noqa: ANN001, ANN202
        return jax.nn.softplus(-labels[rows] * outputs(parameters, inputs[rows])).mean()

    def step(state: tuple, rows):  # noqa: ANN001, ANN202
        parameters, first, second, done = state
        slopes = jax.grad(loss)(parameters, rows)
        first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, slopes)
        second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, slopes)
        rate, scale = _RATE / (1 - 0.9 ** (done + 1)), 1 / jnp.sqrt(1 - 0.999 ** (done + 1))
        moved = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) * scale + 1e-8), parameters, first, second)
        return (moved, first, second, done + 1), None

    def epoch(state: tuple, order) -> tuple:  # noqa: ANN001
        split = whole * batch_size
        state, _ = jax.lax.scan(step, state, order[:split].reshape(whole, batch_size))
        if split < len(labels):
            state, _ = step(state, order[split:])
        return state, (outputs(state[0], inputs) * labels > 0).all()

    train, rng = jax.jit(jax.vmap(epoch), donate_argnums=0), np.random.default_rng(0)

    def seconds(epochs: int) -> float:
        started = time.perf_counter()
        drawn = [rng.standard_normal((networks, *shape), dtype=np.float32) for shape in shapes]
        parameters = [jnp.asarray(part * (2 / max(1, np.prod(part.shape[1:-1]))) ** 0.5) for part in drawn]
        state: Any = (parameters, *([jnp.zeros_like(part) for part in parameters] for _ in range(2)))
        state = (*state, jnp.zeros(networks))
        for _ in range(epochs):
            order = np.stack([rng.permutation(len(labels)) for _ in range(networks)])
            state, fits = train(state, jnp.asarray(order))
            fits.block_until_ready()
        return (time.perf_counter() - started) / networks

    # Compiled by the first call.
    seconds(1)
    return seconds(epochs)


def dense(width: int):  # noqa: ANN201
    """A fully connected network, two hidden layers, in torch.nn, that starts from our prior."""
    import torch

    linear = [torch.nn.Linear(784, width), torch.nn.Linear(width, width), torch.nn.Linear(width, 1)]
    for layer in linear:
        torch.nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        torch.nn.init.zeros_(layer.bias)
    first, second, last = linear
    return torch.nn.Sequential(torch.nn.Flatten(), first, torch.nn.ReLU(), second, torch.nn.ReLU(), last)


def dense_in_jax(width: int) -> tuple[list[tuple[int, ...]], Callable]:
    """The same in JAX."""
    import jax

    def outputs(parameters: list, inputs):  # noqa: ANN001, ANN202
        units = inputs.reshape(len(inputs), -1)
        for weights, biases in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
            units = jax.nn.relu(units @ weights + biases)
        return (units @ parameters[-2] + parameters[-1])[:, 0]

    return [(784, width), (width,), (width, width), (width,), (width, 1), (1,)], outputs


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


def images_in_jax(pooling: str) -> tuple[list[tuple[int, ...]], Callable]:
    """The same in JAX."""
    import jax

    side = 28 if pooling == "none" else 7
    window = {"window_dimensions": (1, 2, 2, 1), "window_strides": (1, 2, 2, 1), "padding": "VALID"}

    def pool(units):  # noqa: ANN001, ANN202
        if pooling == "max":
            return jax.lax.reduce_window(units, -np.inf, jax.lax.max, **window)
        return jax.lax.reduce_window(units, 0.0, jax.lax.add, **window) / 4 if pooling == "average" else units

    def outputs(parameters: list, inputs):  # noqa: ANN001, ANN202
        units = inputs[..., None]
        for filters, biases in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
            order = jax.lax.conv_dimension_numbers(units.shape, filters.shape, ("NHWC", "HWIO", "NHWC"))
            units = jax.lax.conv_general_dilated(units, filters, (1, 1), "SAME", dimension_numbers=order)
            units = pool(jax.nn.relu(units + biases))
        return (units.reshape(len(inputs), -1) @ parameters[-2] + parameters[-1])[:, 0]

    return [(3, 3, 1, 32), (32,), (3, 3, 32, 32), (32,), (32 * side * side, 1), (1,)], outputs


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


@cache
def _unrolled() -> type:
    import torch

    class Unrolled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding, self.entering = torch.nn.Embedding(5000, 32), torch.nn.Linear(32, 256)
            self.recurrent, self.output = torch.nn.Linear(64, 256, bias=False), torch.nn.Linear(64, 1)

        def forward(self, inputs):  # noqa: ANN001, ANN202
            series = self.entering(self.embedding(inputs.long()))
            hidden = cells = series.new_zeros((len(inputs), 64))
            for step in range(inputs.shape[1]):
                i, f, g, o = (series[:, step] + self.recurrent(hidden)).chunk(4, dim=1)
                cells = f.sigmoid() * cells + i.sigmoid() * g.tanh()
                hidden = o.sigmoid() * cells.tanh()
            return self.output(hidden)

    return Unrolled


def sequences_for_vmap():  # noqa: ANN201
    """The same step by step: torch.func has no rule for torch's own LSTM."""
    return _unrolled()()


def sequences_in_jax() -> tuple[list[tuple[int, ...]], Callable]:
    """The same in JAX."""
    import jax
    from jax import numpy as jnp

    def outputs(parameters: list, inputs):  # noqa: ANN001, ANN202
        words, entering, recurrent, biases, last, shift = parameters

        def step(state: tuple, entered):  # noqa: ANN001, ANN202
            hidden, cells = state
            i, f, g, o = jnp.split(entered + hidden @ recurrent, 4, axis=1)
            cells = jax.nn.sigmoid(f) * cells + jax.nn.sigmoid(i) * jnp.tanh(g)
            return (jax.nn.sigmoid(o) * jnp.tanh(cells), cells), None

        series = words[inputs.astype(int)] @ entering + biases
        nothing = jnp.zeros((len(inputs), 64))
        (hidden, _), _ = jax.lax.scan(step, (nothing, nothing), series.swapaxes(0, 1))
        return (hidden @ last + shift)[:, 0]

    return [(5000, 32), (32, 256), (64, 256), (256,), (64, 1), (1,)], outputs


def random_sequences():  # noqa: ANN201
    """A task of 1,000 random sequences of 80 word numbers."""
    from sgdbayes.datasets import Task

    rng, rows = np.random.default_rng(0), np.arange(1000)
    words = rng.integers(0, 5000, (1001, 80)).astype(np.float32)
    labels = np.where(rng.random(1001) < 0.5, -1, 1).astype(np.int8)
    return Task(words[:1000], labels[:1000], words[1000:], labels[1000:], rows, rows[:1])
