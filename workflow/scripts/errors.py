"""Draw the distribution of the test error of networks and posteriors, for every model and domain."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.figures.distributions import draw_test_errors
    from sgdbayes.figures.pages import read_pages
    from sgdbayes.figures.style import save_figure

    for page in read_pages(snakemake.params, snakemake.input, snakemake.output):
        figure = draw_test_errors(page.functions, page.draws, size=page.size, **page.about)
        save_figure(figure, page.paths, run.provenance(inputs=page.inputs, parameters=page.about))
