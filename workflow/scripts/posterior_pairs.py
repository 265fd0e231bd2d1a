"""Each pair of posteriors of every model, compared."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    import pandas as pd

    from sgdbayes.analysis.posterior_pairs import compare_posteriors
    from sgdbayes.files import identified, read_tables, write_table

    models: dict[tuple[str, str], dict[str, pd.DataFrame]] = {}
    found = read_tables(snakemake.input.probabilities, "task", "architecture", "posterior")
    for (*model, posterior), table in found.items():
        models.setdefault(tuple(model), {})[posterior] = table
    tables = [
        identified(compare_posteriors(probabilities, **snakemake.params.settings), task=task, architecture=architecture)
        for (task, architecture), probabilities in models.items()
    ]
    write_table(snakemake.output.table, pd.concat(tables, ignore_index=True), run.provenance())
