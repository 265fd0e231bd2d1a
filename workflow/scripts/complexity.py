"""The complexity of functions of an experiment."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.analysis.complexity_table import complexity_table
    from sgdbayes.datasets import Task
    from sgdbayes.device import resolve_device
    from sgdbayes.files import identified, read_arrays, read_table, read_tables, write_table

    source, parameters = snakemake.input, snakemake.params
    device = resolve_device(parameters.device)
    table, facts = complexity_table(
        functions=read_tables([source.functions], "domain_size"),
        runs=read_table(source.runs),
        task=Task(**read_arrays(source.task)),
        training=parameters.training,
        device=device,
        stack_size=parameters.stack_size,
        **parameters.settings,
    )
    print(facts)
    table = identified(table, experiment=snakemake.wildcards.experiment)
    write_table(snakemake.output.table, table, run.provenance(device=device, **facts))
