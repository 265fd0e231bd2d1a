"""A network trained in a stack is the network trained alone."""

import numpy as np
import pytest
import torch
from conftest import random_task
from torch.nn.functional import binary_cross_entropy_with_logits, mse_loss

from sgdbayes.architectures import FullyConnected
from sgdbayes.training import OPTIMIZERS, Optimizer, option_names, train_until_fit

ARCHITECTURE = FullyConnected(depth=2, width=32, bias_variance=0.1)
CASES = [
    Optimizer("SGD", 0.05),
    Optimizer("SGD", 0.05, {"momentum": 0.9}),
    Optimizer("Adam", 0.01),
    Optimizer("Adagrad", 0.05),
    Optimizer("RMSprop", 0.005),
]


def train_alone(task, optimizer, index, *, seed, loss, batch_size, max_epochs):
    """The plain PyTorch loop: torch.nn modules, one network, the whole of S checked after each epoch."""
    rng = np.random.default_rng([seed, index])
    drawn = ARCHITECTURE.initial_parameters(task.train_inputs.shape[1:], rng)
    layers = []
    for weight, bias in zip(drawn[::2], drawn[1::2], strict=True):
        layer = torch.nn.Linear(*weight.shape)
        layer.weight.data, layer.bias.data = torch.from_numpy(weight.T.copy()), torch.from_numpy(bias[0])
        layers += [layer, torch.nn.ReLU()]
    network = torch.nn.Sequential(*layers[:-1])
    steps = getattr(torch.optim, optimizer.kind)(network.parameters(), lr=optimizer.learning_rate, **optimizer.options)
    x, y = torch.from_numpy(task.train_inputs), torch.from_numpy(task.train_labels).float()
    for epoch in range(1, max_epochs + 1):
        for batch in torch.from_numpy(rng.permutation(len(y))).split(batch_size):
            z = network(x[batch])[:, 0]
            steps.zero_grad()
            (
                mse_loss(z, y[batch]) if loss == "mse" else binary_cross_entropy_with_logits(z, (y[batch] + 1) / 2)
            ).backward()
            steps.step()
        with torch.no_grad():
            margins = network(x)[:, 0] * y
            if (margins > 0).all():
                return epoch, (network(torch.from_numpy(task.test_inputs))[:, 0] > 0).numpy(), margins.min().item()
    return 0, None, None


@pytest.mark.parametrize("loss", ["cross_entropy", "mse"])
@pytest.mark.parametrize("optimizer", CASES, ids=lambda case: f"{case.kind}{dict(case.options) or ''}")
def test_stack_equals_networks_trained_alone(task, optimizer, loss):
    indices = [0, 3, 4, 17]
    settings = {"seed": 5, "loss": loss, "batch_size": 7, "max_epochs": 200}
    stack = train_until_fit(ARCHITECTURE, task, optimizer, indices=indices, device="cpu", **settings)
    assert stack.converged.all()
    assert len(set(stack.epochs)) > 1, "all networks stop at once: the case does not test dropping them"
    for row, index in enumerate(indices):
        epoch, function, margin = train_alone(task, optimizer, index, **settings)
        assert stack.epochs[row] == epoch
        assert (stack.functions[row] == function).all()
        # float32 sums in another order, over up to 800 steps.
        assert stack.margin_min[row] == pytest.approx(margin, rel=1e-2, abs=1e-4)


def test_networks_do_not_depend_on_their_block(task):
    settings = {"seed": 1, "batch_size": 5, "device": "cpu"}
    whole = train_until_fit(ARCHITECTURE, task, CASES[2], indices=range(6), **settings)
    for block in ([0, 1, 2, 3], [4, 5]):
        part = train_until_fit(ARCHITECTURE, task, CASES[2], indices=block, **settings)
        assert (part.functions == whole.functions[block]).all()
        assert (part.epochs == whole.epochs[block]).all()
    other = train_until_fit(ARCHITECTURE, task, CASES[2], indices=range(6), **settings | {"seed": 2})
    assert (other.margin_mean != whole.margin_mean).all()


def test_recorded_figures_are_those_at_zero_training_error(task):
    networks = train_until_fit(ARCHITECTURE, task, CASES[0], indices=range(5), seed=0, device="cpu")
    assert (networks.margin_min > 0).all()
    assert (networks.margin_mean >= networks.margin_min).all()
    assert np.isfinite(networks.training_loss).all()
    assert (networks.epochs >= 1).all()


def test_overtraining_goes_on_and_leaves_the_first_epoch_as_it_was(task):
    first = train_until_fit(ARCHITECTURE, task, CASES[0], indices=range(5), seed=0, device="cpu")
    later = train_until_fit(ARCHITECTURE, task, CASES[0], indices=range(5), seed=0, extra_epochs=20, device="cpu")
    assert (first.epochs == later.epochs).all()
    assert (later.training_loss < first.training_loss).all()


def test_networks_that_do_not_fit_are_counted_not_mixed_in():
    contradictory = random_task(train=10)
    contradictory.train_inputs[1] = contradictory.train_inputs[0]
    contradictory.train_labels[:2] = [-1, 1]
    networks = train_until_fit(
        ARCHITECTURE, contradictory, CASES[0], indices=range(3), seed=0, max_epochs=5, device="cpu"
    )
    assert not networks.converged.any()
    assert not networks.diverged.any()
    assert (networks.epochs == 0).all()
    assert np.isnan(networks.margin_min).all()


def test_divergence_is_a_counted_failure(task):
    wild = Optimizer("SGD", 1e20)
    networks = train_until_fit(
        ARCHITECTURE, task, wild, indices=range(3), seed=0, loss="mse", max_epochs=50, device="cpu"
    )
    assert networks.diverged.all()
    assert not networks.converged.any()


def test_bad_input(task):
    with pytest.raises(ValueError, match="unknown optimiser 'Sgd'; known: Adagrad, Adam, SGD, RMSprop"):
        Optimizer("Sgd", 0.1)
    with pytest.raises(ValueError, match="unknown loss 'hinge'"):
        train_until_fit(ARCHITECTURE, task, CASES[0], indices=[0], seed=0, loss="hinge")
    with pytest.raises(ValueError, match="indices is empty"):
        train_until_fit(ARCHITECTURE, task, CASES[0], indices=[], seed=0)
    with pytest.raises(ValueError, match=r"optimiser SGD: .*warmth"):
        Optimizer("SGD", 0.1, {"warmth": 3}).build([torch.zeros(1, requires_grad=True)])


def test_option_names_leave_out_what_does_not_change_the_algorithm():
    assert option_names("SGD") == {"momentum", "dampening", "weight_decay", "nesterov"}
    assert all(option_names(kind) for kind in OPTIMIZERS)
