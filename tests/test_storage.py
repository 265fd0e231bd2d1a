"""Files are whole or absent, and damage is named."""

import hashlib
import json
import os
import platform
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from sgdbayes.files import (
    DamagedFileError,
    provenance_path,
    read_arrays,
    read_checksum,
    read_table,
    write_arrays,
    write_bytes,
    write_table,
)

TABLE = pd.DataFrame({"experiment": ["a", "b"], "labels": [b"\x01\xff", b"\x00\x10"], "loss": [0.5, np.nan]})


def test_tables_and_arrays_come_back_as_they_were(tmp_path):
    write_table(tmp_path / "t.parquet", TABLE, {"seed": 3})
    pd.testing.assert_frame_equal(read_table(tmp_path / "t.parquet"), TABLE)
    assert len(read_table(tmp_path / "t.parquet", filters=[("experiment", "==", "b")])) == 1
    assert json.loads(provenance_path(tmp_path / "t.parquet").read_text())["seed"] == 3
    write_arrays(tmp_path / "a.npz", {"x": np.arange(3), "y": np.eye(2)}, {})
    arrays = read_arrays(tmp_path / "a.npz")
    assert sorted(arrays) == ["x", "y"]
    assert (arrays["y"] == np.eye(2)).all()


def test_missing_numbers_are_empty_cells_in_csv(tmp_path):
    write_table(tmp_path / "t.csv", TABLE[["experiment", "loss"]], {})
    assert (tmp_path / "t.csv").read_text() == "experiment,loss\na,0.5\nb,\n"


@pytest.mark.parametrize("damage", ["flip", "truncate", "no provenance", "provenance of another"])
def test_damage_is_named(tmp_path, damage):
    path = tmp_path / "t.parquet"
    write_table(path, TABLE, {})
    content = bytearray(path.read_bytes())
    if damage == "flip":
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    elif damage == "truncate":
        path.write_bytes(content[:-7])
    elif damage == "no provenance":
        provenance_path(path).unlink()
    else:
        provenance_path(path).write_text("[]")
    with pytest.raises(DamagedFileError, match=r"t\.parquet.*delete"):
        read_table(path)


def test_a_failed_write_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "t.txt"
    write_bytes(path, b"before", {})
    checksum = read_checksum(path)
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError("No space left on device")))
    with pytest.raises(OSError, match="No space left"):
        write_bytes(path, b"after", {})
    assert path.read_bytes() == b"before"
    assert read_checksum(path) == checksum
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["t.txt", "t.txt.json"]


def killed_write(path, moment: str) -> None:
    """Write "after" in a process that is killed when it calls ``moment``."""
    kill = f"import json, os, pathlib, signal; {moment} = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL); "
    write = f"from sgdbayes.files import write_bytes; write_bytes({str(path)!r}, b'after', {{}})"
    assert subprocess.run([sys.executable, "-c", kill + write], check=False).returncode == -signal.SIGKILL


def test_a_write_killed_between_a_file_and_its_checksum_is_seen(tmp_path):
    path = tmp_path / "t.csv"
    write_table(path, pd.DataFrame({"a": [1]}), {})
    killed_write(path, "json.dumps")
    assert path.read_bytes() == b"after"
    with pytest.raises(DamagedFileError, match=r"t\.csv is damaged"):
        read_table(path)


@pytest.mark.parametrize("moment", ["os.fsync", "pathlib.Path.replace"])
def test_a_killed_write_leaves_what_was_there(tmp_path, moment):
    path = tmp_path / "t.txt"
    write_bytes(path, b"before", {})
    killed_write(path, moment)
    assert path.read_bytes() == b"before"
    assert len(list(tmp_path.iterdir())) == 3
    write_bytes(path, b"after", {})
    assert read_checksum(path) == hashlib.sha256(b"after").hexdigest()
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["t.txt", "t.txt.json"]


def test_nothing_is_unpickled(tmp_path):
    with pytest.raises(ValueError, match="allow_pickle=False"):
        write_arrays(tmp_path / "a.npz", {"x": np.array([object()])}, {})


def test_two_processes_may_write_the_same_file_at_once(tmp_path):
    path = tmp_path / "a.bin"
    node = platform.node()
    alive, dead = (tmp_path / f".a.bin.{node}-{number}.partial" for number in (os.getppid(), 2**22 + 1))
    for partial in (alive, dead):
        partial.write_bytes(b"half")
    write_bytes(path, b"whole")
    assert path.read_bytes() == b"whole"
    assert alive.exists()
    assert not dead.exists()


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_text_is_read_as_it_was_written(tmp_path, suffix):
    """Names of experiments, among them those that look like something else."""
    names = ["NA", "nan", "None", "null", "7", "1e-1", "True", "2024-01-01", "007", "a, b", 'a "b"', " a ", "ä", "é\n"]
    table = pd.DataFrame(
        {
            "experiment": names,
            "seed": [str(seed) for seed in range(len(names))],
            "some": [None, *names[1:]],
            "whole": range(len(names)),
            "real": [np.nan, np.inf, *np.linspace(0, 1, len(names) - 2)],
            "right": [True, False] * (len(names) // 2),
        }
    )
    path = tmp_path / f"table.{suffix}"
    write_table(path, table, {})
    pd.testing.assert_frame_equal(read_table(path).astype(object), table.astype(object), check_index_type=False)
