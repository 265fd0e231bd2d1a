"""Epochs of one fully connected ReLU network, compiled for the CPU: outputs, gradients and updates of five optimisers.

Products multiply only what is not zero, of MNIST's pixels one in five and of the outputs of ReLU units about half. Row
by row they are sums of rows of the other matrix (Gustavson, ACM Trans. Math. Softw. 4, 1978), of which a tile at a time
is in the first cache and the sum in registers (Goto and van de Geijn, ACM Trans. Math. Softw. 34, 2008). A gradient is
used where it is summed, some rows of weights at a time, and never written as a whole.

All compiled code is in this file: numba's cache sees a change of the file it is in, but not of another that its code
came from.
"""

from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.core.errors import RequireLiteralValue
from numba.extending import intrinsic

__all__ = ["Network", "SparseRows", "Steps", "fill_finite", "fill_misses", "fill_outputs", "sparse_rows", "train_epoch"]

_CHUNK = 64
# Numbers in a vector register of AVX2; other processors split or pair them.
_LANES = 8
# A tile of a matrix is in the first cache, one sum of its columns in registers.
_ROWS, _COLUMNS = 128, 64
# Of a gradient at once: rows, and numbers if they make more of them.
_SOME, _NUMBERS = 16, 2048
# The order of a sum is free, as in any matrix product; what is not finite stays so.
_COMPILED: dict[str, Any] = {
    "cache": True,
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"contract", "nsz", "reassoc"},
}


class SparseRows(NamedTuple):
    """A sparse matrix of n rows, in blocks of columns: the entries of row i in block q stand from starts[i, q] to
    starts[i, q + 1] in ``columns`` int32 and ``values`` float32. A block is `_ROWS` columns, or all if there is one.
    """

    starts: np.ndarray
    columns: np.ndarray
    values: np.ndarray


class Network(NamedTuple):
    """``parameters`` (P,), or of M networks (M, P): weights (k, h) and biases (h,) of each layer, whose numbers of
    inputs k are ``sizes``.
    """

    parameters: np.ndarray
    sizes: np.ndarray


class Steps(NamedTuple):
    """How a network is trained: the loss is squared error or, if not ``squared``, cross-entropy; the optimiser's
    ``code`` and the ``numbers`` (batches, 7) of its steps, as in `sgdbayes.training._updates`.
    """

    batch_size: int
    squared: bool
    code: int
    numbers: np.ndarray


def sparse_rows(matrix: np.ndarray) -> SparseRows:
    """The entries of ``matrix`` (n, k) that are not zero."""
    rows, columns = np.nonzero(matrix)
    wide = matrix.shape[1]
    blocks = np.arange(0, wide + _ROWS, _ROWS).clip(max=wide)
    starts = np.searchsorted(rows * wide + columns, np.arange(len(matrix))[:, None] * wide + blocks)
    return SparseRows(starts, columns.astype(np.int32), matrix[rows, columns].astype(np.float32))


@njit(**_COMPILED)
def train_epoch(networks, memory, chosen, inputs, labels, order, steps):
    """Train the ``chosen`` (m,) of M networks, each on the batches of its ``order`` (m, n) of S: ``inputs`` and
    ``labels`` (n,). ``memory`` (M, 2, P) of the optimiser.
    """
    for i, m in enumerate(chosen):
        network = Network(networks.parameters[m], networks.sizes)
        for step in range(len(steps.numbers)):
            rows = order[i, step * steps.batch_size : (step + 1) * steps.batch_size]
            activations, z = _forward(network, inputs, rows)
            slope = np.empty(len(rows), np.float32)
            for b in range(len(rows)):
                y = labels[rows[b]]
                slope[b] = (2 * (z[b] - y) if steps.squared else -y / (1 + np.exp(y * z[b]))) / len(rows)
            _descend(network, memory[m], inputs, rows, activations, slope, steps.code, steps.numbers[step])


@njit(**_COMPILED)
def fill_outputs(networks, chosen, inputs, z):
    """Fill ``z`` (m, n) with the outputs of the ``chosen`` (m,) networks on all sparse ``inputs``."""
    every = np.arange(len(inputs.starts))
    for i, m in enumerate(chosen):
        for start in range(0, len(every), _CHUNK):
            rows = every[start : start + _CHUNK]
            z[i, start : start + _CHUNK] = _forward(Network(networks.parameters[m], networks.sizes), inputs, rows)[1]


@njit(**_COMPILED)
def fill_misses(networks, chosen, inputs, labels, order, misses):
    """Fill ``misses`` (m,) with the first example in ``order`` (n,) that each of the ``chosen`` (m,) networks labels
    wrongly, -1 without one.
    """
    for i, m in enumerate(chosen):
        misses[i] = _first_miss(Network(networks.parameters[m], networks.sizes), inputs, labels, order)


