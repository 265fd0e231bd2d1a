"""Functions drawn from a posterior, on each domain, and their probabilities under it."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.datasets import Task
    from sgdbayes.functions import disjoint_domains
    from sgdbayes.posterior.probabilities import drawn_functions
    from sgdbayes.posterior.stored import stored_posterior
    from sgdbayes.files import identified, read_arrays, write_table

    labels = Task(**read_arrays(snakemake.input.task)).test_labels
    table = drawn_functions(
        stored_posterior(read_arrays(snakemake.input.posterior)),
        labels,
        disjoint_domains(len(labels), **snakemake.params.domains),
        **snakemake.params.settings,
    )
    write_table(snakemake.output.table, identified(table, **run.wildcards), run.provenance())
