"""Each pair of posteriors of every model, compared."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    import pandas as pd

    from sgdbayes.analysis.posterior_pairs import compare_posteriors
    from sgdbayes.files import read_table, write_table

    models: dict[tuple[str, str], dict[str, pd.DataFrame]] = {}
    for (task, architecture, posterior), path in zip(
        snakemake.params.names, snakemake.input.probabilities, strict=True
    ):
        models.setdefault((task, architecture), {})[posterior] = read_table(path)
    tables = []
    for (task, architecture), probabilities in models.items():
        table = compare_posteriors(probabilities, **snakemake.params.settings)
        table.insert(0, "task", task)
        table.insert(1, "architecture", architecture)
        tables.append(table)
    write_table(snakemake.output.table, pd.concat(tables, ignore_index=True), run.provenance())
