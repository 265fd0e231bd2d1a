"""IMDb: reviews from a tarball or a folder, each text once, in words of S alone; damaged and hostile archives."""

import io
import math
import os
import re
import tarfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from sgdbayes.datasets import DATASETS, imdb, load_task
from sgdbayes.files import DamagedFileError

SETTINGS = {"dataset": "imdb", "positive_classes": [1], "train_size": 12, "recorded_test_size": 8, "seed": 0}
FOLDERS = ("train/neg", "train/pos", "test/neg", "test/pos")
LEXICON = ["dull", "awful", "fine", "superb", "film", "Film", "plot", "it's", "été", "1", "<br /><br />", "zoo"]


def made_up_reviews() -> dict[str, bytes]:
    """Six reviews a folder by their path, 22 distinct ones: one is in both splits, one twice in train/pos."""
    rng = np.random.default_rng(0)
    reviews = {}
    for folder in FOLDERS:
        for number in range(6):
            words = rng.choice(LEXICON, rng.integers(3, 12), p=np.arange(12, 0, -1) / 78)
            # The first word is the review's own.
            text = " ".join([f"{folder[:3]}{folder[-3:]}{number}", *words])
            reviews[f"aclImdb/{folder}/{number}_{8 if folder.endswith('pos') else 2}.txt"] = text.encode()
    reviews["aclImdb/test/neg/5_2.txt"] = reviews["aclImdb/train/neg/0_2.txt"]
    reviews["aclImdb/train/pos/3_8.txt"] = reviews["aclImdb/train/pos/2_8.txt"]
    return reviews


def write_tarball(path: Path, reviews: dict[str, bytes], *extra: tarfile.TarInfo) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        for member in extra:
            archive.addfile(member)
        # As in the original, what has no label and lists of addresses are there too.
        for name, content in {**reviews, "aclImdb/train/unsup/0_0.txt": b"no label", "aclImdb/README": b""}.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def write_folder(folder: Path, reviews: dict[str, bytes]) -> None:
    for name, content in reviews.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


@pytest.fixture
def reviews(monkeypatch) -> dict[str, bytes]:
    """Made-up reviews as the known ones."""
    reviews = made_up_reviews()
    names = [f"aclImdb/{folder}/{n}_{8 if folder.endswith('pos') else 2}.txt" for folder in FOLDERS for n in range(6)]
    monkeypatch.setattr(imdb, "_PER_FOLDER", 6)
    monkeypatch.setattr(imdb, "_SHA256", imdb._digest({name: reviews[name].decode() for name in names}))
    monkeypatch.delenv("SGDBAYES_DATA", raising=False)
    return reviews


@pytest.fixture
def folder(tmp_path, reviews) -> Path:
    write_tarball(tmp_path / "imdb" / "aclImdb_labelled.tar.gz", reviews)
    return tmp_path


def distinct(reviews: dict[str, bytes]) -> list[str]:
    """Texts in the order of their indices, from their definition: split, class, number."""
    return list(dict.fromkeys(reviews[name].decode() for name in reviews))


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower().replace("<br />", " "))


def texts_of(task, reviews) -> tuple[list[str], list[str]]:
    texts = distinct(reviews)
    return [texts[i] for i in task.train_indices], [texts[i] for i in task.test_indices]


def test_each_text_is_there_once_with_its_class(folder, reviews):
    data = imdb.load_imdb(folder)
    texts = distinct(reviews)
    assert len(data.classes) == len(texts) == 22
    of = {content.decode(): int("/pos/" in name) for name, content in reviews.items()}
    assert data.classes.tolist() == [of[text] for text in texts]
    assert [len(row) for row in data.inputs] == [len(words(text)) for text in texts]


@pytest.mark.parametrize("name", ["aclImdb_v1.tar.gz", "aclImdb"])
def test_tarball_and_folder_are_the_same_data(folder, reviews, tmp_path, monkeypatch, name):
    expected = imdb.load_imdb(folder)
    given = tmp_path / "given"
    if name == "aclImdb":
        write_folder(given / "imdb", reviews)
        (given / "imdb" / "aclImdb" / "train" / "pos" / ".DS_Store").write_bytes(b"\xff")
    else:
        write_tarball(given / "imdb" / name, dict(sorted(reviews.items(), reverse=True)))
    monkeypatch.setenv("SGDBAYES_DATA", str(given))
    data = imdb.load_imdb(tmp_path / "elsewhere")
    assert (data.classes == expected.classes).all()
    assert all((row == other).all() for row, other in zip(data.inputs, expected.inputs, strict=True))
    assert [path.name for path in (tmp_path / "elsewhere").rglob("*.txt")] == [], "something was unpacked"


