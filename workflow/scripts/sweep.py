"""Draw gap, correlation and test error over the values of one setting, for every sweep."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.figures.sweep import draw_sweep
    from sgdbayes.files import read_table

    source, output = snakemake.input, snakemake.output
    studies = read_table(source.studies)
    pairs = read_table(source.pairs[0]) if source.pairs else None
    for about, *paths in zip(snakemake.params.sweeps, output.png, output.pdf, strict=True):
        figure = draw_sweep(studies, pairs, **about)
        inputs = [source.studies, *(source.pairs if about["reference"] else [])]
        run.save_figure(figure, paths, inputs=inputs, parameters=about)
