"""One layer of stacked convolutional networks on the CPU: convolution, ReLU, 2x2 pooling, forward and backward.

Filters of three by three: Winograd's minimal filtering F(4x4, 3x3) (Lavin and Gray, "Fast algorithms for convolutional
neural networks", CVPR 2016), a quarter of the multiplications, and its adjoint. Other filters, and a layer on few
channels: patches times weights. All in float32; the matrix products are BLAS calls.

Layout of activations, "packed": (networks, groups, height, width, images, channels), images in groups of ``_GROUP``, so
that every transform runs along _GROUP * channels contiguous numbers. Around each image lie zeros: half a filter before
it, and after it as many as fill up blocks of four rows and columns and half a filter.
"""

import numpy as np
import torch
from numba import njit

from sgdbayes.architectures._blas import prepare_blas

__all__ = ["POOLINGS", "convolve", "pack", "unpack"]

POOLINGS = ("none", "max", "average")
_GROUP = 16
# Rows and columns of outputs computed together.
_BLOCK = 4
_FEW_CHANNELS = 8
# Interpolation at 0, 1, -1, 2, -2 and infinity: outputs = A' [(G weights G') * (B' inputs B)] A.
_A = np.array([[1, 0, 0, 0], [1, 1, 1, 1], [1, -1, 1, -1], [1, 2, 4, 8], [1, -2, 4, -8], [0, 0, 0, 1]], np.float32)
_B = np.array(
    [
        [4, 0, 0, 0, 0, 0],
        [0, -4, 4, -2, 2, 4],
        [-5, -4, -4, -1, -1, 0],
        [0, 1, -1, 2, -2, -5],
        [1, 1, 1, 1, 1, 0],
        [0, 0, 0, 0, 0, 1],
    ],
    np.float32,
)
_G = np.array([[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]], np.float32) / np.float32(24)
_G2 = np.kron(_G, _G)


