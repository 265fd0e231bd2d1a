"""Draw how well each posterior predicts what networks become."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.figures.predictors import draw_predictors
    from sgdbayes.figures.style import save_figure
    from sgdbayes.files import read_table

    figure = draw_predictors(
        read_table(snakemake.input.comparison),
        experiments=snakemake.params.experiments,
        test_errors=next(map(read_table, snakemake.input.test_errors), None),
    )
    save_figure(figure, snakemake.output, run.provenance())
