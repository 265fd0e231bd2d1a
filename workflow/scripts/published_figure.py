"""Draw a published table of test accuracies and what this run has in the same places."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.figures.published import draw_published
    from sgdbayes.files import read_table

    figure = draw_published(
        read_table(snakemake.input.table),
        read_table(snakemake.input.together),
        source=snakemake.params.source,
        across=snakemake.params.across,
    )
    run.save_figure(figure, snakemake.output)
