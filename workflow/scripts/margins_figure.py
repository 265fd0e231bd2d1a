"""Draw the margins of networks and of the exact 0-1 posterior."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    import pandas as pd

    from sgdbayes.figures.margins import draw_margins
    from sgdbayes.files import read_tables

    tables, drawn = (
        read_tables(snakemake.input.runs, "experiment"),
        read_tables(snakemake.input.draws, "task", "architecture"),
    )
    runs, draws = {}, {}
    for study, models in snakemake.params.models.items():
        runs[study] = pd.concat([tables[name] for name in models], ignore_index=True)
        draws[study] = pd.concat([drawn[model] for model in dict.fromkeys(map(tuple, models.values()))])
    run.save_figure(draw_margins(runs, draws), snakemake.output)
