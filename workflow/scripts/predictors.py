"""Draw how well each posterior predicts what networks become."""

from sgdbayes.jobs import job

with job(snakemake) as run:
    from sgdbayes.figures import draw_predictors, save_figure
    from sgdbayes.storage import read_table

    figure = draw_predictors(read_table(snakemake.input.comparison), experiments=snakemake.params.experiments)
    save_figure(figure, snakemake.output, run.provenance())
