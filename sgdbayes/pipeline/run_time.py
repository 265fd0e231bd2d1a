"""How long the rest of a run takes at most, by what jobs report of themselves and what others like them took."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

__all__ = ["JobTimes", "Running", "Work"]

# Seconds of a short job of which nothing is known; how many times as long as another of its kind a job may take, and as
# one of another experiment on the same model.
_GUESS, _SAFE, _FAR = 3, 1.3, 2
# A block of fewer networks, the rest being known, says little of how long one takes: most of its time is the start.
_TELLING = 20


@dataclass
class Work:
    """A job of the run: its rule, what it is of, its log and threads.

    ``networks``: how many it trains, 0 for other jobs, and ``model``, of what task and architecture. ``short``: whether
    it takes seconds, whatever the sizes.
    """

    rule: str
    wildcards: Mapping[str, str] = field(default_factory=dict)
    log: str | None = None
    threads: int = 1
    networks: int = 0
    model: str = ""
    short: bool = True
    started: float | None = None

    @property
    def kind(self) -> str:
        """What jobs that take about as long, those that train for each network, have in common."""
        return f"{self.rule} {self.wildcards.get('experiment', '')}" if self.networks else self.rule

    def __str__(self) -> str:
        return " ".join([self.rule, *self.wildcards.values()])


class Running(NamedTuple):
    """A job that runs, with what it last reported (`sgdbayes.pipeline.jobs`), if anything, and its age in seconds."""

    work: Work
    report: Mapping[str, Any]
    age: float


class JobTimes:
    """Seconds that the longest job of each kind took, of a training for each network."""

    def __init__(self) -> None:
        self._of_kind: dict[str, float] = {}
        # Of networks alone: the longest of the kinds on a model.
        self._of_model: dict[str, float] = {}

    def add(self, ended: Running) -> None:
        """Take in how long a job took that has ended."""
        work, took = ended.work, ended.age
        if work.networks:
            took = took / ended.report["missing"] if _telling(ended.report) else 0
            self._of_model[work.model] = max(took, self._of_model.get(work.model, 0))
        if took > 0:
            self._of_kind[work.kind] = max(took, self._of_kind.get(work.kind, 0))

    def seconds_left(
        self, running: Sequence[Running], waiting: Iterable[Work], cores: int
    ) -> tuple[float | None, list[str]]:
        """The longest that the rest should take, and the rules of which nothing is known and that are left out; None
        while it is not known of training.

        What there is to compute, on all ``cores``, and the longest job of each rule one after the other, as far as the
        cores are not busy with both (Graham, SIAM J. Appl. Math. 17, 1969).
        """
        known = self._with_forecasts(running)
        lengths = [(job.work, known._rest(job)) for job in running]
        lengths += [(work, known._expected(work)) for work in waiting]
        unknown = [work for work, length in lengths if length is None]
        if any(work.networks for work in unknown):
            return None, []
        total, longest = 0.0, dict[str, float]()
        for work, length in lengths:
            if length is not None:
                total += length * min(work.threads, cores)
                longest[work.rule] = max(length, longest.get(work.rule, 0))
        left = total / cores + (1 - 1 / cores) * sum(longest.values())
        return left, list(dict.fromkeys(work.rule for work in unknown))

    def _with_forecasts(self, running: Iterable[Running]) -> "JobTimes":
        """These times and those that trainings of a new kind say that they will take."""
        known, trainings = JobTimes(), [job for job in running if job.work.networks]
        known._of_kind, known._of_model = dict(self._of_kind), dict(self._of_model)
        for work, report, _ in trainings:
            if work.kind not in known._of_kind and report.get("seconds_left") is not None and _telling(report):
                each = (report["age"] + report["seconds_left"]) / report["missing"]
                known._of_kind[work.kind] = min(each, _FAR * self._of_model.get(work.model, math.inf))
        for work, _, _ in trainings:
            if work.kind in known._of_kind:
                known._of_model[work.model] = max(known._of_kind[work.kind], known._of_model.get(work.model, 0))
        return known

    def _expected(self, work: Work) -> float | None:
        """The longest that a job should take as a whole."""
        if work.networks:
            each = self._of_kind.get(work.kind, self._of_model.get(work.model))
            return None if each is None else _SAFE * work.networks * each
        known = self._of_kind.get(work.kind, _GUESS if work.short else None)
        return None if known is None else _SAFE * known

    def _rest(self, job: Running) -> float | None:
        """What a job says of itself is a bound; that others took less says more, until it is passed."""
        length = self._expected(job.work)
        bounds = [job.report.get("seconds_left"), None if length is None or job.age > length else length - job.age]
        return min((bound for bound in bounds if bound is not None), default=None)


def _telling(report: Mapping[str, Any]) -> bool:
    return report.get("missing", 0) >= _TELLING
