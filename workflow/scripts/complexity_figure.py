"""Draw probability against complexity, for every experiment of which it is measured."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.figures.complexity import draw_complexity
    from sgdbayes.figures.style import save_figure
    from sgdbayes.files import read_provenance, read_table, read_tables

    names, source, output = snakemake.params, snakemake.input, snakemake.output
    functions = read_tables(source.functions, "experiment", "domain_size")
    # One that no network came out for again has no rows to say whose it is.
    for about, table, *paths in zip(names.experiments, source.complexity, output.png, output.pdf, strict=True):
        name = about["experiment"]
        tables = {size: table for (of, size), table in functions.items() if of == name}
        left_out = read_provenance(table).get("not_reproduced", 0)
        figure = draw_complexity(tables, read_table(table), left_out=left_out, **about)
        inputs = [*dict.fromkeys(each.attrs["path"] for each in tables.values()), table]
        save_figure(figure, paths, run.provenance(inputs=inputs, parameters=about))
