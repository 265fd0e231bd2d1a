"""P_B(f|S) of finite networks by splitting: networks drawn from the prior are led to fit S point by point.

Adaptive multilevel splitting (Cerou and Guyader, Stoch. Anal. Appl. 25, 2007; Botev and Kroese, Stat. Comput. 22,
2012), a sequential Monte Carlo sampler: N networks fit the first k points; of those the ones that also fit the next few
live on, the others are replaced by copies of them, and all are moved by a Markov chain that leaves the prior given the
first k labels as it is. The product of the shares that lived estimates P(S), the evidence. Points are added so that
about half live; where one point alone kills most, its output is let in by degrees, y z > -margin.

A move of the Markov chain, none of which needs a gradient:

- each hidden layer, unit by unit, by elliptical slice sampling (Murray, Adams and MacKay, AISTATS 2010): its weights
  become w cos a + v sin a, v ~ N(0, 1), the angle a shrunk until the labels are fitted again. Pre-activations turn with
  the weights, so a trial costs the layers above alone, and one unit of 64 turns eight times as far as all at once;
- the output layer exactly: given the features it is a standard normal vector within half-spaces, and follows the
  Hamiltonian trajectories of Pakman and Paninski (2014) off the walls y z = 0 to a quarter period, as in `zero_one`.

The first layer lives in the span of S: rotated there its weights are N(0, 1) still. Its part outside, of which S says
nothing, is drawn from the prior where functions on E are tabulated.

All compiled code is in this file: numba's cache sees a change of no other.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import atan2, cos, pi, sin
from typing import TYPE_CHECKING

import numpy as np
from numba import get_num_threads, njit
from scipy.special import logsumexp
from threadpoolctl import threadpool_limits

from sgdbayes.posterior._checks import check_labels
from sgdbayes.posterior._networks import check_fully_connected, check_network_inputs, first_layer_features
from sgdbayes.posterior.empirical import EmpiricalPosterior
from sgdbayes.posterior.zero_one import chain_diagnostics
from sgdbayes.statistics import student_factor

if TYPE_CHECKING:  # importing it takes torch, and seconds
    from sgdbayes.architectures.fully_connected import FullyConnected
    from sgdbayes.datasets.task import Task

__all__ = ["SplittingSample", "check_splitting", "fit_splitting", "sample_by_splitting"]

_DEPENDENT = 1e-10
# An output smaller than this share of its scale is 0: on dead units, which fit no label, rounding would give it a sign.
_ROUNDING = 1e-13
# Points, or part of one, are added as long as this share of the networks lives.
_LIVE = 0.5
# Where one point leaves fewer than this, its wall is moved by degrees.
_FEWEST_LIVE = 0.2
_MOST_LEVELS = 20
_SHRINKAGES, _BOUNCES = 100, 10_000
# Networks of one task of the pool.
_BLOCK = 16
# Blocks of units that a hidden layer is moved in: the last two hidden layers, and those below.
_BLOCKS, _DEEP_BLOCKS = 64, 8
# Largest R-hat, over test points, of runs taken to agree: their means then scatter as those of 16 independent draws
# would or of more (R-hat^2 is about 1 plus the ratio of the variance between runs to that within).
_R_HAT = 1.1
_COMPILED = {"cache": True, "nogil": True, "error_model": "numpy", "fastmath": {"contract", "nsz", "reassoc"}}


@dataclass(frozen=True)
class SplittingSample:
    """``functions`` (runs, draws, T) bool on the test inputs, True the positive class, of independent runs, and
    ``outputs`` (runs, draws, T), float32, whose signs they are. ``log_evidence``: natural log of P(S); its
    ``standard_error`` is that of the scatter of the runs' own ``run_evidence`` (runs,), or the binomial one of the
    shares that lived if that is larger. ``levels`` (runs,): how many times networks were split; ``live`` (runs,): the
    smallest share that lived; ``ancestors`` (runs,): how many of a run's first networks have descendants among its
    last, usually few; ``trials``: mean of a slice's trials, by hidden layer.
    """

    functions: np.ndarray
    outputs: np.ndarray
    log_evidence: float
    standard_error: float
    run_evidence: np.ndarray
    levels: np.ndarray
    live: np.ndarray
    ancestors: np.ndarray
    trials: np.ndarray


def check_splitting(
    architecture: object, *, runs: int = 8, particles: int = 100, sweeps: int = 2, rounds: int = 5
) -> None:
    """Raise ValueError unless `sample_by_splitting` serves the architecture with these options."""
    check_fully_connected(architecture, "splitting")
    if runs < 4 or particles < 20 or sweeps < 1 or rounds < 1:
        raise ValueError(
            "splitting takes at least 4 runs of 20 particles, 1 sweep and 1 round, "
            f"got {runs}, {particles}, {sweeps} and {rounds}"
        )


def sample_by_splitting(
    architecture: "FullyConnected",
    train_inputs: np.ndarray,
    train_labels: np.ndarray,
    test_inputs: np.ndarray,
    *,
    seed: int,
    runs: int = 8,
    particles: int = 100,
    sweeps: int = 2,
    rounds: int = 5,
    progress: Callable[[int, int, float], None] = lambda run, fitted, log_evidence: None,
) -> SplittingSample:
    """``runs`` runs of ``particles`` networks that fit S, their functions on ``test_inputs`` (T, ...) tabulated
    ``rounds`` times.

    ``train_inputs`` (n, ...), ``train_labels`` (n,): S, which each run takes in an order of its own; an output of
    exactly 0 fits no label and is the negative class. Between two levels a network makes ``sweeps`` moves of every
    layer, between two tabulations twice as many. ``progress`` is called with the run, how many points are fitted and
    its log evidence so far. Memory: the parameters of one run's networks in double precision. The result depends on
    ``seed`` alone. Raises ValueError for malformed input or another architecture, RuntimeError if a run cannot go on.
    """
    check_splitting(architecture, runs=runs, particles=particles, sweeps=sweeps, rounds=rounds)
    labels = check_labels(train_labels)
    train, test = check_network_inputs(train_inputs, labels, test_inputs)
    results = []
    with ThreadPoolExecutor(get_num_threads()) as pool, threadpool_limits(1, "blas"):
        for run in range(runs):
            streams = np.random.SeedSequence(seed, spawn_key=(run,))
            order = np.random.default_rng(streams).permutation(len(labels))
            particle_set = _Run(architecture, train[order], labels[order], particles, streams, pool)
            results.append(
                particle_set.fit(sweeps, lambda fitted, log_p, run=run: progress(run, fitted, log_p))
                | particle_set.tabulate(test, rounds, 2 * sweeps)
            )
    gathered = {key: np.array([result[key] for result in results]) for key in results[0]}
    each = gathered["log_evidence"]
    log_evidence = logsumexp(each) - np.log(runs)
    # Scaled by Student's quantile: 1.96 of them are a 95 % interval. If networks forgot their parents at once, the
    # error would be the binomial one of the shares that lived; that few runs lie closer together is chance.
    scatter = np.exp(each - log_evidence).std(ddof=1) * student_factor(runs)
    error = max(scatter, gathered["variance"].mean() ** 0.5) / np.sqrt(runs)
    return SplittingSample(
        gathered["outputs"] > 0,
        gathered["outputs"].astype(np.float32),
        float(log_evidence),
        float(error),
        each,
        gathered["levels"],
        gathered["live"],
        gathered["ancestors"],
        gathered["trials"].mean(0),
    )


class _Run:
    """One run: networks that fit more and more of S."""

    def __init__(
        self,
        architecture: "FullyConnected",
        inputs: np.ndarray,
        labels: np.ndarray,
        particles: int,
        streams: np.random.SeedSequence,
        pool: ThreadPoolExecutor,
    ) -> None:
        self._architecture, self._labels, self._pool = architecture, labels, pool
        depth, width, self._bias = architecture.depth, architecture.width, architecture.bias_variance**0.5
        self._scale = (architecture.weight_variance / width) ** 0.5
        features = first_layer_features(architecture, inputs)
        self._span, self._coordinates = _span(features, np.linalg.norm(features))
        # About as large as outputs are, times the rounding of what is added up along the way.
        size = np.linalg.norm(features, axis=1).max() * architecture.weight_variance ** (depth / 2)
        self._least = _ROUNDING * (size + self._bias)
        self._rng, *self._rngs = (
            np.random.Generator(np.random.SFC64(child)) for child in streams.spawn(1 + -(-particles // _BLOCK))
        )
        wide = width + int(self._bias > 0)
        self._first = self._rng.standard_normal((particles, len(self._span), width))
        self._hidden = self._rng.standard_normal((particles, depth - 1, wide, width))
        self._last = self._rng.standard_normal((particles, wide))
        # Signed outputs y z on S, and where the walls of the points taken in stand.
        self._signed, self._walls = np.empty((particles, len(labels))), np.zeros(0)
        self._trials, self._moves = np.zeros((particles, depth)), 0

    def fit(self, sweeps: int, progress: Callable[[int, float], None]) -> dict[str, object]:
        """Take in S point by point."""
        size, log_evidence, variance, levels, fewest, margins = len(self._labels), 0.0, 0.0, 0, 1.0, 0
        self._move(0)
        roots = np.arange(len(self._last))
        while len(self._walls) < size or self._walls.min(initial=0) < 0:
            walls, alive = self._next_walls()
            margins = margins + 1 if walls.min(initial=0) < 0 else 0
            if margins > _MOST_LEVELS or alive.sum() < 2:
                raise RuntimeError(
                    f"splitting is stuck at {len(self._walls)} of {size} training points: too few networks get one "
                    "more right; raise particles or sweeps, or look for a contradiction in S"
                )
            log_evidence += np.log(alive.mean())
            variance += (1 / alive.mean() - 1) / len(alive)
            levels, fewest = levels + 1, min(fewest, alive.mean())
            roots = roots[self._resample(alive)]
            self._walls = walls
            self._move(sweeps)
            progress(len(walls), log_evidence)
        return {
            "log_evidence": log_evidence,
            "variance": variance,
            "levels": levels,
            "live": fewest,
            "ancestors": len(np.unique(roots)),
        }

    def _next_walls(self) -> tuple[np.ndarray, np.ndarray]:
        """The walls of the next level and which networks (N,) are within."""
        size, taken = len(self._labels), len(self._walls)
        if taken and self._walls[-1] < 0:
            # A point let in by half: the same again.
            taken -= 1
        right = np.cumprod(self._signed[:, taken:] > self._least, axis=1).mean(0)
        enough = np.flatnonzero(right >= _LIVE)
        if len(enough) == 0 and right[0] < _FEWEST_LIVE:
            wall = np.quantile(self._signed[:, taken], 1 - _LIVE)
            walls = np.append(np.zeros(taken), min(wall, 0.0))
            return walls, self._signed[:, taken] > walls[-1]
        number = enough[-1] + 1 if len(enough) else 1
        walls = np.zeros(min(taken + number, size))
        return walls, (self._signed[:, taken : len(walls)] > self._least).all(1)

    def _resample(self, alive: np.ndarray) -> np.ndarray:
        """Replace networks that are not ``alive`` by copies of the others, each copied equally often but for a rest."""
        living, dead = np.flatnonzero(alive), np.flatnonzero(~alive)
        parents = np.arange(len(alive))
        parents[dead] = np.concatenate(
            [self._rng.permutation(living) for _ in range(-(-len(dead) // len(living)))] or [dead]
        )[: len(dead)]
        for array in (self._first, self._hidden, self._last, self._signed):
            array[dead] = array[parents[dead]]
        return parents

    def _move(self, sweeps: int) -> None:
        def move(block: int) -> None:
            rows = slice(block * _BLOCK, (block + 1) * _BLOCK)
            _move(
                self._rngs[block], self._first[rows], self._hidden[rows], self._last[rows], self._coordinates,
                self._labels, self._walls, self._least, self._scale, self._bias, sweeps, self._signed[rows],
                self._trials[rows],
            )  # fmt: skip

        list(self._pool.map(move, range(len(self._rngs))))
        self._moves += sweeps
        if not np.isfinite(self._signed).all():
            raise RuntimeError("splitting met outputs that are not finite")

    def tabulate(self, inputs: np.ndarray, rounds: int, sweeps: int) -> dict[str, np.ndarray]:
        """Outputs (rounds * N, T) on ``inputs`` of the networks in ``rounds`` states apart by ``sweeps``."""
        features = first_layer_features(self._architecture, inputs)
        within = features @ self._span.T
        outside, left = _span(features - within @ self._span, np.linalg.norm(features))
        particles, width = len(self._last), self._first.shape[2]
        outputs = np.empty((rounds, particles, len(inputs)))
        for each in range(rounds):
            self._move(sweeps)
            for particle in range(particles):
                block = self._rngs[particle // _BLOCK]
                hidden = within @ self._first[particle] + left @ block.standard_normal((len(outside), width))
                for weights in (*self._hidden[particle], self._last[particle]):
                    hidden = _activations(hidden, self._scale, self._bias, len(weights)) @ weights
                outputs[each, particle] = hidden
        return {"outputs": outputs.reshape(-1, len(inputs)), "trials": self._trials.mean(0) / self._moves}


def _span(rows: np.ndarray, size: float) -> tuple[np.ndarray, np.ndarray]:
    """Orthonormal vectors (r, d) that span the ``rows`` (n, d), and the rows' coordinates (n, r) in them; what is small
    against ``size`` is rounding.
    """
    _, lengths, vectors = np.linalg.svd(rows, full_matrices=False)
    basis = vectors[lengths > _DEPENDENT * size]
    return basis, np.ascontiguousarray(rows @ basis.T)


@njit(**_COMPILED)
def _move(rng, first, hidden, last, coordinates, labels, walls, least, scale, bias, sweeps, signed, trials):
    """Move networks (N, ...) within ``walls`` (k,) of their first k signed outputs, and fill in ``signed`` (N, n)."""
    depth, taken, width, wide = hidden.shape[1] + 1, len(walls), first.shape[2], last.shape[1]
    exact = taken > 0 and walls.min() == 0.0
    bounds = walls + least
    # Pre-activations of every hidden layer on the points taken in, and of a trial; the outputs.
    now, trial = np.empty((depth, taken, width)), np.empty((depth, taken, width))
    z = np.empty((2, taken))
    every = np.empty((depth, len(labels), width))
    for network in range(len(last)):
        if taken > 0:
            np.dot(coordinates[:taken], first[network], now[0])
            _forward(now, hidden[network], scale, bias)
            for _ in range(sweeps):
                z[0] = np.dot(_activations(now[depth - 1], scale, bias, wide), last[network])
                for layer in range(depth):
                    # A trial costs the layers above: units are moved one by one, or nearly, where that is one layer.
                    blocks = _BLOCKS if layer >= depth - 2 else _DEEP_BLOCKS
                    block = -(-width // blocks)
                    if layer == 0:
                        weights, inputs = first[network], coordinates[:taken]
                    else:
                        weights, inputs = hidden[network, layer - 1], _activations(now[layer - 1], scale, bias, wide)
                    trials[network, layer] += _slice_layer(
                        rng, layer, block, weights, inputs, now, trial, z, hidden[network], last[network], labels,
                        bounds, scale, bias,
                    )  # fmt: skip
                features = _activations(now[depth - 1], scale, bias, wide)
                for i in range(taken):
                    features[i] *= labels[i]
                if exact:
                    _reflect(rng, features, last[network], least)
                else:
                    _slice_last(rng, features, last[network], bounds)
        np.dot(coordinates, first[network], every[0])
        _forward(every, hidden[network], scale, bias)
        signed[network] = labels * np.dot(_activations(every[depth - 1], scale, bias, wide), last[network])


@njit(**_COMPILED)
def _slice_layer(rng, layer, block, weights, inputs, now, trial, z, hidden, last, labels, bounds, scale, bias):
    """Elliptical slice sampling of one hidden layer, a block of units after the other; -> trials a block."""
    width = weights.shape[1]
    velocity = rng.standard_normal(weights.shape)
    turn = np.dot(inputs, velocity)
    count, last_miss, blocks = 0, 0, 0
    for begin in range(0, width, block):
        units = slice(begin, min(begin + block, width))
        angle = 2 * pi * rng.random()
        low, high = angle - 2 * pi, angle
        for _ in range(_SHRINKAGES):
            count += 1
            cosine, sine = cos(angle), sin(angle)
            for i in range(len(turn)):
                for u in range(units.start, units.stop):
                    trial[layer, i, u] = cosine * now[layer, i, u] + sine * turn[i, u]
            miss = _first_miss(last_miss, layer, units, now, trial, z, hidden, last, labels, bounds, scale, bias)
            if miss < 0:
                weights[:, units] = cosine * weights[:, units] + sine * velocity[:, units]
                now[layer, :, units], z[0] = trial[layer, :, units], z[1]
                now[layer + 1 :] = trial[layer + 1 :]
                break
            last_miss = miss
            if angle < 0:
                low = angle
            else:
                high = angle
            angle = low + (high - low) * rng.random()
        blocks += 1
    return count / blocks


@njit(**_COMPILED)
def _first_miss(hint, layer, units, now, trial, z, hidden, last, labels, bounds, scale, bias):
    """A point that the trial, other ``units`` in one layer, puts beyond its wall, -1 if none.

    ``hint`` is looked at first. Without a miss the trial's layers above, and its outputs z[1], are filled in.
    """
    depth, taken, width = now.shape
    for step in range(-1, taken):
        i = hint if step < 0 else step
        output = z[0, i]
        if layer + 1 < depth:
            above = trial[layer + 1, i]
            above[:] = now[layer + 1, i]
            for u in range(units.start, units.stop):
                change = scale * (max(trial[layer, i, u], 0.0) - max(now[layer, i, u], 0.0))
                if change != 0:
                    _add(above, hidden[layer, u], change)
            for upper in range(layer + 2, depth):
                above = trial[upper, i]
                above[:] = 0
                if bias > 0:
                    _add(above, hidden[upper - 1, width], bias)
                for u in range(width):
                    if trial[upper - 1, i, u] > 0:
                        _add(above, hidden[upper - 1, u], scale * trial[upper - 1, i, u])
            output = 0.0
            for u in range(width):
                output += last[u] * max(above[u], 0.0)
            output *= scale
            if bias > 0:
                output += bias * last[width]
        else:
            for u in range(units.start, units.stop):
                output += last[u] * scale * (max(trial[layer, i, u], 0.0) - max(now[layer, i, u], 0.0))
        if not labels[i] * output > bounds[i]:
            return i
        z[1, i] = output
    return -1


@njit(**_COMPILED)
def _activations(outputs, scale, bias, wide):
    """What standard normal weights multiply of the next layer: scaled ReLU and, for biases, a constant."""
    result = np.empty((len(outputs), wide))
    for i in range(len(outputs)):
        for u in range(outputs.shape[1]):
            result[i, u] = scale * max(outputs[i, u], 0.0)
        for u in range(outputs.shape[1], wide):
            result[i, u] = bias
    return result


@njit(**_COMPILED)
def _forward(outputs, hidden, scale, bias):
    """Fill in the pre-activations ``outputs`` (depth, k, width) of all layers but the first."""
    for layer in range(1, len(outputs)):
        np.dot(_activations(outputs[layer - 1], scale, bias, hidden.shape[1]), hidden[layer - 1], outputs[layer])


@njit(**_COMPILED)
def _slice_last(rng, features, last, bounds):
    """Elliptical slice sampling of the output layer, where a wall is not at 0."""
    velocity = rng.standard_normal(len(last))
    position, turn = np.dot(features, last), np.dot(features, velocity)
    angle = 2 * pi * rng.random()
    low, high = angle - 2 * pi, angle
    for _ in range(_SHRINKAGES):
        if (cos(angle) * position + sin(angle) * turn > bounds).all():
            last[:] = cos(angle) * last + sin(angle) * velocity
            return
        if angle < 0:
            low = angle
        else:
            high = angle
        angle = low + (high - low) * rng.random()


@njit(**_COMPILED)
def _reflect(rng, features, last, least):
    """Follow ``last`` (w,) with a new velocity off the walls features @ last = 0 to a quarter period.

    It stays where it was if rounding carries it past a wall or it bounces too often, both the same there and back.
    """
    taken, wide = features.shape
    velocity = rng.standard_normal(wide)
    gram = np.dot(features, features.T)
    # Signed outputs, then weights: both turn and are kicked alike.
    x, v = np.empty(taken + wide), np.empty(taken + wide)
    x[:taken], v[:taken] = np.dot(features, last), np.dot(features, velocity)
    x[taken:], v[taken:] = last, velocity
    left = pi / 2
    for _ in range(_BOUNCES):
        steepest, wall = 0.0, -1
        for i in range(taken):
            if -v[i] > steepest * x[i]:
                steepest, wall = -v[i] / max(x[i], 1e-300), i
        wait = atan2(1.0, steepest) if wall >= 0 else pi
        step = min(wait, left)
        cosine, sine = cos(step), sin(step)
        for i in range(taken + wide):
            x[i], v[i] = cosine * x[i] + sine * v[i], cosine * v[i] - sine * x[i]
        left -= step
        if wait >= left + step:
            break
        kick = -2.0 * v[wall] / gram[wall, wall]
        for i in range(taken):
            v[i] += kick * gram[wall, i]
        for u in range(wide):
            v[taken + u] += kick * features[wall, u]
    else:
        return
    ended = np.dot(features, x[taken:])
    for i in range(taken):
        if not ended[i] > least:
            return
    last[:] = x[taken:]


@njit(**_COMPILED)
def _add(target, vector, factor):
    for u in range(len(target)):
        target[u] += factor * vector[u]


def fit_splitting(
    architecture: "FullyConnected",
    task: "Task",
    *,
    runs: int = 8,
    particles: int = 100,
    sweeps: int = 2,
    rounds: int = 5,
    seed: int = 0,
) -> tuple[EmpiricalPosterior, dict[str, float]]:
    """`sample_by_splitting` as the configuration asks for it. Raises RuntimeError if the runs disagree."""
    result = sample_by_splitting(
        architecture, task.train_inputs, task.train_labels, task.test_inputs,
        runs=runs, particles=particles, sweeps=sweeps, rounds=rounds, seed=seed,
        progress=lambda run, fitted, log_p: print(f"run {run}: {fitted} points fitted, ln P {log_p:.2f}", flush=True),
    )  # fmt: skip
    r_hat, effective = chain_diagnostics(result.outputs.astype(np.float64))
    diagnostics = {
        "log_evidence": result.log_evidence,
        "log_evidence_se": result.standard_error,
        "r_hat": float(r_hat.max()),
        "effective_sample_size": float(effective.min()),
        "levels": float(result.levels.mean()),
        "smallest_share_alive": float(result.live.min()),
        "fewest_ancestors": int(result.ancestors.min()),
        "trials": result.trials.tolist(),
    }
    if not diagnostics["r_hat"] <= _R_HAT:
        raise RuntimeError(
            f"the runs of splitting disagree (R-hat {diagnostics['r_hat']:.3f}): give them more particles or sweeps"
        )
    return EmpiricalPosterior(result.functions), diagnostics
