"""Draw the answer: one picture for a reader who sees nothing else."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.figures.answer import draw_answer
    from sgdbayes.figures.pages import read_pooled
    from sgdbayes.figures.studies import shown_rows
    from sgdbayes.files import read_table
    from sgdbayes.posterior.kinds import exact_posterior

    source, about = snakemake.input, snakemake.params.about
    studies = read_table(source.studies)
    studies = studies[studies["posterior"] == exact_posterior().name]
    size = int(shown_rows(studies[studies["study"] == about["study"]])["domain_size"].iloc[0])
    tables = (read_pooled(files, size) for files in (source.functions, source.draws))
    figure = draw_answer(*tables, studies[studies["domain_size"] == size], **about)
    run.save_figure(figure, snakemake.output)
