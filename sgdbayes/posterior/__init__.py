"""Posteriors over functions and the probabilities they give them."""

from sgdbayes.posterior.by_name import POSTERIORS
from sgdbayes.posterior.empirical import EmpiricalPosterior
from sgdbayes.posterior.ep import ExpectationPropagation, expectation_propagation
from sgdbayes.posterior.evidence import EvidencePath, zero_one_evidence
from sgdbayes.posterior.gaussian import Gaussian
from sgdbayes.posterior.mixture import GaussianMixture
from sgdbayes.posterior.ntk import ntk_ensemble
from sgdbayes.posterior.orthant import log_orthant_probability
from sgdbayes.posterior.regression import regression_posterior
from sgdbayes.posterior.rejection import RejectionSample, sample_by_rejection
from sgdbayes.posterior.splitting import SplittingSample, sample_by_splitting
from sgdbayes.posterior.zero_one import ZeroOneChains, sample_zero_one, zero_one_chains, zero_one_predictive

__all__ = [
    "POSTERIORS",
    "EmpiricalPosterior",
    "EvidencePath",
    "ExpectationPropagation",
    "Gaussian",
    "GaussianMixture",
    "RejectionSample",
    "SplittingSample",
    "ZeroOneChains",
    "expectation_propagation",
    "log_orthant_probability",
    "ntk_ensemble",
    "regression_posterior",
    "sample_by_rejection",
    "sample_by_splitting",
    "sample_zero_one",
    "zero_one_chains",
    "zero_one_evidence",
    "zero_one_predictive",
]
