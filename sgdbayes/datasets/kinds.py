"""The data sets, an entry each: how one is loaded, what is known of it before, and what the explorer shows of it."""

import inspect
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from sgdbayes.datasets.task import Inputs
from sgdbayes.registry import Lazy, Registry, resolve

__all__ = ["DATASETS", "Dataset", "options_of", "register_dataset"]


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """``load(folder)`` gives the `LabelledData`, of ``size`` examples and these ``classes``.

    ``encode(train, test)`` makes inputs of the loaded ones of S and of the test points, where that depends on S. The
    keyword-only arguments of ``load`` and ``encode`` are the options of the data set; ``check`` is called with all of
    them and raises ValueError for impossible values, ``inputs`` says what networks are given. ``at_hand(folder)``:
    whether it can be loaded without a download. ``texts(inputs, indices, folder)``: what the explorer shows of test
    points that are no images, and a note. ``class_names``: what labels mean. ``class_sizes``: how many examples each
    class has. ``known_rates``: by optimiser, learning rates with which fully connected networks fit it, beside those
    that the optimisers' entries name; None if none are known.
    """

    COMPUTES: ClassVar = ("load", "encode")
    name: str
    load: Lazy
    size: int
    classes: tuple[int, ...]
    encode: Lazy | None = None
    check: Lazy | None = None
    inputs: Lazy | None = None
    at_hand: Lazy | None = None
    texts: Lazy | None = None
    class_names: Mapping[int, str] = field(default_factory=dict)
    class_sizes: Mapping[int, int] = field(default_factory=dict)
    known_rates: Mapping[str, float] | None = None

    @property
    def options(self) -> dict[str, Any]:
        """The options with their defaults."""
        return options_of(self.load) | (options_of(self.encode) if self.encode else {})

    def examples_of(self, classes: Collection[int]) -> int | None:
        """How many examples it has of some of its ``classes``, None if it does not say."""
        if set(classes) == set(self.classes):
            return self.size
        return sum(self.class_sizes[each] for each in classes) if self.class_sizes else None

    def inputs_with(self, options: Mapping[str, Any]) -> Inputs | None:
        """What is known of the inputs under ``options``."""
        return resolve(self.inputs)(**{**self.options, **options}) if self.inputs else None

    def check_options(self, options: Mapping[str, Any]) -> None:
        """Raises ValueError for values with which it cannot be loaded or encoded; loads nothing."""
        if self.check is not None:
            resolve(self.check)(**{**self.options, **options})


DATASETS: Registry[Dataset] = Registry("data set")


def register_dataset(name: str, load: Lazy, **about: Any) -> Dataset:  # noqa: ANN401
    """Enter a data set; ``about``: the other fields of `Dataset`. Raises ValueError if the name is taken.

    >>> load = lambda folder: sb.LabelledData(np.eye(8, dtype=np.float32), np.arange(8) % 2)
    >>> kind = sb.register_dataset("corners", load, size=8, classes=(0, 1))
    """
    return DATASETS.register(Dataset(name=name, load=load, **about))


def options_of(function: Lazy) -> dict[str, Any]:
    """Its keyword-only arguments with their defaults."""
    parameters = inspect.signature(resolve(function)).parameters.values()
    return {item.name: item.default for item in parameters if item.kind is inspect.Parameter.KEYWORD_ONLY}


_DIGITS = tuple(range(10))
_IMAGES = {
    "classes": _DIGITS,
    "check": "sgdbayes.datasets._images:check_images",
    "inputs": "sgdbayes.datasets._images:image_inputs",
}
_DIGITS_OF_MNIST = (6903, 7877, 6990, 7141, 6824, 6313, 6876, 7293, 6825, 6958)
register_dataset(
    "mnist_embedded",
    "sgdbayes.datasets.mnist:load_embedded_mnist",
    size=5_000,
    class_sizes=dict.fromkeys(_DIGITS, 500),
    at_hand="sgdbayes.datasets._files:installed",
    known_rates={},
    **_IMAGES,
)
register_dataset(
    "mnist",
    "sgdbayes.datasets.mnist:load_mnist",
    size=70_000,
    class_sizes=dict(enumerate(_DIGITS_OF_MNIST)),
    at_hand="sgdbayes.datasets.mnist:mnist_at_hand",
    known_rates={},
    **_IMAGES,
)
register_dataset(
    "fashion_mnist",
    "sgdbayes.datasets.fashion_mnist:load_fashion_mnist",
    size=70_000,
    class_sizes=dict.fromkeys(_DIGITS, 7_000),
    at_hand="sgdbayes.datasets.fashion_mnist:fashion_mnist_at_hand",
    known_rates={"SGD": 0.01},
    **_IMAGES,
)
register_dataset(
    "imdb",
    "sgdbayes.datasets.imdb:load_imdb",
    size=49_582,
    classes=(0, 1),
    encode="sgdbayes.datasets.imdb:encode_reviews",
    check="sgdbayes.datasets.imdb:check_imdb",
    inputs="sgdbayes.datasets.imdb:inputs_of_imdb",
    at_hand="sgdbayes.datasets.reviews:reviews_at_hand",
    texts="sgdbayes.datasets.reviews:describe_reviews",
    class_names={0: "negative", 1: "positive"},
    class_sizes={0: 24_698, 1: 24_884},
    known_rates={},
)
register_dataset(
    "boolean",
    "sgdbayes.datasets.boolean:load_boolean",
    size=128,
    classes=(0, 1),
    check="sgdbayes.datasets.boolean:check_boolean",
    inputs="sgdbayes.datasets.boolean:boolean_inputs",
    at_hand="sgdbayes.datasets._files:installed",
    texts="sgdbayes.datasets.boolean:bits_as_text",
)
