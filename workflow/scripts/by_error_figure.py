"""Draw the probability of random functions against their errors, models side by side."""

from sgdbayes.jobs import job

with job(snakemake) as run:
    from sgdbayes.figures import draw_by_error, save_figure
    from sgdbayes.storage import read_table

    size = int(snakemake.wildcards.size)
    tables = [read_table(path, filters=[("domain_size", "==", size)]) for path in snakemake.input.tables]
    figure = draw_by_error(dict(zip(snakemake.params.names, tables, strict=True)), size=size, **snakemake.params.about)
    save_figure(figure, snakemake.output, run.provenance())
