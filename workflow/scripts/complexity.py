"""The complexity of functions of an experiment."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.analysis.complexity_table import complexity_table
    from sgdbayes.datasets import Task
    from sgdbayes.device import resolve_device
    from sgdbayes.files import identified, read_arrays, read_table, write_table

    source, parameters = snakemake.input, snakemake.params
    device = resolve_device(parameters.device)
    table, facts = complexity_table(
        read_table(source.functions),
        read_table(source.runs),
        Task(**read_arrays(source.task)),
        parameters.training,
        device=device,
        stack_size=parameters.stack_size,
        **parameters.settings,
    )
    print(facts)
    table = identified(table, experiment=snakemake.wildcards.experiment)
    write_table(snakemake.output.table, table, run.provenance(device=device, **facts))
