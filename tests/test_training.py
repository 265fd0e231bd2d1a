"""A network trained in a stack is the network trained alone."""

from dataclasses import fields
from functools import partial
from itertools import chain
from multiprocessing import get_context

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import random_task
from scipy.stats import chi2_contingency
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, mse_loss

from sgdbayes.architectures import LSTM, Convolutional, FullyConnected
from sgdbayes.datasets import Task
from sgdbayes.files import write_table
from sgdbayes.functions import unpack
from sgdbayes.training import OPTIMIZERS, Optimizer, Record, TrainedNetworks, train_until_fit
from sgdbayes.training import stack as stack_module
from sgdbayes.training._compiled import _update
from sgdbayes.training._compiled_stack import CompiledStack
from sgdbayes.training._torch_stack import TorchStack
from sgdbayes.training._updates import numbers_of_steps, update_of
from sgdbayes.training.campaign import train_block

ARCHITECTURE = FullyConnected(depth=2, width=32, bias_variance=0.1)
CASES = [
    Optimizer("SGD", 0.05),
    Optimizer("SGD", 0.05, {"momentum": 0.9}),
    Optimizer("Adam", 0.01),
    Optimizer("Adagrad", 0.05),
    Optimizer("RMSprop", 0.005),
    Optimizer("Adadelta", 1.0),
    Optimizer("Adamax", 0.01),
]


@pytest.fixture(params=["compiled", "torch"])
def engine(request, monkeypatch):
    """Both ways of training on the CPU; what the compiled one does not know goes to torch by itself."""
    if request.param == "torch":
        monkeypatch.setattr(CompiledStack, "serves", staticmethod(lambda *_: False))
    return request.param


# Of a block of networks, as the configuration has them.
SETTINGS = {
    "architecture": {"kind": "FullyConnected", "depth": 1, "width": 16},
    "optimizer": {"kind": "Adam", "learning_rate": 0.01},
    "loss": "cross_entropy", "batch_size": 8, "max_epochs": 100, "extra_epochs": 0, "target_loss": None,
    "precision": "float32", "seed": 0,
}  # fmt: skip


@pytest.fixture
def sparse_task():
    """Inputs of which half are zero, one of them always."""
    task = random_task(train=30, inputs=12)
    for inputs in (task.train_inputs, task.test_inputs):
        inputs[np.random.default_rng(1).random(inputs.shape) < 0.5] = 0
        inputs[:, 4] = 0
    return task


