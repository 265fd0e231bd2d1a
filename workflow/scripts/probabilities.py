"""The probability, under one posterior, of every function that an experiment found or the posterior itself favours."""

from sgdbayes.jobs import job

with job(snakemake) as run:
    from sgdbayes.datasets import Task
    from sgdbayes.posterior.gaussian import Gaussian
    from sgdbayes.posterior.probabilities import drawn_functions, function_probabilities
    from sgdbayes.storage import read_arrays, read_table, write_table
    from sgdbayes.training.runs import found_functions

    task, posterior = Task(**read_arrays(snakemake.input.task)), Gaussian(**read_arrays(snakemake.input.posterior))
    settings, sizes = snakemake.params.draws, snakemake.params.sizes
    drawn = drawn_functions(posterior, task.test_labels, sizes, number=settings["number"], seed=settings["seed"])
    asked = drawn.groupby("domain_size").head(settings["asked"])
    runs = [read_table(path) for path in snakemake.input.runs]
    functions = {size: found_functions(runs, size) | set(asked["function"][asked["domain_size"] == size]) for size in sizes}
    probabilities = function_probabilities(posterior, functions, seed=settings["seed"])
    write_table(snakemake.output.draws, drawn, run.provenance())
    write_table(snakemake.output.table, probabilities, run.provenance())