@njit(**_COMPILED)
def fill_finite(networks, chosen, finite):
    """Fill ``finite`` (m,) bool: whether all parameters of the ``chosen`` (m,) networks are."""
    for i, m in enumerate(chosen):
        # A number that is not finite, times zero, is not a number.
        total = np.float32(0)
        for parameter in networks.parameters[m]:
            total += parameter * np.float32(0)
        finite[i] = total == 0


@njit(**_COMPILED)
def _first_miss(network, inputs, labels, order):
    for start in range(0, len(order), _CHUNK):
        rows = order[start : start + _CHUNK]
        z = _forward(network, inputs, rows)[1]
        for b in range(len(rows)):
            if not z[b] * labels[rows[b]] > 0:
                return rows[b]
    return -1


@njit(**_COMPILED)
def _forward(network, inputs, rows):
    """Outputs of the hidden layers on ``rows`` (B,) of the inputs, (B, h) one after the other, flat; and z (B,)."""
    parameters, sizes = network
    batch, begin, place = len(rows), 0, 0
    activations = np.empty(batch * sizes[1:].sum(), np.float32)
    before = activations[:0].reshape(batch, 0)
    for layer in range(len(sizes) - 1):
        wide, out = sizes[layer], sizes[layer + 1]
        end = begin + wide * out
        weights, biases = parameters[begin:end].reshape(wide, out), parameters[end : end + out]
        after = activations[place : place + batch * out].reshape(batch, out)
        after[:] = 0
        if layer == 0:
            _add_product(after, inputs, rows, weights)
        else:
            _add_product(after, _active(before), np.arange(batch), weights)
        for b in range(batch):
            for j in range(out):
                # What is not a number is not negative: it stays.
                shifted = after[b, j] + biases[j]
                after[b, j] = np.float32(0) if shifted < 0 else shifted
        before, begin, place = after, end + out, place + batch * out
    z = np.empty(batch, np.float32)
    for b in range(batch):
        z[b] = parameters[-1]
        for j in range(sizes[-1]):
            z[b] += before[b, j] * parameters[begin + j]
    return activations, z


@njit(**_COMPILED)
def _descend(network, memory, inputs, rows, activations, slope, code, numbers):
    """One step of an optimiser from the ``slope`` (B,) of the loss in z, layer by layer from the last."""
    parameters, sizes = network
    batch, wide = len(rows), sizes[-1]
    begin, place = len(parameters) - wide - 1, len(activations) - batch * wide
    above = activations[place:].reshape(batch, wide)
    gradient = np.zeros(wide + 1, np.float32)
    slopes = np.empty((batch, wide), np.float32)
    for b in range(batch):
        gradient[wide] += slope[b]
        for j in range(wide):
            gradient[j] += above[b, j] * slope[b]
            slopes[b, j] = np.float32(0) if above[b, j] <= 0 else parameters[begin + j] * slope[b]
    _update(code, numbers, parameters, memory, begin, gradient)
    for layer in range(len(sizes) - 2, 0, -1):
        wide, out = sizes[layer], sizes[layer + 1]
        begin -= (wide + 1) * out
        place -= batch * wide
        below = activations[place : place + batch * wide].reshape(batch, wide)
        # Before the weights change.
        passed = np.dot(slopes, parameters[begin : begin + wide * out].reshape(wide, out).T)
        for b in range(batch):
            for j in range(wide):
                passed[b, j] = np.float32(0) if below[b, j] <= 0 else passed[b, j]
        turned = _turned(_active(below), np.arange(batch), wide)
        _descend_layer(network, memory, begin, turned, slopes, code, numbers)
        slopes = passed
    _descend_layer(network, memory, 0, _turned(inputs, rows, sizes[0]), slopes, code, numbers)


