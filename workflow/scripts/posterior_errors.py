"""The probability of a wrong label at each recorded test point, under each posterior of a model."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.analysis.posterior_errors import posterior_errors
    from sgdbayes.files import identified, read_arrays, write_table
    from sgdbayes.posterior.stored import stored_posterior

    posteriors = {
        name: stored_posterior(read_arrays(path))
        for name, path in zip(snakemake.params.posteriors, snakemake.input.posteriors, strict=True)
    }
    table = posterior_errors(posteriors, read_arrays(snakemake.input.task)["test_labels"])
    write_table(snakemake.output.table, identified(table, **run.wildcards), run.provenance())
