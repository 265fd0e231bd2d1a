"""Speeds of the posterior side as ratios to named baselines.

`make bench`, or `python benchmarks/posterior.py GPY_PYTHON`, a Python that has GPy (requirements/bench.txt). Each row
runs in a process of its own, alone on the machine, on MNIST and the kernel of FullyConnected(depth=2); the rows go to
results/benchmarks/posterior.csv.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness import ROOT, Row, mnist, run


def model(train_size: int, test_size: int = 1):  # noqa: ANN201
    """Kernel over S then test points, labels of S."""
    import numpy as np

    from sgdbayes.architectures import FullyConnected

    task = mnist(train_size, test_size)
    inputs = np.concatenate([task.train_inputs, task.test_inputs])
    return FullyConnected(depth=2).kernel(inputs), task.train_labels.astype(float)


def zero_one_against_lin_ess(_gpy: str) -> dict[str, object]:
    """Independent samples a second on one core, from equally many chains that start in the posterior."""
    import numpy as np

    from sgdbayes.posterior.zero_one import chain_diagnostics, fold, zero_one_chains

    kernel, labels = model(2000)
    kernel = kernel[:2000, :2000]
    zero_one_chains(kernel[:50, :50], labels[:50], 8, seed=0)
    started = time.perf_counter()
    ours = zero_one_chains(kernel, labels, 500, seed=1)
    seconds = time.perf_counter() - started
    rate = ours.effective_sample_size.mean() / seconds

    scale, folded = fold(kernel, labels)
    factor = np.linalg.cholesky(folded)
    starts = ours.draws[:, -1] / scale
    steps, together = 5000, 250
    watched = np.empty((4, steps, len(ours.watched)))
    rng = np.random.default_rng(2)
    started = time.perf_counter()
    for chain, z in enumerate(starts):
        for block in range(0, steps, together):
            directions = (factor @ rng.standard_normal((len(z), together))).T
            for step, direction in enumerate(directions, start=block):
                # z cos a + direction sin a stays positive between the nearest walls on either side of a = 0.
                middle = np.arctan2(direction, z)
                angle = rng.uniform(middle.max() - np.pi / 2, middle.min() + np.pi / 2)
                z = z * np.cos(angle) + direction * np.sin(angle)
                watched[chain, step] = z[ours.watched]
    baseline_seconds = time.perf_counter() - started
    _, effective = chain_diagnostics(watched)
    baseline = effective.mean() / baseline_seconds
    return {
        "value": rate,
        "baseline_value": baseline,
        "ratio": rate / baseline,
        "note": f"LIN-ESS in NumPy; autocorrelation time {ours.autocorrelation_time.mean():.2f} trajectories against "
        f"{4 * steps / effective.mean():.0f} slices, at least: the slices' chains are too short to show all of it",
    }


def zero_one_large(_gpy: str) -> dict[str, object]:
    """Seconds a sample at n = 10,000 on one core, set-up left out; more samples share it."""
    from sgdbayes.posterior import sample_zero_one

    kernel, labels = model(10_000)
    kernel = kernel[:10_000, :10_000]
    few, many = 64, 320
    seconds = []
    for number in (few, many):
        started = time.perf_counter()
        sample_zero_one(kernel, labels, number, seed=0, warm_up=8)
        seconds.append(time.perf_counter() - started)
    return {
        "value": (seconds[1] - seconds[0]) / (many - few),
        "note": f"{seconds[0] - few * (seconds[1] - seconds[0]) / (many - few):.0f} s of set-up",
    }


def ep_against_gpy(gpy: str) -> dict[str, object]:
    """Seconds to the same log evidence at n = 2,000, on all cores."""
    import numpy as np

    from sgdbayes.posterior import expectation_propagation

    kernel, labels = model(2000)
    kernel = np.ascontiguousarray(kernel[:2000, :2000])
    started = time.perf_counter()
    ours = expectation_propagation(kernel, labels)
    seconds = time.perf_counter() - started
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "kernel.npy", kernel)
        np.save(Path(folder) / "labels.npy", labels)
        script = [gpy, str(ROOT / "benchmarks" / "gpy_ep.py"), folder]
        theirs = json.loads(subprocess.run(script, check=True, capture_output=True, text=True).stdout)
    return {
        "value": seconds,
        "baseline_value": theirs["seconds"],
        "ratio": theirs["seconds"] / seconds,
        "note": f"log evidence {ours.log_evidence:.6f} against {theirs['log_evidence']:.6f}",
    }


def ep_large(_gpy: str) -> dict[str, object]:
    """Seconds at n = 10,000 on all cores, and memory."""
    from sgdbayes.posterior import expectation_propagation

    kernel, labels = model(10_000, 100)
    started = time.perf_counter()
    result = expectation_propagation(kernel, labels)
    seconds = time.perf_counter() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return {"value": seconds, "note": f"{result.sweeps} sweeps, at most {memory:.1f} GB, the kernel's making included"}


def orthants(_gpy: str) -> dict[str, object]:
    """Functions a minute on |E| = 100 under the MSE posterior at n = 1,000, on all cores."""
    import numpy as np

    from sgdbayes.posterior import log_orthant_probability, regression_posterior

    kernel, labels = model(1000, 100)
    posterior = regression_posterior(kernel, labels, noise_variance=1e-4)
    functions = np.where(posterior.draw_functions(1000, seed=0), 1, -1)
    log_orthant_probability(posterior.mean, posterior.covariance, functions[:2], seed=0)
    started = time.perf_counter()
    log_p, error = log_orthant_probability(posterior.mean, posterior.covariance, functions, seed=1)
    seconds = time.perf_counter() - started
    share = (error <= 0.01).mean()
    return {
        "value": len(functions) / seconds * 60,
        "note": f"{share:.1%} with a relative standard error of 1 % or less, largest {error.max():.2%}; "
        f"ln P from {log_p.min():.0f} to {log_p.max():.0f}",
    }


def rejection(_gpy: str) -> dict[str, object]:
    """Random networks a minute on the Boolean system, |S| = |E| = 64, on two cores, in turn with whole networks."""
    import numpy as np
    import torch

    from sgdbayes.architectures import FullyConnected
    from sgdbayes.posterior import sample_by_rejection

    architecture = FullyConnected(depth=2, width=40, bias_variance=1.0)
    points = np.array([[code >> bit & 1 for bit in range(6, -1, -1)] for code in range(128)], dtype=np.float32)
    points = points[np.random.default_rng(0).permutation(128)]
    on_s, on_e = points[:64], points[64:]
    labels = np.where(on_s[:, 0] > 0, 1, -1)
    shapes = [part.shape for part in architecture.initial_parameters((7,), np.random.default_rng(0))]
    deviations = [np.float32(v**0.5) for fan_in in (7, 40, 40) for v in (architecture.weight_variance / fan_in, 1.0)]
    inputs, signs = torch.from_numpy(points[None]), torch.from_numpy(labels)
    ours, plain, fitted = [], [], np.zeros(2, dtype=int)
    # Compiled before the clock runs.
    sample_by_rejection(architecture, on_s, labels, on_e, networks=1000, seed=0)
    for seed in range(5):
        started = time.perf_counter()
        result = sample_by_rejection(architecture, on_s, labels, on_e, networks=2_000_000, seed=seed)
        ours.append(result.networks / (time.perf_counter() - started) * 60)
        fitted += [len(result.functions), result.networks]
        rng = np.random.default_rng(seed)
        started = time.perf_counter()
        for _ in range(10):
            drawn = [rng.standard_normal((2000, *shape), dtype=np.float32) for shape in shapes]
            stack = [torch.from_numpy(part).mul_(float(d)) for part, d in zip(drawn, deviations, strict=True)]
            (architecture.outputs(stack, inputs[:, :64]) * signs > 0).all(1)
        plain.append(10 * 2000 / (time.perf_counter() - started) * 60)
    ratios = np.array(ours) / plain
    return {
        "value": float(np.median(ours)),
        "baseline_value": float(np.median(plain)),
        "ratio": float(np.median(ratios)),
        "ratio_low": ratios.min(),
        "ratio_high": ratios.max(),
        "note": f"{fitted[0]} of {fitted[1]:,} networks fit the first bit on 64 inputs",
    }


# The sampler as it was when it took S in point by point, by hard walls.
_POINT_BY_POINT = "5b0784d2:sgdbayes/posterior/splitting.py"


def splitting(_gpy: str) -> dict[str, object]:
    """Seconds of a run that would give ln P(S) a standard error of 1, against the code before."""
    import importlib.util

    from scipy.stats import f

    from sgdbayes.architectures import FullyConnected
    from sgdbayes.posterior import splitting as ours

    source = subprocess.run(["git", "show", _POINT_BY_POINT], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "point_by_point.py"
        file.write_bytes(source)
        spec = importlib.util.spec_from_file_location(file.stem, file)
        before = sys.modules[file.stem] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(before)
        task, architecture, seconds, variances, notes = mnist(400), FullyConnected(width=64), [], [], []
        for module, runs in ((ours, 8), (before, 4)):
            call = (architecture, task.train_inputs, task.train_labels, task.test_inputs)
            small = (architecture, task.train_inputs[:10], task.train_labels[:10], task.test_inputs)
            module.sample_by_splitting(*small, seed=0, runs=4, particles=20, rounds=1)
            started = time.perf_counter()
            result = module.sample_by_splitting(*call, seed=0, runs=runs, particles=50, rounds=1)
            seconds.append((time.perf_counter() - started) / runs)
            variances.append(result.run_evidence.var(ddof=1))
            notes.append(f"ln P(S) {result.log_evidence:.1f}, s.d. of a run {variances[-1] ** 0.5:.2f}")
    value, baseline = (each * variance for each, variance in zip(seconds, variances, strict=True))
    ratio = baseline / value
    return {
        "value": value,
        "baseline_value": baseline,
        "ratio": ratio,
        "ratio_low": ratio / f.ppf(0.975, 3, 7),
        "ratio_high": ratio / f.ppf(0.025, 3, 7),
        "note": f"{notes[0]} in {seconds[0]:.0f} s; before {notes[1]} in {seconds[1]:.0f} s",
    }


ROWS = {
    "zero_one": Row(zero_one_against_lin_ess, "independent samples, n = 2,000", "1/s", "LIN-ESS", "ratio >= 50", 1),
    "zero_one_large": Row(zero_one_large, "one sample, n = 10,000", "s", "", "<= 0.2", 1),
    "ep": Row(ep_against_gpy, "EP, n = 2,000", "s", "GPy, parallel EP", "ratio > 1, evidence to 1e-4", None),
    "ep_large": Row(ep_large, "EP, n = 10,000", "s", "", "<= 600, <= 8 GB", None),
    "orthants": Row(orthants, "orthants, dimension 100", "1/min", "", ">= 1,000 at <= 1 %", None),
    "rejection": Row(rejection, "rejection sampling, 7-40-40-1", "1/min", "whole networks, stacked", ">= 5 million", 2),
    "splitting": Row(
        splitting, "splitting, width 64, n = 400, a run to ln P(S) +- 1", "s", "point by point", "ratio >= 4", 2
    ),
}

if __name__ == "__main__":
    run(__file__, ROWS, "posterior.csv", sys.argv[1])
