"""What Mingard et al. (JMLR 2021) claim, and what readers doubted, with the thresholds by which each is judged.

Each test has an effect with a 95 % interval over training sets, test points and networks, and two thresholds, set
beforehand. The claim holds if the whole interval lies beyond the first, does not hold if it lies short of the second,
holds in part if it lies beyond the second but not beyond the first, and is not decided otherwise. What was measured on
one training set has no verdict.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sgdbayes.statistics import Estimate

__all__ = [
    "C0",
    "C1",
    "C2",
    "C3",
    "C4",
    "C5",
    "CLAIMS",
    "D1",
    "D2",
    "D3",
    "D4",
    "D5",
    "D6",
    "D7",
    "D8",
    "Claim",
    "Test",
]


@dataclass(frozen=True)
class Test:
    """``effect``: what is measured. The claim ``holds`` beyond the first threshold and ``fails`` short of the second,
    None for the same one; the sentence ends with ``added``.
    """

    effect: str
    holds: float
    fails: float | None = None
    added: str = ""

    @property
    def sentence(self) -> str:
        """The effect and the thresholds in words."""
        if self.fails is None:
            return f"{self.effect}; holds above {_number(self.holds)}{self.added}"
        if self.fails < self.holds:
            holds, short = "from", "below"
        else:
            holds, short = "to", "from" if self.fails else "above"
        return f"{self.effect}; holds {holds} {_number(self.holds)}, does not {short} {_number(self.fails)}{self.added}"

    def verdict(self, effect: Estimate) -> str:
        if not np.isfinite([effect.low, effect.high]).all():
            return "not decided"
        holds, fails = self.holds, self.holds if self.fails is None else self.fails
        if holds < fails:
            # Smaller effects speak for the claim.
            effect, holds, fails = -effect, -holds, -fails
        if effect.low > holds:
            return "holds"
        if effect.high < fails:
            return "does not hold"
        return "holds in part" if effect.low > fails else "not decided"


def _number(value: float) -> str:
    """As a short decimal, or else as one over such."""
    return f"{value:g}" if float(f"{value:g}") == value else f"1/{1 / value:g}"


@dataclass(frozen=True)
class Claim:
    name: str
    statement: str
    tests: tuple[Test, ...]


# The gap grows with |E|, so it is judged per test point: on 50 of them 0.01 decades each are a factor of 3, 0.03 of 30.
# EP's gap at 1,000 images, some 0.065 whatever |E|, was known when these were set. The size of a gap is that of its
# mean over training sets: a mean of sizes is biased upward, the more so the more they scatter.
# fmt: off
C0 = Claim("C0", "optimisers sample P_B: their functions are as likely under it as draws from it", (
    Test("size of the gap, decades a test point (exact 0-1 posterior)", holds=0.01, fails=0.03),
))
C1 = Claim("C1", "P_OPT and P_B correlate over many orders of magnitude", (
    Test("correlation of log P_OPT with log P_B (exact 0-1 posterior)", holds=0.7, fails=0.3),
    # Frequencies are at most 1 and at least min_count / networks, so few networks show few decades, whatever is true.
    Test("decades of P_OPT that this correlation is over", holds=3, fails=1,
         added=", is not judged where its networks could not show 3"),
))
C2 = Claim("C2", "the most frequent functions agree best", (
    Test("variance of log10 P_B (exact 0-1) about its line on log10 P_OPT, other functions less the five most "
         "frequent, counting noise taken off", holds=0),
))
C3 = Claim("C3", "P_B is strongly biased towards functions of low error and low complexity", (
    Test("decades of P_B (EP) between the target and the mean function with half of E wrong", holds=3, fails=0),
    Test("Spearman correlation of log P_B (EP) with complexity, functions networks found", holds=-0.5, fails=0),
))
C4 = Claim("C4", "optimisers differ; to second order only, says the paper", (
    Test("largest difference in mean test error between two optimisers, percentage points, Bonferroni", holds=0,
         added=", cannot fail"),
    Test("largest difference in mean test error over a sweep, percentage points, Bonferroni", holds=0,
         added=", cannot fail"),
))
C5 = Claim("C5", "mean test errors under P_OPT and P_B are close", (
    Test("larger mean test error over smaller, networks and exact 0-1 posterior", holds=1.25, fails=2),
))
D1 = Claim("D1", "the Gaussian process stands for the finite network", (
    Test("correlation of log P_B, exact 0-1 posterior and finite networks", holds=0.9, fails=0.7),
))
D2 = Claim("D2", "expectation propagation stands for the exact 0-1 posterior", (
    Test("correlation of log P_B, EP and exact 0-1 posterior", holds=0.9, fails=0.7),
))
D3 = Claim("D3", "it does not matter that SGD stops at the boundary of zero error", (
    Test("change of the gap (exact 0-1 posterior) by overtraining, decades a test point", holds=0.01, fails=0.03),
    Test("larger mean test error over smaller, overtrained and not", holds=1.1, fails=1.25),
    Test("smallest over mean margin on S, median of networks that first fit S over that of random sampling "
         "(exact 0-1): below 1 networks stop nearer the boundary", holds=1 / 1.5, fails=1 / 3),
))
D4 = Claim("D4", "noise of the frequencies explains what the correlation lacks", (
    Test("noise ceiling less correlation with the exact 0-1 posterior, on the same domains", holds=0.05, fails=0.1),
))
D5 = Claim("D5", "random sampling shows no double descent", (
    Test("largest rise of random sampling's mean test error as width or |S| grows, percentage points, "
         "Bonferroni", holds=1, fails=2),
))
D6 = Claim("D6", "SGD depends on the initial scale, which the 0-1 posterior does not see", (
    Test("largest mean test error over smallest, over initial scales, Bonferroni", holds=1.25, fails=1.1),
    Test("gap (exact 0-1 posterior), smallest initial scale less largest, decades a test point", holds=0),
))
D7 = Claim("D7", "the NTK ensemble or the MSE posterior predicts P_OPT better than the 0-1 posterior", (
    Test("correlation of this posterior less that of the exact 0-1 posterior", holds=0, added=", does not below"),
    Test("size of the gap under the exact 0-1 posterior less that under this one, decades a test point", holds=0,
         added=", does not below"),
))
D8 = Claim("D8", "the advantage of SGD over random sampling shrinks as |S| grows", (
    # Least squares of the log ratio on log10 |S|, training set by training set.
    Test("factor by which random sampling's mean test error over networks' changes with each decade of |S|", holds=0.9,
         fails=1),
))
# fmt: on
CLAIMS = {claim.name: claim for claim in (C0, C1, C2, C3, C4, C5, D1, D2, D3, D4, D5, D6, D7, D8)}
