"""A posterior on all recorded test points."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from dataclasses import asdict

    from sgdbayes.architectures import architecture_of
    from sgdbayes.datasets import Task
    from sgdbayes.posterior.kinds import POSTERIORS
    from sgdbayes.files import read_arrays, write_arrays

    task, kind = Task(**read_arrays(snakemake.input.task)), POSTERIORS[snakemake.wildcards.posterior]
    posterior, diagnostics = kind.fitted(
        task,
        architecture_of(snakemake.params.architecture) if kind.of_networks else None,
        [read_arrays(path)["kernel"] for path in snakemake.input.kernels],
        snakemake.params.settings,
    )
    print(diagnostics)
    write_arrays(snakemake.output.arrays, asdict(posterior), run.provenance(**diagnostics))
