"""What `sgdbayes.posterior._walls` does, in torch: all chains at once, for a GPU."""

from math import pi

import numpy as np
import torch

__all__ = ["batched_mover", "follow"]

_TINY = np.finfo(np.float64).tiny
# Steps between looks at whether every chain is done, each of which makes the GPU wait.
_LOOK = 32


def batched_mover(folded: np.ndarray, device: str, limit: int):  # noqa: ANN202
    """What moves all chains at once: a function of positions (chains, n) and velocities (chains, steps, n).

    It moves the positions and gives samples (chains, steps, n) and bounces (chains, steps), above ``limit`` where a
    trajectory was given up.
    """
    covariance = torch.from_numpy(folded).to(device)

    def move(positions: np.ndarray, velocities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x, v = torch.from_numpy(positions).to(device), torch.from_numpy(velocities).to(device)
        samples, hits = [], []
        for step in range(v.shape[1]):
            hits.append(follow(x, v[:, step].contiguous(), covariance, limit))
            samples.append(x.clone())
        positions[:] = x.cpu().numpy()
        return torch.stack(samples, 1).cpu().numpy(), torch.stack(hits, 1).cpu().numpy()

    return move


def follow(positions: torch.Tensor, velocities: torch.Tensor, covariance: torch.Tensor, limit: int) -> torch.Tensor:
    """One trajectory of every chain: ``positions`` and ``velocities`` (chains, n), both moved. -> bounces (chains,),
    above ``limit`` where one was given up.
    """
    left = torch.full_like(positions[:, 0], pi / 2)
    bounces = torch.zeros_like(left, dtype=torch.int64)
    variance = covariance.diagonal()
    while True:
        for _ in range(_LOOK):
            falls = torch.where(velocities < 0, -velocities / positions.clamp(min=_TINY), 0.0)
            steepest, wall = falls.max(dim=1)
            wait = torch.minimum(torch.atan2(torch.ones_like(left), steepest), left)
            left -= wait
            cosine, sine = wait.cos()[:, None], wait.sin()[:, None]
            turned = positions * cosine + velocities * sine
            velocities.mul_(cosine).sub_(positions * sine)
            positions.copy_(turned)
            hit = left > 0
            kick = torch.where(hit, -2 * velocities.gather(1, wall[:, None])[:, 0] / variance[wall], 0.0)
            velocities.add_(kick[:, None] * covariance[wall])
            bounces += hit
        if not bool(((left > 0) & (bounces <= limit)).any()):
            return bounces
