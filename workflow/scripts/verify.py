"""Train a share of an experiment's networks again and count the labels that differ."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from pathlib import Path

    from sgdbayes.datasets import load_task
    from sgdbayes.device import resolve_device
    from sgdbayes.files import identified, read_table, write_table
    from sgdbayes.training.verify import verify_runs

    settings = snakemake.params
    device = resolve_device(settings.device)
    table = verify_runs(
        load_task(**settings.task, folder=Path(settings.folder)),
        settings.training,
        read_table(snakemake.input.runs),
        share=settings.share,
        stack_size=settings.stack_size,
        device=device,
    )
    table = identified(table, experiment=snakemake.wildcards.experiment)
    write_table(snakemake.output.table, table, run.provenance(device=device))
