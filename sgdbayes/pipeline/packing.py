"""The tables of a run in an archive for each study: what a repository keeps, a few dozen files for thousands.

``snakemake ... -- pack`` writes them to packed/. A run in a folder that has these and no single tables, as a clone has,
unpacks them first. They hold no times: the same tables are the same archive, of one version of liblzma.
"""

import io
import lzma
import shutil
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from sgdbayes.files import DamagedFileError, write_bytes

__all__ = ["pack", "unpack"]

# Arrays are left out: they are large, and tables that stand are read without them. Their provenance is kept.
_KEPT = ("*.parquet", "*.csv", "*.json")
_PLACES = ("models", "experiments", "ep-against-exact")
_WAITING = ".unpacking"
_EPOCH = (1980, 1, 1, 0, 0, 0)


def pack(results: Path, contents: Mapping[str, Iterable[str]]) -> None:
    """Write the tables in each list of folders of ``results`` to the archive of that name; other archives go."""
    packed = results / "packed"
    for name, folders in contents.items():
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for path in sorted(path for folder in folders for kept in _KEPT for path in (results / folder).glob(kept)):
                entry = zipfile.ZipInfo(path.relative_to(results).as_posix(), _EPOCH)
                archive.writestr(entry, path.read_bytes(), compress_type=zipfile.ZIP_LZMA)
        write_bytes(packed / f"{name}.zip", buffer.getvalue())
    for path in packed.glob("*.zip"):
        if path.stem not in contents:
            path.unlink()


def unpack(results: Path) -> int:
    """Unpack the archives of ``results`` if there are no single tables; how many files that were.

    Raises DamagedFileError for an archive that is damaged or holds what no run packs.
    """
    archives = sorted((results / "packed").glob("*.zip"))
    begun = (results / _WAITING).exists()
    if not archives or (not begun and any((results / place).exists() for place in _PLACES)):
        return 0
    files: dict[Path, bytes] = {}
    for path in archives:
        try:
            with zipfile.ZipFile(path) as archive:
                files |= {_place(name): archive.read(name) for name in archive.namelist()}
        except (zipfile.BadZipFile, RuntimeError, ValueError, OSError, EOFError, lzma.LZMAError, zlib.error) as error:
            raise DamagedFileError(f"{path} is damaged ({error}); fetch it again, or delete packed/") from error
    if not files:
        raise DamagedFileError(f"{results / 'packed'} holds archives without tables: fetch them again, or delete it")
    # Killed before all are in their places, the next run starts anew. What a crash of the machine leaves is damaged,
    # and its checksum says so: to wait for the disk after each of a thousand files takes half a minute.
    for path, content in files.items():
        waiting = results / _WAITING / path
        waiting.parent.mkdir(parents=True, exist_ok=True)
        waiting.write_bytes(content)
    for place in (results / _WAITING).iterdir():
        if (results / place.name).exists():
            shutil.rmtree(place)
        else:
            place.rename(results / place.name)
    (results / _WAITING).rmdir()
    return len(files)


def _place(name: str) -> Path:
    parts = PurePosixPath(name).parts
    if len(parts) < 2 or parts[0] not in _PLACES or ".." in parts or "\\" in name or ":" in name:
        raise ValueError(f"{name!r:.100} is no table of a run")
    return Path(*parts)
