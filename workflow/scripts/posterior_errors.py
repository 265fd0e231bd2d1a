"""The probability of a wrong label at each recorded test point, under each posterior of a model."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.analysis.posterior_errors import posterior_errors
    from sgdbayes.architectures import architecture_of
    from sgdbayes.datasets import Task
    from sgdbayes.files import identified, read_arrays, write_table

    task, architecture = Task(**read_arrays(snakemake.input.task)), architecture_of(snakemake.params.architecture)
    table = identified(posterior_errors(task, architecture, snakemake.params.posteriors), **run.wildcards)
    write_table(snakemake.output.table, table, run.provenance())
