"""The four gzipped IDX files of MNIST and of its look-alikes: found or downloaded, checked, read.

All bytes are checked against the SHA-256 of the decompressed files.
"""

import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sgdbayes.datasets._files import download, places
from sgdbayes.datasets._images import prepare_images
from sgdbayes.datasets.task import LabelledData
from sgdbayes.files import DamagedFileError, write_bytes

__all__ = ["IdxFiles", "idx_at_hand", "load_idx"]


@dataclass(frozen=True)
class IdxFiles:
    """A data set of 28x28 images in the files of MNIST.

    ``subfolder`` of the data folder holds the archives, ``raw`` the decompressed files, named as torchvision does;
    ``address`` gives that of the archives; ``installed`` is one more place for them; ``sha256`` is that of each
    decompressed file.
    """

    subfolder: str
    raw: str
    address: Callable[[], str]
    sha256: Mapping[str, str]
    installed: tuple[Path, ...] = ()


def load_idx(files: IdxFiles, folder: Path, *, standardize: Sequence[float], pool: int) -> LabelledData:
    """Inputs (N, 28, 28) in [0, 1], as `prepare_images` prepares them, and classes, those of the training files first.

    Raises DamagedFileError naming a file that is not the known one, ConnectionError if a download is needed and fails.
    """
    contents = {name: _content(name, files, folder) for name in files.sha256}
    pixels, classes = (
        np.concatenate([_array(contents[f"{part}-{kind}-ubyte"], dimensions) for part in ("train", "t10k")])
        for kind, dimensions in (("images-idx3", 3), ("labels-idx1", 1))
    )
    inputs = pixels.astype(np.float32)
    inputs /= 255
    return LabelledData(prepare_images(inputs, standardize=standardize, pool=pool), classes.astype(int))


def idx_at_hand(files: IdxFiles, folder: Path) -> bool:
    """Whether `load_idx` need not download."""
    folders = (*places(files.subfolder, folder), *files.installed)
    return all(
        any(path.is_file() for path in (*_unpacked(name, files, folder), *(place / f"{name}.gz" for place in folders)))
        for name in files.sha256
    )


def _unpacked(name: str, files: IdxFiles, folder: Path) -> Iterator[Path]:
    """Where the file may be unpacked: where this and torchvision keep it, or beside archives."""
    yield from (place / "raw" / name for place in places(files.raw, folder))
    yield from (place / name for place in (*places(files.subfolder, folder), *files.installed))


def _array(content: bytes, dimensions: int) -> np.ndarray:
    # Checked already, by SHA-256: four bytes of type and number of dimensions, then their sizes.
    sizes = np.frombuffer(content, ">u4", dimensions, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(sizes)


def _content(name: str, files: IdxFiles, folder: Path) -> bytes:
    """The decompressed file, which is the known one."""
    path = folder / files.raw / "raw" / name
    for unpacked in filter(Path.is_file, _unpacked(name, files, folder)):
        content = unpacked.read_bytes()
        if hashlib.sha256(content).hexdigest() == files.sha256[name]:
            return content
        if unpacked == path:
            raise DamagedFileError(f"{path} is damaged: delete it and run again")
    folders = (*places(files.subfolder, folder), *files.installed)
    archive = next((each / f"{name}.gz" for each in folders if (each / f"{name}.gz").exists()), None)
    if archive is None:
        archive = download(
            f"{files.address()}{name}.gz",
            folder / files.subfolder / f"{name}.gz",
            looked_in=folders,
            check=lambda archive: _decompressed(archive, files.sha256[name]),
            advice="put the four files there, as .gz or unpacked, or set SGDBAYES_DATA to a folder "
            f"whose subfolder {files.subfolder} holds them",
        )
    content = _decompressed(archive, files.sha256[name])
    # It saves unpacking; where nothing can be written there is nothing to save.
    with suppress(OSError):
        write_bytes(path, content)
    return content


def _decompressed(archive: Path, sha256: str) -> bytes:
    try:
        content = gzip.decompress(archive.read_bytes())
    except (EOFError, OSError, zlib.error) as error:
        raise DamagedFileError(
            f"{archive} is damaged ({error}): put a whole copy in its place, or delete it"
        ) from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise DamagedFileError(
            f"{archive} does not hold the known {archive.stem}: put a whole copy in its place, or delete it"
        )
    return content
