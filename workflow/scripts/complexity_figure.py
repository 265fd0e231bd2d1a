"""Draw probability against complexity, for every experiment of which it is measured."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.figures.complexity import draw_complexity
    from sgdbayes.files import read_provenance, read_table, read_tables

    names, source, output = snakemake.params, snakemake.input, snakemake.output
    # Complexity is of functions on the first domain of each size.
    functions = read_tables(source.functions, "experiment", "domain_size", "domain")
    # One that no network came out for again has no rows to say whose it is.
    for about, table, *paths in zip(names.experiments, source.complexity, output.png, output.pdf, strict=True):
        name = about["experiment"]
        tables = {size: table for (of, size, domain), table in functions.items() if (of, domain) == (name, 0)}
        left_out = read_provenance(table).get("not_reproduced", 0)
        figure = draw_complexity(tables, read_table(table), left_out=left_out, **about)
        inputs = [*dict.fromkeys(each.attrs["path"] for each in tables.values()), table]
        run.save_figure(figure, paths, inputs=inputs, parameters=about)
