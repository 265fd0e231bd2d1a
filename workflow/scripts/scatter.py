"""Draw the probabilities of an experiment's functions against their frequencies."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.figures.scatter import draw_scatter
    from sgdbayes.figures.style import save_figure
    from sgdbayes.files import read_table, read_tables

    functions = read_tables([snakemake.input.functions], "domain_size")
    figure = draw_scatter(functions, read_table(snakemake.input.comparison), **snakemake.params.about)
    save_figure(figure, snakemake.output, run.provenance())
