"""Draw the margins of networks and of the exact 0-1 posterior."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.figures import draw_margins, save_figure
    from sgdbayes.files import read_table

    names = snakemake.params.experiments
    runs = dict(zip(names, map(read_table, snakemake.input.runs), strict=True))
    draws = dict(zip(names, map(read_table, snakemake.input.draws), strict=True))
    save_figure(draw_margins(runs, draws), snakemake.output, run.provenance())
