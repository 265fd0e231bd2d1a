"""The functions an optimiser found on each domain, how often, and their probabilities under each posterior."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.analysis.found_functions import found_functions
    from sgdbayes.analysis.runs import converged_functions
    from sgdbayes.datasets import Task
    from sgdbayes.functions import disjoint_domains
    from sgdbayes.posterior.stored import stored_posterior
    from sgdbayes.files import identified, read_arrays, read_table, write_table

    labels = Task(**read_arrays(snakemake.input.task)).test_labels
    posteriors = zip(snakemake.params.posteriors, snakemake.input.posteriors, strict=True)
    table = found_functions(
        converged_functions(read_table(snakemake.input.runs), len(labels)),
        labels,
        {name: stored_posterior(read_arrays(path)) for name, path in posteriors},
        disjoint_domains(len(labels), **snakemake.params.domains),
        **snakemake.params.settings,
    )
    write_table(snakemake.output.table, identified(table, experiment=snakemake.wildcards.experiment), run.provenance())
