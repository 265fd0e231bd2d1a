"""Draw the experiments on one model side by side."""

from sgdbayes.jobs import job

with job(snakemake) as run:
    import pandas as pd

    from sgdbayes.figures import draw_optimizers, save_figure
    from sgdbayes.storage import read_table

    functions = dict(zip(snakemake.params.experiments, map(read_table, snakemake.input.functions), strict=True))
    comparison = pd.concat(map(read_table, snakemake.input.comparison), ignore_index=True)
    figure = draw_optimizers(functions, comparison, size=int(snakemake.wildcards.size), **snakemake.params.about)
    save_figure(figure, snakemake.output, run.provenance())
