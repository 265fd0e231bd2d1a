"""Large Movie Review Dataset (Maas et al., "Learning word vectors for sentiment analysis", ACL 2011): IMDb reviews,
negative (class 0) or positive (class 1).

Of the 50,000 labelled reviews each distinct text is kept once, 49,582: S and the test points are drawn from all of
them, and no text is in both. A text is a series of words, in lower case; the vocabulary is that of S alone.
"""

import hashlib
import re
import tarfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import product
from pathlib import Path

import numpy as np

from sgdbayes.datasets._files import download, places
from sgdbayes.datasets.task import Inputs, LabelledData
from sgdbayes.files import DamagedFileError, read_arrays, write_arrays
from sgdbayes.hashes import settings_hash

__all__ = ["check_imdb", "encode_reviews", "inputs_of_imdb", "load_imdb"]

_URL = "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz"
_MD5 = "7c2ac02c03563afcf9b574c7e56c153a"
# The second is the first without what has no label.
_SOURCES = ("aclImdb_v1.tar.gz", "aclImdb_labelled.tar.gz", "aclImdb")
_REVIEW = re.compile(r"aclImdb/(train|test)/(neg|pos)/(\d+)_\d+\.txt")
_PER_FOLDER = 12_500
_SHA256 = "3cbe8ce5c05e939174902d6ed4840b0cccf3977217d4bc5f0e0e19db0e9e4330"
_WORD = re.compile(r"\w+")
_PREPARATION = 1  # to be raised with a change in how reviews become words
_ADVICE = "put a whole copy in its place"
_FORMS = ("sequences", "tfidf")
_PADDING, _UNKNOWN = 0, 1


def load_imdb(folder: Path) -> LabelledData:
    """The distinct reviews as an object array (49582,) of arrays of word codes, training folder first.

    They are read from ``aclImdb_v1.tar.gz``, ``aclImdb_labelled.tar.gz`` or the folder ``aclImdb`` in
    ``$SGDBAYES_DATA/imdb`` or ``folder/imdb``; if there is none the first is downloaded to the latter.
    ``folder/imdb/reviews.npz`` keeps them as codes. A text found with both classes would be left out: neither is right.
    Raises DamagedFileError naming the file that is not the known one, ConnectionError if a download is needed and
    fails.
    """
    prepared, key = folder / "imdb" / "reviews.npz", settings_hash(_SHA256, _WORD.pattern, _PREPARATION)
    arrays = read_arrays(prepared) if prepared.exists() else {}
    if arrays.get("key") != key:
        arrays = _in_words(_distinct(_read(_source(folder)))) | {"key": np.array(key)}
        # It saves time; where nothing can be written there is none to save.
        with suppress(OSError):
            write_arrays(prepared, arrays, {"reviews": len(arrays["classes"])})
    rows = np.split(arrays["codes"], arrays["lengths"].cumsum()[:-1])
    return LabelledData(np.fromiter(rows, object, len(rows)), arrays["classes"].astype(int))


def inputs_of_imdb(*, form: str, vocabulary: int, length: int) -> Inputs:
    """What an encoded review is."""
    return Inputs((length,), words=vocabulary) if form == "sequences" else Inputs((vocabulary,))


def check_imdb(*, form: str, vocabulary: int, length: int) -> None:
    """Raises ValueError for an unknown form, a vocabulary without words or a length of 0."""
    if form not in _FORMS:
        raise ValueError(f"form must be {' or '.join(_FORMS)}, got {form}")
    least = {"sequences": _UNKNOWN + 2, "tfidf": 1}[form]
    if vocabulary < least:
        raise ValueError(f"vocabulary must be at least {least} for {form}, got {vocabulary}")
    if length < 1:
        raise ValueError(f"length must be at least 1, got {length}")


def encode_reviews(
    train: np.ndarray, test: np.ndarray, *, form: str = "sequences", vocabulary: int = 2_000, length: int = 100
) -> tuple[np.ndarray, np.ndarray]:
    """Inputs float32 of S and of the test points, from arrays of word codes; the words known are the most frequent
    ones of S, of equally frequent ones the first in the alphabet.

    ``sequences``: word numbers (N, length) in 0 ... vocabulary - 1, 1 for a word not known; of a long review the last
    words, a short one with zeros in front, so that the last state of a recurrent network is that after the last word.
    ``tfidf``: (N, vocabulary), the rows of length 1: word counts times ln((1 + |S|) / (1 + reviews of S with the
    word)) + 1. ``length`` is that of sequences only. Raises ValueError as ``check_imdb`` does, and where no word of a
    review is known under ``tfidf``.
    """
    check_imdb(form=form, vocabulary=vocabulary, length=length)
    counts = np.bincount(np.concatenate(train), minlength=1 + max(row.max(initial=0) for row in (*train, *test)))
    by_frequency = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)]
    if form == "tfidf":
        return _tfidf(train, test, by_frequency[:vocabulary], vocabulary)
    known = by_frequency[: vocabulary - _UNKNOWN - 1]
    numbers = np.full(len(counts), _UNKNOWN)
    numbers[known] = np.arange(len(known)) + _UNKNOWN + 1
    return _sequences(train, numbers, length), _sequences(test, numbers, length)


def _sequences(rows: np.ndarray, numbers: np.ndarray, length: int) -> np.ndarray:
    inputs = np.full((len(rows), length), _PADDING, dtype=np.float32)
    for row, codes in enumerate(rows):
        last = codes[-length:]
        inputs[row, length - len(last) :] = numbers[last]
    return inputs


