"""The Boolean system of Mingard et al. (JMLR 2021): all 2^7 inputs of seven bits, labelled by a known function.

It is that of Valle-Perez, Camargo and Louis, "Deep learning generalizes because the parameter-function map is biased
towards simple functions" (ICLR 2019).
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from sgdbayes.datasets.task import Inputs, LabelledData

__all__ = ["TARGETS", "bits_as_text", "boolean_inputs", "check_boolean", "load_boolean"]

_BITS = 7

# From simple to complex; each takes the bits (128, 7), first bit first.
TARGETS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "bit": lambda bits: bits[:, 0],
    "conjunction": lambda bits: bits[:, 0] & bits[:, 1],
    "majority": lambda bits: bits.sum(1) > _BITS // 2,
    # The first two bits choose one of the next four.
    "multiplexer": lambda bits: bits[np.arange(len(bits)), 2 + 2 * bits[:, 0] + bits[:, 1]],
    "parity": lambda bits: bits.sum(1) % 2,
}


def check_boolean(*, target: str, target_seed: int) -> None:
    """Raises ValueError for a target that is not known or constant, or a negative seed."""
    _outputs(target, target_seed)


def load_boolean(_folder: Path, *, target: str = "majority", target_seed: int = 0) -> LabelledData:
    """The inputs (128, 7) of zeros and ones in counting order, first bit worth most: example i is the number i.

    ``target`` is one of ``TARGETS``, ``random`` (each output 0 or 1 with equal chance, by ``target_seed``) or the 128
    outputs themselves, a string of 0 and 1. Input 0 is all zeros: without biases every network is 0 there, so give
    the architecture a bias_variance. Raises ValueError as ``check_boolean`` does.
    """
    return LabelledData(_inputs().astype(np.float32), _outputs(target, target_seed))


def _inputs() -> np.ndarray:
    return np.arange(2**_BITS)[:, None] >> np.arange(_BITS)[::-1] & 1


def _outputs(target: str, seed: int) -> np.ndarray:
    if seed < 0:
        raise ValueError(f"target_seed must not be negative, got {seed}")
    if target in TARGETS:
        outputs = TARGETS[target](_inputs()).astype(int)
    elif target == "random":
        outputs = np.random.default_rng(seed).integers(0, 2, 2**_BITS)
    elif len(target) == 2**_BITS and set(target) <= {"0", "1"}:
        outputs = np.array(list(target), dtype=int)
    else:
        raise ValueError(f"target must be {', '.join(TARGETS)}, random or {2**_BITS} digits 0 and 1, got {target}")
    if outputs.min() == outputs.max():
        raise ValueError(f"target must not be constant, got {outputs[0]} for every input")
    return outputs


def boolean_inputs(**_options: object) -> Inputs:
    """What an input is; one of them is all zeros."""
    return Inputs((_BITS,), zeros=True)


def bits_as_text(inputs: np.ndarray, _indices: np.ndarray, _folder: Path) -> tuple[list[str], str]:
    """The bits of each of ``inputs`` (N, 7)."""
    return ["".join(str(int(bit)) for bit in row) for row in inputs], ""
