"""Train one block of networks until each fits S."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from pathlib import Path

    from sgdbayes.datasets import Task
    from sgdbayes.hashes import settings_hash
    from sgdbayes.files import provenance_path, read_arrays, read_checksum, write_table
    from sgdbayes.training.campaign import train_block
    from sgdbayes.device import resolve_device

    device = resolve_device(snakemake.params.device)
    # Beside the block, no output of the job: Snakemake deletes those of a job that was killed.
    unfinished = Path(snakemake.output.table).with_suffix(".unfinished.parquet")
    table = train_block(
        Task(**read_arrays(snakemake.input.task)),
        snakemake.params.settings,
        snakemake.wildcards.block,
        experiment=snakemake.wildcards.experiment,
        # By content: code that reads or draws the task may change, the task not.
        key=settings_hash(read_checksum(snakemake.input.task), snakemake.params.settings),
        code=snakemake.params.code,
        # Those of the configuration are no parameter: naming another does not make finished blocks out of date.
        known=list(map(Path, [*snakemake.params.known, *snakemake.config.get("known_runs", [])])),
        keep_other_code=snakemake.params.keep_other_code,
        unfinished=unfinished,
        report=run.report,
        stack_size=snakemake.params.stack_size,
        device=device,
    )
    write_table(snakemake.output.table, table, run.provenance(device=device))
    for left in (unfinished, provenance_path(unfinished)):
        left.unlink(missing_ok=True)