def _tfidf(train: np.ndarray, test: np.ndarray, known: np.ndarray, columns: int) -> tuple[np.ndarray, np.ndarray]:
    from scipy.sparse import coo_array
    from sklearn.feature_extraction.text import TfidfTransformer

    def counted(rows: np.ndarray) -> coo_array:
        codes = np.concatenate(rows)
        row = np.repeat(np.arange(len(rows)), [len(codes) for codes in rows])
        place = np.full(1 + max(codes.max(initial=0), known.max()), -1)
        place[known] = np.arange(len(known))
        found = place[codes] >= 0
        row, column = row[found], place[codes[found]]
        if len(missing := np.setdiff1d(np.arange(len(rows)), row)):
            raise ValueError(
                f"{len(missing)} of {len(rows)} reviews have none of the {len(known)} words known: "
                "enlarge the vocabulary"
            )
        return coo_array((np.ones(len(row), np.float32), (row, column)), shape=(len(rows), columns)).tocsr()

    of_train = counted(train)
    transform = TfidfTransformer().fit(of_train).transform
    return transform(of_train).toarray(), transform(counted(test)).toarray()


def _in_words(reviews: dict[str, int]) -> dict[str, np.ndarray]:
    """Reviews with their classes as codes of words, all in one array, their lengths and classes; codes are in the order
    of the alphabet.
    """
    first_seen: defaultdict[str, int] = defaultdict()
    first_seen.default_factory = first_seen.__len__
    rows = [
        np.fromiter(map(first_seen.__getitem__, _WORD.findall(text.lower().replace("<br />", " "))), np.int32)
        for text in reviews
    ]
    words = list(first_seen)
    code = np.empty(len(words), dtype=np.int32)
    code[sorted(range(len(words)), key=words.__getitem__)] = np.arange(len(words))
    return {
        "codes": code[np.concatenate(rows)],
        "lengths": np.array([len(row) for row in rows], dtype=np.int32),
        "classes": np.array(list(reviews.values()), dtype=np.int8),
    }


def _distinct(reviews: dict[str, str]) -> dict[str, int]:
    """Each distinct text with its class, those of the training folder first; without texts that have both."""
    classes: defaultdict[str, set[int]] = defaultdict(set)
    for name, text in reviews.items():
        classes[text].add(int(_place(name)[1] == "pos"))
    return {text: found.pop() for text, found in classes.items() if len(found) == 1}


def _source(folder: Path) -> Path:
    candidates = [place / name for place in places("imdb", folder) for name in _SOURCES]
    found = next((candidate for candidate in candidates if candidate.exists()), None)
    return found or download(
        _URL,
        folder / "imdb" / _SOURCES[0],
        looked_in=places("imdb", folder),
        check=_check_download,
        advice="put it there, or set SGDBAYES_DATA to a folder whose subfolder imdb holds it",
    )


def _check_download(archive: Path) -> None:
    with archive.open("rb") as file:
        if hashlib.file_digest(file, "md5").hexdigest() != _MD5:
            raise DamagedFileError(f"{archive} has another MD5 than {_MD5}")


def _read(source: Path) -> dict[str, str]:
    """Reviews by their path, training folder first, negative ones first, by number. Raises DamagedFileError."""
    texts: dict[str, str] = {}
    for name, content in _files(source) if source.is_dir() else _members(source):
        try:
            texts[name] = content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise DamagedFileError(f"{source}: {name} is not UTF-8 ({error}): {_ADVICE}") from error
        if not texts[name].strip():
            raise DamagedFileError(f"{source}: {name} is empty: {_ADVICE}")
    found = Counter(name.rsplit("/", 1)[0] for name in texts)
    for split, kind in product(("train", "test"), ("neg", "pos")):
        number = found[f"aclImdb/{split}/{kind}"]
        if number != _PER_FOLDER:
            raise DamagedFileError(
                f"{source}: aclImdb/{split}/{kind} {f'holds {number} reviews' if number else 'is missing or empty'}, "
                f"not the {_PER_FOLDER} known ones: {_ADVICE}"
            )
    texts = {name: texts[name] for name in sorted(texts, key=_place)}
    if _digest(texts) != _SHA256:
        raise DamagedFileError(f"{source}: its reviews are not the known ones, some have been changed: {_ADVICE}")
    return texts


def _place(name: str) -> tuple[bool, str, int]:
    split, kind, number = _REVIEW.findall(name)[0]
    return split == "test", kind, int(number)


def _digest(texts: dict[str, str]) -> str:
    """SHA-256 over names and contents."""
    whole = hashlib.sha256()
    for name, text in texts.items():
        whole.update(f"{name} {hashlib.sha256(text.encode()).hexdigest()}\n".encode())
    return whole.hexdigest()


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in folder.glob("t*/*/*.txt"):
        name = f"aclImdb/{path.relative_to(folder).as_posix()}"
        if _REVIEW.fullmatch(name):
            yield name, path.read_bytes()


def _members(tarball: Path) -> Iterable[tuple[str, bytes]]:
    """Reviews in the tarball, in a stream: nothing is unpacked to disk. Stricter than tarfile's data filter, which lets
    links within the archive pass.
    """
    try:
        with tarfile.open(tarball, "r|gz") as archive:
            for member in archive:
                name = member.name.removeprefix("./")
                if name.startswith("/") or ".." in name.split("/") or not (member.isfile() or member.isdir()):
                    raise DamagedFileError(
                        f"{tarball}: its member {member.name} is outside of it, a link or a device, "
                        f"which no review is: {_ADVICE}"
                    )
                if _REVIEW.fullmatch(name) and (file := archive.extractfile(member)):
                    yield name, file.read()
    except DamagedFileError:
        raise
    except (EOFError, OSError, tarfile.TarError, zlib.error) as error:
        raise DamagedFileError(f"{tarball} is damaged ({error}): {_ADVICE}") from error
