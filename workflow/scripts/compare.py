"""The statistics of an experiment: each posterior on each domain against its networks."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.analysis.comparison import compared_domains
    from sgdbayes.analysis.runs import converged_functions
    from sgdbayes.datasets import Task
    from sgdbayes.posterior.stored import stored_posterior
    from sgdbayes.files import identified, read_arrays, read_table, write_table

    parameters = snakemake.params
    runs, functions = read_table(snakemake.input.runs), read_table(snakemake.input.functions)
    test_labels = Task(**read_arrays(snakemake.input.task)).test_labels
    files = zip(parameters.posteriors, snakemake.input.draws, snakemake.input.posteriors, strict=True)
    sources = {name: (read_table(draws), stored_posterior(read_arrays(arrays))) for name, draws, arrays in files}
    comparison, domains = compared_domains(
        converged_functions(runs, len(test_labels)),
        functions,
        sources,
        test_labels,
        **parameters.settings,
    )
    experiment = snakemake.wildcards.experiment
    trained = {"trained": len(runs), "diverged": int(runs["diverged"].sum())}
    write_table(snakemake.output.comparison, identified(comparison, **parameters.labels, **trained), run.provenance())
    write_table(snakemake.output.domains, identified(domains, experiment=experiment), run.provenance())
