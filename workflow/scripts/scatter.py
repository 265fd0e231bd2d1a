"""Draw the probabilities of a study's functions against their frequencies, and how likely networks' and draws' are."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.figures.against_frequency import draw_scatter
    from sgdbayes.figures.pages import read_pooled
    from sgdbayes.figures.studies import shown_rows
    from sgdbayes.files import read_table

    source, about = snakemake.input, snakemake.params.about
    studies = read_table(source.studies)
    rows = shown_rows(studies[studies["study"] == about["study"]])
    size = int(rows["domain_size"].iloc[0])
    tables = (read_pooled(files, size) for files in (source.functions, source.draws))
    run.save_figure(draw_scatter(*tables, rows, **about), snakemake.output)
