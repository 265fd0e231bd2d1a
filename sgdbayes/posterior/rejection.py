"""P_B(f|S) of finite networks by rejection: parameters drawn from the prior, kept if the network fits S.

Mingard et al. (JMLR 2021, sections 1 and 2): random sampling in the place of SGD. A network is drawn no further than
the first training input it gets wrong. With q_1, q_2, ... the orthonormal vectors that Gram and Schmidt make of what a
layer has been fed, its weights W ~ N(0, 1) enter only through the rows q_j' W, which are standard normal and
independent, since the q_j depend on earlier layers alone: a new input needs one new row in each layer, and none if it
depends on those before. So what is kept has exactly the distribution of whole networks that fit, to rounding, and a
network that fails at its first input has cost one random number a unit.

All compiled code is in this file: numba's cache sees a change of no other.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count, islice
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import get_num_threads, njit

from sgdbayes.checks import check_labels
from sgdbayes.posterior._networks import check_fully_connected, check_network_inputs, first_layer_features
from sgdbayes.posterior.empirical import EmpiricalPosterior
from sgdbayes.statistics import wilson_interval

if TYPE_CHECKING:  # importing it takes torch, and seconds
    from sgdbayes.architectures.fully_connected import FullyConnected
    from sgdbayes.datasets.task import Task

__all__ = ["RejectionSample", "check_rejection", "fit_rejection", "sample_by_rejection"]

# Networks with a random stream of their own.
_CHUNK = 8192
# A feature vector with a smaller share of its length outside the span of those before counts as inside.
_DEPENDENT = 1e-10
# Where cancellation has cost more than this, Gram and Schmidt go again (Parlett, "The Symmetric Eigenvalue Problem",
# 1998, section 6.9: twice is enough).
_AGAIN = 0.7
_PILOT, _PILOT_INPUTS = 512, 64
# Networks on a part of S that say how rare those are that fit it, and after how many it is given up.
_ENOUGH, _FEW = 50, 1_000_000
_COMPILED: dict[str, Any] = {
    "cache": True,
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"contract", "nsz", "reassoc"},
}


@dataclass(frozen=True)
class RejectionSample:
    """``functions`` (accepted, T) bool, True the positive class: of the networks that fitted S on the test inputs, in
    the order drawn. ``networks``: how many were tried; ``acceptance``: the share that fitted, with a 95 % interval.
    """

    functions: np.ndarray
    networks: int
    acceptance: float
    acceptance_low: float
    acceptance_high: float


def check_rejection(architecture: object, *, networks: int, accepted: int | None = None) -> None:
    """Raise ValueError unless `sample_by_rejection` can draw such networks, so many."""
    check_fully_connected(architecture, "rejection sampling")
    if networks < 1 or (accepted is not None and accepted < 1):
        raise ValueError(f"networks and accepted must be at least 1, got {networks} and {accepted}")


def sample_by_rejection(
    architecture: "FullyConnected",
    train_inputs: np.ndarray,
    train_labels: np.ndarray,
    test_inputs: np.ndarray,
    *,
    networks: int,
    seed: int,
    accepted: int | None = None,
    progress: Callable[[int, int], None] = lambda networks, accepted: None,
) -> RejectionSample:
    """Draw ``networks`` networks from the prior, or as many as it takes for ``accepted`` of them to fit S; functions of
    those that fit on ``test_inputs`` (T, ...).

    ``train_inputs`` (n, ...), ``train_labels`` (n,): S; an output of exactly 0 fits no label, and on a test input
    counts as the negative class, as in training. ``progress`` is called with the numbers tried and kept. The result
    depends on ``seed`` alone, not on threads. Raises ValueError for malformed input or another architecture.

    >>> x = np.random.default_rng(0).normal(size=(30, 5))
    >>> drawn = sb.sample_by_rejection(
    ...     sb.FullyConnected(width=16), x[:4], np.arange(4) < 2, x[4:], networks=1000, seed=0
    ... )
    >>> drawn.functions.shape[1]
    26
    """
    check_rejection(architecture, networks=networks, accepted=accepted)
    labels = check_labels(train_labels)
    train, test = check_network_inputs(train_inputs, labels, test_inputs)
    train, test = first_layer_features(architecture, train), first_layer_features(architecture, test)
    order = _order(architecture, train, labels, seed) if networks > _PILOT else np.arange(len(labels))
    draw = _drawing(architecture, np.concatenate([train[order], test]), labels[order])

    chunks = ((start, min(_CHUNK, networks - start)) for start in range(0, networks, _CHUNK))
    kept, tried, fitted = [], 0, 0
    for start, size, (places, functions) in _in_order(draw, chunks, np.random.SeedSequence(seed)):
        missing = len(places) if accepted is None else min(accepted - fitted, len(places))
        kept.append(functions[:missing])
        fitted, tried = fitted + missing, start + size
        if fitted == accepted:
            tried = start + int(places[missing - 1]) + 1
        progress(tried, fitted)
        if fitted == accepted:
            break
    low, high = wilson_interval(fitted, tried)
    return RejectionSample(np.concatenate(kept), tried, fitted / tried, float(low), float(high))


def _coordinates(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates (n, r) of the rows in the orthonormal vectors that Gram and Schmidt make of them, and how many of
    these (n,) the rows up to each need.
    """
    basis = np.zeros((min(features.shape), features.shape[1]))
    coordinates, ranks, rank = np.zeros((len(features), len(basis))), np.zeros(len(features), np.int64), 0
    for row, feature in enumerate(features):
        rest = feature
        for _ in range(2):
            part = basis[:rank] @ rest
            coordinates[row, :rank] += part
            rest = rest - part @ basis[:rank]
        length = np.linalg.norm(rest)
        if rank < len(basis) and length > _DEPENDENT * np.linalg.norm(feature):
            basis[rank], coordinates[row, rank] = rest / length, length
            rank += 1
        ranks[row] = rank
    return np.ascontiguousarray(coordinates[:, : max(rank, 1)]), ranks


