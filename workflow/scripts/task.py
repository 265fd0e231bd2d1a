"""Draw a task, S and the recorded test points, from its data set."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from dataclasses import asdict

    from sgdbayes.datasets import load_task
    from sgdbayes.files import write_arrays

    task = load_task(**snakemake.params.settings, folder=snakemake.params.folder)
    write_arrays(snakemake.output.arrays, asdict(task), run.provenance())
