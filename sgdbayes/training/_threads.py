"""Work on all networks of a stack, on as many threads as torch would take."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import torch

__all__ = ["in_threads"]


def in_threads(work: Callable[[slice], object], number: int) -> None:
    """``work`` on parts of ``number`` things, given as slices; it should be compiled code that lets other threads run.

    Denormal numbers are flushed to zero.
    """
    threads = torch.get_num_threads()
    if threads == 1:
        work(slice(0, number))
        return
    # To see what one of them raises, all are asked for their result.
    list(_pool(threads).map(work, _parts(number, threads)))


def _parts(number: int, threads: int) -> Iterator[slice]:
    """Half of what is left for all threads together, then half of the rest: none waits long for the last."""
    first = 0
    while first < number:
        size = max(1, (number - first) // (2 * threads))
        yield slice(first, first + size)
        first += size


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    """Started once: sixty-four threads take longer to start than a small stack to train for an epoch."""
    return ThreadPoolExecutor(threads, initializer=torch.set_flush_denormal, initargs=(True,))
