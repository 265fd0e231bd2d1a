"""A published table of test accuracies against the studies of this run."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    import pandas as pd

    from sgdbayes.analysis.published import errors_of, published_table, taken_together
    from sgdbayes.files import read_arrays, write_table

    parameters = snakemake.params
    cells = pd.DataFrame(parameters.cells).astype({"accuracy": float, "networks": int, "training_sets": int})
    labels = {path: read_arrays(path)["test_labels"] for path in snakemake.input.tasks}
    errors = {
        (study, side): [
            errors_of(parameters.files[side][name], labels[parameters.tasks[name]])
            for name in parameters.studies[study]
        ]
        for study, side in dict.fromkeys(zip(cells["study"], cells["side"], strict=True))
    }
    table = published_table(cells, errors)
    write_table(snakemake.output.table, table, run.provenance())
    write_table(snakemake.output.together, taken_together(table), run.provenance())
