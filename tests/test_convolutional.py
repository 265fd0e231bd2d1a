"""Convolutional networks: the stack is the networks of torch.nn, the networks have the kernel as covariance."""

import numpy as np
import pytest
import torch
from conftest import assert_stack_equals_single_networks, stacked
from torch.nn.functional import avg_pool2d, max_pool2d

from sgdbayes.architectures._monte_carlo import monte_carlo_kernel
from sgdbayes.architectures.convolutional import Convolutional

CASES = [
    (Convolutional(layers=2, channels=8, bias_variance=0.1), (9, 6)),
    (Convolutional(layers=3, channels=8, pooling="max", bias_variance=0.1), (12, 10)),
    (Convolutional(layers=2, channels=9, pooling="average", dense=7, bias_variance=0.1), (7, 8, 3)),
    (Convolutional(layers=2, channels=4, filter_size=5, pooling="max", bias_variance=0.1), (5, 6, 2)),
    (Convolutional(layers=1, channels=4, filter_size=1, weight_variance=1.0), (3, 4)),
]
IDS = ["none", "max", "average-dense", "size-5", "size-1"]


def assert_equal_up_to_rounding(actual: list[torch.Tensor], expected: list[torch.Tensor]) -> None:
    """Relative to the largest entry. Winograd's transforms lose about a digit against direct convolution, whose float32
    sums of up to a few hundred terms are right to 1e-6.
    """
    for one, other in zip(actual, expected, strict=True):
        assert (one - other).abs().max() <= 3e-5 * other.abs().max()


