"""LSTM networks with one output: prior over parameters, stacked forward pass, kernel.

Hochreiter and Schmidhuber, "Long short-term memory", Neural Computation 9, 1997. Prior: weights of the inputs ~
N(0, weight_variance / D), of the recurrence and of the output unit ~ N(0, weight_variance / width), biases ~
N(0, bias_variance), entries of word vectors ~ N(0, 1). Kernel: the Monte Carlo estimate of Novak et al., "Bayesian deep
convolutional networks with many channels are Gaussian processes" (ICLR 2019).
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.functional import embedding

from sgdbayes.architectures._monte_carlo import KernelEstimate, monte_carlo_kernel
from sgdbayes.architectures._prior import check_variances, draw
from sgdbayes.architectures._recurrence import last_hidden_state

__all__ = ["LSTM"]


@dataclass(frozen=True)
class LSTM:
    """One layer of ``width`` LSTM units and one linear output unit on their last states.

    Inputs are series of vectors (T, D), also images row by row, with a ``vocabulary`` series of word numbers (T,) in
    0 ... vocabulary - 1, as floats, each looked up among vectors of ``embedding`` entries.

    >>> series = np.random.default_rng(0).random((2, 4, 3)).astype(np.float32)
    >>> parameters = sb.LSTM(width=8).initial_parameters(series.shape[1:], np.random.default_rng(1))
    >>> parameters[-1].dtype
    dtype('float32')
    """

    width: int = 64
    vocabulary: int = 0
    embedding: int = 32
    weight_variance: float = 1.0
    bias_variance: float = 0.0

    def __post_init__(self) -> None:
        if self.width < 1 or self.embedding < 1:
            raise ValueError(f"width and embedding must be at least 1, got {self.width} and {self.embedding}")
        if self.vocabulary < 0:
            raise ValueError(f"vocabulary must not be negative, got {self.vocabulary}")
        check_variances(self.weight_variance, self.bias_variance)

    def initial_parameters(self, input_shape: tuple[int, ...], rng: np.random.Generator) -> list[np.ndarray]:
        """Draw one network from the prior, float32: with a vocabulary the word vectors (vocabulary, embedding); weights
        of the inputs (D, 4 width), of the recurrence (width, 4 width) and biases (1, 4 width), gates i, f, g and o in
        turn; output weights (width, 1) and bias (1, 1).

        Raises ValueError if ``input_shape`` is not (T,) with a vocabulary, (T, D) without.
        """
        wanted = 1 if self.vocabulary else 2
        if len(input_shape) != wanted:
            raise ValueError(f"inputs must have shape {'(T,)' if self.vocabulary else '(T, D)'}, got {input_shape}")
        entering = self.embedding if self.vocabulary else input_shape[1]
        shapes = [
            ((entering, 4 * self.width), self.weight_variance / entering),
            ((self.width, 4 * self.width), self.weight_variance / self.width),
            ((1, 4 * self.width), self.bias_variance),
            ((self.width, 1), self.weight_variance / self.width),
            ((1, 1), self.bias_variance),
        ]
        if self.vocabulary:
            shapes.insert(0, ((self.vocabulary, self.embedding), 1.0))
        return [draw(shape, variance, rng) for shape, variance in shapes]

    def outputs(self, parameters: list[torch.Tensor], inputs: torch.Tensor) -> torch.Tensor:
        """Outputs (M, B) of M stacked networks on ``inputs`` (M, B, T[, D]), each network its own batch, or
        (1, B, T[, D]), shared. Differentiable with respect to the parameters.

        Raises ValueError for a number outside the vocabulary.
        """
        return torch.baddbmm(parameters[-1], self.features(parameters, inputs), parameters[-2]).squeeze(2)

    def features(self, parameters: list[torch.Tensor], inputs: torch.Tensor) -> torch.Tensor:
        """Last hidden states (M, B, width), which the output unit sees, of ``inputs`` as in ``outputs``."""
        *words, entering, recurrent, biases = parameters[:-2]
        series = self._look_up(words[0], inputs) if words else inputs
        plain = series.device.type != "cpu" or series.dtype != torch.float32 or torch.is_autocast_enabled("cpu")
        return (_unroll if plain else last_hidden_state)(series, entering, recurrent, biases)

    @property
    def kernel_is_estimate(self) -> bool:
        """True: an LSTM's kernel has no closed form."""
        return True

    def kernel(self, inputs: np.ndarray) -> np.ndarray:
        """Monte Carlo estimate of the kernel (n, n), float64, on ``inputs`` (n, T[, D])."""
        return self.kernel_estimate(inputs).kernel

    def kernel_estimate(self, inputs: np.ndarray) -> KernelEstimate:
        """Monte Carlo estimate, with its standard error, of the kernel on ``inputs`` (n, T[, D])."""
        return monte_carlo_kernel(self, inputs)

    def _look_up(self, words: torch.Tensor, inputs: torch.Tensor) -> torch.Tensor:
        """Word vectors (M, B, T, embedding)."""
        low, high = inputs.aminmax()
        if not (low >= 0 and high < self.vocabulary):
            raise ValueError(f"word numbers must be in 0 ... {self.vocabulary - 1}, got {low:g} ... {high:g}")
        first = torch.arange(len(words), device=words.device)[:, None, None] * self.vocabulary
        return embedding(inputs.long() + first, words.flatten(0, 1))


def _unroll(
    series: torch.Tensor, entering: torch.Tensor, recurrent: torch.Tensor, biases: torch.Tensor
) -> torch.Tensor:
    """What ``last_hidden_state`` computes, on any device and in any precision."""
    networks, steps, width = len(recurrent), series.shape[2], recurrent.shape[1]
    series = series.expand(networks, -1, -1, -1)
    hidden = cells = series.new_zeros((networks, series.shape[1], width))
    for step in range(steps):
        gates = torch.baddbmm(torch.baddbmm(biases, series[:, :, step], entering), hidden, recurrent)
        i, f, g, o = gates.chunk(4, dim=2)
        cells = f.sigmoid() * cells + i.sigmoid() * g.tanh()
        hidden = o.sigmoid() * cells.tanh()
    return hidden
