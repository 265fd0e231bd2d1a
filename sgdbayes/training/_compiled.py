"""Epochs of one fully connected ReLU network, compiled for the CPU: outputs, gradients and updates of five optimisers.

Products multiply only what is not zero, of MNIST's pixels one in five and of the outputs of ReLU units about half. Row
by row they are sums of rows of the other matrix (Gustavson, ACM Trans. Math. Softw. 4, 1978). The updates are those in
the documentation of torch.optim 2.13, which the tests compare with.

All compiled code and what it is given are in this file: numba's cache sees a change of the file it is in, but not of
another that its code came from.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit

__all__ = ["UPDATES", "Network", "SparseRows", "Steps", "Update", "first_miss", "outputs", "sparse_rows", "train_epoch"]

# Code of an optimiser and the order of its numbers in `_update`.
UPDATES = {
    "SGD": (0, ("lr", "momentum", "dampening", "nesterov", "weight_decay")),
    "Adam": (1, ("lr", "betas", "eps", "weight_decay")),
    "Adagrad": (2, ("lr", "lr_decay", "eps", "weight_decay")),
    "RMSprop": (3, ("lr", "alpha", "eps", "momentum", "weight_decay")),
    "Adadelta": (4, ("lr", "rho", "eps", "weight_decay")),
}

_PASS = 4
_CHUNK = 64
# The order of a sum is free, as in any matrix product; what is not finite stays so.
_COMPILED: dict[str, Any] = {
    "cache": True,
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"contract", "nsz", "reassoc"},
}


class SparseRows(NamedTuple):
    """A sparse matrix of n rows: ``starts`` (n + 1,) int64, ``columns`` int32, ``values`` float32.

    The entries of row i stand from starts[i] to starts[i + 1], filled up with zeros to a multiple of four.
    """

    starts: np.ndarray
    columns: np.ndarray
    values: np.ndarray


class Network(NamedTuple):
    """``parameters`` (P,): weights (k, h) and biases (h,) of each layer, whose numbers of inputs k are ``sizes``."""

    parameters: np.ndarray
    sizes: np.ndarray


class Update(NamedTuple):
    """An optimiser: its code and its numbers, both as in `UPDATES`, and what its first memory starts from."""

    code: int
    numbers: np.ndarray
    memory_start: float


class Steps(NamedTuple):
    """How a network is trained; the loss is squared error or, if not ``squared``, cross-entropy."""

    batch_size: int
    squared: bool
    update: Update


def sparse_rows(matrix: np.ndarray) -> SparseRows:
    """The entries of ``matrix`` (n, k) float32 that are not zero."""
    starts = np.zeros(len(matrix) + 1, np.int64)
    filled = -(-np.count_nonzero(matrix, axis=1) // _PASS) * _PASS
    starts[1:] = np.cumsum(filled)
    columns, values = np.zeros(starts[-1], np.int32), np.zeros(starts[-1], np.float32)
    rows, found = np.nonzero(matrix)
    places = starts[rows] + np.arange(len(rows)) - np.searchsorted(rows, rows)
    columns[places], values[places] = found, matrix[rows, found]
    return SparseRows(starts, columns, values)


@njit(**_COMPILED)
def train_epoch(network, memory, step, inputs, labels, order, steps):
    """Train on the batches of ``order`` (n,); -> steps done so far.

    ``memory`` (2, P) of the optimiser, after ``step`` steps; sparse ``inputs`` and ``labels`` (n,) of S.
    """
    gradient = np.empty_like(network.parameters)
    for start in range(0, len(order), steps.batch_size):
        rows = order[start : start + steps.batch_size]
        activations, z = _forward(network, inputs, rows)
        slope = np.empty(len(rows), np.float32)
        for b in range(len(rows)):
            y = labels[rows[b]]
            slope[b] = (2 * (z[b] - y) if steps.squared else -y / (1 + np.exp(y * z[b]))) / len(rows)
        _backward(network, inputs, rows, activations, slope, gradient)
        step += 1
        _update(steps.update, step, network.parameters, gradient, memory)
    return step


@njit(**_COMPILED)
def outputs(network, inputs):
    """Outputs (n,) on all sparse ``inputs``."""
    every = np.arange(len(inputs.starts) - 1)
    z = np.empty(len(every), np.float32)
    for start in range(0, len(every), _CHUNK):
        rows = every[start : start + _CHUNK]
        z[start : start + _CHUNK] = _forward(network, inputs, rows)[1]
    return z


@njit(**_COMPILED)
def first_miss(network, inputs, labels, order):
    """The first example in ``order`` (n,) that the network labels wrongly, -1 if there is none."""
    for start in range(0, len(order), _CHUNK):
        rows = order[start : start + _CHUNK]
        z = _forward(network, inputs, rows)[1]
        for b in range(len(rows)):
            if not z[b] * labels[rows[b]] > 0:
                return rows[b]
    return -1


@njit(**_COMPILED)
def _layer(parameters, begin, wide, out):
    """Weights (wide, out) and biases (out,) of the layer whose parameters begin there."""
    end = begin + wide * out
    return parameters[begin:end].reshape(wide, out), parameters[end : end + out]


@njit(**_COMPILED)
def _forward(network, inputs, rows):
    """Outputs of the hidden layers on ``rows`` (B,) of the inputs, (B, h) one after the other, flat; and z (B,)."""
    parameters, sizes = network
    starts, columns, values = inputs
    batch, begin, place = len(rows), 0, 0
    activations = np.empty(batch * sizes[1:].sum(), np.float32)
    before = activations[:0].reshape(batch, 0)
    for layer in range(len(sizes) - 1):
        wide, out = sizes[layer], sizes[layer + 1]
        weights, biases = _layer(parameters, begin, wide, out)
        after = activations[place : place + batch * out].reshape(batch, out)
        some, entries = np.empty(wide + _PASS, np.int32), np.empty(wide + _PASS, np.float32)
        for b in range(batch):
            after[b] = biases
            if layer == 0:
                start, stop = starts[rows[b]], starts[rows[b] + 1]
                _add_rows(after[b], columns[start:stop], values[start:stop], weights)
            else:
                stop = _append_row(before[b], some, entries, 0)
                _add_rows(after[b], some[:stop], entries[:stop], weights)
            for j in range(out):
                # What is not a number is not negative: it stays.
                after[b, j] = np.float32(0) if after[b, j] < 0 else after[b, j]
        before, begin, place = after, begin + (wide + 1) * out, place + batch * out
    z = np.empty(batch, np.float32)
    for b in range(batch):
        z[b] = parameters[-1]
        for j in range(sizes[-1]):
            z[b] += before[b, j] * parameters[begin + j]
    return activations, z


@njit(**_COMPILED)
def _backward(network, inputs, rows, activations, slope, gradient):
    """Fill ``gradient`` (P,) from the ``slope`` (B,) of the loss in z."""
    parameters, sizes = network
    batch, wide = len(rows), sizes[-1]
    begin, place = len(parameters) - wide - 1, len(activations) - batch * wide
    before = activations[place:].reshape(batch, wide)
    gradient[begin:] = 0
    slopes = np.empty((batch, wide), np.float32)
    for b in range(batch):
        gradient[-1] += slope[b]
        for j in range(wide):
            gradient[begin + j] += before[b, j] * slope[b]
            slopes[b, j] = np.float32(0) if before[b, j] <= 0 else parameters[begin + j] * slope[b]
    for layer in range(len(sizes) - 2, -1, -1):
        wide, out = sizes[layer], sizes[layer + 1]
        begin -= (wide + 1) * out
        of_weights, of_biases = _layer(gradient, begin, wide, out)
        of_biases[:] = 0
        for b in range(batch):
            of_biases += slopes[b]
        if layer == 0:
            _weights_gradient(inputs, rows, slopes, of_weights)
            break
        place -= batch * wide
        its_starts = np.zeros(batch + 1, np.int64)
        most = batch * (wide + _PASS)
        its_columns, its_values = np.empty(most, np.int32), np.empty(most, np.float32)
        for b in range(batch):
            row = activations[place + b * wide : place + (b + 1) * wide]
            its_starts[b + 1] = _append_row(row, its_columns, its_values, its_starts[b])
        active = SparseRows(its_starts, its_columns, its_values)
        _weights_gradient(active, np.arange(batch), slopes, of_weights)
        weights, below = _layer(parameters, begin, wide, out)[0], np.zeros((batch, wide), np.float32)
        for b in range(batch):
            # Only units that are on pass a slope on.
            some = slice(its_starts[b], its_starts[b + 1])
            _dot_rows(below[b], its_columns[some], its_values[some], weights, slopes[b])
        slopes = below


@njit(**_COMPILED)
def _weights_gradient(matrix, rows, slopes, gradient):
    """Fill ``gradient`` (k, h): the transposed ``rows`` (B,) of a sparse ``matrix`` times ``slopes`` (B, h)."""
    starts, columns, values = matrix
    ends = np.zeros(len(gradient) + 1, np.int64)
    for row in rows:
        for e in range(starts[row], starts[row + 1]):
            ends[columns[e] + 1] += values[e] != 0
    for k in range(1, len(ends)):
        ends[k] = ends[k - 1] + -(-ends[k] // _PASS) * _PASS
    begins = ends.copy()
    turned, entries = np.zeros(ends[-1], np.int32), np.zeros(ends[-1], np.float32)
    for b in range(len(rows)):
        for e in range(starts[rows[b]], starts[rows[b] + 1]):
            if values[e] != 0:
                place = ends[columns[e]]
                turned[place], entries[place] = b, values[e]
                ends[columns[e]] = place + 1
    gradient[:] = 0
    for k in range(len(gradient)):
        some = slice(begins[k], begins[k + 1])
        _add_rows(gradient[k], turned[some], entries[some], slopes)


@njit(**_COMPILED)
def _append_row(row, columns, values, end):
    """Write the entries of ``row`` (k,) that are not zero from place ``end`` on, filled up; -> the new end."""
    start = end
    for k in range(len(row)):
        columns[end], values[end] = k, row[k]
        end += row[k] != 0
    while (end - start) % _PASS:
        columns[end], values[end] = 0, 0
        end += 1
    return end


@njit(**_COMPILED)
def _add_rows(total, columns, values, matrix):
    """Add up value * matrix[column] in ``total`` (h,), four rows a pass: it is loaded and stored less often."""
    for e in range(0, len(columns), _PASS):
        v0, v1, v2, v3 = values[e], values[e + 1], values[e + 2], values[e + 3]
        r0, r1, r2, r3 = matrix[columns[e]], matrix[columns[e + 1]], matrix[columns[e + 2]], matrix[columns[e + 3]]
        for j in range(len(total)):
            total[j] += (v0 * r0[j] + v1 * r1[j]) + (v2 * r2[j] + v3 * r3[j])


@njit(**_COMPILED)
def _dot_rows(total, columns, values, matrix, vector):
    """Set total[column] to matrix[column] . vector (h,) where value is not zero, four rows a pass."""
    for e in range(0, len(columns), _PASS):
        r0, r1, r2, r3 = matrix[columns[e]], matrix[columns[e + 1]], matrix[columns[e + 2]], matrix[columns[e + 3]]
        s0 = s1 = s2 = s3 = np.float32(0)
        for j in range(len(vector)):
            s0 += r0[j] * vector[j]
            s1 += r1[j] * vector[j]
            s2 += r2[j] * vector[j]
            s3 += r3[j] * vector[j]
        for i, s in enumerate((s0, s1, s2, s3)):
            if values[e + i] != 0:
                total[columns[e + i]] = s


@njit(**_COMPILED)
def _update(update, step, parameters, gradient, memory):
    """Change ``parameters`` (P,) and ``memory`` (2, P) by step 1, 2, ... of an optimiser."""
    code, numbers, _ = update
    decay = np.float32(numbers[-1])
    if decay != 0:
        for i in range(len(parameters)):
            gradient[i] += decay * parameters[i]
    rate, first, second = np.float32(numbers[0]), memory[0], memory[1]
    if code == 0:
        # The first gradient is not damped.
        momentum, fresh = np.float32(numbers[1]), np.float32(1 if step == 1 else 1 - numbers[2])
        if momentum == 0:
            for i in range(len(parameters)):
                parameters[i] -= rate * gradient[i]
        elif numbers[3] != 0:
            for i in range(len(parameters)):
                first[i] = momentum * first[i] + fresh * gradient[i]
                parameters[i] -= rate * (gradient[i] + momentum * first[i])
        else:
            for i in range(len(parameters)):
                first[i] = momentum * first[i] + fresh * gradient[i]
                parameters[i] -= rate * first[i]
    elif code == 1:
        one, kept, fresh = np.float32(1 - numbers[1]), np.float32(numbers[2]), np.float32(1 - numbers[2])
        rate, tiny = np.float32(numbers[0] / (1 - numbers[1] ** step)), np.float32(numbers[3])
        scale = np.float32(1 / np.sqrt(1 - numbers[2] ** step))
        for i in range(len(parameters)):
            first[i] += one * (gradient[i] - first[i])
            second[i] = kept * second[i] + fresh * gradient[i] * gradient[i]
            parameters[i] -= rate * first[i] / (np.sqrt(second[i]) * scale + tiny)
    elif code == 2:
        rate, tiny = np.float32(numbers[0] / (1 + (step - 1) * numbers[1])), np.float32(numbers[2])
        for i in range(len(parameters)):
            first[i] += gradient[i] * gradient[i]
            parameters[i] -= rate * gradient[i] / (np.sqrt(first[i]) + tiny)
    elif code == 3:
        kept, fresh, tiny = np.float32(numbers[1]), np.float32(1 - numbers[1]), np.float32(numbers[2])
        momentum = np.float32(numbers[3])
        for i in range(len(parameters)):
            first[i] = kept * first[i] + fresh * gradient[i] * gradient[i]
            second[i] = momentum * second[i] + gradient[i] / (np.sqrt(first[i]) + tiny)
            parameters[i] -= rate * second[i]
    else:
        kept, fresh, tiny = np.float32(numbers[1]), np.float32(1 - numbers[1]), np.float32(numbers[2])
        for i in range(len(parameters)):
            first[i] = kept * first[i] + fresh * gradient[i] * gradient[i]
            move = np.sqrt(second[i] + tiny) / np.sqrt(first[i] + tiny) * gradient[i]
            second[i] = kept * second[i] + fresh * move * move
            parameters[i] -= rate * move
