"""Train networks, each until it fits S without error (Mingard et al., JMLR 2021, section 2: P_OPT(f|S)).

Networks of one architecture are trained in stacks. Network ``index`` draws its initial parameters and its batches from
a random stream of its own, made from (seed, index), so which networks exist depends neither on how they are grouped nor
on the machine.
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from numbers import Integral

import numpy as np
import psutil
import torch

from sgdbayes.architectures import Architecture, FullyConnected
from sgdbayes.checks import check_whole
from sgdbayes.datasets.task import Task
from sgdbayes.device import resolve_device
from sgdbayes.training._compiled_stack import CompiledStack
from sgdbayes.training._fused_stack import FusedStack
from sgdbayes.training._outcomes import Examples, Goal, Outcomes
from sgdbayes.training._threads import in_threads
from sgdbayes.training._torch_stack import LOSSES, PRECISIONS, TorchStack, examples_at_once
from sgdbayes.training.optimizers import Optimizer
from sgdbayes.training.records import TrainedNetworks, joined

__all__ = ["train_until_fit"]

# Memory of a stack: what a job of the workflow has room for beside the libraries, and a share of a GPU's.
_CPU_BYTES = 1 << 30
_GPU_SHARE = 0.5
_TILE = 32
# Numbers kept for each parameter: itself, its gradient, an optimiser's two, and room to drop finished networks.
_COPIES = 6


def train_until_fit(
    architecture: Architecture,
    task: Task,
    optimizer: Optimizer,
    *,
    indices: Sequence[int] | int,
    seed: int,
    loss: str = "cross_entropy",
    batch_size: int = 32,
    max_epochs: int = 500,
    min_epochs: int = 0,
    extra_epochs: int = 0,
    target_loss: float | None = None,
    precision: str = "float32",
    stack_size: int | None = None,
    device: str = "auto",
    progress: Callable[[int, int, int], None] | None = None,
    keep: Callable[[list[int], TrainedNetworks], None] | None = None,
    hand_out: Callable[[int, list[np.ndarray]], None] | None = None,
) -> TrainedNetworks:
    """Train the networks ``indices``, or that many, to the first epoch with zero training error; or beyond, to the
    first such epoch that is ``extra_epochs`` later or more, and not before epoch ``min_epochs``, and at which the mean
    training loss is down to ``target_loss``.

    A network that does not get there within ``max_epochs`` (plus ``extra_epochs``), or whose parameters stop being
    finite, is left with ``converged`` False. ``stack_size`` networks are trained at once, by default as many as fit in
    1 GiB, or half of a GPU; a stack that does not fit is halved with a warning. ``precision`` "tf32" and "bfloat16"
    are for products alone. ``progress(done, training, epoch)`` is called after each epoch with the numbers of networks
    that need no more and of those that their stack still trains. As networks end, ``keep(indices, networks)`` gets what
    they ended as, and ``hand_out(index, parameters)`` the parameters of each that converged, as ``initial_parameters``
    draws them: both again, if the stack has to be halved. Raises ValueError for an unknown loss or precision, for
    bfloat16 on a processor without arithmetic for it, or for empty ``indices``.

    >>> task = sb.load_task("mnist_embedded", positive_classes=[5, 6, 7, 8, 9], train_size=20, recorded_test_size=50)
    >>> networks = sb.train_until_fit(sb.FullyConnected(width=32), task, sb.Optimizer("Adam", 0.001), indices=5, seed=0)
    >>> networks.functions[networks.converged].shape
    (5, 50)
    """
    if isinstance(architecture, type) or not hasattr(architecture, "initial_parameters"):
        raise ValueError(f"architecture must be an object such as FullyConnected(), got {architecture!r}")
    for name, value, kind in (("task", task, Task), ("optimizer", optimizer, Optimizer)):
        if not isinstance(value, kind):
            raise ValueError(f"{name} must be of the class {kind.__name__}, got {value!r:.60}")
    for name, chosen, known in (("loss", loss, LOSSES), ("precision", precision, PRECISIONS)):
        if chosen not in known:
            raise ValueError(f"unknown {name} {chosen!r}; known: {', '.join(known)}")
    indices = range(indices) if isinstance(indices, int | Integral) else indices
    if not isinstance(indices, Sequence | np.ndarray) or not all(isinstance(each, Integral) for each in indices):
        raise ValueError(f"indices must be whole numbers, or how many networks there are to be, got {indices!r}")
    if len(indices) == 0:
        raise ValueError("indices is empty: there is no network to train")
    check_whole(batch_size=batch_size, max_epochs=max_epochs, stack_size=1 if stack_size is None else stack_size)
    check_whole(least=0, seed=seed, min_epochs=min_epochs, extra_epochs=extra_epochs)
    if min_epochs > max_epochs:
        raise ValueError(f"min_epochs must be no more than max_epochs, got {min_epochs} and {max_epochs}")
    if target_loss is not None and not target_loss > 0:
        raise ValueError(f"target_loss must be positive, got {target_loss}")
    device = resolve_device(device)
    if precision == "bfloat16" and device == "cpu" and not _multiplies_bfloat16():
        raise ValueError(
            "precision bfloat16 needs a GPU or a processor with arithmetic for it (AVX-512 BF16 or AMX): here it takes "
            "ten times as long as float32, which to set instead"
        )
    run = _Run(
        architecture,
        task,
        optimizer,
        Goal(loss, max_epochs, extra_epochs, target_loss, min_epochs),
        seed=seed,
        batch_size=batch_size,
        precision=precision,
        device=device,
        keep=keep or (lambda indices, networks: None),
        hand_out=hand_out,
    )
    with _flushed_denormals():
        parts = list(_stacks(run, indices, stack_size or run.stack_size(), progress or (lambda *numbers: None)))
    return parts[0] if len(parts) == 1 else joined(parts)


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
    """Moments of parameters that get hardly any gradient decay into denormal numbers, which are many times slower."""
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


def _multiplies_bfloat16() -> bool:
    # What torch does not know of a processor it does not say.
    known: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return known.get("architecture") != "x86_64" or any(known.get(name) for name in ("avx512_bf16", "amx_bf16"))


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

    architecture: Architecture
    task: Task
    optimizer: Optimizer
    goal: Goal
    seed: int
    batch_size: int
    precision: str
    device: str
    keep: Callable[[list[int], TrainedNetworks], None]
    hand_out: Callable[[int, list[np.ndarray]], None] | None

    def draw(self, pool: ThreadPoolExecutor, indices: Sequence[int]) -> _Drawn:
        """Random streams and initial parameters of the networks ``indices``, drawn by the threads of ``pool``."""
        live = self._live

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
        (streams, initial), number, examples = drawn, len(indices), self._examples
        stack = self._kind(
            self.architecture, initial, self.optimizer, examples.inputs, examples.labels, number=number,
            loss=self.goal.loss, batch_size=self.batch_size, device=self.device, precision=self.precision,
        )  # fmt: skip
        outcomes = Outcomes(stack, number, self.goal, examples)

        def orders() -> np.ndarray:
            order = np.empty((len(outcomes.rows), len(examples.labels)), np.int64)

            def draw(part: slice) -> None:
                for place, row in zip(range(number)[part], outcomes.rows[part], strict=True):
                    order[place] = streams[row].permutation(len(examples.labels))

            in_threads(draw, len(order))
            return order

        order = orders()
        for epoch in range(1, self.goal.last_epoch + 1):
            stack.train_epoch(order)
            # While a GPU is still at it; who ends now has no use for it.
            order = orders()
            converged, ended = outcomes.settle(epoch)
            if self.hand_out is not None and converged.any():
                for row, parameters in zip(outcomes.rows[converged], stack.parameters(converged), strict=True):
                    self.hand_out(indices[row], self._whole(parameters, indices[row], epoch))
            if ended.any():
                rows = outcomes.rows[ended]
                self.keep([indices[row] for row in rows], outcomes.networks(rows))
            left = int(np.count_nonzero(~ended))
            progress(number - left, left, epoch)
            if left == 0:
                break
            if ended.any():
                outcomes.drop(ended)
                order = order[~ended]
        return outcomes.networks(slice(None))

    def stack_size(self) -> int:
        """How many networks fit in the memory that a stack may take."""
        room: float = _CPU_BYTES
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
        """What a network takes in a stack: its parameters several times, in torch what its gradient is made from."""
        drawn = self.architecture.initial_parameters(self.task.train_inputs.shape[1:], np.random.default_rng(0))
        total = _COPIES * sum(part.nbytes for part in drawn)
        if self._kind is CompiledStack:
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

    @cached_property
    def _kind(self) -> type[TorchStack | CompiledStack]:
        """The kind of stack that trains these networks fastest."""
        asked = self.architecture, self.optimizer, self.goal.loss
        if self.device == "cuda":
            return FusedStack if FusedStack.serves(*asked) else TorchStack
        # TF32 is float32 rounded for a GPU's products; a CPU has no need of it.
        return CompiledStack if self.precision != "bfloat16" and CompiledStack.serves(*asked) else TorchStack

    @cached_property
    def _live(self) -> np.ndarray | None:
        """Of fully connected networks, which inputs are not zero in all of S and of the test points: no output depends
        on the others.
        """
        if type(self.architecture) is not FullyConnected:
            return None
        train, test = ((part != 0).any(0).ravel() for part in (self.task.train_inputs, self.task.test_inputs))
        live = train | test
        if self.device == "cuda":
            # A GPU multiplies whole tiles: some that are zero make up the last.
            live[np.flatnonzero(~live)[: -live.sum() % _TILE]] = True
        return live

    @cached_property
    def _examples(self) -> Examples:
        """What networks are trained and tested on, fully connected ones on flat inputs that are live."""
        inputs = [self.task.train_inputs, self.task.test_inputs]
        if self._live is not None:
            inputs = [np.ascontiguousarray(part.reshape(len(part), -1)[:, self._live]) for part in inputs]
        return Examples(inputs[0], self.task.train_labels.astype(np.float32), inputs[1])

    def _initial_parameters(self, stream: np.random.Generator, live: np.ndarray | None) -> list[np.ndarray]:
        parameters = self.architecture.initial_parameters(self.task.train_inputs.shape[1:], stream)
        return parameters if live is None else [parameters[0][live], *parameters[1:]]

    def _whole(self, parameters: list[np.ndarray], index: int, epochs: int) -> list[np.ndarray]:
        """The parameters of network ``index`` with the weights of the inputs that are not ``live``: they have no
        gradient, but an optimiser may let them decay.
        """
        if (live := self._live) is None:
            return parameters
        first = self._initial_parameters(np.random.default_rng([self.seed, index]), np.ones_like(live))[0]
        dead = torch.from_numpy(first[~live]).requires_grad_()
        optimizer = self.optimizer.build([dead])
        dead.grad = torch.zeros_like(dead)
        for _ in range(epochs * -(-len(self.task.train_labels) // self.batch_size)):
            optimizer.step()
        first[~live], first[live] = dead.detach().numpy(), parameters[0]
        return [first, *parameters[1:]]
