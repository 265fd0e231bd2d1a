"""How complex a function is: Lempel-Ziv complexity of its labels, critical sample ratio of a network that computes it.

Lempel-Ziv: words of the exhaustive history of a string (Lempel and Ziv, IEEE Trans. Inf. Theory 22, 1976), made an
estimate of its description length as by Dingle, Camargo and Louis (Nat. Commun. 9, 2018) and Valle-Perez, Camargo and
Louis (ICLR 2019). Critical sample ratio: the share of inputs with another label close by (Arpit et al., "A closer look
at memorization in deep networks", ICML 2017, section 4.1).
"""

from collections.abc import Sequence

import numpy as np
import torch

__all__ = ["critical_samples", "lempel_ziv_complexity", "lempel_ziv_words"]

# A step's length as a share of the radius: any corner of the box is reached from any other in eight steps.
_STEP = 0.25


def lempel_ziv_words(string: str) -> int:
    """Into how many words ``string`` is parsed from left to right, each the shortest that occurs nowhere before its own
    last letter; the last word may be cut short by the end.
    """
    words, start, length = 0, 0, 1
    while start < len(string):
        end = start + length
        if end <= len(string) and string[start:end] in string[: end - 1]:
            length += 1
        else:
            words, start, length = words + 1, end, 1
    return words


def lempel_ziv_complexity(string: str) -> float:
    """log2(n) times the mean number of words of ``string``, n letters, and of its reverse; log2(n) if all are equal.

    Raises ValueError for an empty string, or what is none.

    >>> sb.lempel_ziv_complexity("01" * 32) < sb.lempel_ziv_complexity("0110100110010110" * 4)
    True
    """
    if not isinstance(string, str) or not string:
        raise ValueError(f"a string has a Lempel-Ziv complexity, and an empty one has none, got {string!r}")
    words = 1.0 if len(set(string)) == 1 else (lempel_ziv_words(string) + lempel_ziv_words(string[::-1])) / 2
    return float(np.log2(len(string))) * words


def critical_samples(
    architecture,  # noqa: ANN001 (any object with outputs)
    parameters: Sequence[np.ndarray],
    inputs: np.ndarray,
    *,
    radius: float,
    steps: int = 10,
    starts: int = 3,
    seed: int = 0,
    device: str = "cpu",
) -> np.ndarray:
    """For which of ``inputs`` (B, ...) an input with another label was found whose numbers all differ by ``radius`` or
    less, (M, B) bool, of M networks with stacked ``parameters``.

    Searched by ``steps`` steps of a quarter of the radius down the sign of the gradient of y z, back into the box after
    each, from the input itself and from ``starts`` - 1 random points of the box. What is not found may exist all the
    same, but not where the output is linear in the box. The box is not cut off where pixels end, at 0 and 1. In double
    precision. Raises ValueError for a radius that is not positive, no steps or starts, or an output that is not finite.
    """
    if not radius > 0 or steps < 1 or starts < 1:
        raise ValueError(f"radius, steps and starts must be positive, got {radius}, {steps} and {starts}")
    networks = [torch.from_numpy(np.asarray(part, dtype=np.float64)).to(device) for part in parameters]
    centre = torch.from_numpy(inputs.astype(np.float64)).to(device)[None]

    def finite_outputs(points: torch.Tensor) -> torch.Tensor:
        outputs = architecture.outputs(networks, points)
        if not outputs.isfinite().all():
            raise ValueError("an output is not finite: such a network has no critical samples")
        return outputs

    with torch.no_grad():
        positive = finite_outputs(centre) > 0
    rng = np.random.default_rng(seed)
    found = torch.zeros_like(positive)
    for start in range(starts):
        moved = centre.expand(len(networks[0]), *centre.shape[1:]).clone()
        if start > 0:
            moved += torch.from_numpy(rng.uniform(-radius, radius, moved.shape)).to(device)
        for step in range(steps + 1):
            moved.requires_grad_()
            outputs = finite_outputs(moved)
            found |= (outputs.detach() > 0) != positive
            if step == steps or found.all():
                break
            (gradient,) = torch.autograd.grad(torch.where(positive, outputs, -outputs).sum(), moved)
            moved = moved.detach() - _STEP * radius * gradient.sign()
            moved = moved.clamp(centre - radius, centre + radius)
    return found.cpu().numpy()
