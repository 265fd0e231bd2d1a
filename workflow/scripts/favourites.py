"""Draw the most probable functions of each posterior and how often networks found them."""

from sgdbayes.jobs import job

with job(snakemake) as run:
    from sgdbayes.figures import draw_favourites, save_figure
    from sgdbayes.storage import read_table

    size = int(snakemake.wildcards.size)
    functions = dict(zip(snakemake.params.experiments, map(read_table, snakemake.input.functions), strict=True))
    figure = draw_favourites(functions, size=size, posteriors=snakemake.params.posteriors, **snakemake.params.about)
    save_figure(figure, snakemake.output, run.provenance())
