"""One row per training set: EP against exact."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.analysis.ep_against_exact import ep_table
    from sgdbayes.files import read_table, write_table

    source = snakemake.input
    table = ep_table(
        [read_table(path).iloc[0].to_dict() for path in source.facts],
        [read_table(path) for path in source.predictive],
        [read_table(path) for path in source.functions],
        read_table(source.evidence),
    )
    write_table(snakemake.output.table, table, run.provenance())