def pack(images: torch.Tensor, filter_size: int) -> torch.Tensor:
    """``images`` (M, B, H, W, C) in the packed layout."""
    networks, batch, height, width, channels = images.shape
    groups = -(-batch // _GROUP)
    shape = (networks, groups, *_padded(height, width, filter_size), _GROUP, channels)
    packed, half = images.new_zeros(shape), filter_size // 2
    for group, members in enumerate(images.split(_GROUP, dim=1)):
        packed[:, group, half : half + height, half : half + width, : members.shape[1]] = members.permute(0, 2, 3, 1, 4)
    return packed


def unpack(packed: torch.Tensor, batch: int, height: int, width: int, filter_size: int) -> torch.Tensor:
    """Images (M, B, H, W, C) of the packed layout."""
    return _Unpack.apply(packed, batch, height, width, filter_size)


def convolve(
    packed: torch.Tensor, weights: torch.Tensor, biases: torch.Tensor, height: int, width: int, pooling: str
) -> torch.Tensor:
    """Packed activations of the next layer: 2x2 ``pooling`` of the ReLU of the convolution.

    ``packed``: images (height, width) of M networks, or of one, shared; ``weights`` (M, size, size, C, C'); ``biases``
    (M, 1, C').
    """
    return _Convolve.apply(packed, weights, biases, height, width, POOLINGS.index(pooling))


class _Unpack(torch.autograd.Function):
    @staticmethod
    def forward(ctx, packed, batch, height, width, filter_size):
        ctx.filter_size, half = filter_size, filter_size // 2
        inside = packed[:, :, half : half + height, half : half + width].permute(0, 1, 4, 2, 3, 5)
        return inside.flatten(1, 2)[:, :batch]

    @staticmethod
    def backward(ctx, slopes):
        return pack(slopes, ctx.filter_size), None, None, None, None


class _Convolve(torch.autograd.Function):
    @staticmethod
    def forward(ctx, packed, weights, biases, height, width, pooling):
        networks, size, channels = len(weights), weights.shape[1], weights.shape[-1]
        shrink = 2 if pooling else 1
        padded = _padded(height // shrink, width // shrink, size)
        shape = (networks, packed.shape[1], *padded, _GROUP, channels)
        outputs = torch.empty(shape)
        routes = torch.empty(shape if pooling else (networks, *[1] * 5), dtype=torch.uint8)
        arrays = [tensor.detach().contiguous().numpy() for tensor in (packed, weights, biases)]
        prepare_blas()
        _forward(*arrays, height, width, pooling, outputs.numpy(), routes.numpy())
        ctx.save_for_backward(packed, weights, outputs, routes)
        ctx.shape = height, width, pooling
        return outputs

    @staticmethod
    def backward(ctx, slopes):
        packed, weights, outputs, routes = ctx.saved_tensors
        wanted = ctx.needs_input_grad[0]
        packed_slopes = torch.empty_like(packed) if wanted else packed.new_zeros((1,) * 6)
        weight_slopes = torch.empty_like(weights, memory_format=torch.contiguous_format)
        bias_slopes = weights.new_empty((len(weights), 1, weights.shape[-1]))
        arrays = [t.detach().contiguous().numpy() for t in (packed, weights, outputs, routes, slopes)]
        _backward(*arrays, *ctx.shape, wanted, packed_slopes.numpy(), weight_slopes.numpy(), bias_slopes.numpy())
        return packed_slopes if wanted else None, weight_slopes, bias_slopes, None, None, None


def _padded(height: int, width: int, filter_size: int) -> tuple[int, int]:
    rows, columns = (-(-side // _BLOCK) * _BLOCK + filter_size - 1 for side in (height, width))
    return rows, columns


@njit(cache=True)
def _forward(packed, weights, biases, height, width, pooling, outputs, routes):
    size, leaving = weights.shape[1], weights.shape[4]
    columns = packed.shape[3] - size + 1
    half = size // 2
    for network in range(len(weights)):
        images = packed[network % len(packed)]
        filters = _filters(weights[network])
        bias = np.repeat(biases[network], _GROUP).reshape(-1, _GROUP).T.copy().reshape(-1)
        block = np.empty((_BLOCK, columns, _GROUP * leaving), np.float32)
        for group in range(packed.shape[1]):
            outputs[network, group] = 0
            for top in range(0, height, _BLOCK):
                rows = images[group, top : top + _BLOCK + size - 1]
                if len(filters) == 1:
                    np.dot(_patches(rows, size).T, filters[0], block.reshape(-1, leaving))
                else:
                    _winograd(rows, filters, block)
                if pooling == 0:
                    for y in range(min(_BLOCK, height - top)):
                        for x in range(width):
                            out = outputs[network, group, half + top + y, half + x].reshape(-1)
                            _relu(block[y, x], bias, out)
                else:
                    for y in range(min(_BLOCK, height - top) // 2):
                        for x in range(width // 2):
                            p, q = block[2 * y, 2 * x], block[2 * y, 2 * x + 1]
                            r, s = block[2 * y + 1, 2 * x], block[2 * y + 1, 2 * x + 1]
                            out = outputs[network, group, half + top // 2 + y, half + x].reshape(-1)
                            route = routes[network, group, half + top // 2 + y, half + x].reshape(-1)
                            if pooling == 1:
                                _largest(p, q, r, s, bias, out, route)
                            else:
                                _average(p, q, r, s, bias, out, route)


@njit(cache=True)
def _backward(
    packed, weights, outputs, routes, slopes, height, width, pooling, wanted, packed_slopes, weight_slopes, bias_slopes
):
    size, leaving = weights.shape[1], weights.shape[4]
    columns = packed.shape[3] - size + 1
    half = size // 2
    share = np.float32(1 if pooling == 1 else 0.25)
    for network in range(len(weights)):
        images = packed[network % len(packed)]
        filters = _filters(weights[network])
        filter_slopes = np.zeros_like(filters)
        bias_slope = np.zeros(leaving, np.float32)
        block = np.zeros((_BLOCK, columns, _GROUP * leaving), np.float32)
        for group in range(packed.shape[1]):
            if wanted:
                packed_slopes[network, group] = 0
            for top in range(0, height, _BLOCK):
                if height - top < _BLOCK:
                    block[:] = 0
                if pooling == 0:
                    for y in range(min(_BLOCK, height - top)):
                        for x in range(width):
                            slope = slopes[network, group, half + top + y, half + x].reshape(-1)
                            out = outputs[network, group, half + top + y, half + x].reshape(-1)
                            _relu_back(slope, out, block[y, x])
                else:
                    for y in range(min(_BLOCK, height - top) // 2):
                        for x in range(width // 2):
                            slope = slopes[network, group, half + top // 2 + y, half + x].reshape(-1)
                            route = routes[network, group, half + top // 2 + y, half + x].reshape(-1)
                            for bit in range(4):
                                target = block[2 * y + bit // 2, 2 * x + bit % 2]
                                _pool_back(slope, route, np.uint8(1 << bit), share, target)
                flat = block.reshape(-1, leaving)
                for i in range(len(flat)):
                    for c in range(leaving):
                        bias_slope[c] += flat[i, c]
                rows = images[group, top : top + _BLOCK + size - 1]
                row_slopes = packed_slopes[network, group, top : top + _BLOCK + size - 1] if wanted else rows
                if len(filters) == 1:
                    filter_slopes[0] += np.dot(_patches(rows, size), flat)
                    if wanted:
                        _add_patches(np.dot(filters[0], flat.T), row_slopes, size)
                else:
                    _winograd_back(rows, filters, block, filter_slopes, wanted, row_slopes)
        bias_slopes[network, 0] = bias_slope
        if len(filters) == 1:
            weight_slopes[network] = filter_slopes[0].reshape(weights.shape[1:])
        else:
            slope = np.dot(_G2.T, filter_slopes.reshape(len(filters), -1))
            weight_slopes[network] = slope.reshape(weights.shape[1:])


@njit(cache=True)
def _filters(weights):
    """Weights as matrices: one of all patch entries, or one for each of Winograd's 36 products."""
    size, _, entering, leaving = weights.shape
    if size != 3 or entering < _FEW_CHANNELS:
        return weights.copy().reshape(1, -1, leaving)
    return np.dot(_G2, weights.reshape(9, -1)).reshape(36, entering, leaving)


@njit(cache=True)
def _patches(rows, size):
    """Patches (size * size * channels, outputs) of ``rows`` (_BLOCK + size - 1, ...)."""
    columns, channels = rows.shape[1] - size + 1, rows.shape[3]
    patches = np.empty((size, size, channels, _BLOCK, columns * _GROUP), np.float32)
    for dy in range(size):
        for dx in range(size):
            for c in range(channels):
                for y in range(_BLOCK):
                    row, patch = rows[y + dy].reshape(-1, channels)[dx * _GROUP :, c], patches[dy, dx, c, y]
                    for i in range(len(patch)):
                        patch[i] = row[i]
    return patches.reshape(size * size * channels, -1)


@njit(cache=True)
def _add_patches(patches, rows, size):
    columns, channels = rows.shape[1] - size + 1, rows.shape[3]
    patches = patches.reshape(size, size, channels, _BLOCK, columns * _GROUP)
    for dy in range(size):
        for dx in range(size):
            for c in range(channels):
                for y in range(_BLOCK):
                    row, patch = rows[y + dy].reshape(-1, channels)[dx * _GROUP :, c], patches[dy, dx, c, y]
                    for i in range(len(patch)):
                        row[i] += patch[i]


@njit(cache=True)
def _winograd(rows, filters, block):
    """Convolution of ``rows`` (6, columns + 2, _GROUP, C) into ``block`` (4, columns, _GROUP * C')."""
    entering, leaving = rows.shape[3], filters.shape[2]
    tiles = block.shape[1] // _BLOCK
    half = np.empty((rows.shape[1], _GROUP * entering), np.float32)
    whole = np.empty((6, tiles, _GROUP * entering), np.float32)
    products = np.empty((6, tiles, _GROUP * leaving), np.float32)
    sums = np.empty((6, tiles * _BLOCK, _GROUP * leaving), np.float32)
    for k in range(6):
        _transform(rows, k, half, whole)
        for j in range(6):
            np.dot(whole[j].reshape(-1, entering), filters[6 * k + j], products[j].reshape(-1, leaving))
        for tile in range(tiles):
            for x in range(_BLOCK):
                _mix6(_A[:, x], products[:, tile], sums[k, _BLOCK * tile + x])
    for y in range(_BLOCK):
        _mix6(_A[:, y], sums.reshape(6, -1), block[y].reshape(-1))


@njit(cache=True)
def _winograd_back(rows, filters, block, filter_slopes, wanted, row_slopes):
    entering, leaving = rows.shape[3], filters.shape[2]
    tiles = block.shape[1] // _BLOCK
    half = np.empty((rows.shape[1], _GROUP * entering), np.float32)
    whole = np.empty((6, tiles, _GROUP * entering), np.float32)
    sums = np.empty((tiles * _BLOCK, _GROUP * leaving), np.float32)
    products = np.empty((6, tiles, _GROUP * leaving), np.float32)
    half_slopes = np.zeros((6, rows.shape[1], _GROUP * entering), np.float32)
    slope = np.empty((entering, leaving), np.float32)
    for k in range(6):
        _transform(rows, k, half, whole)
        _mix4(_A[k], block.reshape(_BLOCK, -1), sums.reshape(-1))
        for tile in range(tiles):
            for j in range(6):
                _mix4(_A[j], sums[_BLOCK * tile : _BLOCK * tile + _BLOCK], products[j, tile])
        for j in range(6):
            product = products[j].reshape(-1, leaving)
            np.dot(whole[j].reshape(-1, entering).T, product, slope)
            filter_slopes[6 * k + j] += slope
            if wanted:
                np.dot(product, filters[6 * k + j].T, whole[j].reshape(-1, entering))
        if wanted:
            for tile in range(tiles):
                for x in range(6):
                    _add_mix6(_B[x], whole[:, tile], half_slopes[k, _BLOCK * tile + x])
    if wanted:
        for y in range(6):
            _add_mix6(_B[y], half_slopes.reshape(6, -1), row_slopes[y].reshape(-1))


@njit(cache=True)
def _transform(rows, k, half, whole):
    """Row ``k`` of B' inputs B, for all tiles: (6, tiles, ...)."""
    _mix6(_B[:, k], rows.reshape(6, -1), half.reshape(-1))
    for tile in range(whole.shape[1]):
        for j in range(6):
            _mix6(_B[:, j], half[_BLOCK * tile : _BLOCK * tile + 6], whole[j, tile])


# One target at a time: with more, the compiler can't prove that they are apart, and keeps to scalar code.
@njit(cache=True, fastmath={"contract"})
def _mix6(c, s, target):
    c0, c1, c2, c3, c4, c5 = c[0], c[1], c[2], c[3], c[4], c[5]
    s0, s1, s2, s3, s4, s5 = s[0], s[1], s[2], s[3], s[4], s[5]
    for i in range(len(target)):
        target[i] = c0 * s0[i] + c1 * s1[i] + c2 * s2[i] + c3 * s3[i] + c4 * s4[i] + c5 * s5[i]


@njit(cache=True, fastmath={"contract"})
def _add_mix6(c, s, target):
    c0, c1, c2, c3, c4, c5 = c[0], c[1], c[2], c[3], c[4], c[5]
    s0, s1, s2, s3, s4, s5 = s[0], s[1], s[2], s[3], s[4], s[5]
    for i in range(len(target)):
        target[i] += c0 * s0[i] + c1 * s1[i] + c2 * s2[i] + c3 * s3[i] + c4 * s4[i] + c5 * s5[i]


@njit(cache=True, fastmath={"contract"})
def _mix4(c, s, target):
    c0, c1, c2, c3 = c[0], c[1], c[2], c[3]
    s0, s1, s2, s3 = s[0], s[1], s[2], s[3]
    for i in range(len(target)):
        target[i] = c0 * s0[i] + c1 * s1[i] + c2 * s2[i] + c3 * s3[i]


@njit(cache=True)
def _relu(values, biases, target):
    for i in range(len(target)):
        value = values[i] + biases[i]
        target[i] = np.float32(0) if value < 0 else value


@njit(cache=True)
def _relu_back(slopes, outputs, target):
    for i in range(len(target)):
        target[i] = slopes[i] if outputs[i] > 0 else np.float32(0)


@njit(cache=True)
def _largest(p, q, r, s, biases, target, route):
    """``route``: a bit set for each of the four places that the gradient goes back to."""
    for i in range(len(target)):
        value = max(max(p[i], q[i]), max(r[i], s[i])) + biases[i]
        target[i] = np.float32(0) if value < 0 else value
    for i in range(len(target)):
        upper, lower = max(p[i], q[i]), max(r[i], s[i])
        first, second = 1 if p[i] >= q[i] else 2, 4 if r[i] >= s[i] else 8
        largest, value = (first, upper) if upper >= lower else (second, lower)
        route[i] = largest if value + biases[i] > 0 else 0


@njit(cache=True)
def _average(p, q, r, s, biases, target, route):
    zero = np.float32(0)
    for i in range(len(target)):
        b = biases[i]
        total = max(p[i] + b, zero) + max(q[i] + b, zero) + max(r[i] + b, zero) + max(s[i] + b, zero)
        target[i] = total * np.float32(0.25)
    for i in range(len(target)):
        b = biases[i]
        upper = (1 if p[i] + b > 0 else 0) + (2 if q[i] + b > 0 else 0)
        route[i] = upper + (4 if r[i] + b > 0 else 0) + (8 if s[i] + b > 0 else 0)


@njit(cache=True)
def _pool_back(slopes, route, bit, share, target):
    for i in range(len(target)):
        target[i] = slopes[i] * share if route[i] & bit else np.float32(0)
