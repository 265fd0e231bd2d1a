"""The complexity of functions of an experiment."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.analysis.complexity_table import critical_sample_table, lempel_ziv_table
    from sgdbayes.datasets import Task
    from sgdbayes.device import resolve_device
    from sgdbayes.files import identified, read_arrays, read_table, read_tables, write_table

    source, parameters = snakemake.input, snakemake.params
    device, settings = resolve_device(parameters.device), dict(parameters.settings)
    functions, task = read_tables([source.functions], "domain_size"), Task(**read_arrays(source.task))
    if settings.pop("measure") == "lempel_ziv":
        table, facts = lempel_ziv_table(functions, task), {}
    else:
        settings |= {"device": device, "stack_size": parameters.stack_size}
        table, facts = critical_sample_table(functions, read_table(source.runs), task, parameters.training, **settings)
    print(facts)
    table = identified(table, experiment=snakemake.wildcards.experiment)
    write_table(snakemake.output.table, table, run.provenance(device=device, **facts))
