"""Epochs until networks of a configuration's experiments fit S, which the estimate of its cost (docs/cost.py) needs:

    python benchmarks/epochs.py config/paper.yaml EXPERIMENT ...

trains two networks of each experiment named, and puts a row for each into results/benchmarks/epochs.csv. Epochs are
those at fit, without overtraining; they do not depend on the machine.
"""

import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import yaml
from harness import ROOT

_NETWORKS = 2


def measure(path: Path, experiment: str) -> dict[str, object]:
    """The row of an experiment. Raises RuntimeError if one of its networks does not fit S."""
    from sgdbayes.architectures import architecture_of
    from sgdbayes.datasets import load_task
    from sgdbayes.pipeline.reading import read_configuration
    from sgdbayes.training import Optimizer, train_until_fit

    configuration = read_configuration(
        yaml.safe_load(path.read_text(encoding="utf-8")), ROOT / "workflow" / "schemas" / "config.schema.yaml"
    )
    item = replace(configuration.experiments[experiment], extra_epochs=0, target_loss=None)
    task = configuration.tasks[item.task]
    options = dict(configuration.optimizers[item.optimizer])
    networks = train_until_fit(
        architecture_of(configuration.architectures[item.architecture]),
        load_task(**task, folder=ROOT / "data"),
        Optimizer(options.pop("kind"), options.pop("learning_rate"), options),
        indices=range(_NETWORKS), seed=item.seed, loss=item.loss, batch_size=item.batch_size,
        max_epochs=item.max_epochs,
    )  # fmt: skip
    if not networks.converged.all():
        raise RuntimeError(f"{experiment}: only {networks.converged.sum()} of {_NETWORKS} networks fit S")
    return {
        "configuration": configuration.name,
        "experiment": experiment,
        "train_size": task["train_size"],
        "networks": _NETWORKS,
        "epochs": float(networks.epochs.mean()),
    }


def main(path: str, *experiments: str) -> None:
    from sgdbayes.files import read_table, write_table
    from sgdbayes.pipeline.provenance import environment

    table = ROOT / "results" / "benchmarks" / "epochs.csv"
    for experiment in experiments:
        row = measure(Path(path), experiment)
        print(row, flush=True)
        known = read_table(table) if table.exists() else pd.DataFrame(columns=list(row))
        others = known[(known[["configuration", "experiment"]] != [row["configuration"], experiment]).any(axis=1)]
        write_table(table, pd.DataFrame([*others.to_dict("records"), row]), environment())


if __name__ == "__main__":
    main(*sys.argv[1:])
