"""Draw the distribution of the test error of networks and posteriors."""

from sgdbayes.jobs import job

with job(snakemake) as run:
    from sgdbayes.figures import draw_errors, save_figure
    from sgdbayes.storage import read_table

    size = int(snakemake.wildcards.size)
    functions = dict(zip(snakemake.params.experiments, map(read_table, snakemake.input.functions), strict=True))
    draws = [read_table(path, filters=[("domain_size", "==", size)]) for path in snakemake.input.draws]
    posteriors = dict(zip(snakemake.params.posteriors, draws, strict=True))
    figure = draw_errors(functions, posteriors, size=size, **snakemake.params.about)
    save_figure(figure, snakemake.output, run.provenance())
