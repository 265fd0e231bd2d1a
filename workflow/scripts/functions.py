"""The functions an optimiser found on a domain, how often, and their probabilities under each posterior."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.datasets import Task
    from sgdbayes.functions import favourites, tabulate_functions
    from sgdbayes.files import read_arrays, read_table, write_table
    from sgdbayes.analysis.runs import converged_functions

    size = int(snakemake.wildcards.size)
    probabilities = [read_table(path, filters=[("domain_size", "==", size)]) for path in snakemake.input.probabilities]
    table = tabulate_functions(
        converged_functions(read_table(snakemake.input.runs), size),
        Task(**read_arrays(snakemake.input.task)).test_labels[:size],
        dict(zip(snakemake.params.posteriors, probabilities, strict=True)),
        asked_found=snakemake.params.asked_found,
        favoured=favourites(map(read_table, snakemake.input.draws), size, snakemake.params.asked),
    )
    write_table(snakemake.output.table, table, run.provenance())
