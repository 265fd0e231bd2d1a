"""Work on one thing after the other, on as many threads as torch would take."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch

__all__ = ["in_threads"]


def in_threads(work: Callable[[Any], Any], items: Iterable) -> list:
    """``work`` of each of the ``items``, in order; it should be compiled code that lets other threads run."""
    threads = torch.get_num_threads()
    if threads == 1:
        return list(map(work, items))
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, items))
