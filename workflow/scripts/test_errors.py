"""Test errors of experiments, and under the posteriors of their models, on all recorded test points."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    import pandas as pd

    from sgdbayes.files import read_table, write_table
    from sgdbayes.analysis.test_errors import error_pairs, error_table

    experiments = snakemake.params.experiments
    runs = dict(zip(experiments, map(read_table, snakemake.input.runs), strict=True))
    wrong = dict(zip(experiments, map(read_table, snakemake.input.wrong), strict=True))
    tables = [error_table(runs[name], wrong[name]).assign(experiment=name) for name in experiments]
    table = pd.concat(tables, ignore_index=True)
    table.insert(0, "experiment", table.pop("experiment"))
    tasks = pd.Series(snakemake.params.tasks, index=experiments)
    pairs = [
        error_pairs({name: runs[name] for name in of.index}, wrong[of.index[0]]["label"].to_numpy())
        for _, of in tasks.groupby(tasks, sort=False)
    ]
    write_table(snakemake.output.table, table, run.provenance())
    write_table(snakemake.output.pairs, pd.concat(pairs, ignore_index=True), run.provenance())
