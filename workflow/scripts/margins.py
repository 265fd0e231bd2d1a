"""Margins on S of draws from the exact 0-1 posterior."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.analysis.margins import posterior_margins
    from sgdbayes.datasets import Task
    from sgdbayes.files import identified, read_arrays, write_table
    from sgdbayes.posterior.equal_inputs import on_distinct_inputs

    task = Task(**read_arrays(snakemake.input.task))
    labels, kernel = on_distinct_inputs(task, read_arrays(snakemake.input.kernel)["kernel"])
    table = posterior_margins(kernel, labels, snakemake.params.draws, seed=snakemake.params.seed)
    write_table(snakemake.output.table, identified(table, **run.wildcards), run.provenance())
