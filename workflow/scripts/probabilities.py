"""The probability, under one posterior, of every function that an experiment found or a posterior favours."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.functions import favourites
    from sgdbayes.posterior.probabilities import function_probabilities
    from sgdbayes.posterior.stored import stored_posterior
    from sgdbayes.files import identified, read_arrays, read_table, write_table
    from sgdbayes.analysis.runs import found_functions

    runs, draws = ([read_table(path) for path in paths] for paths in (snakemake.input.runs, snakemake.input.draws))
    asked = {
        size: found_functions(runs, size, number=snakemake.params.asked_found)
        | favourites(draws, size, snakemake.params.asked)
        for size in snakemake.params.sizes
    }
    posterior = stored_posterior(read_arrays(snakemake.input.posterior))
    table = function_probabilities(posterior, asked, seed=snakemake.params.seed)
    write_table(snakemake.output.table, identified(table, **run.wildcards), run.provenance())
