"""Draw probability against complexity."""

from sgdbayes.jobs import job

with job(snakemake) as run:
    from sgdbayes.figures import draw_complexity, save_figure
    from sgdbayes.storage import read_provenance, read_table

    functions = dict(zip(snakemake.params.sizes, map(read_table, snakemake.input.functions), strict=True))
    table = snakemake.input.complexity
    left_out = read_provenance(table).get("not_reproduced", 0)
    figure = draw_complexity(functions, read_table(table), left_out=left_out, **snakemake.params.about)
    save_figure(figure, snakemake.output, run.provenance())
