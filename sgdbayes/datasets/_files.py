"""Files of data sets: where they may be, and downloads that are checked before they take their place."""

import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from sgdbayes.files import DamagedFileError

__all__ = ["download", "installed", "places"]


def places(name: str, folder: Path) -> list[Path]:
    """Where the files of a data set are looked for: ``$SGDBAYES_DATA/<name>``, ``folder/<name>``."""
    given = os.environ.get("SGDBAYES_DATA")
    return [*([Path(given).expanduser() / name] if given else []), folder / name]


def installed(_folder: Path) -> bool:
    """Whether data that come with an installed package are at hand."""
    return True


def download(url: str, path: Path, *, looked_in: Iterable[Path], check: Callable[[Path], object], advice: str) -> Path:
    """Download ``url`` to ``path``, there only once ``check`` of the downloaded file has raised nothing.

    Raises, ending in ``advice``, ConnectionError if it cannot be downloaded, which names the folders ``looked_in``, and
    DamagedFileError if it is another file.
    """
    # Not torchvision's download, which turns to plain http where https fails.
    from torch.hub import download_url_to_file

    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".download-") as partial:
        try:
            download_url_to_file(url, str(Path(partial) / path.name), progress=False)
        except (OSError, RuntimeError) as error:
            looked = ", ".join(f"{place}{'' if place.is_dir() else ' (no such folder)'}" for place in looked_in)
            raise ConnectionError(
                f"{path.name} is not in {looked} and could not be downloaded from {url} ({error}): {advice}"
            ) from error
        try:
            check(Path(partial) / path.name)
        except DamagedFileError as error:
            raise DamagedFileError(f"what came from {url} is not the known file: run again, or {advice}") from error
        return (Path(partial) / path.name).replace(path)
