"""Put the tables of all experiments under one another."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    import pandas as pd

    from sgdbayes.files import read_table, write_table

    for kind, path in snakemake.output.items():
        if kind.endswith("_provenance"):
            continue
        table = pd.concat([read_table(part) for part in snakemake.input[kind]], ignore_index=True)
        write_table(path, table, run.provenance())
