"""One step of stacked fully connected networks on a GPU, in Triton: the top layer with the loss, and the update of a
layer where its gradient is made.

A step at width 1,024 and batch 128 is 1.2 GFLOP but moves each parameter and what the optimiser remembers of it, so
memory is what it waits for. A gradient is therefore used where it is summed, and never written. Examples stand in the
last axis, as the products that sum over them like it. The updates are those of `sgdbayes.training._updates`.
"""

from typing import NamedTuple

import torch
import triton
import triton.language as tl

__all__ = ["Layer", "Step", "train_top", "train_weights"]

# Tiles of weights and examples at a time, and registers of a thread: of 28 choices the fastest on an H200.
_ROWS, _COLUMNS, _BATCH = 64, 64, 64
_SHAPE = {"num_warps": 8, "num_stages": 1, "maxnreg": 128}
_TOP_ELEMENTS = 8192


class Layer(NamedTuple):
    """Weights (M, k, h) and biases (M, 1, h) of M networks; the optimiser's memory of them (states, M, ...)."""

    weights: torch.Tensor
    weights_memory: torch.Tensor
    biases: torch.Tensor
    biases_memory: torch.Tensor

    def for_kernel(self) -> tuple[torch.Tensor | int, ...]:
        """All of it as kernels take it, after each memory the stride between its states."""
        weights = self.weights, self.weights_memory, self.weights.numel()
        return *weights, self.biases, self.biases_memory, self.biases.numel()


class Step(NamedTuple):
    """One step of an optimiser: its seven numbers, weight decay last; its code and how many states it has."""

    numbers: tuple[float, ...]
    code: int
    states: int


@triton.jit
def _updated(p, g, first, second, n0, n1, n2, n3, n4, n5, decay, CODE: tl.constexpr, STATES: tl.constexpr):
    g += decay * p
    if CODE == 0:
        if STATES == 0:
            p -= n0 * g
        else:
            first = n1 * first + n2 * g
            p -= n0 * (n3 * g + n4 * first)
    elif CODE == 1:
        first += n1 * (g - first)
        second = n2 * second + n3 * g * g
        p -= n0 * first / (tl.sqrt(second) * n5 + n4)
    elif CODE == 2:
        first += g * g
        p -= n0 * g / (tl.sqrt(first) + n1)
    elif CODE == 3:
        first = n1 * first + n2 * g * g
        move = g / (tl.sqrt(first) + n3)
        if STATES == 2:
            second = n4 * second + move
            move = second
        p -= n0 * move
    else:
        first = n1 * first + n2 * g * g
        move = tl.sqrt(second + n3) / tl.sqrt(first + n3) * g
        second = n1 * second + n2 * move * move
        p -= n0 * move
    return p, first, second


@triton.jit
def _update(
    parameters, memory, stride, at, mask, g, n0, n1, n2, n3, n4, n5, decay, CODE: tl.constexpr, STATES: tl.constexpr
):
    """Change the parameters ``at`` by gradient ``g``; their states stand ``stride`` apart in ``memory``."""
    p = tl.load(parameters + at, mask=mask, other=0.0)
    first, second = p, p
    if STATES > 0:
        first = tl.load(memory + at, mask=mask, other=0.0)
    if STATES > 1:
        second = tl.load(memory + stride + at, mask=mask, other=0.0)
    p, first, second = _updated(p, g, first, second, n0, n1, n2, n3, n4, n5, decay, CODE, STATES)
    tl.store(parameters + at, p, mask=mask)
    if STATES > 0:
        tl.store(memory + at, first, mask=mask)
    if STATES > 1:
        tl.store(memory + stride + at, second, mask=mask)


