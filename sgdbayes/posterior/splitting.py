"""P_B(f|S) of finite networks by splitting: networks drawn from the prior are led to fit S through label noise.

Annealed splitting, a sequential Monte Carlo sampler (Neal, Stat. Comput. 11, 2001; Del Moral, Doucet and Jasra, JRSS B
68, 2006). Noise of standard deviation s is added to every output before its sign is taken, so that a network fits S
with probability prod_i Phi(y_i z_i / s). Without end it drowns the outputs, and P(S) = 2^-n; at s = 0 it is gone, and
P(S) is the evidence. It falls step by step: networks are weighted by the ratio of their probabilities, copied in
proportion, and moved by a Markov chain that leaves the prior given the labels and the noise as it is. The product of
the mean weights estimates P(S). A step goes as far as leaves the weights an effective share of the networks.
Had networks to live or die at hard walls, point by point, n points would cost n^2 moves for the same error of
ln P(S); as weights change smoothly at all points together they cost n.

A move of the Markov chain, none of which needs a gradient:

- each hidden layer, unit by unit, by elliptical slice sampling (Murray, Adams and MacKay, AISTATS 2010): all weights
  into and out of it become w cos a + v sin a, v ~ N(0, 1), the angle a shrunk until the labels are as likely as the
  slice asks. Pre-activations turn with the weights, so a trial costs the layers above alone; one unit of 64 turns eight
  times as far as all at once, and its weights on both sides, which are held to one another by what it adds to the
  outputs, farther together than one side alone;
- the output layer exactly: given the features it is, with the noise, a standard normal vector within half-spaces, and
  follows the Hamiltonian trajectories of Pakman and Paninski (2014) off the walls y (z + noise) = 0 to a quarter
  period, as in `zero_one`.

The first layer lives in the span of S: rotated there its weights are N(0, 1) still. Its part outside, of which S says
nothing, is drawn from the prior where functions on E are tabulated.

All compiled code is in this file: numba's cache sees a change of no other.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from math import atan2, cos, log, pi, sin, sqrt
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numba import get_num_threads, njit
from scipy.optimize import brentq
from scipy.special import log_ndtr, logsumexp
from threadpoolctl import threadpool_limits

from sgdbayes.checks import check_labels
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
# The effective share of the networks that a step's weights leave.
_SHARE = 0.85
# Noise below this share of the outputs' scale, and networks still in the wrong: S contradicts itself, or nearly.
_LEAST_NOISE = 1e-7
_SHRINKAGES, _BOUNCES = 100, 100_000
# Networks of one task of the pool.
_BLOCK = 4
# Blocks of units that a hidden layer is moved in: the last two hidden layers, and those below.
_BLOCKS, _DEEP_BLOCKS = 64, 8
# Largest R-hat, over test points, of runs taken to agree: their means then scatter as those of 16 independent draws
# would or of more (R-hat^2 is about 1 plus the ratio of the variance between runs to that within).
_R_HAT = 1.1
_COMPILED: dict[str, Any] = {
    "cache": True,
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"contract", "nsz", "reassoc"},
}
# ln Phi and its slope at multiples of 1 / _KNOTS from -_REACH to _REACH: cubic pieces between are right to 1e-8.
_KNOTS, _REACH = 16, 8
_AT = np.arange(-_REACH * _KNOTS, _REACH * _KNOTS + 1) / _KNOTS
_LOG_PHI = log_ndtr(_AT)
_SLOPE = np.exp(-(_AT**2) / 2 - _LOG_PHI) / sqrt(2 * pi) / _KNOTS


@dataclass(frozen=True)
class SplittingSample:
    """``functions`` (runs, draws, T) bool on the test inputs, True the positive class, of independent runs, and
    ``outputs`` (runs, draws, T), float32, whose signs they are. ``log_evidence``: natural log of P(S); its
    ``standard_error`` is that of the scatter of the runs' own ``run_evidence`` (runs,), or the one of the weights, as
    if networks were independent, if that is larger. ``levels`` (runs,): in how many steps the noise fell; ``live``
    (runs,): the smallest share of the networks that was copied in one; ``ancestors`` (runs,): how many of a run's first
    networks have descendants among its last, usually few; ``trials``: mean of a slice's trials, by hidden layer.
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
    architecture: object, *, runs: int = 8, particles: int = 100, sweeps: int = 1, rounds: int = 5
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
    sweeps: int = 1,
    rounds: int = 5,
    progress: Callable[[int, float, float], None] = lambda run, noise, log_evidence: None,
) -> SplittingSample:
    """``runs`` runs of ``particles`` networks that fit S, their functions on ``test_inputs`` (T, ...) tabulated
    ``rounds`` times.

    ``train_inputs`` (n, ...), ``train_labels`` (n,): S; an output of exactly 0 fits no label and is the negative class.
    Between two steps a network makes ``sweeps`` moves of every layer, between two tabulations twice as many.
    ``progress`` is called with the run, the noise as a share of the outputs' scale and its log evidence so far. Memory:
    the parameters of one run's networks in double precision, and on each thread some n (n + units) numbers. The result
    depends on ``seed`` alone. Raises ValueError for malformed input or another architecture, RuntimeError if a run
    cannot go on.

    >>> x = np.random.default_rng(0).normal(size=(30, 5))
    >>> drawn = sb.sample_by_splitting(
    ...     sb.FullyConnected(width=16), x[:8], np.arange(8) < 4, x[8:], seed=0, runs=4, particles=20
    ... )
    >>> drawn.functions.shape
    (4, 100, 22)
    """
    check_splitting(architecture, runs=runs, particles=particles, sweeps=sweeps, rounds=rounds)
    labels = check_labels(train_labels)
    train, test = check_network_inputs(train_inputs, labels, test_inputs)
    inputs = _coordinates(*(first_layer_features(architecture, each) for each in (train, test)))
    results = []
    with ThreadPoolExecutor(get_num_threads()) as pool, threadpool_limits(1, "blas"):
        for run in range(runs):
            streams = np.random.SeedSequence(seed, spawn_key=(run,))
            networks = _Run(architecture, inputs, labels, particles, streams, pool)
            results.append(networks.fit(sweeps, partial(progress, run)) | networks.tabulate(rounds, 2 * sweeps))
    gathered = {key: np.array([result[key] for result in results]) for key in results[0]}
    each = gathered["log_evidence"]
    log_evidence = logsumexp(each) - np.log(runs)
    # Scaled by Student's quantile: 1.96 of them are a 95 % interval. If networks forgot their parents at once, the
    # error would be that of the weights; that few runs lie closer together is chance.
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


