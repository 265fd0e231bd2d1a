"""Draw the probability of random functions against their errors, models side by side, for every domain size."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.figures.by_error import draw_by_error
    from sgdbayes.files import read_tables

    names, output = snakemake.params, snakemake.output
    tables = read_tables(snakemake.input.tables, "domain_size", "task", "architecture", "posterior")
    for size, *paths in zip(names.sizes, output.png, output.pdf, strict=True):
        shown = {tuple(about): table for (on, *about), table in tables.items() if on == size}
        figure = draw_by_error(shown, size=size, **names.about)
        inputs = [table.attrs["path"] for table in shown.values()]
        run.save_figure(figure, paths, inputs=inputs, parameters=names.about)
