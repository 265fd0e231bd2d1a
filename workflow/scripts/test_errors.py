"""Test errors of experiments, and under the posteriors of their models, on all recorded test points."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    import pandas as pd

    from sgdbayes.analysis.test_errors import error_pairs, error_table
    from sgdbayes.files import identified, read_tables, write_table

    runs = read_tables(snakemake.input.runs, "experiment")
    of_models, models = read_tables(snakemake.input.wrong, "task", "architecture"), snakemake.params.models
    wrong = {name: of_models[tuple(models[name])] for name in runs}
    table = pd.concat(
        [identified(error_table(runs[name], wrong[name]), experiment=name) for name in runs], ignore_index=True
    )
    by_task: dict[str, list[str]] = {}
    for name in runs:
        by_task.setdefault(models[name][0], []).append(name)
    pairs = [
        error_pairs({name: runs[name] for name in names}, wrong[names[0]]["label"].to_numpy())
        for names in by_task.values()
    ]
    write_table(snakemake.output.table, table, run.provenance())
    write_table(snakemake.output.pairs, pd.concat(pairs, ignore_index=True), run.provenance())
