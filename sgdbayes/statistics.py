"""Every interval of the project: estimates and their arithmetic, resampling, correlations, Student's and binomial ones.

Intervals are of 95 %. Those of resamples are the estimate plus and minus 1.96 standard errors, for correlations on
Fisher's scale (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13); percentiles would not do,
as a resample of networks can lose functions but never find one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from statistics import NormalDist

import numpy as np
from scipy.special import ndtri, stdtrit

__all__ = [
    "FEWEST",
    "FEWEST_DEFINED",
    "UNDEFINED",
    "Estimate",
    "Resampling",
    "Z",
    "batches",
    "correlation_and_slope",
    "standard_error",
    "student_factor",
    "wilson_interval",
]

# Standard errors on either side of a 95 % interval.
Z = 1.96
# Fewer values have no correlation.
FEWEST = 3
# An interval is given if at least this share of the resamples has enough functions to define the statistic.
FEWEST_DEFINED = 0.9
_BATCH = 2_000_000


@dataclass(frozen=True)
class Estimate:
    """A number and its 95 % interval; NaN where the data do not define it."""

    value: float
    low: float
    high: float

    @classmethod
    def around(cls, value: float, error: float, *, lowest: float = -np.inf, highest: float = np.inf) -> Estimate:
        """From a standard ``error``, the interval cut off where no value can be."""
        reach = Z * error
        return cls(
            *map(float, (value, np.clip(value - reach, lowest, highest), np.clip(value + reach, lowest, highest)))
        )

    @classmethod
    def of(cls, row: Mapping[str, float], name: str) -> Estimate:
        """That of the columns ``name``, ``name``_low and ``name``_high of a table's ``row``."""
        return cls(*(float(row[f"{name}{end}"]) for end in ("", "_low", "_high")))

    def named(self, name: str) -> dict[str, float]:
        """The columns that `of` reads."""
        return {name: self.value, f"{name}_low": self.low, f"{name}_high": self.high}

    def __sub__(self, other: Estimate) -> Estimate:
        """The difference, the errors of the two taken as independent."""
        value = self.value - other.value
        down = np.hypot(self.value - self.low, other.high - other.value)
        up = np.hypot(self.high - self.value, other.value - other.low)
        return Estimate(value, value - down, value + up)

    def __neg__(self) -> Estimate:
        return Estimate(-self.value, -self.high, -self.low)

    def __rmul__(self, factor: float) -> Estimate:
        """By a number above 0."""
        return Estimate(*(float(factor * each) for each in astuple(self)))

    def __truediv__(self, divisor: float) -> Estimate:
        """By a number above 0."""
        return Estimate(*(float(each / divisor) for each in astuple(self)))

    def mapped(self, rising: Callable[[float], float]) -> Estimate:
        """Under a function that rises."""
        return Estimate(*(float(rising(each)) for each in (self.value, self.low, self.high)))

    def log_ratio(self, other: Estimate) -> Estimate:
        """The log of this over another, errors independent, as far on both sides; NaN unless all ends are positive."""
        ends = np.array([astuple(self), astuple(other)])
        if not (ends > 0).all():
            return UNDEFINED
        (a, a_low, a_high), (b, b_low, b_high) = np.log(ends)
        reach = np.hypot(a_high - a_low, b_high - b_low) / 2
        return Estimate(*map(float, (a - b, a - b - reach, a - b + reach)))

    @property
    def size(self) -> Estimate:
        """How far from 0, with an interval that reaches as far as its own on both sides, at least from 0 on."""
        reach = (self.high - self.low) / 2
        return Estimate(abs(self.value), max(abs(self.value) - reach, 0), abs(self.value) + reach)

    def widened(self, number: int) -> Estimate:
        """As one of ``number``, all of which are to be in their intervals at once (Bonferroni)."""
        wider = ndtri(1 - 0.025 / number) / ndtri(0.975)
        low, high = self.value - wider * (self.value - self.low), self.value + wider * (self.high - self.value)
        return Estimate(self.value, low, high)


UNDEFINED = Estimate(np.nan, np.nan, np.nan)


