"""How many labels of each experiment came out the same, as a table and on the console."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    import pandas as pd

    from sgdbayes.files import read_table, write_table

    rows = []
    for experiment, path in zip(snakemake.params.experiments, snakemake.input, strict=True):
        table = read_table(path)
        rows.append(
            {
                "experiment": experiment,
                "trained_again": len(table),
                "same_networks": int((table["different_labels"] == 0).sum()),
                "labels": int(table["labels"].sum()),
                "different_labels": int(table["different_labels"].sum()),
                "same_epochs": int(table["same_epochs"].sum()),
            }
        )
    write_table(snakemake.output.table, pd.DataFrame(rows), run.provenance())
