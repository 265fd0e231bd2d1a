"""Draw networks and posteriors against the reference posterior of their model, for every domain size."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.figures.pages import read_pages
    from sgdbayes.figures.reference import draw_reference
    from sgdbayes.files import read_table

    source = snakemake.input
    studies, pairs = read_table(source.studies), read_table(source.pairs)
    for page in read_pages(snakemake.params, snakemake.output):
        rows = studies[(studies["domain_size"] == page.size) & (studies["posterior"] == page.about["reference"])]
        own = pairs[pairs["domain_size"] == page.size].set_index(["task", "architecture"])
        own = own[own.index.isin([tuple(model) for model in page.about.pop("models")])]
        figure = draw_reference(page.functions, rows, own, size=page.size, **page.about)
        inputs = [*page.inputs, source.studies, source.pairs]
        run.save_figure(figure, page.paths, inputs=inputs, parameters=page.about)