@njit(**_COMPILED)
def _descend_layer(network, memory, begin, turned, slopes, code, numbers):
    """The update of the layer whose parameters begin there, from the ``turned`` inputs (k, B) of the layer and the
    ``slopes`` (B, h) of the loss in what enters its units.
    """
    wide, (batch, out) = len(turned.starts), slopes.shape
    # All tiles of the slopes beforehand, one after the other.
    tiles = np.empty(batch * out, np.float32)
    for j in range(0, out, _COLUMNS):
        _tile(slopes, 0, batch, j, min(_COLUMNS, out - j), tiles, j * batch)
    some = max(_SOME, _NUMBERS // out)
    rows = np.arange(wide)
    for first in range(0, wide, some):
        part = rows[first : first + some]
        gradient = np.zeros((len(part), out), np.float32)
        for j in range(0, out, _COLUMNS):
            _add_tile(gradient, j, min(_COLUMNS, out - j), turned, part, 0, tiles[j * batch :])
        _update(code, numbers, network.parameters, memory, begin + first * out, gradient.reshape(-1))
    total = np.zeros(out, np.float32)
    for b in range(batch):
        for j in range(out):
            total[j] += slopes[b, j]
    _update(code, numbers, network.parameters, memory, begin + wide * out, total)


@njit(**_COMPILED)
def _active(matrix):
    """The entries of ``matrix`` (n, k) that are not zero."""
    number, wide = matrix.shape
    starts = np.empty((number, -(-wide // _ROWS) + 1), np.int64)
    columns, values = np.empty(number * wide + 1, np.int32), np.empty(number * wide + 1, np.float32)
    end = 0
    for i in range(number):
        starts[i, 0] = end
        for q in range(starts.shape[1] - 1):
            for k in range(q * _ROWS, min(wide, (q + 1) * _ROWS)):
                columns[end], values[end] = k, matrix[i, k]
                end += matrix[i, k] != 0
            starts[i, q + 1] = end
    return SparseRows(starts, columns, values)


@njit(**_COMPILED)
def _turned(inputs, rows, wide):
    """The transpose of ``rows`` (B,) of the inputs, which have ``wide`` columns, in one block."""
    batch, last = len(rows), inputs.starts.shape[1] - 1
    starts = np.empty((wide, 2), np.int64)
    for k in range(wide):
        starts[k] = k * batch
    examples, values = np.empty(wide * batch, np.int32), np.empty(wide * batch, np.float32)
    for b in range(batch):
        for e in range(inputs.starts[rows[b], 0], inputs.starts[rows[b], last]):
            place = starts[inputs.columns[e], 1]
            examples[place], values[place] = b, inputs.values[e]
            starts[inputs.columns[e], 1] = place + 1
    return SparseRows(starts, examples, values)


@njit(**_COMPILED)
def _add_product(total, sparse, rows, matrix):
    """Add ``rows`` (R,) of a ``sparse`` matrix times ``matrix`` (k, h) to ``total`` (R, h)."""
    wide, out = matrix.shape
    tile = np.empty(_ROWS * _COLUMNS, np.float32)
    for j in range(0, out, _COLUMNS):
        for q in range(sparse.starts.shape[1] - 1):
            _tile(matrix, q * _ROWS, min(wide, (q + 1) * _ROWS), j, min(_COLUMNS, out - j), tile, 0)
            _add_tile(total, j, min(_COLUMNS, out - j), sparse, rows, q, tile)


@njit(**_COMPILED)
def _tile(matrix, first, last, j, columns, tile, at):
    """Copy ``columns`` columns from the j-th on of the rows ``first`` ... ``last`` - 1 of ``matrix`` to ``tile``, from
    place ``at`` on.
    """
    for k in range(first, last):
        _copy(tile, at + (k - first) * columns, matrix, k * matrix.shape[1] + j, columns)


@njit(**_COMPILED)
def _add_tile(total, j, columns, sparse, rows, q, tile):
    """Add block q of ``rows`` (R,) of a ``sparse`` matrix times the ``tile`` to columns j ... of ``total`` (R, h)."""
    begin, out = -q * _ROWS * columns, total.shape[1]
    for t in range(len(rows)):
        start, stop = sparse.starts[rows[t], q], sparse.starts[rows[t], q + 1]
        at, i = t * out + j, 0
        if columns == 64:
            _add_rows(64, total, at, tile, columns, begin, sparse.columns, sparse.values, start, stop)
            continue
        if columns - i >= 32:
            _add_rows(32, total, at + i, tile, columns, begin + i, sparse.columns, sparse.values, start, stop)
            i += 32
        if columns - i >= 16:
            _add_rows(16, total, at + i, tile, columns, begin + i, sparse.columns, sparse.values, start, stop)
            i += 16
        if columns - i >= 8:
            _add_rows(8, total, at + i, tile, columns, begin + i, sparse.columns, sparse.values, start, stop)
            i += 8
        for e in range(start, stop):
            for c in range(i, columns):
                total[t, j + c] += sparse.values[e] * tile[begin + sparse.columns[e] * columns + c]


@intrinsic
def _add_rows(_, columns, total, at, tile, stride, shift, picked, values, start, stop):
    """Add up value * row in ``columns`` numbers of total from place ``at`` on, over the entries ``start`` ... ``stop``
    - 1; a row begins in the tile at picked * ``stride`` + ``shift``. Sums stay in registers, to which numba's own loops
    do not see: two to three times as fast.
    """
    if not isinstance(columns, types.IntegerLiteral):
        raise RequireLiteralValue("columns")
    vector, exact = ir.VectorType(ir.FloatType(), _LANES), ("contract",)

    def generate(context, builder, signature, arguments):
        data = _data(context, builder, signature, arguments)

        def vectors(array, place):
            begins = (builder.add(place, place.type(i)) for i in range(0, columns.literal_value, _LANES))
            return [builder.bitcast(builder.gep(array, [begin]), vector.as_pointer()) for begin in begins]

        _, _, at, _, stride, shift, _, _, start, stop = arguments
        total, tile, picked, values = map(data, (1, 3, 6, 7))
        targets, unknown = vectors(total, at), vector(ir.Undefined)
        sums = [cgutils.alloca_once_value(builder, builder.load(target, align=4)) for target in targets]
        with cgutils.for_range_slice(builder, start, stop, start.type(1)) as (entry, _):
            row = builder.sext(builder.load(builder.gep(picked, [entry])), stride.type)
            row = builder.add(builder.mul(row, stride), shift)
            value = builder.load(builder.gep(values, [entry]))
            value = builder.insert_element(unknown, value, ir.IntType(32)(0))
            value = builder.shuffle_vector(value, unknown, ir.VectorType(ir.IntType(32), _LANES)(None))
            for some, part in zip(sums, vectors(tile, row), strict=True):
                product = builder.fmul(value, builder.load(part, align=4), flags=exact)
                builder.store(builder.fadd(builder.load(some), product, flags=exact), some)
        for some, target in zip(sums, targets, strict=True):
            builder.store(builder.load(some), target, align=4)
        return context.get_dummy_value()

    place = types.intp
    return types.none(columns, total, place, tile, place, place, picked, values, place, place), generate


@intrinsic
def _copy(_, target, at, source, begin, number):
    """Copy a ``number`` of entries of source from place ``begin`` on to target, from place ``at`` on: seven times as
    fast as a loop, which has to see first whether the two overlap.
    """

    def generate(context, builder, signature, arguments):
        data = _data(context, builder, signature, arguments)
        ends = (builder.gep(data(array), [arguments[array + 1]]) for array in (0, 2))
        cgutils.raw_memcpy(builder, *ends, arguments[4], context.get_constant(types.intp, 4), align=4)
        return context.get_dummy_value()

    return types.none(target, types.intp, source, types.intp, types.intp), generate


def _data(context, builder, signature, arguments):
    """Where the entries of an argument that is an array begin, by its number."""
    return lambda i: context.make_array(signature.args[i])(context, builder, arguments[i]).data


@njit(**_COMPILED)
def _update(code, numbers, parameters, memory, begin, gradient):
    """Change the parameters, and their ``memory``, from place ``begin`` on by ``gradient`` (n,)."""
    n0, n1, n2, n3, n4, n5 = numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5]
    decay, end = numbers[6], begin + len(gradient)
    p, first, second = parameters[begin:end], memory[0, begin:end], memory[1, begin:end]
    if decay != 0:
        for i in range(len(gradient)):
            gradient[i] += decay * p[i]
    if code == 0 and n1 == 0:
        for i in range(len(gradient)):
            p[i] -= n0 * gradient[i]
    elif code == 0:
        for i in range(len(gradient)):
            first[i] = n1 * first[i] + n2 * gradient[i]
            p[i] -= n0 * (n3 * gradient[i] + n4 * first[i])
    elif code == 1:
        for i in range(len(gradient)):
            first[i] += n1 * (gradient[i] - first[i])
            second[i] = n2 * second[i] + n3 * gradient[i] * gradient[i]
            p[i] -= n0 * first[i] / (np.sqrt(second[i]) * n5 + n4)
    elif code == 2:
        for i in range(len(gradient)):
            first[i] += gradient[i] * gradient[i]
            p[i] -= n0 * gradient[i] / (np.sqrt(first[i]) + n1)
    elif code == 3:
        for i in range(len(gradient)):
            first[i] = n1 * first[i] + n2 * gradient[i] * gradient[i]
            second[i] = n4 * second[i] + gradient[i] / (np.sqrt(first[i]) + n3)
            p[i] -= n0 * second[i]
    else:
        for i in range(len(gradient)):
            first[i] = n1 * first[i] + n2 * gradient[i] * gradient[i]
            move = np.sqrt(second[i] + n3) / np.sqrt(first[i] + n3) * gradient[i]
            second[i] = n1 * second[i] + n2 * move * move
            p[i] -= n0 * move
