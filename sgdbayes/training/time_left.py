"""How long the training of some networks can still take: a bound, exceeded where networks that never fit S are many.

A network that is still training needs at most the epochs up to the last one allowed. Once networks end, the share that
ended in the last epochs, halved, says how many more epochs those beside them need; and what all took so far, per
network that ended, half as much again, how many those need that have not begun.
"""

import time
from collections import deque
from collections.abc import Callable

__all__ = ["TimeLeft"]

# So many epochs are recent, and so many networks that ended in them say how many will.
_RECENT, _ENOUGH = 8, 4
# Nothing is said before this share of networks has ended, as the others may end as soon, but for so many epochs only.
_KNOWN, _SILENT = 0.25, 30
_SHARE, _REST = 0.5, 1.5


class TimeLeft:
    """Follows the training of ``networks`` networks, of at most ``last_epoch`` epochs each, epoch by epoch."""

    def __init__(self, networks: int, last_epoch: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._networks, self._last_epoch, self._clock = networks, last_epoch, clock
        self._started: float | None = None
        self._trained, self._before = 0, 0
        self._recent: deque[tuple[int, int]] = deque(maxlen=_RECENT)
        self.seconds: float | None = None

    def __call__(self, done: int, training: int, epoch: int) -> None:
        """After an epoch: ``done`` networks need no more, ``training`` others are at ``epoch``. Sets ``seconds``, what
        is left at most, None while too few networks have ended to say.
        """
        ended, self._before = done - self._before, done
        if epoch == 1:
            self._recent.clear()
        self._recent.append((ended, training + ended))
        if self._started is None:
            self._started = self._clock()
            return
        self._trained += training + ended
        if done < _KNOWN * (done + training) and epoch <= _SILENT:
            return
        each = (self._clock() - self._started) / max(self._trained, 1)
        self.seconds = each * (
            training * self._epochs_to_go(epoch) + (self._networks - done - training) * self._epochs_in_all()
        )

    def _epochs_to_go(self, epoch: int) -> float:
        ended, trained = map(sum, zip(*self._recent, strict=True))
        rest = self._last_epoch - epoch
        if ended >= _ENOUGH:
            return min(rest, trained / (_SHARE * ended))
        # Those of a later stack should need what others needed; who needs more may go on to the end.
        usual = self._epochs_in_all()
        return min(rest, usual) if epoch < usual else rest

    def _epochs_in_all(self) -> float:
        """Of a network that has not begun."""
        if self._before < _ENOUGH:
            return self._last_epoch
        return min(self._last_epoch, _REST * self._trained / self._before)
