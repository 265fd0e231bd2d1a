"""Every interval of the project, of 95 %: estimates and their arithmetic, means over domains and over training sets.

A jackknife by groups (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 11) says how far networks
and draws move a statistic. The scatter between domains and between training sets says what these do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass
from statistics import NormalDist

import numpy as np
from scipy.special import stdtrit

__all__ = [
    "GROUPS",
    "UNDEFINED",
    "Estimate",
    "Z",
    "correlation_and_slope",
    "group_sums",
    "log_ratios",
    "means_without",
    "over_domains",
    "over_seeds",
    "standard_error",
    "student_factor",
    "student_mean",
    "wilson_interval",
]

# Standard errors on either side of a 95 % interval.
Z = 1.96
# Networks and draws are left out in so many groups, every so many-th in one.
GROUPS = 20
# Fewer values have no correlation.
_FEWEST = 3


@dataclass(frozen=True)
class Estimate:
    """A number and its 95 % interval; NaN where the data do not define it."""

    value: float
    low: float
    high: float

    @classmethod
    def around(cls, value: float, error: float) -> Estimate:
        """From a standard ``error``."""
        return cls(*map(float, (value, value - Z * error, value + Z * error)))

    @classmethod
    def of(cls, row: Mapping[str, float], name: str) -> Estimate:
        """That of the columns called ``name``, with _low, and with _high, of a table's ``row``."""
        return cls(*(float(row[f"{name}{end}"]) for end in ("", "_low", "_high")))

    def named(self, name: str) -> dict[str, float]:
        """The columns that `of` reads."""
        return {name: self.value, f"{name}_low": self.low, f"{name}_high": self.high}

    def clipped(self, lowest: float, highest: float) -> Estimate:
        """Its interval cut off where no value can be."""
        return Estimate(self.value, *(float(np.clip(end, lowest, highest)) for end in (self.low, self.high)))

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

    def widened(self, number: int, *, freedom: float) -> Estimate:
        """As one of ``number``, all of which are to be in their intervals at once (Bonferroni). ``freedom``: degrees of
        freedom of its own interval, Student's.
        """
        wider = stdtrit(freedom, 1 - 0.025 / number) / stdtrit(freedom, 0.975)
        low, high = self.value - wider * (self.value - self.low), self.value + wider * (self.high - self.value)
        return Estimate(self.value, low, high)


UNDEFINED = Estimate(np.nan, np.nan, np.nan)


def correlation_and_slope(
    x: np.ndarray, y: np.ndarray, used: np.ndarray, *, noise: Sequence[float] | np.ndarray = (0.0, 0.0)
) -> tuple[np.ndarray, np.ndarray]:
    """Pearson's correlation of x and y, and slope of y on x, over the ``used`` entries of the last axis.

    ``noise``: mean variance of the errors of the used x and of the used y, independent, which the spread of each is
    less by (Spearman, Am. J. Psychol. 15, 1904); the correlation may then lie beyond 1. NaN with fewer than three
    entries or no spread but noise.
    """
    number = used.sum(-1)
    enough = number >= _FEWEST

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


def standard_error(values: np.ndarray) -> float:
    """Of the mean of ``values`` (n,); of one value alone nothing is known."""
    return float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else np.nan


def student_factor(number: int) -> float:
    """Scaled by this, 1.96 standard errors from ``number`` values are a 95 % interval by Student's t."""
    return stdtrit(number - 1, 0.975) / 1.959963984540054


