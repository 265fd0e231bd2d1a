"""Draw test errors and correlations over the values of one setting."""

from sgdbayes.jobs import job

with job(snakemake) as run:
    import pandas as pd

    from sgdbayes.figures import draw_sweep, save_figure
    from sgdbayes.storage import read_table

    source = snakemake.input
    comparison = pd.concat(map(read_table, source.comparison), ignore_index=True)
    pairs = read_table(source.pairs[0]) if source.pairs else None
    save_figure(draw_sweep(comparison, pairs, **snakemake.params.about), snakemake.output, run.provenance())