@triton.jit(do_not_specialize=["weights_stride", "biases_stride"])
def _weights_kernel(
    below, slopes, weights, weights_memory, weights_stride, biases, biases_memory, biases_stride, batch, wide, out,
    n0, n1, n2, n3, n4, n5, decay,
    CODE: tl.constexpr, STATES: tl.constexpr, PRECISION: tl.constexpr,
    ROWS: tl.constexpr, COLUMNS: tl.constexpr, BATCH: tl.constexpr,
):  # fmt: skip
    tiles = tl.cdiv(wide, ROWS) * tl.cdiv(out, COLUMNS)
    network = (tl.program_id(0) // tiles).to(tl.int64)
    tile = tl.program_id(0) % tiles
    row_tile, column_tile = tile // tl.cdiv(out, COLUMNS), tile % tl.cdiv(out, COLUMNS)
    rows = row_tile * ROWS + tl.arange(0, ROWS)
    columns = column_tile * COLUMNS + tl.arange(0, COLUMNS)
    mask = (rows[:, None] < wide) & (columns[None, :] < out)
    at = rows[:, None] * out + columns[None, :]
    # Places of one network, so that they need half the registers.
    weights, weights_memory = weights + network * wide * out, weights_memory + network * wide * out
    biases, biases_memory = biases + network * out, biases_memory + network * out
    below, slopes = below + network * wide * batch, slopes + network * out * batch
    gradient = tl.zeros((ROWS, COLUMNS), tl.float32)
    of_biases = tl.zeros((COLUMNS,), tl.float32)
    for start in range(0, batch, BATCH):
        examples = start + tl.arange(0, BATCH)
        here = examples[None, :] < batch
        x = tl.load(
            below + rows[:, None] * batch + examples[None, :],
            mask=here & (rows[:, None] < wide), other=0.0,
        ).to(tl.float32)  # fmt: skip
        s = tl.load(
            slopes + columns[:, None] * batch + examples[None, :],
            mask=here & (columns[:, None] < out), other=0.0,
        ).to(tl.float32)  # fmt: skip
        gradient = tl.dot(x, tl.trans(s), gradient, input_precision=PRECISION)
        of_biases += tl.sum(s, 1)
    _update(
        weights, weights_memory, weights_stride, at, mask, gradient, n0, n1, n2, n3, n4, n5, decay, CODE, STATES
    )  # fmt: skip
    if row_tile == 0:
        _update(
            biases, biases_memory, biases_stride, columns, columns < out, of_biases,
            n0, n1, n2, n3, n4, n5, decay, CODE, STATES,
        )  # fmt: skip


@triton.jit(do_not_specialize=["weights_stride", "bias_stride"])
def _top_kernel(
    activations, labels, weights, weights_memory, weights_stride, bias, bias_memory, bias_stride, batch, wide,
    n0, n1, n2, n3, n4, n5, decay,
    SQUARED: tl.constexpr, CODE: tl.constexpr, STATES: tl.constexpr, BATCH: tl.constexpr, ROWS: tl.constexpr,
):  # fmt: skip
    network = tl.program_id(0).to(tl.int64)
    examples = tl.arange(0, BATCH)
    here = examples < batch
    z = tl.zeros((BATCH,), tl.float32)
    for start in range(0, wide, ROWS):
        rows = start + tl.arange(0, ROWS)
        mask = here[None, :] & (rows[:, None] < wide)
        at = (network * wide + rows[:, None]) * batch + examples[None, :]
        a = tl.load(activations + at, mask=mask, other=0.0).to(tl.float32)
        w = tl.load(weights + network * wide + rows, mask=rows < wide, other=0.0)
        z += tl.sum(tl.maximum(a, 0.0) * w[:, None], 0)
    z += tl.load(bias + network)
    y = tl.load(labels + network * batch + examples, mask=here, other=0.0)
    if SQUARED:  # noqa: SIM108 (compiled)
        slope = 2 * (z - y)
    else:
        slope = -y / (1 + tl.exp(y * z))
    slope = tl.where(here, slope / batch, 0.0)
    for start in range(0, wide, ROWS):
        rows = start + tl.arange(0, ROWS)
        mask = here[None, :] & (rows[:, None] < wide)
        at = (network * wide + rows[:, None]) * batch + examples[None, :]
        a = tl.load(activations + at, mask=mask, other=0.0).to(tl.float32)
        w = tl.load(weights + network * wide + rows, mask=rows < wide, other=0.0)
        down = tl.where(a > 0, slope[None, :] * w[:, None], 0.0)
        gradient = tl.sum(tl.maximum(a, 0.0) * slope[None, :], 1)
        tl.store(activations + at, down.to(activations.dtype.element_ty), mask=mask)
        _update(
            weights, weights_memory, weights_stride, network * wide + rows, rows < wide, gradient,
            n0, n1, n2, n3, n4, n5, decay, CODE, STATES,
        )  # fmt: skip
    one = tl.arange(0, 1)
    _update(
        bias, bias_memory, bias_stride, network + one, one < 1, tl.sum(slope, 0) + tl.zeros((1,), tl.float32),
        n0, n1, n2, n3, n4, n5, decay, CODE, STATES,
    )  # fmt: skip


def train_weights(below: torch.Tensor, slopes: torch.Tensor, layer: Layer, step: Step, *, precision: str) -> None:
    """Update a ``layer`` by the ``slopes`` (M, h, B) of the loss in its outputs on what is ``below`` it (M, k, B)."""
    (networks, wide, batch), out = below.shape, slopes.shape[1]
    grid = (networks * triton.cdiv(wide, _ROWS) * triton.cdiv(out, _COLUMNS),)
    _weights_kernel[grid](
        below, slopes, *layer.for_kernel(), batch, wide, out, *step.numbers, CODE=step.code, STATES=step.states,
        PRECISION=precision, ROWS=_ROWS, COLUMNS=_COLUMNS, BATCH=_BATCH, **_SHAPE,
    )  # fmt: skip


def train_top(activations: torch.Tensor, labels: torch.Tensor, layer: Layer, step: Step, *, squared: bool) -> None:
    """Update the output unit, and turn ``activations`` (M, h, B) of the last hidden layer, with or without ReLU, into
    the slopes of the mean loss over ``labels`` (M, B) in them.
    """
    networks, wide, batch = activations.shape
    examples = triton.next_power_of_2(batch)
    rows = max(1, min(triton.next_power_of_2(wide), _TOP_ELEMENTS // examples))
    _top_kernel[(networks,)](
        activations, labels, *layer.for_kernel(), batch, wide, *step.numbers, CODE=step.code, STATES=step.states,
        SQUARED=squared, BATCH=examples, ROWS=rows, num_warps=8,
    )  # fmt: skip
