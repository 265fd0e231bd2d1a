"""LSTM networks: the stack is the networks of torch.nn, the networks have the kernel as covariance."""

import numpy as np
import pytest
import torch
from conftest import assert_stack_equals_single_networks, stacked

from sgdbayes.architectures._monte_carlo import monte_carlo_kernel
from sgdbayes.architectures.lstm import LSTM

CASES = [
    (LSTM(width=12, weight_variance=3.0, bias_variance=0.1), (9, 5)),
    (LSTM(width=7, vocabulary=20, embedding=4, bias_variance=0.1), (11,)),
    (LSTM(width=5), (1, 3)),
]


def random_inputs(architecture: LSTM, shape: tuple[int, ...]) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    if architecture.vocabulary:
        return torch.randint(0, architecture.vocabulary, shape, generator=generator).float()
    return torch.randn(shape, generator=generator)


def assert_equal_up_to_rounding(actual: list[torch.Tensor], expected: list[torch.Tensor]) -> None:
    """Relative to the largest entry: float32 in another order, each step passing its rounding on to the next."""
    for one, other in zip(actual, expected, strict=True):
        assert (one - other).abs().max() <= 1e-5 * other.abs().max()


def alone(parameters: list[torch.Tensor], inputs: torch.Tensor) -> torch.Tensor:
    """Outputs (B,) of one network of torch.nn layers on ``inputs`` (B, T[, D])."""
    *words, entering, recurrent, biases, weights, bias = parameters
    series = torch.nn.functional.embedding(inputs.long(), words[0]) if words else inputs
    layer = torch.nn.LSTM(len(entering), len(recurrent), batch_first=True)
    named = {
        "weight_ih_l0": entering.T.contiguous(),
        "weight_hh_l0": recurrent.T.contiguous(),
        "bias_ih_l0": biases[0],
        "bias_hh_l0": torch.zeros_like(biases[0]),
    }
    hidden = torch.func.functional_call(layer, named, series)[0][:, -1]
    return (hidden @ weights + bias)[:, 0]


@pytest.mark.parametrize("shared", [False, True], ids=["own batches", "shared batch"])
@pytest.mark.parametrize(("architecture", "shape"), CASES, ids=["vectors", "words", "one step"])
def test_stack_equals_single_networks(architecture, shape, shared):
    networks, parameters = 3, stacked(architecture, shape, 3)
    inputs = random_inputs(architecture, (1 if shared else networks, 6, *shape))

    assert_stack_equals_single_networks(architecture, parameters, inputs, alone, assert_equal_up_to_rounding)


def test_large_and_small_gates_are_right():
    """Saturated gates and hardly open ones, where the exponential and the hyperbolic tangent are other branches."""
    architecture = LSTM(width=8)
    for scale in (1e-4, 1.0, 100.0):
        parameters = [scale * parameter for parameter in stacked(architecture, (3, 4), 2)]
        inputs = random_inputs(architecture, (2, 5, 3, 4))
        features = architecture.features(parameters, inputs)
        expected = architecture.features([p.double() for p in parameters], inputs.double())
        torch.testing.assert_close(features.double(), expected, rtol=1e-4, atol=1e-6 * expected.abs().max().item())


def test_without_gradients_the_outputs_are_the_same():
    architecture, shape = CASES[0]
    parameters = [parameter.requires_grad_() for parameter in stacked(architecture, shape, 2)]
    inputs = random_inputs(architecture, (2, 6, *shape))
    with torch.no_grad():
        outputs = architecture.outputs(parameters, inputs)
    assert torch.equal(outputs, architecture.outputs(parameters, inputs).detach())


def test_autocast_leaves_the_compiled_path():
    architecture, shape = CASES[1]
    parameters = stacked(architecture, shape, 2)
    inputs = random_inputs(architecture, (2, 3, *shape))
    with torch.autocast("cpu", torch.bfloat16):
        outputs = architecture.outputs(parameters, inputs)
    assert outputs.dtype == torch.bfloat16
    # bfloat16 has 8 bits.
    torch.testing.assert_close(outputs.float(), architecture.outputs(parameters, inputs), rtol=0.1, atol=0.1)


@pytest.mark.parametrize(("architecture", "shape"), CASES[:2], ids=["vectors", "words"])
def test_fresh_networks_have_the_kernel_as_covariance(architecture, shape):
    """1,000 networks against the kernel, in standard errors of the Monte Carlo covariance."""
    networks = 1000
    inputs = random_inputs(architecture, (4, *shape))
    z = np.concatenate(
        [
            architecture.outputs(stacked(architecture, shape, 100, seed=seed), inputs[None])
            for seed in range(1, 1 + networks // 100)
        ]
    ).astype(float)
    products = z[:, :, None] * z[:, None, :]
    kernel = monte_carlo_kernel(architecture, inputs.numpy(), networks=1000, seed=9).kernel
    # The kernel's own error is smaller, for the output unit is integrated out, but not naught: it counts as one more.
    error = products.std(0, ddof=1) * np.sqrt(2 / networks)
    # Ten distinct, correlated deviations: four standard errors leave a right kernel one chance in a thousand to fail.
    assert np.abs((products.mean(0) - kernel) / error).max() < 4


def test_kernel_estimate_is_positive_definite_and_states_its_error():
    architecture = LSTM(width=8, bias_variance=0.1)
    inputs = random_inputs(architecture, (50, 6, 3)).numpy()
    estimate = architecture.kernel_estimate(inputs)
    np.linalg.cholesky(estimate.kernel)
    np.testing.assert_array_equal(estimate.kernel, architecture.kernel(inputs))
    again = monte_carlo_kernel(architecture, inputs, networks=estimate.networks, seed=1)
    difference = np.sqrt(((again.kernel - estimate.kernel) ** 2).mean()) / estimate.kernel.diagonal().mean()
    # The difference of two estimates; its root mean square over correlated entries scatters by some 30 %.
    assert 0.5 < difference / (2**0.5 * estimate.standard_error) < 1.6


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": 0}, "width and embedding must be at least 1, got 0 and 32"),
        ({"vocabulary": -1}, "vocabulary must not be negative, got -1"),
        ({"weight_variance": 0.0}, "weight_variance must be positive"),
        ({"bias_variance": -0.1}, "bias_variance not negative"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        LSTM(**options)


def test_bad_inputs():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"inputs must have shape \(T, D\), got \(5,\)"):
        LSTM().initial_parameters((5,), rng)
    with pytest.raises(ValueError, match=r"inputs must have shape \(T,\), got \(5, 3\)"):
        LSTM(vocabulary=9).initial_parameters((5, 3), rng)
    with pytest.raises(ValueError, match=r"word numbers must be in 0 ... 8, got 3 ... 9"):
        LSTM(vocabulary=9).kernel(np.array([[3.0, 9.0]]))
    with pytest.raises(ValueError, match="finite"):
        LSTM().kernel(np.full((2, 3, 4), np.inf))
