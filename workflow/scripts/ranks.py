"""Draw probability against rank for networks and posteriors, for every model and domain."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.figures.distributions import draw_ranks
    from sgdbayes.figures.pages import read_pages
    from sgdbayes.figures.style import save_figure

    for page in read_pages(snakemake.params, snakemake.input, snakemake.output):
        figure = draw_ranks(page.functions, page.draws, size=page.size, **page.about)
        save_figure(figure, page.paths, run.provenance(inputs=page.inputs, parameters=page.about))
