"""The recurrence of stacked LSTM layers on the CPU, forward and back through time, as one differentiable function.

Hochreiter and Schmidhuber, "Long short-term memory", Neural Computation 9, 1997, with the forget gate of Gers,
Schmidhuber and Cummins, Neural Computation 12, 2000. What a step needs lies feature by feature, examples innermost: one
BLAS call for all gates from inputs, states and a one for the biases, then loops along contiguous numbers.
"""

import numpy as np
import torch
from numba import njit

from sgdbayes.architectures._blas import prepare_blas

__all__ = ["last_hidden_state"]

_LOG2_E = np.float32(1.44269504088896341)
# ln 2 in two parts, the first exact in few bits.
_LN2_HIGH, _LN2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)
# Added to a number, leaves it rounded, plus the bias of exponents, in the last bits.
_ROUND = np.float32(1.5 * 2**23 + 127)
_ONE = np.float32(1)
# Fused multiplications.
_FAST = {"contract", "nsz"}


def last_hidden_state(
    series: torch.Tensor, entering: torch.Tensor, recurrent: torch.Tensor, biases: torch.Tensor
) -> torch.Tensor:
    """Hidden states (M, B, width) after the last step of ``series`` (M, B, T, D), or (1, B, T, D), shared.

    Weights ``entering`` (M, D, 4 width) and ``recurrent`` (M, width, 4 width), ``biases`` (M, 1, 4 width): gates i, f,
    g and o in turn.
    """
    weights = torch.cat([biases, entering, recurrent], dim=1).transpose(1, 2)
    return _Recurrence.apply(series.permute(0, 2, 3, 1), weights, torch.is_grad_enabled()).transpose(1, 2)


class _Recurrence(torch.autograd.Function):
    @staticmethod
    def forward(ctx, series, weights, differentiable):
        networks, width, (steps, entering, batch) = len(weights), weights.shape[1] // 4, series.shape[1:]
        # Rows that enter the product: one, inputs, states.
        stream = torch.empty((networks, steps + 1, 1 + entering + width, batch))
        stream[:, :, 0] = 1
        stream[:, :steps, 1 : 1 + entering] = series
        # Rows of a step: gates i, f, g and o, cells, their tanh. Without a way back two steps are enough.
        units = torch.empty((networks, steps if differentiable else 2, 6, width, batch))
        weights = weights.contiguous()
        prepare_blas()
        _forward(stream.numpy(), weights.detach().numpy(), units.numpy())
        ctx.save_for_backward(stream, weights, units)
        return stream[:, steps, 1 + entering :].clone()

    @staticmethod
    def backward(ctx, slopes):
        stream, weights, units = ctx.saved_tensors
        wanted = ctx.needs_input_grad[0]
        networks, steps, rows, batch = stream.shape
        entering = rows - 1 - slopes.shape[1]
        series_slopes = torch.empty((networks, steps - 1, entering, batch) if wanted else (1, 1, 1, 1))
        weight_slopes = torch.empty_like(weights)
        arrays = [tensor.detach().contiguous().numpy() for tensor in (stream, weights, units, slopes)]
        _backward(*arrays, wanted, series_slopes.numpy(), weight_slopes.numpy())
        return series_slopes if wanted else None, weight_slopes, None


@njit(cache=True)
def _forward(stream, weights, units):
    networks, kept, _, width, batch = units.shape
    steps, first = stream.shape[1] - 1, stream.shape[2] - width
    for network in range(networks):
        stream[network, 0, first:] = 0
        before = np.zeros(width * batch, np.float32)
        for step in range(steps):
            unit = units[network, step % kept].reshape(6, -1)
            np.dot(weights[network], stream[network, step], unit[:4].reshape(4 * width, batch))
            _open_gates(unit, before, stream[network, step + 1, first:].reshape(-1))
            before = unit[4]


