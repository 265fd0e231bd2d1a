"""The time that training can still take is an upper bound, on time."""

import numpy as np
import pytest

from sgdbayes.training.time_left import TimeLeft

EPOCHS = {
    "alike": lambda rng, number: rng.integers(10, 20, number),
    "scattered": lambda rng, number: np.minimum(5 + rng.geometric(0.05, number), 300),
    "some never": lambda rng, number: np.where(rng.random(number) < 0.1, 300, rng.integers(5, 40, number)),
}


def followed(needed: np.ndarray, *, stack: int, last: int) -> list[tuple[float, float | None]]:
    """The seconds that are left and the bound said, after each epoch of networks that take a second an epoch each."""
    clock, total, done = [0.0], float(needed.sum()), 0
    time_left, said = TimeLeft(len(needed), last, clock=lambda: clock[0]), []
    for start in range(0, len(needed), stack):
        epochs = needed[start : start + stack]
        for epoch in range(1, epochs.max() + 1):
            clock[0] += (epochs >= epoch).sum()
            time_left(done + (epochs <= epoch).sum(), (epochs > epoch).sum(), epoch)
            said.append((total - clock[0], time_left.seconds))
        done += len(epochs)
    return said


@pytest.mark.parametrize("needed", EPOCHS.values(), ids=EPOCHS)
@pytest.mark.parametrize("stack", [50, 400])
def test_what_is_said_is_seldom_exceeded_and_falls_to_nothing(needed, stack):
    said = followed(needed(np.random.default_rng(0), 400), stack=stack, last=300)
    known = [(left, bound) for left, bound in said if bound is not None]
    assert len(known) >= len(said) - 30
    assert np.mean([bound >= left for left, bound in known]) > 0.9
    assert known[-1] == (0, 0)


def test_once_some_networks_have_ended_it_is_not_the_last_epoch_that_counts():
    said = followed(EPOCHS["alike"](np.random.default_rng(0), 400), stack=50, last=300)
    later = np.array(said[30:-20], dtype=float)
    assert np.median(later[:, 1] / later[:, 0]) < 3