class _Coordinates(NamedTuple):
    """Inputs of the first layer in orthonormal vectors that span those of S: ``train`` (n, r), ``within`` (T, r) of E;
    of what is left of E in vectors of its own, ``outside`` (T, s).
    """

    train: np.ndarray
    within: np.ndarray
    outside: np.ndarray


def _coordinates(train: np.ndarray, test: np.ndarray) -> _Coordinates:
    span, coordinates = _span(train, np.linalg.norm(train))
    within = test @ span.T
    _, outside = _span(test - within @ span, np.linalg.norm(test))
    return _Coordinates(coordinates, within, outside)


class _Run:
    """One run: networks that fit S under less and less noise."""

    def __init__(
        self,
        architecture: "FullyConnected",
        inputs: "_Coordinates",
        labels: np.ndarray,
        particles: int,
        streams: np.random.SeedSequence,
        pool: ThreadPoolExecutor,
    ) -> None:
        self._labels, self._pool, self._inputs = labels, pool, inputs
        self._bias, widths = architecture.bias_variance**0.5, np.array(architecture.layer_widths)
        self._scales = (architecture.weight_variance / widths) ** 0.5
        # Of each layer's weights, the last with one output: rows, then columns.
        ones = int(self._bias > 0)
        self._shapes = np.stack([[inputs.train.shape[1], *(widths + ones)], [*widths, 1]])
        # About as large as outputs are, times the rounding of what is added up along the way.
        length = np.linalg.norm(inputs.train, axis=1).max()
        self._size = length * architecture.weight_variance ** (len(widths) / 2) + self._bias
        self._rng, *self._rngs = (
            np.random.Generator(np.random.SFC64(child)) for child in streams.spawn(1 + -(-particles // _BLOCK))
        )
        self._weights = self._rng.standard_normal((particles, self._shapes.prod(0).sum()))
        self._signed, self._noise = np.empty((particles, len(labels))), np.inf
        self._trials, self._moves = np.zeros((particles, len(widths))), 0

    def fit(self, sweeps: int, progress: Callable[[float, float], None]) -> dict[str, object]:
        """Let the noise fall to 0."""
        log_evidence, variance, levels, fewest = -len(self._labels) * np.log(2), 0.0, 0, 1.0
        self._move(0)
        roots = np.arange(len(self._weights))
        while self._noise > 0:
            noise, log_weights = self._next_noise()
            weights = np.exp(log_weights - log_weights.max())
            log_evidence += log_weights.max() + np.log(weights.mean())
            variance += weights.var() / weights.mean() ** 2 / len(weights)
            parents = self._resample(weights)
            roots, levels, fewest = roots[parents], levels + 1, min(fewest, len(np.unique(parents)) / len(parents))
            self._noise = noise
            self._move(sweeps)
            progress(noise / self._size, log_evidence)
        return {
            "log_evidence": log_evidence,
            "variance": variance,
            "levels": levels,
            "live": fewest,
            "ancestors": len(np.unique(roots)),
        }

    def _log_likelihood(self, noise: float) -> np.ndarray:
        """Of the labels under so much noise, for each network; without end, relative to 2^-n."""
        if noise == np.inf:
            return np.full(len(self._signed), -len(self._labels) * np.log(2))
        least = _ROUNDING * self._size
        if noise == 0:
            return np.where((self._signed > least).all(1), 0.0, -np.inf)
        # An output of 0, where all units are dead, is right half the time under any noise, and never without.
        return np.where((abs(self._signed) > least).all(1), log_ndtr(self._signed / noise).sum(1), -np.inf)

    def _next_noise(self) -> tuple[float, np.ndarray]:
        """The noise of the next step, and the networks' log weights (N,)."""
        before = self._log_likelihood(self._noise)

        def left(noise: float) -> float:
            """The effective share of the networks that could go on."""
            weights = self._log_likelihood(noise) - before
            possible = np.isfinite(weights)
            if not possible.any():
                return 0.0
            share = np.exp(2 * logsumexp(weights) - logsumexp(2 * weights)) / possible.sum()
            return share if noise > 0 else share * possible.mean()

        noise = 0.0
        if left(noise) < _SHARE:
            low, high = _LEAST_NOISE * self._size, min(self._noise, 1e3 * len(self._labels) * self._size)
            if not left(high) > _SHARE > left(low):
                raise RuntimeError(
                    "splitting is stuck: too few networks fit all training points, however little noise there is; "
                    "raise particles or sweeps, or look for a contradiction in S"
                )
            noise = float(
                np.exp(brentq(lambda each: left(np.exp(each)) - _SHARE, np.log(low), np.log(high), xtol=1e-3))
            )
        return noise, self._log_likelihood(noise) - before

    def _resample(self, weights: np.ndarray) -> np.ndarray:
        """Copy networks in proportion to their ``weights`` (N,), systematically; -> parents (N,)."""
        size = len(weights)
        places = (self._rng.random() + np.arange(size)) / size * weights.sum()
        parents = np.searchsorted(np.cumsum(weights), places).clip(max=size - 1)
        for array in (self._weights, self._signed):
            array[:] = array[parents]
        return parents

    def _move(self, sweeps: int) -> None:
        def move(block: int) -> None:
            rows = slice(block * _BLOCK, (block + 1) * _BLOCK)
            _move(
                self._rngs[block], self._weights[rows], self._shapes, self._inputs.train, self._labels,
                0.0 if self._noise == np.inf else self._noise, _ROUNDING * self._size, self._scales, self._bias, sweeps,
                self._signed[rows], self._trials[rows],
            )  # fmt: skip

        list(self._pool.map(move, range(len(self._rngs))))
        self._moves += sweeps
        if not np.isfinite(self._signed).all():
            raise RuntimeError("splitting met outputs that are not finite")

    def tabulate(self, rounds: int, sweeps: int) -> dict[str, np.ndarray]:
        """Outputs (rounds * N, T) on the test inputs of the networks in ``rounds`` states apart by ``sweeps``."""
        particles, outputs = len(self._weights), []
        ends = np.cumsum(self._shapes.prod(0))[:-1]
        for _ in range(rounds):
            self._move(sweeps)
            for particle in range(particles):
                first, *layers = (
                    part.reshape(shape)
                    for part, shape in zip(np.split(self._weights[particle], ends), self._shapes.T, strict=True)
                )
                rng = self._rngs[particle // _BLOCK]
                left = rng.standard_normal((self._inputs.outside.shape[1], first.shape[1]))
                hidden = self._inputs.within @ first + self._inputs.outside @ left
                for weights, scale in zip(layers, self._scales, strict=True):
                    hidden = _activations(hidden, scale, self._bias, len(weights)) @ weights
                outputs.append(hidden[:, 0])
        return {"outputs": np.array(outputs), "trials": self._trials.mean(0) / self._moves}


def _span(rows: np.ndarray, size: float | np.floating) -> tuple[np.ndarray, np.ndarray]:
    """Orthonormal vectors (r, d) that span the ``rows`` (n, d), and the rows' coordinates (n, r) in them; what is small
    against ``size`` is rounding.
    """
    _, lengths, vectors = np.linalg.svd(rows, full_matrices=False)
    basis = vectors[lengths > _DEPENDENT * size]
    return basis, np.ascontiguousarray(rows @ basis.T)


@njit(**_COMPILED)
def _layer(packed, layer, sizes, shape):
    """The matrix of one layer, a view of the numbers of all."""
    begin = sizes[:layer].sum()
    return packed[begin : begin + sizes[layer]].reshape(shape)


@njit(**_COMPILED)
def _move(rng, weights, shapes, coordinates, labels, noise, least, scales, bias, sweeps, signed, trials):
    """Move networks (N, ...) given their labels under ``noise``, and fill in ``signed`` (N, n) outputs y z."""
    points, depth, wide = len(labels), shapes.shape[1] - 1, shapes[0, -1]
    sizes, units = shapes[0] * shapes[1], points * shapes[1]
    # Pre-activations of every layer, the last one's the outputs, and of a trial.
    now, trial = np.empty(units.sum()), np.empty(units.sum())
    for network in range(len(weights)):
        packed = weights[network]
        last = _layer(packed, depth, sizes, (wide,))
        _forward(now, packed, shapes, sizes, units, coordinates, scales, bias)
        for _ in range(sweeps):
            for layer in range(depth):
                # A trial costs the layers above: units are moved one by one, or nearly, where that is one layer.
                blocks = _BLOCKS if layer >= depth - 2 else _DEEP_BLOCKS
                block = -(-shapes[1, layer] // blocks)
                trials[network, layer] += _slice_layer(
                    rng, layer, block, packed, shapes, sizes, units, coordinates, now, trial, labels, noise, least,
                    scales, bias,
                )  # fmt: skip
            features = _activations(
                _layer(now, depth - 1, units, (points, shapes[1, depth - 1])), scales[depth - 1], bias, wide
            )
            for i in range(points):
                for u in range(wide):
                    features[i, u] *= labels[i]
            _reflect(rng, features, last, noise, least)
            # Afresh, so that rounding does not add up.
            _forward(now, packed, shapes, sizes, units, coordinates, scales, bias)
        z = _layer(now, depth, units, (points,))
        for i in range(points):
            signed[network, i] = labels[i] * z[i]


@njit(**_COMPILED)
def _log_phi(x):
    if x >= _REACH:
        return 0.0
    if x <= -_REACH:
        # Abramowitz and Stegun 26.2.12, right to 1e-5 and better.
        square = 1 / (x * x)
        series = 1 - square * (1 - 3 * square * (1 - 5 * square * (1 - 7 * square)))
        return -0.5 * x * x - log(-x * sqrt(2 * pi)) + log(series)
    place = (x + _REACH) * _KNOTS
    knot = int(place)
    part = place - knot
    rest = 1 - part
    return rest * rest * ((1 + 2 * part) * _LOG_PHI[knot] + part * _SLOPE[knot]) + part * part * (
        (1 + 2 * rest) * _LOG_PHI[knot + 1] - rest * _SLOPE[knot + 1]
    )


@njit(**_COMPILED)
def _slice_layer(
    rng, layer, block, packed, shapes, sizes, units, coordinates, now, trial, labels, noise, least, scales, bias
):
    """Elliptical slice sampling of one hidden layer, a block of units after the other, of all weights into and out of
    them together; -> trials a block.
    """
    points, depth, width, out = len(labels), shapes.shape[1] - 1, shapes[1, layer], shapes[1, layer + 1]
    weights = _layer(packed, layer, sizes, (shapes[0, layer], width))
    outgoing = _layer(packed, layer + 1, sizes, (shapes[0, layer + 1], out))
    mine, z = _layer(now, layer, units, (points, width)), _layer(now, depth, units, (points,))
    upper = _layer(now, layer + 1, units, (points, out))
    velocity, turn_out = rng.standard_normal(weights.shape), rng.standard_normal((width, out))
    if layer == 0:
        turn = np.dot(coordinates, velocity)
    else:
        below = _layer(now, layer - 1, units, (points, shapes[1, layer - 1]))
        turn = np.dot(_activations(below, scales[layer - 1], bias, len(weights)), velocity)
    # Of the units of a block, contiguous: where they are, where they turn to, as tried; scaled activations now and as
    # tried; weights out of them as tried.
    here, aim, new, given, tried = np.empty((5, block, points))
    tried_out, z_tried = np.empty((block, out)), np.empty(points)
    likelihood = 0.0
    if noise > 0:
        for i in range(points):
            likelihood += _log_phi(labels[i] * z[i] / noise)
    count, last_miss, blocks = 0, 0, 0
    for begin in range(0, width, block):
        end = min(begin + block, width)
        for i in range(points):
            for u in range(begin, end):
                here[u - begin, i], aim[u - begin, i] = mine[i, u], turn[i, u]
                given[u - begin, i] = scales[layer] * max(mine[i, u], 0.0)
        angle = 2 * pi * rng.random()
        low, high = angle - 2 * pi, angle
        threshold = likelihood - rng.standard_exponential()
        for _ in range(_SHRINKAGES):
            count += 1
            cosine, sine = cos(angle), sin(angle)
            for u in range(end - begin):
                for i in range(points):
                    new[u, i] = cosine * here[u, i] + sine * aim[u, i]
                    tried[u, i] = scales[layer] * max(new[u, i], 0.0)
                for v in range(out):
                    tried_out[u, v] = cosine * outgoing[begin + u, v] + sine * turn_out[begin + u, v]
            miss, found = _try(
                last_miss, threshold, layer, packed, shapes, sizes, units, now, trial, given, tried,
                outgoing[begin:end], tried_out, z_tried, labels, noise, least, scales, bias,
            )  # fmt: skip
            if miss < 0:
                likelihood = found
                for i in range(points):
                    for u in range(begin, end):
                        mine[i, u] = new[u - begin, i]
                        if layer + 1 < depth:
                            _add(upper[i], outgoing[u], -given[u - begin, i])
                            _add(upper[i], tried_out[u - begin], tried[u - begin, i])
                for u in range(begin, end):
                    for row in range(len(weights)):
                        weights[row, u] = cosine * weights[row, u] + sine * velocity[row, u]
                    outgoing[u] = tried_out[u - begin]
                deeper = units[: layer + 2].sum()
                now[deeper:] = trial[deeper:]
                z[:] = z_tried
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
def _try(
    hint, threshold, layer, packed, shapes, sizes, units, now, trial, given, tried, outgoing, tried_out, z_tried,
    labels, noise, least, scales, bias,
):  # fmt: skip
    """Whether the labels are as likely as the ``threshold`` asks with units as tried: the point where that was known
    not to be so, -1 if it is; and how likely they are.

    ``hint`` is looked at first where there is no noise. The trial's layers from the second above on, and the outputs
    ``z_tried``, are filled in.
    """
    points, depth, width = len(labels), shapes.shape[1] - 1, shapes[1, layer + 1]
    likelihood = 0.0
    upper = _layer(now, layer + 1, units, (points, width))
    last = _layer(packed, depth, sizes, (shapes[0, depth],))
    scratch, top = np.empty(width), scales[depth - 1]
    for step in range(-1 if noise == 0 else 0, points):
        i = hint if step < 0 else step
        if layer + 1 == depth:
            output = upper[i, 0]
            for u in range(len(outgoing)):
                output += tried_out[u, 0] * tried[u, i] - outgoing[u, 0] * given[u, i]
        elif layer + 2 == depth and len(outgoing) == 1:
            output = top * _in_one_pass(upper[i], outgoing[0], given[0, i], tried_out[0], tried[0, i], last)
            if bias > 0:
                output += bias * last[width]
        else:
            row = scratch
            row[:] = upper[i]
            for u in range(len(outgoing)):
                _add(row, outgoing[u], -given[u, i])
                _add(row, tried_out[u], tried[u, i])
            for deeper in range(layer + 2, depth):
                wide = shapes[0, deeper]
                weights = _layer(packed, deeper, sizes, (wide, shapes[1, deeper]))
                below = row
                row = _layer(trial, deeper, units, (points, shapes[1, deeper]))[i]
                row[:] = 0
                if bias > 0:
                    _add(row, weights[wide - 1], bias)
                for u in range(len(below)):
                    if below[u] > 0:
                        _add(row, weights[u], scales[deeper - 1] * below[u])
            output = 0.0
            for u in range(len(row)):
                output += last[u] * max(row[u], 0.0)
            output *= top
            if bias > 0:
                output += bias * last[len(row)]
        z_tried[i] = output
        if noise > 0:
            likelihood += _log_phi(labels[i] * output / noise)
            if likelihood < threshold or abs(output) <= least:
                return i, likelihood
        elif not labels[i] * output > least:
            return i, likelihood
    return -1, likelihood


@njit(**_COMPILED)
def _in_one_pass(upper, outgoing, given, tried_out, tried, last):
    """Outputs without the bias: last @ relu(upper - outgoing given + tried_out tried)."""
    output = 0.0
    for v in range(len(upper)):
        output += last[v] * max(upper[v] - outgoing[v] * given + tried_out[v] * tried, 0.0)
    return output


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
def _forward(now, packed, shapes, sizes, units, coordinates, scales, bias):
    """Fill in the pre-activations ``now`` of all layers."""
    points, layers = len(coordinates), shapes.shape[1]
    inputs = coordinates
    for layer in range(layers):
        width, wide = shapes[1, layer], shapes[0, layer]
        outputs = _layer(now, layer, units, (points, width))
        if layer > 0:
            inputs = _activations(
                _layer(now, layer - 1, units, (points, shapes[1, layer - 1])), scales[layer - 1], bias, wide
            )
        np.dot(inputs, _layer(packed, layer, sizes, (wide, width)), outputs)


@njit(**_COMPILED)
def _above(rng, bound):
    """A standard normal number given that it is above ``bound`` (Robert, Stat. Comput. 5, 1995)."""
    if bound < 0.4:
        while True:
            x = rng.standard_normal()
            if x > bound:
                return x
    rate = 0.5 * (bound + sqrt(bound * bound + 4))
    while True:
        x = bound + rng.standard_exponential() / rate
        if 0.5 * (x - rate) ** 2 < rng.standard_exponential():
            return x


@njit(**_COMPILED)
def _reflect(rng, features, last, noise, least):
    """Follow ``last`` (w,), and the noise given it, with a new velocity off the walls
    features @ last + noise e = 0 to a quarter period.

    It stays where it was if rounding carries it past a wall or it bounces too often, both the same there and back.
    """
    points, wide = features.shape
    gram = np.dot(features, features.T)
    # Signed outputs, weights, then noise: all turn and are kicked alike.
    x, v = np.empty(2 * points + wide), np.empty(2 * points + wide)
    w, e = slice(points, points + wide), slice(points + wide, 2 * points + wide)
    x[w] = last
    v[:] = rng.standard_normal(len(v))
    x[:points], v[:points] = np.dot(features, last), np.dot(features, v[w])
    if noise > 0:
        for i in range(points):
            gram[i, i] += noise * noise
            x[points + wide + i] = _above(rng, -x[i] / noise)
            x[i] += noise * x[points + wide + i]
            v[i] += noise * v[points + wide + i]
    else:
        x[e], v[e] = 0.0, 0.0
    left = pi / 2
    for _ in range(_BOUNCES):
        steepest, wall = 0.0, -1
        for i in range(points):
            if -v[i] > steepest * x[i]:
                steepest, wall = -v[i] / max(x[i], 1e-300), i
        wait = atan2(1.0, steepest) if wall >= 0 else pi
        step = min(wait, left)
        cosine, sine = cos(step), sin(step)
        for i in range(len(x)):
            x[i], v[i] = cosine * x[i] + sine * v[i], cosine * v[i] - sine * x[i]
        left -= step
        if wait >= left + step:
            break
        kick = -2.0 * v[wall] / gram[wall, wall]
        for i in range(points):
            v[i] += kick * gram[wall, i]
        for u in range(wide):
            v[points + u] += kick * features[wall, u]
        v[points + wide + wall] += kick * noise
    else:
        return
    ended = np.dot(features, x[w])
    for i in range(points):
        if not ended[i] + noise * x[points + wide + i] > (0.0 if noise > 0 else least):
            return
    last[:] = x[w]


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
    sweeps: int = 1,
    rounds: int = 5,
    seed: int = 0,
) -> tuple[EmpiricalPosterior, dict[str, float]]:
    """`sample_by_splitting` as the configuration asks for it. Raises RuntimeError if the runs disagree."""
    result = sample_by_splitting(
        architecture, task.train_inputs, task.train_labels, task.test_inputs,
        runs=runs, particles=particles, sweeps=sweeps, rounds=rounds, seed=seed,
        progress=lambda run, noise, log_p: print(f"run {run}: noise {noise:.2g}, ln P {log_p:.2f}", flush=True),
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
