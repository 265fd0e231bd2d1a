"""The statistics of each study: experiments that differ in the seed of their task alone."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.analysis.studies import study_table
    from sgdbayes.files import read_table, write_table

    table = study_table(read_table(snakemake.input.comparison), snakemake.params.studies)
    write_table(snakemake.output.table, table, run.provenance())
