"""The distribution on E that a file of arrays holds."""

from collections.abc import Mapping

import numpy as np

from sgdbayes.posterior.gaussian import Gaussian
from sgdbayes.posterior.mixture import GaussianMixture

__all__ = ["stored_posterior"]


def stored_posterior(arrays: Mapping[str, np.ndarray]) -> Gaussian | GaussianMixture:
    """The one whose fields ``arrays`` are. Raises TypeError if neither has such fields."""
    kind = GaussianMixture if "means" in arrays else Gaussian
    return kind(**arrays)
