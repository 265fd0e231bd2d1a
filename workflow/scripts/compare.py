"""The statistics of an experiment: each posterior on each domain against the frequencies of the optimiser."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.analysis.comparison import compare_experiment
    from sgdbayes.datasets import Task
    from sgdbayes.posterior.stored import stored_posterior
    from sgdbayes.files import read_arrays, read_table, read_tables, write_table

    parameters = snakemake.params
    comparison, bands = compare_experiment(
        read_tables([snakemake.input.functions], "domain_size"),
        {
            name: stored_posterior(read_arrays(path))
            for name, path in zip(parameters.posteriors, snakemake.input.posteriors, strict=True)
        },
        Task(**read_arrays(snakemake.input.task)).test_labels,
        **parameters.settings,
    )
    runs = read_table(snakemake.input.runs)
    labels = parameters.labels | {"trained": len(runs), "diverged": int(runs["diverged"].sum())}
    for position, (name, value) in enumerate(labels.items()):
        comparison.insert(position, name, value)
    bands.insert(0, "experiment", snakemake.wildcards.experiment)
    write_table(snakemake.output.comparison, comparison, run.provenance())
    write_table(snakemake.output.bands, bands, run.provenance())