def test_a_text_with_both_classes_is_left_out():
    texts = {
        "aclImdb/train/neg/0_1.txt": "same",
        "aclImdb/train/pos/0_9.txt": "other",
        "aclImdb/test/pos/0_9.txt": "same",
    }
    assert imdb._distinct(texts) == {"other": 1}


def test_no_text_is_in_both_parts_of_a_task(folder, reviews):
    for seed in range(20):
        train, test = texts_of(load_task(**SETTINGS | {"seed": seed}, folder=folder), reviews)
        assert (len(set(train)), len(set(test))) == (12, 8)
        assert not set(train) & set(test)


def numbering(train: list[str], known: int) -> dict[str, int]:
    counts = Counter(word for text in train for word in words(text))
    return {word: i for i, word in enumerate(sorted(counts, key=lambda word: (-counts[word], word))[:known])}


# The larger vocabulary ends among words that are in S once.
@pytest.mark.parametrize(("vocabulary", "length"), [(9, 4), (20, 50)])
def test_sequences_are_numbers_of_known_words_padded_and_cut_in_front(folder, reviews, vocabulary, length):
    options = {"form": "sequences", "vocabulary": vocabulary, "length": length}
    task = load_task(**SETTINGS, options=options, folder=folder)
    parts = texts_of(task, reviews)
    number = {word: i + 2 for word, i in numbering(parts[0], vocabulary - 2).items()}
    for inputs, texts in zip((task.train_inputs, task.test_inputs), parts, strict=True):
        expected = [[number.get(word, 1) for word in words(text)][-length:] for text in texts]
        expected = [[0] * (length - len(row)) + row for row in expected]
        assert inputs.dtype == np.float32
        assert inputs.tolist() == expected
    assert task.train_inputs.max() == vocabulary - 1


def test_tfidf_is_its_formula(folder, reviews):
    task = load_task(**SETTINGS, options={"form": "tfidf", "vocabulary": 9}, folder=folder)
    parts = texts_of(task, reviews)
    column = numbering(parts[0], 9)
    holding = Counter(word for text in parts[0] for word in set(words(text)))
    for inputs, texts in zip((task.train_inputs, task.test_inputs), parts, strict=True):
        expected = np.zeros((len(texts), 9))
        for row, text in enumerate(texts):
            for word, count in Counter(words(text)).items():
                if word in column:
                    expected[row, column[word]] = count * (math.log((1 + len(parts[0])) / (1 + holding[word])) + 1)
        expected /= np.sqrt((expected**2).sum(1, keepdims=True))
        assert inputs.dtype == np.float32
        np.testing.assert_allclose(inputs, expected, rtol=1e-5)
    # The same from scikit-learn's own reading of the texts.
    vectorizer = TfidfVectorizer(
        token_pattern=r"\w+", vocabulary=column, preprocessor=lambda text: " ".join(words(text))
    )
    vectorizer.fit(parts[0])
    np.testing.assert_allclose(task.test_inputs, vectorizer.transform(parts[1]).toarray(), rtol=1e-5)


def rows(*codes: list[int]) -> np.ndarray:
    """Reviews as `load_imdb` gives them."""
    return np.fromiter(map(np.array, codes), object, len(codes))


@pytest.mark.parametrize("form", ["sequences", "tfidf"])
def test_the_encoding_depends_on_the_training_set_alone(form):
    train = rows([0, 0, 1], [1, 2, 3, 2])
    options = {"form": form, "vocabulary": 4, "length": 3}
    # Among the test points words of S are frequent that are rare in it, and words that are not in it.
    alone, among_others = (
        imdb.encode_reviews(train, test, **options) for test in (rows([0, 7]), rows([0, 7], [3] * 9, [0, *[9] * 9]))
    )
    assert (alone[0] == among_others[0]).all()
    assert (alone[1][0] == among_others[1][0]).all()


