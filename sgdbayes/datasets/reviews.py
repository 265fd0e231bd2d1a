"""IMDb reviews by number, with rating and first words where the user's own copy of the data set is at hand."""

from pathlib import Path

import numpy as np

from sgdbayes.datasets._files import places
from sgdbayes.datasets.imdb import _SOURCES, _distinct, _read

__all__ = ["describe_reviews", "reviews_at_hand"]

_WORDS = 12


def reviews_at_hand(data: Path) -> bool:
    """Whether the reviews are in the folder of data sets or where the user keeps them."""
    return bool(_sources(data))


def describe_reviews(_inputs: np.ndarray, indices: np.ndarray, data: Path) -> tuple[list[str], str]:
    """A line per review of these ``indices``, and a note on what it does not say. Downloads nothing."""
    found = _sources(data)
    if not found:
        note = "Ratings and words are left out: the data set was not at hand when this page was made."
        return [f"review {index}" for index in indices], note
    texts = _read(found[0])
    names: dict[str, str] = {}
    for name, text in texts.items():
        names.setdefault(text, name)
    reviews = list(_distinct(texts))
    return [_line(int(index), names[reviews[index]], reviews[index]) for index in indices], ""


def _sources(data: Path) -> list[Path]:
    return [place / name for place in places("imdb", data) for name in _SOURCES if (place / name).exists()]


def _line(index: int, name: str, text: str) -> str:
    rating = Path(name).stem.split("_")[1]
    words = text.replace("<br />", " ").split()
    return f"review {index}, rating {rating}: {' '.join(words[:_WORDS])}{' …' if len(words) > _WORDS else ''}"
