"""Each pair of posteriors of every model, compared."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    import pandas as pd

    from sgdbayes.analysis.posterior_pairs import compare_posteriors
    from sgdbayes.files import identified, read_table, write_table

    parameters, tables = snakemake.params, {}
    for model, unseen, path in zip(parameters.models, parameters.unseen_inputs, snakemake.input.functions, strict=True):
        tables.setdefault((*model, unseen), []).append(read_table(path))
    pairs = [
        identified(
            compare_posteriors(pd.concat(found, ignore_index=True), unseen_inputs=unseen),
            task=task,
            architecture=architecture,
        )
        for (task, architecture, unseen), found in tables.items()
    ]
    write_table(snakemake.output.table, pd.concat(pairs, ignore_index=True), run.provenance())
