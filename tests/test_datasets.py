"""Data sets of images, the tasks drawn from them, and damaged or missing files."""

import dataclasses
import email.message
import gzip
import hashlib
import io
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from sgdbayes.datasets import DATASETS, LabelledData, Task, draw_task, fashion_mnist, load_task, mnist
from sgdbayes.datasets._images import image_inputs, prepare_images
from sgdbayes.datasets.task import first_equal
from sgdbayes.figures.style import describe_task
from sgdbayes.files import DamagedFileError
from sgdbayes.registry import resolve

SETTINGS = {"positive_classes": (5, 6, 7, 8, 9), "train_size": 60, "recorded_test_size": 40, "seed": 1}
REAL_DATA = pytest.mark.skipif(
    not os.environ.get("SGDBAYES_DATA"), reason="SGDBAYES_DATA does not name a folder with the real data"
)


def make_idx(folder: Path) -> dict[str, str]:
    """The four files of MNIST in their format with 30 + 20 made-up images, and their checksums."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    known = {}
    for part, number in (("train", 30), ("t10k", 20)):
        header = [(0x803, number, 28, 28), (0x801, number)]
        body = [rng.integers(0, 256, (number, 28, 28)), rng.integers(0, 10, number)]
        for kind, numbers, values in zip(("images-idx3", "labels-idx1"), header, body, strict=True):
            content = np.array(numbers, dtype=">u4").tobytes() + values.astype(np.uint8).tobytes()
            name = f"{part}-{kind}-ubyte"
            known[name] = hashlib.sha256(content).hexdigest()
            (folder / f"{name}.gz").write_bytes(gzip.compress(content))
    return known


@pytest.fixture
def small_mnist(tmp_path, monkeypatch) -> Path:
    """Made-up files as the known ones of MNIST."""
    known = make_idx(tmp_path / "mnist")
    monkeypatch.setattr(mnist, "_FILES", dataclasses.replace(mnist._FILES, sha256=known))
    monkeypatch.delenv("SGDBAYES_DATA", raising=False)
    return tmp_path


def test_embedded_mnist_is_what_the_registry_says():
    dataset = DATASETS["mnist_embedded"]
    data = resolve(dataset.load)(Path("nowhere"))
    assert data.inputs.shape == (dataset.size, 28, 28)
    assert data.inputs.dtype == np.float32
    assert data.inputs.min() == 0
    assert data.inputs.max() == 1
    assert np.bincount(data.classes).tolist() == [500] * 10


def test_a_task_is_drawn_by_its_seed(monkeypatch):
    data = resolve(DATASETS["mnist_embedded"].load)(Path("nowhere"))
    known = dataclasses.replace(DATASETS["mnist_embedded"], load=lambda _folder: data, check=None)
    monkeypatch.setitem(DATASETS._entries, "mnist_embedded", known)
    task = load_task("mnist_embedded", **SETTINGS)
    assert (len(task.train_labels), len(task.test_labels)) == (60, 40)
    assert not set(task.train_indices) & set(task.test_indices)
    assert ((task.train_labels > 0) == (data.classes[task.train_indices] >= 5)).all()
    assert (task.test_inputs == data.inputs[task.test_indices]).all()
    again = load_task("mnist_embedded", **SETTINGS)
    assert (again.train_indices == task.train_indices).all()
    other = load_task("mnist_embedded", **SETTINGS | {"seed": 2})
    assert (other.train_indices != task.train_indices).any()
    # What results of before were made from.
    drawn = np.random.default_rng(1).permutation(5000)[:100]
    np.testing.assert_array_equal(np.concatenate([task.train_indices, task.test_indices]), drawn)
    both = load_task("mnist_embedded", **SETTINGS, negative_classes=[0, 1, 2, 3, 4])
    np.testing.assert_array_equal(both.test_indices, task.test_indices)


def numbered(*sizes: int) -> LabelledData:
    """So many examples of class 0, 1, ..., mixed, each holding its number."""
    classes = np.random.default_rng(5).permutation(np.repeat(np.arange(len(sizes)), sizes))
    return LabelledData(np.arange(len(classes), dtype=np.float32)[:, None], classes)


@pytest.mark.parametrize("balanced", [False, True])
def test_two_groups_of_classes_leave_the_others_out(balanced):
    data = numbered(40, 50, 60, 70)
    task = draw_task(data, positive_classes=[3], negative_classes=[0, 1], train_size=50, recorded_test_size=110, seed=2,
                     balanced=balanced)  # fmt: skip
    drawn = np.concatenate([task.train_indices, task.test_indices])
    assert len(set(drawn)) == 160
    assert set(drawn) == set(np.flatnonzero(data.classes != 2))
    labels = np.concatenate([task.train_labels, task.test_labels])
    np.testing.assert_array_equal(labels, np.where(data.classes[drawn] == 3, 1, -1))
    np.testing.assert_array_equal(task.test_inputs[:, 0], task.test_indices)
    assert (task.train_labels.sum() == 0) == balanced


def test_a_balanced_task_is_any_such_task_with_equal_chance():
    """Of six examples of either class, one of each in S: of the ten left each pair is as likely the first two."""
    data, seeds = numbered(6, 6), 6000
    settings = {"positive_classes": [1], "train_size": 2, "recorded_test_size": 2, "balanced": True}
    tasks = [draw_task(data, seed=seed, **settings) for seed in range(seeds)]
    assert all(task.train_labels.sum() == 0 for task in tasks)
    for which in (0, 1):
        counts = np.bincount([task.train_indices[which] for task in tasks], minlength=12)
        assert chisquare(counts).pvalue > 1e-3
        assert chisquare(np.bincount([task.test_indices[which] for task in tasks], minlength=12)).pvalue > 1e-3
    same = np.mean([task.test_labels.prod() > 0 for task in tasks])
    assert abs(same - 4 / 9) < 4 * (4 / 9 * 5 / 9 / seeds) ** 0.5
    again = draw_task(data, seed=7, **settings)
    np.testing.assert_array_equal(again.train_indices, tasks[7].train_indices)
    np.testing.assert_array_equal(again.test_indices, tasks[7].test_indices)


def test_class_sizes_of_the_registry_are_those_of_its_classes():
    for dataset in DATASETS.values():
        if dataset.class_sizes:
            assert set(dataset.class_sizes) == set(dataset.classes)
            assert sum(dataset.class_sizes.values()) == dataset.size
            assert dataset.examples_of(dataset.classes[:1]) == dataset.class_sizes[dataset.classes[0]]
        assert dataset.examples_of(dataset.classes) == dataset.size
    assert DATASETS["boolean"].examples_of([1]) is None


def test_images_are_pooled_and_standardised():
    images = np.random.default_rng(0).random((3, 28, 28)).astype(np.float32)
    prepared = prepare_images(images, standardize=[0.1307, 0.3081], pool=2)
    assert prepared.dtype == np.float32
    assert prepared.shape[1:] == image_inputs(standardize=[0.1307, 0.3081], pool=2).shape == (14, 14)
    # In torch, and in the order of Peleg and Hein.
    standardised = (torch.from_numpy(images) - 0.1307) / 0.3081
    np.testing.assert_allclose(prepared, torch.nn.functional.max_pool2d(standardised, 2).numpy(), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(prepare_images(images, standardize=(), pool=1), images)
    for wrong, said in (
        ({"pool": 3}, "pool must divide the 28 pixels of a side, got 3"),
        ({"pool": 0}, "pool must divide the 28 pixels of a side, got 0"),
        ({"standardize": [0.1, 0]}, r"a standard deviation above 0, got \[0.1, 0\]"),
        ({"standardize": [0.1]}, r"standardize must be the mean of pixels and a standard .* got \[0.1\]"),
        ({"standardize": ["0.1", 1]}, "standardize must be the mean of pixels"),
        ({"standardize": [0.1, float("inf")]}, "standardize must be the mean of pixels"),
    ):
        with pytest.raises(ValueError, match=said):
            prepare_images(images, **{"standardize": (), "pool": 1} | wrong)


@pytest.mark.parametrize("name", ["mnist_embedded", "mnist", "fashion_mnist"])
def test_options_of_images_reach_their_tasks(small_mnist, monkeypatch, name):
    monkeypatch.setattr(fashion_mnist, "_FILES", mnist._FILES)
    settings = {"dataset": name, "positive_classes": [7, 8, 9], "train_size": 6, "recorded_test_size": 4, "seed": 0}
    plain = load_task(**settings, folder=small_mnist)
    pooled = load_task(**settings, options={"pool": 4, "standardize": [0.5, 0.25]}, folder=small_mnist)
    np.testing.assert_array_equal(plain.test_indices, pooled.test_indices)
    largest = plain.test_inputs.reshape(4, 7, 4, 7, 4).max((2, 4))
    np.testing.assert_allclose(pooled.test_inputs, (largest - 0.5) / 0.25, rtol=1e-6)
    with pytest.raises(ValueError, match="pool must divide the 28 pixels"):
        load_task(**settings, options={"pool": 5}, folder="nowhere")


def test_full_mnist_from_made_up_files_of_its_format(small_mnist):
    data = mnist.load_mnist(small_mnist)
    assert data.inputs.shape == (50, 28, 28)
    labels = gzip.decompress((small_mnist / "mnist" / "t10k-labels-idx1-ubyte.gz").read_bytes())[8:]
    assert data.classes[30:].tolist() == list(labels)
    for archive in (small_mnist / "mnist").iterdir():
        archive.unlink()
    assert (mnist.load_mnist(small_mnist).inputs == data.inputs).all(), "the decompressed files were not kept"


@pytest.mark.parametrize("place", ["SGDBAYES_DATA", "folder", "installed"])
def test_fashion_mnist_is_found_in_each_of_its_places(tmp_path, monkeypatch, place):
    folders = {"SGDBAYES_DATA": tmp_path / "data" / "fashion-mnist", "folder": tmp_path / "fashion-mnist"}
    folder = folders.get(place, tmp_path / "usr")
    files = dataclasses.replace(fashion_mnist._FILES, sha256=make_idx(folder), installed=(tmp_path / "usr",))
    monkeypatch.setattr(fashion_mnist, "_FILES", files)
    monkeypatch.setenv("SGDBAYES_DATA", str(tmp_path / "data"))
    data = fashion_mnist.load_fashion_mnist(tmp_path)
    images = gzip.decompress((folder / "train-images-idx3-ubyte.gz").read_bytes())[16:]
    assert (data.inputs[:30] * 255).round().astype(np.uint8).tobytes() == images
    assert data.inputs.dtype == np.float32


def test_equal_inputs_with_opposite_labels_are_named():
    settings = {"positive_classes": [5, 6, 7, 8, 9], "train_size": 20, "options": {"pool": 28}}
    with pytest.raises(
        ValueError, match=r"S holds the examples \d+ and \d+ of mnist_embedded, equal inputs with opposite"
    ):
        load_task("mnist_embedded", **settings)
    everyone = load_task("mnist_embedded", **settings | {"options": {}})
    assert (first_equal(everyone.train_inputs) == np.arange(20)).all()
    assert first_equal(np.array([[0.0, 1], [1, 0], [-0.0, 1], [1, 0]])).tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize("place", ["mnist", "MNIST/raw"])
def test_unpacked_files_are_taken_from_a_folder_in_the_home(small_mnist, monkeypatch, place):
    data, home = mnist.load_mnist(small_mnist), small_mnist / "home"
    (home / "d" / place).parent.mkdir(parents=True)
    (small_mnist / "MNIST" / "raw").rename(home / "d" / place)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("SGDBAYES_DATA", "~/d")
    assert mnist.mnist_at_hand(small_mnist / "empty")
    assert (mnist.load_mnist(small_mnist / "empty").inputs == data.inputs).all()


def test_a_cache_that_cannot_be_kept_is_no_error(small_mnist, monkeypatch):
    monkeypatch.setattr("sgdbayes.datasets._idx.write_bytes", unreachable)
    assert len(mnist.load_mnist(small_mnist).classes) > 0
    assert not (small_mnist / "MNIST").exists()


@REAL_DATA
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("mnist", [6903, 7877, 6990, 7141, 6824, 6313, 6876, 7293, 6825, 6958]),
        ("fashion_mnist", [7_000] * 10),
    ],
)
def test_all_images_for_real(tmp_path, name, numbers):
    data = resolve(DATASETS[name].load)(tmp_path)
    assert data.inputs.shape == (DATASETS[name].size, 28, 28)
    assert np.bincount(data.classes).tolist() == numbers == list(DATASETS[name].class_sizes.values())


@pytest.mark.parametrize("damage", ["truncated", "flipped", "wrong magic number", "not gzip"])
def test_damaged_archives_are_named(small_mnist, damage):
    path = small_mnist / "mnist" / "train-labels-idx1-ubyte.gz"
    content = path.read_bytes()
    if damage == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif damage in ("flipped", "wrong magic number"):
        body = bytearray(gzip.decompress(content))
        body[-1 if damage == "flipped" else 3] ^= 1
        path.write_bytes(gzip.compress(body))
    else:
        path.write_bytes(b"<html>404</html>")
    with pytest.raises(DamagedFileError, match=r"train-labels-idx1-ubyte.gz .*whole copy"):
        mnist.load_mnist(small_mnist)
    assert not (small_mnist / "MNIST" / "raw" / "train-labels-idx1-ubyte").exists()


def test_a_damaged_decompressed_file_is_named(small_mnist):
    mnist.load_mnist(small_mnist)
    path = small_mnist / "MNIST" / "raw" / "t10k-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DamagedFileError, match="t10k-images-idx3-ubyte is damaged: delete it"):
        mnist.load_mnist(small_mnist)


def unreachable(*_args, **_options):
    raise OSError("Name or service not known")


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "imdb"])
def test_an_unreachable_download_says_what_to_do(tmp_path, monkeypatch, name):
    monkeypatch.setattr("torch.hub.urlopen", unreachable)
    if name == "fashion_mnist":
        monkeypatch.setattr(fashion_mnist, "_FILES", dataclasses.replace(fashion_mnist._FILES, installed=()))
    monkeypatch.setenv("SGDBAYES_DATA", str(tmp_path / "elsewhere"))
    said = (
        rf"is not in {tmp_path}/elsewhere/[a-z-]+ \(no such folder\), {tmp_path}/[a-z-]+\W.* could not be downloaded "
    )
    with pytest.raises(ConnectionError, match=said + r"from https://.*SGDBAYES_DATA"):
        resolve(DATASETS[name].load)(tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


class Answer(io.BytesIO):
    """What a server sends, as urlopen gives it."""

    def info(self):
        return email.message.Message()


@pytest.mark.parametrize("whole", [True, False])
def test_a_download_takes_its_place_only_whole(small_mnist, monkeypatch, whole):
    sent = {path.name: path.read_bytes() for path in (small_mnist / "mnist").iterdir()}
    shutil.rmtree(small_mnist / "mnist")
    monkeypatch.setattr(
        "torch.hub.urlopen",
        lambda request: Answer(sent[request.full_url.rsplit("/", 1)[1]][: None if whole else 100]),
    )
    if whole:
        assert mnist.load_mnist(small_mnist).inputs.shape == (50, 28, 28)
        assert {path.name for path in (small_mnist / "mnist").iterdir()} == set(sent)
    else:
        with pytest.raises(
            DamagedFileError, match=r"what came from https://.*train-images-idx3-ubyte.gz is not the known"
        ) as caught:
            mnist.load_mnist(small_mnist)
        assert ".download-" not in str(caught.value)
        assert list((small_mnist / "mnist").iterdir()) == []


def test_an_s_that_is_given_is_taken_and_no_test_point():
    data = LabelledData(np.arange(12, dtype=np.float32)[:, None], np.arange(12) % 4)
    settings = {"positive_classes": (1,), "negative_classes": (3,), "train_size": 2, "recorded_test_size": 4}
    first, second = (draw_task(data, **settings, train_indices=[7, 1], seed=seed) for seed in (0, 1))
    for task in (first, second):
        assert task.train_indices.tolist() == [7, 1]
        assert task.train_labels.tolist() == [-1, 1]
        assert task.train_inputs.ravel().tolist() == [7, 1]
        assert set(task.test_indices) == {3, 5, 9, 11}
    assert first.test_indices.tolist() != second.test_indices.tolist()


def test_captions_name_the_options_of_a_data_set():
    task = {"dataset": "imdb", "positive_classes": [1], "train_size": 45_000, "seed": 0}
    caption = describe_task(task | {"options": {"form": "tfidf", "vocabulary": 500}})
    assert caption == ("Data: imdb (form tfidf, vocabulary 500), class 1 against the rest, |S| = 45,000, task seed 0.")
    assert describe_task(task | {"dataset": "mnist", "positive_classes": [0, 1]}).startswith(
        "Data: mnist, classes 0, 1 "
    )
    two = task | {"dataset": "mnist", "positive_classes": [7], "negative_classes": [0], "train_size": 16}
    assert describe_task(two | {"balanced": True}).startswith("Data: mnist, class 7 against 0, |S| = 16, balanced, ")
    assert "|S| = 16, S given, task seed 0" in describe_task(two | {"train_indices": list(range(16))})


def test_an_unknown_option_is_refused():
    with pytest.raises(
        ValueError, match=r"unknown option of boolean: taget \(did you mean target\?\); allowed: target"
    ):
        load_task("boolean", options={"taget": "parity"}, **SETTINGS)


def test_bad_tasks():
    data = LabelledData(np.zeros((10, 2), dtype=np.float32), np.arange(10) % 3)
    options = {"positive_classes": (1,), "train_size": 5, "recorded_test_size": 5, "seed": 0}
    with pytest.raises(ValueError, match=r"= 7 \+ 5 is more than the 10 examples"):
        draw_task(data, **options | {"train_size": 7})
    with pytest.raises(ValueError, match=r"positive_classes: 7 is no class, which are \[0, 1, 2\]"):
        draw_task(data, **options | {"positive_classes": (7,)})
    for wrong, said in (
        ({"positive_classes": ()}, r"positive_classes must be some, not all, of the classes \[0, 1, 2\], got \[\]"),
        ({"negative_classes": ()}, r"negative_classes must be some, not all, of the classes \[0, 1, 2\], got \[\]"),
        ({"negative_classes": (7,)}, "negative_classes: 7 is no class"),
        ({"negative_classes": (0, 1)}, r"must have no class in common, got \[1\] twice"),
        ({"negative_classes": (0,)}, r"= 5 \+ 5 is more than the 7 examples"),
        ({"balanced": True}, "train_size must be even for a balanced S, got 5"),
        ({"balanced": True, "train_size": 8, "recorded_test_size": 2}, "positive_classes have 3 examples, and a .* 4"),
        ({"balanced": True, "positive_classes": (0, 1), "train_size": 8, "recorded_test_size": 2},
         "negative_classes have 3 examples, and a balanced S of train_size 8 needs 4"),
        ({"train_indices": [1, 1, 2, 3, 4]}, "train_indices must be train_size = 5 different numbers, got 5, 4 "),
        ({"train_indices": [1, 2]}, "train_indices must be train_size = 5 different numbers, got 2"),
        ({"train_indices": [0, 1, 2, 3, 4], "balanced": True, "train_size": 5}, "balanced is for an S that is drawn"),
        ({"negative_classes": (0,), "train_indices": [0, 2], "train_size": 2}, "holds 2, which is no example"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=said):
            draw_task(data, **options | wrong)
    with pytest.raises(ValueError, match="train_labels must be bool or -1 and"):
        Task(data.inputs, np.zeros(10), data.inputs, np.ones(10), np.arange(10), np.arange(10))