def build_dense(drawn):
    layers = []
    for weight, bias in zip(drawn[::2], drawn[1::2], strict=True):
        layer = torch.nn.Linear(*weight.shape)
        layer.weight.data, layer.bias.data = torch.from_numpy(weight.T.copy()), torch.from_numpy(bias[0])
        layers += [layer, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


class Images(torch.nn.Module):
    """A Convolutional network of two layers, in torch.nn."""

    def __init__(self, drawn, pooling):
        super().__init__()
        self.layers = torch.nn.ModuleList()
        for weight, bias in zip(drawn[:4:2], drawn[1:4:2], strict=True):
            layer = torch.nn.Conv2d(weight.shape[2], weight.shape[3], weight.shape[0], padding="same")
            layer.weight.data, layer.bias.data = (
                torch.from_numpy(weight.transpose(3, 2, 0, 1).copy()),
                torch.from_numpy(bias[0]),
            )
            self.layers.append(layer)
        pools = {"none": torch.nn.Identity(), "max": torch.nn.MaxPool2d(2), "average": torch.nn.AvgPool2d(2)}
        self.pool, self.output = pools[pooling], build_dense(drawn[4:])

    def forward(self, x):
        x = x[:, None]
        for layer in self.layers:
            x = self.pool(torch.relu(layer(x)))
        # Channels last, as the stack has them.
        return self.output(x.permute(0, 2, 3, 1).flatten(1))


class Series(torch.nn.Module):
    """An LSTM network without vocabulary, in torch.nn; of torch's two biases one is fixed at zero."""

    def __init__(self, drawn):
        super().__init__()
        entering, recurrent, biases = drawn[:3]
        self.lstm = torch.nn.LSTM(len(entering), len(recurrent), batch_first=True)
        self.lstm.weight_ih_l0.data, self.lstm.weight_hh_l0.data = (
            torch.from_numpy(w.T.copy()) for w in (entering, recurrent)
        )
        self.lstm.bias_ih_l0.data = torch.from_numpy(biases[0])
        self.lstm.bias_hh_l0.requires_grad_(False).zero_()
        self.output = build_dense(drawn[3:])

    def forward(self, x):
        return self.output(self.lstm(x)[0][:, -1])


def train_alone(architecture, build, task, optimizer, index, *, seed, loss, batch_size, max_epochs):
    """The plain PyTorch loop: torch.nn modules, one network, the whole of S checked after each epoch."""
    rng = np.random.default_rng([seed, index])
    network = build(architecture.initial_parameters(task.train_inputs.shape[1:], rng))
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    steps = getattr(torch.optim, optimizer.kind)(trained, lr=optimizer.learning_rate, **optimizer.options)
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
def test_stack_equals_networks_trained_alone(sparse_task, optimizer, loss, engine):
    task, indices = sparse_task, [0, 3, 4, 17]
    settings = {"seed": 5, "loss": loss, "batch_size": 7, "max_epochs": 200}
    stack = train_until_fit(ARCHITECTURE, task, optimizer, indices=indices, device="cpu", **settings)
    assert stack.converged.all()
    assert len(set(stack.epochs)) > 1, "all networks stop at once: the case does not test dropping them"
    for row, index in enumerate(indices):
        epoch, function, margin = train_alone(ARCHITECTURE, build_dense, task, optimizer, index, **settings)
        assert stack.epochs[row] == epoch
        assert (stack.functions[row] == function).all()
        # float32 sums in another order, over up to 800 steps.
        assert stack.margin_min[row] == pytest.approx(margin, rel=1e-2, abs=1e-4)


def test_threads_change_nothing(task):
    settings = {"indices": range(6), "seed": 1, "device": "cpu"}
    one = train_until_fit(ARCHITECTURE, task, CASES[2], **settings)
    torch.set_num_threads(2)
    two = train_until_fit(ARCHITECTURE, task, CASES[2], **settings)
    torch.set_num_threads(1)
    for item in fields(Record):
        np.testing.assert_array_equal(getattr(one, item.name), getattr(two, item.name))


def image_task() -> Task:
    """Images of 6x7 pixels whose label is where they are brighter."""
    rng = np.random.default_rng(2)
    images = rng.uniform(-1, 1, (40, 6, 7)).astype(np.float32)
    labels = np.where(images[:, :3].sum((1, 2)) > images[:, 3:].sum((1, 2)), 1, -1).astype(np.int8)
    rows = np.arange(40)
    return Task(images[:24], labels[:24], images[24:], labels[24:], rows[:24], rows[24:])


OTHERS = {
    **{
        pooling: (
            Convolutional(channels=8, pooling=pooling, dense=10),
            lambda drawn, pooling=pooling: Images(drawn, pooling),
        )
        for pooling in ("none", "max", "average")
    },
    "lstm": (LSTM(width=12, bias_variance=0.1), Series),
}


# With its own eps, 1e-8, Adam makes whole steps of the rounding of gradients that all but vanish.
@pytest.mark.parametrize("optimizer", [CASES[1], Optimizer("Adam", 0.01, {"eps": 1e-4})], ids=["SGD", "Adam"])
@pytest.mark.parametrize("name", OTHERS)
def test_other_stacks_equal_networks_trained_alone(name, optimizer):
    (architecture, build), task = OTHERS[name], image_task()
    settings = {"seed": 1, "loss": "cross_entropy", "batch_size": 7, "max_epochs": 200}
    stack = train_until_fit(architecture, task, optimizer, indices=range(3), device="cpu", **settings)
    assert stack.converged.all()
    for index in range(3):
        epoch, function, margin = train_alone(architecture, build, task, optimizer, index, **settings)
        assert stack.epochs[index] == epoch
        assert (stack.functions[index] == function).all()
        # As above; Winograd's products round ten times more.
        assert stack.margin_min[index] == pytest.approx(margin, rel=2e-2, abs=1e-3)


def test_one_output_with_the_loss_of_two_is_their_difference_over_root_two(task):
    """Networks with two outputs and torch's cross-entropy, that begin where ours do: the same functions, as early."""
    architecture, settings = FullyConnected(widths=[9, 4]), {"seed": 3, "batch_size": 2, "max_epochs": 300}
    optimizer = Optimizer("SGD", 0.02)
    ours = train_until_fit(
        architecture, task, optimizer, indices=range(4), loss="two_outputs", device="cpu", **settings
    )
    plain = train_until_fit(architecture, task, optimizer, indices=range(4), device="cpu", **settings)
    assert ours.converged.any()
    assert (ours.epochs != plain.epochs).any()
    x, y = torch.from_numpy(task.train_inputs), torch.from_numpy(task.train_labels).long()
    for index in range(4):
        rng = np.random.default_rng([3, index])
        *hidden, weights, _ = architecture.initial_parameters(task.train_inputs.shape[1:], rng)
        each = np.random.default_rng(index).standard_normal(weights.shape, dtype=np.float32)
        two = [(each + sign * weights) / np.float32(2**0.5) for sign in (-1, 1)]
        network = build_dense([*hidden, np.hstack(two), np.zeros((1, 2), np.float32)])
        steps, fitted = torch.optim.SGD(network.parameters(), lr=0.02), 0
        for epoch in range(1, 301):
            for batch in torch.from_numpy(rng.permutation(len(y))).split(2):
                steps.zero_grad()
                cross_entropy(network(x[batch]), (y[batch] + 1) // 2).backward()
                steps.step()
            if (network(x).argmax(1) * 2 - 1 == y).all():
                fitted = epoch
                break
        assert ours.epochs[index] == fitted
        if fitted:
            found = network(torch.from_numpy(task.test_inputs)).argmax(1).numpy() > 0
            assert (ours.functions[index] == found).all()


def test_networks_do_not_depend_on_their_block_or_stack(task, engine):
    settings = {"seed": 1, "batch_size": 5, "device": "cpu"}
    whole = train_until_fit(ARCHITECTURE, task, CASES[2], indices=range(6), **settings)
    for block, size in (([0, 1, 2, 3], None), ([4, 5], None), (list(range(6)), 4)):
        part = train_until_fit(ARCHITECTURE, task, CASES[2], indices=block, stack_size=size, **settings)
        assert (part.functions == whole.functions[block]).all()
        assert (part.epochs == whole.epochs[block]).all()
        # torch multiplies stacks of other sizes in another order.
        np.testing.assert_allclose(part.margin_mean, whole.margin_mean[block], rtol=1e-4)
    other = train_until_fit(ARCHITECTURE, task, CASES[2], indices=range(6), **settings | {"seed": 2})
    assert (other.margin_mean != whole.margin_mean).all()


def test_recorded_figures_are_those_at_zero_training_error(task):
    networks = train_until_fit(ARCHITECTURE, task, CASES[0], indices=range(5), seed=0, device="cpu")
    assert (networks.margin_min > 0).all()
    assert (networks.margin_mean >= networks.margin_min).all()
    assert np.isfinite(networks.training_loss).all()
    assert (networks.epochs >= 1).all()


@pytest.mark.parametrize("beyond", [{"extra_epochs": 20}, {"target_loss": 0.02}], ids=["epochs", "loss"])
def test_overtraining_goes_on_and_records_both_moments(task, beyond, engine):
    settings = {"indices": range(5), "seed": 0, "device": "cpu"}
    first = train_until_fit(ARCHITECTURE, task, CASES[0], **settings)
    later = train_until_fit(ARCHITECTURE, task, CASES[0], **settings, **beyond)
    assert later.converged.all()
    assert (first.epochs == later.epochs).all()
    for item in fields(Record):
        # torch sums stacks of other sizes in another order.
        np.testing.assert_allclose(getattr(later.at_fit, item.name), getattr(first, item.name), rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(getattr(first.at_fit, item.name), getattr(first, item.name))
    assert (later.training_loss < first.training_loss).all()
    assert (later.margin_mean > first.margin_mean).all()
    if "target_loss" in beyond:
        assert (later.training_loss <= 0.02).all()
        assert (later.training_loss > 0.01).any(), "all networks went far beyond the target"


def test_a_least_number_of_epochs_ends_where_a_network_fits_from_then_on(task, engine):
    settings = {"indices": range(6), "seed": 0, "device": "cpu"}
    first = train_until_fit(ARCHITECTURE, task, CASES[0], **settings)
    least = int(np.median(first.epochs))
    later = train_until_fit(ARCHITECTURE, task, CASES[0], **settings, min_epochs=least, extra_epochs=1)
    assert later.converged.all()
    assert (first.epochs == later.epochs).all()
    np.testing.assert_array_equal(later.at_fit.functions, first.functions)
    # Of those that take longer, one epoch beyond is the end; the others go on to the least number, so losses fall.
    plain = train_until_fit(ARCHITECTURE, task, CASES[0], **settings, extra_epochs=1)
    long = first.epochs >= least
    assert 0 < long.sum() < 6
    np.testing.assert_allclose(later.training_loss[long], plain.training_loss[long], rtol=1e-5)
    assert (later.training_loss[~long] < plain.training_loss[~long]).all()
    # So many epochs, whatever happens: who fits S then, with what it is then.
    fixed = train_until_fit(ARCHITECTURE, task, CASES[0], **settings, min_epochs=least, max_epochs=least)
    assert not fixed.converged[first.epochs > least].any()
    assert fixed.converged.any() and (fixed.epochs[fixed.converged] <= least).all()
    assert (fixed.training_loss[fixed.converged] <= first.training_loss[fixed.converged]).all()


@pytest.mark.parametrize("loss", ["cross_entropy", "mse"])
@pytest.mark.parametrize("optimizer", [Optimizer("SGD", 0.05), Optimizer("SGD", 0.005, {"momentum": 0.9}), CASES[2]],
                         ids=lambda case: f"{case.kind}{dict(case.options) or ''}")  # fmt: skip
def test_batches_of_two_and_layers_of_given_widths(sparse_task, optimizer, loss, engine):
    """Peleg and Hein's networks, narrower layer after layer."""
    architecture = FullyConnected(widths=[40, 20, 10, 4])
    settings = {"seed": 2, "loss": loss, "batch_size": 2, "max_epochs": 60}
    indices = range(4)
    stack = train_until_fit(architecture, sparse_task, optimizer, indices=indices, device="cpu", **settings)
    assert stack.converged.sum() >= 2
    for index in indices:
        epoch, function, margin = train_alone(architecture, build_dense, sparse_task, optimizer, index, **settings)
        assert stack.epochs[index] == epoch
        if epoch:
            assert (stack.functions[index] == function).all()
            # float32 sums in another order, over up to 900 steps.
            assert stack.margin_min[index] == pytest.approx(margin, rel=2e-2, abs=1e-3)


def test_a_target_loss_out_of_reach_ends_at_the_last_epoch(task):
    networks = train_until_fit(
        ARCHITECTURE, task, CASES[0], indices=range(3), seed=0, target_loss=1e-30, max_epochs=300, device="cpu"
    )
    assert not networks.converged.any()
    assert not networks.diverged.any()
    assert (networks.epochs > 0).all()
    assert np.isfinite(networks.at_fit.margin_min).all()
    assert np.isnan(networks.margin_min).all()


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


def test_divergence_is_a_counted_failure(task, engine):
    wild = Optimizer("SGD", 1e20)
    networks = train_until_fit(
        ARCHITECTURE, task, wild, indices=range(3), seed=0, loss="mse", max_epochs=50, device="cpu"
    )
    assert networks.diverged.all()
    assert not networks.converged.any()


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_settings_of_an_optimizer_are_those_torch_trains_with(kind):
    optimizer = Optimizer(kind, 0.01)
    (group,) = optimizer.build([torch.zeros(1, requires_grad=True)]).param_groups
    assert optimizer.settings() == {name: value for name, value in group.items() if name != "params"}
    with pytest.raises(ValueError, match=f"unknown option of {kind}: momentun"):
        Optimizer(kind, 0.01, {"momentun": 0.9}).settings()


def test_bad_input(task):
    with pytest.raises(
        ValueError, match=r"unknown optimiser Sgd \(did you mean SGD\?\); allowed: ASGD, Adadelta, Adagrad, Adam, AdamW"
    ):
        Optimizer("Sgd", 0.1)
    with pytest.raises(ValueError, match="unknown loss 'hinge'"):
        train_until_fit(ARCHITECTURE, task, CASES[0], indices=[0], seed=0, loss="hinge")
    for wrong, said in (
        ({"batch_size": 0}, "batch_size must be a whole number, 1 or more, got 0"),
        ({"batch_size": 2.5}, "batch_size must be a whole number, 1 or more, got 2.5"),
        ({"max_epochs": -1}, "max_epochs must be a whole number, 1 or more"),
        ({"extra_epochs": -1}, "extra_epochs must be a whole number, 0 or more"),
        ({"min_epochs": -1}, "min_epochs must be a whole number, 0 or more"),
        ({"min_epochs": 9, "max_epochs": 8}, "min_epochs must be no more than max_epochs, got 9 and 8"),
        ({"stack_size": 0}, "stack_size must be a whole number, 1 or more"),
        ({"target_loss": float("nan")}, "target_loss must be positive, got nan"),
        ({"device": "gpu"}, "device must be auto, cpu or cuda, got 'gpu'"),
    ):
        with pytest.raises(ValueError, match=said):
            train_until_fit(ARCHITECTURE, task, CASES[0], indices=[0], seed=0, **wrong)
    with pytest.raises(ValueError, match="unknown precision 'half'; known: float32, tf32, bfloat16"):
        train_until_fit(ARCHITECTURE, task, CASES[0], indices=[0], seed=0, precision="half")
    with pytest.raises(ValueError, match="indices is empty"):
        train_until_fit(ARCHITECTURE, task, CASES[0], indices=[], seed=0)
    with pytest.raises(ValueError, match="unknown option of SGD: warmth; allowed: dampening, momentum"):
        Optimizer("SGD", 0.1, {"warmth": 3})
    with pytest.raises(ValueError, match="learning_rate must be a number, 0 or more, got"):
        Optimizer("SGD", "0.1")


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_every_optimiser_trains(task, kind):
    rate = {"ASGD": 0.1, "Adadelta": 1.0, "SGD": 0.1}.get(kind, 0.01)
    networks = train_until_fit(
        ARCHITECTURE, task, Optimizer(kind, rate), indices=range(2), seed=0, max_epochs=300, device="cpu"
    )
    assert networks.converged.all()


OPTIONS = [
    ("SGD", {}),
    ("SGD", {"momentum": 0.9, "dampening": 0.3, "weight_decay": 0.01}),
    ("SGD", {"momentum": 0.8, "nesterov": True}),
    ("Adam", {"betas": [0.8, 0.95], "eps": 1e-3, "weight_decay": 0.1}),
    ("Adagrad", {"lr_decay": 0.1, "initial_accumulator_value": 0.5, "eps": 1e-2, "weight_decay": 0.1}),
    ("RMSprop", {"alpha": 0.9, "eps": 1e-2, "weight_decay": 0.1}),
    ("RMSprop", {"momentum": 0.7}),
    ("Adadelta", {"rho": 0.8, "eps": 1e-3, "weight_decay": 0.1}),
]


@pytest.mark.parametrize(("kind", "options"), OPTIONS, ids=str)
def test_compiled_updates_are_those_of_torch(kind, options):
    optimizer, rng = Optimizer(kind, 0.02, options), np.random.default_rng(0)
    update = update_of(optimizer)
    parameters = rng.standard_normal(50).astype(np.float32)
    theirs = torch.from_numpy(parameters.copy()).requires_grad_()
    steps = optimizer.build([theirs])
    memory = np.zeros((2, 50), np.float32)
    memory[0] = update.memory_start
    for step in range(1, 31):
        gradient = rng.standard_normal(50).astype(np.float32)
        theirs.grad = torch.from_numpy(gradient.copy())
        steps.step()
        _update(update.code, numbers_of_steps(update, step, 1)[0], parameters, memory, 0, gradient)
    # Thirty steps of a few float32 roundings (6e-8) each, of numbers of order one.
    np.testing.assert_allclose(parameters, theirs.detach().numpy(), rtol=2e-5, atol=2e-6)


SHAPES = [
    # Inputs, widths, examples, batch: at and around tiles of 128 rows and 64 columns, and of 32, 16 and 8.
    (1, (1,), 1, 1),
    (3, (7, 1, 9), 7, 3),
    (127, (64,), 30, 8),
    (128, (65, 130), 30, 32),
    (129, (72,), 5, 9),
    (257, (130, 200), 150, 140),
]


@pytest.mark.parametrize("optimizer", [CASES[0], Optimizer("Adam", 0.001, {"weight_decay": 0.02, "eps": 1e-4})])
@pytest.mark.parametrize(("inputs", "widths", "examples", "batch"), SHAPES, ids=str)
def test_compiled_steps_are_those_of_torch_whatever_the_sizes(inputs, widths, examples, batch, optimizer):
    rng, networks = np.random.default_rng(0), 3
    # Not in single precision.
    seen = np.where(rng.random((examples, inputs)) < 0.5, rng.standard_normal((examples, inputs)), 0) / inputs**0.5
    seen[:, inputs // 2] = 0
    labels = np.where(rng.random(examples) < 0.5, -1, 1).astype(np.float32)
    architecture = FullyConnected(widths=list(widths), bias_variance=0.1)
    orders = [np.stack([rng.permutation(examples) for _ in range(networks)]) for _ in range(2)]
    stacks = []
    for kind, given in ((CompiledStack, seen), (TorchStack, seen.astype(np.float32))):
        drawn = [
            list(map(torch.from_numpy, architecture.initial_parameters((inputs,), np.random.default_rng(seed))))
            for seed in range(networks)
        ]
        stack = kind(
            architecture, drawn, optimizer, given, labels, number=networks, loss="cross_entropy", batch_size=batch,
            device="cpu", precision="float32",
        )  # fmt: skip
        for order in orders:
            stack.train_epoch(order)
        # The second is no longer trained.
        stack.keep(np.array([True, False, True]))
        stack.train_epoch(orders[0][[0, 2]])
        stacks.append((stack, given))
    both = np.ones(2, dtype=bool)
    for mine, its in zip(*(chain.from_iterable(stack.parameters(both)) for stack, _ in stacks), strict=True):
        # Sums of up to 257 numbers of order one, rounded to 6e-8; Adam divides by small moments.
        np.testing.assert_allclose(mine, its, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(*(stack.outputs(both, given) for stack, given in stacks), rtol=1e-3, atol=2e-3)
    assert (stacks[0][0].fits() == stacks[1][0].fits()).all()


def test_networks_train_in_a_process_that_forked_off(task):
    train = partial(train_until_fit, ARCHITECTURE, task, CASES[2], indices=4, seed=0, device="cpu")
    expected = train().functions
    with get_context("fork").Pool(1) as pool:
        # In this process the threads have been started.
        assert (pool.apply_async(train).get(timeout=60).functions == expected).all()


def test_options_without_compiled_code_go_to_torch():
    class Other(FullyConnected):
        """With outputs of its own, perhaps."""

    assert not CompiledStack.serves(Other(), Optimizer("Adam", 0.01), "mse")
    for optimizer in (Optimizer("Adam", 0.01, {"amsgrad": True}), Optimizer("RMSprop", 0.01, {"centered": True})):
        assert not CompiledStack.serves(ARCHITECTURE, optimizer, "mse")
    assert CompiledStack.serves(ARCHITECTURE, Optimizer("Adam", 0.01, {"betas": [0.9, 0.99]}), "mse")
    assert not CompiledStack.serves(object(), Optimizer("Adam", 0.01), "mse")


def test_bfloat16_is_refused_where_it_is_slow(task, monkeypatch):
    monkeypatch.setattr(stack_module, "_multiplies_bfloat16", lambda: False)
    with pytest.raises(ValueError, match="precision bfloat16 needs a GPU or a processor with arithmetic for it"):
        train_until_fit(ARCHITECTURE, task, CASES[0], indices=[0], seed=0, precision="bfloat16", device="cpu")


@pytest.fixture
def bfloat16_anywhere(monkeypatch):
    monkeypatch.setattr(stack_module, "_multiplies_bfloat16", lambda: True)


@pytest.mark.usefixtures("bfloat16_anywhere")
def test_bfloat16_finds_the_same_functions_as_often(task):
    architecture = FullyConnected(depth=1, width=16)
    assert_equal_frequencies(
        train_until_fit(architecture, task, CASES[2], indices=range(300), seed=seed, precision=precision, device="cpu")
        for seed, precision in enumerate(("float32", "bfloat16"))
    )


def test_compiled_convolutions_find_the_same_functions_as_often_as_those_of_torch(monkeypatch):
    samples = []
    for seed in range(2):
        samples.append(
            train_until_fit(
                Convolutional(channels=8, pooling="max"),
                image_task(),
                CASES[2],
                indices=range(200),
                seed=seed,
                device="cpu",
            )
        )
        monkeypatch.setattr(Convolutional, "_convolve_compiled", Convolutional._convolve)
    assert_equal_frequencies(samples)


def assert_equal_frequencies(samples):
    """Two samples of networks, of other seeds, on six test points: right ones fail once in a thousand."""
    counts = []
    for networks in samples:
        assert networks.converged.mean() > 0.99
        counts.append(np.bincount(networks.functions[:, :6] @ (1 << np.arange(6)), minlength=64))
    counts = np.array(counts)
    frequent = counts.sum(0) >= 20
    assert frequent.sum() >= 2
    table = np.column_stack([counts[:, frequent], counts[:, ~frequent].sum(1)])
    assert chi2_contingency(table[:, table.sum(0) > 0]).pvalue > 1e-3


def test_a_stack_that_does_not_fit_is_halved_and_changes_nothing(task, monkeypatch):
    settings = {"indices": range(7), "seed": 0, "device": "cpu"}
    whole = train_until_fit(ARCHITECTURE, task, CASES[0], **settings)
    drawn = ARCHITECTURE.initial_parameters((6,), np.random.default_rng(0))
    room = 3 * stack_module._COPIES * sum(part.nbytes for part in drawn)
    monkeypatch.setattr(stack_module, "_available_memory", lambda: room)
    with pytest.warns(UserWarning, match="a stack of 7 networks does not fit in memory: trying 3"):
        halved = train_until_fit(ARCHITECTURE, task, CASES[0], stack_size=7, **settings)
    for item in fields(Record):
        np.testing.assert_array_equal(getattr(halved, item.name), getattr(whole, item.name))
    monkeypatch.setattr(stack_module, "_available_memory", lambda: 0)
    with pytest.warns(UserWarning), pytest.raises(MemoryError, match="one network needs"):
        train_until_fit(ARCHITECTURE, task, CASES[0], stack_size=7, **settings)


def test_blocks_record_both_moments_and_say_how_far_they_are(task, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sgdbayes.training.campaign._SECONDS", 0)
    options = {"experiment": "e", "key": "k", "code": "c", "known": [], "device": "cpu"}
    plain = train_block(task, SETTINGS, "0-5", **options)
    assert plain["fit_labels"].isna().all()
    assert plain["fit_margin_min"].isna().all()
    said = capsys.readouterr().out
    assert "networks 0 to 4, 5 of them to train" in said
    assert "5 of 5 networks done" in said
    assert "a minute" in said
    with pytest.raises(
        RuntimeError,
        match=r"target_loss 1e-30 within 100 epochs of Adam with learning rate 0.01 \(5 fitted S before, 0 diverged\)",
    ):
        train_block(task, SETTINGS | {"target_loss": 1e-30}, "0-5", **options)
    longer = train_block(task, SETTINGS | {"extra_epochs": 10}, "0-5", **options)
    assert (longer["fit_labels"] == plain["labels"]).all()
    np.testing.assert_allclose(longer["fit_margin_mean"], plain["margin_mean"])
    assert (longer["margin_mean"] > longer["fit_margin_mean"]).all()
    assert unpack(longer["labels"].tolist(), 16).shape == (5, 16)
    at_least = train_block(task, SETTINGS | {"min_epochs": 100}, "0-5", **options)
    assert (at_least["fit_labels"] == plain["labels"]).all()
    assert (at_least["margin_mean"] > longer["margin_mean"]).all()


def test_networks_of_other_code_are_kept_unless_asked_for_anew(task, tmp_path, capsys):
    settings = SETTINGS | {"optimizer": {"kind": "SGD", "learning_rate": 0.1}}
    options = {"experiment": "e", "key": "k", "device": "cpu"}
    first = train_block(task, settings, "0-6", code="old", known=[], **options)
    write_table(tmp_path / "runs.parquet", first, {})
    known = [tmp_path / "none.parquet", tmp_path / "runs.parquet"]
    capsys.readouterr()
    again = train_block(task, settings, "0-8", code="new", known=known, **options)
    said = capsys.readouterr().out
    assert "6 networks that other code trained are kept" in said
    assert "2 of them to train" in said
    assert again["code"].tolist() == ["old"] * 6 + ["new"] * 2
    assert again.head(6).equals(first)
    anew = train_block(task, settings, "0-8", code="new", known=known, keep_other_code=False, **options)
    assert "8 of them to train" in capsys.readouterr().out
    assert anew["code"].unique().tolist() == ["new"]
    none = train_block(task, settings, "0-6", code="new", known=known, **options | {"key": "another"})
    assert "6 of them to train" in capsys.readouterr().out
    assert len(none) == 6


def test_weights_of_inputs_left_out_decay_as_the_optimizer_lets_them(sparse_task):
    handed = {}
    networks = train_until_fit(
        ARCHITECTURE, sparse_task, Optimizer("AdamW", 0.01, {"weight_decay": 0.1}), indices=[3], seed=0, batch_size=8,
        device="cpu", hand_out=lambda index, parameters: handed.update({index: parameters}),
    )  # fmt: skip
    steps = networks.epochs[0] * -(-len(sparse_task.train_labels) // 8)
    drawn = ARCHITECTURE.initial_parameters((12,), np.random.default_rng([0, 3]))[0][4]
    np.testing.assert_allclose(handed[3][0][4], drawn * (1 - 0.01 * 0.1) ** steps, rtol=1e-4)


def test_stacks_are_sized_by_what_a_network_takes(task, monkeypatch):
    sizes = []

    def train(run, stack, _drawn, _progress):
        sizes.append(len(stack))
        return _untrained(len(stack), len(run.task.test_labels))

    monkeypatch.setattr(stack_module._Run, "train", train)
    images = image_task()
    for architecture, data in ((ARCHITECTURE, task), (Convolutional(channels=64), images)):
        monkeypatch.setattr(stack_module, "_CPU_BYTES", 50_000_000)
        train_until_fit(architecture, data, CASES[2], indices=range(200), seed=0, batch_size=24, device="cpu")
    # 1,300 parameters a network, six numbers for each; of images also activations: 24 x 6 x 7 x 64 numbers a layer.
    assert sizes[0] == 200
    assert 2 <= max(sizes[1:]) <= 20


def _untrained(networks, points):
    def record():
        return {"functions": np.zeros((networks, points), bool)} | {
            name: np.zeros(networks) for name in ("training_loss", "margin_min", "margin_mean")
        }

    flags = {name: np.zeros(networks, bool) for name in ("converged", "diverged")}
    return TrainedNetworks(**record(), epochs=np.zeros(networks, int), **flags, at_fit=Record(**record()))


def test_progress_counts_networks_that_need_no_more(task):
    seen = []
    train_until_fit(
        ARCHITECTURE, task, CASES[0], indices=range(5), seed=0, stack_size=2, device="cpu",
        progress=lambda *numbers: seen.append(numbers),
    )  # fmt: skip
    done = [number for number, _, _ in seen]
    assert done == sorted(done)
    assert done[-1] == 5
    assert [epoch for _, _, epoch in seen].count(1) == 3
    # Two stacks of two networks and one of one.
    assert all(number + training in (2, 4, 5) for number, training, _ in seen)


@pytest.mark.parametrize("overtraining", [{}, {"extra_epochs": 3}])
def test_networks_are_kept_as_they_end(task, engine, overtraining):
    kept = []
    options = {"seed": 0, "stack_size": 3, "device": "cpu", "max_epochs": 40, **overtraining}
    networks = train_until_fit(
        ARCHITECTURE, task, CASES[2], indices=[7, 1, 4, 9, 2], keep=lambda *ended: kept.append(ended), **options
    )
    order = [index for indices, _ in kept for index in indices]
    assert sorted(order) == [1, 2, 4, 7, 9]
    assert len(kept) > 2
    assert networks.converged.any()
    rows = np.array([[7, 1, 4, 9, 2].index(index) for index in order])
    for name in ("functions", "epochs", "converged", "diverged", "margin_min", "training_loss"):
        together = np.concatenate([getattr(part, name) for _, part in kept])
        np.testing.assert_array_equal(together, getattr(networks, name)[rows])
    together = np.concatenate([part.at_fit.functions for _, part in kept])
    np.testing.assert_array_equal(together, networks.at_fit.functions[rows])


def test_option_names_leave_out_what_does_not_change_the_algorithm():
    assert OPTIMIZERS["SGD"].options == {"momentum", "dampening", "weight_decay", "nesterov"}
    assert all(kind.options for kind in OPTIMIZERS.values())


@pytest.mark.usefixtures("bfloat16_anywhere")
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_parameters_handed_out_are_those_that_gave_the_labels(sparse_task, engine, precision):
    """Also of an input that is zero in S and E alike, which training does without."""
    handed = {}
    networks = train_until_fit(
        ARCHITECTURE, sparse_task, CASES[2], indices=[5, 2, 9], seed=0, device="cpu", extra_epochs=3,
        precision=precision, hand_out=lambda index, parameters: handed.update({index: parameters}),
    )  # fmt: skip
    assert set(handed) == {5, 2, 9}
    plain = train_until_fit(
        ARCHITECTURE,
        sparse_task,
        CASES[2],
        indices=[5, 2, 9],
        seed=0,
        device="cpu",
        extra_epochs=3,
        precision=precision,
    )
    np.testing.assert_array_equal(networks.functions, plain.functions)
    for row, index in enumerate([5, 2, 9]):
        drawn = ARCHITECTURE.initial_parameters((12,), np.random.default_rng([0, index]))
        assert [part.shape for part in handed[index]] == [part.shape for part in drawn]
        np.testing.assert_array_equal(handed[index][0][4], drawn[0][4])
        assert (handed[index][0][3] != drawn[0][3]).any()
        parameters = [torch.from_numpy(part[None]) for part in handed[index]]
        if precision == "float32":
            x, y = (torch.from_numpy(part) for part in (sparse_task.train_inputs, sparse_task.train_labels))
            margins = ARCHITECTURE.outputs(parameters, x[None])[0] * y
            assert margins.mean() == pytest.approx(networks.margin_mean[row], rel=1e-5)
            on_test = ARCHITECTURE.outputs(parameters, torch.from_numpy(sparse_task.test_inputs)[None])[0]
            np.testing.assert_array_equal(on_test.numpy() > 0, networks.functions[row])


def test_networks_that_do_not_end_hand_out_nothing(task):
    handed = []
    train_until_fit(
        ARCHITECTURE, task, CASES[0], indices=range(2), seed=0, max_epochs=1, device="cpu",
        hand_out=lambda index, parameters: handed.append(index),
    )  # fmt: skip
    assert not handed


def test_a_killed_block_goes_on_from_the_networks_that_had_ended(task, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sgdbayes.training.campaign._SECONDS", 0)
    options = {"experiment": "e", "key": "k", "code": "c", "known": [], "device": "cpu", "stack_size": 2}
    undisturbed, reports = train_block(task, SETTINGS, "0-6", **options), []
    unfinished = tmp_path / "0-6.unfinished.parquet"

    def killed(**state):
        reports.append(state)
        if state["done"] >= 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_block(task, SETTINGS, "0-6", unfinished=unfinished, report=killed, **options)
    assert reports[-1]["missing"] == 6
    assert reports[-1]["seconds_left"] > 0
    capsys.readouterr()
    again = train_block(task, SETTINGS, "0-6", unfinished=unfinished, **options)
    assert f"{6 - reports[-1]['done']} of them to train" in capsys.readouterr().out
    pd.testing.assert_frame_equal(again, undisturbed)
    # What other code trained does not stand in the way of it.
    write_table(tmp_path / "runs.parquet", undisturbed.assign(code="old", epochs=99), {})
    known = [tmp_path / "runs.parquet"]
    again = train_block(task, SETTINGS, "0-6", unfinished=unfinished, **options | {"known": known})
    assert "0 of them to train" in capsys.readouterr().out
    pd.testing.assert_frame_equal(again, undisturbed)
    # Killed in the middle of writing it down: all are trained.
    unfinished.write_bytes(unfinished.read_bytes()[:-9])
    again = train_block(task, SETTINGS, "0-6", unfinished=unfinished, **options)
    assert "6 of them to train" in capsys.readouterr().out
    pd.testing.assert_frame_equal(again, undisturbed)
