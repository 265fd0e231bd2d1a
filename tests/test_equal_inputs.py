"""Equal inputs: once in S, where zero training error is asked for, and none on E."""

from dataclasses import replace

import numpy as np
import pytest

from sgdbayes.architectures import FullyConnected
from sgdbayes.datasets.task import Task
from sgdbayes.posterior.equal_inputs import check_test_inputs, on_distinct_inputs
from sgdbayes.posterior.kinds import POSTERIORS


@pytest.fixture
def task():
    rng = np.random.default_rng(0)
    inputs, labels = rng.normal(size=(12, 4)).astype(np.float32), np.array([1, -1] * 6)
    return Task(inputs[:8], labels[:8], inputs[8:], labels[8:], np.arange(8), np.arange(8, 12))


def kernels_of(task):
    everything = np.concatenate([task.train_inputs, task.test_inputs])
    network = FullyConnected(widths=[8, 8])
    return network.kernel(everything), network.tangent_kernel(everything)


def twice(task):
    """The same with two of its examples once more in S."""
    again = {name: np.concatenate([getattr(task, name), getattr(task, name)[[1, 4]]])
             for name in ("train_inputs", "train_labels", "train_indices")}  # fmt: skip
    return replace(task, **again)


def test_equal_inputs_of_s_are_one(task):
    more = twice(task)
    labels, *kernels = on_distinct_inputs(more, *kernels_of(more))
    assert (labels == task.train_labels).all()
    for found, expected in zip(kernels, kernels_of(task), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
    # Nothing is copied where there are none.
    (kernel, _) = kernels_of(task)
    assert on_distinct_inputs(task, kernel)[1] is kernel


def test_a_script_takes_the_first_examples_with_their_equals(task):
    part = twice(task).head(2, train_size=5)
    assert part.train_inputs.shape == (5, 4) and part.test_labels.shape == (2,)
    assert part.train_indices.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("copied", "said"), [("test", "example 10 is equal to example 8, another recorded test point"),
                                              ("train", "example 10 is equal to example 3, S")])  # fmt: skip
@pytest.mark.parametrize("posterior", ["mse", "ep", "zero_one", "ntk"])
def test_equal_test_points_are_named(task, posterior, copied, said):
    inputs = task.test_inputs.copy()
    inputs[2] = task.test_inputs[0] if copied == "test" else task.train_inputs[3]
    check_test_inputs(task)
    kind, equal = POSTERIORS[posterior], replace(task, test_inputs=inputs)
    with pytest.raises(ValueError, match=f"{said}: functions have no probability density on both, so take another"):
        kind.fitted(equal, None, kernels_of(equal)[: len(kind.needs)], {})
