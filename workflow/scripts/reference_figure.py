"""Draw networks and posteriors against the reference posterior of their model, for every domain."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.figures.pages import read_pages
    from sgdbayes.figures.reference import draw_reference
    from sgdbayes.figures.style import save_figure
    from sgdbayes.files import read_table

    source = snakemake.input
    comparison, pairs = read_table(source.comparison), read_table(source.pairs)
    for page in read_pages(snakemake.params, source, snakemake.output):
        shown = comparison[comparison["experiment"].isin(page.functions)]
        of_model = pairs[(pairs["task"] == page.task) & (pairs["architecture"] == page.architecture)]
        figure = draw_reference(page.functions, shown, of_model, size=page.size, **page.about)
        inputs = [*page.inputs, source.comparison, source.pairs]
        save_figure(figure, page.paths, run.provenance(inputs=inputs, parameters=page.about))
