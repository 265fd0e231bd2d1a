"""Train networks, each until it fits S without error (Mingard et al., JMLR 2021, section 2: P_OPT(f|S)).

Networks of one architecture are trained in stacks. Network ``index`` draws its initial parameters and its batches from
a random stream of its own, made from (seed, index), so which networks exist depends neither on how they are grouped nor
on the machine.
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import cached_property
from numbers import Integral

import numpy as np
import psutil
import torch

from sgdbayes.architectures import FullyConnected
from sgdbayes.datasets.task import Task
from sgdbayes.device import resolve_device
from sgdbayes.training._compiled_stack import CompiledStack
from sgdbayes.training._fused_stack import FusedStack
from sgdbayes.training._torch_stack import LOSSES, PRECISIONS, TorchStack, examples_at_once
from sgdbayes.training.optimizers import Optimizer

__all__ = ["LOSSES", "PRECISIONS", "Record", "TrainedNetworks", "train_until_fit"]

# Memory of a stack: what a job of the workflow has room for beside the libraries, and a share of a GPU's.
_CPU_BYTES = 1 << 30
_GPU_SHARE = 0.5
_TILE = 32
# Numbers kept for each parameter: itself, its gradient, an optimiser's two, and room to drop finished networks.
_COPIES = 6


@dataclass(frozen=True)
class Record:
    """What N networks were at one moment of their training, one entry a network.

    ``functions`` (N, T) bool: labels given to the recorded test points, True the positive class. ``training_loss``,
    ``margin_min``, ``margin_mean`` (N,): mean loss over S, smallest and mean margin y z over S. False or NaN for
    networks that did not get there.
    """

    functions: np.ndarray
    training_loss: np.ndarray
    margin_min: np.ndarray
    margin_mean: np.ndarray


@dataclass(frozen=True)
class TrainedNetworks(Record):
    """What N networks ended as, in the order of ``indices``.

    The fields of `Record` are those at the end of training, overtraining included; ``at_fit`` has them at the first
    zero training error. ``epochs`` (N,): epoch of that, 0 if there was none. ``converged`` (N,) bool: training error
    zero when the end was recorded. ``diverged`` (N,) bool: parameters or outputs no longer finite.
    """

    epochs: np.ndarray
    converged: np.ndarray
    diverged: np.ndarray
    at_fit: Record

    def rows(self, chosen: np.ndarray) -> "TrainedNetworks":
        """The networks of these rows."""
        at_fit = Record(**{name: value[chosen] for name, value in vars(self.at_fit).items()})
        rest = {name: value[chosen] for name, value in vars(self).items() if name != "at_fit"}
        return TrainedNetworks(**rest, at_fit=at_fit)


def train_until_fit(
    architecture,  # noqa: ANN001 (any object with initial_parameters and outputs)
    task: Task,
    optimizer: Optimizer,
    *,
    indices: Sequence[int],
    seed: int,
    loss: str = "cross_entropy",
    batch_size: int = 32,
    max_epochs: int = 500,
    extra_epochs: int = 0,
    target_loss: float | None = None,
    precision: str = "float32",
    stack_size: int | None = None,
    device: str = "auto",
    progress: Callable[[int, int, int], None] | None = None,
    keep: Callable[[list[int], TrainedNetworks], None] | None = None,
    hand_out: Callable[[int, list[np.ndarray]], None] | None = None,
) -> TrainedNetworks:
    """Train the networks ``indices`` to the first epoch with zero training error; or beyond, to the first such epoch
    that is ``extra_epochs`` later or more and at which the mean training loss is down to ``target_loss``.

    A network that does not get there within ``max_epochs`` (plus ``extra_epochs``), or whose parameters stop being
    finite, is left with ``converged`` False. ``stack_size`` networks are trained at once, by default as many as fit in
    1 GiB, or half of a GPU; a stack that does not fit is halved with a warning. ``precision`` "tf32" and "bfloat16"
    are for products alone. ``progress(done, training, epoch)`` is called after each epoch with the numbers of networks that
    need no more and of those that their stack still trains. As networks end, ``keep(indices, networks)`` gets what they
    ended as, and ``hand_out(index, parameters)`` the parameters of each that converged, as ``initial_parameters`` draws
    them: both again, if the stack has to be halved. Raises ValueError for an unknown loss or precision or empty
    ``indices``.
    """
    for name, value, known in (("loss", loss, LOSSES), ("precision", precision, PRECISIONS)):
        if value not in known:
            raise ValueError(f"unknown {name} {value!r}; known: {', '.join(known)}")
    if len(indices) == 0:
        raise ValueError("indices is empty: there is no network to train")
    for name, value, least in (
        ("batch_size", batch_size, 1),
        ("max_epochs", max_epochs, 1),
        ("extra_epochs", extra_epochs, 0),
        ("stack_size", 1 if stack_size is None else stack_size, 1),
    ):
        if not isinstance(value, Integral) or value < least:
            raise ValueError(f"{name} must be a whole number, {least} or more, got {value!r}")
    if target_loss is not None and not target_loss > 0:
        raise ValueError(f"target_loss must be positive, got {target_loss}")
    run = _Run(
        architecture,
        task,
        optimizer,
        seed=seed,
        loss=loss,
        batch_size=batch_size,
        max_epochs=max_epochs,
        extra_epochs=extra_epochs,
        target_loss=target_loss,
        precision=precision,
        device=resolve_device(device),
        keep=keep or (lambda indices, networks: None),
        hand_out=hand_out,
    )
    with _flushed_denormals():
        parts = list(_stacks(run, indices, stack_size or run.stack_size(), progress or (lambda *numbers: None)))
    return parts[0] if len(parts) == 1 else _joined(parts)


def _stacks(
    run: "_Run", indices: Sequence[int], size: int, progress: Callable[[int, int, int], None]
) -> Iterator[TrainedNetworks]:
    """Train stack after stack, halving ``size`` where it does not fit in memory."""
    done, ahead = 0, None
    pool = ThreadPoolExecutor(torch.get_num_threads())
    try:
        while done < len(indices):
            stack = indices[done : done + size]
            try:
                run.check_memory(len(stack))
                drawn = ahead or run.draw(pool, stack)
                # Drawn while a GPU trains; a CPU has no hands free.
                ahead = run.draw(pool, indices[done + size : done + 2 * size]) if run.device == "cuda" else None
                yield run.train(stack, drawn, lambda ended, *state, before=done: progress(before + ended, *state))
            except (MemoryError, RuntimeError) as error:
                if len(stack) == 1 or not _out_of_memory(error):
                    raise
                size, ahead = len(stack) // 2, None
                warnings.warn(f"a stack of {len(stack)} networks does not fit in memory: trying {size}", stacklevel=3)
            else:
                done += len(stack)
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _flushed_denormals() -> Iterator[None]:
    """Moments of parameters that get hardly any gradient decay into denormal numbers, which CPUs handle many times slower."""
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


def _available_memory() -> int:
    return psutil.virtual_memory().available


def _out_of_memory(error: Exception) -> bool:
    # torch says on the CPU, in a RuntimeError, that it "can't allocate memory".
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "allocate memory" in str(error)


# Random streams of networks and their initial parameters, as they come.
_Drawn = tuple[list[np.random.Generator], Iterator[list[torch.Tensor]]]


@dataclass(frozen=True)
class _Run:
    """What all stacks have in common."""

    architecture: object
    task: Task
    optimizer: Optimizer
    seed: int
    loss: str
    batch_size: int
    max_epochs: int
    extra_epochs: int
    target_loss: float | None
    precision: str
    device: str
    keep: Callable[[list[int], TrainedNetworks], None]
    hand_out: Callable[[int, list[np.ndarray]], None] | None

    def draw(self, pool: ThreadPoolExecutor, indices: Sequence[int]) -> _Drawn:
        """Random streams and initial parameters of the networks ``indices``, drawn by the threads of ``pool``."""
        live = self._inputs[2]

        def draw(stream: np.random.Generator) -> list[torch.Tensor]:
            parameters = map(torch.from_numpy, self._initial_parameters(stream, live))
            # From pinned memory the copy to a GPU is eight times faster.
            return [part.pin_memory() for part in parameters] if self.device == "cuda" else list(parameters)

        streams = [np.random.default_rng([self.seed, index]) for index in indices]
        return streams, pool.map(draw, streams)

    def train(
        self, indices: Sequence[int], drawn: _Drawn, progress: Callable[[int, int, int], None]
    ) -> TrainedNetworks:
        """Train one stack of networks as they were ``drawn``."""
        task, (train_inputs, test_inputs, live) = self.task, self._inputs
        labels, number, (streams, initial) = task.train_labels.astype(np.float32), len(indices), drawn
        options = {"loss": self.loss, "batch_size": self.batch_size}
        if self._compiled():
            stack = CompiledStack(
                [[part.numpy() for part in network] for network in initial],
                self.optimizer,
                train_inputs,
                labels,
                **options,
            )
        else:
            options |= {"number": number, "device": self.device, "precision": self.precision}
            fused = self.device == "cuda" and FusedStack.serves(self.architecture, self.optimizer, self.loss)
            kind = FusedStack if fused else TorchStack
            stack = kind(self.architecture, initial, self.optimizer, train_inputs, labels, **options)

        epochs, position = np.zeros(number, dtype=int), np.arange(number)
        converged, diverged = np.zeros(number, dtype=bool), np.zeros(number, dtype=bool)
        at_fit, at_end = (_empty_record(number, len(task.test_labels)) for _ in range(2))
        overtraining = self.extra_epochs > 0 or self.target_loss is not None
        networks = TrainedNetworks(
            **vars(at_end),
            epochs=epochs,
            converged=converged,
            diverged=diverged,
            at_fit=at_fit if overtraining else at_end,
        )

        def orders() -> np.ndarray:
            return np.stack(list(_in_threads(lambda row: streams[row].permutation(len(labels)), position)))

        order = orders()
        for epoch in range(1, self.max_epochs + self.extra_epochs + 1):
            stack.train_epoch(order)
            # While a GPU is still at it; who ends now has no use for it.
            order = orders()
            finite = stack.finite()
            fits = stack.fits() & finite
            seen = fits & ((epochs[position] == 0) | (epoch >= epochs[position] + self.extra_epochs))
            on_train = stack.outputs(seen, train_inputs).astype(float) if seen.any() else np.zeros((0, len(labels)))
            # Finite parameters may still overflow on their way through the layers.
            sound = np.isfinite(on_train).all(1)
            finite[np.flatnonzero(seen)[~sound]] = False
            losses = _mean_loss(self.loss, on_train, labels)

            first = seen & finite & (epochs[position] == 0)
            epochs[position[first]] = epoch
            done = seen & finite & (epoch >= epochs[position] + self.extra_epochs)
            if self.target_loss is not None:
                done[seen] &= losses <= self.target_loss
            for chosen, record in ((first if overtraining else done, at_fit), (done, at_end)):
                if chosen.any():
                    on_test = stack.outputs(chosen, test_inputs)
                    sound = np.isfinite(on_test).all(1)
                    finite[np.flatnonzero(chosen)[~sound]] = False
                    rows, of = position[chosen][sound], chosen[seen]
                    _fill(record, rows, on_test[sound], on_train[of][sound] * labels, losses[of][sound])
            done &= finite
            converged[position[done]] = True
            diverged[position[~finite]] = True
            if self.hand_out is not None and done.any():
                for row, parameters in zip(position[done], stack.parameters(done), strict=True):
                    self.hand_out(indices[row], self._whole(parameters, indices[row], live, epoch))
            late = ((epochs[position] == 0) & (epoch >= self.max_epochs)) | ~finite
            kept = ~(done | late | (epoch == self.max_epochs + self.extra_epochs))
            ended, position = position[~kept], position[kept]
            if len(ended):
                self.keep([indices[row] for row in ended], networks.rows(ended))
            progress(number - len(position), len(position), epoch)
            if len(position) == 0:
                break
            if not kept.all():
                stack.keep(kept)
                order = order[kept]
        return networks

    def stack_size(self) -> int:
        """How many networks fit in the memory that a stack may take."""
        room = _CPU_BYTES
        if self.device == "cuda":
            room = _GPU_SHARE * torch.cuda.mem_get_info()[0]
        return max(1, int(room / self._bytes))

    def check_memory(self, networks: int) -> None:
        """Raise MemoryError if the machine has no room for so many: Linux would say so by killing the process."""
        needed = networks * self._bytes
        if self.device == "cpu" and needed > _available_memory():
            who = "one network needs" if networks == 1 else f"{networks} networks need"
            raise MemoryError(f"{who} {needed / 2**30:.1f} GiB: that is more than there is")

    @cached_property
    def _bytes(self) -> int:
        """What a network of a stack takes: its parameters several times and, in torch, what its gradient is computed from."""
        drawn = self.architecture.initial_parameters(self.task.train_inputs.shape[1:], np.random.default_rng(0))
        total = _COPIES * sum(part.nbytes for part in drawn)
        if self._compiled():
            return total

        def count(saved: torch.Tensor) -> torch.Tensor:
            nonlocal total
            # Once itself, once its gradient.
            total += 2 * saved.nbytes
            return saved

        parameters = [torch.from_numpy(part[None]).requires_grad_() for part in drawn]
        batch = torch.from_numpy(self.task.train_inputs[None, : examples_at_once(self.batch_size, self.device)])
        with torch.autograd.graph.saved_tensors_hooks(count, lambda saved: saved):
            self.architecture.outputs(parameters, batch)
        return total

    def _compiled(self) -> bool:
        return (
            self.device == "cpu"
            # TF32 is float32 rounded for a GPU's products; a CPU has no need of it.
            and self.precision != "bfloat16"
            and CompiledStack.serves(self.architecture, self.optimizer, self.loss)
        )

    @cached_property
    def _inputs(self) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Inputs of S and of the test points, for fully connected networks flat and without those that are zero in all
        of them, which no output depends on; and which are left.
        """
        train, test = self.task.train_inputs, self.task.test_inputs
        if type(self.architecture) is not FullyConnected:
            return train, test, None
        train, test = train.reshape(len(train), -1), test.reshape(len(test), -1)
        live = (train != 0).any(0) | (test != 0).any(0)
        if self.device == "cuda":
            # A GPU multiplies whole tiles: some that are zero make up the last.
            live[np.flatnonzero(~live)[: -live.sum() % _TILE]] = True
        return np.ascontiguousarray(train[:, live]), np.ascontiguousarray(test[:, live]), live

    def _initial_parameters(self, stream: np.random.Generator, live: np.ndarray | None) -> list[np.ndarray]:
        parameters = self.architecture.initial_parameters(self.task.train_inputs.shape[1:], stream)
        return parameters if live is None else [parameters[0][live], *parameters[1:]]

    def _whole(
        self, parameters: list[np.ndarray], index: int, live: np.ndarray | None, epochs: int
    ) -> list[np.ndarray]:
        """The parameters of network ``index`` with the weights of the inputs that are not ``live``: they have no
        gradient, but an optimiser may let them decay.
        """
        if live is None:
            return parameters
        first = self._initial_parameters(np.random.default_rng([self.seed, index]), np.ones_like(live))[0]
        dead = torch.from_numpy(first[~live]).requires_grad_()
        optimizer = self.optimizer.build([dead])
        dead.grad = torch.zeros_like(dead)
        for _ in range(epochs * -(-len(self.task.train_labels) // self.batch_size)):
            optimizer.step()
        first[~live], first[live] = dead.detach().numpy(), parameters[0]
        return [first, *parameters[1:]]


def _in_threads(work: Callable, items: Sequence) -> Iterator:
    """``work`` of each of the ``items``, in order, on as many threads as torch would take, a few at a time ahead."""
    threads = torch.get_num_threads()
    if threads == 1:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(items), 4 * threads):
            yield from pool.map(work, items[start : start + 4 * threads])


def _mean_loss(loss: str, outputs: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return LOSSES[loss](torch.from_numpy(outputs), torch.from_numpy(labels).double()).mean(1).numpy()


def _empty_record(networks: int, test_size: int) -> Record:
    def unknown() -> np.ndarray:
        return np.full(networks, np.nan)

    return Record(np.zeros((networks, test_size), dtype=bool), unknown(), unknown(), unknown())


def _fill(record: Record, rows: np.ndarray, on_test: np.ndarray, margins: np.ndarray, losses: np.ndarray) -> None:
    record.functions[rows] = on_test > 0
    record.training_loss[rows] = losses
    record.margin_min[rows], record.margin_mean[rows] = margins.min(1), margins.mean(1)


def _joined(parts: Sequence[TrainedNetworks]) -> TrainedNetworks:
    def join(records: Sequence[Record]) -> dict[str, np.ndarray]:
        names = [item.name for item in fields(records[0]) if item.name != "at_fit"]
        return {name: np.concatenate([getattr(record, name) for record in records]) for name in names}

    return TrainedNetworks(**join(parts), at_fit=Record(**join([part.at_fit for part in parts])))
