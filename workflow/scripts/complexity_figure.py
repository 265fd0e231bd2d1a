"""Draw probability against complexity, for every experiment of which it is measured."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.figures import draw_complexity, save_figure
    from sgdbayes.files import read_provenance, read_tables

    names, source, output = snakemake.params, snakemake.input, snakemake.output
    functions = read_tables(source.functions, "experiment", "domain_size")
    complexity = read_tables(source.complexity, "experiment")
    for about, *paths in zip(names.experiments, output.png, output.pdf, strict=True):
        name = about["experiment"]
        tables = {size: table for (of, size), table in functions.items() if of == name}
        left_out = read_provenance(complexity[name].attrs["path"]).get("not_reproduced", 0)
        figure = draw_complexity(tables, complexity[name], left_out=left_out, **about)
        inputs = dict.fromkeys(table.attrs["path"] for table in (*tables.values(), complexity[name]))
        save_figure(figure, paths, run.provenance(inputs=list(inputs), parameters=about))
