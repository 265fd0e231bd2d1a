"""Work on all networks of a stack, on as many threads as torch would take."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import torch

__all__ = ["in_threads"]


def in_threads(work: Callable[[slice], object], number: int, *, most: int | None = None) -> None:
    """``work`` on parts of ``number`` things, given as slices of ``most`` at most; it should be compiled code that lets
    other threads run. An interrupt waits for parts that have begun.
    """
    threads, most = torch.get_num_threads(), most or number
    if threads == 1:
        for first in range(0, number, most):
            work(slice(first, min(first + most, number)))
        return
    # To see what one of them raises, all are asked for their result.
    list(_pool(threads).map(work, _parts(number, threads, most)))


def _parts(number: int, threads: int, most: int) -> Iterator[slice]:
    """Half of what is left for all threads together, then half of the rest: none waits long for the last."""
    first = 0
    while first < number:
        size = min(most, max(1, (number - first) // (2 * threads)))
        yield slice(first, first + size)
        first += size


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    """Started once: sixty-four threads take longer to start than a small stack to train for an epoch. They flush
    denormal numbers to zero, as whoever trains does.
    """
    return ThreadPoolExecutor(threads, initializer=torch.set_flush_denormal, initargs=(True,))


# A process that forks off has the pool, but none of its threads.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)
