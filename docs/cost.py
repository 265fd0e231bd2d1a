"""What the training of a configuration costs, from measured speeds and epochs: `python docs/cost.py config/paper.yaml`.

Core hours of an experiment = networks x epochs x |S| / (images a core trains on per hour). The speed is that of its
architecture in results/benchmarks/training.csv (at the batch size measured there, for images of MNIST), the epochs are
those in results/benchmarks/epochs.csv; where an experiment was not measured, the mean of those that were.
"""

import sys
from pathlib import Path

import pandas as pd
import yaml

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from sgdbayes.files import read_table  # noqa: E402
from sgdbayes.pipeline.configuration import Configuration, Experiment  # noqa: E402
from sgdbayes.pipeline.reading import read_configuration  # noqa: E402

# What networks a minute in training.csv means: benchmarks/training.py trains on so many images for so many epochs.
IMAGES, EPOCHS = 1000, 3


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
            "experiment": name, "networks": item.networks, "epochs": until_fit + item.extra_epochs,
            "measured": name in known.index, "core_hours": presented / images_per_hour,
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


def read(path: Path) -> Configuration:
    return read_configuration(
        yaml.safe_load(path.read_text(encoding="utf-8")), ROOT / "workflow" / "schemas" / "config.schema.yaml"
    )


def measured_costs(configuration: Configuration) -> pd.DataFrame:
    """``costs`` at the speeds and epochs of results/benchmarks/."""
    folder = ROOT / "results" / "benchmarks"
    return costs(configuration, read_table(folder / "training.csv"), read_table(folder / "epochs.csv"))


if __name__ == "__main__":
    found = measured_costs(read(Path(sys.argv[1]) if sys.argv[1:] else ROOT / "config" / "paper.yaml"))
    print(found.to_string(index=False, float_format="{:,.1f}".format))
    print(f"{found['core_hours'].sum():,.0f} core hours in all")
