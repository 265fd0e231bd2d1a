"""Draw a task, S and the recorded test points, from its data set."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from dataclasses import asdict

    from sgdbayes.datasets import load_task
    from sgdbayes.files import write_arrays
    from sgdbayes.posterior.equal_inputs import check_test_inputs

    task = load_task(**snakemake.params.settings, folder=snakemake.params.folder)
    if snakemake.params.on_kernels:
        check_test_inputs(task)
    write_arrays(snakemake.output.arrays, asdict(task), run.provenance())
