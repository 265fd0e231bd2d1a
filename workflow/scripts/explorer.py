"""Make the page that shows the functions of all experiments."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from pathlib import Path

    from sgdbayes.explorer.tables import explorer_page
    from sgdbayes.files import read_table, read_tables, write_bytes

    source, names = snakemake.input, snakemake.params
    page = explorer_page(
        names.about,
        read_tables(source.functions, "experiment", "domain_size"),
        read_tables(source.runs, "experiment"),
        read_tables(source.draws, "task", "architecture", "posterior"),
        read_table(source.comparison),
        read_table(source.studies),
        tasks=Path(names.tasks),
        data=Path(names.data),
    )
    write_bytes(snakemake.output.page, page.encode(), run.provenance())
