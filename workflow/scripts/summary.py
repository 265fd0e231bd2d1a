"""Say in a few lines what was found and where the figures are."""

from sgdbayes.jobs import job

with job(snakemake) as run:
    from pathlib import Path

    from sgdbayes.storage import read_table, write_bytes
    from sgdbayes.summary import summarise

    text = summarise(read_table(snakemake.input.comparison), Path(snakemake.output.text).parent)
    write_bytes(snakemake.output.text, text.encode(), run.provenance())
