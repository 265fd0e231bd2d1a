"""Labellings, their packing and their frequency tables."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from sgdbayes.functions import (
    as_bits,
    as_strings,
    favourites,
    frequency_table,
    most_frequent,
    pack,
    tabulate_functions,
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


def test_functions_asked_about_but_not_found_are_kept_apart():
    known = pd.DataFrame({"function": ["101", "001", "111"], "log_p": [-1.0, -2.0, -3.0], "log_p_se": [0.0, 0.1, 0.2]})
    table = tabulate_functions(FUNCTIONS, LABELS, {"mse": known}, asked_found=9, favoured={"111", "101"})
    assert table["function"].tolist() == ["101", "001", "111"]
    assert table["count"].tolist() == [3, 1, 0]
    assert table["frequency"].iloc[2] == table["frequency_low"].iloc[2] == 0
    assert table["frequency_high"].iloc[2] > 0
    assert table["log_p_mse_se"].tolist() == [0.0, 0.1, 0.2]
    with pytest.raises(ValueError, match="posterior mse lacks the probability"):
        tabulate_functions(FUNCTIONS, LABELS, {"mse": known[:1]}, asked_found=2)
    # Found once, and nobody asked.
    table = tabulate_functions(FUNCTIONS, LABELS, {"mse": known[:1]}, asked_found=1)
    assert table["log_p_mse"].isna().tolist() == [False, True]


def test_most_frequent_functions_are_those_found_most_and_first():
    functions = np.array([[1, 1], [1, 0], [1, 0], [0, 0], [0, 1]], dtype=bool)
    assert [most_frequent(functions, number) for number in (1, 2, 3, 9)] == [
        {"10"},
        {"10", "11"},
        {"10", "11", "00"},
        {"10", "11", "00", "01"},
    ]


def test_a_probability_that_too_few_draws_carry_stays_missing_and_says_why():
    known = pd.DataFrame(
        {"function": ["101", "001"], "log_p": [-1.0, np.nan], "log_p_se": [0.0, np.nan], "draws": [900.0, 3.0]}
    )
    table = tabulate_functions(FUNCTIONS, LABELS, {"zero_one": known}, asked_found=2)
    assert table["log_p_zero_one"].isna().tolist() == [False, True]
    assert table["draws_zero_one"].tolist() == [900.0, 3.0]


def test_favourites_are_the_most_frequent_of_each_table():
    draws = frequency_table(FUNCTIONS, LABELS).assign(domain_size=3)
    assert favourites([draws], 3, 1) == {"101"}
    assert favourites([draws], 4, 1) == set()


def test_bad_input():
    with pytest.raises(ValueError, match="functions must be a non-empty bool array"):
        frequency_table(np.zeros((2, 3)), LABELS)
    with pytest.raises(ValueError, match="test_labels must be -1 or"):
        frequency_table(FUNCTIONS, np.array([1, 0, 1]))
