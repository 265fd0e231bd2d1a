"""Draw probability against complexity, for every experiment of which it is measured."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.figures import draw_complexity, save_figure
    from sgdbayes.files import read_provenance, read_table

    names, source, output = snakemake.params, snakemake.input, snakemake.output
    functions = dict(zip(names.functions, source.functions, strict=True))
    for about, table, *paths in zip(names.experiments, source.complexity, output.png, output.pdf, strict=True):
        found = {size: path for (name, size), path in functions.items() if name == about["experiment"]}
        left_out = read_provenance(table).get("not_reproduced", 0)
        tables = {size: read_table(path) for size, path in found.items()}
        figure = draw_complexity(tables, read_table(table), left_out=left_out, **about)
        save_figure(figure, paths, run.provenance(inputs=[*found.values(), table], parameters=about))
