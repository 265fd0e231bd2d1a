"""Draw probability against rank for networks and posteriors, for every family of tasks, architecture and size."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.figures.distributions import draw_ranks
    from sgdbayes.figures.pages import read_pages

    for page in read_pages(snakemake.params, snakemake.output):
        figure = draw_ranks(page.functions, page.draws, size=page.size, **page.about)
        run.save_figure(figure, page.paths, inputs=page.inputs, parameters=page.about)