def alone(architecture: Convolutional, parameters: list[torch.Tensor], images: torch.Tensor) -> torch.Tensor:
    """Outputs (B,) of one network of torch.nn layers on ``images`` (B, H, W[, C])."""
    activations = images[:, None] if images.dim() == 3 else images.permute(0, 3, 1, 2)
    pairs = list(zip(parameters[::2], parameters[1::2], strict=True))
    for weights, biases in pairs[: architecture.layers]:
        size, _, entering, leaving = weights.shape
        layer = torch.nn.Conv2d(entering, leaving, size, padding=size // 2)
        named = {"weight": weights.permute(3, 2, 0, 1), "bias": biases[0]}
        activations = torch.func.functional_call(layer, named, activations).relu()
        if architecture.pooling != "none":
            activations = {"max": max_pool2d, "average": avg_pool2d}[architecture.pooling](activations, 2)
    activations = activations.permute(0, 2, 3, 1).flatten(1)
    for weights, biases in pairs[architecture.layers : -1]:
        activations = (activations @ weights + biases).relu()
    weights, biases = pairs[-1]
    return (activations @ weights + biases)[:, 0]


@pytest.mark.parametrize("shared", [False, True], ids=["own batches", "shared batch"])
@pytest.mark.parametrize(("architecture", "shape"), CASES, ids=IDS)
def test_stack_equals_single_networks(architecture, shape, shared):
    """18 images: a group of the compiled layout, and one that is not full."""
    networks, parameters = 3, stacked(architecture, shape, 3)
    images = torch.randn(1 if shared else networks, 18, *shape, generator=torch.Generator().manual_seed(0))

    def single(leaves, batch):
        return alone(architecture, leaves, batch)

    assert_stack_equals_single_networks(architecture, parameters, images, single, assert_equal_up_to_rounding)


def test_outputs_read_the_features():
    architecture, shape = CASES[2]
    parameters = stacked(architecture, shape, 2)
    images = torch.randn(2, 3, *shape, generator=torch.Generator().manual_seed(0))
    features = architecture.features(parameters, images)
    assert features.shape == (2, 3, 7)
    torch.testing.assert_close(
        (features @ parameters[-2] + parameters[-1])[..., 0], architecture.outputs(parameters, images)
    )


def test_autocast_leaves_the_compiled_path():
    architecture, shape = CASES[0]
    parameters = stacked(architecture, shape, 2)
    images = torch.randn(2, 3, *shape, generator=torch.Generator().manual_seed(0))
    with torch.autocast("cpu", torch.bfloat16):
        outputs = architecture.outputs(parameters, images)
    assert outputs.dtype == torch.bfloat16
    # bfloat16 has 8 bits.
    torch.testing.assert_close(outputs.float(), architecture.outputs(parameters, images), rtol=0.1, atol=0.1)


@pytest.mark.parametrize(
    "architecture",
    [
        Convolutional(layers=1, channels=64, bias_variance=0.2),
        Convolutional(layers=2, channels=64, dense=64, weight_variance=1.5),
        Convolutional(layers=1, channels=64, pooling="max", bias_variance=0.2),
    ],
    ids=str,
)
def test_fresh_networks_have_the_kernel_as_covariance(architecture):
    """1,000 networks against the kernel, in standard errors of the Monte Carlo covariance."""
    networks = 1000
    images = np.random.default_rng(1).standard_normal((4, 4, 4)).astype(np.float32)
    z = np.concatenate(
        [
            architecture.outputs(stacked(architecture, (4, 4), 100, seed=seed), torch.from_numpy(images)[None])
            for seed in range(networks // 100)
        ]
    ).astype(float)
    products = z[:, :, None] * z[:, None, :]
    error = products.std(0, ddof=1) / np.sqrt(networks)
    # Ten distinct, correlated deviations: four standard errors leave a right kernel one chance in a thousand to fail.
    # Beyond one hidden layer finite width shifts the covariance by about 1 / width, a third of a standard error here.
    assert np.abs((products.mean(0) - architecture.kernel(images)) / error).max() < 4


def test_monte_carlo_kernel_is_the_kernel_within_its_standard_error():
    """One hidden layer: the estimate is unbiased for the kernel of infinite width. Eight seeds show the error true."""
    architecture = Convolutional(layers=1, channels=16, bias_variance=0.3)
    images = np.random.default_rng(0).standard_normal((12, 5, 5)).astype(np.float32)
    kernel = architecture.kernel(images)
    estimates = [monte_carlo_kernel(architecture, images, networks=64, seed=seed) for seed in range(8)]
    errors = [np.sqrt(((one.kernel - kernel) ** 2).mean()) / kernel.diagonal().mean() for one in estimates]
    stated = [one.standard_error for one in estimates]
    # The entries of a kernel are correlated: the root mean square error scatters around the stated by some 30 %.
    assert 0.6 < np.sqrt(np.mean(np.square(errors))) / np.mean(stated) < 1.5
    assert all(one.networks == 64 for one in estimates)


def test_average_pooling_has_the_kernel_of_neural_tangents():
    from sgdbayes.architectures._infinite_width import _stax

    stax = _stax()
    architecture = Convolutional(layers=2, channels=64, pooling="average", bias_variance=0.1)
    images = np.random.default_rng(0).standard_normal((6, 4, 4)).astype(np.float32)
    spread = {"W_std": 2.0**0.5, "b_std": 0.1**0.5}
    block = [stax.Conv(1, (3, 3), padding="SAME", **spread), stax.Relu(), stax.AvgPool((2, 2), strides=(2, 2))]
    expected = np.asarray(
        stax.serial(*block, *block, stax.Flatten(), stax.Dense(1, **spread))[2](images[..., None], None, "nngp")
    )
    estimate = architecture.kernel_estimate(images)
    error = np.sqrt(((estimate.kernel - expected) ** 2).mean()) / expected.diagonal().mean()
    # Finite width shifts the kernel by about 1 / channels of what is not independent of it, below the standard error.
    assert error < 2.5 * estimate.standard_error
    assert estimate.standard_error < 0.02


def test_monte_carlo_kernel_is_positive_definite():
    architecture = Convolutional(layers=1, channels=2, pooling="max")
    images = np.random.default_rng(0).standard_normal((60, 2, 2)).astype(np.float32)
    estimate = monte_carlo_kernel(architecture, images, networks=8)
    assert estimate.networks == 120
    np.linalg.cholesky(estimate.kernel)


def test_kernel_in_blocks_is_the_kernel(monkeypatch):
    architecture = Convolutional(layers=2)
    images = np.random.default_rng(0).standard_normal((7, 4, 4))
    whole, tangent = architecture.kernel(images), architecture.tangent_kernel(images)
    monkeypatch.setattr("sgdbayes.architectures.convolutional._KERNEL_ENTRIES", 9 * 16)
    np.testing.assert_allclose(architecture.kernel(images), whole, rtol=1e-12)
    np.testing.assert_allclose(architecture.tangent_kernel(images), tangent, rtol=1e-12)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layers": 0}, "layers and channels must be at least 1, got 0 and 32"),
        ({"filter_size": 4}, "filter_size must be odd and positive, got 4"),
        ({"pooling": "mean"}, "pooling must be one of none, max, average, got 'mean'"),
        ({"dense": -1}, "dense must not be negative, got -1"),
        ({"weight_variance": 0.0}, "weight_variance must be positive"),
        ({"bias_variance": float("nan")}, "bias_variance not negative"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        Convolutional(**options)


def test_bad_inputs():
    images = np.full((2, 4, 4), np.nan)
    for architecture in (Convolutional(), Convolutional(pooling="max")):
        with pytest.raises(ValueError, match="inputs must be finite"):
            architecture.kernel(images)
    with pytest.raises(ValueError, match=r"inputs must be images \(H, W\) or \(H, W, C\), got shape \(5,\)"):
        Convolutional().initial_parameters((5,), np.random.default_rng(0))
    with pytest.raises(ValueError, match="weight_variance must be positive"):
        Convolutional(weight_variance=float("inf"))
    with pytest.raises(ValueError, match="tangent kernel needs pooling 'none', got 'max'"):
        Convolutional(pooling="max").tangent_kernel(images)
    with pytest.raises(ValueError, match="3 poolings need images of at least 8x8, got 7x28"):
        Convolutional(layers=3, pooling="max").initial_parameters((7, 28), np.random.default_rng(0))
    with pytest.raises(ValueError, match="networks must be at least 8, got 4"):
        monte_carlo_kernel(Convolutional(), np.zeros((2, 4, 4)), networks=4)
