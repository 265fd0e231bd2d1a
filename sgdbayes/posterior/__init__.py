"""Posteriors over functions and the probabilities they give them."""

from sgdbayes.posterior.by_name import POSTERIORS
from sgdbayes.posterior.ep import ExpectationPropagation, expectation_propagation
from sgdbayes.posterior.gaussian import Gaussian
from sgdbayes.posterior.orthant import log_orthant_probability
from sgdbayes.posterior.regression import regression_posterior
from sgdbayes.posterior.zero_one import ZeroOneChains, sample_zero_one, zero_one_chains

__all__ = [
    "POSTERIORS",
    "ExpectationPropagation",
    "Gaussian",
    "ZeroOneChains",
    "expectation_propagation",
    "log_orthant_probability",
    "regression_posterior",
    "sample_zero_one",
    "zero_one_chains",
]