def _drawing(architecture: "FullyConnected", features: np.ndarray, labels: np.ndarray) -> Callable:
    """A function of a generator and a number of networks: places among them of those that fit, and their functions.

    The first rows of ``features`` are S.
    """
    coordinates, ranks = _coordinates(features)
    widths, bias = np.array(architecture.layer_widths), architecture.bias_variance**0.5
    scales = (architecture.weight_variance / widths) ** 0.5

    def draw(rng: np.random.Generator, networks: int) -> tuple[np.ndarray, np.ndarray]:
        return _draw(rng, networks, coordinates, ranks, labels, widths, scales, bias)

    return draw


def _order(architecture: "FullyConnected", features: np.ndarray, labels: np.ndarray, seed: int) -> np.ndarray:
    """An order of S in which most networks fail early: the next input is the one that most of those left get wrong, by
    a pilot sample from a stream of its own. Any order gives the same distribution.
    """
    first = features[:_PILOT_INPUTS]
    pilot = np.random.Generator(np.random.SFC64(seed))
    _, functions = _drawing(architecture, first, labels[:0])(pilot, _PILOT)
    wrong = functions != (labels[: len(first)] > 0)
    chosen: list[int] = []
    left = np.ones(_PILOT, bool)
    for _ in range(len(first)):
        # Where no network is left to ask, all are asked.
        asked = wrong[left] if left.any() else wrong
        share = asked.mean(0)
        share[chosen] = -1
        chosen.append(int(share.argmax()))
        left &= ~wrong[:, chosen[-1]]
    return np.concatenate([chosen, np.arange(len(first), len(features))]).astype(np.int64)


