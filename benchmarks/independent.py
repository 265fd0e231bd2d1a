"""Does a plain PyTorch loop that shares no code with this project's training find the same functions as often?

The loop trains networks by Adam, from seeds of its own. They are held against those of a study of results/desk,
training set by training set, and against those of another optimiser, which the test must tell apart. Two samples of the
same distribution differ by chance alone: p is the share of 10,000 random exchanges between the samples that make them
differ as much. Writes independent.csv to results/benchmarks.

Usage: python benchmarks/independent.py [--networks 100, on each training set]
"""

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import yaml

ROOT = Path(__file__).parents[1]
STUDIES = ("mnist-300-fcn-64-adam", "mnist-300-fcn-64-sgd")
RATE, BATCH, WIDTH, EXCHANGES, SIZE = 1e-3, 32, 64, 10_000, 50


def train(inputs: torch.Tensor, labels: torch.Tensor, points: torch.Tensor) -> tuple[np.ndarray, int]:
    """Labels of ``points`` by a network that fits S, and after how many epochs it did."""
    layers = [torch.nn.Linear(inputs.shape[1], WIDTH), torch.nn.Linear(WIDTH, WIDTH), torch.nn.Linear(WIDTH, 1)]
    for layer in layers:
        torch.nn.init.normal_(layer.weight, std=(2 / layer.in_features) ** 0.5)
        torch.nn.init.zeros_(layer.bias)
    network = torch.nn.Sequential(layers[0], torch.nn.ReLU(), layers[1], torch.nn.ReLU(), layers[2])
    optimizer = torch.optim.Adam(network.parameters(), lr=RATE)
    for epoch in range(1, 501):
        for batch in torch.randperm(len(labels)).split(BATCH):
            optimizer.zero_grad()
            torch.nn.functional.softplus(-labels[batch] * network(inputs[batch])[:, 0]).mean().backward()
            optimizer.step()
        with torch.no_grad():
            if (labels * network(inputs)[:, 0] > 0).all():
                return (network(points)[:, 0] > 0).numpy(), epoch
    raise RuntimeError("a network did not fit S within 500 epochs")


def exchanges(first: np.ndarray, second: np.ndarray, distance, seed: int) -> np.ndarray:  # noqa: ANN001
    """The ``distance`` of two samples (n, ...), (m, ...), then those of random exchanges between them."""
    both, rng = np.concatenate([first, second]), np.random.default_rng(seed)
    orders = [np.arange(len(both)), *(rng.permutation(len(both)) for _ in range(EXCHANGES))]
    return np.array([distance(both[order[: len(first)]], both[order[len(first) :]]) for order in orders])


def function_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Squared difference of the frequencies of functions, over all domains; samples of their numbers (n, domains)."""
    return sum(
        ((np.bincount(a, minlength=n) / len(a) - np.bincount(b, minlength=n) / len(b)) ** 2).sum()
        for a, b in zip(first.T, second.T, strict=True)
        for n in [max(a.max(), b.max()) + 1]
    )


def mean_distance(first: np.ndarray, second: np.ndarray) -> float:
    return abs(first.mean() - second.mean())


def numbered(labels: np.ndarray) -> np.ndarray:
    """The function of each network on each domain of 50 points, as a number."""
    domains = np.split(labels, labels.shape[1] // SIZE, axis=1)
    return np.stack([np.unique(each, axis=0, return_inverse=True)[1].ravel() for each in domains], axis=1)


def main() -> None:
    from sgdbayes.datasets import load_task
    from sgdbayes.files import read_table, write_table
    from sgdbayes.functions import unpack
    from sgdbayes.pipeline import packing
    from sgdbayes.pipeline.plan import Plan
    from sgdbayes.pipeline.reading import read_configuration

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", type=int, default=100)
    number_of_networks = parser.parse_args().networks
    config = yaml.safe_load((ROOT / "config/desk.yaml").read_text())
    configuration = read_configuration(config, ROOT / "workflow/schemas/config.schema.yaml")
    studies, started = Plan(configuration, ROOT / "workflow/scripts").studies(), time.perf_counter()
    packing.unpack(ROOT / "results/desk")
    found: dict[tuple[str, str], list[np.ndarray]] = {}
    for number, experiments in enumerate(zip(*(studies[name] for name in STUDIES), strict=True)):
        torch.manual_seed(number)
        settings = configuration.tasks[configuration.experiments[experiments[0]].task]
        task = load_task(**settings, folder=ROOT / "data")
        flat = [torch.tensor(each.reshape(len(each), -1)) for each in (task.train_inputs, task.test_inputs)]
        trained = [train(flat[0], torch.tensor(task.train_labels).float(), flat[1]) for _ in range(number_of_networks)]
        mine, epochs = np.array([labels for labels, _ in trained]), np.array([epoch for _, epoch in trained])
        for study, experiment in zip(STUDIES, experiments, strict=True):
            runs = read_table(ROOT / f"results/desk/experiments/{experiment}/runs.parquet").query("converged")
            theirs = unpack(runs["labels"].tolist(), len(task.test_labels))
            both = numbered(np.concatenate([mine, theirs]))
            errors = [(each != (task.test_labels > 0)).mean(1) for each in (mine, theirs)]
            for statistic, first, second, distance in (
                ("functions", both[: len(mine)], both[len(mine) :], function_distance),
                ("test error", *errors, mean_distance),
                ("epochs", epochs, runs["epochs"].to_numpy(), mean_distance),
            ):
                found.setdefault((study, statistic), []).append(exchanges(first, second, distance, number))
        print(f"{experiments[0]}: {time.perf_counter() - started:.0f} s", flush=True)
    rows = []
    for (study, statistic), values in found.items():
        total = np.sum(values, axis=0)
        about = {"against": study, "training_sets": len(values), "networks": number_of_networks * len(values)}
        chance = {"distance": total[0], "by_chance": total[1:].mean(), "by_chance_sd": total[1:].std()}
        # The samples as they are count among their exchanges: no p is 0.
        rows.append(about | {"statistic": statistic, **chance, "p": (total >= total[0]).mean()})
    table = pd.DataFrame(rows)
    print(table.to_string(index=False))
    write_table(ROOT / "results/benchmarks/independent.csv", table, {"exchanges": EXCHANGES})


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
