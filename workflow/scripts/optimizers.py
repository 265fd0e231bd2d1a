"""Draw the experiments on each model side by side, for every domain."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.figures.pages import read_pages
    from sgdbayes.figures.scatter import draw_optimizers
    from sgdbayes.figures.style import save_figure
    from sgdbayes.files import read_table

    source = snakemake.input
    comparison = read_table(source.comparison)
    for page in read_pages(snakemake.params, source, snakemake.output):
        shown = comparison[comparison["experiment"].isin(page.functions)]
        figure = draw_optimizers(page.functions, shown, size=page.size, **page.about)
        inputs = [*page.inputs, source.comparison]
        save_figure(figure, page.paths, run.provenance(inputs=inputs, parameters=page.about))
