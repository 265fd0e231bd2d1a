"""The distribution on E that a file of arrays holds."""

from collections.abc import Mapping

import numpy as np

from sgdbayes.posterior.empirical import EmpiricalPosterior
from sgdbayes.posterior.gaussian import Gaussian
from sgdbayes.posterior.mixture import GaussianMixture

__all__ = ["Posterior", "stored_posterior"]

Posterior = Gaussian | GaussianMixture | EmpiricalPosterior


def stored_posterior(arrays: Mapping[str, np.ndarray]) -> Posterior:
    """The one whose fields ``arrays`` are. Raises TypeError if none has such fields."""
    kind = EmpiricalPosterior if "functions" in arrays else GaussianMixture if "means" in arrays else Gaussian
    return kind(**arrays)
