"""Draw networks and posteriors against a reference posterior."""

from sgdbayes.jobs import job

with job(snakemake) as run:
    import pandas as pd

    from sgdbayes.figures import draw_reference, save_figure
    from sgdbayes.storage import read_table

    source, about = snakemake.input, snakemake.params.about
    functions = dict(zip(snakemake.params.experiments, map(read_table, source.functions), strict=True))
    comparison = pd.concat(map(read_table, source.comparison), ignore_index=True)
    pairs, names = read_table(source.pairs), snakemake.wildcards
    pairs = pairs[(pairs["task"] == names.task) & (pairs["architecture"] == names.architecture)]
    figure = draw_reference(functions, comparison, pairs, size=int(names.size), **about)
    save_figure(figure, snakemake.output, run.provenance())
