"""What the training of a configuration costs, from measured speeds and epochs: `python docs/cost.py config/paper.yaml`.

Core hours of an experiment = networks x epochs x |S| / (images a core trains on per hour). The speed is that of its architecture
in results/benchmarks/training.csv (at the batch size measured there, for images of MNIST), the epochs those in
results/benchmarks/epochs.csv; where an experiment was not measured, the mean of those that were. Called without arguments it
writes the table of docs/cluster.md.
"""

import sys
from pathlib import Path

import pandas as pd
import yaml

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from sgdbayes.configuration import Configuration, Experiment, read_configuration  # noqa: E402
from sgdbayes.storage import read_table  # noqa: E402

# What networks a minute in training.csv means: benchmarks/training.py trains on so many images for so many epochs.
IMAGES, EPOCHS = 1000, 3
BEGIN, END = "<!-- cost: made by `python docs/cost.py` -->\n", "<!-- end -->"


def costs(configuration: Configuration, speeds: pd.DataFrame, epochs: pd.DataFrame) -> pd.DataFrame:
    """A row per experiment: networks, epochs of each, whether these were measured, core hours.

    Raises ValueError for an architecture whose speed is not in ``speeds``.
    """
    networks_per_minute = speeds.set_index("benchmark")["value"]
    known = epochs[epochs["configuration"] == configuration.name].set_index("experiment")["epochs"]
    rows = []
    for name, item in configuration.experiments.items():
        images_per_hour = (
            networks_per_minute[_benchmark(configuration, item, set(networks_per_minute.index))] * 60 * IMAGES * EPOCHS
        )
        until_fit = known.get(name, known.mean())
        presented = item.networks * (until_fit + item.extra_epochs) * configuration.tasks[item.task]["train_size"]
        rows.append({
            "experiment": name, "networks": item.networks, "epochs": until_fit + item.extra_epochs, "measured": name in known.index,
            "core_hours": presented / images_per_hour,
        })  # fmt: skip
    return pd.DataFrame(rows)


def _benchmark(configuration: Configuration, item: Experiment, measured: set[str]) -> str:
    """The row of training.csv with the speed of an experiment's architecture."""
    options = dict(configuration.architectures[item.architecture])
    if options["kind"] == "FullyConnected":
        start = f"FCN {options.get('depth', 2)}x{options.get('width', 256)}, batch"
    elif options["kind"] == "Convolutional":
        pooling = options.get("pooling", "none")
        start = f"CNN {options.get('layers', 2)}x{options.get('channels', 32)}" + (
            "" if pooling == "none" else f", {pooling} pooling"
        )
    else:
        start = f"{options['kind']} {options.get('width', 64)}, length"
    found = sorted(name for name in measured if name.startswith(start) and "bfloat16" not in name)
    if not found:
        raise ValueError(f"no speed of {start} in results/benchmarks/training.csv: add it to benchmarks/training.py")
    return found[0]


def table(path: Path) -> str:
    """The costs of the configuration in ``path`` as a table in Markdown."""
    configuration = read_configuration(
        yaml.safe_load(path.read_text(encoding="utf-8")), ROOT / "workflow" / "schemas" / "config.schema.yaml"
    )
    folder = ROOT / "results" / "benchmarks"
    found = costs(configuration, read_table(folder / "training.csv"), read_table(folder / "epochs.csv"))
    lines = ["| experiment | networks | epochs | core hours |", "| --- | --- | --- | --- |"]
    lines += [
        f"| {row.experiment} | {row.networks:,} | {row.epochs:.1f}{'' if row.measured else ' *'} | {row.core_hours:,.0f} |"
        for row in found.itertuples()
    ]
    lines.append(f"| all | {found['networks'].sum():,} | | {found['core_hours'].sum():,.0f} |")
    return "\n".join(lines) + "\n"


def with_table(text: str, found: str) -> str:
    """``text`` with the table between its marks."""
    head, rest = text.split(BEGIN)
    return head + BEGIN + found + END + rest.split(END, 1)[1]


if __name__ == "__main__":
    if sys.argv[1:]:
        print(table(Path(sys.argv[1])), end="")
    else:
        document = ROOT / "docs" / "cluster.md"
        document.write_text(
            with_table(document.read_text(encoding="utf-8"), table(ROOT / "config" / "paper.yaml")), encoding="utf-8"
        )
