"""Test the claims of the paper on the tables of the configuration."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.analysis.claims import claims_table
    from sgdbayes.files import read_table, write_table

    source, names = snakemake.input, snakemake.params
    by_error = dict(zip(names.models, map(read_table, source.by_error), strict=True))
    measured = zip(map(read_table, source.complexity), map(read_table, source.functions), strict=True)
    table = claims_table(
        read_table(source.comparison),
        read_table(source.bands),
        read_table(source.pairs),
        by_error,
        dict(zip(names.experiments, measured, strict=True)),
        names.sweeps,
        dict(
            zip(
                names.margins,
                zip(map(read_table, source.runs), map(read_table, source.margins), strict=True),
                strict=True,
            )
        ),
        *map(read_table, source.test_errors),
    )
    write_table(snakemake.output.table, table, run.provenance())
