"""The distribution on E that drawn functions give: that of networks that fit S, by rejection or by splitting.

Independent draws have binomial errors. Draws that depend on one another come in independent runs, and the scatter of
the runs' frequencies gives the errors (Student's t), which are never taken to be below the binomial ones.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sgdbayes.checks import check_functions, check_labels
from sgdbayes.posterior._checks import check_points
from sgdbayes.statistics import student_factor

__all__ = ["EmpiricalPosterior"]


@dataclass(frozen=True)
class EmpiricalPosterior:
    """``functions`` (runs, draws, m), bool or -1 and +1. One run: its draws are independent. Of several, the
    runs are independent of one another.

    >>> posterior = sb.EmpiricalPosterior(np.random.default_rng(0).random((1, 100, 3)) < 0.5)
    >>> log_p, error, draws = posterior.log_probabilities([[1, 1, -1]])
    """

    functions: np.ndarray
    # With fewer the logarithm of a frequency is too skewed: docs/methods.md.
    fewest_draws: ClassVar[int] = 5

    def __post_init__(self) -> None:
        object.__setattr__(self, "functions", check_functions(self.functions, dimensions=3))

    def on(self, points: slice) -> "EmpiricalPosterior":
        """The marginal over some of the outputs, all in one piece. Raises ValueError if there are not so many."""
        check_points(points, self.functions.shape[2])
        return EmpiricalPosterior(self.functions[:, :, points])

    def halves(self) -> tuple["EmpiricalPosterior", "EmpiricalPosterior"]:
        """One to draw functions from and one that knows their probabilities, of different runs or parts of one.

        Raises ValueError for a single draw.
        """
        runs, draws, _ = self.functions.shape
        if runs * draws == 1:
            raise ValueError("one draw is too few: some say which functions there are, others how probable these are")
        first, second = np.array_split(self.functions, 2, axis=0 if runs > 1 else 1)
        return EmpiricalPosterior(first), EmpiricalPosterior(second)

    def draw_functions(self, number: int, *, seed: int) -> np.ndarray:
        """Signs (at most number, m) bool: a random choice of the draws without replacement, all of them if they are
        fewer, since repeating them would feign more.
        """
        functions = self._run_by_run()
        return functions[np.random.default_rng(seed).permutation(len(functions))[:number]]

    def mean_test_error(self, test_labels: np.ndarray) -> tuple[float, float]:
        """Expected share of wrong signs against ``test_labels`` (m,), and its standard error, NaN of a single draw."""
        wrong = self.functions != (check_labels(test_labels, number=self.functions.shape[2]) > 0)
        mean, error = _mean(wrong.mean(2))
        return float(mean), float(error)

    def log_probabilities(
        self, labels: np.ndarray, *, seed: int | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Natural log of P(sign z_E = labels) of each row of ``labels`` (F, m), its standard error, and how many
        independent draws of the function carry it, each (F,).

        A function that was not drawn has log_p and standard error NaN and 0 draws. ``seed`` is not used.
        """
        signs = check_labels(labels, dimensions=2) > 0
        runs, draws, size = self.functions.shape
        if signs.shape[1] != size:
            raise ValueError(f"labels must have {size} columns, got shape {signs.shape}")
        counts = self._counts(signs)
        found, total = counts.sum(0), runs * draws
        p = np.where(found > 0, found, np.nan) / total
        # Two more of either kind (Agresti and Coull, Am. Stat. 52, 1998): no error is 0 because every draw agrees.
        shrunk = (found + 2) / (total + 4)
        error, carried = np.sqrt(shrunk * (1 - shrunk) / (total + 4)) / p, found.astype(np.float64)
        if runs > 1:
            scatter = _standard_error(counts / draws) / p
            error = np.maximum(error, student_factor(runs) * scatter)
            # As many independent draws as would scatter so.
            with np.errstate(divide="ignore", invalid="ignore"):
                carried = np.fmin(carried, np.where(scatter > 0, (1 - p) / scatter**2, carried))
        return np.log(p), error, carried

    def _counts(self, signs: np.ndarray) -> np.ndarray:
        """How often (runs, F) each run has each of the functions ``signs`` (F, m)."""
        drawn, places = np.unique(np.packbits(self._run_by_run(), axis=1), axis=0, return_inverse=True)
        runs = len(self.functions)
        run = np.repeat(np.arange(runs), self.functions.shape[1])
        table = np.zeros((runs, len(drawn)), dtype=np.int64)
        np.add.at(table, (run, places.ravel()), 1)
        column = {row.tobytes(): index for index, row in enumerate(drawn)}
        asked = [column.get(row.tobytes(), -1) for row in np.packbits(signs, axis=1)]
        return np.column_stack([table, np.zeros(runs, dtype=np.int64)])[:, asked]

    def _run_by_run(self) -> np.ndarray:
        return self.functions.reshape(-1, self.functions.shape[2])


def _mean(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of ``values`` (runs, draws, ...), and its standard error."""
    runs, draws, *_ = values.shape
    mean = values.mean((0, 1))
    if runs * draws == 1:
        return mean, np.full_like(mean, np.nan)
    error = values.reshape(runs * draws, *values.shape[2:]).std(0, ddof=1) / np.sqrt(runs * draws)
    if runs > 1:
        error = np.maximum(error, student_factor(runs) * _standard_error(values.mean(1)))
    return mean, error


def _standard_error(values: np.ndarray) -> np.ndarray:
    """Of the mean of ``values`` (runs, ...) from their scatter."""
    return values.std(0, ddof=1) / np.sqrt(len(values))
