"""Draw the probability of random functions against their errors, models side by side, for every domain size."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.figures import draw_by_error, save_figure
    from sgdbayes.files import read_table

    names, output = snakemake.params, snakemake.output
    tables = dict(zip(names.tables, snakemake.input.tables, strict=True))
    for (size, shown), *paths in zip(names.shown.items(), output.png, output.pdf, strict=True):
        of_size = {name: read_table(tables[name], filters=[("domain_size", "==", size)]) for name in shown}
        figure = draw_by_error(of_size, size=size, **names.about)
        save_figure(figure, paths, run.provenance(inputs=[tables[name] for name in shown], parameters=names.about))
