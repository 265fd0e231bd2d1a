"""Test errors of experiments, and under the posteriors of their models, on all recorded test points."""

from sgdbayes.jobs import job

with job(snakemake) as run:
    import pandas as pd

    from sgdbayes.storage import read_table, write_table
    from sgdbayes.test_errors import error_table

    tables = []
    for name, runs, wrong in zip(
        snakemake.params.experiments, snakemake.input.runs, snakemake.input.wrong, strict=True
    ):
        table = error_table(read_table(runs), read_table(wrong))
        table.insert(0, "experiment", name)
        tables.append(table)
    write_table(snakemake.output.table, pd.concat(tables, ignore_index=True), run.provenance())
