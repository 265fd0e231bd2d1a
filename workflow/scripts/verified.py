"""How many labels of each experiment came out the same, as a table and on the console."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    import pandas as pd

    from sgdbayes.files import read_tables, write_table

    rows = [
        {
            "experiment": experiment,
            "trained_again": len(table),
            "same_networks": int((table["different_labels"] == 0).sum()),
            "labels": int(table["labels"].sum()),
            "different_labels": int(table["different_labels"].sum()),
            "same_epochs": int(table["same_epochs"].sum()),
        }
        for experiment, table in read_tables(snakemake.input, "experiment").items()
    ]
    write_table(snakemake.output.table, pd.DataFrame(rows), run.provenance())