def wilson_interval(counts: np.ndarray | int, total: int, *, confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Score interval of a binomial proportion (Wilson, J. Am. Stat. Assoc. 22, 1927)."""
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = np.asarray(counts) / total
    centre = (share + z**2 / (2 * total)) / (1 + z**2 / total)
    half = z / (1 + z**2 / total) * np.sqrt(share * (1 - share) / total + z**2 / (4 * total**2))
    # At the ends the bounds are 0 and 1 exactly; rounding must not push them past.
    return np.where(share == 0, 0.0, centre - half), np.where(share == 1, 1.0, centre + half)


def group_sums(values: np.ndarray) -> np.ndarray:
    """Of ``values`` (n, ...) the sum of each group (GROUPS, ...)."""
    sums = np.zeros((GROUPS, *values.shape[1:]))
    np.add.at(sums, np.arange(len(values)) % GROUPS, values)
    return sums


def means_without(values: np.ndarray) -> np.ndarray:
    """Mean of ``values`` (n, ...), and without each group: (1 + GROUPS, ...), NaN where nothing is left."""
    sums, numbers = group_sums(values), group_sums(np.ones(len(values)))
    rest = sums.sum(0) - sums
    left = (len(values) - numbers).reshape(-1, *[1] * (values.ndim - 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.concatenate([values.mean(0, keepdims=True), rest / left])


def over_domains(values: np.ndarray, *, fewest: int = 1) -> tuple[Estimate, float]:
    """Mean over domains of a statistic ``values`` (D, 1 + GROUPS), its interval by Student's t on D - 1, and the s.d.
    of the domains.

    Domains scatter by what they are and by chance of the networks, which all of them share. The variance of the mean is
    therefore s^2 / D + c, where c is the covariance of two domains that shared networks bring. A jackknife over groups
    of networks tells it: the variance of the mean is v / D + c (D - 1) / D, v the variance of one domain. The interval
    of a single domain is over networks alone. Rows whose first entry is NaN are left out. Of fewer than ``fewest`` rows
    there is no mean.
    """
    values = values[np.isfinite(values[:, 0])]
    number = len(values)
    if number < max(fewest, 1):
        return UNDEFINED, np.nan
    mean = float(values[:, 0].mean())
    own = _jackknife(values).mean()
    together = _jackknife(np.ma.masked_invalid(values).mean(0).filled(np.nan)[None])[0]
    if number == 1:
        return Estimate.around(mean, student_factor(GROUPS) * np.sqrt(together)), np.nan
    spread = float(values[:, 0].std(ddof=1))
    shared = (together - own / number) * number / (number - 1)
    error = np.sqrt(spread**2 / number + np.maximum(0, shared))
    return Estimate.around(mean, student_factor(number) * error), spread


def student_mean(values: np.ndarray) -> tuple[Estimate, float]:
    """Mean of ``values`` (K,) of equal worth, its interval by Student's t on K - 1, and their s.d.

    NaN are left out. Of one value there is no interval, of none no mean.
    """
    values = values[np.isfinite(values)]
    if len(values) == 0:
        return UNDEFINED, np.nan
    if len(values) == 1:
        return Estimate(float(values[0]), np.nan, np.nan), np.nan
    error = student_factor(len(values)) * standard_error(values)
    return Estimate.around(values.mean(), error), float(values.std(ddof=1))


def over_seeds(estimates: Sequence[Estimate]) -> Estimate:
    """Mean over training sets of a statistic's ``estimates``, one of each, its interval by Student's t on their values;
    of one training set that of its estimate.

    Missing if any is: a mean of the others would be of the training sets on which it is easy to have one.
    """
    if len(estimates) == 1:
        return estimates[0]
    values = np.array([each.value for each in estimates])
    return student_mean(values)[0] if np.isfinite(values).all() else UNDEFINED


def log_ratios(a: Sequence[Estimate], b: Sequence[Estimate]) -> list[Estimate]:
    """Training set by training set the log of the ratio of two statistics, for `over_seeds`; NaN where one is not
    positive. Of several its value alone, for their intervals may reach to 0 and are of no use there.
    """
    if len(a) == 1:
        return [x.log_ratio(y) for x, y in zip(a, b, strict=True)]
    both = np.array([[x.value, y.value] for x, y in zip(a, b, strict=True)])
    positive = np.all(both > 0, axis=1)
    logs = np.log(np.where(positive[:, None], both, 1))
    return [Estimate(float(each), np.nan, np.nan) for each in np.where(positive, logs[:, 0] - logs[:, 1], np.nan)]


def _jackknife(values: np.ndarray) -> np.ndarray:
    """Variance (D,) of each first entry of ``values`` (D, 1 + GROUPS)."""
    return (GROUPS - 1) * np.ma.masked_invalid(values[:, 1:]).var(axis=1).filled(np.nan)
