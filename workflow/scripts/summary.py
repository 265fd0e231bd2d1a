"""Say in a few lines what was found and where the figures are."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from pathlib import Path

    from sgdbayes.files import read_table, write_bytes
    from sgdbayes.analysis.summary import summarise

    folder = Path(snakemake.output.text).parent
    tables = (read_table(path) for path in (snakemake.input.studies, snakemake.input.comparison))
    names = snakemake.params
    text = summarise(*tables, names.studies, folder, flagship=names.flagship, pictures=names.pictures)
    write_bytes(snakemake.output.text, text.encode(), run.provenance())
