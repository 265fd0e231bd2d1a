"""Expectation propagation against the exact 0-1 posterior, over training sets of growing size.

Mingard et al. (JMLR 2021, section 2) use EP for P_B(f|S). Here predictive probabilities, probabilities of functions and
the log evidence are compared with those of the sampled posterior, which has no error but Monte Carlo's.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from scipy.special import ndtr

from sgdbayes.functions import as_strings
from sgdbayes.posterior.ep import fit_ep
from sgdbayes.posterior.mixture import batch_means_error
from sgdbayes.posterior.probabilities import function_probabilities
from sgdbayes.posterior.regression import regression_posterior
from sgdbayes.posterior.stored import Posterior
from sgdbayes.posterior.zero_one import zero_one_predictive
from sgdbayes.statistics import Estimate

__all__ = ["EpAgainstExact", "compare_ep", "ep_table"]

# Of the regression whose draws stand for functions such as trained networks find, with fewer errors than the 0-1's.
_NOISE_VARIANCE = 1e-4


@dataclass(frozen=True)
class EpAgainstExact:
    """``predictive``: a row per test point, columns label, p_ep, p_exact, p_exact_se of the positive class.
    ``functions``: a row per function, columns domain_size, function, source (the posterior it was drawn from),
    test_errors, log_p_ep, log_p_ep_se, log_p_exact, log_p_exact_se, draws. ``facts``: log_evidence_ep, test errors and
    diagnostics.
    """

    predictive: pd.DataFrame
    functions: pd.DataFrame
    facts: dict[str, float]


def compare_ep(
    kernel: np.ndarray,
    labels: np.ndarray,
    test_labels: np.ndarray,
    *,
    domain_sizes: Iterable[int],
    functions: int,
    samples: int,
    seed: int,
) -> EpAgainstExact:
    """EP and the exact posterior on one training set.

    ``kernel`` (n + m, n + m) over S then test points, ``labels`` (n,) of S, ``test_labels`` (m,). ``functions``: how
    many are drawn on each domain from the exact and from the MSE posterior. ``samples``: draws of each of four chains.
    Raises as `expectation_propagation` and `zero_one_predictive` do.
    """
    ep, of_ep = fit_ep(kernel, labels)
    print(f"|S| = {len(labels)}: EP took {of_ep['sweeps']} sweeps", flush=True)
    exact, diagnostics = zero_one_predictive(kernel, labels, samples, seed=seed)
    print(f"|S| = {len(labels)}: {diagnostics}", flush=True)
    sources: dict[str, Posterior] = {
        "zero_one": exact,
        "mse": regression_posterior(kernel, labels, noise_variance=_NOISE_VARIANCE),
    }

    shares = ndtr(exact.chain_by_chain() / np.sqrt(np.diag(exact.covariance)))
    p_ep = ndtr(ep.mean / np.sqrt(np.diag(ep.covariance)))
    predictive = pd.DataFrame(
        {"label": test_labels, "p_ep": p_ep, "p_exact": shares.mean(0), "p_exact_se": batch_means_error(shares)}
    )
    tables = []
    for size, (source, posterior) in product(domain_sizes, sources.items()):
        drawn = np.unique(posterior.on(slice(size)).draw_functions(functions, seed=seed), axis=0)
        about = {"domain_size": size, "function": as_strings(drawn), "source": source}
        tables.append(pd.DataFrame(about | {"test_errors": (drawn != (test_labels[:size] > 0)).sum(1)}))
    table = pd.concat(tables, ignore_index=True).drop_duplicates(["domain_size", "function"])
    both: dict[str, Posterior] = {"ep": ep, "exact": exact}
    for name, posterior in both.items():
        columns = {"log_p": f"log_p_{name}", "log_p_se": f"log_p_{name}_se"}
        known = pd.concat([
            function_probabilities(posterior.on(slice(size)), asked["function"], seed=seed).assign(domain_size=size)
            for size, asked in table.groupby("domain_size")
        ])  # fmt: skip
        known["log_p"] = known["log_p"].where(known["log_p_se"].notna())
        table = table.merge(known.rename(columns=columns), on=["domain_size", "function"], validate="1:1")
    test_error, se = exact.mean_test_error(test_labels)
    facts = {
        "train_size": len(labels),
        "log_evidence_ep": of_ep["log_evidence"],
        "sweeps": of_ep["sweeps"],
        "test_error_ep": ep.mean_test_error(test_labels)[0],
        "test_error_exact": test_error,
        "test_error_exact_se": se,
        **diagnostics,
    }
    return EpAgainstExact(predictive, table, facts)


def ep_table(
    facts: Sequence[dict[str, float]],
    predictive: Sequence[pd.DataFrame],
    functions: Sequence[pd.DataFrame],
    evidence: pd.DataFrame,
) -> pd.DataFrame:
    """A row per training set: log evidence, test error, how far predictive and function probabilities are apart.

    ``evidence``: the fields of an `EvidencePath`. Differences are EP minus exact; ``*_noise`` is what Monte
    Carlo error alone would make of the root mean square beside it.
    """
    known = evidence.set_index("sizes")
    rows = []
    for fact, points, table in zip(facts, predictive, functions, strict=True):
        size = int(fact["train_size"])
        log_evidence = Estimate.around(*known.loc[size, ["log_evidence", "standard_error"]])
        test_error = Estimate.around(fact["test_error_exact"], fact["test_error_exact_se"])
        difference = points["p_ep"] - points["p_exact"]
        row = {
            "train_size": size,
            "log_evidence_ep": fact["log_evidence_ep"],
            **log_evidence.named("log_evidence_exact"),
            "test_error_ep": fact["test_error_ep"],
            **test_error.named("test_error_exact"),
            "test_points": len(points),
            "predictive_rms": np.sqrt((difference**2).mean()),
            "predictive_noise": np.sqrt((points["p_exact_se"] ** 2).mean()),
            "predictive_largest": difference.abs().max(),
        }
        for domain_size, group in table.groupby("domain_size"):
            resolved = group.dropna(subset="log_p_exact")
            ratio = resolved["log_p_ep"] - resolved["log_p_exact"]
            noise = np.hypot(resolved["log_p_ep_se"], resolved["log_p_exact_se"])
            each = {"functions": len(group), "resolved": len(resolved), "log_ratio_mean": ratio.mean()}
            each |= {"log_ratio_rms": np.sqrt((ratio**2).mean()), "log_ratio_noise": np.sqrt((noise**2).mean())}
            row |= {f"{name}_{domain_size}": value for name, value in each.items()}
        row |= {name: fact[name] for name in ("sweeps", "r_hat", "effective_sample_size", "bounces")}
        rows.append(row)
    return pd.DataFrame(rows)
