"""Draw how well each posterior predicts what networks become."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.figures.predictors import draw_predictors
    from sgdbayes.files import read_table

    studies = read_table(snakemake.input.studies)
    figure = draw_predictors(studies[studies["study"].isin(snakemake.params.studies)])
    run.save_figure(figure, snakemake.output)
