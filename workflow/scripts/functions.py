"""The functions an optimiser found on a domain, how often, and their probabilities under each posterior."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    import pandas as pd

    from sgdbayes.datasets import Task
    from sgdbayes.functions import favourites, tabulate_functions
    from sgdbayes.files import identified, read_arrays, read_table, read_tables, write_table
    from sgdbayes.analysis.runs import converged_functions

    source, parameters = snakemake.input, snakemake.params
    probabilities = read_tables(source.probabilities, "domain_size", "posterior")
    draws, runs = list(map(read_table, source.draws)), read_table(source.runs)
    test_labels = Task(**read_arrays(source.task)).test_labels
    tables = []
    for size in parameters.sizes:
        table = tabulate_functions(
            converged_functions(runs, size),
            test_labels[:size],
            {name: probabilities[size, name] for name in parameters.posteriors},
            asked_found=parameters.asked_found,
            favoured=favourites(draws, size, parameters.asked),
        )
        tables.append(identified(table, experiment=snakemake.wildcards.experiment, domain_size=size))
    write_table(snakemake.output.table, pd.concat(tables, ignore_index=True), run.provenance())
