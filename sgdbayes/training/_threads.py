"""Work on all networks of a stack, on as many threads as torch would take."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import torch

__all__ = ["in_threads"]

# Parts for each thread: with one each, all would wait for the slowest.
_PARTS = 4


def in_threads(work: Callable[[slice], object], number: int) -> None:
    """``work`` on parts of ``number`` things, given as slices; it should be compiled code that lets other threads run.

    Denormal numbers are flushed to zero.
    """
    threads = torch.get_num_threads()
    if threads == 1:
        work(slice(0, number))
        return
    size = -(-number // (_PARTS * threads))
    # To see what one of them raises, all are asked for their result.
    list(_pool(threads).map(work, (slice(first, min(first + size, number)) for first in range(0, number, size))))


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    """Started once: sixty-four threads take longer to start than a small stack to train for an epoch."""
    return ThreadPoolExecutor(threads, initializer=torch.set_flush_denormal, initargs=(True,))
