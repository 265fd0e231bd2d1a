"""The functions an optimiser found on a domain, how often, and their probabilities under each posterior."""

from sgdbayes.jobs import job

with job(snakemake) as run:
    from sgdbayes.datasets import Task
    from sgdbayes.functions import tabulate_functions
    from sgdbayes.storage import read_arrays, read_table, write_table
    from sgdbayes.training.runs import converged_functions

    size, posteriors = int(snakemake.wildcards.size), snakemake.params.posteriors
    at_size = [("domain_size", "==", size)]
    probabilities = [read_table(path, filters=at_size) for path in snakemake.input.probabilities]
    favourites = [read_table(path, filters=at_size).head(snakemake.params.asked) for path in snakemake.input.draws]
    table = tabulate_functions(
        converged_functions(read_table(snakemake.input.runs), size),
        Task(**read_arrays(snakemake.input.task)).test_labels[:size],
        dict(zip(posteriors, probabilities, strict=True)),
        asked={function for table in favourites for function in table["function"]},
    )
    write_table(snakemake.output.table, table, run.provenance())
