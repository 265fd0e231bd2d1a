"""Labellings, their packing, their domains and their frequency tables."""

import numpy as np
import pytest
from scipy.stats import binomtest

from sgdbayes.functions import (
    Domain,
    as_bits,
    as_codes,
    as_strings,
    disjoint_domains,
    frequency_table,
    pack,
    unpack,
)
from sgdbayes.statistics import wilson_interval

FUNCTIONS = np.array([[1, 0, 1], [1, 0, 1], [0, 0, 1], [1, 0, 1]], dtype=bool)
LABELS = np.array([1, -1, -1])


def test_packing_and_strings_are_lossless():
    functions = np.random.default_rng(0).random((7, 19)) < 0.5
    assert (unpack(pack(functions), 19) == functions).all()
    assert (unpack(pack(functions), 5) == functions[:, :5]).all()
    assert (as_bits(as_strings(functions)) == functions).all()
    assert as_strings(FUNCTIONS).tolist() == ["101", "101", "001", "101"]
    with pytest.raises(ValueError, match="30 labels were asked for, but only 24"):
        unpack(pack(functions), 30)


def test_frequency_table():
    table = frequency_table(FUNCTIONS, LABELS)
    assert table["function"].tolist() == ["101", "001"]
    assert table["count"].tolist() == [3, 1]
    assert table["frequency"].tolist() == [0.75, 0.25]
    assert table["test_errors"].tolist() == [1, 2]


@pytest.mark.parametrize("count", [0, 1, 7, 50])
def test_wilson_interval_is_scipys(count):
    expected = binomtest(count, 50).proportion_ci(method="wilson")
    low, high = wilson_interval(np.array([count]), 50)
    assert low[0] == pytest.approx(expected.low, abs=1e-12)
    assert high[0] == pytest.approx(expected.high, abs=1e-12)


def test_codes_tell_functions_apart():
    functions = np.random.default_rng(1).random((500, 9)) < 0.5
    codes = as_codes(functions)
    assert codes.shape == (500,)
    _, first, counts = np.unique(codes, return_index=True, return_counts=True)
    expected = dict(zip(*np.unique(as_strings(functions), return_counts=True), strict=True))
    assert dict(zip(as_strings(functions[first]), counts, strict=True)) == expected


def test_domains_are_pieces_one_after_the_other():
    domains = disjoint_domains(103, [20, 50, 103], 4)
    assert [(each.size, each.number) for each in domains] == [
        *((20, number) for number in range(4)), (50, 0), (50, 1), (103, 0),
    ]  # fmt: skip
    assert Domain(20, 3).points == slice(60, 80)
    assert Domain(20, 3).names == {"domain_size": 20, "domain": 3}
    # None of a size shares a point with another.
    for size in (20, 50):
        points = np.concatenate([np.arange(103)[each.points] for each in domains if each.size == size])
        assert len(set(points)) == len(points)
    for size in (0, 104):
        with pytest.raises(ValueError, match=f"103 test points hold no domain of {size}"):
            disjoint_domains(103, [20, size], 4)


def test_bad_input():
    with pytest.raises(ValueError, match=r"functions must be bool or -1 and \+1, got \[0\.0\]"):
        frequency_table(np.zeros((2, 3)), LABELS)
    with pytest.raises(ValueError, match="test_labels must be bool or -1 and"):
        frequency_table(FUNCTIONS, np.array([1, 0, 1]))
