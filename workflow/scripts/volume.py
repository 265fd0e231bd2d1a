"""Draw test errors of networks and of random sampling, their ratio and the gap over |S|."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.figures.volume import draw_volume
    from sgdbayes.files import read_table

    figure = draw_volume(read_table(snakemake.input.comparison), **snakemake.params.about)
    run.save_figure(figure, snakemake.output)