def test_the_prepared_reviews_are_used_and_guarded(folder):
    first = imdb.load_imdb(folder)
    (folder / "imdb" / "aclImdb_labelled.tar.gz").unlink()
    assert (imdb.load_imdb(folder).inputs[3] == first.inputs[3]).all()
    prepared = folder / "imdb" / "reviews.npz"
    content = bytearray(prepared.read_bytes())
    content[len(content) // 2] ^= 1
    prepared.write_bytes(content)
    with pytest.raises(DamagedFileError, match=r"reviews.npz is damaged: .* delete it and run again"):
        imdb.load_imdb(folder)


def test_reviews_prepared_in_another_way_are_prepared_again(folder, monkeypatch):
    imdb.load_imdb(folder)
    monkeypatch.setattr(imdb, "_WORD", re.compile(r"[a-z]+"))
    assert max(row.max() for row in imdb.load_imdb(folder).inputs) < 20
    monkeypatch.undo()


def hostile(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


@pytest.mark.parametrize(
    "member",
    [
        hostile("aclImdb/../../evil.txt"),
        hostile("/etc/evil.txt"),
        hostile("aclImdb/train/pos/9_9.txt", tarfile.SYMTYPE, "/etc/passwd"),
        hostile("aclImdb/train/pos/9_9.txt", tarfile.LNKTYPE, "aclImdb/README"),
        hostile("aclImdb/train/pos/9_9.txt", tarfile.CHRTYPE),
        hostile("aclImdb/train/pos/9_9.txt", tarfile.FIFOTYPE),
    ],
    ids=["parent", "absolute", "symbolic link", "hard link", "device", "pipe"],
)
def test_hostile_archives_are_refused(tmp_path, reviews, member):
    write_tarball(tmp_path / "imdb" / "aclImdb_v1.tar.gz", reviews, member)
    with pytest.raises(
        DamagedFileError, match=f"aclImdb_v1.tar.gz: its member {member.name} is outside of it, a link or"
    ):
        imdb.load_imdb(tmp_path)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["aclImdb_v1.tar.gz"]


NAME = "aclImdb/test/pos/4_8.txt"
WRONG = {
    "not UTF-8": (lambda reviews: reviews | {NAME: b"caf\xe9"}, rf"{NAME} is not UTF-8 \(.*0xe9"),
    "empty": (lambda reviews: reviews | {NAME: b" \n"}, f"{NAME} is empty"),
    "changed": (lambda reviews: reviews | {NAME: b"good"}, "its reviews are not the known ones"),
    "one missing": (
        lambda reviews: {name: text for name, text in reviews.items() if name != NAME},
        "aclImdb/test/pos holds 5 reviews, not the 6 known ones",
    ),
    "folder missing": (
        lambda reviews: {name: text for name, text in reviews.items() if "test/pos" not in name},
        "aclImdb/test/pos is missing or empty, not the 6",
    ),
}


@pytest.mark.parametrize("source", ["aclImdb_v1.tar.gz", "aclImdb"])
@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_reviews_are_named(tmp_path, reviews, source, wrong):
    change, message = WRONG[wrong]
    if source == "aclImdb":
        write_folder(tmp_path / "imdb", change(reviews))
    else:
        write_tarball(tmp_path / "imdb" / source, change(reviews))
    with pytest.raises(DamagedFileError, match=f"{source}: .*{message}.*whole copy") as error:
        imdb.load_imdb(tmp_path)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "imdb" / "reviews.npz").exists()


@pytest.mark.parametrize("damage", ["truncated", "flipped", "not gzip", "empty"])
def test_a_damaged_tarball_is_named(folder, damage):
    path = folder / "imdb" / "aclImdb_labelled.tar.gz"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    changed = {"truncated": path.read_bytes()[:-200], "flipped": content, "not gzip": b"<html>404</html>", "empty": b""}
    path.write_bytes(changed[damage])
    with pytest.raises(DamagedFileError, match=r"aclImdb_labelled.tar.gz.*whole copy"):
        imdb.load_imdb(folder)


def test_a_download_that_is_not_the_known_file_takes_no_place(tmp_path, reviews, monkeypatch):
    def send(_url, path, **_options):
        write_tarball(Path(path), reviews)

    monkeypatch.setattr("torch.hub.download_url_to_file", send)
    with pytest.raises(DamagedFileError, match=r"what came from https://.*aclImdb_v1.tar.gz is not the known file"):
        imdb.load_imdb(tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"form": "bag"}, "form must be sequences or tfidf, got bag"),
        ({"vocabulary": 2}, "vocabulary must be at least 3 for sequences, got 2"),
        ({"form": "tfidf", "vocabulary": 0}, "vocabulary must be at least 1 for tfidf, got 0"),
        ({"length": 0}, "length must be at least 1, got 0"),
    ],
)
def test_impossible_options_are_refused_before_anything_is_read(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        load_task(**SETTINGS, options=options, folder=tmp_path)


def test_a_review_without_a_known_word_has_no_tfidf():
    reviews = rows([0, 0], [1])
    with pytest.raises(ValueError, match="1 of 2 reviews have none of the 1 words known: enlarge the vocabulary"):
        imdb.encode_reviews(reviews, reviews[:1], form="tfidf", vocabulary=1)


@pytest.mark.skipif(not os.environ.get("SGDBAYES_DATA"), reason="SGDBAYES_DATA does not name a folder with real IMDb")
@pytest.mark.slow
def test_imdb_for_real(tmp_path):
    source = imdb._source(tmp_path)
    texts = imdb._read(source)
    assert len(texts) == 50_000
    by_split = {split: {text for name, text in texts.items() if f"/{split}/" in name} for split in ("train", "test")}
    assert len(by_split["train"] & by_split["test"]) == 123
    reviews = imdb._distinct(texts)
    assert len(reviews) == len(set(texts.values())) == DATASETS["imdb"].size
    assert Counter(reviews.values()) == {0: 24_698, 1: 24_884}
