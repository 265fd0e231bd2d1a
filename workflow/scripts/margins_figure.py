"""Draw the margins of networks and of the exact 0-1 posterior."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.figures.margins import draw_margins
    from sgdbayes.files import read_tables

    runs = read_tables(snakemake.input.runs, "experiment")
    drawn = read_tables(snakemake.input.draws, "task", "architecture")
    draws = {name: drawn[tuple(snakemake.params.models[name])] for name in runs}
    run.save_figure(draw_margins(runs, draws), snakemake.output)
