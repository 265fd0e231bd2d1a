"""Draw test errors and correlations over the values of one setting, for every sweep."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.figures.sweep import draw_sweep
    from sgdbayes.figures.style import save_figure
    from sgdbayes.files import read_table

    source, output = snakemake.input, snakemake.output
    comparison = read_table(source.comparison)
    pairs = read_table(source.pairs[0]) if source.pairs else None
    test_errors = read_table(source.test_errors[0]) if source.test_errors else None
    for about, *paths in zip(snakemake.params.sweeps, output.png, output.pdf, strict=True):
        figure = draw_sweep(comparison, pairs, **about, test_errors=test_errors)
        inputs = [source.comparison, *source.test_errors, *(source.pairs if about["reference"] else [])]
        save_figure(figure, paths, run.provenance(inputs=inputs, parameters=about))
