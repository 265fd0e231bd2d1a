"""What the training of a configuration costs, from measured speeds and epochs: `python docs/cost.py config/paper.yaml`.

Core hours of an experiment = networks x epochs x |S| / (images a core trains on per hour). The speed is that of its
architecture in results/benchmarks/training.csv (at the batch size measured there, for images of MNIST), the epochs are
those in results/benchmarks/epochs.csv and results/gpu/; where an experiment was not measured, the mean of those that
were. GPU hours are by the speeds of results/gpu/: of fully connected networks those of the optimiser, of others that of
the architecture.
"""

import sys
from pathlib import Path

import pandas as pd
import yaml

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from sgdbayes.files import read_provenance, read_table  # noqa: E402
from sgdbayes.pipeline.configuration import Configuration, Experiment  # noqa: E402
from sgdbayes.pipeline.reading import read_configuration  # noqa: E402

# What networks a minute in training.csv means: benchmarks/training.py trains on so many images for so many epochs.
IMAGES, EPOCHS = 1000, 3


def gpu_blocks() -> pd.DataFrame:
    """The blocks of networks of results/gpu/runs.parquet: experiment, networks, epochs (their sum), seconds. The first
    is left out: it waited for compilers.
    """
    runs = read_table(ROOT / "results" / "gpu" / "runs.parquet")
    seconds = read_provenance(ROOT / "results" / "gpu" / "runs.parquet")["seconds"]
    starts = {tuple(name.rsplit(" ", 1)): took for name, took in list(seconds.items())[1:]}
    size = len(runs) // len(seconds)
    rows = []
    for (experiment, start), took in starts.items():
        own = runs[(runs["experiment"] == experiment) & (runs["index"] // size == int(start) // size)]
        rows.append({"experiment": experiment, "networks": size, "epochs": own["epochs"].sum(), "seconds": took})
    return pd.DataFrame(rows)


def gpu_speeds(configuration: Configuration) -> dict[str, float]:
    """Images an hour that a GPU trains on (results/gpu/): FullyConnected by optimiser, others by architecture."""
    blocks = gpu_blocks()
    kinds = blocks["experiment"].map(lambda name: configuration.experiments[name].optimizer)
    size = configuration.tasks["mnist"]["train_size"]
    sums = blocks.groupby(kinds)[["epochs", "seconds"]].sum()
    speeds = read_table(ROOT / "results" / "gpu" / "speeds.csv").set_index("benchmark")["value"]
    others = {"Convolutional": speeds["CNN 2x32"], "LSTM": speeds["LSTM 64, length 80"]}
    return {
        **(3600 * size * sums["epochs"] / sums["seconds"]).to_dict(),
        **{kind: 60 * per_minute * IMAGES * EPOCHS for kind, per_minute in others.items()},
    }


def costs(configuration: Configuration, speeds: pd.DataFrame, known: pd.Series, gpu: dict[str, float]) -> pd.DataFrame:
    """A row per experiment: networks, epochs of each, whether these were measured, core hours, GPU hours at the speeds
    ``gpu`` (`gpu_speeds`; of an optimiser that is not there, the slowest). ``known``: epochs by experiment.

    Raises ValueError for an architecture whose speed is not in ``speeds``.
    """
    networks_per_minute = speeds.set_index("benchmark")["value"]
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
            "gpu_hours": presented / _gpu_speed(configuration, item, gpu),
        })  # fmt: skip
    return pd.DataFrame(rows)


def _gpu_speed(configuration: Configuration, item: Experiment, gpu: dict[str, float]) -> float:
    kind = configuration.architectures[item.architecture]["kind"]
    return gpu.get(kind) or gpu.get(item.optimizer) or min(value for name, value in gpu.items() if name.islower())


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
    found = sorted(name for name in measured if name.startswith(start))
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
    epochs = read_table(folder / "epochs.csv")
    known = epochs[epochs["configuration"] == configuration.name].set_index("experiment")["epochs"]
    if configuration.name == "paper":
        sums = gpu_blocks().groupby("experiment")[["epochs", "networks"]].sum()
        known = (sums["epochs"] / sums["networks"]).combine_first(known)
    gpu = gpu_speeds(read(ROOT / "config" / "paper.yaml"))
    return costs(configuration, read_table(folder / "training.csv"), known, gpu)


if __name__ == "__main__":
    found = measured_costs(read(Path(sys.argv[1]) if sys.argv[1:] else ROOT / "config" / "paper.yaml"))
    print(found.to_string(index=False, float_format="{:,.1f}".format))
    print(f"{found['core_hours'].sum():,.0f} core hours or {found['gpu_hours'].sum():,.0f} GPU hours in all")