def _in_order(draw: Callable, chunks: Iterator[tuple[int, int]], root: np.random.SeedSequence) -> Iterator[tuple]:
    """Start, size and result of each chunk in turn; chunks run in threads, a few ahead of the one asked for."""

    def run(index: int, size: int) -> tuple[np.ndarray, np.ndarray]:
        child = np.random.SeedSequence(root.entropy, spawn_key=(index,))
        # Of NumPy's generators the fastest, and random numbers are most of the work.
        return draw(np.random.Generator(np.random.SFC64(child)), size)

    threads, index = get_num_threads(), count()
    waiting: list[tuple[int, int, Future]] = []
    with ThreadPoolExecutor(threads) as pool:
        try:
            while True:
                for start, size in islice(chunks, 2 * threads - len(waiting)):
                    waiting.append((start, size, pool.submit(run, next(index), size)))
                if not waiting:
                    return
                start, size, result = waiting.pop(0)
                yield start, size, result.result()
        finally:
            pool.shutdown(cancel_futures=True)


@njit(**_COMPILED)
def _draw(rng, networks, coordinates, ranks, labels, widths, scales, bias):
    """Places (k,) of networks that fit ``labels`` (n,) on the first n inputs, and their functions (k, rest) bool."""
    inputs, trained = len(coordinates), len(labels)
    depth, widest = len(widths), widths.max()
    limit = min(inputs, widest + 1)
    known = np.zeros(depth + 1, np.int64)
    # Standard normal rows of the first layer, of the others, and the orthonormal vectors that these belong to.
    first = np.empty((coordinates.shape[1], widths[0]))
    rows, bases = np.empty((depth, limit, widest)), np.empty((depth, limit, widest + 1))
    feature, along, outputs = np.empty(widest + 1), np.empty(limit), np.empty(widest)
    places, functions, kept = np.empty(16, np.int64), np.empty((16, inputs - trained), np.bool_), 0
    for network in range(networks):
        known[:] = 0
        fits = True
        for i in range(trained):
            z = _output(
                rng, i, coordinates, ranks, widths, scales, bias, known, first, rows, bases, feature, along, outputs
            )
            if not z * labels[i] > 0:
                fits = False
                break
        if not fits:
            continue
        if kept == len(places):
            places = np.concatenate((places, np.empty_like(places)))
            functions = np.concatenate((functions, np.empty_like(functions)))
        places[kept] = network
        for i in range(trained, inputs):
            z = _output(
                rng, i, coordinates, ranks, widths, scales, bias, known, first, rows, bases, feature, along, outputs
            )
            functions[kept, i - trained] = z > 0
        kept += 1
    return places[:kept].copy(), functions[:kept].copy()


@njit(**_COMPILED)
def _output(rng, i, coordinates, ranks, widths, scales, bias, known, first, rows, bases, feature, along, outputs):
    """The network's output on input i, given all that was drawn of it for the inputs before."""
    depth = len(rows)
    if ranks[i] > known[0]:
        _standard_normal(rng, first[known[0]])
        known[0] += 1
    outputs[: widths[0]] = 0
    for j in range(known[0]):
        _add(outputs[: widths[0]], first[j], coordinates[i, j])
    for layer in range(depth):
        width, scale, before = widths[layer], scales[layer], known[layer + 1]
        wide = width + 1 if bias > 0 else width
        for u in range(width):
            feature[u] = scale * max(outputs[u], 0.0)
        feature[width] = bias
        length = _length(feature[:wide])
        rest = _project(feature[:wide], bases[layer], along, before, length)
        wanted = widths[layer + 1] if layer < depth - 1 else 1
        outputs[:wanted] = 0
        for j in range(before):
            _add(outputs[:wanted], rows[layer, j, :wanted], along[j])
        if before < min(wide, len(along)) and rest > _DEPENDENT * length:
            for u in range(wide):
                bases[layer, before, u] = feature[u] / rest
            _standard_normal(rng, rows[layer, before, :wanted])
            _add(outputs[:wanted], rows[layer, before, :wanted], rest)
            known[layer + 1] += 1
    return outputs[0]


