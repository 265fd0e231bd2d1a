"""Draw the most probable functions of each posterior and how often networks found them, for every model and domain."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.figures.favourites import draw_favourites
    from sgdbayes.figures.pages import read_pages
    from sgdbayes.figures.style import save_figure

    for page in read_pages(snakemake.params, snakemake.input, snakemake.output):
        figure = draw_favourites(page.functions, size=page.size, **page.about)
        save_figure(figure, page.paths, run.provenance(inputs=page.inputs, parameters=page.about))
