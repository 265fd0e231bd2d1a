"""Draw the probabilities of an experiment's functions against their frequencies."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.figures import draw_scatter, save_figure
    from sgdbayes.files import read_table

    functions = dict(zip(snakemake.params.sizes, map(read_table, snakemake.input.functions), strict=True))
    figure = draw_scatter(functions, read_table(snakemake.input.comparison), **snakemake.params.about)
    save_figure(figure, snakemake.output, run.provenance())
