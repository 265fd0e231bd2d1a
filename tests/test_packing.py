"""Archives of tables: the same content gives the same bytes, a clone gets all files back, foreign ones are refused."""

import shutil
import zipfile

import pytest

from sgdbayes.files import DamagedFileError
from sgdbayes.pipeline.packing import pack, unpack

CONTENTS = {"first": ["experiments/a-0", "experiments/a-1", "models/t/fcn"], "second": ["experiments/b"]}


@pytest.fixture
def results(tmp_path):
    for folder in ("experiments/a-0", "experiments/a-1", "experiments/b", "models/t/fcn", "models/t/other"):
        (tmp_path / folder).mkdir(parents=True)
        for name in ("runs.parquet", "runs.parquet.json", "table.csv", "kernel.npz", "kernel.npz.json"):
            (tmp_path / folder / name).write_bytes(f"{folder}/{name}".encode())
    (tmp_path / "experiments/a-0/blocks").mkdir()
    (tmp_path / "experiments/a-0/blocks/0-10.parquet").write_bytes(b"block")
    return tmp_path


def test_what_was_packed_comes_back_as_it_was(results, tmp_path_factory):
    pack(results, CONTENTS)
    clone = tmp_path_factory.mktemp("clone")
    (results / "packed").rename(clone / "packed")
    assert unpack(clone) == 4 * 4
    found = {str(path.relative_to(clone)) for path in clone.rglob("*") if path.is_file() and path.suffix != ".zip"}
    names = ("runs.parquet", "runs.parquet.json", "table.csv", "kernel.npz.json")
    assert found == {f"{folder}/{name}" for folders in CONTENTS.values() for folder in folders for name in names}
    assert all((clone / name).read_bytes() == (results / name).read_bytes() for name in found)


def test_the_same_tables_are_the_same_archives_and_old_ones_go(results):
    pack(results, {**CONTENTS, "old": ["experiments/b"]})
    before = {path.name: path.read_bytes() for path in (results / "packed").iterdir()}
    (results / "experiments/b/table.csv").touch()
    pack(results, CONTENTS)
    assert {path.name: path.read_bytes() for path in (results / "packed").iterdir()} == {
        name: content for name, content in before.items() if name != "old.zip"
    }


def test_single_tables_that_are_there_stay_as_they_are(results):
    pack(results, CONTENTS)
    (results / "experiments/b/table.csv").write_bytes(b"newer")
    assert unpack(results) == 0
    assert (results / "experiments/b/table.csv").read_bytes() == b"newer"


def test_unpacking_that_was_killed_starts_anew(results, tmp_path_factory):
    pack(results, CONTENTS)
    clone = tmp_path_factory.mktemp("clone")
    (results / "packed").rename(clone / "packed")
    (clone / ".unpacking/experiments/a-0").mkdir(parents=True)
    (clone / ".unpacking/experiments/a-0/runs.parquet").write_bytes(b"half")
    assert unpack(clone) == 16
    assert (clone / "experiments/a-0/runs.parquet").read_bytes() == b"experiments/a-0/runs.parquet"
    assert not (clone / ".unpacking").exists()
    # Also where the kill came between two folders.
    (clone / ".unpacking").mkdir()
    (clone / "models").rename(clone / ".unpacking/models")
    assert unpack(clone) == 16
    assert {path.name for path in clone.iterdir()} == {"packed", "models", "experiments"}


@pytest.mark.parametrize("name", ["../outside", "/tmp/outside", "experiments/../../outside", "experiments", "other/x",
                                  "experiments\\..\\outside", "c:/experiments/x"])  # fmt: skip
def test_an_archive_that_no_run_packed_is_refused(tmp_path, name):
    (tmp_path / "packed").mkdir()
    with zipfile.ZipFile(tmp_path / "packed/study.zip", "w") as archive:
        archive.writestr(name, b"content")
    with pytest.raises(DamagedFileError, match=r"study.zip is damaged .*is no table of a run"):
        unpack(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["packed"]


def test_archives_without_tables_are_named(tmp_path):
    (tmp_path / "packed").mkdir()
    zipfile.ZipFile(tmp_path / "packed/study.zip", "w").close()
    with pytest.raises(DamagedFileError, match="packed holds archives without tables"):
        unpack(tmp_path)


def test_any_byte_may_be_damaged(results):
    """What is not noticed here, the checksums of tables tell."""
    pack(results, CONTENTS)
    for place in ("experiments", "models"):
        (results / place).rename(results / f"former-{place}")
    path = results / "packed/first.zip"
    content = path.read_bytes()
    for place in range(0, len(content), 7):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])
        try:
            unpack(results)
        except DamagedFileError:
            continue
        for folder in ("experiments", "models"):
            shutil.rmtree(results / folder, ignore_errors=True)


@pytest.mark.parametrize("damage", [lambda content: content[:100], lambda content: content.replace(b"a-0/table.csv",
                                    b"a-0/tabel.csv", 1), lambda content: b"", lambda content: b"text"])  # fmt: skip
def test_a_damaged_archive_is_named(results, damage):
    pack(results, CONTENTS)
    for place in ("experiments", "models"):
        (results / place).rename(results / f"former-{place}")
    path = results / "packed/first.zip"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DamagedFileError, match=r"first\.zip is damaged"):
        unpack(results)
