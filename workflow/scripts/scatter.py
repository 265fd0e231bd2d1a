"""Draw probabilities of functions against frequencies, and how likely networks' and draws' are, for every study."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.figures.against_frequency import draw_scatter
    from sgdbayes.figures.pages import read_pooled
    from sgdbayes.figures.studies import shown_rows
    from sgdbayes.files import read_table

    source, output = snakemake.input, snakemake.output
    studies = read_table(source.studies)
    for study, *paths in zip(snakemake.params.studies, output.png, output.pdf, strict=True):
        files, about = study["files"], study["about"]
        rows = shown_rows(studies[studies["study"] == about["study"]])
        tables = (read_pooled(files[kind], int(rows["domain_size"].iloc[0])) for kind in ("functions", "draws"))
        inputs = [*files["functions"], *files["draws"], source.studies]
        run.save_figure(draw_scatter(*tables, rows, **about), paths, inputs=inputs, parameters=about)
