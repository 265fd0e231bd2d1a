"""Draw EP against the exact 0-1 posterior."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.figures.ep_against_exact import draw_ep_against_exact
    from sgdbayes.files import read_table

    source = snakemake.input
    figure = draw_ep_against_exact(
        read_table(source.table),
        [read_table(path) for path in source.predictive],
        [read_table(path) for path in source.functions],
        **snakemake.params.about,
    )
    run.save_figure(figure, snakemake.output)
