"""The distribution on E that drawn functions give: that of networks that fit S, by rejection or by splitting.

Independent draws have binomial errors. Draws that depend on one another come in independent runs, and the scatter of
the runs' frequencies gives the errors (Student's t), which are never taken to be below the binomial ones.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sgdbayes.posterior._checks import check_domain_size, check_labels
from sgdbayes.statistics import student_factor

__all__ = ["EmpiricalPosterior"]

_FEWEST_RUNS = 4


@dataclass(frozen=True)
class EmpiricalPosterior:
    """``functions`` (runs, draws, m) bool, True the positive class. One run: its draws are independent. Four or more:
    the runs are independent of one another.
    """

    functions: np.ndarray
    # With fewer the logarithm of a frequency is too skewed: docs/methods.md.
    fewest_draws: ClassVar[int] = 5

    def __post_init__(self) -> None:
        functions = np.asarray(self.functions)
        if functions.ndim != 3 or functions.dtype != bool or 0 in functions.shape:
            raise ValueError(
                f"functions must be bool, of shape (runs, draws, m), got {functions.dtype} of shape {functions.shape}"
            )
        if 1 < len(functions) < _FEWEST_RUNS:
            raise ValueError(
                f"functions must come from one run of independent draws or from at least {_FEWEST_RUNS} runs, "
                f"got {len(functions)}"
            )

    def head(self, size: int) -> "EmpiricalPosterior":
        """The marginal over the first ``size`` outputs. Raises ValueError if there are not so many."""
        check_domain_size(size, self.functions.shape[2])
        return EmpiricalPosterior(self.functions[:, :, :size])

    def draw_functions(self, number: int, *, seed: int) -> np.ndarray:
        """Signs (at most number, m) bool: a random choice of the draws without replacement, all of them if they are
        fewer, since repeating them would feign more.
        """
        functions = self._run_by_run()
        return functions[np.random.default_rng(seed).permutation(len(functions))[:number]]

    def mean_test_error(self, test_labels: np.ndarray) -> tuple[float, float]:
        """Expected share of wrong signs against ``test_labels`` (m,), and its standard error, NaN from one draw."""
        mean, error = _mean(self._wrong(test_labels).mean(2))
        return float(mean), float(error)

    def wrong_labels(self, test_labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Share (m,) of draws with a sign other than that of ``test_labels`` (m,) at each point, and its standard
        errors, NaN from one draw.
        """
        return _mean(self._wrong(test_labels))

    def _wrong(self, test_labels: np.ndarray) -> np.ndarray:
        return self.functions != (check_labels(test_labels, number=self.functions.shape[2]) > 0)

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
