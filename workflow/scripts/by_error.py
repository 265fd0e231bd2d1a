"""The probability, under one posterior, of random functions with each number of errors."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.datasets import Task
    from sgdbayes.posterior.by_error import probabilities_by_error
    from sgdbayes.posterior.stored import stored_posterior
    from sgdbayes.files import identified, read_arrays, write_table

    table = probabilities_by_error(
        stored_posterior(read_arrays(snakemake.input.posterior)),
        Task(**read_arrays(snakemake.input.task)).test_labels,
        snakemake.params.sizes,
        **snakemake.params.settings,
    )
    write_table(snakemake.output.table, identified(table, **run.wildcards), run.provenance())
