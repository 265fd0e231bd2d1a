"""Margins of the exact 0-1 posterior against closed forms, and those of networks before and after overtraining."""

import numpy as np
import pandas as pd
import pytest

from sgdbayes.analysis.margins import posterior_margins
from sgdbayes.analysis.runs import relative_margins
from sgdbayes.figures.margins import draw_margins
from sgdbayes.posterior import zero_one_chains


def test_margins_of_independent_outputs_are_half_normal():
    sigma, labels, number = np.array([0.5, 1.0, 2.0]), np.array([1, -1, 1]), 20_000
    table = posterior_margins(np.diag(np.append(sigma**2, 1.0)), labels, number, seed=0)
    assert (table["margin_min"] > 0).all()
    expected = sigma.mean() * np.sqrt(2 / np.pi)
    assert abs(table["margin_mean"].mean() - expected) < 4 * table["margin_mean"].std() / np.sqrt(number)
    # P(min > m) is the product of the tails.
    margin = np.median(table["margin_min"])
    normal = np.random.default_rng(1).standard_normal((200_000, 3))
    assert abs((np.abs(sigma * normal).min(1) > margin).mean() - 0.5) < 4 * 0.5 / np.sqrt(number)


def test_networks_are_compared_when_they_first_fit():
    runs = pd.DataFrame({
        "converged": [True, True, False], "margin_min": [1.0, 2.0, np.nan], "margin_mean": [2.0, 8.0, np.nan],
        "fit_margin_min": np.nan, "fit_margin_mean": np.nan,
    })  # fmt: skip
    first, last = relative_margins(runs)
    np.testing.assert_array_equal(first, [0.5, 0.25])
    assert last is None
    overtrained = runs.assign(fit_margin_min=[0.1, 0.2, np.nan], fit_margin_mean=1.0)
    first, last = relative_margins(overtrained)
    np.testing.assert_array_equal(first, [0.1, 0.2])
    np.testing.assert_array_equal(last, [0.5, 0.25])
    draws = pd.DataFrame({"margin_min": [0.1, 0.1], "margin_mean": [1.0, 1.0]})
    figure = draw_margins({"a": runs, "b": overtrained}, {"a": draws, "b": draws})
    figure.draw_without_rendering()
    places = [float(bars[0].get_xdata()[0]) for bars in figure.axes[0].containers]
    np.testing.assert_allclose(places, [0.375, 0.1, 0.15, 0.375, 0.1])


def test_chains_that_disagree_give_no_margins(monkeypatch):
    arguments = np.eye(40), np.ones(40, dtype=int), 400
    assert len(posterior_margins(*arguments, seed=0)) == 400

    def one_elsewhere(*given, **options):
        chains = zero_one_chains(*given, **options)
        chains.draws[0] *= 1.5
        return chains

    monkeypatch.setattr("sgdbayes.analysis.margins.zero_one_chains", one_elsewhere)
    with pytest.raises(RuntimeError, match=r"disagree .*more draws"):
        posterior_margins(*arguments, seed=0)
