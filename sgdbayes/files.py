"""Files that are whole or absent: Parquet, CSV, NumPy and text files, each with a provenance file that holds its
SHA-256.

``table.parquet`` goes with ``table.parquet.json``. A file that does not match its checksum is refused by name; nothing
is unpickled.
"""

import csv
import glob
import hashlib
import io
import json
import os
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil
from pandas.api.types import infer_dtype

__all__ = [
    "DamagedFileError",
    "DamagedResultError",
    "identified",
    "provenance_path",
    "read_arrays",
    "read_checksum",
    "read_provenance",
    "read_results",
    "read_table",
    "read_tables",
    "write_arrays",
    "write_bytes",
    "write_table",
]


class DamagedFileError(OSError):
    """A file that is truncated, altered or lacks its provenance."""


class DamagedResultError(DamagedFileError):
    """The same of a result, which can be made again: ``path`` and ``what`` is wrong with it."""

    def __init__(self, path: str | Path, what: str) -> None:
        super().__init__(f"{path} {what}; delete it and run again")
        self.path, self.what = Path(path), what


def provenance_path(path: str | Path) -> Path:
    """Where the provenance of ``path`` stands."""
    return Path(f"{path}.json")


def write_bytes(path: str | Path, content: bytes, provenance: Mapping[str, Any] | None = None) -> None:
    """Write ``content``, and its provenance if given, so that the path holds all of it or what it held before."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _replace(path, content)
    if provenance is not None:
        record = {"sha256": hashlib.sha256(content).hexdigest(), **provenance}
        _replace(provenance_path(path), (json.dumps(record, indent=1, default=str) + "\n").encode())


def _replace(path: Path, content: bytes) -> None:
    mine = f"{platform.node()}-"
    partial = path.with_name(f".{path.name}.{mine}{os.getpid()}.partial")
    # Of a process of this machine that was killed in the middle: one that is still at it writes the same.
    for left in path.parent.glob(f".{glob.escape(path.name)}.{glob.escape(mine)}*.partial"):
        number = left.name.removesuffix(".partial").rpartition("-")[2]
        if number.isdigit() and not psutil.pid_exists(int(number)):
            left.unlink(missing_ok=True)
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def read_provenance(path: str | Path) -> dict[str, Any]:
    """The provenance of ``path``, empty if there is none that can be read."""
    try:
        record = json.loads(provenance_path(path).read_bytes())
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def read_checksum(path: str | Path) -> str:
    """The SHA-256 in the provenance of ``path``. Raises DamagedResultError if there is none."""
    record = read_provenance(path)
    if "sha256" not in record:
        raise DamagedResultError(path, f"lacks a readable {provenance_path(path).name}")
    return record["sha256"]


def _read_bytes(path: Path) -> bytes:
    content = path.read_bytes()
    expected = read_checksum(path)
    if hashlib.sha256(content).hexdigest() != expected:
        raise DamagedResultError(path, "is damaged: it does not match its checksum")
    return content


def write_table(path: str | Path, table: pd.DataFrame, provenance: Mapping[str, Any]) -> None:
    """Write ``table`` as Parquet or, if the path ends so, as CSV with empty cells for missing values: its provenance
    says which columns are ``text``.
    """
    buffer = io.BytesIO()
    if Path(path).suffix == ".csv":
        kinds = {name: infer_dtype(column, skipna=True) for name, column in table.items()}
        text = [name for name, kind in kinds.items() if kind == "string"]
        # Which ends a line for readers, and is no reason to quote for the writer.
        returns = any(table[name].str.contains("\r").any() for name in text)
        quoting = csv.QUOTE_NONNUMERIC if returns else csv.QUOTE_MINIMAL
        table.to_csv(buffer, index=False, lineterminator="\n", quoting=quoting)
        provenance = {"text": text, **provenance}
    else:
        table.to_parquet(buffer, index=False, compression="zstd")
    write_bytes(path, buffer.getvalue(), provenance)


def read_table(path: str | Path, *, filters: list[tuple] | None = None) -> pd.DataFrame:
    """A table that a run of the workflow wrote; others are for pandas. Of a Parquet file only the rows that pass
    ``filters``, as pyarrow writes them.

    Raises DamagedFileError if it has changed since, or lacks the .json that stands beside such tables.

    >>> claims = sb.read_table("results/desk/claims.csv")
    """
    path = Path(path)
    buffer = io.BytesIO(_read_bytes(path))
    if path.suffix != ".csv":
        return pd.read_parquet(buffer, filters=filters)
    # NA is a country, 7 a seed, and both are names of experiments: only an empty cell is missing.
    text = dict.fromkeys(read_provenance(path).get("text", []), str)
    return pd.read_csv(buffer, dtype=text, keep_default_na=False, na_values=[""])


def read_results(folder: str | Path) -> dict[str, pd.DataFrame]:
    """The tables that a run of the workflow wrote to ``folder``, as "results/desk", by name: "studies", "comparison",
    "claims", ... (docs/tables.md); those of single experiments are left to `read_table`.

    Raises ValueError if the folder has none, DamagedFileError if one has changed since.

    >>> gaps = sb.read_results("results/desk")["studies"][["study", "posterior", "gap", "gap_low", "gap_high"]]
    """
    paths = [path for path in sorted(Path(folder).glob("*.csv")) if provenance_path(path).exists()]
    if not paths:
        raise ValueError(f"there are no tables of a run (*.csv) in {folder}: name a folder such as results/desk")
    return {path.stem: read_table(path) for path in paths}


def identified(table: pd.DataFrame, **identity: Any) -> pd.DataFrame:  # noqa: ANN401
    """``table`` with columns in front that say what its rows are about."""
    return pd.concat([pd.DataFrame(identity, index=table.index), table], axis=1)


def read_tables(paths: Iterable[str | Path], *by: str) -> dict[Any, pd.DataFrame]:
    """The rows of the tables at ``paths`` by what the columns ``by`` say they are about, without these: a tuple, of one
    column its value. The ``attrs`` of each have its ``path``.
    """
    found = {}
    for path in paths:
        for about, rows in read_table(path).groupby(list(by), sort=False):
            part = rows.drop(columns=list(by)).reset_index(drop=True)
            part.attrs["path"] = str(path)
            found[about if len(by) > 1 else about[0]] = part
    return found


def write_arrays(path: str | Path, arrays: Mapping[str, np.ndarray], provenance: Mapping[str, Any]) -> None:
    """Write named arrays as .npz."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    write_bytes(path, buffer.getvalue(), provenance)


def read_arrays(path: str | Path) -> dict[str, np.ndarray]:
    """Read arrays that `write_arrays` wrote. Raises DamagedFileError if the file has changed since."""
    with np.load(io.BytesIO(_read_bytes(Path(path))), allow_pickle=False) as archive:
        return dict(archive)
