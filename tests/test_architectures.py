"""One object, both sides: the networks of an architecture and its kernel."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from sgdbayes.architectures import LSTM, Convolutional, FullyConnected
from sgdbayes.architectures._infinite_width import infinite_width_kernel

ARCHITECTURES = [
    FullyConnected(depth=1, width=256),
    FullyConnected(depth=2, width=256, weight_variance=1.5, bias_variance=0.3),
    FullyConnected(depth=3, width=256, weight_variance=8.0),
    FullyConnected(widths=[400, 200], bias_variance=0.1),
]


def arc_cosine_kernel(architecture: FullyConnected, x: np.ndarray, depth: int | None = None) -> np.ndarray:
    """Cho and Saul (2009), first-order kernel (equations 3 and 6), layer by layer."""
    kernel = architecture.bias_variance + architecture.weight_variance * x @ x.T / x.shape[1]
    for _ in range(architecture.depth if depth is None else depth):
        norm = np.sqrt(np.diag(kernel))
        angle = np.arccos(np.clip(kernel / np.outer(norm, norm), -1, 1))
        expected = np.outer(norm, norm) * (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / (2 * np.pi)
        kernel = architecture.bias_variance + architecture.weight_variance * expected
    return kernel


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)
def test_kernel_is_the_arc_cosine_kernel(architecture):
    x = np.random.default_rng(0).standard_normal((20, 5))
    kernel = architecture.kernel(x)
    assert np.isfinite(kernel).all()
    # The diagonal, where the angle is 0, is where arccos loses half the digits of double precision.
    np.testing.assert_allclose(kernel, arc_cosine_kernel(architecture, x), rtol=1e-6)


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)
def test_tangent_kernel_is_that_of_jacot_and_others(architecture):
    """T(1) = K(1), T(l + 1) = K(l + 1) + T(l) weight_variance (pi - angle) / 2 pi, with the angle under K(l)."""
    x = np.random.default_rng(0).standard_normal((20, 5))
    kernel = expected = arc_cosine_kernel(architecture, x, depth=0)
    for depth in range(1, architecture.depth + 1):
        scale = np.sqrt(np.diag(kernel))
        angle = np.arccos(np.clip(kernel / np.outer(scale, scale), -1, 1))
        kernel = arc_cosine_kernel(architecture, x, depth=depth)
        expected = kernel + expected * architecture.weight_variance * (np.pi - angle) / (2 * np.pi)
    np.testing.assert_allclose(architecture.tangent_kernel(x), expected, rtol=1e-6)


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)
def test_kernels_are_those_of_neural_tangents(architecture):
    x = np.random.default_rng(2).standard_normal((30, 7))
    # An input of zeros, which without biases is 0 in every layer.
    x[3] = 0

    def layers(stax):
        def dense(width):
            return stax.Dense(width, W_std=architecture.weight_variance**0.5, b_std=architecture.bias_variance**0.5)

        hidden = [layer for _ in range(architecture.depth) for layer in (dense(8), stax.Relu())]
        return stax.serial(*hidden, dense(1))

    for kind, ours in (("nngp", architecture.kernel(x)), ("ntk", architecture.tangent_kernel(x))):
        # Some roundings of double precision, 1e-16 each, in each layer.
        np.testing.assert_allclose(ours, infinite_width_kernel(layers, x, kind=kind), rtol=1e-13)


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)
def test_fresh_networks_have_the_kernel_as_covariance(architecture):
    """4,000 networks 256 wide against the kernel of infinite width, in standard errors of their covariance."""
    networks = 4000
    x = np.random.default_rng(1).standard_normal((4, 5)).astype(np.float32)
    outputs = []
    for start in range(0, networks, 100):
        drawn = [
            architecture.initial_parameters((5,), np.random.default_rng([7, i])) for i in range(start, start + 100)
        ]
        parameters = [torch.from_numpy(np.stack(parts)) for parts in zip(*drawn, strict=True)]
        outputs.append(architecture.outputs(parameters, torch.from_numpy(x)[None]))
    z = torch.cat(outputs).double().numpy()
    products = z[:, :, None] * z[:, None, :]
    error = products.std(0, ddof=1) / np.sqrt(networks)
    deviation = (products.mean(0) - architecture.kernel(x)) / error
    # Ten distinct, correlated deviations: four standard errors leave a right kernel one chance in a thousand to fail.
    # Beyond one hidden layer finite width shifts the covariance by about 1 / width, a fifth of a standard error here.
    assert np.abs(deviation).max() < 4


def test_stacked_outputs_are_those_of_single_networks():
    architecture = FullyConnected(depth=2, width=16, bias_variance=0.5)
    drawn = [architecture.initial_parameters((3, 2), np.random.default_rng(i)) for i in range(5)]
    parameters = [torch.from_numpy(np.stack(parts)) for parts in zip(*drawn, strict=True)]
    x = torch.randn(5, 7, 3, 2, generator=torch.Generator().manual_seed(0))
    stacked = architecture.outputs(parameters, x)
    for network, weights in enumerate(drawn):
        hidden = x[network].reshape(7, 6)
        for weight, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
            hidden = torch.relu(hidden @ torch.from_numpy(weight) + torch.from_numpy(bias))
        expected = (hidden @ torch.from_numpy(weights[-2]) + torch.from_numpy(weights[-1]))[:, 0]
        torch.testing.assert_close(stacked[network], expected)


def test_equal_widths_are_depth_and_width():
    for one, other in (
        (FullyConnected(widths=[7, 7, 7]), FullyConnected(depth=3, width=7)),
        (FullyConnected(widths=(256, 256), bias_variance=0.1), FullyConnected(bias_variance=0.1)),
    ):
        assert one == other and hash(one) == hash(other) and repr(one) == repr(other)
        assert one.layer_widths == (one.width,) * one.depth
        drawn = [each.initial_parameters((5,), np.random.default_rng(0)) for each in (one, other)]
        for ours, theirs in zip(*drawn, strict=True):
            np.testing.assert_array_equal(ours, theirs)
    assert FullyConnected(widths=[40, 20]).layer_widths == (40, 20)


def test_layers_of_given_widths_have_the_variances_of_their_own_inputs():
    architecture = FullyConnected(widths=[60, 20, 40], weight_variance=1.5, bias_variance=0.3)
    drawn = [architecture.initial_parameters((5, 10), np.random.default_rng(i)) for i in range(200)]
    parts = [np.stack(part) for part in zip(*drawn, strict=True)]
    assert [part.shape[1:] for part in parts[::2]] == [(50, 60), (60, 20), (20, 40), (40, 1)]
    assert [part.shape[1:] for part in parts[1::2]] == [(1, 60), (1, 20), (1, 40), (1, 1)]
    for weights, biases in zip(parts[::2], parts[1::2], strict=True):
        for values, variance in ((weights, 1.5 / weights.shape[1]), (biases, 0.3)):
            # A variance of n normal numbers has the standard error sqrt(2 / n).
            assert abs(values.var() / variance - 1) < 4 * np.sqrt(2 / values.size)
    x = np.random.default_rng(0).standard_normal((4, 5, 10))
    # Infinitely wide layers have no width.
    for kernel in ("kernel", "tangent_kernel"):
        deep = FullyConnected(depth=3, weight_variance=1.5, bias_variance=0.3)
        np.testing.assert_array_equal(getattr(architecture, kernel)(x), getattr(deep, kernel)(x))


def test_bad_options_and_inputs():
    with pytest.raises(ValueError, match="width must be at least 1"):
        FullyConnected(width=0)
    for widths in ((), (4, 0), (4, 1.5), "4", 4):
        with pytest.raises(ValueError, match="widths must be whole numbers, 1 or more, one for each layer, got"):
            FullyConnected(widths=widths)
    for both in ({"depth": 2}, {"width": 256}):
        with pytest.raises(ValueError, match="widths stand for depth and width: give one or the other"):
            FullyConnected(widths=[256, 256], **both)
    with pytest.raises(ValueError, match="weight_variance must be positive"):
        FullyConnected(weight_variance=-1.0)
    with pytest.raises(ValueError, match="finite"):
        FullyConnected().kernel(np.array([[1.0, np.nan]]))


@pytest.mark.parametrize(
    "architecture",
    [LSTM(width=8), *(Convolutional(channels=8, pooling=p) for p in ("none", "max", "average"))],
    ids=str,
)
def test_what_is_not_a_number_stays_so_in_compiled_layers(architecture):
    x = torch.randn(1, 5, 8, 8, generator=torch.Generator().manual_seed(0))
    drawn = architecture.initial_parameters((8, 8), np.random.default_rng(1))
    for spoilt in range(len(drawn)):
        parameters = [torch.from_numpy(part[None].copy()) for part in drawn]
        parameters[spoilt].view(-1)[0] = torch.nan
        assert architecture.outputs(parameters, x).isnan().all()


def test_a_kernel_does_without_tensorflow():
    code = (
        "import sys, numpy as np; from sgdbayes.architectures import Convolutional; Convolutional(layers=1, "
        "channels=8).kernel(np.ones((2, 4, 4), np.float32)); print('tensorflow' in sys.modules, 'neural_tangents' in "
        "sys.modules, 'neural_tangents.experimental' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == ["False", "True", "False"]