@njit(cache=True)
def _backward(stream, weights, units, slopes, wanted, series_slopes, weight_slopes):
    networks, steps, _, width, batch = units.shape
    first = stream.shape[2] - width
    for network in range(networks):
        # BLAS is slow on a transposed factor of this shape.
        transposed = weights[network].T.copy()
        gates = np.empty((4, width * batch), np.float32)
        flat = gates.reshape(-1, batch)
        total, product = np.zeros_like(weights[network]), np.empty_like(weights[network])
        rows = np.empty((stream.shape[2], batch), np.float32)
        rows[first:] = slopes[network]
        cells, nothing = np.zeros(width * batch, np.float32), np.zeros(width * batch, np.float32)
        for step in range(steps - 1, -1, -1):
            unit = units[network, step].reshape(6, -1)
            before = units[network, step - 1, 4].reshape(-1) if step > 0 else nothing
            _close_gates(unit, before, rows[first:].reshape(-1), cells, gates)
            np.dot(flat, stream[network, step].T, product)
            _add(product.reshape(-1), total.reshape(-1))
            np.dot(transposed, flat, rows)
            if wanted:
                series_slopes[network, step] = rows[1:first]
        weight_slopes[network] = total


# Each loop writes one array: with more, the compiler can't prove that they are apart, and keeps to scalar code.
@njit(cache=True)
def _open_gates(unit, before, hidden):
    i, f, g, o, cells, tanhs = unit[0], unit[1], unit[2], unit[3], unit[4], unit[5]
    _sigmoid(i)
    _sigmoid(f)
    _tanh(g, g)
    _sigmoid(o)
    for k in range(len(cells)):
        cells[k] = f[k] * before[k] + i[k] * g[k]
    _tanh(cells, tanhs)
    for k in range(len(cells)):
        hidden[k] = o[k] * tanhs[k]


@njit(cache=True)
def _close_gates(unit, before, hidden, cells, gates):
    i, f, g, o, tanhs = unit[0], unit[1], unit[2], unit[3], unit[5]
    for k in range(len(cells)):
        gates[3, k] = hidden[k] * tanhs[k] * o[k] * (_ONE - o[k])
    for k in range(len(cells)):
        cells[k] += hidden[k] * o[k] * (_ONE - tanhs[k] * tanhs[k])
    for k in range(len(cells)):
        gates[0, k] = cells[k] * g[k] * i[k] * (_ONE - i[k])
    for k in range(len(cells)):
        gates[1, k] = cells[k] * before[k] * f[k] * (_ONE - f[k])
    for k in range(len(cells)):
        gates[2, k] = cells[k] * i[k] * (_ONE - g[k] * g[k])
    for k in range(len(cells)):
        cells[k] *= f[k]


@njit(cache=True)
def _add(values, total):
    for k in range(len(total)):
        total[k] += values[k]


@njit(cache=True, error_model="numpy", fastmath=_FAST)
def _sigmoid(values):
    for k in range(len(values)):
        values[k] = _ONE / (_ONE + _exp(-values[k]))


@njit(cache=True, error_model="numpy", fastmath=_FAST)
def _tanh(values, target):
    """Cephes' tanhf (Moshier): a polynomial where 1 - 2 / (exp(2 x) + 1) would lose digits."""
    for k in range(len(values)):
        x = values[k]
        square = x * x
        near = np.float32(-5.70498872745e-3) * square + np.float32(2.06390887954e-2)
        near = (near * square - np.float32(5.37397155531e-2)) * square + np.float32(1.33314422036e-1)
        near = (near * square - np.float32(3.33332819422e-1)) * square * x + x
        far = _ONE - np.float32(2) / (_exp(x + x) + _ONE)
        target[k] = near if square < np.float32(0.390625) else far


@njit(cache=True, error_model="numpy", fastmath=_FAST)
def _exp(x):
    """Cephes' expf (Moshier), accurate to the last bit or two, in operations that have vector registers."""
    # What is not a number is neither above nor below: it stays.
    x = np.float32(88) if x > np.float32(88) else x
    x = np.float32(-87) if x < np.float32(-87) else x
    shifted = x * _LOG2_E + _ROUND
    whole = shifted - _ROUND
    part = x - whole * _LN2_HIGH - whole * _LN2_LOW
    power = np.float32(1.9875691500e-4) * part + np.float32(1.3981999507e-3)
    power = (power * part + np.float32(8.3334519073e-3)) * part + np.float32(4.1665795894e-2)
    power = (power * part + np.float32(1.6666665459e-1)) * part + np.float32(5.0000001201e-1)
    power = power * part * part + part + _ONE
    return power * np.int32(np.float32(shifted).view(np.int32) << 23).view(np.float32)
