"""The NNGP or the tangent kernel of an architecture over S and the largest domain."""

from sgdbayes.jobs import job

with job(snakemake) as run:
    import numpy as np

    from sgdbayes.architectures import architecture_of
    from sgdbayes.datasets import Task
    from sgdbayes.storage import read_arrays, write_arrays

    task = Task(**read_arrays(snakemake.input.task))
    inputs = np.concatenate([task.train_inputs, task.test_inputs[: snakemake.params.size]])
    kernel = getattr(architecture_of(snakemake.params.settings), snakemake.params.method)(inputs)
    write_arrays(snakemake.output.arrays, {"kernel": kernel}, run.provenance())