class Resampling:
    """Samples of as many networks as ``counts`` (F,) of functions are of, drawn from them with replacement."""

    def __init__(self, counts: np.ndarray, resamples: int, seed: int) -> None:
        self.counts, self.resamples, self.seed = counts, resamples, seed

    def estimates(
        self, statistics: Callable[[np.ndarray], np.ndarray], *, lowest: float = -np.inf, highest: float = np.inf
    ) -> list[Estimate]:
        """Estimates of the K ``statistics``, a function from counts (B, F) to (B, K), with values in a known range."""
        values, errors = statistics(self.counts[None])[0], self.drawn(statistics).std(0, ddof=1)
        both = zip(values, errors, strict=True)
        return [Estimate.around(value, error, lowest=lowest, highest=highest) for value, error in both]

    def correlations(self, statistics: Callable[[np.ndarray], np.ndarray]) -> list[Estimate]:
        """Estimates of ``statistics`` that a resample may leave undefined; of these the first two are correlations."""
        values = statistics(self.counts[None])[0]
        drawn = self.drawn(statistics)
        result = []
        for column, value in enumerate(values):
            defined = drawn[np.isfinite(drawn[:, column]), column]
            if not np.isfinite(value) or len(defined) < FEWEST_DEFINED * len(drawn):
                result.append(Estimate(float(value), np.nan, np.nan))
            elif column < 2:
                on_scale = Estimate.around(_fisher(value), _fisher(defined).std(ddof=1)).mapped(np.tanh)
                result.append(Estimate(float(value), on_scale.low, on_scale.high))
            else:
                result.append(Estimate.around(value, defined.std(ddof=1)))
        return result

    def middle(self, statistic: Callable[[np.ndarray], np.ndarray]) -> Estimate:
        """The mean of a statistic (B,) of the resamples and the range of its middle 95 %."""
        drawn = self.drawn(statistic)
        drawn = drawn[np.isfinite(drawn)]
        if len(drawn) < FEWEST_DEFINED * self.resamples:
            return UNDEFINED
        return Estimate(float(drawn.mean()), *map(float, np.quantile(drawn, [0.025, 0.975])))

    def drawn(self, statistics: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """``statistics`` of every resample, (resamples, ...); the same resamples at each call."""
        rng = np.random.default_rng(self.seed)
        networks, sizes = self.counts.sum(), batches(self.resamples, len(self.counts))
        samples = (rng.multinomial(networks, self.counts / networks, size=size) for size in sizes)
        return np.concatenate([statistics(sample) for sample in samples])


def batches(resamples: int, functions: int) -> Iterator[int]:
    """Sizes, ``resamples`` together, of batches whose arrays (batch, functions) fit in a little memory."""
    size = max(1, _BATCH // max(1, functions))
    for start in range(0, resamples, size):
        yield min(size, resamples - start)


def correlation_and_slope(
    x: np.ndarray, y: np.ndarray, used: np.ndarray, *, noise: Sequence[float] = (0.0, 0.0)
) -> tuple[np.ndarray, np.ndarray]:
    """Pearson's correlation of x and y, and slope of y on x, over the ``used`` entries of the last axis.

    ``noise``: mean variance of the errors of the used x and of the used y, independent, which the spread of each is
    less by (Spearman, Am. J. Psychol. 15, 1904); the correlation may then lie beyond 1. NaN with fewer than three
    entries or no spread but noise.
    """
    number = used.sum(-1)
    enough = number >= FEWEST

    def centred(values: np.ndarray) -> np.ndarray:
        kept = np.where(used, values, 0)
        return np.where(used, kept - kept.sum(-1, keepdims=True) / np.maximum(number, 1)[..., None], 0)

    x, y = centred(x), centred(y)
    xx, yy = ((v * v).sum(-1) - (number - 1) * known for v, known in ((x, noise[0]), (y, noise[1])))
    xy = (x * y).sum(-1)
    # Rounding leaves a spread of about 1e-30 where all values are equal.
    defined = enough & (xx > 1e-20) & (yy > 1e-20)
    pearson = np.divide(xy, np.sqrt(np.where(defined, xx * yy, 1)), out=np.full(xy.shape, np.nan), where=defined)
    slope = np.divide(xy, xx, out=np.full(xy.shape, np.nan), where=defined)
    return pearson, slope


def _fisher(correlation: np.ndarray | float) -> np.ndarray:
    # A resample with three functions may be perfectly correlated.
    return np.arctanh(np.clip(correlation, -0.9999, 0.9999))


def standard_error(values: np.ndarray) -> float:
    """Of the mean of ``values`` (n,); of one value alone nothing is known."""
    return float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else np.nan


def student_factor(number: int) -> float:
    """Scaled by this, 1.96 standard errors from ``number`` values are a 95 % interval by Student's t."""
    return stdtrit(number - 1, 0.975) / 1.959963984540054


def wilson_interval(counts: np.ndarray, total: int, *, confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Score interval of a binomial proportion (Wilson, J. Am. Stat. Assoc. 22, 1927)."""
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = np.asarray(counts) / total
    centre = (share + z**2 / (2 * total)) / (1 + z**2 / total)
    half = z / (1 + z**2 / total) * np.sqrt(share * (1 - share) / total + z**2 / (4 * total**2))
    # At the ends the bounds are 0 and 1 exactly; rounding must not push them past.
    return np.where(share == 0, 0.0, centre - half), np.where(share == 1, 1.0, centre + half)
