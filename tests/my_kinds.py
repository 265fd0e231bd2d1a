"""A plug-in with one kind of each sort, as docs/extending.md describes them."""

from dataclasses import dataclass

import numpy as np
import torch

from sgdbayes.architectures import FullyConnected, register_architecture
from sgdbayes.datasets import Inputs, LabelledData, register_dataset
from sgdbayes.posterior import Gaussian, register_posterior
from sgdbayes.training import register_optimizer


def load_stripes(_folder, *, noise: float = 0.1):
    """400 images of 6 x 6 pixels, striped along or across, in two strengths."""
    rng = np.random.default_rng(0)
    classes = np.arange(400) % 4
    stripe = (np.arange(6) % 2)[:, None] * np.ones(6)
    images = np.array([(stripe if kind < 2 else stripe.T) * (0.4 + 0.4 * (kind % 2)) for kind in classes])
    images += noise * rng.uniform(size=images.shape)
    return LabelledData(images.astype(np.float32), classes)


@dataclass(frozen=True)
class Shallow(FullyConnected):
    """One hidden layer, whatever ``depth`` says."""

    depth: int = 1
    width: int = 24


class Sgd(torch.optim.SGD):
    """Plain gradient descent under a name of its own."""


def fit_prior(kernel, labels, *, scale: float = 1.0):
    """A posterior that has learnt nothing."""
    rest = kernel[len(labels) :, len(labels) :]
    return Gaussian(np.zeros(len(rest)), scale * rest), {}


register_dataset("stripes", load_stripes, size=400, classes=(0, 1, 2, 3), inputs=lambda noise: Inputs((6, 6)))
register_architecture("Shallow", Shallow)
register_optimizer("Sgd", Sgd)
register_posterior("prior", fit_prior, label="prior", color="#444444", marker="*", sampler="drawing from the prior")