@njit(**_COMPILED)
def _project(feature, basis, along, known, length):
    """Take out of ``feature`` its components ``along`` the first vectors of ``basis``; -> the length of the rest."""
    along[:known] = 0
    for _ in range(2):
        for j in range(known):
            vector, part = basis[j, : len(feature)], 0.0
            for u in range(len(feature)):
                part += vector[u] * feature[u]
            _add(feature, vector, -part)
            along[j] += part
        rest = _length(feature)
        if rest > _AGAIN * length:
            break
    return rest


@njit(**_COMPILED)
def _length(vector):
    square = 0.0
    for u in range(len(vector)):
        square += vector[u] * vector[u]
    return np.sqrt(square)


@njit(**_COMPILED)
def _add(target, vector, factor):
    for u in range(len(target)):
        target[u] += factor * vector[u]


@njit(**_COMPILED)
def _standard_normal(rng, target):
    for u in range(len(target)):
        target[u] = rng.standard_normal()


def fit_rejection(
    architecture: "FullyConnected", task: "Task", *, networks: int = 10_000_000, accepted: int = 20_000, seed: int = 0
) -> tuple[EmpiricalPosterior, dict[str, float]]:
    """`sample_by_rejection` as the configuration asks for it. Raises RuntimeError if no network fitted S."""
    tenth = max(1, networks // 10)
    printed = 0

    def progress(tried: int, kept: int) -> None:
        nonlocal printed
        if tried // tenth > printed:
            printed = tried // tenth
            print(f"{tried:,} networks, {kept:,} fit", flush=True)

    result = sample_by_rejection(
        architecture, task.train_inputs, task.train_labels, task.test_inputs,
        networks=networks, accepted=accepted, seed=seed, progress=progress,
    )  # fmt: skip
    if len(result.functions) == 0:
        size, rarity = _rarity(architecture, task, seed=seed)
        raise RuntimeError(
            f"none of {result.networks:,} random networks fitted S; by how many fit {size} of its "
            f"{len(task.train_labels)} examples, networks of posteriors.rejection would have to be some "
            f"1e{np.ceil(rarity + np.log10(accepted)):.0f} for {accepted:,} accepted: raise it, accept fewer, or take "
            "the posterior splitting"
        )
    if len(result.functions) < accepted:
        print(
            f"{len(result.functions):,} networks are fewer than the {accepted:,} asked for, which would take about "
            f"{accepted / result.acceptance:.1e}",
            flush=True,
        )
    diagnostics: dict[str, float] = {"networks": result.networks, "accepted": len(result.functions)}
    rates = (result.acceptance, result.acceptance_low, result.acceptance_high)
    for end, rate in zip(("", "_low", "_high"), rates, strict=True):
        diagnostics |= {f"acceptance{end}": rate, f"log_evidence{end}": float(np.log(rate))}
    return EmpiricalPosterior(result.functions[None]), diagnostics


def _rarity(architecture: "FullyConnected", task: "Task", *, seed: int) -> tuple[int, float]:
    """By how many examples of S it is told, and the decimal logarithm of how many networks there are to one that fits.

    From the most of S, three quarters, nine sixteenths and so on, that enough random networks fit, and half of these:
    as if each further example were as hard as those between. Right to a decade or two where S is not much larger; of a
    large S it is rather too many, for what fits much of S has learned something.
    """
    whole = size = len(task.train_labels)
    order = np.random.default_rng(seed).permutation(whole)

    def rarity_of(size: int) -> float:
        places = order[:size]
        inputs, labels = task.train_inputs[places], task.train_labels[places]
        part = sample_by_rejection(architecture, inputs, labels, inputs[:1], networks=_FEW, accepted=_ENOUGH, seed=seed)
        return -np.log10(part.acceptance) if len(part.functions) == _ENOUGH else np.inf

    rarity = np.inf
    while size > 1 and rarity == np.inf:
        size = 3 * size // 4
        rarity = rarity_of(size)
    harder = (rarity - rarity_of(size // 2)) / (size - size // 2) if size > 1 else rarity
    return size, rarity + (whole - size) * harder
