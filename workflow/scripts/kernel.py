"""The NNGP or the tangent kernel of an architecture over S and all recorded test points."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    import numpy as np

    from sgdbayes.architectures import architecture_of, kernel_with_facts
    from sgdbayes.datasets import Task
    from sgdbayes.files import read_arrays, write_arrays

    task = Task(**read_arrays(snakemake.input.task))
    inputs = np.concatenate([task.train_inputs, task.test_inputs])
    kernel, facts = kernel_with_facts(architecture_of(snakemake.params.settings), inputs, snakemake.params.method)
    write_arrays(snakemake.output.arrays, {"kernel": kernel}, run.provenance(**facts))
