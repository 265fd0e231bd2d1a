"""Draw probability against rank for networks and posteriors, for every model and domain."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.figures import draw_ranks, read_pages, save_figure

    for page in read_pages(snakemake.params, snakemake.input, snakemake.output):
        figure = draw_ranks(page.functions, page.draws, size=page.size, **page.about)
        save_figure(figure, page.paths, run.provenance(inputs=page.inputs, parameters=page.about))
