"""Fashion-MNIST (Xiao, Rasul and Vollgraf, arXiv:1708.07747, 2017): 70,000 images of clothes in ten classes.

Pixels are scaled to [0, 1], then prepared as a task asks for.
"""

from collections.abc import Sequence
from pathlib import Path

from sgdbayes.datasets._idx import IdxFiles, idx_at_hand, load_idx
from sgdbayes.datasets.task import LabelledData

__all__ = ["fashion_mnist_at_hand", "load_fashion_mnist"]

_FILES = IdxFiles(
    subfolder="fashion-mnist",
    raw="FashionMNIST",
    # The authors' own: torchvision knows a mirror without https alone.
    address=lambda: "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    # Of the Debian package dataset-fashion-mnist.
    installed=(Path("/usr/share/datasets/fashion-mnist"),),
    sha256={
        "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    },
)


def load_fashion_mnist(folder: Path, *, standardize: Sequence[float] = (), pool: int = 1) -> LabelledData:
    """All 70,000 images, the 60,000 of the training set first. Options as of `prepare_images`.

    Files, gzipped or not, are looked for in ``$SGDBAYES_DATA/fashion-mnist``, ``folder/fashion-mnist`` and where
    Debian installs them and, if they are in none, downloaded to the second; ``folder/FashionMNIST/raw`` keeps them
    decompressed. Raises DamagedFileError naming a file that is not the known one, ConnectionError if a download is
    needed and fails.
    """
    return load_idx(_FILES, folder, standardize=standardize, pool=pool)


def fashion_mnist_at_hand(folder: Path) -> bool:
    """Whether `load_fashion_mnist` need not download."""
    return idx_at_hand(_FILES, folder)
