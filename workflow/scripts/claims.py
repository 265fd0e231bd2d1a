"""Test the claims of the paper on the tables of the configuration."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.analysis.claims import claims_table
    from sgdbayes.files import read_table, read_tables, write_table

    source, names = snakemake.input, snakemake.params
    found = read_tables(source.functions, "experiment", "domain_size", "domain")
    functions = {(name, size): table for (name, size, domain), table in found.items() if domain == 0}
    complexity = read_tables(source.complexity, "experiment")
    runs, margins = read_tables(source.runs, "experiment"), read_tables(source.margins, "task", "architecture")
    largest = {name: max(size for experiment, size in functions if experiment == name) for name in complexity}
    table = claims_table(
        read_table(source.comparison),
        names.studies,
        read_table(source.pairs),
        read_tables(source.by_error, "task", "architecture"),
        {name: (measured, functions[name, largest[name]]) for name, measured in complexity.items()},
        names.sweeps,
        {name: (networks, margins[tuple(names.models[name])]) for name, networks in runs.items()},
        names.families,
        min_count=names.min_count,
    )
    write_table(snakemake.output.table, table, run.provenance())
